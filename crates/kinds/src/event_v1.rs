//! Event as `events.k8s.io/v1` speaks it: the same object as the core Event, under newer field names.
//! Upstream: `kubernetes:pkg/apis/events/v1/conversion.go`.

use crate::event as core;
use crate::kind::{Kind, StoredAs};
use machinery::Value;

pub const KIND: Kind = Kind {
    group: "events.k8s.io",
    default,
    columns: core::KIND.columns,
    cells: |o, cx| {
        let mut v = o.0.clone();
        to_stored(&mut v);
        core::row(&machinery::Object(v), cx)
    },
    stored_as: Some(StoredAs {
        kind: &core::KIND,
        to_stored,
        from_stored,
    }),
    ..core::KIND
};

/// (here, in the core Event).
const NAMES: &[(&str, &str)] = &[
    ("regarding", "involvedObject"),
    ("note", "message"),
    ("reportingController", "reportingComponent"),
    ("deprecatedSource", "source"),
    ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"),
    ("deprecatedCount", "count"),
];

fn default(v: &mut Value) {
    if !v.has("eventTime") {
        v.set("eventTime", Value::Null);
    }
}

fn to_stored(v: &mut Value) {
    v.set("apiVersion", "v1");
    for (here, there) in NAMES {
        if v.has(here) {
            let moved = v.remove(here);
            v.set(there, moved);
        }
    }
    (core::KIND.default)(v);
}

fn from_stored(v: &mut Value) {
    v.set("apiVersion", "events.k8s.io/v1");
    for (here, there) in NAMES {
        if v.has(there) {
            let moved = v.remove(there);
            v.set(here, moved);
        }
    }
    if v.text("reportingController").is_empty() {
        v.remove("reportingController");
    }
    if v.text("reportingInstance").is_empty() {
        v.remove("reportingInstance");
    }
}
