//! Where each key and value of a document stands, for the editor: markers, hover, completion, "go to field".

use crate::Str;

/// A place in the file: line and column, both 1-based; columns count characters ([`Marks::utf16`] converts).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pos {
    pub line: usize,
    pub column: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub start: Pos,
    pub end: Pos,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Root,
    Key(Str),
    Index(usize),
}

/// A value of the document, in document order; a parent stands before its children.
#[derive(Clone, Debug)]
pub struct Node {
    pub parent: usize,
    pub step: Step,
    /// Where its key stands; None for list items and the root.
    pub key: Option<Span>,
    pub value: Span,
}

/// A key that stands twice in one map: the last wins.
#[derive(Clone, Debug, PartialEq)]
pub struct Duplicate {
    pub path: String,
    pub first: Span,
    pub again: Span,
}

#[derive(Clone, Debug, Default)]
pub struct Marks {
    pub nodes: Vec<Node>,
    pub duplicates: Vec<Duplicate>,
}

impl Marks {
    /// The node at a path as error messages write it: `spec.containers[0].image`, `metadata.labels[a.b/c]`.
    pub fn find(&self, path: &str) -> Option<&Node> {
        self.find_from(0, path)
    }

    /// The node at a path, or else its nearest ancestor that is there: where to mark a missing field.
    pub fn nearest(&self, path: &str) -> Option<&Node> {
        let mut path = path;
        loop {
            if let Some(n) = self.find(path) {
                return Some(n);
            }
            path = match path.rfind(['.', '[']) {
                Some(i) => path.get(..i)?,
                None => return self.nodes.first(),
            };
        }
    }

    fn find_from(&self, at: usize, path: &str) -> Option<&Node> {
        if path.is_empty() {
            return self.nodes.get(at);
        }
        let children = self.nodes.iter().enumerate().skip(at + 1);
        for (i, node) in children.filter(|(_, n)| n.parent == at && n.step != Step::Root) {
            if let Some(rest) = strip(&node.step, path)
                && let Some(found) = self.find_from(i, rest)
            {
                return Some(found);
            }
        }
        None
    }

    /// The path of a node, as error messages write it.
    pub fn path(&self, index: usize) -> String {
        let Some(node) = self.nodes.get(index) else {
            return String::new();
        };
        match &node.step {
            Step::Root => String::new(),
            Step::Index(i) => format!("{}[{i}]", self.path(node.parent)),
            Step::Key(k) => {
                let parent = self.path(node.parent);
                if parent.is_empty() {
                    k.to_string()
                } else {
                    format!("{parent}.{k}")
                }
            }
        }
    }

    /// The innermost node whose key or value covers a place.
    pub fn at(&self, pos: Pos) -> Option<usize> {
        let covers = |s: &Span| s.start <= pos && pos <= s.end;
        let node = |n: &Node| n.key.as_ref().is_some_and(covers) || covers(&n.value);
        self.nodes.iter().rposition(node)
    }

    /// The column in UTF-16 units, which is how browsers count, of a place in `text` (the whole file).
    pub fn utf16(text: &str, pos: Pos) -> usize {
        let line = text.split('\n').nth(pos.line.saturating_sub(1));
        let before = line
            .unwrap_or("")
            .chars()
            .take(pos.column.saturating_sub(1));
        1 + before.map(char::len_utf16).sum::<usize>()
    }
}

/// What is left of `path` after a step, if it starts with that step.
fn strip<'a>(step: &Step, path: &'a str) -> Option<&'a str> {
    let rest = match step {
        Step::Root => Some(path),
        Step::Index(i) => path.strip_prefix(format!("[{i}]").as_str()),
        Step::Key(k) => path
            .strip_prefix(k.as_str())
            .or_else(|| path.strip_prefix(format!("[{k}]").as_str())),
    }?;
    match rest.as_bytes().first() {
        None | Some(b'[') => Some(rest),
        Some(b'.') => rest.get(1..),
        Some(_) => None,
    }
}
