//! ResourceQuota: what an object costs, charged with the write that makes it. The quota controller uses [`usage`] to
//! count again what is left after deletions. Upstream: `apiserver:pkg/admission/plugin/resourcequota`,
//! `kubernetes:pkg/quota/v1/evaluator/core`. Device claims are not counted.

use super::super::{Call, commit_as_named};
use super::limits::from_nanos;
use crate::Cluster;
use crate::store::{self, Store};
use kinds::{Kind, quantity};
use machinery::{Object, Status, Value};
use std::collections::BTreeMap;

const ONE: i128 = 1_000_000_000;
type Cost = BTreeMap<String, i128>;

fn amount(v: &Value) -> i128 {
    match v {
        Value::Str(s) => quantity::parse(s).map_or(0, |q| q.0),
        Value::Int(i) => i128::from(*i) * ONE,
        _ => 0,
    }
}

/// Plurals that are counted under their own name in a quota.
const COUNTED: &[&str] = &[
    "configmaps",
    "secrets",
    "services",
    "persistentvolumeclaims",
    "replicationcontrollers",
    "resourcequotas",
];

/// What an object takes of every resource that a quota may limit, in billionths.
fn cost(group: &str, plural: &str, o: &Object) -> Cost {
    let mut out = Cost::new();
    let mut add = |k: &str, n: i128| *out.entry(k.to_string()).or_default() += n;
    add(
        &format!("count/{}", machinery::status::qualified(group, plural)),
        ONE,
    );
    if !group.is_empty() {
        return out;
    }
    if COUNTED.contains(&plural) {
        add(plural, ONE);
    }
    match plural {
        "services" => {
            let ports = o.at("spec.ports").items().len() as i128 * ONE;
            match o.text("spec.type") {
                "NodePort" => add("services.nodeports", ports),
                "LoadBalancer" => {
                    add("services.loadbalancers", ONE);
                    if o.at("spec.allocateLoadBalancerNodePorts").as_bool() != Some(false) {
                        add("services.nodeports", ports);
                    }
                }
                _ => {}
            }
        }
        "persistentvolumeclaims" => {
            let size = amount(o.at("spec.resources.requests.storage"));
            add("requests.storage", size);
            let class = o.text("spec.storageClassName");
            if !class.is_empty() {
                add(
                    &format!("{class}.storageclass.storage.k8s.io/requests.storage"),
                    size,
                );
                add(
                    &format!("{class}.storageclass.storage.k8s.io/persistentvolumeclaims"),
                    ONE,
                );
            }
        }
        "pods" => pod_cost(o, &mut out),
        _ => {}
    }
    out
}

/// The larger of the sum over containers and each init container, as the scheduler counts too.
fn pod_cost(o: &Object, out: &mut Cost) {
    if matches!(o.text("status.phase"), "Succeeded" | "Failed") {
        return;
    }
    out.insert("pods".into(), ONE);
    for what in ["requests", "limits"] {
        let mut sum = total(o, what);
        for (r, v) in o.at("spec.overhead").entries() {
            *sum.entry(r.to_string()).or_default() += amount(v);
        }
        for (r, n) in sum {
            if what == "requests" && matches!(r.as_str(), "cpu" | "memory" | "ephemeral-storage") {
                out.insert(r.clone(), n);
            }
            out.insert(format!("{what}.{r}"), n);
        }
    }
}

/// The larger of the sum over a pod's containers and each init container.
pub(super) fn total(o: &Object, what: &str) -> Cost {
    let mut sum: Cost = Cost::new();
    for c in o.at("spec.containers").items() {
        for (r, v) in c.get("resources").get(what).entries() {
            *sum.entry(r.to_string()).or_default() += amount(v);
        }
    }
    let mut sidecars: Cost = Cost::new();
    for c in o.at("spec.initContainers").items() {
        for (r, v) in c.get("resources").get(what).entries() {
            if c.text("restartPolicy") == "Always" {
                *sum.entry(r.to_string()).or_default() += amount(v);
                *sidecars.entry(r.to_string()).or_default() += amount(v);
            } else {
                let beside = sidecars.get(r.as_str()).copied().unwrap_or(0);
                let e = sum.entry(r.to_string()).or_default();
                *e = (*e).max(amount(v) + beside);
            }
        }
    }
    sum
}

/// Whether a quota counts this object: its scopes.
fn in_scope(quota: &Object, plural: &str, o: &Object) -> bool {
    let mut wanted: Vec<(String, String, Vec<String>)> = Vec::new();
    for s in quota.at("spec.scopes").items() {
        wanted.push((
            s.as_str().unwrap_or("").to_string(),
            "Exists".into(),
            Vec::new(),
        ));
    }
    for e in quota.at("spec.scopeSelector.matchExpressions").items() {
        let values = e
            .get("values")
            .items()
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_string)
            .collect();
        wanted.push((
            e.text("scopeName").to_string(),
            e.text("operator").to_string(),
            values,
        ));
    }
    if wanted.is_empty() {
        return true;
    }
    if plural == "persistentvolumeclaims" {
        let class = o.text("spec.volumeAttributesClassName").to_string();
        return wanted.iter().all(|(scope, op, values)| {
            scope == "VolumeAttributesClass" && named(op, values, &class)
        });
    }
    if plural != "pods" {
        return false;
    }
    wanted
        .iter()
        .all(|(scope, op, values)| match scope.as_str() {
            "BestEffort" => kinds::pod::qos(o.spec()) == "BestEffort",
            "NotBestEffort" => kinds::pod::qos(o.spec()) != "BestEffort",
            "Terminating" => !o.at("spec.activeDeadlineSeconds").is_null(),
            "NotTerminating" => o.at("spec.activeDeadlineSeconds").is_null(),
            "CrossNamespacePodAffinity" => crosses(o),
            "PriorityClass" => named(op, values, &o.text("spec.priorityClassName").to_string()),
            _ => false,
        })
}

/// Whether a scope's operator and values choose this class.
fn named(op: &str, values: &[String], class: &String) -> bool {
    match op {
        "In" => values.contains(class),
        "NotIn" => !values.contains(class),
        "DoesNotExist" => class.is_empty(),
        _ => !class.is_empty(),
    }
}

/// Whether a pod's affinity looks at pods of other namespaces.
fn crosses(o: &Object) -> bool {
    let elsewhere = |t: &Value| !t.get("namespaces").is_empty() || t.has("namespaceSelector");
    ["podAffinity", "podAntiAffinity"].iter().any(|side| {
        let terms = o.at("spec.affinity").get(side);
        let required = terms.get("requiredDuringSchedulingIgnoredDuringExecution");
        let preferred = terms.get("preferredDuringSchedulingIgnoredDuringExecution");
        required.items().iter().any(elsewhere)
            || preferred
                .items()
                .iter()
                .any(|t| elsewhere(t.get("podAffinityTerm")))
    })
}

/// What a namespace uses of what a quota limits, counted anew: `status.used`.
pub(crate) fn usage(store: &Store, quota: &Object) -> Value {
    let hard = quota.at("spec.hard");
    let mut sum = Cost::new();
    for kind in kinds::ALL
        .iter()
        .filter(|k| k.namespaced && k.stored_as.is_none())
    {
        if !hard.entries().iter().any(|(name, _)| concerns(name, kind)) {
            continue;
        }
        for o in store.list(&store::resource_of(kind), Some(quota.namespace())) {
            if in_scope(quota, kind.plural, o) {
                for (k, n) in cost(kind.group, kind.plural, o) {
                    *sum.entry(k).or_default() += n;
                }
            }
        }
    }
    let mut used = Value::map();
    for (name, bound) in hard.entries() {
        // Kinds that definitions made are counted by their resource's name.
        let counted = name
            .strip_prefix("count/")
            .filter(|_| !sum.contains_key(name.as_str()));
        if let Some(resource) = counted {
            let n = store.list(resource, Some(quota.namespace())).count();
            sum.insert(name.to_string(), n as i128 * ONE);
        }
        let n = sum.get(name.as_str()).copied().unwrap_or(0);
        *used.field(name) = Value::from(from_nanos(n, bound.as_str().unwrap_or("")));
    }
    used
}

/// Whether objects of a kind can cost what a quota calls `name`.
fn concerns(name: &str, kind: &Kind) -> bool {
    if let Some(counted) = name.strip_prefix("count/") {
        return counted == kind.resource();
    }
    if !kind.group.is_empty() {
        return false;
    }
    let storage = name == "requests.storage" || name.contains(".storageclass.");
    match kind.plural {
        "persistentvolumeclaims" => storage || name == "persistentvolumeclaims",
        "services" => name == "services" || name.starts_with("services."),
        "pods" => {
            let plain = matches!(name, "pods" | "cpu" | "memory" | "ephemeral-storage");
            plain || (!storage && (name.starts_with("requests.") || name.starts_with("limits.")))
        }
        plural => name == plural,
    }
}

/// Charges what a write adds, or refuses it. Quotas are looked at by name; all must have room.
pub(crate) fn charge(
    cluster: &mut Cluster,
    call: &Call,
    o: &Object,
    old: Option<&Object>,
) -> Result<(), Status> {
    if !call.kind.namespaced
        || cluster.store.count("resourcequotas") == 0
        || call.kind.plural == "resourcequotas"
    {
        return Ok(());
    }
    let kind = call.kind;
    let quotas: Vec<Object> = cluster
        .store
        .list("resourcequotas", Some(&call.namespace))
        .cloned()
        .collect();
    let mut writes = Vec::new();
    for q in quotas {
        let hard = q.at("spec.hard");
        let touched = hard.entries().iter().any(|(name, _)| concerns(name, kind));
        if !touched || !in_scope(&q, kind.plural, o) {
            continue;
        }
        if old.is_none() && kind.plural == "pods" {
            must_specify(call, &q, o)?;
        }
        let used = if q.at("status.used").is_null() {
            usage(&cluster.store, &q)
        } else {
            q.at("status.used").clone()
        };
        let next = settle(call, &q, &used, o, old)?;
        if next != used {
            writes.push((q, next));
        }
    }
    if call.options.dry_run {
        return Ok(());
    }
    for (q, used) in writes {
        let new = q.edit(|v| {
            let hard = v.at("spec.hard").clone();
            v.set("status.hard", hard);
            v.set("status.used", used);
        });
        commit_as_named(cluster, &kinds::resourcequota::KIND, new, &call.cause);
    }
    Ok(())
}

/// What is used of a quota after a write, or which of its bounds the write would pass.
fn settle(
    call: &Call,
    quota: &Object,
    used: &Value,
    o: &Object,
    old: Option<&Object>,
) -> Result<Value, Status> {
    let kind = call.kind;
    let before = old
        .map(|x| cost(kind.group, kind.plural, x))
        .unwrap_or_default();
    let mut next = used.clone();
    // What is asked for, what was used, what is the bound: each as `name=amount`.
    let mut over: [Vec<String>; 3] = Default::default();
    for (name, n) in cost(kind.group, kind.plural, o) {
        let delta = n - before.get(&name).copied().unwrap_or(0);
        let bound = quota.at("spec.hard").get(&name);
        if bound.is_null() || delta == 0 {
            continue;
        }
        let like = bound.as_str().unwrap_or("");
        let total = amount(used.get(&name)) + delta;
        if delta > 0 && total > amount(bound) {
            let shown = [from_nanos(delta, like), text(used.get(&name)), text(bound)];
            for (list, amount) in over.iter_mut().zip(shown) {
                list.push(format!("{name}={amount}"));
            }
        }
        *next.field(&name) = Value::from(from_nanos(total, like));
    }
    let [asked, had, bounds] = over.map(|list| list.join(","));
    if asked.is_empty() {
        return Ok(next);
    }
    let why = format!(
        "exceeded quota: {}, requested: {asked}, used: {had}, limited: {bounds}",
        quota.name(),
    );
    Err(call.forbidden(o.name(), &why))
}

fn text(v: &Value) -> String {
    v.as_str()
        .and_then(quantity::canonical)
        .unwrap_or_else(|| "0".into())
}

/// With compute under quota, every container has to say what it asks for.
fn must_specify(call: &Call, quota: &Object, o: &Object) -> Result<(), Status> {
    let mut missing: Vec<(String, Vec<String>)> = Vec::new();
    for (name, _) in quota.at("spec.hard").entries() {
        let path: (&str, &str) = match name.as_str() {
            "cpu" | "memory" => ("requests", name),
            n => match n.split_once('.') {
                Some(("requests", r)) if matches!(r, "cpu" | "memory") => ("requests", r),
                Some(("limits", r)) if matches!(r, "cpu" | "memory") => ("limits", r),
                _ => continue,
            },
        };
        let all = o
            .at("spec.containers")
            .items()
            .iter()
            .chain(o.at("spec.initContainers").items());
        let without: Vec<String> = all
            .filter(|c| c.get("resources").get(path.0).get(path.1).is_null())
            .map(|c| c.text("name").to_string())
            .collect();
        if !without.is_empty() {
            missing.push((name.to_string(), without));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = missing
        .iter()
        .map(|(r, c)| format!("{r} for: {}", c.join(",")))
        .collect();
    let why = format!(
        "failed quota: {}: must specify {}",
        quota.name(),
        list.join("; ")
    );
    Err(call.forbidden(o.name(), &why))
}
