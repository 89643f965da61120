//! Label selectors as objects carry them. Upstream: `apimachinery:pkg/apis/meta/v1/helpers.go`.

use machinery::Value;

/// Whether a `LabelSelector` (`matchLabels`, `matchExpressions`) selects these labels. A missing selector selects
/// nothing, an empty one everything: that is upstream's rule, and the cause of many a surprise.
pub fn matches(selector: &Value, labels: &Value) -> bool {
    if selector.is_null() {
        return false;
    }
    let all = selector.get("matchLabels").entries();
    let plain = all.iter().all(|(k, v)| labels.get(k) == v);
    plain
        && selector
            .get("matchExpressions")
            .items()
            .iter()
            .all(|e| fits(e, labels))
}

/// Whether a plain map selector (Services, ReplicationControllers) selects these labels; an empty one selects nothing.
pub fn matches_map(selector: &Value, labels: &Value) -> bool {
    let wanted = selector.entries();
    !wanted.is_empty() && wanted.iter().all(|(k, v)| labels.get(k) == v)
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
