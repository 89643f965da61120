//! How bytes are written as text: base64, percent-encoding, and sums. Objects, programs and the server's door
//! share it; it knows nothing else.
//!
//! Where decoders differ in what they forgive, this follows Go's (`encoding/base64`, `net/url`), as everything of Kubernetes does;
//! [`loose_base64`] is for the programs of a shell, which give what they could read.

mod gzip;
mod hash;

pub use gzip::{gunzip, gzip};
pub use hash::{hex, md5, sha256};

/// What stands for 62 and 63.
const STANDARD: [u8; 2] = *b"+/";
const URL: [u8; 2] = *b"-_";

/// Standard base64 with padding.
pub fn encode_base64(data: &[u8]) -> String {
    let mut out = encode(data, STANDARD);
    while !out.len().is_multiple_of(4) {
        out.push('=');
    }
    out
}

/// Base64 with the alphabet of URLs and without padding, as tokens have it.
pub fn encode_base64url(data: &[u8]) -> String {
    encode(data, URL)
}

fn encode(data: &[u8], last: [u8; 2]) -> String {
    let mut out = String::with_capacity(data.len().div_ceil(3) * 4);
    for chunk in data.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..=chunk.len() {
            let six = (bits >> (18 - 6 * at) & 63) as u8;
            out.push(char::from(match six {
                0..=25 => b'A' + six,
                26..=51 => b'a' + six - 26,
                52..=61 => b'0' + six - 52,
                62 => last[0],
                _ => last[1],
            }));
        }
    }
    out
}

fn digit(symbol: u8, last: [u8; 2]) -> Option<u8> {
    match symbol {
        b'A'..=b'Z' => Some(symbol - b'A'),
        b'a'..=b'z' => Some(symbol - b'a' + 26),
        b'0'..=b'9' => Some(symbol - b'0' + 52),
        _ if symbol == last[0] => Some(62),
        _ if symbol == last[1] => Some(63),
        _ => None,
    }
}

/// Six bits each, put together to bytes; what is left over at the end is no byte.
fn pack(digits: impl Iterator<Item = u8>) -> Vec<u8> {
    let (mut out, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for six in digits {
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    out
}

/// The bytes of a standard base64 text; line ends are passed over. Otherwise the place at which Go's decoder stops:
/// its errors say `illegal base64 data at input byte N`.
pub fn decode_base64(text: &str) -> Result<Vec<u8>, usize> {
    match base64_error(text) {
        Some(at) => Err(at),
        None => Ok(pack(text.bytes().filter_map(|c| digit(c, STANDARD)))),
    }
}

/// Where Go's decoder stops in a base64 text; None if it is well.
pub fn base64_error(text: &str) -> Option<usize> {
    let symbols: Vec<(usize, u8)> = text
        .bytes()
        .enumerate()
        .filter(|(_, c)| !matches!(c, b'\n' | b'\r'))
        .collect();
    let mut count = 0;
    for (n, (at, c)) in symbols.iter().enumerate() {
        if *c == b'=' {
            let left = symbols.len() - n;
            return match (count % 4, left) {
                (2, 2) if symbols.last().is_some_and(|l| l.1 == b'=') => None,
                (3, 1) => None,
                (2, 1) => Some(text.len()),
                (2 | 3, _) => symbols.get(n + 1).map(|x| {
                    if x.1 == b'=' {
                        symbols.get(n + 2).map_or(x.0, |y| y.0)
                    } else {
                        x.0
                    }
                }),
                _ => Some(*at),
            };
        }
        if digit(*c, STANDARD).is_none() {
            return Some(*at);
        }
        count += 1;
    }
    (count % 4 != 0).then(|| text.len() - text.len() % 4)
}

/// The reverse of [`encode_base64url`].
pub fn decode_base64url(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.bytes().map(|c| digit(c, URL)).collect();
    Some(pack(digits?.into_iter()))
}

/// The bytes up to the first symbol that does not belong, and whether all was well; `ignore` passes over such symbols.
pub fn loose_base64(data: &[u8], ignore: bool) -> (Vec<u8>, bool) {
    let (mut digits, mut seen) = (Vec::new(), 0);
    for symbol in data.iter().filter(|c| !c.is_ascii_whitespace()) {
        match digit(*symbol, STANDARD) {
            Some(six) => digits.push(six),
            None if *symbol == b'=' => {}
            None if ignore => continue,
            None => return (pack(digits.into_iter()), false),
        }
        seen += 1;
    }
    (pack(digits.into_iter()), seen % 4 == 0)
}

/// Percent-encoding: all but letters, digits and what is `plain` is written in hexadecimal.
pub fn percent(text: &str, plain: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || plain.contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

/// What percent-encoding stands for; a `%` without two hexadecimal digits stands for itself.
pub fn unpercent(text: &str) -> String {
    let (mut out, bytes, mut i) = (Vec::with_capacity(text.len()), text.as_bytes(), 0);
    while let Some(&c) = bytes.get(i) {
        let hex = |at: usize| bytes.get(i + at).and_then(|c| (*c as char).to_digit(16));
        match (c, hex(1), hex(2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                i += 3;
            }
            _ => {
                out.push(c);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A word in a query, as Go's `url.QueryEscape` writes it: a blank is `+`.
pub fn query_escape(text: &str) -> String {
    percent(text, b"-_.~ ").replace(' ', "+")
}

/// The decoded pairs of a query.
pub fn query_pairs(query: &str) -> Vec<(String, String)> {
    let decode = |s: &str| unpercent(&s.replace('+', " "));
    let parts = query.split('&').filter(|p| !p.is_empty());
    parts
        .map(|p| p.split_once('=').unwrap_or((p, "")))
        .map(|(k, v)| (decode(k), decode(v)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_both_ways() {
        for (plain, coded) in [
            ("", ""),
            ("p@ss", "cEBzcw=="),
            ("admin", "YWRtaW4="),
            ("s3cr3t", "czNjcjN0"),
            ("???>>>", "Pz8/Pj4+"),
        ] {
            assert_eq!(encode_base64(plain.as_bytes()), coded);
            assert_eq!(decode_base64(coded), Ok(plain.as_bytes().to_vec()));
            let url = encode_base64url(plain.as_bytes());
            assert_eq!(decode_base64url(&url), Some(plain.as_bytes().to_vec()));
        }
        assert_eq!(encode_base64url(b"???>>>"), "Pz8_Pj4-");
    }

    #[test]
    fn decoders_stop_where_go_stops() {
        for (text, at) in [
            ("a", 0),
            ("YWRt*W4=", 4),
            ("YW Rt", 2),
            ("YQ=", 3),
            ("YQ==YQ==", 4),
        ] {
            assert_eq!(decode_base64(text), Err(at), "{text}");
        }
        assert_eq!(decode_base64("YWRt\nYWRt\r\n"), Ok(b"admadm".to_vec()));
        assert_eq!(loose_base64(b"YWRt*W4=", false), (b"adm".to_vec(), false));
        assert_eq!(loose_base64(b"YW*Rt", true), (b"adm".to_vec(), true));
    }

    #[test]
    fn percent_both_ways() {
        assert_eq!(query_escape("a b/c=~"), "a+b%2Fc%3D~");
        assert_eq!(unpercent("%3a%2F%zz%4"), ":/%zz%4");
        let pairs = query_pairs("labelSelector=app%3Dweb+x&watch&");
        let expected = [("labelSelector", "app=web x"), ("watch", "")];
        assert_eq!(pairs, expected.map(|(k, v)| (k.to_string(), v.to_string())));
    }
}
