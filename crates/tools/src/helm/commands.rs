//! helm's commands as a table; help and completion are derived from it.

use super::kube::Kube;
use super::release::Store;
use super::{kubeconfig, repo};
use crate::options;
use machinery::Api;
use shell::{Candidate, CompletionRequest};
use std::rc::Rc;

/// One command: its way, the words of its usage, how many arguments it takes, its flags, and one line of help.
pub(super) struct Command {
    pub way: &'static str,
    pub usage: &'static str,
    pub args: (usize, usize),
    pub flags: &'static str,
    pub summary: &'static str,
}

pub(super) const fn command(
    way: &'static str,
    usage: &'static str,
    args: (usize, usize),
    flags: &'static str,
    summary: &'static str,
) -> Command {
    Command {
        way,
        usage,
        args,
        flags,
        summary,
    }
}

pub(super) const MANY: usize = usize::MAX;
pub(super) const GLOBAL: &str = "namespace/n= kube-context= kubeconfig= debug help/h burst-limit= qps= kube-apiserver= kube-token= registry-config= repository-cache= repository-config=";
pub(super) const CHART: &str = "values/f= set= set-string= set-file= set-json= set-literal= version= wait wait-for-jobs atomic timeout= dry-run? description= \
no-hooks output/o= render-subchart-notes devel repo= skip-crds labels/l= hide-notes hide-secret take-ownership force disable-openapi-validation \
verify username= password= create-namespace dependency-update enable-dns post-renderer= skip-schema-validation";
pub(super) const INSTALL: &str = "generate-name/g name-template= replace";
pub(super) const UPGRADE: &str =
    "install/i reuse-values reset-values reset-then-reuse-values history-max= cleanup-on-fail";
pub(super) const TEMPLATE: &str = "generate-name/g name-template= show-only/s= include-crds kube-version= api-versions/a= is-upgrade validate output-dir= release-name no-hooks skip-tests";

pub(super) const COMMANDS: &[Command] = &[
    command(
        "completion",
        "completion [bash|zsh|fish|powershell]",
        (0, MANY),
        "",
        "generate autocompletion scripts for the specified shell",
    ),
    command(
        "create",
        "create NAME",
        (1, 1),
        "starter/p=",
        "create a new chart with the given name",
    ),
    command(
        "dependency list",
        "dependency list CHART",
        (0, 1),
        "max-col-width=",
        "list the dependencies for the given chart",
    ),
    command(
        "dependency update",
        "dependency update CHART",
        (0, 1),
        "skip-refresh",
        "update charts/ based on the contents of Chart.yaml",
    ),
    command(
        "dependency build",
        "dependency build CHART",
        (0, 1),
        "skip-refresh",
        "rebuild the charts/ directory based on the Chart.lock file",
    ),
    command(
        "env",
        "env",
        (0, 1),
        "",
        "helm client environment information",
    ),
    command(
        "get all",
        "get all RELEASE_NAME",
        (1, 1),
        "revision= template=",
        "download all information for a named release",
    ),
    command(
        "get hooks",
        "get hooks RELEASE_NAME",
        (1, 1),
        "revision=",
        "download all hooks for a named release",
    ),
    command(
        "get manifest",
        "get manifest RELEASE_NAME",
        (1, 1),
        "revision=",
        "download the manifest for a named release",
    ),
    command(
        "get metadata",
        "get metadata RELEASE_NAME",
        (1, 1),
        "revision= output/o=",
        "this command fetches metadata for a given release",
    ),
    command(
        "get notes",
        "get notes RELEASE_NAME",
        (1, 1),
        "revision=",
        "download the notes for a named release",
    ),
    command(
        "get values",
        "get values RELEASE_NAME",
        (1, 1),
        "revision= all/a output/o=",
        "download the values file for a named release",
    ),
    command(
        "history",
        "history RELEASE_NAME",
        (1, 1),
        "max= output/o=",
        "fetch release history",
    ),
    command(
        "install",
        "install [NAME] [CHART]",
        (1, 2),
        "",
        "install a chart",
    ),
    command(
        "lint",
        "lint PATH",
        (0, MANY),
        "strict quiet with-subcharts values/f= set= set-string= set-file= set-json= set-literal= kube-version= skip-schema-validation",
        "examine a chart for possible issues",
    ),
    command(
        "list",
        "list",
        (0, 0),
        "all/a all-namespaces/A output/o= filter/f= short/q date/d reverse/r deployed failed pending superseded uninstalled uninstalling max/m= offset= no-headers selector/l= time-format=",
        "list releases",
    ),
    command(
        "package",
        "package [CHART_PATH] [...]",
        (1, MANY),
        "version= app-version= destination/d= dependency-update/u sign key= keyring=",
        "package a chart directory into a chart archive",
    ),
    command(
        "plugin list",
        "plugin list",
        (0, 0),
        "",
        "list installed Helm plugins",
    ),
    command(
        "pull",
        "pull [chart URL | repo/chartname] [...]",
        (1, MANY),
        "version= untar untardir= destination/d= repo= devel verify prov",
        "download a chart from a repository and (optionally) unpack it in local directory",
    ),
    command(
        "push",
        "push [chart] [remote]",
        (2, 2),
        "",
        "push a chart to remote",
    ),
    command(
        "registry",
        "registry",
        (0, MANY),
        "",
        "login to or logout from a registry",
    ),
    command(
        "repo add",
        "repo add [NAME] [URL]",
        (2, 2),
        "force-update no-update username= password= allow-deprecated-repos pass-credentials",
        "add a chart repository",
    ),
    command(
        "repo index",
        "repo index [DIR]",
        (1, 1),
        "",
        "generate an index file given a directory containing packaged charts",
    ),
    command(
        "repo list",
        "repo list",
        (0, 0),
        "output/o=",
        "list chart repositories",
    ),
    command(
        "repo remove",
        "repo remove [REPO1 [REPO2 ...]]",
        (1, MANY),
        "",
        "remove one or more chart repositories",
    ),
    command(
        "repo update",
        "repo update [REPO1 [REPO2 ...]]",
        (0, MANY),
        "fail-on-repo-update-fail",
        "update information of available charts locally from chart repositories",
    ),
    command(
        "rollback",
        "rollback <RELEASE> [REVISION]",
        (1, 2),
        "wait wait-for-jobs timeout= dry-run force no-hooks recreate-pods cleanup-on-fail history-max=",
        "roll back a release to a previous revision",
    ),
    command(
        "search hub",
        "search hub [KEYWORD]",
        (0, MANY),
        "output/o= max-col-width=",
        "search for charts in the Artifact Hub or your own hub instance",
    ),
    command(
        "search repo",
        "search repo [keyword]",
        (0, MANY),
        "versions/l regexp/r devel version= output/o= max-col-width= fail-on-no-result",
        "search repositories for a keyword in charts",
    ),
    command(
        "show all",
        "show all [CHART]",
        (1, 1),
        "version= repo= devel",
        "show all information of the chart",
    ),
    command(
        "show chart",
        "show chart [CHART]",
        (1, 1),
        "version= repo= devel",
        "show the chart's definition",
    ),
    command(
        "show crds",
        "show crds [CHART]",
        (1, 1),
        "version= repo= devel",
        "show the chart's CRDs",
    ),
    command(
        "show readme",
        "show readme [CHART]",
        (1, 1),
        "version= repo= devel",
        "show the chart's README",
    ),
    command(
        "show values",
        "show values [CHART]",
        (1, 1),
        "version= repo= devel jsonpath=",
        "show the chart's values",
    ),
    command(
        "status",
        "status RELEASE_NAME",
        (1, 1),
        "revision= output/o= show-desc show-resources",
        "display the status of the named release",
    ),
    command(
        "template",
        "template [NAME] [CHART]",
        (1, 2),
        "",
        "locally render templates",
    ),
    command(
        "test",
        "test [RELEASE]",
        (1, 1),
        "timeout= logs filter= hide-notes",
        "run tests for a release",
    ),
    command(
        "uninstall",
        "uninstall RELEASE_NAME [...]",
        (1, MANY),
        "keep-history wait dry-run no-hooks timeout= description= ignore-not-found cascade=",
        "uninstall a release",
    ),
    command(
        "upgrade",
        "upgrade [RELEASE] [CHART]",
        (2, 2),
        "",
        "upgrade a release",
    ),
    command(
        "verify",
        "verify PATH",
        (1, 1),
        "",
        "verify that a chart at the given path has been signed and is valid",
    ),
    command(
        "version",
        "version",
        (0, MANY),
        "short template= client/c",
        "print the client version information",
    ),
];

/// Other names of commands, and the groups' own.
pub(super) const ALIASES: &[(&str, &str)] = &[
    ("ls", "list"),
    ("del", "uninstall"),
    ("delete", "uninstall"),
    ("un", "uninstall"),
    ("hist", "history"),
    ("inspect", "show"),
    ("dep", "dependency"),
    ("dependencies", "dependency"),
    ("fetch", "pull"),
];

pub(super) const GROUPS: &[(&str, &str)] = &[
    ("dependency", "manage a chart's dependencies"),
    ("get", "download extended information of a named release"),
    ("plugin", "install, list, or uninstall Helm plugins"),
    (
        "repo",
        "add, list, remove, update, and index chart repositories",
    ),
    ("search", "search for a keyword in charts"),
    ("show", "show information of a chart"),
];

pub(super) fn table(command: &Command) -> String {
    let more = match command.way {
        "install" => format!("{CHART} {INSTALL}"),
        "upgrade" => format!("{CHART} {UPGRADE}"),
        "template" => format!("{CHART} {TEMPLATE}"),
        _ => String::new(),
    };
    format!("{GLOBAL} {} {more}", command.flags)
}

pub(super) fn help() -> String {
    let mut rows: Vec<(&str, &str)> = COMMANDS
        .iter()
        .filter(|c| !c.way.contains(' '))
        .map(|c| (c.way, c.summary))
        .chain(GROUPS.iter().copied())
        .chain([("help", "Help about any command")])
        .collect();
    rows.sort();
    let lines: String = rows
        .iter()
        .map(|(name, summary)| format!("  {name:<11} {summary}\n"))
        .collect();
    format!(
        "The Kubernetes package manager\n\nWhat one does most:\n\n- helm search:    search for charts\n- helm pull:      download a chart to your local directory to view\n- helm install:   upload the chart to Kubernetes\n- helm list:      list releases of charts\n\nUsage:\n  helm [command]\n\nAvailable Commands:\n{lines}\nFlags:\n{}\nUse \"helm [command] --help\" for more information about a command.\n",
        flag_lines(GLOBAL)
    )
}

pub(super) fn flag_lines(table: &str) -> String {
    let mut names = options::names(table);
    names.sort();
    let line = |(long, short, takes): &(&str, Option<char>, bool)| {
        let short = short.map_or("    ".to_string(), |s| format!("-{s}, "));
        let value = if *takes { " string" } else { "" };
        format!("  {short}--{long}{value}\n")
    };
    names.iter().map(line).collect()
}

pub(super) fn help_of(command: &Command) -> String {
    let more = match command.way {
        "install" => format!("{CHART} {INSTALL}"),
        "upgrade" => format!("{CHART} {UPGRADE}"),
        "template" => format!("{CHART} {TEMPLATE}"),
        _ => command.flags.to_string(),
    };
    format!(
        "\n{}\n\nUsage:\n  helm {} [flags]\n\nFlags:\n{}\nGlobal Flags:\n{}",
        command.summary,
        command.usage,
        flag_lines(&format!("{more} help/h")),
        flag_lines(GLOBAL)
    )
}

/// Commands, flags, and what a command takes: releases or charts.
pub fn complete(request: &CompletionRequest, api: &Rc<dyn Api>) -> Vec<Candidate> {
    let words = request.words.get(1..).unwrap_or(&[]);
    let plain: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|w| !w.starts_with('-'))
        .collect();
    let current = request.current.as_str();
    let two = plain.get(..2).map(|w| w.join(" ")).unwrap_or_default();
    let found = COMMANDS
        .iter()
        .find(|c| c.way == two || plain.first() == Some(&c.way));
    if let (Some(command), true) = (found, current.starts_with('-')) {
        let table = table(command);
        return options::names(&table)
            .into_iter()
            .map(|(long, _, takes)| format!("--{long}{}", if takes { "=" } else { "" }))
            .filter(|w| w.starts_with(current))
            .map(Candidate::new)
            .collect();
    }
    let given = plain.len()
        - found
            .map_or(0, |c| c.way.split(' ').count())
            .min(plain.len());
    let Some(command) = found else {
        let group = plain.first().map(|g| format!("{g} ")).unwrap_or_default();
        let subs = COMMANDS
            .iter()
            .filter_map(|c| Some((c.way.strip_prefix(group.as_str())?, c.summary)))
            .filter(|(way, _)| !way.contains(' '));
        let groups = GROUPS.iter().copied().filter(|_| group.is_empty());
        return subs
            .chain(groups)
            .filter(|(way, _)| way.starts_with(current))
            .map(|(way, summary)| Candidate::described(way, summary))
            .collect();
    };
    let takes_release = command.usage.contains("RELEASE") && given == 0;
    if takes_release {
        let fs = request.fs.clone();
        let read = |path: &str| fs.borrow().read_text(path).ok();
        let Some(namespace) = kubeconfig(read, &|n| request.env.get(n).cloned()) else {
            return Vec::new();
        };
        let kube = Kube::new(api.clone());
        let store = Store {
            kube: &kube,
            now_ms: 0,
        };
        let mut names: Vec<String> = store
            .list(&namespace, "")
            .unwrap_or_default()
            .iter()
            .map(|r| r.name().to_string())
            .filter(|n| n.starts_with(current))
            .collect();
        names.dedup();
        return names.into_iter().map(Candidate::new).collect();
    }
    if command.usage.to_uppercase().contains("CHART") {
        let charts = repo::all().into_iter().map(|(name, _)| name);
        return charts
            .filter(|n| n.starts_with(current))
            .map(Candidate::new)
            .collect();
    }
    Vec::new()
}
