//! TaintToleration: a tainted node takes only pods that tolerate every `NoSchedule` and `NoExecute` taint of it;
//! `PreferNoSchedule` only ranks.

use super::super::alike::Rank;
use super::super::ask::Ask;
use super::super::framework::Plugin;
use super::{hopeless, normalize};
use machinery::Value;

pub const TAINT_TOLERATION: Plugin = Plugin {
    name: "TaintToleration",
    filter: Some(|s, row| match untolerated(&s.ask, &row.taints) {
        None => Ok(()),
        Some(_) => hopeless("node(s) had untolerated taint(s)"),
    }),
    score: Some(|s, nodes| {
        let soft = |t: &&Value| avoided(&s.ask, t);
        let count = |taints: &Value| taints.items().iter().filter(soft).count() as i64;
        Some(normalize(
            nodes.iter().map(|row| count(&row.taints)).collect(),
            true,
        ))
    }),
    weight: 3,
    alike: Some(|_| {
        Some(Rank::Taints(|s, row| {
            row.taints.items().iter().any(|t| avoided(&s.ask, t))
        }))
    }),
    ..Plugin::NONE
};

fn avoided(ask: &Ask, t: &Value) -> bool {
    t.text("effect") == "PreferNoSchedule" && !tolerates(&ask.tolerations, t)
}

/// The first taint that keeps the pod away.
pub fn untolerated<'a>(ask: &Ask, taints: &'a Value) -> Option<&'a Value> {
    let hard = |t: &&Value| matches!(t.text("effect"), "NoSchedule" | "NoExecute");
    let mut taints = taints.items().iter().filter(hard);
    taints.find(|t| !tolerates(&ask.tolerations, t))
}

pub fn tolerates(tolerations: &Value, taint: &Value) -> bool {
    tolerations.items().iter().any(|t| matches(t, taint))
}

/// One toleration against one taint. No effect means every effect, no key (with `Exists`) every key.
pub fn matches(toleration: &Value, taint: &Value) -> bool {
    let (effect, key) = (toleration.text("effect"), toleration.text("key"));
    if !effect.is_empty() && effect != taint.text("effect") {
        return false;
    }
    if !key.is_empty() && key != taint.text("key") {
        return false;
    }
    match toleration.text("operator") {
        "Exists" => true,
        "" | "Equal" => !key.is_empty() && toleration.text("value") == taint.text("value"),
        op => {
            let number = |v: &Value| v.text("value").parse::<i64>().ok();
            match (op, number(taint), number(toleration)) {
                ("Gt", Some(a), Some(b)) => a > b,
                ("Lt", Some(a), Some(b)) => a < b,
                _ => false,
            }
        }
    }
}
