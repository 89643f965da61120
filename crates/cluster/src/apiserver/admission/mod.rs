//! Admission: what may come in, and what is put into it on the way. Each plugin is a const struct in one visible list, in
//! upstream's order. Upstream: `kubernetes:plugin/pkg/admission`, `pkg/kubeapiserver/options/plugins.go`. Webhooks are
//! kept as data, and warned of: nothing calls them.

mod limits;
mod namespaces;
mod node_restriction;
mod pods;
mod podsecurity;
pub(crate) mod policies;
pub(crate) mod quota;
pub(crate) mod storage;
mod webhooks;

use super::{Call, Verb};
use crate::Cluster;
use crate::store::Store;
use machinery::{Object, Status, Value};

/// What a plugin sees of the request.
pub(crate) struct Ctx<'a> {
    pub cluster: &'a mut Cluster,
    pub call: &'a Call,
    pub old: Option<&'a Object>,
    pub warnings: &'a mut Vec<String>,
}

impl Ctx<'_> {
    pub fn store(&self) -> &Store {
        &self.cluster.store
    }
    pub fn is_create(&self) -> bool {
        self.call.verb == Verb::Create || self.old.is_none()
    }
    /// `pods "web" is forbidden: WHY`.
    pub fn forbidden(&self, v: &Value, why: &str) -> Status {
        self.call.forbidden(v.text("metadata.name"), why)
    }
}

type Mutate = fn(&mut Ctx, &mut Value) -> Result<(), Status>;
type Validate = fn(&mut Ctx, &Object) -> Result<(), Status>;

pub(crate) struct Plugin {
    #[expect(dead_code, reason = "the list is read by people")]
    pub name: &'static str,
    /// The resources it looks at (plural names); none means all.
    pub resources: &'static [&'static str],
    pub mutate: Mutate,
    pub validate: Validate,
}

impl Plugin {
    pub const NONE: Plugin = Plugin {
        name: "",
        resources: &[],
        mutate: |_, _| Ok(()),
        validate: |_, _| Ok(()),
    };
    fn looks_at(&self, plural: &str) -> bool {
        self.resources.is_empty() || self.resources.contains(&plural)
    }
}

/// In the order in which they run.
pub(crate) static PLUGINS: &[&Plugin] = &[
    &namespaces::LIFECYCLE,
    &limits::LIMIT_RANGER,
    &pods::SERVICE_ACCOUNT,
    &node_restriction::NODE_RESTRICTION,
    &pods::TAINT_NODES_BY_CONDITION,
    &podsecurity::POD_SECURITY,
    &pods::PRIORITY,
    &pods::DEFAULT_TOLERATION_SECONDS,
    &storage::DEFAULT_STORAGE_CLASS,
    &storage::OBJECT_IN_USE_PROTECTION,
    &storage::CLAIM_RESIZE,
    &pods::RUNTIME_CLASS,
    &storage::DEFAULT_INGRESS_CLASS,
    &webhooks::MUTATING_POLICY,
    &webhooks::MUTATING,
    &policies::VALIDATING_POLICY,
    &webhooks::VALIDATING,
];

/// Mutating admission of a create (no old) or an update.
pub(crate) fn mutate(
    cluster: &mut Cluster,
    call: &Call,
    v: &mut Value,
    old: Option<&Object>,
    warnings: &mut Vec<String>,
) -> Result<(), Status> {
    let mut ctx = Ctx {
        cluster,
        call,
        old,
        warnings,
    };
    let plural = call.kind.plural;
    PLUGINS
        .iter()
        .filter(|p| p.looks_at(plural))
        .try_for_each(|p| (p.mutate)(&mut ctx, v))
}

/// Validating admission.
pub(crate) fn validate(
    cluster: &mut Cluster,
    call: &Call,
    o: &Object,
    old: Option<&Object>,
    warnings: &mut Vec<String>,
) -> Result<(), Status> {
    let mut ctx = Ctx {
        cluster,
        call,
        old,
        warnings,
    };
    let plural = call.kind.plural;
    PLUGINS
        .iter()
        .filter(|p| p.looks_at(plural))
        .try_for_each(|p| (p.validate)(&mut ctx, o))
}

/// Admission of a deletion.
pub(crate) fn delete(
    cluster: &mut Cluster,
    call: &Call,
    old: &Object,
) -> Result<Vec<String>, Status> {
    namespaces::may_go(call, old)?;
    node_restriction::may_delete(call, old)?;
    policies::judge(&cluster.store, call, None, Some(old))
}

/// A list in a value, for changing each of its items.
pub(crate) fn each(v: &mut Value, path: &str, mut change: impl FnMut(&mut Value)) {
    if !v.at(path).items().is_empty() {
        v.place(path).list_mut().iter_mut().for_each(&mut change);
    }
}
