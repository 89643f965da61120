//! Validation of a container's environment.
//! Upstream: `ValidateEnv`, `ValidateEnvFrom` in `kubernetes:pkg/apis/core/validation/validation.go`.

use crate::meta::each;
use crate::names;
use machinery::{Errors, Path, Value};

const ENV_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
/// For downward API volumes.
pub const VOLUME_FIELDS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];
const RESOURCES: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];
/// Fields of pods that the downward API knows at all; what field selectors may name is another list (upstream too).
const POD_FIELDS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "status.phase",
    "status.podIP",
    "status.podIPs",
    "status.hostIP",
    "status.hostIPs",
];

pub fn env(list: &Value, path: &Path, errors: &mut Errors) {
    for (i, e) in list.items().iter().enumerate() {
        let path = path.index(i);
        match e.text("name") {
            "" => errors.required(&path.child("name"), ""),
            name => each(errors, &path.child("name"), name, names::env_name(name)),
        }
        value_from(e, &path.child("valueFrom"), errors);
    }
}

fn value_from(e: &Value, path: &Path, errors: &mut Errors) {
    let from = e.get("valueFrom");
    if from.is_null() {
        return;
    }
    let mut found = 0;
    for key in [
        "fieldRef",
        "resourceFieldRef",
        "configMapKeyRef",
        "secretKeyRef",
        "fileKeyRef",
    ] {
        let source = from.get(key);
        if source.is_null() {
            continue;
        }
        found += 1;
        let path = path.child(key);
        match key {
            "fieldRef" => field_ref(source, ENV_FIELDS, &path, errors),
            "resourceFieldRef" => resource_ref(source, false, &path, errors),
            "configMapKeyRef" | "secretKeyRef" => {
                let name = source.text("name");
                each(
                    errors,
                    &path.child("name"),
                    name,
                    names::dns_subdomain(name),
                );
                match source.text("key") {
                    "" => errors.required(&path.child("key"), ""),
                    key => each(errors, &path.child("key"), key, names::config_key(key)),
                }
            }
            _ => file_key(source, &path, errors),
        }
    }
    if found == 0 {
        let why = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
        errors.invalid(path, "", why);
    }
    if !e.text("value").is_empty() {
        if found != 0 {
            errors.invalid(path, "", "may not be specified when `value` is not empty");
        }
    } else if found > 1 {
        errors.invalid(
            path,
            "",
            "may not have more than one field specified at a time",
        );
    }
}

/// A variable out of a file of a volume.
fn file_key(source: &Value, path: &Path, errors: &mut Errors) {
    let (volume, at) = (source.text("volumeName"), path.child("volumeName"));
    match volume {
        "" => errors.required(&at, ""),
        name => each(errors, &at, name, names::dns_label(name)),
    }
    let (place, at) = (source.text("path"), path.child("path"));
    match place {
        "" => errors.required(&at, ""),
        text => crate::volume_validate::descending(text, &at, errors),
    }
    match source.text("key") {
        "" => errors.required(&path.child("key"), ""),
        key => each(errors, &path.child("key"), key, names::env_name(key)),
    }
}

/// A field of the pod, for the environment or a volume.
pub fn field_ref(source: &Value, allowed: &[&str], path: &Path, errors: &mut Errors) {
    let field = source.text("fieldPath");
    if source.text("apiVersion").is_empty() {
        errors.required(&path.child("apiVersion"), "");
        return;
    }
    if field.is_empty() {
        errors.required(&path.child("fieldPath"), "");
        return;
    }
    let subscript = field.strip_suffix("']").and_then(|f| f.split_once("['"));
    let base = subscript.map_or(field, |(base, _)| base);
    let at = path.child("fieldPath");
    if !POD_FIELDS.contains(&base) {
        let why = format!("error converting fieldPath: field label not supported: {base}");
        errors.invalid(&at, Value::str(field), &why);
        return;
    }
    match subscript {
        Some(("metadata.annotations", key)) => {
            each(errors, path, key, names::qualified(&key.to_lowercase()))
        }
        Some(("metadata.labels", key)) => each(errors, path, key, names::qualified(key)),
        Some((base, _)) => errors.invalid(path, Value::str(base), "does not support subscript"),
        None if !allowed.contains(&field) => errors.not_supported(&at, Value::str(field), allowed),
        None => {}
    }
}

/// An amount of a container.
pub fn resource_ref(source: &Value, in_volume: bool, path: &Path, errors: &mut Errors) {
    let resource = source.text("resource");
    if in_volume && source.text("containerName").is_empty() {
        errors.required(&path.child("containerName"), "");
    } else if resource.is_empty() {
        errors.required(&path.child("resource"), "");
    } else if !RESOURCES.contains(&resource)
        && !resource.starts_with("limits.hugepages-")
        && !resource.starts_with("requests.hugepages-")
    {
        errors.not_supported(&path.child("resource"), Value::str(resource), RESOURCES);
    }
    let divisor = crate::resource_validate::amount(source.get("divisor"));
    if divisor.sign() == 0 {
        return;
    }
    const SIZES: &[&str] = &[
        "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei",
    ];
    let (known, what) = match resource.split_once('.').map_or("", |(_, r)| r) {
        "cpu" => (&["1m", "1"][..], "cpu"),
        "memory" => (SIZES, "memory"),
        "ephemeral-storage" => (SIZES, "local ephemeral storage"),
        r if r.starts_with("hugepages-") => (SIZES, "hugepages"),
        _ => return,
    };
    if !known.contains(&source.text("divisor")) {
        let list = match what {
            "cpu" => "1m and 1".to_string(),
            _ => SIZES.join(", "),
        };
        let why = format!("only divisor's values {list} are supported with the {what} resource");
        errors.invalid(&path.child("divisor"), Value::str(resource), &why);
    }
}

pub fn env_from(list: &Value, path: &Path, errors: &mut Errors) {
    for (i, e) in list.items().iter().enumerate() {
        let path = path.index(i);
        let prefix = e.text("prefix");
        if !prefix.is_empty() {
            each(
                errors,
                &path.child("prefix"),
                prefix,
                names::env_name(prefix),
            );
        }
        let mut found = 0;
        for key in ["configMapRef", "secretRef"] {
            let source = e.get(key);
            if source.is_null() {
                continue;
            }
            found += 1;
            let path = path.child(key).child("name");
            match source.text("name") {
                "" => errors.required(&path, ""),
                name => each(errors, &path, name, names::dns_subdomain(name)),
            }
        }
        match found {
            0 => errors.invalid(
                &path,
                "",
                "must specify one of: `configMapRef` or `secretRef`",
            ),
            1 => {}
            _ => errors.invalid(
                &path,
                "",
                "may not have more than one field specified at a time",
            ),
        }
    }
}
