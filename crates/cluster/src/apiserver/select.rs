//! Label and field selectors of lists and watches. Upstream: `apimachinery:pkg/{labels,fields}`, and for which fields a
//! kind can be selected by, `kubernetes:pkg/apis/core/v1/conversion.go`.

use kinds::Kind;
use machinery::selector::{FieldSelector, Selector};
use machinery::{Object, Status, Value};

/// What a list or watch selects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    labels: Selector,
    fields: FieldSelector,
}

impl Selection {
    pub fn parse(kind: &Kind, labels: &str, fields: &str) -> Result<Selection, Status> {
        let labels = Selector::parse(labels).map_err(Status::bad_request)?;
        let fields = FieldSelector::parse(fields).map_err(Status::bad_request)?;
        let known = FIELDS
            .iter()
            .find(|f| f.0 == kind.plural)
            .map_or(&[][..], |f| f.1);
        for t in &fields.terms {
            let name = t.field.as_str();
            let general =
                name == "metadata.name" || (name == "metadata.namespace" && kind.namespaced);
            if !general && !known.contains(&name) && !kind.selectable.contains(&name) {
                return Err(Status::bad_request(format!(
                    "field label not supported: {name}"
                )));
            }
        }
        Ok(Selection { labels, fields })
    }
    pub fn is_everything(&self) -> bool {
        self.labels.is_everything() && self.fields.is_empty()
    }
    pub fn matches(&self, o: &Object) -> bool {
        self.labels.matches(o.labels()) && self.fields.matches(|path| field(o, path))
    }
    /// The name that `metadata.name=x` asks for, to read one object instead of all.
    pub fn name(&self) -> Option<&str> {
        self.fields.exact("metadata.name")
    }
    pub fn node(&self) -> Option<&str> {
        self.fields.exact("spec.nodeName").filter(|n| !n.is_empty())
    }
}

/// The text of a field as selectors compare it.
fn field(o: &Object, path: &str) -> String {
    match o.at(path) {
        Value::Str(s) => s.to_string(),
        Value::Null if path == "spec.unschedulable" || path == "spec.hostNetwork" => "false".into(),
        Value::Null
            if path.starts_with("status.")
                && (path.ends_with("replicas") || path.ends_with("successful")) =>
        {
            "0".into()
        }
        Value::Null => match path {
            "source" => o.text("source.component").to_string(),
            _ => String::new(),
        },
        Value::Map(_) if path == "source" => o.text("source.component").to_string(),
        other => machinery::json::print(other),
    }
}

/// By which fields besides name and namespace a resource can be selected.
const FIELDS: &[(&str, &[&str])] = &[
    (
        "pods",
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
    ),
    (
        "events",
        &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
    ),
    ("nodes", &["spec.unschedulable"]),
    ("namespaces", &["status.phase"]),
    ("secrets", &["type"]),
    ("services", &["spec.clusterIP", "spec.type"]),
    ("replicationcontrollers", &["status.replicas"]),
    ("replicasets", &["status.replicas"]),
    ("jobs", &["status.successful"]),
];
