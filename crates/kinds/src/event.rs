//! Event: what happened to an object, for people to read.
//! Upstream: `kubernetes:pkg/registry/core/event/strategy.go`, `printEvent`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "Event",
    plural: "events",
    singular: "event",
    short: &["ev"],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    default,
    columns: COLUMNS,
    cells: row,
    validate,
    ..Kind::NONE
};

pub const COLUMNS: &[Column] = &[
    Column::text("Last Seen"),
    Column::text("Type"),
    Column::text("Reason"),
    Column::text("Object"),
    Column::wide("Subobject"),
    Column::wide("Source"),
    Column::text("Message"),
    Column::wide("First Seen"),
    Column::wide("Count"),
    Column { priority: 1, ..Column::NAME },
];

fn default(v: &mut Value) {
    for key in ["involvedObject", "source"] {
        v.set_default(key, Value::map());
    }
    for key in ["eventTime", "firstTimestamp", "lastTimestamp"] {
        if !v.has(key) {
            v.set(key, Value::Null);
        }
    }
    for key in ["reportingComponent", "reportingInstance"] {
        v.set_default(key, "");
    }
}

pub fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let first = match o.text("firstTimestamp") {
        "" => cells::since(o.text("eventTime"), cx),
        t => cells::since(t, cx),
    };
    let (mut last, mut count) = match o.text("lastTimestamp") {
        "" => (first.clone(), o.int("count")),
        t => (cells::since(t, cx), o.int("count")),
    };
    if !o.at("series").is_null() {
        last = cells::since(o.text("series.lastObservedTime"), cx);
        count = o.int("series.count");
    } else if count == 0 {
        count = 1;
    }
    let about = o.at("involvedObject");
    let object = match about.text("kind") {
        "" => about.text("name").to_string(),
        kind => format!("{}/{}", kind.to_lowercase(), about.text("name")),
    };
    vec![
        last.into(),
        Value::str(o.text("type")),
        Value::str(o.text("reason")),
        object.into(),
        Value::str(about.text("fieldPath")),
        source(o).into(),
        Value::str(o.text("message").trim()),
        first.into(),
        count.into(),
        Value::str(o.name()),
    ]
}

/// `kubelet, node-1`.
pub fn source(o: &Object) -> String {
    let pick = |old: &str, new: &str| match o.text(old) {
        "" => o.text(new).to_string(),
        text => text.to_string(),
    };
    let component = pick("source.component", "reportingComponent");
    match pick("source.host", "reportingInstance").as_str() {
        "" => component,
        host => format!("{component}, {host}"),
    }
}

/// Events with a time of their own (events.k8s.io) say who reports what.
fn reported(o: &Object, errors: &mut Errors) {
    let name = o.text("reportingComponent");
    let at = Path::root("reportingController");
    match name {
        "" => errors.required(&at, ""),
        name => crate::meta::each(errors, &at, name, crate::names::qualified(name)),
    }
    for key in ["reportingInstance", "action", "reason"] {
        let at = Path::root(key);
        match o.text(key) {
            "" => errors.required(&at, ""),
            text if text.len() > 128 => errors.invalid(&at, "", "can have at most 128 characters"),
            _ => {}
        }
    }
    if o.text("message").len() > 1024 {
        errors.invalid(&Path::root("message"), "", "can have at most 1024 characters");
    }
    let kind = o.text("type");
    if !matches!(kind, "Normal" | "Warning") {
        errors.invalid(&Path::root("type"), "", &format!("has invalid value: {kind}"));
    }
}

fn validate(o: &Object, errors: &mut Errors) {
    if !o.at("eventTime").is_null() {
        reported(o, errors);
    }
    let about = o.text("involvedObject.namespace");
    let here = o.namespace();
    // Events about cluster-scoped objects live in "default".
    if !about.is_empty() && about != here {
        let path = Path::root("involvedObject").child("namespace");
        errors.invalid(&path, Value::str(about), "does not match event.namespace");
    }
}
