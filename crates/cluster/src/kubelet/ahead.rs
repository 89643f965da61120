//! Commands that are run to their end at once, their own clock running ahead: probes and lifecycle hooks.
//! What they took is waited for afterwards. Upstream: `pkg/kubelet/lifecycle/handlers.go`, `pkg/probe/exec`.

use super::process::{self, drive::Place};
use super::run::{Phase, PodRun};
use super::{env, ms, programs, volumes};
use crate::Cluster;
use machinery::{Object, Value};
use std::rc::Rc;

/// What a command in a container came to, run ahead of time.
pub struct Ran {
    pub code: i32,
    pub output: String,
    pub took_ms: i64,
    /// It was not over when its time was.
    pub timed_out: bool,
}

/// Runs a command in a container to its end, its own clock running ahead, for at most `limit_ms`.
pub fn run_ahead(
    cluster: &mut Cluster,
    place: &Place,
    argv: &[String],
    limit_ms: i64,
) -> Result<Ran, String> {
    let now = cluster.now;
    let Some(run) = cluster.kubelets.pods.get(place.uid).cloned() else {
        return Err("container not found".into());
    };
    let Some(c) = run.containers.get(place.index) else {
        return Err("container not found".into());
    };
    let Some(image) = c.image else {
        return Err("container not found".into());
    };
    let fs = volumes::open(cluster, place.pod, &run, place.index);
    let first = argv.first().map_or("", String::as_str);
    if !programs::there::exists(image, first, &fs) {
        return Err(oci_exec_error(first));
    }
    let env = env::full(cluster, place.pod, &run, place.index);
    let cwd = process::workdir(c.spec(place.pod), image);
    drop(run);
    let mut script = process::script(image, argv, env, &cwd, false);
    script.machine.set_next_pid(100);
    script.machine.close_stdin();
    let (mut clock, mut output) = (now, String::new());
    loop {
        let over = process::drive::drive(cluster, place, &mut script, clock);
        for chunk in script.machine.drain() {
            output.push_str(&String::from_utf8_lossy(&chunk.bytes));
        }
        if let Some(code) = over {
            return Ok(Ran {
                code,
                output,
                took_ms: clock - now,
                timed_out: false,
            });
        }
        match script.due() {
            Some(at) if at <= now + limit_ms => clock = at.max(clock + 1),
            _ => {
                return Ok(Ran {
                    code: 137,
                    output,
                    took_ms: limit_ms,
                    timed_out: true,
                });
            }
        }
    }
}

/// What the runtime says when a program is not in the image.
pub fn oci_exec_error(program: &str) -> String {
    let why = match program.contains('/') {
        true => format!("exec: \"{program}\": stat {program}: no such file or directory"),
        false => format!("exec: \"{program}\": executable file not found in $PATH"),
    };
    format!(
        "OCI runtime exec failed: exec failed: unable to start container process: {why}: unknown"
    )
}

pub struct Hook {
    pub result: Result<(), String>,
    pub took_ms: i64,
}

impl Hook {
    fn done(took_ms: i64) -> Hook {
        Hook {
            result: Ok(()),
            took_ms,
        }
    }
}

/// Runs a lifecycle hook (exec, httpGet, sleep). The run is out of its place: it is put back for the time of it.
pub fn hook(cluster: &mut Cluster, pod: &Object, run: &mut PodRun, i: usize, hook: &Value) -> Hook {
    let seconds = hook.at("sleep").get("seconds").as_i64();
    if let Some(s) = seconds {
        return Hook::done(ms(s));
    }
    let uid = run.uid.clone();
    let grace = pod
        .spec()
        .get("terminationGracePeriodSeconds")
        .as_i64()
        .unwrap_or(30);
    let grace = ms(grace);
    let running = matches!(run.containers[i].phase, Phase::Running { .. });
    cluster
        .kubelets
        .pods
        .insert(uid.clone(), Rc::new(std::mem::take(run)));
    let place = Place {
        pod,
        uid: &uid,
        index: i,
    };
    let done = match hook.at("exec.command").items() {
        [] if !hook.get("httpGet").is_null() => {
            super::probes::http_hook(cluster, &place, hook.get("httpGet"))
        }
        [] => Hook::done(0),
        words if running => {
            let argv: Vec<String> = words
                .iter()
                .map(|w| w.as_str().unwrap_or("").to_string())
                .collect();
            exec_hook(cluster, &place, &argv, grace.max(1000))
        }
        _ => Hook::done(0),
    };
    if let Some(back) = cluster.kubelets.pods.remove(&uid) {
        *run = Rc::unwrap_or_clone(back);
    }
    done
}

fn exec_hook(cluster: &mut Cluster, place: &Place, argv: &[String], limit_ms: i64) -> Hook {
    match run_ahead(cluster, place, argv, limit_ms) {
        Err(error) => Hook {
            result: Err(format!(
                "rpc error: code = Unknown desc = failed to exec in container: {error}"
            )),
            took_ms: 0,
        },
        Ok(ran) if ran.code == 0 || ran.timed_out => Hook::done(ran.took_ms),
        Ok(ran) => Hook {
            result: Err(format!(
                "command '{}' exited with {}: {}",
                argv.join(" "),
                ran.code,
                ran.output
            )),
            took_ms: ran.took_ms,
        },
    }
}
