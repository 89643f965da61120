//! Event objects, as the recorder of client-go makes them: equal ones are counted, many similar ones are combined.
//! Upstream: `client-go:tools/record/events_cache.go`.

use crate::cx::Cx;
use machinery::{Object, Value, time, value};

/// Records an event about an object. (The counting and combining of similar ones is being written.)
pub(crate) fn record(
    cx: &mut Cx,
    about: &Object,
    field_path: &str,
    kind: &'static str,
    reason: &str,
    message: &str,
) {
    let namespace = if about.namespace().is_empty() {
        "default"
    } else {
        about.namespace()
    };
    let name = format!("{}.{:x}", about.name(), cx.cluster.names.next_u64());
    let now = time::rfc3339(cx.now());
    let mut e = Object::new("v1", "Event", namespace, &name).0;
    e.set(
        "involvedObject",
        value!({
            "apiVersion": Value::str(about.api_version()), "kind": Value::str(about.kind()), "name": Value::str(about.name()),
            "uid": Value::str(about.uid()), "resourceVersion": about.resource_version().to_string(),
        }),
    );
    if !about.namespace().is_empty() {
        e.set("involvedObject.namespace", Value::str(about.namespace()));
    }
    if !field_path.is_empty() {
        e.set("involvedObject.fieldPath", Value::str(field_path));
    }
    e.set("type", kind);
    e.set("reason", Value::str(reason));
    e.set("message", Value::str(message));
    e.set("source", value!({ "component": cx.actor }));
    if !cx.host.is_empty() {
        e.set("source.host", cx.host.clone());
    }
    e.set("count", 1);
    e.set("firstTimestamp", &now);
    e.set("lastTimestamp", &now);
    e.set("reportingComponent", cx.actor);
    e.set("reportingInstance", cx.host.clone());
    // An event that cannot be written is lost, as upstream's is; nothing depends on it.
    let _ = cx.create(&kinds::event::KIND, &Object(e), "");
}

/// What the recorders remember of recent events.
#[derive(Clone, Default)]
pub struct State {}
