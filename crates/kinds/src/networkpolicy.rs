//! NetworkPolicy: who may talk to a set of pods, and to whom they may.
//! Upstream: `kubernetes:pkg/registry/networking/networkpolicy/strategy.go`.

use crate::names;
use crate::meta;
use crate::describe::{Describe, plain};
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::edit::{each, within};
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "networking.k8s.io",
    version: "v1",
    kind: "NetworkPolicy",
    plural: "networkpolicies",
    singular: "networkpolicy",
    short: &["netpol"],
    categories: &[],
    namespaced: true,
    generation: true,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::text("Pod-Selector"), Column::AGE],
    cells: row,
    describe,
    validate,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    v.set_default("spec", Value::map());
    within(v, "spec", |spec| {
        spec.set_default("podSelector", Value::map());
        if spec.at("policyTypes").is_empty() {
            let mut types = vec!["Ingress"];
            if !spec.at("egress").is_empty() {
                types.push("Egress");
            }
            spec.set("policyTypes", Value::from(types));
        }
        for direction in ["ingress", "egress"] {
            each(spec, direction, |rule| each(rule, "ports", |p| p.set_default("protocol", "TCP")));
        }
    });
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    vec![
        Value::str(o.name()),
        cells::selector(o.at("spec.podSelector")).into(),
        cells::age(o, cx),
    ]
}

fn describe(o: &Object, d: &mut Describe) {
    let spec = o.spec();
    d.head(o);
    d.line(0, format!("Created on:\t{}", created(o)));
    d.labels_and_annotations(o);
    d.line(0, "Spec:");
    let selector = match cells::selector(spec.get("podSelector")).as_str() {
        "<none>" => "<none> (Allowing the specific traffic to all pods in this namespace)".to_string(),
        text => text.to_string(),
    };
    // Upstream indents the selector once more, on the same line.
    d.line(1, format!("PodSelector:     {selector}"));
    let types: Vec<&str> = spec.get("policyTypes").items().iter().filter_map(Value::as_str).collect();
    for (kind, word, peer) in [("Ingress", "ingress", "From"), ("Egress", "egress", "To")] {
        if types.contains(&kind) {
            d.line(1, format!("Allowing {word} traffic:"));
            rules(d, spec.get(word).items(), word, peer);
        } else {
            d.line(1, format!("Not affecting {word} traffic"));
        }
    }
    d.line(1, format!("Policy Types: {}", cells::or_none(types.join(", "))));
}

/// `2026-11-20 11:46:49 +0000 UTC`.
fn created(o: &Object) -> String {
    o.text("metadata.creationTimestamp").replace('T', " ").replace('Z', " +0000 UTC")
}

fn rules(d: &mut Describe, rules: &[Value], word: &str, peer: &str) {
    if rules.is_empty() {
        d.line(2, format!("<none> (Selected pods are isolated for {word} connectivity)"));
    }
    for (i, rule) in rules.iter().enumerate() {
        let ports = rule.get("ports").items();
        if ports.is_empty() {
            d.line(2, "To Port: <any> (traffic allowed to all ports)");
        }
        for p in ports {
            let protocol = if p.text("protocol").is_empty() { "TCP" } else { p.text("protocol") };
            match p.get("endPort").as_i64() {
                None => d.line(2, format!("To Port: {}/{protocol}", plain(p.get("port")))),
                Some(end) => d.line(2, format!("To Port Range: {}-{end}/{protocol}", plain(p.get("port")))),
            }
        }
        let peers = rule.get(&peer.to_lowercase()).items();
        if peers.is_empty() {
            let way = if peer == "From" { "source" } else { "destination" };
            d.line(2, format!("{peer}: <any> (traffic not restricted by {way})"));
        }
        for p in peers {
            d.line(2, format!("{peer}:"));
            for (title, key) in [("NamespaceSelector", "namespaceSelector"), ("PodSelector", "podSelector")] {
                if !p.get(key).is_null() {
                    d.line(3, format!("{title}: {}", cells::selector(p.get(key))));
                }
            }
            let block = p.get("ipBlock");
            if !block.is_null() && p.get("namespaceSelector").is_null() && p.get("podSelector").is_null() {
                let except: Vec<&str> = block.get("except").items().iter().filter_map(Value::as_str).collect();
                d.line(3, "IPBlock:");
                d.line(4, format!("CIDR: {}", block.text("cidr")));
                d.line(4, format!("Except: {}", except.join(", ")));
            }
        }
        if i + 1 != rules.len() {
            d.line(2, "----------");
        }
    }
}

fn validate(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    meta::selector(spec.get("podSelector"), &path.child("podSelector"), errors);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (i, rule) in spec.get(direction).items().iter().enumerate() {
            let path = path.child(direction).index(i);
            for (j, p) in rule.get("ports").items().iter().enumerate() {
                port(p, &path.child("ports").index(j), errors);
            }
            for (j, p) in rule.get(peers).items().iter().enumerate() {
                peer(p, &path.child(peers).index(j), errors);
            }
        }
    }
    let types = spec.get("policyTypes").items();
    let path = path.child("policyTypes");
    if types.len() > 2 {
        errors.invalid(&path, spec.get("policyTypes").clone(), "may not specify more than two policyTypes");
        return;
    }
    for (i, t) in types.iter().enumerate() {
        if !["Ingress", "Egress"].contains(&t.as_str().unwrap_or("")) {
            errors.not_supported(&path.index(i), t.clone(), &["Ingress", "Egress"]);
        }
    }
}

fn port(p: &Value, path: &Path, errors: &mut Errors) {
    let protocol = p.text("protocol");
    let known = ["TCP", "UDP", "SCTP"];
    if !protocol.is_empty() && !known.contains(&protocol) {
        errors.not_supported(&path.child("protocol"), Value::str(protocol), &known);
    }
    let end = p.get("endPort").as_i64();
    match p.get("port") {
        Value::Null => {
            if end.is_some() {
                let why = "may not be specified when `port` is not specified";
                errors.required(&path.child("port"), why);
            }
        }
        Value::Str(name) => {
            if end.is_some() {
                let why = "may not be specified when `port` is non-numeric";
                errors.invalid(&path.child("endPort"), end, why);
            }
            meta::each(errors, &path.child("port"), name, names::port_name(name));
        }
        number => {
            let n = number.as_i64().unwrap_or(0);
            for m in names::port_number(n) {
                errors.invalid(&path.child("port"), n, &m);
            }
            if let Some(end) = end {
                if end < n {
                    let why = "must be greater than or equal to `port`";
                    errors.invalid(&path.child("endPort"), end, why);
                }
                for m in names::port_number(end) {
                    errors.invalid(&path.child("endPort"), end, &m);
                }
            }
        }
    }
}

fn peer(p: &Value, path: &Path, errors: &mut Errors) {
    let mut found = 0;
    for key in ["podSelector", "namespaceSelector"] {
        if !p.get(key).is_null() {
            found += 1;
            meta::selector(p.get(key), &path.child(key), errors);
        }
    }
    let block = p.get("ipBlock");
    if !block.is_null() {
        found += 1;
        let path = path.child("ipBlock");
        match block.text("cidr") {
            "" => errors.required(&path.child("cidr"), ""),
            cidr => meta::each(errors, &path.child("cidr"), cidr, names::cidr(cidr)),
        }
        for (i, e) in block.get("except").items().iter().enumerate() {
            let e = e.as_str().unwrap_or("");
            let at = path.child("except").index(i);
            meta::each(errors, &at, e, names::cidr(e));
            if block.text("cidr").is_empty() || lies_within(e, block.text("cidr")) != Some(false) {
                continue;
            }
            errors.invalid(&at, Value::str(e), "must be a strict subset of `cidr`");
        }
    }
    if found == 0 {
        errors.required(path, "must specify a peer");
    } else if found > 1 && !block.is_null() {
        errors.forbidden(path, "may not specify both ipBlock and another peer");
    }
}

/// Whether a network lies within another, and is smaller; none where one of them is none.
fn lies_within(inner: &str, outer: &str) -> Option<bool> {
    use machinery::validate_names::parse_cidr;
    use std::net::IpAddr;
    let ((a, n), (b, m)) = (parse_cidr(inner)?, parse_cidr(outer)?);
    let bits = |a: IpAddr| match a {
        IpAddr::V4(a) => (32, u128::from(u32::from(a))),
        IpAddr::V6(a) => (128, u128::from(a)),
    };
    let ((width, x), (other, y)) = (bits(a), bits(b));
    let shift = u32::try_from(width - i32::from(m)).ok()?;
    let same = x.checked_shr(shift).unwrap_or(0) == y.checked_shr(shift).unwrap_or(0);
    Some(width == other && m < n && same)
}
