//! Objects that are only questions: access and token reviews, `whoami`. They are answered and never kept.
//! Upstream: `kubernetes:pkg/registry/authorization`, `pkg/registry/authentication`.

use super::rbac::{self, Attributes};
use super::{Call, Done};
use crate::Cluster;
use machinery::{Object, Status, User, Value, value};

type Answer = fn(&mut Cluster, &Call, &mut Value) -> Result<(), Status>;

/// (resource, how it is answered).
const REVIEWS: &[(&str, Answer)] = &[
    ("selfsubjectaccessreviews", self_access),
    ("subjectaccessreviews", access),
    ("localsubjectaccessreviews", access),
    ("selfsubjectrulesreviews", rules),
    ("selfsubjectreviews", whoami),
    ("tokenreviews", token),
];

/// Answers a question, if that is what the call is.
pub(crate) fn answer(cluster: &mut Cluster, call: &Call) -> Option<Result<Done, Status>> {
    let review = REVIEWS.iter().find(|r| r.0 == call.kind.plural)?;
    let mut warnings = Vec::new();
    let run = |cluster: &mut Cluster, warnings: &mut Vec<String>| {
        let mut v = super::decode::object(cluster, call, warnings)?;
        (call.kind.default)(&mut v);
        review.1(cluster, call, &mut v)?;
        v.set_default("metadata.creationTimestamp", Value::Null);
        Ok(Object(v))
    };
    Some(run(cluster, &mut warnings).map(|object| Done {
        object,
        code: 201,
        warnings,
    }))
}

fn attributes(v: &Value) -> Attributes {
    let text = |p: &str| v.text(p).to_string();
    if v.at("spec.nonResourceAttributes").is_null() {
        Attributes {
            verb: text("spec.resourceAttributes.verb"),
            group: text("spec.resourceAttributes.group"),
            resource: text("spec.resourceAttributes.resource"),
            subresource: text("spec.resourceAttributes.subresource"),
            name: text("spec.resourceAttributes.name"),
            namespace: text("spec.resourceAttributes.namespace"),
            fields: String::new(),
            path: None,
        }
    } else {
        Attributes {
            verb: text("spec.nonResourceAttributes.verb"),
            path: Some(text("spec.nonResourceAttributes.path")),
            ..Attributes::default()
        }
    }
}

fn judge(cluster: &Cluster, user: &User, v: &mut Value) {
    let d = rbac::decide(&cluster.store, user, &attributes(v));
    let mut status = value!({ "allowed": d.allowed });
    if !d.reason.is_empty() {
        status.set("reason", d.reason);
    }
    v.set("status", status);
}

fn self_access(cluster: &mut Cluster, call: &Call, v: &mut Value) -> Result<(), Status> {
    let user = call.who.user();
    judge(cluster, &user, v);
    Ok(())
}

fn access(cluster: &mut Cluster, _: &Call, v: &mut Value) -> Result<(), Status> {
    let groups: Vec<&str> = v
        .at("spec.groups")
        .items()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let user = User::new(v.text("spec.user"), &groups);
    judge(cluster, &user, v);
    Ok(())
}

/// All that the user may do in a namespace, rule by rule.
fn rules(cluster: &mut Cluster, call: &Call, v: &mut Value) -> Result<(), Status> {
    let user = call.who.user();
    let (mut resource, mut other) = (Vec::new(), Vec::new());
    if user.groups.iter().any(|g| g == "system:masters") {
        resource.push(value!({ "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"] }));
        other.push(value!({ "verbs": ["*"], "nonResourceURLs": ["*"] }));
    }
    let namespace = v.text("spec.namespace").to_string();
    rbac::visit(&cluster.store, &user, &namespace, &mut |_, _, role| {
        for r in role.map_or(&[][..], |r| r.get("rules").items()) {
            if !r.get("resources").items().is_empty() {
                resource.push(r.clone());
            }
            if !r.get("nonResourceURLs").items().is_empty() {
                other.push(value!({ "verbs": r.get("verbs").clone(), "nonResourceURLs": r.get("nonResourceURLs").clone() }));
            }
        }
        true
    });
    v.set("status", value!({ "incomplete": false, "resourceRules": Value::from(resource), "nonResourceRules": Value::from(other) }));
    Ok(())
}

fn whoami(_: &mut Cluster, call: &Call, v: &mut Value) -> Result<(), Status> {
    let user = call.who.user();
    let groups: Vec<Value> = user.groups.iter().map(Value::from).collect();
    v.set(
        "status",
        value!({ "userInfo": { "username": &user.name, "groups": Value::from(groups) } }),
    );
    Ok(())
}

fn token(cluster: &mut Cluster, _: &Call, v: &mut Value) -> Result<(), Status> {
    let known = super::authenticate::token_user(cluster, v.text("spec.token"));
    let status = match known {
        Ok(user) => {
            let groups: Vec<Value> = user.groups.iter().map(|g| Value::str(g)).collect();
            value!({
                "authenticated": true, "user": { "username": Value::str(&user.name), "groups": Value::from(groups) },
                "audiences": ["https://kubernetes.default.svc.cluster.local"],
            })
        }
        Err(_) => value!({ "user": {}, "error": "invalid bearer token" }),
    };
    v.set("status", status);
    Ok(())
}
