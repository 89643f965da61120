//! Validation of CustomResourceDefinitions: names, versions, columns, subresources; their schemas are [`crd_schema`]'s.
//! Upstream: `apiextensions-apiserver:pkg/apis/apiextensions/validation/validation.go`. As there, what all versions have
//! in common is named as if it stood above them (`spec.validation`, not `spec.versions[0].schema`).

use crate::crd_schema;
use crate::meta::{immutable, one_of};
use crate::names;
use machinery::{Errors, NULL, Object, Path, Value, json};

const SELECTABLE_MAX: usize = 8;

pub fn definition(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    let wanted = format!("{}.{}", spec.text("names.plural"), spec.text("group"));
    if !o.name().is_empty() && o.name() != wanted {
        let why = "must be spec.names.plural+\".\"+spec.group";
        let path = Path::root("metadata").child("name");
        errors.invalid(&path, Value::str(o.name()), why);
    }
    specification(spec, &path, errors);
    approval(o, errors);
    stored_versions(o, errors);
}

fn specification(spec: &Value, path: &Path, errors: &mut Errors) {
    let group = spec.text("group");
    let found = names::dns_subdomain(group);
    let at = path.child("group");
    if group.is_empty() {
        errors.required(&at, "");
    } else if !found.is_empty() {
        errors.invalid(&at, Value::str(group), &found.join(","));
    } else if !group.contains('.') {
        errors.invalid(
            &at,
            Value::str(group),
            "should be a domain with at least one dot",
        );
    }
    one_of(
        spec.text("scope"),
        &path.child("scope"),
        &["Cluster", "Namespaced"],
        errors,
    );
    let versions = spec.get("versions").items();
    let common = |key: &str| {
        let first = versions.first().map_or(NULL, |v| v.get(key));
        versions.iter().all(|v| v.get(key) == first)
    };
    for (i, v) in versions.iter().enumerate() {
        if v.at("schema.openAPIV3Schema").is_null() {
            let at = path.child("versions").index(i).child("schema");
            errors.required(&at.child("openAPIV3Schema"), "");
        }
    }
    for (i, v) in versions.iter().enumerate() {
        let at = path.child("versions").index(i);
        let found = names::dns1035_label(v.text("name"));
        if !found.is_empty() {
            errors.invalid(
                &at.child("name"),
                Value::str(v.text("name")),
                &found.join(","),
            );
        }
        version(v, &at, &common, errors);
    }
    let mut taken: Vec<&str> = versions.iter().map(|v| v.text("name")).collect();
    taken.sort_unstable();
    let shown = || shown_versions(versions, &common);
    if taken.windows(2).any(|w| w.first() == w.last()) {
        errors.invalid_shown(
            &path.child("versions"),
            &shown(),
            "must contain unique version names",
        );
    }
    if versions.iter().filter(|v| v.flag("storage")).count() != 1 {
        let why = "must have exactly one version marked as storage version";
        errors.invalid_shown(&path.child("versions"), &shown(), why);
    }
    definition_names(spec.get("names"), &path.child("names"), errors);
    if let Some(first) = versions.first() {
        let status = !first.at("subresources.status").is_null();
        if common("schema") {
            crd_schema::schema(
                first.at("schema.openAPIV3Schema"),
                &path.child("validation"),
                status,
                errors,
            );
        }
        if common("subresources") {
            subresources(
                first.get("subresources"),
                &path.child("subresources"),
                errors,
            );
        }
        if common("additionalPrinterColumns") {
            columns(first, &path.child("additionalPrinterColumns"), errors);
        }
        if common("selectableFields") {
            selectable(first, &path.child("selectableFields"), errors);
        }
    }
    conversion(spec.get("conversion"), &path.child("conversion"), errors);
}

/// What one version has for itself.
fn version(v: &Value, path: &Path, common: &dyn Fn(&str) -> bool, errors: &mut Errors) {
    let warning = v.get("deprecationWarning");
    let at = path.child("deprecationWarning");
    if !warning.is_null() && !v.flag("deprecated") {
        errors.invalid(
            &at,
            warning.clone(),
            "can only be set for deprecated versions",
        );
    } else if let Some(text) = warning.as_str() {
        if text.len() > 256 {
            errors.invalid(&at, warning.clone(), "must be <= 256 characters long");
        }
        if text.is_empty() {
            errors.invalid(&at, warning.clone(), "must not be an empty string");
        }
    }
    if !common("schema") {
        let status = !v.at("subresources.status").is_null();
        crd_schema::schema(
            v.at("schema.openAPIV3Schema"),
            &path.child("schema"),
            status,
            errors,
        );
    }
    if !common("subresources") {
        subresources(v.get("subresources"), &path.child("subresources"), errors);
    }
    if !common("additionalPrinterColumns") {
        columns(v, &path.child("additionalPrinterColumns"), errors);
    }
    if !common("selectableFields") {
        selectable(v, &path.child("selectableFields"), errors);
    }
}

/// The versions as Go prints its internal struct.
fn shown_versions(versions: &[Value], common: &dyn Fn(&str) -> bool) -> String {
    let one = |v: &Value| {
        let part = |key: &str| match common(key) {
            true => "null".to_string(),
            false => json::print_html(v.get(key)),
        };
        format!(
            "{{\"Name\":{},\"Served\":{},\"Storage\":{},\"Deprecated\":{},\"DeprecationWarning\":{},\"Schema\":{},\"Subresources\":{},\"AdditionalPrinterColumns\":{},\"SelectableFields\":{}}}",
            json::quote(v.text("name")),
            v.flag("served"),
            v.flag("storage"),
            v.flag("deprecated"),
            json::print_html(v.get("deprecationWarning")),
            part("schema"),
            part("subresources"),
            part("additionalPrinterColumns"),
            part("selectableFields"),
        )
    };
    match versions.is_empty() {
        true => "null".into(),
        false => format!(
            "[{}]",
            versions.iter().map(one).collect::<Vec<_>>().join(",")
        ),
    }
}

fn columns(v: &Value, path: &Path, errors: &mut Errors) {
    for (j, c) in v.get("additionalPrinterColumns").items().iter().enumerate() {
        let path = path.index(j);
        if c.text("name").is_empty() {
            errors.required(&path.child("name"), "");
        }
        let known = ["boolean", "date", "integer", "number", "string"];
        let why = format!("must be one of {}", known.join(","));
        match c.text("type") {
            "" => errors.required(&path.child("type"), &why),
            t if !known.contains(&t) => errors.invalid(&path.child("type"), Value::str(t), &why),
            _ => {}
        }
        let known = [
            "byte",
            "date",
            "date-time",
            "double",
            "float",
            "int32",
            "int64",
            "password",
        ];
        let format = c.text("format");
        if !format.is_empty() && !known.contains(&format) {
            let why = format!("must be one of {}", known.join(","));
            errors.invalid(&path.child("format"), Value::str(format), &why);
        }
        let at = path.child("JSONPath");
        match c.text("jsonPath") {
            "" => errors.required(&at, ""),
            p => drop(simple_path(p, &at, errors)),
        }
    }
}

fn simple_path(p: &str, path: &Path, errors: &mut Errors) -> bool {
    let ok = p.starts_with('.');
    if !ok {
        errors.invalid(
            path,
            Value::str(p),
            "must be a simple json path starting with .",
        );
    }
    ok
}

fn subresources(s: &Value, path: &Path, errors: &mut Errors) {
    let scale = s.get("scale");
    if scale.is_null() {
        return;
    }
    for (key, start) in [
        ("specReplicasPath", ".spec."),
        ("statusReplicasPath", ".status."),
    ] {
        let at = path.child("scale").child(key);
        let text = scale.text(key);
        if text.is_empty() {
            errors.required(&at, "");
        } else if simple_path(text, &at, errors) && !text.starts_with(start) {
            let why = format!(
                "should be a json path under {}",
                start.trim_end_matches('.')
            );
            errors.invalid(&at, Value::str(text), &why);
        }
    }
    let (at, text) = (
        path.child("scale").child("labelSelectorPath"),
        scale.text("labelSelectorPath"),
    );
    let under = [".spec.", ".status."].iter().any(|s| text.starts_with(s));
    if !text.is_empty() && simple_path(text, &at, errors) && !under {
        errors.invalid(
            &at,
            Value::str(text),
            "should be a json path under either .spec or .status",
        );
    }
}

/// Fields by which field selectors may choose.
fn selectable(v: &Value, path: &Path, errors: &mut Errors) {
    let fields = v.get("selectableFields").items();
    let mut taken: Vec<&str> = Vec::new();
    for (i, f) in fields.iter().enumerate() {
        let at = path.index(i).child("jsonPath");
        let text = f.text("jsonPath");
        if text.is_empty() {
            errors.required(&at, "");
            continue;
        }
        let leaf = match leaf(v.at("schema.openAPIV3Schema"), text) {
            Ok(leaf) => leaf,
            Err(why) => {
                errors.invalid(&at, Value::str(text), &format!("is an invalid path: {why}"));
                continue;
            }
        };
        if text.starts_with(".metadata") {
            errors.invalid(
                &at,
                Value::str(text),
                "must not point to fields in metadata",
            );
        }
        if !matches!(leaf.text("type"), "string" | "boolean" | "integer") {
            let why = "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";
            errors.invalid(&at, Value::str(text), why);
        }
        if taken.contains(&text) {
            errors.duplicate(&at, Value::str(text));
        } else {
            taken.push(text);
        }
    }
    if taken.len() > SELECTABLE_MAX {
        errors.too_many(path, taken.len(), SELECTABLE_MAX);
    }
}

fn leaf<'a>(schema: &'a Value, path: &str) -> Result<&'a Value, String> {
    let Some(rest) = path.strip_prefix('.') else {
        let first = path.split(['.', '[', ']']).next().unwrap_or("");
        return Err(format!("expected [ or . but got: {first}"));
    };
    if rest.contains('[') {
        return Err("array notation is not allowed".into());
    }
    let mut here = schema;
    for part in rest.split('.') {
        here = match here.get("properties") {
            Value::Null => here.get("additionalProperties"),
            p => p.get(part),
        };
        if here.as_map().is_none() {
            return Err("does not refer to a valid field".into());
        }
    }
    Ok(here)
}

fn conversion(c: &Value, path: &Path, errors: &mut Errors) {
    let strategy = c.text("strategy");
    one_of(
        strategy,
        &path.child("strategy"),
        &["None", "Webhook"],
        errors,
    );
    let (client, versions) = (
        c.at("webhook.clientConfig"),
        c.at("webhook.conversionReviewVersions"),
    );
    let at = path.child("webhookClientConfig");
    let reviews = path.child("conversionReviewVersions");
    if strategy != "Webhook" {
        if !client.is_null() {
            errors.forbidden(&at, "should not be set when strategy is not set to Webhook");
        }
        if !versions.is_empty() {
            errors.forbidden(
                &reviews,
                "should not be set when strategy is not set to Webhook",
            );
        }
        return;
    }
    if client.is_null() {
        errors.required(&at, "required when strategy is set to Webhook");
    } else {
        crate::validatingwebhookconfiguration::client(client, &at, errors);
    }
    if versions.is_empty() {
        errors.required(&reviews, "");
    } else if !versions
        .items()
        .iter()
        .any(|v| matches!(v.as_str(), Some("v1" | "v1beta1")))
    {
        errors.invalid(
            &reviews,
            versions.clone(),
            "must include at least one of v1, v1beta1",
        );
    }
}

fn definition_names(n: &Value, path: &Path, errors: &mut Errors) {
    for key in ["plural", "singular", "kind", "listKind"] {
        if n.text(key).is_empty() {
            errors.required(&path.child(key), "");
        }
    }
    for key in ["plural", "singular", "kind", "listKind"] {
        let text = n.text(key);
        let mixed = key.to_lowercase().ends_with("kind");
        let found = match mixed {
            true => names::dns1035_label(&text.to_lowercase()),
            false => names::dns1035_label(text),
        };
        if text.is_empty() && key == "singular" || found.is_empty() {
            continue;
        }
        let head = if mixed {
            "may have mixed case, but should otherwise match: "
        } else {
            ""
        };
        errors.invalid(
            &path.child(key),
            Value::str(text),
            &format!("{head}{}", found.join(",")),
        );
    }
    let each_of = |key: &str, errors: &mut Errors| {
        for (i, s) in n.get(key).items().iter().enumerate() {
            let found = names::dns1035_label(s.as_str().unwrap_or(""));
            if !found.is_empty() {
                errors.invalid(&path.child(key).index(i), s.clone(), &found.join(","));
            }
        }
    };
    each_of("shortNames", errors);
    if !n.text("kind").is_empty() && n.text("kind") == n.text("listKind") {
        let value = Value::str(n.text("listKind"));
        errors.invalid(
            &path.child("listKind"),
            value,
            "kind and listKind may not be the same",
        );
    }
    each_of("categories", errors);
}

/// Groups of the community need a word of approval.
fn approval(o: &Object, errors: &mut Errors) {
    const KEY: &str = "api-approved.kubernetes.io";
    let group = o.text("spec.group");
    let protected = ["k8s.io", "kubernetes.io"];
    if !protected
        .iter()
        .any(|p| group == *p || group.ends_with(&format!(".{p}")))
    {
        return;
    }
    let path = Path::root("metadata").child("annotations").key(KEY);
    let given = o.annotation(KEY).unwrap_or("");
    let is_url = given
        .split_once("://")
        .is_some_and(|(s, rest)| !s.is_empty() && !rest.is_empty());
    if given.is_empty() {
        let why = format!(
            "protected groups must have approval annotation {KEY:?}, see https://github.com/kubernetes/enhancements/pull/1111"
        );
        errors.required(&path, &why);
    } else if !given.starts_with("unapproved") && !is_url {
        let why = format!(
            "protected groups must have approval annotation {KEY:?} with either a URL or a reason starting with \"unapproved\", see https://github.com/kubernetes/enhancements/pull/1111"
        );
        errors.invalid(&path, Value::str(given), &why);
    }
}

fn stored_versions(o: &Object, errors: &mut Errors) {
    let stored = o.at("status.storedVersions");
    let path = Path::root("status").child("storedVersions");
    if stored.is_empty() {
        let value = if stored.is_null() {
            Value::list()
        } else {
            stored.clone()
        };
        errors.invalid(&path, value, "must have at least one stored version");
        return;
    }
    let versions = o.at("spec.versions").items();
    for v in versions.iter().filter(|v| v.flag("storage")) {
        if !stored.items().contains(v.get("name")) {
            let why = format!("must have the storage version {}", v.text("name"));
            errors.invalid(&path, stored.clone(), &why);
        }
    }
    for (i, name) in stored.items().iter().enumerate() {
        if !versions.iter().any(|v| v.get("name") == name) {
            let n = name.as_str().unwrap_or("");
            let why = format!(
                "missing from spec.versions; {n} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {n} and removes {n} from status.storedVersions"
            );
            errors.invalid(&path.index(i), name.clone(), &why);
        }
    }
}

pub fn update(new: &Object, old: &Object, errors: &mut Errors) {
    let path = Path::root("spec");
    let keep = |key: &str, path: Path, errors: &mut Errors| {
        immutable(new.at(key), old.at(key), &path, errors);
    };
    if old.condition_is_true("Established") {
        keep("spec.scope", path.child("scope"), errors);
        keep("spec.names.kind", path.child("names").child("kind"), errors);
    }
    keep("spec.group", path.child("group"), errors);
    keep(
        "spec.names.plural",
        path.child("names").child("plural"),
        errors,
    );
}
