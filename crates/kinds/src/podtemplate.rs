//! PodTemplate: a pod template that stands by itself.
//! Upstream: `kubernetes:pkg/registry/core/podtemplate/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "PodTemplate",
    plural: "podtemplates",
    singular: "podtemplate",
    short: &[],
    categories: &[],
    namespaced: true,
    generation: true,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::text("Containers"), Column::text("Images"), Column::text("Pod Labels")],
    cells: row,
    validate,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    crate::pod_defaults::template(v, "template");
}

fn row(o: &Object, _: &CellCx) -> Vec<Value> {
    let (names, images) = cells::containers(o.at("template.spec"));
    let labels = cells::labels(o.at("template.metadata.labels"));
    vec![Value::str(o.name()), names.into(), images.into(), labels.into()]
}

fn validate(o: &Object, errors: &mut Errors) {
    crate::pod_validate::template(o.get("template"), &Path::root("template"), errors);
}
