//! What stands for the admission webhooks and for MutatingAdmissionPolicy: their configurations are validated and kept as
//! upstream's are, nothing acts on them, and whoever writes one is told so. A dry run keeps nothing, so that there is
//! nothing to tell. Upstream: `apiserver:pkg/admission/plugin/{webhook,policy/mutating}`.

use super::{Ctx, Plugin};
use machinery::{Object, Status};

pub(super) const MUTATING: Plugin = Plugin {
    name: "MutatingAdmissionWebhook",
    resources: &["mutatingwebhookconfigurations"],
    validate: tell,
    ..Plugin::NONE
};

pub(super) const MUTATING_POLICY: Plugin = Plugin {
    name: "MutatingAdmissionPolicy",
    resources: &[
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
    ],
    validate: |ctx, _| {
        warn(
            ctx,
            "bottleship does not simulate MutatingAdmissionPolicy: the policy is kept, and changes no object",
        );
        Ok(())
    },
    ..Plugin::NONE
};

pub(super) const VALIDATING: Plugin = Plugin {
    name: "ValidatingAdmissionWebhook",
    resources: &["validatingwebhookconfigurations"],
    validate: tell,
    ..Plugin::NONE
};

fn tell(ctx: &mut Ctx, o: &Object) -> Result<(), Status> {
    if !o.get("webhooks").is_empty() {
        warn(
            ctx,
            "bottleship does not simulate admission webhooks: the configuration is kept, and nothing calls its webhooks",
        );
    }
    Ok(())
}

fn warn(ctx: &mut Ctx, text: &str) {
    if !ctx.call.options.dry_run && !ctx.call.who.is_component() {
        ctx.warnings.push(text.to_string());
    }
}
