//! The text tools that every machine has: cat, grep, sed, sort, ls and their sisters.
//!
//! The real ones are coreutils, grep and sed. Each tool here is a resumable value: `poll` does a
//! bounded piece of work and says what it waits for, so `kubectl logs -f web | grep error` streams,
//! and a pipeline in a container can be cloned in the middle. Messages are coreutils'.
//!
//! Layout: `TOOLS` is the one list; `input` reads lines from files and standard input, `options`
//! reads flags; the other files hold the tools, by what they work on.

mod archive;
mod awk;
mod bytes;
mod columns;
pub mod date;
mod diff;
mod files;
mod find;
mod flow;
mod gather;
mod grep;
mod input;
mod lines;
mod ls;
mod options;
mod paths;
mod running;
mod sed;
mod sort;
mod system;
mod view;

use std::fmt;
use std::rc::Rc;

use crate::fs::{Fs, resolve};
use crate::machine::{Env, Pid, StdinRead};

/// What a tool says after a piece of work.
#[derive(Clone, Debug)]
pub enum Poll {
    /// Did some work; call again.
    Again,
    /// Standard input has nothing yet.
    NeedInput,
    Sleep(i64),
    /// Run a program and come back with `child_status` set.
    Run {
        argv: Vec<String>,
        deadline_ms: Option<i64>,
        null_stdin: bool,
    },
    /// Become this program.
    Exec {
        argv: Vec<String>,
        env: Rc<Env>,
    },
    Done(i32),
}

/// A tool that is at work.
pub trait Tool: CloneTool + fmt::Debug {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll;
}

pub trait CloneTool {
    fn clone_tool(&self) -> Box<dyn Tool>;
}

impl<T: Tool + Clone + 'static> CloneTool for T {
    fn clone_tool(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Tool> {
    fn clone(&self) -> Box<dyn Tool> {
        (**self).clone_tool()
    }
}

/// What the machine does for a tool.
pub trait ToolIo {
    fn read(&mut self, fs: &Fs, most: usize) -> StdinRead;
    fn processes(&self) -> Vec<(Pid, String)>;
    fn random(&mut self) -> u64;
}

/// What a tool works with.
pub struct Cx<'a> {
    pub args: &'a [String],
    pub env: &'a Env,
    pub cwd: &'a str,
    pub fs: &'a mut Fs,
    pub now_ms: i64,
    pub tty_out: bool,
    pub columns: usize,
    pub io: &'a mut dyn ToolIo,
    pub child_status: Option<i32>,
    /// Written so far: descriptor 1 or 2, and bytes.
    pub written: Vec<(u8, Vec<u8>)>,
    /// Complains in busybox's words instead of coreutils'.
    pub busybox: bool,
}

/// A complaint of coreutils as busybox words it.
fn busybox_words(tool: &str, text: &str) -> String {
    let quoted = |start: &str| {
        text.strip_prefix(start)
            .and_then(|rest| rest.split_once("': "))
    };
    for start in ["cannot access '", "cannot touch '"] {
        if let Some((file, error)) = quoted(start) {
            return format!("{file}: {error}");
        }
    }
    if let Some((file, error)) = text
        .strip_prefix("cannot open '")
        .and_then(|rest| rest.split_once("' for reading: "))
    {
        return if tool == "tail" {
            format!("can't open '{file}': {error}")
        } else {
            format!("{file}: {error}")
        };
    }
    if let Some((file, error)) = quoted("cannot create regular file '") {
        return format!("can't create '{file}': {error}");
    }
    if let (Some((file, error)), "mv") = (quoted("cannot stat '"), tool) {
        return format!("can't rename '{file}': {error}");
    }
    if let Some(rest) = text
        .strip_prefix("cannot read: ")
        .or_else(|| text.strip_prefix("can't read "))
    {
        return rest.to_owned();
    }
    match (tool, text.split_once(": ")) {
        ("cat" | "md5sum" | "sha256sum", Some((file, error))) if !file.contains('\'') => {
            format!("can't open '{file}': {error}")
        }
        _ => text.replacen("cannot ", "can't ", 1),
    }
}

impl Cx<'_> {
    pub fn name(&self) -> &str {
        self.args.first().map_or("", String::as_str)
    }

    pub fn out(&mut self, text: &str) {
        self.write(1, text.as_bytes());
    }

    pub fn write(&mut self, fd: u8, bytes: &[u8]) {
        match self.written.last_mut() {
            Some((last, buffer)) if *last == fd => buffer.extend_from_slice(bytes),
            _ => self.written.push((fd, bytes.to_vec())),
        }
    }

    /// `NAME: message`, on standard error.
    pub fn complain(&mut self, message: impl fmt::Display) {
        let mut message = message.to_string();
        if self.busybox {
            message = busybox_words(self.name(), &message);
        }
        let text = format!("{}: {message}\n", self.name());
        self.write(2, text.as_bytes());
    }

    pub fn path(&self, path: &str) -> String {
        resolve(self.cwd, path)
    }

    fn read(&mut self, most: usize) -> StdinRead {
        self.io.read(self.fs, most)
    }
}

/// How a tool begins: done at once, or a value that goes on.
enum Start {
    Once(fn(&mut Cx<'_>) -> i32),
    Stream(fn(&mut Cx<'_>) -> Result<Box<dyn Tool>, i32>),
}

pub struct ToolDef {
    pub name: &'static str,
    pub summary: &'static str,
    start: Start,
}

const fn once(name: &'static str, summary: &'static str, run: fn(&mut Cx<'_>) -> i32) -> ToolDef {
    ToolDef {
        name,
        summary,
        start: Start::Once(run),
    }
}

const fn stream(
    name: &'static str,
    summary: &'static str,
    start: fn(&mut Cx<'_>) -> Result<Box<dyn Tool>, i32>,
) -> ToolDef {
    ToolDef {
        name,
        summary,
        start: Start::Stream(start),
    }
}

pub const TOOLS: &[ToolDef] = &[
    stream(
        "awk",
        "pick and compute with the fields of lines",
        awk::start,
    ),
    stream("base64", "encode or decode base64", bytes::base64),
    once("basename", "strip the folder from a path", paths::basename),
    stream("cat", "print files", view::cat),
    once("chmod", "change the mode of files", files::chmod),
    once("chown", "change the owner of files", files::chown),
    stream("cmp", "compare files byte by byte", gather::cmp),
    stream("comm", "compare sorted files line by line", gather::comm),
    stream("column", "put text into columns", columns::column),
    once("cp", "copy files", files::cp),
    stream("cut", "print parts of lines", lines::cut),
    once("date", "print the (virtual) date", date::date),
    once("dd", "copy and make files by blocks", archive::dd),
    once("df", "print disk space", system::df),
    once("diff", "compare files line by line", diff::diff),
    once("dirname", "strip the last name from a path", paths::dirname),
    once("du", "print the size of folders", paths::du),
    stream("egrep", "grep -E", grep::start),
    stream("env", "print or change the environment", running::env),
    stream(
        "envsubst",
        "put the environment into a text",
        gather::envsubst,
    ),
    once("expr", "evaluate an expression", system::expr),
    stream("fgrep", "grep -F", grep::start),
    stream("find", "search for files", find::start),
    once("free", "print memory", system::free),
    stream("fold", "wrap long lines", lines::fold),
    stream("grep", "print lines that match a pattern", grep::start),
    stream("gunzip", "unpack gzip files", gather::gzip),
    stream("gzip", "pack files as gzip", gather::gzip),
    stream("head", "print the first lines", view::head),
    once(
        "hostname",
        "print the name of this machine",
        system::hostname,
    ),
    stream("hexdump", "print bytes as numbers", gather::hexdump),
    once("id", "print who you are, with numbers", system::id),
    once("install", "copy files and set their mode", archive::install),
    stream("join", "join sorted files by a field", gather::join),
    stream(
        "less",
        "print files (the terminal scrolls by itself)",
        view::cat,
    ),
    once("ln", "make a symbolic link", files::ln),
    once("ls", "list files", ls::ls),
    stream("md5sum", "print MD5 sums", bytes::sum),
    once("mkdir", "make folders", files::mkdir),
    once(
        "mktemp",
        "make a new file with a name of its own",
        paths::mktemp,
    ),
    stream(
        "more",
        "print files (the terminal scrolls by itself)",
        view::cat,
    ),
    once("mv", "move or rename files", files::mv),
    stream("nl", "number lines", lines::nl),
    stream(
        "nohup",
        "run a program that outlives its terminal",
        running::nohup,
    ),
    once("nproc", "print the number of processors", system::nproc),
    stream("paste", "join lines of files", columns::paste),
    stream("pgrep", "find processes by name", running::pgrep),
    stream("pkill", "signal processes by name", running::pgrep),
    once("printenv", "print environment variables", system::printenv),
    once("ps", "list processes", system::ps),
    once("readlink", "print where a link leads", paths::readlink),
    once("realpath", "print a path without links", paths::realpath),
    stream("rev", "turn lines round", lines::rev),
    once("rm", "remove files", files::rm),
    once("rmdir", "remove empty folders", files::rmdir),
    stream("sed", "edit a stream of lines", sed::start),
    once("seq", "print numbers", lines::seq),
    stream("sha256sum", "print SHA-256 sums", bytes::sum),
    stream("shuf", "print lines in random order", sort::shuf),
    stream("sleep", "wait for some (virtual) seconds", running::sleep),
    stream("sort", "sort lines", sort::start),
    stream("split", "cut a file into pieces", gather::split),
    once("stat", "print what is known about files", paths::stat),
    stream(
        "stdbuf",
        "run a program with another buffering",
        running::stdbuf,
    ),
    once("sync", "flush file systems", |_| 0),
    stream("tac", "print lines backwards", lines::tac),
    stream("tail", "print the last lines", view::tail),
    stream("tar", "pack and unpack archives", archive::tar),
    stream("tee", "copy input to files too", flow::tee),
    stream("time", "tell how long a program takes", running::time),
    stream(
        "timeout",
        "run a program with a time limit",
        running::timeout,
    ),
    once(
        "touch",
        "make files, or give them the present time",
        files::touch,
    ),
    stream("tr", "replace or delete characters", bytes::tr),
    once("tree", "show folders as a tree", ls::tree),
    once("truncate", "set the size of files", archive::truncate),
    once("tty", "print the terminal's name", system::tty),
    once("uname", "print the system's name", system::uname),
    stream("uniq", "drop repeated lines", lines::uniq),
    once(
        "uptime",
        "print how long the machine has run",
        system::uptime,
    ),
    stream("wc", "count lines, words and bytes", flow::wc),
    once("which", "print where a program is", system::which),
    once("whoami", "print who you are", system::whoami),
    stream(
        "xargs",
        "run a program with arguments from input",
        running::xargs,
    ),
    stream("xxd", "print bytes as numbers", gather::hexdump),
    stream("yes", "print y for ever", flow::yes),
    stream("zcat", "print packed files", gather::gzip),
];

pub fn find(name: &str) -> Option<&'static ToolDef> {
    TOOLS.iter().find(|tool| tool.name == name)
}

/// Whether the machine itself has a program of this name.
pub fn is_program(name: &str) -> bool {
    find(name).is_some() || ["sh", "bash"].contains(&name)
}

impl ToolDef {
    pub(crate) fn start(&'static self) -> Box<dyn Tool> {
        Box::new(Running {
            def: self,
            tool: None,
        })
    }
}

/// A tool that reads its arguments when it is polled for the first time.
#[derive(Clone)]
struct Running {
    def: &'static ToolDef,
    tool: Option<Box<dyn Tool>>,
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:?})", self.def.name, self.tool)
    }
}

impl Tool for Running {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        if let Some(tool) = &mut self.tool {
            return tool.poll(cx);
        }
        match self.def.start {
            Start::Once(run) => Poll::Done(run(cx)),
            Start::Stream(start) => match start(cx) {
                Ok(tool) => {
                    self.tool = Some(tool);
                    Poll::Again
                }
                Err(status) => Poll::Done(status),
            },
        }
    }
}
