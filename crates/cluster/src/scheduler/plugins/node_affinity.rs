//! NodeAffinity: `nodeSelector` and required node affinity must hold, preferred node affinity ranks.

use super::super::alike::Rank;
use super::super::ask::Ask;
use super::super::framework::Plugin;
use super::super::rows::Row;
use super::{hopeless, normalize};
use machinery::{Value, labels, value};

pub const NODE_AFFINITY: Plugin = Plugin {
    name: "NodeAffinity",
    filter: Some(|s, row| {
        if fits(&s.ask, row) {
            return Ok(());
        }
        hopeless("node(s) didn't match Pod's node affinity/selector")
    }),
    score: Some(|s, nodes| {
        let rules = s.ask.preferred.items();
        if rules.is_empty() {
            return None;
        }
        let score = |row: &&Row| -> i64 {
            let held = rules.iter().filter(|r| term(r.get("preference"), row));
            held.map(|r| r.int("weight")).sum()
        };
        Some(normalize(nodes.iter().map(score).collect(), false))
    }),
    weight: 2,
    alike: Some(|s| {
        let plain = s.ask.preferred.items().is_empty() && s.ask.only_node.is_none();
        plain.then_some(Rank::No)
    }),
    ..Plugin::NONE
};

pub fn fits(ask: &Ask, row: &Row) -> bool {
    let plain = ask
        .selector
        .entries()
        .iter()
        .all(|(k, v)| row.labels.get(k) == v);
    plain && (ask.node_affinity.is_null() || selects(&ask.node_affinity, row))
}

/// A `NodeSelector`: one of its terms holds.
pub fn selects(selector: &Value, row: &Row) -> bool {
    selector
        .get("nodeSelectorTerms")
        .items()
        .iter()
        .any(|t| term(t, row))
}

/// All requirements of a term hold; a term without any holds never.
fn term(t: &Value, row: &Row) -> bool {
    let expressions = t.get("matchExpressions").items();
    let fields = t.get("matchFields").items();
    if expressions.is_empty() && fields.is_empty() {
        return false;
    }
    let name = || value!({ "metadata.name": row.name.clone() });
    expressions.iter().all(|e| labels::fits(e, &row.labels))
        && (fields.is_empty() || fields.iter().all(|e| labels::fits(e, &name())))
}
