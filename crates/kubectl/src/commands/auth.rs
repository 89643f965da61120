//! `kubectl auth`: can-i, whoami, reconcile. Upstream: `kubectl:pkg/cmd/auth`.

mod reconcile;

use super::*;
use crate::command::{Example, Run};
use crate::cx::Cx;
use crate::fail::{Fail, text};
use crate::print::table;
use machinery::{Value, value};

pub const COMMAND: Command = Command {
    name: "auth",
    group: TROUBLE,
    usage: "[flags]",
    short: "Inspect authorization",
    subs: &[&CAN_I, &reconcile::COMMAND, &WHO_AM_I],
    ..Command::NONE
};

const CAN_I: Command = Command {
    name: "can-i",
    usage: "VERB [TYPE | TYPE/NAME | NONRESOURCEURL]",
    short: "Check whether an action is allowed",
    long: "Asks the API server whether an action would be allowed. The exit status is 0 for yes and 1 for no.",
    examples: &[
        Example(
            "May I create pods in any namespace?",
            "kubectl auth can-i create pods --all-namespaces",
        ),
        Example(
            "May a service account list pods?",
            "kubectl auth can-i list pods --as=system:serviceaccount:default:robot",
        ),
        Example("What may I do here?", "kubectl auth can-i --list"),
    ],
    flags: &[
        &[
            Flag::bool("list", "If true, prints all allowed actions."),
            Flag::bool(
                "no-headers",
                "If true, prints allowed actions without headers.",
            ),
            Flag::bool(
                "quiet",
                "If true, suppress output and just return the exit code.",
            )
            .short('q'),
            Flag::text(
                "subresource",
                "SubResource such as pod/log or deployment/scale.",
            ),
        ],
        ALL_NAMESPACES,
    ],
    run: Some(|cx| -> Run { Box::pin(can_i(cx)) }),
    ..Command::NONE
};

const REVIEW: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

async fn can_i(cx: Cx) -> Result<(), Fail> {
    if cx.on("list") {
        if !cx.args().is_empty() {
            return Err(text("list option must be specified with no arguments"));
        }
        return list(&cx);
    }
    let (verb, rest) = match cx.args() {
        [verb, rest @ ..] if !rest.is_empty() && rest.len() <= 2 => (verb.clone(), rest),
        _ => {
            return Err(text(
                "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
            ));
        }
    };
    let attributes = if rest[0].starts_with('/') {
        value!({ "nonResourceAttributes": { "path": rest[0].clone(), "verb": verb } })
    } else {
        value!({ "resourceAttributes": resource(&cx, &verb, rest)? })
    };
    let review = value!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "metadata": {}, "spec": attributes,
    });
    let answer = cx.post(REVIEW, review)?;
    let allowed = answer.flag("status.allowed");
    if !cx.on("quiet") {
        let mut words = if allowed {
            "yes".to_string()
        } else {
            "no".to_string()
        };
        if !allowed {
            for field in ["reason", "evaluationError"] {
                let why = answer.get("status").text(field);
                if !why.is_empty() {
                    words.push_str(&format!(" - {why}"));
                }
            }
        }
        cx.line(words);
    }
    if allowed { Ok(()) } else { Err(Fail::Exit(1)) }
}

/// `pods`, `pods/log`, `deployments.apps/web`, `*` as resource attributes. After the slash stands a name, or a
/// subresource where the kind has one of that name.
fn resource(cx: &Cx, verb: &str, words: &[String]) -> Result<Value, Fail> {
    let (kind, tail) = words[0].split_once('/').unwrap_or((&words[0], ""));
    let mut name = words.get(1).cloned().unwrap_or_default();
    let mut sub = cx.flag("subresource").to_string();
    let group;
    let (mut plural, mut namespaced) = (kind.to_string(), true);
    if kind == "*" {
        group = "*".to_string();
    } else if let Some(res) = cx.mapper()?.find(kind) {
        group = res.group.clone();
        plural = res.plural.clone();
        namespaced = res.namespaced;
        if res.subresources.iter().any(|s| s == tail) {
            sub = tail.to_string();
        } else if !tail.is_empty() {
            name = tail.to_string();
        }
        if !namespaced && !cx.on("quiet") {
            let of_group = if group.is_empty() {
                String::new()
            } else {
                format!(" in group '{group}'")
            };
            cx.err(format!(
                "Warning: resource '{plural}' is not namespace scoped{of_group}\n\n"
            ));
        }
    } else {
        let (r, g) = kind.split_once('.').unwrap_or((kind, ""));
        plural = r.to_string();
        group = g.to_string();
        name = if tail.is_empty() {
            name
        } else {
            tail.to_string()
        };
        if !cx.on("quiet") {
            let of_group = if g.is_empty() {
                String::new()
            } else {
                format!(" in group '{g}'")
            };
            cx.err(format!(
                "Warning: the server doesn't have a resource type '{plural}'{of_group}\n\n"
            ));
        }
    }
    let namespace = match namespaced && !cx.on("all-namespaces") {
        true => cx.namespace()?,
        false => String::new(),
    };
    let mut out = value!({ "verb": Value::str(verb), "group": group, "resource": plural });
    for (field, v) in [
        ("namespace", namespace),
        ("name", name),
        ("subresource", sub),
    ] {
        if !v.is_empty() {
            out.set(field, v);
        }
    }
    Ok(out)
}

fn words(v: &Value) -> Vec<String> {
    v.items()
        .iter()
        .filter_map(|x| x.as_str().map(str::to_string))
        .collect()
}

fn list(cx: &Cx) -> Result<(), Fail> {
    let review = value!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
        "metadata": {}, "spec": { "namespace": cx.namespace()? },
    });
    let answer = cx.post(
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
        review,
    )?;
    let mut rules = answer.at("status.resourceRules").items().to_vec();
    rules.extend(answer.at("status.nonResourceRules").items().iter().cloned());
    let mut rows = Vec::new();
    if !cx.on("no-headers") {
        rows.push(
            ["Resources", "Non-Resource URLs", "Resource Names", "Verbs"]
                .map(str::to_string)
                .to_vec(),
        );
    }
    for l in kinds::role::rows(&Value::from(rules)) {
        rows.push(vec![
            l.resource,
            format!("[{}]", l.url),
            format!("[{}]", l.name),
            format!("[{}]", l.verbs.join(" ")),
        ]);
    }
    cx.out(table::once(&rows));
    if answer.flag("status.incomplete") {
        cx.warn(format!(
            "the list may be incomplete: {}",
            answer.text("status.evaluationError")
        ));
    }
    Ok(())
}

const WHO_AM_I: Command = Command {
    name: "whoami",
    usage: "",
    short: "Experimental: Check self subject attributes",
    examples: &[Example("Who am I to the cluster?", "kubectl auth whoami")],
    flags: &[OUTPUT],
    run: Some(|cx| -> Run { Box::pin(who_am_i(cx)) }),
    ..Command::NONE
};

async fn who_am_i(cx: Cx) -> Result<(), Fail> {
    let review = value!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview", "metadata": {} });
    let answer = cx.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", review)?;
    if let Some(f) = crate::print::parse(&cx, cx.flag("output"), "json,yaml")? {
        cx.out(crate::print::render(&f, &answer)?);
        return Ok(());
    }
    let user = answer.at("status.userInfo");
    let mut rows = vec![vec!["ATTRIBUTE".to_string(), "VALUE".to_string()]];
    rows.push(vec!["Username".into(), user.text("username").into()]);
    if !user.text("uid").is_empty() {
        rows.push(vec!["UID".into(), user.text("uid").into()]);
    }
    if !user.get("groups").is_empty() {
        rows.push(vec!["Groups".into(), crate::forms::go(user.get("groups"))]);
    }
    for (k, v) in user.get("extra").entries() {
        rows.push(vec![format!("Extra: {k}"), crate::forms::go(v)]);
    }
    cx.out(table::once(&rows));
    Ok(())
}
