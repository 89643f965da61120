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
    /// What is aligned already.
    done: String,
    text: String,
}

impl<'a> Describe<'a> {
    pub fn new(related: &'a dyn Related, show_events: bool) -> Describe<'a> {
        Describe {
            related,
            show_events,
            done: String::new(),
            text: String::new(),
        }
    }
    /// One line at a level: `d.line(0, "Name:\tweb")`.
    pub fn line(&mut self, level: usize, text: impl AsRef<str>) {
        self.add(level, text.as_ref());
        self.text.push('\n');
    }
    /// The start of a line at a level, or, at level 0, more of the same line.
    pub fn write(&mut self, level: usize, text: impl AsRef<str>) {
        self.add(level, text.as_ref());
    }
    fn add(&mut self, level: usize, text: &str) {
        self.text.push_str(&"  ".repeat(level));
        for c in text.chars() {
            match c {
                '\u{1b}' => self.text.push_str("^["),
                '\r' => self.text.push_str("\\r"),
                c => self.text.push(c),
            }
        }
    }
    /// Aligns what is written so far: the columns of what follows are their own.
    pub fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.done.push_str(&crate::tabs::align(&text));
    }
    /// The text with its tabs as they are, as `rollout history --revision` prints it.
    pub fn raw(mut self) -> String {
        std::mem::take(&mut self.text)
    }
    /// The finished text: tab-separated cells of neighbouring lines aligned as Go's tabwriter does.
    pub fn finish(mut self) -> String {
        self.flush();
        self.done
    }

    /// `Title:` and the keys and values, sorted, each on a line of its own.
    pub fn labels(&mut self, title: &str, map: &Value) {
        let lines: Vec<String> = map
            .entries()
            .iter()
            .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or("")))
            .collect();
        self.multiline("", title, lines);
    }
    /// `Title:` and lines under one another, or `<none>`.
    pub fn multiline(&mut self, indent: &str, title: &str, lines: Vec<String>) {
        if lines.is_empty() {
            self.line(0, format!("{indent}{title}:\t<none>"));
        }
        for (i, line) in lines.iter().enumerate() {
            let head = if i == 0 {
                format!("{title}:")
            } else {
                String::new()
            };
            self.line(0, format!("{indent}{head}\t{line}"));
        }
    }
    pub fn annotations(&mut self, title: &str, map: &Value) {
        const MAX: usize = 140;
        let shown = |key: &str| key != "kubectl.kubernetes.io/last-applied-configuration";
        let mut first = true;
        for (key, value) in map.entries().iter().filter(|(k, _)| shown(k)) {
            let head = if first {
                format!("{title}:")
            } else {
                String::new()
            };
            first = false;
            let value = value.as_str().unwrap_or("");
            let value = value.strip_suffix('\n').unwrap_or(value);
            if value.len() + key.len() + 2 <= MAX && !value.contains('\n') {
                self.line(0, format!("{head}\t{key}: {value}"));
                continue;
            }
            self.line(0, format!("{head}\t{key}:"));
            for part in value.split('\n') {
                self.line(0, format!("\t  {}", shorten(part, MAX - 2)));
            }
        }
        if first {
            self.line(0, format!("{title}:\t<none>"));
        }
    }
    /// `Events:`, if they are to be shown.
    pub fn events(&mut self, about: &Object) {
        if !self.show_events {
            return;
        }
        let events = self.related.events(about);
        self.event_table(events);
    }
    pub fn event_table(&mut self, events: Vec<Object>) {
        if events.is_empty() {
            self.line(0, "Events:\t<none>");
            return;
        }
        self.flush();
        self.line(0, "Events:");
        self.line(1, "Type\tReason\tAge\tFrom\tMessage");
        self.line(1, "----\t------\t----\t----\t-------");
        for e in events {
            let first = match e.text("eventTime") {
                "" => self.since(e.text("firstTimestamp")),
                t => self.since(t),
            };
            let age = if !e.at("series").is_null() {
                let last = self.since(e.text("series.lastObservedTime"));
                format!("{last} (x{} over {first})", e.int("series.count"))
            } else if e.int("count") > 1 {
                let last = self.since(e.text("lastTimestamp"));
                format!("{last} (x{} over {first})", e.int("count"))
            } else {
                first
            };
            let source = match e.text("source.component") {
                "" => e.text("reportingComponent"),
                component => component,
            };
            let message = match e.text("involvedObject.fieldPath") {
                "" => e.text("message").trim().to_string(),
                path => format!("{path}: {}", e.text("message").trim()),
            };
            let (kind, reason) = (e.text("type"), e.text("reason"));
            self.line(1, format!("{kind}\t{reason}\t{age}\t{source}\t{message}"));
        }
    }
    /// How long ago an instant was.
    pub fn since(&self, instant: &str) -> String {
        crate::cells::since(
            instant,
            &crate::CellCx {
                now: self.related.now(),
            },
        )
    }
    /// The first lines of most descriptions.
    pub fn head(&mut self, o: &Object) {
        self.line(0, format!("Name:\t{}", o.name()));
        self.line(0, format!("Namespace:\t{}", o.namespace()));
    }
    pub fn labels_and_annotations(&mut self, o: &Object) {
        self.labels("Labels", o.at("metadata.labels"));
        self.annotations("Annotations", o.at("metadata.annotations"));
    }
    pub fn controlled_by(&mut self, o: &Object) {
        let owner = o.controller();
        if !owner.is_null() {
            self.line(
                0,
                format!(
                    "Controlled By:\t{}/{}",
                    owner.text("kind"),
                    owner.text("name")
                ),
            );
        }
    }
    /// `1 Running / 0 Waiting / 0 Succeeded / 0 Failed`: the pods that this object controls.
    pub fn pods_status(&self, o: &Object, selector: &str) -> String {
        let selector = if selector == "<none>" { "" } else { selector };
        let pods = self.related.list("v1", "Pod", o.namespace(), selector);
        let mine: Vec<&Object> = pods.iter().filter(|p| p.is_controlled_by(o)).collect();
        let count = |phase: &str| {
            mine.iter()
                .filter(|p| p.text("status.phase") == phase)
                .count()
        };
        format!(
            "{} Running / {} Waiting / {} Succeeded / {} Failed",
            count("Running"),
            count("Pending"),
            count("Succeeded"),
            count("Failed")
        )
    }
    /// `Conditions:` of the controllers: type, status, reason.
    pub fn conditions(&mut self, o: &Object) {
        let conditions = o.at("status.conditions").items();
        if conditions.is_empty() {
            return;
        }
        self.line(0, "Conditions:");
        self.line(1, "Type\tStatus\tReason");
        self.line(1, "----\t------\t------");
        for c in conditions {
            let (kind, status, reason) = (c.text("type"), c.text("status"), c.text("reason"));
            self.line(1, format!("{kind} \t{status}\t{reason}"));
        }
    }
}

fn shorten(s: &str, max: usize) -> String {
    if s.len() <= max {
        return s.to_string();
    }
    let end = (0..=max)
        .rev()
        .find(|&i| s.is_char_boundary(i))
        .unwrap_or(0);
    format!("{}...", &s[..end])
}

/// `Fri, 20 Nov 2026 11:46:49 +0000`; the year 1 where there is no instant.
pub fn rfc1123(instant: &str) -> String {
    let Some(t) = machinery::time::parse_rfc3339(instant) else {
        return "Mon, 01 Jan 0001 00:00:00 +0000".into();
    };
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let s = t.div_euclid(1000);
    let (days, r) = (s.div_euclid(86_400), s.rem_euclid(86_400));
    let (y, m, d) = machinery::time::civil(days);
    let weekday = DAYS[days.rem_euclid(7) as usize];
    let month = MONTHS[(m as usize).saturating_sub(1) % 12];
    format!(
        "{weekday}, {d:02} {month} {y:04} {:02}:{:02}:{:02} +0000",
        r / 3600,
        r / 60 % 60,
        r % 60
    )
}

/// A scalar as Go's `%v` prints it.
pub fn plain(v: &Value) -> String {
    match v {
        Value::Null => "<nil>".into(),
        Value::Str(s) => s.to_string(),
        Value::List(items) => {
            format!(
                "[{}]",
                items.iter().map(plain).collect::<Vec<_>>().join(" ")
            )
        }
        other => format!("{other:?}"),
    }
}

pub fn or_unset(text: &str) -> &str {
    if text.is_empty() { "<unset>" } else { text }
}

/// `True`, `False`, `<unset>`.
pub fn flag(v: &Value) -> &'static str {
    match v.as_bool() {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    }
}

/// What is said of a kind that has no description of its own: every field, under a readable name.
pub fn generic(o: &Object, d: &mut Describe) {
    d.head(o);
    d.labels_and_annotations(o);
    fields(d, 0, &o.0, "");
    d.events(o);
}

const SKIPPED: &[&str] = &[
    ".metadata.managedFields",
    ".metadata.name",
    ".metadata.namespace",
    ".metadata.labels",
    ".metadata.annotations",
];

/// Deeper than this nothing is said: a document that deep is nobody's work.
const MAX_LEVEL: usize = 100;

fn fields(d: &mut Describe, level: usize, v: &Value, path: &str) {
    for (key, child) in v.entries() {
        let here = format!("{path}.{key}");
        if SKIPPED.contains(&here.as_str()) || level > MAX_LEVEL {
            continue;
        }
        match child {
            Value::Map(_) => {
                d.line(level, format!("{}:", label_for(key)));
                fields(d, level + 1, child, &here);
            }
            Value::List(items) => {
                d.line(level, format!("{}:", label_for(key)));
                for item in items.iter() {
                    match item {
                        Value::Map(_) => fields(d, level + 1, item, &here),
                        other => d.line(level + 1, plain(other)),
                    }
                }
            }
            other => d.line(level, format!("{}:\t{}", label_for(key), plain(other))),
        }
    }
}

/// `creationTimestamp` → `Creation Timestamp`, `apiVersion` → `API Version`.
fn label_for(field: &str) -> String {
    if field.chars().any(|c| !c.is_alphabetic() && c != '-') {
        return field.to_string();
    }
    let mut out: Vec<String> = Vec::new();
    let parts = camel_parts(field);
    let mut i = 0;
    while let Some(part) = parts.get(i) {
        i += 1;
        let next = parts.get(i);
        let acronym = part.chars().count() >= 2 && !part.chars().any(char::is_lowercase);
        let part = match next {
            Some(next) if acronym && next.starts_with(char::is_uppercase) => {
                i += 1;
                format!("{part}{next}")
            }
            _ => part.clone(),
        };
        let upper = part.to_uppercase();
        let mut letters = part.chars();
        out.push(if ["API", "URL", "UID", "GUID"].contains(&upper.as_str()) {
            upper
        } else if part.to_lowercase() == part {
            letters.next().map_or(String::new(), |c| {
                c.to_uppercase().collect::<String>() + letters.as_str()
            })
        } else {
            part
        });
    }
    out.join(" ")
}

/// The words of a camelCase name: a capital before small letters begins a word.
fn camel_parts(s: &str) -> Vec<String> {
    let class = |c: char| match c {
        c if c.is_lowercase() => 0,
        c if c.is_uppercase() => 1,
        _ => 2,
    };
    let mut runs: Vec<(u8, String)> = Vec::new();
    for c in s.chars() {
        match runs.last_mut() {
            Some((k, run)) if *k == class(c) => run.push(c),
            _ => runs.push((class(c), c.to_string())),
        }
    }
    for i in 1..runs.len() {
        if runs[i - 1].0 == 1
            && runs[i].0 == 0
            && let Some(c) = runs[i - 1].1.pop()
        {
            runs[i].1.insert(0, c);
        }
    }
    runs.into_iter()
        .map(|r| r.1)
        .filter(|r| !r.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn labels_of_fields_read_well() {
        for (field, label) in [
            ("apiVersion", "API Version"),
            ("creationTimestamp", "Creation Timestamp"),
            ("uid", "UID"),
            ("podIPs", "Pod I Ps"),
            ("kind", "Kind"),
            ("x1", "x1"),
        ] {
            assert_eq!(super::label_for(field), label);
        }
    }
}
