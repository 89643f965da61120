//! What several kinds' columns share.

use crate::kind::CellCx;
use machinery::{Object, Value};

/// `5m35s`: how old the object is.
pub fn age(o: &Object, cx: &CellCx) -> Value {
    let created = o.created();
    if created == 0 {
        Value::from("<unknown>")
    } else {
        Value::from(human(cx.now - created))
    }
}

/// A duration in milliseconds as `duration.HumanDuration` prints it.
pub fn human(ms: i64) -> String {
    let s = ms / 1000;
    match s {
        ..0 => "<invalid>".into(),
        0..120 => format!("{s}s"),
        120..600 if s % 60 != 0 => format!("{}m{}s", s / 60, s % 60),
        120..10_800 => format!("{}m", s / 60),
        10_800..28_800 if s / 60 % 60 != 0 => format!("{}h{}m", s / 3600, s / 60 % 60),
        10_800..172_800 => format!("{}h", s / 3600),
        172_800..691_200 if s / 3600 % 24 != 0 => format!("{}d{}h", s / 86_400, s / 3600 % 24),
        172_800..63_072_000 => format!("{}d", s / 86_400),
        63_072_000..252_288_000 if s / 86_400 % 365 != 0 => {
            format!("{}y{}d", s / 31_536_000, s / 86_400 % 365)
        }
        _ => format!("{}y", s / 31_536_000),
    }
}
