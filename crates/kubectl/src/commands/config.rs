//! `kubectl config`: reads and edits the kubeconfig file. Upstream: `kubectl:pkg/cmd/config`.

mod entries;

use super::*;
use crate::command::{Complete, Example, Run};
use crate::config::{entry, file};
use crate::cx::Cx;
use crate::fail::{Fail, text};
use crate::print::{self, table};
use machinery::Arrange;
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
        &entries::RENAME,
        &entries::SET,
        &entries::SET_CLUSTER,
        &entries::SET_CONTEXT,
        &entries::SET_CREDENTIALS,
        &entries::UNSET,
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
        items.arrange_by(|a, b| a.text("name").cmp(b.text("name")));
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

/// Wrong arguments: the help, then the words.
fn unexpected(cx: &Cx) -> Fail {
    cx.out(crate::help::command(&cx.way));
    text(format!("Unexpected args: [{}]", cx.args().join(" ")))
}

fn one_name(cx: &Cx) -> Result<String, Fail> {
    match cx.args() {
        [name] => Ok(name.clone()),
        _ => Err(unexpected(cx)),
    }
}

const CURRENT: Command = Command {
    name: "current-context",
    usage: "[flags]",
    short: "Display the current-context",
    examples: &[Example(
        "Which context is it?",
        "kubectl config current-context",
    )],
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
    examples: &[Example(
        "Another context from now on",
        "kubectl config use-context kubernetes-admin@kubernetes",
    )],
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
    examples: &[Example("All contexts", "kubectl config get-contexts")],
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
    contexts.arrange_by(|a, b| a.text("name").cmp(b.text("name")));
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
    all.arrange();
    for name in all {
        cx.line(name);
    }
    Ok(())
}

const GET_CLUSTERS: Command = Command {
    name: "get-clusters",
    usage: "[flags]",
    short: "Display clusters defined in the kubeconfig",
    examples: &[Example("All clusters", "kubectl config get-clusters")],
    run: Some(|cx| -> Run { Box::pin(async move { names(&cx, "clusters") }) }),
    ..Command::NONE
};

const GET_USERS: Command = Command {
    name: "get-users",
    usage: "[flags]",
    short: "Display users defined in the kubeconfig",
    examples: &[Example("All users", "kubectl config get-users")],
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
    examples: &[Example(
        "Forget a cluster",
        "kubectl config delete-cluster old",
    )],
    complete: Complete::Clusters,
    run: Some(|cx| -> Run { Box::pin(async move { delete(&cx, "clusters", "cluster") }) }),
    ..Command::NONE
};
const DELETE_CONTEXT: Command = Command {
    name: "delete-context",
    usage: "NAME",
    short: "Delete the specified context from the kubeconfig",
    examples: &[Example(
        "Forget a context",
        "kubectl config delete-context old",
    )],
    complete: Complete::Contexts,
    run: Some(|cx| -> Run { Box::pin(async move { delete(&cx, "contexts", "context") }) }),
    ..Command::NONE
};
const DELETE_USER: Command = Command {
    name: "delete-user",
    usage: "NAME",
    short: "Delete the specified user from the kubeconfig",
    examples: &[Example("Forget a user", "kubectl config delete-user old")],
    complete: Complete::Users,
    run: Some(|cx| -> Run { Box::pin(async move { delete(&cx, "users", "user") }) }),
    ..Command::NONE
};

const VIEW: Command = Command {
    name: "view",
    usage: "[flags]",
    short: "Display merged kubeconfig settings or a specified kubeconfig file",
    examples: &[
        Example("The settings, secrets left out", "kubectl config view"),
        Example(
            "The current namespace",
            "kubectl config view --minify -o jsonpath='{..namespace}'",
        ),
    ],
    flags: &[
        &[OUTPUT[0].or("yaml"), OUTPUT[1], OUTPUT[2], OUTPUT[3]],
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
    if cx.on("flatten") {
        flatten(&cx, &mut config)?;
    }
    let raw = cx.on("raw") || (cx.on("flatten") && cx.given("raw"));
    if !raw && !config.get("clusters").is_null() {
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

/// `--flatten`: what the file names is put into it.
fn flatten(cx: &Cx, config: &mut Value) -> Result<(), Fail> {
    const FILES: &[(&str, &str, &str)] = &[
        ("clusters", "cluster", "certificate-authority"),
        ("users", "user", "client-certificate"),
        ("users", "user", "client-key"),
    ];
    for (list, inner, field) in FILES {
        if config.get(list).items().is_empty() {
            continue;
        }
        for e in config.field(list).list_mut() {
            let path = e.get(inner).text(field).to_string();
            if path.is_empty() {
                continue;
            }
            let bytes = cx
                .host
                .read_bytes(&path)
                .map_err(|why| text(format!("open {path}: {why}")))?;
            e.field(inner).map_mut().remove(field);
            *e.field(inner).field(&format!("{field}-data")) =
                Value::from(codec::encode_base64(&bytes));
        }
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
