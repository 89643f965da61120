//! `kubectl explain`: what the schema says of a kind or a field. Upstream: `kubectl:pkg/explain/v2`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::Cx;
use crate::discovery::Res;
use crate::fail::{Fail, text};
use machinery::schema::{self, Docs, Field, TypeRef};

pub const COMMAND: Command = Command {
    name: "explain",
    group: INTERMEDIATE,
    usage: "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2]",
    short: "Get documentation for a resource",
    long: "Describes the fields of a kind, as the API's own schema does. A field is named by its path.",
    examples: &[
        Example("A kind", "kubectl explain pods"),
        Example("A field", "kubectl explain pods.spec.containers"),
        Example(
            "All fields below",
            "kubectl explain deployment.spec.strategy --recursive",
        ),
    ],
    flags: &[&[
        Flag::bool(
            "recursive",
            "When true, print the name of all the fields recursively.",
        )
        .short('R'),
        Flag::text(
            "api-version",
            "Use given api-version (group/version) of the resource.",
        ),
        Flag::text("output", "Format in which to render the schema.")
            .or("plaintext")
            .short('o'),
    ]],
    complete: Complete::Types,
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    let [word] = cx.args() else {
        return Err(match cx.args().len() {
            0 => text(
                "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources.",
            ),
            _ => text("We accept only this format: explain RESOURCE"),
        });
    };
    if !["plaintext", "plaintext-openapiv2"].contains(&cx.flag("output")) {
        return Err(text(format!("unrecognized format: {}", cx.flag("output"))));
    }
    let (kind, path) = word.split_once('.').unwrap_or((word, ""));
    let mapper = cx.mapper()?;
    // A group may stand behind the type: deployments.apps.spec is not told from a field, so the longest type wins.
    let res = mapper.find(kind).ok_or_else(|| {
        Fail::Plain(format!(
            "the server doesn't have a resource type \"{kind}\""
        ))
    })?;
    let res = match cx.flag("api-version") {
        "" => res,
        version => mapper
            .all
            .iter()
            .find(|r| r.plural == res.plural && r.api_version() == version)
            .cloned()
            .ok_or_else(|| {
                let spelled = if version.contains('/') {
                    version.to_string()
                } else {
                    format!("/{version}")
                };
                text(format!(
                    "couldn't find resource for \"{spelled}, Resource={}\"",
                    res.plural
                ))
            })?,
    };
    let root = type_of(&cx, &res).ok_or_else(|| {
        text(format!(
            "bottleship does not simulate the documentation of {}",
            res.plural
        ))
    })?;
    let docs = docs(&cx);
    let mut out = String::new();
    if !res.group.is_empty() {
        out.push_str(&format!("GROUP:      {}\n", res.group));
    }
    out.push_str(&format!(
        "KIND:       {}\nVERSION:    {}\n\n",
        res.kind, res.version
    ));
    let page = Page {
        docs: &docs,
        depth: cx.int("max-depth"),
        recursive: cx.on("recursive"),
    };
    let names: Vec<&str> = path.split('.').filter(|p| !p.is_empty()).collect();
    match page.describe(&root, &names) {
        Some(body) => {
            cx.out(format!("{out}{body}\n"));
            Ok(())
        }
        None => {
            cx.out(out);
            Err(text(format!(
                "field \"{}\" does not exist",
                names.last().unwrap_or(&"")
            )))
        }
    }
}

/// The type of a resource's objects: built-in, or from its CustomResourceDefinition.
fn type_of(cx: &Cx, res: &Res) -> Option<TypeRef> {
    if let Some(t) = schema::of(&res.api_version(), &res.kind) {
        return Some(t);
    }
    let path = format!(
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{}.{}",
        res.plural, res.group
    );
    let crd = cx.get(&path).ok()?;
    let version = crd
        .at("spec.versions")
        .items()
        .iter()
        .find(|v| v.text("name") == res.version)?
        .clone();
    let mut group: Vec<&str> = res.group.split('.').collect();
    group.reverse();
    let name = format!("{}.{}.{}", group.join("."), res.version, res.kind);
    Some(TypeRef::of_crd(&name, version.at("schema.openAPIV3Schema")))
}

#[cfg(feature = "docs")]
fn docs(_: &Cx) -> std::rc::Rc<Docs> {
    std::rc::Rc::new(Docs::embedded())
}
/// Until the page has fetched the texts only the fields are shown.
#[cfg(not(feature = "docs"))]
fn docs(cx: &Cx) -> std::rc::Rc<Docs> {
    cx.api.docs()
}

struct Page<'a> {
    docs: &'a Docs,
    depth: i64,
    recursive: bool,
}

impl Page<'_> {
    fn doc(&self, of: &TypeRef, field: &str) -> String {
        match of.custom_doc(field) {
            Some(d) => d.to_string(),
            None => {
                let words = self.docs.of(of.name(), field).unwrap_or_default();
                words + &schema::values::text(schema::values::of(of.name(), field))
            }
        }
    }
    /// The page for a path below a type; None where the path leads nowhere.
    fn describe(&self, root: &TypeRef, path: &[&str]) -> Option<String> {
        let Some((last, way)) = path.split_last() else {
            let mut out = String::from("DESCRIPTION:\n");
            out.push_str(&self.description(&self.doc(root, "")));
            out.push_str(&self.fields(root));
            return Some(out);
        };
        let mut holder = root.clone();
        for name in way {
            holder = holder.field(name)?.ty.object()?;
        }
        let field = holder.field(last)?;
        let own = self.doc(&holder, last);
        let mut out = format!("FIELD: {last} <{}>\n", field.ty.explain());
        let values = values(&holder, last);
        if !values.is_empty() {
            out.push_str("ENUM:\n");
            let lines: Vec<String> = values.iter().map(|v| format!("    {v}")).collect();
            out.push_str(&lines.join("\n"));
            out.push('\n');
        }
        out.push_str("\n\nDESCRIPTION:\n");
        let inner = field.ty.object();
        let mut words = own;
        if let Some(t) = &inner
            && t.custom_doc("").is_none()
        {
            let more = self.doc(t, "");
            if !more.is_empty() {
                words = if words.is_empty() {
                    more
                } else {
                    format!("{words}\n{more}")
                };
            }
        }
        out.push_str(&self.description(&words));
        if let Some(t) = inner {
            out.push_str(&self.fields(&t));
        }
        Some(out)
    }
    fn description(&self, words: &str) -> String {
        let words = if words.is_empty() {
            "<empty>".to_string()
        } else {
            format!("{words}\n")
        };
        indented(&wrap(&words, 76), 4)
    }
    fn fields(&self, t: &TypeRef) -> String {
        if !t.has_fields() {
            return String::new();
        }
        let mut out = String::from("FIELDS:\n");
        self.list(t, 1, &mut Vec::new(), &mut out);
        out
    }
    fn list(&self, t: &TypeRef, level: usize, above: &mut Vec<String>, out: &mut String) {
        // A type inside of itself is not repeated.
        if above.iter().any(|n| n == t.name()) || out.len() > 2_000_000 {
            return;
        }
        above.push(t.name().to_string());
        for f in t.fields() {
            self.field(t, &f, level, out);
            let deeper = self.recursive && (self.depth == 0 || (level as i64) < self.depth);
            if deeper && let Some(inner) = f.ty.object() {
                self.list(&inner, level + 1, above, out);
            }
        }
        above.pop();
    }
    fn field(&self, t: &TypeRef, f: &Field, level: usize, out: &mut String) {
        let indent = 2 * level;
        let pad = " ".repeat(indent);
        let words = self.doc(t, f.name);
        out.push_str(&format!("{pad}{}\t<{}>", f.name, f.ty.explain()));
        if f.required {
            out.push_str(" -required-");
        }
        let values = values(t, f.name);
        if !values.is_empty() {
            out.push_str(&format!("\n{pad}enum: "));
            out.push_str(
                &values
                    .iter()
                    .take(4)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(", "),
            );
            if values.len() > 4 {
                out.push_str(", ....");
            }
        }
        out.push('\n');
        if !self.recursive {
            let words = if words.is_empty() {
                "<no description>".to_string()
            } else {
                words
            };
            out.push_str(&indented(&wrap(&words, 78 - indent), indent + 2));
            out.push('\n');
        }
    }
}

/// The values that a field may have, as they are listed.
fn values(of: &TypeRef, field: &str) -> Vec<String> {
    let shown = |v: &str| {
        if v.is_empty() {
            "\"\"".to_string()
        } else {
            v.to_string()
        }
    };
    match of.is_custom() {
        true => of.custom_values(field).iter().map(|v| shown(v)).collect(),
        false => schema::values::of(of.name(), field)
            .iter()
            .map(|(v, _)| shown(v))
            .collect(),
    }
}

fn indented(text: &str, by: usize) -> String {
    let pad = " ".repeat(by);
    text.split('\n').map(|l| format!("{pad}{l}\n")).collect()
}

/// Wraps as upstream does: paragraphs are filled, lines that are indented or listed stay as they are.
fn wrap(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for source in text.split('\n') {
        let lead: String = source
            .chars()
            .take_while(|c| *c == ' ' || *c == '\t')
            .collect();
        let mut line = lead.clone();
        for word in source[lead.len()..].split(' ') {
            if line.trim().is_empty() {
                line.push_str(word);
            } else if line.chars().count() + 1 + word.chars().count() <= width {
                line.push(' ');
                line.push_str(word);
            } else {
                lines.push(std::mem::take(&mut line));
                line = format!("{lead}{word}");
            }
        }
        lines.push(line);
    }
    lines.join("\n")
}
