//! Validation of volumes: of pods, of projections, and the sources that PersistentVolumes share.
//! Upstream: `ValidateVolumes` and below in `kubernetes:pkg/apis/core/validation/validation.go`.

use crate::env_validate::{VOLUME_FIELDS, field_ref, resource_ref};
use crate::meta::each;
use crate::names;
use machinery::{Errors, Path, Value};

/// The volumes that are well: only those can be mounted. Templates may leave an image open.
pub fn volumes<'a>(
    list: &'a Value,
    is_pod: bool,
    path: &Path,
    errors: &mut Errors,
) -> Vec<&'a Value> {
    let mut good: Vec<&Value> = Vec::new();
    for (i, v) in list.items().iter().enumerate() {
        let path = path.index(i);
        let mut found = Errors::default();
        sources(v, ORDER, &path, &mut found);
        if is_pod && v.has("image") && v.text("image.reference").is_empty() {
            found.required(&path.child("image").child("reference"), "");
        }
        let (name, at) = (v.text("name"), path.child("name"));
        if v.has("iscsi") {
            portal(v.get("iscsi"), name, name, &at, &mut found);
        }
        if name.is_empty() {
            found.required(&at, "");
        } else {
            each(&mut found, &at, name, names::dns_label(name));
        }
        if good.iter().any(|g| g.text("name") == name) {
            found.duplicate(&at, Value::str(name));
        }
        if found.is_empty() {
            good.push(v);
        }
        errors.0.extend(found.0);
    }
    good
}

/// The sources of a pod's volume, in the order in which they are looked at.
const ORDER: &[&str] = &[
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

/// Those of a PersistentVolume.
pub const PERSISTENT: &[&str] = &[
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

/// Exactly one of these, which must be well.
pub fn sources(v: &Value, order: &[&str], path: &Path, errors: &mut Errors) {
    let mut found = order.iter().filter(|k| !v.get(k).is_null());
    match found.next() {
        None => errors.required(path, "must specify a volume type"),
        Some(key) => {
            // Some stand under another name in messages.
            let at = match *key {
                "gcePersistentDisk" => "persistentDisk",
                key => key,
            };
            one(key, v.get(key), &path.child(at), errors);
        }
    }
    for key in found {
        let at = match *key {
            "cephfs" => "cephFS",
            "downwardAPI" => "downwarAPI",
            key => key,
        };
        errors.forbidden(&path.child(at), "may not specify more than 1 volume type");
    }
}

/// What each kind of source cannot do without.
const NEEDED: &[(&str, &[&str])] = &[
    ("gitRepo", &["repository"]),
    ("gcePersistentDisk", &["pdName"]),
    ("awsElasticBlockStore", &["volumeID"]),
    ("secret", &["secretName"]),
    ("configMap", &["name"]),
    ("nfs", &["server", "path"]),
    ("glusterfs", &["endpoints", "path"]),
    ("persistentVolumeClaim", &["claimName"]),
    ("rbd", &["monitors", "image"]),
    ("cinder", &["volumeID"]),
    ("cephfs", &["monitors"]),
    ("flexVolume", &["driver"]),
    ("azureFile", &["secretName", "shareName"]),
    ("vsphereVolume", &["volumePath"]),
    ("photonPersistentDisk", &["pdID"]),
    ("portworxVolume", &["volumeID"]),
    ("azureDisk", &["diskName", "diskURI"]),
    ("storageos", &["volumeName"]),
    ("scaleIO", &["gateway", "system", "volumeName"]),
    ("iscsi", &["targetPortal", "iqn"]),
    ("ephemeral", &["volumeClaimTemplate"]),
    ("hostPath", &["path"]),
    ("local", &["path"]),
];

/// One source, of a pod's volume or a PersistentVolume.
fn one(key: &str, s: &Value, path: &Path, errors: &mut Errors) {
    let needed = NEEDED.iter().find(|n| n.0 == key).map_or(&[][..], |n| n.1);
    for field in needed {
        let is_there = match s.get(field) {
            Value::Str(text) => !text.is_empty(),
            Value::List(_) => !s.get(field).is_empty(),
            other => !other.is_null(),
        };
        if !is_there {
            errors.required(&path.child(field), "");
        }
    }
    match key {
        "emptyDir" if crate::resource_validate::amount(s.get("sizeLimit")).sign() < 0 => {
            let why = "SizeLimit field must be a valid resource quantity";
            errors.forbidden(&path.child("sizeLimit"), why);
        }
        "hostPath" if !s.text("path").is_empty() => {
            no_backsteps(s.text("path"), &path.child("path"), errors);
            known(s, "type", HOST_PATHS, path, errors);
        }
        "local" => no_backsteps(s.text("path"), &path.child("path"), errors),
        "gitRepo" => descending(s.text("directory"), &path.child("directory"), errors),
        "gcePersistentDisk" | "awsElasticBlockStore" => {
            let n = s.int("partition");
            if !(0..=255).contains(&n) {
                let why = "must be between 0 and 255, inclusive";
                errors.invalid(&path.child("partition"), n, why);
            }
        }
        "secret" | "configMap" => {
            mode(s, "defaultMode", path, errors);
            items(s, path, errors);
        }
        "nfs" if !s.text("path").starts_with('/') => {
            let value = Value::str(s.text("path"));
            errors.invalid(&path.child("path"), value, "must be an absolute path");
        }
        "downwardAPI" => {
            mode(s, "defaultMode", path, errors);
            for item in s.get("items").items() {
                downward(item, path, errors);
            }
        }
        "projected" => projected(s, path, errors),
        "csi" => csi(s, path, errors),
        "ephemeral" if s.has("volumeClaimTemplate") => {
            let (template, at) = (
                s.get("volumeClaimTemplate"),
                path.child("volumeClaimTemplate"),
            );
            claim_template(template, &at, errors);
        }
        "image" => {
            let known = ["Always", "IfNotPresent", "Never"];
            let policy = s.text("pullPolicy");
            crate::meta::one_of(policy, &path.child("pullPolicy"), &known, errors);
        }
        "cinder" | "storageos" if s.has("secretRef") && s.text("secretRef.name").is_empty() => {
            errors.required(&path.child("secretRef").child("name"), "");
        }
        "flexVolume" => {
            for (k, _) in s.get("options").entries() {
                let domain = format!(".{}", k.split('/').next().unwrap_or("").to_lowercase());
                if domain.ends_with(".kubernetes.io") || domain.ends_with(".k8s.io") {
                    let why = "kubernetes.io and k8s.io namespaces are reserved";
                    errors.invalid(&path.child("options").key(k), Value::str(k), why);
                }
            }
        }
        "fc" => fibre(s, path, errors),
        "iscsi" => iscsi(s, path, errors),
        "azureDisk" => {
            let modes = &["None", "ReadOnly", "ReadWrite"];
            known(s, "cachingMode", modes, path, errors);
            known(s, "kind", &["Dedicated", "Managed", "Shared"], path, errors);
        }
        "flocker" => {
            let both = [s.text("datasetName"), s.text("datasetUUID")];
            if both.iter().all(|t| t.is_empty()) {
                errors.required(path, "one of datasetName and datasetUUID is required");
            } else if both.iter().all(|t| !t.is_empty()) {
                let why = "datasetName and datasetUUID can not be specified simultaneously";
                errors.invalid(path, "resource", why);
            }
        }
        _ => {}
    }
}

const HOST_PATHS: &[&str] = &[
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
];

/// One of these, if it is set at all.
fn known(s: &Value, key: &str, list: &[&str], path: &Path, errors: &mut Errors) {
    let text = s.get(key).as_str();
    if let Some(text) = text.filter(|t| !list.contains(t)) {
        errors.not_supported(&path.child(key), Value::str(text), list);
    }
}

fn fibre(s: &Value, path: &Path, errors: &mut Errors) {
    let (targets, ids) = (s.get("targetWWNs"), s.get("wwids"));
    let at = path.child("targetWWNs");
    if targets.is_empty() && ids.is_empty() {
        errors.required(&at, "must specify either targetWWNs or wwids, but not both");
    }
    if !targets.is_empty() && !ids.is_empty() {
        let why = "targetWWNs and wwids can not be specified simultaneously";
        errors.invalid(&at, targets.clone(), why);
    }
    if targets.is_empty() {
        return;
    }
    match s.get("lun").as_i64() {
        None => errors.required(
            &path.child("lun"),
            "lun is required if targetWWNs is specified",
        ),
        Some(n) => lun(n, path, errors),
    }
}

fn lun(n: i64, path: &Path, errors: &mut Errors) {
    for why in names::range(n, 0, 255) {
        errors.invalid(&path.child("lun"), n, &why);
    }
}

fn iscsi(s: &Value, path: &Path, errors: &mut Errors) {
    let named = |text: &str| ["iqn", "eui", "naa"].iter().any(|p| text.starts_with(p));
    let iqn = s.text("iqn");
    if !iqn.is_empty() && !named(iqn) {
        let why = "must be valid format starting with iqn, eui, or naa";
        errors.invalid(&path.child("iqn"), Value::str(iqn), why);
    } else if iqn.starts_with("iqn") && !iqn.starts_with("iqn.") {
        errors.invalid(&path.child("iqn"), Value::str(iqn), "must be valid format");
    }
    lun(s.int("lun"), path, errors);
    let proves = s.flag("chapAuthDiscovery") || s.flag("chapAuthSession");
    if proves && s.get("secretRef").is_null() {
        errors.required(&path.child("secretRef"), "");
    }
    if let Some(name) = s.get("initiatorName").as_str().filter(|n| !named(n)) {
        let why = "must be valid format starting with iqn, eui, or naa";
        errors.invalid(&path.child("initiatorname"), Value::str(name), why);
    }
}

/// Volume and portal make one name, which has a bound.
pub fn portal(s: &Value, volume: &str, shown: &str, path: &Path, errors: &mut Errors) {
    let both = volume.len() + 1 + s.text("targetPortal").len();
    if s.has("initiatorName") && both > 64 {
        let why = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
        errors.invalid(path, Value::str(shown), why);
    }
}

/// A claim that is made from a pod's volume: labels and annotations are all that its metadata may hold.
fn claim_template(template: &Value, path: &Path, errors: &mut Errors) {
    let (meta, at) = (template.get("metadata"), path.child("metadata"));
    crate::meta::annotations(meta.get("annotations"), &at.child("annotations"), errors);
    crate::meta::labels(meta.get("labels"), &at.child("labels"), errors);
    for (key, value) in meta.entries() {
        if !matches!(key.as_str(), "annotations" | "labels") && !value.is_null() {
            errors.forbidden(&at.child(key), "cannot be set");
        }
    }
    crate::persistentvolumeclaim::claim(template.get("spec"), &path.child("spec"), errors);
}

fn csi(s: &Value, path: &Path, errors: &mut Errors) {
    csi_driver(s, path, errors);
    let secret = s.get("nodePublishSecretRef");
    match secret.text("name") {
        _ if secret.is_null() || s.has("volumeHandle") => {}
        "" => errors.required(&path.child("nodePublishSecretRef").child("name"), ""),
        name => each(
            errors,
            &path.child("name"),
            name,
            names::dns_subdomain(name),
        ),
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
        key_to_path(item, &path.child("items").index(i), errors);
    }
}

fn key_to_path(item: &Value, path: &Path, errors: &mut Errors) {
    if item.text("key").is_empty() {
        errors.required(&path.child("key"), "");
    }
    file(item.text("path"), &path.child("path"), errors);
    mode(item, "mode", path, errors);
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

/// A file made of the pod's own fields. Messages name the list, not the item.
fn downward(item: &Value, path: &Path, errors: &mut Errors) {
    file(item.text("path"), &path.child("path"), errors);
    if item.has("fieldRef") {
        let at = path.child("fieldRef");
        field_ref(item.get("fieldRef"), VOLUME_FIELDS, &at, errors);
        if item.has("resourceFieldRef") {
            let why = "fieldRef and resourceFieldRef can not be specified simultaneously";
            errors.invalid(path, "resource", why);
        }
    } else if item.has("resourceFieldRef") {
        let at = path.child("resourceFieldRef");
        resource_ref(item.get("resourceFieldRef"), true, &at, errors);
    } else {
        errors.required(path, "one of fieldRef and resourceFieldRef is required");
    }
    mode(item, "mode", path, errors);
}

fn projected(s: &Value, path: &Path, errors: &mut Errors) {
    mode(s, "defaultMode", path, errors);
    let mut taken: Vec<&str> = Vec::new();
    for (i, source) in s.get("sources").items().iter().enumerate() {
        let at = path.child("sources").index(i);
        for key in ["secret", "configMap", "downwardAPI"] {
            let from = source.get(key);
            if from.is_null() {
                continue;
            }
            let at = at.child(key);
            if key != "downwardAPI" && from.text("name").is_empty() {
                errors.required(&at.child("name"), "");
            }
            for (j, item) in from.get("items").items().iter().enumerate() {
                match key {
                    "downwardAPI" => downward(item, &at, errors),
                    _ => key_to_path(item, &at.child("items").index(j), errors),
                }
                let place = item.text("path");
                if taken.contains(&place) {
                    let shown = match key {
                        "downwardAPI" => place,
                        _ => from.text("name"),
                    };
                    errors.invalid(path, Value::str(shown), "conflicting duplicate paths");
                } else if !place.is_empty() {
                    taken.push(place);
                }
            }
        }
        if source.has("serviceAccountToken") {
            token(source.get("serviceAccountToken"), &at, path, errors);
        }
        if source
            .entries()
            .iter()
            .filter(|(_, v)| !v.is_null())
            .count()
            > 1
        {
            errors.forbidden(&at, "may not specify more than 1 volume type");
        }
    }
}

fn token(t: &Value, at: &Path, path: &Path, errors: &mut Errors) {
    let seconds = t.int("expirationSeconds");
    let place = at.child("serviceAccountToken").child("expirationSeconds");
    if seconds < 600 {
        let why = "may not specify a duration less than 10 minutes";
        errors.invalid(&place, seconds, why);
    }
    if seconds > 1 << 32 {
        let why = "may not specify a duration larger than 2^32 seconds";
        errors.invalid(&place, seconds, why);
    }
    file(t.text("path"), &path.child("path"), errors);
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
