//! Bodies in Kubernetes' protobuf form: since 1.32 a real kubectl's typed clients (`create deployment`, `auth can-i`, `drain`)
//! send nothing else, and do not fall back. They are read here and go on as JSON would; answers are JSON.
//!
//! What a message's fields are numbered is in `proto.txt`; what they are called in JSON, and which empty ones JSON leaves
//! out, the schema knows. Upstream: `apimachinery:pkg/runtime/serializer/protobuf`.

use machinery::schema::{self, Type, TypeRef};
use machinery::{Status, Value};
use std::collections::BTreeMap;

const TABLE: &str = include_str!("proto.txt");
/// What every such body begins with, before the envelope.
const MAGIC: &[u8] = b"k8s\0";
/// Messages in messages.
const DEPTH_MAX: usize = 64;

/// A field of a message, by the table.
struct Field {
    name: &'static str,
    /// `*` repeated, `{` a map from text.
    many: Option<char>,
    kind: String,
}

/// Message → number → field.
pub struct Messages(BTreeMap<&'static str, BTreeMap<u64, Field>>);

impl Messages {
    pub fn read() -> Messages {
        let mut all: BTreeMap<&str, BTreeMap<u64, Field>> = BTreeMap::new();
        let mut current = "";
        for line in TABLE.lines().filter(|l| !l.starts_with('#')) {
            let Some(row) = line.strip_prefix(' ') else {
                current = line;
                all.entry(line).or_default();
                continue;
            };
            let mut words = row.split(' ');
            let (Some(number), Some(name), Some(kind)) = (words.next(), words.next(), words.next())
            else {
                continue;
            };
            let many = kind.chars().next().filter(|c| matches!(c, '*' | '{'));
            let kind = kind.trim_start_matches(['*', '{']);
            let package = current.rsplit_once('.').map_or("", |(p, _)| p);
            let kind = match kind.strip_prefix('.') {
                Some(own) => format!("{package}.{own}"),
                None => kind.to_string(),
            };
            let field = Field { name, many, kind };
            all.entry(current)
                .or_default()
                .insert(number.parse().unwrap_or(0), field);
        }
        Messages(all)
    }

    /// The document of a body: its envelope names the kind.
    pub fn document(&self, body: &[u8]) -> Result<Value, Status> {
        let broken = || Status::bad_request("the body is not a protobuf message of Kubernetes");
        let envelope = body.strip_prefix(MAGIC).ok_or_else(broken)?;
        let (mut api_version, mut kind, mut raw) = (String::new(), String::new(), &envelope[..0]);
        for (number, wire) in fields(envelope).ok_or_else(broken)? {
            match (number, wire) {
                (1, Wire::Bytes(meta)) => {
                    for (number, wire) in fields(meta).ok_or_else(broken)? {
                        match number {
                            1 => api_version = wire.text(),
                            2 => kind = wire.text(),
                            _ => {}
                        }
                    }
                }
                (2, Wire::Bytes(bytes)) => raw = bytes,
                _ => {}
            }
        }
        // Options of a group's own are those of the core.
        let ty = schema::of(&api_version, &kind).or_else(|| schema::of("v1", &kind));
        let known = ty.filter(|t| self.0.contains_key(t.name()));
        let ty = known.ok_or_else(|| {
            Status::new(
                415,
                "UnsupportedMediaType",
                format!("bottleship does not read {kind} of {api_version} as protobuf: send JSON"),
            )
        })?;
        let mut out = Value::map();
        out.set("apiVersion", api_version);
        out.set("kind", kind);
        let read = self.message(ty.name(), Some(&ty), raw, &mut out, 0);
        read.map(|()| out).ok_or_else(broken)
    }

    /// Reads a message into the fields of an object of this type.
    fn message(
        &self,
        name: &str,
        ty: Option<&TypeRef>,
        bytes: &[u8],
        out: &mut Value,
        depth: usize,
    ) -> Option<()> {
        let table = self.0.get(name)?;
        if depth > DEPTH_MAX {
            return None;
        }
        for (number, wire) in fields(bytes)? {
            let Some(field) = table.get(&number) else {
                continue;
            };
            let known = ty.and_then(|t| t.field(field.name));
            let Some(known) = known else {
                // Embedded in Go: in JSON its fields are the object's own.
                if let (Wire::Bytes(b), true) = (&wire, self.0.contains_key(field.kind.as_str())) {
                    self.message(&field.kind, ty, b, out, depth + 1)?;
                }
                continue;
            };
            match (field.many, &known.ty) {
                (Some('*'), Type::List(elem)) => {
                    let item = self.value(&field.kind, &elem.get(), &wire, depth)?;
                    out.field(field.name).list_mut().push(item);
                }
                (Some(_), Type::Map(elem)) => {
                    let Wire::Bytes(entry) = wire else {
                        return None;
                    };
                    let (mut key, mut value) = (String::new(), None);
                    for (number, wire) in fields(entry)? {
                        match number {
                            1 => key = wire.text(),
                            _ => {
                                value = Some(self.value(&field.kind, &elem.get(), &wire, depth)?)
                            }
                        }
                    }
                    let value = value.unwrap_or_else(|| Value::from(""));
                    *out.field(field.name).field(&key) = value;
                }
                (_, kind) => {
                    let value = self.value(&field.kind, kind, &wire, depth)?;
                    // Go writes zero values in protobuf, and leaves them out of JSON.
                    let is_zero =
                        matches!(&value, Value::Null | Value::Bool(false) | Value::Int(0))
                            || value.as_str() == Some("");
                    let is_empty = is_zero || (known.omit_zero && value.is_empty());
                    if known.pointer || known.always || !is_empty {
                        *out.field(field.name) = value;
                    }
                }
            }
        }
        Some(())
    }

    fn value(&self, kind: &str, ty: &Type, wire: &Wire, depth: usize) -> Option<Value> {
        let nested = |number: u64| {
            let Wire::Bytes(b) = wire else { return None };
            fields(b)?
                .into_iter()
                .find(|(n, _)| *n == number)
                .map(|(_, w)| w)
        };
        Some(match kind {
            "string" => Value::from(wire.text()),
            "bool" => Value::from(wire.int() != 0),
            "int32" => Value::from(i64::from(wire.int() as i32)),
            "int64" | "uint32" => Value::from(wire.int()),
            "double" => match wire {
                Wire::Fixed64(n) => Value::from(f64::from_bits(*n)),
                _ => return None,
            },
            "bytes" => Value::from(codec::encode_base64(wire.bytes())),
            "quantity" => Value::from(nested(1).map_or(String::new(), |w| w.text())),
            "intstr" => match nested(1).map_or(0, |w| w.int()) {
                0 => Value::from(nested(2).map_or(0, |w| i64::from(w.int() as i32))),
                _ => Value::from(nested(3).map_or(String::new(), |w| w.text())),
            },
            "time" => {
                let Some(seconds) = nested(1) else {
                    return Some(Value::Null);
                };
                let nanos = nested(2).map_or(0, |w| w.int());
                let text = machinery::time::rfc3339(seconds.int() * 1000);
                Value::from(match ty {
                    Type::MicroTime => {
                        let micros = format!(".{:06}Z", nanos / 1000);
                        text.replace('Z', &micros)
                    }
                    _ => text,
                })
            }
            "duration" => Value::from(format!("{}ns", nested(1).map_or(0, |w| w.int()))),
            "raw" => {
                let raw = nested(1).map_or(Vec::new(), |w| w.bytes().to_vec());
                machinery::json::parse(&String::from_utf8_lossy(&raw)).unwrap_or_default()
            }
            message => {
                let Wire::Bytes(b) = wire else { return None };
                // A list that is a message of its own.
                if let Type::List(_) = ty {
                    let items = fields(b)?.into_iter().map(|(_, w)| Value::from(w.text()));
                    return Some(Value::from(items.collect::<Vec<_>>()));
                }
                let mut out = Value::map();
                self.message(message, ty.object().as_ref(), b, &mut out, depth + 1)?;
                out
            }
        })
    }
}

enum Wire<'a> {
    Int(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
}

impl Wire<'_> {
    fn int(&self) -> i64 {
        match self {
            Wire::Int(n) | Wire::Fixed64(n) => *n as i64,
            Wire::Bytes(_) => 0,
        }
    }
    fn bytes(&self) -> &[u8] {
        match self {
            Wire::Bytes(b) => b,
            _ => &[],
        }
    }
    fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }
}

/// The fields of a message as they come; None if it is cut off or no message.
fn fields(mut b: &[u8]) -> Option<Vec<(u64, Wire<'_>)>> {
    let mut out = Vec::new();
    while !b.is_empty() {
        let tag = varint(&mut b)?;
        let wire = match tag & 7 {
            0 => Wire::Int(varint(&mut b)?),
            1 => {
                let (head, rest) = b.split_first_chunk::<8>()?;
                b = rest;
                Wire::Fixed64(u64::from_le_bytes(*head))
            }
            2 => {
                let n = usize::try_from(varint(&mut b)?).ok()?;
                let (head, rest) = b.split_at_checked(n)?;
                b = rest;
                Wire::Bytes(head)
            }
            5 => {
                let (head, rest) = b.split_first_chunk::<4>()?;
                b = rest;
                Wire::Int(u64::from(u32::from_le_bytes(*head)))
            }
            _ => return None,
        };
        out.push((tag >> 3, wire));
    }
    Some(out)
}

fn varint(b: &mut &[u8]) -> Option<u64> {
    let mut n = 0u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = b.split_first()?;
        *b = rest;
        n |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(n);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of bytes.
    fn part(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2, bytes.len() as u8];
        out.extend(bytes);
        out
    }

    #[test]
    fn a_message_reads_as_its_json() {
        let meta = [part(1, b"v1"), part(2, b"Pod")].concat();
        let env = [part(1, b"A"), part(2, b"")].concat();
        // The volume's source is embedded: its fields stand in the volume.
        let volume = [part(1, b"v"), part(2, &part(2, &part(1, b"")))].concat();
        let container = [part(1, b"c"), part(2, b"nginx"), part(7, &env)].concat();
        let spec = [part(1, &volume), part(2, &container), part(3, b"")].concat();
        let labels = part(11, &[part(1, b"app"), part(2, b"web")].concat());
        let metadata = [part(1, b"p"), labels, part(8, b"")].concat();
        let pod = [part(1, &metadata), part(2, &spec)].concat();
        let body = [MAGIC.to_vec(), part(1, &meta), part(2, &pod)].concat();
        let read = Messages::read().document(&body).unwrap();
        assert_eq!(
            machinery::json::print(&read),
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"app":"web"},"name":"p"},"spec":{"containers":[{"env":[{"name":"A"}],"image":"nginx","name":"c"}],"volumes":[{"emptyDir":{},"name":"v"}]}}"#
        );
        assert!(Messages::read().document(&body[..body.len() - 3]).is_err());
        assert!(Messages::read().document(b"{}").is_err());
    }

    #[test]
    fn every_type_of_the_table_is_a_type_of_the_schema() {
        let messages = Messages::read();
        for (api_version, kind) in schema::kinds() {
            let ty = schema::of(api_version, kind).unwrap();
            // Their field numbers are not in the table: bodies of these kinds have to come as JSON or YAML.
            let only_text = ["apiextensions", "flowcontrol", "api.resource."];
            let text = only_text.iter().any(|part| ty.name().contains(part));
            let served = !kind.ends_with("List") && !text;
            if served && ty.field("metadata").is_some() {
                assert!(messages.0.contains_key(ty.name()), "{}", ty.name());
            }
        }
    }
}
