//! What names may look like, in upstream's words (`apimachinery:pkg/util/validation/validation.go`).
//! Each check gives the messages that it finds; none is well.

pub type Messages = Vec<String>;

fn is_lower_alnum(c: u8) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

/// Letters, digits and the characters `inner` in between.
fn is_word(s: &str, edge: fn(u8) -> bool, inner: &[u8]) -> bool {
    let b = s.as_bytes();
    let (Some(first), Some(last)) = (b.first(), b.last()) else {
        return false;
    };
    edge(*first) && edge(*last) && b.iter().all(|c| edge(*c) || inner.contains(c))
}

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const QUALIFIED: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

fn too_long(max: usize) -> String {
    format!("must be no more than {max} characters")
}

fn is_subdomain(s: &str) -> bool {
    s.split('.').all(|part| is_word(part, is_lower_alnum, b"-"))
}

pub fn dns_label(s: &str) -> Messages {
    let mut out = Messages::new();
    if s.len() > 63 {
        out.push("must be no more than 63 bytes".into());
    }
    if !is_word(s, is_lower_alnum, b"-") {
        out.push(LABEL.into());
    }
    out
}

pub fn dns_subdomain(s: &str) -> Messages {
    let mut out = Messages::new();
    if s.len() > 253 {
        out.push("must be no more than 253 bytes".into());
    }
    if !is_subdomain(s) {
        out.push(SUBDOMAIN.into());
    }
    out
}

/// `*.example.com`.
pub fn wildcard_subdomain(s: &str) -> Messages {
    let mut out = Messages::new();
    if s.len() > 253 {
        out.push("must be no more than 253 bytes".into());
    }
    if !s.strip_prefix("*.").is_some_and(is_subdomain) {
        out.push("a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')".into());
    }
    out
}

/// RFC 1035: as a label, but a letter first.
pub fn dns1035_label(s: &str) -> Messages {
    let mut out = Messages::new();
    if s.len() > 63 {
        out.push("must be no more than 63 bytes".into());
    }
    if !(is_word(s, is_lower_alnum, b"-") && s.starts_with(|c: char| c.is_ascii_lowercase())) {
        out.push("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')".into());
    }
    out
}

/// A label's key: `prefix/name`, the prefix a subdomain.
pub fn qualified(s: &str) -> Messages {
    let mut out = Messages::new();
    let name = match s.split_once('/') {
        None => s,
        Some((_, rest)) if rest.contains('/') => {
            return vec![format!(
                "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
        Some((prefix, name)) => {
            if prefix.is_empty() {
                out.push("prefix part must be non-empty".into());
            } else {
                out.extend(
                    dns_subdomain(prefix)
                        .into_iter()
                        .map(|m| format!("prefix part {m}")),
                );
            }
            name
        }
    };
    if name.is_empty() {
        out.push("name part must be non-empty".into());
    } else if name.len() > 63 {
        out.push("name part must be no more than 63 bytes".into());
    }
    if !is_word(name, |c| c.is_ascii_alphanumeric(), b"-_.") {
        out.push(QUALIFIED.into());
    }
    out
}

pub fn label_value(s: &str) -> Messages {
    let mut out = Messages::new();
    if s.len() > 63 {
        out.push("must be no more than 63 bytes".into());
    }
    if !s.is_empty() && !is_word(s, |c| c.is_ascii_alphanumeric(), b"-_.") {
        out.push(LABEL_VALUE.into());
    }
    out
}

/// A name in a path, as roles have.
pub fn path_segment(s: &str) -> Messages {
    if s == "." || s == ".." {
        return vec![format!("may not be '{s}'")];
    }
    let found = ["/", "%"].into_iter().filter(|bad| s.contains(bad));
    found
        .map(|bad| format!("may not contain '{bad}'"))
        .collect()
}

pub fn port_name(s: &str) -> Messages {
    let mut out = Messages::new();
    let b = s.as_bytes();
    if s.len() > 15 {
        out.push(too_long(15));
    }
    if s.is_empty() || !b.iter().all(|c| is_lower_alnum(*c) || *c == b'-') {
        out.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".into());
    }
    if !b.iter().any(u8::is_ascii_lowercase) {
        out.push("must contain at least one letter (a-z)".into());
    }
    if s.contains("--") {
        out.push("must not contain consecutive hyphens".into());
    }
    if s.starts_with('-') || s.ends_with('-') {
        out.push("must not begin or end with a hyphen".into());
    }
    out
}

pub fn port_number(n: i64) -> Messages {
    range(n, 1, 65535)
}

pub fn user_id(n: i64) -> Messages {
    range(n, 0, i64::from(i32::MAX))
}

pub fn range(n: i64, low: i64, high: i64) -> Messages {
    if (low..=high).contains(&n) {
        return Messages::new();
    }
    vec![format!("must be between {low} and {high}, inclusive")]
}

/// Environment names may hold all that is printable but `=`.
pub fn env_name(s: &str) -> Messages {
    if s.is_empty() || s.bytes().any(|b| !(0x20..0x7f).contains(&b) || b == b'=') {
        return vec!["a valid environment variable name must consist only of printable ASCII characters other than '='".into()];
    }
    Messages::new()
}

/// A key of a ConfigMap or Secret.
pub fn config_key(s: &str) -> Messages {
    let mut out = Messages::new();
    if s.len() > 253 {
        out.push("must be no more than 253 bytes".into());
    }
    if s.is_empty()
        || !s
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(&c))
    {
        out.push("a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')".into());
    }
    if s == "." {
        out.push("must not be '.'".into());
    }
    if s == ".." {
        out.push("must not be '..'".into());
    } else if s.starts_with("..") {
        out.push("must not start with '..'".into());
    }
    out
}

pub fn http_header(s: &str) -> Messages {
    if !s.is_empty()
        && s.bytes()
            .all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(&c))
    {
        return Messages::new();
    }
    vec!["a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')".into()]
}

pub fn ip(s: &str) -> Messages {
    if parse_ip(s).is_some() {
        return Messages::new();
    }
    vec!["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".into()]
}

/// The address, as Go reads it: no leading zeros, no zone.
pub fn parse_ip(s: &str) -> Option<std::net::IpAddr> {
    s.parse().ok()
}

pub fn cidr(s: &str) -> Messages {
    let parts = s
        .split_once('/')
        .and_then(|(a, n)| Some((parse_ip(a)?, n.parse::<u32>().ok()?)));
    let (bits, value, length) = match parts {
        Some((std::net::IpAddr::V4(a), n)) if n <= 32 => (32, u128::from(u32::from(a)), n),
        Some((std::net::IpAddr::V6(a), n)) if n <= 128 => (128, u128::from(a), n),
        _ => return vec!["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)".into()],
    };
    let host = bits - length;
    let beyond = if host >= 128 {
        value
    } else {
        value & ((1u128 << host) - 1)
    };
    if beyond != 0 {
        return vec!["must not have bits set beyond the prefix length".into()];
    }
    Messages::new()
}

/// `25%`.
pub fn percent(s: &str) -> Messages {
    let digits = s.strip_suffix('%').unwrap_or("");
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Messages::new();
    }
    vec!["a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')".into()]
}
