//! CSIDriver: what a storage driver can do.
//! Upstream: `kubernetes:pkg/registry/storage/csidriver/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::edit::within;
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "storage.k8s.io",
    version: "v1",
    kind: "CSIDriver",
    plural: "csidrivers",
    singular: "csidriver",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: true,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::text("AttachRequired"), Column::text("PodInfoOnMount"), Column::text("StorageCapacity"), Column::text("TokenRequests"), Column::text("RequiresRepublish"), Column::text("Modes"), Column::AGE],
    cells: row,
    validate: |o, errors| {
        let known = ["Ephemeral", "Persistent"];
        let path = machinery::Path::root("spec").child("volumeLifecycleModes");
        for m in o.at("spec.volumeLifecycleModes").items() {
            if !known.contains(&m.as_str().unwrap_or("")) {
                errors.not_supported(&path, m.clone(), &known);
            }
        }
    },
    ..Kind::NONE
};

fn default(v: &mut Value) {
    v.set_default("spec", Value::map());
    within(v, "spec", |spec| {
        spec.set_default("attachRequired", true);
        spec.set_default("podInfoOnMount", false);
        spec.set_default("storageCapacity", false);
        spec.set_default("fsGroupPolicy", "ReadWriteOnceWithFSType");
        spec.set_default("volumeLifecycleModes", Value::from(vec!["Persistent"]));
        spec.set_default("requiresRepublish", false);
        spec.set_default("seLinuxMount", false);
    });
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let list = |key: &str, field: &str| {
        let texts = o.spec().get(key).items().iter().map(|i| match field {
            "" => i.as_str().unwrap_or(""),
            _ => i.text(field),
        });
        let text = texts.collect::<Vec<_>>().join(",");
        Value::from(if text.is_empty() { "<unset>".to_string() } else { text })
    };
    vec![
        Value::str(o.name()),
        o.flag("spec.attachRequired").into(),
        o.flag("spec.podInfoOnMount").into(),
        o.flag("spec.storageCapacity").into(),
        list("tokenRequests", "audience"),
        o.flag("spec.requiresRepublish").into(),
        list("volumeLifecycleModes", ""),
        cells::age(o, cx),
    ]
}
