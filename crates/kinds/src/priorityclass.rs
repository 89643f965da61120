//! PriorityClass: which pods go before which.
//! Upstream: `kubernetes:pkg/registry/scheduling/priorityclass/strategy.go`.

use crate::meta;
use crate::describe::Describe;
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "scheduling.k8s.io",
    version: "v1",
    kind: "PriorityClass",
    plural: "priorityclasses",
    singular: "priorityclass",
    short: &["pc"],
    categories: &[],
    namespaced: false,
    generation: true,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::int("Value"), Column::text("Global-Default"), Column::AGE, Column::text("PreemptionPolicy")],
    cells: row,
    describe,
    validate,
    validate_update,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    v.set_default("value", 0);
    v.set_default("preemptionPolicy", "PreemptLowerPriority");
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    vec![
        Value::str(o.name()),
        o.int("value").into(),
        o.flag("globalDefault").into(),
        cells::age(o, cx),
        Value::str(o.text("preemptionPolicy")),
    ]
}

fn describe(o: &Object, d: &mut Describe) {
    d.line(0, format!("Name:\t{}", o.name()));
    d.line(0, format!("Value:\t{}", o.int("value")));
    d.line(0, format!("GlobalDefault:\t{}", o.flag("globalDefault")));
    d.line(0, format!("PreemptionPolicy:\t{}", o.text("preemptionPolicy")));
    d.line(0, format!("Description:\t{}", o.text("description")));
    d.line(0, format!("Annotations:\t{}", cells::labels(o.at("metadata.annotations"))));
    d.events(o);
}

fn validate(o: &Object, errors: &mut Errors) {
    const HIGHEST: i64 = 1_000_000_000;
    let system = matches!(o.name(), "system-node-critical" | "system-cluster-critical");
    if o.name().starts_with("system-") && !system {
        let why = "priority class names with 'system-' prefix are reserved for system use only. error: %!w(<nil>)";
        errors.forbidden(&Path::root("metadata").child("name"), why);
    }
    if o.int("value") > HIGHEST && !system {
        let why = format!("maximum allowed value of a user defined priority is {HIGHEST}");
        errors.forbidden(&Path::root("value"), &why);
    }
    let known = ["Never", "PreemptLowerPriority"];
    let policy = o.text("preemptionPolicy");
    if !known.contains(&policy) {
        errors.not_supported(&Path::root("preemptionPolicy"), Value::str(policy), &["PreemptLowerPriority", "Never"]);
    }
}

fn validate_update(new: &Object, old: &Object, errors: &mut Errors) {
    if new.int("value") != old.int("value") {
        errors.forbidden(&Path::root("value"), "may not be changed in an update.");
    }
    meta::immutable(new.get("preemptionPolicy"), old.get("preemptionPolicy"), &Path::root("preemptionPolicy"), errors);
}
