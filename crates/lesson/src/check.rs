//! What a step asks: declarative, and evaluated on every change. Any route that reaches the state counts.
//!
//! ```yaml
//! - { object: deployment/web, path: status.readyReplicas, equals: 3 }   # also: in: [a, b], atLeast: 2, exists: true, not: x
//! - { count: pods, selector: app=web, path: status.phase, is: Running, equals: 3 }
//! - { absent: pod/nginx-pod }
//! - { ran: kubectl get pods }                 # typed since the step began; words in this order, other words between
//! - { reached: "http://localhost:3333" }      # a request that got an answer, whoever sent it
//! - { event: BackOff, about: pod/web }        # `about` may be the beginning of a name
//! ```

use machinery::{Object, Value};

/// What a check looks at.
pub trait Look {
    /// `deployment/web` (in the lesson's namespace) or `-n NS` form `NS:deployment/web`.
    fn get(&self, namespace: &str, kind: &str, name: &str) -> Option<Object>;
    fn list(&self, namespace: &str, kind: &str, selector: &str) -> Vec<Object>;
    /// Command lines that were run since the step began, oldest first.
    fn typed(&self) -> &[Typed];
    /// Addresses that answered since the step began.
    fn reached(&self) -> &[String];
}

/// One command line that ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed {
    pub line: String,
    pub status: i32,
}

/// What a check found: met or not, and both sides for the sentence that says so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finding {
    pub met: bool,
    pub have: String,
    pub want: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    pub namespace: String,
    pub asks: Asks,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Asks {
    Object {
        kind: String,
        name: String,
        path: String,
        test: Test,
    },
    Count {
        kind: String,
        selector: String,
        path: String,
        is: Option<Value>,
        test: Test,
    },
    Absent {
        kind: String,
        name: String,
    },
    Ran {
        alternatives: Vec<Vec<String>>,
    },
    Reached {
        url: String,
    },
    Event {
        reason: String,
        kind: String,
        name: String,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Equals(Value),
    In(Vec<Value>),
    Not(Value),
    AtLeast(i64),
    Exists,
}

fn shown(v: &Value) -> String {
    match v {
        Value::Null => "-".into(),
        Value::Str(s) => s.to_string(),
        other => machinery::json::print(other),
    }
}

impl Test {
    fn holds(&self, v: &Value) -> bool {
        match self {
            Test::Equals(want) => v == want || (v.is_null() && want.as_i64() == Some(0)),
            Test::In(all) => all.contains(v),
            Test::Not(bad) => v != bad && !v.is_null(),
            Test::AtLeast(n) => v.as_i64().unwrap_or(0) >= *n,
            Test::Exists => !v.is_null(),
        }
    }
    fn wanted(&self) -> String {
        match self {
            Test::Equals(v) => shown(v),
            Test::In(all) => all.iter().map(shown).collect::<Vec<_>>().join(" | "),
            Test::Not(v) => format!("≠ {}", shown(v)),
            Test::AtLeast(n) => format!("≥ {n}"),
            Test::Exists => "✓".into(),
        }
    }
    fn read(v: &Value) -> Result<Test, String> {
        let present = |key: &str| v.has(key);
        if present("equals") {
            Ok(Test::Equals(v.get("equals").clone()))
        } else if present("in") {
            Ok(Test::In(v.get("in").items().to_vec()))
        } else if present("not") {
            Ok(Test::Not(v.get("not").clone()))
        } else if present("atLeast") {
            Ok(Test::AtLeast(v.int("atLeast")))
        } else if present("exists") {
            Ok(Test::Exists)
        } else {
            Err(format!(
                "a check needs one of equals, in, not, atLeast, exists: {v:?}"
            ))
        }
    }
}

/// `deployment/web` → its parts.
fn reference(s: &str) -> Result<(String, String), String> {
    s.split_once('/')
        .map(|(k, n)| (k.to_string(), n.to_string()))
        .ok_or(format!("not KIND/NAME: {s:?}"))
}

/// The value at a path with list items chosen by index or by `[key=value]`: `status.conditions[type=Ready].status`.
pub fn at<'a>(v: &'a Value, path: &str) -> &'a Value {
    let mut here = v;
    for part in path.split('.').filter(|p| !p.is_empty()) {
        let (key, choice) = part
            .split_once('[')
            .map_or((part, ""), |(k, c)| (k, c.trim_end_matches(']')));
        if !key.is_empty() {
            here = here.get(key);
        }
        if choice.is_empty() {
            continue;
        }
        here = match choice.split_once('=') {
            Some((k, want)) => here
                .items()
                .iter()
                .find(|i| i.text(k) == want)
                .unwrap_or(machinery::NULL),
            None => choice
                .parse::<usize>()
                .ok()
                .and_then(|i| here.items().get(i))
                .unwrap_or(machinery::NULL),
        };
    }
    here
}

/// Words that mean the same, so that `k get po` is `kubectl get pods`.
fn plain(word: &str) -> String {
    let w = match word {
        "k" => "kubectl",
        "po" | "pod" => "pods",
        "deploy" | "deployments" | "deployment.apps" | "deployments.apps" => "deployment",
        "svc" | "services" => "service",
        "rs" | "replicasets" => "replicaset",
        "no" | "node" => "nodes",
        "--watch" => "-w",
        other => other,
    };
    w.to_string()
}

/// The words of a command line, with `TYPE/NAME` taken apart.
fn words(line: &str) -> Vec<String> {
    line.split_whitespace()
        .map(|w| w.trim_end_matches([';', '|', '&']))
        .flat_map(|w| match w.split_once('/') {
            Some((k, n))
                if !k.is_empty() && !n.is_empty() && k.chars().all(|c| c.is_ascii_lowercase()) =>
            {
                vec![plain(k), n.to_string()]
            }
            _ => vec![plain(w)],
        })
        .collect()
}

fn contains_in_order(line: &[String], wanted: &[String]) -> bool {
    let mut left = line.iter();
    wanted.iter().all(|w| left.any(|l| l == w))
}

impl Check {
    pub fn read(v: &Value) -> Result<Check, String> {
        let namespace = match v.text("namespace") {
            "" => "default".to_string(),
            ns => ns.to_string(),
        };
        let asks = if v.has("object") {
            let (kind, name) = reference(v.text("object"))?;
            Asks::Object {
                kind,
                name,
                path: v.text("path").to_string(),
                test: Test::read(v)?,
            }
        } else if v.has("count") {
            let is = v.has("is").then(|| v.get("is").clone());
            let (selector, path) = (v.text("selector").to_string(), v.text("path").to_string());
            Asks::Count {
                kind: v.text("count").to_string(),
                selector,
                path,
                is,
                test: Test::read(v)?,
            }
        } else if v.has("absent") {
            let (kind, name) = reference(v.text("absent"))?;
            Asks::Absent { kind, name }
        } else if v.has("ran") {
            let texts: Vec<&str> = match v.get("ran").as_str() {
                Some(one) => vec![one],
                None => v
                    .get("ran")
                    .items()
                    .iter()
                    .filter_map(Value::as_str)
                    .collect(),
            };
            Asks::Ran {
                alternatives: texts.into_iter().map(words).collect(),
            }
        } else if v.has("reached") {
            Asks::Reached {
                url: v.text("reached").to_string(),
            }
        } else if v.has("event") {
            let (kind, name) = reference(v.text("about"))?;
            Asks::Event {
                reason: v.text("event").to_string(),
                kind,
                name,
            }
        } else {
            return Err(format!("not a check: {v:?}"));
        };
        Ok(Check { namespace, asks })
    }

    pub fn find(&self, look: &dyn Look) -> Finding {
        let ns = self.namespace.as_str();
        let met = |met: bool, have: String, want: String| Finding { met, have, want };
        match &self.asks {
            Asks::Object {
                kind,
                name,
                path,
                test,
            } => {
                let object = look.get(ns, kind, name).unwrap_or_default();
                let value = at(&object, path);
                met(test.holds(value), shown(value), test.wanted())
            }
            Asks::Count {
                kind,
                selector,
                path,
                is,
                test,
            } => {
                let all = look.list(ns, kind, selector);
                let n = all
                    .iter()
                    .filter(|o| is.as_ref().is_none_or(|want| at(o, path) == want))
                    .count();
                met(test.holds(&Value::from(n)), n.to_string(), test.wanted())
            }
            Asks::Absent { kind, name } => {
                let there = look.get(ns, kind, name).is_some();
                met(!there, format!("{kind}/{name}"), String::new())
            }
            Asks::Ran { alternatives } => {
                let ran = |wanted: &Vec<String>| {
                    look.typed()
                        .iter()
                        .any(|t| contains_in_order(&words(&t.line), wanted))
                };
                let want = alternatives
                    .first()
                    .map(|w| w.join(" "))
                    .unwrap_or_default();
                met(alternatives.iter().any(ran), String::new(), want)
            }
            Asks::Reached { url } => {
                let bare = |u: &str| {
                    u.trim_start_matches("http://")
                        .trim_end_matches('/')
                        .to_string()
                };
                let hit = look.reached().iter().any(|r| {
                    bare(r) == bare(url) || bare(r).starts_with(&format!("{}/", bare(url)))
                });
                met(hit, String::new(), url.clone())
            }
            Asks::Event { reason, kind, name } => {
                let about = |e: &Object| {
                    let who = e.at("involvedObject");
                    who.text("kind").eq_ignore_ascii_case(kind)
                        && who.text("name").starts_with(name.as_str())
                };
                let hit = look
                    .list(ns, "event", "")
                    .iter()
                    .any(|e| e.text("reason") == reason && about(e));
                met(hit, String::new(), reason.clone())
            }
        }
    }
}
