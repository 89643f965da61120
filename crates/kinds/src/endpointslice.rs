//! EndpointSlice: up to a hundred of the addresses behind a Service.
//! Upstream: `kubernetes:pkg/registry/discovery/endpointslice/strategy.go`, `printEndpointSlice`.

use crate::describe::{Describe, or_unset};
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::normal::{each, normalize};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "discovery.k8s.io",
    version: "v1",
    kind: "EndpointSlice",
    plural: "endpointslices",
    singular: "endpointslice",
    short: &[],
    categories: &[],
    namespaced: true,
    generation: true,
    subresources: &[],
    default,
    columns: &[
        Column::NAME,
        Column::text("AddressType"),
        Column::text("Ports"),
        Column::text("Endpoints"),
        Column::AGE,
    ],
    cells: row,
    describe,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    normalize(v);
    for key in ["endpoints", "ports"] {
        if !v.has(key) {
            v.set(key, Value::Null);
        }
    }
    each(v, "endpoints", |e| e.set_default("conditions", Value::map()));
    each(v, "ports", |p| {
        p.set_default("name", "");
        p.set_default("protocol", "TCP");
    });
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    vec![
        Value::str(o.name()),
        Value::str(o.text("addressType")),
        ports(o).into(),
        addresses(o).into(),
        cells::age(o, cx),
    ]
}

fn ports(o: &Object) -> String {
    let ports = o.at("ports").items();
    if ports.is_empty() {
        return "<unset>".into();
    }
    let one = |p: &Value| match (p.int("port"), p.text("name")) {
        (0, "") => "*".to_string(),
        (0, name) => name.to_string(),
        (port, _) => port.to_string(),
    };
    listed(ports.iter().map(one).collect())
}

fn addresses(o: &Object) -> String {
    let all = o.at("endpoints").items().iter().flat_map(|e| e.get("addresses").items());
    let all: Vec<String> = all.filter_map(|a| a.as_str().map(String::from)).collect();
    if all.is_empty() { "<unset>".into() } else { listed(all) }
}

/// Three at most, then how many more.
fn listed(all: Vec<String>) -> String {
    let shown = all.iter().take(3).cloned().collect::<Vec<_>>().join(",");
    if all.len() > 3 { format!("{shown} + {} more...", all.len() - 3) } else { shown }
}

fn describe(o: &Object, d: &mut Describe) {
    d.head(o);
    d.labels_and_annotations(o);
    d.line(0, format!("AddressType:\t{}", o.text("addressType")));
    if o.at("ports").items().is_empty() {
        d.line(0, "Ports: <unset>");
    } else {
        d.line(0, "Ports:");
        d.line(1, "Name\tPort\tProtocol");
        d.line(1, "----\t----\t--------");
    }
    for p in o.at("ports").items() {
        let port = match p.get("port").as_i64() {
            Some(n) => n.to_string(),
            None => "<unset>".into(),
        };
        d.line(1, format!("{}\t{port}\t{}", or_unset(p.text("name")), p.text("protocol")));
    }
    if o.at("endpoints").items().is_empty() {
        d.line(0, "Endpoints: <none>");
    } else {
        d.line(0, "Endpoints:");
    }
    for e in o.at("endpoints").items() {
        let addresses: Vec<&str> = e.get("addresses").items().iter().filter_map(Value::as_str).collect();
        d.line(1, format!("- Addresses:\t{}", cells::or_none(addresses.join(", "))));
        d.line(2, "Conditions:");
        let ready = match e.at("conditions.ready").as_bool() {
            Some(b) => b.to_string(),
            None => "<unset>".into(),
        };
        d.line(3, format!("Ready:\t{ready}"));
        d.line(2, format!("Hostname:\t{}", or_unset(e.text("hostname"))));
        let target = e.get("targetRef");
        if !target.is_null() {
            d.line(2, format!("TargetRef:\t{}/{}", target.text("kind"), target.text("name")));
        }
        d.line(2, format!("NodeName:\t{}", or_unset(e.text("nodeName"))));
        d.line(2, format!("Zone:\t{}", or_unset(e.text("zone"))));
    }
    d.events(o);
}
