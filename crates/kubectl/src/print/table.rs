//! Rows in columns, as `kubectl get` aligns them: at least six wide, three blanks between
//! (`cli-runtime:pkg/printers/tabwriter.go`).

use machinery::Value;

/// Aligns rows; the widths start from `widths` and are remembered there, so that a watch keeps its columns.
pub fn align(rows: &[Vec<String>], widths: &mut Vec<usize>) -> String {
    for row in rows {
        for (i, cell) in row.iter().enumerate() {
            if i + 1 == row.len() {
                break;
            }
            let width = (cell.chars().count() + 3).max(6);
            match widths.get_mut(i) {
                Some(w) => *w = (*w).max(width),
                None => widths.push(width),
            }
        }
    }
    let mut out = String::new();
    for row in rows {
        for (i, cell) in row.iter().enumerate() {
            out.push_str(cell);
            if i + 1 < row.len() {
                let width = widths.get(i).copied().unwrap_or(0);
                out.extend(std::iter::repeat_n(
                    ' ',
                    width.saturating_sub(cell.chars().count()),
                ));
            }
        }
        out.push('\n');
    }
    out
}

/// A block of rows with columns of their own.
pub fn once(rows: &[Vec<String>]) -> String {
    align(rows, &mut Vec::new())
}

/// How a server's Table is shown.
#[derive(Clone, Default)]
pub struct Options {
    pub wide: bool,
    pub headers: bool,
    pub namespace: bool,
    pub labels: bool,
    pub label_columns: Vec<String>,
    /// `deployment.apps/` before every name.
    pub kind_prefix: Option<String>,
    /// `--output-watch-events`
    pub event: bool,
}

/// The header line of a table.
pub fn header(table: &Value, o: &Options) -> Vec<String> {
    let mut out = Vec::new();
    if o.event {
        out.push("EVENT".to_string());
    }
    if o.namespace {
        out.push("NAMESPACE".to_string());
    }
    for c in columns(table, o) {
        out.push(c.1.to_uppercase());
    }
    for l in &o.label_columns {
        out.push(l.rsplit('/').next().unwrap_or(l).to_uppercase());
    }
    if o.labels {
        out.push("LABELS".to_string());
    }
    out
}

/// (index, name) of the columns that are shown.
fn columns(table: &Value, o: &Options) -> Vec<(usize, String)> {
    let defs = table.get("columnDefinitions").items().iter().enumerate();
    defs.filter(|(_, c)| o.wide || c.int("priority") == 0)
        .map(|(i, c)| (i, c.text("name").to_string()))
        .collect()
}

/// The rows of a table.
pub fn rows(table: &Value, o: &Options, event: &str) -> Vec<Vec<String>> {
    let shown = columns(table, o);
    let name_column = table
        .get("columnDefinitions")
        .items()
        .iter()
        .position(|c| c.text("format") == "name" && c.text("type") == "string")
        .or_else(|| (!shown.is_empty()).then_some(0));
    table
        .get("rows")
        .items()
        .iter()
        .map(|row| {
            let object = row.get("object");
            let mut out = Vec::new();
            if o.event {
                out.push(event.to_string());
            }
            if o.namespace {
                out.push(object.text("metadata.namespace").to_string());
            }
            let cells = row.get("cells").items();
            for (i, _) in &shown {
                let text = cells.get(*i).map(cell).unwrap_or_default();
                match &o.kind_prefix {
                    Some(prefix) if Some(*i) == name_column => out.push(format!("{prefix}/{text}")),
                    _ => out.push(text),
                }
            }
            for l in &o.label_columns {
                let label = object.at("metadata.labels").get(l).as_str().unwrap_or("");
                out.push(label.to_string());
            }
            if o.labels {
                out.push(labels(object));
            }
            out
        })
        .collect()
}

/// `app=web,tier=front`, or `<none>`.
pub fn labels(object: &Value) -> String {
    match object.at("metadata.labels") {
        labels if labels.entries().is_empty() => "<none>".into(),
        labels => machinery::labels::pairs(labels),
    }
}

/// A cell; a line break would tear the table.
fn cell(v: &Value) -> String {
    match v {
        Value::Null => "<nil>".into(),
        Value::Str(s) => match s.split_once('\n') {
            Some((first, _)) => format!("{}...", first.trim_end_matches('\r')),
            None => s.to_string(),
        },
        other => machinery::json::print(other),
    }
}
