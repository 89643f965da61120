//! `-k FOLDER`: builds a kustomization, in kustomize's order: resources, generators, components, then patches, namespace,
//! names, labels, annotations, replicas, images, replacements; at the very end hashes and the references to names.
//! Upstream: `kustomize:api/internal/target`. Left out, and said so: vars, charts, plugins, remote bases.

mod generate;
mod names;
mod patches;
mod replace;
mod transform;

use crate::cx::Inner;
use crate::fail::{Fail, text};
use crate::forms;
use crate::manifest::{self, Check};
use machinery::Arrange;
use machinery::{Object, Value};

const NAMES: &[&str] = &["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// How deep kustomizations may build on one another.
const MAX_DEPTH: usize = 20;
/// The fields of a kustomization that are built.
const FIELDS: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "bases",
    "components",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "namespace",
    "namePrefix",
    "nameSuffix",
    "labels",
    "commonLabels",
    "commonAnnotations",
    "replicas",
    "images",
    "replacements",
    "sortOptions",
    "buildMetadata",
];
/// Those that kustomize has and we have not.
const REFUSED: &[&str] = &[
    "vars",
    "crds",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "helmCharts",
    "helmGlobals",
    "helmChartInflationGenerator",
    "openapi",
    "inventory",
];
const OLD: &[(&str, &str)] = &[
    ("bases", "resources"),
    ("commonLabels", "labels"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
];

/// An object on its way through the kustomizations.
#[derive(Clone)]
pub struct Made {
    pub object: Object,
    /// The names it had before, the first first.
    pub before: Vec<String>,
    /// A hash of its content belongs to its name.
    pub hashed: bool,
}

impl Made {
    pub fn new(object: Object) -> Made {
        Made {
            object,
            before: Vec::new(),
            hashed: false,
        }
    }
    pub fn edit(&mut self, change: impl FnOnce(&mut Value)) {
        self.object = self.object.edit(change);
    }
    /// Whether it is, or was, called so.
    pub fn called(&self, name: &str) -> bool {
        self.object.name() == name || self.before.iter().any(|n| n == name)
    }
    pub fn rename(&mut self, name: String) {
        self.before.push(self.object.name().to_string());
        self.edit(|o| o.set("metadata.name", name));
    }
    /// `Deployment.v1.apps/web.[noNs]`
    pub fn id(&self) -> String {
        id(&self.object.0)
    }
}

/// An object's name in kustomize's messages.
pub fn id(o: &Value) -> String {
    let (group, version) = match o.text("apiVersion").split_once('/') {
        Some((g, v)) => (g, v),
        None => ("[noGrp]", o.text("apiVersion")),
    };
    let or = |s: &str, none: &str| {
        if s.is_empty() {
            none.to_string()
        } else {
            s.to_string()
        }
    };
    format!(
        "{}.{}.{group}/{}.{}",
        o.text("kind"),
        or(version, "[noVer]"),
        or(o.text("metadata.name"), "[noName]"),
        or(o.text("metadata.namespace"), "[noNs]")
    )
}

/// The objects that a folder's kustomization makes, in the order in which kustomize prints them.
pub fn build(cx: &Inner, folder: &str) -> Result<Vec<Object>, Fail> {
    if folder.contains("://") || folder.starts_with("github.com/") {
        return Err(text(format!(
            "bottleship does not simulate remote kustomizations: {folder}"
        )));
    }
    if !cx.host.is_dir(folder) {
        if !cx.host.exists(folder) {
            return Err(text(format!(
                "must build at directory: not a valid directory: evalsymlink failure on '{folder}' : lstat {folder}: no such file or directory"
            )));
        }
        return Err(text(format!(
            "must build at directory: '{folder}': file is not directory"
        )));
    }
    let (k, path) = read(cx, folder)?;
    let mut made = Vec::new();
    accumulate(cx, folder, &k, &path, 0, &mut made)?;
    names::hashed(&mut made);
    let mut objects: Vec<Object> = made.into_iter().map(|m| m.object).collect();
    for o in &objects {
        if o.name().is_empty() && o.text("metadata.generateName").is_empty() {
            return Err(text(format!(
                "missing metadata.name in object {}",
                id(&o.0)
            )));
        }
    }
    sort(&k, &mut objects)?;
    Ok(objects)
}

/// The legacy order unless `sortOptions` says otherwise: namespaces and definitions first, webhooks last.
fn sort(k: &Value, objects: &mut [Object]) -> Result<(), Fail> {
    let texts = |field: &str| texts(k.at("sortOptions.legacySortOptions"), field);
    let (mut first, mut last) = (texts("orderFirst"), texts("orderLast"));
    match k.text("sortOptions.order") {
        "fifo" => return Ok(()),
        "" | "legacy" => {}
        other => {
            return Err(text(format!(
                "the field 'sortOptions.order' must be one of [fifo, legacy], got {other}"
            )));
        }
    }
    if first.is_empty() && last.is_empty() {
        first = FIRST.iter().map(|s| s.to_string()).collect();
        last = LAST.iter().map(|s| s.to_string()).collect();
    }
    let rank = |kind: &str| {
        let at = |list: &[String]| list.iter().position(|k| k == kind);
        at(&first).or(at(&last).map(|i| 1000 + i)).unwrap_or(500)
    };
    objects.arrange_by_key(|o| {
        let of = (o.group().to_string(), o.kind().to_string());
        (
            rank(o.kind()),
            of,
            o.namespace().to_string(),
            o.name().to_string(),
        )
    });
    Ok(())
}

const FIRST: &[&str] = &[
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
const LAST: &[&str] = &[
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// A path from a kustomization's folder, without `.` and `..`.
pub fn join(folder: &str, path: &str) -> String {
    let full = match path.starts_with('/') {
        true => path.to_string(),
        false => format!("{}/{path}", folder.trim_end_matches('/')),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in full.split('/').filter(|p| !p.is_empty() && *p != ".") {
        match (part, parts.last()) {
            ("..", Some(last)) if *last != ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let root = if full.starts_with('/') { "/" } else { "" };
    match (root, parts.is_empty()) {
        ("", true) => ".".into(),
        _ => format!("{root}{}", parts.join("/")),
    }
}

/// The kustomization of a folder, and its file.
fn read(cx: &Inner, folder: &str) -> Result<(Value, String), Fail> {
    let found: Vec<String> = NAMES
        .iter()
        .map(|n| join(folder, n))
        .filter(|p| cx.host.exists(p))
        .collect();
    let file = match &found[..] {
        [one] => one.clone(),
        [] => {
            return Err(text(format!(
                "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{folder}'"
            )));
        }
        _ => {
            return Err(text(format!(
                "Found multiple kustomization files under: {folder}\n"
            )));
        }
    };
    let content = cx.host.read(&file).unwrap_or_default();
    let k = forms::parse_one(&content).map_err(|e| text(format!("invalid Kustomization: {e}")))?;
    if k.is_null() {
        return Err(text("kustomization.yaml is empty"));
    }
    for (field, _) in k.entries() {
        if REFUSED.contains(&field.as_str()) {
            return Err(text(format!(
                "bottleship does not simulate {field} in a kustomization ({file})"
            )));
        }
        if !FIELDS.contains(&field.as_str()) {
            return Err(text(format!(
                "invalid Kustomization: json: unknown field \"{field}\""
            )));
        }
    }
    for (old, new) in OLD {
        if k.has(old) {
            cx.err(format!("# Warning: '{old}' is deprecated. Please use '{new}' instead. Run 'kustomize edit fix' to update your Kustomization automatically.\n"));
        }
    }
    Ok((k, file))
}

/// One kustomization: what it takes from others, what it makes, and what it changes of both.
fn accumulate(
    cx: &Inner,
    folder: &str,
    k: &Value,
    file: &str,
    depth: usize,
    outer: &mut Vec<Made>,
) -> Result<(), Fail> {
    if depth > MAX_DEPTH {
        return Err(text(format!("cycle detected: '{folder}'")));
    }
    let component = k.text("kind") == "Component";
    // A component changes what its user has; a kustomization only what it has itself.
    let mut made: Vec<Made> = match component {
        true => std::mem::take(outer),
        false => Vec::new(),
    };
    for path in texts(k, "resources").into_iter().chain(texts(k, "bases")) {
        let sofar = made.len();
        resource(cx, folder, &path, depth, &mut made)
            .map_err(|e| text(format!("accumulating resources: {}", e.message())))?;
        unique(&made, sofar, folder, &path)?;
    }
    generate::run(cx, folder, k, &mut made)?;
    for path in texts(k, "components") {
        let full = join(folder, &path);
        let (inner, file) = read(cx, &full).map_err(|e| {
            text(format!(
                "accumulating components: accumulateDirectory: \"couldn't make target for path '{full}': {}\"",
                e.message()
            ))
        })?;
        if inner.text("kind") != "Component" {
            return Err(text(format!(
                "accumulating components: accumulateDirectory: \"expected kind 'Component' for path '{full}' but got 'Kustomization'\""
            )));
        }
        accumulate(cx, &full, &inner, &file, depth + 1, &mut made)?;
    }
    patches::run(cx, folder, k, &mut made)?;
    transform::run(k, &mut made)?;
    replace::run(cx, folder, k, &mut made)?;
    transform::origin(k, file, &mut made);
    outer.extend(made);
    Ok(())
}

/// A file or a folder of `resources`.
fn resource(
    cx: &Inner,
    folder: &str,
    path: &str,
    depth: usize,
    made: &mut Vec<Made>,
) -> Result<(), Fail> {
    if path.contains("://") || path.starts_with("github.com/") {
        return Err(text(format!(
            "bottleship does not simulate remote resources in a kustomization: {path}"
        )));
    }
    let full = join(folder, path);
    let whole = cx.host.0.resolve(&full);
    if cx.host.is_dir(&full) {
        let (k, file) = read(cx, &full).map_err(|e| {
            text(format!(
                "accumulation err='accumulating resources from '{path}': '{whole}' must resolve to a file': couldn't make target for path '{whole}': {}",
                e.message()
            ))
        })?;
        if k.text("kind") == "Component" {
            return Err(text(format!(
                "accumulation err='accumulating resources from '{path}': '{whole}' must resolve to a file': expected kind != 'Component' for path '{whole}'"
            )));
        }
        return accumulate(cx, &full, &k, &file, depth + 1, made).map_err(|e| {
            text(format!(
                "accumulation err='accumulating resources from '{path}': '{whole}' must resolve to a file': recursed accumulation of path '{whole}': {}",
                e.message()
            ))
        });
    }
    let content = cx.host.read(&full).map_err(|_| {
        let why = format!("evalsymlink failure on '{whole}' : lstat {whole}: no such file or directory");
        text(format!("accumulation err='accumulating resources from '{path}': {why}': must build at directory: not a valid directory: {why}"))
    })?;
    restricted(cx, folder, &full)
        .map_err(|e| {
            text(format!(
                "accumulation err='accumulating resources from '{path}': {}': must build at directory: '{whole}': file is not directory",
                e.message()
            ))
        })?;
    let mut documents = Vec::new();
    manifest::documents(&content, path, Check::Loose, &mut documents);
    for d in documents {
        made.push(Made::new(d?.object));
    }
    Ok(())
}

/// Files must be in or below the kustomization's folder.
pub fn restricted(cx: &Inner, folder: &str, full: &str) -> Result<(), Fail> {
    let (root, file) = (cx.host.0.resolve(folder), cx.host.0.resolve(full));
    let below = file.starts_with(&format!("{}/", root.trim_end_matches('/')));
    if below || cx.flag("load-restrictor") == "LoadRestrictionsNone" {
        return Ok(());
    }
    Err(text(format!(
        "security; file '{file}' is not in or below '{root}'"
    )))
}

/// No object may come twice.
fn unique(made: &[Made], from: usize, folder: &str, path: &str) -> Result<(), Fail> {
    let (old, new) = made.split_at(from.min(made.len()));
    for (i, m) in new.iter().enumerate() {
        let id = m.id();
        if old.iter().chain(&new[..i]).any(|o| o.id() == id) {
            let full = join(folder, path);
            return Err(text(format!(
                "accumulating resources: accumulation err='accumulating resources from '{path}': may not add resource with an already registered id: {id}': must build at directory: '{full}': file is not directory"
            )));
        }
    }
    Ok(())
}

pub fn texts(k: &Value, field: &str) -> Vec<String> {
    let items = k.get(field).items().iter();
    items
        .filter_map(|v| v.as_str().map(str::to_string))
        .collect()
}
