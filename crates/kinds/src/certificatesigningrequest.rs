//! CertificateSigningRequest: a wish for a signed certificate.
//! Upstream: `kubernetes:pkg/registry/certificates/certificates/strategy.go`.

use crate::describe::{Describe, rfc1123};
use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "certificates.k8s.io",
    version: "v1",
    kind: "CertificateSigningRequest",
    plural: "certificatesigningrequests",
    singular: "certificatesigningrequest",
    short: &["csr"],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[Subresource { name: "approval", group_version: "", kind: "", verbs: &["get", "patch", "update"] }, Subresource::STATUS],
    prepare_create: |v| v.set("status", Value::map()),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::AGE, Column::text("SignerName"), Column::text("Requestor"), Column::text("RequestedDuration"), Column::text("Condition")],
    cells: row,
    validate,
    describe,
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let duration = match o.at("spec.expirationSeconds").as_i64() {
        Some(s) => cells::human(s.saturating_mul(1000)),
        None => "<none>".into(),
    };
    vec![
        Value::str(o.name()),
        cells::age(o, cx),
        Value::str(o.text("spec.signerName")),
        Value::str(o.text("spec.username")),
        duration.into(),
        condition(o).into(),
    ]
}

fn condition(o: &Object) -> String {
    let has = |kind: &str| !o.condition(kind).is_null();
    let mut text = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (_, true) => "Approved",
        _ => "Pending",
    }
    .to_string();
    if has("Failed") {
        text.push_str(",Failed");
    }
    if !o.text("status.certificate").is_empty() {
        text.push_str(",Issued");
    }
    text
}

fn validate(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    const USAGES: &[&str] = &[
        "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign",
        "data encipherment", "decipher only", "digital signature", "email protection",
        "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement",
        "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime",
        "server auth", "signing", "timestamping",
    ];
    let usages = spec.get("usages").items();
    if usages.is_empty() {
        errors.required(&path.child("usages"), "");
    }
    for (i, u) in usages.iter().enumerate() {
        let at = path.child("usages").index(i);
        if !USAGES.contains(&u.as_str().unwrap_or("")) {
            errors.not_supported(&at, u.clone(), USAGES);
        }
        if usages.iter().take(i).any(|o| o == u) {
            errors.duplicate(&at, u.clone());
        }
    }
    match spec.text("signerName") {
        "" => errors.required(&path.child("signerName"), ""),
        name if !name.contains('/') => {
            let why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
            errors.invalid(&path.child("signerName"), Value::str(name), why);
        }
        _ => {}
    }
    if let Some(n) = spec.get("expirationSeconds").as_i64().filter(|n| *n < 600) {
        let why = "may not specify a duration less than 600 seconds (10 minutes)";
        errors.invalid(&path.child("expirationSeconds"), n, why);
    }
}

/// Who asks, and how it stands. What is inside the request is not read: bottleship makes no certificates.
fn describe(o: &Object, d: &mut Describe) {
    d.line(0, format!("Name:\t{}", o.name()));
    d.line(0, format!("Labels:\t{}", cells::labels(o.at("metadata.labels"))));
    d.line(0, format!("Annotations:\t{}", cells::labels(o.at("metadata.annotations"))));
    d.line(0, format!("CreationTimestamp:\t{}", rfc1123(o.text("metadata.creationTimestamp"))));
    d.line(0, format!("Requesting User:\t{}", o.text("spec.username")));
    if !o.text("spec.signerName").is_empty() {
        d.line(0, format!("Signer:\t{}", o.text("spec.signerName")));
    }
    if let Some(s) = o.at("spec.expirationSeconds").as_i64() {
        d.line(0, format!("Requested Duration:\t{}", cells::human(s.saturating_mul(1000))));
    }
    d.line(0, format!("Status:\t{}", condition(o)));
    d.line(0, "Subject:\tbottleship does not simulate reading certificate requests");
    d.events(o);
}
