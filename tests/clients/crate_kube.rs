//! The `kube` crate's typed Api and its watcher.

use bottleship_clients::Server;
use futures::TryStreamExt;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Client, Config, ResourceExt};
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

pub fn client(server: &Server) -> Client {
    let mut config = Config::new(server.url.parse().expect("an address"));
    // A refusal is looked at, not waited out.
    config.default_retry = false;
    Client::try_from(config).expect("a client without TLS")
}

/// Runs one test's future against a server of its own.
pub fn with_server<F: Future<Output = ()>>(
    name: &str,
    flags: &[&str],
    test: impl FnOnce(Client) -> F,
) {
    let server = Server::start(name, flags);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let test = test(client(&server));
        timeout(Duration::from_secs(120), test)
            .await
            .unwrap_or_else(|_| panic!("{name}: no end in two minutes"));
    });
}

/// The code and reason of a refusal.
pub fn refusal<T>(answer: kube::Result<T>) -> (u16, String) {
    match answer {
        Ok(_) => panic!("a refusal was expected"),
        Err(kube::Error::Api(status)) => (status.code, status.reason.clone()),
        Err(other) => panic!("a refusal was expected: {other}"),
    }
}

pub fn from<T: serde::de::DeserializeOwned>(json: serde_json::Value) -> T {
    serde_json::from_value(json).expect("it is one")
}

fn config_map(name: &str) -> ConfigMap {
    from(json!({ "metadata": { "name": name, "labels": { "app": "x" } }, "data": { "k": "v" } }))
}

pub fn deployment(name: &str, replicas: i32) -> Deployment {
    from(json!({
        "metadata": { "name": name },
        "spec": {
            "replicas": replicas, "selector": { "matchLabels": { "app": name } },
            "template": {
                "metadata": { "labels": { "app": name } },
                "spec": { "containers": [{ "name": "nginx", "image": "nginx:1.27" }] },
            },
        },
    }))
}

#[test]
fn typed_objects_are_created_read_patched_and_deleted() {
    with_server("kube-typed", &[], async |client| {
        let api: Api<ConfigMap> = Api::default_namespaced(client.clone());
        let made = api
            .create(&PostParams::default(), &config_map("a"))
            .await
            .unwrap();
        assert!(made.uid().is_some() && made.resource_version().is_some());
        let again = api.create(&PostParams::default(), &config_map("a")).await;
        assert_eq!(refusal(again), (409, "AlreadyExists".into()));
        for name in ["b", "c", "d", "e"] {
            api.create(&PostParams::default(), &config_map(name))
                .await
                .unwrap();
        }
        let mut pages = Vec::new();
        let mut params = ListParams::default().labels("app=x").limit(2);
        loop {
            let page = api.list(&params).await.unwrap();
            pages.push(
                page.items
                    .iter()
                    .map(|c| c.name_any())
                    .collect::<Vec<_>>()
                    .join(","),
            );
            match page.metadata.continue_.filter(|t| !t.is_empty()) {
                Some(token) => params = params.continue_token(&token),
                None => break,
            }
        }
        assert_eq!(pages, ["a,b", "c,d", "e"]);
        let mut stale = made.clone();
        let merge = Patch::Merge(json!({ "data": { "k": null, "n": "1" } }));
        let merged = api
            .patch("a", &PatchParams::default(), &merge)
            .await
            .unwrap();
        assert_eq!(
            merged.data.unwrap().into_iter().collect::<Vec<_>>(),
            [("n".into(), "1".into())]
        );
        stale.data = None;
        let replaced = api.replace("a", &PostParams::default(), &stale).await;
        assert_eq!(refusal(replaced), (409, "Conflict".into()));
        let dry = PostParams {
            dry_run: true,
            ..PostParams::default()
        };
        api.create(&dry, &config_map("dry")).await.unwrap();
        assert_eq!(refusal(api.get("dry").await), (404, "NotFound".into()));
        let bad = api
            .create(&PostParams::default(), &config_map("Not A Name"))
            .await;
        assert_eq!(refusal(bad), (422, "Invalid".into()));
        let metadata = api.get_metadata("a").await.unwrap();
        assert_eq!(metadata.types.unwrap().kind, "PartialObjectMetadata");
        api.delete("a", &DeleteParams::default()).await.unwrap();
        api.delete_collection(
            &DeleteParams::default(),
            &ListParams::default().labels("app=x"),
        )
        .await
        .unwrap();
        assert_eq!(
            api.list(&ListParams::default().labels("app=x"))
                .await
                .unwrap()
                .items
                .len(),
            0
        );
    });
}

#[test]
fn an_apply_owns_its_fields() {
    with_server("kube-apply", &[], async |client| {
        let api: Api<Deployment> = Api::default_namespaced(client);
        let mut object = deployment("web", 1);
        let apply = |manager: &str, o: &Deployment| {
            let (api, o) = (api.clone(), serde_json::to_value(o).unwrap());
            let params = PatchParams::apply(manager);
            async move { api.patch("web", &params, &Patch::Apply(o)).await }
        };
        assert_eq!(
            apply("one", &object).await.unwrap().metadata.generation,
            Some(1)
        );
        object.spec.as_mut().unwrap().replicas = Some(2);
        assert_eq!(
            refusal(apply("two", &object).await),
            (409, "Conflict".into())
        );
        let changed = apply("one", &object).await.unwrap();
        assert_eq!(changed.spec.unwrap().replicas, Some(2));
        assert_eq!(changed.metadata.generation, Some(2));
        // What changes nothing is no write.
        let again = apply("one", &object).await.unwrap();
        assert_eq!(again.metadata.generation, Some(2));
        let forced = PatchParams::apply("two").force();
        object.spec.as_mut().unwrap().replicas = Some(3);
        let taken = api
            .patch("web", &forced, &Patch::Apply(&object))
            .await
            .unwrap();
        let managers: Vec<String> = taken
            .managed_fields()
            .iter()
            .filter_map(|m| m.manager.clone())
            .collect();
        assert!(
            managers.contains(&"one".into()) && managers.contains(&"two".into()),
            "{managers:?}"
        );
        let image = json!({ "spec": { "template": { "spec": { "containers": [{ "name": "side", "image": "busybox" }] } } } });
        let merged = api
            .patch("web", &PatchParams::default(), &Patch::Strategic(image))
            .await
            .unwrap();
        let containers = merged.spec.unwrap().template.spec.unwrap().containers;
        assert_eq!(containers.len(), 2, "strategic merge is by name");
        let scale = api.get_scale("web").await.unwrap();
        assert_eq!(scale.spec.unwrap().replicas, Some(3));
    });
}

/// What a watcher keeps: the names that it believes to exist, and how often it began anew.
#[derive(Default)]
struct Seen {
    names: Vec<String>,
    inits: usize,
}

impl Seen {
    fn take(&mut self, event: Event<ConfigMap>) {
        match event {
            Event::Init => (self.names, self.inits) = (Vec::new(), self.inits + 1),
            Event::InitApply(c) | Event::Apply(c) => {
                self.names.retain(|n| *n != c.name_any());
                self.names.push(c.name_any());
            }
            Event::Delete(c) => self.names.retain(|n| *n != c.name_any()),
            Event::InitDone => {}
        }
        self.names.sort();
    }
}

/// The history is compacted every second and each watch lasts two: while it is away, the watcher's version expires, it is
/// told 410, lists again, and knows the truth.
#[test]
fn a_watcher_survives_410() {
    with_server("kube-watcher", &["--compact", "1"], async |client| {
        let watched: Api<ConfigMap> = Api::namespaced(client.clone(), "kube-public");
        let noise: Api<ConfigMap> = Api::namespaced(client.clone(), "default");
        let config = watcher::Config::default().timeout(2).disable_bookmarks();
        let mut events = Box::pin(watcher(watched.clone(), config));
        let mut seen = Seen::default();
        let (mut expired, mut round) = (false, 0);
        while seen.inits < 2 || !expired {
            round += 1;
            assert!(round < 200, "no restart was seen");
            // What happens elsewhere moves the version on, past what this watcher knows.
            noise
                .create(
                    &PostParams::default(),
                    &config_map(&format!("noise-{round}")),
                )
                .await
                .unwrap();
            match timeout(Duration::from_millis(200), events.try_next()).await {
                Ok(Ok(Some(event))) => seen.take(event),
                Ok(Ok(None)) => panic!("a watcher never ends"),
                Ok(Err(watcher::Error::WatchError(status))) => {
                    assert_eq!(status.code, 410, "{status:?}");
                    expired = true;
                }
                Ok(Err(other)) => panic!("{other}"),
                Err(_) => {}
            }
        }
        watched
            .create(&PostParams::default(), &config_map("late"))
            .await
            .unwrap();
        while !seen.names.contains(&"late".to_string()) {
            match events.try_next().await {
                Ok(Some(event)) => seen.take(event),
                _ => continue,
            }
        }
        let truth = watched.list(&ListParams::default()).await.unwrap();
        let mut truth: Vec<String> = truth.items.iter().map(|c| c.name_any()).collect();
        truth.sort();
        assert_eq!(seen.names, truth);
    });
}

/// Streaming lists: the objects that exist come as events, and a bookmark says that these were all.
#[test]
fn a_watch_can_bring_the_list() {
    with_server("kube-streaming", &[], async |client| {
        let api: Api<ConfigMap> = Api::namespaced(client, "kube-public");
        api.create(&PostParams::default(), &config_map("a"))
            .await
            .unwrap();
        let config = watcher::Config::default().streaming_lists();
        let mut events = Box::pin(watcher(api.clone(), config));
        let mut seen = Vec::new();
        loop {
            match events.try_next().await.unwrap().unwrap() {
                Event::Init => seen.push("init".into()),
                Event::InitApply(c) => seen.push(c.name_any()),
                Event::InitDone => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(seen, ["init", "a", "kube-root-ca.crt"]);
        api.delete("a", &DeleteParams::default()).await.unwrap();
        let gone = events.try_next().await.unwrap().unwrap();
        assert!(matches!(gone, Event::Delete(c) if c.name_any() == "a"));
    });
}
