//! CronJob: makes Jobs by a timetable.
//! Upstream: `kubernetes:pkg/registry/batch/cronjob/strategy.go`.

use crate::meta;
use crate::describe::{Describe, rfc1123, or_unset, flag};
use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::edit::within;
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "batch",
    version: "v1",
    kind: "CronJob",
    plural: "cronjobs",
    singular: "cronjob",
    short: &["cj"],
    categories: &["all"],
    namespaced: true,
    generation: true,
    subresources: &[Subresource::STATUS],
    default,
    prepare_create: |v| v.set("status", Value::map()),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("Schedule"), Column::text("Timezone"), Column::text("Suspend"), Column::int("Active"), Column::text("Last Schedule"), Column::AGE, Column::wide("Containers"), Column::wide("Images"), Column::wide("Selector")],
    cells: row,
    describe,
    validate,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    within(v, "spec", |spec| {
        spec.set_default("concurrencyPolicy", "Allow");
        spec.set_default("suspend", false);
        spec.set_default("successfulJobsHistoryLimit", 3);
        spec.set_default("failedJobsHistoryLimit", 1);
        spec.set_default("jobTemplate.metadata", Value::map());
        within(spec, "jobTemplate", |t| {
            within(t, "spec", |s| crate::pod_defaults::template(s, "template"));
        });
    });
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let job = o.at("spec.jobTemplate.spec");
    let (containers, images) = cells::containers(job.at("template.spec"));
    let last = match o.text("status.lastScheduleTime") {
        "" => "<none>".to_string(),
        t => cells::since(t, cx),
    };
    vec![
        Value::str(o.name()),
        Value::str(o.text("spec.schedule")),
        cells::or_none(o.text("spec.timeZone").to_string()).into(),
        if o.flag("spec.suspend") { "True" } else { "False" }.into(),
        o.at("status.active").items().len().into(),
        last.into(),
        cells::age(o, cx),
        containers.into(),
        images.into(),
        cells::selector(job.get("selector")).into(),
    ]
}

fn describe(o: &Object, d: &mut Describe) {
    let spec = o.spec();
    d.head(o);
    d.labels_and_annotations(o);
    d.line(0, format!("Schedule:\t{}", spec.text("schedule")));
    d.line(0, format!("Concurrency Policy:\t{}", spec.text("concurrencyPolicy")));
    d.line(0, format!("Suspend:\t{}", flag(spec.get("suspend"))));
    d.line(0, format!("Time Zone:\t{}", or_unset(spec.text("timeZone"))));
    let number = |v: &Value, unit: &str| match v.as_i64() {
        Some(n) => format!("{n}{unit}"),
        None => "<unset>".into(),
    };
    for (title, field, unit) in [
        ("Successful Job History Limit", "successfulJobsHistoryLimit", ""),
        ("Failed Job History Limit", "failedJobsHistoryLimit", ""),
        ("Starting Deadline Seconds", "startingDeadlineSeconds", "s"),
    ] {
        d.line(0, format!("{title}:\t{}", number(spec.get(field), unit)));
    }
    let job = spec.at("jobTemplate.spec");
    match job.get("selector") {
        Value::Null => d.line(0, "Selector:\t<unset>"),
        selector => d.line(0, format!("Selector:\t{}", cells::selector(selector))),
    }
    for (title, field) in [("Parallelism", "parallelism"), ("Completions", "completions")] {
        d.line(0, format!("{title}:\t{}", number(job.get(field), "")));
    }
    if !job.get("activeDeadlineSeconds").is_null() {
        d.line(0, format!("Active Deadline Seconds:\t{}s", job.int("activeDeadlineSeconds")));
    }
    crate::pod_describe::template(d, job.get("template"));
    match o.text("status.lastScheduleTime") {
        "" => d.line(0, "Last Schedule Time:\t<unset>"),
        t => d.line(0, format!("Last Schedule Time:\t{}", rfc1123(t))),
    }
    let active: Vec<&str> = o.at("status.active").items().iter().map(|j| j.text("name")).collect();
    d.line(0, format!("Active Jobs:\t{}", cells::or_none(active.join(", "))));
    d.events(o);
}

fn validate(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    let schedule = spec.text("schedule");
    let at = path.child("schedule");
    if schedule.is_empty() {
        errors.required(&at, "");
    } else if schedule.contains("TZ") {
        let why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
        errors.invalid(&at, Value::str(schedule), why);
    } else if let Err(why) = crate::cron::Schedule::parse(schedule) {
        errors.invalid(&at, Value::str(schedule), &why);
    }
    if let Some(zone) = spec.get("timeZone").as_str() {
        let why = match zone {
            "" => Some("timeZone must be nil or non-empty string".to_string()),
            _ if zone.eq_ignore_ascii_case("local") => {
                Some("timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones".to_string())
            }
            _ => crate::zone::find(zone).is_none().then(|| format!("unknown time zone {zone}")),
        };
        if let Some(why) = why {
            errors.invalid(&path.child("timeZone"), Value::str(zone), &why);
        }
    }
    meta::non_negative(spec.int("startingDeadlineSeconds"), &path.child("startingDeadlineSeconds"), errors);
    let known = ["Allow", "Forbid", "Replace"];
    meta::one_of(spec.text("concurrencyPolicy"), &path.child("concurrencyPolicy"), &known, errors);
    let at = path.child("jobTemplate").child("spec");
    let job = spec.at("jobTemplate.spec");
    crate::job::job_spec(job, &at, errors);
    if job.has("selector") {
        let selector = job.get("selector").clone();
        errors.invalid(&at.child("selector"), selector, "`selector` will be auto-generated");
    }
    if job.flag("manualSelector") {
        errors.not_supported(&at.child("manualSelector"), true, &["nil", "false"]);
    }
    for key in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        meta::non_negative(spec.int(key), &path.child(key), errors);
    }
    if o.name().len() > 52 {
        let at = Path::root("metadata").child("name");
        errors.invalid(&at, Value::str(o.name()), "must be no more than 52 characters");
    }
}
