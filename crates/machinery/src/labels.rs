//! Label selectors where they stand, in objects: `LabelSelector`s and plain maps, matched and printed as they are.
//! [`crate::selector`] reads the form of `-l` and of requests.
//! Upstream: `apimachinery:pkg/apis/meta/v1/helpers.go`.

use crate::{Arrange, Str, Value};

/// Whether a `LabelSelector` (`matchLabels`, `matchExpressions`) selects these labels. A missing selector selects
/// nothing, an empty one everything: that is upstream's rule, and the cause of many a surprise.
pub fn matches(selector: &Value, labels: &Value) -> bool {
    let rules = selector.get("matchExpressions").items();
    !selector.is_null()
        && holds_all(selector.get("matchLabels"), labels)
        && rules.iter().all(|e| fits(e, labels))
}

/// Whether a plain map selector (Services, ReplicationControllers) selects these labels; an empty one selects nothing.
pub fn matches_map(selector: &Value, labels: &Value) -> bool {
    !selector.entries().is_empty() && holds_all(selector, labels)
}

fn holds_all(wanted: &Value, labels: &Value) -> bool {
    let mut wanted = wanted.entries().iter();
    wanted.all(|(k, v)| labels.get(k) == v)
}

/// One requirement: `key operator values`. `Gt` and `Lt` are for nodes only.
pub fn fits(e: &Value, labels: &Value) -> bool {
    let have = labels.get(e.text("key")).as_str();
    let values = e.get("values").items();
    let among = |x: &str| values.iter().any(|v| v.as_str() == Some(x));
    let number = |s: &str| s.parse::<i64>().ok();
    let bound = || values.first().and_then(Value::as_str).and_then(number);
    match e.text("operator") {
        "In" => have.is_some_and(among),
        "NotIn" => !have.is_some_and(among),
        "Exists" => have.is_some(),
        "DoesNotExist" => have.is_none(),
        "Gt" => have
            .and_then(number)
            .zip(bound())
            .is_some_and(|(h, b)| h > b),
        "Lt" => have
            .and_then(number)
            .zip(bound())
            .is_some_and(|(h, b)| h < b),
        _ => false,
    }
}

/// `app=web,tier=front`: a map of labels.
pub fn pairs(map: &Value) -> String {
    let all: Vec<String> = map.entries().iter().map(pair).collect();
    all.join(",")
}

fn pair((k, v): &(Str, Value)) -> String {
    format!("{k}={}", v.as_str().unwrap_or(""))
}

/// `app=web,tier in (a,b),!old`: a `LabelSelector` as `metav1.FormatLabelSelector` prints it; "" for an empty one.
pub fn text(selector: &Value) -> String {
    let plain = selector.get("matchLabels").entries().iter();
    let mut parts: Vec<(&str, String)> = plain.map(|e| (e.0.as_str(), pair(e))).collect();
    for e in selector.get("matchExpressions").items() {
        let key = e.text("key");
        let mut values: Vec<&str> = strings(e.get("values"));
        values.arrange();
        let values = values.join(",");
        let text = match e.text("operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_string(),
            _ => format!("!{key}"),
        };
        parts.push((key, text));
    }
    parts.arrange_by(|a, b| a.0.cmp(b.0));
    let texts: Vec<String> = parts.into_iter().map(|p| p.1).collect();
    texts.join(",")
}

/// A `LabelSelector` as Go's `%v` prints it, in errors and events.
pub fn go_text(selector: &Value) -> String {
    if selector.is_null() {
        return "nil".into();
    }
    let labels = selector.get("matchLabels").entries().iter();
    let labels: String = labels
        .map(|(k, v)| format!("{k}: {},", v.as_str().unwrap_or("")))
        .collect();
    let rules = selector.get("matchExpressions").items().iter();
    let rules: String = rules
        .map(|e| {
            format!(
                "LabelSelectorRequirement{{Key:{},Operator:{},Values:[{}],}},",
                e.text("key"),
                e.text("operator"),
                strings(e.get("values")).join(" ")
            )
        })
        .collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{rules}}},}}"
    )
}

fn strings(list: &Value) -> Vec<&str> {
    list.items().iter().filter_map(Value::as_str).collect()
}
