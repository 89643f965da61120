//! The checker: does every name, field and overload exist? Types are as much as that needs; what comes from data without
//! a schema is `dyn`, and fits everywhere. Upstream: `cel-go:checker`, `apiserver:pkg/cel/common/schemas.go`.

mod overload;

use super::parse::RESERVED;
use super::value::V;
use super::{Ex, Issue, Loop, Node, signatures};
use crate::Value;
use overload::{assign, filled, overload};
use std::rc::Rc;

/// The type of an expression.
#[derive(Clone, PartialEq)]
pub enum T {
    /// `dyn`, `int`, `string`, `timestamp`, `quantity`, ...: types without parts.
    Plain(&'static str),
    List(Rc<T>),
    Map(Rc<(T, T)>),
    Optional(Rc<T>),
    /// An object of a custom kind's schema; the root has `apiVersion`, `kind`, `metadata`.
    Schema(Value, bool),
    /// An object whose fields are listed.
    Fields(Rc<Vec<(String, T)>>),
    /// A type parameter of an overload.
    Param(u8),
}

pub const DYN: T = T::Plain("dyn");
const BOOL: T = T::Plain("bool");
const STR: T = T::Plain("string");
const INT: T = T::Plain("int");

/// Types that an overload may name.
const PLAIN: &[&str] = &[
    "dyn",
    "bool",
    "int",
    "uint",
    "double",
    "string",
    "bytes",
    "null",
    "type",
    "timestamp",
    "duration",
    "quantity",
    "url",
    "ip",
    "cidr",
    "format",
    "authorizer",
    "groupcheck",
    "resourcecheck",
    "pathcheck",
    "decision",
];

impl T {
    pub fn plain(name: &'static str) -> T {
        T::Plain(name)
    }
    pub fn list(of: T) -> T {
        T::List(Rc::new(of))
    }
    pub fn map(of: T) -> T {
        T::Map(Rc::new((STR, of)))
    }
    pub fn fields(of: Vec<(&str, T)>) -> T {
        T::Fields(Rc::new(
            of.into_iter().map(|(k, t)| (k.to_string(), t)).collect(),
        ))
    }
    /// The type of data with this schema; none where rules cannot see it.
    pub fn of_schema(s: &Value, root: bool) -> Option<T> {
        if s.flag("x-kubernetes-int-or-string") {
            return Some(DYN);
        }
        Some(match (s.text("type"), s.text("format")) {
            ("array", _) => T::list(T::of_schema(s.get("items"), false)?),
            ("object", _) => match s.get("additionalProperties") {
                a @ Value::Map(_) => T::map(T::of_schema(a, false)?),
                _ => {
                    let whole = root || s.flag("x-kubernetes-embedded-resource");
                    T::Schema(s.clone(), whole)
                }
            },
            ("string", "byte") => T::Plain("bytes"),
            ("string", "duration") => T::Plain("duration"),
            ("string", "date" | "date-time") => T::Plain("timestamp"),
            ("string", _) => STR,
            ("boolean", _) => BOOL,
            ("number", _) => T::Plain("double"),
            ("integer", _) => INT,
            _ => return None,
        })
    }
    pub fn is_dyn(&self) -> bool {
        *self == DYN
    }
    /// As cel-go prints it.
    pub fn text(&self) -> String {
        match self {
            T::Plain("timestamp") => "timestamp".into(),
            T::Plain("quantity") => "kubernetes.Quantity".into(),
            T::Plain("url") => "kubernetes.URL".into(),
            T::Plain("ip") => "net.IP".into(),
            T::Plain("cidr") => "net.CIDR".into(),
            T::Plain("authorizer") => "kubernetes.authorization.Authorizer".into(),
            T::Plain(p) => (*p).into(),
            T::List(t) => format!("list({})", t.text()),
            T::Map(kv) => format!("map({}, {})", kv.0.text(), kv.1.text()),
            T::Optional(t) => format!("optional_type({})", t.text()),
            T::Schema(..) | T::Fields(_) => "object".into(),
            T::Param(_) => "dyn".into(),
        }
    }
    /// The type of a field; none where there is no such field.
    fn field(&self, name: &str) -> Option<T> {
        match self {
            T::Fields(f) => f.iter().find(|(k, _)| k == name).map(|(_, t)| t.clone()),
            T::Schema(s, whole) => {
                if *whole && matches!(name, "apiVersion" | "kind") {
                    return Some(STR);
                }
                if *whole && name == "metadata" {
                    return Some(T::fields(vec![("name", STR), ("generateName", STR)]));
                }
                let own = s.get("properties").get(&unescape(name));
                T::of_schema(own, false)
            }
            _ => None,
        }
    }
}

/// The property behind an identifier: `__namespace__` is `namespace`, `a__dash__b` is `a-b`.
pub(super) fn unescape(name: &str) -> String {
    if !name.contains("__") {
        return name.to_string();
    }
    let inner = name.strip_prefix("__").and_then(|n| n.strip_suffix("__"));
    let is_word = |k: &&str| RESERVED.contains(k) || matches!(*k, "true" | "false" | "null" | "in");
    if let Some(k) = inner.filter(is_word) {
        return k.to_string();
    }
    name.replace("__underscores__", "\u{0}")
        .replace("__dot__", ".")
        .replace("__dash__", "-")
        .replace("__slash__", "/")
        .replace('\u{0}', "__")
}

struct Checker<'a> {
    vars: Vec<(&'a str, T)>,
    issues: Vec<Issue>,
}

pub(super) fn check<'a>(root: &'a Node, vars: &[(&'a str, T)]) -> (T, Vec<Issue>) {
    let mut c = Checker {
        vars: vars.to_vec(),
        issues: Vec::new(),
    };
    let ty = c.visit(root);
    (ty, c.issues)
}

impl<'a> Checker<'a> {
    fn wrong(&mut self, at: usize, text: String) -> T {
        self.issues.push(Issue { at, text });
        DYN
    }

    fn visit(&mut self, n: &'a Node) -> T {
        match &n.ex {
            Ex::Lit(v) => T::Plain(match v {
                V::Null => "null",
                V::Bool(_) => "bool",
                V::Int(_) => "int",
                V::Uint(_) => "uint",
                V::Double(_) => "double",
                V::Bytes(_) => "bytes",
                _ => "string",
            }),
            Ex::Ident(name) => {
                let known = self.vars.iter().rev().find(|(k, _)| k == name);
                match known {
                    Some((_, t)) => t.clone(),
                    None if PLAIN.contains(&name.as_str())
                        || matches!(name.as_str(), "list" | "map") =>
                    {
                        T::Plain("type")
                    }
                    None => self.wrong(
                        n.at,
                        format!("undeclared reference to '{name}' (in container '')"),
                    ),
                }
            }
            Ex::Select {
                of,
                field,
                test,
                optional,
            } => {
                let t = self.visit(of);
                let found = self.select(&t, field, n.at);
                match (*test, *optional) {
                    (true, _) => BOOL,
                    (_, true) if !matches!(found, T::Optional(_)) => T::Optional(Rc::new(found)),
                    _ => found,
                }
            }
            Ex::Call { name, on, args } => self.call(n.at, name, on.as_deref(), args),
            Ex::List(items) => {
                let types: Vec<(usize, T)> = items
                    .iter()
                    .map(|(i, optional)| (i.at, inner(self.visit(i), *optional)))
                    .collect();
                T::list(self.same(types))
            }
            Ex::Map(entries) => {
                let (mut keys, mut values) = (Vec::new(), Vec::new());
                for (k, v, optional) in entries {
                    keys.push((k.at, self.visit(k)));
                    values.push((v.at, inner(self.visit(v), *optional)));
                }
                let k = self.same(keys);
                T::Map(Rc::new((k, self.same(values))))
            }
            Ex::Loop(l) => self.walk(l, n.at),
        }
    }

    /// The one type of a literal's parts.
    fn same(&mut self, types: Vec<(usize, T)>) -> T {
        let mut out: Option<T> = None;
        for (at, t) in types {
            match &out {
                None => out = Some(t),
                Some(o) if o.is_dyn() || t.is_dyn() => out = Some(DYN),
                Some(o) if *o == t => {}
                Some(o) => {
                    let text = format!("expected type '{}' but found '{}'", o.text(), t.text());
                    return self.wrong(at, text);
                }
            }
        }
        out.unwrap_or(DYN)
    }

    fn select(&mut self, t: &T, field: &str, at: usize) -> T {
        match t {
            T::Plain("dyn") | T::Param(_) => DYN,
            T::Map(kv) => kv.1.clone(),
            T::Optional(t) => T::Optional(Rc::new(self.select(t, field, at))),
            T::Schema(..) | T::Fields(_) => match t.field(field) {
                Some(t) => t,
                None => self.wrong(at, format!("undefined field '{field}'")),
            },
            other => {
                let text = format!("type '{}' does not support field selection", other.text());
                self.wrong(at, text)
            }
        }
    }

    fn walk(&mut self, l: &'a Loop, at: usize) -> T {
        let range = self.visit(&l.range);
        let optional = l.kind.starts_with("opt");
        let (first, second) = match &range {
            T::Plain("dyn") => (DYN, DYN),
            T::Optional(t) if optional => ((**t).clone(), DYN),
            T::List(t) if l.vars.len() == 2 => (INT, (**t).clone()),
            T::List(t) => ((**t).clone(), DYN),
            T::Map(kv) => (kv.0.clone(), kv.1.clone()),
            other => {
                let text = format!(
                    "expression of type '{}' cannot be range of a comprehension (must be list, map, or dynamic)",
                    other.text()
                );
                self.wrong(at, text);
                (DYN, DYN)
            }
        };
        let before = self.vars.len();
        for (name, t) in l.vars.iter().zip([first.clone(), second]) {
            self.vars.push((name, t));
        }
        let filter = l.filter.as_ref().map(|f| (f.at, self.visit(f)));
        let body = self.visit(&l.body);
        self.vars.truncate(before);
        let truth = |c: &mut Self, at: usize, t: &T| {
            if !t.is_dyn() && *t != BOOL {
                let text = format!(
                    "found no matching overload for '_&&_' applied to '(bool, {})'",
                    t.text()
                );
                c.wrong(at, text);
            }
        };
        if let Some((at, t)) = filter {
            truth(self, at, &t);
        }
        match l.kind {
            "all" | "exists" | "exists_one" | "existsOne" => {
                truth(self, at, &body);
                BOOL
            }
            "filter" => {
                truth(self, at, &body);
                T::list(first)
            }
            "map" | "transformList" => T::list(body),
            "optMap" => T::Optional(Rc::new(body)),
            "optFlatMap" => body,
            _ => T::Map(Rc::new((first, body))),
        }
    }

    fn call(&mut self, at: usize, name: &str, on: Option<&'a Node>, args: &'a [Node]) -> T {
        let receiver = on.map(|n| self.visit(n));
        let given: Vec<T> = match (name, args) {
            // What is formatted may be of many types.
            (
                "format",
                [
                    Node {
                        ex: Ex::List(items),
                        ..
                    },
                ],
            ) => {
                items.iter().for_each(|(i, _)| drop(self.visit(i)));
                vec![T::list(DYN)]
            }
            _ => args.iter().map(|n| self.visit(n)).collect(),
        };
        if matches!(name, "_[_]" | "_[?_]")
            && let [of, key] = given.as_slice()
        {
            return self.index(at, name, of, key);
        }
        let Some(overloads) = signatures::of(name) else {
            return self.wrong(
                at,
                format!("undeclared reference to '{name}' (in container '')"),
            );
        };
        let mut result: Option<T> = None;
        for o in overloads.split_ascii_whitespace() {
            let (wants_receiver, params, ret) = overload(o);
            if wants_receiver.is_some() != receiver.is_some() || params.len() != given.len() {
                continue;
            }
            let mut bound: [Option<T>; 2] = [None, None];
            let fits = wants_receiver
                .iter()
                .zip(receiver.iter())
                .chain(params.iter().zip(given.iter()))
                .all(|(want, have)| assign(want, have, &mut bound));
            if fits {
                let ret = filled(&ret, &bound);
                result = match result {
                    None => Some(ret),
                    Some(r) if r == ret => Some(r),
                    Some(_) => Some(DYN),
                };
            }
        }
        match result {
            Some(t) => t,
            None => {
                let list = given.iter().map(T::text).collect::<Vec<_>>().join(", ");
                let applied = match &receiver {
                    Some(r) => format!("{}.({list})", r.text()),
                    None => format!("({list})"),
                };
                let text =
                    format!("found no matching overload for '{name}' applied to '{applied}'");
                self.wrong(at, text)
            }
        }
    }

    fn index(&mut self, at: usize, name: &str, of: &T, key: &T) -> T {
        let (of, optional) = match of {
            T::Optional(t) => ((**t).clone(), true),
            t => (t.clone(), name == "_[?_]"),
        };
        let found = match &of {
            T::Plain("dyn") => Some(DYN),
            T::List(t) if key.is_dyn() || *key == INT => Some((**t).clone()),
            T::Map(kv) if key.is_dyn() || kv.0.is_dyn() || kv.0 == *key => Some(kv.1.clone()),
            _ => None,
        };
        match found {
            Some(t) if optional => T::Optional(Rc::new(t)),
            Some(t) => t,
            None => {
                let text = format!(
                    "found no matching overload for '{name}' applied to '({}, {})'",
                    of.text(),
                    key.text()
                );
                self.wrong(at, text)
            }
        }
    }
}

fn inner(t: T, optional: bool) -> T {
    match t {
        T::Optional(t) if optional => (*t).clone(),
        t => t,
    }
}
