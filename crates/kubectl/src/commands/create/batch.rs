//! `create job`, `create cronjob`.

use super::*;
use machinery::value;

pub const JOB: Command = Command {
    name: "job",
    usage: "NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...]",
    short: "Create a job with the specified name",
    examples: &[
        Example(
            "A job",
            "kubectl create job hello --image=busybox -- echo hello",
        ),
        Example(
            "A job from a cron job's template",
            "kubectl create job now --from=cronjob/tick",
        ),
    ],
    flags: &[
        &[
            Flag::text("image", "Image name to run."),
            Flag::text(
                "from",
                "The name of the resource to create a Job from (only cronjob is supported).",
            ),
        ],
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(job(cx)) }),
    ..Command::NONE
};

async fn job(cx: Cx) -> Result<(), Fail> {
    let name = name(&cx)?;
    let (image, from) = (cx.flag("image"), cx.flag("from"));
    let command = cx.args().get(1..).unwrap_or(&[]).to_vec();
    if image.is_empty() == from.is_empty() {
        return Err(text("either --image or --from must be specified"));
    }
    if !from.is_empty() && !command.is_empty() {
        return Err(text("cannot specify --from and command"));
    }
    let object = if from.is_empty() {
        let container = container(&name, image, &command);
        value!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": name },
            "spec": { "template": {
                "metadata": {},
                "spec": { "containers": [container], "restartPolicy": "Never" },
            } },
            "status": {},
        })
    } else {
        of_cron_job(&cx, &name, from).await?
    };
    finish(&cx, Object(object), "failed to create job")
}

fn container(name: &str, image: &str, command: &[String]) -> Value {
    let mut c = value!({ "name": Value::str(name), "image": Value::str(image), "resources": {} });
    if !command.is_empty() {
        c.set("command", command.to_vec());
    }
    c
}

async fn of_cron_job(cx: &Cx, name: &str, from: &str) -> Result<Value, Fail> {
    let words = vec![from.to_string()];
    let ask = Ask {
        words,
        files: Vec::new(),
        kustomize: String::new(),
        ..Ask::of(cx, &[])?
    };
    let found = resources::find(cx, &ask).await?;
    let Some(Target::One(info)) = found.targets.first() else {
        return Err(text("from must be an existing cronjob"));
    };
    let cron = info.fetch(cx)?;
    if info.res.kind != "CronJob" {
        return Err(text(format!(
            "unknown object type {}",
            crate::change::go_type(info)
        )));
    }
    let template = cron.at("spec.jobTemplate");
    let mut annotations = template.at("metadata.annotations").clone();
    *annotations.field("cronjob.kubernetes.io/instantiate") = Value::from("manual");
    let mut owner = cron.owner_reference();
    owner.remove("blockOwnerDeletion");
    let mut object = value!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {
            "name": Value::str(name), "annotations": annotations,
            "ownerReferences": [owner],
        },
        "spec": template.get("spec"),
        "status": {},
    });
    if !template.at("metadata.labels").is_empty() {
        object.set("metadata.labels", template.at("metadata.labels").clone());
    }
    Ok(object)
}

pub const CRON_JOB: Command = Command {
    name: "cronjob",
    aliases: &["cj"],
    usage: "NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...] [flags]",
    short: "Create a cron job with the specified name",
    examples: &[Example(
        "Every five minutes",
        "kubectl create cronjob tick --image=busybox --schedule='*/5 * * * *' -- date",
    )],
    flags: &[
        &[
            Flag::text("image", "Image name to run.").required(),
            Flag::text(
                "schedule",
                "A schedule in the Cron format the job should be run with.",
            )
            .required(),
            Flag::text(
                "restart",
                "job's restart policy. supported values: OnFailure, Never",
            ),
        ],
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(cron_job(cx)) }),
    ..Command::NONE
};

async fn cron_job(cx: Cx) -> Result<(), Fail> {
    let name = name(&cx)?;
    let command = cx.args().get(1..).unwrap_or(&[]).to_vec();
    let restart = match cx.flag("restart") {
        "" => "OnFailure".to_string(),
        r => r.to_string(),
    };
    let container = container(&name, cx.flag("image"), &command);
    let object = value!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": { "name": name.clone() },
        "spec": {
            "schedule": cx.flag("schedule").to_string(),
            "jobTemplate": {
                "metadata": { "name": name },
                "spec": { "template": {
                    "metadata": {},
                    "spec": { "containers": [container], "restartPolicy": restart },
                } },
            },
        },
        "status": {},
    });
    finish(&cx, Object(object), "failed to create cronjob")
}
