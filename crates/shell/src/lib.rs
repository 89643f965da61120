//! A small POSIX shell and the file system below it: resumable, deterministic, plain data.
//!
//! Used twice: on the learner's machine, with async programs such as kubectl, and inside simulated
//! containers, where a running script is part of the cluster's value and is cloned with it.
//! Knows no Kubernetes.
//!
//! Layout, in reading order:
//! - `fs`, `glob`: the file system and shell patterns
//! - `syntax`: text to syntax tree
//! - `machine`: the interpreter, its processes and pipes
//! - `filters`: the text tools (grep, sed, sort, ls, ...); `regex` is the crate `pattern`
//! - `program`, `terminal`: async programs, and one interactive session
//! - `lineedit`, `complete`, `width`: typing
//! - `http_tools`, `dig`: the command lines of curl, wget, nc and dig, without any network

pub mod complete;
pub mod dig;
pub mod filters;
pub mod fs;
pub mod glob;
pub mod http_tools;
pub mod lineedit;
pub mod machine;
pub mod program;
pub mod syntax;
pub mod terminal;
pub mod width;

pub use pattern as regex;

pub use fs::{Fs, FsError};
pub use machine::{Env, Host, Machine, Pid, Progress, Signal};
pub use program::{Candidate, CompletionRequest, Ctx, LocalBoxFuture, Program};
pub use terminal::Terminal;
