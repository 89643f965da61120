//! Endpoints: the addresses behind a Service, in the older form (EndpointSlice is the newer).
//! Upstream: `kubernetes:pkg/registry/core/endpoint/strategy.go`, `printEndpoints`.

use crate::names;
use crate::meta;
use crate::describe::{Describe, or_unset};
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::edit::each;
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "Endpoints",
    plural: "endpoints",
    singular: "endpoints",
    short: &["ep"],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    default,
    deprecated: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    columns: &[Column::NAME, Column::text("Endpoints"), Column::AGE],
    cells: row,
    describe,
    validate,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    each(v, "subsets", |s| each(s, "ports", |p| p.set_default("protocol", "TCP")));
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    vec![Value::str(o.name()), summary(o, "").into(), cells::age(o, cx)]
}

/// `10.0.0.1:80,10.0.0.2:80 + 2 more...`: three at most. With a port name only that port is shown.
pub fn summary(o: &Object, port_name: &str) -> String {
    if o.at("subsets").items().is_empty() {
        return "<none>".into();
    }
    const MAX: usize = 3;
    let mut list: Vec<String> = Vec::new();
    let mut count = 0;
    let mut more = false;
    for subset in o.at("subsets").items() {
        let addresses = subset.get("addresses").items();
        let ports = subset.get("ports").items();
        if ports.is_empty() {
            for a in addresses {
                if list.len() == MAX {
                    more = true;
                } else {
                    list.push(a.text("ip").to_string());
                }
                count += 1;
            }
            continue;
        }
        for port in ports.iter().filter(|p| port_name.is_empty() || p.text("name") == port_name) {
            for a in addresses {
                if list.len() == MAX {
                    more = true;
                } else {
                    list.push(join_host_port(a.text("ip"), port.int("port")));
                }
                count += 1;
            }
        }
    }
    let text = list.join(",");
    if more { format!("{text} + {} more...", count - MAX) } else { text }
}

/// `10.0.0.1:80`, `[fd00::1]:80`.
pub fn join_host_port(ip: &str, port: i64) -> String {
    if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }
}

fn describe(o: &Object, d: &mut Describe) {
    d.head(o);
    d.labels_and_annotations(o);
    d.line(0, "Subsets:");
    for subset in o.at("subsets").items() {
        for (title, key) in [("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")] {
            let ips: Vec<&str> = subset.get(key).items().iter().map(|a| a.text("ip")).collect();
            d.line(1, format!("{title}:\t{}", cells::or_none(ips.join(","))));
        }
        let ports = subset.get("ports").items();
        if !ports.is_empty() {
            d.line(1, "Ports:");
            d.line(2, "Name\tPort\tProtocol");
            d.line(2, "----\t----\t--------");
        }
        for p in ports {
            d.line(2, format!("{}\t{}\t{}", or_unset(p.text("name")), p.int("port"), p.text("protocol")));
        }
        d.line(0, "");
    }
    d.events(o);
}

fn validate(o: &Object, errors: &mut Errors) {
    for (i, s) in o.at("subsets").items().iter().enumerate() {
        let path = Path::root("subsets").index(i);
        if s.get("addresses").is_empty() && s.get("notReadyAddresses").is_empty() {
            errors.required(&path, "must specify `addresses` or `notReadyAddresses`");
        }
        for key in ["addresses", "notReadyAddresses"] {
            for (j, a) in s.get(key).items().iter().enumerate() {
                let path = path.child(key).index(j);
                meta::each(errors, &path.child("ip"), a.text("ip"), names::ip(a.text("ip")));
                crate::endpointslice::reachable(a.text("ip"), &path.child("ip"), errors);
            }
        }
        let ports = s.get("ports").items();
        for (j, p) in ports.iter().enumerate() {
            let path = path.child("ports").index(j);
            match p.text("name") {
                "" if ports.len() > 1 => errors.required(&path.child("name"), ""),
                "" => {}
                name => meta::each(errors, &path.child("name"), name, names::dns_label(name)),
            }
            for m in names::port_number(p.int("port")) {
                errors.invalid(&path.child("port"), p.int("port"), &m);
            }
            let known = ["SCTP", "TCP", "UDP"];
            meta::one_of(p.text("protocol"), &path.child("protocol"), &known, errors);
        }
    }
}
