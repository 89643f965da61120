//! What Tab offers: commands, subcommands, flags, types, names, namespaces, containers, contexts.

use crate::command::{Command, Complete, Flag};
use crate::flags::{self, GLOBAL};
use crate::{ROOT, config, forms};
use machinery::Arrange;
use machinery::{Accept, Api, Request, Response, Value};
use shell::{Candidate, CompletionRequest};
use std::rc::Rc;

/// What `-o` takes: the first three only where there are tables.
const FORMATS: &[&str] = &[
    "custom-columns=",
    "custom-columns-file=",
    "wide",
    "go-template=",
    "go-template-file=",
    "json",
    "jsonpath=",
    "jsonpath-as-json=",
    "jsonpath-file=",
    "kyaml",
    "name",
    "yaml",
];

/// Candidates for the word being typed.
pub fn complete(request: &CompletionRequest, api: &Rc<dyn Api>) -> Vec<Candidate> {
    let words: Vec<String> = request.words.iter().skip(1).cloned().collect();
    let (way, rest) = flags::find(&ROOT, &words);
    let command = way.last().copied().unwrap_or(&ROOT);
    let at = At {
        request,
        api,
        command,
        rest: &rest,
    };
    let current = request.current.as_str();
    if words.iter().any(|w| w == "--") {
        return Vec::new();
    }
    let mut out = match at.flag_wanting_value() {
        Some(flag) => at.values(flag, current),
        None if current.starts_with('-') => at.flags(current),
        None if !command.subs.is_empty() && at.args().is_empty() => subcommands(command),
        None => at.arguments(current),
    };
    out.retain(|c| c.text.starts_with(current));
    out.arrange_by(|a, b| a.text.cmp(&b.text));
    out.dedup_by(|a, b| a.text == b.text);
    out
}

fn subcommands(command: &Command) -> Vec<Candidate> {
    let subs = command.subs.iter();
    subs.map(|c| Candidate::described(c.name, c.short))
        .collect()
}

struct At<'a> {
    request: &'a CompletionRequest,
    api: &'a Rc<dyn Api>,
    command: &'static Command,
    /// The words behind the command's name.
    rest: &'a [String],
}

impl At<'_> {
    fn all_flags(&self) -> impl Iterator<Item = &'static Flag> + use<> {
        self.command.own_flags().chain(GLOBAL.iter())
    }
    /// The flag whose value is being typed as a word of its own.
    fn flag_wanting_value(&self) -> Option<&'static Flag> {
        let last = self.rest.last()?;
        self.all_flags().find(|f| {
            f.bare.is_empty()
                && (last.strip_prefix("--") == Some(f.long)
                    || (f.short != '\0' && last == &format!("-{}", f.short)))
        })
    }
    fn args(&self) -> Vec<String> {
        flags::parse(self.command, self.rest)
            .map(|p| p.args)
            .unwrap_or_default()
    }
    fn given(&self, long: &str) -> Option<String> {
        let parsed = flags::parse(self.command, self.rest).ok()?;
        parsed
            .given
            .into_iter()
            .rev()
            .find(|(k, _)| *k == long)
            .map(|(_, v)| v)
    }
    fn flags(&self, current: &str) -> Vec<Candidate> {
        if let Some((name, value)) = current.split_once('=') {
            let flag = self
                .all_flags()
                .find(|f| name.strip_prefix("--") == Some(f.long));
            return flag.map_or(Vec::new(), |f| {
                let mut out = self.values(f, value);
                for c in &mut out {
                    c.text = format!("{name}={}", c.text);
                }
                out
            });
        }
        self.all_flags()
            .map(|f| {
                let eq = if f.bare.is_empty() { "=" } else { "" };
                Candidate::described(format!("--{}{eq}", f.long), f.help)
            })
            .collect()
    }
    fn values(&self, flag: &Flag, current: &str) -> Vec<Candidate> {
        let fixed = |words: &[&str]| words.iter().map(|w| Candidate::new(*w)).collect();
        match flag.long {
            "namespace" => self.names("namespaces", ""),
            "output" => fixed(match self.command.name {
                "get" => FORMATS,
                "version" | "view-last-applied" => &["json", "yaml"],
                "explain" => &["plaintext", "plaintext-openapiv2"],
                "delete" | "get-contexts" => &["name"],
                "api-resources" => &["json", "kyaml", "name", "wide", "yaml"],
                _ => FORMATS.get(3..).unwrap_or(FORMATS),
            }),
            "dry-run" => fixed(&["client", "none", "server"]),
            "cascade" => fixed(&["background", "foreground", "orphan"]),
            "restart" => fixed(&["Always", "Never", "OnFailure"]),
            "context" => self.entries("contexts"),
            "cluster" => self.entries("clusters"),
            "user" if self.command.name != "subject" && !self.command.name.ends_with("binding") => {
                self.entries("users")
            }
            "clusterrole" => self.names("clusterroles", ""),
            "role" => self.names("roles", ""),
            "from" if self.command.name == "job" => self.names("cronjobs", "cronjob/"),
            "image-pull-policy" => fixed(&["Always", "IfNotPresent", "Never"]),
            "validate" => fixed(&["ignore", "strict", "warn"]),
            "preemption-policy" => fixed(&["Never", "PreemptLowerPriority"]),
            "session-affinity" => fixed(&["ClientIP", "None"]),
            "override-type" => fixed(&["json", "merge", "strategic"]),
            "profile" if self.command.name == "debug" => {
                fixed(&["baseline", "general", "netadmin", "restricted", "sysadmin"])
            }
            "types" => fixed(&["Normal", "Warning"]),
            "subresource" => fixed(&["resize", "scale", "status"]),
            "for" if self.command.name == "wait" => {
                fixed(&["condition=", "create", "delete", "jsonpath="])
            }
            "sort-by" if self.command.name == "api-resources" => fixed(&["kind", "name"]),
            "sort-by" if ["node", "pod"].contains(&self.command.name) => fixed(&["cpu", "memory"]),
            "serviceaccount" if self.command.name != "subject" => self.names("serviceaccounts", ""),
            "container" => self.containers(),
            "filename" | "kustomize" | "from-file" | "from-env-file" => self.files(current),
            "type" if self.command.name == "expose" => {
                fixed(&["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"])
            }
            "type" if self.command.name == "patch" => fixed(&["json", "merge", "strategic"]),
            _ => Vec::new(),
        }
    }
    fn arguments(&self, current: &str) -> Vec<Candidate> {
        let args = self.args();
        match self.command.complete {
            Complete::Nothing => Vec::new(),
            Complete::Contexts if args.is_empty() => self.entries("contexts"),
            Complete::Clusters if args.is_empty() => self.entries("clusters"),
            Complete::Users if args.is_empty() => self.entries("users"),
            Complete::Words(words) if args.is_empty() => {
                words.iter().map(|w| Candidate::new(*w)).collect()
            }
            Complete::Contexts | Complete::Clusters | Complete::Users | Complete::Words(_) => {
                Vec::new()
            }
            Complete::Kinds(kinds) => match (args.first(), current.split_once('/')) {
                (_, Some((kind, _))) => self.names(kind, &format!("{kind}/")),
                (None, None) => kinds.iter().map(|w| Candidate::new(*w)).collect(),
                (Some(kind), None) if !kind.contains('/') => {
                    self.untyped(self.names(kind, ""), &args)
                }
                _ => Vec::new(),
            },
            Complete::Types => self.types(),
            Complete::Names(kind) => match current.split_once('/') {
                Some((kind, _)) => self.names(kind, &format!("{kind}/")),
                None if args.is_empty() || self.several() => {
                    self.untyped(self.names(kind, ""), &args)
                }
                None => Vec::new(),
            },
            Complete::Resources => match (args.first(), current.split_once('/')) {
                (_, Some((kind, _))) => self.names(kind, &format!("{kind}/")),
                (None, None) => self.types(),
                (Some(kind), None) if !kind.contains('/') => {
                    self.untyped(self.names(kind, ""), &args)
                }
                _ => Vec::new(),
            },
        }
    }
    /// Commands that take many names.
    fn several(&self) -> bool {
        ["cordon", "uncordon", "drain", "approve", "deny"].contains(&self.command.name)
    }
    /// Without what stands there already.
    fn untyped(&self, mut out: Vec<Candidate>, args: &[String]) -> Vec<Candidate> {
        out.retain(|c| !args.contains(&c.text));
        out
    }
    fn ask(&self, request: Request) -> Value {
        match self.api.request(request) {
            Response::Ok { body, .. } => body,
            _ => Value::Null,
        }
    }
    /// All resources, as (plural, short names, path without namespace part).
    fn resources(&self) -> Vec<(String, Vec<String>, String, bool, bool)> {
        let mut out = Vec::new();
        for root in ["/api", "/apis"] {
            let doc = self.ask(Request::get(root).accept(Accept::Discovery));
            for group in doc.get("items").items() {
                for version in group.get("versions").items() {
                    let base = match group.text("metadata.name") {
                        "" => format!("/api/{}", version.text("version")),
                        g => format!("/apis/{g}/{}", version.text("version")),
                    };
                    for r in version.get("resources").items() {
                        let short = r.get("shortNames").items().iter();
                        let mut names: Vec<String> = short
                            .filter_map(|s| s.as_str().map(str::to_string))
                            .collect();
                        names.push(r.text("singularResource").to_string());
                        let lists = r
                            .get("verbs")
                            .items()
                            .iter()
                            .any(|v| v.as_str() == Some("list"));
                        out.push((
                            r.text("resource").to_string(),
                            names,
                            base.clone(),
                            r.text("scope") == "Namespaced",
                            lists,
                        ));
                    }
                }
            }
        }
        out
    }
    fn types(&self) -> Vec<Candidate> {
        let all = self.resources().into_iter().filter(|r| r.4);
        all.map(|r| Candidate::new(r.0)).collect()
    }
    fn namespace(&self) -> String {
        self.given("namespace")
            .or_else(|| {
                let config = self.config();
                let context = config.text("current-context").to_string();
                let entry = config::entry(&config, "contexts", &context)?.clone();
                Some(entry.text("context.namespace").to_string()).filter(|n| !n.is_empty())
            })
            .unwrap_or_else(|| "default".into())
    }
    fn config(&self) -> Value {
        let home = self.request.env.get("HOME").cloned().unwrap_or_default();
        let path = format!("{home}/.kube/config");
        let text = self
            .request
            .fs
            .borrow()
            .read_text(&path)
            .unwrap_or_default();
        forms::parse_one(&text).unwrap_or_default()
    }
    fn entries(&self, list: &str) -> Vec<Candidate> {
        let config = self.config();
        let entries = config.get(list).items().iter();
        entries.map(|c| Candidate::new(c.text("name"))).collect()
    }
    /// The names of a type's objects.
    fn names(&self, kind: &str, prefix: &str) -> Vec<Candidate> {
        let all = self.resources();
        let Some((plural, _, base, namespaced, _)) = all
            .iter()
            .find(|r| r.0 == kind || r.1.iter().any(|n| n == kind))
        else {
            return Vec::new();
        };
        let path = if *namespaced {
            format!("{base}/namespaces/{}/{plural}", self.namespace())
        } else {
            format!("{base}/{plural}")
        };
        let list = self.ask(Request::get(path).accept(Accept::Metadata));
        let items = list.get("items").items().iter();
        items
            .map(|o| Candidate::new(format!("{prefix}{}", o.text("metadata.name"))))
            .collect()
    }
    fn containers(&self) -> Vec<Candidate> {
        let args = self.args();
        let Some(pod) = args.iter().find(|a| *a != "pod" && *a != "pods") else {
            return Vec::new();
        };
        let pod = pod.rsplit('/').next().unwrap_or(pod);
        let path = format!("/api/v1/namespaces/{}/pods/{pod}", self.namespace());
        let pod = self.ask(Request::get(path));
        let all = [
            "spec.containers",
            "spec.initContainers",
            "spec.ephemeralContainers",
        ];
        all.iter()
            .flat_map(|p| pod.at(p).items())
            .map(|c| Candidate::new(c.text("name")))
            .collect()
    }
    fn files(&self, current: &str) -> Vec<Candidate> {
        let (folder, _) = current.rsplit_once('/').unwrap_or(("", current));
        let full = shell::fs::resolve(
            &self.request.cwd,
            if folder.is_empty() { "." } else { folder },
        );
        let fs = self.request.fs.borrow();
        let names = fs.list(&full).unwrap_or_default();
        let shown = |name: String| {
            let slash = if fs.is_dir(&format!("{full}/{name}")) {
                "/"
            } else {
                ""
            };
            match folder {
                "" => Candidate::new(format!("{name}{slash}")),
                f => Candidate::new(format!("{f}/{name}{slash}")),
            }
        };
        names
            .into_iter()
            .filter(|n| !n.starts_with('.'))
            .map(shown)
            .collect()
    }
}
