//! Sentences about what is on the page, in both languages: what a state means, why something is as it is, how long ago.
//! No particle is ever glued to a name.

use crate::i18n::{Lang, T, Texts};
use crate::model::pod::{Pod, PodState};
use machinery::http::Hop;
use machinery::time::Millis;
use playground::WhyCard;

/// What a state means, in a sentence or two.
pub fn state_means(texts: &Texts, pod: &Pod) -> String {
    let key = match pod.state {
        PodState::Pending => T::means_pending,
        PodState::Pulling => T::means_pulling,
        PodState::Starting => T::means_starting,
        PodState::NotReady => T::means_notready,
        PodState::Ready => T::means_ready,
        PodState::CrashLoop => T::means_crashloop,
        PodState::ImagePull => T::means_imagepull,
        PodState::Error => T::means_error,
        PodState::Terminating => T::means_terminating,
        PodState::Completed => T::means_completed,
        PodState::Evicted => T::means_evicted,
        PodState::Unknown => T::means_unknown,
    };
    texts.get(key).to_string()
}

/// `12s`, `3m`, `2h5m`: as kubectl prints ages, for both languages.
pub fn age(ms: Millis) -> String {
    let s = ms.max(0) / 1000;
    match s {
        0..120 => format!("{s}s"),
        120..600 if s % 60 != 0 => format!("{}m{}s", s / 60, s % 60),
        120..10_800 => format!("{}m", s / 60),
        10_800..28_800 if s / 60 % 60 != 0 => format!("{}h{}m", s / 3600, s / 60 % 60),
        10_800..172_800 => format!("{}h", s / 3600),
        _ => format!("{}d", s / 86_400),
    }
}

/// `09:00:05`
pub fn clock(now: Millis) -> String {
    let s = now.div_euclid(1000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}

/// `0:05`, `12:34`, `1:02:03`: time since the start.
pub fn elapsed(ms: Millis) -> String {
    let s = ms.max(0) / 1000;
    if s >= 3600 {
        format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
    } else {
        format!("{}:{:02}", s / 60, s % 60)
    }
}

/// `1.5Gi`, `256Mi`
pub fn bytes(n: i64) -> String {
    let mi = n as f64 / 1_048_576.0;
    if mi >= 1024.0 {
        let gi = mi / 1024.0;
        if (gi - gi.round()).abs() < 0.05 {
            format!("{gi:.0}Gi")
        } else {
            format!("{gi:.1}Gi")
        }
    } else {
        format!("{mi:.0}Mi")
    }
}

/// `4`, `0.25`
pub fn cpu(milli: i64) -> String {
    let whole = milli as f64 / 1000.0;
    let text = format!("{whole:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// One card of the chain of causes, as (headline, why).
pub fn why(texts: &Texts, card: &WhyCard) -> (String, String) {
    let what = match card.what {
        "created" => T::why_created,
        "deleted" => T::why_deleted,
        _ => T::why_changed,
    };
    let kind = singular(&card.of.resource);
    let head = texts.fill(
        what,
        &[
            ("kind", kind),
            ("name", &card.of.name),
            ("actor", &actor(texts, &card.actor)),
        ],
    );
    let because = match (&card.command, card.reason.as_str()) {
        (Some(command), "") => texts.fill(T::why_command, &[("command", command)]),
        (Some(command), reason) => texts.fill(
            T::why_command_reason,
            &[
                ("command", command),
                ("reason", &reason_words(texts.lang, reason)),
            ],
        ),
        (None, "") => String::new(),
        (None, reason) => texts.fill(
            T::why_reason,
            &[("reason", &reason_words(texts.lang, reason))],
        ),
    };
    (head, because)
}

/// `replicaset-controller` → `the ReplicaSet controller`; what is not known stays as it is.
fn actor(texts: &Texts, actor: &str) -> String {
    let (name, host) = actor.split_once(' ').unwrap_or((actor, ""));
    let key = match name {
        "deployment-controller" => T::actor_deployment,
        "replicaset-controller" => T::actor_replicaset,
        "daemonset-controller" => T::actor_daemonset,
        "default-scheduler" | "scheduler" => T::actor_scheduler,
        "kubelet" => T::actor_kubelet,
        "kubectl" => T::actor_you,
        _ => return actor.to_string(),
    };
    texts.fill(key, &[("host", host)]).trim().to_string()
}

/// The structured reasons of actors (`wanted 3, had 2`) in the page's language; others as they are.
fn reason_words(lang: Lang, reason: &str) -> String {
    let numbers = reason
        .strip_prefix("wanted ")
        .and_then(|r| r.split_once(", had "));
    match (lang, numbers) {
        (Lang::Ko, Some((wanted, had))) => format!("{wanted}개가 있어야 하는데 {had}개였어요"),
        (Lang::En, Some((wanted, had))) => format!("{wanted} were wanted and there were {had}"),
        (Lang::Ko, None) => {
            let new = reason.strip_prefix("no ReplicaSet has this template yet: revision ");
            new.map_or(reason.to_string(), |n| {
                format!("이 템플릿의 레플리카셋이 아직 없어서 리비전 {n}로 만들었어요")
            })
        }
        _ => reason.to_string(),
    }
}

/// A station of a request, in the page's language: where, and what became of it there.
pub fn hop(texts: &Texts, hop: &Hop) -> (String, String) {
    let at = match hop.at.as_str() {
        "host" => texts.get(T::net_computer).to_string(),
        at => at.to_string(),
    };
    let note = hop.note.as_str();
    if texts.lang == Lang::En {
        return (at, note.to_string());
    }
    let words = match note {
        "no ready endpoints" => "준비된 파드가 없어요".to_string(),
        "no endpoint on this node" => "이 노드에는 뒤에 있는 파드가 없어요".to_string(),
        "cut off" => "네트워크가 끊겼어요".to_string(),
        "refuses" => "막았어요".to_string(),
        _ => {
            let port = note.strip_prefix("nothing listens on port ");
            let none = note.strip_prefix("has no port ");
            let one = note.strip_prefix("one of ");
            match (port, none, one.and_then(|n| n.split_once(" endpoints: "))) {
                (Some(port), ..) => format!("{port}번 포트에서 듣는 것이 없어요"),
                (_, Some(port), _) => format!("{port}번 포트가 없어요"),
                (_, _, Some((n, to))) => format!("{n}개 중 하나: {to}"),
                _ => note.to_string(),
            }
        }
    };
    (at, words)
}

/// `deployments.apps` → `Deployment`
pub fn singular(resource: &str) -> &str {
    match resource.split('.').next().unwrap_or(resource) {
        "pods" => "Pod",
        "replicasets" => "ReplicaSet",
        "deployments" => "Deployment",
        "daemonsets" => "DaemonSet",
        "statefulsets" => "StatefulSet",
        "jobs" => "Job",
        "nodes" => "Node",
        "services" => "Service",
        "endpoints" => "Endpoints",
        "endpointslices" => "EndpointSlice",
        "configmaps" => "ConfigMap",
        "secrets" => "Secret",
        "namespaces" => "Namespace",
        "serviceaccounts" => "ServiceAccount",
        "events" => "Event",
        "leases" => "Lease",
        _ => resource,
    }
}

/// `Pod` → `pods`: for opening what an owner reference names.
pub fn resource_of(kind: &str) -> &str {
    match kind {
        "Pod" => "pods",
        "ReplicaSet" => "replicasets.apps",
        "Deployment" => "deployments.apps",
        "DaemonSet" => "daemonsets.apps",
        "StatefulSet" => "statefulsets.apps",
        "Job" => "jobs.batch",
        "Node" => "nodes",
        "Service" => "services",
        _ => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_amounts() {
        assert_eq!(age(119_000), "119s");
        assert_eq!(age(125_000), "2m5s");
        assert_eq!(clock(32_405_000), "09:00:05");
        assert_eq!(elapsed(754_000), "12:34");
        assert_eq!(bytes(8 << 30), "8Gi");
        assert_eq!(bytes(256 << 20), "256Mi");
        assert_eq!((cpu(4000), cpu(250)), ("4".into(), "0.25".into()));
    }

    #[test]
    fn a_card_says_who_and_why_in_both_languages() {
        let card = WhyCard {
            of: playground::Ref {
                resource: "pods".into(),
                namespace: "default".into(),
                name: "web-1".into(),
            },
            what: "created",
            at: 0,
            actor: "replicaset-controller".into(),
            command: None,
            reason: "wanted 3, had 2".into(),
        };
        let (head, because) = why(&crate::i18n::of_file(Lang::En), &card);
        assert_eq!(head, "The ReplicaSet controller created Pod web-1.");
        assert_eq!(because, "Because 3 were wanted and there were 2.");
        let (_, because) = why(&crate::i18n::of_file(Lang::Ko), &card);
        assert!(
            because.contains("3개가 있어야 하는데 2개였어요"),
            "{because}"
        );
    }
}
