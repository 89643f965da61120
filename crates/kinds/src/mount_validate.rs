//! Validation of where volumes are mounted in a container, and of block devices.
//! Upstream: `ValidateVolumeMounts`, `ValidateVolumeDevices` in `kubernetes:pkg/apis/core/validation/validation.go`.

use crate::volume_validate::{descending, no_backsteps};
use machinery::{Errors, Path, Value};

fn find<'a>(volumes: &[&'a Value], name: &str) -> Option<&'a Value> {
    volumes.iter().copied().find(|v| v.text("name") == name)
}

pub fn mounts(c: &Value, volumes: &[&Value], path: &Path, errors: &mut Errors) {
    let devices = c.get("volumeDevices").items();
    let mut taken: Vec<&str> = Vec::new();
    for (i, m) in c.get("volumeMounts").items().iter().enumerate() {
        let at = path.index(i);
        let (name, place) = (m.text("name"), m.text("mountPath"));
        let (at_name, at_place) = (at.child("name"), at.child("mountPath"));
        if name.is_empty() {
            errors.required(&at_name, "");
        }
        let volume = find(volumes, name);
        if volume.is_none() {
            errors.not_found(&at_name, Value::str(name));
        }
        if place.is_empty() {
            errors.required(&at_place, "");
        }
        if taken.contains(&place) {
            errors.invalid(&at_place, Value::str(place), "must be unique");
        }
        taken.push(place);
        if devices.iter().any(|d| d.text("name") == name) {
            let why = "must not already exist in volumeDevices";
            errors.invalid(&at_name, Value::str(name), why);
        }
        if devices.iter().any(|d| d.text("devicePath") == place) {
            let why = "must not already exist as a path in volumeDevices";
            errors.invalid(&at_place, Value::str(place), why);
        }
        sub_paths(m, volume, &at, path, errors);
        propagation(m, c, path, errors);
    }
}

fn sub_paths(m: &Value, volume: Option<&Value>, at: &Path, path: &Path, errors: &mut Errors) {
    for key in ["subPath", "subPathExpr"] {
        if !m.text(key).is_empty() && volume.is_some_and(|v| v.has("image")) {
            let why = "not allowed in image volume sources";
            errors.invalid(&at.child(key), Value::str(m.text(key)), why);
        }
    }
    let (sub, expression) = (m.text("subPath"), m.text("subPathExpr"));
    // Upstream leaves the index out of what is said of the path itself.
    if !sub.is_empty() {
        descending(sub, &path.child("subPath"), errors);
    }
    if expression.is_empty() {
        return;
    }
    if !sub.is_empty() {
        let why = "subPathExpr and subPath are mutually exclusive";
        errors.invalid(&at.child("subPathExpr"), Value::str(expression), why);
    }
    descending(expression, &path.child("subPathExpr"), errors);
}

fn propagation(m: &Value, c: &Value, path: &Path, errors: &mut Errors) {
    let at = path.child("mountPropagation");
    let mode = m.get("mountPropagation").as_str();
    if let Some(mode) = mode {
        let known = ["Bidirectional", "HostToContainer", "None"];
        if !known.contains(&mode) {
            errors.not_supported(&at, Value::str(mode), &known);
        }
        if mode == "Bidirectional" && c.at("securityContext.privileged").as_bool() != Some(true) {
            let why = "Bidirectional mount propagation is available only to privileged containers";
            errors.forbidden(&at, why);
        }
    }
    let at = path.child("recursiveReadOnly");
    match m.get("recursiveReadOnly").as_str() {
        None | Some("Disabled") => {}
        Some("Enabled" | "IfPossible") => {
            if m.get("readOnly").as_bool() != Some(true) {
                errors.forbidden(&at, "may only be specified when readOnly is true");
            }
            if mode.is_some_and(|mode| mode != "None") {
                let why = "may only be specified when mountPropagation is None or not specified";
                errors.forbidden(&at, why);
            }
        }
        Some(other) => {
            let known = ["Disabled", "Enabled", "IfPossible"];
            errors.not_supported(&at, Value::str(other), &known);
        }
    }
}

pub fn devices(c: &Value, volumes: &[&Value], path: &Path, errors: &mut Errors) {
    let mounts = c.get("volumeMounts").items();
    let (mut names, mut places): (Vec<&str>, Vec<&str>) = Default::default();
    for (i, d) in c.get("volumeDevices").items().iter().enumerate() {
        let (name, place) = (d.text("name"), d.text("devicePath"));
        let at_name = path.index(i).child("name");
        let at_place = path.index(i).child("devicePath");
        if name.is_empty() {
            errors.required(&at_name, "");
        }
        if names.contains(&name) {
            errors.invalid(&at_name, Value::str(name), "must be unique");
        }
        match find(volumes, name) {
            None => errors.not_found(&at_name, Value::str(name)),
            Some(v) if !v.has("persistentVolumeClaim") && !v.has("ephemeral") => {
                let why = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                errors.invalid(&at_name, Value::str(name), why);
            }
            Some(_) => {}
        }
        if place.is_empty() {
            errors.required(&at_place, "");
        }
        if places.contains(&place) {
            errors.invalid(&at_place, Value::str(place), "must be unique");
        }
        let mut steps = Errors::default();
        no_backsteps(place, &at_place, &mut steps);
        match steps.is_empty() {
            true => places.push(place),
            false => {
                let why = "can not contain backsteps ('..')";
                errors.invalid(&at_place, Value::str(place), why);
            }
        }
        if mounts.iter().any(|m| m.text("name") == name) {
            let why = "must not already exist in volumeMounts";
            errors.invalid(&at_name, Value::str(name), why);
        }
        if mounts.iter().any(|m| m.text("mountPath") == place) {
            let why = "must not already exist as a path in volumeMounts";
            errors.invalid(&at_place, Value::str(place), why);
        }
        if !name.is_empty() {
            names.push(name);
        }
    }
}
