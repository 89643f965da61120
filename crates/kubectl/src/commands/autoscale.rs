//! `kubectl autoscale`: makes a HorizontalPodAutoscaler. Upstream: `kubectl:pkg/cmd/autoscale`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::Cx;
use crate::fail::{self, Fail, text};
use crate::resources::{self, Ask};
use machinery::{Object, Value, value};

pub const COMMAND: Command = Command {
    name: "autoscale",
    group: DEPLOY,
    usage: "(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [--memory=MEMORY] [flags]",
    short: "Auto-scale a deployment, replica set, stateful set, or replication controller",
    examples: &[Example("Between one and four pods, at 70% of the CPU that they ask for", "kubectl autoscale deployment web --min=1 --max=4 --cpu=70%")],
    flags: &[
        &[
            Flag::int32("min", "-1", "The lower limit for the number of pods that can be set by the autoscaler."),
            Flag::int32("max", "-1", "The upper limit for the number of pods that can be set by the autoscaler. Required.").required(),
            Flag::int32("cpu-percent", "-1", "The target average CPU utilization over all the pods.").deprecated("Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU)."),
            Flag::text("cpu", "Target CPU utilization over all the pods, as a percentage or a quantity."),
            Flag::text("memory", "Target memory utilization over all the pods, as a percentage or a quantity."),
            Flag::text("name", "The name for the newly created object."),
        ],
        FILES, OUTPUT, DRY_RUN, RECORD, &manager("kubectl-autoscale"), SAVE_CONFIG,
    ],
    complete: Complete::Kinds(&["deployment", "replicaset", "replicationcontroller", "statefulset"]),
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    let (min, max) = (cx.int("min"), cx.int("max"));
    if max < 1 {
        return Err(text(format!(
            "--max=MAXPODS is required and must be at least 1, max: {max}"
        )));
    }
    if max < min {
        return Err(text(format!(
            "--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {min}"
        )));
    }
    let (infos, mut fails) = resources::read(&cx, &Ask::of(&cx, cx.args())?).await?;
    for info in infos {
        if !info.res.subresources.iter().any(|s| s == "scale") {
            fails.push(text(format!(
                "cannot autoscale a {}: could not find scale subresource for {}, Resource={} in discovery information",
                info.res.kind,
                match info.res.group.as_str() {
                    "" => format!("/{}", info.res.version),
                    _ => info.res.api_version(),
                },
                info.res.plural
            )));
            continue;
        }
        let name = match cx.flag("name") {
            "" => info.name.clone(),
            n => n.to_string(),
        };
        let mut metrics = Vec::new();
        if cx.int("cpu-percent") >= 0 {
            metrics.push(metric("cpu", &format!("{}%", cx.int("cpu-percent")))?);
        }
        for resource in ["cpu", "memory"] {
            if !cx.flag(resource).is_empty() {
                metrics.push(metric(resource, cx.flag(resource))?);
            }
        }
        if metrics.is_empty() {
            // With nothing to measure upstream falls back to the older version, which cannot say that either.
            return Err(text(
                "failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1: empty input",
            ));
        }
        let mut hpa = value!({
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": { "name": name },
            "spec": {
                "maxReplicas": max,
                "metrics": metrics,
                "scaleTargetRef": {
                    "apiVersion": info.res.api_version(), "kind": info.res.kind.clone(),
                    "name": info.name.clone(),
                },
            },
            "status": { "currentMetrics": Value::Null, "desiredReplicas": 0 },
        });
        hpa.remove("status.currentMetrics");
        if min > 0 {
            hpa.set("spec.minReplicas", min);
        }
        if let Err(e) = finish(&cx, Object(hpa)) {
            fails.push(e);
        }
    }
    fail::all(fails)
}

fn metric(resource: &str, target: &str) -> Result<Value, Fail> {
    let bad = || {
        text(format!(
            "invalid {} value: {target}",
            if resource == "cpu" { "CPU" } else { "memory" }
        ))
    };
    let target = match target.strip_suffix('%') {
        Some(p) => {
            value!({ "type": "Utilization", "averageUtilization": p.parse::<i64>().map_err(|_| bad())? })
        }
        None => {
            let q = machinery::quantity::Quantity::parse(target).map_err(|_| bad())?;
            value!({ "type": "AverageValue", "averageValue": q.to_string() })
        }
    };
    Ok(
        value!({ "type": "Resource", "resource": { "name": Value::str(resource), "target": target } }),
    )
}

fn finish(cx: &Cx, object: Object) -> Result<(), Fail> {
    use crate::cx::DryRun;
    let shown = crate::print::Shown::of(cx)?;
    let mut object = crate::change::recorded(cx, &object);
    let ns = cx.namespace()?;
    if cx.dry_run()? != DryRun::Client {
        let res = cx
            .mapper()?
            .of_kind(object.api_version(), object.kind())
            .ok_or_else(|| text("bottleship does not simulate HorizontalPodAutoscaler objects"))?;
        let own = ns.clone();
        object = object.edit(|o| o.set("metadata.namespace", own));
        let name = object.name().to_string();
        let info = resources::Info {
            res,
            namespace: ns,
            name,
            source: String::new(),
            object: object.clone(),
        };
        object = super::create::post(cx, &info, &object, cx.dry_run()?, "kubectl-autoscale")?;
    }
    shown.print(cx, &object, "autoscaled")
}
