//! `kubectl logs`: the lines of a container, cut and stamped as asked.
//! Upstream: `pkg/kubelet/kubelet_pods.go` (`GetKubeletContainerLogs`), `pkg/kubelet/kuberuntime/logs`.

use super::run::{ContainerRun, LogLine, Phase, PodRun};
use machinery::time::{Millis, parse_rfc3339, rfc3339_micro};
use machinery::{Object, Request, Status};

/// Which lines are asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub follow: bool,
    pub previous: bool,
    pub timestamps: bool,
    pub tail: Option<usize>,
    pub since: Option<Millis>,
    pub limit_bytes: Option<usize>,
}

impl Options {
    pub fn read(request: &Request, now: Millis) -> Options {
        let flag = |name: &str| request.param(name).is_some_and(|v| v == "true" || v == "1");
        let number = |name: &str| request.param(name).and_then(|v| v.parse::<i64>().ok());
        let since_time = request.param("sinceTime").and_then(parse_rfc3339);
        Options {
            follow: flag("follow"),
            previous: flag("previous"),
            timestamps: flag("timestamps"),
            tail: number("tailLines").and_then(|n| usize::try_from(n).ok()),
            since: number("sinceSeconds")
                .map(|s| now - super::ms(s))
                .or(since_time),
            limit_bytes: number("limitBytes").and_then(|n| usize::try_from(n).ok()),
        }
    }
}

/// The container that a request names, or the only one. The error is the API server's.
pub fn container(
    pod: &Object,
    run: Option<&PodRun>,
    request: &Request,
) -> Result<(String, Option<usize>), Status> {
    let name = request.param("container").unwrap_or("");
    let spec = pod.spec();
    let of = |list: &str| {
        spec.get(list)
            .items()
            .iter()
            .map(|c| c.text("name").to_string())
            .collect::<Vec<_>>()
    };
    let (mains, inits, ephemeral) = (
        of("containers"),
        of("initContainers"),
        of("ephemeralContainers"),
    );
    if name.is_empty() {
        return match mains.as_slice() {
            [one] => Ok((one.clone(), run.and_then(|r| r.container(one)))),
            _ => {
                let choices = format!("[{}]", mains.join(" "));
                let more = if inits.is_empty() {
                    String::new()
                } else {
                    format!(" or one of the init containers: [{}]", inits.join(" "))
                };
                Err(Status::bad_request(format!(
                    "a container name must be specified for pod {}, choose one of: {choices}{more}",
                    pod.name()
                )))
            }
        };
    }
    if ![&mains, &inits, &ephemeral]
        .iter()
        .any(|l| l.iter().any(|n| n == name))
    {
        return Err(Status::bad_request(format!(
            "container {name} is not valid for pod {}",
            pod.name()
        )));
    }
    Ok((name.to_string(), run.and_then(|r| r.container(name))))
}

/// Whether there is a log at all. Upstream: `validateContainerLogStatus`.
pub fn check(
    pod: &Object,
    name: &str,
    c: Option<&ContainerRun>,
    previous: bool,
) -> Result<(), Status> {
    let waiting = |why: &str| {
        Status::bad_request(format!(
            "container \"{name}\" in pod \"{}\" is waiting to start: {why}",
            pod.name()
        ))
    };
    let Some(c) = c else {
        return Err(waiting("ContainerCreating"));
    };
    if previous {
        return match (&c.previous_log, &c.last) {
            (Some(_), _) => Ok(()),
            (None, Some(_)) if c.restarts == 0 => Ok(()),
            _ => Err(Status::bad_request(format!(
                "previous terminated container \"{name}\" in pod \"{}\" not found",
                pod.name()
            ))),
        };
    }
    match &c.phase {
        Phase::Running { .. } | Phase::Ended { .. } => Ok(()),
        _ if c.last.is_some() => Ok(()),
        Phase::Waiting {
            reason: "ErrImagePull",
            ..
        } => Err(waiting("image can't be pulled")),
        Phase::Waiting {
            reason: "ImagePullBackOff",
            ..
        }
        | Phase::Pulling { .. }
            if c.pull_error.is_some() =>
        {
            Err(waiting("trying and failing to pull image"))
        }
        Phase::Waiting { reason, .. } if !reason.is_empty() => Err(waiting(reason)),
        _ => Err(waiting(
            if pod.spec().get("initContainers").items().is_empty() {
                "ContainerCreating"
            } else {
                "PodInitializing"
            },
        )),
    }
}

/// Lines of a container as asked; `from` counts lines already given, for those who follow.
pub fn text(c: &ContainerRun, options: &Options) -> String {
    let log = match (&c.previous_log, options.previous) {
        (Some(old), true) => old,
        _ => &c.log,
    };
    let lines = log.all();
    let chosen: Vec<&LogLine> = lines
        .iter()
        .filter(|l| options.since.is_none_or(|t| l.at >= t))
        .collect();
    let skip = options.tail.map_or(0, |n| chosen.len().saturating_sub(n));
    let mut out = String::new();
    for (i, line) in chosen.iter().enumerate().skip(skip) {
        if options.timestamps {
            out.push_str(&stamp(line.at, i));
            out.push(' ');
        }
        out.push_str(&line.text);
        if i + 1 < chosen.len() || !log.open {
            out.push('\n');
        }
    }
    if let Some(limit) = options.limit_bytes
        && out.len() > limit
    {
        let mut end = limit;
        while !out.is_char_boundary(end) {
            end -= 1;
        }
        out.truncate(end);
    }
    out
}

/// `2026-11-20T11:46:21.425000137Z`: nine digits, in order even within a millisecond.
pub fn stamp(at: Millis, i: usize) -> String {
    let micro = rfc3339_micro(at);
    format!("{}{:06}Z", &micro[..micro.len() - 4], 137 + i * 7)
}
