//! Pods that are alike ask the same of every node: of ten thousand pods of one template each changes one node's row only.
//! So what the plugins said of a row is kept, for the templates last seen, until that row changes; what depends on all
//! nodes in question (spreading, images) is put together from numbers. It comes to the same as asking every plugin
//! about every node ([`super::framework::schedule`]), which pods do that this cannot answer for: those with rules about
//! other pods or with volumes, those that no node fits, and all of them while somebody watches the decisions.
//!
//! Upstream does the same for pods with equal signatures since v1.35 (opportunistic batching).

use super::ask::Ask;
use super::framework::{Filter, enough};
use super::groups::{self, HOSTNAME};
use super::plugins::PLUGINS;
use super::plugins::spread::ln_milli;
use super::rows::{Row, Snapshot};
use crate::Cluster;
use machinery::{Object, Str, Value};
use std::rc::Rc;

/// How a plugin ranks pods of a kind that it says is plain.
#[derive(Clone, Copy)]
pub enum Rank {
    /// It has no opinion, or the same of all nodes.
    No,
    /// By the row alone.
    Row(fn(&Snapshot, &Row) -> i64),
    /// As [`Rank::No`] where no node in question has a taint that is to be avoided.
    Taints(fn(&Snapshot, &Row) -> bool),
    /// By where the images are.
    Images,
    /// By how many pods of the same owner each node has.
    Spread,
}

/// What is known of one template.
#[derive(Clone)]
struct Kind {
    spec: Value,
    probe: Rc<Snapshot>,
    ranks: Rc<[(i64, Rank)]>,
    rows: Rc<Vec<Known>>,
    images: usize,
}

/// What the plugins say of one row.
#[derive(Clone, Default)]
struct Known {
    /// The row's stamp when they were asked; 0 before.
    stamp: u64,
    fits: bool,
    /// Has a taint to be avoided.
    soft: bool,
    /// The sum of the scores that depend on the row alone.
    score: i64,
    /// Sizes of the images that are there already.
    sizes: Vec<i64>,
}

/// Templates last seen, newest last.
#[derive(Clone, Default)]
pub(super) struct Kinds {
    list: Vec<Kind>,
    /// What the last pod that was looked at the long way asked: its next like is worth remembering.
    last: Option<Box<Ask>>,
}

const KINDS_MAX: usize = 4;

/// Where a pod goes.
pub(super) struct Chosen {
    pub node: Str,
    pub feasible: usize,
    pub total: usize,
    pub next_start: usize,
}

/// The node for a pod of a known kind; none where the long way has to be gone.
pub(super) fn choose(cluster: &mut Cluster, pod: &Object) -> Option<Chosen> {
    let s = &mut cluster.scheduler;
    if !s.nominated.is_empty() || !s.rows.with_neighbours.is_empty() {
        return None;
    }
    let list = &mut s.alike.list;
    let mut kind = match list.iter().rposition(|k| k.spec.same(pod.spec())) {
        Some(i) => list.remove(i),
        None => {
            let is_claim = |v: &Value| v.has("persistentVolumeClaim") || v.has("ephemeral");
            if pod.at("spec.volumes").items().iter().any(is_claim) {
                return None;
            }
            let ask = Ask::of(pod);
            match list.iter().rposition(|k| like(&k.probe.ask, &ask)) {
                Some(i) => list.remove(i),
                None => learn(cluster, ask)?,
            }
        }
    };
    let chosen = rank(cluster, pod, &mut kind);
    let list = &mut cluster.scheduler.alike.list;
    if list.len() >= KINDS_MAX {
        list.remove(0);
    }
    list.push(kind);
    chosen
}

/// They ask the same of a node, whatever else is different.
fn like(a: &Ask, b: &Ask) -> bool {
    let rules = |x: &Ask| {
        let spec = x.pod.spec();
        ["topologySpreadConstraints", "affinity"].map(|k| spec.get(k).clone())
    };
    a.requests == b.requests
        && a.assumed == b.assumed
        && a.ports == b.ports
        && a.selector == b.selector
        && a.tolerations == b.tolerations
        && a.images == b.images
        && rules(a) == rules(b)
}

/// Asks the plugins whether they can be plain about such pods.
fn learn(cluster: &mut Cluster, ask: Ask) -> Option<Kind> {
    let last = &mut cluster.scheduler.alike.last;
    if !last.as_ref().is_some_and(|l| like(l, &ask)) {
        *last = Some(Box::new(ask));
        return None;
    }
    let probe = Snapshot {
        ask,
        slots: Rc::default(),
        total: 0,
        start: 0,
    };
    let mut ranks = Vec::new();
    for p in PLUGINS.iter() {
        match p.alike.map(|f| f(&probe)) {
            Some(Some(rank)) => ranks.push((p.weight, rank)),
            None if p.filter.is_none() && p.score.is_none() && p.pre_filter.is_none() => {}
            _ => return None,
        }
    }
    Some(Kind {
        spec: probe.ask.pod.spec().clone(),
        images: probe.ask.images.len(),
        probe: Rc::new(probe),
        ranks: ranks.into(),
        rows: Rc::default(),
    })
}

fn look(kind: &Kind, filters: &[Filter], row: &Row, stamp: u64) -> Known {
    let probe = &kind.probe;
    let mut known = Known {
        stamp,
        fits: filters.iter().all(|f| f(probe, row).is_ok()),
        ..Known::default()
    };
    for (weight, rank) in kind.ranks.iter() {
        match rank {
            Rank::Row(f) => known.score += f(probe, row) * weight,
            Rank::Taints(f) => known.soft |= f(probe, row),
            Rank::Images => {
                let size = |i: &Str| row.images.get(i.as_str()).copied().unwrap_or(0);
                known.sizes = probe.ask.images.iter().map(size).collect();
            }
            Rank::No | Rank::Spread => {}
        }
    }
    known
}

/// Chooses as [`super::framework::schedule`] does.
fn rank(cluster: &mut Cluster, pod: &Object, kind: &mut Kind) -> Option<Chosen> {
    let spread = groups::by_owner(cluster, pod);
    if spread.is_some() && groups::has_zones(cluster) {
        return None;
    }
    let hosts = groups::domains(cluster, HOSTNAME);
    let rows = &cluster.scheduler.rows;
    let (n, total) = (rows.len(), rows.count());
    let wanted = enough(total);
    let start = rows.next_start % n.max(1);
    let mut next_start = start;
    let filters: Vec<Filter> = PLUGINS.iter().filter_map(|p| p.filter).collect();
    let mut known = std::mem::take(&mut kind.rows);
    let table = Rc::make_mut(&mut known);
    table.resize(n, Known::default());
    let mut found: Vec<usize> = Vec::with_capacity(wanted);
    let mut soft = false;
    for i in 0..n {
        let at = (start + i) % n;
        if found.len() >= wanted {
            next_start = at;
            break;
        }
        let stamp = rows.stamp(at);
        if stamp == 0 {
            continue;
        }
        if table[at].stamp != stamp {
            let Some(row) = rows.at(at) else { continue };
            table[at] = look(kind, &filters, row, stamp);
        }
        if table[at].fits {
            found.push(at);
            soft |= table[at].soft;
        }
    }
    let chosen = (!soft && !found.is_empty()).then(|| {
        let mut totals: Vec<i64> = found.iter().map(|at| table[*at].score).collect();
        for (weight, rank) in kind.ranks.iter() {
            match (rank, &spread) {
                (Rank::Spread, Some(per_slot)) => {
                    let w = ln_milli(found.len() + 2);
                    let raw = |at: &usize| match hosts.of_slot.get(*at).copied().flatten() {
                        None => 0,
                        Some(_) => {
                            let n = i64::from(per_slot.get(*at).copied().unwrap_or(0));
                            (n * w + (groups::HOST_SKEW - 1) * 1000 + 500) / 1000
                        }
                    };
                    let max = found.iter().map(raw).max().unwrap_or(0);
                    let min = found.iter().map(raw).min().unwrap_or(0);
                    if max > 0 {
                        for (t, at) in totals.iter_mut().zip(&found) {
                            *t += weight * (100 * (max + min - raw(at)) / max);
                        }
                    }
                }
                (Rank::Images, _) => images(kind.images, table, &found, &mut totals, *weight),
                _ => {}
            }
        }
        best(rows, &found, &totals)
    });
    kind.rows = known;
    Some(Chosen {
        node: chosen??,
        feasible: found.len(),
        total,
        next_start,
    })
}

fn images(count: usize, table: &[Known], found: &[usize], totals: &mut [i64], weight: i64) {
    let size = |at: usize, i: usize| table[at].sizes.get(i).copied().unwrap_or(0);
    let spreads: Vec<i64> = (0..count)
        .map(|i| found.iter().filter(|at| size(**at, i) > 0).count() as i64)
        .collect();
    if spreads.iter().all(|n| *n == 0) {
        return;
    }
    for (t, at) in totals.iter_mut().zip(found) {
        let sizes = &table[*at].sizes;
        *t += weight * super::plugins::basic::image_score(sizes, &spreads, found.len());
    }
}

/// Of equals the one with fewest pods, then the first that was looked at.
fn best(rows: &super::rows::Rows, found: &[usize], totals: &[i64]) -> Option<Str> {
    let most = totals.iter().copied().max()?;
    let mut best: Option<&Rc<Row>> = None;
    for (at, _) in found.iter().zip(totals).filter(|(_, t)| **t == most) {
        let row = rows.at(*at)?;
        if best.is_none_or(|b| row.pods < b.pods) {
            best = Some(row);
        }
    }
    best.map(|row| row.name.clone())
}
