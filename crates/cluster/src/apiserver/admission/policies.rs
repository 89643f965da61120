//! ValidatingAdmissionPolicy: rules in CEL on requests, bound to where they hold, with parameters.
//! Upstream: `apiserver:pkg/admission/plugin/policy/{generic,validating}`. Left out: audit annotations and the Audit
//! action (there is no audit log), CONNECT. MutatingAdmissionPolicies are kept as data and do nothing.

use super::Plugin;
use crate::apiserver::rbac::{self, Attributes};
use crate::apiserver::{Call, Verb};
use crate::store::Store;
use kinds::admission_policy as policy;
use machinery::cel::{self, Host, V};
use machinery::{Object, Selector, Status, User, Value, value};

const POLICIES: &str = "validatingadmissionpolicies.admissionregistration.k8s.io";
pub(crate) const BINDINGS: &str = "validatingadmissionpolicybindings.admissionregistration.k8s.io";
/// What all expressions of one policy may cost on one request.
const REQUEST_BUDGET: u64 = 5_000_000;

pub(super) const VALIDATING_POLICY: Plugin = Plugin {
    name: "ValidatingAdmissionPolicy",
    validate: |ctx, o| {
        let old = ctx.old;
        let found = judge(ctx.store(), ctx.call, Some(o), old)?;
        ctx.warnings.extend(found);
        Ok(())
    },
    ..Plugin::NONE
};

/// Holds a request against all policies that are bound; warnings, or why it is denied.
pub(crate) fn judge(
    store: &Store,
    call: &Call,
    new: Option<&Object>,
    old: Option<&Object>,
) -> Result<Vec<String>, Status> {
    let mut warnings = Vec::new();
    // Policies do not hold for themselves, so that nobody is locked out.
    if store.count(BINDINGS) == 0 || call.kind.group == "admissionregistration.k8s.io" {
        return Ok(warnings);
    }
    let request = Asked {
        store,
        call,
        new,
        old,
    };
    for p in store.list(POLICIES, None) {
        if !request.matches(p.at("spec.matchConstraints"), true) {
            continue;
        }
        let bound = |b: &&Object| b.text("spec.policyName") == p.name();
        for b in store.list(BINDINGS, None).filter(bound) {
            if !request.matches(b.at("spec.matchResources"), false) {
                continue;
            }
            for (why, reason) in request.findings(p, b) {
                apply(&request, p, b, &why, reason, &mut warnings)?;
            }
        }
    }
    Ok(warnings)
}

/// What a binding does with a finding. A policy that could not be configured is denied whatever the actions.
fn apply(
    request: &Asked,
    p: &Object,
    b: &Object,
    why: &str,
    reason: Option<&str>,
    warnings: &mut Vec<String>,
) -> Result<(), Status> {
    let names = format!("'{}' with binding '{}'", p.name(), b.name());
    let does = |action: &str| {
        let list = b.at("spec.validationActions").items();
        list.iter().any(|a| a.as_str() == Some(action))
    };
    if does("Warn") && reason.is_some() {
        warnings.push(format!(
            "Validation failed for ValidatingAdmissionPolicy {names}: {why}"
        ));
    }
    if !does("Deny") && reason.is_some() {
        return Ok(());
    }
    let why = format!("ValidatingAdmissionPolicy {names} denied request: {why}");
    let mut status = request.call.forbidden(&request.call.name, &why);
    (status.code, status.reason) = match reason.unwrap_or("") {
        "Forbidden" => (403, "Forbidden"),
        "RequestEntityTooLarge" => (413, "RequestEntityTooLarge"),
        _ => (422, "Invalid"),
    };
    let cause = value!({ "message": Value::from(why) });
    status.details.set("causes", vec![cause]);
    Err(status)
}

/// One request, as policies see it.
struct Asked<'a> {
    store: &'a Store,
    call: &'a Call,
    new: Option<&'a Object>,
    old: Option<&'a Object>,
}

impl Asked<'_> {
    fn operation(&self) -> &'static str {
        match (self.call.verb, self.old) {
            (Verb::Delete, _) => "DELETE",
            (_, Some(_)) => "UPDATE",
            _ => "CREATE",
        }
    }

    fn namespace(&self) -> Option<&Object> {
        let own = self.call.kind.plural == "namespaces" && self.call.kind.group.is_empty();
        match own || self.call.namespace.is_empty() {
            true => None,
            false => self.store.get("namespaces", "", &self.call.namespace),
        }
    }

    /// `matchConstraints` of a policy (whose rules must name the request), or `matchResources` of a binding.
    fn matches(&self, m: &Value, must: bool) -> bool {
        let fits = |selector: &Value, labels: &Value| {
            let s = Selector::of_object_lossy(selector);
            selector.is_null() || s.is_everything() || s.matches(labels.entries())
        };
        let own = self.call.kind.plural == "namespaces" && self.call.kind.group.is_empty();
        let namespace = match own {
            true => self.new.or(self.old),
            false => self.namespace(),
        };
        if let Some(ns) = namespace
            && !fits(m.get("namespaceSelector"), ns.at("metadata.labels"))
        {
            return false;
        }
        let selector = m.get("objectSelector");
        let labels =
            |o: Option<&Object>| o.is_some_and(|o| fits(selector, o.at("metadata.labels")));
        if !selector.is_null() && !labels(self.new) && !labels(self.old) {
            return false;
        }
        let named = |key: &str| m.get(key).items().iter().any(|r| self.named(r));
        let rules = m.get("resourceRules").items();
        !named("excludeResourceRules") && (named("resourceRules") || (rules.is_empty() && !must))
    }

    fn named(&self, rule: &Value) -> bool {
        let kind = self.call.kind;
        let has = |key: &str, wanted: &str| {
            let list = rule.get(key).items();
            list.iter()
                .any(|v| matches!(v.as_str(), Some(x) if x == "*" || x == wanted))
        };
        let names = rule.get("resourceNames").items();
        let scope = match rule.text("scope") {
            "Cluster" => !kind.namespaced,
            "Namespaced" => kind.namespaced,
            _ => true,
        };
        let sub = self.call.subresource.as_str();
        let resource = |r: &str| match r.split_once('/') {
            Some((r, s)) => (r == "*" || r == kind.plural) && (s == "*" || s == sub),
            None => sub.is_empty() && (r == "*" || r == kind.plural),
        };
        let mut resources = rule
            .get("resources")
            .items()
            .iter()
            .filter_map(Value::as_str);
        has("operations", self.operation())
            && has("apiGroups", kind.group)
            // A rule for another version of the kind fits too (`matchPolicy: Equivalent`).
            && !rule.get("apiVersions").is_empty()
            && scope
            && resources.any(resource)
            && (names.is_empty() || names.iter().any(|n| n.as_str() == Some(&self.call.name)))
    }

    /// What a policy finds wrong: why, and the reason that it gives (none where it could not be configured).
    fn findings(&self, p: &Object, b: &Object) -> Vec<(String, Option<&'static str>)> {
        let fails = p.text("spec.failurePolicy") != "Ignore";
        let mut out = Vec::new();
        let params = match self.params(p.at("spec.paramKind"), b.at("spec.paramRef")) {
            Ok(params) => params,
            Err(why) if fails => {
                return vec![(format!("failed to configure binding: {why}"), None)];
            }
            Err(_) => return out,
        };
        for param in params {
            match self.evaluate(p.spec(), &param) {
                Ok(found) => out.extend(found),
                Err(why) if fails => out.push((why, Some("Invalid"))),
                Err(_) => {}
            }
        }
        out
    }

    /// The objects that a binding names as parameters; null where the policy takes none.
    fn params(&self, kind: &Value, at: &Value) -> Result<Vec<Value>, String> {
        if kind.is_null() || at.is_null() {
            return Ok(vec![Value::Null]);
        }
        let (version, name) = (kind.text("apiVersion"), kind.text("kind"));
        let group = version.split_once('/').map_or("", |(g, _)| g);
        let unknown = || format!("paramKind kind `{version}, Kind={name}` not known");
        let custom = self
            .store
            .list("customresourcedefinitions.apiextensions.k8s.io", None)
            .find(|c| c.text("spec.group") == group && c.text("spec.names.kind") == name);
        let (resource, namespaced) = match (kinds::of(version, name), custom) {
            (Some(k), _) => (k.resource(), k.namespaced),
            (_, Some(c)) => (c.name().to_string(), c.text("spec.scope") != "Cluster"),
            _ => return Err(unknown()),
        };
        let wanted = at.text("namespace");
        let namespace = match (namespaced, wanted) {
            (true, "") if self.call.namespace.is_empty() => {
                return Err("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources".into());
            }
            (true, "") => self.call.namespace.as_str(),
            (false, ns) if !ns.is_empty() => {
                return Err(
                    "paramRef.namespace must not be provided for a cluster-scoped `paramKind`"
                        .into(),
                );
            }
            (_, ns) => ns,
        };
        let list: Vec<Value> = match at.text("name") {
            "" => {
                let s = Selector::of_object_lossy(at.get("selector"));
                let all = self
                    .store
                    .list(&resource, Some(namespace).filter(|_| namespaced));
                all.filter(|o| s.matches(o.labels()))
                    .map(|o| o.0.clone())
                    .collect()
            }
            name => self
                .store
                .get(&resource, namespace, name)
                .map(|o| o.0.clone())
                .into_iter()
                .collect(),
        };
        if list.is_empty() && at.text("parameterNotFoundAction") == "Deny" {
            return Err(
                "no params found for policy binding with `Deny` parameterNotFoundAction".into(),
            );
        }
        Ok(list)
    }

    /// Runs a policy's expressions; what they deny.
    fn evaluate(
        &self,
        spec: &Value,
        param: &Value,
    ) -> Result<Vec<(String, Option<&'static str>)>, String> {
        let (params, known) = (!spec.get("paramKind").is_null(), policy::known(spec));
        let types = policy::variables(params, true, &known);
        let host = Authorizer(self);
        let whole = |o: Option<&Object>| o.map_or(V::Null, |o| V::of(&o.0));
        let request = self.request();
        let own = request.get("resource");
        let resource = value!({
            "group": own.get("group").clone(), "resource": own.get("resource").clone(), "subresource": request.get("subResource").clone(),
            "namespace": request.get("namespace").clone(), "name": request.get("name").clone(),
        });
        let mut vars = vec![
            ("object", whole(self.new)),
            ("oldObject", whole(self.old)),
            ("namespaceObject", whole(self.namespace())),
            ("request", V::of(&request)),
            ("params", V::of(param)),
            ("authorizer", cel::authorizer(None)),
            (
                "authorizer.requestResource",
                cel::authorizer(Some(resource)),
            ),
        ];
        let mut budget = REQUEST_BUDGET;
        for c in spec.get("matchConditions").items() {
            let text = c.text("expression").trim();
            match run(text, &types, &vars, &host, &mut budget)? {
                V::Bool(true) => {}
                _ => return Ok(Vec::new()),
            }
        }
        let mut values: Vec<(String, Result<V, String>)> = Vec::new();
        for v in spec.get("variables").items() {
            vars.push(("variables", V::Named(values.clone().into())));
            let types =
                policy::variables(params, true, known.get(..values.len()).unwrap_or_default());
            let got = policy::compile(v.text("expression"), &types, &[])
                .and_then(|p| p.eval(&vars, &host, &mut cel::CALL_BUDGET.min(budget)));
            vars.pop();
            values.push((v.text("name").to_string(), got));
        }
        vars.push(("variables", V::Named(values.into())));
        let mut out = Vec::new();
        for v in spec.get("validations").items() {
            match run(v.text("expression"), &types, &vars, &host, &mut budget) {
                Ok(V::Bool(true)) => {}
                Ok(_) => out.push((told(v, &types, &vars, &host), Some(reason(v)))),
                Err(why) if spec.text("failurePolicy") != "Ignore" => {
                    out.push((why, Some("Invalid")))
                }
                Err(_) => {}
            }
        }
        Ok(out)
    }

    /// `request`: what is asked, by whom.
    fn request(&self) -> Value {
        let (kind, user) = (self.call.kind, self.call.who.user());
        let group = || (kind.group, kind.version);
        let triple = |key: &'static str, last: &'static str| {
            let (g, v) = group();
            let mut out = value!({ "group": g, "version": v });
            out.set(key, last);
            out
        };
        let groups: Vec<Value> = user.groups.iter().map(|g| Value::str(g)).collect();
        value!({
            "kind": triple("kind", kind.kind), "resource": triple("resource", kind.plural),
            "requestKind": triple("kind", kind.kind), "requestResource": triple("resource", kind.plural),
            "subResource": self.call.subresource.clone(), "requestSubResource": self.call.subresource.clone(),
            "name": self.call.name.clone(), "namespace": self.call.namespace.clone(), "operation": self.operation(),
            "userInfo": { "username": Value::from(user.name), "uid": "", "groups": Value::from(groups), "extra": {} },
            "dryRun": self.call.options.dry_run, "options": {},
        })
    }
}

fn run(
    text: &str,
    types: &[(&'static str, cel::T)],
    vars: &[(&str, V)],
    host: &dyn Host,
    budget: &mut u64,
) -> Result<V, String> {
    let limit = cel::CALL_BUDGET.min(*budget);
    let mut left = limit;
    let out = policy::compile(text, types, &[]).and_then(|p| p.eval(vars, host, &mut left));
    *budget -= limit - left;
    out.map_err(|why| format!("expression '{text}' resulted in error: {why}"))
}

/// The message of a validation that failed: its expression's, its own, or the expression itself.
fn told(
    v: &Value,
    types: &[(&'static str, cel::T)],
    vars: &[(&str, V)],
    host: &dyn Host,
) -> String {
    let text = v.text("messageExpression");
    let made = match text.is_empty() {
        true => String::new(),
        false => match run(text, types, vars, host, &mut { cel::CALL_BUDGET }) {
            Ok(V::Str(s)) if !s.trim().contains('\n') => s.trim().to_string(),
            _ => String::new(),
        },
    };
    match (made.is_empty(), v.text("message").trim()) {
        (false, _) => made,
        (_, "") => format!("failed expression: {}", v.text("expression").trim()),
        (_, message) => message.to_string(),
    }
}

fn reason(v: &Value) -> &'static str {
    match v.text("reason") {
        "Forbidden" => "Forbidden",
        "RequestEntityTooLarge" => "RequestEntityTooLarge",
        _ => "Invalid",
    }
}

/// `authorizer` in expressions: RBAC, asked for who makes the request or for a service account.
struct Authorizer<'a>(&'a Asked<'a>);

impl Host for Authorizer<'_> {
    fn authorized(&self, asked: &Value) -> (bool, String) {
        let user = match asked.text("user") {
            "" => self.0.call.who.user(),
            name => User::new(name, &[]),
        };
        let text = |key: &str| asked.text(key).to_string();
        let a = Attributes {
            verb: text("verb"),
            group: text("group"),
            resource: text("resource"),
            subresource: text("subresource"),
            name: text("name"),
            namespace: text("namespace"),
            fields: String::new(),
            path: asked.get("path").as_str().map(str::to_string),
        };
        let d = rbac::decide(self.0.store, &rbac::authenticate(user), &a);
        (d.allowed, d.reason)
    }
}
