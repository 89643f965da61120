//! Field names of the supported kinds, so that a key costs no memory of its own.

/// The program's own copy of `s`, if it is one of the known field names.
pub fn known(s: &str) -> Option<&'static str> {
    KNOWN.binary_search(&s).ok().map(|i| KNOWN[i])
}

/// Sorted. The schema's build replaces this by every field name of the supported kinds.
const KNOWN: &[&str] = &[
    "apiVersion",
    "containers",
    "image",
    "kind",
    "labels",
    "metadata",
    "name",
    "namespace",
    "spec",
    "status",
];
