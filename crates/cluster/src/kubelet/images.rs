//! Image references and registries: which images exist, and in which words a pull fails.
//!
//! The real one is containerd asking a registry. Here a registry is the [`super::catalogue`]: a known repository with
//! an unknown tag answers "not found", an unknown repository "access denied", an unknown registry does not resolve.
//! Upstream: `distribution/reference`, `containerd:core/remotes/docker`, `kubernetes:pkg/kubelet/images`.

use super::catalogue::{self, Image};
use crate::Cluster;
use crate::cx::Cx;
use machinery::Object;
use machinery::time::Millis;

/// A reference, taken apart: `docker.io/library/nginx`, `1.27`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// With registry and, on Docker Hub, with `library/`.
    pub repository: String,
    pub tag: String,
    /// `sha256:...`, "" without one.
    pub digest: String,
}

/// Reads an image reference; None where it is not one (`InvalidImageName`).
pub fn parse(image: &str) -> Option<Reference> {
    let (rest, digest) = image.split_once('@').unwrap_or((image, ""));
    let (name, tag) = match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (rest, ""),
    };
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/:".contains(c);
    let tag_char = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let bad_tag = rest.len() > name.len() && tag.is_empty();
    if name.is_empty() || bad_tag || !tag.chars().all(tag_char) || tag.len() > 128 {
        return None;
    }
    let (registry, path) = match name.split_once('/') {
        Some((r, p)) if r.contains(['.', ':']) || r == "localhost" => (r, p),
        _ => ("docker.io", name),
    };
    if path.is_empty() || !path.chars().all(word) || path.split('/').any(str::is_empty) {
        return None;
    }
    let repository = match (registry, path.contains('/')) {
        ("docker.io" | "index.docker.io", false) => format!("docker.io/library/{path}"),
        ("index.docker.io", true) => format!("docker.io/{path}"),
        _ => format!("{registry}/{path}"),
    };
    let tag = if tag.is_empty() && digest.is_empty() {
        "latest"
    } else {
        tag
    };
    Some(Reference {
        repository,
        tag: tag.to_string(),
        digest: digest.to_string(),
    })
}

impl Reference {
    /// `docker.io/library/nginx:1.27`.
    pub fn full(&self) -> String {
        match (self.tag.as_str(), self.digest.as_str()) {
            (tag, "") => format!("{}:{tag}", self.repository),
            ("", digest) => format!("{}@{digest}", self.repository),
            (tag, digest) => format!("{}:{tag}@{digest}", self.repository),
        }
    }
    /// `docker.io/library/nginx@sha256:...`: `imageID` of a container status.
    pub fn id(&self) -> String {
        if self.digest.is_empty() {
            format!("{}@sha256:{}", self.repository, hex64(&self.full()))
        } else {
            format!("{}@{}", self.repository, self.digest)
        }
    }
}

/// Tells of pull secrets that are not there; pulling is tried without them.
pub fn note_secrets(cx: &mut Cx, pod: &Object) {
    let named = pod.at("spec.imagePullSecrets").items().iter();
    let missing: Vec<&str> = named
        .map(|s| s.text("name"))
        .filter(|n| cx.store().get("secrets", pod.namespace(), n).is_none())
        .collect();
    if !missing.is_empty() {
        let text = format!(
            "Unable to retrieve some image pull secrets ({}); attempting to pull the image may not succeed.",
            missing.join(", ")
        );
        cx.event(pod, "Warning", "FailedToRetrieveImagePullSecret", &text);
    }
}

impl Cluster {
    /// From when to when an image is pulled for a pod, if one is.
    pub fn pull_of(&self, uid: &str) -> Option<(Millis, Millis)> {
        let run = self.kubelets.pod(uid)?;
        run.containers.iter().find_map(|c| match c.phase {
            super::run::Phase::Pulling { from, until, .. } => Some((from, until)),
            _ => None,
        })
    }
}

/// The image of a reference, or the error of the registry as containerd passes it on.
pub fn find(r: &Reference) -> Result<&'static Image, String> {
    let same = |i: &&Image| i.repositories.contains(&r.repository.as_str());
    let mut known = catalogue::images().filter(same).peekable();
    let full = r.full();
    let prefix = format!(
        "failed to pull and unpack image \"{full}\": failed to resolve reference \"{full}\":"
    );
    if known.peek().is_none() {
        let registry = r.repository.split('/').next().unwrap_or("");
        return Err(match registry {
            "docker.io" => format!(
                "rpc error: code = Unknown desc = {prefix} pull access denied, repository does not exist or may require \
                 authorization: server message: insufficient_scope: authorization failed"
            ),
            "registry.k8s.io" | "quay.io" | "ghcr.io" | "gcr.io" | "k8s.gcr.io"
            | "mcr.microsoft.com" | "public.ecr.aws" => {
                format!("rpc error: code = NotFound desc = {prefix} {full}: not found")
            }
            other => format!(
                "rpc error: code = Unknown desc = {prefix} failed to do request: Head \"https://{other}/v2/{}/manifests/{}\": \
                 dial tcp: lookup {other}: no such host",
                r.repository.split_once('/').map_or("", |(_, p)| p),
                r.tag,
            ),
        });
    }
    known
        .find(|i| !r.digest.is_empty() || i.tags.iter().any(|p| matches(p, &r.tag)))
        .ok_or_else(|| format!("rpc error: code = NotFound desc = {prefix} {full}: not found"))
}

/// Whether a tag is one of those that a pattern stands for: `1.{25..27}{,-alpine}`. `*` is any rest.
pub fn matches(pattern: &str, tag: &str) -> bool {
    let Some(open) = pattern.find('{') else {
        return match pattern.strip_suffix('*') {
            Some(start) => tag.starts_with(start),
            None => pattern == tag,
        };
    };
    let Some(close) = pattern[open..].find('}').map(|i| i + open) else {
        return pattern == tag;
    };
    let Some(rest) = tag.strip_prefix(&pattern[..open]) else {
        return false;
    };
    let after = &pattern[close + 1..];
    pattern[open + 1..close].split(',').any(|choice| {
        let range = choice
            .split_once("..")
            .and_then(|(a, b)| Some((a.parse::<u32>().ok()?, b.parse::<u32>().ok()?)));
        match range {
            None => rest
                .strip_prefix(choice)
                .is_some_and(|rest| matches(after, rest)),
            Some((from, to)) => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                (1..=digits).any(|n| {
                    let number = rest[..n]
                        .parse::<u32>()
                        .is_ok_and(|x| (from..=to).contains(&x));
                    let plain = n == 1 || !rest.starts_with('0');
                    number && plain && matches(after, &rest[n..])
                })
            }
        }
    })
}

/// 64 hexadecimal digits that follow from a text: digests and container ids.
pub fn hex64(text: &str) -> String {
    let mut out = String::with_capacity(64);
    for salt in 0u64..4 {
        let mut h = 0xcbf2_9ce4_8422_2325u64 ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for b in text.bytes() {
            h = (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
            h ^= h >> 29;
        }
        h = (h ^ (h >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        crate::rng::push_hex(&mut out, h ^ (h >> 32), 16);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart_as_distribution_does() {
        for (image, expected) in [
            ("nginx", Some("docker.io/library/nginx:latest")),
            ("nginx:1.27", Some("docker.io/library/nginx:1.27")),
            ("bitnami/redis:7", Some("docker.io/bitnami/redis:7")),
            ("localhost:5000/a", Some("localhost:5000/a:latest")),
            ("Nginx", None),
            ("nginx:", None),
            ("", None),
        ] {
            assert_eq!(
                parse(image).map(|r| r.full()).as_deref(),
                expected,
                "{image}"
            );
        }
    }

    #[test]
    fn the_catalogue_knows_what_exists() {
        for (image, there) in [
            ("nginx", true),
            ("nginx:1.14.2", true),
            ("nginx:1.27-alpine", true),
            ("nginx:1.161", false),
            ("nginx:1.277", false),
            ("nginx:9.99", false),
            ("nginx:not-there", false),
            ("busybox:1.36", true),
            ("redis:7", true),
            ("mysql:5.6", true),
            ("sebcontents/cozserver:1.0", true),
            ("sysnet4admin/echo-hname", true),
            ("fluent/fluent-bit:3.1", true),
            ("no-such-thing", false),
        ] {
            let r = parse(image).expect(image);
            assert_eq!(find(&r).is_ok(), there, "{image}");
        }
    }
}
