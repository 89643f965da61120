//! Pod: one or more containers that live and die together on a node.
//! Upstream: `kubernetes:pkg/registry/core/pod/strategy.go`, `pkg/apis/core`.

use crate::kind::{Column, Kind, Subresource};
use crate::edit::{each, within};
use machinery::{Object, Quantity, Value, value};

const CREATE: &[&str] = &["create"];
const ANY: &[&str] = &["create", "delete", "get", "patch", "update"];

const fn sub(name: &'static str, group_version: &'static str, kind: &'static str, verbs: &'static [&'static str]) -> Subresource {
    Subresource { name, group_version, kind, verbs }
}

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "Pod",
    plural: "pods",
    singular: "pod",
    short: &["po"],
    categories: &["all"],
    namespaced: true,
    generation: true,
    subresources: &[
        sub("attach", "", "PodAttachOptions", &["create", "get"]),
        sub("binding", "", "Binding", CREATE),
        sub("ephemeralcontainers", "", "", &["get", "patch", "update"]),
        sub("eviction", "policy/v1", "Eviction", CREATE),
        sub("exec", "", "PodExecOptions", &["create", "get"]),
        sub("log", "", "", &["get"]),
        sub("portforward", "", "PodPortForwardOptions", &["create", "get"]),
        sub("proxy", "", "PodProxyOptions", ANY),
        sub("resize", "", "", &["get", "patch", "update"]),
        Subresource::STATUS,
    ],
    default,
    prepare_create,
    prepare_update,
    columns: &[
        Column::NAME,
        Column::text("Ready"),
        Column::text("Status"),
        Column::text("Restarts"),
        Column::AGE,
        Column::wide("IP"),
        Column::wide("Node"),
        Column::wide("Nominated Node"),
        Column::wide("Readiness Gates"),
    ],
    cells: crate::pod_cells::cells,
    describe: crate::pod_describe::pod,
    validate: crate::pod_validate::pod,
    validate_update: crate::pod_update::update,
    warnings: crate::warnings::pod,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    crate::pod_defaults::pod(v);
    // What init containers were written as in the oldest versions is dropped.
    for key in ["init-containers", "init-container-statuses"] {
        for version in ["alpha", "beta"] {
            let key = format!("pod.{version}.kubernetes.io/{key}");
            if v.at("metadata.annotations").has(&key) {
                v.place("metadata.annotations").map_mut().remove(&key);
                if v.at("metadata.annotations").is_empty() {
                    v.remove("metadata.annotations");
                }
            }
        }
    }
}

fn prepare_create(v: &mut Value) {
    let status = crate::pod_defaults::fresh_status(v);
    v.set("status", status);
    if !v.at("spec.schedulingGates").is_empty() {
        v.set("status.conditions", Value::from(vec![value!({
            "type": "PodScheduled", "status": "False", "reason": "SchedulingGated",
            "message": "Scheduling is blocked due to non-empty scheduling gates",
            "lastProbeTime": null, "lastTransitionTime": null, "observedGeneration": 1,
        })]));
    }
    app_armor(v);
    label_keys(v);
}

/// `matchLabelKeys` and `mismatchLabelKeys` become requirements with the pod's own values.
fn label_keys(v: &mut Value) {
    let labels = v.at("metadata.labels").clone();
    let merge = |term: &mut Value| {
        if term.get("labelSelector").is_null() {
            return;
        }
        for (field, operator) in [("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")] {
            for key in term.get(field).clone().items() {
                let own = labels.get(key.as_str().unwrap_or(""));
                if !own.is_null() {
                    let rule = value!({ "key": key.clone(), "operator": operator, "values": [own.clone()] });
                    term.place("labelSelector.matchExpressions").push(rule);
                }
            }
        }
    };
    each(v, "spec.topologySpreadConstraints", merge);
    for side in ["podAffinity", "podAntiAffinity"] {
        each(v, &format!("spec.affinity.{side}.requiredDuringSchedulingIgnoredDuringExecution"), merge);
        let preferred = format!("spec.affinity.{side}.preferredDuringSchedulingIgnoredDuringExecution");
        each(v, &preferred, |t| within(t, "podAffinityTerm", merge));
    }
}

/// The older annotations for AppArmor become fields.
fn app_armor(v: &mut Value) {
    const PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
    for (key, profile) in v.at("metadata.annotations").clone().entries() {
        let Some(container) = key.strip_prefix(PREFIX) else { continue };
        let profile = match profile.as_str().unwrap_or("") {
            "runtime/default" => value!({ "type": "RuntimeDefault" }),
            "unconfined" => value!({ "type": "Unconfined" }),
            text => match text.strip_prefix("localhost/") {
                Some(name) => value!({ "type": "Localhost", "localhostProfile": Value::str(name) }),
                None => continue,
            },
        };
        for list in ["spec.initContainers", "spec.containers"] {
            each(v, list, |c| {
                if c.text("name") == container {
                    c.set_default("securityContext.appArmorProfile", profile.clone());
                }
            });
        }
    }
}

fn prepare_update(new: &mut Value, old: &Value) {
    new.set("status", old.get("status").clone());
}

/// The quality-of-service class that requests and limits make: who is evicted last.
pub fn qos(spec: &Value) -> &'static str {
    let containers = || spec.get("initContainers").items().iter().chain(spec.get("containers").items());
    let amounts = |c: &Value, what: &str, name: &str| -> Option<Quantity> {
        let text = c.get("resources").get(what).get(name).as_str()?;
        Quantity::parse(text).ok().filter(|q| q.sign() > 0)
    };
    let mut any = false;
    let mut guaranteed = true;
    for c in containers() {
        for name in ["cpu", "memory"] {
            let (request, limit) = (amounts(c, "requests", name), amounts(c, "limits", name));
            any |= request.is_some() || limit.is_some();
            guaranteed &= limit.is_some() && (request.is_none() || request == limit);
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (_, true) => "Guaranteed",
        _ => "Burstable",
    }
}

/// Whether an init container is a sidecar: restarted always, and running beside the others.
pub fn is_sidecar(container: &Value) -> bool {
    container.text("restartPolicy") == "Always"
}

/// Whether the pod is done for good.
pub fn is_terminal(o: &Object) -> bool {
    matches!(o.text("status.phase"), "Succeeded" | "Failed")
}

/// Amounts of resources by name, as pods ask for them.
#[derive(Clone, Default, Debug, PartialEq)]
pub struct Amounts(std::collections::BTreeMap<String, Quantity>);

impl Amounts {
    /// What a list `{cpu: 100m, memory: 64Mi}` says.
    pub fn of(list: &Value) -> Amounts {
        let amount = |v: &Value| Quantity::parse(v.as_str()?).ok();
        let pairs = list.entries().iter().filter_map(|(k, v)| Some((k.to_string(), amount(v)?)));
        Amounts(machinery::arrange::gather(pairs))
    }
    /// `requests` or `limits` of a whole pod: its containers and sidecars together, or its largest init container with
    /// the sidecars before it, whichever is more; and its overhead. Amounts for the pod as a whole go before all that.
    pub fn of_pod(spec: &Value, what: &str) -> Amounts {
        let mut sum = Amounts::default();
        for c in spec.get("containers").items() {
            sum.add(&Amounts::of(c.get("resources").get(what)));
        }
        let (mut sidecars, mut largest) = (Amounts::default(), Amounts::default());
        for c in spec.get("initContainers").items() {
            let mut own = Amounts::of(c.get("resources").get(what));
            if is_sidecar(c) {
                sum.add(&own);
                sidecars.add(&own);
                own = sidecars.clone();
            } else {
                own.add(&sidecars);
            }
            largest.max(&own);
        }
        sum.max(&largest);
        for (name, amount) in Amounts::of(spec.get("resources").get(what)).0 {
            sum.0.insert(name, amount);
        }
        let mut overhead = Amounts::of(spec.get("overhead"));
        overhead.0.retain(|name, _| what == "requests" || sum.0.contains_key(name));
        sum.add(&overhead);
        sum
    }
    pub fn add(&mut self, other: &Amounts) {
        for (name, amount) in &other.0 {
            let sum = self.0.get(name).map_or_else(|| amount.clone(), |have| have.add(amount));
            self.0.insert(name.clone(), sum);
        }
    }
    fn max(&mut self, other: &Amounts) {
        for (name, amount) in &other.0 {
            if self.0.get(name).is_none_or(|have| amount > have) {
                self.0.insert(name.clone(), amount.clone());
            }
        }
    }
    /// Nothing where there is none.
    pub fn get(&self, name: &str) -> Quantity {
        self.0.get(name).cloned().unwrap_or_default()
    }
}
