//! `kubectl config`: reads and edits the kubeconfig file. Upstream: `kubectl:pkg/cmd/config`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::config::{entry, file};
use crate::cx::Cx;
use crate::fail::{Fail, text, usage};
use crate::print::{self, table};
use machinery::{Value, value};

pub const COMMAND: Command = Command {
    name: "config",
    group: OTHER,
    usage: "SUBCOMMAND",
    short: "Modify kubeconfig files",
    long: "Shows and edits the kubeconfig: which clusters there are, who you are, and which of both together is the current context.",
    examples: &[Example(
        "Another namespace from now on",
        "kubectl config set-context --current --namespace=lab",
    )],
    subs: &[
        &CURRENT,
        &DELETE_CLUSTER,
        &DELETE_CONTEXT,
        &DELETE_USER,
        &GET_CLUSTERS,
        &GET_CONTEXTS,
        &GET_USERS,
        &RENAME,
        &SET,
        &SET_CLUSTER,
        &SET_CONTEXT,
        &SET_CREDENTIALS,
        &UNSET,
        &USE,
        &VIEW,
    ],
    ..Command::NONE
};

fn load(cx: &Cx) -> Result<Value, Fail> {
    match cx.host.read(&file(cx)) {
        Ok(t) => crate::forms::parse_one(&t)
            .map_err(|e| text(format!("error loading config file \"{}\": {e}", file(cx)))),
        Err(_) => Ok(Value::Null),
    }
}

fn save(cx: &Cx, config: &Value) -> Result<(), Fail> {
    let mut v = config.clone();
    v.set_default("apiVersion", "v1");
    v.set_default("kind", "Config");
    for list in ["clusters", "contexts", "users"] {
        if v.get(list).as_list().is_none() {
            v.set(list, Value::list());
        }
        // The file is written sorted by name.
        let mut items = v.get(list).items().to_vec();
        items.sort_by(|a, b| a.text("name").cmp(b.text("name")));
        v.set(list, items);
    }
    v.set_default("current-context", "");
    let path = file(cx);
    cx.host
        .write(&path, crate::forms::yaml(&v))
        .map_err(|e| text(format!("open {path}: {e}")))
}

/// Changes the entry `name` of a list, making it where it is missing. True if it was there.
fn edit(config: &mut Value, list: &str, name: &str, change: impl FnOnce(&mut Value)) -> bool {
    let items = config.field(list).list_mut();
    if let Some(e) = items.iter_mut().find(|e| e.text("name") == name) {
        change(e);
        return true;
    }
    let mut e = value!({ "name": Value::str(name) });
    change(&mut e);
    items.push(e);
    false
}

fn one_name(cx: &Cx) -> Result<String, Fail> {
    match cx.args() {
        [name] => Ok(name.clone()),
        other => Err(usage(format!("unexpected args: [{}]", other.join(" ")))),
    }
}

const CURRENT: Command = Command {
    name: "current-context",
    usage: "[flags]",
    short: "Display the current-context",
    run: Some(|cx| -> Run {
        Box::pin(async move {
            match load(&cx)?.text("current-context") {
                "" => Err(text("current-context is not set")),
                c => {
                    cx.line(c);
                    Ok(())
                }
            }
        })
    }),
    ..Command::NONE
};

const USE: Command = Command {
    name: "use-context",
    aliases: &["use"],
    usage: "CONTEXT_NAME",
    short: "Set the current-context in a kubeconfig file",
    complete: Complete::Contexts,
    run: Some(|cx| -> Run { Box::pin(use_context(cx)) }),
    ..Command::NONE
};

async fn use_context(cx: Cx) -> Result<(), Fail> {
    let name = one_name(&cx)?;
    let mut config = load(&cx)?;
    if entry(&config, "contexts", &name).is_none() {
        return Err(text(format!("no context exists with the name: \"{name}\"")));
    }
    config.set("current-context", name.clone());
    save(&cx, &config)?;
    cx.line(format!("Switched to context \"{name}\"."));
    Ok(())
}

const GET_CONTEXTS: Command = Command {
    name: "get-contexts",
    usage: "[(-o|--output=)name)]",
    short: "Describe one or many contexts",
    flags: &[&[
        Flag::bool(
            "no-headers",
            "When using the default or custom-column output format, don't print headers.",
        ),
        Flag::text("output", "Output format. One of: (name).").short('o'),
    ]],
    complete: Complete::Contexts,
    run: Some(|cx| -> Run { Box::pin(get_contexts(cx)) }),
    ..Command::NONE
};

async fn get_contexts(cx: Cx) -> Result<(), Fail> {
    let config = load(&cx)?;
    let output = cx.flag("output");
    if !["", "name"].contains(&output) {
        return Err(text(format!(
            "output must be one of '' or 'name': {output}"
        )));
    }
    let mut contexts = config.get("contexts").items().to_vec();
    contexts.sort_by(|a, b| a.text("name").cmp(b.text("name")));
    let mut missing = Vec::new();
    if !cx.args().is_empty() {
        missing = cx
            .args()
            .iter()
            .filter(|n| entry(&config, "contexts", n).is_none())
            .map(|n| text(format!("context {n} not found")))
            .collect();
        contexts.retain(|c| cx.args().iter().any(|a| a == c.text("name")));
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    if output.is_empty() && !cx.on("no-headers") {
        let head = ["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"];
        rows.push(head.map(str::to_string).to_vec());
    }
    for c in &contexts {
        let name = c.text("name");
        if output == "name" {
            cx.line(name);
            continue;
        }
        let mark = if name == config.text("current-context") {
            "*"
        } else {
            ""
        };
        let context = c.get("context");
        let texts = [
            mark,
            name,
            context.text("cluster"),
            context.text("user"),
            context.text("namespace"),
        ];
        rows.push(texts.map(str::to_string).to_vec());
    }
    cx.out(table::once(&rows));
    crate::fail::all(missing)
}

/// `get-clusters` and `get-users`.
fn names(cx: &Cx, list: &str) -> Result<(), Fail> {
    let config = load(cx)?;
    cx.line("NAME");
    let mut all: Vec<&str> = config
        .get(list)
        .items()
        .iter()
        .map(|c| c.text("name"))
        .collect();
    all.sort();
    for name in all {
        cx.line(name);
    }
    Ok(())
}

const GET_CLUSTERS: Command = Command {
    name: "get-clusters",
    usage: "[flags]",
    short: "Display clusters defined in the kubeconfig",
    run: Some(|cx| -> Run { Box::pin(async move { names(&cx, "clusters") }) }),
    ..Command::NONE
};

const GET_USERS: Command = Command {
    name: "get-users",
    usage: "[flags]",
    short: "Display users defined in the kubeconfig",
    run: Some(|cx| -> Run { Box::pin(async move { names(&cx, "users") }) }),
    ..Command::NONE
};

fn delete(cx: &Cx, list: &str, what: &str) -> Result<(), Fail> {
    let name = one_name(cx)?;
    let mut config = load(cx)?;
    let path = file(cx);
    if entry(&config, list, &name).is_none() {
        return Err(text(format!("cannot delete {what} {name}, not in {path}")));
    }
    config
        .field(list)
        .list_mut()
        .retain(|e| e.text("name") != name);
    if what == "context" && config.text("current-context") == name {
        cx.err("warning: this removed your active context, use \"kubectl config use-context\" to select a different one\n");
    }
    save(cx, &config)?;
    cx.line(format!("deleted {what} {name} from {path}"));
    Ok(())
}

const DELETE_CLUSTER: Command = Command {
    name: "delete-cluster",
    usage: "NAME",
    short: "Delete the specified cluster from the kubeconfig",
    run: Some(|cx| -> Run { Box::pin(async move { delete(&cx, "clusters", "cluster") }) }),
    ..Command::NONE
};
const DELETE_CONTEXT: Command = Command {
    name: "delete-context",
    usage: "NAME",
    short: "Delete the specified context from the kubeconfig",
    complete: Complete::Contexts,
    run: Some(|cx| -> Run { Box::pin(async move { delete(&cx, "contexts", "context") }) }),
    ..Command::NONE
};
const DELETE_USER: Command = Command {
    name: "delete-user",
    usage: "NAME",
    short: "Delete the specified user from the kubeconfig",
    run: Some(|cx| -> Run { Box::pin(async move { delete(&cx, "users", "user") }) }),
    ..Command::NONE
};

const RENAME: Command = Command {
    name: "rename-context",
    usage: "CONTEXT_NAME NEW_NAME",
    short: "Rename a context from the kubeconfig file",
    complete: Complete::Contexts,
    run: Some(|cx| -> Run { Box::pin(rename(cx)) }),
    ..Command::NONE
};

async fn rename(cx: Cx) -> Result<(), Fail> {
    let [old, new] = cx.args() else {
        return Err(usage(format!("unexpected args: [{}]", cx.args().join(" "))));
    };
    let mut config = load(&cx)?;
    if entry(&config, "contexts", old).is_none() {
        return Err(text(format!(
            "cannot rename the context \"{old}\", it's not in {}",
            file(&cx)
        )));
    }
    if entry(&config, "contexts", new).is_some() {
        return Err(text(format!(
            "cannot rename the context \"{old}\", the context \"{new}\" already exists in {}",
            file(&cx)
        )));
    }
    edit(&mut config, "contexts", old, |e| e.set("name", new.clone()));
    if config.text("current-context") == old {
        config.set("current-context", new.clone());
    }
    save(&cx, &config)?;
    cx.line(format!("Context \"{old}\" renamed to \"{new}\"."));
    Ok(())
}

const SET_CONTEXT: Command = Command {
    name: "set-context",
    usage: "[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace]",
    short: "Set a context entry in kubeconfig",
    examples: &[Example(
        "Another namespace for the current context",
        "kubectl config set-context --current --namespace=lab",
    )],
    flags: &[&[Flag::bool("current", "Modify the current context.")]],
    complete: Complete::Contexts,
    run: Some(|cx| -> Run { Box::pin(set_context(cx)) }),
    ..Command::NONE
};

async fn set_context(cx: Cx) -> Result<(), Fail> {
    let mut config = load(&cx)?;
    let name = match (cx.args(), cx.on("current")) {
        ([], true) => match config.text("current-context") {
            "" => return Err(text("no current context is set")),
            c => c.to_string(),
        },
        ([name], false) => name.clone(),
        ([_, ..], true) => {
            return Err(usage(
                "you cannot specify both a context name and --current",
            ));
        }
        ([], false) => {
            return Err(usage(
                "you must specify a non-empty context name or --current",
            ));
        }
        (other, _) => return Err(usage(format!("unexpected args: [{}]", other.join(" ")))),
    };
    let was = edit(&mut config, "contexts", &name, |e| {
        for flag in ["cluster", "user", "namespace"] {
            if cx.given(flag) {
                e.set(&format!("context.{flag}"), cx.flag(flag).to_string());
            }
        }
        if e.get("context").is_null() {
            e.set("context", value!({ "cluster": "", "user": "" }));
        }
    });
    save(&cx, &config)?;
    cx.line(format!(
        "Context \"{name}\" {}.",
        if was { "modified" } else { "created" }
    ));
    Ok(())
}

const SET_CLUSTER: Command = Command {
    name: "set-cluster",
    usage: "NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true]",
    short: "Set a cluster entry in kubeconfig",
    flags: &[&[
        Flag::bool(
            "embed-certs",
            "embed-certs for the cluster entry in kubeconfig",
        ),
        Flag::text("proxy-url", "proxy-url for the cluster entry in kubeconfig"),
    ]],
    run: Some(|cx| -> Run { Box::pin(set_cluster(cx)) }),
    ..Command::NONE
};

async fn set_cluster(cx: Cx) -> Result<(), Fail> {
    let name = one_name(&cx)?;
    let mut config = load(&cx)?;
    edit(&mut config, "clusters", &name, |e| {
        for flag in [
            "server",
            "certificate-authority",
            "tls-server-name",
            "proxy-url",
        ] {
            if cx.given(flag) {
                *e.field("cluster").field(flag) = Value::str(cx.flag(flag));
            }
        }
        if cx.given("insecure-skip-tls-verify") {
            *e.field("cluster").field("insecure-skip-tls-verify") =
                Value::Bool(cx.on("insecure-skip-tls-verify"));
        }
        if e.get("cluster").is_null() {
            e.set("cluster", value!({ "server": "" }));
        }
    });
    save(&cx, &config)?;
    cx.line(format!("Cluster \"{name}\" set."));
    Ok(())
}

const SET_CREDENTIALS: Command = Command {
    name: "set-credentials",
    usage: "NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] [--username=basic_user] [--password=basic_password]",
    short: "Set a user entry in kubeconfig",
    flags: &[&[Flag::bool(
        "embed-certs",
        "Embed client cert/key for the user entry in kubeconfig",
    )]],
    run: Some(|cx| -> Run { Box::pin(set_credentials(cx)) }),
    ..Command::NONE
};

async fn set_credentials(cx: Cx) -> Result<(), Fail> {
    let name = one_name(&cx)?;
    let mut config = load(&cx)?;
    edit(&mut config, "users", &name, |e| {
        for flag in [
            "token",
            "username",
            "password",
            "client-certificate",
            "client-key",
        ] {
            if !cx.given(flag) {
                continue;
            }
            let given = cx.flag(flag).to_string();
            let embeds = cx.on("embed-certs") && flag.starts_with("client-");
            if embeds {
                let bytes = cx.host.read_bytes(&given).unwrap_or_default();
                *e.field("user").field(&format!("{flag}-data")) =
                    Value::from(crate::forms::base64(&bytes));
            } else {
                *e.field("user").field(flag) = Value::from(given);
            }
        }
        if e.get("user").is_null() {
            e.set("user", Value::map());
        }
    });
    save(&cx, &config)?;
    cx.line(format!("User \"{name}\" set."));
    Ok(())
}

/// The place of `contexts.NAME.namespace`: (list, entry, path within).
fn place(property: &str) -> Option<(&'static str, String, String)> {
    let (list, rest) = property.split_once('.')?;
    let (list, inner) = match list {
        "clusters" => ("clusters", "cluster"),
        "contexts" => ("contexts", "context"),
        "users" => ("users", "user"),
        _ => return None,
    };
    let (name, field) = rest.rsplit_once('.').unwrap_or((rest, ""));
    let path = if field.is_empty() {
        String::new()
    } else {
        format!("{inner}.{field}")
    };
    Some((list, name.to_string(), path))
}

const SET: Command = Command {
    name: "set",
    usage: "PROPERTY_NAME PROPERTY_VALUE",
    short: "Set an individual value in a kubeconfig file",
    flags: &[&[Flag::bool(
        "set-raw-bytes",
        "When writing a []byte PROPERTY_VALUE, write the given string directly without base64 decoding.",
    )]],
    run: Some(|cx| -> Run { Box::pin(set(cx)) }),
    ..Command::NONE
};

async fn set(cx: Cx) -> Result<(), Fail> {
    let [property, new] = cx.args() else {
        return Err(usage(format!("unexpected args: [{}]", cx.args().join(" "))));
    };
    let mut config = load(&cx)?;
    match place(property) {
        Some((list, name, path)) if !path.is_empty() => {
            edit(&mut config, list, &name, |e| e.set(&path, new.clone()));
        }
        _ if property == "current-context" => config.set("current-context", new.clone()),
        _ => {
            return Err(text(format!(
                "unable to parse path \"{property}\" at \"{property}\": not a field of the kubeconfig"
            )));
        }
    }
    save(&cx, &config)?;
    cx.line(format!("Property \"{property}\" set."));
    Ok(())
}

const UNSET: Command = Command {
    name: "unset",
    usage: "PROPERTY_NAME",
    short: "Unset an individual value in a kubeconfig file",
    run: Some(|cx| -> Run { Box::pin(unset(cx)) }),
    ..Command::NONE
};

async fn unset(cx: Cx) -> Result<(), Fail> {
    let property = one_name(&cx)?;
    let mut config = load(&cx)?;
    match place(&property) {
        Some((list, name, path)) if path.is_empty() => {
            config
                .field(list)
                .list_mut()
                .retain(|e| e.text("name") != name);
        }
        Some((list, name, path)) => {
            edit(&mut config, list, &name, |e| drop(e.remove(&path)));
        }
        None => drop(config.remove(&property)),
    }
    save(&cx, &config)?;
    cx.line(format!("Property \"{property}\" unset."));
    Ok(())
}

const VIEW: Command = Command {
    name: "view",
    usage: "[flags]",
    short: "Display merged kubeconfig settings or a specified kubeconfig file",
    flags: &[
        OUTPUT,
        &[
            Flag::bool("raw", "Display raw byte data and sensitive data."),
            Flag::bool(
                "flatten",
                "Flatten the resulting kubeconfig file into self-contained output.",
            ),
            Flag::bool(
                "minify",
                "Remove all information not used by current-context from the output.",
            ),
            Flag::bool("merge", "Merge the full hierarchy of kubeconfig files.").or("true"),
        ],
    ],
    run: Some(|cx| -> Run { Box::pin(view(cx)) }),
    ..Command::NONE
};

async fn view(cx: Cx) -> Result<(), Fail> {
    let mut config = load(&cx)?;
    if config.is_null() {
        config = value!({
            "apiVersion": "v1", "kind": "Config", "clusters": Value::Null, "contexts": Value::Null,
            "users": Value::Null, "current-context": "",
        });
    }
    if cx.on("minify") {
        let name = match cx.flag("context") {
            "" => config.text("current-context").to_string(),
            c => c.to_string(),
        };
        let context = entry(&config, "contexts", &name)
            .cloned()
            .ok_or_else(|| text(format!("cannot locate context {name}")))?;
        let keep = |list: &str, wanted: &str| -> Vec<Value> {
            entry(&config, list, wanted).cloned().into_iter().collect()
        };
        let clusters = keep("clusters", context.text("context.cluster"));
        let users = keep("users", context.text("context.user"));
        config.set("clusters", clusters);
        config.set("users", users);
        config.set("contexts", vec![context]);
        config.set("current-context", name);
    }
    if !cx.on("raw") && !config.get("clusters").is_null() {
        hide(
            &mut config,
            "clusters",
            "cluster",
            &["certificate-authority-data"],
            "DATA+OMITTED",
        );
        hide(
            &mut config,
            "users",
            "user",
            &["client-certificate-data", "client-key-data"],
            "DATA+OMITTED",
        );
        hide(
            &mut config,
            "users",
            "user",
            &["token", "password"],
            "REDACTED",
        );
    }
    match print::parse(&cx, cx.flag("output"), print::GET_FORMATS)? {
        Some(f) => cx.out(print::render(&f, &config)?),
        None => cx.out(crate::forms::yaml(&config)),
    }
    Ok(())
}

fn hide(config: &mut Value, list: &str, inner: &str, fields: &[&str], words: &'static str) {
    if config.get(list).items().is_empty() {
        return;
    }
    for e in config.field(list).list_mut() {
        for f in fields {
            if e.get(inner).has(f) {
                *e.field(inner).field(f) = Value::from(words);
            }
        }
    }
}
