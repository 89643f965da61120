//! Changing objects that are there: read, edit, send the difference. What `label`, `set`, `rollout` and others share.

use crate::cx::{Cx, DryRun, Inner};
use crate::fail::Fail;
use crate::resources::Info;
use machinery::{Object, PatchType, Value, patch};

/// The patch from one version to another, with merge keys where the kind has them.
pub fn between(before: &Object, after: &Object) -> (Value, PatchType) {
    match kinds::of(before.api_version(), before.kind()) {
        Some(_) => {
            let patch = patch::two_way(&before.0, &after.0);
            (patch, PatchType::Strategic)
        }
        None => {
            let patch = patch::two_way_merge(&before.0, &after.0);
            (patch, PatchType::Merge)
        }
    }
}

/// Sends a patch; a dry run of the client sends none.
pub fn send(
    cx: &Cx,
    info: &Info,
    patch: Value,
    kind: PatchType,
    manager: &str,
) -> Result<Object, Fail> {
    let manager = match cx.flag("field-manager") {
        "" => manager,
        given => given,
    };
    let mut request = Inner::patch_request(&info.path(), kind, patch).with("fieldManager", manager);
    if cx.dry_run()? == DryRun::Server {
        request = request.with("dryRun", "All");
    }
    cx.ask(request).map(Object)
}

/// Sends what differs between the object as read and as wanted, with the note of `--record`. None if nothing does.
pub fn update(cx: &Cx, info: &Info, after: &Object, manager: &str) -> Result<Option<Object>, Fail> {
    let (patch, _) = between(&info.object, after);
    if patch.is_empty() {
        return Ok(None);
    }
    let after = recorded(cx, after);
    if cx.dry_run()? == DryRun::Client {
        return Ok(Some(after));
    }
    let (patch, kind) = between(&info.object, &after);
    send(cx, info, patch, kind, manager).map(Some)
}

/// What kubectl calls the type of a kind that it knows: `*v1.Service`.
pub fn go_type(info: &Info) -> String {
    match kinds::of(&info.res.api_version(), &info.res.kind) {
        Some(_) => format!("*{}.{}", info.res.version, info.res.kind),
        None => "*unstructured.Unstructured".into(),
    }
}

/// With the annotation of `--record`, if that was given.
pub fn recorded(cx: &Cx, object: &Object) -> Object {
    match cx.on("record") {
        true => crate::commands::create::recorded(cx, object),
        false => object.clone(),
    }
}

/// Where a kind keeps its pod template; None for kinds without one.
pub fn template_path(object: &Object) -> Option<&'static str> {
    match object.kind() {
        "Pod" => Some(""),
        "CronJob" => Some("spec.jobTemplate.spec.template"),
        _ if object.spec().has("template") => Some("spec.template"),
        _ => None,
    }
}

/// The path of the pod spec.
pub fn pod_spec_path(object: &Object) -> Option<String> {
    template_path(object).map(|p| match p {
        "" => "spec".to_string(),
        p => format!("{p}.spec"),
    })
}
