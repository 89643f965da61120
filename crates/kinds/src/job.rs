//! Job: pods that run to their end, a number of times.
//! Upstream: `kubernetes:pkg/registry/batch/job/strategy.go`.

use crate::workload;
use crate::meta;
use crate::names;
use crate::describe::{Describe, rfc1123, plain};
use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::edit::{each, within};
use machinery::{labels, Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "batch",
    version: "v1",
    kind: "Job",
    plural: "jobs",
    singular: "job",
    short: &[],
    categories: &["all"],
    namespaced: true,
    generation: true,
    subresources: &[Subresource::STATUS],
    default,
    prepare_create,
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("Status"), Column::text("Completions"), Column::text("Duration"), Column::AGE, Column::wide("Containers"), Column::wide("Images"), Column::wide("Selector")],
    cells: row,
    describe,
    validate,
    validate_update,
    warnings: crate::warnings::named_template,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    let labels = v.at("spec.template.metadata.labels").clone();
    if v.at("metadata.labels").is_empty() && !labels.is_empty() {
        v.set("metadata.labels", labels);
    }
    within(v, "spec", |spec| {
        if spec.at("completions").is_null() && spec.at("parallelism").is_null() {
            spec.set("completions", 1);
        }
        spec.set_default("parallelism", 1);
        if spec.at("backoffLimit").is_null() {
            let per_index = spec.has("backoffLimitPerIndex");
            spec.set("backoffLimit", if per_index { i64::from(i32::MAX) } else { 6 });
        }
        spec.set_default("completionMode", "NonIndexed");
        spec.set_default("suspend", false);
        spec.set_default("manualSelector", false);
        let replace = if spec.has("podFailurePolicy") { "Failed" } else { "TerminatingOrFailed" };
        spec.set_default("podReplacementPolicy", replace);
        each(spec, "podFailurePolicy.rules", |r| {
            each(r, "onPodConditions", |c| {
                if c.text("status").is_empty() {
                    c.set("status", "True");
                }
            });
        });
        crate::pod_defaults::template(spec, "template");
    });
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let [containers, images, selector] = cells::wide_template(o);
    vec![
        Value::str(o.name()),
        status(o).into(),
        completions(o).into(),
        duration(o, cx).into(),
        cells::age(o, cx),
        containers,
        images,
        selector,
    ]
}

/// Labels and selector of a job's own pods; both hold its uid, so the uid must be there by now.
fn prepare_create(v: &mut Value) {
    v.set("status", Value::map());
    if v.flag("spec.manualSelector") {
        return;
    }
    // A job without labels of its own has its pods' labels, the generated ones too.
    let labels = v.at("metadata.labels");
    let shared = labels.is_empty() || labels.same(v.at("spec.template.metadata.labels"));
    let (uid, name) = (v.text("metadata.uid").to_string(), v.text("metadata.name").to_string());
    for (key, value) in [
        ("controller-uid", &uid),
        ("job-name", &name),
        ("batch.kubernetes.io/controller-uid", &uid),
        ("batch.kubernetes.io/job-name", &name),
    ] {
        let labels = v.place("spec.template.metadata.labels");
        if labels.get(key).is_null() {
            *labels.field(key) = Value::from(value);
        }
    }
    if shared {
        let labels = v.at("spec.template.metadata.labels").clone();
        v.set("metadata.labels", labels);
    }
    let key = "batch.kubernetes.io/controller-uid";
    if v.at("spec.selector.matchLabels").get(key).is_null() {
        *v.place("spec.selector.matchLabels").field(key) = Value::from(uid);
    }
}

/// `Complete`, `Failed`, `Suspended`, `FailureTarget`, `SuccessCriteriaMet`, `Terminating` or `Running`.
fn status(o: &Object) -> &'static str {
    let is = |kind| o.condition_is_true(kind);
    if is("Complete") {
        "Complete"
    } else if is("Failed") {
        "Failed"
    } else if o.is_deleting() {
        "Terminating"
    } else if is("Suspended") {
        "Suspended"
    } else if is("FailureTarget") {
        "FailureTarget"
    } else if is("SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    }
}

fn completions(o: &Object) -> String {
    let done = o.int("status.succeeded");
    match o.at("spec.completions").as_i64() {
        Some(n) => format!("{done}/{n}"),
        None => match o.int("spec.parallelism") {
            n @ 2.. => format!("{done}/1 of {n}"),
            _ => format!("{done}/1"),
        },
    }
}

fn duration(o: &Object, cx: &CellCx) -> String {
    use machinery::time::parse_rfc3339;
    let Some(start) = parse_rfc3339(o.text("status.startTime")) else {
        return String::new();
    };
    cells::human(parse_rfc3339(o.text("status.completionTime")).unwrap_or(cx.now) - start)
}

fn describe(o: &Object, d: &mut Describe) {
    let (spec, status) = (o.spec(), o.status());
    d.head(o);
    d.line(0, format!("Selector:\t{}", cells::selector(spec.get("selector"))));
    d.labels_and_annotations(o);
    d.controlled_by(o);
    if !spec.get("parallelism").is_null() {
        d.line(0, format!("Parallelism:\t{}", spec.int("parallelism")));
    }
    match spec.get("completions").as_i64() {
        Some(n) => d.line(0, format!("Completions:\t{n}")),
        None => d.line(0, "Completions:\t<unset>"),
    }
    for (title, field) in [
        ("Completion Mode", "completionMode"),
        ("Suspend", "suspend"),
        ("Backoff Limit", "backoffLimit"),
        ("TTL Seconds After Finished", "ttlSecondsAfterFinished"),
    ] {
        if !spec.get(field).is_null() {
            d.line(0, format!("{title}:\t{}", plain(spec.get(field))));
        }
    }
    for (title, field) in [("Start Time", "startTime"), ("Completed At", "completionTime")] {
        if !status.text(field).is_empty() {
            d.line(0, format!("{title}:\t{}", rfc1123(status.text(field))));
        }
    }
    if !status.text("startTime").is_empty() && !status.text("completionTime").is_empty() {
        d.line(0, format!("Duration:\t{}", duration(o, &CellCx { now: 0 })));
    }
    if let Some(seconds) = spec.get("activeDeadlineSeconds").as_i64() {
        d.line(0, format!("Active Deadline Seconds:\t{seconds}s"));
    }
    let ready = match status.get("ready").as_i64() {
        Some(n) => format!(" ({n} Ready)"),
        None => String::new(),
    };
    let (active, good, bad) = (status.int("active"), status.int("succeeded"), status.int("failed"));
    d.line(0, format!("Pods Statuses:\t{active} Active{ready} / {good} Succeeded / {bad} Failed"));
    if spec.text("completionMode") == "Indexed" {
        d.line(0, format!("Completed Indexes:\t{}", capped(status.text("completedIndexes"))));
    }
    crate::pod_describe::template(d, spec.get("template"));
    d.events(o);
}

/// A long list of indexes is cut at the first comma after fifty letters.
fn capped(indexes: &str) -> String {
    const LIMIT: usize = 50;
    match indexes.bytes().enumerate().find(|(i, b)| *i >= LIMIT && *b == b',') {
        _ if indexes.is_empty() => "<none>".into(),
        Some((i, _)) => format!("{}...", &indexes[..=i]),
        None => indexes.into(),
    }
}

fn validate(o: &Object, errors: &mut Errors) {
    let spec = Path::root("spec");
    generated(o, &spec, errors);
    job_spec(o.spec(), &spec, errors);
    let selector = o.at("spec.selector");
    if selector.is_null() {
        if !o.uid().is_empty() || o.flag("spec.manualSelector") {
            errors.required(&spec.child("selector"), "");
        }
        return;
    }
    meta::selector(selector, &spec.child("selector"), errors);
    workload::matching(o.spec(), &spec, errors);
    let completions = o.int("spec.completions");
    if o.text("spec.completionMode") == "Indexed" && completions > 0 {
        // Each pod is called after its index.
        let longest = format!("{}-{}", o.name(), completions - 1);
        if !names::dns_label(&longest).is_empty() {
            let why = format!("will not able to create pod with invalid DNS label: {longest}");
            let at = Path::root("metadata").child("name");
            errors.invalid(&at, Value::str(o.name()), &why);
        }
    }
}

/// Labels and selector that the server makes must be the ones that it would make.
fn generated(o: &Object, path: &Path, errors: &mut Errors) {
    if o.flag("spec.manualSelector") || o.at("spec.selector").is_null() || o.uid().is_empty() {
        return;
    }
    let labels = o.at("spec.template.metadata.labels");
    let at = path.child("template").child("metadata").child("labels");
    for (key, value) in [
        ("controller-uid", o.uid()),
        ("job-name", o.name()),
        ("batch.kubernetes.io/controller-uid", o.uid()),
        ("batch.kubernetes.io/job-name", o.name()),
    ] {
        let why = format!("must be '{value}'");
        match labels.get(key).as_str() {
            None => errors.required(&at.key(key), &why),
            Some(other) if other != value => errors.invalid(&at.key(key), labels.clone(), &why),
            _ => {}
        }
    }
    let mut own = Value::map();
    *own.field("batch.kubernetes.io/controller-uid") = Value::str(o.uid());
    if !labels::matches(o.at("spec.selector"), &own) {
        let value = o.at("spec.selector").clone();
        errors.invalid(&path.child("selector"), value, "`selector` not auto-generated");
    }
}

/// What a failed pod does to its job.
fn failure_rule(r: &Value, spec: &Value, path: &Path, errors: &mut Errors) {
    let known = ["Count", "FailIndex", "FailJob", "Ignore"];
    let (action, at) = (r.text("action"), path.child("action"));
    match action {
        "" => errors.required(&at, "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]"),
        "FailIndex" if spec.get("backoffLimitPerIndex").is_null() => {
            errors.invalid(&at, Value::str(action), "requires the backoffLimitPerIndex to be set");
        }
        a if !known.contains(&a) => errors.not_supported(&at, Value::str(a), &known),
        _ => {}
    }
    let (codes, conditions) = (r.get("onExitCodes"), r.get("onPodConditions").items());
    if !codes.is_null() {
        exit_codes(codes, spec, &path.child("onExitCodes"), errors);
    }
    for (j, c) in conditions.iter().enumerate() {
        let at = path.child("onPodConditions").index(j);
        let known = ["False", "True", "Unknown"];
        meta::each(errors, &at.child("type"), c.text("type"), names::qualified(c.text("type")));
        let status = c.text("status");
        if status.is_empty() {
            errors.required(&at.child("status"), "valid values: [\"False\" \"True\" \"Unknown\"]");
        } else if !known.contains(&status) {
            errors.not_supported(&at.child("status"), Value::str(status), &known);
        }
    }
    match (codes.is_null(), conditions.is_empty()) {
        (false, false) => errors.invalid_whole(path, "specifying both OnExitCodes and OnPodConditions is not supported"),
        (true, true) => errors.invalid_whole(path, "specifying one of OnExitCodes and OnPodConditions is required"),
        _ => {}
    }
}

fn exit_codes(c: &Value, spec: &Value, path: &Path, errors: &mut Errors) {
    let (operator, at) = (c.text("operator"), path.child("operator"));
    match operator {
        "" => errors.required(&at, "valid values: [\"In\" \"NotIn\"]"),
        "In" | "NotIn" => {}
        other => errors.not_supported(&at, Value::str(other), &["In", "NotIn"]),
    }
    if let Some(name) = c.get("containerName").as_str() {
        let pod = spec.at("template.spec");
        let mut all = pod.get("containers").items().iter().chain(pod.get("initContainers").items());
        if !all.any(|x| x.text("name") == name) {
            let why = "must be one of the container or initContainer names in the pod template";
            errors.invalid(&path.child("containerName"), Value::str(name), why);
        }
    }
    let (values, at) = (c.get("values").items(), path.child("values"));
    if values.is_empty() {
        errors.invalid(&at, c.get("values").clone(), "at least one value is required");
    } else if values.len() > 255 {
        errors.too_many(&at, values.len(), 255);
    }
    for (i, v) in values.iter().enumerate() {
        if operator == "In" && v.as_i64() == Some(0) {
            errors.invalid(&at.index(i), 0, "must not be 0 for the In operator");
        }
        if values.iter().take(i).any(|o| o == v) {
            errors.duplicate(&at.index(i), v.clone());
        }
    }
    if values.windows(2).any(|w| matches!(w, [a, b] if a.as_i64() > b.as_i64())) {
        errors.invalid(&at, c.get("values").clone(), "must be ordered");
    }
}

/// A job's spec, and that of the jobs that a CronJob makes.
pub fn job_spec(spec: &Value, path: &Path, errors: &mut Errors) {
    for key in [
        "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
        "backoffLimitPerIndex", "maxFailedIndexes",
    ] {
        meta::non_negative(spec.int(key), &path.child(key), errors);
    }
    crate::job_indexes::indexes(spec, path, errors);
    let rules = spec.at("podFailurePolicy.rules").items();
    if rules.len() > 20 {
        let at = path.child("podFailurePolicy").child("rules");
        errors.too_many(&at, rules.len(), 20);
    }
    for (i, r) in rules.iter().enumerate() {
        let at = path.child("podFailurePolicy").child("rules").index(i);
        failure_rule(r, spec, &at, errors);
    }
    crate::job_indexes::success(spec, &path.child("successPolicy"), errors);
    let (has_policy, replace) = (spec.has("podFailurePolicy"), spec.text("podReplacementPolicy"));
    let known: &[&str] = if has_policy { &["Failed"] } else { &["Failed", "TerminatingOrFailed"] };
    if !replace.is_empty() && !known.contains(&replace) {
        errors.not_supported(&path.child("podReplacementPolicy"), Value::str(replace), known);
    }
    let at = path.child("template");
    crate::pod_validate::template(spec.get("template"), &at, errors);
    let (restart, at) = (spec.text("template.spec.restartPolicy"), at.child("spec").child("restartPolicy"));
    if !["OnFailure", "Never"].contains(&restart) {
        errors.required(&at, "valid values: \"OnFailure\", \"Never\"");
    } else if has_policy && restart != "Never" {
        let why = "only \"Never\" is supported when podFailurePolicy is specified";
        errors.invalid(&at, Value::str(restart), why);
    }
}

fn validate_update(new: &Object, old: &Object, errors: &mut Errors) {
    let path = Path::root("spec");
    let (now, was) = (new.spec(), old.spec());
    let elastic = was.text("completionMode") == "Indexed" && now.get("completions") == now.get("parallelism");
    if !elastic {
        meta::immutable(now.get("completions"), was.get("completions"), &path.child("completions"), errors);
    }
    meta::immutable(now.get("selector"), was.get("selector"), &path.child("selector"), errors);
    // A job that has not begun may still change where its pods go.
    let unstarted = was.flag("suspend") && old.at("status.startTime").is_null();
    if !unstarted {
        meta::immutable(now.get("template"), was.get("template"), &path.child("template"), errors);
    }
    for key in ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"] {
        meta::immutable(now.get(key), was.get(key), &path.child(key), errors);
    }
}
