//! What the nodes have and what is used of it: one row a node, changed by as much as each change of a pod or node says.
//! Upstream's counterpart is the scheduler's cache of `NodeInfo`s.

use super::ask::{Amounts, Ask, add, amounts, host_ports, read};
use super::groups::{self, Domains};
use super::plugins::{affinity, basic};
use super::volumes;
use crate::Cluster;
use crate::store::{Change, Key};
use machinery::{Object, Str, Value, WatchType};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// One node as the plugins see it.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Its place among the rows; kept as long as the node exists.
    pub slot: usize,
    pub name: Str,
    pub labels: Value,
    pub taints: Value,
    /// Sizes by full name, and the list that they were read from.
    pub images: Rc<BTreeMap<String, i64>>,
    image_list: Value,
    pub unschedulable: bool,
    pub allocatable: Amounts,
    allocatable_list: Value,
    pub pods_max: i64,
    pub used: Amounts,
    /// cpu and memory used, with assumed amounts for pods that request nothing.
    pub assumed: (i64, i64),
    pub pods: i64,
    /// No pod here is less important than this.
    pub least: i64,
    pub ports: Vec<(Str, Str, i64)>,
    /// Pods thought away while preemption tries what would help.
    pub without: Vec<Object>,
}

#[derive(Clone, Default)]
pub(super) struct Rows {
    slots: Rc<Vec<Option<Rc<Row>>>>,
    by_name: BTreeMap<Str, usize>,
    /// By slot: a number that is another whenever the row has changed; 0 for none.
    stamps: Rc<Vec<u64>>,
    last_stamp: u64,
    /// Topology keys → which domain each slot is in; forgotten when labels of nodes change.
    pub domains: BTreeMap<Str, Rc<Domains>>,
    /// Bound pods with rules about other pods.
    pub with_neighbours: BTreeSet<Key>,
    /// Where the next search starts, so that not always the same nodes are looked at first.
    pub next_start: usize,
}

/// All that a decision is made from.
pub struct Snapshot {
    pub ask: Ask,
    /// By slot; the slot of a node that is gone is empty.
    pub slots: Rc<Vec<Option<Rc<Row>>>>,
    /// How many nodes there are.
    pub total: usize,
    pub start: usize,
}

impl Snapshot {
    pub fn row(&self, node: &str) -> Option<&Rc<Row>> {
        self.slots.iter().flatten().find(|r| r.name == *node)
    }
}

/// Takes part in what a node uses: bound, and not finished.
pub(super) fn counts(p: &Object) -> bool {
    !p.text("spec.nodeName").is_empty() && !matches!(p.text("status.phase"), "Succeeded" | "Failed")
}

/// Reads what the pod asks and collects all that the plugins will want to know.
pub(super) fn snapshot(cluster: &mut Cluster, pod: &Object) -> Snapshot {
    let mut ask = Ask::of(pod);
    ask.volumes = volumes::of_pod(&cluster.store, pod);
    ask.spreads = groups::spreads(cluster, pod, &ask);
    let rows = &cluster.scheduler.rows;
    ask.neighbours = affinity::Neighbours::of(&cluster.store, rows, pod);
    let mut slots = rows.slots.clone();
    with_nominated(cluster, pod, &mut slots);
    let start = cluster.scheduler.rows.next_start % slots.len().max(1);
    let total = cluster.scheduler.rows.by_name.len();
    Snapshot {
        ask,
        slots,
        total,
        start,
    }
}

/// Room that was made for another pod by preemption, of at least this priority, is not ours to take.
fn with_nominated(cluster: &Cluster, pod: &Object, slots: &mut Rc<Vec<Option<Rc<Row>>>>) {
    for (uid, node, other) in &cluster.scheduler.nominated {
        if *uid == *pod.uid() || other.int("spec.priority") < pod.int("spec.priority") {
            continue;
        }
        let slot = cluster.scheduler.rows.slot(node);
        if let Some(slot) = slot
            && let Some(Some(row)) = Rc::make_mut(slots).get_mut(slot)
        {
            Rc::make_mut(row).take(other, 1);
        }
    }
}

impl Rows {
    pub fn iter(&self) -> impl Iterator<Item = &Rc<Row>> {
        self.slots.iter().flatten()
    }
    pub fn len(&self) -> usize {
        self.slots.len()
    }
    /// How many nodes there are.
    pub fn count(&self) -> usize {
        self.by_name.len()
    }
    pub fn at(&self, slot: usize) -> Option<&Rc<Row>> {
        self.slots.get(slot)?.as_ref()
    }
    pub fn stamp(&self, slot: usize) -> u64 {
        self.stamps.get(slot).copied().unwrap_or(0)
    }
    fn touch(&mut self, slot: usize) {
        self.last_stamp += 1;
        let stamps = Rc::make_mut(&mut self.stamps);
        if stamps.len() <= slot {
            stamps.resize(slot + 1, 0);
        }
        stamps[slot] = self.last_stamp;
    }
    pub fn slot(&self, node: &str) -> Option<usize> {
        self.by_name.get(node).copied()
    }
    pub fn row(&self, node: &str) -> Option<&Rc<Row>> {
        self.slots.get(self.slot(node)?)?.as_ref()
    }

    /// Returns the plugins whose refusals this change could undo.
    pub fn node_changed(&mut self, change: &Change) -> Vec<&'static str> {
        let node = &change.new;
        if change.kind == WatchType::Deleted {
            if let Some(slot) = self.by_name.remove(node.name()) {
                Rc::make_mut(&mut self.slots)[slot] = None;
                self.touch(slot);
                Rc::make_mut(&mut self.stamps)[slot] = 0;
            }
            self.domains.clear();
            return vec!["PodTopologySpread", "InterPodAffinity"];
        }
        if let Some(slot) = self.slot(node.name()) {
            self.touch(slot);
            let slots = Rc::make_mut(&mut self.slots);
            let Some(row) = slots.get_mut(slot).and_then(Option::as_mut) else {
                return Vec::new();
            };
            return renew(row, node, &mut self.domains);
        }
        let slot = self.slots.len();
        let mut row = Rc::new(Row {
            slot,
            name: Str::from(node.name()),
            ..Row::default()
        });
        renew(&mut row, node, &mut self.domains);
        self.domains.clear();
        self.by_name.insert(row.name.clone(), slot);
        Rc::make_mut(&mut self.slots).push(Some(row));
        self.touch(slot);
        vec![super::queue::ANYTHING]
    }

    /// Moves what a pod uses. Returns the plugins whose refusals this change could undo.
    pub fn pod_changed(
        &mut self,
        old: Option<&Object>,
        new: Option<&Object>,
    ) -> &'static [&'static str] {
        let (old, new) = (old.filter(|p| counts(p)), new.filter(|p| counts(p)));
        if let (Some(o), Some(n)) = (old, new)
            && o.spec().same(n.spec())
        {
            return &[];
        }
        for (pod, sign) in [(old, -1), (new, 1)] {
            let Some(pod) = pod else { continue };
            if let Some(slot) = self.slot(pod.text("spec.nodeName"))
                && let Some(Some(row)) = Rc::make_mut(&mut self.slots).get_mut(slot)
            {
                Rc::make_mut(row).take(pod, sign);
                self.touch(slot);
            }
            if affinity::has_rules(pod) {
                let key = (Str::from(pod.namespace()), Str::from(pod.name()));
                match sign {
                    1 => self.with_neighbours.insert(key),
                    _ => self.with_neighbours.remove(&key),
                };
            }
        }
        match (old, new) {
            (Some(_), _) => &[
                "NodeResourcesFit",
                "NodePorts",
                "VolumeRestrictions",
                "PodTopologySpread",
                "InterPodAffinity",
            ],
            (None, Some(_)) => &["PodTopologySpread", "InterPodAffinity"],
            _ => &[],
        }
    }
}

/// Takes over what matters of a node; heartbeats change none of it.
fn renew(
    row: &mut Rc<Row>,
    node: &Object,
    domains: &mut BTreeMap<Str, Rc<Domains>>,
) -> Vec<&'static str> {
    let mut hints = Vec::new();
    let labels = node.at("metadata.labels");
    if row.labels != *labels {
        Rc::make_mut(row).labels = labels.clone();
        domains.clear();
        hints.extend([
            "NodeAffinity",
            "PodTopologySpread",
            "InterPodAffinity",
            "VolumeBinding",
            "VolumeZone",
        ]);
    }
    let taints = node.at("spec.taints");
    if row.taints != *taints {
        Rc::make_mut(row).taints = taints.clone();
        hints.extend(["TaintToleration", "PodTopologySpread"]);
    }
    let unschedulable = node.flag("spec.unschedulable");
    if row.unschedulable != unschedulable {
        Rc::make_mut(row).unschedulable = unschedulable;
        if !unschedulable {
            hints.extend(["NodeUnschedulable", "PodTopologySpread"]);
        }
    }
    let images = node.at("status.images");
    if !row.image_list.same(images) {
        let r = Rc::make_mut(row);
        r.image_list = images.clone();
        r.images = Rc::new(basic::image_sizes(images));
    }
    let allocatable = node.at("status.allocatable");
    if row.allocatable_list.same(allocatable) {
        return hints;
    }
    Rc::make_mut(row).allocatable_list = allocatable.clone();
    let mut has = Amounts::default();
    let mut pods_max = 0;
    for (k, v) in allocatable.entries() {
        match k.as_str() {
            "pods" => pods_max = read(k, v),
            _ => add(&mut has, k, read(k, v)),
        }
    }
    if row.allocatable != has || row.pods_max != pods_max {
        let r = Rc::make_mut(row);
        (r.allocatable, r.pods_max) = (has, pods_max);
        hints.push("NodeResourcesFit");
    }
    hints
}

impl Row {
    /// A node by name and labels only, for rules that ask no more.
    pub(super) fn named(node: &Object) -> Row {
        Row {
            name: Str::from(node.name()),
            labels: node.at("metadata.labels").clone(),
            ..Row::default()
        }
    }
    /// Adds (`sign` 1) or takes away (-1) what a pod uses.
    pub fn take(&mut self, pod: &Object, sign: i64) {
        let (a, assumed) = amounts(pod.spec());
        self.used.cpu += sign * a.cpu;
        self.used.memory += sign * a.memory;
        self.used.disk += sign * a.disk;
        for (k, n) in a.other {
            *self.used.other.entry(k).or_default() += sign * n;
        }
        self.assumed.0 += sign * assumed.0;
        self.assumed.1 += sign * assumed.1;
        if sign > 0 {
            let priority = pod.spec().int("priority");
            let least = if self.pods == 0 { priority } else { self.least };
            self.least = least.min(priority);
        }
        self.pods += sign;
        for port in host_ports(pod.spec()) {
            match sign {
                1 => self.ports.push(port),
                _ => {
                    if let Some(i) = self.ports.iter().position(|p| *p == port) {
                        self.ports.remove(i);
                    }
                }
            }
        }
    }
}
