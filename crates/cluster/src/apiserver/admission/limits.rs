//! LimitRanger: a namespace's LimitRanges fill in requests and limits, and refuse what is out of range.
//! Upstream: `kubernetes:plugin/pkg/admission/limitranger/admission.go`.

use super::{Ctx, Plugin, each};
use kinds::quantity;
use machinery::{Object, Status, Value};

pub(super) const LIMIT_RANGER: Plugin = Plugin {
    name: "LimitRanger",
    resources: &["pods", "persistentvolumeclaims"],
    mutate,
    validate,
};

fn ranges(ctx: &Ctx) -> Vec<Object> {
    ctx.store()
        .list("limitranges", Some(&ctx.call.namespace))
        .cloned()
        .collect()
}

fn mutate(ctx: &mut Ctx, v: &mut Value) -> Result<(), Status> {
    if ctx.call.kind.plural != "pods" || !ctx.is_create() {
        return Ok(());
    }
    let all = ranges(ctx);
    if all.is_empty() {
        return Ok(());
    }
    for range in all {
        let container = range
            .at("spec.limits")
            .items()
            .iter()
            .find(|l| l.text("type") == "Container");
        let Some(item) = container else { continue };
        let mut notes = Vec::new();
        for (list, what) in [
            ("spec.containers", "container"),
            ("spec.initContainers", "init container"),
        ] {
            each(v, list, |c| fill(c, item, what, &mut notes));
        }
        if !notes.is_empty() {
            let text = format!("LimitRanger plugin set: {}", notes.join("; "));
            *v.place("metadata.annotations")
                .field("kubernetes.io/limit-ranger") = Value::from(text);
        }
    }
    Ok(())
}

/// Sets what a container leaves open, and notes it: `cpu, memory request for container web`.
fn fill(c: &mut Value, item: &Value, what: &str, notes: &mut Vec<String>) {
    let name = c.text("name").to_string();
    for (defaults, into, word) in [
        ("defaultRequest", "requests", "request"),
        ("default", "limits", "limit"),
    ] {
        let mut set = Vec::new();
        for (resource, amount) in item.get(defaults).entries() {
            if !c.get("resources").get(into).has(resource) {
                *c.field("resources").field(into).field(resource) = amount.clone();
                set.push(resource.to_string());
            }
        }
        if !set.is_empty() {
            notes.push(format!("{} {word} for {what} {name}", set.join(", ")));
        }
    }
}

fn amount(v: &Value) -> Option<i128> {
    match v {
        Value::Str(s) => quantity::parse(s).map(|q| q.0),
        Value::Int(i) => Some(i128::from(*i) * 1_000_000_000),
        _ => None,
    }
}

fn text(v: &Value) -> String {
    match v {
        Value::Str(s) => quantity::canonical(s).unwrap_or_else(|| s.to_string()),
        other => machinery::json::print(other),
    }
}

fn validate(ctx: &mut Ctx, o: &Object) -> Result<(), Status> {
    let is_pod = ctx.call.kind.plural == "pods";
    if is_pod && !ctx.is_create() {
        return Ok(());
    }
    let mut wrong = Vec::new();
    for range in ranges(ctx) {
        for item in range.at("spec.limits").items() {
            match item.text("type") {
                "Container" if is_pod => {
                    for c in o
                        .at("spec.containers")
                        .items()
                        .iter()
                        .chain(o.at("spec.initContainers").items())
                    {
                        check(
                            item,
                            "Container",
                            c.at("resources.requests"),
                            c.at("resources.limits"),
                            &mut wrong,
                        );
                    }
                }
                "Pod" if is_pod => {
                    let (requests, limits) = (total(o, "requests"), total(o, "limits"));
                    check(item, "Pod", &requests, &limits, &mut wrong);
                }
                "PersistentVolumeClaim" if !is_pod => {
                    let asked = o.at("spec.resources.requests");
                    check(item, "PersistentVolumeClaim", asked, asked, &mut wrong);
                }
                _ => {}
            }
        }
    }
    match wrong.len() {
        0 => Ok(()),
        1 => Err(ctx.forbidden(o, &wrong.remove(0))),
        _ => Err(ctx.forbidden(o, &format!("[{}]", wrong.join(", ")))),
    }
}

/// What a pod needs of the resources that any of its containers names.
fn total(o: &Object, what: &str) -> Value {
    let mut out = Value::map();
    for (resource, nanos) in super::quota::total(o, what) {
        let all = ["spec.containers", "spec.initContainers"];
        let named = |c: &Value| {
            c.get("resources")
                .get(what)
                .get(&resource)
                .as_str()
                .map(str::to_string)
        };
        let like = all.iter().flat_map(|l| o.at(l).items()).find_map(named);
        let text = from_nanos(nanos, like.as_deref().unwrap_or(""));
        *out.field(&resource) = Value::from(text);
    }
    out
}

/// Text of a sum, in the style (decimal or binary) of one of its summands.
pub(super) fn from_nanos(nanos: i128, like: &str) -> String {
    let binary = like.ends_with('i');
    let (whole, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let plain = if rest != 0 {
        format!("{}m", (nanos + 999_999) / 1_000_000)
    } else if binary && whole != 0 && whole % 1024 == 0 {
        format!("{}Ki", whole / 1024)
    } else {
        whole.to_string()
    };
    quantity::canonical(&plain).unwrap_or(plain)
}

fn check(item: &Value, what: &str, requests: &Value, limits: &Value, wrong: &mut Vec<String>) {
    let is_claim = what == "PersistentVolumeClaim";
    // Of each resource only the first thing wrong is told.
    for (resource, bound) in item.get("min").entries() {
        let (request, limit) = (requests.get(resource), limits.get(resource));
        let head = format!("minimum {resource} usage per {what} is {}", text(bound));
        if request.is_null() {
            wrong.push(format!("{head}.  No request is specified"));
        } else if amount(request) < amount(bound) {
            wrong.push(format!("{head}, but request is {}", text(request)));
        } else if !limit.is_null() && !is_claim && amount(limit) < amount(bound) {
            wrong.push(format!("{head}, but limit is {}", text(limit)));
        }
    }
    for (resource, bound) in item.get("max").entries() {
        let (request, limit) = (requests.get(resource), limits.get(resource));
        let head = format!("maximum {resource} usage per {what} is {}", text(bound));
        if !is_claim && limit.is_null() {
            wrong.push(format!("{head}.  No limit is specified"));
        } else if !is_claim && amount(limit) > amount(bound) {
            wrong.push(format!("{head}, but limit is {}", text(limit)));
        } else if !request.is_null() && amount(request) > amount(bound) {
            wrong.push(format!("{head}, but request is {}", text(request)));
        }
    }
    for (resource, bound) in item.get("maxLimitRequestRatio").entries() {
        let (request, limit) = (amount(requests.get(resource)), amount(limits.get(resource)));
        let head = format!(
            "{resource} max limit to request ratio per {what} is {}",
            text(bound)
        );
        let Some(r) = request.filter(|r| *r > 0) else {
            wrong.push(format!(
                "{head}, but no request is specified or request is 0"
            ));
            continue;
        };
        let Some(l) = limit.filter(|l| *l > 0) else {
            wrong.push(format!("{head}, but no limit is specified or limit is 0"));
            continue;
        };
        let b = amount(bound).unwrap_or(0);
        if l * 1_000_000_000 > b * r {
            let ratio = l as f64 / r as f64;
            wrong.push(format!("{head}, but provided ratio is {ratio:.6}"));
        }
    }
}
