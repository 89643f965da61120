//! The text tools that every machine has: cat, grep, sed, sort, ls and their sisters.
//!
//! The real ones are coreutils, grep and sed. Each tool here is a resumable value: `poll` does a
//! bounded piece of work and says what it waits for, so `kubectl logs -f web | grep error` streams,
//! and a pipeline in a container can be cloned in the middle. Messages are coreutils'.

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
    Run { argv: Vec<String>, deadline_ms: Option<i64>, null_stdin: bool },
    /// Become this program.
    Exec { argv: Vec<String>, env: Rc<Env> },
    Done(i32),
}

/// A tool that is at work.
pub trait Tool: CloneTool + std::fmt::Debug {
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
}
