//! Releases: Secrets `sh.helm.release.v1.NAME.vN` of type helm.sh/release.v1 in the release's namespace, labelled as helm does
//! (`helm:pkg/storage/driver/secrets.go`). The data is base64 of gzip of JSON, as helm's is; nothing is made smaller by it here.

use super::kube::Kube;
use machinery::time::{parse_rfc3339, rfc3339_micro};
use machinery::{Method, Request, Value, json, value};
use shell::filters::date;

/// How many revisions are kept.
const HISTORY_MAX: usize = 10;

#[derive(Clone)]
pub struct Release(pub Value);

impl Release {
    pub fn name(&self) -> &str {
        self.0.text("name")
    }
    pub fn namespace(&self) -> &str {
        self.0.text("namespace")
    }
    pub fn version(&self) -> i64 {
        self.0.int("version")
    }
    pub fn status(&self) -> &str {
        self.0.text("info.status")
    }
    pub fn manifest(&self) -> &str {
        self.0.text("manifest")
    }
    pub fn chart(&self) -> String {
        let meta = self.0.at("chart.metadata");
        let version = super::chart::text_of(meta.get("version"));
        format!("{}-{version}", meta.text("name"))
    }
    pub fn app_version(&self) -> String {
        super::chart::text_of(self.0.at("chart.metadata.appVersion"))
    }
    /// When it was last deployed.
    pub fn updated(&self) -> i64 {
        parse_rfc3339(self.0.text("info.last_deployed")).unwrap_or(0)
    }
    pub fn set_status(&mut self, status: &str, description: &str) {
        self.0.set("info.status", Value::str(status));
        if !description.is_empty() {
            self.0.set("info.description", Value::str(description));
        }
    }
}

/// `Fri Nov 20 16:00:00 2026`
pub fn ansi(ms: i64) -> String {
    date::format(ms, "%a %b %e %H:%M:%S %Y")
}

/// Go's default form of a time: the fraction without its zeros at the end.
pub fn go_time(ms: i64) -> String {
    let fraction = format!(".{:03}", ms.rem_euclid(1000));
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    format!(
        "{}{fraction} +0000 UTC",
        date::format(ms, "%Y-%m-%d %H:%M:%S")
    )
}

pub fn stamp(ms: i64) -> String {
    rfc3339_micro(ms)
}

/// Where releases are kept.
pub struct Store<'a> {
    pub kube: &'a Kube,
    pub now_ms: i64,
}

impl Store<'_> {
    fn path(namespace: &str) -> String {
        match namespace {
            "" => "/api/v1/secrets".to_string(),
            namespace => format!("/api/v1/namespaces/{namespace}/secrets"),
        }
    }
    fn item(release: &Release) -> String {
        format!(
            "{}/sh.helm.release.v1.{}.v{}",
            Self::path(release.namespace()),
            release.name(),
            release.version()
        )
    }
    /// All revisions that a selector finds (with `owner=helm`), oldest first.
    pub fn list(&self, namespace: &str, selector: &str) -> Result<Vec<Release>, String> {
        let selector = match selector {
            "" => "owner=helm".to_string(),
            more => format!("owner=helm,{more}"),
        };
        let request = Request::get(Self::path(namespace)).with("labelSelector", selector);
        let found = self.kube.api.request(request).value();
        let found = found.map_err(|s| format!("list: failed to list: {}", s.message))?;
        let mut out: Vec<Release> = found
            .get("items")
            .items()
            .iter()
            .filter_map(|s| decode(s.at("data.release").as_str()?))
            .collect();
        machinery::Arrange::arrange_by(&mut out[..], |a, b| {
            (a.namespace(), a.name(), a.version()).cmp(&(b.namespace(), b.name(), b.version()))
        });
        Ok(out)
    }
    pub fn history(&self, namespace: &str, name: &str) -> Result<Vec<Release>, String> {
        self.list(namespace, &format!("name={name}"))
    }
    /// The newest revision.
    pub fn last(&self, namespace: &str, name: &str) -> Result<Release, String> {
        let last = self.history(namespace, name)?.pop();
        last.ok_or_else(|| "release: not found".to_string())
    }
    pub fn revision(&self, namespace: &str, name: &str, version: i64) -> Result<Release, String> {
        let found = self.history(namespace, name)?;
        let found = found
            .into_iter()
            .find(|r| version == 0 || r.version() == version);
        found.ok_or_else(|| "release: not found".to_string())
    }
    fn secret(&self, release: &Release, labels: &str) -> Value {
        let data = codec::encode_base64(&codec::gzip(json::print(&release.0).as_bytes()));
        let mut out = value!({
            "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
            "metadata": {
                "name": format!("sh.helm.release.v1.{}.v{}", release.name(), release.version()),
                "namespace": Value::str(release.namespace()),
                "labels": {
                    "name": Value::str(release.name()), "owner": "helm", "status": Value::str(release.status()),
                    "version": release.version().to_string()
                }
            },
            "data": { "release": codec::encode_base64(data.as_bytes()) }
        });
        let stamp = (self.now_ms / 1000).to_string();
        out.place("metadata.labels").map_mut().insert(labels, stamp);
        out
    }
    pub fn create(&self, release: &Release) -> Result<(), String> {
        let request = Request::new(Method::Post, Self::path(release.namespace()))
            .with("fieldManager", "helm")
            .body(self.secret(release, "createdAt"));
        let done = self.kube.api.request(request).value();
        done.map(|_| ())
            .map_err(|s| format!("create: failed to create: {}", s.message))
    }
    pub fn update(&self, release: &Release) {
        let request = Request::new(Method::Put, Self::item(release))
            .with("fieldManager", "helm")
            .body(self.secret(release, "modifiedAt"));
        // As upstream: a release whose record cannot be written is deployed all the same.
        let _ = self.kube.api.request(request);
    }
    pub fn delete(&self, release: &Release) {
        let request = Request::new(Method::Delete, Self::item(release));
        let _ = self.kube.api.request(request);
    }
    /// Drops the oldest revisions, never the deployed one.
    pub fn prune(&self, namespace: &str, name: &str) {
        let history = self.history(namespace, name).unwrap_or_default();
        let extra = history.len().saturating_sub(HISTORY_MAX);
        let old = history.iter().filter(|r| r.status() != "deployed");
        old.take(extra).for_each(|r| self.delete(r));
    }
}

fn decode(data: &str) -> Option<Release> {
    let once = String::from_utf8(codec::decode_base64(data).ok()?).ok()?;
    let data = codec::decode_base64(&once).ok()?;
    // Older releases of a kept session are plain, as helm's first ones were.
    let data = codec::gunzip(&data).unwrap_or(data);
    let text = String::from_utf8(data).ok()?;
    json::parse(&text).ok().map(Release)
}
