//! Decoding a document against its kind's schema, as the API server does: what Go's JSON decoder refuses, in its
//! words; unknown fields listed; and what is left is what a round trip through Go's types leaves
//! (`sigs.k8s.io/json`, `apimachinery:pkg/runtime/serializer/json`).
//!
//! A wrong type stops nothing in Go but is remembered, the first one is reported; a bad quantity or time stops at
//! once and wins. Unknown fields come out only when all else is well. Null fields count as missing; empty values are
//! dropped where Go says `omitempty`; structs that are no pointers appear as `{}`.
//!
//! Custom kinds are pruned, not type-checked: their types are validation's business, as upstream.

mod texts;

use crate::arrange::Arrange;
use crate::schema::{Field, Type, TypeRef};
use crate::{Map, Str, Value, json};
use texts::{instant, quantity};

/// A document as Go's types hold it.
#[derive(Clone, Debug)]
pub struct Decoded {
    pub value: Value,
    /// `unknown field "spec.replcas"`, in order; refused, warned of or passed over, as `fieldValidation` says.
    pub strict: Vec<String>,
}

/// Upstream keeps no more than this many.
const MAX_STRICT: usize = 100;

/// Decodes `value` as `ty`. The error is Go's text; `cannot be handled as a KIND: ` comes before it in answers.
pub fn decode(value: &Value, ty: &TypeRef) -> Result<Decoded, String> {
    let mut d = Decoder {
        first: None,
        strict: Vec::new(),
        path: Vec::new(),
        stack: Vec::new(),
    };
    let value = d.object(value, ty)?;
    match d.first {
        Some(error) => Err(error),
        None => Ok(Decoded {
            value,
            strict: d.strict,
        }),
    }
}

/// One message of what strict decoding found: `strict decoding error: unknown field "a", unknown field "b"`.
/// `duplicates` are paths, as [`json::parse_strict`] gives them. None if nothing was found.
pub fn strict_message(duplicates: &[String], unknown: &[String]) -> Option<String> {
    let twice = duplicates.iter().map(|d| duplicate_text(d));
    let all: Vec<String> = twice.chain(unknown.iter().cloned()).collect();
    (!all.is_empty()).then(|| format!("strict decoding error: {}", all.join(", ")))
}

/// `duplicate field "spec.replicas"`.
pub fn duplicate_text(path: &str) -> String {
    format!("duplicate field {}", json::quote(path))
}

/// What kubectl finds wrong when it reads only the metadata of a document; None if it is well.
pub fn metadata_error(value: &Value) -> Option<String> {
    let meta = crate::schema::named("io.k8s.apimachinery.pkg.apis.meta.v1.PartialObjectMetadata");
    let ty = meta.or_else(|| crate::schema::of("v1", "ConfigMap"))?;
    let mut only = Map::default();
    if !value.get("metadata").is_null() {
        only.insert("metadata", value.get("metadata").clone());
    }
    decode(&Value::from(only), &ty).err()
}

struct Decoder {
    /// The first wrong type.
    first: Option<String>,
    strict: Vec<String>,
    /// Where we are, with indexes: for unknown fields.
    path: Vec<Step>,
    /// Where we are as Go's type errors say it: the fields, without indexes and map keys.
    stack: Vec<String>,
}

enum Step {
    Field(Str),
    Index(usize),
}

/// The struct that holds the value being read, by its Go name.
type Owner<'a> = &'a str;

impl Decoder {
    fn object(&mut self, value: &Value, ty: &TypeRef) -> Result<Value, String> {
        let empty = Map::default();
        let map = value.as_map().unwrap_or(&empty);
        let owner = ty.go_name();
        let mut out: Vec<(Str, Value)> = Vec::with_capacity(map.len());
        for (key, v) in map.iter() {
            let Some(field) = ty.field(key) else {
                if ty.preserves_unknown() {
                    out.push((key.clone(), v.clone()));
                } else {
                    self.unknown(key);
                }
                continue;
            };
            self.path.push(Step::Field(key.clone()));
            let pushed = self.enter(&field);
            let result = self.field(v, &field, owner, ty.is_custom());
            self.stack.truncate(self.stack.len() - pushed);
            self.path.pop();
            let kept = result?;
            if !kept.is_null() || (ty.is_custom() && v.is_null()) {
                out.push((key.clone(), kept));
            }
        }
        if !ty.is_custom() {
            self.missing(ty, &mut out)?;
        }
        let same = out.len() == map.len()
            && out
                .iter()
                .zip(map.iter())
                .all(|((k, v), (l, w))| k == l && v.same(w));
        if same && value.as_map().is_some() {
            return Ok(value.clone());
        }
        Ok(Value::from(Map::from_sorted(out)))
    }

    /// Adds what Go writes although nobody set it.
    fn missing(&mut self, ty: &TypeRef, out: &mut Vec<(Str, Value)>) -> Result<(), String> {
        let before = out.len();
        for field in ty.fields() {
            if out
                .get(..before)
                .unwrap_or(&[])
                .binary_search_by(|(k, _)| k.as_str().cmp(field.name))
                .is_ok()
            {
                continue;
            }
            if let Some(v) = self.zero(&field)? {
                out.push((Str::from(field.name), v));
            }
        }
        if out.len() > before {
            out.arrange_by(|a, b| a.0.cmp(&b.0));
        }
        Ok(())
    }

    /// What stands in the text for a field that has its zero value; None if nothing does.
    fn zero(&mut self, field: &Field) -> Result<Option<Value>, String> {
        if field.pointer {
            return Ok(field.always.then_some(Value::Null));
        }
        Ok(match &field.ty {
            Type::Object(t) if !field.omit_zero => Some(self.object(&Value::Null, t)?),
            _ if !field.always => None,
            Type::Str => Some(Value::str("")),
            Type::Int32 | Type::Int64 | Type::IntOrString | Type::Number => Some(Value::Int(0)),
            Type::Bool => Some(Value::Bool(false)),
            Type::Quantity => Some(Value::str("0")),
            _ => Some(Value::Null),
        })
    }

    fn enter(&mut self, field: &Field) -> usize {
        let before = self.stack.len();
        self.stack.extend(
            field
                .via
                .split('.')
                .filter(|v| !v.is_empty())
                .map(str::to_string),
        );
        self.stack.push(field.name.to_string());
        self.stack.len() - before
    }

    fn unknown(&mut self, key: &str) {
        if self.strict.len() >= MAX_STRICT {
            return;
        }
        let mut path = String::new();
        for step in &self.path {
            match step {
                Step::Field(f) if path.is_empty() => path.push_str(f),
                Step::Field(f) => {
                    path.push('.');
                    path.push_str(f);
                }
                Step::Index(i) => path.push_str(&format!("[{i}]")),
            }
        }
        let dot = if path.is_empty() { "" } else { "." };
        self.strict.push(format!(
            "unknown field {}",
            json::quote(&format!("{path}{dot}{key}"))
        ));
    }

    /// A field's value; null where nothing is to be written.
    fn field(
        &mut self,
        v: &Value,
        field: &Field,
        owner: Owner,
        custom: bool,
    ) -> Result<Value, String> {
        if custom && !matches!(field.ty, Type::Object(ref t) if !t.is_custom()) {
            return self.pruned(v, &field.ty);
        }
        if v.is_null() {
            return Ok(self.zero(field)?.unwrap_or_default());
        }
        let go = field.go_type();
        let out = self.value(v, &field.ty, owner, &go)?;
        let drop = field.omit_empty()
            && !field.pointer
            && !matches!(field.ty, Type::Object(_))
            && out.is_empty();
        Ok(if drop { Value::Null } else { out })
    }

    /// Custom kinds: unknown fields go, all else stays.
    fn pruned(&mut self, v: &Value, ty: &Type) -> Result<Value, String> {
        match (ty, v) {
            (Type::Object(t), Value::Map(_)) => self.object(v, t),
            (Type::List(e), Value::List(l)) => {
                let inner = e.get();
                let mut out = Vec::with_capacity(l.len());
                for (i, x) in l.iter().enumerate() {
                    self.path.push(Step::Index(i));
                    let x = self.pruned(x, &inner);
                    self.path.pop();
                    out.push(x?);
                }
                Ok(keep_list(v, out))
            }
            (Type::Map(e), Value::Map(m)) => {
                let inner = e.get();
                let mut out = Vec::with_capacity(m.len());
                for (k, x) in m.iter() {
                    self.path.push(Step::Field(k.clone()));
                    let x = self.pruned(x, &inner);
                    self.path.pop();
                    out.push((k.clone(), x?));
                }
                Ok(keep_map(v, out))
            }
            _ => Ok(v.clone()),
        }
    }

    /// `go` is the Go type that messages name.
    fn value(&mut self, v: &Value, ty: &Type, owner: Owner, go: &str) -> Result<Value, String> {
        match (ty, v) {
            (Type::Object(t), Value::Map(_)) => self.object(v, t),
            (Type::List(e), Value::List(l)) => {
                let (inner, inner_go) = (e.get(), element(go));
                let mut out = Vec::with_capacity(l.len());
                for (i, x) in l.iter().enumerate() {
                    self.path.push(Step::Index(i));
                    let x = self.item(x, &inner, owner, inner_go);
                    self.path.pop();
                    out.push(x?);
                }
                Ok(keep_list(v, out))
            }
            (Type::Map(e), Value::Map(m)) => {
                let inner = e.get();
                let inner_go = match element(go) {
                    "" => inner.go_type(),
                    g => g.to_string(),
                };
                let mut out = Vec::with_capacity(m.len());
                for (k, x) in m.iter() {
                    self.path.push(Step::Field(k.clone()));
                    let x = self.item(x, &inner, owner, &inner_go);
                    self.path.pop();
                    out.push((k.clone(), x?));
                }
                Ok(keep_map(v, out))
            }
            (Type::Any, _) => Ok(v.clone()),
            (Type::Str, Value::Str(_))
            | (Type::Bool, Value::Bool(_))
            | (Type::Int64, Value::Int(_)) => Ok(v.clone()),
            (Type::Int32, Value::Int(i)) if i32::try_from(*i).is_ok() => Ok(v.clone()),
            (Type::Number, Value::Int(_) | Value::Float(_)) => Ok(v.clone()),
            (Type::Bytes, Value::Str(s)) => {
                if let Some(at) = codec::base64_error(s) {
                    self.note(format!("illegal base64 data at input byte {at}"));
                }
                Ok(v.clone())
            }
            (Type::IntOrString, Value::Str(_)) => Ok(v.clone()),
            (Type::IntOrString, Value::Int(i)) if i32::try_from(*i).is_ok() => Ok(v.clone()),
            (Type::IntOrString, _) => Err(self.mismatch(v, owner, "int32")),
            (Type::Quantity, _) => quantity(v),
            (Type::Time | Type::MicroTime, Value::Str(s)) => {
                instant(v, s, matches!(ty, Type::MicroTime))
            }
            (Type::Time | Type::MicroTime, _) => Err(self.mismatch(v, owner, "string")),
            _ => {
                let text = self.mismatch(v, owner, go);
                self.note(text);
                Ok(Value::Null)
            }
        }
    }

    /// An item of a list or map: null there is the zero value.
    fn item(&mut self, v: &Value, ty: &Type, owner: Owner, go: &str) -> Result<Value, String> {
        match (v, ty) {
            (Value::Null, Type::Object(t)) => self.object(v, t),
            (Value::Null, Type::Str) => Ok(Value::str("")),
            (Value::Null, Type::Int32 | Type::Int64) => Ok(Value::Int(0)),
            (Value::Null, _) => Ok(Value::Null),
            _ => self.value(v, ty, owner, go),
        }
    }

    fn note(&mut self, error: String) {
        self.first.get_or_insert(error);
    }

    fn mismatch(&self, v: &Value, owner: Owner, go: &str) -> String {
        let numeric = matches!(go, "int32" | "int64" | "[]uint8");
        let what = match v {
            Value::Str(_) => "string".into(),
            Value::Bool(_) => "bool".into(),
            Value::List(_) => "array".into(),
            Value::Map(_) => "object".into(),
            Value::Null => "null".into(),
            Value::Int(i) if numeric => format!("number {i}"),
            Value::Float(f) if numeric => format!("number {}", json::float(*f)),
            Value::Int(_) | Value::Float(_) => "number".into(),
        };
        format!(
            "json: cannot unmarshal {what} into Go struct field {owner}.{} of type {go}",
            self.stack.join(".")
        )
    }
}

/// `v1.Container` of `[]v1.Container`, `string` of `map[string]string`; "" where the type is a named one.
fn element(go: &str) -> &str {
    let inner = match go.strip_prefix("[]") {
        Some(e) => e,
        None => go
            .strip_prefix("map[")
            .and_then(|g| g.split_once(']'))
            .map_or("", |(_, e)| e),
    };
    inner.strip_prefix('*').unwrap_or(inner)
}

/// The list as it was, if nothing in it changed.
fn keep_list(old: &Value, new: Vec<Value>) -> Value {
    if old.items().iter().zip(&new).all(|(a, b)| a.same(b)) {
        return old.clone();
    }
    Value::from(new)
}

fn keep_map(old: &Value, new: Vec<(Str, Value)>) -> Value {
    if old
        .entries()
        .iter()
        .zip(&new)
        .all(|((_, a), (_, b))| a.same(b))
    {
        return old.clone();
    }
    Value::from(Map::from_sorted(new))
}

#[cfg(test)]
mod tests;
