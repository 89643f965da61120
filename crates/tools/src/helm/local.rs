//! What is done with charts alone: show, template, lint, create, dependency.

use super::action::{find_chart, name_and_chart, usable};
use super::chart::{self, Chart, text_of};
use super::render::{self, Asked};
use super::{Cx, starter, values};
use crate::options::tabbed;
use machinery::yaml;

pub(super) fn show(cx: &Cx, what: &str) -> Result<(), String> {
    let chart = find_chart(cx, cx.options.arg(0))?;
    let meta = yaml::print(&chart.meta);
    let mut out = String::new();
    if what == "chart" || what == "all" {
        out.push_str(&format!("{meta}\n"));
    }
    if what == "values" || what == "all" {
        if what == "all" {
            out.push_str("---\n");
        }
        out.push_str(&format!("{}\n", chart.values_text));
    }
    if (what == "readme" || what == "all") && !chart.readme.is_empty() {
        if what == "all" {
            out.push_str("---\n");
        }
        out.push_str(&format!("{}\n", chart.readme));
    }
    if what == "crds" || what == "all" {
        for (_, text) in &chart.crds {
            out.push_str(&format!("---\n{}\n\n", text.trim_end()));
        }
    }
    cx.out(&out);
    Ok(())
}

pub(super) fn template(cx: &Cx) -> Result<(), String> {
    let (name, path) = name_and_chart(cx, "release-name")?;
    let chart = find_chart(cx, &path)?;
    usable(&chart)?;
    let config = values::given(&cx.ctx, &cx.options)?;
    let asked = Asked {
        release: &name,
        namespace: &cx.namespace,
        revision: 1,
        upgrade: cx.has("is-upgrade"),
        now_ms: cx.ctx.now_ms(),
        api: cx.has("validate").then(|| cx.api.clone()),
        lint: false,
    };
    let hint = |e: String| format!("{e}\n\nUse --debug flag to render out invalid YAML");
    let rendered = render::render(&chart, &chart.coalesce(&config), &asked).map_err(|e| match e
        .starts_with("YAML parse error")
    {
        true => hint(e),
        false => e,
    })?;
    let mut parts = Vec::new();
    if cx.has("include-crds") {
        for (file, text) in &chart.crds {
            parts.push((
                format!("{}/{file}", chart.name()),
                format!("{}\n", text.trim_end()),
            ));
        }
    }
    for manifest in &rendered.manifests {
        parts.push((manifest.source.clone(), format!("{}\n", manifest.text)));
    }
    if !cx.has("no-hooks") {
        for hook in &rendered.hooks {
            let is_test = hook
                .get("events")
                .items()
                .iter()
                .any(|e| e.as_str() == Some("test"));
            if !(is_test && cx.has("skip-tests")) {
                parts.push((
                    hook.text("path").to_string(),
                    format!("{}\n", hook.text("manifest")),
                ));
            }
        }
    }
    let only = cx.options.all("show-only");
    for wanted in &only {
        let full = format!("{}/{wanted}", chart.name());
        if !parts.iter().any(|(source, _)| *source == full) {
            return Err(format!("could not find template {wanted} in chart"));
        }
    }
    for (source, text) in parts {
        let full = source
            .strip_prefix(&format!("{}/", chart.name()))
            .unwrap_or(&source);
        if only.is_empty() || only.contains(&full) {
            cx.out(&format!("---\n# Source: {source}\n{text}"));
        }
    }
    Ok(())
}

pub(super) fn lint(cx: &Cx) -> Result<(), String> {
    let here = vec![".".to_string()];
    let paths = if cx.options.args.is_empty() {
        &here
    } else {
        &cx.options.args
    };
    let mut failed = 0;
    for path in paths {
        cx.out(&format!("==> Linting {path}\n"));
        let messages = lint_one(cx, path);
        let bad = |(level, _): &(&str, String)| {
            *level == "ERROR" || cx.has("strict") && *level == "WARNING"
        };
        if messages.iter().any(bad) {
            failed += 1;
        }
        for (level, text) in messages {
            if !cx.has("quiet") || level != "INFO" {
                cx.out(&format!("[{level}] {text}\n"));
            }
        }
        cx.out("\n");
    }
    let summary = format!("{} chart(s) linted, {failed} chart(s) failed", paths.len());
    match failed {
        0 => {
            cx.out(&format!("{summary}\n"));
            Ok(())
        }
        _ => Err(summary),
    }
}

fn lint_one(cx: &Cx, path: &str) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let chart = match chart::load(&cx.ctx, path) {
        Ok(chart) => chart,
        Err(e) if e.contains("Chart.yaml") => {
            return vec![
                (
                    "ERROR",
                    format!(
                        "Chart.yaml: unable to parse YAML\n\t{}",
                        e.trim_start_matches("cannot load Chart.yaml: ")
                    ),
                ),
                ("ERROR", format!("templates/: {e}")),
                ("ERROR", format!(": unable to load chart\n\t{e}")),
            ];
        }
        Err(e) => return vec![("ERROR", format!(": unable to load chart\n\t{e}"))],
    };
    if chart.meta.text("icon").is_empty() {
        out.push(("INFO", "Chart.yaml: icon is recommended".into()));
    }
    if chart.values_text.is_empty() {
        out.push(("INFO", "values.yaml: file does not exist".into()));
    }
    if chart.templates.is_empty() {
        out.push(("WARNING", "templates/: directory not found".into()));
    }
    let given = match values::given(&cx.ctx, &cx.options) {
        Ok(v) => v,
        Err(e) => return vec![("ERROR", e)],
    };
    let asked = Asked {
        release: "test-release",
        namespace: &cx.namespace,
        revision: 1,
        upgrade: false,
        now_ms: cx.ctx.now_ms(),
        api: None,
        lint: true,
    };
    match render::render(&chart, &chart.coalesce(&given), &asked) {
        Err(e) => out.push(("ERROR", format!("templates/: {e}"))),
        Ok(rendered) => {
            for manifest in &rendered.manifests {
                let name = manifest.object.text("metadata.name");
                let good =
                    |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:".contains(c);
                if !name.chars().all(good) || name.len() > 253 {
                    let short = manifest.source.split_once('/').map_or("", |(_, f)| f);
                    out.push(("ERROR", format!("{short}: object name does not conform to Kubernetes naming requirements: {name:?}: metadata.name: Invalid value: {name:?}: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")));
                }
            }
        }
    }
    out
}

pub(super) fn create(cx: &Cx) -> Result<(), String> {
    let path = cx.options.arg(0);
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    let good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.is_empty() || !name.chars().all(good) {
        return Err("chart names may only contain lower case letters, numbers and dashes: chart name must match the regular expression \"^[a-zA-Z0-9._-]+$\"".into());
    }
    cx.out(&format!("Creating {path}\n"));
    let root = cx.ctx.resolve(path);
    for (file, text) in starter::files(name) {
        let full = format!("{root}/{file}");
        if cx.ctx.with_fs(|fs| fs.exists(&full)) {
            cx.ctx.err(&format!(
                "WARNING: File \"{path}/{file}\" already exists. Overwriting.\n"
            ));
        }
        let made = cx.ctx.with_fs(|fs| fs.install(&full, text));
        made.map_err(|e| format!("mkdir {path}: {e}"))?;
    }
    let charts = format!("{root}/charts");
    cx.ctx
        .with_fs(|fs| fs.mkdir(&charts, true))
        .map_err(|e| e.to_string())
}

pub(super) fn dependency(cx: &Cx, what: &str) -> Result<(), String> {
    let path = match cx.options.arg(0) {
        "" => ".",
        path => path,
    };
    let chart: Chart = chart::load(&cx.ctx, path)?;
    let declared = chart.meta.get("dependencies").items();
    if what != "list" {
        let missing = chart.missing();
        return match missing.first() {
            None => Ok(()),
            Some(name) => Err(format!(
                "{name}: bottleship has no network to fetch charts from; put the chart's folder into {path}/charts/"
            )),
        };
    }
    if declared.is_empty() {
        cx.ctx
            .err(&format!("WARNING: no dependencies at {path}/charts\n"));
        return Ok(());
    }
    let missing = chart.missing();
    let mut rows = vec![
        ["NAME", "VERSION", "REPOSITORY", "STATUS"]
            .map(String::from)
            .to_vec(),
    ];
    for d in declared {
        let name = d.text("name");
        let status = if missing.iter().any(|m| m == name) {
            "missing"
        } else {
            "unpacked"
        };
        rows.push(vec![
            name.into(),
            text_of(d.get("version")),
            d.text("repository").into(),
            status.into(),
        ]);
    }
    cx.out(&format!("{}\n", tabbed(&rows)));
    Ok(())
}
