//! Label and field selectors of lists and watches. Upstream: `apimachinery:pkg/{labels,fields}`, and for which fields a
//! kind can be selected by, `kubernetes:pkg/apis/core/v1/conversion.go`.

use kinds::Kind;
use machinery::{Object, Status, Value};

/// What a list or watch selects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    labels: Vec<LabelTerm>,
    fields: Vec<(String, bool, String)>,
}

#[derive(Clone, Debug)]
struct LabelTerm {
    key: String,
    op: Op,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Op {
    In,
    NotIn,
    Exists,
    Missing,
    Greater,
    Less,
}

impl Selection {
    pub fn parse(kind: &Kind, labels: &str, fields: &str) -> Result<Selection, Status> {
        Ok(Selection { labels: parse_labels(labels)?, fields: parse_fields(kind, fields)? })
    }
    pub fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }
    pub fn matches(&self, o: &Object) -> bool {
        self.labels.iter().all(|t| t.matches(o))
            && self.fields.iter().all(|(path, equal, want)| (field(o, path) == *want) == *equal)
    }
    /// The name that `metadata.name=x` asks for, to read one object instead of all.
    pub fn name(&self) -> Option<&str> {
        let one = self.fields.iter().find(|f| f.0 == "metadata.name" && f.1);
        one.map(|f| f.2.as_str())
    }
    pub fn node(&self) -> Option<&str> {
        let one = self.fields.iter().find(|f| f.0 == "spec.nodeName" && f.1 && !f.2.is_empty());
        one.map(|f| f.2.as_str())
    }
}

impl LabelTerm {
    fn matches(&self, o: &Object) -> bool {
        let have = o.label(&self.key);
        let number = |s: &str| s.parse::<i64>().ok();
        match self.op {
            Op::In => have.is_some_and(|h| self.values.iter().any(|v| v == h)),
            Op::NotIn => have.is_none_or(|h| self.values.iter().all(|v| v != h)),
            Op::Exists => have.is_some(),
            Op::Missing => have.is_none(),
            Op::Greater | Op::Less => {
                let (Some(a), Some(b)) = (
                    have.and_then(number),
                    self.values.first().and_then(|v| number(v)),
                ) else {
                    return false;
                };
                if self.op == Op::Greater { a > b } else { a < b }
            }
        }
    }
}

/// The text of a field as selectors compare it.
fn field(o: &Object, path: &str) -> String {
    match o.at(path) {
        Value::Str(s) => s.to_string(),
        Value::Null if path == "spec.unschedulable" || path == "spec.hostNetwork" => "false".into(),
        Value::Null if path.starts_with("status.") && (path.ends_with("replicas") || path.ends_with("successful")) => "0".into(),
        Value::Null => match path {
            "source" => o.text("source.component").to_string(),
            _ => String::new(),
        },
        Value::Map(_) if path == "source" => o.text("source.component").to_string(),
        other => machinery::json::print(other),
    }
}

/// Splits at commas outside of parentheses.
fn terms(s: &str) -> Vec<&str> {
    let (mut out, mut depth, mut from) = (Vec::new(), 0, 0);
    for (i, c) in s.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                out.push(s[from..i].trim());
                from = i + 1;
            }
            _ => {}
        }
    }
    out.push(s[from..].trim());
    out.retain(|t| !t.is_empty());
    out
}

fn parse_labels(s: &str) -> Result<Vec<LabelTerm>, Status> {
    terms(s).into_iter().map(label_term).collect()
}

fn label_term(t: &str) -> Result<LabelTerm, Status> {
    let make = |key: &str, op: Op, values: Vec<String>| {
        Ok(LabelTerm { key: key.trim().to_string(), op, values })
    };
    let one = |v: &str| vec![v.trim().to_string()];
    if let Some(key) = t.strip_prefix('!') {
        return make(key, Op::Missing, Vec::new());
    }
    for (mark, op) in [("!=", Op::NotIn), ("==", Op::In), ("=", Op::In), (">", Op::Greater), ("<", Op::Less)] {
        if let Some((k, v)) = t.split_once(mark) {
            return make(k, op, one(v));
        }
    }
    if let Some((head, list)) = t.split_once('(') {
        let words: Vec<&str> = head.split_whitespace().collect();
        let values = list.trim_end_matches(')').split(',').map(|v| v.trim().to_string()).collect();
        match words.as_slice() {
            [key, "in"] => return make(key, Op::In, values),
            [key, "notin"] => return make(key, Op::NotIn, values),
            _ => {}
        }
    } else if !t.contains(char::is_whitespace) {
        return make(t, Op::Exists, Vec::new());
    }
    Err(Status::bad_request(format!(
        "unable to parse requirement: found '{}', expected: in, notin, =, ==, !=, gt, lt",
        t.split_whitespace().nth(1).unwrap_or("")
    )))
}

/// By which fields besides name and namespace a resource can be selected.
const FIELDS: &[(&str, &[&str])] = &[
    ("pods", &["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName"]),
    ("events", &["involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type"]),
    ("nodes", &["spec.unschedulable"]),
    ("namespaces", &["status.phase"]),
    ("secrets", &["type"]),
    ("services", &["spec.clusterIP", "spec.type"]),
    ("replicationcontrollers", &["status.replicas"]),
    ("replicasets", &["status.replicas"]),
    ("jobs", &["status.successful"]),
];

fn parse_fields(kind: &Kind, s: &str) -> Result<Vec<(String, bool, String)>, Status> {
    let known = FIELDS.iter().find(|f| f.0 == kind.plural).map_or(&[][..], |f| f.1);
    let mut out = Vec::new();
    for t in terms(s) {
        let (path, equal, value) = if let Some((k, v)) = t.split_once("!=") {
            (k, false, v)
        } else if let Some((k, v)) = t.split_once("==").or_else(|| t.split_once('=')) {
            (k, true, v)
        } else {
            return Err(Status::bad_request(format!(
                "invalid selector: '{t}'; can't understand '{t}'"
            )));
        };
        let path = path.trim();
        let general = path == "metadata.name" || (path == "metadata.namespace" && kind.namespaced);
        if !general && !known.contains(&path) {
            return Err(Status::bad_request(format!("field label not supported: {path}")));
        }
        out.push((path.to_string(), equal, value.trim().to_string()));
    }
    Ok(out)
}
