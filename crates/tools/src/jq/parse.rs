//! jq's language, from text to a tree (`jqlang/jq:src/parser.y`). Left out: modules, destructuring alternatives (`?//`), comments in
//! the middle of a string.

pub use super::ast::{Ast, Def, Pattern};
use super::tokens::{KEYWORDS, Parts, Tok, tokens, unexpected};
use super::value::{J, text};
use std::rc::Rc;

type Parsed<T> = Result<T, String>;

struct Parser {
    tokens: Vec<Tok>,
    at: usize,
    depth: usize,
}

/// A whole program.
pub fn parse(source: &str) -> Parsed<Ast> {
    let mut parser = Parser {
        tokens: tokens(source)?,
        at: 0,
        depth: 0,
    };
    if parser.peek() == &Tok::End {
        return Ok(Ast::Identity);
    }
    let ast = parser.pipe()?;
    match parser.peek() {
        Tok::End => Ok(ast),
        _ => Err(parser.wrong()),
    }
}

/// Definitions only: the prelude.
pub fn definitions(source: &str) -> Vec<Rc<Def>> {
    let Ok(tokens) = tokens(source) else {
        return Vec::new();
    };
    let mut parser = Parser {
        tokens,
        at: 0,
        depth: 0,
    };
    let mut out = Vec::new();
    while parser.is_word("def") {
        match parser.def() {
            Ok(def) => out.push(Rc::new(def)),
            Err(_) => break,
        }
    }
    out
}

impl Parser {
    fn peek(&self) -> &Tok {
        self.tokens.get(self.at).unwrap_or(&Tok::End)
    }
    fn next(&mut self) -> Tok {
        let token = self.peek().clone();
        self.at += 1;
        token
    }
    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Tok::Word(w) if w == word)
    }
    fn takes(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Tok::Sign(s) if *s == sign) || self.is_word(sign);
        self.at += usize::from(found);
        found
    }
    fn needs(&mut self, sign: &str) -> Parsed<()> {
        match self.takes(sign) {
            true => Ok(()),
            false => Err(self.wrong()),
        }
    }
    fn wrong(&self) -> String {
        unexpected(&match self.peek() {
            Tok::End => "end of file".to_string(),
            Tok::Sign(s) => format!("'{s}'"),
            Tok::Word(w) if KEYWORDS.contains(&w.as_str()) => w.clone(),
            Tok::Word(_) => "IDENT".into(),
            Tok::Field(_) => "FIELD".into(),
            Tok::Number(_) => "LITERAL".into(),
            Tok::Text(_) => "QQSTRING_START".into(),
            Tok::Variable(_) => "'$'".into(),
            Tok::Format(_) => "FORMAT".into(),
        })
    }
    fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        let done = match self.depth > 80 {
            true => Err("syntax error, nested too deep".to_string()),
            false => f(self),
        };
        self.depth -= 1;
        done
    }
    fn pipe(&mut self) -> Parsed<Ast> {
        self.deeper(Self::pipe_here)
    }
    fn pipe_here(&mut self) -> Parsed<Ast> {
        if self.is_word("def") {
            let def = self.def()?;
            return Ok(Ast::Def(Rc::new(def), Box::new(self.pipe()?)));
        }
        if self.takes("label") {
            let Tok::Variable(name) = self.next() else {
                return Err(self.wrong());
            };
            self.needs("|")?;
            return Ok(Ast::Label(name, Box::new(self.pipe()?)));
        }
        let left = self.binary(0)?;
        if self.takes("as") {
            let pattern = self.pattern()?;
            self.needs("|")?;
            return Ok(Ast::As(Box::new(left), pattern, Box::new(self.pipe()?)));
        }
        match self.takes("|") {
            true => Ok(Ast::Pipe(Box::new(left), Box::new(self.pipe()?))),
            false => Ok(left),
        }
    }
    fn def(&mut self) -> Parsed<Def> {
        self.needs("def")?;
        let Tok::Word(name) = self.next() else {
            return Err(self.wrong());
        };
        let mut parameters = Vec::new();
        if self.takes("(") {
            loop {
                match self.next() {
                    Tok::Word(p) => parameters.push(p),
                    Tok::Variable(p) => parameters.push(format!("${p}")),
                    _ => return Err(self.wrong()),
                }
                if !self.takes(";") {
                    break;
                }
            }
            self.needs(")")?;
        }
        self.needs(":")?;
        let body = self.pipe()?;
        self.needs(";")?;
        Ok(Def {
            name,
            parameters,
            body,
        })
    }
    /// Operators by how tightly they bind, the loosest first.
    fn binary(&mut self, level: usize) -> Parsed<Ast> {
        const LEVELS: &[&[&str]] = &[
            &[","],
            &["//"],
            &["=", "|=", "+=", "-=", "*=", "/=", "%=", "//="],
            &["or"],
            &["and"],
            &["==", "!=", "<", "<=", ">", ">="],
            &["+", "-"],
            &["*", "/", "%"],
        ];
        let Some(signs) = LEVELS.get(level) else {
            return self.postfix();
        };
        let mut left = self.binary(level + 1)?;
        loop {
            let found = match self.peek() {
                Tok::Sign(s) => signs.iter().find(|sign| *sign == s).copied(),
                _ => None,
            };
            let Some(sign) = found else {
                return Ok(left);
            };
            self.at += 1;
            // `//` binds to the right, assignments and comparisons do not chain.
            let right = match sign {
                "//" => self.deeper(|p| p.binary(level))?,
                _ => self.binary(level + 1)?,
            };
            let (l, r) = (Box::new(left), Box::new(right));
            left = match sign {
                "," => Ast::Comma(l, r),
                "//" => Ast::Alternative(l, r),
                "or" => Ast::Or(l, r),
                "and" => Ast::And(l, r),
                _ if level == 2 => Ast::Assign(sign, l, r),
                _ => Ast::Binary(sign, l, r),
            };
        }
    }
    fn postfix(&mut self) -> Parsed<Ast> {
        let mut term = self.term()?;
        loop {
            if let Tok::Field(name) = self.peek().clone() {
                self.at += 1;
                term = Ast::Index(Box::new(term), Box::new(Ast::Literal(text(name))));
            } else if self.takes("?") {
                term = Ast::Try(Box::new(term), None);
            } else if self.takes("[") {
                term = self.bracket(term)?;
            } else if self.peek() == &Tok::Sign(".")
                && matches!(
                    self.tokens.get(self.at + 1),
                    Some(Tok::Text(_) | Tok::Sign("["))
                )
            {
                self.at += 1;
                if let Tok::Text(parts) = self.peek().clone() {
                    self.at += 1;
                    let key = text_of(parts, None)?;
                    term = Ast::Index(Box::new(term), Box::new(key));
                }
            } else {
                return Ok(term);
            }
        }
    }
    fn bracket(&mut self, term: Ast) -> Parsed<Ast> {
        let term = Box::new(term);
        if self.takes("]") {
            return Ok(Ast::Iterate(term));
        }
        if self.takes(":") {
            let to = self.pipe()?;
            self.needs("]")?;
            return Ok(Ast::Slice(term, None, Some(Box::new(to))));
        }
        let from = Box::new(self.pipe()?);
        if self.takes(":") {
            let to = match self.peek() {
                Tok::Sign("]") => None,
                _ => Some(Box::new(self.pipe()?)),
            };
            self.needs("]")?;
            return Ok(Ast::Slice(term, Some(from), to));
        }
        self.needs("]")?;
        Ok(Ast::Index(term, from))
    }
    fn term(&mut self) -> Parsed<Ast> {
        match self.next() {
            Tok::Number(n) => Ok(Ast::Literal(J::Num(n))),
            Tok::Text(parts) => text_of(parts, None),
            Tok::Format(name) => match self.peek().clone() {
                Tok::Text(parts) => {
                    self.at += 1;
                    text_of(parts, Some(name))
                }
                _ => Ok(Ast::Format(name)),
            },
            Tok::Field(name) => Ok(Ast::Index(
                Box::new(Ast::Identity),
                Box::new(Ast::Literal(text(name))),
            )),
            Tok::Variable(name) => Ok(Ast::Variable(name)),
            Tok::Sign("..") => Ok(Ast::Recurse),
            Tok::Sign(".") => match self.peek().clone() {
                Tok::Text(parts) => {
                    self.at += 1;
                    let key = text_of(parts, None)?;
                    Ok(Ast::Index(Box::new(Ast::Identity), Box::new(key)))
                }
                _ => Ok(Ast::Identity),
            },
            Tok::Sign("(") => {
                let inner = self.pipe()?;
                self.needs(")")?;
                Ok(inner)
            }
            Tok::Sign("-") => Ok(Ast::Negate(Box::new(self.deeper(Self::postfix)?))),
            Tok::Sign("[") => {
                if self.takes("]") {
                    return Ok(Ast::Array(None));
                }
                let inner = self.pipe()?;
                self.needs("]")?;
                Ok(Ast::Array(Some(Box::new(inner))))
            }
            Tok::Sign("{") => self.object(),
            Tok::Word(word) => self.word(word),
            _ => {
                self.at -= 1;
                Err(self.wrong())
            }
        }
    }
    fn word(&mut self, word: String) -> Parsed<Ast> {
        match word.as_str() {
            "if" => self.conditional(),
            "try" => {
                let body = Box::new(self.deeper(Self::postfix_without_try)?);
                let catch = match self.takes("catch") {
                    true => Some(Box::new(self.deeper(Self::postfix_without_try)?)),
                    false => None,
                };
                Ok(Ast::Try(body, catch))
            }
            "reduce" | "foreach" => {
                let source = Box::new(self.deeper(Self::postfix)?);
                self.needs("as")?;
                let pattern = self.pattern()?;
                self.needs("(")?;
                let start = Box::new(self.pipe()?);
                self.needs(";")?;
                let update = Box::new(self.pipe()?);
                let extract = match word == "foreach" && self.takes(";") {
                    true => Some(Box::new(self.pipe()?)),
                    false => None,
                };
                self.needs(")")?;
                Ok(match word.as_str() {
                    "reduce" => Ast::Reduce(source, pattern, start, update),
                    _ => Ast::Foreach(source, pattern, start, update, extract),
                })
            }
            "break" => match self.next() {
                Tok::Variable(name) => Ok(Ast::Break(name)),
                _ => Err(self.wrong()),
            },
            "null" => Ok(Ast::Literal(J::Null)),
            "true" => Ok(Ast::Literal(J::Bool(true))),
            "false" => Ok(Ast::Literal(J::Bool(false))),
            word if KEYWORDS.contains(&word) => {
                self.at -= 1;
                Err(self.wrong())
            }
            _ => {
                let mut args = Vec::new();
                if self.takes("(") {
                    loop {
                        args.push(Rc::new(self.pipe()?));
                        if !self.takes(";") {
                            break;
                        }
                    }
                    self.needs(")")?;
                }
                Ok(Ast::Call(word, args))
            }
        }
    }
    fn postfix_without_try(&mut self) -> Parsed<Ast> {
        self.postfix()
    }
    fn conditional(&mut self) -> Parsed<Ast> {
        let condition = Box::new(self.pipe()?);
        self.needs("then")?;
        let then = Box::new(self.pipe()?);
        let otherwise = if self.takes("elif") {
            self.deeper(Self::conditional)?
        } else if self.takes("else") {
            let other = self.pipe()?;
            self.needs("end")?;
            other
        } else {
            self.needs("end")?;
            Ast::Identity
        };
        Ok(Ast::If(condition, then, Box::new(otherwise)))
    }
    fn object(&mut self) -> Parsed<Ast> {
        let mut entries = Vec::new();
        while !self.takes("}") {
            let (key, short) = match self.next() {
                Tok::Word(w) => (Ast::Literal(text(&w)), Some(w)),
                Tok::Sign(w @ ("and" | "or")) => (Ast::Literal(text(w)), Some(w.to_string())),
                Tok::Number(n) => (Ast::Literal(text(super::value::number(n))), None),
                Tok::Text(parts) => {
                    let plain = match parts.as_slice() {
                        [(whole, None)] => Some(whole.clone()),
                        _ => None,
                    };
                    (text_of(parts, None)?, plain)
                }
                Tok::Variable(name) => {
                    entries.push((Ast::Literal(text(&name)), Ast::Variable(name)));
                    if !self.takes(",") {
                        self.needs("}")?;
                        break;
                    }
                    continue;
                }
                Tok::Format(name) => (Ast::Format(name), None),
                Tok::Sign("(") => {
                    let inner = self.pipe()?;
                    self.needs(")")?;
                    (inner, None)
                }
                _ => {
                    self.at -= 1;
                    return Err(self.wrong());
                }
            };
            let value = if self.takes(":") {
                let mut value = self.binary(1)?;
                while self.takes("|") {
                    value = Ast::Pipe(Box::new(value), Box::new(self.binary(1)?));
                }
                value
            } else {
                let Some(name) = short else {
                    return Err(self.wrong());
                };
                Ast::Index(Box::new(Ast::Identity), Box::new(Ast::Literal(text(name))))
            };
            entries.push((key, value));
            if !self.takes(",") {
                self.needs("}")?;
                break;
            }
        }
        Ok(Ast::Object(entries))
    }
    fn pattern(&mut self) -> Parsed<Pattern> {
        match self.next() {
            Tok::Variable(name) => Ok(Pattern::Variable(name)),
            Tok::Sign("[") => {
                let mut items = vec![self.deeper(Self::pattern)?];
                while self.takes(",") {
                    items.push(self.deeper(Self::pattern)?);
                }
                self.needs("]")?;
                Ok(Pattern::Array(items))
            }
            Tok::Sign("{") => {
                let mut entries = Vec::new();
                loop {
                    let (key, variable) = match self.next() {
                        Tok::Variable(name) => (Ast::Literal(text(&name)), Some(name)),
                        Tok::Word(name) => (Ast::Literal(text(&name)), None),
                        Tok::Text(parts) => (text_of(parts, None)?, None),
                        Tok::Sign("(") => {
                            let inner = self.pipe()?;
                            self.needs(")")?;
                            (inner, None)
                        }
                        _ => return Err(self.wrong()),
                    };
                    let inner = match self.takes(":") {
                        true => Some(self.deeper(Self::pattern)?),
                        false => None,
                    };
                    entries.push((key, variable, inner));
                    if !self.takes(",") {
                        self.needs("}")?;
                        return Ok(Pattern::Object(entries));
                    }
                }
            }
            _ => Err(self.wrong()),
        }
    }
}

fn text_of(parts: Parts, format: Option<String>) -> Parsed<Ast> {
    if let [(whole, None)] = parts.as_slice() {
        return Ok(Ast::Literal(text(whole)));
    }
    let mut out = Vec::new();
    for (before, source) in parts {
        let inner = source.map(|s| parse(&s)).transpose()?;
        out.push((before, inner));
    }
    Ok(Ast::Text(format, out))
}
