//! Field names of the supported kinds and values that many objects hold, so that these texts cost no memory of their own.

/// The program's own copy of `s`, if it is one of the known texts.
pub fn known(s: &str) -> Option<&'static str> {
    let bytes = s.as_bytes();
    if bytes.is_empty() || bytes.len() > LONGEST {
        return None;
    }
    // Open addressing: from the place that the hash says on, until the text or an empty place is met.
    let mut at = place(bytes);
    loop {
        let n = TABLE[at];
        if n == EMPTY {
            return None;
        }
        let text = KNOWN[n as usize];
        if crate::value::same_text(text, s) {
            return Some(text);
        }
        at = (at + 1) % PLACES;
    }
}

/// Sorted; made by the build from the schema.
static KNOWN: &[&str] = NAMES;
const NAMES: &[&str] = include!(concat!(env!("OUT_DIR"), "/known.rs"));

/// At least twice as many as there are texts: most places are empty, so that a search is short.
const PLACES: usize = 8192;
const EMPTY: u16 = u16::MAX;
const LONGEST: usize = longest();
static TABLE: [u16; PLACES] = table();

/// A hash of the length and a few characters: names differ mostly at their ends. `b` is not empty.
const fn place(b: &[u8]) -> usize {
    let n = b.len();
    let mut h = n as u32;
    let picked = [
        b[0],
        b[n / 4],
        b[n / 2],
        b[n - n / 4 - 1],
        b[n - n.div_ceil(2).div_ceil(4)],
        b[n - 1],
    ];
    let mut i = 0;
    while i < picked.len() {
        h = (h ^ picked[i] as u32).wrapping_mul(0x0100_0193);
        h ^= h >> 15;
        i += 1;
    }
    h as usize % PLACES
}

const fn longest() -> usize {
    let (mut i, mut most) = (0, 0);
    while i < NAMES.len() {
        if NAMES[i].len() > most {
            most = NAMES[i].len();
        }
        i += 1;
    }
    most
}

const fn table() -> [u16; PLACES] {
    assert!(
        NAMES.len() * 2 <= PLACES,
        "the table of known texts is too small"
    );
    let mut out = [EMPTY; PLACES];
    let mut i = 0;
    while i < NAMES.len() {
        if !NAMES[i].is_empty() {
            let mut at = place(NAMES[i].as_bytes());
            while out[at] != EMPTY {
                at = (at + 1) % PLACES;
            }
            out[at] = i as u16;
        }
        i += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn all_known_texts_are_found() {
        for text in super::KNOWN.iter().filter(|t| !t.is_empty()) {
            assert_eq!(super::known(text), Some(*text));
        }
        assert!(super::known("terminationGracePeriodSeconds").is_some());
        assert!(super::known("web-5d6b9c7f4-abcde").is_none() && super::known("").is_none());
    }
}
