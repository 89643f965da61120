//! How many terminal cells a character takes: 0 for combining marks, 2 for East Asian wide ones.
//!
//! The real table is Unicode's EastAsianWidth.txt (xterm.js: `UnicodeV6.ts`); this one keeps the
//! ranges that are wide there, joined where the gaps between them hold nothing that is printed.

/// Inclusive ranges of wide characters, sorted.
const WIDE: &[(u32, u32)] = &[
    (0x1100, 0x115F),
    (0x231A, 0x231B),
    (0x23E9, 0x23EC),
    (0x25FD, 0x25FE),
    (0x2614, 0x2615),
    (0x26A1, 0x26A1),
    (0x26C4, 0x26C5),
    (0x2705, 0x2705),
    (0x270A, 0x270B),
    (0x2728, 0x2728),
    (0x274C, 0x274C),
    (0x2E80, 0x303E),
    (0x3041, 0xA4CF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE6F),
    (0xFF01, 0xFF60),
    (0xFFE0, 0xFFE6),
    (0x1F300, 0x1F64F),
    (0x1F680, 0x1F6FF),
    (0x1F900, 0x1F9FF),
    (0x1FA70, 0x1FAFF),
    (0x20000, 0x3FFFD),
];

/// Inclusive ranges of characters that take no cell of their own, sorted.
const ZERO: &[(u32, u32)] = &[
    (0x0300, 0x036F),
    (0x1160, 0x11FF),
    (0x200B, 0x200F),
    (0x20D0, 0x20FF),
    (0xD7B0, 0xD7FF),
    (0xFE00, 0xFE0F),
    (0xFE20, 0xFE2F),
    (0xFEFF, 0xFEFF),
];

pub fn char_width(c: char) -> usize {
    let code = c as u32;
    if code < 0x20 || (0x7F..0xA0).contains(&code) || within(ZERO, code) {
        0
    } else if within(WIDE, code) {
        2
    } else {
        1
    }
}

pub fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

fn within(table: &[(u32, u32)], code: u32) -> bool {
    let at = table.partition_point(|&(_, high)| high < code);
    table.get(at).is_some_and(|&(low, _)| low <= code)
}
