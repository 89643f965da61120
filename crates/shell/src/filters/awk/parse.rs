//! awk's grammar, from text to tree.

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

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Text(String),
    Regex(String),
    Name(String),
    /// A name right before `(`.
    Func(String),
    Op(&'static str),
    Newline,
    End,
}

const OPERATORS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=", "^=", "++", "--", "!~", "**",
    "{", "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", "<", ">", "~", "?",
    ":", "=", "$", "|",
];

type Parsed<T> = Result<T, String>;

pub fn parse(source: &str) -> Parsed<Program> {
    let tokens = tokens(source)?;
    let mut parser = Parser { tokens, at: 0, depth: 0, no_in: false, no_gt: false };
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
                if name == "BEGIN" { program.begin.push(body) } else { program.end.push(body) }
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

fn tokens(source: &str) -> Parsed<Vec<Token>> {
    let chars: Vec<char> = source.chars().collect();
    let mut out: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let value_before = matches!(
            out.last(),
            Some(Token::Number(_) | Token::Text(_) | Token::Name(_) | Token::Op(")" | "]" | "$" | "++" | "--"))
        );
        match c {
            ' ' | '\t' | '\r' => at += 1,
            '\\' if chars.get(at + 1) == Some(&'\n') => at += 2,
            '#' => {
                while chars.get(at).is_some_and(|c| *c != '\n') {
                    at += 1;
                }
            }
            '\n' => {
                out.push(Token::Newline);
                at += 1;
            }
            '"' | '/' if c == '"' || !value_before => {
                let mut text = String::new();
                let mut in_set = false;
                at += 1;
                loop {
                    let Some(&next) = chars.get(at) else {
                        let what = if c == '"' { "string" } else { "regexp" };
                        return Err(format!("non-terminated {what} {text:.10}... at source line 1"));
                    };
                    at += 1;
                    match next {
                        '\\' if chars.get(at) == Some(&'/') => {
                            text.push('/');
                            at += 1;
                        }
                        '\\' => {
                            text.push('\\');
                            text.extend(chars.get(at));
                            at += 1;
                        }
                        next if next == c && !in_set => break,
                        next => {
                            in_set = c == '/' && (next == '[' || in_set && next != ']');
                            text.push(next);
                        }
                    }
                }
                out.push(match c {
                    '"' => Token::Text(crate::syntax::unescape(&text)),
                    _ => Token::Regex(text),
                });
            }
            c if c.is_ascii_digit() || c == '.' && chars.get(at + 1).is_some_and(char::is_ascii_digit) => {
                let start = at;
                while chars.get(at).is_some_and(|c| {
                    c.is_ascii_alphanumeric() || *c == '.' || "+-".contains(*c) && matches!(chars[at - 1], 'e' | 'E') && at > start
                }) {
                    at += 1;
                }
                let text: String = chars[start..at].iter().collect();
                let digits: usize = text.find(|c: char| c.is_ascii_alphabetic() && c != 'e' && c != 'E').unwrap_or(text.len());
                at = start + text[..digits].chars().count();
                out.push(Token::Number(text[..digits].parse().unwrap_or(0.0)));
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let start = at;
                while chars.get(at).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    at += 1;
                }
                let name: String = chars[start..at].iter().collect();
                out.push(match chars.get(at) {
                    Some('(') => Token::Func(name),
                    _ => Token::Name(name),
                });
            }
            c => {
                let fits = |op: &&&str| {
                    op.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c))
                };
                let Some(op) = OPERATORS.iter().find(fits) else {
                    return Err(format!("syntax error at source line 1 near {c}"));
                };
                at += op.len();
                out.push(Token::Op(if *op == "**" { "^" } else { op }));
            }
        }
        if out.len() > 50_000 {
            return Err("program too long".to_owned());
        }
    }
    out.push(Token::End);
    Ok(out)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    /// In the head of `for (`: `in` belongs to the loop.
    no_in: bool,
    /// In `print`: `>` would be a redirection.
    no_gt: bool,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    fn take(&mut self, op: &str) -> bool {
        let found = matches!(self.peek(), Token::Op(known) if *known == op);
        self.at += usize::from(found);
        found
    }

    fn need(&mut self, op: &str) -> Parsed<()> {
        match self.take(op) {
            true => Ok(()),
            false => Err(self.error()),
        }
    }

    fn error(&self) -> String {
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

    fn blanks(&mut self) {
        while matches!(self.peek(), Token::Newline | Token::Op(";")) {
            self.at += 1;
        }
    }

    fn newlines(&mut self) {
        while self.peek() == &Token::Newline {
            self.at += 1;
        }
    }

    fn deeper<T>(&mut self, run: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return Err("program nested too deeply".to_owned());
        }
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        result
    }

    fn block(&mut self) -> Parsed<Vec<Stmt>> {
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
    fn body(&mut self) -> Parsed<Vec<Stmt>> {
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

    fn statement(&mut self) -> Parsed<Stmt> {
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
                if name == "print" { Stmt::Print(list) } else { Stmt::Printf(list) }
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
                let Token::Name(array) = self.peek().clone() else { return Err(self.error()) };
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

    fn ends(&self) -> bool {
        matches!(self.peek(), Token::Newline | Token::End | Token::Op(";" | "}"))
    }

    /// `print a, b` and `print(a, b)`
    fn print_list(&mut self) -> Parsed<Vec<Expr>> {
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

    fn list(&mut self) -> Parsed<Vec<Expr>> {
        let mut out = vec![self.expr()?];
        while self.take(",") {
            self.newlines();
            out.push(self.expr()?);
        }
        Ok(out)
    }

    fn for_loop(&mut self) -> Parsed<Stmt> {
        self.need("(")?;
        if let [Token::Name(name), Token::Name(word), Token::Name(array), Token::Op(")")] =
            self.tokens.get(self.at..self.at + 4).unwrap_or_default()
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

    fn expr(&mut self) -> Parsed<Expr> {
        self.deeper(Parser::assignment)
    }

    fn assignment(&mut self) -> Parsed<Expr> {
        let left = self.ternary()?;
        let place = matches!(left, Expr::Var(_) | Expr::Field(_) | Expr::Element(..));
        for (token, op) in
            [("=", ""), ("+=", "+"), ("-=", "-"), ("*=", "*"), ("/=", "/"), ("%=", "%"), ("^=", "^")]
        {
            if place && self.take(token) {
                self.newlines();
                let right = self.expr()?;
                return Ok(Expr::Assign(op, Box::new(left), Box::new(right)));
            }
        }
        Ok(left)
    }

    fn ternary(&mut self) -> Parsed<Expr> {
        let test = self.logical(0)?;
        if !self.take("?") {
            return Ok(test);
        }
        self.newlines();
        let yes = self.expr()?;
        self.newlines();
        self.need(":")?;
        self.newlines();
        let no = self.expr()?;
        Ok(Expr::Condition(Box::new(test), Box::new(yes), Box::new(no)))
    }

    /// `||`, then `&&`.
    fn logical(&mut self, level: usize) -> Parsed<Expr> {
        let op = match level {
            0 => "||",
            1 => "&&",
            _ => return self.membership(),
        };
        let mut left = self.logical(level + 1)?;
        while self.take(op) {
            self.newlines();
            let right = self.logical(level + 1)?;
            left = Expr::Binary(op, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn membership(&mut self) -> Parsed<Expr> {
        let mut left = self.matching()?;
        while !self.no_in && matches!(self.peek(), Token::Name(name) if name == "in") {
            self.at += 1;
            let Token::Name(array) = self.peek().clone() else { return Err(self.error()) };
            self.at += 1;
            left = Expr::In(vec![left], array);
        }
        Ok(left)
    }

    fn matching(&mut self) -> Parsed<Expr> {
        let mut left = self.comparison()?;
        loop {
            let wanted = match self.peek() {
                Token::Op("~") => true,
                Token::Op("!~") => false,
                _ => return Ok(left),
            };
            self.at += 1;
            let right = self.comparison()?;
            left = Expr::Match(wanted, Box::new(left), Box::new(right));
        }
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let left = self.concatenation()?;
        for op in ["<=", ">=", "==", "!=", "<", ">"] {
            if !(op == ">" && self.no_gt) && self.take(op) {
                let right = self.concatenation()?;
                return Ok(Expr::Binary(op, Box::new(left), Box::new(right)));
            }
        }
        Ok(left)
    }

    fn concatenation(&mut self) -> Parsed<Expr> {
        let mut left = self.sum()?;
        loop {
            let goes_on = match self.peek() {
                Token::Number(_) | Token::Text(_) | Token::Func(_) => true,
                Token::Name(name) => name != "in",
                Token::Op(op) => ["$", "!", "(", "-", "+", "++", "--"].contains(op),
                _ => false,
            };
            if !goes_on {
                return Ok(left);
            }
            let right = self.sum()?;
            left = Expr::Binary(" ", Box::new(left), Box::new(right));
        }
    }

    fn sum(&mut self) -> Parsed<Expr> {
        let mut left = self.product()?;
        loop {
            let op = match self.peek() {
                Token::Op("+") => "+",
                Token::Op("-") => "-",
                _ => return Ok(left),
            };
            self.at += 1;
            let right = self.product()?;
            left = Expr::Binary(op, Box::new(left), Box::new(right));
        }
    }

    fn product(&mut self) -> Parsed<Expr> {
        let mut left = self.unary()?;
        loop {
            let op = match self.peek() {
                Token::Op("*") => "*",
                Token::Op("/") => "/",
                Token::Op("%") => "%",
                _ => return Ok(left),
            };
            self.at += 1;
            let right = self.unary()?;
            left = Expr::Binary(op, Box::new(left), Box::new(right));
        }
    }

    fn unary(&mut self) -> Parsed<Expr> {
        if self.take("!") {
            return Ok(Expr::Not(Box::new(self.deeper(Parser::unary)?)));
        }
        if self.take("-") {
            return Ok(Expr::Negative(Box::new(self.deeper(Parser::unary)?)));
        }
        if self.take("+") {
            let value = self.deeper(Parser::unary)?;
            return Ok(Expr::Binary("+", Box::new(Expr::Number(0.0)), Box::new(value)));
        }
        let base = self.postfix()?;
        if self.take("^") {
            let power = self.deeper(Parser::unary)?;
            return Ok(Expr::Binary("^", Box::new(base), Box::new(power)));
        }
        Ok(base)
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        for (op, step) in [("++", 1.0), ("--", -1.0)] {
            if self.take(op) {
                let place = self.deeper(Parser::primary)?;
                return Ok(Expr::Step(step, true, Box::new(place)));
            }
        }
        let value = self.primary()?;
        if matches!(value, Expr::Var(_) | Expr::Field(_) | Expr::Element(..)) {
            for (op, step) in [("++", 1.0), ("--", -1.0)] {
                if self.take(op) {
                    return Ok(Expr::Step(step, false, Box::new(value)));
                }
            }
        }
        Ok(value)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let token = self.peek().clone();
        self.at += 1;
        match token {
            Token::Number(number) => Ok(Expr::Number(number)),
            Token::Text(text) => Ok(Expr::Text(text)),
            Token::Regex(pattern) => Ok(Expr::Regex(Regex::new(&pattern, true, false)?)),
            Token::Op("$") => Ok(Expr::Field(Box::new(self.deeper(Parser::postfix_free)?))),
            Token::Op("(") => {
                let saved = std::mem::replace(&mut self.no_gt, false);
                let mut list = self.list()?;
                self.no_gt = saved;
                self.need(")")?;
                let is_in = matches!(self.peek(), Token::Name(name) if name == "in");
                if list.len() > 1 || is_in && list.len() > 1 {
                    self.at += 1;
                    let Token::Name(array) = self.peek().clone() else { return Err(self.error()) };
                    self.at += 1;
                    return Ok(Expr::In(list, array));
                }
                // Brackets make an expression a value: `(x)++` is none.
                let inner = list.remove(0);
                Ok(match inner {
                    Expr::Var(_) | Expr::Element(..) => Expr::Condition(
                        Box::new(Expr::Number(1.0)),
                        Box::new(inner),
                        Box::new(Expr::Number(0.0)),
                    ),
                    inner => inner,
                })
            }
            Token::Func(name) => {
                self.need("(")?;
                let saved = std::mem::replace(&mut self.no_gt, false);
                self.newlines();
                let args = match self.peek() {
                    Token::Op(")") => Vec::new(),
                    _ => self.list()?,
                };
                self.no_gt = saved;
                self.need(")")?;
                Ok(Expr::Call(name, args))
            }
            Token::Name(name) if name == "length" => Ok(Expr::Call(name, Vec::new())),
            Token::Name(name) => match self.take("[") {
                true => {
                    let index = self.list()?;
                    self.need("]")?;
                    Ok(Expr::Element(name, index))
                }
                false => Ok(Expr::Var(name)),
            },
            _ => {
                self.at -= 1;
                Err(self.error())
            }
        }
    }

    /// After `$` binds only the next value: `$i++` steps the field, `$NF-1` subtracts.
    fn postfix_free(&mut self) -> Parsed<Expr> {
        for (op, step) in [("++", 1.0), ("--", -1.0)] {
            if self.take(op) {
                let place = self.deeper(Parser::primary)?;
                return Ok(Expr::Step(step, true, Box::new(place)));
            }
        }
        if self.take("-") {
            return Ok(Expr::Negative(Box::new(self.deeper(Parser::primary)?)));
        }
        self.primary()
    }
}
