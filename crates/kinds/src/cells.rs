//! What several kinds' columns share.

use crate::kind::CellCx;
use machinery::Arrange;
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

/// `5m35s` since an RFC 3339 instant, `<unknown>` where there is none.
pub fn since(instant: &str, cx: &CellCx) -> String {
    match machinery::time::parse_rfc3339(instant) {
        Some(t) => human(cx.now - t),
        None => "<unknown>".into(),
    }
}

/// `app=web,tier=front`, sorted; `<none>` where there is nothing.
pub fn labels(map: &Value) -> String {
    let pairs: Vec<String> = map
        .entries()
        .iter()
        .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or("")))
        .collect();
    or_none(pairs.join(","))
}

/// A label selector as `metav1.FormatLabelSelector` prints it.
pub fn selector(selector: &Value) -> String {
    let mut parts: Vec<(String, String)> = Vec::new();
    for (k, v) in selector.get("matchLabels").entries() {
        parts.push((k.to_string(), format!("{k}={}", v.as_str().unwrap_or(""))));
    }
    for e in selector.get("matchExpressions").items() {
        let key = e.text("key");
        let mut values: Vec<&str> = e
            .get("values")
            .items()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        values.arrange();
        let values = values.join(",");
        let text = match e.text("operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_string(),
            "DoesNotExist" => format!("!{key}"),
            other => format!("{key} {other} ({values})"),
        };
        parts.push((key.to_string(), text));
    }
    parts.arrange_by(|a, b| a.0.cmp(&b.0));
    or_none(parts.into_iter().map(|p| p.1).collect::<Vec<_>>().join(","))
}

/// The names and the images of the containers of a pod spec, each joined by commas.
pub fn containers(spec: &Value) -> (String, String) {
    let join = |key: &str| {
        spec.get("containers")
            .items()
            .iter()
            .map(|c| c.text(key))
            .collect::<Vec<_>>()
            .join(",")
    };
    (join("name"), join("image"))
}

/// The three wide cells of everything with a pod template: containers, images, selector.
pub fn wide_template(o: &Object) -> [Value; 3] {
    let (names, images) = containers(o.at("spec.template.spec"));
    [
        names.into(),
        images.into(),
        selector(o.at("spec.selector")).into(),
    ]
}

pub fn or_none(text: String) -> String {
    if text.is_empty() {
        "<none>".into()
    } else {
        text
    }
}
