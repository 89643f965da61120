//! NodeResourcesFit and NodeResourcesBalancedAllocation: the sums. What counts is what pods *request*, not what they use.

use super::super::alike::Rank;
use super::super::ask::Amounts;
use super::super::framework::{Plugin, Refusal};
use super::super::rows::{Row, Snapshot};
use machinery::Str;

/// Everything requested must fit; of nodes where it fits the emptiest is best (`LeastAllocated`).
pub const NODE_RESOURCES_FIT: Plugin = Plugin {
    name: "NodeResourcesFit",
    filter: Some(fit),
    score: Some(|s, nodes| Some(nodes.iter().map(|row| least_allocated(s, row)).collect())),
    weight: 1,
    alike: Some(|_| Some(Rank::Row(least_allocated))),
    ..Plugin::NONE
};

/// cpu and memory should be used to about the same degree.
pub const NODE_RESOURCES_BALANCED: Plugin = Plugin {
    name: "NodeResourcesBalancedAllocation",
    score: Some(|s, nodes| {
        let r = &s.ask.requests;
        if *r == Amounts::default() {
            return None;
        }
        Some(nodes.iter().map(|row| balanced(s, row)).collect())
    }),
    weight: 1,
    alike: Some(|s| {
        let nothing = s.ask.requests == Amounts::default();
        Some(if nothing {
            Rank::No
        } else {
            Rank::Row(balanced)
        })
    }),
    ..Plugin::NONE
};

fn fit(s: &Snapshot, row: &Row) -> Result<(), Refusal> {
    let (r, has, used) = (&s.ask.requests, &row.allocatable, &row.used);
    let mut short = Vec::new();
    // More than the whole node has: evicting others cannot help.
    let mut hopeless = false;
    if row.pods + 1 > row.pods_max {
        short.push(Str::lit("Too many pods"));
    }
    let mut check = |want: i64, has: i64, used: i64, name: &dyn Fn() -> Str| {
        if want > 0 && want > has - used {
            hopeless |= want > has;
            short.push(name());
        }
    };
    check(r.cpu, has.cpu, used.cpu, &|| Str::lit("Insufficient cpu"));
    check(r.memory, has.memory, used.memory, &|| {
        Str::lit("Insufficient memory")
    });
    check(r.disk, has.disk, used.disk, &|| {
        Str::lit("Insufficient ephemeral-storage")
    });
    for (name, want) in &r.other {
        let of = |a: &Amounts| a.other.get(name).copied().unwrap_or(0);
        check(*want, of(has), of(used), &|| {
            Str::from(format!("Insufficient {name}"))
        });
    }
    if short.is_empty() {
        return Ok(());
    }
    Err(Refusal {
        reasons: short,
        hopeless,
    })
}

fn least_allocated(s: &Snapshot, row: &Row) -> i64 {
    let free = |has: i64, used: i64, want: i64| match has {
        has if has <= 0 || used + want > has => 0,
        has => (has - used - want) * 100 / has,
    };
    let cpu = free(row.allocatable.cpu, row.assumed.0, s.ask.assumed.0);
    let memory = free(row.allocatable.memory, row.assumed.1, s.ask.assumed.1);
    (cpu + memory) / 2
}

/// 100 minus the standard deviation of the two fractions, which for two numbers is half their difference. In millionths.
fn balanced(s: &Snapshot, row: &Row) -> i64 {
    let fraction = |has: i64, used: i64| match has {
        has if has <= 0 => 0,
        has => ((i128::from(used) * 1_000_000 / i128::from(has)) as i64).min(1_000_000),
    };
    let cpu = fraction(row.allocatable.cpu, row.used.cpu + s.ask.requests.cpu);
    let memory = fraction(
        row.allocatable.memory,
        row.used.memory + s.ask.requests.memory,
    );
    let deviation = (cpu - memory).abs() / 2;
    (1_000_000 - deviation) / 10_000
}
