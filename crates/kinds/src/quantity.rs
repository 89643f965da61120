//! Amounts as plain numbers, for those who only compare and add: a view of `machinery`'s quantities.

use machinery::Quantity;

/// The value in billionths, rounded up to thousandths, and whether its suffix is a power of 1024.
pub fn parse(text: &str) -> Option<(i128, bool)> {
    let q = Quantity::parse(text).ok()?;
    let binary = q.format() == machinery::quantity::Format::BinarySi;
    Some((i128::from(q.milli_value()) * 1_000_000, binary))
}

/// `0.5` → `500m`, `1024Mi` → `1Gi`; None where the text is no quantity.
pub fn canonical(text: &str) -> Option<String> {
    Quantity::parse(text).ok().map(|q| q.to_string())
}

/// The canonical form of an amount in billionths.
pub fn text(nanos: i128, binary: bool) -> String {
    let whole = nanos / 1_000_000_000;
    match i64::try_from(whole) {
        Ok(n) if binary && nanos % 1_000_000_000 == 0 => {
            Quantity::whole(n, machinery::quantity::Format::BinarySi).to_string()
        }
        _ => Quantity::milli(nanos / 1_000_000).to_string(),
    }
}
