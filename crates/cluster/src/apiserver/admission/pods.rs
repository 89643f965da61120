//! What admission puts into pods: the service account's token, priority, tolerations, the runtime class's overhead; and
//! the taint of a node that has not said that it is ready.
//! Upstream: `kubernetes:plugin/pkg/admission/{serviceaccount,priority,defaulttolerationseconds,runtimeclass,nodetaint}`.

use super::{Ctx, Plugin, each};
use machinery::Arrange;
use machinery::{Object, Status, Value, value};

pub(super) const SERVICE_ACCOUNT: Plugin = Plugin {
    name: "ServiceAccount",
    resources: &["pods"],
    mutate: service_account,
    ..Plugin::NONE
};
pub(super) const PRIORITY: Plugin = Plugin {
    name: "Priority",
    resources: &["pods", "priorityclasses"],
    mutate: priority,
    validate: one_default_priority,
};
pub(super) const DEFAULT_TOLERATION_SECONDS: Plugin = Plugin {
    name: "DefaultTolerationSeconds",
    resources: &["pods"],
    mutate: tolerations,
    ..Plugin::NONE
};
pub(super) const RUNTIME_CLASS: Plugin = Plugin {
    name: "RuntimeClass",
    resources: &["pods"],
    mutate: runtime_class,
    ..Plugin::NONE
};
pub(super) const TAINT_NODES_BY_CONDITION: Plugin = Plugin {
    name: "TaintNodesByCondition",
    resources: &["nodes"],
    mutate: not_ready_taint,
    ..Plugin::NONE
};

const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// How young a namespace may be for its account to be still on the way: the real plugin waits for it as long.
const ACCOUNT_AWAITED_MS: i64 = 2_000;

fn service_account(ctx: &mut Ctx, v: &mut Value) -> Result<(), Status> {
    if !ctx.is_create() {
        return Ok(());
    }
    if v.at("metadata.annotations")
        .has("kubernetes.io/config.mirror")
    {
        return Ok(());
    }
    if v.text("spec.serviceAccountName").is_empty() {
        v.set("spec.serviceAccountName", "default");
        v.set("spec.serviceAccount", "default");
    }
    let (ns, name) = (
        ctx.call.namespace.clone(),
        v.text("spec.serviceAccountName").to_string(),
    );
    let found = ctx.store().get("serviceaccounts", &ns, &name).cloned();
    let account = match found {
        Some(a) => a,
        None if name == "default" && is_young(ctx, &ns) => {
            Object::new("v1", "ServiceAccount", &ns, "default")
        }
        None => {
            let why = format!(
                "error looking up service account {ns}/{name}: serviceaccount {name:?} not found"
            );
            return Err(ctx.forbidden(v, &why));
        }
    };
    if v.at("spec.imagePullSecrets").items().is_empty()
        && !account.get("imagePullSecrets").items().is_empty()
    {
        v.set(
            "spec.imagePullSecrets",
            account.get("imagePullSecrets").clone(),
        );
    }
    let wanted = v.at("spec.automountServiceAccountToken").as_bool();
    let wanted = wanted
        .or(account.get("automountServiceAccountToken").as_bool())
        .unwrap_or(true);
    if wanted {
        mount_token(ctx, v);
    }
    Ok(())
}

fn is_young(ctx: &Ctx, ns: &str) -> bool {
    let namespace = ctx.store().get("namespaces", "", ns);
    namespace.is_some_and(|n| ctx.cluster.now - n.created() < ACCOUNT_AWAITED_MS)
}

fn mount_token(ctx: &mut Ctx, v: &mut Value) {
    const PREFIX: &str = "kube-api-access-";
    let there = v
        .at("spec.volumes")
        .items()
        .iter()
        .map(|x| x.text("name"))
        .find(|n| n.starts_with(PREFIX));
    let (name, is_new) = match there {
        Some(n) => (n.to_string(), false),
        None => (format!("{PREFIX}{}", ctx.cluster.names.suffix(5)), true),
    };
    let mut mounted = false;
    for list in ["spec.initContainers", "spec.containers"] {
        each(v, list, |c| {
            let has = c
                .get("volumeMounts")
                .items()
                .iter()
                .any(|m| m.text("mountPath") == TOKEN_PATH);
            if !has {
                c.field("volumeMounts")
                    .push(value!({ "mountPath": TOKEN_PATH, "name": &name, "readOnly": true }));
                mounted = true;
            }
        });
    }
    if mounted && is_new {
        v.place("spec.volumes").push(token_volume(&name));
    }
}

fn token_volume(name: &str) -> Value {
    value!({
        "name": Value::str(name),
        "projected": {
            "defaultMode": 420,
            "sources": [
                { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
                { "configMap": { "items": [{ "key": "ca.crt", "path": "ca.crt" }], "name": "kube-root-ca.crt" } },
                { "downwardAPI": { "items": [{ "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" }, "path": "namespace" }] } },
            ],
        },
    })
}

const CLASSES: &str = "priorityclasses.scheduling.k8s.io";

fn priority(ctx: &mut Ctx, v: &mut Value) -> Result<(), Status> {
    if ctx.call.kind.plural != "pods" {
        return Ok(());
    }
    if let Some(old) = ctx.old {
        // What was worked out at the start stays.
        for path in ["spec.priority", "spec.preemptionPolicy"] {
            let was = old.at(path);
            if v.at(path).is_null() && !was.is_null() {
                v.set(path, was.clone());
            }
        }
        return Ok(());
    }
    let name = v.text("spec.priorityClassName").to_string();
    let class = if name.is_empty() {
        let mut defaults: Vec<&Object> = ctx
            .store()
            .list(CLASSES, None)
            .filter(|c| c.flag("globalDefault"))
            .collect();
        defaults.arrange_by_key(|c| c.int("value"));
        defaults.first().map(|c| (*c).clone())
    } else {
        match ctx.store().get(CLASSES, "", &name) {
            Some(c) => Some(c.clone()),
            None => {
                return Err(
                    ctx.forbidden(v, &format!("no PriorityClass with name {name} was found"))
                );
            }
        }
    };
    let (value, policy) = match &class {
        Some(c) => {
            v.set("spec.priorityClassName", Value::str(c.name()));
            (c.int("value"), c.text("preemptionPolicy").to_string())
        }
        None => (0, String::new()),
    };
    if let Some(given) = v.at("spec.priority").as_i64().filter(|g| *g != value) {
        let why = format!(
            "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {value} from the given PriorityClass name"
        );
        return Err(ctx.forbidden(v, &why));
    }
    v.set("spec.priority", value);
    let policy = if policy.is_empty() {
        "PreemptLowerPriority".to_string()
    } else {
        policy
    };
    match v.text("spec.preemptionPolicy") {
        "" => v.set("spec.preemptionPolicy", policy),
        given if given != policy => {
            let why = format!(
                "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission controller computed {policy} from the given PriorityClass name"
            );
            return Err(ctx.forbidden(v, &why));
        }
        _ => {}
    }
    Ok(())
}

fn one_default_priority(ctx: &mut Ctx, o: &Object) -> Result<(), Status> {
    if ctx.call.kind.plural != "priorityclasses" || !o.flag("globalDefault") {
        return Ok(());
    }
    let other = ctx
        .store()
        .list(CLASSES, None)
        .find(|c| c.flag("globalDefault") && c.name() != o.name());
    let Some(other) = other.map(|c| c.name().to_string()) else {
        return Ok(());
    };
    let why =
        format!("PriorityClass {other} is already marked as default. Only one default can exist");
    Err(ctx.forbidden(o, &why))
}

fn tolerations(_ctx: &mut Ctx, v: &mut Value) -> Result<(), Status> {
    for key in [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ] {
        let tolerated = v.at("spec.tolerations").items().iter().any(|t| {
            (t.text("key") == key || t.text("key").is_empty())
                && matches!(t.text("effect"), "NoExecute" | "")
        });
        if !tolerated {
            v.place("spec.tolerations").push(value!({
                "effect": "NoExecute", "key": key, "operator": "Exists", "tolerationSeconds": 300,
            }));
        }
    }
    Ok(())
}

fn runtime_class(ctx: &mut Ctx, v: &mut Value) -> Result<(), Status> {
    let name = v.text("spec.runtimeClassName").to_string();
    if name.is_empty() || !ctx.is_create() {
        return Ok(());
    }
    let Some(class) = ctx
        .store()
        .get("runtimeclasses.node.k8s.io", "", &name)
        .cloned()
    else {
        let why = format!("pod rejected: RuntimeClass {name:?} not found");
        return Err(ctx.forbidden(v, &why));
    };
    let overhead = class.at("overhead.podFixed");
    if !overhead.is_null() {
        v.set("spec.overhead", overhead.clone());
    }
    for (key, wanted) in class.at("scheduling.nodeSelector").entries() {
        *v.place("spec.nodeSelector").field(key) = wanted.clone();
    }
    for t in class.at("scheduling.tolerations").items() {
        v.place("spec.tolerations").push(t.clone());
    }
    Ok(())
}

fn not_ready_taint(ctx: &mut Ctx, v: &mut Value) -> Result<(), Status> {
    const KEY: &str = "node.kubernetes.io/not-ready";
    let there = v
        .at("spec.taints")
        .items()
        .iter()
        .any(|t| t.text("key") == KEY);
    if ctx.is_create() && !there {
        v.place("spec.taints")
            .push(value!({ "effect": "NoSchedule", "key": KEY }));
    }
    Ok(())
}
