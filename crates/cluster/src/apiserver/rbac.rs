//! Authorisation: may this user do this? Upstream: `kubernetes:plugin/pkg/auth/authorizer/rbac/rbac.go`,
//! `apiserver:pkg/endpoints/handlers/responsewriters/errors.go` (Forbidden). Kubelets are components, and
//! components may do what our own code does; whoever else says to be a node is looked at by [`node_authorizer`].

use super::route::Target;
use super::{Verb, node_authorizer};
use crate::Cluster;
use crate::store::Store;
use machinery::{Object, Request, Status, User, Value};

/// What is asked: a verb on a resource, or on a path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes {
    pub verb: String,
    pub group: String,
    pub resource: String,
    pub subresource: String,
    pub name: String,
    pub namespace: String,
    /// The field selector of a list or watch.
    pub fields: String,
    /// Set for non-resource requests.
    pub path: Option<String>,
}

/// Yes with the reason, or no with what went wrong on the way (a missing role).
pub(crate) struct Decision {
    pub allowed: bool,
    pub reason: String,
}

const GROUP: &str = "rbac.authorization.k8s.io";

/// Who asks, with the groups that follow from the name.
pub(crate) fn authenticate(mut user: User) -> User {
    let mut add = |g: String| {
        if !user.groups.contains(&g) {
            user.groups.push(g);
        }
    };
    let account = user
        .name
        .strip_prefix("system:serviceaccount:")
        .and_then(|r| r.split_once(':'));
    if let Some((ns, _)) = account {
        let ns = format!("system:serviceaccounts:{ns}");
        add("system:serviceaccounts".into());
        add(ns);
    }
    if user.name != "system:anonymous" {
        add("system:authenticated".into());
    }
    user
}

pub(crate) fn decide(store: &Store, user: &User, a: &Attributes) -> Decision {
    if user.groups.iter().any(|g| g == "system:masters") {
        return Decision {
            allowed: true,
            reason: String::new(),
        };
    }
    let mut missing: Vec<String> = Vec::new();
    let mut unrelated = String::new();
    if a.path.is_none()
        && let Some(node) = node_authorizer::node_of(user)
    {
        match node_authorizer::decide(store, node, a) {
            Ok(()) => {
                return Decision {
                    allowed: true,
                    reason: String::new(),
                };
            }
            Err(why) => unrelated = why,
        }
    }
    let mut allowed: Option<String> = None;
    visit(store, user, &a.namespace, &mut |binding, subject, role| {
        let Some(role) = role else {
            let (kind, name) = (
                binding.text("roleRef.kind").to_lowercase(),
                binding.text("roleRef.name"),
            );
            let text = format!("{kind}.{GROUP} {name:?} not found");
            if !missing.contains(&text) {
                missing.push(text);
            }
            return true;
        };
        if !role.get("rules").items().iter().any(|r| covers(r, a)) {
            return true;
        }
        let name = match binding.namespace() {
            "" => binding.name().to_string(),
            ns => format!("{}/{ns}", binding.name()),
        };
        let who = match subject.text("kind") {
            "ServiceAccount" => format!(
                "ServiceAccount \"{}/{}\"",
                subject.text("name"),
                subject.text("namespace")
            ),
            kind => format!("{kind} {:?}", subject.text("name")),
        };
        allowed = Some(format!(
            "RBAC: allowed by {} {name:?} of {} {:?} to {who}",
            binding.kind(),
            role.kind(),
            role.name()
        ));
        false
    });
    match allowed {
        Some(reason) => Decision {
            allowed: true,
            reason,
        },
        None => {
            let reason = match missing.len() {
                0 => unrelated,
                1 => format!("RBAC: {}", missing.remove(0)),
                _ => format!("RBAC: [{}]", missing.join(", ")),
            };
            Decision {
                allowed: false,
                reason,
            }
        }
    }
}

/// What [`visit`] calls for each binding that names the user: (binding, subject, role if it exists) → go on.
type Visitor<'a> = dyn FnMut(&Object, &Value, Option<&Object>) -> bool + 'a;

/// Goes through the bindings that name the user: the cluster's, then those of the namespace.
pub(crate) fn visit(store: &Store, user: &User, namespace: &str, see: &mut Visitor) {
    let clusterwide = store.list("clusterrolebindings.rbac.authorization.k8s.io", None);
    let own: Box<dyn Iterator<Item = &Object>> = if namespace.is_empty() {
        Box::new(std::iter::empty())
    } else {
        store.list("rolebindings.rbac.authorization.k8s.io", Some(namespace))
    };
    for binding in clusterwide.chain(own) {
        let Some(subject) = binding
            .get("subjects")
            .items()
            .iter()
            .find(|s| is_subject(user, s, binding))
        else {
            continue;
        };
        let name = binding.text("roleRef.name");
        let role = match binding.text("roleRef.kind") {
            "Role" => store.get("roles.rbac.authorization.k8s.io", binding.namespace(), name),
            _ => store.get("clusterroles.rbac.authorization.k8s.io", "", name),
        };
        if !see(binding, subject, role) {
            return;
        }
    }
}

fn is_subject(user: &User, s: &Value, binding: &Object) -> bool {
    let name = s.text("name");
    match s.text("kind") {
        "User" => name == user.name,
        "Group" => user.groups.iter().any(|g| g == name),
        "ServiceAccount" => {
            let ns = match s.text("namespace") {
                "" => binding.namespace(),
                ns => ns,
            };
            user.name.strip_prefix("system:serviceaccount:") == Some(&format!("{ns}:{name}"))
        }
        _ => false,
    }
}

fn has(rule: &Value, key: &str, wanted: &str) -> bool {
    rule.get(key)
        .items()
        .iter()
        .any(|v| v.as_str() == Some("*") || v.as_str() == Some(wanted))
}

/// Whether one rule allows what is asked.
pub(crate) fn covers(rule: &Value, a: &Attributes) -> bool {
    if !has(rule, "verbs", &a.verb) {
        return false;
    }
    if let Some(path) = &a.path {
        let fits = |p: &str| {
            p == "*"
                || p == path
                || p.strip_suffix('*')
                    .is_some_and(|start| path.starts_with(start))
        };
        return rule
            .get("nonResourceURLs")
            .items()
            .iter()
            .filter_map(Value::as_str)
            .any(fits);
    }
    let names = rule.get("resourceNames").items();
    has(rule, "apiGroups", &a.group)
        && has_resource(rule, a)
        && (names.is_empty() || names.iter().any(|n| n.as_str() == Some(&a.name)))
}

fn has_resource(rule: &Value, a: &Attributes) -> bool {
    let full = if a.subresource.is_empty() {
        a.resource.clone()
    } else {
        format!("{}/{}", a.resource, a.subresource)
    };
    rule.get("resources")
        .items()
        .iter()
        .filter_map(Value::as_str)
        .any(|r| {
            r == "*"
                || r == full
                || (!a.subresource.is_empty() && r.strip_prefix("*/") == Some(&a.subresource))
        })
}

/// The stage: refuses in upstream's words.
pub(crate) fn authorize(
    cluster: &Cluster,
    user: &User,
    route: &Target,
    verb: Verb,
    request: &Request,
) -> Result<(), Status> {
    let kind = route.kind;
    let a = Attributes {
        verb: verb.as_str().into(),
        group: kind.group.into(),
        resource: kind.plural.into(),
        subresource: route.subresource.clone(),
        name: route.name.clone(),
        namespace: if kind.namespaced {
            route.namespace.clone()
        } else {
            namespace_itself(route)
        },
        fields: request.param("fieldSelector").unwrap_or("").into(),
        path: None,
    };
    let d = decide(&cluster.store, user, &a);
    if d.allowed {
        return Ok(());
    }
    let shown = if a.subresource.is_empty() {
        a.resource.clone()
    } else {
        format!("{}/{}", a.resource, a.subresource)
    };
    let place = if a.namespace.is_empty() {
        "at the cluster scope".to_string()
    } else {
        format!("in the namespace {:?}", a.namespace)
    };
    let mut why = format!(
        "User {:?} cannot {} resource {shown:?} in API group {:?} {place}",
        user.name, a.verb, a.group
    );
    if !d.reason.is_empty() {
        why = format!("{why}: {}", d.reason);
    }
    Err(Status::forbidden(
        kind.group,
        kind.plural,
        &route.name,
        &why,
    ))
}

/// A request for a namespace object counts as one in that namespace.
fn namespace_itself(route: &Target) -> String {
    if route.kind.plural == "namespaces" && route.kind.group.is_empty() {
        route.name.clone()
    } else {
        String::new()
    }
}

pub(crate) fn authorize_path(
    cluster: &Cluster,
    user: &User,
    path: &str,
    verb: &str,
) -> Result<(), Status> {
    let a = Attributes {
        verb: verb.into(),
        path: Some(path.into()),
        ..Attributes::default()
    };
    if decide(&cluster.store, user, &a).allowed {
        return Ok(());
    }
    Err(Status::new(
        403,
        "Forbidden",
        format!(
            "forbidden: User {:?} cannot {verb} path {path:?}",
            user.name
        ),
    ))
}
