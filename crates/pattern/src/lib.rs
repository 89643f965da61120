//! Regular expressions: POSIX's basic and extended ones for grep, sed, awk and `[[ =~ ]]`, and RE2's for the API (patterns
//! of custom kinds, CEL's `matches`).
//!
//! The real ones are glibc's `regcomp` and Go's `regexp`. This one compiles to a small program and runs all ways
//! through it at once (Thompson, Pike), so its time is linear in the text, whatever the pattern.
//! The leftmost match wins, and of those the longest (Go's `find` takes the first alternative instead). Left out:
//! back-references in patterns; of Unicode's classes all but a few.

mod parse;

use parse::Parser;

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
        Regex::parsed(pattern, extended, false, ignore_case)
    }

    /// As Go's `regexp.Compile` takes it; an error is in its words.
    pub fn re2(pattern: &str) -> Result<Regex, String> {
        let (flags, rest) = match pattern.strip_prefix("(?") {
            Some(r) if r.starts_with(['i', 's', 'm', 'U']) => {
                r.split_once(')').unwrap_or(("", pattern))
            }
            _ => ("", pattern),
        };
        let (flags, rest) = match flags.chars().all(|c| "ismU".contains(c)) {
            true => (flags, rest),
            false => ("", pattern),
        };
        let whole = |why: String| match why.as_str() {
            "missing closing )" | "unexpected )" => {
                format!("error parsing regexp: {why}: `{pattern}`")
            }
            _ => format!("error parsing regexp: {why}"),
        };
        let made = Regex::parsed(rest, true, true, flags.contains('i')).map_err(whole)?;
        Ok(made)
    }

    fn parsed(
        pattern: &str,
        extended: bool,
        re2: bool,
        ignore_case: bool,
    ) -> Result<Regex, String> {
        let mut parser = Parser {
            text: pattern.chars().collect(),
            at: 0,
            extended,
            re2,
            groups: 0,
            depth: 0,
        };
        let node = parser.alternatives()?;
        if parser.at < parser.text.len() {
            return Err(match (re2, extended) {
                (true, _) => "unexpected )".to_owned(),
                (_, true) => "Unmatched ) or \\)".to_owned(),
                (_, false) => "Unmatched ( or \\(".to_owned(),
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
        Ok(Regex {
            program,
            groups: parser.groups,
            ignore_case,
            literal,
        })
    }

    /// A pattern that matches exactly this text.
    pub fn literal(text: &str, ignore_case: bool) -> Regex {
        let mut program: Vec<Inst> = text.chars().map(Inst::Char).collect();
        program.push(Inst::Match);
        let literal = Some(text.chars().collect()).filter(|_| !ignore_case && !text.is_empty());
        Regex {
            program,
            groups: 0,
            ignore_case,
            literal,
        }
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
            let at = rest
                .windows(literal.len())
                .position(|window| window == literal.as_slice())?;
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
                        if best
                            .as_ref()
                            .is_none_or(|b| b[0] > saves[0] || b[1] < saves[1])
                        {
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
                    || self.ignore_case && (c.to_lowercase().any(has) || c.to_uppercase().any(has));
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
                at.and_then(|at| text.get(at))
                    .is_some_and(|c| c.is_alphanumeric() || *c == '_')
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
        Threads {
            list: Vec::new(),
            seen: vec![0; size],
            round: 1,
        }
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
            SetItem::Class(name) => in_class(name, c),
            SetItem::NotClass(name) => !in_class(name, c),
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
                let before = program.len();
                compile(node, program)?;
                if program.len() == before {
                    // Nothing, however often, is nothing.
                    return Ok(());
                }
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

/// The classes of POSIX: `[:alpha:]` and its sisters.
pub fn in_class(name: &str, c: char) -> bool {
    match name {
        "alpha" => c.is_alphabetic(),
        "digit" => c.is_ascii_digit(),
        "alnum" => c.is_alphanumeric(),
        "upper" => c.is_uppercase(),
        "lower" => c.is_lowercase(),
        "space" => c.is_whitespace(),
        "blank" => c == ' ' || c == '\t',
        "punct" => c.is_ascii_punctuation(),
        "print" => !c.is_control(),
        "graph" => !c.is_control() && c != ' ',
        "cntrl" => c.is_control(),
        "xdigit" => c.is_ascii_hexdigit(),
        "numeric" => c.is_numeric(),
        "word" => c.is_ascii_alphanumeric() || c == '_',
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn re2_matches_and_refuses_as_go_does() {
        let check = |pattern: &str, text: &str, wanted: Result<bool, &str>| {
            let got = Regex::re2(pattern).map(|r| r.is_match(text));
            assert_eq!(got, wanted.map_err(str::to_string), "{pattern} on {text}");
        };
        check(r"^[a-z]([-a-z0-9]*[a-z0-9])?$", "web-1", Ok(true));
        check(r"^(?:\d{1,3}\.){3}\d{1,3}$", "10.0.0.1", Ok(true));
        check(r"(?i)^HELLO\z", "hello", Ok(true));
        check(r"^(?P<a>x+?)y*$", "xxyy", Ok(true));
        check(r"^[\w\-\.]+$", "a-b.c", Ok(true));
        check(r"^\p{L}+$", "가나", Ok(true));
        check(
            "[a",
            "",
            Err("error parsing regexp: missing closing ]: `[a`"),
        );
        check(
            "(a",
            "",
            Err("error parsing regexp: missing closing ): `(a`"),
        );
        check("a)", "", Err("error parsing regexp: unexpected ): `a)`"));
        check(
            "*a",
            "",
            Err("error parsing regexp: missing argument to repetition operator: `*`"),
        );
        let nested = "error parsing regexp: invalid nested repetition operator: `{2}{3}`";
        check("a{2}{3}", "", Err(nested));
        let often = "error parsing regexp: invalid repeat count: `{1001}`";
        check("a{1001}", "", Err(often));
        let product = "error parsing regexp: invalid repeat count: `{100}`";
        check("(a{100}){100}", "", Err(product));
        check("(?:){1000}(a{2}){3}b+?", "aaaaaab", Ok(true));
        check(
            r"(?=a)",
            "",
            Err("error parsing regexp: invalid or unsupported Perl syntax: `(?=`"),
        );
    }
}
