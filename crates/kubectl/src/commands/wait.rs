//! `kubectl wait`. Upstream: `kubectl:pkg/cmd/wait`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::Cx;
use crate::fail::{Fail, text};
use crate::print::{Path, Shown};
use crate::resources::{self, Ask, Info, Target};
use machinery::{Object, Value, json};

pub const COMMAND: Command = Command {
    name: "wait",
    group: ADVANCED,
    usage: "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]]",
    short: "Wait for a specific condition on one or many resources",
    long: "Waits until a condition holds for objects, or a field has a value, or they are there, or gone. The exit status tells whether that came true in time.",
    examples: &[
        Example(
            "Wait for a pod to be ready",
            "kubectl wait --for=condition=Ready pod/web",
        ),
        Example(
            "Wait for a value",
            "kubectl wait --for=jsonpath='{.status.phase}'=Running pod/web",
        ),
        Example(
            "Wait at most a minute for a pod to be gone",
            "kubectl wait --for=delete pod/web --timeout=60s",
        ),
    ],
    flags: &[
        &[
            Flag::array(
                "for",
                "The condition to wait on: [create|delete|condition=condition-name[=condition-value]|jsonpath='{JSONPath expression}'=[JSONPath value]].",
            ),
            Flag::duration(
                "timeout",
                "30s",
                "The length of time to wait before giving up. Zero means check once and don't wait, negative means wait for a week.",
            ),
            Flag::bool(
                "local",
                "If true, will NOT contact api-server but run locally.",
            ),
        ],
        FILES_DEEP,
        OUTPUT,
        SELECTOR,
        FIELDS,
        ALL_FLAG,
        ALL_NAMESPACES,
    ],
    complete: Complete::Resources,
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

enum For {
    Create,
    Delete,
    Condition(String, String),
    Path(Path, Option<String>),
}

impl For {
    fn parse(spec: &str) -> Result<For, Fail> {
        if spec.eq_ignore_ascii_case("delete") {
            return Ok(For::Delete);
        }
        if spec.eq_ignore_ascii_case("create") {
            return Ok(For::Create);
        }
        if let Some(c) = spec.strip_prefix("condition=") {
            let (name, value) = c.split_once('=').unwrap_or((c, "true"));
            return Ok(For::Condition(name.into(), value.into()));
        }
        if let Some(input) = spec.strip_prefix("jsonpath=") {
            return For::path(input);
        }
        Err(text(format!(
            "unrecognized condition: {}",
            json::quote(spec)
        )))
    }
    fn path(input: &str) -> Result<For, Fail> {
        let parts = single_equals(input);
        let (path, value) = match &parts[..] {
            [p] => (p, None),
            [p, v] => (p, Some(v.trim_matches(['\'', '"']).to_string())),
            _ => {
                return Err(text(
                    "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'",
                ));
            }
        };
        if value.as_deref() == Some("") {
            return Err(text(
                "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
            ));
        }
        Ok(For::Path(Path::relaxed(path)?, value))
    }
}

/// Splits at single `=`; `==` belongs to a filter.
fn single_equals(input: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut chars = input.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '=' && chars.peek() != Some(&'=') {
            out.push(String::new());
            continue;
        }
        if let Some(last) = out.last_mut() {
            last.push(c);
            if c == '=' {
                chars.next();
                last.push('=');
            }
        }
    }
    out
}

async fn run(cx: Cx) -> Result<(), Fail> {
    let shown = Shown::of(&cx)?;
    let wanted = cx.list("for");
    if wanted.is_empty() {
        return Err(text("unrecognized condition: []"));
    }
    let mut conditions = Vec::new();
    for spec in &wanted {
        conditions.push(For::parse(spec)?);
    }
    let timeout = match cx.millis("timeout") {
        t if t < 0 => 7 * 86_400_000,
        t => t,
    };
    let clock = Clock {
        once: timeout == 0,
        deadline: cx.now() + timeout,
    };
    let ask = Ask::of(&cx, cx.args())?;
    if cx.args().len() == 1
        && !cx.args()[0].contains('/')
        && ask.selector.is_none()
        && ask.fields.is_empty()
    {
        return Err(text("resource name must be provided"));
    }
    let found = resources::find(&cx, &ask).await?;
    crate::fail::all(found.fails.clone())?;
    if conditions.iter().any(|c| matches!(c, For::Create)) {
        created(&cx, &found.targets, &clock).await?;
    }
    let deletes = conditions.iter().any(|c| matches!(c, For::Delete));
    let mut infos = Vec::new();
    for target in &found.targets {
        match resources::objects(&cx, target) {
            Ok(i) => infos.extend(i),
            Err(e) if e.is_not_found() && deletes => {
                if let Target::One(_) = target {
                    continue;
                }
            }
            Err(e) => return Err(e),
        }
    }
    if infos.is_empty() {
        return match deletes {
            true => Ok(()),
            false => Err(text("no matching resources found")),
        };
    }
    for info in &infos {
        let mut last = info.object.clone();
        for c in &conditions {
            last = one(&cx, info, c, &clock).await?;
        }
        shown.print(&cx, &last, "condition met")?;
    }
    Ok(())
}

struct Clock {
    once: bool,
    deadline: i64,
}

impl Clock {
    /// Waits for a change; an error when the time is over.
    async fn tick(&self, cx: &Cx, info: &Info) -> Result<(), Fail> {
        if self.once {
            return Err(text(format!("condition not met for {}", info.shown())));
        }
        if cx.now() >= self.deadline {
            return Err(text(format!(
                "timed out waiting for the condition on {}/{}",
                info.res.plural, info.name
            )));
        }
        cx.host.changed_until(Some(self.deadline)).await;
        Ok(())
    }
}

async fn created(cx: &Cx, targets: &[Target], clock: &Clock) -> Result<(), Fail> {
    for target in targets {
        loop {
            match resources::objects(cx, target) {
                Ok(i) if !i.is_empty() => break,
                Ok(_) => {}
                Err(e) if e.is_not_found() => {}
                Err(e) => return Err(e),
            }
            if clock.once || cx.now() >= clock.deadline {
                return Err(text("timed out waiting for the condition"));
            }
            cx.host.changed_until(Some(clock.deadline)).await;
        }
    }
    Ok(())
}

/// Waits for one condition of one object.
async fn one(cx: &Cx, info: &Info, wanted: &For, clock: &Clock) -> Result<Object, Fail> {
    loop {
        let now = info.fetch(cx);
        match (wanted, now) {
            (For::Delete, Err(e)) if e.is_not_found() => return Ok(info.object.clone()),
            (For::Delete, Ok(o)) if o.uid() != info.object.uid() => return Ok(info.object.clone()),
            (For::Create, Ok(o)) => return Ok(o),
            (For::Condition(name, value), Ok(o)) if has_condition(&o, name, value) => return Ok(o),
            (For::Path(path, value), Ok(o)) => {
                if matches(path, value.as_deref(), &o)? {
                    return Ok(o);
                }
            }
            (_, Ok(_)) => {}
            (_, Err(e)) => return Err(e),
        }
        clock.tick(cx, info).await?;
    }
}

fn has_condition(o: &Object, name: &str, value: &str) -> bool {
    let conditions = o.at("status.conditions").items();
    let Some(c) = conditions
        .iter()
        .find(|c| c.text("type").eq_ignore_ascii_case(name))
    else {
        return false;
    };
    // A condition that speaks of an older generation does not count.
    let observed = match (
        c.get("observedGeneration").as_i64(),
        o.at("status.observedGeneration").as_i64(),
    ) {
        (Some(g), _) | (None, Some(g)) => Some(g),
        _ => None,
    };
    if observed.is_some_and(|g| g < o.generation()) {
        return false;
    }
    c.text("status").eq_ignore_ascii_case(value)
}

fn matches(path: &Path, wanted: Option<&str>, o: &Object) -> Result<bool, Fail> {
    let found = path.values(&o.0);
    if found.is_empty() {
        return Ok(false);
    }
    let Some(wanted) = wanted else {
        return Ok(true);
    };
    if found.len() > 1 {
        return Err(text(
            "given jsonpath expression matches more than one value",
        ));
    }
    match &found[0] {
        Value::Map(_) | Value::List(_) => Err(text(
            "jsonpath leads to a nested object or list which is not supported",
        )),
        Value::Null => Ok(false),
        v => Ok(crate::forms::go(v).trim() == wanted.trim()),
    }
}
