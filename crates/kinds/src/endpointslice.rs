//! EndpointSlice: up to a hundred of the addresses behind a Service.
//! Upstream: `kubernetes:pkg/registry/discovery/endpointslice/strategy.go`, `printEndpointSlice`.

use crate::names;
use crate::meta;
use crate::describe::{Describe, or_unset};
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::edit::each;
use machinery::{Errors, Object, Path, Value};

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
    validate,
    validate_update,
    ..Kind::NONE
};

fn default(v: &mut Value) {
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

fn validate(o: &Object, errors: &mut Errors) {
    let kind = o.text("addressType");
    let known = ["FQDN", "IPv4", "IPv6"];
    meta::one_of(kind, &Path::root("addressType"), &known, errors);
    for (i, e) in o.at("endpoints").items().iter().enumerate() {
        let path = Path::root("endpoints").index(i);
        let addresses = e.get("addresses").items();
        if addresses.is_empty() {
            errors.required(&path.child("addresses"), "must contain at least 1 address");
        }
        for (j, a) in addresses.iter().enumerate() {
            let a = a.as_str().unwrap_or("");
            let path = path.child("addresses").index(j);
            if kind == "FQDN" {
                meta::each(errors, &path, a, names::dns_subdomain(a));
                continue;
            }
            meta::each(errors, &path, a, names::ip(a));
            reachable(a, &path, errors);
        }
    }
    let ports = o.at("ports").items();
    let mut taken: Vec<&str> = Vec::new();
    for (i, p) in ports.iter().enumerate() {
        let path = Path::root("ports").index(i);
        let name = p.text("name");
        if !name.is_empty() {
            meta::each(errors, &path.child("name"), name, names::dns_label(name));
        }
        if taken.contains(&name) {
            errors.duplicate(&path.child("name"), Value::str(name));
        }
        taken.push(name);
        let known = ["SCTP", "TCP", "UDP"];
        meta::one_of(p.text("protocol"), &path.child("protocol"), &known, errors);
    }
}

/// Addresses that lead nowhere from another machine are no endpoints.
pub fn reachable(ip: &str, path: &Path, errors: &mut Errors) {
    let Some(address) = names::parse_ip(ip) else { return };
    let why = match address {
        a if a.is_unspecified() => "may not be unspecified (0.0.0.0 or ::)",
        a if a.is_loopback() => "may not be in the loopback range (127.0.0.0/8, ::1/128)",
        std::net::IpAddr::V4(a) if a.is_link_local() => {
            "may not be in the link-local range (169.254.0.0/16, fe80::/10)"
        }
        a if a.is_multicast() => "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
        _ => return,
    };
    errors.invalid(path, Value::str(ip), why);
}

fn validate_update(new: &Object, old: &Object, errors: &mut Errors) {
    let path = Path::root("addressType");
    meta::immutable(new.get("addressType"), old.get("addressType"), &path, errors);
}
