//! From text to tree: CEL's grammar by precedence climbing, macros opened on the way.
//! Upstream: `cel-go:parser/{parser,macro}.go`, `parser/gen/CEL.g4`.

mod lex;

use super::value::V;
use super::{Ex, Issue, Loop, Node};
use lex::{Tok, lex};

/// How deep an expression may nest: less than upstream's 250, so that a page's stack holds it.
const DEPTH_MAX: usize = 100;
/// How long a chain of operators or fields may be.
const LINKS_MAX: usize = 250;

fn too_deep() -> Issue {
    issue(0, "expression recursion limit exceeded: 250")
}

struct Parser {
    toks: Vec<(usize, Tok, String)>,
    i: usize,
    depth: usize,
}

/// Words that name nothing, besides those that the grammar itself uses.
pub(super) const RESERVED: &[&str] = &[
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
