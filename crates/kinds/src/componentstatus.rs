//! ComponentStatus: whether the parts of the control plane feel well (deprecated).
//! Upstream: `kubernetes:pkg/registry/core/componentstatus/rest.go`.

use crate::kind::{CellCx, Column, Kind};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "ComponentStatus",
    plural: "componentstatuses",
    singular: "componentstatus",
    short: &["cs"],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[],
    verbs: &["get", "list"],
    columns: &[Column::NAME, Column::text("Status"), Column::text("Message"), Column::text("Error")],
    cells: row,
    deprecated: "v1 ComponentStatus is deprecated in v1.19+",
    ..Kind::NONE
};

fn row(o: &Object, _: &CellCx) -> Vec<Value> {
    let healthy = o.at("conditions").items().iter().find(|c| c.text("type") == "Healthy");
    let (status, message, error) = match healthy {
        Some(c) if c.text("status") == "True" => ("Healthy", c.text("message"), c.text("error")),
        Some(c) => ("Unhealthy", c.text("message"), c.text("error")),
        None => ("Unknown", "", ""),
    };
    vec![Value::str(o.name()), status.into(), Value::str(message), Value::str(error)]
}
