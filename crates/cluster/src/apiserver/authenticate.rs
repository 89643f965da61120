//! Who stands behind the credentials of an HTTP request: bearer tokens of service accounts, and impersonation. Programs
//! of the learner's machine name their user themselves ([`machinery::Request::user`]); only real clients come through here.
//! Upstream: `kubernetes:pkg/serviceaccount`, `apiserver:pkg/endpoints/filters/impersonation.go`.

use super::rbac::{self, Attributes};
use super::subresource;
use crate::Cluster;
use machinery::{Status, User};

/// The user of a bearer token: a service account whose token it is, and that still exists.
pub fn token_user(cluster: &Cluster, token: &str) -> Result<User, Status> {
    let refused = || Status::new(401, "Unauthorized", "Unauthorized");
    let claims = subresource::token_claims(cluster, token).ok_or_else(refused)?;
    let account = claims.get("kubernetes.io");
    let (namespace, name) = (
        account.text("namespace"),
        account.text("serviceaccount.name"),
    );
    let found = cluster.store.get("serviceaccounts", namespace, name);
    let is_same = found.is_some_and(|o| o.uid() == account.text("serviceaccount.uid"));
    if !is_same || claims.int("exp") * 1000 <= cluster.now {
        return Err(refused());
    }
    Ok(rbac::authenticate(User::new(claims.text("sub"), &[])))
}

/// `user` acts as `wanted`, if it may: each name and group is asked for by itself.
pub fn impersonate(cluster: &Cluster, user: &User, wanted: User) -> Result<User, Status> {
    let account = wanted
        .name
        .strip_prefix("system:serviceaccount:")
        .and_then(|r| r.split_once(':'));
    let who = match account {
        Some((namespace, name)) => ("serviceaccounts", namespace, name),
        None => ("users", "", wanted.name.as_str()),
    };
    let groups = wanted.groups.iter().map(|g| ("groups", "", g.as_str()));
    for (resource, namespace, name) in std::iter::once(who).chain(groups) {
        let a = Attributes {
            verb: "impersonate".into(),
            resource: resource.into(),
            namespace: namespace.into(),
            name: name.into(),
            ..Attributes::default()
        };
        if !rbac::decide(&cluster.store, &rbac::authenticate(user.clone()), &a).allowed {
            let place = match namespace {
                "" => "at the cluster scope".to_string(),
                ns => format!("in the namespace {ns:?}"),
            };
            let why = format!(
                "User {:?} cannot impersonate resource {resource:?} in API group \"\" {place}",
                user.name
            );
            return Err(Status::forbidden("", resource, name, &why));
        }
    }
    Ok(wanted)
}
