//! Field names of the supported kinds and values that many objects hold, so that these texts cost no memory of their own.

/// The program's own copy of `s`, if it is one of the known texts.
pub fn known(s: &str) -> Option<&'static str> {
    KNOWN
        .binary_search(&s)
        .ok()
        .and_then(|i| KNOWN.get(i).copied())
}

/// Sorted; made by the build from the schema.
static KNOWN: &[&str] = include!(concat!(env!("OUT_DIR"), "/known.rs"));

#[cfg(test)]
mod tests {
    #[test]
    fn the_list_is_sorted() {
        assert!(
            super::KNOWN.is_sorted() && super::known("terminationGracePeriodSeconds").is_some()
        );
    }
}
