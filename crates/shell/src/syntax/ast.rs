//! The syntax tree: plain data, shared by `Rc`, so that a running script can be cloned.

use std::cell::OnceCell;
use std::rc::Rc;

#[derive(Debug, Default)]
pub struct Script {
    pub items: Vec<Item>,
}

/// One and-or list, and what ends it.
#[derive(Debug)]
pub struct Item {
    pub first: Pipeline,
    pub rest: Vec<(Connector, Pipeline)>,
    pub background: bool,
    /// As it was typed: what `jobs` shows.
    pub text: Rc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connector {
    And,
    Or,
}

#[derive(Debug)]
pub struct Pipeline {
    pub negated: bool,
    pub commands: Vec<Rc<Command>>,
}

#[derive(Debug)]
pub struct Command {
    pub kind: CommandKind,
    pub redirects: Vec<Redirect>,
    pub line: u32,
}

#[derive(Debug)]
pub enum CommandKind {
    Simple {
        assigns: Vec<Assign>,
        words: Vec<Word>,
    },
    Group(Rc<Script>),
    Subshell(Rc<Script>),
    If {
        arms: Vec<(Rc<Script>, Rc<Script>)>,
        otherwise: Option<Rc<Script>>,
    },
    Loop {
        until: bool,
        condition: Rc<Script>,
        body: Rc<Script>,
    },
    For {
        name: Rc<str>,
        words: Option<Vec<Word>>,
        body: Rc<Script>,
    },
    ForArith {
        init: Word,
        condition: Word,
        step: Word,
        body: Rc<Script>,
    },
    Case {
        subject: Word,
        arms: Vec<CaseArm>,
    },
    Function {
        name: Rc<str>,
        body: Rc<Command>,
    },
    Arith(Word),
    Condition(Vec<CondToken>),
}

#[derive(Debug)]
pub struct CaseArm {
    pub patterns: Vec<Word>,
    pub body: Rc<Script>,
    /// `;;`, `;&` (on into the next body) or `;;&` (on with the next patterns).
    pub end: &'static str,
}

#[derive(Debug)]
pub enum CondToken {
    Op(String),
    Word(Word),
}

#[derive(Debug)]
pub struct Assign {
    pub name: Rc<str>,
    /// `a[index]=value`
    pub index: Option<Word>,
    pub append: bool,
    pub value: Word,
    /// `a=(x y)`
    pub items: Option<Vec<Word>>,
}

#[derive(Debug)]
pub struct Redirect {
    pub fd: Option<u32>,
    pub op: RedirectOp,
    pub target: Word,
    /// For `<<`: the body, filled in when the parser has come to the next line.
    pub here: Option<Rc<OnceCell<Word>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectOp {
    Read,
    Write,
    Append,
    ReadWrite,
    /// `>&` and `<&`
    Dup,
    /// `&>`
    Both,
    /// `&>>`
    BothAppend,
    HereDoc,
    HereString,
}

#[derive(Clone, Debug, Default)]
pub struct Word {
    pub parts: Vec<Part>,
}

#[derive(Clone, Debug)]
pub enum Part {
    /// Not quoted: glob characters work.
    Lit(String),
    /// Quoted by `'`, `\` or `$'`.
    Quoted(String),
    Double(Vec<Part>),
    Param(Rc<Param>),
    Sub(Rc<Script>),
    /// `<(...)`
    Process(Rc<Script>),
    Arith(Rc<Word>),
    /// `~` or `~name` at the start of a word.
    Tilde(String),
}

#[derive(Debug)]
pub struct Param {
    pub name: String,
    /// `${a[index]}`
    pub index: Option<Word>,
    /// `${!name}`, `${!a[@]}`
    pub indirect: bool,
    pub op: ParamOp,
}

#[derive(Debug)]
pub enum ParamOp {
    Plain,
    Length,
    Default {
        colon: bool,
        word: Word,
    },
    Assign {
        colon: bool,
        word: Word,
    },
    Error {
        colon: bool,
        word: Word,
    },
    Alternative {
        colon: bool,
        word: Word,
    },
    TrimEnd {
        longest: bool,
        pattern: Word,
    },
    TrimStart {
        longest: bool,
        pattern: Word,
    },
    Replace {
        all: bool,
        pattern: Word,
        with: Word,
    },
    Slice {
        from: Word,
        length: Option<Word>,
    },
    Upper {
        all: bool,
    },
    Lower {
        all: bool,
    },
}

impl Word {
    pub fn literal(text: &str) -> Word {
        Word {
            parts: vec![Part::Lit(text.to_owned())],
        }
    }

    /// The text of a word that has nothing quoted and nothing to expand.
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Lit(text)] => Some(text),
            _ => None,
        }
    }

    /// The text without its quotes: the delimiter of a here-document. Says if it was quoted.
    pub fn delimiter(&self) -> (String, bool) {
        let mut text = String::new();
        let mut quoted = false;
        for part in &self.parts {
            match part {
                Part::Lit(lit) => text.push_str(lit),
                Part::Quoted(lit) => {
                    quoted = true;
                    text.push_str(lit);
                }
                Part::Double(parts) => {
                    quoted = true;
                    for part in parts {
                        if let Part::Lit(lit) | Part::Quoted(lit) = part {
                            text.push_str(lit);
                        }
                    }
                }
                Part::Tilde(name) => {
                    text.push('~');
                    text.push_str(name);
                }
                _ => {}
            }
        }
        (text, quoted)
    }
}
