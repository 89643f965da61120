//! CronJob: makes Jobs by a timetable.
//! Upstream: `kubernetes:pkg/registry/batch/cronjob/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::normal::{normalize, within};
use machinery::{Object, Value};

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
    ..Kind::NONE
};

fn default(v: &mut Value) {
    normalize(v);
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
