//! ControllerRevision: a kept earlier template of a DaemonSet or StatefulSet.
//! Upstream: `kubernetes:pkg/registry/apps/controllerrevision/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "apps",
    version: "v1",
    kind: "ControllerRevision",
    plural: "controllerrevisions",
    singular: "controllerrevision",
    short: &[],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    columns: &[Column::NAME, Column::text("Controller"), Column::int("Revision"), Column::AGE],
    cells: row,
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let owner = o.controller();
    let controller = match owner.text("name") {
        "" => "<none>".to_string(),
        name => {
            let (kind, version) = (owner.text("kind").to_lowercase(), owner.text("apiVersion"));
            let group = version.split_once('/').map_or("", |(g, _)| g);
            if group.is_empty() { format!("{kind}/{name}") } else { format!("{kind}.{group}/{name}") }
        }
    };
    vec![Value::str(o.name()), controller.into(), o.int("revision").into(), cells::age(o, cx)]
}
