//! The output formats of `-o`. Upstream: `cli-runtime:pkg/printers`.

pub mod columns;
pub mod table;
pub mod template;

use crate::cx::{Cx, DryRun, Inner};
use crate::fail::{Fail, text};
use crate::forms;
use machinery::{Object, Value, json, value};

/// The formats that commands other than `get` know, for their refusal.
const FORMATS: &str = "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml";
/// Those of `get`.
pub const GET_FORMATS: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml";

/// A chosen format.
pub enum Format {
    /// `deployment.apps/web created`
    Words,
    Name,
    Yaml,
    Json,
    Kyaml,
    JsonPath(Path),
    JsonPathAsJson(Path),
    Template(template::Template),
    Columns(columns::Spec),
}

impl Format {
    /// Whole objects are shown without their bookkeeping; templates and paths may ask for it.
    pub fn hides_managed(&self) -> bool {
        matches!(self, Format::Yaml | Format::Json | Format::Kyaml)
    }
}

/// A JSONPath template, parsed.
pub struct Path {
    template: machinery::jsonpath::Template,
    source: String,
    /// `--allow-missing-template-keys=false`
    strict: bool,
}

impl Path {
    pub fn parse(source: &str) -> Result<Path, Fail> {
        let template = machinery::jsonpath::Template::parse(source)
            .map_err(|e| text(format!("error parsing jsonpath {source}, {e}")))?;
        Ok(Path {
            template,
            source: source.to_string(),
            strict: false,
        })
    }
    /// A path as `custom-columns`, `--sort-by` and `wait` take it: braces and the first dot may be missing.
    pub fn relaxed(source: &str) -> Result<Path, Fail> {
        let spelled = Path::spelled(source)?;
        let template = machinery::jsonpath::Template::parse(&spelled).map_err(text)?;
        Ok(Path {
            template,
            source: spelled,
            strict: false,
        })
    }
    /// Such a path with all that may be missing.
    pub fn spelled(source: &str) -> Result<String, Fail> {
        if source.is_empty() {
            return Ok(String::new());
        }
        let bare = source
            .strip_prefix('{')
            .and_then(|s| s.strip_suffix('}'))
            .unwrap_or(source);
        if bare.is_empty() || bare.contains(['{', '}']) {
            return Err(text(
                "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'",
            ));
        }
        let dot = if bare.starts_with(['.', '[', '$']) {
            ""
        } else {
            "."
        };
        Ok(format!("{{{dot}{bare}}}"))
    }
    pub fn print(&self, v: &Value) -> Result<String, Fail> {
        self.template.execute(v, !self.strict).map_err(|e| {
            let source = &self.source;
            text(format!(
                "error executing jsonpath {}: Error executing template: {e}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{source}\n\tobject given to jsonpath engine was:\n\t\t{}\n\n\n",
                json::quote(source),
                forms::go_syntax(v),
            ))
        })
    }
    /// All values that the path finds; nothing where it leads nowhere.
    pub fn values(&self, v: &Value) -> Vec<Value> {
        let groups = self.template.find(v, true).unwrap_or_default();
        groups.into_iter().flatten().collect()
    }
}

/// Reads `-o`; None for the human form.
pub fn parse(cx: &Inner, output: &str, allowed: &str) -> Result<Option<Format>, Fail> {
    let (name, rest) = match output.split_once('=') {
        Some((n, r)) => (n, Some(r.to_string())),
        None => (output, None),
    };
    let template_flag = cx.flag("template");
    let argument = || -> Result<String, Fail> {
        match rest.clone().filter(|r| !r.is_empty()) {
            Some(r) => Ok(r),
            None if !template_flag.is_empty() => Ok(template_flag.to_string()),
            None => Err(text(
                "template format specified but no template given".to_string(),
            )),
        }
    };
    let columns = name.starts_with("custom-columns");
    let file = || -> Result<String, Fail> {
        let path = argument()?;
        let what = if columns { "template" } else { "--template" };
        cx.host.read(&path).map_err(|_| {
            text(format!(
                "error reading {what} {path}, open {path}: no such file or directory\n"
            ))
        })
    };
    let strict = cx.flag("allow-missing-template-keys") == "false";
    let path = |source: &str| Path::parse(source).map(|p| Path { strict, ..p });
    let template = |source: &str| template::Template::parse(source).map(|t| t.strictly(strict));
    let format = match name {
        "" if !template_flag.is_empty() => Format::Template(template(template_flag)?),
        "" | "wide" if allowed == GET_FORMATS || name.is_empty() => return Ok(None),
        _ if output != name && PLAIN.contains(&name) => {
            return Err(unknown(output, allowed));
        }
        "name" => Format::Name,
        "yaml" => Format::Yaml,
        "json" => Format::Json,
        "kyaml" => Format::Kyaml,
        "jsonpath" => Format::JsonPath(path(&argument()?)?),
        "jsonpath-as-json" => Format::JsonPathAsJson(path(&argument()?)?),
        "jsonpath-file" => Format::JsonPath(path(&file()?)?),
        "go-template" | "template" => Format::Template(template(&argument()?)?),
        "go-template-file" | "templatefile" => Format::Template(template(&file()?)?),
        "custom-columns" if allowed == GET_FORMATS => {
            Format::Columns(columns::Spec::parse(rest.as_deref().unwrap_or(""))?)
        }
        "custom-columns-file" if allowed == GET_FORMATS => {
            if rest.as_deref().unwrap_or("").is_empty() {
                return Err(columns::none_given());
            }
            Format::Columns(columns::Spec::parse_file(&file()?)?)
        }
        _ => return Err(unknown(output, allowed)),
    };
    Ok(Some(format))
}

/// Formats that take nothing behind `=`.
const PLAIN: &[&str] = &["name", "yaml", "json", "kyaml", "wide"];

fn unknown(output: &str, allowed: &str) -> Fail {
    text(format!(
        "unable to match a printer suitable for the output format \"{output}\", allowed formats are: {allowed}"
    ))
}

/// Prints the objects of a command that makes or changes them.
pub struct Shown {
    format: Format,
    dry: DryRun,
    managed: bool,
    count: std::cell::Cell<usize>,
}

impl Shown {
    pub fn of(cx: &Cx) -> Result<Shown, Fail> {
        let format = parse(cx, cx.flag("output"), FORMATS)?.unwrap_or(Format::Words);
        Ok(Shown {
            format,
            dry: cx.dry_run()?,
            managed: cx.on("show-managed-fields"),
            count: std::cell::Cell::new(0),
        })
    }
    /// Only the words: `deployment.apps/web scaled`.
    pub fn is_words(&self) -> bool {
        matches!(self.format, Format::Words)
    }
    /// Prints one object, after what was done to it.
    pub fn print(&self, cx: &Cx, object: &Object, done: &str) -> Result<(), Fail> {
        let name = || shown_name(object);
        match &self.format {
            Format::Words => {
                let suffix = self.dry.suffix();
                cx.line(format!("{} {done}{suffix}", name()));
            }
            Format::Name => cx.line(name()),
            other => {
                let n = self.count.get();
                self.count.set(n + 1);
                let clean = if self.managed || !other.hides_managed() {
                    object.0.clone()
                } else {
                    without_managed(&object.0)
                };
                if n > 0 && matches!(other, Format::Yaml) {
                    cx.out("---\n");
                }
                cx.out(render(other, &clean)?);
            }
        }
        Ok(())
    }
}

/// `deployment.apps/web`
pub fn shown_name(o: &Object) -> String {
    let kind = machinery::status::qualified(o.group(), &o.kind().to_lowercase());
    format!("{kind}/{}", o.name())
}

/// One value in a machine's format.
pub fn render(format: &Format, v: &Value) -> Result<String, Fail> {
    Ok(match format {
        Format::Yaml => forms::yaml(v),
        Format::Json => forms::json_pretty(v),
        Format::Kyaml => forms::kyaml(v),
        Format::JsonPath(p) => p.print(v)?,
        Format::JsonPathAsJson(p) => forms::json_pretty(&Value::from(p.values(v))),
        Format::Template(t) => t.print(v)?,
        Format::Columns(spec) => {
            let rows = match v.get("items").as_list() {
                Some(items) => items.to_vec(),
                None => vec![v.clone()],
            };
            spec.print(&rows, true)
        }
        Format::Name | Format::Words => {
            let items = match v.get("items").as_list() {
                Some(items) => items.to_vec(),
                None => vec![v.clone()],
            };
            items
                .into_iter()
                .map(|i| format!("{}\n", shown_name(&Object(i))))
                .collect()
        }
    })
}

/// Without `metadata.managedFields`, which kubectl does not show unless asked.
pub fn without_managed(v: &Value) -> Value {
    let mut v = v.clone();
    v.remove("metadata.managedFields");
    if v.get("items").as_list().is_some() {
        let items: Vec<Value> = v
            .get("items")
            .items()
            .iter()
            .map(|i| {
                let mut i = i.clone();
                i.remove("metadata.managedFields");
                i
            })
            .collect();
        v.set("items", items);
    }
    v
}

/// Several objects as one `v1 List`.
pub fn list(items: Vec<Value>) -> Value {
    value!({
        "apiVersion": "v1", "kind": "List", "metadata": { "resourceVersion": "" },
        "items": items,
    })
}
