//! The kubeconfig: a real file in the learner's file system, read on every invocation as client-go's `clientcmd` does.

use crate::cx::Inner;
use crate::fail::{Fail, text};
use crate::forms;
use machinery::{User, Value, value};

/// The one server there is. A kubeconfig that points elsewhere finds nobody.
pub const SERVER: &str = "https://127.0.0.1:6443";

/// A kubeconfig as read.
#[derive(Clone, Debug)]
pub struct Config {
    pub value: Value,
    context: String,
    flag_server: String,
}

/// The kubeconfig of a fresh cluster, for whoever lays out the learner's home.
pub fn fresh() -> Value {
    value!({
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "current-context": "kubernetes-admin@kubernetes",
        "clusters": [{ "name": "kubernetes", "cluster": {
            "server": SERVER,
            "certificate-authority-data": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCmJvdHRsZXNoaXAKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=",
        } }],
        "contexts": [{ "name": "kubernetes-admin@kubernetes", "context": {
            "cluster": "kubernetes", "namespace": "default", "user": "kubernetes-admin",
        } }],
        "users": [{ "name": "kubernetes-admin", "user": {
            "client-certificate-data": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCmt1YmVybmV0ZXMtYWRtaW4KLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=",
            "client-key-data": "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCmt1YmVybmV0ZXMtYWRtaW4KLS0tLS1FTkQgUFJJVkFURSBLRVktLS0tLQo=",
        } }],
    })
}

/// The kubeconfig file's text for a fresh home.
pub fn fresh_text() -> String {
    forms::yaml(&fresh())
}

/// Where the kubeconfig is.
pub fn file(cx: &Inner) -> String {
    match cx.flag("kubeconfig") {
        "" => match cx.host.env("KUBECONFIG") {
            Some(p) if !p.is_empty() => p.split(':').next().unwrap_or("").to_string(),
            _ => format!("{}/.kube/config", cx.host.home()),
        },
        given => given.to_string(),
    }
}

/// Reads the kubeconfig; an absent file is an empty one.
pub fn load(cx: &Inner) -> Result<Config, Fail> {
    let path = file(cx);
    let value = match cx.host.read(&path) {
        Ok(t) => forms::parse_one(&t)
            .map_err(|e| text(format!("error loading config file \"{path}\": {}", e)))?,
        Err(_) if !cx.flag("kubeconfig").is_empty() => {
            return Err(text(format!("stat {path}: no such file or directory")));
        }
        Err(_) => Value::Null,
    };
    let context = match cx.global("context") {
        "" => value.text("current-context").to_string(),
        given => given.to_string(),
    };
    Ok(Config {
        value,
        context,
        flag_server: cx.global("server").to_string(),
    })
}

/// The entry called `name` of `clusters`, `contexts` or `users`.
pub fn entry<'a>(config: &'a Value, list: &str, name: &str) -> Option<&'a Value> {
    config
        .get(list)
        .items()
        .iter()
        .find(|e| e.text("name") == name)
}

impl Config {
    /// Refuses a context that is not there.
    pub fn check(&self) -> Result<(), Fail> {
        if !self.context.is_empty() && entry(&self.value, "contexts", &self.context).is_none() {
            return Err(Fail::Plain(format!(
                "Error in configuration: context was not found for specified context: {}",
                self.context
            )));
        }
        Ok(())
    }
    fn context(&self) -> Value {
        entry(&self.value, "contexts", &self.context)
            .map(|e| e.get("context").clone())
            .unwrap_or_default()
    }
    pub fn namespace(&self, _context: &str) -> String {
        match self.context().text("namespace") {
            "" => "default".to_string(),
            ns => ns.to_string(),
        }
    }
    /// The address of the API server, without a trailing slash.
    pub fn server(&self, cx: &Inner) -> String {
        let cluster = match cx.global("cluster") {
            "" => self.context().text("cluster").to_string(),
            c => c.to_string(),
        };
        let of_file = entry(&self.value, "clusters", &cluster)
            .map(|e| e.text("cluster.server").to_string())
            .unwrap_or_default();
        let server = match self.flag_server.as_str() {
            "" if of_file.is_empty() => "http://localhost:8080".to_string(),
            "" => of_file,
            s if s.contains("://") => s.to_string(),
            s => format!("http://{s}"),
        };
        server.trim_end_matches('/').to_string()
    }
    /// Whom the credentials of this context stand for.
    pub fn user(&self, cx: &Inner) -> Result<User, Fail> {
        self.check()?;
        let name = match cx.global("user") {
            "" => self.context().text("user").to_string(),
            u => u.to_string(),
        };
        let user = entry(&self.value, "users", &name)
            .map(|e| e.get("user").clone())
            .unwrap_or_default();
        let token = match cx.global("token") {
            "" => user.text("token").to_string(),
            t => t.to_string(),
        };
        if let Some(account) = token_subject(&token) {
            let ns = account.split(':').nth(2).unwrap_or("").to_string();
            let of_ns = format!("system:serviceaccounts:{ns}");
            return Ok(User::new(
                &account,
                &["system:serviceaccounts", &of_ns, "system:authenticated"],
            ));
        }
        let certified = !user.text("client-certificate-data").is_empty()
            || !user.text("client-certificate").is_empty();
        // kind names the entry after the cluster; its certificate is the administrator's.
        if certified && (name == "kubernetes-admin" || name.starts_with("kind-")) {
            return Ok(User::admin());
        }
        // The certificate that minikube issues says another name than its entry in the file.
        if certified && name == "minikube" {
            return Ok(User::new(
                "minikube-user",
                &["system:masters", "system:authenticated"],
            ));
        }
        if certified {
            return Ok(User::new(&name, &["system:authenticated"]));
        }
        if !token.is_empty() || user.has("username") || !cx.global("username").is_empty() {
            let why = "the server has asked for the client to provide credentials";
            return Err(text(format!(
                "error: You must be logged in to the server ({why})"
            )));
        }
        Ok(User::new("system:anonymous", &["system:unauthenticated"]))
    }
}

/// `system:serviceaccount:NS:NAME` of a service account's token: its payload says so.
fn token_subject(token: &str) -> Option<String> {
    let payload = token.split('.').nth(1)?;
    let bytes = codec::decode_base64url(payload)?;
    let value = forms::parse_one(std::str::from_utf8(&bytes).ok()?).ok()?;
    let subject = value.text("sub");
    subject
        .starts_with("system:serviceaccount:")
        .then(|| subject.to_string())
}
