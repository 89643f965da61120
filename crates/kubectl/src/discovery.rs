//! Which resources the server has: asked through aggregated discovery, once per invocation.
//! Upstream: client-go `restmapper`, `discovery`.

use crate::cx::Inner;
use crate::fail::{Fail, text};
use machinery::{Accept, Request, Value};
use std::rc::Rc;

/// A resource as discovery describes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Res {
    pub group: String,
    pub version: String,
    pub kind: String,
    pub plural: String,
    pub singular: String,
    pub short: Vec<String>,
    pub categories: Vec<String>,
    pub verbs: Vec<String>,
    pub subresources: Vec<String>,
    pub namespaced: bool,
}

impl Res {
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
    /// `deployments.apps`
    pub fn qualified(&self) -> String {
        machinery::status::qualified(&self.group, &self.plural)
    }
    /// `deployment.apps`: how kubectl names an object's kind.
    pub fn kind_name(&self) -> String {
        machinery::status::qualified(&self.group, &self.kind.to_lowercase())
    }
    /// The collection's path; all namespaces for "".
    pub fn path(&self, namespace: &str) -> String {
        let root = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        if self.namespaced && !namespace.is_empty() {
            format!("{root}/namespaces/{namespace}/{}", self.plural)
        } else {
            format!("{root}/{}", self.plural)
        }
    }
    pub fn item(&self, namespace: &str, name: &str) -> String {
        format!("{}/{name}", self.path(namespace))
    }
    pub fn can(&self, verb: &str) -> bool {
        self.verbs.iter().any(|v| v == verb)
    }
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }
}

/// All resources, in the server's order of preference.
pub struct Mapper {
    pub all: Vec<Rc<Res>>,
    /// Custom resources that were there when last looked, and are no more: believed in until something is not found,
    /// as the real one believes in its cache.
    stale: Vec<Rc<Res>>,
    /// `apps/v1`, in the server's order.
    pub versions: Vec<String>,
}

impl Mapper {
    pub fn ask(cx: &Inner) -> Result<Mapper, Fail> {
        let mut out = Mapper {
            all: Vec::new(),
            stale: Vec::new(),
            versions: Vec::new(),
        };
        for root in ["/api", "/apis"] {
            let request = Request::get(root).accept(Accept::Discovery);
            let loud = false;
            let doc = cx
                .send_quietly(request, loud)?
                .value()
                .map_err(Fail::Status)?;
            for group in doc.get("items").items() {
                out.read(group);
            }
        }
        out.remember(cx);
        Ok(out)
    }
    /// The cache of discovery, a file as the real one has: custom resources only, and only if there are any.
    fn remember(&mut self, cx: &Inner) {
        let path = format!("{}/.kube/cache/discovery/custom.json", cx.host.home());
        let custom = |r: &&Rc<Res>| {
            kinds::of_resource(&r.group, &r.version, &r.plural).is_none()
                && !r.group.ends_with("metrics.k8s.io")
        };
        let fresh: Vec<Rc<Res>> = self.all.iter().filter(custom).cloned().collect();
        let known = cx.host.read(&path).ok();
        let cached: Vec<Rc<Res>> = known
            .as_deref()
            .and_then(|t| crate::forms::parse_one(t).ok())
            .map(|v| v.items().iter().map(|r| Rc::new(cached(r))).collect())
            .unwrap_or_default();
        let same = |a: &Rc<Res>, b: &Rc<Res>| a.qualified() == b.qualified();
        if fresh.iter().any(|f| !cached.iter().any(|c| same(c, f))) {
            let list: Vec<Value> = fresh.iter().map(|r| to_cache(r)).collect();
            // A cache that cannot be written is none.
            let _ = cx
                .host
                .write(&path, machinery::json::print(&Value::from(list)));
            return;
        }
        let gone = |c: &Rc<Res>| !fresh.iter().any(|f| same(c, f));
        self.stale = cached.into_iter().filter(gone).collect();
    }
    /// Forgets what was believed in: something was not found.
    pub fn forget(cx: &Inner) {
        let path = format!("{}/.kube/cache/discovery/custom.json", cx.host.home());
        if cx.host.exists(&path) {
            cx.host.remove(&path);
        }
    }
    fn read(&mut self, group: &Value) {
        let name = group.text("metadata.name");
        for version in group.get("versions").items() {
            let v = version.text("version");
            self.versions.push(if name.is_empty() {
                v.to_string()
            } else {
                format!("{name}/{v}")
            });
            for r in version.get("resources").items() {
                let words = |key: &str| -> Vec<String> {
                    let items = r.get(key).items().iter();
                    items
                        .filter_map(|w| w.as_str().map(str::to_string))
                        .collect()
                };
                self.all.push(Rc::new(Res {
                    group: name.to_string(),
                    version: v.to_string(),
                    kind: r.text("responseKind.kind").to_string(),
                    plural: r.text("resource").to_string(),
                    singular: r.text("singularResource").to_string(),
                    short: words("shortNames"),
                    categories: words("categories"),
                    verbs: words("verbs"),
                    subresources: r
                        .get("subresources")
                        .items()
                        .iter()
                        .map(|s| s.text("subresource").to_string())
                        .collect(),
                    namespaced: r.text("scope") == "Namespaced",
                }));
            }
        }
    }
    /// The resource that a word of the command line names: `pods`, `po`, `deployment.apps`, `deployments.v1.apps`.
    pub fn find(&self, word: &str) -> Option<Rc<Res>> {
        // Letters of full names may be large, those of short names not.
        let typed = word;
        let word = word.to_lowercase();
        let named = |r: &Res, w: &str| {
            let is_short = |s: &String| s == w && typed.starts_with(w);
            r.plural == w || r.singular == w || r.short.iter().any(is_short)
        };
        // Core wins over groups, in the order of discovery; full names win over short ones.
        let exact = |r: &Res, w: &str| r.plural == w || r.singular == w;
        if let Some(r) = self.all.iter().find(|r| exact(r, &word)) {
            return Some(r.clone());
        }
        if let Some(r) = self.all.iter().find(|r| named(r, &word)) {
            return Some(r.clone());
        }
        if let Some(r) = self.stale.iter().find(|r| named(r, &word)) {
            return Some(r.clone());
        }
        let (resource, rest) = word.split_once('.')?;
        if let Some((version, group)) = rest.split_once('.')
            && let Some(r) = self
                .all
                .iter()
                .find(|r| r.group == group && r.version == version && named(r, resource))
        {
            return Some(r.clone());
        }
        let of_core = |r: &&Rc<Res>| r.group.is_empty() && r.version == rest && named(r, resource);
        self.all
            .iter()
            .find(|r| {
                (r.group == rest
                    || (!r.group.is_empty()
                        && r.group.starts_with(rest)
                        && r.group.as_bytes().get(rest.len()) == Some(&b'.')))
                    && named(r, resource)
            })
            .or_else(|| self.all.iter().find(of_core))
            .cloned()
    }
    /// The resource, or the words that there is none.
    pub fn resource(&self, word: &str) -> Result<Rc<Res>, Fail> {
        self.find(word).ok_or_else(|| {
            let word = word.split('.').next().unwrap_or(word);
            text(format!(
                "the server doesn't have a resource type \"{word}\""
            ))
        })
    }
    pub fn of_kind(&self, api_version: &str, kind: &str) -> Option<Rc<Res>> {
        // All in small letters will do too: the server then says what it thinks of that.
        let named = |r: &&Rc<Res>| r.kind == kind || r.kind.to_lowercase() == kind;
        self.all
            .iter()
            .find(|r| named(r) && r.api_version() == api_version)
            .cloned()
    }
    /// The members of a category (`all`), in the order in which kubectl shows them.
    pub fn category(&self, name: &str) -> Vec<Rc<Res>> {
        preferred(&self.all)
            .filter(|r| r.categories.iter().any(|c| c == name) && r.can("list"))
            .cloned()
            .collect()
    }
}

/// Each resource in the version that its group prefers: other versions are reached by their full name.
pub fn preferred(all: &[Rc<Res>]) -> impl Iterator<Item = &Rc<Res>> {
    all.iter().filter(|r| {
        let first = all
            .iter()
            .find(|o| o.group == r.group && o.plural == r.plural);
        first.is_some_and(|f| f.version == r.version)
    })
}

fn to_cache(r: &Res) -> Value {
    machinery::value!({
        "group": r.group.clone(), "version": r.version.clone(), "kind": r.kind.clone(),
        "plural": r.plural.clone(), "singular": r.singular.clone(), "short": r.short.clone(),
        "namespaced": r.namespaced,
    })
}

fn cached(v: &Value) -> Res {
    let text = |key: &str| v.text(key).to_string();
    Res {
        group: text("group"),
        version: text("version"),
        kind: text("kind"),
        plural: text("plural"),
        singular: text("singular"),
        short: v
            .get("short")
            .items()
            .iter()
            .filter_map(|s| s.as_str().map(str::to_string))
            .collect(),
        verbs: vec!["get".into(), "list".into()],
        namespaced: v.flag("namespaced"),
        ..Res::default()
    }
}
