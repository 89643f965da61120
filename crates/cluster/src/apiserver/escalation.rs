//! Nobody grants what they do not have: roles and bindings are written only by those who hold all their rules, or may
//! `escalate` or `bind`. Upstream: `kubernetes:pkg/registry/rbac/*/policybased/storage.go`,
//! `pkg/registry/rbac/validation`, `k8s.io/component-helpers/auth/rbac/validation`.

use super::Call;
use super::rbac::{self, Attributes};
use crate::Cluster;
use machinery::{NULL, Status, User, Value, value};

const GROUP: &str = "rbac.authorization.k8s.io";

/// The check of a create (`old` null) or update of a role or binding.
pub(crate) fn check(
    cluster: &Cluster,
    call: &Call,
    new: &Value,
    old: &Value,
) -> Result<(), Status> {
    if call.kind.group != GROUP || call.who.is_component() {
        return Ok(());
    }
    let user = call.who.user();
    if user.groups.iter().any(|g| g == "system:masters") {
        return Ok(());
    }
    let name = new.text("metadata.name");
    let binding = call.kind.plural.ends_with("bindings");
    let (verb, resource, about) = match (binding, new.text("roleRef.kind")) {
        (false, _) => ("escalate", call.kind.plural, name),
        (true, "Role") => ("bind", "roles", new.text("roleRef.name")),
        (true, _) => ("bind", "clusterroles", new.text("roleRef.name")),
    };
    let same = match binding {
        true => {
            new.get("roleRef") == old.get("roleRef") && new.get("subjects") == old.get("subjects")
        }
        false => {
            new.get("rules") == old.get("rules")
                && new.get("aggregationRule") == old.get("aggregationRule")
        }
    };
    let asked = Attributes {
        verb: verb.into(),
        group: GROUP.into(),
        resource: resource.into(),
        name: about.into(),
        namespace: call.namespace.to_string(),
        ..Attributes::default()
    };
    if same || rbac::decide(&cluster.store, &user, &asked).allowed {
        return Ok(());
    }
    if !new.get("aggregationRule").is_null() {
        let all = value!([
            { "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"] },
            { "verbs": ["*"], "nonResourceURLs": ["*"] },
        ]);
        if missing(cluster, call, &user, &all).is_some() {
            let why = "must have cluster-admin privileges to use the aggregationRule";
            return Err(call.forbidden(name, why));
        }
    }
    let rules = match binding {
        false => new.get("rules").clone(),
        true => {
            let full = format!("{resource}.{GROUP}");
            let ns = if resource == "roles" {
                call.namespace.as_str()
            } else {
                ""
            };
            let role = cluster.store.get(&full, ns, about);
            let role = role.ok_or_else(|| Status::not_found(GROUP, resource, about))?;
            role.get("rules").clone()
        }
    };
    match missing(cluster, call, &user, &rules) {
        None => Ok(()),
        Some(why) => Err(call.forbidden(name, &why)),
    }
}

/// The rules that the user does not hold, in upstream's words; none if all are held.
fn missing(cluster: &Cluster, call: &Call, user: &User, rules: &Value) -> Option<String> {
    let mut held: Vec<Value> = Vec::new();
    rbac::visit(&cluster.store, user, &call.namespace, &mut |_, _, role| {
        held.extend(
            role.map_or(&[][..], |r| r.get("rules").items())
                .iter()
                .cloned(),
        );
        true
    });
    let lacking = rules.items().iter().flat_map(broken_down);
    let lacking = lacking.filter(|r| !held.iter().any(|h| covers(h, r)));
    let mut texts: Vec<String> = compact(lacking.collect()).iter().map(shown).collect();
    if texts.is_empty() {
        return None;
    }
    texts.sort_unstable();
    texts.dedup();
    Some(format!(
        "user {:?} (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
        user.name,
        user.groups
            .iter()
            .map(|g| format!("{g:?}"))
            .collect::<Vec<_>>()
            .join(" "),
        texts.join("\n")
    ))
}

/// A rule taken apart: one verb, group, resource and name each.
fn broken_down(rule: &Value) -> Vec<Value> {
    let list = |key: &str| rule.get(key).items();
    let mut out = Vec::new();
    for group in list("apiGroups") {
        for resource in list("resources") {
            for verb in list("verbs") {
                let one = value!({ "apiGroups": [group.clone()], "resources": [resource.clone()], "verbs": [verb.clone()] });
                if list("resourceNames").is_empty() {
                    out.push(one);
                    continue;
                }
                for name in list("resourceNames") {
                    let mut named = one.clone();
                    named.set("resourceNames", vec![name.clone()]);
                    out.push(named);
                }
            }
        }
    }
    for url in list("nonResourceURLs") {
        for verb in list("verbs") {
            out.push(value!({ "nonResourceURLs": [url.clone()], "verbs": [verb.clone()] }));
        }
    }
    out
}

fn first<'a>(rule: &'a Value, key: &str) -> &'a Value {
    rule.get(key).items().first().unwrap_or(NULL)
}

/// Whether a rule that is held allows all that a rule of one verb and resource does.
fn covers(held: &Value, asked: &Value) -> bool {
    let has = |key: &str| {
        let list = held.get(key).items();
        let wanted = first(asked, key);
        list.iter().any(|v| v.as_str() == Some("*") || v == wanted)
    };
    if !has("verbs") {
        return false;
    }
    if let Some(url) = first(asked, "nonResourceURLs").as_str() {
        let prefix = |p: &str| {
            p.strip_suffix('*')
                .is_some_and(|start| url.starts_with(start))
        };
        let mut list = held
            .get("nonResourceURLs")
            .items()
            .iter()
            .filter_map(Value::as_str);
        return list.any(|p| p == url || prefix(p));
    }
    let resource = first(asked, "resources").as_str().unwrap_or("");
    let any_parent = resource.split_once('/').map(|(_, sub)| format!("*/{sub}"));
    let mut list = held
        .get("resources")
        .items()
        .iter()
        .filter_map(Value::as_str);
    let names = held.get("resourceNames").items();
    has("apiGroups")
        && list.any(|r| r == "*" || r == resource || any_parent.as_deref() == Some(r))
        && (names.is_empty() || names.contains(first(asked, "resourceNames")))
}

/// Rules that differ by their verbs alone, as one.
fn compact(rules: Vec<Value>) -> Vec<Value> {
    let mut out: Vec<Value> = Vec::new();
    for rule in rules {
        let same = |o: &&mut Value| {
            let keys = ["apiGroups", "resources", "resourceNames", "nonResourceURLs"];
            o.has("resources") && keys.iter().all(|k| o.get(k) == rule.get(k))
        };
        match out.iter_mut().find(same) {
            Some(o) => o
                .place("verbs")
                .list_mut()
                .extend(rule.get("verbs").items().iter().cloned()),
            None => out.push(rule),
        }
    }
    out
}

/// `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`.
fn shown(rule: &Value) -> String {
    const PARTS: &[(&str, &str)] = &[
        ("APIGroups", "apiGroups"),
        ("Resources", "resources"),
        ("NonResourceURLs", "nonResourceURLs"),
        ("ResourceNames", "resourceNames"),
        ("Verbs", "verbs"),
    ];
    let part = |(name, key): &(&str, &str)| {
        let list = rule.get(key).items().iter().filter_map(Value::as_str);
        let texts: Vec<String> = list.map(|t| format!("{t:?}")).collect();
        (!texts.is_empty()).then(|| format!("{name}:[{}]", texts.join(" ")))
    };
    let parts: Vec<String> = PARTS.iter().filter_map(part).collect();
    format!("{{{}}}", parts.join(", "))
}
