//! Releases uninstalled, and tested: `helm uninstall`, `helm test`.

use super::action::check_name;
use super::deploy::{gone, hooks, timeout};
use super::release::stamp;
use super::{Cx, query, render};
use machinery::Value;

pub async fn uninstall(cx: &Cx) -> Result<(), String> {
    cx.reach()?;
    for name in &cx.options.args {
        let kept = match remove(cx, name, cx.has("keep-history")).await {
            Ok(kept) => kept,
            Err(e) if cx.has("ignore-not-found") && e.contains("not found") => {
                cx.out(&format!("release {name:?} uninstalled\n"));
                continue;
            }
            Err(e) => return Err(e),
        };
        if !kept.is_empty() {
            cx.out(&format!(
                "These resources were kept due to the resource policy:\n{kept}\n"
            ));
        }
        cx.out(&format!("release {name:?} uninstalled\n"));
    }
    Ok(())
}

/// Takes a release and its objects away; says what its policy keeps.
pub async fn remove(cx: &Cx, name: &str, keep_history: bool) -> Result<String, String> {
    check_name(name)?;
    let store = cx.store();
    let history = store.history(&cx.namespace, name)?;
    let Some(mut release) = history.last().cloned() else {
        return Err(format!(
            "uninstall: Release not loaded: {name}: release: not found"
        ));
    };
    if release.status() == "uninstalled" {
        if keep_history {
            return Err(format!("the release named {name:?} is already deleted"));
        }
        history.iter().for_each(|r| store.delete(r));
        return Ok(String::new());
    }
    if cx.has("dry-run") {
        return Ok(String::new());
    }
    let limit = timeout(cx)?;
    release.set_status("uninstalling", "Deletion in progress (or silently failed)");
    release
        .0
        .set("info.deleted", Value::from(stamp(cx.ctx.now_ms())));
    hooks(cx, &mut release, "pre-delete", limit).await?;
    store.update(&release);
    let mut kept = String::new();
    let mut gone_ones = Vec::new();
    for object in render::objects(release.manifest()).iter().rev() {
        let policy = object
            .at("metadata.annotations")
            .get("helm.sh/resource-policy");
        if policy.as_str() == Some("keep") {
            let (kind, name) = (object.text("kind"), object.text("metadata.name"));
            kept = format!("[{kind}] {name}\n{kept}");
            continue;
        }
        cx.kube.delete(object, &cx.namespace)?;
        gone_ones.push(object.clone());
    }
    if cx.has("wait") {
        for object in &gone_ones {
            gone(cx, object, limit).await;
        }
    }
    hooks(cx, &mut release, "post-delete", limit).await?;
    let custom = cx.options.text("description");
    let description = if custom.is_empty() {
        "Uninstallation complete"
    } else {
        custom
    };
    release.set_status("uninstalled", description);
    if keep_history {
        store.update(&release);
        for mut old in history.iter().filter(|r| r.status() == "deployed").cloned() {
            if old.version() != release.version() {
                old.set_status("superseded", "");
                store.update(&old);
            }
        }
    } else {
        history.iter().for_each(|r| store.delete(r));
    }
    Ok(kept)
}

pub async fn test(cx: &Cx) -> Result<(), String> {
    cx.reach()?;
    let mut release = cx.store().last(&cx.namespace, cx.options.arg(0))?;
    let limit = timeout(cx)?;
    let done = hooks(cx, &mut release, "test", limit).await;
    query::print_release(cx, &release, false);
    if cx.has("logs") {
        for hook in release.0.get("hooks").items() {
            let is_test = hook
                .get("events")
                .items()
                .iter()
                .any(|e| e.as_str() == Some("test"));
            if is_test && hook.text("kind") == "Pod" {
                let name = hook.text("name");
                let path = format!("/api/v1/namespaces/{}/pods/{name}/log", cx.namespace);
                if let machinery::Response::Text(text) =
                    cx.api.request(machinery::Request::get(path))
                {
                    cx.out(&format!("POD LOGS: {name}\n{text}\n"));
                }
            }
        }
    }
    done
}
