//! Kinds that CustomResourceDefinitions make: served as soon as the definition is there. A definition becomes a [`Kind`]
//! like any other; its schema is walked for defaults, pruning and validation ([`crd_schema`]).
//! Upstream: `apiextensions-apiserver:pkg/apiserver/customresource_handler.go`. Conversion webhooks and CEL rules
//! (`x-kubernetes-validations`) are not simulated.

use super::{Call, Options, Verb, Who, commit, crd_schema, delete};
use crate::Cluster;
use crate::store::{self, Store};
use kinds::{Kind, ScalePaths, Subresource};
use machinery::{Cause, Errors, Object, Path, Str, Value, time, value};
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

/// The kinds that one definition serves, one for each version.
fn kinds_of(crd: &Object) -> Vec<&'static Kind> {
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
        ..Kind::NONE
    };
    let kind: &'static Kind = Box::leak(Box::new(kind));
    made.insert(id, kind);
    Some(kind)
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
    crd_schema::prune(v, &schema_of(&cluster.store, kind))
}

pub(crate) fn default(cluster: &Cluster, kind: &Kind, v: &mut Value) {
    crd_schema::default(v, &schema_of(&cluster.store, kind));
}

pub(crate) fn validate(cluster: &Cluster, kind: &Kind, o: &Object, errors: &mut Errors) {
    let own = machinery::validate_names::dns1123_subdomain(o.name());
    for why in own {
        errors.invalid(
            &Path::root("metadata").child("name"),
            Value::str(o.name()),
            &why,
        );
    }
    machinery::validate_names::labels(
        errors,
        &Path::root("metadata").child("labels"),
        o.at("metadata.labels"),
    );
    crd_schema::validate(o, &schema_of(&cluster.store, kind), errors);
}

/// After a definition is written: its names are accepted and it is established. (Upstream's naming and establishing
/// controllers take a moment; nothing else depends on that.)
pub(crate) fn establish(cluster: &mut Cluster, crd: &Object, cause: &Rc<Cause>) -> Object {
    refresh(cluster);
    if crd.condition_is_true("Established") {
        return crd.clone();
    }
    let now = time::rfc3339(cluster.now);
    let condition = |kind: &'static str, reason: &'static str, message: &'static str| value!({ "type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": &now });
    let new = crd.edit(|v| {
        let names = v.at("spec.names").clone();
        v.set("status.acceptedNames", names);
        v.set(
            "status.conditions",
            vec![
                condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                condition(
                    "Established",
                    "InitialNamesAccepted",
                    "the initial names have been accepted",
                ),
            ],
        );
        v.place("metadata.finalizers")
            .push("customresourcecleanup.apiextensions.k8s.io");
    });
    let key = (Str::lit(""), Str::from(crd.name()));
    commit(
        cluster,
        &kinds::customresourcedefinition::KIND,
        key,
        Some(new),
        cause.clone(),
    )
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
        list.retain(|f| f.as_str() != Some("customresourcecleanup.apiextensions.k8s.io"));
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
pub(crate) fn validate_of(cluster: &Cluster, kind: &'static Kind, o: &Object, errors: &mut Errors) {
    if is_custom(cluster, kind) {
        validate(cluster, kind, o, errors);
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
