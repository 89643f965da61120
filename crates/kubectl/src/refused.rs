//! What kubectl has and we do not: said in one plain line when it is used. The list is also read by the table of coverage.

use crate::command::Command;

/// (command, flag): an empty flag is the whole command; `*` is any command.
const REFUSED: &[(&str, &str)] = &[
    ("*", "as-uid"),
    ("*", "as-user-extra"),
    ("*", "kuberc"),
    ("*", "match-server-version"),
    ("*", "profile-output"),
    ("attach", "detach-keys"),
    ("kuberc view", ""),
    ("kuberc set", ""),
    ("kustomize", "as-current-user"),
    ("kustomize", "enable-alpha-plugins"),
    ("kustomize", "enable-helm"),
    ("kustomize", "env"),
    ("kustomize", "helm-api-versions"),
    ("kustomize", "helm-command"),
    ("kustomize", "helm-debug"),
    ("kustomize", "helm-kube-version"),
    ("kustomize", "mount"),
    ("kustomize", "network"),
    ("kustomize", "network-name"),
    ("proxy", "unix-socket"),
    ("proxy", "www"),
    ("proxy", "www-prefix"),
    ("run", "detach-keys"),
    ("top node", "show-swap"),
    ("top pod", "show-swap"),
];

/// The words of the refusal, if this command, or this flag of it, is refused; "" asks for the command itself.
pub fn refused(way: &[&'static Command], flag: &str) -> Option<String> {
    let path = crate::cx::path(way.get(1..).unwrap_or(&[]));
    let own = flag.is_empty() || way.last()?.own_flags().any(|f| f.long == flag);
    let place = if own { path.as_str() } else { "*" };
    REFUSED.iter().find(|(p, f)| *p == place && *f == flag)?;
    let path = crate::cx::path(way);
    Some(match flag {
        "" => format!("bottleship does not simulate {path}"),
        flag => format!("bottleship does not simulate {path} --{flag}"),
    })
}
