//! `create namespace`, `create serviceaccount`, `create token`.

use super::*;
use machinery::value;

pub const NAMESPACE: Command = Command {
    name: "namespace",
    aliases: &["ns"],
    usage: "NAME [--dry-run=server|client|none] [options]",
    short: "Create a namespace with the specified name",
    examples: &[Example(
        "Create a namespace",
        "kubectl create namespace lab",
    )],
    flags: GENERATOR,
    run: Some(|cx| -> Run { Box::pin(namespace(cx)) }),
    ..Command::NONE
};

async fn namespace(cx: Cx) -> Result<(), Fail> {
    let object = value!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name(&cx)? },
        "spec": {}, "status": {},
    });
    finish(&cx, Object(object), "")
}

pub const SERVICE_ACCOUNT: Command = Command {
    name: "serviceaccount",
    aliases: &["sa"],
    usage: "NAME [--dry-run=server|client|none] [options]",
    short: "Create a service account with the specified name",
    examples: &[Example(
        "Create a service account",
        "kubectl create serviceaccount robot",
    )],
    flags: GENERATOR,
    run: Some(|cx| -> Run { Box::pin(service_account(cx)) }),
    ..Command::NONE
};

async fn service_account(cx: Cx) -> Result<(), Fail> {
    let object = Object::new("v1", "ServiceAccount", "", &name(&cx)?);
    finish(&cx, object, "failed to create serviceaccount")
}

pub const TOKEN: Command = Command {
    name: "token",
    usage: "SERVICE_ACCOUNT_NAME",
    short: "Request a service account token",
    examples: &[Example(
        "Ask for a token of a service account",
        "kubectl create token robot",
    )],
    flags: &[
        OUTPUT,
        &[
            Flag::array("audience", "Audience of the requested token."),
            Flag::duration("duration", "0s", "Requested lifetime of the issued token."),
            Flag::text(
                "bound-object-kind",
                "Kind of an object to bind the token to.",
            ),
            Flag::text(
                "bound-object-name",
                "Name of an object to bind the token to.",
            ),
            Flag::text("bound-object-uid", "UID of an object to bind the token to."),
        ],
    ],
    run: Some(|cx| -> Run { Box::pin(token(cx)) }),
    ..Command::NONE
};

async fn token(cx: Cx) -> Result<(), Fail> {
    let account = name(&cx)?;
    let ns = cx.namespace()?;
    let mut body = value!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "metadata": {}, "spec": {},
    });
    if cx.millis("duration") > 0 {
        body.set("spec.expirationSeconds", cx.millis("duration") / 1000);
    }
    if cx.given("audience") {
        body.set("spec.audiences", cx.list("audience"));
    }
    let bound = cx.flag("bound-object-kind");
    if !bound.is_empty() {
        let version = match bound {
            "Pod" | "Secret" | "Node" => "v1",
            _ => {
                return Err(text(
                    "supported --bound-object-kind values are Node, Pod, Secret",
                ));
            }
        };
        if cx.flag("bound-object-name").is_empty() {
            return Err(text(
                "--bound-object-name is required if --bound-object-kind is provided",
            ));
        }
        body.set("spec.boundObjectRef", value!({
            "apiVersion": version, "kind": Value::str(bound),
            "name": Value::str(cx.flag("bound-object-name")), "uid": Value::str(cx.flag("bound-object-uid")),
        }));
    } else if cx.given("bound-object-name") || cx.given("bound-object-uid") {
        let flag = if cx.given("bound-object-name") {
            "name"
        } else {
            "uid"
        };
        return Err(text(format!(
            "--bound-object-{flag} can only be set if --bound-object-kind is provided"
        )));
    }
    let path = format!("/api/v1/namespaces/{ns}/serviceaccounts/{account}/token");
    let answer = cx
        .post(&path, body)
        .map_err(|e| e.wrap("failed to create token"))?;
    if cx.flag("output").is_empty() {
        cx.line(answer.text("status.token"));
        return Ok(());
    }
    Shown::of(&cx)?.print(&cx, &Object(answer), "created")
}
