//! Charts: folders with Chart.yaml, values.yaml, templates/, crds/ and charts/, on the learner's machine or built in
//! (`helm:pkg/chart/loader`). Left out: archives, values.schema.json (a chart that has one is told so), Chart.lock.

use machinery::{Value, value, yaml};
use shell::Ctx;

use super::values;

#[derive(Clone, Default)]
pub struct Chart {
    pub meta: Value,
    pub values: Value,
    pub values_text: String,
    pub readme: String,
    /// `templates/deployment.yaml` and what it says.
    pub templates: Vec<(String, String)>,
    /// All else that `.Files` may read.
    pub files: Vec<(String, String)>,
    pub crds: Vec<(String, String)>,
    pub subcharts: Vec<Chart>,
    pub has_schema: bool,
}

/// Files of a folder, below `charts/` too; bounded.
const MAX_FILES: usize = 500;

impl Chart {
    pub fn name(&self) -> &str {
        self.meta.text("name")
    }
    /// Out of the files of one folder, by their paths in it.
    pub fn from_files(files: &[(String, String)]) -> Result<Chart, String> {
        let get = |name: &str| {
            files
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, t)| t.as_str())
        };
        let Some(meta) = get("Chart.yaml") else {
            return Err("Chart.yaml file is missing".into());
        };
        let meta =
            yaml::parse(meta).map_err(|e| format!("cannot load Chart.yaml: {}", e.message))?;
        let values_text = get("values.yaml").unwrap_or("").to_string();
        let values = yaml::parse(&values_text)
            .map_err(|e| format!("cannot load values.yaml: {}", e.message))?;
        let mut chart = Chart {
            meta,
            values: if values.is_null() {
                Value::map()
            } else {
                values
            },
            values_text,
            readme: get("README.md").unwrap_or("").to_string(),
            has_schema: get("values.schema.json").is_some(),
            ..Chart::default()
        };
        let mut subs: Vec<(String, Vec<(String, String)>)> = Vec::new();
        for (name, text) in files {
            let entry = (name.clone(), text.clone());
            if let Some((sub, rest)) = name.strip_prefix("charts/").and_then(|r| r.split_once('/'))
            {
                match subs.iter_mut().find(|(n, _)| n == sub) {
                    Some((_, files)) => files.push((rest.to_string(), text.clone())),
                    None => subs.push((sub.to_string(), vec![(rest.to_string(), text.clone())])),
                }
            } else if name.starts_with("templates/") {
                chart.templates.push(entry);
            } else if name.starts_with("crds/") {
                chart.crds.push(entry);
            } else if !["Chart.yaml", "values.yaml", "Chart.lock", ".helmignore"]
                .contains(&name.as_str())
            {
                chart.files.push(entry);
            }
        }
        for (name, files) in subs {
            if name.starts_with(['.', '_']) {
                continue;
            }
            let sub = Chart::from_files(&files)
                .map_err(|e| format!("error unpacking subchart {name} in {}: {e}", chart.name()))?;
            chart.subcharts.push(sub);
        }
        chart.check()?;
        Ok(chart)
    }
    fn check(&self) -> Result<(), String> {
        let missing = |field: &str| match field {
            "apiVersion" => "chart.metadata.apiVersion is required",
            "name" => "chart.metadata.name is required",
            _ => "chart.metadata.version is required",
        };
        for field in ["apiVersion", "name", "version"] {
            if self.meta.get(field).is_empty() {
                return Err(format!("validation: {}", missing(field)));
            }
        }
        let version = text_of(self.meta.get("version"));
        if !super::semver::is_valid(&version) {
            return Err(format!(
                "validation: chart.metadata.version {version:?} is invalid"
            ));
        }
        match self.meta.text("type") {
            "" | "application" | "library" => Ok(()),
            _ => Err("validation: chart.metadata.type must be application or library".into()),
        }
    }
    /// What `.Chart` is.
    pub fn object(&self) -> Value {
        let mut out = Value::map();
        for (k, v) in self.meta.entries() {
            let name = match k.as_str() {
                "apiVersion" => "APIVersion".to_string(),
                "appVersion" => "AppVersion".to_string(),
                k => {
                    let mut chars = k.chars();
                    let first = chars.next().map(|c| c.to_ascii_uppercase());
                    first.into_iter().chain(chars).collect()
                }
            };
            let v = match k.as_str() {
                "appVersion" | "version" => Value::from(text_of(v)),
                _ => v.clone(),
            };
            *out.field(&name) = v;
        }
        let is_root = !self.meta.has("\0sub");
        *out.field("IsRoot") = Value::Bool(is_root);
        out
    }
    /// The charts below this one that are switched on, with their values merged into these.
    pub fn enabled(&self, values: &Value) -> Vec<Chart> {
        let dependencies = self.meta.get("dependencies").items();
        let on = |sub: &&Chart| {
            let entry = dependencies
                .iter()
                .find(|d| d.text("name") == sub.name() || d.text("alias") == sub.name());
            let Some(entry) = entry else { return true };
            for path in entry.text("condition").split(',').filter(|c| !c.is_empty()) {
                if let Value::Bool(on) = values.at(path.trim()) {
                    return *on;
                }
            }
            let tags = entry.get("tags").items();
            let flags: Vec<bool> = tags
                .iter()
                .filter_map(|t| values.get("tags").get(t.as_str()?).as_bool())
                .collect();
            flags.is_empty() || flags.contains(&true)
        };
        let named = |sub: &Chart| {
            let mut sub = sub.clone();
            let alias = dependencies
                .iter()
                .find(|d| d.text("name") == sub.name() && !d.text("alias").is_empty());
            if let Some(alias) = alias {
                sub.meta.set("name", Value::str(alias.text("alias")));
            }
            sub
        };
        self.subcharts.iter().filter(on).map(named).collect()
    }
    /// The chart's own values with the given ones over them, and those of its subcharts under their names.
    pub fn coalesce(&self, given: &Value) -> Value {
        let mut out = values::over(&self.values, given);
        for sub in self.enabled(&out) {
            let mut own = out.get(sub.name()).clone();
            if !matches!(own, Value::Map(_)) {
                own = Value::map();
            }
            let global = out.get("global");
            if !global.is_null() {
                let merged = values::over(own.get("global"), global);
                *own.field("global") = merged;
            }
            *out.field(sub.name()) = sub.coalesce(&own);
        }
        out
    }
    /// Declared dependencies that `charts/` lacks.
    pub fn missing(&self) -> Vec<String> {
        let dependencies = self.meta.get("dependencies").items();
        let names = dependencies.iter().map(|d| d.text("name"));
        names
            .filter(|n| !self.subcharts.iter().any(|s| s.name() == *n))
            .map(String::from)
            .collect()
    }
    /// As it is stored in a release.
    pub fn stored(&self) -> Value {
        let files = |list: &[(String, String)]| {
            let entry = |(name, text): &(String, String)| {
                let data = codec::encode_base64(text.as_bytes());
                value!({ "name": name, "data": data })
            };
            Value::from(list.iter().map(entry).collect::<Vec<_>>())
        };
        value!({
            "metadata": &self.meta, "lock": null, "templates": (files(&self.templates)),
            "values": &self.values, "schema": null, "files": (files(&self.files))
        })
    }
}

/// A scalar as text: versions may be written as numbers.
pub fn text_of(v: &Value) -> String {
    match v {
        Value::Null => String::new(),
        other => machinery::gotemplate::go(other),
    }
}

/// All files below a folder, by their path in it.
fn walk(ctx: &Ctx, root: &str, below: &str, out: &mut Vec<(String, String)>) {
    let folder = format!("{root}/{below}");
    let names = ctx.with_fs(|fs| fs.list(&folder)).unwrap_or_default();
    for name in names {
        let path = if below.is_empty() {
            name.clone()
        } else {
            format!("{below}/{name}")
        };
        let full = format!("{root}/{path}");
        if ctx.with_fs(|fs| fs.is_dir(&full)) {
            if !name.starts_with('.') {
                walk(ctx, root, &path, out);
            }
        } else if out.len() < MAX_FILES && !name.ends_with(".tgz") {
            let text = ctx.with_fs(|fs| fs.read_text(&full)).unwrap_or_default();
            out.push((path, text));
        }
    }
}

/// The chart of a folder.
pub fn load(ctx: &Ctx, path: &str) -> Result<Chart, String> {
    let full = ctx.resolve(path);
    if !ctx.with_fs(|fs| fs.exists(&full)) {
        return Err(format!("path {path:?} not found"));
    }
    if !ctx.with_fs(|fs| fs.is_dir(&full)) {
        return Err(format!(
            "file '{path}' does not appear to be a gzipped archive; bottleship reads charts from folders only"
        ));
    }
    let mut files = Vec::new();
    walk(ctx, full.trim_end_matches('/'), "", &mut files);
    Chart::from_files(&files)
}
