//! What a plugin is, and the decision itself: pure, from a snapshot. Upstream: `pkg/scheduler/schedule_one.go`, `framework`.
//!
//! Filters first: a node is out as soon as one plugin refuses it. In a large cluster the search ends when enough feasible
//! nodes are found; it goes on from there for the next pod. Then the scores: every scoring plugin gives each feasible
//! node 0 to 100, times its weight; the highest sum wins.

use super::NodeVerdict;
use super::alike::Rank;
use super::rows::{Row, Snapshot};
use machinery::Arrange;
use machinery::Str;
use std::collections::BTreeMap;

/// Why a node cannot run the pod.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub reasons: Vec<Str>,
    /// Evicting pods from that node would not help.
    pub hopeless: bool,
}

pub type Filter = fn(&Snapshot, &Row) -> Result<(), Refusal>;
/// A score of 0 to 100 for each of these nodes, in order; nothing where the plugin has no opinion on this pod.
pub type Score = fn(&Snapshot, &[&Row]) -> Option<Vec<i64>>;

/// A rule of the scheduler: a const struct.
pub struct Plugin {
    pub name: &'static str,
    /// Refuses the pod whatever the node.
    pub pre_filter: Option<fn(&Snapshot) -> Result<(), String>>,
    pub filter: Option<Filter>,
    pub score: Option<Score>,
    pub weight: i64,
    /// Whether filter and score of such pods can be told row by row (see [`super::alike`]), and how it ranks them then.
    pub alike: Option<fn(&Snapshot) -> Option<Rank>>,
}

impl Plugin {
    pub const NONE: Plugin = Plugin {
        name: "",
        pre_filter: None,
        filter: None,
        score: None,
        weight: 0,
        alike: None,
    };
}

/// All that was thought about one pod.
#[derive(Default)]
pub struct Verdict {
    pub chosen: Option<Str>,
    /// Node, plugin, refusal.
    pub refused: Vec<(Str, &'static str, Refusal)>,
    /// The first feasible nodes, what each plugin gave them (weighted), and the sums; put together only for display.
    scored: Vec<Str>,
    parts: Vec<(&'static str, Vec<i64>)>,
    totals: Vec<i64>,
    pub feasible: usize,
    /// Refused whatever the node, in these words.
    pub pre_refused: Option<String>,
    pub refused_by: Vec<&'static str>,
    pub next_start: usize,
    empty_cluster: bool,
}

/// Fewer feasible nodes than this are always looked for.
const FEASIBLE_MIN: usize = 100;
/// How many nodes' verdicts are shown.
const SHOWN_MAX: usize = 100;

/// How many feasible nodes are enough: all of up to 100, half of a few hundred, 5 % of very many.
pub(super) fn enough(nodes: usize) -> usize {
    if nodes <= FEASIBLE_MIN {
        return nodes;
    }
    let percent = 50usize.saturating_sub(nodes / 125).max(5);
    (nodes * percent / 100).max(FEASIBLE_MIN)
}

/// Chooses a node for the pod of the snapshot. Changes nothing.
pub fn schedule(snapshot: &Snapshot, plugins: &[&Plugin]) -> Verdict {
    let mut v = Verdict {
        next_start: snapshot.start,
        empty_cluster: snapshot.total == 0,
        ..Verdict::default()
    };
    for p in plugins {
        if let Some(Err(text)) = p.pre_filter.map(|f| f(snapshot)) {
            v.refused_by.push(p.name);
            v.pre_refused = Some(text);
            return v;
        }
    }
    let feasible = feasible(snapshot, plugins, &mut v);
    v.feasible = feasible.len();
    match feasible.as_slice() {
        [] => {}
        // Of one there is nothing to rank.
        [only] => {
            v.chosen = Some(only.name.clone());
            v.scored.push(only.name.clone());
        }
        _ => rank(snapshot, plugins, &feasible, &mut v),
    }
    v
}

fn feasible<'a>(snapshot: &'a Snapshot, plugins: &[&Plugin], v: &mut Verdict) -> Vec<&'a Row> {
    let wanted = enough(snapshot.total);
    let n = snapshot.slots.len();
    let mut found = Vec::new();
    let only = snapshot.ask.only_node.as_ref();
    let filters: Vec<(&'static str, Filter)> = plugins
        .iter()
        .filter_map(|p| Some((p.name, p.filter?)))
        .collect();
    for i in 0..n {
        if found.len() >= wanted {
            v.next_start = (snapshot.start + i) % n;
            break;
        }
        let Some(row) = &snapshot.slots[(snapshot.start + i) % n] else {
            continue;
        };
        if only.is_some_and(|name| *name != row.name) {
            let text = "node(s) didn't satisfy plugin(s) [NodeAffinity]";
            let refusal = Refusal {
                reasons: vec![Str::lit(text)],
                hopeless: true,
            };
            v.refuse(row, "NodeAffinity", refusal);
            continue;
        }
        let refusal = filters
            .iter()
            .find_map(|(p, f)| Some((*p, f(snapshot, row).err()?)));
        match refusal {
            Some((plugin, refusal)) => v.refuse(row, plugin, refusal),
            None => found.push(&**row),
        }
    }
    found
}

fn rank(snapshot: &Snapshot, plugins: &[&Plugin], feasible: &[&Row], v: &mut Verdict) {
    let mut totals = vec![0i64; feasible.len()];
    let mut parts: Vec<(&'static str, Vec<i64>)> = Vec::new();
    for p in plugins {
        let Some(scores) = p.score.and_then(|f| f(snapshot, feasible)) else {
            continue;
        };
        let weighted: Vec<i64> = scores.iter().map(|s| s * p.weight).collect();
        for (t, s) in totals.iter_mut().zip(&weighted) {
            *t += s;
        }
        parts.push((p.name, weighted));
    }
    // Of equals the one with fewest pods, then the first that was looked at. Upstream throws dice here.
    let mut best: Option<(i64, i64, usize)> = None;
    for (i, (row, total)) in feasible.iter().zip(&totals).enumerate() {
        let better = |b: (i64, i64, usize)| *total > b.0 || *total == b.0 && -row.pods > b.1;
        if best.is_none_or(better) {
            best = Some((*total, -row.pods, i));
        }
    }
    v.chosen = best.and_then(|b| feasible.get(b.2)).map(|r| r.name.clone());
    v.scored = feasible
        .iter()
        .take(SHOWN_MAX)
        .map(|row| row.name.clone())
        .collect();
    (v.parts, v.totals) = (parts, totals);
}

impl Verdict {
    fn refuse(&mut self, row: &Row, plugin: &'static str, refusal: Refusal) {
        if !self.refused_by.contains(&plugin) {
            self.refused_by.push(plugin);
        }
        self.refused.push((row.name.clone(), plugin, refusal));
    }
    pub fn no_nodes(&self) -> bool {
        self.empty_cluster
    }
    /// ` 1 Insufficient cpu, 2 node(s) had untolerated taint(s).`
    pub fn reasons(&self) -> String {
        match &self.pre_refused {
            Some(text) => format!(" {text}."),
            None => histogram(self.refused.iter().map(|r| &r.2)),
        }
    }
    pub fn for_display(&self, snapshot: &Snapshot) -> Vec<NodeVerdict> {
        let refused = self
            .refused
            .iter()
            .take(SHOWN_MAX)
            .map(|(node, plugin, r)| NodeVerdict {
                node: node.to_string(),
                refused: Some((*plugin, r.reasons.iter().map(Str::to_string).collect())),
                scores: Vec::new(),
                total: 0,
            });
        let of = |list: &[i64], i: usize| list.get(i).copied().unwrap_or(0);
        let scored = self.scored.iter().enumerate().map(|(i, node)| NodeVerdict {
            node: node.to_string(),
            refused: None,
            scores: self
                .parts
                .iter()
                .map(|(p, scores)| (*p, of(scores, i)))
                .collect(),
            total: of(&self.totals, i),
        });
        let mut out: Vec<NodeVerdict> = scored.chain(refused).collect();
        if let Some(text) = &self.pre_refused {
            let plugin = self.refused_by.first().copied().unwrap_or("");
            let nodes = snapshot.slots.iter().flatten().take(SHOWN_MAX);
            out.extend(nodes.map(|row| NodeVerdict {
                node: row.name.to_string(),
                refused: Some((plugin, vec![text.clone()])),
                scores: Vec::new(),
                total: 0,
            }));
        }
        out
    }
}

/// How often each reason was given: sorted as text, which is how upstream prints it.
pub fn histogram<'a>(refusals: impl Iterator<Item = &'a Refusal>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for r in refusals {
        for text in &r.reasons {
            *counts.entry(text.as_str()).or_default() += 1;
        }
    }
    let mut parts: Vec<String> = counts.iter().map(|(t, n)| format!("{n} {t}")).collect();
    parts.arrange();
    match parts.is_empty() {
        true => String::new(),
        false => format!(" {}.", parts.join(", ")),
    }
}
