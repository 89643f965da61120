//! What several kinds' columns share.

use crate::kind::CellCx;
pub use machinery::duration::human;
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

/// `5m35s` since an RFC 3339 instant, `<unknown>` where there is none.
pub fn since(instant: &str, cx: &CellCx) -> String {
    match machinery::time::parse_rfc3339(instant) {
        Some(t) => human(cx.now - t),
        None => "<unknown>".into(),
    }
}

/// `app=web,tier=front`, sorted; `<none>` where there is nothing.
pub fn labels(map: &Value) -> String {
    or_none(machinery::labels::pairs(map))
}

/// A label selector; `<none>` where it selects by nothing.
pub fn selector(selector: &Value) -> String {
    or_none(machinery::labels::text(selector))
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
