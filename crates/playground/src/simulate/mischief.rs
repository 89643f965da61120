//! What is broken at random, and mended at the end.

use super::Sim;
use cluster::kubelet::faults::Fault;

/// Breaks something, or mends something.
pub(super) fn one(sim: &mut Sim) {
    let broken: Vec<u32> = sim.cluster.faults().map(|b| b.id).collect();
    if !broken.is_empty()
        && sim.chance(35)
        && let Some(id) = sim.one_of(&broken)
    {
        let text = sim.cluster.heal(id).unwrap_or_default();
        sim.tell(format!("healed: {text}"));
        return;
    }
    let fault = match sim.below(12) {
        0..=5 => of_pod(sim),
        11 => Some(Fault::StopComponent {
            component: sim
                .one_of(&["kube-scheduler", "kube-controller-manager"])
                .unwrap_or("kube-scheduler")
                .to_string(),
            on: true,
        }),
        _ => of_node(sim),
    };
    if let Some(fault) = fault {
        let done = sim.cluster.fault(fault.clone());
        let how = if done { "" } else { " (not there)" };
        sim.tell(format!("broken: {}{how}", fault.text()));
    }
}

fn of_pod(sim: &mut Sim) -> Option<Fault> {
    let p = sim.any("pods")?;
    let (namespace, pod, container) = (
        p.namespace().to_string(),
        p.name().to_string(),
        String::new(),
    );
    Some(match sim.below(5) {
        0 => Fault::KillProcess {
            namespace,
            pod,
            container,
        },
        1 => Fault::Crash {
            namespace,
            pod,
            container,
            on: true,
        },
        2 => Fault::LeakMemory {
            namespace,
            pod,
            container,
            mib_per_s: 20,
        },
        3 => Fault::Hang {
            namespace,
            pod,
            container,
            on: true,
        },
        _ => Fault::SlowStart {
            namespace,
            pod,
            container,
            extra_ms: 20_000,
        },
    })
}

fn of_node(sim: &mut Sim) -> Option<Fault> {
    let node = sim.any("nodes")?.name().to_string();
    Some(match sim.below(6) {
        0 | 1 => Fault::CutNode { node, on: true },
        2 | 3 => Fault::StopNode { node, on: true },
        4 => Fault::SlowNode { node, factor: 8 },
        _ => match sim.chance(50) {
            true => Fault::Partition {
                a: "a".into(),
                b: "b".into(),
                on: true,
            },
            false => Fault::DropImage {
                node,
                image: "nginx:1.25".into(),
            },
        },
    })
}

/// Everything is well again.
pub(super) fn mend(sim: &mut Sim) {
    let all: Vec<u32> = sim.cluster.faults().map(|b| b.id).collect();
    for id in all {
        sim.cluster.heal(id);
    }
}
