//! `kubectl rollout status`. Upstream: `polymorphichelpers/rollout_status.go`.

use super::*;
use crate::resources::Target;
use machinery::{Accept, Response, WatchType};

pub const COMMAND: Command = Command {
    name: "status",
    usage: "(TYPE NAME | TYPE/NAME) [flags]",
    short: "Show the status of the rollout",
    long: "Follows the latest rollout until it is through, or until it has failed.",
    examples: &[Example(
        "Follow a rollout",
        "kubectl rollout status deployment/web",
    )],
    flags: &[
        &[
            Flag::bool("watch", "Watch the status of the rollout until it's done.")
                .or("true")
                .short('w'),
            Flag::int(
                "revision",
                "0",
                "Pin to a specific revision for showing its status.",
            ),
            Flag::duration(
                "timeout",
                "0s",
                "The length of time to wait before ending watch, zero means never.",
            ),
        ],
        FILES,
        SELECTOR,
    ],
    complete: Complete::Kinds(&["daemonset", "deployment", "statefulset"]),
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    let (infos, fails) = workloads(&cx).await?;
    fail::all(fails)?;
    if infos.is_empty() {
        cx.err(format!(
            "No resources found in {} namespace.\n",
            cx.namespace()?
        ));
        return Ok(());
    }
    let timeout = cx.millis("timeout");
    let deadline = (timeout > 0).then(|| cx.now() + timeout);
    for info in infos {
        follow(&cx, &info, deadline).await?;
    }
    Ok(())
}

async fn follow(cx: &Cx, info: &Info, deadline: Option<i64>) -> Result<(), Fail> {
    let list = cx.ask(resources::list_request(
        &info.res,
        &info.namespace,
        "",
        &format!("metadata.name={}", info.name),
    ))?;
    let mut version = list.text("metadata.resourceVersion").to_string();
    let mut now = info.fetch(cx)?;
    let request = crate::commands::get::watch_request(&Target::One(info.clone()), Accept::Json);
    if done(cx, &now)? || !cx.on("watch") {
        return Ok(());
    }
    loop {
        let asked = request.clone().with("resourceVersion", version.clone());
        let Response::Watch {
            events,
            version: next,
        } = cx.send(asked)?
        else {
            return Err(text("the server did not answer with a watch"));
        };
        version = next.to_string();
        for event in events {
            match event.kind {
                WatchType::Deleted => return Err(text("object has been deleted")),
                WatchType::Bookmark => {}
                _ => {
                    now = Object(event.object);
                    if done(cx, &now)? {
                        return Ok(());
                    }
                }
            }
        }
        if deadline.is_some_and(|d| cx.now() >= d) {
            return Err(text("timed out waiting for the condition"));
        }
        cx.host.changed_until(deadline).await;
    }
}

/// Prints how far it is; true when it is through.
fn done(cx: &Cx, o: &Object) -> Result<bool, Fail> {
    let (words, done) = match o.kind() {
        "Deployment" => deployment(o, cx.int("revision"))?,
        "DaemonSet" => daemon_set(o)?,
        "StatefulSet" => stateful_set(o)?,
        other => {
            return Err(text(format!(
                "no status viewer has been implemented for {}",
                machinery::status::qualified(o.group(), other)
            )));
        }
    };
    cx.line(words);
    Ok(done)
}

fn deployment(o: &Object, revision: i64) -> Result<(String, bool), Fail> {
    let name = o.name();
    if revision > 0 {
        let own = o
            .annotation("deployment.kubernetes.io/revision")
            .unwrap_or("0");
        if own != revision.to_string() {
            return Err(text(format!(
                "desired revision ({revision}) is different from the running revision ({own})"
            )));
        }
    }
    if o.generation() > o.int("status.observedGeneration") {
        return Ok((
            "Waiting for deployment spec update to be observed...".into(),
            false,
        ));
    }
    if o.condition("Progressing").text("reason") == "ProgressDeadlineExceeded" {
        return Err(text(format!(
            "deployment \"{name}\" exceeded its progress deadline"
        )));
    }
    let wanted = o.int("spec.replicas");
    let (all, updated, available) = (
        o.int("status.replicas"),
        o.int("status.updatedReplicas"),
        o.int("status.availableReplicas"),
    );
    let waiting = |what: String| {
        (
            format!("Waiting for deployment \"{name}\" rollout to finish: {what}..."),
            false,
        )
    };
    Ok(if updated < wanted {
        waiting(format!(
            "{updated} out of {wanted} new replicas have been updated"
        ))
    } else if all > updated {
        waiting(format!(
            "{} old replicas are pending termination",
            all - updated
        ))
    } else if available < updated {
        waiting(format!(
            "{available} of {updated} updated replicas are available"
        ))
    } else {
        (
            format!("deployment \"{name}\" successfully rolled out"),
            true,
        )
    })
}

const ONLY_ROLLING: &str = "rollout status is only available for RollingUpdate strategy type";

fn daemon_set(o: &Object) -> Result<(String, bool), Fail> {
    if o.text("spec.updateStrategy.type") != "RollingUpdate" {
        return Err(text(ONLY_ROLLING));
    }
    if o.generation() > o.int("status.observedGeneration") {
        return Ok((
            "Waiting for daemon set spec update to be observed...".into(),
            false,
        ));
    }
    let name = o.name();
    let (wanted, updated, available) = (
        o.int("status.desiredNumberScheduled"),
        o.int("status.updatedNumberScheduled"),
        o.int("status.numberAvailable"),
    );
    let waiting = |what: String| {
        (
            format!("Waiting for daemon set \"{name}\" rollout to finish: {what}..."),
            false,
        )
    };
    Ok(if updated < wanted {
        waiting(format!(
            "{updated} out of {wanted} new pods have been updated"
        ))
    } else if available < wanted {
        waiting(format!(
            "{available} of {wanted} updated pods are available"
        ))
    } else {
        (
            format!("daemon set \"{name}\" successfully rolled out"),
            true,
        )
    })
}

fn stateful_set(o: &Object) -> Result<(String, bool), Fail> {
    if o.text("spec.updateStrategy.type") != "RollingUpdate" {
        return Err(text(ONLY_ROLLING));
    }
    let observed = o.int("status.observedGeneration");
    if observed == 0 || o.generation() > observed {
        return Ok((
            "Waiting for statefulset spec update to be observed...".into(),
            false,
        ));
    }
    let (wanted, ready, updated) = (
        o.int("spec.replicas"),
        o.int("status.readyReplicas"),
        o.int("status.updatedReplicas"),
    );
    if ready < wanted {
        return Ok((
            format!("Waiting for {} pods to be ready...", wanted - ready),
            false,
        ));
    }
    if let Some(partition) = o.at("spec.updateStrategy.rollingUpdate.partition").as_i64() {
        let due = wanted - partition;
        return Ok(if updated < due {
            (
                format!(
                    "Waiting for partitioned roll out to finish: {updated} out of {due} new pods have been updated..."
                ),
                false,
            )
        } else {
            (
                format!("partitioned roll out complete: {updated} new pods have been updated..."),
                true,
            )
        });
    }
    let target = o.text("status.updateRevision");
    if target != o.text("status.currentRevision") {
        return Ok((
            format!(
                "waiting for statefulset rolling update to complete {updated} pods at revision {target}..."
            ),
            false,
        ));
    }
    Ok((
        format!(
            "statefulset rolling update complete {} pods at revision {}...",
            o.int("status.currentReplicas"),
            o.text("status.currentRevision")
        ),
        true,
    ))
}
