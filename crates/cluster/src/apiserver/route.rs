//! From path and query to what is asked: `/apis/apps/v1/namespaces/default/deployments/web/scale?dryRun=All`.
//! Upstream: `apiserver:pkg/endpoints/request/requestinfo.go`.

use super::{Options, Validation, Verb};
use crate::Cluster;
use kinds::Kind;
use machinery::{Method, Object, Request, Status, Str, Value};

/// Where a path leads.
pub(crate) enum Route {
    Resource(Target),
    /// Discovery, health, version, OpenAPI.
    Other,
}

/// A resource, one object of it, or a subresource of that.
pub(crate) struct Target {
    pub kind: &'static Kind,
    pub namespace: String,
    /// "" for the collection.
    pub name: String,
    pub subresource: String,
}

impl Target {
    pub fn verb(&self, request: &Request) -> Verb {
        match request.method {
            Method::Get if is_true(request.param("watch")) => Verb::Watch,
            Method::Get if self.name.is_empty() => Verb::List,
            Method::Get => Verb::Get,
            Method::Post => Verb::Create,
            Method::Put => Verb::Update,
            Method::Patch => Verb::Patch,
            Method::Delete if self.name.is_empty() => Verb::DeleteCollection,
            Method::Delete => Verb::Delete,
        }
    }
    /// The kind as which objects are kept: another version of the one asked for, or that itself.
    pub fn stored(&self) -> &'static Kind {
        self.kind.stored_as.map_or(self.kind, |s| s.kind)
    }
    /// A kept object in the version that was asked for.
    pub fn show(&self, o: Object) -> Object {
        match self.kind.stored_as {
            Some(s) if o.kind() == s.kind.kind => o.edit(s.from_stored),
            // A custom kind is kept in one version, and differs in others by that word alone.
            None if o.kind() == self.kind.kind && o.api_version() != self.kind.api_version() => {
                o.edit(|v| v.set("apiVersion", self.kind.api_version()))
            }
            _ => o,
        }
    }
    /// What stands for the namespace in a listing: all of them, or one.
    pub fn scope(&self) -> Option<&str> {
        (self.kind.namespaced && !self.namespace.is_empty()).then_some(self.namespace.as_str())
    }
}

pub(crate) fn is_true(v: Option<&str>) -> bool {
    matches!(v, Some("true" | "1" | "True" | "TRUE" | "t" | "T"))
}

pub(crate) fn parse(cluster: &Cluster, request: &Request) -> Result<Route, Status> {
    let path = request.path.trim_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
        _ => return Ok(Route::Other),
    };
    let (namespace, rest) = match rest {
        ["namespaces", ns, resource, more @ ..]
            if !(group.is_empty() && matches!(*resource, "status" | "finalize")) =>
        {
            let mut v = vec![*resource];
            v.extend(more);
            (ns.to_string(), v)
        }
        other => (String::new(), other.to_vec()),
    };
    let Some((plural, after)) = rest.split_first() else {
        return Ok(Route::Other);
    };
    let kind = kind_of(cluster, group, version, plural).ok_or_else(Status::no_resource)?;
    if !kind.namespaced && !namespace.is_empty() {
        return Err(Status::no_resource());
    }
    let text = |i: usize| after.get(i).map_or(String::new(), |s| codec::unpercent(s));
    Ok(Route::Resource(Target {
        kind,
        namespace,
        name: text(0),
        subresource: text(1),
    }))
}

/// The kind behind a resource: a built-in one, or one that a CustomResourceDefinition made.
pub(crate) fn kind_of(
    cluster: &Cluster,
    group: &str,
    version: &str,
    plural: &str,
) -> Option<&'static Kind> {
    kinds::of_resource(group, version, plural)
        .or_else(|| super::crd::kind_of(cluster, group, version, plural))
}

/// The query parameters of a write.
pub(crate) fn options(request: &Request) -> Result<Options, Status> {
    let mut o = Options {
        field_manager: Str::from(request.param("fieldManager").unwrap_or("")),
        force: is_true(request.param("force")),
        ..Options::default()
    };
    match request.param("dryRun") {
        None | Some("") => {}
        Some("All") => o.dry_run = true,
        Some(other) => {
            return Err(Status::bad_request(format!(
                "dryRun: Unsupported value: {other:?}: supported values: \"All\""
            )));
        }
    }
    o.validation = match request.param("fieldValidation") {
        None | Some("" | "Warn") => Validation::Warn,
        Some("Ignore") => Validation::Ignore,
        Some("Strict") => Validation::Strict,
        Some(other) => {
            return Err(Status::bad_request(format!(
                "fieldValidation: Unsupported value: {other:?}: supported values: \"Ignore\", \"Strict\", \"Warn\""
            )));
        }
    };
    if let Some(s) = request.param("gracePeriodSeconds") {
        o.grace_period_s = s.parse().ok();
    }
    if let Some(p) = request.param("propagationPolicy") {
        o.propagation = Str::from(p);
    }
    if is_true(request.param("orphanDependents")) {
        o.propagation = Str::lit("Orphan");
    }
    Ok(o)
}

/// What a DELETE's body adds to the query.
pub(crate) fn delete_options(o: &mut Options, body: Option<&Value>) -> Result<(), Status> {
    let Some(body) = body else { return Ok(()) };
    if let Some(s) = body.at("gracePeriodSeconds").as_i64() {
        o.grace_period_s = Some(s);
    }
    if let Some(p) = body.at("propagationPolicy").as_str() {
        o.propagation = Str::from(p);
    }
    if body.flag("orphanDependents") {
        o.propagation = Str::lit("Orphan");
    }
    if body
        .at("dryRun")
        .items()
        .iter()
        .any(|d| d.as_str() == Some("All"))
    {
        o.dry_run = true;
    }
    let text = |p: &str| body.at(p).as_str().map(str::to_string);
    o.precondition_uid = text("preconditions.uid");
    o.precondition_version = text("preconditions.resourceVersion");
    match o.propagation.as_str() {
        "" | "Background" | "Foreground" | "Orphan" => Ok(()),
        other => Err(Status::bad_request(format!(
            "invalid propagationPolicy: Unsupported value: {other:?}: supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\""
        ))),
    }
}
