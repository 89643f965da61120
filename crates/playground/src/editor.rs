//! What the editor asks of us about a manifest's text: markers, completion, hover. Pure functions on text; every answer
//! comes from the same schema, decoding and validation that the API server uses.
//!
//! A text that is being typed is seldom whole, so completion and hover find their place by indentation, not by a parse.

use machinery::schema::{self, Docs, Type, TypeRef};
use machinery::yaml::{self, Doc, Marks, Pos, Span};
use machinery::{Errors, Object, Value, strict};

/// A range in the text, 1-based lines and UTF-16 columns, end exclusive: Monaco's convention.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marker {
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
    /// `error` or `warning`
    pub severity: &'static str,
    pub message: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completion {
    pub label: String,
    /// Type: `string`, `[]Container`, ...
    pub detail: String,
    pub documentation: String,
    /// Text to put in, with `$0` for the cursor (Monaco's snippet form).
    pub insert: String,
}

/// Texts longer than this are not looked through on every key.
const TEXT_MAX: usize = 500_000;
/// Markers of one text; more help nobody.
const MARKERS_MAX: usize = 100;

/// What is wrong in a manifest, where it is.
pub fn markers(text: &str) -> Vec<Marker> {
    if text.len() > TEXT_MAX {
        return Vec::new();
    }
    let mut out = Vec::new();
    for doc in yaml::documents(text) {
        look(text, &doc, &mut out);
    }
    out.truncate(MARKERS_MAX);
    out
}

fn look(text: &str, doc: &Doc, out: &mut Vec<Marker>) {
    let value = match &doc.value {
        Ok(value) => value,
        Err(e) => {
            let start = Pos {
                line: e.line,
                column: e.column,
            };
            let end = Pos {
                line: e.line,
                column: usize::MAX,
            };
            out.push(marker(text, &Span { start, end }, "error", &e.message));
            return;
        }
    };
    for d in &doc.marks.duplicates {
        let message = format!("{}: the last one wins", strict::duplicate_text(&d.path));
        out.push(marker(text, &d.again, "warning", &message));
    }
    if value.is_null() {
        return;
    }
    let mut at = |path: &str, severity, message: &str| {
        out.push(marker(text, &place(&doc.marks, path), severity, message));
    };
    for field in ["apiVersion", "kind"] {
        if value.text(field).is_empty() {
            return at(field, "error", &format!("{field} not set"));
        }
    }
    let (version, kind) = (value.text("apiVersion"), value.text("kind"));
    let Some(ty) = schema::of(version, kind) else {
        // It may be a custom kind of this cluster: not known here.
        return at(
            "kind",
            "warning",
            &format!("no matches for kind \"{kind}\" in version \"{version}\""),
        );
    };
    match strict::decode(value, &ty) {
        Err(message) => at(&path_of(&message), "error", &message),
        Ok(decoded) => {
            for unknown in &decoded.strict {
                let path = unknown.split('"').nth(1).unwrap_or("");
                at(path, "error", unknown);
            }
            for e in invalid(version, kind, decoded.value).0 {
                at(&e.path, "error", &format!("{}: {}", e.path, e.text));
            }
        }
    }
}

/// What the kind's own validation says of it, after defaults, as a create would have it.
fn invalid(version: &str, kind: &str, value: Value) -> Errors {
    let mut errors = Errors::default();
    if let Some(kind) = kinds::of(version, kind) {
        let mut value = value;
        (kind.default)(&mut value);
        (kind.prepare_create)(&mut value);
        (kind.validate)(&Object(value), &mut errors);
    }
    errors
}

/// `json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32` → `spec.replicas`.
fn path_of(message: &str) -> String {
    let field = message
        .split("Go struct field ")
        .nth(1)
        .and_then(|r| r.split(' ').next());
    field
        .and_then(|f| f.split_once('.'))
        .map(|(_, path)| path.to_string())
        .unwrap_or_default()
}

/// The key at a path, or of what is nearest above it; the first line for what stands nowhere.
fn place(marks: &Marks, path: &str) -> Span {
    let node = marks.nearest(path);
    node.and_then(|n| n.key)
        .or_else(|| {
            node.map(|n| Span {
                start: n.value.start,
                end: n.value.start,
            })
        })
        .unwrap_or_default()
}

fn marker(text: &str, span: &Span, severity: &'static str, message: &str) -> Marker {
    let column = |pos: Pos| Marks::utf16(text, pos) as u32;
    let (line, end_line) = (
        span.start.line.max(1),
        span.end.line.max(span.start.line).max(1),
    );
    let (from, to) = (column(span.start).max(1), column(span.end).max(1));
    Marker {
        line: line as u32,
        column: from,
        end_line: end_line as u32,
        end_column: if end_line == line && to <= from {
            from + 1
        } else {
            to
        },
        severity,
        message: message.to_string(),
    }
}

/// What may be written at a place: the fields of the object there that it does not have yet, or a field's known values.
pub fn complete(text: &str, line: u32, column: u32) -> Vec<Completion> {
    let here = Here::find(text, line, column);
    if let Some(key) = &here.value_of {
        return values(&here, key);
    }
    let Some(ty) = here.ty() else {
        // Nothing says yet what it is.
        return match here.path.is_empty() {
            true => ["apiVersion", "kind", "metadata", "spec"]
                .iter()
                .map(|f| plain(f, "", &format!("{f}: $0")))
                .collect(),
            false => Vec::new(),
        };
    };
    let fields = ty
        .fields()
        .into_iter()
        .filter(|f| !here.siblings.iter().any(|s| s == f.name) && f.name != "status");
    fields
        .map(|f| {
            plain(
                f.name,
                &f.ty.explain(),
                &snippet(f.name, &f.ty, here.indent),
            )
        })
        .collect()
}

fn plain(label: &str, detail: &str, insert: &str) -> Completion {
    Completion {
        label: label.into(),
        detail: detail.into(),
        documentation: String::new(),
        insert: insert.into(),
    }
}

/// A field as it is begun: what holds more opens a line, deeper by two.
fn snippet(name: &str, ty: &Type, _indent: usize) -> String {
    match ty {
        Type::Object(t) if t.has_fields() => format!("{name}:\n  $0"),
        Type::Map(_) => format!("{name}:\n  $0"),
        Type::List(_) => format!("{name}:\n  - $0"),
        _ => format!("{name}: $0"),
    }
}

fn values(here: &Here, key: &str) -> Vec<Completion> {
    let known: Vec<String> = match (here.path.is_empty(), key) {
        (true, "kind") => unique(schema::kinds().map(|(_, k)| k.to_string())),
        (true, "apiVersion") if here.kind.is_empty() => {
            unique(schema::kinds().map(|(v, _)| v.to_string()))
        }
        (true, "apiVersion") => unique(
            schema::kinds()
                .filter(|(_, k)| *k == here.kind)
                .map(|(v, _)| v.to_string()),
        ),
        (_, "imagePullPolicy") => ["IfNotPresent", "Always", "Never"]
            .map(String::from)
            .to_vec(),
        (_, "restartPolicy") => ["Always", "OnFailure", "Never"].map(String::from).to_vec(),
        (_, "protocol") => ["TCP", "UDP", "SCTP"].map(String::from).to_vec(),
        _ => match here.ty().and_then(|t| t.field(key).map(|f| f.ty)) {
            Some(Type::Bool) => ["true", "false"].map(String::from).to_vec(),
            _ => Vec::new(),
        },
    };
    known.iter().map(|v| plain(v, "", v)).collect()
}

fn unique(items: impl Iterator<Item = String>) -> Vec<String> {
    let all: std::collections::BTreeSet<String> = items.collect();
    all.into_iter().filter(|k| !k.ends_with("List")).collect()
}

/// Markdown about the field at a place, None where there is none; with what the API says of it, where that is known.
pub fn hover(text: &str, line: u32, column: u32, docs: &Docs) -> Option<String> {
    let row = text.lines().nth(line.checked_sub(1)? as usize)?;
    let (indent, key) = key_of(row)?;
    let end = (indent + key.chars().count() + 1) as u32;
    if column < indent as u32 || column > end {
        return None;
    }
    let here = Here::find(text, line, indent as u32 + 1);
    let ty = here.ty()?;
    let field = ty.field(key)?;
    let path = here
        .path
        .iter()
        .chain([&key.to_string()])
        .cloned()
        .collect::<Vec<_>>()
        .join(".");
    let required = if field.required { " · required" } else { "" };
    let said = docs.of(ty.name(), key).unwrap_or_default();
    Some(format!(
        "**{path}** `<{}>`{required}\n\n{said}\n\n`kubectl explain {}.{path}`",
        field.ty.explain(),
        here.kind.to_lowercase()
    ))
}

/// Where the cursor stands, by indentation.
#[derive(Default, Debug)]
struct Here {
    version: String,
    kind: String,
    /// Keys from the root down to the object that holds the line.
    path: Vec<String>,
    /// Keys that this object already has.
    siblings: Vec<String>,
    indent: usize,
    /// The key whose value is being written.
    value_of: Option<String>,
}

impl Here {
    fn find(text: &str, line: u32, column: u32) -> Here {
        let lines: Vec<&str> = text.lines().collect();
        let row = (line.max(1) as usize - 1).min(lines.len());
        let first = lines
            .iter()
            .take(row)
            .rposition(|l| l.starts_with("---"))
            .map_or(0, |i| i + 1);
        let last = lines
            .iter()
            .skip(row)
            .position(|l| l.starts_with("---"))
            .map_or(lines.len(), |i| row + i);
        let doc = lines.get(first..last.max(first)).unwrap_or(&[]);
        let row = row.saturating_sub(first);
        let root = |name: &str| {
            let found = doc
                .iter()
                .find_map(|l| l.strip_prefix(name)?.strip_prefix(':'));
            found
                .map(|v| v.trim().trim_matches(['"', '\'']).to_string())
                .unwrap_or_default()
        };
        let current = doc.get(row).copied().unwrap_or("");
        let before: String = current.chars().take(column.max(1) as usize - 1).collect();
        let mut here = Here {
            version: root("apiVersion"),
            kind: root("kind"),
            ..Here::default()
        };
        here.value_of = key_of(&before)
            .filter(|(_, k)| before.contains(&format!("{k}:")))
            .map(|(_, k)| k.to_string());
        here.indent = match key_of(current) {
            Some((indent, _)) => indent,
            None => before
                .chars()
                .take_while(|c| matches!(c, ' ' | '-'))
                .count(),
        };
        here.climb(doc, row);
        here
    }

    /// Up the lines: keys at the same depth are siblings, the first one less deep is the parent, and so on.
    fn climb(&mut self, doc: &[&str], row: usize) {
        let mut depth = self.indent;
        let starts_item = |l: &str| l.trim_start().starts_with("- ") || l.trim_end().ends_with('-');
        let mut same_object = !doc.get(row).is_some_and(|l| starts_item(l));
        for l in doc.iter().take(row).rev() {
            let Some((indent, key)) = key_of(l) else {
                continue;
            };
            if indent == depth && depth == self.indent && same_object && self.path.is_empty() {
                self.siblings.push(key.to_string());
                same_object = !starts_item(l);
            }
            // A key may stand as deep as the dash of its list.
            let dashes = l.chars().take_while(|c| *c == ' ').count();
            if indent < depth && l.trim_end().ends_with(':') && dashes < depth {
                self.path.insert(0, key.to_string());
                depth = indent;
            }
        }
        for l in doc.iter().skip(row + 1) {
            match key_of(l) {
                Some((indent, key)) if indent == self.indent && !starts_item(l) => {
                    self.siblings.push(key.to_string())
                }
                Some((indent, _))
                    if indent < self.indent || starts_item(l) && indent == self.indent =>
                {
                    break;
                }
                _ => {}
            }
        }
    }

    /// The type of the object that holds the line.
    fn ty(&self) -> Option<TypeRef> {
        let mut ty = schema::of(&self.version, &self.kind)?;
        for key in &self.path {
            let next = ty.field(key)?.ty.object()?;
            ty = next;
        }
        Some(ty)
    }
}

/// The key of a line and the column (0-based) where it starts; dashes of list items count as indentation.
fn key_of(line: &str) -> Option<(usize, &str)> {
    let rest = line.trim_start_matches([' ', '-']);
    let indent = line.len() - rest.len();
    let (key, _) = rest.split_once(':')?;
    let good = !key.is_empty() && !key.contains([' ', '#', '{', '[']);
    good.then(|| (indent, key.trim_matches(['"', '\''])))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 2\n  selector:\n    matchLabels:\n      app: web\n  template:\n    metadata:\n      labels:\n        app: web\n    spec:\n      containers:\n        - name: web\n          image: nginx\n";

    fn marks(text: &str) -> Vec<String> {
        markers(text)
            .iter()
            .map(|m| {
                format!(
                    "{}:{}-{}:{} {}",
                    m.line, m.column, m.end_line, m.end_column, m.message
                )
            })
            .collect()
    }

    #[test]
    fn a_good_manifest_has_no_marks() {
        assert_eq!(marks(DEPLOYMENT), Vec::<String>::new());
        assert_eq!(marks(""), Vec::<String>::new());
    }

    #[test]
    fn errors_are_marked_where_they_are() {
        let unknown = marks(&DEPLOYMENT.replace("  replicas: 2", "  replcas: 2"));
        assert_eq!(unknown, ["6:3-6:10 unknown field \"spec.replcas\""]);
        let twice = marks(&DEPLOYMENT.replace("  replicas: 2", "  replicas: 2\n  replicas: 3"));
        assert_eq!(
            twice,
            ["7:3-7:11 duplicate field \"spec.replicas\": the last one wins"]
        );
        let wrong = marks(&DEPLOYMENT.replace("replicas: 2", "replicas: two"));
        assert!(
            wrong.len() == 1 && wrong[0].starts_with("6:3-6:11 "),
            "{wrong:?}"
        );
        let labels = marks(&DEPLOYMENT.replace("        app: web", "        app: other"));
        assert!(labels.iter().any(|m| m.contains("selector")), "{labels:?}");
        let broken = marks("a: b: c");
        assert!(
            broken.len() == 1 && broken[0].starts_with("1:"),
            "{broken:?}"
        );
    }

    #[test]
    fn completion_knows_the_fields_of_the_place() {
        let at = |text: &str, line, column| {
            complete(text, line, column)
                .into_iter()
                .map(|c| c.label)
                .collect::<Vec<_>>()
        };
        let fields = at(&format!("{DEPLOYMENT}          "), 18, 11);
        assert!(
            fields.contains(&"ports".to_string()) && !fields.contains(&"image".to_string()),
            "{fields:?}"
        );
        let spec = at(&DEPLOYMENT.replace("  replicas: 2", "  "), 6, 3);
        assert!(
            spec.contains(&"replicas".to_string()) && !spec.contains(&"template".to_string()),
            "{spec:?}"
        );
        assert!(at("kind: ", 1, 7).contains(&"Deployment".to_string()));
        assert!(
            hover(DEPLOYMENT, 6, 5, &Docs::default()).is_some_and(|h| h.contains("spec.replicas"))
        );
    }

    #[test]
    fn odd_texts_and_places_do_not_panic() {
        for text in [
            "",
            "---",
            ":\n:",
            "- - a:\n한글: x",
            "a:\n\t- b",
            "{",
            "kind: Pod\napiVersion: v1\nspec:\n  containers: 3",
        ] {
            markers(text);
            for line in 0..6 {
                for column in 0..12 {
                    complete(text, line, column);
                    hover(text, line, column, &Docs::default());
                }
            }
        }
    }
}
