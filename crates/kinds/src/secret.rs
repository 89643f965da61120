//! Secret: data that pods read and people should not.
//! Upstream: `kubernetes:pkg/registry/core/secret/strategy.go`.

use crate::names;
use crate::meta;
use crate::describe::Describe;
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "Secret",
    plural: "secrets",
    singular: "secret",
    short: &[],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::text("Type"), Column::int("Data"), Column::AGE],
    cells: row,
    describe,
    validate,
    validate_update,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    let plain = v.remove("stringData");
    for (key, text) in plain.entries() {
        let encoded = codec::encode_base64(text.as_str().unwrap_or("").as_bytes());
        *v.place("data").field(key) = Value::from(encoded);
    }
    v.set_default("type", "Opaque");
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    vec![Value::str(o.name()), Value::str(o.text("type")), o.at("data").entries().len().into(), cells::age(o, cx)]
}

fn describe(o: &Object, d: &mut Describe) {
    d.head(o);
    d.labels_and_annotations(o);
    d.line(0, "");
    d.line(0, format!("Type:\t{}", o.text("type")));
    d.line(0, "");
    d.line(0, "Data");
    d.line(0, "====");
    for (key, text) in o.at("data").entries() {
        let bytes = codec::decode_base64(text.as_str().unwrap_or("")).unwrap_or_default();
        if *key == "token" && o.text("type") == "kubernetes.io/service-account-token" {
            d.line(0, format!("{key}:\t{}", String::from_utf8_lossy(&bytes)));
        } else {
            d.line(0, format!("{key}:\t{} bytes", bytes.len()));
        }
    }
}

fn validate(o: &Object, errors: &mut Errors) {
    const MAX: usize = 1024 * 1024;
    let path = Path::root("data");
    let data = o.at("data");
    let mut total = 0;
    for (key, value) in data.entries() {
        meta::each(errors, &path.key(key), key, names::config_key(key));
        total += value.as_str().map_or(0, str::len) / 4 * 3;
    }
    if total > MAX {
        errors.too_long(&path, MAX);
    }
    let need = |key: &str, errors: &mut Errors| {
        if !data.has(key) {
            errors.required(&path.key(key), "");
        }
    };
    match o.text("type") {
        "kubernetes.io/service-account-token" => {
            let key = "kubernetes.io/service-account.name";
            if o.annotation(key).is_none_or(str::is_empty) {
                errors.required(&Path::root("metadata").child("annotations").key(key), "");
            }
        }
        "kubernetes.io/dockercfg" => login(data, ".dockercfg", &path, errors),
        "kubernetes.io/dockerconfigjson" => login(data, ".dockerconfigjson", &path, errors),
        "kubernetes.io/basic-auth" if !data.has("username") && !data.has("password") => {
            need("username", errors);
            need("password", errors);
        }
        "kubernetes.io/ssh-auth" => need("ssh-privatekey", errors),
        "kubernetes.io/tls" => {
            need("tls.crt", errors);
            need("tls.key", errors);
        }
        _ => {}
    }
}

/// Logins for registries are JSON objects.
fn login(data: &Value, key: &str, path: &Path, errors: &mut Errors) {
    let at = path.key(key);
    if !data.has(key) {
        return errors.required(&at, "");
    }
    let bytes = machinery::cel::value::bytes(data.get(key).as_str().unwrap_or(""));
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let why = match machinery::json::parse(&text) {
        Ok(Value::Map(_) | Value::Null) => return,
        Ok(v) => format!("json: cannot unmarshal {} into Go value of type map[string]interface {{}}", match v {
            Value::List(_) => "array",
            Value::Str(_) => "string",
            Value::Bool(_) => "bool",
            _ => "number",
        }),
        Err(e) => e.to_string(),
    };
    errors.invalid(&at, "<secret contents redacted>", &why);
}

fn validate_update(new: &Object, old: &Object, errors: &mut Errors) {
    meta::immutable(new.get("type"), old.get("type"), &Path::root("type"), errors);
    crate::configmap::frozen(new, old, errors);
}
