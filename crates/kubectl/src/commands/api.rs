//! `kubectl api-resources` and `kubectl api-versions`, from discovery. Upstream: `kubectl:pkg/cmd/apiresources`.

use super::*;
use crate::command::{Example, Run};
use crate::cx::Cx;
use crate::discovery::{Res, preferred};
use crate::fail::{Fail, text, usage};
use crate::print::table;
use machinery::Arrange;
use std::rc::Rc;

pub const RESOURCES: Command = Command {
    name: "api-resources",
    group: OTHER,
    usage: "[flags]",
    short: "Print the supported API resources on the server",
    examples: &[
        Example("All resources", "kubectl api-resources"),
        Example("Those of one group", "kubectl api-resources --api-group=apps"),
        Example("Those outside of namespaces", "kubectl api-resources --namespaced=false"),
    ],
    flags: &[&[
        Flag::bool("no-headers", "When using the default or custom-column output format, don't print headers."),
        Flag::text("output", "Output format. One of: (wide, name, kyaml, json, yaml).").short('o'),
        OUTPUT[2],
        Flag::text("api-group", "Limit to resources in the specified API group."),
        Flag::bool("namespaced", "If false, non-namespaced resources will be returned, otherwise returning namespaced resources by default.").or("true"),
        Flag::list("verbs", "Limit to resources that support the specified verbs."),
        Flag::list("categories", "Limit to resources that belong to the specified categories."),
        Flag::text("sort-by", "If non-empty, sort list of resources using specified field: name or kind."),
        Flag::bool("cached", "Use the cached list of resources if available."),
    ]],
    run: Some(|cx| -> Run { Box::pin(resources(cx)) }),
    ..Command::NONE
};

async fn resources(cx: Cx) -> Result<(), Fail> {
    if !cx.args().is_empty() {
        return Err(usage(format!(
            "unexpected arguments: [{}]",
            cx.args().join(" ")
        )));
    }
    let output = cx.flag("output");
    let machine = ["json", "yaml", "kyaml"].contains(&output);
    if !machine && !["", "wide", "name"].contains(&output) {
        return Err(text(format!(
            "unable to match a printer suitable for the output format \"{output}\", allowed formats are: json,kyaml,name,wide,yaml"
        )));
    }
    let sort = cx.flag("sort-by");
    if !["", "name", "kind"].contains(&sort) {
        return Err(text("--sort-by accepts only name or kind"));
    }
    let (verbs, categories) = (cx.list("verbs"), cx.list("categories"));
    let mut all: Vec<Rc<Res>> = cx.mapper()?.all.clone();
    all.retain(|r| {
        !r.verbs.is_empty()
            && (!cx.given("api-group") || r.group == cx.flag("api-group"))
            && (!cx.given("namespaced") || r.namespaced == cx.on("namespaced"))
            && verbs.iter().all(|v| r.can(v))
            && categories.iter().all(|c| r.categories.contains(c))
    });
    let mut shown: Vec<Rc<Res>> = preferred(&all).cloned().collect();
    match sort {
        "name" => shown.arrange_by(|a, b| a.plural.cmp(&b.plural)),
        "kind" => shown.arrange_by(|a, b| a.kind.cmp(&b.kind)),
        _ => shown.arrange_by(|a, b| (&a.group, &a.plural).cmp(&(&b.group, &b.plural))),
    }
    if output == "name" {
        for r in &shown {
            cx.line(r.qualified());
        }
        return Ok(());
    }
    if machine {
        let list = machinery::value!({
            "apiVersion": "v1", "kind": "APIResourceList", "groupVersion": "",
            "resources": shown.iter().map(|r| document(r)).collect::<Vec<_>>(),
        });
        if let Some(f) = crate::print::parse(&cx, output, crate::print::GET_FORMATS)? {
            cx.out(crate::print::render(&f, &list)?);
        }
        return Ok(());
    }
    let mut rows = Vec::new();
    if !cx.on("no-headers") {
        let mut head = vec!["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"];
        if output == "wide" {
            head.extend(["VERBS", "CATEGORIES"]);
        }
        rows.push(head.into_iter().map(str::to_string).collect());
    }
    for r in &shown {
        let mut row = vec![
            r.plural.clone(),
            r.short.join(","),
            r.api_version(),
            r.namespaced.to_string(),
            r.kind.clone(),
        ];
        if output == "wide" {
            let mut verbs = r.verbs.clone();
            verbs.arrange();
            row.push(verbs.join(","));
            row.push(r.categories.join(","));
        }
        rows.push(row);
    }
    cx.out(table::once(&rows));
    Ok(())
}

/// One resource as discovery describes it.
fn document(r: &Res) -> machinery::Value {
    let mut v = machinery::value!({
        "kind": r.kind.clone(), "name": r.plural.clone(), "namespaced": r.namespaced,
        "singularName": r.singular.clone(), "verbs": r.verbs.clone(), "version": r.version.clone(),
    });
    for (field, list) in [("categories", &r.categories), ("shortNames", &r.short)] {
        if !list.is_empty() {
            v.set(field, list.clone());
        }
    }
    if !r.group.is_empty() {
        v.set("group", r.group.clone());
    }
    v
}

pub const VERSIONS: Command = Command {
    name: "api-versions",
    group: OTHER,
    usage: "",
    short: "Print the supported API versions on the server, in the form of \"group/version\"",
    examples: &[Example("All versions", "kubectl api-versions")],
    run: Some(|cx| -> Run { Box::pin(versions(cx)) }),
    ..Command::NONE
};

async fn versions(cx: Cx) -> Result<(), Fail> {
    let mut all = cx.mapper()?.versions.clone();
    all.arrange();
    all.dedup();
    for v in all {
        cx.line(v);
    }
    Ok(())
}
