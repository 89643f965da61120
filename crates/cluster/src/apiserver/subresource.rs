//! Subresources that speak a kind of their own: scale, binding, eviction, token, finalize; and those that the kubelet
//! serves: log, exec, attach, portforward. Each is one line of [`WRITES`].

use super::route::Target;
use super::{Call, Done, Verb, Who, commit, delete, meta, update};
use crate::Cluster;
use crate::kubelet;
use crate::rng::Rng;
use machinery::{Errors, Object, Path, Request, Response, Status, Str, Value, labels, time, value};
use std::collections::BTreeMap;

/// Subresources of a pod that its node's kubelet serves.
const CONNECT: &[&str] = &["log", "exec", "attach", "portforward"];

type Write = fn(&mut Cluster, Call) -> Result<Done, Status>;

/// (resource, "" for any; subresource; verb; what does it).
const WRITES: &[(&str, &str, Verb, Write)] = &[
    ("pods", "binding", Verb::Create, bind),
    ("pods", "eviction", Verb::Create, super::eviction::evict),
    (
        "pods",
        "ephemeralcontainers",
        Verb::Update,
        ephemeral_containers,
    ),
    ("pods", "resize", Verb::Update, resize),
    ("namespaces", "finalize", Verb::Update, finalize),
    ("serviceaccounts", "token", Verb::Create, token),
    (
        "certificatesigningrequests",
        "approval",
        Verb::Update,
        as_status,
    ),
    ("", "scale", Verb::Update, scale),
];

/// Proxies to the kubelet where the subresource is one of its own.
pub(crate) fn connect(
    cluster: &mut Cluster,
    route: &Target,
    request: &Request,
) -> Result<Option<Response>, Status> {
    if !CONNECT.contains(&route.subresource.as_str()) || route.kind.plural != "pods" {
        return Ok(None);
    }
    let pod = cluster
        .store
        .get("pods", &route.namespace, &route.name)
        .cloned();
    let pod = pod.ok_or_else(|| Status::not_found("", "pods", &route.name))?;
    Ok(Some(kubelet::connect(
        cluster,
        &pod,
        &route.subresource,
        request,
    )))
}

/// What a read of the subresource shows of the object.
pub(crate) fn read(route: &Target, o: Object) -> Result<Object, Status> {
    let known = route
        .kind
        .subresources
        .iter()
        .any(|s| s.name == route.subresource);
    match route.subresource.as_str() {
        "" => Ok(o),
        "status" | "ephemeralcontainers" | "resize" | "approval" if known => Ok(o),
        "scale" => scale_of(route.kind, &o).ok_or_else(Status::no_resource),
        "proxy" => Err(Status::internal(
            "bottleship does not simulate the API server's proxy",
        )),
        _ => Err(Status::no_resource()),
    }
}

/// Writes through a subresource.
pub(crate) fn write(cluster: &mut Cluster, call: Call) -> Result<Done, Status> {
    let fits = |w: &&(&str, &str, Verb, Write)| {
        (w.0.is_empty() || w.0 == call.kind.plural)
            && w.1 == call.subresource.as_str()
            && w.2 == call.verb
    };
    match WRITES.iter().find(fits) {
        Some(w) => w.3(cluster, call),
        None => Err(Status::no_resource()),
    }
}

fn body(call: &Call) -> Value {
    call.body.clone().unwrap_or_default()
}

/// What binding made of pods lately: those of one template that go to one node, or are bound within one second, share it.
#[derive(Clone, Default)]
pub(crate) struct Bound {
    /// Conditions before, second, generation; and what they became.
    conditions: Option<(Value, i64, i64, Value)>,
    /// The spec before, and by node what it became.
    spec: Value,
    specs: BTreeMap<Str, Value>,
}

impl Bound {
    fn conditions(&mut self, pod: &Object, now: time::Millis) -> Value {
        let old = pod.at("status.conditions");
        let (second, generation) = (now.div_euclid(1000), pod.generation());
        if let Some((o, s, g, new)) = &self.conditions
            && (o.same(old), *s, *g) == (true, second, generation)
        {
            return new.clone();
        }
        let mut new = old.clone();
        let list = new.list_mut();
        list.retain(|c| c.text("type") != "PodScheduled");
        list.push(value!({
            "type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": time::rfc3339(now),
            "observedGeneration": generation,
        }));
        self.conditions = Some((old.clone(), second, generation, new.clone()));
        new
    }
    fn spec(&mut self, pod: &Object, node: Str) -> Value {
        if !self.spec.same(pod.spec()) {
            self.spec = pod.spec().clone();
            self.specs.clear();
        }
        if let Some(known) = self.specs.get(&node) {
            return known.clone();
        }
        let mut spec = pod.spec().clone();
        *spec.field("nodeName") = Value::Str(node.clone());
        self.specs.insert(node, spec.clone());
        spec
    }
}

/// The scheduler's verdict becomes the pod's node. Upstream: `kubernetes:pkg/registry/core/pod/storage`.
fn bind(cluster: &mut Cluster, call: Call) -> Result<Done, Status> {
    let old = call.stored(cluster)?;
    let node = call
        .body
        .as_ref()
        .map_or(Str::lit(""), |b| super::str_of(b.at("target.name")));
    let conflict = |why: String| Err(Status::conflict("", "pods/binding", &call.name, &why));
    if old.is_deleting() {
        return conflict(format!(
            "pod {} is being deleted, cannot be assigned to a host",
            call.name
        ));
    }
    let has = old.text("spec.nodeName");
    if !has.is_empty() {
        return conflict(format!(
            "pod {} is already assigned to node {has:?}",
            call.name
        ));
    }
    if node.is_empty() {
        let mut errors = Errors::default();
        errors.required(&Path::root("target").child("name"), "");
        return Err(Status::invalid("", "Binding", &call.name, &errors));
    }
    let conditions = cluster.api.bound.conditions(&old, cluster.now);
    let new = old.edit(|v| {
        *v.field("spec") = cluster.api.bound.spec(&old, node);
        let status = v.field("status");
        *status.field("conditions") = conditions;
        if status.has("nominatedNodeName") {
            status.map_mut().remove("nominatedNodeName");
        }
    });
    if !call.options.dry_run {
        let _ = commit(cluster, call.kind, call.key(), Some(new), call.cause);
    }
    Ok(Done::created(success(201)))
}

/// `Status` of success.
pub(crate) fn success(code: i64) -> Object {
    Object(
        value!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": code }),
    )
}

/// The namespace controller takes the finalizer out of the spec; without finalizers the namespace is gone.
fn finalize(cluster: &mut Cluster, call: Call) -> Result<Done, Status> {
    let old = call.stored(cluster)?;
    let wanted = body(&call).at("spec.finalizers").clone();
    let new = old.edit(|v| {
        if wanted.is_empty() {
            v.remove("spec.finalizers");
        } else {
            v.set("spec.finalizers", wanted);
        }
    });
    if new == old {
        return Ok(Done::ok(old));
    }
    let next = if delete::is_due(call.kind, &new) {
        None
    } else {
        Some(new)
    };
    Ok(Done::ok(commit(
        cluster,
        call.kind,
        call.key(),
        next,
        call.cause,
    )))
}

/// A pod's spec changes by its ephemeral containers alone.
fn ephemeral_containers(cluster: &mut Cluster, call: Call) -> Result<Done, Status> {
    let old = call.stored(cluster)?;
    let sent = body(&call);
    let new = old.edit(|v| {
        v.set(
            "spec.ephemeralContainers",
            sent.at("spec.ephemeralContainers").clone(),
        );
        (call.kind.default)(v);
    });
    replace(cluster, call, new, old, kinds::pod_update::update_ephemeral)
}

/// A pod's containers change by their resources alone.
fn resize(cluster: &mut Cluster, call: Call) -> Result<Done, Status> {
    let old = call.stored(cluster)?;
    let sent = body(&call);
    let new = old.edit(|v| {
        super::admission::each(v, "spec.containers", |c| {
            let name = c.text("name").to_string();
            let wanted = sent
                .at("spec.containers")
                .items()
                .iter()
                .find(|s| s.text("name") == name);
            if let Some(w) = wanted {
                c.set("resources", w.get("resources").clone());
            }
        });
        (call.kind.default)(v);
    });
    replace(cluster, call, new, old, kinds::pod_update::update_resize)
}

/// Validates and commits what a subresource made of the object.
fn replace(
    cluster: &mut Cluster,
    call: Call,
    new: Object,
    old: Object,
    allowed: fn(&Object, &Object, &mut Errors),
) -> Result<Done, Status> {
    let kind = call.kind;
    let mut v = new.0;
    if v == old.0 {
        return Ok(Done::ok(old));
    }
    meta::bump_generation(kind, &mut v, &old);
    let new = Object(v);
    let mut errors = Errors::default();
    (kind.validate)(&new, &mut errors);
    allowed(&new, &old, &mut errors);
    if !errors.is_empty() {
        return Err(Status::invalid(kind.group, kind.kind, new.name(), &errors));
    }
    if call.options.dry_run {
        return Ok(Done::ok(new));
    }
    Ok(Done::ok(commit(
        cluster,
        kind,
        call.key(),
        Some(new),
        call.cause,
    )))
}

fn as_status(cluster: &mut Cluster, mut call: Call) -> Result<Done, Status> {
    call.subresource = Str::lit("status");
    update::update(cluster, call)
}

/// `autoscaling/v1 Scale` of an object that has one.
pub(crate) fn scale_of(kind: &kinds::Kind, o: &Object) -> Option<Object> {
    let paths = kind.scale?;
    let mut status = value!({ "replicas": o.int(paths.status) });
    if !paths.selector.is_empty() {
        let text = selector_text(o.at(paths.selector));
        if !text.is_empty() {
            status.set("selector", text);
        }
    }
    let mut metadata = value!({
        "name": Value::str(o.name()), "uid": Value::str(o.uid()), "resourceVersion": o.at("metadata.resourceVersion").clone(),
        "creationTimestamp": o.at("metadata.creationTimestamp").clone(),
    });
    if !o.namespace().is_empty() {
        metadata.set("namespace", Value::str(o.namespace()));
    }
    Some(Object(value!({
        "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": { "replicas": o.int(paths.spec) },
        "status": status,
    })))
}

/// A selector as text: a plain map of labels, or a LabelSelector.
fn selector_text(s: &Value) -> String {
    match s.as_str() {
        Some(text) => text.to_string(),
        None if s.has("matchLabels") || s.has("matchExpressions") => labels::text(s),
        None => labels::pairs(s),
    }
}

/// Sets the wanted count through the Scale.
fn scale(cluster: &mut Cluster, call: Call) -> Result<Done, Status> {
    let kind = call.kind;
    let Some(paths) = kind.scale else {
        return Err(Status::no_resource());
    };
    let old = call.stored(cluster)?;
    let sent = body(&call);
    let version = sent.text("metadata.resourceVersion");
    if !version.is_empty() && version != old.text("metadata.resourceVersion") {
        return Err(Status::modified(kind.group, kind.plural, &call.name));
    }
    let wanted = sent.int("spec.replicas");
    if wanted < 0 {
        let mut errors = Errors::default();
        errors.invalid(
            &Path::root("spec").child("replicas"),
            wanted,
            "must be greater than or equal to 0",
        );
        return Err(Status::invalid("autoscaling", "Scale", &call.name, &errors));
    }
    let mut v = old.0.clone();
    v.set(paths.spec, wanted);
    let mut whole = call;
    whole.subresource = Str::lit("");
    let done = update::write(cluster, whole, v, old, Vec::new())?;
    let object = scale_of(kind, &done.object).unwrap_or_default();
    Ok(Done { object, ..done })
}

/// A token's text with its signature: of a real one's length, and nothing but this cluster's seed makes it.
fn signed(cluster: &Cluster, text: String) -> String {
    let mut key = Rng::new(cluster.world.seed).fork("tokens").fork(&text);
    let signature: Vec<u8> = (0..32).flat_map(|_| key.next_u64().to_be_bytes()).collect();
    format!("{text}.{}", codec::encode_base64url(&signature))
}

/// The token that a pod finds in its files: its service account's, for a year, as the real ones are.
pub(crate) fn pod_token(cluster: &Cluster, pod: &Object) -> Option<String> {
    let (ns, name) = (pod.namespace(), pod.text("spec.serviceAccountName"));
    let account = cluster.store.get("serviceaccounts", ns, name)?;
    let now = pod.created() / 1000;
    let issuer = "https://kubernetes.default.svc.cluster.local";
    let claims = value!({
        "aud": [issuer], "exp": now + 31_536_000, "iat": now, "iss": issuer, "jti": Value::str(pod.uid()), "nbf": now,
        "kubernetes.io": {
            "namespace": Value::str(ns),
            "pod": { "name": Value::str(pod.name()), "uid": Value::str(pod.uid()) },
            "serviceaccount": { "name": Value::str(name), "uid": Value::str(account.uid()) },
        },
        "sub": format!("system:serviceaccount:{ns}:{name}"),
    });
    let head = value!({ "alg": "RS256", "kid": "bottleship" });
    let part = |v: &Value| codec::encode_base64url(machinery::json::print(v).as_bytes());
    Some(signed(
        cluster,
        format!("{}.{}", part(&head), part(&claims)),
    ))
}

/// What a token of this cluster says; None for any other.
pub(crate) fn token_claims(cluster: &Cluster, token: &str) -> Option<Value> {
    let (text, _) = token.rsplit_once('.')?;
    if signed(cluster, text.to_string()) != token {
        return None;
    }
    let claims = codec::decode_base64url(text.split_once('.')?.1)?;
    machinery::json::parse(std::str::from_utf8(&claims).ok()?).ok()
}

/// A token for a service account, shaped as the real ones.
fn token(cluster: &mut Cluster, call: Call) -> Result<Done, Status> {
    let account = call.stored(cluster)?;
    let mut warnings = Vec::new();
    let mut v = match &call.who {
        Who::Component(..) => body(&call),
        Who::User(_) => body(&call),
    };
    let seconds = v.at("spec.expirationSeconds").as_i64().unwrap_or(3600);
    if seconds < 600 {
        let mut errors = Errors::default();
        errors.invalid(
            &Path::root("spec").child("expirationSeconds"),
            seconds,
            "may not specify a duration less than 10 minutes",
        );
        return Err(Status::invalid(
            "authentication.k8s.io",
            "TokenRequest",
            "",
            &errors,
        ));
    }
    const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
    let audiences = match v.at("spec.audiences").items() {
        [] => Value::from(vec![Value::from(ISSUER)]),
        some => Value::from(some.to_vec()),
    };
    let now = cluster.now / 1000;
    let claims = value!({
        "aud": audiences.clone(), "exp": now + seconds, "iat": now, "iss": ISSUER, "jti": cluster.uids.uuid(), "nbf": now,
        "kubernetes.io": {
            "namespace": Value::str(account.namespace()),
            "serviceaccount": { "name": Value::str(account.name()), "uid": Value::str(account.uid()) },
        },
        "sub": format!("system:serviceaccount:{}:{}", account.namespace(), account.name()),
    });
    let head = value!({ "alg": "RS256", "kid": "bottleship" });
    let part = |v: &Value| codec::encode_base64url(machinery::json::print(v).as_bytes());
    let text = signed(cluster, format!("{}.{}", part(&head), part(&claims)));
    v.set("apiVersion", "authentication.k8s.io/v1");
    v.set("kind", "TokenRequest");
    v.set("metadata", value!({ "name": Value::str(account.name()), "namespace": Value::str(account.namespace()), "creationTimestamp": time::rfc3339(cluster.now) }));
    v.set("spec.audiences", audiences);
    v.set("spec.expirationSeconds", seconds);
    v.set(
        "status",
        value!({ "token": text, "expirationTimestamp": time::rfc3339((now + seconds) * 1000) }),
    );
    warnings.clear();
    Ok(Done {
        object: Object(v),
        code: 201,
        warnings,
    })
}
