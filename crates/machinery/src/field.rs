//! Field paths and the errors that validation collects, in upstream's words
//! (`apimachinery:pkg/util/validation/field/{path,errors}.go`).

use crate::{Value, value};

/// `spec.containers[0].ports[1].name`: where in an object. Built as validation walks down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(String);

impl Path {
    pub fn root(name: &str) -> Path {
        Path(name.to_string())
    }
    /// The path of the object itself: prints as `<nil>` when nothing is added.
    pub fn nil() -> Path {
        Path(String::new())
    }
    pub fn child(&self, name: &str) -> Path {
        if self.0.is_empty() {
            Path(name.to_string())
        } else {
            Path(format!("{}.{name}", self.0))
        }
    }
    pub fn index(&self, i: usize) -> Path {
        Path(format!("{}[{i}]", self.0))
    }
    pub fn key(&self, key: &str) -> Path {
        Path(format!("{}[{key}]", self.0))
    }
    pub fn as_str(&self) -> &str {
        if self.0.is_empty() { "<nil>" } else { &self.0 }
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One finding: upstream's `field.Error`.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    /// `FieldValueRequired`, `FieldValueInvalid`, ...: the cause's reason.
    pub kind: &'static str,
    pub path: String,
    /// All after the path: `Invalid value: "x": must be ...`.
    pub text: String,
}

/// Findings in the order in which validation made them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Errors(pub Vec<FieldError>);

impl Errors {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    fn add(&mut self, kind: &'static str, path: &Path, text: String) {
        self.0.push(FieldError {
            kind,
            path: path.as_str().to_string(),
            text,
        });
    }
    fn with_detail(head: String, detail: &str) -> String {
        if detail.is_empty() {
            head
        } else {
            format!("{head}: {detail}")
        }
    }
    pub fn required(&mut self, path: &Path, detail: &str) {
        self.add(
            "FieldValueRequired",
            path,
            Self::with_detail("Required value".into(), detail),
        );
    }
    pub fn invalid(&mut self, path: &Path, value: impl Into<Value>, detail: &str) {
        self.bad("FieldValueInvalid", path, value.into(), detail);
    }
    /// `Invalid value: WHY`: of a value too large to show.
    pub fn invalid_whole(&mut self, path: &Path, detail: &str) {
        let text = Self::with_detail("Invalid value".into(), detail);
        self.add("FieldValueInvalid", path, text);
    }
    /// `Invalid value: SHOWN: WHY`, where the value is printed as Go has it, not as it is kept.
    pub fn invalid_shown(&mut self, path: &Path, shown: &str, detail: &str) {
        let text = Self::with_detail(format!("Invalid value: {shown}"), detail);
        self.add("FieldValueInvalid", path, text);
    }
    // What takes a `Value` is one copy of the code, however many types the callers pass.
    fn bad(&mut self, kind: &'static str, path: &Path, value: Value, detail: &str) {
        let head = format!("Invalid value: {}", go_value(&value));
        self.add(kind, path, Self::with_detail(head, detail));
    }
    /// `Unsupported value: "x": supported values: "a", "b"`. `supported` is given in the order to print.
    pub fn not_supported(&mut self, path: &Path, value: impl Into<Value>, supported: &[&str]) {
        self.none_of(path, value.into(), supported);
    }
    fn none_of(&mut self, path: &Path, value: Value, supported: &[&str]) {
        let list = supported
            .iter()
            .map(|s| format!("{s:?}"))
            .collect::<Vec<_>>()
            .join(", ");
        let head = format!("Unsupported value: {}", go_value(&value));
        let detail = if supported.is_empty() {
            String::new()
        } else {
            format!("supported values: {list}")
        };
        self.add(
            "FieldValueNotSupported",
            path,
            Self::with_detail(head, &detail),
        );
    }
    pub fn forbidden(&mut self, path: &Path, detail: &str) {
        self.add(
            "FieldValueForbidden",
            path,
            Self::with_detail("Forbidden".into(), detail),
        );
    }
    pub fn duplicate(&mut self, path: &Path, value: impl Into<Value>) {
        self.about("FieldValueDuplicate", path, "Duplicate value", value.into());
    }
    /// Of a value that is printed as Go has it.
    pub fn duplicate_shown(&mut self, path: &Path, shown: &str, detail: &str) {
        let head = format!("Duplicate value: {shown}");
        self.add("FieldValueDuplicate", path, Self::with_detail(head, detail));
    }
    pub fn not_found(&mut self, path: &Path, value: impl Into<Value>) {
        self.about("FieldValueNotFound", path, "Not found", value.into());
    }
    fn about(&mut self, kind: &'static str, path: &Path, what: &str, value: Value) {
        self.add(kind, path, format!("{what}: {}", go_value(&value)));
    }
    /// `Too long: may not be more than N bytes`.
    pub fn too_long(&mut self, path: &Path, max: usize) {
        self.add(
            "FieldValueTooLong",
            path,
            format!("Too long: may not be more than {max} bytes"),
        );
    }
    pub fn too_many(&mut self, path: &Path, have: usize, max: usize) {
        self.add(
            "FieldValueTooMany",
            path,
            format!("Too many: {have}: must have at most {max} items"),
        );
    }
    pub fn type_invalid(&mut self, path: &Path, value: impl Into<Value>, detail: &str) {
        self.bad("FieldValueTypeInvalid", path, value.into(), detail);
    }
    pub fn internal(&mut self, path: &Path, detail: &str) {
        self.add(
            "InternalError",
            path,
            Self::with_detail("Internal error".into(), detail),
        );
    }
    /// One finding as it is, several in brackets; equal ones once, as `ToAggregate` does.
    pub fn message(&self) -> String {
        let mut texts: Vec<String> = Vec::new();
        for e in &self.0 {
            let t = format!("{}: {}", e.path, e.text);
            if !texts.contains(&t) {
                texts.push(t);
            }
        }
        match texts.len() {
            1 => texts.remove(0),
            _ => format!("[{}]", texts.join(", ")),
        }
    }
    /// `details.causes` of the Status.
    pub fn causes(&self) -> Value {
        let cause = |e: &FieldError| value!({ "reason": e.kind, "message": Value::str(&e.text), "field": Value::str(&e.path) });
        Value::from(self.0.iter().map(cause).collect::<Vec<_>>())
    }
}

/// A bad value as Go prints it in messages: strings quoted, numbers bare, structures as JSON.
pub fn go_value(v: &Value) -> String {
    match v {
        Value::Str(s) => crate::json::quote(s),
        Value::Null => "null".to_string(),
        // Go's encoder writes `<`, `>`, `&` as escapes.
        other => crate::json::print_html(other),
    }
}
