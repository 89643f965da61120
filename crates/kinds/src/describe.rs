//! The writer that describe functions write into, and what several kinds' descriptions share.
//! Upstream: `kubectl:pkg/describe/describe.go`.

use machinery::time::Millis;
use machinery::{Object, Value};

/// Where a description looks for related objects; kubectl answers through the API.
pub trait Related {
    /// The objects of a collection: `related.list("v1", "Pod", "default", "app=web")`; empty namespace = all.
    fn list(&self, api_version: &str, kind: &str, namespace: &str, selector: &str) -> Vec<Object>;
    fn get(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Option<Object>;
    /// The events about this object, oldest first.
    fn events(&self, about: &Object) -> Vec<Object>;
    fn now(&self) -> Millis;
}

/// Text being written, with upstream's levels of indentation (two spaces each); tabs are aligned by [`Describe::finish`].
pub struct Describe<'a> {
    pub related: &'a dyn Related,
    pub show_events: bool,
    text: String,
}

impl<'a> Describe<'a> {
    pub fn new(related: &'a dyn Related, show_events: bool) -> Describe<'a> {
        Describe {
            related,
            show_events,
            text: String::new(),
        }
    }
    /// One line at a level: `d.line(0, "Name:\tweb")`.
    pub fn line(&mut self, level: usize, text: impl AsRef<str>) {
        self.text.push_str(&"  ".repeat(level));
        self.text.push_str(text.as_ref());
        self.text.push('\n');
    }
    /// The finished text: tab-separated cells of neighbouring lines aligned as Go's tabwriter does.
    pub fn finish(self) -> String {
        crate::tabs::align(&self.text)
    }
}

/// What is said of a kind that has no description of its own.
pub fn generic(o: &Object, d: &mut Describe) {
    d.line(0, format!("Name:\t{}", o.name()));
    let _ = (o.get("spec") as &Value, d.show_events);
}
