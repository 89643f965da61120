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
    usage: "",
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
        cx.line(crate::help::flag(f));
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
    let _ = cx.now();
    Err(text("unable to find any kubectl plugins in your PATH"))
}

pub const PROXY: Command = Command {
    name: "proxy",
    group: TROUBLE,
    usage: "[--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix]",
    short: "Run a proxy to the Kubernetes API server",
    flags: &[&[
        Flag::int("port", "8001", "The port on which to run the proxy.").short('p'),
        Flag::text("address", "The IP address on which to serve on.").or("127.0.0.1"),
    ]],
    run: Some(|cx| -> Run { Box::pin(proxy(cx)) }),
    ..Command::NONE
};

async fn proxy(cx: Cx) -> Result<(), Fail> {
    let _ = cx.now();
    Err(text(
        "bottleship does not simulate kubectl proxy: use kubectl get --raw PATH to see what the API says",
    ))
}
