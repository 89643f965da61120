//! `kubectl describe`: what a kind's own description says, with related objects fetched through the API.
//! Upstream: `kubectl:pkg/cmd/describe`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::Cx;
use crate::fail::{self, Fail, text};
use crate::resources::{self, Ask, Info, Target};
use kinds::describe::{Describe, Related};
use machinery::Arrange;
use machinery::{Object, Request};

pub const COMMAND: Command = Command {
    name: "describe",
    group: TROUBLE,
    usage: "(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME) [flags]",
    short: "Show details of a specific resource or group of resources",
    long: "Shows the details of an object together with what is related to it, such as its events or controllers.\n\nWhere no object has exactly the given name, all whose names begin with it are described.",
    examples: &[
        Example("Describe a node", "kubectl describe nodes node-1"),
        Example("Describe a pod", "kubectl describe pods/nginx"),
        Example(
            "Describe the pods of an application",
            "kubectl describe pods -l app=web",
        ),
    ],
    flags: &[
        &[
            Flag::bool(
                "show-events",
                "If true, display events related to the described object.",
            )
            .or("true"),
            Flag::int(
                "chunk-size",
                "500",
                "Return large lists in chunks rather than all at once.",
            ),
        ],
        FILES,
        SELECTOR,
        ALL_NAMESPACES,
    ],
    complete: Complete::Resources,
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    let ask = Ask::of(&cx, cx.args())?.type_alone();
    if cx.args().is_empty() && !ask.has_files() {
        return Err(text(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources.",
        ));
    }
    let found = resources::find(&cx, &ask).await?;
    let mut fails = found.fails;
    let mut infos = Vec::new();
    for target in &found.targets {
        match resources::objects(&cx, target) {
            Ok(found) => infos.extend(found),
            Err(e) => match prefixed(&cx, target, &e) {
                Some(found) if !found.is_empty() => infos.extend(found),
                _ => fails.push(e),
            },
        }
    }
    if infos.is_empty() && fails.is_empty() {
        if ask.all_namespaces {
            cx.err("No resources found\n");
        } else {
            cx.err(format!(
                "No resources found in {} namespace.\n",
                ask.namespace
            ));
        }
        return Ok(());
    }
    // Upstream leaves events out for several objects, unless they are asked for.
    let events = cx.on("show-events")
        && ((infos.len() == 1 && found.targets.len() == 1) || cx.given("show-events"));
    let related = Through(&cx);
    for (i, info) in infos.iter().enumerate() {
        if i > 0 {
            cx.out("\n\n");
        }
        cx.out(one(&related, info, events));
    }
    fail::all(fails)
}

fn one(related: &Through, info: &Info, events: bool) -> String {
    let mut d = Describe::new(related, events);
    match kinds::of(info.object.api_version(), info.object.kind()) {
        Some(kind) => (kind.describe)(&info.object, &mut d),
        None => kinds::describe::generic(&info.object, &mut d),
    }
    d.finish()
}

/// What `describe pod NAME_PREFIX` finds when no pod has that name.
fn prefixed(cx: &Cx, target: &Target, e: &Fail) -> Option<Vec<Info>> {
    let Target::One(info) = target else {
        return None;
    };
    if !e.is_not_found() {
        return None;
    }
    let list = cx.ask(Request::get(info.res.path(&info.namespace))).ok()?;
    let mut infos = resources::items(&info.res, &list);
    infos.retain(|i| i.name.starts_with(&info.name));
    Some(infos)
}

/// Related objects, through the API as the user who asks: what may not be read is not shown.
pub struct Through<'a>(pub &'a Cx);

impl Related for Through<'_> {
    fn list(&self, api_version: &str, kind: &str, namespace: &str, selector: &str) -> Vec<Object> {
        let Some(res) = self
            .0
            .mapper()
            .ok()
            .and_then(|m| m.of_kind(api_version, kind))
        else {
            return Vec::new();
        };
        let request = resources::list_request(&res, namespace, selector, "");
        match self.0.ask(request) {
            Ok(list) => resources::items(&res, &list)
                .into_iter()
                .map(|i| i.object)
                .collect(),
            Err(_) => Vec::new(),
        }
    }
    fn get(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Option<Object> {
        let res = self.0.mapper().ok()?.of_kind(api_version, kind)?;
        self.0.get(&res.item(namespace, name)).ok().map(Object)
    }
    fn events(&self, about: &Object) -> Vec<Object> {
        events_about(self.0, about)
    }
    fn now(&self) -> i64 {
        self.0.now()
    }
}

/// The events about an object, oldest first.
pub fn events_about(cx: &Cx, about: &Object) -> Vec<Object> {
    let mut fields = vec![
        format!("involvedObject.name={}", about.name()),
        format!("involvedObject.namespace={}", about.namespace()),
        format!("involvedObject.kind={}", about.kind()),
    ];
    // A node's events name it by its name where a uid would stand.
    if !about.uid().is_empty() && about.kind() != "Node" {
        fields.push(format!("involvedObject.uid={}", about.uid()));
    }
    let namespace = match about.namespace() {
        "" if about.kind() == "Node" || about.kind() == "PersistentVolume" => "",
        "" => "default",
        ns => ns,
    };
    if about.namespace().is_empty() {
        fields.remove(1);
    }
    let path = match namespace {
        "" => "/api/v1/events".to_string(),
        ns => format!("/api/v1/namespaces/{ns}/events"),
    };
    let request = Request::get(path).with("fieldSelector", fields.join(","));
    let Ok(list) = cx.ask(request) else {
        return Vec::new();
    };
    let mut out: Vec<Object> = list
        .get("items")
        .items()
        .iter()
        .cloned()
        .map(Object)
        .collect();
    out.arrange_by_key(last_seen);
    out
}

/// When an event was last seen.
pub fn last_seen(e: &Object) -> i64 {
    [
        "series.lastObservedTime",
        "lastTimestamp",
        "eventTime",
        "firstTimestamp",
    ]
    .iter()
    .find_map(|f| machinery::time::parse_rfc3339(e.text(f)))
    .unwrap_or_else(|| e.created())
}
