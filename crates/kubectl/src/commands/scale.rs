//! `kubectl scale`: through the scale subresource. Upstream: `kubectl:pkg/cmd/scale`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::{Cx, DryRun};
use crate::fail::{self, Fail, text};
use crate::print::Shown;
use crate::resources::{self, Ask, Info};
use machinery::{Method, Object, PatchType, Request, value};

pub const COMMAND: Command = Command {
    name: "scale",
    group: DEPLOY,
    usage: "[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)",
    short: "Set a new size for a deployment, replica set, or replication controller",
    long: "Sets how many replicas a Deployment, ReplicaSet, ReplicationController or StatefulSet should have. With --current-replicas it does so only if there are that many now.",
    examples: &[
        Example(
            "Three replicas",
            "kubectl scale deployment web --replicas=3",
        ),
        Example(
            "Only if there are two now",
            "kubectl scale --current-replicas=2 --replicas=3 deployment/web",
        ),
    ],
    flags: &[
        &[
            Flag::int(
                "replicas",
                "0",
                "The new desired number of replicas. Required.",
            )
            .required(),
            Flag::int("current-replicas", "-1", "Precondition for current size."),
            Flag::text("resource-version", "Precondition for resource version."),
            Flag::duration(
                "timeout",
                "0s",
                "The length of time to wait before giving up on a scale operation.",
            ),
        ],
        FILES,
        OUTPUT,
        DRY_RUN,
        SELECTOR,
        ALL_FLAG,
        RECORD,
    ],
    complete: Complete::Kinds(&[
        "deployment",
        "replicaset",
        "replicationcontroller",
        "statefulset",
    ]),
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    let wanted = cx.int("replicas");
    if wanted < 0 {
        return Err(text(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
        ));
    }
    let shown = Shown::of(&cx)?;
    let dry = cx.dry_run()?;
    let (infos, mut fails) = resources::read(&cx, &Ask::of(&cx, cx.args())?).await?;
    if infos.is_empty() && fails.is_empty() {
        return Err(text("no objects passed to scale"));
    }
    if !cx.flag("resource-version").is_empty() && infos.len() > 1 {
        return Err(text(
            "cannot use --resource-version with multiple resources",
        ));
    }
    for info in infos {
        let done = if dry == DryRun::Client {
            Ok(())
        } else {
            one(&cx, &info, wanted, dry)
        };
        if let Err(e) = done.and_then(|()| shown.print(&cx, &info.object, "scaled")) {
            fails.push(e);
            continue;
        }
        if cx.millis("timeout") > 0 && dry == DryRun::None {
            settled(&cx, &info, wanted, cx.millis("timeout")).await?;
        }
    }
    fail::all(fails)
}

fn one(cx: &Cx, info: &Info, wanted: i64, dry: DryRun) -> Result<(), Fail> {
    let path = format!("{}/scale", info.path());
    let dried = |r: Request| {
        if dry == DryRun::Server {
            r.with("dryRun", "All")
        } else {
            r
        }
    };
    let current = cx.int("current-replicas");
    if current < 0 && cx.flag("resource-version").is_empty() {
        let body = value!({ "spec": { "replicas": wanted } });
        let r = crate::cx::Inner::patch_request(&path, PatchType::Merge, body);
        cx.ask(dried(r))?;
    } else {
        let scale = Object(cx.get(&path)?);
        let now = scale.int("spec.replicas");
        if current >= 0 && now != current {
            return Err(text(format!(
                "Expected replicas to be {current}, was {now}"
            )));
        }
        let version = cx.flag("resource-version");
        let have = scale.text("metadata.resourceVersion").to_string();
        if !version.is_empty() && version != have {
            return Err(text(format!(
                "Expected resource version to be {version}, was {have}"
            )));
        }
        let body = scale.edit(|s| s.set("spec.replicas", wanted));
        cx.ask(dried(Request::new(Method::Put, path).body(body.0)))?;
    }
    if cx.on("record") && dry == DryRun::None {
        let after = crate::change::recorded(cx, &info.object);
        crate::change::update(cx, info, &after, "kubectl-scale")?;
    }
    Ok(())
}

/// Waits until the controller has made as many.
async fn settled(cx: &Cx, info: &Info, wanted: i64, timeout: i64) -> Result<(), Fail> {
    let deadline = Some(cx.now() + timeout);
    while info.fetch(cx)?.int("status.replicas") != wanted {
        if deadline.is_some_and(|d| cx.now() >= d) {
            return Err(text("timed out waiting for the condition"));
        }
        cx.host.changed_until(deadline).await;
    }
    Ok(())
}
