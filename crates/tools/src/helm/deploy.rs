//! A release brought into the cluster: its record, its hooks, its objects, and the wait for them.

use super::action::roll;
use super::release::{Release, stamp};
use super::{Cx, render};
use machinery::{Arrange, Value, duration, yaml};

/// What `--wait` and hooks wait for at most, unless `--timeout` says otherwise.
const TIMEOUT_MS: i64 = 300_000;
/// How often is looked.
const POLL_MS: i64 = 1000;
const TIMED_OUT: &str = "context deadline exceeded";

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Install,
    Upgrade,
    Rollback,
}

pub(super) fn timeout(cx: &Cx) -> Result<i64, String> {
    match cx.options.get("timeout") {
        None => Ok(TIMEOUT_MS),
        Some(text) => duration::parse(text).map_err(|_| {
            format!(
                "invalid argument {text:?} for \"--timeout\" flag: time: invalid duration {text:?}"
            )
        }),
    }
}

/// An object with the marks of its owner.
pub(super) fn owned(cx: &Cx, release: &str, object: &Value) -> Value {
    let mut out = object.clone();
    let labels = out.place("metadata.labels").map_mut();
    labels.insert("app.kubernetes.io/managed-by", "Helm");
    let annotations = out.place("metadata.annotations").map_mut();
    annotations.insert("meta.helm.sh/release-name", Value::str(release));
    annotations.insert("meta.helm.sh/release-namespace", Value::str(&cx.namespace));
    out
}

/// Records a release, runs its hooks around the change, waits, and records how it went.
pub(super) async fn deploy(
    cx: &Cx,
    mut release: Release,
    from: Option<&Release>,
    kind: Kind,
) -> Result<Release, String> {
    let store = cx.store();
    store.create(&release)?;
    let (before, after, done) = match kind {
        Kind::Install => (
            "pre-install",
            "post-install",
            "Install complete".to_string(),
        ),
        Kind::Upgrade => (
            "pre-upgrade",
            "post-upgrade",
            "Upgrade complete".to_string(),
        ),
        Kind::Rollback => (
            "pre-rollback",
            "post-rollback",
            release.0.text("info.description").to_string(),
        ),
    };
    let failed = |event: &str, e: String| match kind {
        Kind::Install => format!("failed {event}: {e}"),
        Kind::Upgrade => format!("{event} hooks failed: {e}"),
        Kind::Rollback => e,
    };
    let result = async {
        let limit = timeout(cx)?;
        hooks(cx, &mut release, before, limit)
            .await
            .map_err(|e| failed(before, e))?;
        change(cx, &release, from, kind)?;
        if cx.has("wait") || cx.has("atomic") || cx.has("wait-for-jobs") {
            let objects = render::objects(release.manifest());
            ready(cx, &objects, limit, cx.has("wait-for-jobs")).await?;
        }
        hooks(cx, &mut release, after, limit)
            .await
            .map_err(|e| failed(after, e))
    };
    if let Err(error) = result.await {
        release.set_status(
            "failed",
            &format!("Release {:?} failed: {error}", release.name()),
        );
        if kind == Kind::Upgrade {
            release.set_status(
                "failed",
                &format!("Upgrade {:?} failed: {error}", release.name()),
            );
        }
        store.update(&release);
        return Err(atomic(cx, &release, from, kind, error).await);
    }
    let history = store.history(&cx.namespace, release.name())?;
    for mut old in history {
        if old.status() == "deployed" && old.version() != release.version() {
            old.set_status("superseded", "");
            store.update(&old);
        }
    }
    let custom = cx.options.text("description");
    release.set_status("deployed", if custom.is_empty() { &done } else { custom });
    store.update(&release);
    store.prune(&cx.namespace, release.name());
    Ok(release)
}

/// Takes back what failed, if `--atomic` was given; gives the error to print.
pub(super) async fn atomic(
    cx: &Cx,
    release: &Release,
    from: Option<&Release>,
    kind: Kind,
    error: String,
) -> String {
    if !cx.has("atomic") {
        return error;
    }
    let name = release.name();
    if kind == Kind::Install {
        let gone = Box::pin(super::remove::remove(cx, name, false)).await;
        return match gone {
            Ok(_) => format!(
                "release {name} failed, and has been uninstalled due to atomic being set: {error}"
            ),
            Err(e) => format!(
                "an error occurred while uninstalling the release. original install error: {error}: {e}"
            ),
        };
    }
    let back = match from {
        Some(from) => Box::pin(roll(cx, name, from.version())).await,
        None => Err("no previous release".into()),
    };
    match back {
        Ok(()) => format!(
            "release {name} failed, and has been rolled back due to atomic being set: {error}"
        ),
        Err(e) => format!(
            "an error occurred while rolling back the release. original upgrade error: {error}: {e}"
        ),
    }
}

/// Creates, patches and deletes until the cluster has what the manifest says.
pub(super) fn change(
    cx: &Cx,
    release: &Release,
    from: Option<&Release>,
    kind: Kind,
) -> Result<(), String> {
    let mut warnings = Vec::new();
    let result = change_all(cx, release, from, kind, &mut warnings);
    cx.warn(warnings);
    result
}

pub(super) fn change_all(
    cx: &Cx,
    release: &Release,
    from: Option<&Release>,
    kind: Kind,
    warnings: &mut Vec<String>,
) -> Result<(), String> {
    let namespace = &cx.namespace;
    let old = from
        .map(|r| render::objects(r.manifest()))
        .unwrap_or_default();
    let new = render::objects(release.manifest());
    let mut errors = Vec::new();
    for object in &new {
        let target = owned(cx, release.name(), object);
        let path = cx.kube.path(object, namespace)?;
        let before = old
            .iter()
            .find(|o| cx.kube.path(o, namespace).as_ref() == Ok(&path));
        match (cx.kube.get(object, namespace)?, kind) {
            (None, Kind::Install) => {
                if let Err(e) = cx.kube.create(&target, namespace, warnings) {
                    errors.push(e);
                }
            }
            (None, _) => {
                let made = cx.kube.create(&target, namespace, warnings);
                made.map_err(|e| format!("failed to create resource: {e}"))?;
            }
            (Some(live), _) => {
                let before = before.unwrap_or(&live);
                cx.kube
                    .update(before, &target, &live, namespace, warnings)?;
            }
        }
    }
    if !errors.is_empty() {
        let count = match errors.len() {
            1 => "1 error occurred".to_string(),
            n => format!("{n} errors occurred"),
        };
        return Err(format!("{count}:\n\t* {}\n\n", errors.join("\n\t* ")));
    }
    let kept: Vec<String> = new
        .iter()
        .filter_map(|o| cx.kube.path(o, namespace).ok())
        .collect();
    for object in &old {
        let keep = object
            .at("metadata.annotations")
            .get("helm.sh/resource-policy")
            .as_str();
        let path = cx.kube.path(object, namespace)?;
        if !kept.contains(&path) && keep != Some("keep") {
            cx.kube.delete(object, namespace)?;
        }
    }
    Ok(())
}

/// Waits until all of these are ready.
pub(super) async fn ready(
    cx: &Cx,
    objects: &[Value],
    limit: i64,
    jobs: bool,
) -> Result<(), String> {
    let end = cx.ctx.now_ms() + limit;
    while !objects
        .iter()
        .all(|o| cx.kube.is_ready(o, &cx.namespace, jobs))
    {
        if cx.ctx.now_ms() >= end {
            return Err(TIMED_OUT.into());
        }
        cx.ctx.sleep(POLL_MS).await;
    }
    Ok(())
}

pub(super) async fn gone(cx: &Cx, object: &Value, limit: i64) {
    let end = cx.ctx.now_ms() + limit;
    while matches!(cx.kube.get(object, &cx.namespace), Ok(Some(_))) && cx.ctx.now_ms() < end {
        cx.ctx.sleep(POLL_MS).await;
    }
}

/// How a hook's object ends: none while it runs.
pub(super) fn ended(live: &Value) -> Option<Result<(), String>> {
    let condition = |kind: &str| {
        let conditions = live.at("status.conditions").items();
        let found = conditions
            .iter()
            .find(|c| c.text("type") == kind && c.text("status") == "True");
        found.cloned()
    };
    match live.text("kind") {
        "Job" => match (condition("Complete"), condition("Failed")) {
            (Some(_), _) => Some(Ok(())),
            (_, Some(c)) => Some(Err(format!(
                "job {} failed: {}",
                live.text("metadata.name"),
                c.text("reason")
            ))),
            _ => None,
        },
        "Pod" => match live.text("status.phase") {
            "Succeeded" => Some(Ok(())),
            "Failed" => Some(Err(format!("pod {} failed", live.text("metadata.name")))),
            _ => None,
        },
        _ => Some(Ok(())),
    }
}

/// Runs the hooks of an event, in the order of their weights.
pub(super) async fn hooks(
    cx: &Cx,
    release: &mut Release,
    event: &str,
    limit: i64,
) -> Result<(), String> {
    if cx.has("no-hooks") {
        return Ok(());
    }
    let mut order: Vec<(i64, String, usize)> = Vec::new();
    for (i, hook) in release.0.get("hooks").items().iter().enumerate() {
        let events = hook.get("events").items();
        let filter = cx.options.all("filter");
        let named = event != "test"
            || filter.is_empty()
            || filter
                .iter()
                .any(|f| f.strip_prefix("name=") == Some(hook.text("name")));
        if named && events.iter().any(|e| e.as_str() == Some(event)) {
            order.push((hook.int("weight"), hook.text("name").to_string(), i));
        }
    }
    order.arrange();
    for (_, _, i) in order {
        let hook = release
            .0
            .get("hooks")
            .items()
            .get(i)
            .cloned()
            .unwrap_or_default();
        let done = one_hook(cx, release, &hook, i, limit).await;
        cx.store().update(release);
        done.map_err(|e| format!("1 error occurred:\n\t* {e}\n\n"))?;
    }
    Ok(())
}

pub(super) async fn one_hook(
    cx: &Cx,
    release: &mut Release,
    hook: &Value,
    i: usize,
    limit: i64,
) -> Result<(), String> {
    let object = yaml::parse(hook.text("manifest")).map_err(|e| e.message)?;
    let policies = hook.get("delete_policies").items();
    let policy = |name: &str| policies.iter().any(|p| p.as_str() == Some(name));
    let clears = policies.is_empty() || policy("before-hook-creation");
    if clears && cx.kube.delete(&object, &cx.namespace)? {
        gone(cx, &object, limit).await;
    }
    let mut note = |key: &str, text: &str| {
        let mut hooks = release.0.get("hooks").clone();
        if let Some(hook) = hooks.list_mut().get_mut(i) {
            hook.field("last_run").set(key, Value::str(text));
        }
        release.0.set("hooks", hooks);
    };
    note("started_at", &stamp(cx.ctx.now_ms()));
    note("phase", "Running");
    let mut warnings = Vec::new();
    let made = cx.kube.create(&object, &cx.namespace, &mut warnings);
    cx.warn(warnings);
    let end = cx.ctx.now_ms() + limit;
    let done = match made {
        Err(e) => Err(format!(
            "Hook {} {} failed: {e}",
            hook.text("events"),
            hook.text("path")
        )),
        Ok(_) => loop {
            let live = cx.kube.get(&object, &cx.namespace)?.unwrap_or_default();
            if let Some(done) = ended(&live) {
                break done;
            }
            if cx.ctx.now_ms() >= end {
                break Err("timed out waiting for the condition".into());
            }
            cx.ctx.sleep(POLL_MS).await;
        },
    };
    note("completed_at", &stamp(cx.ctx.now_ms()));
    note("phase", if done.is_ok() { "Succeeded" } else { "Failed" });
    let clean = match &done {
        Ok(()) => policy("hook-succeeded"),
        Err(_) => policy("hook-failed"),
    };
    if clean {
        cx.kube.delete(&object, &cx.namespace)?;
    }
    done
}
