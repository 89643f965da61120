//! What names may look like: `machinery`'s rules under short names, and the few that only kinds need.
//! Each check gives the messages that it finds; none is well.

pub use machinery::validate_names::{
    config_map_key as config_key, dns1035_label, dns1123_label as dns_label,
    dns1123_subdomain as dns_subdomain, http_header_name as http_header, in_range as range,
    label_value, parse_ip, percent, port_name, port_number, qualified_name as qualified,
    wildcard_dns1123_subdomain as wildcard_subdomain,
};

pub type Messages = Vec<String>;

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

pub fn user_id(n: i64) -> Messages {
    range(n, 0, i64::from(i32::MAX))
}

/// Environment names may hold all that is printable but `=`.
pub fn env_name(s: &str) -> Messages {
    if s.is_empty() || s.bytes().any(|b| !(0x20..0x7f).contains(&b) || b == b'=') {
        return vec!["a valid environment variable name must consist only of printable ASCII characters other than '='".into()];
    }
    Messages::new()
}

pub fn ip(s: &str) -> Messages {
    if parse_ip(s).is_some() {
        return Messages::new();
    }
    vec!["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".into()]
}

/// A network, written without bits of a host.
pub fn cidr(s: &str) -> Messages {
    use std::net::IpAddr;
    let (bits, value, length) = match machinery::validate_names::parse_cidr(s) {
        Some((IpAddr::V4(a), n)) => (32, u128::from(u32::from(a)), n),
        Some((IpAddr::V6(a), n)) => (128, u128::from(a), n),
        None => {
            return vec!["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)".into()];
        }
    };
    let host = bits - u32::from(length);
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
