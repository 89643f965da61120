//! PodTopologySpread: like pods evenly over nodes, zones, or whatever a label tells apart.
//! Upstream: `pkg/scheduler/framework/plugins/podtopologyspread`.

use super::super::alike::Rank;
use super::super::framework::{Plugin, Refusal};
use super::super::groups::{HOSTNAME, Spread};
use super::super::rows::{Row, Snapshot};
use super::{hopeless, refused};
use machinery::labels;

pub const POD_TOPOLOGY_SPREAD: Plugin = Plugin {
    name: "PodTopologySpread",
    filter: Some(filter),
    score: Some(score),
    weight: 2,
    alike: Some(|s| {
        let own = s.ask.pod.at("spec.topologySpreadConstraints");
        own.items().is_empty().then_some(Rank::Spread)
    }),
    ..Plugin::NONE
};

/// `maxSkew`: with this pod its domain may have at most so many more than the domain that has least.
fn filter(s: &Snapshot, row: &Row) -> Result<(), Refusal> {
    for rule in s.ask.spreads.iter().filter(|r| r.hard) {
        let Some(d) = domain(rule, row) else {
            return hopeless(
                "node(s) didn't match pod topology spread constraints (missing required label)",
            );
        };
        let gone = row.without.iter();
        let gone = gone.filter(|p| labels::matches(&rule.selector, p.at("metadata.labels")));
        let here = rule.per_domain.get(d).copied().unwrap_or(0) - gone.count() as i64;
        let eligible = rule
            .per_domain
            .iter()
            .zip(&rule.eligible)
            .filter(|(_, e)| **e);
        let domains = eligible.clone().count() as i64;
        let least = eligible.map(|(n, _)| *n).min().unwrap_or(0).min(here);
        let least = if domains < rule.min_domains { 0 } else { least };
        if here + i64::from(rule.counts_itself) - least > rule.max_skew {
            return refused("node(s) didn't match pod topology spread constraints");
        }
    }
    Ok(())
}

fn domain(rule: &Spread, row: &Row) -> Option<usize> {
    let d = rule.domains.of_slot.get(row.slot).copied().flatten()?;
    Some(d as usize)
}

/// Fewer like pods in the domain is better; domains of small topologies weigh less.
fn score(s: &Snapshot, nodes: &[&Row]) -> Option<Vec<i64>> {
    let rules: Vec<&Spread> = s.ask.spreads.iter().filter(|r| !r.hard).collect();
    if rules.is_empty() {
        return None;
    }
    let ignored = |row: &&Row| rules.iter().any(|r| r.own && domain(r, row).is_none());
    let weight = |r: &&Spread| match &*r.key {
        HOSTNAME => ln_milli(nodes.len() + 2),
        _ => ln_milli(r.domains.count + 2),
    };
    let weights: Vec<i64> = rules.iter().map(weight).collect();
    let raw = |row: &&Row| -> Option<i64> {
        if ignored(row) {
            return None;
        }
        let mut sum = 0;
        for (rule, w) in rules.iter().zip(&weights) {
            let Some(d) = domain(rule, row) else { continue };
            let n = match &*rule.key {
                HOSTNAME => i64::from(rule.per_slot.get(row.slot).copied().unwrap_or(0)),
                _ => rule.per_domain.get(d).copied().unwrap_or(0),
            };
            sum += n * w + (rule.max_skew - 1) * 1000;
        }
        Some((sum + 500) / 1000)
    };
    let raws: Vec<Option<i64>> = nodes.iter().map(raw).collect();
    let max = raws.iter().flatten().copied().max().unwrap_or(0);
    let min = raws.iter().flatten().copied().min().unwrap_or(0);
    let turned = |r: &Option<i64>| match r {
        None => 0,
        Some(_) if max == 0 => 100,
        Some(n) => 100 * (max + min - n) / max,
    };
    Some(raws.iter().map(turned).collect())
}

/// The natural logarithm in thousandths, in whole numbers: floats may differ between machines.
pub(in crate::scheduler) fn ln_milli(n: usize) -> i64 {
    // log2 by squaring the mantissa: ten binary places are plenty.
    let n = n.max(1) as u64;
    let whole = n.ilog2();
    let mut x = (n << 32) >> whole;
    let mut fraction = 0u64;
    for bit in (0..10).rev() {
        x = ((u128::from(x) * u128::from(x)) >> 32) as u64;
        if x >= 2 << 32 {
            x >>= 1;
            fraction |= 1 << bit;
        }
    }
    let log2_1024 = i64::from(whole) * 1024 + fraction as i64;
    log2_1024 * 693_147 / 1024 / 1000
}
