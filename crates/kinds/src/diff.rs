//! The lines in which two values differ, as a unified diff: printed with a refusal of a change.
//! Upstream prints its internal Go structs; here it is the YAML-like lines of the object that the learner knows.

use machinery::Value;

/// Longer documents are not compared line by line.
const MAX_LINES: usize = 2000;

pub fn unified(old: &Value, new: &Value) -> String {
    let (a, b) = (lines(old), lines(new));
    if a.len() > MAX_LINES || b.len() > MAX_LINES {
        return String::new();
    }
    let same_head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let rest = a.len().min(b.len()) - same_head;
    let same_tail = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(x, y)| x == y)
        .count()
        .min(rest);
    const AROUND: usize = 3;
    let from = same_head.saturating_sub(AROUND);
    let (a_end, b_end) = (a.len() - same_tail, b.len() - same_tail);
    let tail = (a_end + AROUND).min(a.len());
    let more = tail - a_end;
    let mut out = format!(
        "  @@ -{},{} +{},{} @@\n",
        from + 1,
        tail - from,
        from + 1,
        b_end + more - from
    );
    let mut push = |mark: &str, part: &[String]| {
        for line in part {
            out.push_str(&format!("  {mark}{line}\n"));
        }
    };
    push(" ", a.get(from..same_head).unwrap_or(&[]));
    push("-", a.get(same_head..a_end).unwrap_or(&[]));
    push("+", b.get(same_head..b_end).unwrap_or(&[]));
    push(" ", a.get(a_end..tail).unwrap_or(&[]));
    out
}

fn lines(v: &Value) -> Vec<String> {
    let mut out = Vec::new();
    walk(v, "", 0, &mut out);
    out
}

fn walk(v: &Value, head: &str, depth: usize, out: &mut Vec<String>) {
    let indent = " ".repeat(depth);
    match v {
        Value::Map(m) if !m.is_empty() => {
            out.push(format!("{indent}{head}{{"));
            for (k, x) in m.iter() {
                walk(x, &format!("\"{k}\": "), depth + 1, out);
            }
            out.push(format!("{indent}}},"));
        }
        Value::List(l) if !l.is_empty() => {
            out.push(format!("{indent}{head}["));
            for x in l.iter() {
                walk(x, "", depth + 1, out);
            }
            out.push(format!("{indent}],"));
        }
        other => out.push(format!("{indent}{head}{},", machinery::json::print(other))),
    }
}
