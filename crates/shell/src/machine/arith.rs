//! `$((...))`: C's integer expressions on 64 bits, wrapping (bash: `expr.c`).

/// Expressions inside expressions; variables that name variables.
const MAX_DEPTH: usize = 64;

pub(super) trait Vars {
    fn get(&mut self, name: &str) -> String;
    /// The name of an array's element, whose index, as text and as a number, is this.
    fn element(&mut self, name: &str, index: &str, at: Option<i64>) -> String;
    fn set(&mut self, name: &str, value: i64);
}

type Result<T> = std::result::Result<T, String>;

pub(super) fn eval(text: &str, vars: &mut dyn Vars) -> Result<i64> {
    eval_at(text, vars, 0)
}

fn eval_at(text: &str, vars: &mut dyn Vars, depth: usize) -> Result<i64> {
    let mut parser = Parser {
        text: text.chars().collect(),
        at: 0,
        vars,
        depth,
        whole: text.trim_start(),
        operand: 0,
    };
    if parser.whole.trim_end().is_empty() {
        return Ok(0);
    }
    let value = parser.comma(true)?;
    parser.blanks();
    if parser.at < parser.text.len() {
        return Err(parser.error("syntax error in expression"));
    }
    Ok(value)
}

/// Binary operators by how loosely they bind. Two-character ones come first.
const LEVELS: &[&[&str]] = &[
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];
const ASSIGNMENTS: &[&str] = &[
    "<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "=",
];

struct Parser<'a> {
    text: Vec<char>,
    at: usize,
    vars: &'a mut dyn Vars,
    depth: usize,
    whole: &'a str,
    /// Where the right side of the operator at hand starts.
    operand: usize,
}

impl Parser<'_> {
    fn error(&self, what: &str) -> String {
        let rest: String = self
            .text
            .get(self.at..)
            .unwrap_or_default()
            .iter()
            .collect();
        format!("{}: {what} (error token is \"{}\")", self.whole, rest)
    }

    fn blanks(&mut self) {
        while self.text.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
    }

    fn looking_at(&mut self, op: &str) -> bool {
        self.blanks();
        op.chars()
            .enumerate()
            .all(|(i, c)| self.text.get(self.at + i) == Some(&c))
    }

    fn take(&mut self, op: &str) -> bool {
        let found = self.looking_at(op);
        if found {
            self.at += op.len();
        }
        found
    }

    fn deeper<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= MAX_DEPTH {
            return Err(format!(
                "{}: expression recursion level exceeded",
                self.whole
            ));
        }
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        result
    }

    fn comma(&mut self, live: bool) -> Result<i64> {
        let mut value = self.assignment(live)?;
        while self.take(",") {
            value = self.assignment(live)?;
        }
        Ok(value)
    }

    fn assignment(&mut self, live: bool) -> Result<i64> {
        let start = self.at;
        if let Some(name) = self.name() {
            for op in ASSIGNMENTS {
                if !self.looking_at(op) || *op == "=" && self.looking_at("==") {
                    continue;
                }
                self.at += op.len();
                let right = self.deeper(|this| this.assignment(live))?;
                let value = match op.strip_suffix('=') {
                    Some("") | None => right,
                    Some(op) => {
                        let left = self.variable(&name)?;
                        self.apply(op, left, right, live)?
                    }
                };
                if live {
                    self.vars.set(&name, value);
                }
                return Ok(value);
            }
            self.at = start;
        }
        self.conditional(live)
    }

    fn conditional(&mut self, live: bool) -> Result<i64> {
        let condition = self.binary(0, live)?;
        if !self.take("?") {
            return Ok(condition);
        }
        let yes = self.deeper(|this| this.comma(live && condition != 0))?;
        if !self.take(":") {
            return Err(self.error("`:' expected for conditional expression"));
        }
        let no = self.deeper(|this| this.assignment(live && condition == 0))?;
        Ok(if condition != 0 { yes } else { no })
    }

    fn binary(&mut self, level: usize, live: bool) -> Result<i64> {
        let Some(ops) = LEVELS.get(level) else {
            return self.power(live);
        };
        let mut left = self.binary(level + 1, live)?;
        'next: loop {
            for op in *ops {
                if !self.looking_at(op) || self.is_longer(op) {
                    continue;
                }
                self.at += op.len();
                let needed = match *op {
                    "&&" => left != 0,
                    "||" => left == 0,
                    _ => true,
                };
                self.blanks();
                let operand = self.at;
                let right = self.binary(level + 1, live && needed)?;
                self.operand = operand;
                left = self.apply(op, left, right, live && needed)?;
                continue 'next;
            }
            return Ok(left);
        }
    }

    /// Whether what looks like `op` is the start of a longer operator.
    fn is_longer(&self, op: &str) -> bool {
        let next = self.text.get(self.at + op.len());
        match op {
            "|" | "&" => next == Some(&op.chars().next().unwrap_or(' ')) || next == Some(&'='),
            "<" | ">" => next == Some(&op.chars().next().unwrap_or(' ')),
            "<<" | ">>" | "^" | "+" | "-" | "/" | "%" => next == Some(&'='),
            "*" => matches!(next, Some('=' | '*')),
            _ => false,
        }
    }

    fn apply(&self, op: &str, a: i64, b: i64, live: bool) -> Result<i64> {
        Ok(match op {
            "||" => i64::from(a != 0 || b != 0),
            "&&" => i64::from(a != 0 && b != 0),
            "|" => a | b,
            "^" => a ^ b,
            "&" => a & b,
            "==" => i64::from(a == b),
            "!=" => i64::from(a != b),
            "<=" => i64::from(a <= b),
            ">=" => i64::from(a >= b),
            "<" => i64::from(a < b),
            ">" => i64::from(a > b),
            "<<" => a.wrapping_shl(b as u32),
            ">>" => a.wrapping_shr(b as u32),
            "+" => a.wrapping_add(b),
            "-" => a.wrapping_sub(b),
            "*" => a.wrapping_mul(b),
            "/" | "%" if b == 0 => {
                if live {
                    let token = self.text.get(self.operand..).unwrap_or_default();
                    let token: String = token.iter().collect();
                    return Err(format!(
                        "{}: division by 0 (error token is \"{token}\")",
                        self.whole
                    ));
                }
                0
            }
            "/" => a.wrapping_div(b),
            _ => a.wrapping_rem(b),
        })
    }

    fn power(&mut self, live: bool) -> Result<i64> {
        let base = self.unary(live)?;
        if !self.take("**") {
            return Ok(base);
        }
        let exponent = self.deeper(|this| this.power(live))?;
        if exponent < 0 {
            return Err(self.error("exponent less than 0"));
        }
        Ok(base.wrapping_pow(u32::try_from(exponent).unwrap_or(u32::MAX)))
    }

    fn unary(&mut self, live: bool) -> Result<i64> {
        for op in ["++", "--"] {
            let start = self.at;
            if self.take(op) {
                if let Some(name) = self.name() {
                    let step = if op == "++" { 1 } else { -1 };
                    let value = self.variable(&name)?.wrapping_add(step);
                    if live {
                        self.vars.set(&name, value);
                    }
                    return Ok(value);
                }
                self.at = start;
            }
        }
        for op in ["!", "~", "-", "+"] {
            if self.take(op) {
                let value = self.deeper(|this| this.unary(live))?;
                return Ok(match op {
                    "!" => i64::from(value == 0),
                    "~" => !value,
                    "-" => value.wrapping_neg(),
                    _ => value,
                });
            }
        }
        self.primary(live)
    }

    fn primary(&mut self, live: bool) -> Result<i64> {
        if self.take("(") {
            let value = self.deeper(|this| this.comma(live))?;
            if !self.take(")") {
                return Err(self.error("missing `)'"));
            }
            return Ok(value);
        }
        if let Some(name) = self.name() {
            let value = self.variable(&name)?;
            for (op, step) in [("++", 1), ("--", -1)] {
                if self.take(op) {
                    if live {
                        self.vars.set(&name, value.wrapping_add(step));
                    }
                    return Ok(value);
                }
            }
            return Ok(value);
        }
        self.number()
    }

    fn name(&mut self) -> Option<String> {
        self.blanks();
        let start = self.at;
        if !self
            .text
            .get(start)
            .is_some_and(|c| c.is_ascii_alphabetic() || *c == '_')
        {
            return None;
        }
        while self
            .text
            .get(self.at)
            .is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_')
        {
            self.at += 1;
        }
        let name: String = self.text.get(start..self.at)?.iter().collect();
        if self.text.get(self.at) != Some(&'[') {
            return Some(name);
        }
        let inside = self.at + 1;
        let mut open = 0;
        loop {
            match self.text.get(self.at)? {
                '[' => open += 1,
                ']' => open -= 1,
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                break;
            }
        }
        let index: String = self.text.get(inside..self.at - 1)?.iter().collect();
        let at = match self.depth < MAX_DEPTH {
            true => eval_at(&index, self.vars, self.depth + 8).ok(),
            false => None,
        };
        Some(self.vars.element(&name, &index, at))
    }

    /// A variable's value is an expression of its own.
    fn variable(&mut self, name: &str) -> Result<i64> {
        let text = self.vars.get(name);
        if let Ok(number) = text.trim().parse::<i64>()
            && !text.trim().trim_start_matches('-').starts_with('0')
        {
            return Ok(number);
        }
        if self.depth >= MAX_DEPTH {
            return Err(format!(
                "{}: expression recursion level exceeded",
                self.whole
            ));
        }
        eval_at(&text, self.vars, self.depth + 8)
    }

    fn number(&mut self) -> Result<i64> {
        self.blanks();
        let start = self.at;
        while self
            .text
            .get(self.at)
            .is_some_and(|c| c.is_ascii_alphanumeric() || *c == '#')
        {
            self.at += 1;
        }
        let text: String = self
            .text
            .get(start..self.at)
            .unwrap_or_default()
            .iter()
            .collect();
        let parsed = if let Some(hex) = text.strip_prefix("0x").or(text.strip_prefix("0X")) {
            i64::from_str_radix(hex, 16).ok()
        } else if let Some((base, digits)) = text.split_once('#') {
            let base = base
                .parse::<u32>()
                .ok()
                .filter(|base| (2..=36).contains(base));
            base.and_then(|base| i64::from_str_radix(digits, base).ok())
        } else if text.len() > 1 && text.starts_with('0') {
            match i64::from_str_radix(&text, 8) {
                Ok(value) => Some(value),
                Err(_) => {
                    let whole = self.whole;
                    return Err(format!(
                        "{whole}: value too great for base (error token is \"{text}\")"
                    ));
                }
            }
        } else {
            text.parse().ok()
        };
        parsed.ok_or_else(|| {
            self.at = start;
            self.error("syntax error: operand expected")
        })
    }
}
