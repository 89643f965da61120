//! Decoding a document against its kind's schema, as the API server does: what Go's JSON decoder refuses, in its
//! words; unknown fields listed; and what is left is what a round trip through Go's types leaves
//! (`sigs.k8s.io/json`, `apimachinery:pkg/runtime/serializer/json`).
//!
//! A wrong type stops nothing in Go but is remembered, the first one is reported; a bad quantity or time stops at
//! once and wins. Unknown fields come out only when all else is well. Null fields count as missing; empty values are
//! dropped where Go says `omitempty`; structs that are no pointers appear as `{}`.
//!
//! Custom kinds are pruned, not type-checked: their types are validation's business, as upstream.

use crate::schema::{Field, Type, TypeRef};
use crate::{Map, Quantity, Str, Value, json, time};

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
            out.sort_by(|a, b| a.0.cmp(&b.0));
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
                if let Some(at) = base64_error(s) {
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

fn quantity(v: &Value) -> Result<Value, String> {
    let text = match v {
        Value::Str(s) => s.trim().to_string(),
        other => json::print(other),
    };
    let q = Quantity::parse(&text).map_err(str::to_string)?;
    let canonical = q.to_string();
    Ok(match v {
        Value::Str(s) if s.as_str() == canonical => v.clone(),
        _ => Value::from(canonical),
    })
}

fn instant(v: &Value, s: &str, micro: bool) -> Result<Value, String> {
    let Some(t) = time::parse_rfc3339(s) else {
        let layout = if micro {
            "2006-01-02T15:04:05.000000Z07:00"
        } else {
            "2006-01-02T15:04:05Z07:00"
        };
        return Err(time_error(s, layout));
    };
    let text = if micro {
        // Keep microseconds where the text has them in full.
        if s.len() == 27 && s.ends_with('Z') {
            s.to_string()
        } else {
            time::rfc3339_micro(t)
        }
    } else {
        time::rfc3339(t)
    };
    Ok(if text == s {
        v.clone()
    } else {
        Value::from(text)
    })
}

/// Go's words for a text that is no time: which element of the layout the rest does not fit.
fn time_error(s: &str, layout: &str) -> String {
    const ELEMENTS: &[(&str, usize)] = &[
        ("2006", 4),
        ("-", 1),
        ("01", 2),
        ("-", 1),
        ("02", 2),
        ("T", 1),
        ("15", 2),
        (":", 1),
        ("04", 2),
        (":", 1),
        ("05", 2),
    ];
    let mut rest = s;
    for (element, len) in ELEMENTS {
        let literal = *len == 1;
        let fits = match rest.get(..*len) {
            Some(r) if literal => r == *element,
            Some(r) => r.bytes().all(|c| c.is_ascii_digit()),
            None => false,
        };
        if !fits {
            let (s, rest) = (json::quote(s), json::quote(rest));
            return format!(
                "parsing time {s} as \"{layout}\": cannot parse {rest} as \"{element}\""
            );
        }
        rest = rest.get(*len..).unwrap_or("");
    }
    let (quoted, zone) = (json::quote(s), json::quote(rest));
    let range = |from: usize, to: usize, lo: u32, hi: u32| {
        s.get(from..to)
            .and_then(|t| t.parse::<u32>().ok())
            .is_some_and(|n| (lo..=hi).contains(&n))
    };
    for (from, to, lo, hi, name) in [
        (5, 7, 1, 12, "month"),
        (8, 10, 1, 31, "day"),
        (11, 13, 0, 23, "hour"),
        (14, 16, 0, 59, "minute"),
        (17, 19, 0, 59, "second"),
    ] {
        if !range(from, to, lo, hi) {
            return format!("parsing time {quoted}: {name} out of range");
        }
    }
    format!("parsing time {quoted} as \"{layout}\": cannot parse {zone} as \"Z07:00\"")
}

/// Where Go's decoder stops in a base64 text; None if it is well.
fn base64_error(s: &str) -> Option<usize> {
    let symbols: Vec<(usize, u8)> = s
        .bytes()
        .enumerate()
        .filter(|(_, c)| !matches!(c, b'\n' | b'\r'))
        .collect();
    let mut count = 0;
    for (n, (at, c)) in symbols.iter().enumerate() {
        if *c == b'=' {
            let left = symbols.len() - n;
            return match (count % 4, left) {
                (2, 2) if symbols.last().is_some_and(|l| l.1 == b'=') => None,
                (3, 1) => None,
                (2, 1) => Some(s.len()),
                (2 | 3, _) => symbols.get(n + 1).map(|x| {
                    if x.1 == b'=' {
                        symbols.get(n + 2).map_or(x.0, |y| y.0)
                    } else {
                        x.0
                    }
                }),
                _ => Some(*at),
            };
        }
        if !(c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/')) {
            return Some(*at);
        }
        count += 1;
    }
    (count % 4 != 0).then(|| s.len() - s.len() % 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{schema, yaml};

    fn run(version: &str, kind: &str, text: &str) -> String {
        let v = yaml::parse(text).unwrap();
        match decode(&v, &schema::of(version, kind).unwrap()) {
            Err(e) => e,
            Ok(d) => strict_message(&[], &d.strict).unwrap_or_else(|| json::print(&d.value)),
        }
    }

    #[test]
    fn refusals_are_in_gos_words() {
        let check = |v: &str, k: &str, text: &str, want: &str| {
            assert_eq!(run(v, k, text), want, "of {text}")
        };
        let cannot = "json: cannot unmarshal";
        check(
            "apps/v1",
            "Deployment",
            "{spec: {replcas: 3, template: {spec: {containers: [{imgae: x}]}}}}",
            r#"strict decoding error: unknown field "spec.replcas", unknown field "spec.template.spec.containers[0].imgae""#,
        );
        check(
            "apps/v1",
            "Deployment",
            "{spec: {replicas: three, foo: 1}}",
            &format!(
                "{cannot} string into Go struct field DeploymentSpec.spec.replicas of type int32"
            ),
        );
        check(
            "apps/v1",
            "Deployment",
            "{spec: {template: {spec: {containers: {name: x}}}}}",
            &format!(
                "{cannot} object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container"
            ),
        );
        check(
            "apps/v1",
            "Deployment",
            "{spec: {template: {spec: {containers: [{ports: [{containerPort: http}]}]}}}}",
            &format!(
                "{cannot} string into Go struct field ContainerPort.spec.template.spec.containers.ports.containerPort of type int32"
            ),
        );
        check(
            "apps/v1",
            "Deployment",
            "{spec: {replicas: 1.5}}",
            &format!(
                "{cannot} number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"
            ),
        );
        check(
            "v1",
            "Secret",
            "{type: 5}",
            &format!("{cannot} number into Go struct field Secret.type of type v1.SecretType"),
        );
        check(
            "v1",
            "ConfigMap",
            "{data: [a]}",
            &format!(
                "{cannot} array into Go struct field ConfigMap.data of type map[string]string"
            ),
        );
        check(
            "v1",
            "ConfigMap",
            "{data: {a: 1}}",
            &format!("{cannot} number into Go struct field ConfigMap.data of type string"),
        );
        check(
            "v1",
            "ConfigMap",
            "{metadata: {labels: {a: true}}}",
            &format!(
                "{cannot} bool into Go struct field ObjectMeta.metadata.labels of type string"
            ),
        );
        check(
            "v1",
            "PersistentVolumeClaim",
            "{spec: {resources: []}}",
            &format!(
                "{cannot} array into Go struct field PersistentVolumeClaimSpec.spec.resources of type v1.VolumeResourceRequirements"
            ),
        );
        check(
            "batch/v1",
            "Job",
            "{spec: {template: x}}",
            &format!(
                "{cannot} string into Go struct field JobSpec.spec.template of type v1.PodTemplateSpec"
            ),
        );
        check(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            "{spec: {podSelector: {matchLabels: []}}}",
            &format!(
                "{cannot} array into Go struct field LabelSelector.spec.podSelector.matchLabels of type map[string]string"
            ),
        );
        check(
            "networking.k8s.io/v1",
            "Ingress",
            "{spec: {rules: [{http: {paths: [{backend: {service: {port: {number: x}}}}]}}]}}",
            &format!(
                "{cannot} string into Go struct field ServiceBackendPort.spec.rules.IngressRuleValue.http.paths.backend.service.port.number of type int32"
            ),
        );
        check(
            "rbac.authorization.k8s.io/v1",
            "Role",
            "{rules: [{verbs: get}]}",
            &format!(
                "{cannot} string into Go struct field PolicyRule.rules.verbs of type []string"
            ),
        );
        check(
            "v1",
            "Pod",
            "{spec: {containers: [{command: [1], resources: {limits: {cpu: lots}}}]}}",
            crate::quantity::WRONG_FORMAT,
        );
        check(
            "v1",
            "Secret",
            "{data: {a: '*'}}",
            "illegal base64 data at input byte 0",
        );
        check(
            "v1",
            "Secret",
            "{data: {a: 'abc'}}",
            "illegal base64 data at input byte 0",
        );
        check(
            "v1",
            "Service",
            "{spec: {ports: [{targetPort: true}]}}",
            &format!(
                "{cannot} bool into Go struct field ServicePort.spec.ports.targetPort of type int32"
            ),
        );
        check(
            "v1",
            "Pod",
            "{metadata: {creationTimestamp: now}}",
            r#"parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006""#,
        );
        check(
            "v1",
            "Pod",
            "{spec: {restartPolicy: [1]}}",
            &format!(
                "{cannot} array into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy"
            ),
        );
        check(
            "v1",
            "Pod",
            "{spec: {containers: [{resources: {limits: 1}}]}}",
            &format!(
                "{cannot} number into Go struct field ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList"
            ),
        );
        check(
            "v1",
            "Pod",
            "{spec: {containers: [x]}}",
            &format!(
                "{cannot} string into Go struct field PodSpec.spec.containers of type v1.Container"
            ),
        );
    }

    #[test]
    fn what_a_round_trip_leaves() {
        let check = |v: &str, k: &str, text: &str, want: &str| {
            assert_eq!(run(v, k, text), want, "of {text}")
        };
        check(
            "v1",
            "Pod",
            "{metadata: {name: a, labels: {}, creationTimestamp: null}, spec: {hostNetwork: false, nodeName: '', terminationGracePeriodSeconds: 0, containers: [{name: c, command: [], ports: null, resources: {limits: {cpu: 1000m, memory: 1.5Gi}}, securityContext: {privileged: false}}], volumes: [{name: v, emptyDir: {}}]}}",
            r#"{"metadata":{"name":"a"},"spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":"1","memory":"1536Mi"}},"securityContext":{"privileged":false}}],"terminationGracePeriodSeconds":0,"volumes":[{"emptyDir":{},"name":"v"}]},"status":{}}"#,
        );
        check(
            "apps/v1",
            "DaemonSet",
            "{}",
            r#"{"metadata":{},"spec":{"selector":null,"template":{"metadata":{},"spec":{"containers":null}},"updateStrategy":{}},"status":{"currentNumberScheduled":0,"desiredNumberScheduled":0,"numberMisscheduled":0,"numberReady":0}}"#,
        );
        check(
            "v1",
            "ConfigMap",
            "{data: {a: null, b: ''}}",
            r#"{"data":{"a":"","b":""},"metadata":{}}"#,
        );
    }

    #[test]
    fn custom_kinds_are_pruned_only() {
        let schema = json::parse(r#"{"type":"object","properties":{"spec":{"type":"object","properties":{"legs":{"type":"integer"},"any":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}"#).unwrap();
        let t = TypeRef::of_crd("com.example.v1.Robot", &schema);
        let v = json::parse(r#"{"kind":"Robot","metadata":{"name":"r","x":1},"spec":{"legs":"two","arms":2,"any":{"b":1}}}"#).unwrap();
        let d = decode(&v, &t).unwrap();
        assert_eq!(
            json::print(&d.value),
            r#"{"kind":"Robot","metadata":{"name":"r"},"spec":{"any":{"b":1},"legs":"two"}}"#
        );
        assert_eq!(
            d.strict,
            [
                r#"unknown field "metadata.x""#,
                r#"unknown field "spec.arms""#
            ]
        );
    }
}
