//! From pattern text to tree: POSIX's basic and extended grammars.

use super::{Inst, MAX_DEPTH, Node, SetItem};

pub(super) struct Parser {
    pub text: Vec<char>,
    pub at: usize,
    pub extended: bool,
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
            let closes = self.looking_at(')') && (self.depth > 0 || !self.extended);
            if self.at >= self.text.len() || self.looking_at('|') || closes {
                break;
            }
            let first = self.at == start;
            let mut node = self.atom(first)?;
            let mut repeats = 0;
            while let Some((least, most)) = self.repeat()? {
                repeats += 1;
                if repeats > 16 {
                    return Err("Regular expression too big".to_owned());
                }
                node = Node::Repeat(Box::new(node), least, most);
            }
            nodes.push(node);
        }
        Ok(match nodes.len() {
            0 => Node::Empty,
            1 => nodes.remove(0),
            _ => Node::Concat(nodes),
        })
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
            self.groups += 1;
            let index = self.groups;
            let inner = self.alternatives()?;
            if !self.take(')') {
                return Err("Unmatched ( or \\(".to_owned());
            }
            self.depth -= 1;
            return Ok(Node::Group(Box::new(inner), index));
        }
        let c = self.peek(0).unwrap_or('\\');
        self.at += 1;
        let inst = match c {
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

    fn escape(&mut self) -> Result<Node, String> {
        let Some(c) = self.peek(0) else {
            return Err("Trailing backslash".to_owned());
        };
        self.at += 1;
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

    fn set(&mut self) -> Result<Inst, String> {
        let unmatched = || "Unmatched [, [^, [:, [., or [=".to_owned();
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
}
