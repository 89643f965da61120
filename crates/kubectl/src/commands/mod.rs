//! Every command of kubectl, and the flags that several of them share.
//!
//! To add a command: write `commands/<name>.rs` with a `pub const COMMAND: Command`, and add its line to [`ALL`].

use crate::command::{Command, Flag};

pub mod annotate;
pub mod api;
pub mod apply;
pub mod auth;
pub mod autoscale;
pub mod certificate;
pub mod cluster_info;
pub mod completion;
pub mod config;
pub mod cp;
pub mod create;
pub mod debug;
pub mod delete;
pub mod describe;
pub mod diff;
pub mod drain;
pub mod edit;
pub mod events;
pub mod exec;
pub mod explain;
pub mod expose;
pub mod get;
pub mod kustomize;
pub mod label;
pub mod logs;
pub mod misc;
pub mod patch;
pub mod port_forward;
pub mod replace;
pub mod rollout;
pub mod run;
pub mod scale;
pub mod set;
pub mod taint;
pub mod top;
pub mod wait;

/// The commands, in the order in which `kubectl` lists them under their headings.
pub static ALL: &[&Command] = &[
    &create::COMMAND,
    &expose::COMMAND,
    &run::COMMAND,
    &set::COMMAND,
    &explain::COMMAND,
    &get::COMMAND,
    &edit::COMMAND,
    &delete::COMMAND,
    &rollout::COMMAND,
    &scale::COMMAND,
    &autoscale::COMMAND,
    &certificate::COMMAND,
    &cluster_info::COMMAND,
    &top::COMMAND,
    &drain::CORDON,
    &drain::UNCORDON,
    &drain::DRAIN,
    &taint::COMMAND,
    &describe::COMMAND,
    &logs::COMMAND,
    &exec::ATTACH,
    &exec::EXEC,
    &port_forward::COMMAND,
    &misc::PROXY,
    &cp::COMMAND,
    &auth::COMMAND,
    &debug::COMMAND,
    &events::COMMAND,
    &diff::COMMAND,
    &apply::COMMAND,
    &patch::COMMAND,
    &replace::COMMAND,
    &wait::COMMAND,
    &kustomize::COMMAND,
    &label::COMMAND,
    &annotate::COMMAND,
    &completion::COMMAND,
    &api::RESOURCES,
    &api::VERSIONS,
    &config::COMMAND,
    &misc::ALPHA,
    &misc::KUBERC,
    &misc::PLUGIN,
    &misc::VERSION,
    &misc::OPTIONS,
];

pub const BEGINNER: &str = "Basic Commands (Beginner):";
pub const INTERMEDIATE: &str = "Basic Commands (Intermediate):";
pub const DEPLOY: &str = "Deploy Commands:";
pub const CLUSTER: &str = "Cluster Management Commands:";
pub const TROUBLE: &str = "Troubleshooting and Debugging Commands:";
pub const ADVANCED: &str = "Advanced Commands:";
pub const SETTINGS: &str = "Settings Commands:";
pub const OTHER: &str = "Other Commands:";

/// The headings, in order.
pub const GROUPS: &[&str] = &[
    BEGINNER,
    INTERMEDIATE,
    DEPLOY,
    CLUSTER,
    TROUBLE,
    ADVANCED,
    SETTINGS,
    OTHER,
];

pub const FILES: &[Flag] = &[
    Flag::list(
        "filename",
        "Files, folders or - for standard input that hold the objects.",
    )
    .short('f'),
    Flag::text(
        "kustomize",
        "Process the kustomization directory. Cannot be used together with -f or -R.",
    )
    .short('k'),
    Flag::bool(
        "recursive",
        "Process the directory used in -f, --filename recursively.",
    )
    .short('R'),
];
pub const OUTPUT: &[Flag] = &[
    Flag::text(
        "output",
        "Output format: json, yaml, kyaml, name, go-template, jsonpath and their file forms.",
    )
    .short('o'),
    Flag::text(
        "template",
        "Template string or path to template file to use with go-template.",
    ),
    Flag::bool(
        "show-managed-fields",
        "If true, keep the managedFields when printing objects in JSON or YAML format.",
    ),
    Flag::bool(
        "allow-missing-template-keys",
        "If true, ignore missing fields in templates.",
    )
    .or("true"),
];
pub const DRY_RUN: &[Flag] = &[
    Flag::text("dry-run", "Must be \"none\", \"server\", or \"client\". With client only print the object that would be sent, with server send it without persisting.").or("none").bare("unchanged"),
];
pub const SELECTOR: &[Flag] = &[Flag::text(
    "selector",
    "Label selector to filter on, supports '=', '==', '!=', 'in', 'notin'.",
)
.short('l')];
pub const FIELDS: &[Flag] = &[Flag::text(
    "field-selector",
    "Field selector to filter on, supports '=', '==', and '!='.",
)];
pub const ALL_FLAG: &[Flag] = &[Flag::bool(
    "all",
    "Select all resources in the namespace of the specified resource types.",
)];
pub const ALL_NAMESPACES: &[Flag] =
    &[Flag::bool("all-namespaces", "If present, do it across all namespaces.").short('A')];
pub const RECORD: &[Flag] = &[Flag::bool(
    "record",
    "Record current kubectl command in the resource annotation.",
)
.deprecated("--record will be removed in the future")];
/// `--field-manager`, whose default is the command's own name.
pub const fn manager(default: &'static str) -> [Flag; 1] {
    [Flag::text(
        "field-manager",
        "Name of the manager used to track field ownership.",
    )
    .or(default)]
}
/// `--windows-line-endings`: how the file in the editor ends its lines.
pub const LINE_ENDINGS: &[Flag] = &[Flag::bool(
    "windows-line-endings",
    "Whether the file in the editor ends its lines as on Windows.",
)];
/// `-f` alone, and `-R` where folders are always read to their depth.
pub const FILE: &[Flag] = &[FILES[0]];
pub const FILES_DEEP: &[Flag] = &[FILES[0], FILES[2].or("true")];
/// What becomes of an object that is deleted on the way.
pub const DELETION: &[Flag] = &[
    Flag::text(
        "cascade",
        "Must be \"background\", \"orphan\", or \"foreground\". What becomes of dependents.",
    )
    .or("background")
    .bare("background"),
    Flag::bool(
        "force",
        "If true, delete and make anew what cannot be changed.",
    ),
    Flag::int(
        "grace-period",
        "-1",
        "Seconds given to the resource to terminate gracefully; ignored if negative.",
    ),
    Flag::duration(
        "timeout",
        "0s",
        "How long to wait before giving up on a delete; zero derives it from the object.",
    ),
    Flag::bool(
        "wait",
        "If true, wait for resources to be gone before returning.",
    ),
];
pub const DETACH: &[Flag] = &[Flag::text(
    "detach-keys",
    "Override the key sequence for detaching a container.",
)
.or("ctrl-p,ctrl-q")];
pub const VALIDATE: &[Flag] = &[Flag::text(
    "validate",
    "Must be one of: strict (or true), warn, ignore (or false).",
)
.or("strict")
.bare("strict")];
pub const SAVE_CONFIG: &[Flag] = &[Flag::bool(
    "save-config",
    "If true, the configuration of current object will be saved in its annotation.",
)];
