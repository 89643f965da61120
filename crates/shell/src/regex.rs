//! POSIX regular expressions, basic and extended, for grep, sed, awk and `[[ =~ ]]`.
//!
//! The real ones are glibc's `regcomp`. This one compiles to a small program and runs all ways
//! through it at once (Thompson, Pike), so its time is linear in the text, whatever the pattern.
//! The leftmost match wins, and of those the longest. Left out: back-references in patterns.

use crate::glob;

/// Instructions of one pattern; `a{1000}{1000}` is refused.
const MAX_PROGRAM: usize = 20_000;
const MAX_DEPTH: usize = 100;

#[derive(Clone, Debug)]
enum Inst {
    Char(char),
    Any,
    Set { items: Vec<SetItem>, negated: bool },
    LineStart,
    LineEnd,
    WordBoundary(bool),
    WordStart,
    WordEnd,
    Split(usize, usize),
    Jump(usize),
    Save(usize),
    Match,
}

#[derive(Clone, Debug)]
enum SetItem {
    Range(char, char),
    Class(String),
    NotClass(String),
}

#[derive(Clone, Debug)]
enum Node {
    Empty,
    Inst(Inst),
    Concat(Vec<Node>),
    Either(Vec<Node>),
    Repeat(Box<Node>, u32, Option<u32>),
    Group(Box<Node>, usize),
}

#[derive(Clone, Debug)]
pub struct Regex {
    program: Vec<Inst>,
    groups: usize,
    ignore_case: bool,
    /// The pattern is a plain text: searched directly.
    literal: Option<Vec<char>>,
}

/// Where a match and its groups stand, in characters.
pub type Captures = Vec<Option<(usize, usize)>>;

impl Regex {
    pub fn new(pattern: &str, extended: bool, ignore_case: bool) -> Result<Regex, String> {
        let mut parser = Parser {
            text: pattern.chars().collect(),
            at: 0,
            extended,
            groups: 0,
            depth: 0,
        };
        let node = parser.alternatives()?;
        if parser.at < parser.text.len() {
            return Err(match extended {
                true => "Unmatched ) or \\)".to_owned(),
                false => "Unmatched ( or \\(".to_owned(),
            });
        }
        let mut program = Vec::new();
        compile(&node, &mut program)?;
        program.push(Inst::Match);
        let chars = program.iter().map(|inst| match inst {
            Inst::Char(c) => Some(*c),
            _ => None,
        });
        let literal = chars.take(program.len() - 1).collect::<Option<Vec<char>>>();
        let literal = literal.filter(|text| !ignore_case && !text.is_empty());
        Ok(Regex { program, groups: parser.groups, ignore_case, literal })
    }

    /// A pattern that matches exactly this text.
    pub fn literal(text: &str, ignore_case: bool) -> Regex {
        let mut program: Vec<Inst> = text.chars().map(Inst::Char).collect();
        program.push(Inst::Match);
        let literal = Some(text.chars().collect()).filter(|_| !ignore_case && !text.is_empty());
        Regex { program, groups: 0, ignore_case, literal }
    }

    pub fn groups(&self) -> usize {
        self.groups
    }

    pub fn is_match(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        self.find_at(&chars, 0).is_some()
    }

    /// The leftmost longest match that starts at `from` or later; element 0 is the whole.
    pub fn find_at(&self, text: &[char], from: usize) -> Option<Captures> {
        if let Some(literal) = &self.literal {
            let rest = text.get(from..)?;
            let at = rest.windows(literal.len()).position(|window| window == literal.as_slice())?;
            return Some(vec![Some((from + at, from + at + literal.len()))]);
        }
        let slots = 2 * (self.groups + 1);
        let mut now = Threads::new(self.program.len());
        let mut next = Threads::new(self.program.len());
        let mut best: Option<Vec<Option<usize>>> = None;
        for at in from..=text.len() {
            if best.is_none() {
                let mut saves = vec![None; slots];
                saves[0] = Some(at);
                self.add(&mut now, 0, text, at, saves);
            }
            if now.list.is_empty() {
                break;
            }
            next.clear();
            for (pc, mut saves) in now.list.drain(..) {
                if let Some(best) = &best
                    && saves[0] > best[0]
                {
                    continue;
                }
                match &self.program[pc] {
                    Inst::Match => {
                        saves[1] = Some(at);
                        if best.as_ref().is_none_or(|b| b[0] > saves[0] || b[1] < saves[1]) {
                            best = Some(saves);
                        }
                    }
                    inst => {
                        if let Some(c) = text.get(at)
                            && self.accepts(inst, *c)
                        {
                            self.add(&mut next, pc + 1, text, at + 1, saves);
                        }
                    }
                }
            }
            std::mem::swap(&mut now, &mut next);
        }
        let best = best?;
        let pair = |group: usize| best[2 * group].zip(best[2 * group + 1]);
        Some((0..=self.groups).map(pair).collect())
    }

    fn accepts(&self, inst: &Inst, c: char) -> bool {
        match inst {
            Inst::Any => c != '\n',
            Inst::Char(wanted) if self.ignore_case => fold(*wanted) == fold(c),
            Inst::Char(wanted) => *wanted == c,
            Inst::Set { items, negated } => {
                let has = |c: char| items.iter().any(|item| item.has(c));
                let found = has(c)
                    || self.ignore_case
                        && (c.to_lowercase().any(has) || c.to_uppercase().any(has));
                found != *negated
            }
            _ => false,
        }
    }

    /// Adds a thread, following what needs no character.
    fn add(
        &self,
        threads: &mut Threads,
        pc: usize,
        text: &[char],
        at: usize,
        saves: Vec<Option<usize>>,
    ) {
        let mut stack = vec![(pc, saves)];
        while let Some((pc, mut saves)) = stack.pop() {
            if threads.seen[pc] == threads.round {
                continue;
            }
            threads.seen[pc] = threads.round;
            let word = |at: Option<usize>| {
                at.and_then(|at| text.get(at)).is_some_and(|c| c.is_alphanumeric() || *c == '_')
            };
            let (before, after) = (word(at.checked_sub(1)), word(Some(at)));
            let passes = match &self.program[pc] {
                Inst::Jump(to) => {
                    stack.push((*to, saves));
                    continue;
                }
                Inst::Split(first, second) => {
                    stack.push((*second, saves.clone()));
                    stack.push((*first, saves));
                    continue;
                }
                Inst::Save(slot) => {
                    if let Some(save) = saves.get_mut(*slot) {
                        *save = Some(at);
                    }
                    true
                }
                Inst::LineStart => at == 0,
                Inst::LineEnd => at == text.len(),
                Inst::WordBoundary(wanted) => (before != after) == *wanted,
                Inst::WordStart => !before && after,
                Inst::WordEnd => before && !after,
                _ => {
                    threads.list.push((pc, saves));
                    continue;
                }
            };
            if passes {
                stack.push((pc + 1, saves));
            }
        }
    }
}

struct Threads {
    list: Vec<(usize, Vec<Option<usize>>)>,
    seen: Vec<u64>,
    round: u64,
}

impl Threads {
    fn new(size: usize) -> Threads {
        Threads { list: Vec::new(), seen: vec![0; size], round: 1 }
    }

    fn clear(&mut self) {
        self.list.clear();
        // A mark of a position is good for that position only: rounds grow by two between swaps.
        self.round += 1;
    }
}

impl SetItem {
    fn has(&self, c: char) -> bool {
        match self {
            SetItem::Range(low, high) => *low <= c && c <= *high,
            SetItem::Class(name) => glob::in_class(name, c),
            SetItem::NotClass(name) => !glob::in_class(name, c),
        }
    }
}

fn fold(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

fn compile(node: &Node, program: &mut Vec<Inst>) -> Result<(), String> {
    if program.len() > MAX_PROGRAM {
        return Err("Regular expression too big".to_owned());
    }
    match node {
        Node::Empty => {}
        Node::Inst(inst) => program.push(inst.clone()),
        Node::Concat(nodes) => {
            for node in nodes {
                compile(node, program)?;
            }
        }
        Node::Either(nodes) => {
            let mut jumps = Vec::new();
            for (index, node) in nodes.iter().enumerate() {
                if index + 1 == nodes.len() {
                    compile(node, program)?;
                    break;
                }
                let split = program.len();
                program.push(Inst::Match);
                compile(node, program)?;
                jumps.push(program.len());
                program.push(Inst::Match);
                program[split] = Inst::Split(split + 1, program.len());
            }
            let end = program.len();
            for jump in jumps {
                program[jump] = Inst::Jump(end);
            }
        }
        Node::Group(node, index) => {
            program.push(Inst::Save(2 * index));
            compile(node, program)?;
            program.push(Inst::Save(2 * index + 1));
        }
        Node::Repeat(node, least, most) => {
            for _ in 0..*least {
                compile(node, program)?;
            }
            match most {
                None => {
                    let split = program.len();
                    program.push(Inst::Match);
                    compile(node, program)?;
                    program.push(Inst::Jump(split));
                    program[split] = Inst::Split(split + 1, program.len());
                }
                Some(most) => {
                    let mut splits = Vec::new();
                    for _ in *least..*most {
                        splits.push(program.len());
                        program.push(Inst::Match);
                        compile(node, program)?;
                    }
                    let end = program.len();
                    for split in splits {
                        program[split] = Inst::Split(split + 1, end);
                    }
                }
            }
        }
    }
    Ok(())
}

struct Parser {
    text: Vec<char>,
    at: usize,
    extended: bool,
    groups: usize,
    depth: usize,
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

    fn alternatives(&mut self) -> Result<Node, String> {
        let mut nodes = vec![self.sequence()?];
        while self.take('|') {
            nodes.push(self.sequence()?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::Either(nodes) })
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
        if !self.looking_at('{') || self.extended && !self.peek(1).is_some_and(|c| c.is_ascii_digit() || c == ',') {
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
        if digits.is_empty() { None } else { Some(digits.parse().unwrap_or(u32::MAX)) }
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
            '$' if self.extended || self.at >= self.text.len() || self.looking_at(')') || self.looking_at('|') => {
                Inst::LineEnd
            }
            '\\' => return self.escape(),
            c => Inst::Char(c),
        };
        Ok(Node::Inst(inst))
    }

    fn escape(&mut self) -> Result<Node, String> {
        let Some(c) = self.peek(0) else { return Err("Trailing backslash".to_owned()) };
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
                    let end = rest.windows(2).position(|w| w == [':', ']']).ok_or_else(unmatched)?;
                    items.push(SetItem::Class(rest[..end].iter().collect()));
                    self.at += end + 3;
                }
                // As GNU tools: `\n`, `\t`, `\w`, `\s`, `\d` work inside too; others are a backslash.
                '\\' if matches!(self.peek(0), Some('n' | 't' | ']' | '\\' | 'w' | 's' | 'd' | 'S')) => {
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
                    let high = self.peek(1).filter(|c| *c != ']' && self.peek(0) == Some('-'));
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
