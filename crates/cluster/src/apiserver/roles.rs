//! The roles and bindings that every cluster has from the start, as a table.
//! Upstream: `kubernetes:plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`. The roles of single controllers are
//! left out: our controllers are components and are not asked.

use kinds::Kind;
use machinery::{Object, Value, value};

/// (API groups, resources, verbs), each a list of words.
type Rule = (&'static str, &'static str, &'static str);

struct Role {
    name: &'static str,
    /// The label by which another role takes these rules in: `aggregate-to-view`.
    aggregate_to: &'static str,
    rules: &'static [Rule],
    /// Paths that may be read.
    paths: &'static [&'static str],
    path_verbs: &'static str,
}

const NONE: Role = Role {
    name: "",
    aggregate_to: "",
    rules: &[],
    paths: &[],
    path_verbs: "get",
};
const READ: &str = "get list watch";
const WRITE: &str = "create delete deletecollection patch update";
const READ_WRITE: &str = "create delete deletecollection get list patch update watch";
const CORE: &str = "-";

const ROLES: &[Role] = &[
    Role {
        name: "cluster-admin",
        rules: &[("*", "*", "*")],
        paths: &["*"],
        path_verbs: "*",
        ..NONE
    },
    Role {
        name: "system:aggregate-to-admin",
        aggregate_to: "admin",
        rules: &[
            (
                "authorization.k8s.io",
                "localsubjectaccessreviews",
                "create",
            ),
            (
                "rbac.authorization.k8s.io",
                "rolebindings roles",
                READ_WRITE,
            ),
        ],
        ..NONE
    },
    Role {
        name: "system:aggregate-to-edit",
        aggregate_to: "edit",
        rules: &[
            (
                CORE,
                "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy",
                READ,
            ),
            (CORE, "serviceaccounts", "impersonate"),
            (
                CORE,
                "pods pods/attach pods/exec pods/portforward pods/proxy",
                WRITE,
            ),
            (CORE, "pods/eviction", "create"),
            (
                CORE,
                "configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy",
                WRITE,
            ),
            (CORE, "serviceaccounts/token", "create"),
            (
                "apps",
                "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale",
                WRITE,
            ),
            ("autoscaling", "horizontalpodautoscalers", WRITE),
            ("batch", "cronjobs jobs", WRITE),
            (
                "extensions",
                "daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale",
                WRITE,
            ),
            ("policy", "poddisruptionbudgets", WRITE),
            ("networking.k8s.io", "ingresses networkpolicies", WRITE),
            ("coordination.k8s.io", "leases", READ_WRITE),
        ],
        ..NONE
    },
    Role {
        name: "system:aggregate-to-view",
        aggregate_to: "view",
        rules: &[
            (
                CORE,
                "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status",
                READ,
            ),
            (
                CORE,
                "bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status",
                READ,
            ),
            (CORE, "namespaces", READ),
            ("discovery.k8s.io", "endpointslices", READ),
            (
                "apps",
                "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status",
                READ,
            ),
            (
                "autoscaling",
                "horizontalpodautoscalers horizontalpodautoscalers/status",
                READ,
            ),
            ("batch", "cronjobs cronjobs/status jobs jobs/status", READ),
            (
                "extensions",
                "daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale",
                READ,
            ),
            (
                "policy",
                "poddisruptionbudgets poddisruptionbudgets/status",
                READ,
            ),
            (
                "networking.k8s.io",
                "ingresses ingresses/status networkpolicies",
                READ,
            ),
        ],
        ..NONE
    },
    Role {
        name: "system:basic-user",
        rules: &[
            (
                "authorization.k8s.io",
                "selfsubjectaccessreviews selfsubjectrulesreviews",
                "create",
            ),
            ("authentication.k8s.io", "selfsubjectreviews", "create"),
        ],
        ..NONE
    },
    Role {
        name: "system:discovery",
        paths: &[
            "/api",
            "/api/*",
            "/apis",
            "/apis/*",
            "/healthz",
            "/livez",
            "/openapi",
            "/openapi/*",
            "/readyz",
            "/version",
            "/version/",
        ],
        ..NONE
    },
    Role {
        name: "system:public-info-viewer",
        paths: &["/healthz", "/livez", "/readyz", "/version", "/version/"],
        ..NONE
    },
    Role {
        name: "system:auth-delegator",
        rules: &[
            ("authentication.k8s.io", "tokenreviews", "create"),
            ("authorization.k8s.io", "subjectaccessreviews", "create"),
        ],
        ..NONE
    },
    Role {
        name: "system:kube-dns",
        rules: &[(CORE, "endpoints services", "list watch")],
        ..NONE
    },
    Role {
        name: "system:coredns",
        rules: &[
            (CORE, "endpoints services pods namespaces", "list watch"),
            ("discovery.k8s.io", "endpointslices", "list watch"),
        ],
        ..NONE
    },
    Role {
        name: "system:kube-scheduler",
        rules: &[
            (" events.k8s.io", "events", "create patch update"),
            (
                "coordination.k8s.io",
                "leases",
                "create get list update watch",
            ),
            (CORE, "nodes", READ),
            (CORE, "pods", "delete get list watch"),
            (CORE, "bindings pods/binding", "create"),
            (CORE, "pods/status", "patch update"),
            (CORE, "replicationcontrollers services", READ),
            ("apps extensions", "replicasets", READ),
            ("apps", "statefulsets", READ),
            ("policy", "poddisruptionbudgets", READ),
            (CORE, "persistentvolumeclaims persistentvolumes", READ),
            (
                "storage.k8s.io",
                "csidrivers csinodes csistoragecapacities",
                READ,
            ),
        ],
        ..NONE
    },
    Role {
        name: "system:kube-controller-manager",
        rules: &[
            (" events.k8s.io", "events", "create patch update"),
            ("coordination.k8s.io", "leases", "create get update"),
            (CORE, "secrets serviceaccounts", "create"),
            (CORE, "secrets", "delete"),
            (CORE, "configmaps namespaces secrets serviceaccounts", "get"),
            (CORE, "secrets serviceaccounts", "update"),
            ("authentication.k8s.io", "tokenreviews", "create"),
            ("authorization.k8s.io", "subjectaccessreviews", "create"),
            ("*", "*", "list watch"),
            (CORE, "serviceaccounts/token", "create"),
        ],
        ..NONE
    },
    Role {
        name: "system:node-proxier",
        rules: &[
            (CORE, "endpoints services", "list watch"),
            (CORE, "nodes", READ),
            (" events.k8s.io", "events", "create patch update"),
            ("discovery.k8s.io", "endpointslices", "list watch"),
        ],
        ..NONE
    },
    Role {
        name: "system:node",
        rules: &[
            ("authentication.k8s.io", "tokenreviews", "create"),
            (
                "authorization.k8s.io",
                "localsubjectaccessreviews subjectaccessreviews",
                "create",
            ),
            (CORE, "services", READ),
            (CORE, "nodes", "create get list watch"),
            (CORE, "nodes/status", "patch update"),
            (CORE, "nodes", "patch update"),
            (CORE, "events", "create patch update"),
            (CORE, "pods", READ),
            (CORE, "pods", "create delete"),
            (CORE, "pods/status", "patch update"),
            (CORE, "pods/eviction", "create"),
            (CORE, "configmaps secrets", READ),
            (CORE, "persistentvolumeclaims persistentvolumes", "get"),
            (CORE, "endpoints", "get"),
            (
                "coordination.k8s.io",
                "leases",
                "create delete get patch update",
            ),
        ],
        ..NONE
    },
];

/// Roles whose rules are those of others with the label `aggregate-to-NAME`.
const AGGREGATED: &[(&str, &str, &[&str])] = &[
    ("admin", "", &["edit", "system:aggregate-to-admin"]),
    ("edit", "admin", &["system:aggregate-to-edit", "view"]),
    ("view", "edit", &["system:aggregate-to-view"]),
];

/// (binding, role, kind of subject, subject).
const BINDINGS: &[(&str, &str, &str, &[&str])] = &[
    (
        "cluster-admin",
        "cluster-admin",
        "Group",
        &["system:masters"],
    ),
    (
        "kubeadm:cluster-admins",
        "cluster-admin",
        "Group",
        &["kubeadm:cluster-admins"],
    ),
    (
        "system:basic-user",
        "system:basic-user",
        "Group",
        &["system:authenticated"],
    ),
    (
        "system:discovery",
        "system:discovery",
        "Group",
        &["system:authenticated"],
    ),
    (
        "system:kube-controller-manager",
        "system:kube-controller-manager",
        "User",
        &["system:kube-controller-manager"],
    ),
    (
        "system:kube-scheduler",
        "system:kube-scheduler",
        "User",
        &["system:kube-scheduler"],
    ),
    (
        "system:node-proxier",
        "system:node-proxier",
        "User",
        &["system:kube-proxy"],
    ),
    (
        "system:public-info-viewer",
        "system:public-info-viewer",
        "Group",
        &["system:authenticated", "system:unauthenticated"],
    ),
];

const API: &str = "rbac.authorization.k8s.io/v1";
const ROLE: &Kind = &kinds::clusterrole::KIND;

/// Every role and binding, in the order in which they are made.
pub(super) fn objects() -> Vec<(&'static Kind, Object)> {
    let mut out: Vec<(&'static Kind, Object)> = Vec::new();
    for role in ROLES {
        let mut o = marked("ClusterRole", role.name);
        if !role.aggregate_to.is_empty() {
            aggregates(&mut o, role.aggregate_to);
        }
        o.set("rules", rules(role));
        out.push((ROLE, Object(o)));
    }
    for (name, aggregate_to, _) in AGGREGATED {
        let mut o = marked("ClusterRole", name);
        if !aggregate_to.is_empty() {
            aggregates(&mut o, aggregate_to);
        }
        let mut labels = Value::map();
        *labels.field(&format!("rbac.authorization.k8s.io/aggregate-to-{name}")) =
            Value::from("true");
        o.set(
            "aggregationRule",
            value!({ "clusterRoleSelectors": [{ "matchLabels": labels }] }),
        );
        o.set("rules", gathered(name));
        out.push((ROLE, Object(o)));
    }
    for (name, role, kind, subjects) in BINDINGS {
        let mut o = marked("ClusterRoleBinding", name);
        if *name == "kubeadm:cluster-admins" {
            o.remove("metadata.labels");
            o.remove("metadata.annotations");
        }
        o.set("roleRef", value!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": *role }));
        let one = |s: &&'static str| value!({ "apiGroup": "rbac.authorization.k8s.io", "kind": *kind, "name": *s });
        o.set("subjects", subjects.iter().map(one).collect::<Vec<_>>());
        out.push((&kinds::clusterrolebinding::KIND, Object(o)));
    }
    out
}

fn marked(kind: &str, name: &str) -> Value {
    let mut v = Object::new(API, kind, "", name).0;
    *v.place("metadata.labels")
        .field("kubernetes.io/bootstrapping") = Value::from("rbac-defaults");
    *v.place("metadata.annotations")
        .field("rbac.authorization.kubernetes.io/autoupdate") = Value::from("true");
    v
}

fn aggregates(v: &mut Value, to: &str) {
    *v.place("metadata.labels")
        .field(&format!("rbac.authorization.k8s.io/aggregate-to-{to}")) = Value::from("true");
}

fn words(text: &'static str) -> Value {
    let word = |w: &'static str| Value::from(if w == CORE { "" } else { w });
    Value::from(text.split(' ').map(word).collect::<Vec<_>>())
}

fn rules(role: &Role) -> Value {
    let one = |(groups, resources, verbs): &Rule| value!({ "apiGroups": words(groups), "resources": words(resources), "verbs": words(verbs) });
    let mut out: Vec<Value> = role.rules.iter().map(one).collect();
    if !role.paths.is_empty() {
        let paths: Vec<Value> = role.paths.iter().map(|p| Value::from(*p)).collect();
        out.push(
            value!({ "nonResourceURLs": Value::from(paths), "verbs": words(role.path_verbs) }),
        );
    }
    Value::from(out)
}

/// The rules of a role that takes in others, worked out as the aggregation controller would.
fn gathered(name: &str) -> Value {
    let mut out: Vec<Value> = Vec::new();
    let Some((_, _, from)) = AGGREGATED.iter().find(|a| a.0 == name) else {
        return Value::list();
    };
    for part in *from {
        let own = match ROLES.iter().find(|r| r.name == *part) {
            Some(role) => rules(role),
            None => gathered(part),
        };
        for r in own.items() {
            if !out.contains(r) {
                out.push(r.clone());
            }
        }
    }
    Value::from(out)
}
