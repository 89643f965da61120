//! The Markdown that lessons use, read into plain data; the page turns it into elements. Raw HTML is text here, never
//! markup, so nothing written in a lesson can reach into the page.
//!
//! Read: headings, paragraphs, lists (one level), fenced code, quotes, tables, rules; code spans, strong, emphasis, links.

#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Heading(u8, Vec<Inline>),
    Paragraph(Vec<Inline>),
    /// One command line to be typed: a paragraph that is nothing but a code span, or a line of a `console` fence.
    Command(String),
    /// Language and text.
    Code(String, String),
    List {
        ordered: bool,
        items: Vec<Vec<Inline>>,
    },
    Quote(Vec<Inline>),
    Table(Vec<Vec<Vec<Inline>>>),
    Rule,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Inline {
    Text(String),
    Code(String),
    Strong(Vec<Inline>),
    Emphasis(Vec<Inline>),
    Link(String, Vec<Inline>),
}

/// Reads a text into blocks.
pub fn parse(text: &str) -> Vec<Block> {
    let mut out = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let t = line.trim_start();
        if t.is_empty() {
            continue;
        }
        if let Some(lang) = t.strip_prefix("```") {
            let mut body = Vec::new();
            for l in lines.by_ref() {
                if l.trim_start().starts_with("```") {
                    break;
                }
                body.push(l);
            }
            fence(lang.trim(), &body, &mut out);
            continue;
        }
        let hashes = t.chars().take_while(|c| *c == '#').count();
        if (1..=6).contains(&hashes) && t.as_bytes().get(hashes) == Some(&b' ') {
            out.push(Block::Heading(
                hashes as u8,
                inline(t[hashes..].trim().trim_end_matches('#').trim()),
            ));
            continue;
        }
        if matches!(t.trim_end(), "---" | "***" | "___") {
            out.push(Block::Rule);
            continue;
        }
        // All other blocks are runs of lines of one shape.
        let shape = shape_of(t);
        let mut run = vec![t.to_string()];
        while let Some(next) = lines.peek() {
            let n = next.trim_start();
            if n.is_empty() || n.starts_with("```") || n.starts_with('#') {
                break;
            }
            let same = shape_of(n) == shape;
            let continues = shape_of(n) == Shape::Text && shape != Shape::Table;
            if !(same || continues) {
                break;
            }
            if continues && matches!(shape, Shape::List(_)) {
                if let Some(last) = run.last_mut() {
                    last.push(' ');
                    last.push_str(n.trim_end());
                }
            } else {
                run.push(n.trim_end().to_string());
            }
            lines.next();
        }
        out.push(block(shape, run));
    }
    out
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Text,
    List(bool),
    Quote,
    Table,
}

fn shape_of(t: &str) -> Shape {
    if t.starts_with("- ") || t.starts_with("* ") || t.starts_with("+ ") {
        return Shape::List(false);
    }
    let digits = t.chars().take_while(char::is_ascii_digit).count();
    if (1..=3).contains(&digits) && (t[digits..].starts_with(". ") || t[digits..].starts_with(") "))
    {
        return Shape::List(true);
    }
    if t.starts_with('>') {
        return Shape::Quote;
    }
    if t.starts_with('|') {
        return Shape::Table;
    }
    Shape::Text
}

fn block(shape: Shape, run: Vec<String>) -> Block {
    match shape {
        Shape::List(ordered) => {
            let strip = |l: &String| {
                let after = l.split_once(' ').map_or("", |x| x.1);
                inline(after.trim())
            };
            Block::List {
                ordered,
                items: run.iter().map(strip).collect(),
            }
        }
        Shape::Quote => {
            let text: Vec<&str> = run
                .iter()
                .map(|l| l.trim_start_matches('>').trim())
                .collect();
            Block::Quote(inline(&text.join(" ")))
        }
        Shape::Table => {
            let cells = |l: &String| {
                let inner = l.trim().trim_start_matches('|').trim_end_matches('|');
                inner.split('|').map(|c| inline(c.trim())).collect()
            };
            let is_line = |l: &&String| !l.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '));
            Block::Table(run.iter().filter(is_line).map(cells).collect())
        }
        Shape::Text => {
            let text = run.join("\n");
            let text = text.trim();
            let inner = text.strip_prefix('`').and_then(|r| r.strip_suffix('`'));
            match inner {
                Some(c) if !c.contains('`') && !c.is_empty() => Block::Command(c.to_string()),
                _ => Block::Paragraph(inline(&text.replace('\n', " "))),
            }
        }
    }
}

/// A `console` fence gives a command for every `$ ` line; other fences are code.
fn fence(lang: &str, body: &[&str], out: &mut Vec<Block>) {
    if !matches!(lang, "console" | "sh" | "shell") {
        out.push(Block::Code(lang.to_string(), body.join("\n")));
        return;
    }
    let marked = body.iter().any(|l| l.starts_with("$ "));
    for line in body {
        match line.strip_prefix("$ ") {
            Some(command) => out.push(Block::Command(command.trim().to_string())),
            None if marked => match out.last_mut() {
                Some(Block::Code(_, text)) => {
                    text.push('\n');
                    text.push_str(line);
                }
                _ => out.push(Block::Code("output".into(), line.to_string())),
            },
            None if !line.trim().is_empty() => {
                out.push(Block::Command(line.trim().to_string()));
            }
            None => {}
        }
    }
}

/// Reads a line into spans.
pub fn inline(text: &str) -> Vec<Inline> {
    spans(text, 0)
}

/// Nesting deeper than this is taken as text: lessons need two levels, a pasted text may have any number.
const DEPTH_MAX: u32 = 8;

fn spans(text: &str, depth: u32) -> Vec<Inline> {
    let mut out: Vec<Inline> = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let found = if depth < DEPTH_MAX {
            span(rest, depth)
        } else {
            None
        };
        match found {
            Some((item, len)) => {
                if !plain.is_empty() {
                    out.push(Inline::Text(std::mem::take(&mut plain)));
                }
                out.push(item);
                rest = &rest[len..];
            }
            None => {
                let after = rest.strip_prefix('\\').and_then(|r| r.chars().next());
                match after.filter(char::is_ascii_punctuation) {
                    Some(e) => {
                        plain.push(e);
                        rest = &rest[1 + e.len_utf8()..];
                    }
                    _ => {
                        plain.push(c);
                        rest = &rest[c.len_utf8()..];
                    }
                }
            }
        }
    }
    if !plain.is_empty() {
        out.push(Inline::Text(plain));
    }
    out
}

/// The span that opens at the start of `rest`, and its length in bytes.
fn span(rest: &str, depth: u32) -> Option<(Inline, usize)> {
    let enclosed = |mark: &str| {
        let body = rest.strip_prefix(mark)?;
        let end = body.find(mark).filter(|e| *e > 0)?;
        let inner = &body[..end];
        (!inner.starts_with(' ')).then_some((inner, end + 2 * mark.len()))
    };
    if rest.starts_with('`') {
        let ticks = rest.chars().take_while(|c| *c == '`').count();
        let mark = &rest[..ticks];
        let body = &rest[ticks..];
        let end = body.find(mark)?;
        return Some((
            Inline::Code(body[..end].trim().to_string()),
            end + 2 * ticks,
        ));
    }
    if let Some((inner, len)) = enclosed("**") {
        return Some((Inline::Strong(spans(inner, depth + 1)), len));
    }
    if rest.starts_with("**") {
        return None;
    }
    if let Some((inner, len)) = enclosed("*") {
        return Some((Inline::Emphasis(spans(inner, depth + 1)), len));
    }
    if let Some(body) = rest.strip_prefix('[') {
        let close = body.find("](")?;
        let target = &body[close + 2..];
        let end = target.find(')')?;
        let (text, url) = (&body[..close], &target[..end]);
        // Only addresses that a lesson means: no javascript:, no data:.
        if !(url.starts_with("https://") || url.starts_with('#')) {
            return None;
        }
        return Some((
            Inline::Link(url.to_string(), spans(text, depth + 1)),
            close + end + 4,
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(format!("{:?}", parse(text)), expected, "{text}");
    }

    #[test]
    fn blocks_and_spans() {
        check("# 제목", r#"[Heading(1, [Text("제목")])]"#);
        check(
            "a **b** `c`\nd",
            r#"[Paragraph([Text("a "), Strong([Text("b")]), Text(" "), Code("c"), Text(" d")])]"#,
        );
        check("`kubectl get pods`", r#"[Command("kubectl get pods")]"#);
        check(
            "```console\n$ k get po\nNAME\n```",
            r#"[Command("k get po"), Code("output", "NAME")]"#,
        );
        check(
            "- a\n- b\n  c\n1. d",
            r#"[List { ordered: false, items: [[Text("a")], [Text("b c")]] }, List { ordered: true, items: [[Text("d")]] }]"#,
        );
        check(
            "|a|b|\n|-|-|\n|c|d|",
            r#"[Table([[[Text("a")], [Text("b")]], [[Text("c")], [Text("d")]]])]"#,
        );
    }

    #[test]
    fn markup_of_others_stays_text() {
        check(
            "<img src=x onerror=alert(1)>",
            r#"[Paragraph([Text("<img src=x onerror=alert(1)>")])]"#,
        );
        check(
            "[x](javascript:alert(1))",
            r#"[Paragraph([Text("[x](javascript:alert(1))")])]"#,
        );
    }

    #[test]
    fn odd_texts_do_not_hang_or_panic() {
        for text in [
            "**",
            "`",
            "[a](",
            "\\",
            "\\한",
            "* ",
            "```",
            "|",
            "1. ",
            &"*a".repeat(500),
        ] {
            parse(text);
        }
    }
}
