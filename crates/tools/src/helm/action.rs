//! What changes releases: install, upgrade, rollback, uninstall, test (`helm:pkg/action`).

use super::chart::{self, Chart};
use super::deploy::{Kind, deploy, ready};
use super::release::{Release, stamp};
use super::render::{self, Asked, Rendered};
use super::{Cx, kube, query, repo, values};
use machinery::{Value, value};

pub(super) fn check_name(name: &str) -> Result<(), String> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let label = |l: &str| {
        l.starts_with(good) && l.ends_with(good) && l.chars().all(|c| good(c) || c == '-')
    };
    if name.len() <= 53 && name.split('.').all(label) {
        return Ok(());
    }
    Err(format!(
        "release name {name:?}: invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53"
    ))
}

/// The release's name and its chart's, from the arguments of install and template.
pub fn name_and_chart(cx: &Cx, default: &str) -> Result<(String, String), String> {
    let args = &cx.options.args;
    let template = cx.options.text("name-template");
    match args.as_slice() {
        [name, chart] => match cx.has("generate-name") {
            true => Err("cannot set --generate-name and also specify a name".into()),
            false => Ok((name.clone(), chart.clone())),
        },
        [chart] if !template.is_empty() => Ok((template.to_string(), chart.clone())),
        [chart] if cx.has("generate-name") => {
            let base = chart
                .trim_end_matches('/')
                .rsplit('/')
                .next()
                .unwrap_or("chart");
            let base = if base == "." || base.is_empty() {
                "chart"
            } else {
                base
            };
            Ok((format!("{base}-{}", cx.ctx.now_ms() / 1000), chart.clone()))
        }
        [chart] if !default.is_empty() => Ok((default.to_string(), chart.clone())),
        _ => Err("must either provide a name or specify --generate-name".into()),
    }
}

/// A chart by what was typed: a folder, or `repository/name`.
pub fn find_chart(cx: &Cx, name: &str) -> Result<Chart, String> {
    let url = cx.options.text("repo");
    if !url.is_empty() {
        return repo::by_url(url, name, cx.options.text("version"));
    }
    let is_path =
        name.starts_with(['.', '/']) || cx.ctx.with_fs(|fs| fs.exists(&cx.ctx.resolve(name)));
    match is_path {
        true => chart::load(&cx.ctx, name),
        false => repo::find(cx, name, cx.options.text("version")),
    }
}

/// What every use of a chart checks first.
pub fn usable(chart: &Chart) -> Result<(), String> {
    if chart.meta.text("type") == "library" {
        return Err("library charts are not installable".into());
    }
    let missing = chart.missing();
    if !missing.is_empty() {
        return Err(format!(
            "An error occurred while checking for chart dependencies. You may need to run `helm dependency build` to fetch missing dependencies: found in Chart.yaml, but missing in charts/ directory: {}",
            missing.join(", ")
        ));
    }
    Ok(())
}

struct Prepared {
    release: Release,
    rendered: Rendered,
}

/// Renders, and makes the record of what shall be.
fn prepare(
    cx: &Cx,
    name: &str,
    chart: &Chart,
    config: Value,
    revision: i64,
    first: Option<&Release>,
    dry: bool,
) -> Result<Prepared, String> {
    usable(chart)?;
    let coalesced = chart.coalesce(&config);
    if chart.has_schema {
        cx.ctx.err("bottleship does not simulate values.schema.json: the values are not checked against it\n");
    }
    let asked = Asked {
        release: name,
        namespace: &cx.namespace,
        revision,
        upgrade: first.is_some(),
        now_ms: cx.ctx.now_ms(),
        api: (!dry || cx.options.text("dry-run") == "server").then(|| cx.api.clone()),
        lint: false,
    };
    let rendered = render::render(chart, &coalesced, &asked)?;
    let now = stamp(cx.ctx.now_ms());
    let deployed = first.map_or(now.clone(), |r| r.0.text("info.first_deployed").to_string());
    let mut stored = chart.stored();
    stored.set("values", chart.coalesce(&Value::map()));
    let status = match first {
        Some(_) => "pending-upgrade",
        None => "pending-install",
    };
    let description = match (dry, first) {
        (true, _) => "Dry run complete",
        (_, Some(_)) => "Preparing upgrade",
        _ => "Initial install underway",
    };
    let release = value!({
        "name": Value::str(name), "namespace": Value::str(&cx.namespace), "version": revision,
        "info": {
            "first_deployed": deployed, "last_deployed": now, "deleted": "", "description": description,
            "status": status, "notes": Value::str(&rendered.notes)
        },
        "chart": stored, "config": config, "manifest": (render::joined(&rendered.manifests)), "hooks": (rendered.hooks.clone())
    });
    Ok(Prepared {
        release: Release(release),
        rendered,
    })
}

fn notes_and_dry(cx: &Cx, prepared: &Prepared) {
    if cx.has("hide-notes") {
        let mut hidden = prepared.release.clone();
        hidden.0.set("info.notes", "");
        query::print_release(cx, &hidden, true);
    } else {
        query::print_release(cx, &prepared.release, true);
    }
}

fn is_dry(cx: &Cx) -> bool {
    cx.options
        .get("dry-run")
        .is_some_and(|v| !["none", "false", ""].contains(&v))
}

pub async fn install(cx: &Cx) -> Result<(), String> {
    let done = install_named(cx).await;
    done.map_err(|e| format!("INSTALLATION FAILED: {e}"))
}

async fn install_named(cx: &Cx) -> Result<(), String> {
    let (name, chart) = name_and_chart(cx, "")?;
    let chart = find_chart(cx, &chart)?;
    let config = values::given(&cx.ctx, &cx.options)?;
    let release = new_release(cx, &name, &chart, config).await?;
    if let Some(release) = release {
        show(cx, &release);
    }
    Ok(())
}

fn show(cx: &Cx, release: &Release) {
    let mut shown = release.clone();
    if cx.has("hide-notes") {
        shown.0.set("info.notes", "");
    }
    query::print_release(cx, &shown, false);
}

/// Installs; none for a dry run, which has printed what it would do.
async fn new_release(
    cx: &Cx,
    name: &str,
    chart: &Chart,
    config: Value,
) -> Result<Option<Release>, String> {
    let dry = is_dry(cx);
    if !dry || cx.options.text("dry-run") != "client" {
        cx.reach()?;
    }
    check_name(name)?;
    usable(chart)?;
    let store = cx.store();
    let history = match dry && cx.options.text("dry-run") == "client" {
        true => Vec::new(),
        false => store.history(&cx.namespace, name).unwrap_or_default(),
    };
    let last = history.last();
    let reusable =
        last.is_none_or(|r| cx.has("replace") && ["uninstalled", "failed"].contains(&r.status()));
    if !reusable {
        return Err("cannot re-use a name that is still in use".into());
    }
    let revision = last.map_or(1, |r| r.version() + 1);
    let new_crds: Vec<Value> = chart
        .crds
        .iter()
        .flat_map(|(_, text)| render::objects(text))
        .collect();
    if !dry && !cx.has("skip-crds") {
        let mut warnings = Vec::new();
        for crd in &new_crds {
            if cx.kube.get(crd, "")?.is_none() {
                let made = cx.kube.create(crd, "", &mut warnings);
                made.map_err(|e| format!("failed to install CRD crds: {e}"))?;
            }
        }
        if !new_crds.is_empty() {
            ready(cx, &new_crds, 60_000, false).await?;
            cx.kube.forget();
        }
        cx.warn(warnings);
    }
    let prepared = prepare(cx, name, chart, config, revision, None, dry)?;
    if dry {
        notes_and_dry(cx, &prepared);
        return Ok(None);
    }
    build(cx, &prepared.rendered)?;
    if cx.has("create-namespace") && cx.namespace != "default" {
        let namespace = value!({ "apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": Value::str(&cx.namespace), "labels": { "name": Value::str(&cx.namespace) }
        } });
        if cx.kube.get(&namespace, "")?.is_none() {
            cx.kube.create(&namespace, "", &mut Vec::new())?;
        }
    }
    if !cx.has("take-ownership") {
        unclaimed(cx, name, &prepared.rendered, "install")?;
    }
    deploy(cx, prepared.release, None, Kind::Install)
        .await
        .map(Some)
}

/// Every object must be of a kind that the server has.
fn build(cx: &Cx, rendered: &Rendered) -> Result<(), String> {
    for manifest in &rendered.manifests {
        if manifest.object.text("kind").is_empty() || manifest.object.text("apiVersion").is_empty()
        {
            let field = if manifest.object.text("kind").is_empty() {
                "kind"
            } else {
                "apiVersion"
            };
            return Err(format!(
                "unable to build kubernetes objects from release manifest: error validating \"\": error validating data: {field} not set"
            ));
        }
        cx.kube.path(&manifest.object, &cx.namespace).map_err(|e| {
            format!("unable to build kubernetes objects from release manifest: {e}")
        })?;
    }
    Ok(())
}

/// No object of the chart may be another's.
fn unclaimed(cx: &Cx, release: &str, rendered: &Rendered, what: &str) -> Result<(), String> {
    for manifest in &rendered.manifests {
        let Some(live) = cx.kube.get(&manifest.object, &cx.namespace)? else {
            continue;
        };
        let mut wrong = Vec::new();
        let mut check = |kind: &str, found: &Value, key: &str, wanted: &str| {
            match found.get(key).as_str() {
                Some(have) if have == wanted => {}
                Some(have) => wrong.push(format!("{kind} validation error: key {key:?} must equal {wanted:?}: current value is {have:?}")),
                None => wrong.push(format!("{kind} validation error: missing key {key:?}: must be set to {wanted:?}")),
            }
        };
        check(
            "label",
            live.at("metadata.labels"),
            "app.kubernetes.io/managed-by",
            "Helm",
        );
        let annotations = live.at("metadata.annotations");
        check(
            "annotation",
            annotations,
            "meta.helm.sh/release-name",
            release,
        );
        check(
            "annotation",
            annotations,
            "meta.helm.sh/release-namespace",
            &cx.namespace,
        );
        if !wrong.is_empty() {
            return Err(format!(
                "Unable to continue with {what}: {} exists and cannot be imported into the current release: invalid ownership metadata; {}",
                kube::describe(&live, live.text("metadata.namespace")),
                wrong.join("; ")
            ));
        }
    }
    Ok(())
}

pub async fn upgrade(cx: &Cx) -> Result<(), String> {
    let name = cx.options.arg(0).to_string();
    let reached = cx.reach().map_err(|e| format!("UPGRADE FAILED: {e}"));
    if !is_dry(cx) || cx.options.text("dry-run") != "client" {
        reached?;
    }
    let history = cx.store().history(&cx.namespace, &name).unwrap_or_default();
    if cx.has("install") && history.last().is_none_or(|r| r.status() == "uninstalled") {
        if cx.options.text("output").is_empty() {
            cx.out(&format!(
                "Release {name:?} does not exist. Installing it now.\n"
            ));
        }
        let chart = find_chart(cx, cx.options.arg(1))?;
        let config = values::given(&cx.ctx, &cx.options)?;
        let made = new_release(cx, &name, &chart, config).await?;
        if let Some(release) = made {
            show(cx, &release);
        }
        return Ok(());
    }
    let done = upgrade_named(cx, &name, &history).await;
    let release = done.map_err(|e| format!("UPGRADE FAILED: {e}"))?;
    if let Some(release) = release {
        if cx.options.text("output").is_empty() {
            cx.out(&format!(
                "Release {name:?} has been upgraded. Happy Helming!\n"
            ));
        }
        show(cx, &release);
    }
    Ok(())
}

async fn upgrade_named(
    cx: &Cx,
    name: &str,
    history: &[Release],
) -> Result<Option<Release>, String> {
    check_name(name)?;
    let chart = find_chart(cx, cx.options.arg(1))?;
    let given = values::given(&cx.ctx, &cx.options)?;
    let Some(last) = history.last() else {
        return Err(format!("{name:?} has no deployed releases"));
    };
    if last.status().starts_with("pending-") {
        return Err("another operation (install/upgrade/rollback) is in progress".into());
    }
    let deployed = history.iter().rev().find(|r| r.status() == "deployed");
    let Some(current) =
        deployed.or(Some(last).filter(|r| r.status() == "failed" || r.status() == "superseded"))
    else {
        return Err(format!("{name:?} has no deployed releases"));
    };
    let mut chart = chart;
    let old = current.0.get("config");
    let config = if cx.has("reset-values") {
        given
    } else if cx.has("reuse-values") {
        chart.values = values::over(current.0.at("chart.values"), old);
        values::merge(old, &given)
    } else if cx.has("reset-then-reuse-values") || given.is_empty() {
        // Without any values of its own an upgrade keeps those of the release.
        values::merge(old, &given)
    } else {
        given
    };
    let dry = is_dry(cx);
    let first = history.first();
    let prepared = prepare(cx, name, &chart, config, last.version() + 1, first, dry)?;
    if dry {
        notes_and_dry(cx, &prepared);
        return Ok(None);
    }
    build(cx, &prepared.rendered)?;
    unclaimed_new(cx, current, &prepared)?;
    let release = deploy(cx, prepared.release, Some(current), Kind::Upgrade).await?;
    Ok(Some(release))
}

/// Objects that the release did not have yet must be nobody's.
fn unclaimed_new(cx: &Cx, current: &Release, prepared: &Prepared) -> Result<(), String> {
    let had: Vec<String> = render::objects(current.manifest())
        .iter()
        .filter_map(|o| cx.kube.path(o, &cx.namespace).ok())
        .collect();
    let mut fresh = prepared.rendered.clone();
    fresh.manifests.retain(|m| {
        !cx.kube
            .path(&m.object, &cx.namespace)
            .is_ok_and(|p| had.contains(&p))
    });
    unclaimed(cx, current.name(), &fresh, "update")
}

pub async fn rollback(cx: &Cx) -> Result<(), String> {
    cx.reach()?;
    let (name, revision) = (cx.options.arg(0), cx.options.arg(1));
    let revision = match revision {
        "" => 0,
        text => text
            .parse::<i64>()
            .map_err(|_| format!("could not convert revision to a number: strconv.Atoi: parsing {text:?}: invalid syntax"))?,
    };
    roll(cx, name, revision).await?;
    cx.out("Rollback was a success! Happy Helming!\n");
    Ok(())
}

pub(super) async fn roll(cx: &Cx, name: &str, revision: i64) -> Result<(), String> {
    let history = cx.store().history(&cx.namespace, name)?;
    let Some(last) = history.last() else {
        return Err("release: not found".into());
    };
    let revision = match revision {
        0 => last.version() - 1,
        n => n,
    };
    let Some(target) = history.iter().find(|r| r.version() == revision) else {
        return Err(match revision {
            ..=0 => "release has no 0 version".to_string(),
            n => format!("release has no {n} version"),
        });
    };
    let mut release = target.clone();
    let now = stamp(cx.ctx.now_ms());
    release.0.set("version", last.version() + 1);
    release.0.set("info.last_deployed", Value::str(&now));
    release
        .0
        .set("info.first_deployed", last.0.at("info.first_deployed"));
    release.set_status("pending-rollback", &format!("Rollback to {revision}"));
    if cx.has("dry-run") {
        return Ok(());
    }
    let from = history
        .iter()
        .rev()
        .find(|r| r.status() == "deployed")
        .unwrap_or(last);
    deploy(cx, release, Some(from), Kind::Rollback)
        .await
        .map(|_| ())
}
