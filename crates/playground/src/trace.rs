//! One fixed session, folded into a few lines: what the terminal showed, and a digest of every change of the cluster. Native
//! and Wasm builds have to give the same text, to the byte.

use crate::{Input, Output, Playground};
use machinery::json;

/// What is typed, one line after the other.
const LINES: &[&str] = &[
    "kubectl apply -f nginx-pod.yaml",
    "kubectl create deployment web --image=nginx:1.25 --replicas=5",
    "kubectl rollout status deployment web",
    "kubectl set image deployment web nginx=nginx:1.26",
    "kubectl rollout status deployment web",
    "kubectl get pods -o wide",
    "kubectl delete pod nginx-pod",
    "kubectl get events",
];

/// FNV-1a over text.
fn fold(digest: u64, text: &str) -> u64 {
    text.bytes().fold(digest, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The trace of the fixed session.
pub fn trace() -> String {
    let mut p = Playground::new(42, "first-pod", "ko");
    let (mut screen, mut digest, mut changes) = (String::new(), 0xcbf2_9ce4_8422_2325, 0);
    let mut take = |p: &mut Playground| {
        for output in p.drain() {
            match output {
                Output::Screen(text) => screen.push_str(&text),
                Output::Change(c) => {
                    changes += 1;
                    let line = format!(
                        "{} {} {} {}/{} {}",
                        c.version,
                        c.at,
                        c.resource,
                        c.key.0,
                        c.key.1,
                        json::print(&c.new.0)
                    );
                    digest = fold(digest, &line);
                }
                _ => {}
            }
        }
    };
    for line in LINES {
        p.input(Input::Run((*line).to_string()));
        for _ in 0..20_000 {
            if !p.is_running() {
                break;
            }
            p.tick(50.0, u64::MAX);
        }
        p.tick(1000.0, u64::MAX);
        take(&mut p);
    }
    let shown = screen.replace('\x1b', "^").replace('\r', "");
    format!("{shown}\n{changes} changes, digest {digest:016x}\n")
}
