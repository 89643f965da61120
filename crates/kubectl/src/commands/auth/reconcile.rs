//! `kubectl auth reconcile`: makes roles and bindings have at least what a file says.

use super::*;
use crate::cx::DryRun;
use crate::print::shown_name;
use crate::resources::{self, Ask, Info, Target};
use machinery::{Method, Object, Request};

pub const COMMAND: Command = Command {
    name: "reconcile",
    usage: "-f FILENAME",
    short: "Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects",
    examples: &[Example(
        "Add what is missing",
        "kubectl auth reconcile -f rights.yaml",
    )],
    flags: &[
        FILES,
        OUTPUT,
        DRY_RUN,
        &[
            Flag::bool(
                "remove-extra-permissions",
                "If true, removes extra permissions added to roles.",
            ),
            Flag::bool(
                "remove-extra-subjects",
                "If true, removes extra subjects added to rolebindings.",
            ),
        ],
    ],
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    let ask = Ask::of(&cx, &[])?;
    if !ask.has_files() {
        return Err(text("must specify one of -f and -k"));
    }
    let found = resources::find(&cx, &ask).await?;
    crate::fail::all(found.fails)?;
    for target in &found.targets {
        let Target::One(info) = target else { continue };
        if info.res.group != "rbac.authorization.k8s.io" {
            continue;
        }
        one(&cx, info)?;
    }
    Ok(())
}

fn one(cx: &Cx, info: &Info) -> Result<(), Fail> {
    let (field, what, spelled, strict): (&str, &str, fn(&Value) -> String, bool) =
        if info.res.kind.ends_with("Binding") {
            (
                "subjects",
                "subjects",
                subject,
                cx.on("remove-extra-subjects"),
            )
        } else {
            ("rules", "rules", rule, cx.on("remove-extra-permissions"))
        };
    let live = match info.fetch(cx) {
        Ok(o) => Some(o),
        Err(e) if e.is_not_found() => None,
        Err(e) => return Err(e),
    };
    let wanted = info.object.get(field).items();
    let have = live
        .as_ref()
        .map(|o| o.get(field).items().to_vec())
        .unwrap_or_default();
    let missing: Vec<&Value> = wanted.iter().filter(|w| !covered(w, &have)).collect();
    let extra: Vec<&Value> = have.iter().filter(|h| !covered(h, wanted)).collect();
    let change = match (&live, missing.is_empty() && (!strict || extra.is_empty())) {
        (None, _) => "create",
        (Some(_), true) => "",
        (Some(_), false) => "update",
    };
    if cx.dry_run()? != DryRun::Client && !change.is_empty() {
        let (method, path, object) = match &live {
            None => (
                Method::Post,
                info.res.path(&info.namespace),
                info.object.clone(),
            ),
            Some(o) => {
                let mut all: Vec<Value> = have
                    .iter()
                    .filter(|h| !strict || covered(h, wanted))
                    .cloned()
                    .collect();
                all.extend(missing.iter().map(|m| (*m).clone()));
                (Method::Put, info.path(), o.edit(|o| o.set(field, all)))
            }
        };
        let mut request = Request::new(method, path).body(object.0);
        if cx.dry_run()? == DryRun::Server {
            request = request.with("dryRun", "All");
        }
        cx.ask(request)?;
    }
    if let Some(f) = crate::print::parse(cx, cx.flag("output"), "json,yaml,name")? {
        cx.out(crate::print::render(
            &f,
            &live.unwrap_or(info.object.clone()).0,
        )?);
        return Ok(());
    }
    let done = if change.is_empty() {
        "unchanged"
    } else {
        "reconciled"
    };
    let suffix = cx.dry_run()?.suffix();
    cx.line(format!(
        "{} {done}{suffix}",
        shown_name(&Object(info.object.0.clone()))
    ));
    if !change.is_empty() {
        cx.line(format!("\treconciliation required {change}"));
    }
    let listed = |title: String, items: &[&Value]| {
        if !items.is_empty() {
            cx.line(title);
            for i in items {
                cx.line(format!("\t\t{}", spelled(i)));
            }
        }
    };
    listed(format!("\tmissing {what} added:"), &missing);
    if strict {
        listed(format!("\textra {what} removed:"), &extra);
    }
    Ok(())
}

/// Whether a rule or subject is among others (rules: one that grants at least as much).
fn covered(one: &Value, others: &[Value]) -> bool {
    others.iter().any(|o| {
        o == one || {
            let wide = |f: &str| {
                let (a, b) = (words(one.get(f)), words(o.get(f)));
                a.iter()
                    .all(|x| b.contains(x) || b.iter().any(|y| y == "*"))
                    && (!b.is_empty() || a.is_empty())
            };
            one.has("verbs")
                && ["verbs", "apiGroups", "resources", "nonResourceURLs"]
                    .iter()
                    .all(|f| wide(f))
                && words(one.get("resourceNames")) == words(o.get("resourceNames"))
        }
    })
}

/// As Go prints a rule's fields.
fn rule(r: &Value) -> String {
    let list = |f: &str| format!("[{}]", words(r.get(f)).join(" "));
    format!(
        "{{Verbs:{} APIGroups:{} Resources:{} ResourceNames:{} NonResourceURLs:{}}}",
        list("verbs"),
        list("apiGroups"),
        list("resources"),
        list("resourceNames"),
        list("nonResourceURLs")
    )
}

fn subject(s: &Value) -> String {
    format!(
        "{{Kind:{} APIGroup:{} Name:{} Namespace:{}}}",
        s.text("kind"),
        s.text("apiGroup"),
        s.text("name"),
        s.text("namespace")
    )
}
