//! `config set-context`, `set-cluster`, `set-credentials`, `set`, `unset`, `rename-context`.

use super::{edit, load, one_name, save, unexpected};
use crate::command::{Command, Complete, Example, Flag, Run};
use crate::config::{entry, file};
use crate::cx::Cx;
use crate::fail::{Fail, text};
use machinery::{Value, value};

pub const RENAME: Command = Command {
    name: "rename-context",
    usage: "CONTEXT_NAME NEW_NAME",
    short: "Rename a context from the kubeconfig file",
    examples: &[Example(
        "Another name for a context",
        "kubectl config rename-context old new",
    )],
    complete: Complete::Contexts,
    run: Some(|cx| -> Run { Box::pin(rename(cx)) }),
    ..Command::NONE
};

async fn rename(cx: Cx) -> Result<(), Fail> {
    let [old, new] = cx.args() else {
        return Err(unexpected(&cx));
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

pub const SET_CONTEXT: Command = Command {
    name: "set-context",
    usage: "[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace]",
    short: "Set a context entry in kubeconfig",
    examples: &[Example(
        "Another namespace for the current context",
        "kubectl config set-context --current --namespace=lab",
    )],
    flags: &[&[
        Flag::bool("current", "Modify the current context."),
        Flag::text("cluster", "cluster for the context entry in kubeconfig"),
        Flag::text("namespace", "namespace for the context entry in kubeconfig").short('n'),
        Flag::text("user", "user for the context entry in kubeconfig"),
    ]],
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
            return Err(text("you cannot specify both a context name and --current"));
        }
        ([], false) => {
            return Err(text(
                "you must specify a non-empty context name or --current",
            ));
        }
        (_, _) => return Err(unexpected(&cx)),
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

pub const SET_CLUSTER: Command = Command {
    name: "set-cluster",
    usage: "NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true] [--tls-server-name=example.com]",
    short: "Set a cluster entry in kubeconfig",
    examples: &[Example(
        "Where a cluster is",
        "kubectl config set-cluster lab --server=https://127.0.0.1:6443",
    )],
    flags: &[&[
        Flag::bool(
            "embed-certs",
            "embed-certs for the cluster entry in kubeconfig",
        ),
        Flag::text(
            "certificate-authority",
            "Path to certificate-authority file for the cluster entry",
        ),
        Flag::bool(
            "insecure-skip-tls-verify",
            "insecure-skip-tls-verify for the cluster entry",
        ),
        Flag::text("server", "server for the cluster entry"),
        Flag::text("tls-server-name", "tls-server-name for the cluster entry"),
        Flag::text("proxy-url", "proxy-url for the cluster entry in kubeconfig"),
    ]],
    complete: Complete::Clusters,
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

pub const SET_CREDENTIALS: Command = Command {
    name: "set-credentials",
    usage: "NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] [--username=basic_user] [--password=basic_password] [--auth-provider=provider_name] [--auth-provider-arg=key=value] [--exec-command=exec_command] [--exec-api-version=exec_api_version] [--exec-arg=arg] [--exec-env=key=value]",
    short: "Set a user entry in kubeconfig",
    examples: &[Example(
        "A user with a token",
        "kubectl config set-credentials robot --token=secret",
    )],
    flags: &[&[
        Flag::bool(
            "embed-certs",
            "Embed client cert/key for the user entry in kubeconfig",
        ),
        Flag::text("auth-provider", "Auth provider for the user entry"),
        Flag::array(
            "auth-provider-arg",
            "'key=value' arguments for the auth provider",
        ),
        Flag::text(
            "client-certificate",
            "Path to client-certificate file for the user entry",
        ),
        Flag::text("client-key", "Path to client-key file for the user entry"),
        Flag::text(
            "exec-api-version",
            "API version of the exec credential plugin",
        ),
        Flag::array(
            "exec-arg",
            "New arguments for the exec credential plugin command",
        ),
        Flag::text("exec-command", "Command for the exec credential plugin"),
        Flag::array(
            "exec-env",
            "'key=value' environment values for the exec credential plugin",
        ),
        Flag::text("exec-interactive-mode", "Never, IfAvailable or Always"),
        Flag::bool(
            "exec-provide-cluster-info",
            "Whether to give cluster info to the plugin",
        ),
        Flag::text("password", "password for the user entry"),
        Flag::text("token", "token for the user entry"),
        Flag::text("username", "username for the user entry"),
    ]],
    complete: Complete::Users,
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
                    Value::from(codec::encode_base64(&bytes));
            } else {
                *e.field("user").field(flag) = Value::from(given);
            }
        }
        provided(&cx, e.field("user"));
        if e.get("user").is_null() {
            e.set("user", Value::map());
        }
    });
    save(&cx, &config)?;
    cx.line(format!("User \"{name}\" set."));
    Ok(())
}

/// `--auth-provider…` and `--exec-…` of a user's entry; `KEY-` takes a pair away.
fn provided(cx: &Cx, user: &mut Value) {
    let pairs = |flag: &str| -> Vec<(String, Option<String>)> {
        let all = cx.list(flag).into_iter().flat_map(|v| match flag {
            "auth-provider-arg" => v.split(',').map(str::to_string).collect::<Vec<_>>(),
            _ => vec![v],
        });
        let pair = |p: String| match p.split_once('=') {
            Some((k, v)) => (k.to_string(), Some(v.to_string())),
            None => (p.trim_end_matches('-').to_string(), None),
        };
        all.map(pair).collect()
    };
    if cx.given("auth-provider") && user.text("auth-provider.name") != cx.flag("auth-provider") {
        *user.field("auth-provider") =
            value!({ "config": Value::map(), "name": Value::str(cx.flag("auth-provider")) });
    }
    if user.has("auth-provider") {
        for (k, v) in pairs("auth-provider-arg") {
            let config = user.field("auth-provider").field("config").map_mut();
            match v {
                Some(v) => drop(config.insert(k, v)),
                None => drop(config.remove(&k)),
            }
        }
    }
    if cx.given("exec-command") {
        let exec = user.field("exec");
        exec.remove("args");
        exec.set("command", Value::str(cx.flag("exec-command")));
        for field in ["args", "env"] {
            exec.set_default(field, Value::Null);
        }
        exec.set_default("provideClusterInfo", false);
    }
    if !user.has("exec") {
        return;
    }
    let exec = user.field("exec");
    for (flag, field) in [
        ("exec-api-version", "apiVersion"),
        ("exec-interactive-mode", "interactiveMode"),
    ] {
        if cx.given(flag) {
            exec.set(field, Value::str(cx.flag(flag)));
        }
    }
    if cx.given("exec-arg") {
        let args: Vec<Value> = cx
            .list("exec-arg")
            .iter()
            .flat_map(|a| a.split(','))
            .map(Value::str)
            .collect();
        exec.set("args", args);
    }
    if cx.given("exec-provide-cluster-info") {
        exec.set("provideClusterInfo", cx.on("exec-provide-cluster-info"));
    }
    let mut env = exec.get("env").items().to_vec();
    for (k, v) in pairs("exec-env") {
        env.retain(|e| e.text("name") != k);
        if let Some(v) = v {
            env.push(value!({ "name": k, "value": v }));
        }
    }
    if !env.is_empty() {
        exec.set("env", env);
    }
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

pub const SET: Command = Command {
    name: "set",
    usage: "PROPERTY_NAME PROPERTY_VALUE",
    short: "Set an individual value in a kubeconfig file",
    examples: &[Example(
        "Another namespace for a context",
        "kubectl config set contexts.lab.namespace shop",
    )],
    flags: &[&[Flag::bool(
        "set-raw-bytes",
        "When writing a []byte PROPERTY_VALUE, write the given string directly without base64 decoding.",
    )]],
    run: Some(|cx| -> Run { Box::pin(set(cx)) }),
    ..Command::NONE
};

async fn set(cx: Cx) -> Result<(), Fail> {
    let [property, new] = cx.args() else {
        return Err(unexpected(&cx));
    };
    let mut config = load(&cx)?;
    match place(property) {
        Some((list, name, path)) if !path.is_empty() => {
            let bytes = path.ends_with("-data");
            let new = match bytes && cx.on("set-raw-bytes") {
                true => codec::encode_base64(new.as_bytes()),
                false => new.clone(),
            };
            if let Some(at) = codec::base64_error(&new).filter(|_| bytes) {
                return Err(text(format!("illegal base64 data at input byte {at}")));
            }
            edit(&mut config, list, &name, |e| e.set(&path, new));
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

pub const UNSET: Command = Command {
    name: "unset",
    usage: "PROPERTY_NAME",
    short: "Unset an individual value in a kubeconfig file",
    examples: &[Example(
        "No current context",
        "kubectl config unset current-context",
    )],
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
