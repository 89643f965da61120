//! What expressions compute with. Data of objects stays as it is ([`V::Data`]) and is read when it is asked for.
//! Upstream: `cel-go:common/types`, `apiserver:pkg/cel/common/values.go`.

use super::check::unescape;
use crate::{NULL, Quantity, Value, json};
use std::cmp::Ordering;
use std::net::IpAddr;
use std::rc::Rc;

#[derive(Clone)]
pub enum V {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Str(Rc<str>),
    Bytes(Rc<[u8]>),
    List(Rc<Vec<V>>),
    Map(Rc<Vec<(V, V)>>),
    /// A list or map of an object, and its schema (null where there is none).
    Data(Value, Value),
    /// Nanoseconds since 1970.
    Time(i64),
    /// Nanoseconds.
    Span(i64),
    Type(&'static str),
    Optional(Option<Rc<V>>),
    Quantity(Rc<Quantity>),
    Ip(IpAddr),
    Cidr(IpAddr, u8),
    Url(Rc<Url>),
    /// `format.named(...)`.
    Format(&'static str),
    /// What is asked of the authorizer so far, and which of its types this is.
    Asked(Value, &'static str),
    Decision(bool, Rc<str>),
    /// Named values, some of which could not be worked out: `variables`.
    Named(Rc<Vec<(String, Result<V, String>)>>),
}

/// The parts of `url(...)`.
pub struct Url {
    pub scheme: String,
    pub host: String,
    pub path: String,
    pub query: String,
}

/// Whether a text has one of OpenAPI's formats.
pub fn has_format(s: &str, format: &str) -> bool {
    super::format::is(s, format)
}

/// What base64 stands for; nothing where it is none.
pub fn bytes(base64: &str) -> Vec<u8> {
    codec::decode_base64(base64).unwrap_or_default()
}

pub type Outcome = Result<V, String>;

pub fn no_overload<T>() -> Result<T, String> {
    Err("no such overload".into())
}

impl V {
    pub fn str(s: &str) -> V {
        V::Str(Rc::from(s))
    }
    /// Data without a schema.
    pub fn of(v: &Value) -> V {
        V::typed(v, NULL)
    }
    /// Data with its schema, which says what a text is (time, duration, bytes) and what a number is.
    pub fn typed(v: &Value, schema: &Value) -> V {
        match v {
            Value::Null => V::Null,
            Value::Bool(b) => V::Bool(*b),
            Value::Int(i) if schema.text("type") == "number" => V::Double(*i as f64),
            Value::Int(i) => V::Int(*i),
            Value::Float(f) if schema.text("type") == "integer" => V::Int(*f as i64),
            Value::Float(f) => V::Double(*f),
            Value::Str(s) => match (schema.is_null(), schema.text("format")) {
                (false, "date-time") => super::format::time(s).map_or_else(|| V::str(s), V::Time),
                (false, "date") => super::format::time(&format!("{s}T00:00:00Z"))
                    .map_or_else(|| V::str(s), V::Time),
                (false, "duration") => super::format::span(s).map_or_else(|| V::str(s), V::Span),
                (false, "byte") => V::Bytes(codec::decode_base64(s).unwrap_or_default().into()),
                _ => V::str(s),
            },
            Value::List(_) | Value::Map(_) => V::Data(v.clone(), schema.clone()),
        }
    }
    pub fn truth(&self) -> Option<bool> {
        match self {
            V::Bool(b) => Some(*b),
            _ => None,
        }
    }
    pub fn text(&self) -> Option<&str> {
        match self {
            V::Str(s) => Some(s),
            _ => None,
        }
    }
    pub fn type_name(&self) -> &'static str {
        match self {
            V::Null => "null_type",
            V::Bool(_) => "bool",
            V::Int(_) => "int",
            V::Uint(_) => "uint",
            V::Double(_) => "double",
            V::Str(_) => "string",
            V::Bytes(_) => "bytes",
            V::List(_) | V::Data(Value::List(_), _) => "list",
            V::Map(_) | V::Data(..) | V::Named(_) => "map",
            V::Time(_) => "google.protobuf.Timestamp",
            V::Span(_) => "google.protobuf.Duration",
            V::Type(_) => "type",
            V::Optional(_) => "optional_type",
            V::Quantity(_) => "kubernetes.Quantity",
            V::Ip(_) => "net.IP",
            V::Cidr(..) => "net.CIDR",
            V::Url(_) => "kubernetes.URL",
            V::Format(_) => "kubernetes.NamedFormat",
            V::Asked(_, name) => name,
            V::Decision(..) => "kubernetes.authorization.Decision",
        }
    }
    /// The items of a list.
    pub fn items(&self) -> Option<Vec<V>> {
        match self {
            V::List(l) => Some(l.to_vec()),
            V::Data(Value::List(l), s) => {
                Some(l.iter().map(|i| V::typed(i, s.get("items"))).collect())
            }
            _ => None,
        }
    }
    /// The entries of a map.
    pub fn entries(&self) -> Option<Vec<(V, V)>> {
        match self {
            V::Map(m) => Some(m.to_vec()),
            V::Data(Value::Map(m), s) => Some(
                m.iter()
                    .map(|(k, v)| (V::str(k), V::typed(v, member(s, k))))
                    .collect(),
            ),
            _ => None,
        }
    }
    pub fn size(&self) -> Option<usize> {
        Some(match self {
            V::Str(s) => s.chars().count(),
            V::Bytes(b) => b.len(),
            V::List(l) => l.len(),
            V::Map(m) => m.len(),
            V::Data(Value::List(l), _) => l.len(),
            V::Data(v, _) => v.entries().len(),
            _ => return None,
        })
    }
    /// The field or key of a map: an error where there is none.
    pub fn field(&self, name: &str) -> Outcome {
        match self {
            V::Optional(None) => Ok(self.clone()),
            V::Optional(Some(v)) => Ok(match v.field(name) {
                Ok(v) => V::Optional(Some(Rc::new(v))),
                Err(_) => V::Optional(None),
            }),
            _ => self
                .look(name)?
                .ok_or_else(|| format!("no such key: {name}")),
        }
    }
    /// As [`V::field`], where missing is not wrong.
    pub fn look(&self, name: &str) -> Result<Option<V>, String> {
        match self {
            V::Data(Value::Map(m), s) => {
                let own = match s.get("properties").is_null() {
                    true => name.to_string(),
                    false => unescape(name),
                };
                Ok(m.get(&own).map(|v| V::typed(v, member(s, &own))))
            }
            V::Map(m) => Ok(m
                .iter()
                .find(|(k, _)| k.text() == Some(name))
                .map(|(_, v)| v.clone())),
            V::Named(n) => match n.iter().find(|(k, _)| k == name) {
                None => Ok(None),
                Some((_, Ok(v))) => Ok(Some(v.clone())),
                Some((_, Err(why))) => Err(format!(
                    "composited variable {name:?} fails to evaluate: {why}"
                )),
            },
            V::Optional(Some(v)) => v.look(name),
            V::Optional(None) => Ok(None),
            _ => no_overload(),
        }
    }
    /// Equality of CEL: numbers by value, lists and maps by their parts.
    pub fn same(&self, other: &V) -> bool {
        match (self, other) {
            (V::Data(a, _), V::Data(b, _)) => a == b,
            (V::Optional(a), V::Optional(b)) => match (a, b) {
                (None, None) => true,
                (Some(a), Some(b)) => a.same(b),
                _ => false,
            },
            (V::Type(a), V::Type(b)) => a == b,
            (V::Null, V::Null) => true,
            (V::Quantity(a), V::Quantity(b)) => a.sub(b).is_zero(),
            (V::Ip(a), V::Ip(b)) => a == b,
            (V::Cidr(a, m), V::Cidr(b, n)) => a == b && m == n,
            (V::Url(a), V::Url(b)) => {
                (&a.scheme, &a.host, &a.path, &a.query) == (&b.scheme, &b.host, &b.path, &b.query)
            }
            _ => {
                if let (Some(a), Some(b)) = (self.items(), other.items()) {
                    return a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.same(b));
                }
                if let (Some(a), Some(b)) = (self.entries(), other.entries()) {
                    let has = |k: &V, v: &V| b.iter().any(|(x, y)| x.same(k) && y.same(v));
                    return a.len() == b.len() && a.iter().all(|(k, v)| has(k, v));
                }
                self.compare(other) == Some(Ordering::Equal)
            }
        }
    }
    /// The order of two values, where they have one.
    pub fn compare(&self, other: &V) -> Option<Ordering> {
        match (self, other) {
            (V::Bool(a), V::Bool(b)) => Some(a.cmp(b)),
            (V::Str(a), V::Str(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
            (V::Bytes(a), V::Bytes(b)) => Some(a.cmp(b)),
            (V::Time(a), V::Time(b)) | (V::Span(a), V::Span(b)) => Some(a.cmp(b)),
            (V::Double(_), _) | (_, V::Double(_)) => self.float()?.partial_cmp(&other.float()?),
            _ => Some(self.whole()?.cmp(&other.whole()?)),
        }
    }
    fn whole(&self) -> Option<i128> {
        match self {
            V::Int(i) => Some(i128::from(*i)),
            V::Uint(u) => Some(i128::from(*u)),
            _ => None,
        }
    }
    pub fn float(&self) -> Option<f64> {
        match self {
            V::Double(d) => Some(*d),
            other => other.whole().map(|w| w as f64),
        }
    }
    /// As data, for messages and mutations; what has no such form is its text.
    pub fn to_value(&self) -> Value {
        match self {
            V::Null | V::Optional(None) => Value::Null,
            V::Bool(b) => Value::from(*b),
            V::Int(i) => Value::from(*i),
            V::Uint(u) => Value::from(i64::try_from(*u).unwrap_or(i64::MAX)),
            V::Double(d) => Value::from(*d),
            V::Data(v, _) => v.clone(),
            V::Optional(Some(v)) => v.to_value(),
            V::List(l) => Value::from(l.iter().map(V::to_value).collect::<Vec<_>>()),
            V::Map(m) => {
                let mut out = Value::map();
                for (k, v) in m.iter() {
                    *out.field(&k.show()) = v.to_value();
                }
                out
            }
            other => Value::from(other.show()),
        }
    }
    /// As `string(...)` and `%s` print it.
    pub fn show(&self) -> String {
        match self {
            V::Null => "null".into(),
            V::Bool(b) => b.to_string(),
            V::Int(i) => i.to_string(),
            V::Uint(u) => u.to_string(),
            V::Double(d) => json::float(*d),
            V::Str(s) => s.to_string(),
            V::Bytes(b) => String::from_utf8_lossy(b).into_owned(),
            V::Time(t) => super::format::print_time(*t),
            V::Span(s) => super::format::print_span(*s),
            V::Ip(a) => a.to_string(),
            V::Cidr(a, n) => format!("{a}/{n}"),
            V::Type(t) => (*t).into(),
            other => json::print(&other.to_value()),
        }
    }
}

/// The schema of a field.
fn member<'a>(schema: &'a Value, name: &str) -> &'a Value {
    match schema.get("properties").get(name) {
        Value::Null => match schema.get("additionalProperties") {
            a @ Value::Map(_) => a,
            _ => NULL,
        },
        own => own,
    }
}
