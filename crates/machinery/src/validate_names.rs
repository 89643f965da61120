//! Rules for names, labels, ports and addresses that many kinds share, with upstream's messages and regex texts
//! (`apimachinery:pkg/util/validation`, `pkg/api/validate/content`). Each check gives its complaints, none if all is
//! well. The regexes are quoted, not run: each is matched by a few lines of code.

use crate::{Errors, Path};

pub const DNS1123_LABEL_MAX: usize = 63;
pub const DNS1123_SUBDOMAIN_MAX: usize = 253;

const LABEL_FMT: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN_FMT: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const QUALIFIED_FMT: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const QUALIFIED_MSG: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

fn regex_error(msg: &str, fmt: &str, examples: &[&str]) -> String {
    if examples.is_empty() {
        return format!("{msg} (regex used for validation is '{fmt}')");
    }
    let examples: Vec<String> = examples.iter().map(|e| format!("'{e}', ")).collect();
    format!(
        "{msg} (e.g. {}regex used for validation is '{fmt}')",
        examples.join(" or ")
    )
}

fn max_len_error(n: usize) -> String {
    format!("must be no more than {n} characters")
}

pub fn range_error(lo: i64, hi: i64) -> String {
    format!("must be between {lo} and {hi}, inclusive")
}

const EMPTY: &str = "must be non-empty";

fn is_lower_alnum(c: u8) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

/// `[first][-inner]*[last]` with `-` allowed inside.
fn is_label(s: &str, first: fn(u8) -> bool, edge: fn(u8) -> bool, inner: fn(u8) -> bool) -> bool {
    let b = s.as_bytes();
    match (b.first(), b.last()) {
        (Some(f), Some(l)) => {
            first(*f) && (b.len() == 1 || edge(*l)) && b.iter().all(|c| inner(*c))
        }
        _ => false,
    }
}

fn is_dns_label(s: &str) -> bool {
    is_label(s, is_lower_alnum, is_lower_alnum, |c| {
        is_lower_alnum(c) || c == b'-'
    })
}

/// `web-1`: names of namespaces, containers, ports' hosts, ...
pub fn dns1123_label(s: &str) -> Vec<String> {
    const MSG: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
    let mut out = Vec::new();
    if s.len() > DNS1123_LABEL_MAX {
        out.push(max_len_error(DNS1123_LABEL_MAX));
    }
    if !is_dns_label(s) {
        if dns1123_subdomain(s).is_empty() {
            // A subdomain, so the dots are the trouble.
            out.push("must not contain dots".into());
        } else {
            out.push(regex_error(MSG, LABEL_FMT, &["my-name", "123-abc"]));
        }
    }
    out
}

/// `web.example.com`: names of most objects.
pub fn dns1123_subdomain(s: &str) -> Vec<String> {
    const MSG: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
    let mut out = Vec::new();
    if s.len() > DNS1123_SUBDOMAIN_MAX {
        out.push(max_len_error(DNS1123_SUBDOMAIN_MAX));
    }
    if !s.split('.').all(is_dns_label) {
        out.push(regex_error(MSG, SUBDOMAIN_FMT, &["example.com"]));
    }
    out
}

/// `my-service`: names of Services before 1.36's relaxation, CRD kinds in lower case.
pub fn dns1035_label(s: &str) -> Vec<String> {
    const MSG: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
    let mut out = Vec::new();
    if s.len() > DNS1123_LABEL_MAX {
        out.push(max_len_error(DNS1123_LABEL_MAX));
    }
    if !(is_dns_label(s) && s.starts_with(|c: char| c.is_ascii_lowercase())) {
        out.push(regex_error(
            MSG,
            "[a-z]([-a-z0-9]*[a-z0-9])?",
            &["my-name", "abc-123"],
        ));
    }
    out
}

/// `*.example.com`: hosts of Ingress rules.
pub fn wildcard_dns1123_subdomain(s: &str) -> Vec<String> {
    const MSG: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
    let mut out = Vec::new();
    if s.len() > DNS1123_SUBDOMAIN_MAX {
        out.push(format!(
            "must be no more than {DNS1123_SUBDOMAIN_MAX} characters"
        ));
    }
    if !s
        .strip_prefix("*.")
        .is_some_and(|rest| rest.split('.').all(is_dns_label))
    {
        out.push(regex_error(
            MSG,
            &format!("\\*\\.{SUBDOMAIN_FMT}"),
            &["*.example.com"],
        ));
    }
    out
}

/// A name made from a prefix (`generateName`): a trailing `-` counts as a letter.
pub fn mask_trailing_dash(s: &str) -> String {
    match s.strip_suffix('-') {
        Some(head) if !head.is_empty() => format!("{head}a"),
        _ => s.to_string(),
    }
}

fn is_qualified_part(s: &str) -> bool {
    let alnum = |c: u8| c.is_ascii_alphanumeric();
    is_label(s, alnum, alnum, |c| {
        c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.')
    })
}

/// `app`, `app.kubernetes.io/name`: keys of labels and annotations, names of resources and finalizers.
pub fn qualified_name(s: &str) -> Vec<String> {
    const EXAMPLES: &[&str] = &["MyName", "my.name", "123-abc"];
    let mut out = Vec::new();
    let parts: Vec<&str> = s.split('/').collect();
    let name = match parts[..] {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                out.push(format!("prefix part {EMPTY}"));
            } else {
                out.extend(
                    dns1123_subdomain(prefix)
                        .into_iter()
                        .map(|m| format!("prefix part {m}")),
                );
            }
            name
        }
        _ => {
            let text = regex_error(QUALIFIED_MSG, QUALIFIED_FMT, EXAMPLES);
            return vec![format!(
                "a valid label key {text} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        out.push(format!("name part {EMPTY}"));
    } else if name.len() > 63 {
        out.push("name part must be no more than 63 bytes".into());
    }
    if !is_qualified_part(name) {
        out.push(format!(
            "name part {}",
            regex_error(QUALIFIED_MSG, QUALIFIED_FMT, EXAMPLES)
        ));
    }
    out
}

/// A label's value.
pub fn label_value(s: &str) -> Vec<String> {
    const MSG: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    let mut out = Vec::new();
    if s.len() > 63 {
        out.push("must be no more than 63 bytes".into());
    }
    if !s.is_empty() && !is_qualified_part(s) {
        out.push(regex_error(
            MSG,
            &format!("({QUALIFIED_FMT})?"),
            &["MyValue", "my_value", "12345"],
        ));
    }
    out
}

/// A port's name (an IANA service name): `http`, `metrics-2`.
pub fn port_name(s: &str) -> Vec<String> {
    let mut out = Vec::new();
    if s.len() > 15 {
        out.push(max_len_error(15));
    }
    if s.is_empty() || !s.bytes().all(|c| is_lower_alnum(c) || c == b'-') {
        out.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".into());
    }
    if !s.bytes().any(|c| c.is_ascii_lowercase()) {
        out.push("must contain at least one letter (a-z)".into());
    }
    if s.contains("--") {
        out.push("must not contain consecutive hyphens".into());
    }
    if !s.is_empty() && (s.starts_with('-') || s.ends_with('-')) {
        out.push("must not begin or end with a hyphen".into());
    }
    out
}

pub fn port_number(n: i64) -> Vec<String> {
    in_range(n, 1, 65535)
}

pub fn in_range(n: i64, lo: i64, hi: i64) -> Vec<String> {
    if (lo..=hi).contains(&n) {
        Vec::new()
    } else {
        vec![range_error(lo, hi)]
    }
}

/// `50%`.
pub fn percent(s: &str) -> Vec<String> {
    const MSG: &str = "a valid percent string must be a numeric string followed by an ending '%'";
    let digits = s.strip_suffix('%').unwrap_or("");
    if !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit()) {
        return Vec::new();
    }
    vec![regex_error(MSG, "[0-9]+%", &["1%", "93%"])]
}

pub fn http_header_name(s: &str) -> Vec<String> {
    const MSG: &str = "a valid HTTP header must consist of alphanumeric characters or '-'";
    if !s.is_empty() && s.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-') {
        return Vec::new();
    }
    vec![regex_error(MSG, "[-A-Za-z0-9]+", &["X-Header-Name"])]
}

/// The name of an environment variable: printable ASCII without `=`.
pub fn env_var_name(s: &str) -> Vec<String> {
    let mut out = Vec::new();
    if s.is_empty() {
        out.push(format!("environment variable name {EMPTY}"));
    }
    if s.chars().any(|c| !(' '..='~').contains(&c) || c == '=') {
        out.push("a valid environment variable name must consist only of printable ASCII characters other than '='".into());
    }
    out
}

/// A key of a ConfigMap or Secret.
pub fn config_map_key(s: &str) -> Vec<String> {
    const MSG: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    let mut out = Vec::new();
    if s.len() > DNS1123_SUBDOMAIN_MAX {
        out.push(max_len_error(DNS1123_SUBDOMAIN_MAX));
    }
    let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
    if s.is_empty() || !s.bytes().all(allowed) {
        out.push(regex_error(
            MSG,
            "[-._a-zA-Z0-9]+",
            &["key.name", "KEY_NAME", "key-name"],
        ));
    }
    match s {
        "." => out.push("must not be '.'".into()),
        ".." => out.push("must not be '..'".into()),
        s if s.starts_with("..") => out.push("must not start with '..'".into()),
        _ => {}
    }
    out
}

/// An IP address, and its canonical text.
pub fn parse_ip(s: &str) -> Option<std::net::IpAddr> {
    s.parse().ok().or_else(|| {
        // Leading zeros are read as decimal, as old Go did.
        let parts: Vec<&str> = s.split('.').collect();
        let octet = |p: &&str| {
            let ok = !p.is_empty() && p.bytes().all(|c| c.is_ascii_digit());
            p.parse::<u32>()
                .ok()
                .filter(|n| ok && *n < 256)
                .map(|n| n as u8)
        };
        match parts.iter().map(octet).collect::<Option<Vec<u8>>>()?[..] {
            [a, b, c, d] => Some(std::net::IpAddr::from([a, b, c, d])),
            _ => None,
        }
    })
}

/// Address and prefix length.
pub fn parse_cidr(s: &str) -> Option<(std::net::IpAddr, u8)> {
    let (ip, bits) = s.split_once('/')?;
    let ip = parse_ip(ip)?;
    let n: u8 = bits
        .parse()
        .ok()
        .filter(|_| bits.bytes().all(|c| c.is_ascii_digit()))?;
    (n <= if ip.is_ipv4() { 32 } else { 128 }).then_some((ip, n))
}

/// An address of an older field: anything that reads as one.
pub fn ip(errors: &mut Errors, path: &Path, s: &str) {
    if parse_ip(s).is_none() {
        errors.invalid(
            path,
            s.to_string(),
            "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
        );
    }
}

/// A CIDR of an older field.
pub fn cidr(errors: &mut Errors, path: &Path, s: &str) {
    if parse_cidr(s).is_none() {
        errors.invalid(
            path,
            s.to_string(),
            "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        );
    }
}

/// `metadata.labels`, `spec.selector`, `matchLabels`: keys and values of a map of labels.
pub fn labels(errors: &mut Errors, path: &Path, labels: &crate::Value) {
    for (k, v) in labels.entries() {
        label_key(errors, path, k);
        for msg in label_value(v.as_str().unwrap_or("")) {
            errors.invalid(path, v.clone(), &msg);
        }
    }
}

/// One label key.
pub fn label_key(errors: &mut Errors, path: &Path, key: &str) {
    for msg in qualified_name(key) {
        errors.invalid(path, key.to_string(), &msg);
    }
}

/// `metadata.annotations`: keys as labels' (in lower case), all together at most 256 KiB.
pub fn annotations(errors: &mut Errors, path: &Path, annotations: &crate::Value) {
    const MAX: usize = 256 * 1024;
    let mut total = 0;
    for (k, v) in annotations.entries() {
        for msg in qualified_name(&k.to_lowercase()) {
            errors.invalid(path, k.to_string(), &msg);
        }
        total += k.len() + v.as_str().unwrap_or("").len();
    }
    if total > MAX {
        errors.too_long(path, MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_upstreams() {
        let check = |got: Vec<String>, want: &str| assert_eq!(got.join(" | "), want);
        check(dns1123_label("web-1"), "");
        check(dns1123_label("a.b"), "must not contain dots");
        check(
            dns1123_label("Web"),
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        );
        check(
            dns1123_subdomain("a..b"),
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        );
        check(
            dns1035_label("1a"),
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
        );
        check(qualified_name("example.com/name"), "");
        check(qualified_name("/x"), "prefix part must be non-empty");
        check(
            label_value("a b"),
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        );
        check(
            port_name("Http--"),
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-) | must not contain consecutive hyphens | must not begin or end with a hyphen",
        );
        check(
            port_name("a-very-long-port-name"),
            "must be no more than 15 characters",
        );
        check(port_number(0), "must be between 1 and 65535, inclusive");
        check(config_map_key(".."), "must not be '..'");
        check(
            config_map_key("a/b"),
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
        );
        check(
            env_var_name("A=B"),
            "a valid environment variable name must consist only of printable ASCII characters other than '='",
        );
        check(
            label_value(&"x".repeat(64)),
            "must be no more than 63 bytes",
        );
        assert!(
            parse_ip("010.0.0.1").is_some()
                && parse_ip("::1").is_some()
                && parse_ip("10.0.0").is_none()
                && parse_cidr("10.0.0.0/33").is_none()
                && parse_cidr("10.0.0.0/8").is_some()
        );
    }
}
