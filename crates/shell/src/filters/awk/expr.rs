//! awk's expressions, loosest first.

use super::parse::{Expr, Parsed, Parser};
use super::tokens::Token;
use crate::regex::Regex;

impl Parser {
    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        self.deeper(Parser::assignment)
    }

    pub(super) fn assignment(&mut self) -> Parsed<Expr> {
        let left = self.ternary()?;
        let place = matches!(left, Expr::Var(_) | Expr::Field(_) | Expr::Element(..));
        for (token, op) in [
            ("=", ""),
            ("+=", "+"),
            ("-=", "-"),
            ("*=", "*"),
            ("/=", "/"),
            ("%=", "%"),
            ("^=", "^"),
        ] {
            if place && self.take(token) {
                self.newlines();
                let right = self.expr()?;
                return Ok(Expr::Assign(op, Box::new(left), Box::new(right)));
            }
        }
        Ok(left)
    }

    pub(super) fn ternary(&mut self) -> Parsed<Expr> {
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
    pub(super) fn logical(&mut self, level: usize) -> Parsed<Expr> {
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

    pub(super) fn membership(&mut self) -> Parsed<Expr> {
        let mut left = self.matching()?;
        while !self.no_in && matches!(self.peek(), Token::Name(name) if name == "in") {
            self.at += 1;
            let Token::Name(array) = self.peek().clone() else {
                return Err(self.error());
            };
            self.at += 1;
            left = Expr::In(vec![left], array);
        }
        Ok(left)
    }

    pub(super) fn matching(&mut self) -> Parsed<Expr> {
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

    pub(super) fn comparison(&mut self) -> Parsed<Expr> {
        let left = self.concatenation()?;
        for op in ["<=", ">=", "==", "!=", "<", ">"] {
            if !(op == ">" && self.no_gt) && self.take(op) {
                let right = self.concatenation()?;
                return Ok(Expr::Binary(op, Box::new(left), Box::new(right)));
            }
        }
        Ok(left)
    }

    pub(super) fn concatenation(&mut self) -> Parsed<Expr> {
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

    pub(super) fn sum(&mut self) -> Parsed<Expr> {
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

    pub(super) fn product(&mut self) -> Parsed<Expr> {
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

    pub(super) fn unary(&mut self) -> Parsed<Expr> {
        if self.take("!") {
            return Ok(Expr::Not(Box::new(self.deeper(Parser::unary)?)));
        }
        if self.take("-") {
            return Ok(Expr::Negative(Box::new(self.deeper(Parser::unary)?)));
        }
        if self.take("+") {
            let value = self.deeper(Parser::unary)?;
            return Ok(Expr::Binary(
                "+",
                Box::new(Expr::Number(0.0)),
                Box::new(value),
            ));
        }
        let base = self.postfix()?;
        if self.take("^") {
            let power = self.deeper(Parser::unary)?;
            return Ok(Expr::Binary("^", Box::new(base), Box::new(power)));
        }
        Ok(base)
    }

    pub(super) fn postfix(&mut self) -> Parsed<Expr> {
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

    pub(super) fn primary(&mut self) -> Parsed<Expr> {
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
                    let Token::Name(array) = self.peek().clone() else {
                        return Err(self.error());
                    };
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
    pub(super) fn postfix_free(&mut self) -> Parsed<Expr> {
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
