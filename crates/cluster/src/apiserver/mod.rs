//! The API server: one pipeline through which every read and write goes (`apiserver:ARCHITECTURE.md` names the stages).
//!
//! [`handle`] is the door for clients: it reads path and query ([`route`]), asks RBAC ([`rbac`]), and hands writes to
//! [`execute`], where actors come in too. The stages of a write are the lines of [`create`], [`update`] and [`delete`]:
//! decode, default, mutating admission, prepare, validate, validating admission, quota, commit. What upstream has and is
//! not here: webhooks, audit, storage encryption, API priority and fairness.

mod addresses;
pub mod admission;
pub mod authenticate;
mod bootstrap;
mod crd;
mod create;
mod decode;
mod delete;
mod discovery;
mod escalation;
mod eviction;
mod meta;
mod node_authorizer;
#[cfg(feature = "openapi")]
mod openapi;
#[cfg(feature = "openapi")]
mod openapi_paths;
mod owners;
mod patch;
pub(crate) mod rbac;
mod read;
mod reviews;
mod roles;
mod route;
mod select;
mod subresource;
pub(crate) use subresource::pod_token;
mod table;
#[cfg(test)]
mod tests;
mod update;
mod versions;
mod watch;

use crate::Cluster;
use crate::output::Output;
use crate::store;
use kinds::Kind;
use machinery::{
    Body, Cause, Method, Object, Request, Response, Status, Str, User, Value, WatchType,
};
use std::rc::Rc;

pub(crate) use bootstrap::bootstrap;

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

impl Verb {
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "get",
            Verb::List => "list",
            Verb::Watch => "watch",
            Verb::Create => "create",
            Verb::Update => "update",
            Verb::Patch => "patch",
            Verb::Delete => "delete",
            Verb::DeleteCollection => "deletecollection",
        }
    }
}

/// What the query of a request, or DeleteOptions, asks for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub field_manager: Str,
    pub dry_run: bool,
    pub validation: Validation,
    /// For server-side apply.
    pub force: bool,
    /// This write is a server-side apply: it keeps the book of field owners itself.
    pub applies: bool,
    pub grace_period_s: Option<i64>,
    /// `Background`, `Foreground`, `Orphan`; "" is the kind's default.
    pub propagation: Str,
    pub precondition_uid: Option<String>,
    pub precondition_version: Option<String>,
}

/// `fieldValidation`: what happens to unknown and duplicate fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validation {
    Ignore,
    #[default]
    Warn,
    Strict,
}

/// Who writes: a component of the cluster (trusted: its objects were made by our own code), or a client.
#[derive(Clone, Debug)]
pub enum Who {
    /// Its name, and its node for kubelets.
    Component(&'static str, Str),
    User(Rc<User>),
}

impl Who {
    pub fn is_component(&self) -> bool {
        matches!(self, Who::Component(..))
    }
    pub fn user(&self) -> User {
        match self {
            Who::Component(actor, host) => component_user(actor, host),
            Who::User(u) => (**u).clone(),
        }
    }
}

/// A parsed request: what [`execute`] runs through the stages.
#[derive(Clone, Debug)]
pub struct Call {
    pub who: Who,
    pub verb: Verb,
    pub kind: &'static Kind,
    pub namespace: Str,
    pub name: Str,
    /// "" for the object itself.
    pub subresource: Str,
    pub options: Options,
    pub body: Option<Value>,
    pub cause: Rc<Cause>,
}

impl Call {
    pub(crate) fn not_found(&self) -> Status {
        Status::not_found(self.kind.group, self.kind.plural, &self.name)
    }
    pub(crate) fn forbidden(&self, name: &str, why: &str) -> Status {
        Status::forbidden(self.kind.group, self.kind.plural, name, why)
    }
    pub(crate) fn key(&self) -> store::Key {
        (self.namespace.clone(), self.name.clone())
    }
    /// The stored object that the call names.
    pub(crate) fn stored(&self, cluster: &Cluster) -> Result<Object, Status> {
        let resource = store::resource_of(self.kind);
        let found = cluster.store.get(&resource, &self.namespace, &self.name);
        found.cloned().ok_or_else(|| self.not_found())
    }
}

/// What a write came to.
#[derive(Clone, Debug)]
pub struct Done {
    /// The object written, or what else the answer's body is (a Status of success, a Scale, an Eviction's answer).
    pub object: Object,
    pub code: u16,
    pub warnings: Vec<String>,
}

impl Done {
    fn warned(object: Object, warnings: Vec<String>) -> Done {
        Done {
            object,
            code: 200,
            warnings,
        }
    }
    pub(crate) fn ok(object: Object) -> Done {
        Done::warned(object, Vec::new())
    }
    pub(crate) fn created(object: Object) -> Done {
        Done {
            object,
            code: 201,
            warnings: Vec::new(),
        }
    }
}

/// What the API server remembers beside the store.
#[derive(Clone, Default)]
pub struct State {
    pub(crate) memo: create::Memo,
    pub(crate) bound: subresource::Bound,
    /// The second written last, and its text.
    stamp: Option<(i64, Value)>,
    /// Kinds that CustomResourceDefinitions made.
    pub(crate) custom: Vec<&'static Kind>,
}

impl State {
    /// A time as text; what is written within one second shares it.
    pub(crate) fn stamp(&mut self, at: machinery::time::Millis) -> Value {
        let second = at.div_euclid(1000);
        match &self.stamp {
            Some((s, text)) if *s == second => text.clone(),
            _ => {
                let text = Value::from(machinery::time::rfc3339(at));
                self.stamp = Some((second, text.clone()));
                text
            }
        }
    }
}

/// The identity under which a component acts: controllers as `system:serviceaccount:kube-system:NAME`, the scheduler as
/// `system:kube-scheduler`, a kubelet as `system:node:HOST`.
fn component_user(actor: &str, host: &str) -> User {
    match actor {
        "kubelet" => User::new(
            &format!("system:node:{host}"),
            &["system:nodes", "system:authenticated"],
        ),
        "default-scheduler" => User::new("system:kube-scheduler", &["system:authenticated"]),
        "apiserver" => User::new(
            "system:apiserver",
            &["system:masters", "system:authenticated"],
        ),
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

/// The door for clients: parses path and query, then runs the pipeline. Every call is told to who watches.
pub fn handle(cluster: &mut Cluster, request: Request) -> Response {
    let (actor, verb, path) = (
        request.user.name.clone(),
        request.method.as_str(),
        request.path.clone(),
    );
    let response = match serve(cluster, request) {
        Ok(r) => r,
        Err(status) => Response::err(status),
    };
    let code = match &response {
        Response::Ok { code, .. } => *code,
        Response::Err { status, .. } => status.code,
        Response::Stream(_) => 101,
        Response::Text(_) | Response::Watch { .. } => 200,
    };
    let at = cluster.now;
    cluster.emit(Output::Call {
        at,
        actor,
        verb,
        path,
        code,
    });
    response
}

fn serve(cluster: &mut Cluster, request: Request) -> Result<Response, Status> {
    let mut request = request;
    request.user = rbac::authenticate(request.user);
    if let Some(answer) = crate::kubelet::metrics::serve(cluster, &request)? {
        return Ok(answer);
    }
    let route = match route::parse(cluster, &request)? {
        route::Route::Resource(r) => r,
        route::Route::Other => {
            let verb = request.method.as_str().to_lowercase();
            rbac::authorize_path(
                cluster,
                &request.user,
                &request.path,
                if verb == "post" { "create" } else { &verb },
            )?;
            return discovery::serve(cluster, &request);
        }
    };
    let verb = route.verb(&request);
    rbac::authorize(cluster, &request.user, &route, verb, &request)?;
    if matches!(verb, Verb::Get | Verb::List | Verb::Watch) {
        return read_only(cluster, &route, verb, &request);
    }
    if request.method == Method::Post
        && let Some(answer) = subresource::connect(cluster, &route, &request)?
    {
        return Ok(answer);
    }
    let mut warnings: Vec<String> = deprecation(route.kind).into_iter().collect();
    let body = match request.body {
        Body::None => None,
        Body::Value(ref v) => Some(v.clone()),
        // A patch is read by its own rules.
        Body::Text(_) if verb == Verb::Patch => None,
        Body::Text(ref t) => Some(decode::parse(t)?),
    };
    let mut options = route::options(&request)?;
    if matches!(verb, Verb::Delete | Verb::DeleteCollection) {
        route::delete_options(&mut options, body.as_ref())?;
    }
    let call = Call {
        who: Who::User(Rc::new(request.user.clone())),
        verb,
        kind: route.kind,
        namespace: Str::from(&route.namespace),
        name: Str::from(&route.name),
        subresource: Str::from(&route.subresource),
        options,
        body,
        cause: Rc::new(request.cause.clone()),
    };
    let call = match verb {
        Verb::Create | Verb::Update
            if call.subresource.is_empty() || call.subresource == "status" =>
        {
            decode::into_stored(cluster, call, &mut warnings)?
        }
        _ => Call {
            kind: route.stored(),
            ..call
        },
    };
    let done = match verb {
        Verb::Patch => patch::patch(cluster, call, &route, &request),
        Verb::DeleteCollection => delete::collection(cluster, call, &route, &request),
        _ => execute(cluster, call),
    };
    let done = match done {
        Ok(done) => done,
        Err(status) => return Ok(Response::Err { status, warnings }),
    };
    warnings.extend(done.warnings);
    let body = table::answer(cluster, &request, &route, &done.object);
    Ok(Response::Ok {
        code: done.code,
        body,
        warnings,
    })
}

/// get, list and watch, or what a subresource answers to them.
fn read_only(
    cluster: &mut Cluster,
    route: &route::Target,
    verb: Verb,
    request: &Request,
) -> Result<Response, Status> {
    if let Some(answer) = subresource::connect(cluster, route, request)? {
        return Ok(answer);
    }
    let answer = match verb {
        Verb::Watch => watch::watch(cluster, route, request),
        Verb::List => read::list(cluster, route, request),
        _ => read::get(cluster, route, request),
    };
    let told = deprecation(route.kind);
    Ok(match answer {
        Ok(Response::Ok {
            code,
            body,
            mut warnings,
        }) => {
            warnings.extend(told);
            Response::Ok {
                code,
                body,
                warnings,
            }
        }
        Ok(other) => other,
        Err(status) => Response::Err {
            status,
            warnings: told.into_iter().collect(),
        },
    })
}

/// What every request for a deprecated kind is told.
fn deprecation(kind: &kinds::Kind) -> Option<String> {
    (!kind.deprecated.is_empty()).then(|| kind.deprecated.to_string())
}

/// The pipeline for writes (and single reads), for clients and actors alike.
pub fn execute(cluster: &mut Cluster, call: Call) -> Result<Done, Status> {
    if call.verb == Verb::Create
        && let Some(answer) = reviews::answer(cluster, &call)
    {
        return answer;
    }
    match (call.verb, call.subresource.as_str()) {
        (Verb::Create, "") => create::create(cluster, call),
        (Verb::Update, "" | "status") => update::update(cluster, call),
        (Verb::Delete, "") => delete::delete(cluster, call),
        (Verb::Get, "") => call.stored(cluster).map(Done::ok),
        _ => subresource::write(cluster, call),
    }
}

/// Writes what the stages agreed on, and wakes those who watch.
pub(crate) fn commit(
    cluster: &mut Cluster,
    kind: &'static Kind,
    key: store::Key,
    new: Option<Object>,
    cause: Rc<Cause>,
) -> Object {
    let now = cluster.now;
    let change = cluster
        .store
        .commit(store::resource_of(kind), key, new, cause, now);
    let object = change.new.clone();
    create::forget_if_outdated(cluster, &change.resource);
    cluster.committed(change.clone());
    if change.resource == crd::RESOURCE {
        return definition_changed(cluster, &change);
    }
    if change.kind == WatchType::Deleted && crd::is_custom(cluster, kind) {
        crd::finish(cluster, &change.resource, &change.cause);
    }
    object
}

/// As [`commit`], under the object's own name.
pub(crate) fn commit_as_named(
    cluster: &mut Cluster,
    kind: &'static Kind,
    new: Object,
    cause: &Rc<Cause>,
) -> Object {
    let key = (
        str_of(new.at("metadata.namespace")),
        str_of(new.at("metadata.name")),
    );
    commit(cluster, kind, key, Some(new), cause.clone())
}

/// A CustomResourceDefinition is served, or its objects cleaned up, at once.
fn definition_changed(cluster: &mut Cluster, change: &store::Change) -> Object {
    if change.kind == WatchType::Deleted {
        crd::refresh(cluster);
        crd::establish_waiting(cluster, &change.cause);
    } else if change.new.is_deleting() {
        crd::clean_up(cluster, &change.new, &change.cause);
    } else {
        crd::establish(cluster, &change.new, &change.cause);
    }
    change.new.clone()
}

/// The text of a value as a shared string; "" where it is none.
pub(crate) fn str_of(v: &Value) -> Str {
    match v {
        Value::Str(s) => s.clone(),
        _ => Str::lit(""),
    }
}
