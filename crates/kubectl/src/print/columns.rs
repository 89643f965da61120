//! `-o custom-columns=NAME:.metadata.name,…`. Upstream: `cli-runtime:pkg/get/customcolumn.go`.

use super::{Path, table};
use crate::fail::{Fail, text};
use crate::forms;
use machinery::Value;

pub struct Spec {
    columns: Vec<(String, Path)>,
}

pub fn none_given() -> Fail {
    text("custom-columns format specified but no custom columns given")
}

impl Spec {
    pub fn parse(spec: &str) -> Result<Spec, Fail> {
        if spec.is_empty() {
            return Err(none_given());
        }
        let mut columns = Vec::new();
        for part in spec.split(',') {
            let Some((header, path)) = part.split_once(':') else {
                return Err(text(format!(
                    "unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"
                )));
            };
            columns.push((header.to_string(), Path::relaxed(path)?));
        }
        Ok(Spec { columns })
    }
    /// A file: one line of headers, one of paths.
    pub fn parse_file(content: &str) -> Result<Spec, Fail> {
        let mut lines = content.lines();
        let (Some(headers), Some(paths)) = (lines.next(), lines.next()) else {
            return Err(text(
                "invalid template, missing field specs on the second line",
            ));
        };
        let headers: Vec<&str> = headers.split_whitespace().collect();
        let paths: Vec<&str> = paths.split_whitespace().collect();
        if headers.len() != paths.len() {
            return Err(text(format!(
                "number of headers ({}) and field specifications ({}) don't match",
                headers.len(),
                paths.len()
            )));
        }
        let columns: Result<Vec<_>, Fail> = headers
            .iter()
            .zip(paths)
            .map(|(h, p)| Ok((h.to_string(), Path::relaxed(p)?)))
            .collect();
        Ok(Spec { columns: columns? })
    }
    pub fn header(&self) -> Vec<String> {
        self.columns.iter().map(|(h, _)| h.clone()).collect()
    }
    pub fn row(&self, object: &Value) -> Vec<String> {
        self.columns
            .iter()
            .map(|(_, path)| {
                let found: Vec<String> = path
                    .values(object)
                    .iter()
                    .filter(|v| !v.is_null())
                    .map(forms::go)
                    .collect();
                if found.is_empty() {
                    "<none>".to_string()
                } else {
                    found.join(",")
                }
            })
            .collect()
    }
    pub fn print(&self, objects: &[Value], headers: bool) -> String {
        let mut rows = Vec::new();
        if headers {
            rows.push(self.header());
        }
        rows.extend(objects.iter().map(|o| self.row(o)));
        table::once(&rows)
    }
}
