//! Creating an object: the stages in order. Upstream: `apiserver:pkg/endpoints/handlers/create.go`,
//! `pkg/registry/generic/registry/store.go` (Create), `pkg/registry/rest/create.go` (BeforeCreate).

use super::{Call, Done, addresses, admission, commit, crd, decode, meta, owners};
use crate::Cluster;
use crate::store;
use machinery::{Errors, Object, Status, Str, Value};

pub(crate) fn create(cluster: &mut Cluster, call: Call) -> Result<Done, Status> {
    let kind = call.kind;
    let mut warnings = Vec::new();
    let mut v = decode::object(cluster, &call, &mut warnings)?;
    // Policies look at each object: nothing is remembered where one is bound.
    let free = cluster.store.count(admission::policies::BINDINGS) == 0;
    let known = (free && call.who.is_component())
        .then(|| cluster.api.memo.find(kind, &v))
        .flatten();
    meta::name_new(cluster, &call, &mut v)?;
    let mut call = call;
    call.name = super::str_of(v.at("metadata.name"));
    call.namespace = super::str_of(v.at("metadata.namespace"));
    super::escalation::check(cluster, &call, &v, machinery::NULL)?;
    // Before all else, as upstream: a Job's labels hold its uid.
    meta::stamp_new(cluster, kind, &mut v);
    match known {
        Some(done) => done.put(&mut v),
        None => prepare(cluster, &call, &mut v, &mut warnings)?,
    }
    let resource = store::resource_of(kind);
    if let Some(old) = cluster.store.get(&resource, &call.namespace, &call.name) {
        return Err(already_exists(&call, old));
    }
    owners::track(cluster, &call, &Value::Null, &mut v);
    let o = Object(v);
    admission::quota::charge(cluster, &call, &o, None)?;
    if call.options.dry_run {
        return Ok(Done {
            object: o,
            code: 201,
            warnings,
        });
    }
    let object = commit(cluster, kind, call.key(), Some(o), call.cause);
    Ok(Done {
        object,
        code: 201,
        warnings,
    })
}

/// default, mutating admission, prepare, validate, validating admission: all that happens to the object itself.
fn prepare(
    cluster: &mut Cluster,
    call: &Call,
    v: &mut Value,
    warnings: &mut Vec<String>,
) -> Result<(), Status> {
    let kind = call.kind;
    let sent = v.clone();
    crd::default_of(cluster, kind, v);
    admission::mutate(cluster, call, v, None, warnings)?;
    (kind.prepare_create)(v);
    addresses::assign(cluster, call, v, None)?;
    let mut errors = Errors::default();
    let o = Object(v.clone());
    meta::validate(kind, &o, &mut errors);
    crd::validate_of(cluster, kind, &o, None, &mut errors);
    if !errors.is_empty() {
        return Err(Status::invalid(kind.group, kind.kind, o.name(), &errors));
    }
    if !call.who.is_component() {
        warnings.extend((kind.warnings)(&o));
    }
    admission::validate(cluster, call, &o, None, warnings)?;
    if call.who.is_component() {
        cluster.api.memo.keep(kind, &sent, v);
    }
    Ok(())
}

fn already_exists(call: &Call, old: &Object) -> Status {
    let kind = call.kind;
    let mut s = Status::already_exists(kind.group, kind.plural, &call.name);
    if old.is_deleting() {
        s.message = format!("object is being deleted: {}", s.message);
    }
    s
}

/// What the stages made of a template, so that ten thousand pods of one template are worked out once and share it.
/// An entry is found by pointer: the same spec and labels in memory as the template that it was made from.
#[derive(Clone, Default)]
pub(crate) struct Memo(Vec<Entry>);

#[derive(Clone)]
struct Entry {
    resource: Str,
    namespace: Str,
    labels: Value,
    annotations: Value,
    spec: Value,
    done: Made,
}

#[derive(Clone)]
pub(crate) struct Made {
    spec: Value,
    status: Value,
    annotations: Value,
}

impl Made {
    fn put(&self, v: &mut Value) {
        *v.field("spec") = self.spec.clone();
        if !self.status.is_null() {
            *v.field("status") = self.status.clone();
        }
        if !self.annotations.is_null() {
            *v.place("metadata.annotations") = self.annotations.clone();
        }
    }
}

/// How many templates are remembered; the oldest are forgotten.
const MEMO_MAX: usize = 64;

impl Memo {
    fn find(&self, kind: &kinds::Kind, v: &Value) -> Option<Made> {
        let spec = v.get("spec");
        let meta = v.get("metadata");
        let hit = |e: &&Entry| {
            e.spec.same(spec)
                && e.resource == kind.plural
                && e.namespace == meta.text("namespace")
                && (e.labels.same(meta.get("labels")) || e.labels == *meta.get("labels"))
                && e.annotations == *meta.get("annotations")
        };
        self.0.iter().rev().find(hit).map(|e| e.done.clone())
    }
    /// Only objects with a large spec that many share are worth it: those with containers and an owner.
    fn keep(&mut self, kind: &kinds::Kind, sent: &Value, made: &Value) {
        let meta = sent.get("metadata");
        if !sent.get("spec").has("containers") || meta.get("ownerReferences").is_null() {
            return;
        }
        if self.0.len() >= MEMO_MAX {
            self.0.remove(0);
        }
        self.0.push(Entry {
            resource: Str::lit(kind.plural),
            namespace: super::str_of(meta.get("namespace")),
            labels: meta.get("labels").clone(),
            annotations: meta.get("annotations").clone(),
            spec: sent.get("spec").clone(),
            done: Made {
                spec: made.get("spec").clone(),
                status: made.get("status").clone(),
                annotations: made.at("metadata.annotations").clone(),
            },
        });
    }
}

/// What admission looks at changed: worked-out templates no longer hold.
pub(crate) fn forget_if_outdated(cluster: &mut Cluster, resource: &str) {
    const LOOKED_AT: &[&str] = &[
        "serviceaccounts",
        "limitranges",
        "namespaces",
        "priorityclasses.scheduling.k8s.io",
        "runtimeclasses.node.k8s.io",
    ];
    if !cluster.api.memo.0.is_empty() && LOOKED_AT.contains(&resource) {
        cluster.api.memo.0.clear();
    }
}
