//! `create deployment`.

use super::*;
use machinery::value;

pub const COMMAND: Command = Command {
    name: "deployment",
    aliases: &["deploy"],
    usage: "NAME --image=image -- [COMMAND] [args...]",
    short: "Create a deployment with the specified name",
    examples: &[
        Example(
            "A deployment of one pod",
            "kubectl create deployment web --image=nginx",
        ),
        Example(
            "Three replicas",
            "kubectl create deployment web --image=nginx --replicas=3",
        ),
        Example(
            "With a command of its own",
            "kubectl create deployment box --image=busybox -- sleep 1d",
        ),
    ],
    flags: &[
        &[
            Flag::list("image", "Image names to run.").required(),
            Flag::int32(
                "port",
                "-1",
                "The containerPort that this deployment exposes.",
            ),
            Flag::int32("replicas", "1", "Number of replicas to create.").short('r'),
        ],
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    let name = name(&cx)?;
    let images = cx.list("image");
    let command = cx.args().get(1..).unwrap_or(&[]).to_vec();
    if images.len() > 1 && !command.is_empty() {
        return Err(text("cannot specify multiple --image options and command"));
    }
    let mut containers: Vec<Value> = Vec::new();
    for image in &images {
        let base = container_name(image);
        let same = containers.iter().any(|c| c.text("name") == base);
        let own = if same {
            format!("{base}-{}", containers.len())
        } else {
            base
        };
        let mut c = value!({ "name": own, "image": image.clone(), "resources": {} });
        if !command.is_empty() {
            c.set("command", command.clone());
        }
        containers.push(c);
    }
    if cx.int("port") >= 0
        && let Some(first) = containers.first_mut()
    {
        first.set("ports", vec![value!({ "containerPort": cx.int("port") })]);
    }
    let object = value!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": name.clone(), "labels": { "app": name.clone() } },
        "spec": {
            "replicas": cx.int("replicas"),
            "selector": { "matchLabels": { "app": name.clone() } },
            "strategy": {},
            "template": {
                "metadata": { "labels": { "app": name } },
                "spec": { "containers": containers },
            },
        },
        "status": {},
    });
    finish(&cx, Object(object), "failed to create deployment")
}

/// `nginx` of `registry.example/nginx:1.25`: the container's name.
fn container_name(image: &str) -> String {
    let base = image.rsplit('/').next().unwrap_or(image);
    let base = base.split([':', '@']).next().unwrap_or(base);
    base.to_lowercase().replace(['_', '.'], "-")
}
