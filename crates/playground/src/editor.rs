//! What the editor asks of us about a manifest's text: markers, completion, hover. Pure functions on text.

/// A range in the text, 1-based lines and UTF-16 columns, end exclusive: Monaco's convention.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marker {
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
    /// `error` or `warning`
    pub severity: &'static str,
    pub message: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completion {
    pub label: String,
    /// Type: `string`, `[]Container`, ...
    pub detail: String,
    pub documentation: String,
    /// Text to put in, with `$0` for the cursor (Monaco's snippet form).
    pub insert: String,
}

/// What is wrong in a manifest, where it is.
pub fn markers(_text: &str) -> Vec<Marker> {
    Vec::new()
}

/// What may be written at a place.
pub fn complete(_text: &str, _line: u32, _column: u32) -> Vec<Completion> {
    Vec::new()
}

/// Markdown about the field at a place, None where there is none.
pub fn hover(_text: &str, _line: u32, _column: u32) -> Option<String> {
    None
}
