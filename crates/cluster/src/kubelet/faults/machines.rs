//! Faults of machines: what each suffers from follows from the list of what is broken.

use super::super::{Wake, images, process, system};
use super::Fault;
use crate::Cluster;
use machinery::Str;
use std::rc::Rc;

impl Cluster {
    /// What each machine suffers from follows from the list. Those that are reachable again are looked at.
    pub(super) fn look_at_machines(&mut self) {
        let home = system::home(self).map(|n| self.zone_of(&n).to_string());
        let names: Vec<Str> = self.kubelets.nodes.keys().cloned().collect();
        for name in names {
            let zone = self.zone_of(&name);
            let (mut cut, mut stopped, mut slow) = (false, false, 1);
            for b in &self.kubelets.broken {
                match &b.fault {
                    Fault::CutNode { node, .. } => cut |= *node == *name,
                    Fault::StopNode { node, .. } => stopped |= *node == *name,
                    Fault::SlowNode { node, factor } if *node == *name => slow = *factor,
                    Fault::Partition { a, b, .. } => {
                        let home = home.as_deref().unwrap_or("");
                        cut |=
                            !home.is_empty() && (a == home && b == zone || b == home && a == zone);
                    }
                    _ => {}
                }
            }
            let Some(n) = self.kubelets.node_mut(&name) else {
                continue;
            };
            let was_away = n.cut || n.stopped;
            (n.cut, n.stopped, n.slow) = (cut, stopped, slow);
            if was_away && !cut && !stopped {
                self.look_at_node(&name);
            }
        }
    }

    fn look_at_node(&mut self, name: &str) {
        let node = Str::from(name);
        self.queue
            .kubelet(self.now, node, Str::default(), Wake::Sync);
    }

    pub(super) fn stop_node(&mut self, name: &str, on: bool) -> bool {
        if on {
            let runs = self.kubelets.pods.iter();
            let here = runs.filter(|(_, r)| r.node == *name);
            let uids: Vec<Str> = here.map(|(uid, _)| uid.clone()).collect();
            for uid in uids {
                let count = self.kubelets.pod(&uid).map_or(0, |r| r.containers.len());
                (0..count).for_each(|i| process::kill_now(self, &uid, i, 255, Some("Unknown")));
            }
        }
        self.kubelets.node(name).is_some()
    }

    /// Whether no packet passes between two nodes.
    pub(crate) fn apart(&self, a: &str, b: &str) -> bool {
        let cut = |n: &str| self.kubelets.node(n).is_some_and(|n| n.cut);
        if a == b || a.is_empty() || b.is_empty() {
            return a != b && (cut(a) || cut(b));
        }
        let between = |f: &Fault| match f {
            Fault::Partition { a: x, b: y, .. } => {
                let (za, zb) = (self.zone_of(a), self.zone_of(b));
                x == za && y == zb || y == za && x == zb
            }
            _ => false,
        };
        cut(a) || cut(b) || self.kubelets.broken.iter().any(|b| between(&b.fault))
    }

    /// The zone of a node: its label, as it is now.
    fn zone_of(&self, node: &str) -> &str {
        self.store
            .get("nodes", "", node)
            .and_then(|n| n.label("topology.kubernetes.io/zone"))
            .unwrap_or("")
    }

    pub(super) fn has_zone(&self, zone: &str) -> bool {
        let nodes = &self.kubelets.nodes;
        !zone.is_empty() && nodes.keys().any(|n| self.zone_of(n) == zone)
    }

    /// The images on a node, by full reference.
    pub fn images_of(&self, node: &str) -> Vec<String> {
        let n = self.kubelets.node(node);
        n.map_or_else(Vec::new, |n| n.images.keys().map(Str::to_string).collect())
    }

    pub(super) fn has_image(&self, node: &str, image: &str) -> bool {
        let full = images::parse(image).map(|r| r.full()).unwrap_or_default();
        (self.kubelets.node(node)).is_some_and(|n| n.images.contains_key(full.as_str()))
    }

    /// Puts an image on a node, or takes it away.
    pub(super) fn image_on(&mut self, node: &str, image: &str, on: bool) -> bool {
        let Some(r) = images::parse(image) else {
            return false;
        };
        let Some(n) = self.kubelets.node_mut(node) else {
            return false;
        };
        let (all, full) = (Rc::make_mut(&mut n.images), r.full());
        match (on, images::find(&r)) {
            (true, Ok(found)) => all.insert(Str::from(full), found).is_none(),
            (true, Err(_)) => false,
            (false, _) => all.remove(full.as_str()).is_some(),
        }
    }
}
