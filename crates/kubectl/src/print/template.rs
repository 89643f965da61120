//! `-o go-template`: machinery's templates with kubectl's two functions, `exists` and `base64decode`
//! (`cli-runtime:pkg/printers/template.go`).

use crate::fail::{Fail, text};
use machinery::Value;
use machinery::gotemplate::{Host, Signature, Templates};

/// The name that upstream gives to the one template.
const NAME: &str = "output";

pub struct Template {
    source: String,
    templates: Templates,
    strict: bool,
}

struct Functions {
    /// A key that is not there is an error (`--allow-missing-template-keys=false`).
    strict: bool,
}

impl Host for Functions {
    fn needs_keys(&self) -> bool {
        self.strict
    }
    fn signature(&self, name: &str) -> Option<Signature> {
        match name {
            "exists" => Some("aa*"),
            "base64decode" => Some("s"),
            _ => None,
        }
    }
    fn call(&mut self, name: &str, args: &[Value]) -> Result<Value, String> {
        let first = args.first().cloned().unwrap_or_default();
        if name == "exists" {
            let keys = args.iter().skip(1);
            let found = keys.fold(first, |v, key| v.get(key.as_str().unwrap_or("")).clone());
            return Ok(Value::Bool(!found.is_null()));
        }
        let bytes = codec::decode_base64(first.as_str().unwrap_or(""))
            .map_err(|at| format!("illegal base64 data at input byte {at}"))?;
        Ok(Value::from(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

impl Template {
    pub fn parse(source: &str) -> Result<Template, Fail> {
        let mut templates = Templates::default();
        templates
            .add(NAME, source, &Functions { strict: false })
            .map_err(|e| text(format!("error parsing template {source}, {e}")))?;
        Ok(Template {
            source: source.to_string(),
            templates,
            strict: false,
        })
    }
    pub fn strictly(self, strict: bool) -> Template {
        Template { strict, ..self }
    }
    pub fn print(&self, v: &Value) -> Result<String, Fail> {
        let mut functions = Functions {
            strict: self.strict,
        };
        self.templates.run(NAME, v, &mut functions).map_err(|e| {
            let source = machinery::json::quote(&self.source);
            text(format!("error executing template {source}: {e}"))
        })
    }
}
