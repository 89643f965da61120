//! From text to tree: CEL's grammar by precedence climbing, macros opened on the way.
//! Upstream: `cel-go:parser/{parser,macro}.go`, `parser/gen/CEL.g4`.

use super::value::V;
use super::{Ex, Issue, Loop, Node};

/// How deep an expression may nest: less than upstream's 250, so that a page's stack holds it.
const DEPTH_MAX: usize = 100;
/// How long a chain of operators or fields may be.
const LINKS_MAX: usize = 250;

fn too_deep() -> Issue {
    issue(0, "expression recursion limit exceeded: 250")
}

#[derive(Clone, PartialEq, Debug)]
enum Tok {
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(String),
    Bytes(Vec<u8>),
    Ident(String),
    /// `` `a-b` `` behind a dot.
    Quoted(String),
    Op(&'static str),
    End,
}

struct Parser {
    toks: Vec<(usize, Tok, String)>,
    i: usize,
    depth: usize,
}

const OPS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",",
    "(", ")", "[", "]", "{", "}",
];
const RESERVED: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];
const EXPECTED: &str = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

pub(super) fn parse(text: &str) -> Result<Node, Issue> {
    let toks = lex(text)?;
    let mut p = Parser {
        toks,
        i: 0,
        depth: 0,
    };
    let n = p.expr()?;
    match p.peek() {
        Tok::End => Ok(n),
        _ => {
            let rest = p.toks.len() - p.i;
            let what = if rest == 2 {
                "extraneous"
            } else {
                "mismatched"
            };
            Err(p.issue(format!(
                "Syntax error: {what} input '{}' expecting <EOF>",
                p.raw()
            )))
        }
    }
}

fn issue(at: usize, text: impl Into<String>) -> Issue {
    Issue {
        at,
        text: text.into(),
    }
}

impl Parser {
    fn peek(&self) -> &Tok {
        self.toks.get(self.i).map_or(&Tok::End, |t| &t.1)
    }
    fn at(&self) -> usize {
        self.toks.get(self.i).map_or(0, |t| t.0)
    }
    fn raw(&self) -> &str {
        self.toks.get(self.i).map_or("<EOF>", |t| &t.2)
    }
    fn issue(&self, text: String) -> Issue {
        issue(self.at(), text)
    }
    fn next(&mut self) -> Tok {
        let t = self.peek().clone();
        self.i += 1;
        t
    }
    fn take(&mut self, op: &str) -> Option<usize> {
        let here = matches!(self.peek(), Tok::Op(o) if *o == op);
        let at = self.at();
        self.i += usize::from(here);
        here.then_some(at)
    }
    fn need(&mut self, op: &str) -> Result<usize, Issue> {
        self.take(op).ok_or_else(|| {
            let text = match self.peek() {
                Tok::End => format!("Syntax error: missing '{op}' at '<EOF>'"),
                _ => format!(
                    "Syntax error: mismatched input '{}' expecting '{op}'",
                    self.raw()
                ),
            };
            self.issue(text)
        })
    }

    fn expr(&mut self) -> Result<Node, Issue> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(too_deep());
        }
        let cond = self.binary(0)?;
        let out = match self.take("?") {
            None => cond,
            Some(at) => {
                let yes = self.binary(0)?;
                self.need(":")?;
                let no = self.expr()?;
                call(at, "_?_:_", vec![cond, yes, no])
            }
        };
        self.depth -= 1;
        Ok(out)
    }

    /// Operators that bind at least as tight as `least`.
    fn binary(&mut self, least: usize) -> Result<Node, Issue> {
        const LEVELS: &[&[&str]] = &[
            &["||"],
            &["&&"],
            &["==", "!=", "<=", ">=", "<", ">", "in"],
            &["+", "-"],
            &["*", "/", "%"],
        ];
        let mut left = self.unary()?;
        let mut links = 0;
        loop {
            let op = match self.peek() {
                Tok::Op(o) => *o,
                Tok::Ident(i) if i == "in" => "in",
                _ => return Ok(left),
            };
            let Some(level) = LEVELS
                .iter()
                .position(|l| l.contains(&op))
                .filter(|l| *l >= least)
            else {
                return Ok(left);
            };
            links += 1;
            if links > LINKS_MAX {
                return Err(too_deep());
            }
            let at = self.at();
            self.i += 1;
            let right = self.binary(level + 1)?;
            let name = if op == "in" {
                "@in".to_string()
            } else {
                format!("_{op}_")
            };
            left = call(at, &name, vec![left, right]);
        }
    }

    fn unary(&mut self) -> Result<Node, Issue> {
        let at = self.at();
        for op in ["!", "-"] {
            if self.take(op).is_none() {
                continue;
            }
            // A sign before a number belongs to it.
            if op == "-" {
                match self.peek().clone() {
                    Tok::Int(n) => {
                        self.i += 1;
                        let lit = Ex::Lit(V::Int(n.wrapping_neg()));
                        return self.member(Node { at, ex: lit });
                    }
                    Tok::Float(f) => {
                        self.i += 1;
                        let lit = Ex::Lit(V::Double(-f));
                        return self.member(Node { at, ex: lit });
                    }
                    _ => {}
                }
            }
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err(too_deep());
            }
            let of = self.unary()?;
            self.depth -= 1;
            return Ok(call(at, &format!("{op}_"), vec![of]));
        }
        let first = self.primary()?;
        self.member(first)
    }

    fn member(&mut self, mut n: Node) -> Result<Node, Issue> {
        let mut links = 0;
        loop {
            links += 1;
            if links > LINKS_MAX {
                return Err(too_deep());
            }
            if let Some(at) = self.take(".") {
                let optional = self.take("?").is_some();
                let field = match self.next() {
                    Tok::Ident(f) | Tok::Quoted(f) => f,
                    _ => {
                        self.i -= 1;
                        let text = match self.peek() {
                            Tok::End => {
                                "Syntax error: no viable alternative at input '.'".to_string()
                            }
                            _ => format!(
                                "Syntax error: no viable alternative at input '.{}'",
                                self.raw()
                            ),
                        };
                        return Err(self.issue(text));
                    }
                };
                if !optional && let Some(open) = self.take("(") {
                    let args = self.list(")")?;
                    n = method(open, n, field, args)?;
                    continue;
                }
                let of = Box::new(n);
                n = Node {
                    at,
                    ex: Ex::Select {
                        of,
                        field,
                        test: false,
                        optional,
                    },
                };
            } else if let Some(at) = self.take("[") {
                let name = if self.take("?").is_some() {
                    "_[?_]"
                } else {
                    "_[_]"
                };
                let key = self.expr()?;
                self.need("]")?;
                n = call(at, name, vec![n, key]);
            } else {
                return Ok(n);
            }
        }
    }

    fn list(&mut self, end: &str) -> Result<Vec<Node>, Issue> {
        let mut out = Vec::new();
        while self.take(end).is_none() {
            out.push(self.expr()?);
            if self.take(",").is_none() {
                self.need(end)?;
                break;
            }
        }
        Ok(out)
    }

    fn primary(&mut self) -> Result<Node, Issue> {
        let at = self.at();
        let ex = match self.next() {
            Tok::Int(n) => Ex::Lit(V::Int(n)),
            Tok::Uint(n) => Ex::Lit(V::Uint(n)),
            Tok::Float(f) => Ex::Lit(V::Double(f)),
            Tok::Str(s) => Ex::Lit(V::str(&s)),
            Tok::Bytes(b) => Ex::Lit(V::Bytes(b.into())),
            Tok::Ident(name) => match name.as_str() {
                "true" => Ex::Lit(V::Bool(true)),
                "false" => Ex::Lit(V::Bool(false)),
                "null" => Ex::Lit(V::Null),
                _ => return self.named(at, name),
            },
            Tok::Op("(") => {
                let n = self.expr()?;
                self.need(")")?;
                return Ok(n);
            }
            Tok::Op(".") => match self.next() {
                Tok::Ident(name) => return self.named(self.at(), name),
                _ => {
                    return Err(issue(
                        at,
                        "Syntax error: no viable alternative at input '.'",
                    ));
                }
            },
            Tok::Op("[") => {
                let mut items = Vec::new();
                while self.take("]").is_none() {
                    let optional = self.take("?").is_some();
                    items.push((self.expr()?, optional));
                    if self.take(",").is_none() {
                        self.need("]")?;
                        break;
                    }
                }
                Ex::List(items)
            }
            Tok::Op("{") => {
                let mut entries = Vec::new();
                while self.take("}").is_none() {
                    let optional = self.take("?").is_some();
                    let key = self.expr()?;
                    self.need(":")?;
                    entries.push((key, self.expr()?, optional));
                    if self.take(",").is_none() {
                        self.need("}")?;
                        break;
                    }
                }
                Ex::Map(entries)
            }
            _ => {
                self.i -= 1;
                let what = if *self.peek() == Tok::End {
                    "mismatched"
                } else {
                    "extraneous"
                };
                return Err(self.issue(format!(
                    "Syntax error: {what} input '{}' expecting {EXPECTED}",
                    self.raw()
                )));
            }
        };
        Ok(Node { at, ex })
    }

    fn named(&mut self, at: usize, name: String) -> Result<Node, Issue> {
        if RESERVED.contains(&name.as_str()) {
            return Err(issue(at, format!("reserved identifier: {name}")));
        }
        let Some(open) = self.take("(") else {
            return Ok(Node {
                at,
                ex: Ex::Ident(name),
            });
        };
        let mut args = self.list(")")?;
        if name == "has" && args.len() == 1 {
            let arg = args.remove(0);
            return match arg.ex {
                Ex::Select { of, field, .. } => Ok(Node {
                    at: open,
                    ex: Ex::Select {
                        of,
                        field,
                        test: true,
                        optional: false,
                    },
                }),
                _ => Err(issue(arg.at, "invalid argument to has() macro")),
            };
        }
        Ok(call(open, &name, args))
    }
}

fn call(at: usize, name: &str, args: Vec<Node>) -> Node {
    let name = name.to_string();
    let ex = Ex::Call {
        name,
        on: None,
        args,
    };
    Node { at, ex }
}

/// The macros that walk: name, and how many arguments each form has.
const LOOPS: &[(&str, &[usize])] = &[
    ("all", &[2, 3]),
    ("exists", &[2, 3]),
    ("exists_one", &[2]),
    ("existsOne", &[2, 3]),
    ("map", &[2, 3]),
    ("filter", &[2]),
    ("transformList", &[3, 4]),
    ("transformMap", &[3, 4]),
    ("transformMapEntry", &[3, 4]),
    ("optMap", &[2]),
    ("optFlatMap", &[2]),
];

/// A method call; macros and functions with a namespace (`sets.contains`) are told apart here.
fn method(at: usize, on: Node, name: String, mut args: Vec<Node>) -> Result<Node, Issue> {
    let known = LOOPS
        .iter()
        .find(|(n, counts)| *n == name && counts.contains(&args.len()));
    if let Some((kind, _)) = known {
        let two = match *kind {
            "all" | "exists" | "existsOne" => args.len() == 3,
            k => k.starts_with("transform"),
        };
        let mut vars = Vec::new();
        for _ in 0..1 + usize::from(two) {
            let first = args.remove(0);
            match first.ex {
                Ex::Ident(v) => vars.push(v),
                _ => return Err(issue(first.at, "argument must be a simple name")),
            }
        }
        let Some(body) = args.pop() else {
            return Err(issue(at, "argument must be a simple name"));
        };
        let filter = args.pop();
        let range = on;
        return Ok(Node {
            at,
            ex: Ex::Loop(Box::new(Loop {
                kind,
                vars,
                range,
                body,
                filter,
            })),
        });
    }
    if let Ex::Ident(space) = &on.ex {
        let full = format!("{space}.{name}");
        if super::signatures::exists(&full) {
            return Ok(call(at, &full, args));
        }
    }
    let on = Some(Box::new(on));
    Ok(Node {
        at,
        ex: Ex::Call { name, on, args },
    })
}

fn lex(text: &str) -> Result<Vec<(usize, Tok, String)>, Issue> {
    let c: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut i = 0;
    while let Some(&ch) = c.get(i) {
        if ch.is_ascii_whitespace() {
            i += 1;
            continue;
        }
        if ch == '/' && c.get(i + 1) == Some(&'/') {
            while c.get(i).is_some_and(|c| *c != '\n') {
                i += 1;
            }
            continue;
        }
        let start = i;
        let tok = if let Some(tok) = string(&c, &mut i)? {
            tok
        } else if ch.is_ascii_digit()
            || (ch == '.' && c.get(i + 1).is_some_and(char::is_ascii_digit))
        {
            number(&c, &mut i)?
        } else if ch.is_ascii_alphabetic() || ch == '_' {
            while c
                .get(i)
                .is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_')
            {
                i += 1;
            }
            Tok::Ident(c.get(start..i).unwrap_or_default().iter().collect())
        } else if ch == '`' {
            let len = c
                .get(i + 1..)
                .and_then(|r| r.iter().position(|c| *c == '`'));
            let len =
                len.ok_or_else(|| issue(i, "Syntax error: token recognition error at: '`'"))?;
            i += len + 2;
            Tok::Quoted(c.get(start + 1..i - 1).unwrap_or_default().iter().collect())
        } else {
            let fits = |o: &&&str| o.chars().enumerate().all(|(k, x)| c.get(i + k) == Some(&x));
            let Some(op) = OPS.iter().find(fits) else {
                return Err(issue(
                    i,
                    format!("Syntax error: token recognition error at: '{ch}'"),
                ));
            };
            i += op.len();
            Tok::Op(op)
        };
        out.push((
            start,
            tok,
            c.get(start..i).unwrap_or_default().iter().collect(),
        ));
    }
    out.push((c.len(), Tok::End, "<EOF>".to_string()));
    Ok(out)
}

fn number(c: &[char], i: &mut usize) -> Result<Tok, Issue> {
    let start = *i;
    let hex = c.get(start) == Some(&'0') && matches!(c.get(start + 1), Some('x' | 'X'));
    *i += if hex { 2 } else { 0 };
    let mut float = false;
    while let Some(&ch) = c.get(*i) {
        let sign = matches!(ch, '+' | '-')
            && !hex
            && matches!(c.get(*i - 1), Some('e' | 'E'))
            && *i > start;
        let point = ch == '.' && !hex && c.get(*i + 1).is_some_and(char::is_ascii_digit);
        let exponent = matches!(ch, 'e' | 'E') && !hex;
        float |= point || exponent;
        if !(ch.is_ascii_digit() || sign || point || exponent || (hex && ch.is_ascii_hexdigit())) {
            break;
        }
        *i += 1;
    }
    let text: String = c.get(start..*i).unwrap_or_default().iter().collect();
    if float {
        let f = text
            .parse()
            .map_err(|_| issue(start, "invalid double literal"))?;
        return Ok(Tok::Float(f));
    }
    let (digits, radix) = match hex {
        true => (text.get(2..).unwrap_or(""), 16),
        false => (text.as_str(), 10),
    };
    if matches!(c.get(*i), Some('u' | 'U')) {
        *i += 1;
        let n = u64::from_str_radix(digits, radix);
        return Ok(Tok::Uint(
            n.map_err(|_| issue(start, "invalid uint literal"))?,
        ));
    }
    // The lowest number is written with a sign that is not part of the token.
    match u64::from_str_radix(digits, radix) {
        Ok(n) if n <= 1 << 63 => Ok(Tok::Int(n as i64)),
        _ => Err(issue(start, "invalid int literal")),
    }
}

/// A string or bytes literal, with its prefixes `r` and `b`, if one stands here.
fn string(c: &[char], i: &mut usize) -> Result<Option<Tok>, Issue> {
    let start = *i;
    let (mut raw, mut bytes, mut at) = (false, false, start);
    while let Some('r' | 'R' | 'b' | 'B') = c.get(at)
        && at < start + 2
    {
        raw |= matches!(c.get(at), Some('r' | 'R'));
        bytes |= matches!(c.get(at), Some('b' | 'B'));
        at += 1;
    }
    let Some(&quote) = c.get(at).filter(|q| matches!(q, '"' | '\'')) else {
        return Ok(None);
    };
    let long = c.get(at + 1) == Some(&quote) && c.get(at + 2) == Some(&quote);
    let width = if long { 3 } else { 1 };
    at += width;
    let mut out: Vec<u8> = Vec::new();
    let mut utf = [0u8; 4];
    loop {
        let unclosed = || {
            let shown: String = c.get(start..).unwrap_or_default().iter().collect();
            issue(
                start,
                format!("Syntax error: token recognition error at: '{shown}'"),
            )
        };
        let ch = *c.get(at).ok_or_else(unclosed)?;
        let closes = ch == quote
            && (!long || (c.get(at + 1) == Some(&quote) && c.get(at + 2) == Some(&quote)));
        if closes {
            at += width;
            break;
        }
        if ch == '\n' && !long {
            return Err(unclosed());
        }
        if ch == '\\' && !raw {
            let code = escaped(c, &mut at).ok_or_else(unclosed)?;
            match char::from_u32(code) {
                Some(_) if bytes && code < 256 => out.push(code as u8),
                Some(ch) => out.extend_from_slice(ch.encode_utf8(&mut utf).as_bytes()),
                None => return Err(unclosed()),
            }
            continue;
        }
        out.extend_from_slice(ch.encode_utf8(&mut utf).as_bytes());
        at += 1;
    }
    *i = at;
    Ok(Some(match bytes {
        true => Tok::Bytes(out),
        false => Tok::Str(String::from_utf8_lossy(&out).into_owned()),
    }))
}

fn escaped(c: &[char], at: &mut usize) -> Option<u32> {
    let ch = *c.get(*at + 1)?;
    *at += 2;
    Some(match ch {
        'n' => 10,
        't' => 9,
        'r' => 13,
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'v' => 11,
        '\\' | '\'' | '"' | '`' | '?' => ch as u32,
        'x' | 'X' => return coded(c, at, 0, 2, 16),
        'u' => return coded(c, at, 0, 4, 16),
        'U' => return coded(c, at, 0, 8, 16),
        '0'..='3' => return coded(c, at, 1, 3, 8),
        _ => return None,
    })
}

/// `n` digits that start `back` characters before `at`.
fn coded(c: &[char], at: &mut usize, back: usize, n: usize, radix: u32) -> Option<u32> {
    let from = *at - back;
    let text: String = c.get(from..from + n)?.iter().collect();
    *at = from + n;
    u32::from_str_radix(&text, radix).ok()
}
