//! Node: a machine that runs pods.
//! Upstream: `kubernetes:pkg/registry/core/node/strategy.go`, `printNode`.

use machinery::Arrange;
use crate::names;
use crate::meta;
use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "Node",
    plural: "nodes",
    singular: "node",
    short: &["no"],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[
        Subresource {
            name: "proxy",
            group_version: "",
            kind: "NodeProxyOptions",
            verbs: &["create", "delete", "get", "patch", "update"],
        },
        Subresource::STATUS,
    ],
    default,
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[
        Column::NAME,
        Column::text("Status"),
        Column::text("Roles"),
        Column::AGE,
        Column::text("Version"),
        Column::wide("Internal-IP"),
        Column::wide("External-IP"),
        Column::wide("OS-Image"),
        Column::wide("Kernel-Version"),
        Column::wide("Container-Runtime"),
    ],
    cells: row,
    describe: crate::node_describe::node,
    validate,
    ..Kind::NONE
};

/// A node whose allocatable is not given has all of its capacity to give.
fn default(v: &mut Value) {
    v.set_default("spec", Value::map());
    v.set_default("status", Value::map());
    if v.at("status.allocatable").is_null() && !v.at("status.capacity").is_null() {
        let capacity = v.at("status.capacity").clone();
        v.set("status.allocatable", capacity);
    }
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let info = o.at("status.nodeInfo");
    let known = |key: &str| match info.text(key) {
        "" => Value::from("<unknown>"),
        text => Value::str(text),
    };
    vec![
        Value::str(o.name()),
        status(o).into(),
        cells::or_none(roles(o).join(",")).into(),
        cells::age(o, cx),
        Value::str(info.text("kubeletVersion")),
        address(o, "InternalIP"),
        address(o, "ExternalIP"),
        known("osImage"),
        known("kernelVersion"),
        known("containerRuntimeVersion"),
    ]
}

/// `Ready`, `NotReady,SchedulingDisabled`, ...
pub fn status(o: &Object) -> String {
    let mut words = match o.condition("Ready") {
        c if c.is_null() => vec!["Unknown"],
        c if c.text("status") == "True" => vec!["Ready"],
        _ => vec!["NotReady"],
    };
    if o.flag("spec.unschedulable") {
        words.push("SchedulingDisabled");
    }
    words.join(",")
}

/// The roles that the node's labels name, sorted.
pub fn roles(o: &Object) -> Vec<String> {
    let mut roles: Vec<String> = Vec::new();
    for (key, value) in o.labels() {
        if let Some(role) = key.strip_prefix("node-role.kubernetes.io/") {
            roles.push(role.to_string());
        } else if key == "kubernetes.io/role" {
            roles.push(value.as_str().unwrap_or("").to_string());
        }
    }
    roles.retain(|r| !r.is_empty());
    roles.arrange();
    roles.dedup();
    roles
}

fn address(o: &Object, kind: &str) -> Value {
    let addresses = o.at("status.addresses").items();
    let found = addresses.iter().find(|a| a.text("type") == kind);
    found.map_or(Value::from("<none>"), |a| Value::str(a.text("address")))
}

fn validate(o: &Object, errors: &mut Errors) {
    // Upstream looks for them there.
    let path = Path::root("metadata").child("taints");
    let taints = o.at("spec.taints").items();
    for (i, t) in taints.iter().enumerate() {
        let path = path.index(i);
        let (key, value) = (t.text("key"), t.text("value"));
        meta::each(errors, &path.child("key"), key, names::qualified(key));
        let found = names::label_value(value);
        if !found.is_empty() {
            errors.invalid(&path.child("value"), Value::str(value), &found.join(";"));
        }
        match t.text("effect") {
            "" => errors.required(&path.child("effect"), ""),
            effect => crate::pod_validate::effect(effect, &path.child("effect"), errors),
        }
        let same = |o: &Value| o.text("key") == key && o.text("effect") == t.text("effect");
        if taints.iter().take(i).any(same) {
            let quoted = machinery::field::go_value;
            let shown = format!(
                "{{\"Key\":{},\"Value\":{},\"Effect\":{},\"TimeAdded\":{}}}",
                quoted(&Value::str(key)),
                quoted(&Value::str(value)),
                quoted(t.get("effect")),
                quoted(t.get("timeAdded"))
            );
            errors.duplicate_shown(&path, &shown, "taints must be unique by key and effect pair");
        }
    }
}
