//! ConfigMap: settings as keys and texts.
//! Upstream: `kubernetes:pkg/registry/core/configmap/strategy.go`.

use crate::names;
use crate::meta;
use crate::describe::Describe;
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "ConfigMap",
    plural: "configmaps",
    singular: "configmap",
    short: &["cm"],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    columns: &[Column::NAME, Column::int("Data"), Column::AGE],
    cells: row,
    describe,
    validate,
    validate_update,
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let keys = o.at("data").entries().len() + o.at("binaryData").entries().len();
    vec![Value::str(o.name()), keys.into(), cells::age(o, cx)]
}

fn describe(o: &Object, d: &mut Describe) {
    d.head(o);
    d.labels_and_annotations(o);
    d.line(0, "");
    d.line(0, "Data");
    d.line(0, "====");
    for (key, text) in o.at("data").entries() {
        d.line(0, format!("{key}:"));
        d.line(0, "----");
        d.line(0, text.as_str().unwrap_or(""));
        d.line(0, "");
    }
    d.line(0, "");
    d.line(0, "BinaryData");
    d.line(0, "====");
    for (key, text) in o.at("binaryData").entries() {
        let bytes = codec::decode_base64(text.as_str().unwrap_or("")).map_or(0, |b| b.len());
        d.line(0, format!("{key}: {bytes} bytes"));
    }
    d.line(0, "");
    d.events(o);
}

fn validate(o: &Object, errors: &mut Errors) {
    const MAX: usize = 1024 * 1024;
    let mut total = 0;
    for field in ["data", "binaryData"] {
        let path = Path::root(field);
        for (key, value) in o.get(field).entries() {
            meta::each(errors, &path.key(key), key, names::config_key(key));
            if field == "data" && o.at("binaryData").has(key) {
                let why = "duplicate of key present in binaryData";
                errors.invalid(&path.key(key), Value::str(key), why);
            }
            let text = value.as_str().unwrap_or("");
            total += if field == "data" { text.len() } else { text.len() / 4 * 3 };
        }
    }
    if total > MAX {
        errors.too_long(&Path::root("[]"), MAX);
    }
}

fn validate_update(new: &Object, old: &Object, errors: &mut Errors) {
    frozen(new, old, errors);
}

/// Of a ConfigMap or Secret that says it is immutable, data stay as they are.
pub fn frozen(new: &Object, old: &Object, errors: &mut Errors) {
    if !old.flag("immutable") {
        return;
    }
    let why = "field is immutable when `immutable` is set";
    if !new.flag("immutable") {
        errors.forbidden(&Path::root("immutable"), why);
    }
    for field in ["data", "binaryData"] {
        if new.get(field) != old.get(field) {
            errors.forbidden(&Path::root(field), why);
        }
    }
}
