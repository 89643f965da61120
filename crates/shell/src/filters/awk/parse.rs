//! awk's grammar, from text to tree.

use super::tokens::{Token, tokens};
use crate::regex::Regex;

const MAX_DEPTH: usize = 60;

#[derive(Debug, Default)]
pub struct Program {
    pub begin: Vec<Vec<Stmt>>,
    pub rules: Vec<Rule>,
    pub end: Vec<Vec<Stmt>>,
}

#[derive(Debug)]
pub struct Rule {
    pub pattern: Pattern,
    pub body: Vec<Stmt>,
}

#[derive(Debug)]
pub enum Pattern {
    Always,
    If(Expr),
    Range(Expr, Expr),
}

#[derive(Debug)]
pub enum Stmt {
    Print(Vec<Expr>),
    Printf(Vec<Expr>),
    Expr(Expr),
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    While(Expr, Vec<Stmt>),
    DoWhile(Vec<Stmt>, Expr),
    For(Option<Expr>, Option<Expr>, Option<Expr>, Vec<Stmt>),
    ForIn(String, String, Vec<Stmt>),
    Delete(String, Option<Vec<Expr>>),
    Next,
    Exit(Option<Expr>),
    Break,
    Continue,
}

#[derive(Debug)]
pub enum Expr {
    Number(f64),
    Text(String),
    Regex(Regex),
    Var(String),
    Field(Box<Expr>),
    Element(String, Vec<Expr>),
    In(Vec<Expr>, String),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Match(bool, Box<Expr>, Box<Expr>),
    Condition(Box<Expr>, Box<Expr>, Box<Expr>),
    /// Operator (empty for `=`), place, value.
    Assign(&'static str, Box<Expr>, Box<Expr>),
    /// Step, before (`++x`) or after, place.
    Step(f64, bool, Box<Expr>),
    Call(String, Vec<Expr>),
}

pub(super) type Parsed<T> = Result<T, String>;

pub fn parse(source: &str) -> Parsed<Program> {
    let tokens = tokens(source)?;
    let mut parser = Parser {
        tokens,
        at: 0,
        depth: 0,
        no_in: false,
        no_gt: false,
    };
    let mut program = Program::default();
    loop {
        parser.blanks();
        if parser.peek() == &Token::End {
            return Ok(program);
        }
        let name = match parser.peek() {
            Token::Name(name) | Token::Func(name) => name.clone(),
            _ => String::new(),
        };
        match name.as_str() {
            "BEGIN" | "END" => {
                parser.at += 1;
                parser.blanks();
                let body = parser.block()?;
                if name == "BEGIN" {
                    program.begin.push(body)
                } else {
                    program.end.push(body)
                }
            }
            "function" | "func" => {
                return Err("bottleship does not simulate functions in awk".to_owned());
            }
            _ => {
                let pattern = match parser.peek() {
                    Token::Op("{") => Pattern::Always,
                    _ => {
                        let from = parser.expr()?;
                        match parser.take(",") {
                            true => {
                                parser.blanks();
                                Pattern::Range(from, parser.expr()?)
                            }
                            false => Pattern::If(from),
                        }
                    }
                };
                let body = match parser.peek() {
                    Token::Op("{") => parser.block()?,
                    _ => vec![Stmt::Print(Vec::new())],
                };
                program.rules.push(Rule { pattern, body });
            }
        }
    }
}

pub(super) struct Parser {
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    pub(super) depth: usize,
    /// In the head of `for (`: `in` belongs to the loop.
    pub(super) no_in: bool,
    /// In `print`: `>` would be a redirection.
    pub(super) no_gt: bool,
}

impl Parser {
    pub(super) fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    pub(super) fn take(&mut self, op: &str) -> bool {
        let found = matches!(self.peek(), Token::Op(known) if *known == op);
        self.at += usize::from(found);
        found
    }

    pub(super) fn need(&mut self, op: &str) -> Parsed<()> {
        match self.take(op) {
            true => Ok(()),
            false => Err(self.error()),
        }
    }

    pub(super) fn error(&self) -> String {
        let near = match self.peek() {
            Token::End => "end of file".to_owned(),
            Token::Newline => "end of line".to_owned(),
            Token::Op(op) => (*op).to_owned(),
            Token::Name(name) | Token::Func(name) => name.clone(),
            Token::Number(number) => number.to_string(),
            Token::Text(text) | Token::Regex(text) => text.clone(),
        };
        format!("syntax error at source line 1 near {near}")
    }

    pub(super) fn blanks(&mut self) {
        while matches!(self.peek(), Token::Newline | Token::Op(";")) {
            self.at += 1;
        }
    }

    pub(super) fn newlines(&mut self) {
        while self.peek() == &Token::Newline {
            self.at += 1;
        }
    }

    pub(super) fn deeper<T>(&mut self, run: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return Err("program nested too deeply".to_owned());
        }
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        result
    }

    pub(super) fn block(&mut self) -> Parsed<Vec<Stmt>> {
        self.need("{")?;
        let mut out = Vec::new();
        loop {
            self.blanks();
            if self.take("}") {
                return Ok(out);
            }
            if self.peek() == &Token::End {
                return Err(self.error());
            }
            out.push(self.deeper(Parser::statement)?);
        }
    }

    /// One statement, or a block of them.
    pub(super) fn body(&mut self) -> Parsed<Vec<Stmt>> {
        self.newlines();
        match self.peek() {
            Token::Op("{") => self.deeper(Parser::block),
            Token::Op(";") => {
                self.at += 1;
                Ok(Vec::new())
            }
            _ => Ok(vec![self.deeper(Parser::statement)?]),
        }
    }

    pub(super) fn statement(&mut self) -> Parsed<Stmt> {
        if self.peek() == &Token::Op("{") {
            let body = self.block()?;
            return Ok(Stmt::If(Expr::Number(1.0), body, Vec::new()));
        }
        let name = match self.peek() {
            Token::Name(name) | Token::Func(name) => name.clone(),
            _ => String::new(),
        };
        let at = self.at;
        self.at += 1;
        let stmt = match name.as_str() {
            "print" | "printf" => {
                self.no_gt = true;
                let list = self.print_list();
                self.no_gt = false;
                let list = list?;
                if matches!(self.peek(), Token::Op(">" | "|")) {
                    return Err("bottleship does not simulate redirections in awk".to_owned());
                }
                if name == "print" {
                    Stmt::Print(list)
                } else {
                    Stmt::Printf(list)
                }
            }
            "if" => {
                self.need("(")?;
                let test = self.expr()?;
                self.need(")")?;
                let yes = self.body()?;
                let before = self.at;
                self.blanks();
                let no = match self.peek() {
                    Token::Name(name) | Token::Func(name) if name == "else" => {
                        self.at += 1;
                        self.body()?
                    }
                    _ => {
                        self.at = before;
                        Vec::new()
                    }
                };
                return Ok(Stmt::If(test, yes, no));
            }
            "while" => {
                self.need("(")?;
                let test = self.expr()?;
                self.need(")")?;
                return Ok(Stmt::While(test, self.body()?));
            }
            "do" => {
                let body = self.body()?;
                self.blanks();
                match self.peek() {
                    Token::Name(name) | Token::Func(name) if name == "while" => self.at += 1,
                    _ => return Err(self.error()),
                }
                self.need("(")?;
                let test = self.expr()?;
                self.need(")")?;
                Stmt::DoWhile(body, test)
            }
            "for" => return self.for_loop(),
            "next" => Stmt::Next,
            "break" => Stmt::Break,
            "continue" => Stmt::Continue,
            "exit" => match self.ends() {
                true => Stmt::Exit(None),
                false => Stmt::Exit(Some(self.expr()?)),
            },
            "delete" => {
                let Token::Name(array) = self.peek().clone() else {
                    return Err(self.error());
                };
                self.at += 1;
                let index = match self.take("[") {
                    true => {
                        let index = self.list()?;
                        self.need("]")?;
                        Some(index)
                    }
                    false => None,
                };
                Stmt::Delete(array, index)
            }
            "getline" => return Err("bottleship does not simulate getline in awk".to_owned()),
            _ => {
                self.at = at;
                Stmt::Expr(self.expr()?)
            }
        };
        if !self.ends() {
            return Err(self.error());
        }
        Ok(stmt)
    }

    pub(super) fn ends(&self) -> bool {
        matches!(
            self.peek(),
            Token::Newline | Token::End | Token::Op(";" | "}")
        )
    }

    /// `print a, b` and `print(a, b)`
    pub(super) fn print_list(&mut self) -> Parsed<Vec<Expr>> {
        if self.ends() {
            return Ok(Vec::new());
        }
        if self.peek() == &Token::Op("(") {
            let before = self.at;
            self.at += 1;
            let inner = std::mem::replace(&mut self.no_gt, false);
            let list = self.list();
            self.no_gt = inner;
            if let Ok(list) = list
                && self.take(")")
                && (self.ends() || matches!(self.peek(), Token::Op(">" | "|")))
            {
                return Ok(list);
            }
            self.at = before;
        }
        self.list()
    }

    pub(super) fn list(&mut self) -> Parsed<Vec<Expr>> {
        let mut out = vec![self.expr()?];
        while self.take(",") {
            self.newlines();
            out.push(self.expr()?);
        }
        Ok(out)
    }

    pub(super) fn for_loop(&mut self) -> Parsed<Stmt> {
        self.need("(")?;
        if let [
            Token::Name(name),
            Token::Name(word),
            Token::Name(array),
            Token::Op(")"),
        ] = self.tokens.get(self.at..self.at + 4).unwrap_or_default()
            && word == "in"
        {
            let (name, array) = (name.clone(), array.clone());
            self.at += 4;
            return Ok(Stmt::ForIn(name, array, self.body()?));
        }
        let mut part = |end: &str| -> Parsed<Option<Expr>> {
            if self.take(end) {
                return Ok(None);
            }
            let expr = self.expr()?;
            self.need(end)?;
            Ok(Some(expr))
        };
        let (init, test, step) = (part(";")?, part(";")?, part(")")?);
        Ok(Stmt::For(init, test, step, self.body()?))
    }
}
