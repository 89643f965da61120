//! Kinds that CustomResourceDefinitions make: served as soon as the definition is there. A definition becomes a [`Kind`]
//! like any other; its schema is walked for defaults, pruning and validation (`machinery::structural`).
//! Upstream: `apiextensions-apiserver:pkg/apiserver/customresource_handler.go`. Conversion webhooks are not simulated.

use super::{Call, Options, Verb, Who, commit, commit_as_named, delete};
use crate::Cluster;
use crate::store::{self, Store};
use kinds::{Kind, ScalePaths, Subresource};
use machinery::{Cause, Errors, Object, Path, Str, Value, structural, time, value};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Mutex;

pub(crate) const RESOURCE: &str = "customresourcedefinitions.apiextensions.k8s.io";
/// How many different definitions one program may see; a kind lives as long as the program.
const KINDS_MAX: usize = 5_000;

/// Kinds made so far, by all that makes them what they are: the same definition is made once, so that sessions that are
/// replayed do not grow the program. (The one static of the cluster: it holds constants, no state.)
static MADE: Mutex<BTreeMap<String, &'static Kind>> = Mutex::new(BTreeMap::new());

fn leak(s: &str) -> &'static str {
    Box::leak(s.to_string().into_boxed_str())
}

fn leak_list(v: &Value) -> &'static [&'static str] {
    let list: Vec<&'static str> = v
        .items()
        .iter()
        .filter_map(Value::as_str)
        .map(leak)
        .collect();
    Box::leak(list.into_boxed_slice())
}

/// The kinds that one definition serves, one for each version; none before its names are accepted.
fn kinds_of(crd: &Object) -> Vec<&'static Kind> {
    if !crd.condition_is_true("Established") {
        return Vec::new();
    }
    let served = crd
        .at("spec.versions")
        .items()
        .iter()
        .filter(|v| v.flag("served"));
    served.filter_map(|v| make(crd, v)).collect()
}

fn make(crd: &Object, version: &Value) -> Option<&'static Kind> {
    let id = machinery::json::print(&value!([
        crd.at("spec.group").clone(),
        crd.at("spec.scope").clone(),
        crd.at("spec.names").clone(),
        version.get("name").clone(),
        version.get("subresources").clone(),
        version.get("deprecated").clone(),
        version.get("deprecationWarning").clone(),
        version.get("selectableFields").clone(),
    ]));
    let mut made = MADE.lock().ok()?;
    if let Some(kind) = made.get(&id) {
        return Some(kind);
    }
    if made.len() >= KINDS_MAX {
        return None;
    }
    let names = crd.at("spec.names");
    let path = |p: &str| {
        leak(
            version
                .at(&format!("subresources.scale.{p}"))
                .as_str()
                .unwrap_or("")
                .trim_start_matches('.'),
        )
    };
    let mut subresources = Vec::new();
    if !version.at("subresources.status").is_null() {
        subresources.push(Subresource::STATUS);
    }
    let scale = (!version.at("subresources.scale").is_null()).then(|| ScalePaths {
        spec: path("specReplicasPath"),
        status: path("statusReplicasPath"),
        selector: path("labelSelectorPath"),
    });
    if scale.is_some() {
        subresources.push(Subresource::SCALE);
    }
    let kind = Kind {
        group: leak(crd.text("spec.group")),
        version: leak(version.text("name")),
        kind: leak(names.text("kind")),
        plural: leak(names.text("plural")),
        singular: leak(names.text("singular")),
        short: leak_list(names.get("shortNames")),
        categories: leak_list(names.get("categories")),
        namespaced: crd.text("spec.scope") != "Cluster",
        subresources: Box::leak(subresources.into_boxed_slice()),
        generation: true,
        scale,
        deprecated: leak(&deprecation(crd, version)),
        selectable: leak_list(&selectable(version)),
        ..Kind::NONE
    };
    let kind: &'static Kind = Box::leak(Box::new(kind));
    made.insert(id, kind);
    Some(kind)
}

/// What requests for a deprecated version are told.
fn deprecation(crd: &Object, version: &Value) -> String {
    match (
        version.flag("deprecated"),
        version.get("deprecationWarning").as_str(),
    ) {
        (false, _) => String::new(),
        (true, Some(own)) => own.to_string(),
        (true, None) => format!(
            "{}/{} {} is deprecated",
            crd.text("spec.group"),
            version.text("name"),
            crd.text("spec.names.kind")
        ),
    }
}

fn selectable(version: &Value) -> Value {
    let paths = version.get("selectableFields").items().iter();
    let plain = |f: &Value| Value::str(f.text("jsonPath").trim_start_matches('.'));
    Value::from(paths.map(plain).collect::<Vec<_>>())
}

/// The `apiVersion` in which a custom kind is kept.
pub(crate) fn storage_version(cluster: &Cluster, kind: &Kind) -> String {
    let crd = cluster.store.get(RESOURCE, "", &kind.resource());
    let versions = crd.map_or(&[][..], |c| c.at("spec.versions").items());
    match versions.iter().find(|v| v.flag("storage")) {
        Some(v) => format!("{}/{}", kind.group, v.text("name")),
        None => kind.api_version(),
    }
}

/// A definition was written or deleted: the list of custom kinds follows.
pub(crate) fn refresh(cluster: &mut Cluster) {
    let crds: Vec<Object> = cluster.store.list(RESOURCE, None).cloned().collect();
    cluster.api.custom = crds.iter().flat_map(kinds_of).collect();
}

pub(crate) fn is_custom(cluster: &Cluster, kind: &Kind) -> bool {
    cluster.api.custom.iter().any(|k| std::ptr::eq(*k, kind))
}

pub(crate) fn kind_of(
    cluster: &Cluster,
    group: &str,
    version: &str,
    plural: &str,
) -> Option<&'static Kind> {
    let fits = |k: &&&'static Kind| k.plural == plural && k.group == group && k.version == version;
    cluster.api.custom.iter().find(fits).copied()
}

/// The version of its definition that a custom kind is: schema, columns.
pub(crate) fn version_of(store: &Store, kind: &Kind) -> Value {
    let crd = store.get(RESOURCE, "", &kind.resource());
    let versions = crd.map_or(&[][..], |c| c.at("spec.versions").items());
    versions
        .iter()
        .find(|v| v.text("name") == kind.version)
        .cloned()
        .unwrap_or_default()
}

fn schema_of(store: &Store, kind: &Kind) -> Value {
    version_of(store, kind).at("schema.openAPIV3Schema").clone()
}

/// Decoding: unknown fields are dropped; says which ones, as strict decoding does.
pub(crate) fn prune(cluster: &Cluster, kind: &Kind, v: &mut Value) -> Vec<String> {
    structural::prune(v, &schema_of(&cluster.store, kind))
}

pub(crate) fn default(cluster: &Cluster, kind: &Kind, v: &mut Value) {
    structural::default(v, &schema_of(&cluster.store, kind));
}

/// `old` is what the object was; none where it is new.
pub(crate) fn validate(
    cluster: &Cluster,
    kind: &Kind,
    o: &Object,
    old: Option<&Object>,
    errors: &mut Errors,
) {
    let schema = schema_of(&cluster.store, kind);
    let before = old.map_or(machinery::NULL, |o| &o.0);
    structural::validate(o, before, &schema, &Path::nil(), errors);
}

/// After a definition is written: its names are accepted, unless another has them, and it is established. (Upstream's
/// naming and establishing controllers take a moment; nothing else depends on that.)
pub(crate) fn establish(cluster: &mut Cluster, crd: &Object, cause: &Rc<Cause>) -> Object {
    refresh(cluster);
    let now = time::rfc3339(cluster.now);
    let (accepted, conflict) = accepted_names(cluster, crd);
    let up = conflict.is_none();
    let established = up || crd.condition_is_true("Established");
    let condition = |kind: &'static str, ok: bool, reason: &str, message: &str| {
        let was = crd.condition(kind);
        let status = if ok { "True" } else { "False" };
        let since = match was.text("status") == status {
            true => was.text("lastTransitionTime").to_string(),
            false => now.clone(),
        };
        value!({ "type": kind, "status": status, "reason": Value::str(reason), "message": Value::str(message), "lastTransitionTime": since })
    };
    let (reason, message) = match &conflict {
        None => ("NoConflicts", "no conflicts found"),
        Some((reason, message)) => (*reason, message.as_str()),
    };
    let names = condition("NamesAccepted", up, reason, message);
    let first = match (established, crd.condition_is_true("Established")) {
        (true, true) => crd.condition("Established").clone(),
        (true, false) => condition(
            "Established",
            true,
            "InitialNamesAccepted",
            "the initial names have been accepted",
        ),
        _ => condition(
            "Established",
            false,
            "NotAccepted",
            "not all names are accepted",
        ),
    };
    let new = crd.edit(|v| {
        v.set("status.acceptedNames", accepted);
        v.set("status.conditions", vec![names, first]);
        let storage = crd
            .at("spec.versions")
            .items()
            .iter()
            .find(|v| v.flag("storage"));
        if let Some(name) = storage.map(|s| s.get("name").clone())
            && !v.at("status.storedVersions").items().contains(&name)
        {
            v.place("status.storedVersions").push(name);
        }
        let keeper = Value::from(FINALIZER);
        if !v.at("metadata.finalizers").items().contains(&keeper) {
            v.place("metadata.finalizers").push(keeper);
        }
    });
    if new == *crd {
        return new;
    }
    commit_as_named(cluster, &kinds::customresourcedefinition::KIND, new, cause)
}

const FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";

/// The names that no other definition of the group has, and what is wrong with the first that one has.
fn accepted_names(cluster: &Cluster, crd: &Object) -> (Value, Option<(&'static str, String)>) {
    let others: Vec<&Object> = cluster
        .store
        .list(RESOURCE, None)
        .filter(|o| o.name() != crd.name() && o.text("spec.group") == crd.text("spec.group"))
        .collect();
    let taken = |keys: &[&str], wanted: &str| {
        others.iter().any(|o| {
            let names = o.at("status.acceptedNames");
            let has = |k: &&str| match names.get(k) {
                Value::List(l) => l.iter().any(|n| n.as_str() == Some(wanted)),
                n => n.as_str() == Some(wanted),
            };
            keys.iter().any(has)
        })
    };
    let names = crd.at("spec.names");
    let (mut accepted, mut conflict) = (names.clone(), None);
    let resources = ["plural", "singular", "shortNames"];
    let kinds = ["kind", "listKind"];
    let checks: [(&str, &[&str], &'static str); 5] = [
        ("plural", &resources, "PluralConflict"),
        ("singular", &resources, "SingularConflict"),
        ("shortNames", &resources, "ShortNamesConflict"),
        ("kind", &kinds, "KindConflict"),
        ("listKind", &kinds, "ListKindConflict"),
    ];
    for (key, among, reason) in checks {
        let one = std::slice::from_ref(names.get(key));
        let wanted = if key == "shortNames" {
            names.get(key).items()
        } else {
            one
        };
        let found = wanted
            .iter()
            .filter_map(Value::as_str)
            .find(|w| taken(among, w));
        if let Some(w) = found {
            let was = crd.at("status.acceptedNames").get(key).clone();
            *accepted.field(key) = was;
            conflict = Some((reason, format!("{w:?} is already in use")));
        }
    }
    (accepted, conflict)
}

/// A definition went: another that waited for its names may have them.
pub(crate) fn establish_waiting(cluster: &mut Cluster, cause: &Rc<Cause>) {
    let waits = |o: &&Object| !o.is_deleting() && !o.condition_is_true("NamesAccepted");
    let waiting: Vec<Object> = cluster
        .store
        .list(RESOURCE, None)
        .filter(waits)
        .cloned()
        .collect();
    for crd in waiting {
        establish(cluster, &crd, cause);
    }
}

/// A definition that is going takes its objects with it; it stays while one of them stays.
pub(crate) fn clean_up(cluster: &mut Cluster, crd: &Object, cause: &Rc<Cause>) {
    for kind in kinds_of(crd) {
        let all: Vec<Object> = cluster
            .store
            .list(&store::resource_of(kind), None)
            .cloned()
            .collect();
        for o in all {
            let call = Call {
                who: Who::Component("apiserver", Str::lit("")),
                verb: Verb::Delete,
                kind,
                namespace: Str::from(o.namespace()),
                name: Str::from(o.name()),
                subresource: Str::lit(""),
                options: Options::default(),
                body: None,
                cause: cause.clone(),
            };
            // What a finalizer holds stays until it is let go.
            let _ = delete::delete(cluster, call);
        }
    }
    finish(cluster, crd.name(), cause);
}

/// The last object of a definition that is going went: so does the definition.
pub(crate) fn finish(cluster: &mut Cluster, name: &str, cause: &Rc<Cause>) {
    let Some(crd) = cluster.store.get(RESOURCE, "", name).cloned() else {
        return;
    };
    if !crd.is_deleting() || cluster.store.count(name) > 0 {
        return;
    }
    let new = crd.edit(|v| {
        let mut list = v.at("metadata.finalizers").items().to_vec();
        list.retain(|f| f.as_str() != Some(FINALIZER));
        if list.is_empty() {
            v.remove("metadata.finalizers");
        } else {
            v.set("metadata.finalizers", list);
        }
    });
    let kind = &kinds::customresourcedefinition::KIND;
    let next = if delete::is_due(kind, &new) {
        None
    } else {
        Some(new)
    };
    commit(
        cluster,
        kind,
        (Str::lit(""), Str::from(name)),
        next,
        cause.clone(),
    );
}

/// The default stage for any kind.
pub(crate) fn default_of(cluster: &Cluster, kind: &'static Kind, v: &mut Value) {
    if is_custom(cluster, kind) {
        default(cluster, kind, v);
    } else {
        (kind.default)(v);
    }
}

/// The validate stage for any kind.
pub(crate) fn validate_of(
    cluster: &Cluster,
    kind: &'static Kind,
    o: &Object,
    old: Option<&Object>,
    errors: &mut Errors,
) {
    if is_custom(cluster, kind) {
        validate(cluster, kind, o, old, errors);
    } else {
        (kind.validate)(o, errors);
    }
}

/// Columns and cells of a custom kind, after the name.
pub(crate) fn columns(cluster: &Cluster, kind: &Kind) -> Option<Vec<Value>> {
    if !is_custom(cluster, kind) {
        return None;
    }
    let version = version_of(&cluster.store, kind);
    let mut list = version.get("additionalPrinterColumns").items().to_vec();
    if list.is_empty() {
        list.push(
            value!({ "name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp" }),
        );
    }
    Some(list)
}
