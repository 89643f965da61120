//! Backslash escapes, as `$'...'`, `echo -e` and printf have them.

/// The escapes of `$'...'`, `echo -e` and printf's `%b`.
pub fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let digits = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>, radix: u32, most| {
            let mut value = 0;
            let mut count = 0;
            while count < most
                && let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix))
            {
                value = value * radix + digit;
                count += 1;
                chars.next();
            }
            (count > 0).then_some(value)
        };
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('a') => out.push('\u{7}'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('v') => out.push('\u{b}'),
            Some('e' | 'E') => out.push('\u{1b}'),
            Some('x') => match digits(&mut chars, 16, 2) {
                Some(value) => out.extend(char::from_u32(value)),
                None => out.push_str("\\x"),
            },
            Some('u') => out.extend(digits(&mut chars, 16, 4).and_then(char::from_u32)),
            Some('U') => out.extend(digits(&mut chars, 16, 8).and_then(char::from_u32)),
            Some('0') => {
                out.extend(
                    digits(&mut chars, 8, 3)
                        .or(Some(0))
                        .and_then(char::from_u32),
                );
            }
            Some(c @ '1'..='7') => {
                let first = c.to_digit(8).unwrap_or(0);
                let mut value = first;
                for _ in 0..2 {
                    if let Some(digit) = chars.peek().and_then(|c| c.to_digit(8)) {
                        value = value * 8 + digit;
                        chars.next();
                    }
                }
                out.extend(char::from_u32(value));
            }
            Some(c @ ('\\' | '\'' | '"' | '?')) => out.push(c),
            Some(c) => {
                out.push('\\');
                out.push(c);
            }
            None => out.push('\\'),
        }
    }
    out
}
