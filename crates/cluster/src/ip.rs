//! IPv4 addresses as numbers: the cluster's networks are IPv4 only.

pub fn text(ip: u32) -> String {
    let mut out = String::with_capacity(15);
    for (i, n) in ip.to_be_bytes().into_iter().enumerate() {
        if i > 0 {
            out.push('.');
        }
        for (unit, shown) in [(100, n >= 100), (10, n >= 10), (1, true)] {
            if shown {
                out.push(char::from(b'0' + n / unit % 10));
            }
        }
    }
    out
}

pub fn parse(text: &str) -> Option<u32> {
    let mut parts = text.split('.');
    let mut ip = 0u32;
    for _ in 0..4 {
        let part = parts.next()?;
        if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        ip = ip << 8 | u32::from(part.parse::<u8>().ok()?);
    }
    parts.next().is_none().then_some(ip)
}
