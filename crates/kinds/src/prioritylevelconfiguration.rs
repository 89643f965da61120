//! PriorityLevelConfiguration: how many requests of a level run at once. Listed, not acted on.
//! Upstream: `kubernetes:pkg/registry/flowcontrol/prioritylevelconfiguration/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "flowcontrol.apiserver.k8s.io",
    version: "v1",
    kind: "PriorityLevelConfiguration",
    plural: "prioritylevelconfigurations",
    singular: "prioritylevelconfiguration",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: true,
    subresources: &[Subresource::STATUS],
    prepare_create: |v| v.set("status", Value::map()),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("Type"), Column::text("NominalConcurrencyShares"), Column::text("Queues"), Column::text("HandSize"), Column::text("QueueLengthLimit"), Column::AGE],
    cells: row,
    validate,
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let number = |path: &str| match o.at(path).as_i64() {
        Some(n) => Value::from(n.to_string()),
        None => Value::from("<none>"),
    };
    vec![
        Value::str(o.name()),
        Value::str(o.text("spec.type")),
        number("spec.limited.nominalConcurrencyShares"),
        number("spec.limited.limitResponse.queuing.queues"),
        number("spec.limited.limitResponse.queuing.handSize"),
        number("spec.limited.limitResponse.queuing.queueLengthLimit"),
        cells::age(o, cx),
    ]
}

fn validate(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    match spec.text("type") {
        "Exempt" => {
            if spec.has("limited") {
                errors.forbidden(&path.child("limited"), "must be nil if the type is not Limited");
            }
        }
        "Limited" => {
            let limited = spec.get("limited");
            let at = path.child("limited");
            if limited.is_null() {
                return errors.required(&at, "must not be empty when type is Limited");
            }
            let shares = limited.int("nominalConcurrencyShares");
            if shares < 0 {
                errors.invalid(&at.child("nominalConcurrencyShares"), shares, "must be a non-negative integer");
            }
            let (kind, at) = (limited.text("limitResponse.type"), at.child("limitResponse"));
            match kind {
                "Queue" if limited.at("limitResponse.queuing").is_null() => {
                    errors.required(&at.child("queuing"), "must not be empty if limited response type is Queue");
                }
                "Queue" => {}
                "Reject" if !limited.at("limitResponse.queuing").is_null() => {
                    errors.forbidden(&at.child("queuing"), "must be nil if limited response type is Reject");
                }
                "Reject" => {}
                other => errors.not_supported(&at.child("type"), Value::str(other), &["Queue", "Reject"]),
            }
        }
        other => errors.not_supported(&path.child("type"), Value::str(other), &["Exempt", "Limited"]),
    }
}
