//! What the tree is made of.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::path::{FileKind, Stat};

#[derive(Clone, Debug, Default)]
pub(super) struct Dir {
    pub entries: BTreeMap<String, Node>,
    pub mtime_ms: i64,
    pub mode: u32,
    pub changes: u64,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Dir(Rc<Dir>),
    File(Rc<File>),
    Link(Rc<str>),
}

#[derive(Clone, Debug)]
pub(super) struct File {
    pub data: Rc<Vec<u8>>,
    pub mtime_ms: i64,
    pub mode: u32,
    pub changes: u64,
}

/// A sub-tree lifted out of a file system: how volumes travel between containers.
#[derive(Clone, Debug)]
pub struct Tree(pub(super) Node);

impl Tree {
    pub fn empty() -> Tree {
        Tree(Node::Dir(Rc::new(Dir {
            mode: 0o755,
            ..Dir::default()
        })))
    }

    /// How many bytes its files hold.
    pub fn bytes(&self) -> u64 {
        fn of(node: &Node) -> u64 {
            match node {
                Node::Dir(dir) => dir.entries.values().map(of).sum(),
                Node::File(file) => file.data.len() as u64,
                Node::Link(_) => 0,
            }
        }
        of(&self.0)
    }

    /// Whether both are the very same tree (a pointer comparison; never a deep one).
    pub fn same(&self, other: &Tree) -> bool {
        match (&self.0, &other.0) {
            (Node::Dir(a), Node::Dir(b)) => Rc::ptr_eq(a, b),
            (Node::File(a), Node::File(b)) => Rc::ptr_eq(a, b),
            (Node::Link(a), Node::Link(b)) => a == b,
            _ => false,
        }
    }
}

impl Node {
    pub fn stat(&self) -> Stat {
        match self {
            Node::Dir(dir) => Stat {
                kind: FileKind::Dir,
                size: 4096,
                mtime_ms: dir.mtime_ms,
                mode: dir.mode,
                changes: dir.changes,
            },
            Node::File(file) => Stat {
                kind: FileKind::File,
                size: file.data.len() as u64,
                mtime_ms: file.mtime_ms,
                mode: file.mode,
                changes: file.changes,
            },
            Node::Link(target) => Stat {
                kind: FileKind::Link,
                size: target.len() as u64,
                mtime_ms: 0,
                mode: 0o777,
                changes: 0,
            },
        }
    }
}
