//! Validation of volumes.
//! Upstream: `ValidateVolumes` in `kubernetes:pkg/apis/core/validation/validation.go`.

use crate::env_validate::{VOLUME_FIELDS, field_ref, resource_ref};
use crate::meta::each;
use crate::names;
use machinery::{Errors, Path, Value};

/// The names of the volumes that are well: only those can be mounted.
pub fn volumes(list: &Value, path: &Path, errors: &mut Errors) -> Vec<String> {
    let mut good: Vec<String> = Vec::new();
    for (i, v) in list.items().iter().enumerate() {
        let path = path.index(i);
        let mut found = Errors::default();
        source(v, &path, &mut found);
        let name = v.text("name");
        if name.is_empty() {
            found.required(&path.child("name"), "");
        } else {
            each(
                &mut found,
                &path.child("name"),
                name,
                names::dns_label(name),
            );
        }
        if good.iter().any(|g| g == name) {
            found.duplicate(&path.child("name"), Value::str(name));
        }
        if found.is_empty() {
            good.push(name.to_string());
        }
        errors.0.extend(found.0);
    }
    good
}

fn source(v: &Value, path: &Path, errors: &mut Errors) {
    let mut found = 0;
    for (key, source) in v
        .entries()
        .iter()
        .filter(|(k, x)| *k != "name" && !x.is_null())
    {
        found += 1;
        let path = path.child(key);
        if found > 1 {
            errors.forbidden(&path, "may not specify more than 1 volume type");
            continue;
        }
        one(key, source, &path, errors);
    }
    if found == 0 {
        errors.required(path, "must specify a volume type");
    }
}

/// One source, of a pod's volume or a PersistentVolume.
pub fn one(key: &str, s: &Value, path: &Path, errors: &mut Errors) {
    let need = |field: &str, errors: &mut Errors| {
        if s.text(field).is_empty() {
            errors.required(&path.child(field), "");
        }
    };
    match key {
        "hostPath" => {
            need("path", errors);
            no_backsteps(s.text("path"), &path.child("path"), errors);
            let known = [
                "",
                "BlockDevice",
                "CharDevice",
                "Directory",
                "DirectoryOrCreate",
                "File",
                "FileOrCreate",
                "Socket",
            ];
            if !known.contains(&s.text("type")) {
                errors.not_supported(&path.child("type"), Value::str(s.text("type")), &known);
            }
        }
        "emptyDir" if crate::resource_validate::amount(s.get("sizeLimit")).sign() < 0 => {
            let why = "SizeLimit field must be a valid resource quantity";
            errors.forbidden(&path.child("sizeLimit"), why);
        }
        "secret" => {
            need("secretName", errors);
            mode(s, "defaultMode", path, errors);
            items(s, path, errors);
        }
        "configMap" => {
            need("name", errors);
            mode(s, "defaultMode", path, errors);
            items(s, path, errors);
        }
        "nfs" => {
            need("server", errors);
            need("path", errors);
            if !s.text("path").is_empty() && !s.text("path").starts_with('/') {
                let value = Value::str(s.text("path"));
                errors.invalid(&path.child("path"), value, "must be an absolute path");
            }
        }
        "persistentVolumeClaim" => need("claimName", errors),
        "downwardAPI" => {
            mode(s, "defaultMode", path, errors);
            downward(s, path, errors);
        }
        "projected" => projected(s, path, errors),
        "csi" => csi_driver(s, path, errors),
        "ephemeral" => {
            let template = s.get("volumeClaimTemplate");
            let at = path.child("volumeClaimTemplate");
            match template.is_null() {
                true => errors.required(&at, ""),
                false => crate::persistentvolumeclaim::claim(
                    template.get("spec"),
                    &at.child("spec"),
                    errors,
                ),
            }
        }
        "local" => {
            need("path", errors);
            no_backsteps(s.text("path"), &path.child("path"), errors);
        }
        "gitRepo" => need("repository", errors),
        "image" => need("reference", errors),
        "gcePersistentDisk" => need("pdName", errors),
        "awsElasticBlockStore" => need("volumeID", errors),
        "glusterfs" => {
            need("endpoints", errors);
            need("path", errors);
        }
        _ => {}
    }
}

/// The name of a CSI driver.
pub fn csi_driver(s: &Value, path: &Path, errors: &mut Errors) {
    let (driver, at) = (s.text("driver"), path.child("driver"));
    if driver.is_empty() {
        errors.required(&at, "");
    }
    if driver.len() > 63 {
        errors.too_long(&at, 63);
    }
    for why in crate::names::dns_subdomain(&driver.to_lowercase()) {
        errors.invalid(&at, Value::str(driver), &why);
    }
}

fn mode(s: &Value, key: &str, path: &Path, errors: &mut Errors) {
    if let Some(n) = s.get(key).as_i64().filter(|n| !(0..=0o777).contains(n)) {
        let why = "must be a number between 0 and 0777 (octal), both inclusive";
        errors.invalid(&path.child(key), n, why);
    }
}

fn items(s: &Value, path: &Path, errors: &mut Errors) {
    for (i, item) in s.get("items").items().iter().enumerate() {
        let path = path.child("items").index(i);
        if item.text("key").is_empty() {
            errors.required(&path.child("key"), "");
        }
        file(item.text("path"), &path.child("path"), errors);
        mode(item, "mode", &path, errors);
    }
}

/// A file's place in a volume.
fn file(text: &str, path: &Path, errors: &mut Errors) {
    if text.is_empty() {
        errors.required(path, "");
        return;
    }
    descending(text, path, errors);
    if text.starts_with("..") && !text.starts_with("../") && text != ".." {
        errors.invalid(path, Value::str(text), "must not start with '..'");
    }
}

fn downward(s: &Value, path: &Path, errors: &mut Errors) {
    for (i, item) in s.get("items").items().iter().enumerate() {
        let path = path.child("items").index(i);
        file(item.text("path"), &path.child("path"), errors);
        if !item.get("fieldRef").is_null() {
            field_ref(
                item.get("fieldRef"),
                VOLUME_FIELDS,
                &path.child("fieldRef"),
                errors,
            );
        } else if !item.get("resourceFieldRef").is_null() {
            resource_ref(
                item.get("resourceFieldRef"),
                true,
                &path.child("resourceFieldRef"),
                errors,
            );
        } else {
            errors.required(&path, "one of fieldRef and resourceFieldRef is required");
        }
        mode(item, "mode", &path, errors);
    }
}

fn projected(s: &Value, path: &Path, errors: &mut Errors) {
    mode(s, "defaultMode", path, errors);
    for (i, source) in s.get("sources").items().iter().enumerate() {
        let path = path.child("sources").index(i);
        let mut found = 0;
        for (key, value) in source.entries() {
            found += 1;
            let path = path.child(key);
            if found > 1 {
                errors.forbidden(&path, "may not specify more than 1 volume type per source");
                continue;
            }
            match key.as_str() {
                "secret" | "configMap" => {
                    if value.text("name").is_empty() {
                        errors.required(&path.child("name"), "");
                    }
                    items(value, &path, errors);
                }
                "downwardAPI" => downward(value, &path, errors),
                "serviceAccountToken" => {
                    let seconds = value.int("expirationSeconds");
                    let path_seconds = path.child("expirationSeconds");
                    if seconds < 600 {
                        let why = "may not specify a duration less than 10 minutes";
                        errors.invalid(&path_seconds, seconds, why);
                    }
                    if value.text("path").is_empty() {
                        errors.required(&path.child("path"), "");
                    }
                }
                _ => {}
            }
        }
        if found == 0 {
            errors.required(&path, "must specify a volume type");
        }
    }
}

/// Relative, and never up.
pub fn descending(text: &str, path: &Path, errors: &mut Errors) {
    if text.starts_with('/') {
        errors.invalid(path, Value::str(text), "must be a relative path");
    }
    no_backsteps(text, path, errors);
}

pub fn no_backsteps(text: &str, path: &Path, errors: &mut Errors) {
    if text.split('/').any(|part| part == "..") {
        errors.invalid(path, Value::str(text), "must not contain '..'");
    }
}
