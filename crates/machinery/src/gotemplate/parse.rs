//! Template text to nodes: Go's `text/template/parse`. Positions are byte offsets into the source; what a node looks like
//! in a message (`<.Values.image>`) is kept beside it.

use super::Lookup;
use super::tokens::{Tok, tokens, unexpected};
use crate::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Blocks within blocks, and parentheses within parentheses.
const MAX_DEPTH: usize = 60;

pub(super) enum Node {
    Text(String),
    Action(Pipe),
    If(Pipe, Vec<Node>, Vec<Node>),
    With(Pipe, Vec<Node>, Vec<Node>),
    Range(Pipe, Vec<Node>, Vec<Node>),
    Template(usize, String, Option<Pipe>),
    Break,
    Continue,
}

/// `$x := a b | c`
pub(super) struct Pipe {
    pub pos: usize,
    pub names: Vec<String>,
    /// `=` in place of `:=`
    pub assigns: bool,
    pub commands: Vec<Command>,
}

pub(super) struct Command {
    pub pos: usize,
    pub args: Vec<Arg>,
}

pub(super) struct Arg {
    pub pos: usize,
    pub text: String,
    pub kind: Kind,
}

pub(super) enum Kind {
    Literal(Value),
    Dot,
    /// `.a.b`, from the dot.
    Field(Vec<String>),
    /// `$x.a`
    Variable(String, Vec<String>),
    Function(String),
    /// `(pipe).a`
    Group(Box<Pipe>, Vec<String>),
}

impl Command {
    pub fn text(&self) -> String {
        let words: Vec<&str> = self.args.iter().map(|a| a.text.as_str()).collect();
        words.join(" ")
    }
}

/// One `define`, or a file's top level.
pub(super) struct Tree {
    /// The file that it stands in.
    pub file: String,
    pub source: Rc<str>,
    pub nodes: Vec<Node>,
}

impl Tree {
    /// `file:line:column`, as messages place it.
    pub fn place(&self, pos: usize) -> String {
        let before = self.source.get(..pos).unwrap_or(&self.source);
        let column = before.rsplit('\n').next().map_or(0, str::len);
        format!("{}:{}:{column}", self.file, line_of(&self.source, pos))
    }
}

fn line_of(source: &str, pos: usize) -> usize {
    1 + source.get(..pos).unwrap_or(source).matches('\n').count()
}

pub(super) struct Parser<'a> {
    file: &'a str,
    source: Rc<str>,
    tokens: Vec<(Tok, usize)>,
    at: usize,
    known: &'a Lookup<'a>,
    variables: Vec<String>,
    /// What `define` and `block` have made.
    pub named: BTreeMap<String, Rc<Tree>>,
    depth: usize,
}

/// How a list of nodes ended.
#[derive(PartialEq)]
enum EndOf {
    File,
    End,
    /// `else`; what follows it is still to be read.
    Else,
}

type Parsed<T> = Result<T, String>;

impl<'a> Parser<'a> {
    pub fn new(file: &'a str, source: &str, known: &'a Lookup<'a>) -> Parser<'a> {
        Parser {
            file,
            source: Rc::from(source),
            tokens: tokens(source),
            at: 0,
            known,
            variables: vec!["$".to_string()],
            named: BTreeMap::new(),
            depth: 0,
        }
    }
    /// The whole file. Errors read `template: file:line: …`.
    pub fn file(&mut self) -> Parsed<Rc<Tree>> {
        let done = self.list().and_then(|(nodes, end)| match end {
            EndOf::File => Ok(nodes),
            EndOf::End => Err("unexpected {{end}}".to_string()),
            EndOf::Else => Err("unexpected {{else}}".to_string()),
        });
        match done {
            Ok(nodes) => Ok(self.tree(nodes)),
            Err(e) => {
                let last = self.at.saturating_sub(1).min(self.tokens.len() - 1);
                let line = line_of(&self.source, self.tokens[last].1);
                Err(format!("template: {}:{line}: {e}", self.file))
            }
        }
    }
    fn tree(&self, nodes: Vec<Node>) -> Rc<Tree> {
        Rc::new(Tree {
            file: self.file.to_string(),
            source: self.source.clone(),
            nodes,
        })
    }
    fn next(&mut self) -> (Tok, usize) {
        let found = self.tokens.get(self.at).cloned();
        self.at += 1;
        found.unwrap_or((Tok::End, self.source.len()))
    }
    fn peek(&self) -> Tok {
        self.tokens
            .get(self.at)
            .map_or(Tok::End, |(t, _)| t.clone())
    }
    fn skip_blanks(&mut self) {
        while self.peek() == Tok::Space {
            self.at += 1;
        }
    }
    fn next_solid(&mut self) -> (Tok, usize) {
        self.skip_blanks();
        self.next()
    }
    /// Nodes up to `end`, `else` or the end of the file.
    fn list(&mut self) -> Parsed<(Vec<Node>, EndOf)> {
        let mut nodes = Vec::new();
        loop {
            let pos = match self.next() {
                (Tok::Text(text), _) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                (Tok::End, _) => return Ok((nodes, EndOf::File)),
                (Tok::Error(e), _) => return Err(e),
                (_, pos) => pos,
            };
            self.skip_blanks();
            let Tok::Word(word) = self.peek() else {
                nodes.push(Node::Action(self.pipe("command", pos)?));
                continue;
            };
            match word.as_str() {
                "end" => {
                    self.at += 1;
                    self.close("end")?;
                    return Ok((nodes, EndOf::End));
                }
                "else" => {
                    self.at += 1;
                    return Ok((nodes, EndOf::Else));
                }
                "if" | "with" | "range" => {
                    self.at += 1;
                    nodes.push(self.branch(&word, true)?);
                }
                "define" | "block" => {
                    self.at += 1;
                    nodes.extend(self.define(&word, pos)?);
                }
                "template" => {
                    self.at += 1;
                    let name = self.name("template clause")?;
                    self.skip_blanks();
                    let pipe = match self.peek() {
                        Tok::Close => {
                            self.at += 1;
                            None
                        }
                        _ => Some(self.pipe("template clause", pos)?),
                    };
                    nodes.push(Node::Template(pos + 2, name, pipe));
                }
                "break" | "continue" => {
                    self.at += 1;
                    self.close(&word)?;
                    nodes.push(match word.as_str() {
                        "break" => Node::Break,
                        _ => Node::Continue,
                    });
                }
                _ => nodes.push(Node::Action(self.pipe("command", pos)?)),
            }
        }
    }
    fn close(&mut self, context: &str) -> Parsed<()> {
        match self.next_solid().0 {
            Tok::Close => Ok(()),
            token => Err(unexpected(&token, context)),
        }
    }
    fn name(&mut self, context: &str) -> Parsed<String> {
        match self.next_solid().0 {
            Tok::Literal(Value::Str(s), _) => Ok(s.to_string()),
            token => Err(unexpected(&token, context)),
        }
    }
    fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        let done = match self.depth > MAX_DEPTH {
            true => Err("nested too deep".to_string()),
            false => f(self),
        };
        self.depth -= 1;
        done
    }
    /// `if`, `with`, `range`, up to their `end`. `else if` is a branch within, which shares that `end`.
    fn branch(&mut self, word: &str, _: bool) -> Parsed<Node> {
        let scope = self.variables.len();
        let pos = self.tokens.get(self.at).map_or(0, |t| t.1);
        let pipe = self.pipe(word, pos)?;
        let (then, end) = self.deeper(Self::list)?;
        let mut otherwise = Vec::new();
        match end {
            EndOf::File => return Err("unexpected EOF".into()),
            EndOf::End => {}
            EndOf::Else => match self.next_solid().0 {
                Tok::Close => {
                    let (nodes, end) = self.deeper(Self::list)?;
                    match end {
                        EndOf::End => otherwise = nodes,
                        EndOf::Else => return Err("expected end; found {{else}}".into()),
                        EndOf::File => return Err("unexpected EOF".into()),
                    }
                }
                Tok::Word(w) if (w == "if" || w == "with") && word != "range" => {
                    otherwise.push(self.deeper(|p| p.branch(&w, false))?);
                }
                token => return Err(unexpected(&token, "else")),
            },
        }
        self.variables.truncate(scope);
        Ok(match word {
            "if" => Node::If(pipe, then, otherwise),
            "with" => Node::With(pipe, then, otherwise),
            _ => Node::Range(pipe, then, otherwise),
        })
    }
    fn define(&mut self, word: &str, pos: usize) -> Parsed<Option<Node>> {
        let context = format!("{word} clause");
        let name = self.name(&context)?;
        let pipe = match word {
            "block" => Some(self.pipe(&context, pos)?),
            _ => {
                self.close(&context)?;
                None
            }
        };
        let outer = std::mem::replace(&mut self.variables, vec!["$".to_string()]);
        let (nodes, end) = self.deeper(Self::list)?;
        self.variables = outer;
        if end != EndOf::End {
            return Err("unexpected EOF".into());
        }
        let tree = self.tree(nodes);
        self.named.insert(name.clone(), tree);
        Ok(pipe.map(|pipe| Node::Template(pos + 2, name, Some(pipe))))
    }
    /// A pipeline up to the end of the action (or the closing parenthesis, for context "(").
    fn pipe(&mut self, context: &str, pos: usize) -> Parsed<Pipe> {
        let mut pipe = Pipe {
            pos,
            names: Vec::new(),
            assigns: false,
            commands: Vec::new(),
        };
        self.skip_blanks();
        self.declarations(context, &mut pipe)?;
        loop {
            self.skip_blanks();
            match self.peek() {
                Tok::Sign(")") if context == "(" => break,
                Tok::Close if context != "(" => break,
                Tok::Close => return Err("unclosed left paren".into()),
                Tok::Sign("|") if !pipe.commands.is_empty() => {
                    self.at += 1;
                    pipe.commands.push(self.command()?);
                }
                Tok::Sign("|") => return Err("missing value for command".into()),
                _ if pipe.commands.is_empty() => pipe.commands.push(self.command()?),
                token => return Err(unexpected(&token, context)),
            }
        }
        self.at += 1;
        if pipe.commands.is_empty() {
            let what = if context == "(" {
                "parenthesized pipeline"
            } else {
                context
            };
            return Err(format!("missing value for {what}"));
        }
        let declared = pipe.names.clone();
        if !pipe.assigns {
            self.variables.extend(declared);
        }
        Ok(pipe)
    }
    /// `$x :=`, `$x =`, `$i, $x :=`
    fn declarations(&mut self, context: &str, pipe: &mut Pipe) -> Parsed<()> {
        let start = self.at;
        let mut names = Vec::new();
        loop {
            self.skip_blanks();
            let Tok::Variable(name) = self.peek() else {
                break;
            };
            self.at += 1;
            names.push(name);
            self.skip_blanks();
            match self.peek() {
                Tok::Sign(sign @ (":=" | "=")) => {
                    self.at += 1;
                    pipe.names = names;
                    pipe.assigns = sign == "=";
                    if pipe.assigns {
                        pipe.names.iter().try_for_each(|n| self.known_variable(n))?;
                    }
                    return Ok(());
                }
                Tok::Sign(",") if context == "range" && names.len() < 2 => self.at += 1,
                _ => break,
            }
        }
        self.at = start;
        Ok(())
    }
    fn known_variable(&self, name: &str) -> Parsed<()> {
        match self.variables.iter().any(|v| v == name) {
            true => Ok(()),
            false => Err(format!("undefined variable {}", crate::json::quote(name))),
        }
    }
    fn command(&mut self) -> Parsed<Command> {
        self.skip_blanks();
        let mut command = Command {
            pos: self.tokens.get(self.at).map_or(0, |t| t.1),
            args: Vec::new(),
        };
        loop {
            self.skip_blanks();
            match self.peek() {
                Tok::Close | Tok::Sign("|" | ")") => break,
                _ => command.args.push(self.operand()?),
            }
        }
        if command.args.is_empty() {
            return Err("missing value for command".into());
        }
        Ok(command)
    }
    fn operand(&mut self) -> Parsed<Arg> {
        let (token, mut pos) = self.next();
        let (mut text, mut kind) = match token {
            Tok::Literal(value, text) => (text, Kind::Literal(value)),
            Tok::Dot => (".".to_string(), Kind::Dot),
            Tok::Field(name) => (format!(".{name}"), Kind::Field(vec![name])),
            Tok::Variable(name) => {
                self.known_variable(&name)?;
                (name.clone(), Kind::Variable(name, Vec::new()))
            }
            Tok::Word(name) => {
                if (self.known)(&name).is_none() {
                    return Err(format!(
                        "function {} not defined",
                        crate::json::quote(&name)
                    ));
                }
                (name.clone(), Kind::Function(name))
            }
            Tok::Sign("(") => {
                let pipe = self.deeper(|p| p.pipe("(", pos))?;
                let words: Vec<String> = pipe.commands.iter().map(Command::text).collect();
                let text = format!("({})", words.join(" | "));
                (text, Kind::Group(Box::new(pipe), Vec::new()))
            }
            Tok::Error(e) => return Err(e),
            token => return Err(unexpected(&token, "operand")),
        };
        let mut first = true;
        while let Tok::Field(name) = self.peek() {
            // The place of a chain is that of its second part.
            if std::mem::take(&mut first) && !matches!(kind, Kind::Group(..)) {
                pos = self.tokens.get(self.at).map_or(pos, |t| t.1);
            }
            self.at += 1;
            text.push_str(&format!(".{name}"));
            match &mut kind {
                Kind::Field(path) | Kind::Variable(_, path) | Kind::Group(_, path) => {
                    path.push(name)
                }
                _ => return Err(format!("unexpected . after term {text:?}")),
            }
        }
        Ok(Arg { pos, text, kind })
    }
}
