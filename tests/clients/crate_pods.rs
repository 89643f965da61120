//! The `kube` crate and pods that run: waiting, logs, exec, port-forward, eviction.

use crate::crate_kube::{deployment, from, refusal, with_server};
use futures::{AsyncBufReadExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{Api, AttachParams, EvictParams, ListParams, LogParams, PostParams};
use kube::runtime::wait::{await_condition, conditions};
use kube::{Client, ResourceExt};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A step that must end by itself; its name says which one did not.
async fn within<T>(step: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future)
        .await
        .unwrap_or_else(|_| panic!("no end in thirty seconds: {step}"))
}

async fn running(client: &Client) -> (Api<Pod>, String) {
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    deployments
        .create(&PostParams::default(), &deployment("web", 2))
        .await
        .unwrap();
    let done = conditions::is_deployment_completed();
    await_condition(deployments, "web", done).await.unwrap();
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let all = pods
        .list(&ListParams::default().labels("app=web"))
        .await
        .unwrap();
    assert_eq!(all.items.len(), 2);
    let name = all.items[0].name_any();
    (pods, name)
}

/// What a pod's port 80 answers. A server that has only just been started does not listen yet: its connections end empty.
async fn forwarded(pods: &Api<Pod>, name: &str) -> String {
    loop {
        let mut forwarded = pods.portforward(name, &[80]).await.unwrap();
        let mut stream = forwarded.take_stream(80).unwrap();
        let request = b"GET / HTTP/1.1\r\nHost: web\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = vec![0; 4096];
        let n = stream.read(&mut answer).await.unwrap_or(0);
        if n > 0 {
            return String::from_utf8_lossy(&answer[..n]).into_owned();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn what_a_container_says_and_is_told() {
    with_server("kube-exec", &["--speed", "5"], async |client| {
        let (pods, name) = running(&client).await;
        let text = pods.logs(&name, &LogParams::default()).await.unwrap();
        assert!(text.contains("ready for start up"), "{text}");
        let params = LogParams {
            follow: true,
            ..LogParams::default()
        };
        let stream = within("log -f opens", pods.log_stream(&name, &params)).await;
        let mut lines = stream.unwrap().lines();
        let first = within("log -f says a line", lines.try_next()).await;
        let first = first.unwrap().unwrap();
        assert_eq!(first, text.lines().next().unwrap());

        let params = AttachParams::default().stdin(true).stderr(false);
        let process = within("exec opens", pods.exec(&name, ["sh"], &params)).await;
        let mut process = process.unwrap();
        let status = process.take_status().unwrap();
        let mut stdin = process.stdin().unwrap();
        stdin
            .write_all(b"echo to $HOSTNAME; exit 7\n")
            .await
            .unwrap();
        let mut said = String::new();
        let mut stdout = process.stdout().unwrap();
        let read = stdout.read_to_string(&mut said);
        within("exec's output ends", read).await.unwrap();
        assert_eq!(said, format!("to {name}\n"));
        let status = within("exec's status comes", status).await.unwrap();
        assert_eq!(status.reason.as_deref(), Some("NonZeroExitCode"));

        let answer = within("the forwarded port answers", forwarded(&pods, &name)).await;
        assert!(
            answer.starts_with("HTTP/1.1 200 OK") && answer.contains("Welcome to nginx!"),
            "{answer}"
        );
    });
}

#[test]
fn an_eviction_asks_the_budget() {
    with_server("kube-evict", &["--speed", "5"], async |client| {
        let (pods, name) = running(&client).await;
        let budgets: Api<PodDisruptionBudget> = Api::default_namespaced(client.clone());
        let budget: PodDisruptionBudget = from(json!({
            "metadata": { "name": "all" }, "spec": { "minAvailable": 2, "selector": { "matchLabels": { "app": "web" } } },
        }));
        budgets
            .create(&PostParams::default(), &budget)
            .await
            .unwrap();
        let counted = |b: Option<&PodDisruptionBudget>| {
            b.and_then(|b| b.status.as_ref())
                .is_some_and(|s| s.current_healthy == Some(2))
        };
        await_condition(budgets.clone(), "all", counted)
            .await
            .unwrap();
        let evicted = pods.evict(&name, &EvictParams::default()).await;
        assert_eq!(refusal(evicted), (429, "TooManyRequests".into()));
        budgets.delete("all", &Default::default()).await.unwrap();
        let uid = pods.get(&name).await.unwrap().uid().unwrap();
        pods.evict(&name, &EvictParams::default()).await.unwrap();
        let gone = conditions::is_deleted(&uid);
        tokio::time::timeout(Duration::from_secs(60), await_condition(pods, &name, gone))
            .await
            .unwrap()
            .unwrap();
    });
}
