//! Chart repositories: one is built in, of charts that we wrote ourselves under the names that tutorials use. There is no network,
//! so any other address is refused.

use super::chart::{Chart, text_of};
use super::{Cx, no_network, semver};
use crate::options::tabbed;
use machinery::{Value, json, value, yaml};

/// Where the built-in charts are said to be.
const KNOWN: &[(&str, &str)] = &[
    ("bitnami", "https://charts.bitnami.com/bitnami"),
    (
        "bitnami",
        "https://raw.githubusercontent.com/bitnami/charts/archive-full-index/bitnami",
    ),
    ("podinfo", "https://stefanprodan.github.io/podinfo"),
];

/// The built-in charts: repository, and the files, one after the other behind lines `### NAME`.
const CHARTS: &[(&str, &str)] = &[
    ("bitnami", include_str!("../../charts/nginx.txt")),
    ("bitnami", include_str!("../../charts/redis.txt")),
    ("bitnami", include_str!("../../charts/mysql.txt")),
    ("bitnami", include_str!("../../charts/wordpress.txt")),
    ("podinfo", include_str!("../../charts/podinfo.txt")),
];

fn unpack(text: &str) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("### "), out.last_mut()) {
            (Some(name), _) => out.push((name.to_string(), String::new())),
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
    }
    out
}

/// Every built-in chart as `repository/name`.
pub fn all() -> Vec<(String, Chart)> {
    let chart = |(repo, text): &(&str, &str)| {
        let chart = Chart::from_files(&unpack(text)).ok()?;
        Some((format!("{repo}/{}", chart.name()), chart))
    };
    CHARTS.iter().filter_map(chart).collect()
}

fn file(cx: &Cx) -> String {
    let home = cx.ctx.env("HOME").unwrap_or_default();
    format!("{home}/.config/helm/repositories.yaml")
}

/// The repositories that were added: the learner's name and the address.
fn added(cx: &Cx) -> Vec<(String, String)> {
    let text = cx
        .ctx
        .with_fs(|fs| fs.read_text(&file(cx)))
        .unwrap_or_default();
    let parsed = yaml::parse(&text).unwrap_or_default();
    let entries = parsed.get("repositories").items();
    let pair = |e: &Value| (e.text("name").to_string(), e.text("url").to_string());
    entries.iter().map(pair).collect()
}

fn write(cx: &Cx, repos: &[(String, String)]) -> Result<(), String> {
    let entry = |(name, url): &(String, String)| {
        value!({
            "caFile": "", "certFile": "", "insecure_skip_tls_verify": false, "keyFile": "", "name": name, "pass_credentials_all": false,
            "password": "", "url": url, "username": ""
        })
    };
    let list: Vec<Value> = repos.iter().map(entry).collect();
    let generated = machinery::time::rfc3339(cx.ctx.now_ms());
    let text =
        yaml::print(&value!({ "apiVersion": "", "generated": generated, "repositories": list }));
    cx.ctx
        .with_fs(|fs| fs.install(&file(cx), text))
        .map_err(|e| e.to_string())
}

fn known(url: &str) -> Option<&'static str> {
    let url = url.trim_end_matches('/');
    KNOWN.iter().find(|(_, u)| *u == url).map(|(name, _)| *name)
}

/// The charts of the repositories that were added, under the learner's names.
fn available(cx: &Cx) -> Vec<(String, Chart)> {
    let mut out = Vec::new();
    for (name, url) in added(cx) {
        let Some(ours) = known(&url) else { continue };
        for (full, chart) in all() {
            if let Some(short) = full.strip_prefix(ours).and_then(|r| r.strip_prefix('/')) {
                out.push((format!("{name}/{short}"), chart));
            }
        }
    }
    out
}

fn at_version(chart: Chart, name: &str, wanted: &str, repo: &str) -> Result<Chart, String> {
    let have = text_of(chart.meta.get("version"));
    match wanted.is_empty() || semver::compare(wanted, &have) == Ok(true) {
        true => Ok(chart),
        false => Err(format!(
            "chart {name:?} matching {wanted} not found in {repo} index. (try 'helm repo update'): no chart version found for {name}-{wanted}"
        )),
    }
}

/// A chart by `repository/name`.
pub fn find(cx: &Cx, name: &str, version: &str) -> Result<Chart, String> {
    if name.starts_with("oci://") {
        let known = name.rsplit('/').next().unwrap_or("");
        let found = all().into_iter().find(|(full, _)| {
            name.contains("bitnamicharts") && full.strip_prefix("bitnami/") == Some(known)
        });
        return match found {
            Some((_, chart)) => at_version(chart, known, version, "bitnami"),
            None => Err(no_network(name)),
        };
    }
    if name.contains("://") {
        return Err(no_network(name));
    }
    let Some((repo, short)) = name.split_once('/') else {
        return Err(format!(
            "non-absolute URLs should be in form of repo_name/path_to_chart, got: {name}"
        ));
    };
    if !added(cx).iter().any(|(n, _)| n == repo) {
        return Err(format!("repo {repo} not found"));
    }
    match available(cx).into_iter().find(|(n, _)| n == name) {
        Some((_, chart)) => at_version(chart, short, version, repo),
        None => Err(format!(
            "chart {short:?} matching {version} not found in {repo} index. (try 'helm repo update'): no chart name found"
        )),
    }
}

/// A chart of `--repo URL`.
pub fn by_url(url: &str, name: &str, version: &str) -> Result<Chart, String> {
    let Some(ours) = known(url) else {
        return Err(no_network(url));
    };
    let full = format!("{ours}/{name}");
    match all().into_iter().find(|(n, _)| *n == full) {
        Some((_, chart)) => at_version(chart, name, version, url),
        None => Err(format!("chart {name:?} not found in {url} repository")),
    }
}

pub fn run(cx: &Cx, what: &str) -> Result<(), String> {
    let mut repos = added(cx);
    match what {
        "add" => {
            let (name, url) = (cx.options.arg(0), cx.options.arg(1));
            if name.contains('/') {
                return Err(format!(
                    "repository name ({name}) contains '/', please specify a different name without '/'"
                ));
            }
            if known(url).is_none() {
                return Err(no_network(url));
            }
            match repos.iter().position(|(n, _)| n == name) {
                Some(at) if repos.get(at).is_some_and(|(_, u)| u == url) => {
                    cx.out(&format!(
                        "{name:?} already exists with the same configuration, skipping\n"
                    ));
                    return Ok(());
                }
                Some(_) if !cx.has("force-update") => {
                    return Err(format!(
                        "repository name ({name}) already exists, please specify a different name"
                    ));
                }
                Some(at) => drop(repos.remove(at)),
                None => {}
            }
            repos.push((name.into(), url.into()));
            write(cx, &repos)?;
            cx.out(&format!("{name:?} has been added to your repositories\n"));
        }
        "list" => {
            if repos.is_empty() {
                return Err("no repositories to show".into());
            }
            if !cx.options.text("output").is_empty() && cx.options.text("output") != "table" {
                let entry = |(n, u): &(String, String)| value!({ "name": n, "url": u });
                let list = Value::from(repos.iter().map(entry).collect::<Vec<_>>());
                cx.out(&match cx.options.text("output") {
                    "json" => format!("{}\n", json::print_html(&list)),
                    _ => yaml::print(&list),
                });
                return Ok(());
            }
            let mut rows = vec![vec!["NAME".to_string(), "URL".into()]];
            rows.extend(repos.into_iter().map(|(n, u)| vec![n, u]));
            cx.out(&tabbed(&rows));
        }
        "remove" => {
            for name in &cx.options.args {
                let Some(at) = repos.iter().position(|(n, _)| n == name) else {
                    return Err(match repos.is_empty() {
                        true => "no repositories configured".into(),
                        false => format!("no repo named {name:?} found"),
                    });
                };
                repos.remove(at);
                write(cx, &repos)?;
                cx.out(&format!(
                    "{name:?} has been removed from your repositories\n"
                ));
            }
        }
        "update" => {
            if repos.is_empty() {
                return Err("no repositories found. You must add one before updating".into());
            }
            for name in &cx.options.args {
                if !repos.iter().any(|(n, _)| n == name) {
                    return Err(format!(
                        "no repositories found matching '{name}'.  Nothing will be updated"
                    ));
                }
            }
            cx.out("Hang tight while we grab the latest from your chart repositories...\n");
            for (name, _) in &repos {
                if cx.options.args.is_empty() || cx.options.args.contains(name) {
                    cx.out(&format!(
                        "...Successfully got an update from the {name:?} chart repository\n"
                    ));
                }
            }
            cx.out("Update Complete. ⎈Happy Helming!⎈\n");
        }
        _ => {
            return Err(
                "bottleship does not simulate helm repo index: charts are folders here".into(),
            );
        }
    }
    Ok(())
}

pub fn search(cx: &Cx, what: &str) -> Result<(), String> {
    let words: Vec<String> = cx.options.args.iter().map(|w| w.to_lowercase()).collect();
    if what == "hub" {
        return Err("Unable to perform search against \"https://hub.helm.sh\": bottleship has no network beyond its own cluster".into());
    }
    if added(cx).is_empty() {
        return Err("no repositories configured".into());
    }
    let mut found = available(cx);
    found.retain(|(name, chart)| {
        let text = format!(
            "{name} {} {}",
            chart.meta.text("description"),
            json::print(chart.meta.get("keywords"))
        )
        .to_lowercase();
        words.iter().all(|w| text.contains(w.as_str()))
    });
    let mut rows = vec![
        ["NAME", "CHART VERSION", "APP VERSION", "DESCRIPTION"]
            .map(String::from)
            .to_vec(),
    ];
    let mut list = Vec::new();
    for (name, chart) in found {
        let meta = &chart.meta;
        let (version, app) = (
            text_of(meta.get("version")),
            text_of(meta.get("appVersion")),
        );
        let description = meta.text("description");
        list.push(value!({ "name": name.clone(), "version": version.clone(), "app_version": app.clone(), "description": Value::str(description) }));
        let short: String = match description.chars().count() > 50 {
            true => description.chars().take(47).chain("...".chars()).collect(),
            false => description.into(),
        };
        rows.push(vec![name, version, app, short]);
    }
    cx.out(&match cx.options.text("output") {
        "json" => format!("{}\n", json::print_html(&Value::from(list))),
        "yaml" => yaml::print(&Value::from(list)),
        _ if rows.len() == 1 => "No results found\n".to_string(),
        _ => tabbed(&rows),
    });
    Ok(())
}
