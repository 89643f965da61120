//! `create quota`, `create poddisruptionbudget`, `create priorityclass`.

use super::*;
use machinery::value;

pub const QUOTA: Command = Command {
    name: "quota",
    aliases: &["resourcequota"],
    usage: "NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [--dry-run=server|client|none]",
    short: "Create a quota with the specified name",
    examples: &[Example(
        "Limit the pods of a namespace",
        "kubectl create quota small --hard=pods=5,cpu=2",
    )],
    flags: &[
        &[
            Flag::text(
                "hard",
                "A comma-delimited set of resource=quantity pairs that define a hard limit.",
            ),
            Flag::text(
                "scopes",
                "A comma-delimited set of quota scopes that must all match each object tracked by the quota.",
            ),
        ],
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(quota(cx)) }),
    ..Command::NONE
};

async fn quota(cx: Cx) -> Result<(), Fail> {
    let mut object = value!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": { "name": name(&cx)? },
        "spec": {}, "status": {},
    });
    if cx.given("hard") {
        object.set("spec.hard", quantities_or(cx.flag("hard"), "Invalid")?);
    }
    if cx.given("scopes") {
        let scopes: Vec<String> = cx.flag("scopes").split(',').map(str::to_string).collect();
        object.set("spec.scopes", scopes);
    }
    finish(&cx, Object(object), "failed to create quota")
}

/// `cpu=2,pods=5` as a map of quantities.
pub fn quantities(spec: &str) -> Result<Value, Fail> {
    quantities_or(spec, "invalid")
}

/// `create quota` and `set resources` begin their refusal otherwise.
pub fn quantities_or(spec: &str, invalid: &str) -> Result<Value, Fail> {
    let mut out = Value::map();
    for pair in spec.split(',') {
        let (k, v) = pair.split_once('=').ok_or_else(|| {
            text(format!(
                "{invalid} argument syntax {pair}, expected <resource>=<value>"
            ))
        })?;
        let q = machinery::quantity::Quantity::parse(v)
            .map_err(|_| text("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"))?;
        *out.field(k) = Value::from(q.to_string());
    }
    Ok(out)
}

pub const PDB: Command = Command {
    name: "poddisruptionbudget",
    aliases: &["pdb"],
    usage: "NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none]",
    short: "Create a pod disruption budget with the specified name",
    examples: &[Example(
        "Keep half of the pods",
        "kubectl create pdb web --selector=app=web --min-available=50%",
    )],
    flags: &[
        &[
            Flag::text(
                "min-available",
                "The minimum number or percentage of available pods this budget requires.",
            ),
            Flag::text(
                "max-unavailable",
                "The maximum number or percentage of unavailable pods this budget requires.",
            ),
            Flag::text("selector", "A label selector to use for this budget."),
        ],
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(pdb(cx)) }),
    ..Command::NONE
};

async fn pdb(cx: Cx) -> Result<(), Fail> {
    let name = name(&cx)?;
    let (min, max, selector) = (
        cx.flag("min-available"),
        cx.flag("max-unavailable"),
        cx.flag("selector"),
    );
    if selector.is_empty() {
        return Err(text("a selector must be specified"));
    }
    if min.is_empty() && max.is_empty() {
        return Err(text(
            "one of min-available or max-unavailable must be specified",
        ));
    }
    if !min.is_empty() && !max.is_empty() {
        return Err(text(
            "min-available and max-unavailable cannot be both specified",
        ));
    }
    let mut object = value!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": { "name": name },
        "spec": { "selector": crate::parts::label_selector(selector)? },
        "status": { "currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0 },
    });
    for (flag, given) in [("min-available", min), ("max-unavailable", max)] {
        let digits = given.strip_suffix('%').unwrap_or(given);
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(text(format!("invalid format specified for {flag}")));
        }
    }
    if !min.is_empty() {
        object.set("spec.minAvailable", crate::parts::int_or_text(min));
    }
    if !max.is_empty() {
        object.set("spec.maxUnavailable", crate::parts::int_or_text(max));
    }
    finish(&cx, Object(object), "failed to create poddisruptionbudgets")
}

pub const PRIORITY_CLASS: Command = Command {
    name: "priorityclass",
    aliases: &["pc"],
    usage: "NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none]",
    short: "Create a priority class with the specified name",
    examples: &[Example(
        "A priority class",
        "kubectl create priorityclass high --value=1000",
    )],
    flags: &[
        &[
            Flag::int32("value", "0", "The value of this priority class."),
            Flag::bool(
                "global-default",
                "Specifies whether this PriorityClass should be considered as the default priority.",
            ),
            Flag::text(
                "description",
                "Describes guidelines on when this priority class should be used.",
            ),
            Flag::text(
                "preemption-policy",
                "The policy for preempting pods with lower priority.",
            )
            .or("PreemptLowerPriority"),
        ],
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(priority_class(cx)) }),
    ..Command::NONE
};

async fn priority_class(cx: Cx) -> Result<(), Fail> {
    let mut object = value!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
        "metadata": { "name": name(&cx)? },
        "preemptionPolicy": cx.flag("preemption-policy").to_string(),
        "value": cx.int("value"),
    });
    if cx.given("description") {
        object.set("description", cx.flag("description").to_string());
    }
    if cx.on("global-default") {
        object.set("globalDefault", true);
    }
    finish(&cx, Object(object), "failed to create priorityclass")
}
