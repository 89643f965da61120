//! The file system: a tree in memory, shared by the shell, the programs and the editor.
//!
//! The real one is a kernel's VFS (Linux: `fs/namei.c`). This one is a value: `Clone` shares the
//! whole tree, a write copies only the folders on its path, so a snapshot for undo costs nothing
//! and ten thousand containers can start from one image. Every file carries a change counter by
//! which the editor learns that it was written.
//!
//! Left out: hard links, owners other than root, devices (the machine knows `/dev/null` itself),
//! permissions other than "this folder is mounted read-only".

mod node;
mod path;

use std::rc::Rc;

use crate::glob;
pub use node::Tree;
use node::{Dir, File, Node};
pub use path::{FileKind, FsError, Stat, name, parent, resolve};

/// More than this in one file is "No space left on device".
const MAX_FILE: usize = 16 << 20;
/// Symbolic links followed before "Too many levels of symbolic links".
const MAX_LINKS: usize = 16;
/// Folders below folders; keeps every walk of the tree bounded.
const MAX_DEPTH: usize = 64;

#[derive(Clone, Debug)]
pub struct Fs {
    root: Rc<Dir>,
    /// Grows with every change of anything; each change stamps the node that it touched.
    version: u64,
    now_ms: i64,
    read_only: Rc<Vec<String>>,
}

impl Default for Fs {
    fn default() -> Fs {
        Fs::new()
    }
}

impl Fs {
    pub fn new() -> Fs {
        let root = Rc::new(Dir {
            mode: 0o755,
            ..Dir::default()
        });
        Fs {
            root,
            version: 0,
            now_ms: 0,
            read_only: Rc::new(Vec::new()),
        }
    }

    /// The time that later writes are stamped with.
    pub fn set_now(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
    }

    /// Grows with every change of anything.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The change counter of one file; 0 if there is none.
    pub fn changes(&self, path: &str) -> u64 {
        self.stat(path).map_or(0, |stat| stat.changes)
    }

    /// Everything below `path` answers writes with "Read-only file system".
    pub fn set_read_only(&mut self, path: &str) {
        let path = resolve("/", path);
        if !self.read_only.contains(&path) {
            Rc::make_mut(&mut self.read_only).push(path);
        }
    }

    pub fn read(&self, path: &str) -> Result<Rc<Vec<u8>>, FsError> {
        match self.find(path)? {
            Node::File(file) => Ok(file.data.clone()),
            _ => Err(FsError::IsDir),
        }
    }

    /// The file as text; bytes that are no UTF-8 become U+FFFD.
    pub fn read_text(&self, path: &str) -> Result<String, FsError> {
        Ok(String::from_utf8_lossy(&self.read(path)?).into_owned())
    }

    pub fn write(&mut self, path: &str, data: impl AsRef<[u8]>) -> Result<(), FsError> {
        let data = data.as_ref();
        self.change_file(path, |content| {
            content.clear();
            content.extend_from_slice(data);
        })
    }

    pub fn append(&mut self, path: &str, data: impl AsRef<[u8]>) -> Result<(), FsError> {
        let data = data.as_ref();
        self.change_file(path, |content| content.extend_from_slice(data))
    }

    /// Writes a file and makes the folders above it: for callers that pre-load a file system.
    pub fn install(&mut self, path: &str, data: impl AsRef<[u8]>) -> Result<(), FsError> {
        let path = resolve("/", path);
        self.mkdir(parent(&path), true)?;
        self.write(&path, data)
    }

    pub fn mkdir(&mut self, path: &str, parents: bool) -> Result<(), FsError> {
        let path = resolve("/", path);
        if parents {
            let mut at = String::new();
            for part in path.split('/').filter(|part| !part.is_empty()) {
                at.push('/');
                at.push_str(part);
                match self.stat(&at) {
                    Ok(stat) if stat.kind == FileKind::Dir => {}
                    Ok(_) => return Err(FsError::NotDir),
                    Err(_) => self.mkdir(&at, false)?,
                }
            }
            return Ok(());
        }
        if self.lstat(&path).is_ok() {
            return Err(FsError::Exists);
        }
        self.stat_dir(parent(&path))?;
        let dir = Dir {
            mode: 0o755,
            mtime_ms: self.now_ms,
            ..Dir::default()
        };
        self.put(&path, Some(Node::Dir(Rc::new(dir))))
    }

    pub fn symlink(&mut self, target: &str, path: &str) -> Result<(), FsError> {
        let path = resolve("/", path);
        if self.lstat(&path).is_ok() {
            return Err(FsError::Exists);
        }
        self.put(&path, Some(Node::Link(target.into())))
    }

    pub fn read_link(&self, path: &str) -> Result<String, FsError> {
        match self.find_no_follow(path)? {
            Node::Link(target) => Ok(target.to_string()),
            _ => Err(FsError::Invalid),
        }
    }

    pub fn remove(&mut self, path: &str, recursive: bool) -> Result<(), FsError> {
        let path = resolve("/", path);
        if path == "/" {
            return Err(FsError::Busy);
        }
        if let Node::Dir(dir) = self.find_no_follow(&path)?
            && !recursive
            && !dir.entries.is_empty()
        {
            return Err(FsError::NotEmpty);
        }
        self.put(&path, None)
    }

    /// As rename(2): replaces a file, refuses to replace a folder that is not empty.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), FsError> {
        let (from, to) = (resolve("/", from), resolve("/", to));
        let node = self.find_no_follow(&from)?;
        if from == to {
            return Ok(());
        }
        if to.starts_with(&format!("{from}/")) || from == "/" {
            return Err(FsError::Invalid);
        }
        match (self.find_no_follow(&to), &node) {
            (Ok(Node::Dir(dir)), Node::Dir(_)) if !dir.entries.is_empty() => {
                return Err(FsError::NotEmpty);
            }
            (Ok(Node::Dir(_)), Node::File(_)) => return Err(FsError::IsDir),
            (Ok(Node::File(_)), Node::Dir(_)) => return Err(FsError::NotDir),
            _ => {}
        }
        self.check_writable(&from)?;
        self.put(&to, Some(node))?;
        self.put(&from, None)
    }

    /// The names in a folder, sorted.
    pub fn list(&self, path: &str) -> Result<Vec<String>, FsError> {
        match self.find(path)? {
            Node::Dir(dir) => Ok(dir.entries.keys().cloned().collect()),
            _ => Err(FsError::NotDir),
        }
    }

    pub fn stat(&self, path: &str) -> Result<Stat, FsError> {
        self.find(path).map(|node| node.stat())
    }

    /// As `stat`, but of a link itself.
    pub fn lstat(&self, path: &str) -> Result<Stat, FsError> {
        let mut stat = self.find_no_follow(path)?.stat();
        // A link keeps no time of its own: it is as old as its folder.
        if stat.kind == FileKind::Link
            && let Ok(folder) = self.stat(parent(&resolve("/", path)))
        {
            stat.mtime_ms = folder.mtime_ms;
        }
        Ok(stat)
    }

    pub fn exists(&self, path: &str) -> bool {
        self.find(path).is_ok()
    }

    pub fn is_dir(&self, path: &str) -> bool {
        matches!(self.find(path), Ok(Node::Dir(_)))
    }

    pub fn is_file(&self, path: &str) -> bool {
        matches!(self.find(path), Ok(Node::File(_)))
    }

    pub fn chmod(&mut self, path: &str, mode: u32) -> Result<(), FsError> {
        let path = self.real_path(path)?;
        match self.find(&path)? {
            Node::File(file) => {
                let file = File {
                    mode,
                    ..(*file).clone()
                };
                self.put(&path, Some(Node::File(Rc::new(file))))
            }
            Node::Dir(dir) => {
                let dir = Dir {
                    mode,
                    ..(*dir).clone()
                };
                self.put(&path, Some(Node::Dir(Rc::new(dir))))
            }
            Node::Link(_) => Ok(()),
        }
    }

    /// Makes an empty file, or gives an existing one the present time.
    pub fn touch(&mut self, path: &str) -> Result<(), FsError> {
        if self.is_dir(path) {
            return Ok(());
        }
        self.change_file(path, |_| {})
    }

    /// The paths that match a shell pattern, sorted, in the form in which the pattern was given
    /// (relative stays relative). `\` before a character takes its meaning away.
    pub fn glob(&self, cwd: &str, pattern: &str) -> Vec<String> {
        glob::expand(self, cwd, pattern)
    }

    /// Lifts a sub-tree out (it is shared, not copied).
    pub fn tree(&self, path: &str) -> Result<Tree, FsError> {
        self.find(path).map(Tree)
    }

    /// Puts a sub-tree in, replacing what was there, even below a read-only folder: a mount.
    pub fn mount(&mut self, path: &str, tree: Tree) -> Result<(), FsError> {
        let path = resolve("/", path);
        let guards = std::mem::take(&mut self.read_only);
        let made = self
            .mkdir(parent(&path), true)
            .and_then(|()| self.put(&path, Some(tree.0)));
        self.read_only = guards;
        made
    }

    /// The path with every symbolic link on it resolved.
    pub fn real_path(&self, path: &str) -> Result<String, FsError> {
        self.walk(path, true).map(|(path, _)| path)
    }

    fn find(&self, path: &str) -> Result<Node, FsError> {
        self.walk(path, true).map(|(_, node)| node)
    }

    fn find_no_follow(&self, path: &str) -> Result<Node, FsError> {
        self.walk(path, false).map(|(_, node)| node)
    }

    /// Walks down from the root; restarts from there at each symbolic link.
    fn walk(&self, path: &str, follow_last: bool) -> Result<(String, Node), FsError> {
        let must_be_dir = path.len() > 1 && path.ends_with('/');
        let mut path = resolve("/", path);
        for _ in 0..MAX_LINKS {
            match self.walk_once(&path, follow_last)? {
                Step::Found(Node::File(_)) if must_be_dir => return Err(FsError::NotDir),
                Step::Found(node) => return Ok((path, node)),
                Step::Link(next) => path = next,
            }
        }
        Err(FsError::Loop)
    }

    fn walk_once(&self, path: &str, follow_last: bool) -> Result<Step, FsError> {
        let mut node = Node::Dir(self.root.clone());
        let mut at = String::from("/");
        let mut parts = path.split('/').filter(|part| !part.is_empty()).peekable();
        while let Some(part) = parts.next() {
            let Node::Dir(dir) = &node else {
                return Err(FsError::NotDir);
            };
            let next = dir.entries.get(part).ok_or(FsError::NotFound)?.clone();
            if let Node::Link(target) = &next
                && (parts.peek().is_some() || follow_last)
            {
                let mut rest = resolve(&at, target);
                for part in parts {
                    rest.push('/');
                    rest.push_str(part);
                }
                return Ok(Step::Link(resolve("/", &rest)));
            }
            at = resolve(&at, part);
            node = next;
        }
        Ok(Step::Found(node))
    }

    fn stat_dir(&self, path: &str) -> Result<(), FsError> {
        match self.find(path)? {
            Node::Dir(_) => Ok(()),
            _ => Err(FsError::NotDir),
        }
    }

    fn check_writable(&self, path: &str) -> Result<(), FsError> {
        let inside = |guard: &String| {
            path == guard
                || path.starts_with(guard.as_str()) && path[guard.len()..].starts_with('/')
        };
        if self.read_only.iter().any(inside) {
            Err(FsError::ReadOnly)
        } else {
            Ok(())
        }
    }

    /// The real path for a write: links on the way and at the end are followed, the last name may
    /// be new.
    fn write_path(&self, path: &str) -> Result<String, FsError> {
        if path.len() > 1 && path.ends_with('/') {
            return Err(FsError::IsDir);
        }
        let path = resolve("/", path);
        match self.real_path(&path) {
            Ok(real) => Ok(real),
            Err(FsError::NotFound) => {
                let folder = self.real_path(parent(&path))?;
                self.stat_dir(&folder)?;
                Ok(resolve(&folder, name(&path)))
            }
            Err(error) => Err(error),
        }
    }

    fn change_file(&mut self, path: &str, edit: impl FnOnce(&mut Vec<u8>)) -> Result<(), FsError> {
        let path = self.write_path(path)?;
        self.check_writable(&path)?;
        if self.is_dir(&path) {
            return Err(FsError::IsDir);
        }
        let (version, now) = (self.version + 1, self.now_ms);
        let folder = self.dir_mut(parent(&path))?;
        let fresh = || {
            Node::File(Rc::new(File {
                data: Rc::default(),
                mtime_ms: 0,
                mode: 0o644,
                changes: 0,
            }))
        };
        let node = folder
            .entries
            .entry(name(&path).to_owned())
            .or_insert_with(fresh);
        let Node::File(file) = node else {
            return Err(FsError::IsDir);
        };
        let file = Rc::make_mut(file);
        // Nobody else holds the data (but for snapshots): then an append costs what it adds.
        let data = Rc::make_mut(&mut file.data);
        edit(data);
        let too_big = data.len() > MAX_FILE;
        data.truncate(MAX_FILE);
        file.changes = version;
        file.mtime_ms = now;
        self.version = version;
        if too_big {
            Err(FsError::NoSpace)
        } else {
            Ok(())
        }
    }

    /// Puts a node at a path, or takes it away.
    fn put(&mut self, path: &str, node: Option<Node>) -> Result<(), FsError> {
        if path == "/" {
            return match node {
                Some(Node::Dir(dir)) => {
                    self.root = dir;
                    self.version += 1;
                    Ok(())
                }
                _ => Err(FsError::Busy),
            };
        }
        if path.matches('/').count() > MAX_DEPTH {
            return Err(FsError::Invalid);
        }
        let path = match self.real_path(parent(path)) {
            Ok(folder) => resolve(&folder, name(path)),
            Err(error) => return Err(error),
        };
        self.check_writable(&path)?;
        let (version, now) = (self.version + 1, self.now_ms);
        let folder = self.dir_mut(parent(&path))?;
        match node {
            Some(node) => folder.entries.insert(name(&path).to_owned(), node),
            None => folder.entries.remove(name(&path)),
        };
        folder.mtime_ms = now;
        folder.changes = version;
        self.version = version;
        Ok(())
    }

    /// A folder to write in: copies what is shared on the way down. The path has no links left.
    fn dir_mut(&mut self, path: &str) -> Result<&mut Dir, FsError> {
        let mut dir = Rc::make_mut(&mut self.root);
        for part in path.split('/').filter(|part| !part.is_empty()) {
            match dir.entries.get_mut(part) {
                Some(Node::Dir(next)) => dir = Rc::make_mut(next),
                Some(_) => return Err(FsError::NotDir),
                None => return Err(FsError::NotFound),
            }
        }
        Ok(dir)
    }
}

enum Step {
    Found(Node),
    Link(String),
}
