//! InterPodAffinity: near pods that a selector selects, or away from them. Upstream: `plugins/interpodaffinity`.
//!
//! Anti-affinity works both ways: a pod that wants no company keeps later ones away too.

use super::super::alike::Rank;
use super::super::framework::{Plugin, Refusal};
use super::super::rows::{Row, Rows, Snapshot, counts};
use super::{hopeless, refused};
use crate::store::Store;
use machinery::{Object, Str, Value, labels};
use std::collections::BTreeMap;

pub const INTER_POD_AFFINITY: Plugin = Plugin {
    name: "InterPodAffinity",
    filter: Some(filter),
    score: Some(score),
    weight: 2,
    alike: Some(|s| (!has_rules(&s.ask.pod)).then_some(Rank::No)),
    ..Plugin::NONE
};

/// (topology key, value) → how many pods, or how much weight.
type Counts = BTreeMap<(Str, Str), i64>;

/// What the pod's rules about others, and others' rules about it, come to.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    /// The pod's required affinity terms, each with the matching pods by domain.
    affinity: Vec<(Str, Counts)>,
    /// No pod anywhere matches, but the pod itself would: the first of a group may go anywhere.
    first_of_group: bool,
    anti: Vec<(Str, Value, Counts)>,
    /// Domains that some other pod does not want to share with this one.
    unwanted: Counts,
    preferred: Counts,
}

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

pub fn has_rules(p: &Object) -> bool {
    let a = p.at("spec.affinity");
    !a.get("podAffinity").is_null() || !a.get("podAntiAffinity").is_null()
}

impl Neighbours {
    pub(in crate::scheduler) fn of(store: &Store, rows: &Rows, pod: &Object) -> Neighbours {
        let mut out = Neighbours::default();
        let domain_of = |p: &Object, key: &str| -> Option<Str> {
            let row = rows.row(p.text("spec.nodeName"))?;
            row.labels.get(key).as_str().map(Str::from)
        };
        let bump = |counts: &mut Counts, p: &Object, key: &str, by: i64| {
            if let Some(v) = domain_of(p, key) {
                *counts.entry((Str::from(key), v)).or_default() += by;
            }
        };
        // What others say about this pod.
        for (ns, name) in &rows.with_neighbours {
            let Some(p) = store.get("pods", ns, name) else {
                continue;
            };
            let a = p.at("spec.affinity");
            for t in a.at("podAntiAffinity").get(REQUIRED).items() {
                if concerns(store, t, p, pod) {
                    bump(&mut out.unwanted, p, t.text("topologyKey"), 1);
                }
            }
            for (side, sign) in [("podAffinity", 1), ("podAntiAffinity", -1)] {
                for t in a.get(side).get(PREFERRED).items() {
                    let term = t.get("podAffinityTerm");
                    if concerns(store, term, p, pod) {
                        let by = sign * t.int("weight");
                        bump(&mut out.preferred, p, term.text("topologyKey"), by);
                    }
                }
            }
            for t in a.at("podAffinity").get(REQUIRED).items() {
                if concerns(store, t, p, pod) {
                    bump(&mut out.preferred, p, t.text("topologyKey"), 1);
                }
            }
        }
        if !has_rules(pod) {
            return out;
        }
        // What this pod says about others.
        let a = pod.at("spec.affinity");
        let count = |term: &Value, by: i64, into: &mut Counts| {
            for p in candidates(store, term, pod) {
                if counts(p) && !p.is_deleting() && concerns(store, term, pod, p) {
                    bump(into, p, term.text("topologyKey"), by);
                }
            }
        };
        let mut all_own = true;
        for t in a.at("podAffinity").get(REQUIRED).items() {
            let mut c = Counts::new();
            count(t, 1, &mut c);
            all_own &= concerns(store, t, pod, pod);
            out.affinity.push((Str::from(t.text("topologyKey")), c));
        }
        out.first_of_group = all_own && out.affinity.iter().all(|(_, c)| c.is_empty());
        for t in a.at("podAntiAffinity").get(REQUIRED).items() {
            let mut c = Counts::new();
            count(t, 1, &mut c);
            out.anti
                .push((Str::from(t.text("topologyKey")), t.clone(), c));
        }
        for (side, sign) in [("podAffinity", 1), ("podAntiAffinity", -1)] {
            for t in a.get(side).get(PREFERRED).items() {
                let term = t.get("podAffinityTerm");
                count(term, sign * t.int("weight"), &mut out.preferred);
            }
        }
        out
    }
}

/// The pods that a term could speak of: those of its namespaces.
fn candidates<'a>(
    store: &'a Store,
    term: &Value,
    holder: &Object,
) -> Box<dyn Iterator<Item = &'a Object> + 'a> {
    let plain = term.get("namespaces").is_empty() && term.get("namespaceSelector").is_null();
    store.list("pods", plain.then(|| holder.namespace()))
}

/// Whether `holder`'s term speaks of `other`.
fn concerns(store: &Store, term: &Value, holder: &Object, other: &Object) -> bool {
    let named = term.get("namespaces").items();
    let selector = term.get("namespaceSelector");
    let ns = other.namespace();
    let in_scope = if named.is_empty() && selector.is_null() {
        ns == holder.namespace()
    } else {
        let here = || store.get("namespaces", "", ns);
        named.iter().any(|n| n.as_str() == Some(ns))
            || here().is_some_and(|n| labels::matches(selector, n.at("metadata.labels")))
    };
    in_scope && labels::matches(term.get("labelSelector"), other.at("metadata.labels"))
}

fn at(counts: &Counts, row: &Row, key: &str) -> i64 {
    let Some(v) = row.labels.get(key).as_str() else {
        return 0;
    };
    counts
        .get(&(Str::from(key), Str::from(v)))
        .copied()
        .unwrap_or(0)
}

fn filter(s: &Snapshot, row: &Row) -> Result<(), Refusal> {
    let n = &s.ask.neighbours;
    for (key, counts) in &n.affinity {
        let labelled = !row.labels.get(key).is_null();
        if !labelled || at(counts, row, key) <= 0 && !n.first_of_group {
            return hopeless("node(s) didn't match pod affinity rules");
        }
    }
    for (key, term, counts) in &n.anti {
        let gone = row.without.iter();
        let selector = term.get("labelSelector");
        let gone = gone.filter(|p| labels::matches(selector, p.at("metadata.labels")));
        if at(counts, row, key) > gone.count() as i64 {
            return refused("node(s) didn't match pod anti-affinity rules");
        }
    }
    let gone = row.without.iter().filter(|p| has_rules(p)).count() as i64;
    let mut sum = 0;
    for (key, value) in n.unwanted.keys() {
        if row.labels.get(key).as_str() == Some(value.as_str()) {
            sum += at(&n.unwanted, row, key);
        }
    }
    if sum > gone {
        return refused("node(s) didn't satisfy existing pods anti-affinity rules");
    }
    Ok(())
}

fn score(s: &Snapshot, nodes: &[&Row]) -> Option<Vec<i64>> {
    let wanted = &s.ask.neighbours.preferred;
    if wanted.is_empty() {
        return None;
    }
    let raw = |row: &&Row| -> i64 {
        let here = wanted
            .iter()
            .filter(|((k, v), _)| row.labels.get(k).as_str() == Some(v));
        here.map(|(_, n)| n).sum()
    };
    let raws: Vec<i64> = nodes.iter().map(raw).collect();
    let max = raws.iter().copied().max().unwrap_or(0);
    let min = raws.iter().copied().min().unwrap_or(0);
    if max == min {
        return Some(vec![0; nodes.len()]);
    }
    Some(raws.iter().map(|n| 100 * (n - min) / (max - min)).collect())
}
