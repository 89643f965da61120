//! Transcripts: terminal sessions in Markdown. Prose; ```` ```yaml FILE ```` fences that lay files out; ```` ```console ````
//! fences with `$ command` lines and what they print, `? N` an exit status other than 0, `+10s` on a `$ ` line of its own
//! lets virtual time pass; ```` ```console setup ```` runs uncompared.

use crate::session::{HOME, Session};

/// Everything of a transcript, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// A line outside of fences.
    Prose(String),
    /// A fence: what stands behind the back-ticks, and its lines.
    Fence(String, Vec<String>),
}

/// How long one command may take, in virtual time, before it is interrupted.
const COMMAND_LIMIT_MS: i64 = 15 * 60_000;
/// What typing the next command takes.
const BETWEEN_MS: i64 = 100;

pub fn parse(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut fence: Option<(String, Vec<String>)> = None;
    for line in text.lines() {
        match &mut fence {
            None => match line.strip_prefix("```").filter(|rest| !rest.is_empty()) {
                Some(info) => fence = Some((info.trim().to_string(), Vec::new())),
                None => pieces.push(Piece::Prose(line.to_string())),
            },
            Some(_) if line == "```" => {
                pieces.extend(fence.take().map(|(info, body)| Piece::Fence(info, body)));
            }
            Some((_, body)) => body.push(line.to_string()),
        }
    }
    // A fence that is never closed is kept as prose: nothing of the file is lost.
    if let Some((info, body)) = fence {
        pieces.push(Piece::Prose(format!("```{info}")));
        pieces.extend(body.into_iter().map(Piece::Prose));
    }
    pieces
}

fn is_console(info: &str) -> bool {
    info.split_whitespace().next() == Some("console")
}

/// The same transcript with the outputs found in this session.
pub fn play(text: &str, session: &mut Session) -> String {
    let pieces = parse(text);
    for piece in &pieces {
        let Piece::Fence(info, body) = piece else {
            continue;
        };
        let mut words = info.split_whitespace();
        if let (Some(first), Some(name)) = (words.next(), words.next())
            && first != "console"
        {
            lay_out(session, name, &(body.join("\n") + "\n"));
        }
    }
    let mut out = String::new();
    for piece in &pieces {
        match piece {
            Piece::Prose(line) => out.push_str(&format!("{line}\n")),
            Piece::Fence(info, body) if is_console(info) => {
                out.push_str(&format!("```{info}\n"));
                for command in body.iter().filter_map(|l| l.strip_prefix("$ ")) {
                    out.push_str(&format!("$ {command}\n{}", step(session, command)));
                }
                out.push_str("```\n");
            }
            Piece::Fence(info, body) => {
                out.push_str(&format!("```{info}\n"));
                body.iter()
                    .for_each(|line| out.push_str(&format!("{line}\n")));
                out.push_str("```\n");
            }
        }
    }
    out
}

/// Writes a file of the transcript into the learner's home.
pub fn lay_out(session: &mut Session, name: &str, text: &str) {
    let path = if name.starts_with('/') {
        name.to_string()
    } else {
        format!("{HOME}/{name}")
    };
    let mut fs = session.fs.borrow_mut();
    let _ = fs.mkdir(shell::fs::parent(&path), true);
    let _ = fs.install(&path, text);
}

/// Runs one line; returns what it printed, and `? N`.
fn step(session: &mut Session, command: &str) -> String {
    if let Some(ms) = command.strip_prefix('+').and_then(pause_ms) {
        let until = session.now() + ms;
        while !session.advance(until, &mut { u64::MAX }) {}
        return String::new();
    }
    let (chunks, status) = session.run(command, COMMAND_LIMIT_MS);
    let mut text: String = chunks.into_iter().map(|c| c.text).collect();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if status != 0 {
        text.push_str(&format!("? {status}\n"));
    }
    let until = session.now() + BETWEEN_MS;
    while !session.advance(until, &mut { u64::MAX }) {}
    text
}

/// `10s`, `500ms`, `2m`, `1h`.
fn pause_ms(text: &str) -> Option<i64> {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let n: i64 = text.get(..digits)?.parse().ok()?;
    let unit = match text.get(digits..)? {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    n.checked_mul(unit).filter(|ms| *ms <= 30 * 24 * 3_600_000)
}
