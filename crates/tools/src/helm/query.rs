//! What shows and does not change: list, status, history, get, show, template, lint, search, repo, env, version, create.

use super::chart::text_of;
use super::release::{Release, ansi, go_time};
use super::{Cx, local, repo, values};
use crate::options::tabbed;
use machinery::{Arrange, Value, json, value, yaml};

pub fn run(cx: &Cx, way: &str) -> Result<(), String> {
    let (group, sub) = way.split_once(' ').unwrap_or((way, ""));
    match group {
        "list" => list(cx),
        "status" => {
            let release = find(cx)?;
            match output(cx) {
                "" => print_release(cx, &release, false),
                _ => print_value(cx, &release.0),
            }
            Ok(())
        }
        "history" => history(cx),
        "get" => get(cx, sub),
        "show" => local::show(cx, sub),
        "template" => local::template(cx),
        "lint" => local::lint(cx),
        "create" => local::create(cx),
        "search" => repo::search(cx, sub),
        "repo" => repo::run(cx, sub),
        "dependency" => local::dependency(cx, sub),
        "env" => env(cx),
        "version" => version(cx),
        "plugin" => {
            cx.out("NAME\tVERSION\tDESCRIPTION\n");
            Ok(())
        }
        "completion" => {
            cx.out("# bottleship's shell completes helm's command lines by itself\n");
            Ok(())
        }
        other => Err(format!(
            "bottleship does not simulate helm {other}: charts are folders here, there is no network to fetch from or push to"
        )),
    }
}

fn output(cx: &Cx) -> &str {
    match cx.options.text("output") {
        "table" => "",
        other => other,
    }
}

fn print_value(cx: &Cx, v: &Value) {
    cx.out(&match output(cx) {
        "json" => format!("{}\n", json::print_html(v)),
        _ => yaml::print(v),
    });
}

/// The release that is named, at `--revision`.
fn find(cx: &Cx) -> Result<Release, String> {
    cx.reach()?;
    let revision = match cx.options.get("revision") {
        None => 0,
        Some(text) => text.parse().map_err(|_| {
            format!("invalid argument {text:?} for \"--revision\" flag: strconv.ParseInt: parsing {text:?}: invalid syntax")
        })?,
    };
    match revision {
        0 => cx.store().last(&cx.namespace, cx.options.arg(0)),
        n => cx.store().revision(&cx.namespace, cx.options.arg(0), n),
    }
}

/// What install, upgrade and status print.
pub fn print_release(cx: &Cx, release: &Release, dry: bool) {
    if ["json", "yaml"].contains(&output(cx)) {
        print_value(cx, &release.0);
        return;
    }
    let mut text = format!(
        "NAME: {}\nLAST DEPLOYED: {}\nNAMESPACE: {}\nSTATUS: {}\nREVISION: {}\n",
        release.name(),
        ansi(release.updated()),
        release.namespace(),
        release.status(),
        release.version()
    );
    if cx.has("show-desc") {
        text.push_str(&format!(
            "DESCRIPTION: {}\n",
            release.0.text("info.description")
        ));
    }
    let hooks = release.0.get("hooks").items();
    let is_test = |h: &&Value| {
        h.get("events")
            .items()
            .iter()
            .any(|e| e.as_str() == Some("test"))
    };
    let tests: Vec<&Value> = hooks.iter().filter(is_test).collect();
    if tests.is_empty() {
        text.push_str("TEST SUITE: None\n");
    }
    for hook in tests {
        let time = |key: &str| {
            let at = machinery::time::parse_rfc3339(hook.get("last_run").text(key));
            at.map_or(String::new(), ansi)
        };
        if hook.text("last_run.started_at").is_empty() {
            continue;
        }
        text.push_str(&format!(
            "TEST SUITE:     {}\nLast Started:   {}\nLast Completed: {}\nPhase:          {}\n",
            hook.text("name"),
            time("started_at"),
            time("completed_at"),
            hook.text("last_run.phase")
        ));
    }
    if cx.has("debug") && !dry {
        text.push_str(&format!(
            "USER-SUPPLIED VALUES:\n{}\n",
            values_text(release.0.get("config"))
        ));
    }
    if dry {
        text.push_str("HOOKS:\n");
        text.push_str(&hooks_text(release));
        text.push_str(&format!("MANIFEST:\n{}\n", release.manifest()));
    }
    let notes = release.0.text("info.notes").trim();
    if !notes.is_empty() {
        text.push_str(&format!("NOTES:\n{notes}\n"));
    }
    cx.out(&text);
}

fn values_text(v: &Value) -> String {
    match v.is_empty() {
        true => "{}\n".to_string(),
        false => yaml::print(v),
    }
}

fn hooks_text(release: &Release) -> String {
    let one = |h: &Value| {
        format!(
            "---\n# Source: {}\n{}\n",
            h.text("path"),
            h.text("manifest")
        )
    };
    release.0.get("hooks").items().iter().map(one).collect()
}

fn list(cx: &Cx) -> Result<(), String> {
    cx.reach()?;
    let namespace = if cx.has("all-namespaces") {
        ""
    } else {
        &cx.namespace
    };
    let all = cx.store().list(namespace, cx.options.text("selector"))?;
    let mut newest: Vec<Release> = Vec::new();
    for release in all {
        match newest.last_mut() {
            Some(last)
                if last.name() == release.name() && last.namespace() == release.namespace() =>
            {
                *last = release;
            }
            _ => newest.push(release),
        }
    }
    let states = [
        "deployed",
        "failed",
        "pending",
        "superseded",
        "uninstalled",
        "uninstalling",
    ];
    let wanted: Vec<&str> = states.into_iter().filter(|s| cx.has(s)).collect();
    let filter = match cx.options.text("filter") {
        "" => None,
        text => Some(
            shell::regex::Regex::new(text, true, false)
                .map_err(|e| format!("error parsing regexp: {e}: `{text}`"))?,
        ),
    };
    newest.retain(|r| {
        let state = match wanted.as_slice() {
            _ if cx.has("all") => true,
            [] => ["deployed", "failed"].contains(&r.status()),
            wanted => wanted.iter().any(|w| r.status().starts_with(w)),
        };
        state && filter.as_ref().is_none_or(|f| f.is_match(r.name()))
    });
    newest.arrange_by(|a, b| match cx.has("date") {
        true => a.updated().cmp(&b.updated()),
        false => (a.name(), a.namespace()).cmp(&(b.name(), b.namespace())),
    });
    if cx.has("reverse") {
        newest.reverse();
    }
    let number = |flag: &str| cx.options.text(flag).parse::<usize>().ok();
    let newest: Vec<Release> = newest
        .into_iter()
        .skip(number("offset").unwrap_or(0))
        .take(number("max").filter(|n| *n > 0).unwrap_or(256))
        .collect();
    if cx.has("short") {
        newest
            .iter()
            .for_each(|r| cx.out(&format!("{}\n", r.name())));
        return Ok(());
    }
    if !output(cx).is_empty() {
        let row = |r: &Release| {
            value!({
                "name": Value::str(r.name()), "namespace": Value::str(r.namespace()), "revision": r.version().to_string(),
                "updated": go_time(r.updated()), "status": Value::str(r.status()), "chart": (r.chart()), "app_version": (r.app_version())
            })
        };
        print_value(cx, &Value::from(newest.iter().map(row).collect::<Vec<_>>()));
        return Ok(());
    }
    let head = [
        "NAME",
        "NAMESPACE",
        "REVISION",
        "UPDATED",
        "STATUS",
        "CHART",
        "APP VERSION",
    ];
    let mut rows = vec![head.map(String::from).to_vec()];
    if cx.has("no-headers") {
        rows.clear();
    }
    for r in &newest {
        rows.push(vec![
            r.name().into(),
            r.namespace().into(),
            r.version().to_string(),
            go_time(r.updated()),
            r.status().into(),
            r.chart(),
            r.app_version(),
        ]);
    }
    cx.out(&tabbed(&rows));
    Ok(())
}

fn history(cx: &Cx) -> Result<(), String> {
    cx.reach()?;
    let all = cx.store().history(&cx.namespace, cx.options.arg(0))?;
    if all.is_empty() {
        return Err("release: not found".into());
    }
    let most = cx.options.text("max").parse::<usize>().unwrap_or(256);
    let shown = all.get(all.len().saturating_sub(most)..).unwrap_or(&[]);
    if !output(cx).is_empty() {
        let row = |r: &Release| {
            value!({
                "revision": r.version(), "updated": r.0.at("info.last_deployed"), "status": Value::str(r.status()), "chart": (r.chart()),
                "app_version": (r.app_version()), "description": r.0.at("info.description")
            })
        };
        print_value(cx, &Value::from(shown.iter().map(row).collect::<Vec<_>>()));
        return Ok(());
    }
    let head = [
        "REVISION",
        "UPDATED",
        "STATUS",
        "CHART",
        "APP VERSION",
        "DESCRIPTION",
    ];
    let mut rows = vec![head.map(String::from).to_vec()];
    for r in shown {
        rows.push(vec![
            r.version().to_string(),
            ansi(r.updated()),
            r.status().into(),
            r.chart(),
            r.app_version(),
            r.0.text("info.description").into(),
        ]);
    }
    cx.out(&tabbed(&rows));
    Ok(())
}

/// The values that a release was rendered with.
fn computed(release: &Release) -> Value {
    values::over(release.0.at("chart.values"), release.0.get("config"))
}

fn get(cx: &Cx, what: &str) -> Result<(), String> {
    let release = find(cx)?;
    match what {
        "manifest" => cx.out(&format!("{}\n", release.manifest())),
        "notes" => {
            let notes = release.0.text("info.notes");
            if !notes.is_empty() {
                cx.out(&format!("NOTES:\n{notes}\n"));
            }
        }
        "hooks" => cx.out(&hooks_text(&release)),
        "values" => {
            let all = cx.has("all");
            let shown = if all {
                computed(&release)
            } else {
                release.0.get("config").clone()
            };
            let shown = if shown.is_empty() { Value::Null } else { shown };
            if output(cx).is_empty() {
                let head = if all {
                    "COMPUTED VALUES:\n"
                } else {
                    "USER-SUPPLIED VALUES:\n"
                };
                cx.out(&format!("{head}{}", yaml::print(&shown)));
            } else {
                print_value(cx, &shown);
            }
        }
        "metadata" => metadata(cx, &release),
        _ => {
            let r = &release;
            cx.out(&format!(
                "NAME: {}\nLAST DEPLOYED: {}\nNAMESPACE: {}\nSTATUS: {}\nREVISION: {}\nCHART: {}\nVERSION: {}\nAPP_VERSION: {}\n",
                r.name(),
                ansi(r.updated()),
                r.namespace(),
                r.status(),
                r.version(),
                r.0.text("chart.metadata.name"),
                text_of(r.0.at("chart.metadata.version")),
                r.app_version()
            ));
            if r.0.get("hooks").is_empty() {
                cx.out("TEST SUITE: None\n");
            }
            cx.out(&format!(
                "USER-SUPPLIED VALUES:\n{}\nCOMPUTED VALUES:\n{}\nHOOKS:\n{}MANIFEST:\n{}\n",
                values_text(r.0.get("config")),
                values_text(&computed(r)),
                hooks_text(r),
                r.manifest()
            ));
            let notes = r.0.text("info.notes").trim();
            if !notes.is_empty() {
                cx.out(&format!("NOTES:\n{notes}\n"));
            }
        }
    }
    Ok(())
}

fn metadata(cx: &Cx, r: &Release) {
    let meta = r.0.at("chart.metadata");
    let fields = [
        ("NAME", "name", r.name().to_string()),
        ("CHART", "chart", meta.text("name").to_string()),
        ("VERSION", "version", text_of(meta.get("version"))),
        ("APP_VERSION", "appVersion", r.app_version()),
        ("ANNOTATIONS", "", annotations(meta)),
        ("DEPENDENCIES", "", {
            let names = meta.get("dependencies").items();
            names
                .iter()
                .map(|d| d.text("name"))
                .collect::<Vec<_>>()
                .join(",")
        }),
        ("NAMESPACE", "namespace", r.namespace().to_string()),
        ("REVISION", "revision", r.version().to_string()),
        ("STATUS", "status", r.status().to_string()),
        (
            "DEPLOYED_AT",
            "deployedAt",
            machinery::time::rfc3339(r.updated()),
        ),
    ];
    if output(cx).is_empty() {
        for (label, _, text) in fields {
            cx.out(&format!("{label}: {text}\n"));
        }
        return;
    }
    let mut out = Value::map();
    for (_, key, text) in fields {
        if !key.is_empty() {
            out.set(key, Value::from(text));
        }
    }
    out.set("revision", r.version());
    print_value(cx, &out);
}

fn annotations(meta: &Value) -> String {
    let pairs = meta.get("annotations").entries();
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(k, v)| format!("{k}={}", text_of(v)))
        .collect();
    pairs.join(",")
}

fn env(cx: &Cx) -> Result<(), String> {
    let home = cx.ctx.env("HOME").unwrap_or_default();
    let all = [
        ("HELM_BIN", "helm".to_string()),
        ("HELM_BURST_LIMIT", "100".into()),
        ("HELM_CACHE_HOME", format!("{home}/.cache/helm")),
        ("HELM_CONFIG_HOME", format!("{home}/.config/helm")),
        ("HELM_DATA_HOME", format!("{home}/.local/share/helm")),
        ("HELM_DEBUG", "false".into()),
        ("HELM_KUBEAPISERVER", String::new()),
        ("HELM_KUBECONTEXT", String::new()),
        ("HELM_KUBETOKEN", String::new()),
        ("HELM_MAX_HISTORY", "10".into()),
        ("HELM_NAMESPACE", cx.namespace.clone()),
        ("HELM_PLUGINS", format!("{home}/.local/share/helm/plugins")),
        ("HELM_QPS", "0.00".into()),
        (
            "HELM_REGISTRY_CONFIG",
            format!("{home}/.config/helm/registry/config.json"),
        ),
        (
            "HELM_REPOSITORY_CACHE",
            format!("{home}/.cache/helm/repository"),
        ),
        (
            "HELM_REPOSITORY_CONFIG",
            format!("{home}/.config/helm/repositories.yaml"),
        ),
    ];
    let wanted = cx.options.arg(0);
    for (name, text) in all {
        if wanted.is_empty() {
            cx.out(&format!("{name}={text:?}\n"));
        } else if wanted == name {
            cx.out(&format!("{text}\n"));
        }
    }
    Ok(())
}

fn version(cx: &Cx) -> Result<(), String> {
    let short = super::COMMIT.get(..7).unwrap_or("");
    cx.out(&match cx.has("short") {
        true => format!("{}+g{short}\n", super::VERSION),
        false => format!(
            "version.BuildInfo{{Version:{:?}, GitCommit:{:?}, GitTreeState:\"clean\", GoVersion:{:?}}}\n",
            super::VERSION,
            super::COMMIT,
            super::GO
        ),
    });
    Ok(())
}
