//! A unified diff of two texts, three lines of context, as `diff -u` prints its hunks.

const CONTEXT: usize = 3;
/// Longer texts are compared line by line after their common start and end only up to this many lines.
const MAX: usize = 3000;

#[derive(Clone, Copy, PartialEq)]
enum Op {
    Same,
    Less,
    More,
}

/// The hunks of `diff -u a b`, without the file lines; "" where both are equal.
pub fn unified(a: &str, b: &str) -> String {
    let a: Vec<&str> = a.lines().collect();
    let b: Vec<&str> = b.lines().collect();
    let script = script(&a, &b);
    let mut out = String::new();
    let mut i = 0;
    while let Some(first) = script.iter().skip(i).position(|s| s.0 != Op::Same) {
        let first = first + i;
        let from = first.saturating_sub(CONTEXT);
        // A hunk goes on as long as the next change is near.
        let mut last = first;
        let mut j = first;
        while let Some(s) = script.get(j) {
            if s.0 != Op::Same {
                last = j;
            } else if j > last + 2 * CONTEXT {
                break;
            }
            j += 1;
        }
        let to = (last + CONTEXT + 1).min(script.len());
        hunk(&script, from, to, &a, &b, &mut out);
        i = to;
    }
    out
}

fn hunk(
    script: &[(Op, usize, usize)],
    from: usize,
    to: usize,
    a: &[&str],
    b: &[&str],
    out: &mut String,
) {
    let part = script.get(from..to).unwrap_or(&[]);
    let olds = part.iter().filter(|s| s.0 != Op::More).count();
    let news = part.iter().filter(|s| s.0 != Op::Less).count();
    let (x, y) = part.first().map_or((0, 0), |s| (s.1, s.2));
    let range = |start: usize, n: usize| match n {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        n => format!("{},{n}", start + 1),
    };
    out.push_str(&format!("@@ -{} +{} @@\n", range(x, olds), range(y, news)));
    for (op, i, j) in part {
        let (mark, line) = match op {
            Op::Same => (' ', a.get(*i)),
            Op::Less => ('-', a.get(*i)),
            Op::More => ('+', b.get(*j)),
        };
        out.push(mark);
        out.push_str(line.unwrap_or(&""));
        out.push('\n');
    }
}

/// The shortest way from `a` to `b`, by longest common subsequence: (operation, place in a, place in b).
fn script(a: &[&str], b: &[&str]) -> Vec<(Op, usize, usize)> {
    let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let end = a[start..]
        .iter()
        .rev()
        .zip(b[start..].iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let (ma, mb) = (&a[start..a.len() - end], &b[start..b.len() - end]);
    let mut out: Vec<(Op, usize, usize)> = (0..start).map(|i| (Op::Same, i, i)).collect();
    if ma.len() > MAX || mb.len() > MAX {
        out.extend((0..ma.len()).map(|i| (Op::Less, start + i, start)));
        out.extend((0..mb.len()).map(|j| (Op::More, start + ma.len(), start + j)));
    } else {
        let w = mb.len() + 1;
        let mut best = vec![0u32; (ma.len() + 1) * w];
        for i in (0..ma.len()).rev() {
            for j in (0..mb.len()).rev() {
                best[i * w + j] = if ma[i] == mb[j] {
                    best[(i + 1) * w + j + 1] + 1
                } else {
                    best[(i + 1) * w + j].max(best[i * w + j + 1])
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < ma.len() || j < mb.len() {
            if i < ma.len() && j < mb.len() && ma[i] == mb[j] {
                out.push((Op::Same, start + i, start + j));
                i += 1;
                j += 1;
            } else if i < ma.len()
                && (j == mb.len() || best[(i + 1) * w + j] >= best[i * w + j + 1])
            {
                out.push((Op::Less, start + i, start + j));
                i += 1;
            } else {
                out.push((Op::More, start + i, start + j));
                j += 1;
            }
        }
    }
    for k in 0..end {
        out.push((Op::Same, a.len() - end + k, b.len() - end + k));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn hunks() {
        assert_eq!(unified("a\nb\n", "a\nb\n"), "");
        assert_eq!(
            unified("a\nb\nc\n", "a\nx\nc\n"),
            "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"
        );
        assert_eq!(unified("", "a\n"), "@@ -0,0 +1 @@\n+a\n");
    }
}
