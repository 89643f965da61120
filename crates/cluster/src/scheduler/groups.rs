//! Counts of like pods per node, for spreading: kept up to date change by change, so that the ten-thousandth pod of a
//! Deployment costs no more than the first.
//!
//! A group is all pods of one controller (for the default spreading), or all of a namespace that a selector selects (for
//! `topologySpreadConstraints`). Only the groups last used are kept; another is counted anew when it is asked for.

use super::ask::Ask;
use super::rows::{Rows, counts};
use crate::Cluster;
use machinery::{Object, Str, Value, labels};
use std::collections::BTreeMap;
use std::rc::Rc;

/// How many groups are kept.
const GROUPS_MAX: usize = 64;

pub const HOSTNAME: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";

/// In which domain of a topology key each slot is; `None` for nodes without the label.
#[derive(Clone, Debug, Default)]
pub struct Domains {
    pub of_slot: Vec<Option<u32>>,
    pub count: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum By {
    Owner(Str),
    Selector(Value),
}

#[derive(Clone, Debug)]
struct Group {
    namespace: Str,
    by: By,
    per_slot: Rc<Vec<u32>>,
}

/// The groups, last used last.
#[derive(Clone, Default)]
pub(super) struct Groups(Vec<Group>);

/// One spreading rule with the counts of now.
#[derive(Clone, Debug, Default)]
pub struct Spread {
    pub key: Str,
    pub max_skew: i64,
    /// `DoNotSchedule`; otherwise it only ranks.
    pub hard: bool,
    /// The pod itself will count.
    pub counts_itself: bool,
    /// The rule stands in the pod; otherwise it is the scheduler's own default.
    pub own: bool,
    pub domains: Rc<Domains>,
    pub per_slot: Rc<Vec<u32>>,
    /// Pods per domain, over nodes that the pod could be on.
    pub per_domain: Vec<i64>,
    /// Domains that some eligible node is in.
    pub eligible: Vec<bool>,
    pub min_domains: i64,
    pub selector: Value,
}

impl Group {
    fn has(&self, p: &Object) -> bool {
        if self.namespace != *p.namespace() || !counts(p) || p.is_deleting() {
            return false;
        }
        match &self.by {
            By::Owner(uid) => *uid == *p.controller().text("uid"),
            By::Selector(s) => labels::matches(s, p.at("metadata.labels")),
        }
    }
    fn note(&mut self, rows: &Rows, p: &Object, sign: i32) {
        if !self.has(p) {
            return;
        }
        let Some(slot) = rows.slot(p.text("spec.nodeName")) else {
            return;
        };
        let per_slot = Rc::make_mut(&mut self.per_slot);
        if per_slot.len() <= slot {
            per_slot.resize(slot + 1, 0);
        }
        per_slot[slot] = per_slot[slot].saturating_add_signed(sign);
    }
}

impl Groups {
    pub fn pod_changed(&mut self, rows: &Rows, old: Option<&Object>, new: Option<&Object>) {
        for g in &mut self.0 {
            if let Some(p) = old {
                g.note(rows, p, -1);
            }
            if let Some(p) = new {
                g.note(rows, p, 1);
            }
        }
    }
}

/// The counts of a group, counted now if it is not known.
fn counted(cluster: &mut Cluster, namespace: &str, by: By) -> Rc<Vec<u32>> {
    let (store, s) = (&cluster.store, &mut cluster.scheduler);
    let list = &mut s.groups.0;
    let known = list
        .iter()
        .position(|g| g.namespace == *namespace && g.by == by);
    let group = match known {
        Some(i) => list.remove(i),
        None => {
            let mut g = Group {
                namespace: Str::from(namespace),
                by,
                per_slot: Rc::new(vec![0; s.rows.len()]),
            };
            match g.by.clone() {
                By::Owner(uid) => store
                    .owned("pods", &uid)
                    .for_each(|p| g.note(&s.rows, p, 1)),
                By::Selector(_) => {
                    let all = store.list("pods", Some(namespace));
                    all.for_each(|p| g.note(&s.rows, p, 1));
                }
            }
            g
        }
    };
    if list.len() >= GROUPS_MAX {
        list.remove(0);
    }
    let per_slot = group.per_slot.clone();
    list.push(group);
    per_slot
}

pub(super) fn domains(cluster: &mut Cluster, key: &str) -> Rc<Domains> {
    let rows = &mut cluster.scheduler.rows;
    if let Some(d) = rows.domains.get(key) {
        return d.clone();
    }
    let mut names: BTreeMap<Str, u32> = BTreeMap::new();
    let mut of_slot = vec![None; rows.len()];
    for row in rows.iter() {
        if let Value::Str(v) = row.labels.get(key) {
            let next = names.len() as u32;
            of_slot[row.slot] = Some(*names.entry(v.clone()).or_insert(next));
        }
    }
    let d = Rc::new(Domains {
        of_slot,
        count: names.len(),
    });
    rows.domains.insert(Str::from(key), d.clone());
    d
}

/// The spreading rules of a pod: its own, or the scheduler's defaults for pods that some controller made.
pub(super) fn spreads(cluster: &mut Cluster, pod: &Object, ask: &Ask) -> Vec<Spread> {
    let own = pod.at("spec.topologySpreadConstraints").items();
    if own.is_empty() {
        return defaults(cluster, pod);
    }
    let rules = own.to_vec();
    let rules = rules.iter();
    rules.map(|rule| of_rule(cluster, pod, ask, rule)).collect()
}

fn of_rule(cluster: &mut Cluster, pod: &Object, ask: &Ask, rule: &Value) -> Spread {
    let mut selector = rule.get("labelSelector").clone();
    // `matchLabelKeys`: only pods with the same value as this one.
    for k in rule.get("matchLabelKeys").items() {
        let k = k.as_str().unwrap_or("");
        let v = pod.at("metadata.labels").get(k);
        if !v.is_null() {
            selector.place("matchLabels").map_mut().insert(k, v.clone());
        }
    }
    let key = rule.text("topologyKey");
    let per_slot = counted(cluster, pod.namespace(), By::Selector(selector.clone()));
    let mut s = Spread {
        key: Str::from(key),
        max_skew: rule.int("maxSkew").max(1),
        hard: rule.text("whenUnsatisfiable") != "ScheduleAnyway",
        counts_itself: labels::matches(&selector, pod.at("metadata.labels")),
        own: true,
        domains: domains(cluster, key),
        per_slot,
        min_domains: rule.int("minDomains").max(1),
        selector,
        ..Spread::default()
    };
    let affinity = rule.text("nodeAffinityPolicy") != "Ignore";
    let taints = rule.text("nodeTaintsPolicy") == "Honor";
    sum_up(&cluster.scheduler.rows, &mut s, &|row| {
        (!affinity || super::plugins::node_affinity::fits(ask, row))
            && (!taints || super::plugins::taints::untolerated(ask, &row.taints).is_none())
    });
    s
}

/// How many pods of a pod's owner each slot has; none for a pod that nobody made.
pub(super) fn by_owner(cluster: &mut Cluster, pod: &Object) -> Option<Rc<Vec<u32>>> {
    let owner = pod.controller().get("uid");
    match owner {
        Value::Str(uid) if !uid.is_empty() => {
            Some(counted(cluster, pod.namespace(), By::Owner(uid.clone())))
        }
        _ => None,
    }
}

pub(super) fn has_zones(cluster: &mut Cluster) -> bool {
    domains(cluster, ZONE).count > 0
}

/// How unevenly the default spreads over nodes.
pub const HOST_SKEW: i64 = 3;

/// Without rules of its own, a controller's pods are spread over nodes a little, over zones less strictly.
fn defaults(cluster: &mut Cluster, pod: &Object) -> Vec<Spread> {
    let owner = Str::from(pod.controller().text("uid"));
    if owner.is_empty() {
        return Vec::new();
    }
    let per_slot = counted(cluster, pod.namespace(), By::Owner(owner));
    let mut out = Vec::new();
    for (key, max_skew) in [(HOSTNAME, HOST_SKEW), (ZONE, 5)] {
        let domains = domains(cluster, key);
        if domains.count == 0 {
            continue;
        }
        let mut s = Spread {
            key: Str::lit(key),
            max_skew,
            counts_itself: true,
            domains,
            per_slot: per_slot.clone(),
            ..Spread::default()
        };
        if key != HOSTNAME {
            sum_up(&cluster.scheduler.rows, &mut s, &|_| true);
        }
        out.push(s);
    }
    out
}

fn sum_up(rows: &Rows, s: &mut Spread, takes_part: &dyn Fn(&super::Row) -> bool) {
    s.per_domain = vec![0; s.domains.count];
    s.eligible = vec![false; s.domains.count];
    for row in rows.iter() {
        let Some(Some(d)) = s.domains.of_slot.get(row.slot) else {
            continue;
        };
        if takes_part(row) {
            let d = *d as usize;
            s.eligible[d] = true;
            s.per_domain[d] += i64::from(s.per_slot.get(row.slot).copied().unwrap_or(0));
        }
    }
}
