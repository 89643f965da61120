//! Validation of jobs whose pods are numbered: completions, failed indexes, what makes a success.
//! Upstream: `validateJobSpec`, `validateSuccessPolicy` in `kubernetes:pkg/apis/batch/validation/validation.go`.

use crate::{meta, names};
use machinery::{Errors, Path, Value};

/// What goes with jobs that number their pods, and what only with them.
pub fn indexes(spec: &Value, path: &Path, errors: &mut Errors) {
    const MOST: i64 = 100_000;
    let number = |key: &str| spec.get(key).as_i64();
    let (completions, failed) = (number("completions"), number("maxFailedIndexes"));
    if failed.is_some() && number("backoffLimitPerIndex").is_none() {
        errors.required(
            &path.child("backoffLimitPerIndex"),
            "when maxFailedIndexes is specified",
        );
    }
    if let Some(by) = spec.get("managedBy").as_str() {
        let at = path.child("managedBy");
        let (domain, rest) = by.split_once('/').unwrap_or((by, ""));
        if domain.is_empty() || rest.is_empty() {
            let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
            errors.invalid(&at, Value::str(by), why);
        } else {
            meta::each(errors, &at, domain, names::dns_subdomain(domain));
        }
        if by.len() > 63 {
            errors.too_long(&at, 63);
        }
    }
    let mode = spec.text("completionMode");
    if !matches!(mode, "" | "NonIndexed" | "Indexed") {
        let known = ["NonIndexed", "Indexed"];
        errors.not_supported(&path.child("completionMode"), Value::str(mode), &known);
    }
    if mode != "Indexed" {
        for key in ["backoffLimitPerIndex", "maxFailedIndexes"] {
            if let Some(n) = number(key) {
                errors.invalid(&path.child(key), n, "requires indexed completion mode");
            }
        }
        return;
    }
    let Some(completions) = completions else {
        return errors.required(
            &path.child("completions"),
            "when completion mode is Indexed",
        );
    };
    if let Some(n) = number("parallelism").filter(|n| *n > MOST) {
        let why = format!("must be less than or equal to {MOST} when completion mode is Indexed");
        errors.invalid(&path.child("parallelism"), n, &why);
    }
    let at = path.child("maxFailedIndexes");
    if let Some(n) = failed.filter(|n| *n > completions) {
        errors.invalid(&at, n, "must be less than or equal to completions");
    }
    if let Some(n) = failed.filter(|n| *n > MOST) {
        errors.invalid(&at, n, &format!("must be less than or equal to {MOST}"));
    }
}

/// Which indexes make the whole job a success.
pub fn success(spec: &Value, path: &Path, errors: &mut Errors) {
    let policy = spec.get("successPolicy");
    if policy.is_null() {
        return;
    }
    if spec.text("completionMode") != "Indexed" {
        let rules = machinery::json::print(policy.get("rules"));
        let shown = format!("{{\"Rules\":{rules}}}");
        return errors.invalid_shown(path, &shown, "requires indexed completion mode");
    }
    let (rules, path) = (policy.get("rules").items(), path.child("rules"));
    if rules.is_empty() {
        let why = "at least one rules must be specified when the successPolicy is specified";
        errors.required(&path, why);
    }
    if rules.len() > 20 {
        errors.too_many(&path, rules.len(), 20);
    }
    let completions = spec.int("completions");
    for (i, r) in rules.iter().enumerate() {
        let at = path.index(i);
        let (count, indexes) = (
            r.get("succeededCount").as_i64(),
            r.get("succeededIndexes").as_str(),
        );
        if count.is_none() && indexes.is_none() {
            let why = "at least one of succeededCount or succeededIndexes must be specified";
            errors.required(&at, why);
        }
        let mut total = None;
        if let Some(text) = indexes {
            match count_indexes(text, completions) {
                Ok(n) => total = Some(n),
                Err(why) => {
                    let why = format!("error parsing succeededIndexes: {why}");
                    errors.invalid(&at.child("succeededIndexes"), Value::str(text), &why);
                }
            }
        }
        let Some(count) = count else { continue };
        let at = at.child("succeededCount");
        meta::non_negative(count, &at, errors);
        let mut most = |bound: i64, what: &str| {
            if count > bound {
                let why = format!("must be less than or equal to {bound} (the number of {what})");
                errors.invalid(&at, count, &why);
            }
        };
        most(completions, "specified completions");
        if let Some(total) = total {
            most(total, "indexes in the specified succeededIndexes field");
        }
    }
}

/// How many indexes `0-3,7` names, each below `completions` and in order.
fn count_indexes(text: &str, completions: i64) -> Result<i64, String> {
    let (mut total, mut last) = (0, None);
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let ends: Vec<&str> = part.split('-').collect();
        if ends.len() > 2 {
            return Err(format!(
                "the fragment {part:?} violates the requirement that an index interval can have at most two parts separated by '-'"
            ));
        }
        let number = |t: &str| {
            let n: i64 = t
                .parse()
                .map_err(|_| format!("cannot convert string to integer for index: {t:?}"))?;
            match n >= completions {
                true => Err(format!("too large index: {t:?}")),
                false => Ok(n),
            }
        };
        let from = number(ends.first().unwrap_or(&""))?;
        if last.is_some_and(|l| from <= l) {
            let l = last.unwrap_or(0);
            return Err(format!(
                "non-increasing order, previous: {l}, current: {from}"
            ));
        }
        let to = match ends.get(1) {
            None => from,
            Some(t) => {
                let to = number(t)?;
                if from >= to {
                    return Err(format!(
                        "non-increasing order, previous: {from}, current: {to}"
                    ));
                }
                to
            }
        };
        total += to - from + 1;
        last = Some(to);
    }
    Ok(total)
}
