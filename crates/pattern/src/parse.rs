//! From pattern text to tree: POSIX's basic and extended grammars, and RE2's, which is the extended one with Perl's escapes.

use super::{Inst, MAX_DEPTH, Node, SetItem};

/// How often RE2 repeats anything at the most, repetitions inside repetitions multiplied.
const REPEATS_MAX: u32 = 1000;

fn repeats_fit(node: &Node, left: u32) -> bool {
    match node {
        Node::Empty | Node::Inst(_) => true,
        Node::Concat(nodes) | Node::Either(nodes) => nodes.iter().all(|n| repeats_fit(n, left)),
        Node::Group(node, _) => repeats_fit(node, left),
        Node::Repeat(node, least, most) => match most.unwrap_or(*least) {
            n if n > left => false,
            n => repeats_fit(node, left / n.max(1)),
        },
    }
}

pub(super) struct Parser {
    pub text: Vec<char>,
    pub at: usize,
    pub extended: bool,
    pub re2: bool,
    pub groups: usize,
    pub depth: usize,
}

impl Parser {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    /// Whether an operator stands here: `+` in an extended pattern, `\+` in a basic one.
    fn looking_at(&self, op: char) -> bool {
        match self.extended {
            true => self.peek(0) == Some(op),
            false => self.peek(0) == Some('\\') && self.peek(1) == Some(op),
        }
    }

    fn take(&mut self, op: char) -> bool {
        let found = self.looking_at(op);
        if found {
            self.at += if self.extended { 1 } else { 2 };
        }
        found
    }

    pub fn alternatives(&mut self) -> Result<Node, String> {
        let mut nodes = vec![self.sequence()?];
        while self.take('|') {
            nodes.push(self.sequence()?);
        }
        Ok(if nodes.len() == 1 {
            nodes.remove(0)
        } else {
            Node::Either(nodes)
        })
    }

    fn sequence(&mut self) -> Result<Node, String> {
        let mut nodes: Vec<Node> = Vec::new();
        let start = self.at;
        loop {
            let closes = self.looking_at(')') && (self.depth > 0 || !self.extended || self.re2);
            if self.at >= self.text.len() || self.looking_at('|') || closes {
                break;
            }
            let first = self.at == start;
            let mut node = self.atom(first)?;
            let mut repeats = 0;
            let operators = self.at;
            while let Some((least, most)) = self.repeat()? {
                // Lazy or greedy, what matches is the same.
                if self.re2 && self.peek(0) == Some('?') {
                    self.at += 1;
                }
                repeats += 1;
                if self.re2 && repeats > 1 {
                    let text = self.since(operators);
                    return Err(format!("invalid nested repetition operator: `{text}`"));
                }
                if repeats > 16 {
                    return Err("Regular expression too big".to_owned());
                }
                node = Node::Repeat(Box::new(node), least, most);
                if self.re2 && !repeats_fit(&node, REPEATS_MAX) {
                    let text = self.since(operators);
                    return Err(format!("invalid repeat count: `{text}`"));
                }
            }
            nodes.push(node);
        }
        Ok(match nodes.len() {
            0 => Node::Empty,
            1 => nodes.remove(0),
            _ => Node::Concat(nodes),
        })
    }

    fn since(&self, start: usize) -> String {
        self.text[start..self.at].iter().collect()
    }

    fn repeat(&mut self) -> Result<Option<(u32, Option<u32>)>, String> {
        if self.peek(0) == Some('*') {
            self.at += 1;
            return Ok(Some((0, None)));
        }
        if self.take('+') {
            return Ok(Some((1, None)));
        }
        if self.take('?') {
            return Ok(Some((0, Some(1))));
        }
        if !self.looking_at('{')
            || self.extended && !self.peek(1).is_some_and(|c| c.is_ascii_digit() || c == ',')
        {
            return Ok(None);
        }
        self.take('{');
        let least = self.number();
        let most = match self.peek(0) {
            Some(',') => {
                self.at += 1;
                self.number()
            }
            _ => least,
        };
        if !self.take('}') {
            return Err("Unmatched { or \\{".to_owned());
        }
        if self.re2 {
            return Ok(Some((least.unwrap_or(0), most)));
        }
        let low = least.unwrap_or(0);
        if low > 255 || most.is_some_and(|most| most < low || most > 255) {
            return Err("Invalid content of \\{\\}".to_owned());
        }
        Ok(Some((low, most)))
    }

    fn number(&mut self) -> Option<u32> {
        let start = self.at;
        while self.peek(0).is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        let digits: String = self.text.get(start..self.at)?.iter().collect();
        if digits.is_empty() {
            None
        } else {
            Some(digits.parse().unwrap_or(u32::MAX))
        }
    }

    fn atom(&mut self, first: bool) -> Result<Node, String> {
        if self.take('(') {
            if self.depth >= MAX_DEPTH {
                return Err("Regular expression too big".to_owned());
            }
            self.depth += 1;
            let captures = !self.re2 || self.group_head()?;
            self.groups += usize::from(captures);
            let index = self.groups;
            let inner = self.alternatives()?;
            if !self.take(')') {
                return Err(self.words("Unmatched ( or \\(", "missing closing )"));
            }
            self.depth -= 1;
            return Ok(match captures {
                true => Node::Group(Box::new(inner), index),
                false => inner,
            });
        }
        let c = self.peek(0).unwrap_or('\\');
        self.at += 1;
        let inst = match c {
            '*' | '+' | '?' if self.re2 => {
                return Err(format!("missing argument to repetition operator: `{c}`"));
            }
            '.' => Inst::Any,
            '[' => self.set()?,
            '^' if self.extended || first => Inst::LineStart,
            '$' if self.extended
                || self.at >= self.text.len()
                || self.looking_at(')')
                || self.looking_at('|') =>
            {
                Inst::LineEnd
            }
            '\\' => return self.escape(),
            c => Inst::Char(c),
        };
        Ok(Node::Inst(inst))
    }

    fn words(&self, posix: &str, re2: &str) -> String {
        if self.re2 { re2 } else { posix }.to_owned()
    }

    /// What stands behind a parenthesis in RE2: `?:`, `?P<name>`, flags. Whether the group captures.
    fn group_head(&mut self) -> Result<bool, String> {
        if self.peek(0) != Some('?') {
            return Ok(true);
        }
        let rest: String = self.text.iter().skip(self.at + 1).take(64).collect();
        let named = rest.strip_prefix("P<").or(rest.strip_prefix('<'));
        if let Some(end) = named.and_then(|n| n.find('>'))
            && !rest.starts_with("<=")
            && !rest.starts_with("<!")
        {
            self.at += 2 + rest.chars().position(|c| c == '<').unwrap_or(0) + 1 + end;
            return Ok(true);
        }
        let flags = rest.find(|c| !"imsU-".contains(c)).unwrap_or(0);
        if rest.get(flags..).is_some_and(|r| r.starts_with(':')) {
            self.at += flags + 2;
            return Ok(false);
        }
        let shown: String = rest.chars().take(1).collect();
        Err(format!("invalid or unsupported Perl syntax: `(?{shown}`"))
    }

    /// `\pL`, `\p{Lu}`: the classes that patterns use.
    fn unicode(&mut self, negated: bool) -> Result<Node, String> {
        let name: String = match self.peek(0) {
            Some('{') => {
                let rest = self.text.get(self.at + 1..).unwrap_or_default();
                let end = rest.iter().position(|c| *c == '}').unwrap_or(rest.len());
                self.at += end + 2;
                rest.iter().take(end).collect()
            }
            Some(c) => {
                self.at += 1;
                c.to_string()
            }
            None => String::new(),
        };
        let class = match name.as_str() {
            "L" => "alpha",
            "Lu" => "upper",
            "Ll" => "lower",
            "N" | "Nd" => "numeric",
            "P" | "S" => "punct",
            "Z" | "Zs" => "space",
            _ => return Err(format!("invalid character class range: `\\p{{{name}}}`")),
        };
        let items = vec![SetItem::Class(class.to_owned())];
        Ok(Node::Inst(Inst::Set { items, negated }))
    }

    fn escape(&mut self) -> Result<Node, String> {
        let Some(c) = self.peek(0) else {
            return Err(self.words(
                "Trailing backslash",
                "trailing backslash at end of expression: ``",
            ));
        };
        self.at += 1;
        if self.re2 {
            match c {
                'A' => return Ok(Node::Inst(Inst::LineStart)),
                'z' => return Ok(Node::Inst(Inst::LineEnd)),
                'p' | 'P' => return self.unicode(c == 'P'),
                'r' => return Ok(Node::Inst(Inst::Char('\r'))),
                'f' => return Ok(Node::Inst(Inst::Char('\u{c}'))),
                'v' => return Ok(Node::Inst(Inst::Char('\u{b}'))),
                'x' => return self.hexadecimal(),
                'd' | 'D' | 's' | 'S' | 'w' | 'W' | 'b' | 'B' | 'n' | 't' => {}
                c if c.is_ascii_alphanumeric() => {
                    return Err(format!("invalid escape sequence: `\\{c}`"));
                }
                c => return Ok(Node::Inst(Inst::Char(c))),
            }
        }
        let class = |name: &str| SetItem::Class(name.to_owned());
        let set = |items: Vec<SetItem>, negated: bool| Inst::Set { items, negated };
        let word = || vec![class("alnum"), SetItem::Range('_', '_')];
        Ok(Node::Inst(match c {
            'w' => set(word(), false),
            'W' => set(word(), true),
            's' => set(vec![class("space")], false),
            'S' => set(vec![class("space")], true),
            'd' => set(vec![class("digit")], false),
            'D' => set(vec![class("digit")], true),
            'b' => Inst::WordBoundary(true),
            'B' => Inst::WordBoundary(false),
            '<' => Inst::WordStart,
            '>' => Inst::WordEnd,
            '`' => Inst::LineStart,
            '\'' => Inst::LineEnd,
            'n' => Inst::Char('\n'),
            't' => Inst::Char('\t'),
            '1'..='9' => {
                return Err("bottleship does not simulate back-references in patterns".to_owned());
            }
            c => Inst::Char(c),
        }))
    }

    /// `\x41`, `\x{1F600}`.
    fn hexadecimal(&mut self) -> Result<Node, String> {
        let rest: String = self.text.iter().skip(self.at).take(12).collect();
        let (digits, len) = match rest.strip_prefix('{').and_then(|r| r.split_once('}')) {
            Some((d, _)) => (d.to_owned(), d.len() + 2),
            None => (rest.chars().take(2).collect(), 2),
        };
        let code = u32::from_str_radix(&digits, 16)
            .ok()
            .and_then(char::from_u32);
        let c = code.ok_or_else(|| "invalid escape sequence: `\\x`".to_owned())?;
        self.at += len;
        Ok(Node::Inst(Inst::Char(c)))
    }

    fn set(&mut self) -> Result<Inst, String> {
        let opened = self.at;
        let text = match self.re2 {
            true => self
                .text
                .get(opened.saturating_sub(1)..)
                .unwrap_or_default()
                .iter()
                .collect(),
            false => String::new(),
        };
        let re2 = self.re2;
        let unmatched = || match re2 {
            true => format!("missing closing ]: `{text}`"),
            false => "Unmatched [, [^, [:, [., or [=".to_owned(),
        };
        let negated = self.peek(0) == Some('^');
        if negated {
            self.at += 1;
        }
        let mut items = Vec::new();
        let start = self.at;
        loop {
            let c = self.peek(0).ok_or_else(unmatched)?;
            self.at += 1;
            match c {
                ']' if self.at > start + 1 => return Ok(Inst::Set { items, negated }),
                '[' if self.peek(0) == Some(':') => {
                    let rest = self.text.get(self.at + 1..).unwrap_or_default();
                    let end = rest
                        .windows(2)
                        .position(|w| w == [':', ']'])
                        .ok_or_else(unmatched)?;
                    items.push(SetItem::Class(rest[..end].iter().collect()));
                    self.at += end + 3;
                }
                // As GNU tools: `\n`, `\t`, `\w`, `\s`, `\d` work inside too; others are a backslash.
                '\\' if matches!(
                    self.peek(0),
                    Some('n' | 't' | ']' | '\\' | 'w' | 's' | 'd' | 'S')
                ) =>
                {
                    let escaped = self.peek(0).unwrap_or('\\');
                    self.at += 1;
                    let item = match escaped {
                        'n' => SetItem::Range('\n', '\n'),
                        't' => SetItem::Range('\t', '\t'),
                        'w' => {
                            items.push(SetItem::Range('_', '_'));
                            SetItem::Class("alnum".to_owned())
                        }
                        's' => SetItem::Class("space".to_owned()),
                        'S' => SetItem::NotClass("space".to_owned()),
                        'd' => SetItem::Class("digit".to_owned()),
                        other => SetItem::Range(other, other),
                    };
                    items.push(item);
                }
                '\\' if re2 => {
                    let low = self.set_escape().ok_or_else(unmatched)?;
                    items.extend(self.range(low)?);
                }
                low if re2 => items.extend(self.range(SetItem::Range(low, low))?),
                low => {
                    let high = self
                        .peek(1)
                        .filter(|c| *c != ']' && self.peek(0) == Some('-'));
                    match high {
                        Some(high) if high < low => return Err("Invalid range end".to_owned()),
                        Some(high) => {
                            self.at += 2;
                            items.push(SetItem::Range(low, high));
                        }
                        None => items.push(SetItem::Range(low, low)),
                    }
                }
            }
        }
    }

    /// An escape inside RE2's brackets.
    fn set_escape(&mut self) -> Option<SetItem> {
        let c = self.peek(0)?;
        self.at += 1;
        let class = |name: &str| SetItem::Class(name.to_owned());
        let not = |name: &str| SetItem::NotClass(name.to_owned());
        Some(match c {
            'w' => class("word"),
            'W' => not("word"),
            's' => class("space"),
            'S' => not("space"),
            'd' => class("digit"),
            'D' => not("digit"),
            'n' => SetItem::Range('\n', '\n'),
            't' => SetItem::Range('\t', '\t'),
            'r' => SetItem::Range('\r', '\r'),
            'x' | 'p' => match if c == 'x' {
                self.hexadecimal()
            } else {
                self.unicode(false)
            } {
                Ok(Node::Inst(Inst::Char(c))) => SetItem::Range(c, c),
                Ok(Node::Inst(Inst::Set { mut items, .. })) => items.pop()?,
                _ => return None,
            },
            other => SetItem::Range(other, other),
        })
    }

    /// A range in RE2's brackets whose lower end was read, if a `-` follows.
    fn range(&mut self, low: SetItem) -> Result<Option<SetItem>, String> {
        let (SetItem::Range(from, _), Some('-'), Some(high)) = (&low, self.peek(0), self.peek(1))
        else {
            return Ok(Some(low));
        };
        if high == ']' {
            return Ok(Some(low));
        }
        self.at += 2;
        let to = match high {
            '\\' => match self.set_escape() {
                Some(SetItem::Range(c, _)) => c,
                _ => return Err("invalid character class range".to_owned()),
            },
            c => c,
        };
        if to < *from {
            return Err(format!("invalid character class range: `{from}-{to}`"));
        }
        Ok(Some(SetItem::Range(*from, to)))
    }
}
