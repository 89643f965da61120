//! Small commands: `version`, `options`, `plugin`, `proxy`.

use super::*;
use crate::command::{Example, Run};
use crate::cx::Cx;
use crate::fail::{Fail, text};
use machinery::value;

const CLIENT: &str = "v1.36.4";
const KUSTOMIZE: &str = "v5.8.1";

pub const VERSION: Command = Command {
    name: "version",
    group: OTHER,
    usage: "[flags]",
    short: "Print the client and server version information",
    examples: &[Example("Versions of client and server", "kubectl version")],
    flags: &[&[
        Flag::bool(
            "client",
            "If true, shows client version only (no server required).",
        ),
        Flag::text("output", "One of 'yaml' or 'json'.").short('o'),
    ]],
    run: Some(|cx| -> Run { Box::pin(version(cx)) }),
    ..Command::NONE
};

async fn version(cx: Cx) -> Result<(), Fail> {
    let output = cx.flag("output");
    if !["", "yaml", "json"].contains(&output) {
        return Err(text("--output must be 'yaml' or 'json'"));
    }
    let server = match cx.on("client") {
        true => Ok(machinery::Value::Null),
        false => cx.get("/version"),
    };
    if output.is_empty() {
        cx.line(format!("Client Version: {CLIENT}"));
        cx.line(format!("Kustomize Version: {KUSTOMIZE}"));
        let server = server?;
        if !server.is_null() {
            cx.line(format!("Server Version: {}", server.text("gitVersion")));
        }
        return Ok(());
    }
    let mut v = value!({
        "clientVersion": {
            "major": "1", "minor": "36", "gitVersion": CLIENT, "gitTreeState": "clean",
            "compiler": "gc", "platform": "linux/amd64",
        },
        "kustomizeVersion": KUSTOMIZE,
    });
    let problem = match server {
        Ok(s) if !s.is_null() => {
            v.set("serverVersion", s);
            None
        }
        Ok(_) => None,
        Err(e) => Some(e),
    };
    cx.out(match output {
        "yaml" => crate::forms::yaml(&v),
        _ => crate::forms::json_pretty(&v).replace("    ", "  "),
    });
    problem.map_or(Ok(()), Err)
}

pub const OPTIONS: Command = Command {
    name: "options",
    usage: "",
    short: "Print the list of flags inherited by all commands",
    examples: &[Example("The flags of every command", "kubectl options")],
    run: Some(|cx| -> Run { Box::pin(options(cx)) }),
    ..Command::NONE
};

async fn options(cx: Cx) -> Result<(), Fail> {
    cx.line("The following options can be passed to any command:\n");
    for f in crate::flags::GLOBAL {
        cx.line(crate::help::flag(f).replace("$HOME", &cx.host.home()));
    }
    Ok(())
}

pub const PLUGIN: Command = Command {
    name: "plugin",
    group: OTHER,
    usage: "[flags]",
    short: "Provides utilities for interacting with plugins",
    subs: &[&PLUGIN_LIST],
    ..Command::NONE
};

const PLUGIN_LIST: Command = Command {
    name: "list",
    usage: "[flags]",
    short: "List all visible plugin executables on a user's PATH",
    examples: &[Example("What plugins there are", "kubectl plugin list")],
    flags: &[&[Flag::bool(
        "name-only",
        "If true, display only the binary name of each plugin, rather than its full path.",
    )]],
    run: Some(|cx| -> Run { Box::pin(plugins(cx)) }),
    ..Command::NONE
};

async fn plugins(cx: Cx) -> Result<(), Fail> {
    // Programs named kubectl-NAME would be listed here, by name alone with --name-only; the machine has none.
    let _ = cx.on("name-only");
    Err(text("unable to find any kubectl plugins in your PATH"))
}

pub const PROXY: Command = Command {
    name: "proxy",
    group: TROUBLE,
    usage: "[--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix]",
    short: "Run a proxy to the Kubernetes API server",
    long: "Lets programs of your machine speak to the API without credentials of their own: what arrives at the port is passed on as you. It goes on until you stop it.",
    examples: &[
        Example("On the usual port", "kubectl proxy"),
        Example(
            "In the background, on another port",
            "kubectl proxy --port=8011 &",
        ),
    ],
    flags: &[&[
        Flag::text(
            "accept-hosts",
            "Regular expressions for hosts that the proxy should accept.",
        )
        .or(r"^localhost$,^127\.0\.0\.1$,^\[::1\]$"),
        Flag::text(
            "accept-paths",
            "Regular expressions for paths that the proxy should accept.",
        )
        .or("^.*"),
        Flag::text("address", "The IP address on which to serve on.").or("127.0.0.1"),
        Flag::text("api-prefix", "Prefix to serve the proxied API under.").or("/"),
        Flag::bool(
            "append-server-path",
            "Appends the server's path of the kube context to each request.",
        ),
        Flag::bool(
            "disable-filter",
            "If true, disable request filtering in the proxy.",
        ),
        Flag::duration(
            "keepalive",
            "0s",
            "The keep-alive period of an active connection.",
        ),
        Flag::int(
            "port",
            "8001",
            "The port on which to run the proxy. 0 picks one.",
        )
        .short('p'),
        Flag::text(
            "reject-methods",
            "Regular expressions for HTTP methods that the proxy should reject.",
        )
        .or("^$"),
        Flag::text(
            "reject-paths",
            "Regular expressions for paths that the proxy should reject.",
        )
        .or("^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach"),
        Flag::text("unix-socket", "Unix socket on which to run the proxy.").short('u'),
        Flag::text("www", "Also serve static files from the given directory.").short('w'),
        Flag::text("www-prefix", "Prefix to serve static files under.")
            .or("/static/")
            .short('P'),
    ]],
    run: Some(|cx| -> Run { Box::pin(proxy(cx)) }),
    ..Command::NONE
};

async fn proxy(cx: Cx) -> Result<(), Fail> {
    let slashed = |p: &str| format!("{}/", p.trim_end_matches('/'));
    let patterns = |flag: &str| {
        cx.flag(flag)
            .split(',')
            .map(str::to_string)
            .collect::<Vec<_>>()
    };
    let filter = match cx.on("disable-filter") {
        true => None,
        false => Some(
            [
                "accept-paths",
                "accept-hosts",
                "reject-paths",
                "reject-methods",
            ]
            .map(patterns),
        ),
    };
    let rule = machinery::Proxy {
        user: cx.user()?,
        prefix: slashed(cx.flag("api-prefix")),
        filter,
    };
    let address = cx.flag("address");
    let wanted = match u16::try_from(cx.int("port")) {
        // Any free port will do; these are tried in order.
        Ok(0) => (33_000..33_100).find(|p| cx.api.proxy(*p, Some(rule.clone()))),
        Ok(p) => Some(p).filter(|p| cx.api.proxy(*p, Some(rule.clone()))),
        Err(_) => {
            return Err(text(format!(
                "listen tcp: address {}: invalid port",
                cx.int("port")
            )));
        }
    };
    let Some(port) = wanted else {
        let port = cx.int("port");
        return Err(text(format!(
            "listen tcp {address}:{port}: bind: address already in use"
        )));
    };
    let api = cx.api.clone();
    cx.host.0.on_exit(move |_| {
        api.proxy(port, None);
    });
    cx.line(format!("Starting to serve on {address}:{port}"));
    loop {
        cx.host.changed().await;
    }
}

pub const ALPHA: Command = Command {
    name: "alpha",
    usage: "",
    short: "Commands for features in alpha",
    run: Some(|cx| -> Run {
        Box::pin(async move {
            cx.line("No alpha commands are available in this version of kubectl");
            Ok(())
        })
    }),
    ..Command::NONE
};

pub const KUBERC: Command = Command {
    name: "kuberc",
    group: OTHER,
    usage: "SUBCOMMAND",
    short: "Manage kuberc configuration files",
    subs: &[&KUBERC_SET, &KUBERC_VIEW],
    ..Command::NONE
};

const KUBERC_VIEW: Command = Command {
    name: "view",
    usage: "",
    short: "Display the current kuberc configuration",
    flags: &[&[OUTPUT[0].or("yaml"), OUTPUT[1], OUTPUT[2], OUTPUT[3]]],
    ..Command::NONE
};

const KUBERC_SET: Command = Command {
    name: "set",
    usage: "--section (defaults|aliases) --command COMMAND",
    short: "Set values in the kuberc configuration",
    flags: &[&[
        Flag::text(
            "section",
            "Section to modify: 'defaults', 'aliases', or 'credentialplugin'.",
        ),
        Flag::text(
            "command",
            "Command to configure, such as 'get' or 'set env'.",
        ),
        Flag::text("name", "Alias name."),
        Flag::text("policy", "Policy for exec credential plugins."),
        Flag::array("option", "Flag option in the form flag=value."),
        Flag::array("prependarg", "Argument to prepend to the command."),
        Flag::array("appendarg", "Argument to append to the command."),
        Flag::array(
            "allowlist-entry",
            "Allowlist entry in the form field=value.",
        ),
        Flag::bool("overwrite", "Allow overwriting existing entries."),
    ]],
    ..Command::NONE
};
