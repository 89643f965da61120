//! Default classes, and the finalizers that keep volumes in use. Upstream:
//! `kubernetes:plugin/pkg/admission/storage/*`, `plugin/pkg/admission/network/defaultingressclass`.

use super::{Ctx, Plugin};
use crate::store::Store;
use machinery::Arrange;
use machinery::{Object, Status, Value};

pub(super) const DEFAULT_STORAGE_CLASS: Plugin = Plugin {
    name: "DefaultStorageClass",
    resources: &["persistentvolumeclaims"],
    mutate: storage_class,
    ..Plugin::NONE
};
pub(super) const OBJECT_IN_USE_PROTECTION: Plugin = Plugin {
    name: "StorageObjectInUseProtection",
    resources: &["persistentvolumeclaims", "persistentvolumes"],
    mutate: protection,
    ..Plugin::NONE
};
pub(super) const CLAIM_RESIZE: Plugin = Plugin {
    name: "PersistentVolumeClaimResize",
    resources: &["persistentvolumeclaims"],
    validate: resize,
    ..Plugin::NONE
};
pub(super) const DEFAULT_INGRESS_CLASS: Plugin = Plugin {
    name: "DefaultIngressClass",
    resources: &["ingresses"],
    mutate: ingress_class,
    ..Plugin::NONE
};

const STORAGE_CLASSES: &str = "storageclasses.storage.k8s.io";

/// Of several default classes the newest counts, then the first by name.
fn default_class(store: &Store, resource: &str, annotations: &[&str]) -> Vec<Object> {
    let is_default = |o: &&Object| annotations.iter().any(|a| o.annotation(a) == Some("true"));
    let mut found: Vec<Object> = store
        .list(resource, None)
        .filter(is_default)
        .cloned()
        .collect();
    found.arrange_by(|a, b| {
        b.created()
            .cmp(&a.created())
            .then_with(|| a.name().cmp(b.name()))
    });
    found
}

fn storage_class(ctx: &mut Ctx, v: &mut Value) -> Result<(), Status> {
    let old_way = v
        .at("metadata.annotations")
        .has("volume.beta.kubernetes.io/storage-class");
    if !ctx.is_create() || old_way || !v.at("spec.storageClassName").is_null() {
        return Ok(());
    }
    if let Some(class) = default_storage_class(ctx.store()) {
        v.set("spec.storageClassName", Value::str(class.name()));
    }
    Ok(())
}

/// The class of claims that name none.
pub(crate) fn default_storage_class(store: &Store) -> Option<Object> {
    const MARKS: &[&str] = &[
        "storageclass.kubernetes.io/is-default-class",
        "storageclass.beta.kubernetes.io/is-default-class",
    ];
    let mut found = default_class(store, STORAGE_CLASSES, MARKS).into_iter();
    found.next()
}

fn protection(ctx: &mut Ctx, v: &mut Value) -> Result<(), Status> {
    let finalizer = match ctx.call.kind.plural {
        "persistentvolumes" => "kubernetes.io/pv-protection",
        _ => "kubernetes.io/pvc-protection",
    };
    let there = v
        .at("metadata.finalizers")
        .items()
        .iter()
        .any(|f| f.as_str() == Some(finalizer));
    if ctx.is_create() && !there {
        v.place("metadata.finalizers").push(finalizer);
    }
    Ok(())
}

fn resize(ctx: &mut Ctx, o: &Object) -> Result<(), Status> {
    let Some(old) = ctx.old else { return Ok(()) };
    let size = |o: &Object| {
        kinds::quantity::parse(o.text("spec.resources.requests.storage")).map_or(0, |q| q.0)
    };
    if size(o) <= size(old) {
        return Ok(());
    }
    if old.text("status.phase") != "Bound" {
        return Err(ctx.forbidden(o, "Only bound persistent volume claims can be expanded"));
    }
    let class = ctx
        .store()
        .get(STORAGE_CLASSES, "", o.text("spec.storageClassName"));
    if class.is_some_and(|c| c.flag("allowVolumeExpansion")) {
        return Ok(());
    }
    Err(ctx.forbidden(
        o,
        "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
    ))
}

fn ingress_class(ctx: &mut Ctx, v: &mut Value) -> Result<(), Status> {
    let named = !v.at("spec.ingressClassName").is_null()
        || v.at("metadata.annotations")
            .has("kubernetes.io/ingress.class");
    if !ctx.is_create() || named {
        return Ok(());
    }
    let found = default_class(
        ctx.store(),
        "ingressclasses.networking.k8s.io",
        &["ingressclass.kubernetes.io/is-default-class"],
    );
    if found.len() > 1 {
        let why = format!(
            "{} default IngressClasses were found, only 1 allowed",
            found.len()
        );
        return Err(ctx.forbidden(v, &why));
    }
    if let Some(class) = found.first() {
        v.set("spec.ingressClassName", Value::str(class.name()));
    }
    Ok(())
}
