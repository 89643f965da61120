//! Ingress: which host and path leads to which Service.
//! Upstream: `kubernetes:pkg/registry/networking/ingress/strategy.go`.

use crate::names;
use crate::meta;
use crate::describe::Describe;
use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::edit::{each, within};
use machinery::{Errors, Object, Path, Value, value};

pub const KIND: Kind = Kind {
    group: "networking.k8s.io",
    version: "v1",
    kind: "Ingress",
    plural: "ingresses",
    singular: "ingress",
    short: &["ing"],
    categories: &[],
    namespaced: true,
    generation: true,
    subresources: &[Subresource::STATUS],
    default,
    prepare_create: |v| v.set("status", value!({ "loadBalancer": {} })),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("Class"), Column::text("Hosts"), Column::text("Address"), Column::text("Ports"), Column::AGE],
    cells: row,
    describe,
    validate,
    warnings,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    v.set_default("spec", Value::map());
    v.set_default("status.loadBalancer", Value::map());
    within(v, "spec", |spec| {
        within(spec, "defaultBackend.service", |s| s.set_default("port", Value::map()));
        each(spec, "rules", |r| {
            each(r, "http.paths", |p| {
                p.set_default("backend", Value::map());
                within(p, "backend.service", |s| s.set_default("port", Value::map()));
            });
        });
    });
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let class = match o.text("spec.ingressClassName") {
        "" => o.annotation("kubernetes.io/ingress.class").unwrap_or("<none>"),
        class => class,
    };
    let ports = if o.at("spec.tls").items().is_empty() { "80" } else { "80, 443" };
    vec![
        Value::str(o.name()),
        Value::str(class),
        hosts(o).into(),
        crate::service::load_balancer(o.at("status.loadBalancer")).join(",").into(),
        ports.into(),
        cells::age(o, cx),
    ]
}

/// `a.example.com,b.example.com + 1 more...`: three at most, `*` where no rule names one.
fn hosts(o: &Object) -> String {
    let all: Vec<&str> =
        o.at("spec.rules").items().iter().map(|r| r.text("host")).filter(|h| !h.is_empty()).collect();
    let shown = all.iter().take(3).copied().collect::<Vec<_>>().join(",");
    match all.len() {
        0 => "*".into(),
        1..=3 => shown,
        n => format!("{shown} + {} more...", n - 3),
    }
}

fn describe(o: &Object, d: &mut Describe) {
    let spec = o.spec();
    d.line(0, format!("Name:\t{}", o.name()));
    d.labels("Labels", o.at("metadata.labels"));
    d.line(0, format!("Namespace:\t{}", o.namespace()));
    let address = crate::service::load_balancer(o.at("status.loadBalancer")).join(",");
    d.line(0, format!("Address:\t{address}"));
    let class = spec.get("ingressClassName").as_str().unwrap_or("<none>");
    d.line(0, format!("Ingress Class:\t{class}"));
    let default = match spec.get("defaultBackend") {
        Value::Null => "<default>".to_string(),
        b => backend(o, d, b),
    };
    d.line(0, format!("Default backend:\t{default}"));
    let tls = spec.get("tls").items();
    if !tls.is_empty() {
        d.line(0, "TLS:");
    }
    for t in tls {
        let hosts: Vec<&str> = t.get("hosts").items().iter().filter_map(Value::as_str).collect();
        match t.text("secretName") {
            "" => d.line(1, format!("SNI routes {}", hosts.join(","))),
            secret => d.line(1, format!("{secret} terminates {}", hosts.join(","))),
        }
    }
    d.line(0, "Rules:");
    d.line(1, "Host\tPath\tBackends");
    d.line(1, "----\t----\t--------");
    let mut none = true;
    for rule in spec.get("rules").items().iter().filter(|r| !r.get("http").is_null()) {
        none = false;
        let host = if rule.text("host").is_empty() { "*" } else { rule.text("host") };
        d.line(1, format!("{host}\t"));
        for p in rule.at("http.paths").items() {
            let to = backend(o, d, p.get("backend"));
            d.line(2, format!("\t{} \t{to}", p.text("path")));
        }
    }
    if none {
        d.line(1, format!("*\t*\t{default}"));
    }
    d.annotations("Annotations", o.at("metadata.annotations"));
    d.events(o);
}

/// `web:80 (10.0.0.1:80,10.0.0.2:80)`.
fn backend(o: &Object, d: &Describe, b: &Value) -> String {
    let service = b.get("service");
    if service.is_null() {
        let r = b.get("resource");
        if r.is_null() {
            return String::new();
        }
        let group = r.get("apiGroup").as_str().unwrap_or("<none>");
        return format!("APIGroup: {group}, Kind: {}, Name: {}", r.text("kind"), r.text("name"));
    }
    let (name, number, port_name) = (service.text("name"), service.int("port.number"), service.text("port.name"));
    let port = if number != 0 { number.to_string() } else { port_name.to_string() };
    let Some(found) = d.related.get("v1", "Service", o.namespace(), name) else {
        return format!("{name}:{port} (<error: services \"{name}\" not found>)");
    };
    let mut ports = found.at("spec.ports").items().iter();
    let matching = ports.rfind(|p| {
        (number != 0 && p.int("port") == number) || (!port_name.is_empty() && p.text("name") == port_name)
    });
    let label = format!("kubernetes.io/service-name={name}");
    let slices = d.related.list("discovery.k8s.io/v1", "EndpointSlice", o.namespace(), &label);
    let ready = crate::service::ready_endpoints(&slices, matching.map_or("", |p| p.text("name")));
    format!("{name}:{port} ({ready})")
}

fn validate(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    let rules = spec.get("rules").items();
    let default = spec.get("defaultBackend");
    if rules.is_empty() && default.is_null() {
        errors.invalid(&path, spec.get("rules").clone(), "either `defaultBackend` or `rules` must be specified");
    }
    if !default.is_null() {
        valid_backend(default, &path.child("defaultBackend"), errors);
    }
    for (i, r) in rules.iter().enumerate() {
        let path = path.child("rules").index(i);
        if !r.text("host").is_empty() {
            if names::parse_ip(r.text("host")).is_some() {
                let why = "must be a DNS name, not an IP address";
                errors.invalid(&path.child("host"), Value::str(r.text("host")), why);
            }
            host(r.text("host"), &path.child("host"), errors);
        }
        if r.get("http").is_null() {
            continue;
        }
        let path = path.child("http").child("paths");
        let paths = r.at("http.paths").items();
        if paths.is_empty() {
            errors.required(&path, "");
        }
        for (j, p) in paths.iter().enumerate() {
            http_path(p, &path.index(j), errors);
        }
    }
    for (i, t) in spec.get("tls").items().iter().enumerate() {
        let at = path.child("tls").index(i);
        for (j, h) in t.get("hosts").items().iter().enumerate() {
            host(h.as_str().unwrap_or(""), &at.child("hosts").index(j), errors);
        }
        let secret = t.text("secretName");
        if !secret.is_empty() {
            meta::each(errors, &at.child("secretName"), secret, names::dns_subdomain(secret));
        }
    }
    if let Some(class) = spec.get("ingressClassName").as_str() {
        meta::each(errors, &path.child("ingressClassName"), class, names::dns_subdomain(class));
        let note = o.annotation("kubernetes.io/ingress.class");
        if let Some(note) = note.filter(|n| *n != class && o.resource_version() == 0) {
            let at = Path::root("annotations").child("kubernetes.io/ingress.class");
            let why = "must match `ingressClassName` when both are specified";
            errors.invalid(&at, Value::str(note), why);
        }
    }
}

fn host(name: &str, path: &Path, errors: &mut Errors) {
    let found = if name.contains('*') { names::wildcard_subdomain(name) } else { names::dns_subdomain(name) };
    meta::each(errors, path, name, found);
}

fn http_path(p: &Value, path: &Path, errors: &mut Errors) {
    let text = p.text("path");
    match p.text("pathType") {
        "" => {
            let why = "pathType must be specified";
            return errors.required(&path.child("pathType"), why);
        }
        "Exact" | "Prefix" => {
            if !text.starts_with('/') {
                errors.invalid(&path.child("path"), Value::str(text), "must be an absolute path");
            }
            if !text.is_empty() {
                for bad in ["//", "/./", "/../", "%2f", "%2F"] {
                    if text.contains(bad) {
                        let why = format!("must not contain '{bad}'");
                        errors.invalid(&path.child("path"), Value::str(text), &why);
                    }
                }
                for bad in ["/..", "/."] {
                    if text.ends_with(bad) {
                        let why = format!("cannot end with '{bad}'");
                        errors.invalid(&path.child("path"), Value::str(text), &why);
                    }
                }
            }
        }
        "ImplementationSpecific" => {
            if !text.is_empty() && !text.starts_with('/') {
                errors.invalid(&path.child("path"), Value::str(text), "must be an absolute path");
            }
        }
        other => {
            let known = ["Exact", "ImplementationSpecific", "Prefix"];
            errors.not_supported(&path.child("pathType"), Value::str(other), &known);
        }
    }
    valid_backend(p.get("backend"), &path.child("backend"), errors);
}

fn valid_backend(b: &Value, path: &Path, errors: &mut Errors) {
    let (service, resource) = (b.get("service"), b.get("resource"));
    match (service.is_null(), resource.is_null()) {
        (false, false) => errors.invalid(path, "", "cannot set both resource and service backends"),
        (true, true) => errors.invalid(path, "", "resource or service backend is required"),
        (true, false) => {
            let at = path.child("resource");
            let group = resource.get("apiGroup").as_str();
            if let Some(group) = group {
                meta::each(errors, &at.child("apiGroup"), group, names::dns_subdomain(group));
            }
            for key in ["kind", "name"] {
                match resource.text(key) {
                    "" => errors.required(&at.child(key), ""),
                    text => meta::each(errors, &at.child(key), text, names::path_segment(text)),
                }
            }
        }
        (false, true) => {
            let at = path.child("service");
            match service.text("name") {
                "" => errors.required(&at.child("name"), ""),
                name => meta::each(errors, &at.child("name"), name, names::dns_label(name)),
            }
            let (number, name) = (service.int("port.number"), service.text("port.name"));
            if number != 0 && !name.is_empty() {
                errors.invalid(path, "", "cannot set both port name & port number");
            } else if !name.is_empty() {
                meta::each(errors, &at.child("port").child("name"), name, names::port_name(name));
            } else if number != 0 {
                for m in names::port_number(number) {
                    errors.invalid(&at.child("port").child("number"), number, &m);
                }
            } else {
                errors.required(path, "port name or number is required");
            }
        }
    }
}

fn warnings(o: &Object) -> Vec<String> {
    match o.annotation("kubernetes.io/ingress.class") {
        Some(_) => vec![
            "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead".into(),
        ],
        None => Vec::new(),
    }
}
