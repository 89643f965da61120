//! What stands for the admission webhooks: their configurations are validated and kept as upstream's are, nothing calls
//! them, and whoever writes one is told so. A dry run keeps nothing, so that there is nothing to tell.
//! Upstream: `apiserver:pkg/admission/plugin/webhook`.

use super::{Ctx, Plugin};
use machinery::{Object, Status};

pub(super) const MUTATING: Plugin = Plugin {
    name: "MutatingAdmissionWebhook",
    resources: &["mutatingwebhookconfigurations"],
    validate: tell,
    ..Plugin::NONE
};

pub(super) const VALIDATING: Plugin = Plugin {
    name: "ValidatingAdmissionWebhook",
    resources: &["validatingwebhookconfigurations"],
    validate: tell,
    ..Plugin::NONE
};

fn tell(ctx: &mut Ctx, o: &Object) -> Result<(), Status> {
    let has_any = !o.get("webhooks").is_empty();
    if has_any && !ctx.call.options.dry_run && !ctx.call.who.is_component() {
        ctx.warnings.push(
            "bottleship does not simulate admission webhooks: the configuration is kept, and nothing calls its webhooks"
                .into(),
        );
    }
    Ok(())
}
