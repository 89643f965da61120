//! `kubectl taint`. Upstream: `kubectl:pkg/cmd/taint`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::{Cx, DryRun};
use crate::fail::{self, Fail, text, usage};
use crate::print::Shown;
use crate::resources::{self, Ask};
use machinery::{Value, value};

pub const COMMAND: Command = Command {
    name: "taint",
    group: CLUSTER,
    usage: "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N",
    short: "Update the taints on one or more nodes",
    long: "Sets and takes away taints of nodes. A taint has a key, a value and an effect: NoSchedule, PreferNoSchedule or NoExecute.",
    examples: &[
        Example(
            "Keep pods off a node",
            "kubectl taint nodes node-1 dedicated=batch:NoSchedule",
        ),
        Example(
            "Take a taint away",
            "kubectl taint nodes node-1 dedicated:NoSchedule-",
        ),
    ],
    flags: &[
        &[Flag::bool(
            "overwrite",
            "If true, allow taints to be overwritten.",
        )],
        OUTPUT,
        DRY_RUN,
        SELECTOR,
        ALL_FLAG,
        &manager("kubectl-taint"),
        VALIDATE,
    ],
    complete: Complete::Kinds(&["node"]),
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

#[derive(Clone, PartialEq)]
struct Taint {
    key: String,
    value: String,
    effect: String,
}

async fn run(cx: Cx) -> Result<(), Fail> {
    let is_taint = |w: &String| w.contains('=') || w.contains(':') || w.ends_with('-');
    let at = cx
        .args()
        .iter()
        .position(is_taint)
        .unwrap_or(cx.args().len());
    let (resources, changes) = cx.args().split_at(at);
    if let Some(late) = changes.iter().find(|w| !is_taint(w)) {
        return Err(text(format!(
            "all resources must be specified before taint changes: {late}"
        )));
    }
    // What is wrong with a taint is said first.
    let parsed = parse(changes).map_err(usage)?;
    let Some((kind, names)) = resources.split_first() else {
        return Err(text(
            "one or more resources must be specified as <resource> <name>",
        ));
    };
    if changes.is_empty() {
        return Err(text("at least one taint update is required"));
    }
    let (add, remove) = parsed;
    let res = cx.mapper()?.resource(kind)?;
    if res.kind != "Node" {
        return Err(text(format!(
            "invalid resource type {kind}, only node types are supported"
        )));
    }
    let clash: Vec<String> = add
        .iter()
        .filter_map(|a| {
            let hit = remove
                .iter()
                .find(|r| r.key == a.key && (r.effect.is_empty() || r.effect == a.effect))?;
            Some(format!("{}={}", hit.key, hit.effect))
        })
        .collect();
    if !clash.is_empty() {
        return Err(text(format!(
            "can not both modify and remove the following taint(s) in the same command: {}",
            clash.join(", ")
        )));
    }
    let all = cx.on("all");
    let selected = !cx.flag("selector").is_empty();
    if all && selected {
        return Err(text(
            "setting 'all' parameter with a non empty selector is prohibited",
        ));
    }
    if !all && !selected && names.is_empty() {
        return Err(text(
            "at least one resource name must be specified since 'all' parameter is not set",
        ));
    }
    let mut words = vec!["nodes".to_string()];
    if !all && !selected {
        words.extend(names.iter().cloned());
    }
    let shown = Shown::of(&cx)?;
    let (infos, mut fails) = resources::read(&cx, &Ask::of(&cx, &words)?).await?;
    for info in infos {
        let done = taints(&cx, &info, &add, &remove).and_then(|(list, done)| {
            let after = info.object.edit(|o| match list.is_empty() {
                true => drop(o.remove("spec.taints")),
                false => o.set("spec.taints", list),
            });
            let after = match cx.dry_run()? {
                DryRun::Client => after,
                _ => crate::change::update(&cx, &info, &after, "kubectl-taint")?.unwrap_or(after),
            };
            shown.print(&cx, &after, done)
        });
        if let Err(e) = done {
            fails.push(e);
        }
    }
    fail::all(fails)
}

fn parse(changes: &[String]) -> Result<(Vec<Taint>, Vec<Taint>), String> {
    let (mut add, mut remove): (Vec<Taint>, Vec<Taint>) = (Vec::new(), Vec::new());
    for spec in changes {
        let removes = spec.ends_with('-');
        let body = spec.strip_suffix('-').unwrap_or(spec);
        let (head, effect) = body.split_once(':').unwrap_or((body, ""));
        if effect.contains(':') {
            return Err(format!("invalid taint spec: {spec}"));
        }
        let (key, value) = head.split_once('=').unwrap_or((head, ""));
        if value.contains('=') || key.is_empty() {
            return Err(format!("invalid taint spec: {spec}"));
        }
        let known = ["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect);
        if !effect.is_empty() && !known {
            return Err(format!(
                "invalid taint effect: {effect}, unsupported taint effect"
            ));
        }
        // Without an effect upstream takes the whole for a name.
        let named = match effect.is_empty() {
            true => body,
            false => key,
        };
        let fine = |c: char| c.is_ascii_alphanumeric() || "-._/".contains(c);
        if !named.chars().all(fine) {
            return Err(format!(
                "invalid taint spec: {spec}, name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
            ));
        }
        if effect.is_empty() && !removes {
            return Err(format!("invalid taint spec: {spec}"));
        }
        let taint = Taint {
            key: key.into(),
            value: value.into(),
            effect: effect.into(),
        };
        if removes {
            remove.push(taint);
        } else if add
            .iter()
            .any(|t| t.key == taint.key && t.effect == taint.effect)
        {
            return Err(format!(
                "duplicated taints with the same key and effect: {{{} {} {} <nil>}}",
                taint.key, taint.value, taint.effect
            ));
        } else {
            add.push(taint);
        }
    }
    Ok((add, remove))
}

/// The new list of taints, and the word for what was done.
fn taints(
    cx: &Cx,
    info: &resources::Info,
    add: &[Taint],
    remove: &[Taint],
) -> Result<(Vec<Value>, &'static str), Fail> {
    let old = info.object.at("spec.taints").items();
    let same = |t: &Value, a: &Taint| t.text("key") == a.key && t.text("effect") == a.effect;
    if !cx.on("overwrite") {
        let exist: Vec<&str> = add
            .iter()
            .filter(|a| old.iter().any(|t| same(t, a)))
            .map(|a| a.key.as_str())
            .collect();
        if !exist.is_empty() {
            return Err(text(format!(
                "node {} already has {} taint(s) with same effect(s) and --overwrite is false",
                info.name,
                exist.join(",")
            )));
        }
    }
    let mut out: Vec<Value> = add
        .iter()
        .map(|a| {
            let mut t = value!({ "key": a.key.clone(), "effect": a.effect.clone() });
            if !a.value.is_empty() {
                t.set("value", a.value.clone());
            }
            t
        })
        .collect();
    let kept = old.iter().filter(|t| !add.iter().any(|a| same(t, a)));
    out.extend(kept.cloned());
    for r in remove {
        let hit = |t: &Value| {
            t.text("key") == r.key && (r.effect.is_empty() || t.text("effect") == r.effect)
        };
        if !out.iter().any(hit) {
            return Err(text(match r.effect.as_str() {
                "" => format!("taint \"{}\" not found", r.key),
                e => format!("taint \"{}:{e}\" not found", r.key),
            }));
        }
        out.retain(|t| !hit(t));
    }
    let done = match (add.is_empty(), remove.is_empty(), cx.on("overwrite")) {
        (false, false, _) => "modified",
        (false, true, true) => "modified",
        (true, false, _) => "untainted",
        _ => "tainted",
    };
    Ok((out, done))
}
