//! What the scanner leaves to us: tags right before commas, and the bytes of `!!binary`.

use std::borrow::Cow;

/// The text with a blank between a tag and the comma after it (`[!!str, x]`), which the scanner cannot take. Whether
/// a `!` starts a tag or is part of a text depends on all before it, so the scanner itself is asked, with what
/// stands before the comma. None if there are too many of them.
pub fn spaced_tags(text: &str) -> Option<Cow<'_, str>> {
    const MAX: usize = 64;
    let in_tag = |c: u8| c.is_ascii_alphanumeric() || b"-_;/?:@&=+$.%!~*'()".contains(&c);
    let bytes = text.as_bytes();
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while let Some(i) = text.get(at..).and_then(|t| t.find('!')) {
        let start = at + i;
        let run = |from: usize, in_run: &dyn Fn(u8) -> bool| {
            from + bytes.iter().skip(from).take_while(|c| in_run(**c)).count()
        };
        let end = match bytes.get(start + 1) {
            Some(b'<') => run(start + 2, &|c| in_tag(c) || b",[]".contains(&c)) + 1,
            _ => run(start, &in_tag),
        };
        let inside = start > 0
            && bytes
                .get(start - 1)
                .is_some_and(|c| c.is_ascii_alphanumeric());
        if bytes.get(end) == Some(&b',') && !inside {
            found.push((start, end));
        }
        at = start + 1;
    }
    if found.is_empty() {
        return Some(Cow::Borrowed(text));
    }
    if found.len() > MAX {
        return None;
    }
    let mut out = String::with_capacity(text.len() + found.len());
    let mut done = 0;
    for (start, comma) in found {
        // A comma that two `!` lead to is looked at once for each.
        out.push_str(text.get(done..comma).unwrap_or(""));
        done = comma;
        if !out.ends_with(' ') && starts_tag(&out, out.len() - (comma - start)) {
            out.push(' ');
        }
    }
    out.push_str(text.get(done..).unwrap_or(""));
    Some(Cow::Owned(out))
}

/// Whether the scanner finds a tag at this byte of a text that ends with it.
fn starts_tag(text: &str, at: usize) -> bool {
    let mut input = text.as_bytes();
    let mut scanner = libyaml_safer::Scanner::new();
    scanner.set_input_string(&mut input);
    for token in &mut scanner {
        match token {
            Ok(t) if t.start_mark.index as usize == at => {
                return matches!(t.data, libyaml_safer::TokenData::Tag { .. });
            }
            Ok(t) if t.start_mark.index as usize > at => return false,
            Ok(_) => {}
            // Within quotes, the text has no end here; any other complaint leaves it open, and a blank does no harm.
            Err(e) => return e.problem() != "found unexpected end of stream",
        }
    }
    false
}
