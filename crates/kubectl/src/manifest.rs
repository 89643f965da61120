//! Reading manifests: `-f FILE`, `-f FOLDER`, `-f -`, `-k FOLDER`; documents, lists, and what is wrong with them.
//! Upstream: `cli-runtime:pkg/resource/visitor.go`.

use crate::cx::Cx;
use crate::fail::{Fail, text};
use crate::forms;
use machinery::{Object, Value, json};

/// An object as it stands in a file.
pub struct Document {
    pub object: Object,
    /// `web.yaml`, `STDIN`.
    pub source: String,
}

/// What is checked while reading.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// `create`, `apply`, `replace`: refuses what has no kind with validation's words.
    Strict,
    /// The others.
    Loose,
}

/// Reads all files; what could be read, and what went wrong.
pub async fn read(
    cx: &Cx,
    files: &[String],
    recursive: bool,
    check: Check,
) -> (Vec<Result<Document, Fail>>, Vec<Fail>) {
    let mut out = Vec::new();
    let mut fails = Vec::new();
    for name in files {
        if name == "-" {
            let content = cx.host.read_all().await;
            documents(&content, "STDIN", check, &mut out);
        } else if name.starts_with("http://") || name.starts_with("https://") {
            fails.push(text(format!(
                "unable to read URL \"{name}\": bottleship does not simulate the internet; save the manifest as a file first"
            )));
        } else if cx.host.is_dir(name) {
            let mut paths = Vec::new();
            walk(cx, name.trim_end_matches('/'), recursive, &mut paths);
            if paths.is_empty() {
                fails.push(text(format!(
                    "error reading [{name}]: recognized file extensions are [.json .yaml .yml]"
                )));
            }
            for path in paths {
                match cx.host.read(&path) {
                    Ok(content) => documents(&content, &path, check, &mut out),
                    Err(e) => fails.push(text(format!("open {path}: {e}"))),
                }
            }
        } else {
            match cx.host.read(name) {
                Ok(content) => documents(&content, name, check, &mut out),
                Err(_) => fails.push(text(format!("the path \"{name}\" does not exist"))),
            }
        }
    }
    (out, fails)
}

/// The manifests of a folder, sorted, sub-folders in their place.
fn walk(cx: &Cx, folder: &str, recursive: bool, out: &mut Vec<String>) {
    for name in cx.host.list(folder) {
        let path = format!("{folder}/{name}");
        if cx.host.is_dir(&path) {
            if recursive && out.len() < 10_000 {
                walk(cx, &path, recursive, out);
            }
        } else if [".json", ".yaml", ".yml"].iter().any(|e| name.ends_with(e)) {
            out.push(path);
        }
    }
}

/// Takes a text apart. An error of syntax ends it; a bad document does not keep the next from being read.
pub fn documents(content: &str, source: &str, check: Check, out: &mut Vec<Result<Document, Fail>>) {
    let (values, error) = forms::parse_all(content);
    for value in values {
        if value.is_null() {
            continue;
        }
        if check == Check::Strict
            && let Some(words) = unfit(&value)
        {
            out.push(Err(text(format!(
                "error validating \"{source}\": error validating data: {words}; if you choose to ignore these errors, turn validation off with --validate=false"
            ))));
            return;
        }
        document(value, source, out);
    }
    if let Some(words) = error {
        out.push(Err(text(format!("error parsing {source}: {words}"))));
    }
}

/// What keeps a document from being validated at all.
fn unfit(value: &Value) -> Option<&'static str> {
    if value.as_map().is_none() {
        return Some("invalid object to validate");
    }
    // Both are reported by upstream as one list when both are missing.
    match (
        value.text("apiVersion").is_empty(),
        value.text("kind").is_empty(),
    ) {
        (true, true) => Some("[apiVersion not set, kind not set]"),
        (true, false) => Some("apiVersion not set"),
        (false, true) => Some("kind not set"),
        (false, false) => None,
    }
}

fn document(value: Value, source: &str, out: &mut Vec<Result<Document, Fail>>) {
    let decode = |why: String| Err(text(format!("unable to decode \"{source}\": {why}")));
    if value.text("kind").is_empty() {
        let shown = json::print(&value);
        out.push(decode(format!("Object 'Kind' is missing in '{shown}'")));
        return;
    }
    if value.text("kind").ends_with("List") && value.get("items").as_list().is_some() {
        for item in value.get("items").items() {
            document(item.clone(), source, out);
        }
        return;
    }
    match bad_metadata(&value) {
        Some(why) => out.push(decode(why)),
        None => out.push(Ok(Document {
            object: Object(value),
            source: source.to_string(),
        })),
    }
}

/// Metadata of the wrong type: the client itself cannot read that.
fn bad_metadata(value: &Value) -> Option<String> {
    let wrong = |v: &Value, field: &str, wanted: &str| {
        format!(
            "json: cannot unmarshal {} into Go struct field {field} of type {wanted}",
            forms::json_type(v)
        )
    };
    let meta = value.get("metadata");
    if !meta.is_null() && meta.as_map().is_none() {
        return Some(wrong(
            meta,
            "PartialObjectMetadata.metadata",
            "v1.ObjectMeta",
        ));
    }
    for field in ["name", "namespace", "generateName", "uid"] {
        let v = meta.get(field);
        if !v.is_null() && v.as_str().is_none() {
            return Some(wrong(v, &format!("ObjectMeta.metadata.{field}"), "string"));
        }
    }
    for field in ["annotations", "labels"] {
        let v = meta.get(field);
        let place = format!("ObjectMeta.metadata.{field}");
        if !v.is_null() && v.as_map().is_none() {
            return Some(wrong(v, &place, "map[string]string"));
        }
        for (_, entry) in v.entries() {
            if !entry.is_null() && entry.as_str().is_none() {
                return Some(wrong(entry, &place, "string"));
            }
        }
    }
    None
}
