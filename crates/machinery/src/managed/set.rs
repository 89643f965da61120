//! Sets of field paths, in memory and as `fieldsV1`: `f:NAME` fields, `k:{...}` items of map lists, `v:...` items of
//! sets, `.` for the thing itself.

use std::collections::BTreeMap;

use crate::schema::{Elem, Field, ListType, Type};
use crate::{Map, Status, Value, json};

/// A tree of path elements, each written as in `fieldsV1`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Set {
    /// The path that leads here is in the set.
    pub member: bool,
    pub children: BTreeMap<String, Set>,
}

/// A type with what its field says of it.
#[derive(Clone)]
pub struct Typed {
    pub ty: Type,
    pub list: ListType,
    pub keys: Vec<String>,
    pub atomic: bool,
}

impl Typed {
    pub fn plain(ty: Type) -> Typed {
        let atomic = matches!(&ty, Type::Object(t) if t.is_atomic());
        Typed {
            ty,
            list: ListType::None,
            keys: Vec::new(),
            atomic,
        }
    }
    pub fn of(f: &Field) -> Typed {
        let mut out = Typed::plain(f.ty.clone());
        out.list = f.list_type;
        out.keys = f.keys();
        out.atomic |= f.atomic;
        out
    }
    /// The type behind a map's key, and whether the schema names it.
    pub fn child(&self, key: &str) -> (Typed, bool) {
        match &self.ty {
            Type::Object(t) => match t.field(key) {
                Some(f) => (Typed::of(&f), true),
                None => (Typed::plain(Type::Any), false),
            },
            Type::Map(e) => (Typed::plain(e.get()), false),
            _ => (Typed::plain(Type::Any), false),
        }
    }
    pub fn item(&self) -> Typed {
        match &self.ty {
            Type::List(e) => Typed::plain(Elem::get(e)),
            _ => Typed::plain(Type::Any),
        }
    }
    /// Whether maps of this type are taken apart.
    pub fn splits_map(&self) -> bool {
        !self.atomic && matches!(self.ty, Type::Object(_) | Type::Map(_))
    }
    pub fn splits_list(&self) -> bool {
        matches!(self.list, ListType::Map | ListType::Set) && matches!(self.ty, Type::List(_))
    }
    /// The element of a list item.
    pub fn element(&self, item: &Value) -> Result<String, Status> {
        if self.list == ListType::Set {
            return Ok(format!("v:{}", json::print(item)));
        }
        let mut key = Map::default();
        for k in &self.keys {
            match item.as_map().and_then(|m| m.get(k)) {
                Some(v) => drop(key.insert(k.as_str(), v.clone())),
                // The one default that list keys have.
                None if k == "protocol" => drop(key.insert(k.as_str(), "TCP")),
                None => {}
            }
        }
        if key.is_empty() {
            let names: Vec<String> = self.keys.iter().map(|k| json::quote(k)).collect();
            let name = names.join(", ");
            return Err(Status::bad_request(format!(
                "associative list with keys has an element that omits key field {name} (and doesn't have default value)"
            )));
        }
        Ok(format!("k:{}", json::print(&Value::from(key))))
    }
}

impl Set {
    pub fn is_empty(&self) -> bool {
        !self.member && self.children.values().all(Set::is_empty)
    }

    /// All fields that a manifest speaks of.
    pub fn of_value(v: &Value, ty: &Type) -> Result<Set, Status> {
        fill(v, &Typed::plain(ty.clone()))
    }

    pub fn of_fields_v1(v: &Value) -> Set {
        let mut out = Set::default();
        for (k, x) in v.entries() {
            if k == "." {
                out.member = true;
                continue;
            }
            let mut child = Set::of_fields_v1(x);
            if x.is_empty() {
                child.member = true;
            }
            out.children.insert(k.to_string(), child);
        }
        out
    }

    pub fn to_fields_v1(&self) -> Value {
        let mut out = Map::default();
        for (k, c) in self.children.iter().filter(|(_, c)| !c.is_empty()) {
            let mut inner = c.to_fields_v1();
            if c.member && !inner.is_empty() {
                inner.map_mut().insert(".", Value::map());
            }
            out.insert(k.as_str(), inner);
        }
        Value::from(out)
    }

    pub fn union(&self, other: &Set) -> Set {
        let mut out = self.clone();
        out.member |= other.member;
        for (k, c) in &other.children {
            let merged = match out.children.get(k) {
                Some(own) => own.union(c),
                None => c.clone(),
            };
            out.children.insert(k.clone(), merged);
        }
        out
    }

    pub fn intersection(&self, other: &Set) -> Set {
        let mut out = Set {
            member: self.member && other.member,
            ..Set::default()
        };
        for (k, c) in &self.children {
            if let Some(o) = other.children.get(k) {
                out.add(k, c.intersection(o));
            }
        }
        out
    }

    pub fn difference(&self, other: &Set) -> Set {
        let mut out = Set {
            member: self.member && !other.member,
            ..Set::default()
        };
        for (k, c) in &self.children {
            let left = match other.children.get(k) {
                Some(o) => c.difference(o),
                None => c.clone(),
            };
            out.add(k, left);
        }
        out
    }

    pub fn add(&mut self, element: &str, child: Set) {
        if !child.is_empty() {
            self.children.insert(element.to_string(), child);
        }
    }

    /// Takes out a field and all below it.
    pub fn forget(&mut self, path: &[&str]) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let key = format!("f:{first}");
        if rest.is_empty() {
            self.children.remove(&key);
        } else if let Some(c) = self.children.get_mut(&key) {
            c.forget(rest);
        }
    }

    /// Every path, as conflict messages write them: `.spec.containers[name="web"].image`.
    pub fn paths(&self) -> Vec<String> {
        let mut out = Vec::new();
        self.collect("", &mut out);
        out
    }

    fn collect(&self, path: &str, out: &mut Vec<String>) {
        if self.member {
            out.push(path.to_string());
        }
        for (k, c) in &self.children {
            c.collect(&format!("{path}{}", element_text(k)), out);
        }
    }
}

fn element_text(element: &str) -> String {
    if let Some(name) = element.strip_prefix("f:") {
        return format!(".{name}");
    }
    if let Some(key) = element.strip_prefix("k:") {
        let key = json::parse(key).unwrap_or_default();
        let pairs: Vec<String> = key
            .entries()
            .iter()
            .map(|(k, v)| format!("{k}={}", json::print(v)))
            .collect();
        return format!("[{}]", pairs.join(","));
    }
    if let Some(v) = element.strip_prefix("v:") {
        return format!("[={v}]");
    }
    format!("[{}]", element.trim_start_matches("i:"))
}

fn fill(v: &Value, ty: &Typed) -> Result<Set, Status> {
    let mut out = Set::default();
    match v {
        Value::Map(m) if ty.splits_map() => {
            for (k, x) in m.iter() {
                let (child, named) = ty.child(k);
                let mut set = fill(x, &child)?;
                set.member |= x.is_null() || (matches!(x, Value::Map(_)) && x.is_empty()) || !named;
                out.children.insert(format!("f:{k}"), set);
            }
        }
        Value::List(l) if ty.splits_list() => {
            for x in l.iter() {
                let mut set = fill(x, &ty.item())?;
                set.member = true;
                out.children.insert(ty.element(x)?, set);
            }
        }
        Value::Null => {}
        _ => out.member = true,
    }
    Ok(out)
}
