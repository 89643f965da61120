//! `create role`, `clusterrole`, `rolebinding`, `clusterrolebinding`.

use super::*;
use machinery::value;

const RULES: &[Flag] = &[
    Flag::list(
        "verb",
        "Verb that applies to the resources contained in the rule.",
    ),
    Flag::list("resource", "Resource that the rule applies to."),
    Flag::array(
        "resource-name",
        "Resource in the white list that the rule applies to, repeat this flag for multiple items.",
    ),
];

pub const ROLE: Command = Command {
    name: "role",
    usage: "NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [--dry-run=server|client|none]",
    short: "Create a role with single rule",
    examples: &[Example(
        "Read pods",
        "kubectl create role reader --verb=get,list,watch --resource=pods",
    )],
    flags: &[
        RULES,
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(role(cx)) }),
    ..Command::NONE
};

async fn role(cx: Cx) -> Result<(), Fail> {
    let name = name(&cx)?;
    let rules = rules(&cx)?;
    let object = value!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": { "name": name }, "rules": rules,
    });
    finish(&cx, Object(object), "")
}

pub const CLUSTER_ROLE: Command = Command {
    name: "clusterrole",
    usage: "NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [--dry-run=server|client|none]",
    short: "Create a cluster role",
    examples: &[Example(
        "Read nodes",
        "kubectl create clusterrole nodes-ro --verb=get,list --resource=nodes",
    )],
    flags: &[
        RULES,
        &[
            Flag::list(
                "non-resource-url",
                "A partial url that user should have access to.",
            ),
            Flag::map(
                "aggregation-rule",
                "An aggregation label selector for combining ClusterRoles.",
            ),
        ],
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(cluster_role(cx)) }),
    ..Command::NONE
};

async fn cluster_role(cx: Cx) -> Result<(), Fail> {
    let name = name(&cx)?;
    let mut object = value!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": { "name": name },
    });
    let given = |flags: &[&str]| flags.iter().any(|f| cx.given(f));
    if cx.given("aggregation-rule") {
        if given(&["non-resource-url", "verb", "resource", "resource-name"]) {
            return Err(text(
                "aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames",
            ));
        }
    } else if cx.given("verb") && !given(&["resource", "non-resource-url"]) {
        return Err(text("one of resource or nonResourceURL must be specified"));
    }
    if cx.given("aggregation-rule") {
        let mut labels = Value::map();
        for pair in cx.list("aggregation-rule") {
            let (k, v) = pair
                .split_once('=')
                .ok_or_else(|| text(format!("invalid aggregation-rule: {pair}")))?;
            *labels.field(k) = Value::str(v);
        }
        object.set(
            "aggregationRule",
            value!({ "clusterRoleSelectors": [{ "matchLabels": labels }] }),
        );
        *object.field("rules") = Value::Null;
    } else {
        let mut all = match cx.given("resource") || !cx.given("non-resource-url") {
            true => rules(&cx)?,
            false => Vec::new(),
        };
        if cx.given("non-resource-url") {
            all.push(urls(&cx)?);
        }
        object.set("rules", all);
    }
    finish(&cx, Object(object), "")
}

/// The rule of `--non-resource-url`.
fn urls(cx: &Cx) -> Result<Value, Fail> {
    let (urls, verbs) = (cx.list("non-resource-url"), cx.list("verb"));
    let known = [
        "get", "put", "post", "head", "options", "delete", "patch", "*",
    ];
    if let Some(verb) = verbs.iter().find(|v| !known.contains(&v.as_str())) {
        return Err(text(format!("invalid verb: '{verb}' for nonResourceURL")));
    }
    for url in urls.iter().filter(|u| *u != "*") {
        if !url.starts_with('/') {
            return Err(text("nonResourceURL should start with /"));
        }
        if url.trim_end_matches('*').contains('*') || url.ends_with("**") {
            return Err(text(
                "nonResourceURL only supports wildcard matches when '*' is at the end",
            ));
        }
    }
    Ok(value!({ "nonResourceURLs": urls, "verbs": verbs }))
}

/// What a rule about resources usually allows; more is warned of.
const VERBS: [&str; 15] = [
    "*",
    "get",
    "delete",
    "list",
    "create",
    "update",
    "patch",
    "watch",
    "proxy",
    "deletecollection",
    "use",
    "bind",
    "escalate",
    "impersonate",
    "approve",
];

/// One rule for each API group of the resources, in the order in which groups are first named.
fn rules(cx: &Cx) -> Result<Vec<Value>, Fail> {
    let mut verbs: Vec<String> = Vec::new();
    for v in cx.list("verb") {
        if v == "*" {
            verbs = vec![v];
            break;
        }
        if !verbs.contains(&v) {
            verbs.push(v);
        }
    }
    if verbs.is_empty() {
        return Err(text("at least one verb must be specified"));
    }
    let resources = cx.list("resource");
    if resources.is_empty() {
        return Err(text("at least one resource must be specified"));
    }
    for v in verbs.iter().filter(|v| !VERBS.contains(&v.as_str())) {
        cx.err(format!("Warning: '{v}' is not a standard resource verb\n"));
    }
    let names = cx.list("resource-name");
    let mapper = cx.mapper()?;
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for spec in &resources {
        let (word, sub) = match spec.split_once('/') {
            Some((w, s)) => (w, Some(s)),
            None => (spec.as_str(), None),
        };
        let (group, plural) = if word == "*" {
            (String::new(), "*".to_string())
        } else {
            let missing = || {
                let word = word.split('.').next().unwrap_or(word);
                Fail::Plain(format!(
                    "the server doesn't have a resource type \"{word}\""
                ))
            };
            let res = mapper.find(word).ok_or_else(missing)?;
            (res.group.clone(), res.plural.clone())
        };
        let entry = match sub {
            Some(s) => format!("{plural}/{s}"),
            None => plural,
        };
        match groups.iter_mut().find(|(g, _)| *g == group) {
            Some((_, list)) if list.contains(&entry) => {}
            Some((_, list)) => list.push(entry),
            None => groups.push((group, vec![entry])),
        }
    }
    Ok(groups
        .into_iter()
        .map(|(group, resources)| {
            let mut rule =
                value!({ "apiGroups": [group], "resources": resources, "verbs": verbs.clone() });
            if !names.is_empty() {
                rule.set("resourceNames", names.clone());
            }
            rule
        })
        .collect())
}

const SUBJECTS: &[Flag] = &[
    Flag::array("user", "Usernames to bind to the role."),
    Flag::array("group", "Groups to bind to the role."),
    Flag::array(
        "serviceaccount",
        "Service accounts to bind to the role, in the format <namespace>:<name>.",
    ),
];

pub const ROLE_BINDING: Command = Command {
    name: "rolebinding",
    usage: "NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
    short: "Create a role binding for a particular role or cluster role",
    examples: &[Example(
        "Let a service account read",
        "kubectl create rolebinding reads --role=reader --serviceaccount=default:robot",
    )],
    flags: &[
        SUBJECTS,
        &[
            Flag::text("clusterrole", "ClusterRole this binding should reference."),
            Flag::text("role", "Role this RoleBinding should reference."),
        ],
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(role_binding(cx)) }),
    ..Command::NONE
};

async fn role_binding(cx: Cx) -> Result<(), Fail> {
    let name = name(&cx)?;
    let (role, cluster_role) = (cx.flag("role"), cx.flag("clusterrole"));
    if role.is_empty() == cluster_role.is_empty() {
        return Err(text("exactly one of clusterrole or role must be specified"));
    }
    let (kind, target) = if role.is_empty() {
        ("ClusterRole", cluster_role)
    } else {
        ("Role", role)
    };
    binding(
        &cx,
        "RoleBinding",
        &name,
        kind,
        target,
        "failed to create rolebinding",
    )
}

pub const CLUSTER_ROLE_BINDING: Command = Command {
    name: "clusterrolebinding",
    usage: "NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
    short: "Create a cluster role binding for a particular cluster role",
    examples: &[Example(
        "Make a user administrator",
        "kubectl create clusterrolebinding boss --clusterrole=cluster-admin --user=ann",
    )],
    flags: &[
        SUBJECTS,
        &[Flag::text(
            "clusterrole",
            "ClusterRole this ClusterRoleBinding should reference.",
        )
        .required()],
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(cluster_role_binding(cx)) }),
    ..Command::NONE
};

async fn cluster_role_binding(cx: Cx) -> Result<(), Fail> {
    let name = name(&cx)?;
    if cx.flag("clusterrole").is_empty() {
        return Err(text("exactly one of clusterrole must be specified"));
    }
    let role = cx.flag("clusterrole").to_string();
    binding(
        &cx,
        "ClusterRoleBinding",
        &name,
        "ClusterRole",
        &role,
        "failed to create clusterrolebinding",
    )
}

fn binding(
    cx: &Cx,
    kind: &str,
    name: &str,
    role_kind: &'static str,
    role: &str,
    wrap: &str,
) -> Result<(), Fail> {
    let mut subjects: Vec<Value> = Vec::new();
    for (flag, kind) in [("user", "User"), ("group", "Group")] {
        for name in cx.list(flag) {
            subjects.push(
                value!({ "apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name }),
            );
        }
    }
    for account in cx.list("serviceaccount") {
        let parts: Vec<&str> = account.split(':').collect();
        let [ns, name] = parts[..] else {
            return Err(text("serviceaccount must be <namespace>:<name>"));
        };
        subjects.push(value!({ "kind": "ServiceAccount", "name": Value::str(name), "namespace": Value::str(ns) }));
    }
    let mut object = Object::new("rbac.authorization.k8s.io/v1", kind, "", name);
    object.0.set("roleRef", value!({ "apiGroup": "rbac.authorization.k8s.io", "kind": role_kind, "name": Value::str(role) }));
    if !subjects.is_empty() {
        object.0.set("subjects", subjects);
    }
    finish(cx, object, wrap)
}
