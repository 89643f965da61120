//! The API server: one pipeline through which every read and write goes (`apiserver:ARCHITECTURE.md` names the stages).

use crate::Cluster;
use kinds::Kind;
use machinery::{Cause, Object, Request, Response, Status, Str, User, Value, time};
use std::rc::Rc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Get,
    List,
    Watch,
    Create,
    Update,
    Patch,
    Delete,
    DeleteCollection,
}

/// What the query of a request, or DeleteOptions, asks for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub field_manager: String,
    pub dry_run: bool,
    pub grace_period_s: Option<i64>,
    /// `Background`, `Foreground`, `Orphan`; "" is the kind's default.
    pub propagation: String,
    pub precondition_uid: Option<String>,
    pub precondition_version: Option<String>,
}

/// A parsed request: what [`execute`] runs through the stages.
#[derive(Clone, Debug)]
pub struct Call {
    pub user: User,
    pub verb: Verb,
    pub kind: &'static Kind,
    pub namespace: String,
    pub name: String,
    /// "" for the object itself.
    pub subresource: String,
    pub options: Options,
    pub body: Option<Value>,
    pub cause: Rc<Cause>,
}

/// What a write came to.
#[derive(Clone, Debug)]
pub struct Done {
    pub object: Object,
    pub code: u16,
    pub warnings: Vec<String>,
}

/// The identity under which a component acts: controllers as `system:serviceaccount:kube-system:NAME`, the scheduler as
/// `system:kube-scheduler`, a kubelet as `system:node:HOST`.
pub fn component_user(actor: &str, host: &str) -> User {
    match actor {
        "kubelet" => User::new(
            &format!("system:node:{host}"),
            &["system:nodes", "system:authenticated"],
        ),
        "default-scheduler" => User::new("system:kube-scheduler", &["system:authenticated"]),
        _ => User::new(
            &format!("system:serviceaccount:kube-system:{actor}"),
            &[
                "system:serviceaccounts",
                "system:serviceaccounts:kube-system",
                "system:authenticated",
            ],
        ),
    }
}

/// The objects that every cluster has: namespaces, the `kubernetes` Service, bootstrap roles (being written).
pub(crate) fn bootstrap(_cluster: &mut Cluster) {}

/// The door for clients: parses path and query, then runs the pipeline.
pub fn handle(_cluster: &mut Cluster, request: Request) -> Response {
    let _ = request;
    Response::err(Status::no_resource())
}

/// The pipeline for writes and single reads (being written: admission, validation, finalizers, grace).
pub fn execute(cluster: &mut Cluster, call: Call) -> Result<Done, Status> {
    let kind = call.kind;
    let key = (Str::from(&call.namespace), Str::from(&call.name));
    let resource = kind.resource();
    let old = cluster
        .store
        .get(&resource, &call.namespace, &call.name)
        .cloned();
    let new = match call.verb {
        Verb::Create if call.subresource == "binding" => {
            let old = old
                .clone()
                .ok_or_else(|| Status::not_found(kind.group, kind.plural, &call.name))?;
            let node = call.body.unwrap_or_default();
            Some(old.edit(|v| v.set("spec.nodeName", node.at("target.name"))))
        }
        Verb::Create => {
            let mut v = call.body.unwrap_or_default();
            (kind.default)(&mut v);
            (kind.prepare_create)(&mut v);
            if v.text("metadata.uid").is_empty() {
                v.set("metadata.uid", cluster.uids.uuid());
                v.set("metadata.creationTimestamp", time::rfc3339(cluster.now));
            }
            Some(Object(v))
        }
        Verb::Delete => None,
        _ => call.body.map(Object),
    };
    if new == old {
        return Ok(Done {
            object: new.unwrap_or_default(),
            code: 200,
            warnings: Vec::new(),
        });
    }
    let change = cluster
        .store
        .commit(kind, key, new, call.cause, cluster.now);
    cluster.committed(change.clone());
    Ok(Done {
        object: change.new.clone(),
        code: 200,
        warnings: Vec::new(),
    })
}
