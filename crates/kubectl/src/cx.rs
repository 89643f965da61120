//! What a running command has at hand: its flags and arguments, the terminal, the file system, the cluster.

use crate::command::Command;
use crate::config::{self, Config};
use crate::discovery::Mapper;
use crate::fail::{Fail, text};
use crate::flags::{self, Parsed};
use crate::host::Ctx;
use machinery::Arrange;
use machinery::{Api, Body, Cause, PatchType, Request, Response, Status, Trigger, User, Value};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Shared by all parts of one invocation; a clone is a pointer.
#[derive(Clone)]
pub struct Cx(Rc<Inner>);

pub struct Inner {
    pub host: Ctx,
    pub api: Rc<dyn Api>,
    /// From the root to the command that runs.
    pub way: Vec<&'static Command>,
    pub parsed: Parsed,
    /// The command as typed, for the cause of what it changes.
    typed: String,
    config: OnceCell<Result<Config, Fail>>,
    mapper: OnceCell<Rc<Mapper>>,
    warned: RefCell<BTreeSet<String>>,
    warnings: Cell<usize>,
    /// `-v=6` has said where the kubeconfig is.
    pub logged: Cell<bool>,
}

impl std::ops::Deref for Cx {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Cx {
    pub fn new(
        host: Ctx,
        api: Rc<dyn Api>,
        way: Vec<&'static Command>,
        parsed: Parsed,
        typed: String,
    ) -> Cx {
        Cx(Rc::new(Inner {
            host,
            api,
            way,
            parsed,
            typed,
            config: OnceCell::new(),
            mapper: OnceCell::new(),
            warned: RefCell::default(),
            warnings: Cell::new(0),
            logged: Cell::new(false),
        }))
    }
}

// Flags and arguments.
impl Inner {
    pub fn command(&self) -> &'static Command {
        self.way.last().copied().unwrap_or(&Command::NONE)
    }
    /// `kubectl create configmap`
    pub fn path(&self) -> String {
        path(&self.way)
    }
    pub fn args(&self) -> &[String] {
        &self.parsed.args
    }
    /// The arguments before `--`.
    pub fn before_dash(&self) -> &[String] {
        let n = self.parsed.dash.unwrap_or(self.parsed.args.len());
        self.parsed.args.get(..n).unwrap_or(&[])
    }
    /// The arguments after `--`.
    pub fn after_dash(&self) -> &[String] {
        self.parsed
            .dash
            .and_then(|n| self.parsed.args.get(n..))
            .unwrap_or(&[])
    }
    pub fn given(&self, flag: &str) -> bool {
        self.parsed.given.iter().any(|(k, _)| *k == flag)
    }
    /// The value of a flag, or its default; "" where the command has no such flag.
    pub fn flag(&self, flag: &str) -> &str {
        let given = self.parsed.given.iter().rev().find(|(k, _)| *k == flag);
        match given {
            Some((_, v)) => v,
            None => flags::lookup(self.command(), |f| f.long == flag).map_or("", |f| f.default),
        }
    }
    /// The value of a flag of every command; a command's own flag of the same name hides it.
    pub fn global(&self, flag: &str) -> &str {
        match self.command().own_flags().any(|f| f.long == flag) {
            true => "",
            false => self.flag(flag),
        }
    }
    pub fn on(&self, flag: &str) -> bool {
        flags::go_bool(self.flag(flag)).unwrap_or(false)
    }
    pub fn int(&self, flag: &str) -> i64 {
        self.flag(flag).parse().unwrap_or(0)
    }
    /// A duration flag in milliseconds.
    pub fn millis(&self, flag: &str) -> i64 {
        flags::duration(self.flag(flag)).unwrap_or(0)
    }
    /// All values of a repeatable flag, in the order given.
    pub fn list(&self, flag: &str) -> Vec<String> {
        let given: Vec<String> = self
            .parsed
            .given
            .iter()
            .filter(|(k, _)| *k == flag)
            .map(|(_, v)| v.clone())
            .collect();
        let default = flags::lookup(self.command(), |f| f.long == flag).map_or("", |f| f.default);
        if given.is_empty() && !default.is_empty() {
            return default.split(',').map(str::to_string).collect();
        }
        given
    }
    /// `--dry-run`, checked.
    pub fn dry_run(&self) -> Result<DryRun, Fail> {
        match self.flag("dry-run") {
            "" | "none" => Ok(DryRun::None),
            "client" => Ok(DryRun::Client),
            "server" => Ok(DryRun::Server),
            "unchanged" => {
                let words = "--dry-run is deprecated and can be replaced with --dry-run=client.";
                if self.warned.borrow_mut().insert(words.into()) {
                    self.err(format!("W: {words}\n"));
                }
                Ok(DryRun::Client)
            }
            other => match flags::go_bool(other) {
                Some(true) => Ok(DryRun::Client),
                Some(false) => Ok(DryRun::None),
                None => Err(text(format!(
                    "Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
                ))),
            },
        }
    }
    /// `kubectl apply --filename=x.yaml --record=true`: the command as `--record` remembers it.
    pub fn record_text(&self) -> String {
        let mut words = vec![self.path()];
        words.extend(self.parsed.args.iter().cloned());
        let mut given = self.parsed.given.clone();
        given.arrange_by_key(|(k, _)| *k);
        words.extend(given.iter().map(|(k, v)| format!("--{k}={v}")));
        words.join(" ")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DryRun {
    None,
    Client,
    Server,
}

impl DryRun {
    /// What a message ends with.
    pub fn suffix(self) -> &'static str {
        match self {
            DryRun::None => "",
            DryRun::Client => " (dry run)",
            DryRun::Server => " (server dry run)",
        }
    }
}

pub fn path(way: &[&'static Command]) -> String {
    let names: Vec<&str> = way.iter().map(|c| c.name).collect();
    names.join(" ")
}

// The terminal and the files.
impl Inner {
    pub fn out(&self, text: impl AsRef<str>) {
        self.host.out(text.as_ref());
    }
    pub fn err(&self, text: impl AsRef<str>) {
        self.host.err(text.as_ref());
    }
    pub fn line(&self, text: impl AsRef<str>) {
        self.host.out(&format!("{}\n", text.as_ref()));
    }
    pub fn warn(&self, text: impl AsRef<str>) {
        self.host.err(&format!("Warning: {}\n", text.as_ref()));
    }
    pub fn now(&self) -> i64 {
        self.host.now_ms()
    }
}

// The kubeconfig.
impl Inner {
    pub fn config(&self) -> Result<&Config, Fail> {
        self.config
            .get_or_init(|| config::load(self))
            .as_ref()
            .map_err(Clone::clone)
    }
    /// The namespace of this invocation.
    pub fn namespace(&self) -> Result<String, Fail> {
        match self.flag("namespace") {
            "" => Ok(self.config()?.namespace(self.flag("context"))),
            ns => Ok(ns.to_string()),
        }
    }
    /// Whether `-n` was given: then objects from files must agree.
    pub fn namespace_is_explicit(&self) -> bool {
        !self.flag("namespace").is_empty()
    }
    pub fn user(&self) -> Result<User, Fail> {
        let base = self.config()?.user(self)?;
        match self.flag("as") {
            "" if self.list("as-group").is_empty() => Ok(base),
            "" => Err(text(
                "requesting uid, groups or user-extra for  without impersonating a user",
            )),
            name => {
                let mut groups = self.list("as-group");
                if let Some(account) = name.strip_prefix("system:serviceaccount:")
                    && groups.is_empty()
                {
                    let ns = account.split(':').next().unwrap_or("");
                    groups.push("system:serviceaccounts".into());
                    groups.push(format!("system:serviceaccounts:{ns}"));
                }
                if name != "system:anonymous" {
                    groups.push("system:authenticated".into());
                }
                Ok(User {
                    name: name.to_string(),
                    groups,
                })
            }
        }
    }
}

// The cluster.
impl Inner {
    pub fn mapper(&self) -> Result<Rc<Mapper>, Fail> {
        if let Some(m) = self.mapper.get() {
            return Ok(m.clone());
        }
        let m = Rc::new(Mapper::ask(self)?);
        Ok(self.mapper.get_or_init(|| m).clone())
    }
    /// Forgets what was discovered: after a CustomResourceDefinition was made.
    pub fn fresh_mapper(&self) -> Result<Rc<Mapper>, Fail> {
        Ok(Rc::new(Mapper::ask(self)?))
    }
    /// Sends a request as this invocation's user; prints warnings and, with `-v`, the request.
    pub fn send(&self, request: Request) -> Result<Response, Fail> {
        let loud = true;
        self.send_quietly(request, loud)
    }
    pub(crate) fn send_quietly(&self, mut request: Request, loud: bool) -> Result<Response, Fail> {
        let config = self.config()?;
        let server = config.server(self);
        if server != config::SERVER {
            let host = server.split("://").last().unwrap_or("").to_string();
            let words = if host.starts_with("localhost") || host.starts_with("127.") {
                format!(
                    "The connection to the server {host} was refused - did you specify the right host or port?"
                )
            } else {
                let name = host.split(':').next().unwrap_or("");
                format!("Unable to connect to the server: dial tcp: lookup {name}: no such host")
            };
            return Err(Fail::Plain(words));
        }
        request.user = self.user()?;
        request.cause = Cause {
            actor: machinery::Str::lit("kubectl"),
            trigger: Trigger::Command(self.typed.clone()),
            reason: String::new(),
        };
        let level = self.int("v");
        if loud {
            crate::verbose::before(self, level, &server, &request);
        }
        let shown = (loud && level >= 6).then(|| request.clone());
        let response = self.api.request(request);
        if let Some(request) = shown {
            crate::verbose::after(self, level, &server, &request, &response);
        }
        if let Response::Ok { warnings, .. } | Response::Err { warnings, .. } = &response {
            for w in warnings {
                self.warnings.set(self.warnings.get() + 1);
                if self.warned.borrow_mut().insert(w.clone()) {
                    self.warn(w);
                }
            }
        }
        match response {
            Response::Err { status, .. } => Err(Fail::Status(status)),
            other => Ok(other),
        }
    }
    /// Sends a request that a document answers.
    pub fn ask(&self, request: Request) -> Result<Value, Fail> {
        self.send(request)?.value().map_err(Fail::Status)
    }
    pub fn get(&self, path: &str) -> Result<Value, Fail> {
        self.ask(Request::get(path))
    }
    pub fn post(&self, path: &str, body: Value) -> Result<Value, Fail> {
        self.ask(Request::new(machinery::Method::Post, path).body(body))
    }
    pub fn patch_request(path: &str, kind: PatchType, body: Value) -> Request {
        let mut r = Request::new(machinery::Method::Patch, path).body(body);
        r.patch = Some(kind);
        r
    }
    pub fn text_request(path: &str, kind: PatchType, body: String) -> Request {
        let mut r = Request::new(machinery::Method::Patch, path);
        r.body = Body::Text(body);
        r.patch = Some(kind);
        r
    }
    pub fn warnings_are_errors(&self) -> Result<(), Fail> {
        match self.warnings.get() {
            n if n > 0 && self.on("warnings-as-errors") => Err(text(format!(
                "{n} warning{} received",
                if n == 1 { "" } else { "s" }
            ))),
            _ => Ok(()),
        }
    }
}

/// A status of the client's own making: nobody answered.
pub fn unreachable(words: &str) -> Status {
    Status::new(0, "", words)
}
