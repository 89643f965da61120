//! SPDY/3.1 as far as forwarded ports need it: frames out of a stream of bytes, and answers back.
//! Upstream: `moby/spdystream`, which knows no windows either: flow control is left to what carries the bytes.
//!
//! Headers come compressed, all blocks of a connection as one zlib stream over a dictionary that both sides know. What is
//! answered needs no headers: its blocks are empty, stored without compression.

use flate2::{Decompress, FlushDecompress, Status};

/// A frame may be longer by the format; nobody who forwards a port writes such.
const FRAME_MAX: usize = 1 << 20;
const HEADERS_MAX: usize = 64 << 10;
/// How much of an answer goes into one frame.
const DATA_MAX: usize = 32 << 10;

const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const PING: u16 = 6;
const GOAWAY: u16 = 7;
const HEADERS: u16 = 8;
const FIN: u8 = 1;
/// Why a stream is refused.
const REFUSED_STREAM: u32 = 3;

/// The dictionary: these words, each behind its length, and [`DICTIONARY_END`].
const DICTIONARY_WORDS: &str = "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow authorization cache-control connection content-base content-encoding content-language content-length content-location content-md5 content-range content-type date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie keep-alive origin";
const DICTIONARY_END: &str = "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

fn dictionary() -> Vec<u8> {
    let mut out = Vec::new();
    for word in DICTIONARY_WORDS.split(' ') {
        out.extend((word.len() as u32).to_be_bytes());
        out.extend(word.replace('_', " ").bytes());
    }
    out.extend(DICTIONARY_END.bytes());
    out
}

/// What the other side says.
#[derive(Debug, PartialEq)]
pub enum Frame {
    Open {
        stream: u32,
        headers: Vec<(String, String)>,
    },
    Data {
        stream: u32,
        bytes: Vec<u8>,
        /// The other side says no more on this stream.
        ends: bool,
    },
    Reset(u32),
    Ping(u32),
    /// No more streams are opened.
    Away,
    /// Settings, windows and the like, which change nothing here.
    Other,
}

/// What was said is not SPDY/3.
#[derive(Debug, PartialEq)]
pub struct Broken;

/// One side of a connection.
pub struct Spdy {
    heard: Vec<u8>,
    inflate: Decompress,
    /// The zlib stream of our own headers has begun.
    begun: bool,
}

impl Spdy {
    pub fn new() -> Spdy {
        Spdy {
            heard: Vec::new(),
            inflate: Decompress::new(true),
            begun: false,
        }
    }

    pub fn feed(&mut self, bytes: &[u8]) {
        self.heard.extend_from_slice(bytes);
    }

    /// The next frame, if it is whole.
    pub fn next(&mut self) -> Result<Option<Frame>, Broken> {
        let Some(head) = self.heard.first_chunk::<8>() else {
            return Ok(None);
        };
        let [a, b, c, d, flags, high, middle, low] = *head;
        let length = u32::from_be_bytes([0, high, middle, low]) as usize;
        if length > FRAME_MAX {
            return Err(Broken);
        }
        let Some(body) = self.heard.get(8..8 + length).map(<[u8]>::to_vec) else {
            return Ok(None);
        };
        self.heard.drain(..8 + length);
        let first = u32::from_be_bytes([a, b, c, d]);
        if a & 0x80 == 0 {
            return Ok(Some(Frame::Data {
                stream: first,
                bytes: body,
                ends: flags & FIN != 0,
            }));
        }
        if first >> 16 != 0x8003 {
            return Err(Broken);
        }
        self.control((first & 0xffff) as u16, &body).map(Some)
    }

    fn control(&mut self, kind: u16, body: &[u8]) -> Result<Frame, Broken> {
        let number = || {
            let bytes = body.first_chunk::<4>().ok_or(Broken)?;
            Ok(u32::from_be_bytes(*bytes) & 0x7fff_ffff)
        };
        Ok(match kind {
            SYN_STREAM => Frame::Open {
                stream: number()?,
                headers: self.headers(body.get(10..).ok_or(Broken)?)?,
            },
            // Nothing of these is of use, but the zlib stream goes on through them.
            SYN_REPLY | HEADERS => {
                self.headers(body.get(4..).ok_or(Broken)?)?;
                Frame::Other
            }
            RST_STREAM => Frame::Reset(number()?),
            PING => Frame::Ping(number()?),
            GOAWAY => Frame::Away,
            _ => Frame::Other,
        })
    }

    fn headers(&mut self, block: &[u8]) -> Result<Vec<(String, String)>, Broken> {
        let plain = self.unpacked(block)?;
        let mut rest = plain.as_slice();
        let number = |rest: &mut &[u8]| {
            let (bytes, after) = rest.split_first_chunk::<4>().ok_or(Broken)?;
            *rest = after;
            Ok(u32::from_be_bytes(*bytes) as usize)
        };
        let count = number(&mut rest)?;
        let text = |rest: &mut &[u8]| {
            let length = number(rest)?;
            let (bytes, after) = rest.split_at_checked(length).ok_or(Broken)?;
            *rest = after;
            Ok(String::from_utf8_lossy(bytes).into_owned())
        };
        // Each takes eight bytes at least: a count that promises more is found out.
        (0..count)
            .map(|_| Ok((text(&mut rest)?, text(&mut rest)?)))
            .collect()
    }

    fn unpacked(&mut self, block: &[u8]) -> Result<Vec<u8>, Broken> {
        let (mut out, mut rest) = (Vec::with_capacity(1024), block);
        loop {
            let before = self.inflate.total_in();
            let done = self
                .inflate
                .decompress_vec(rest, &mut out, FlushDecompress::Sync);
            let taken = (self.inflate.total_in() - before) as usize;
            rest = rest.get(taken..).unwrap_or(&[]);
            match done {
                Err(e) if e.needs_dictionary().is_some() => {
                    let set = self.inflate.set_dictionary(&dictionary());
                    set.map_err(|_| Broken)?;
                }
                Ok(Status::Ok | Status::BufError) if out.len() == out.capacity() => {
                    if out.len() >= HEADERS_MAX {
                        return Err(Broken);
                    }
                    out.reserve(4096);
                }
                Ok(Status::Ok | Status::BufError) if rest.is_empty() => return Ok(out),
                _ => return Err(Broken),
            }
        }
    }

    /// A stream of the other side is taken on.
    pub fn reply(&mut self, stream: u32) -> Vec<u8> {
        let mut body = stream.to_be_bytes().to_vec();
        if !std::mem::replace(&mut self.begun, true) {
            body.extend([0x78, 0x01]);
        }
        // A stored block of four bytes, which say: no headers. An empty one behind it makes readers give what they have.
        body.extend([0, 4, 0, 0xfb, 0xff, 0, 0, 0, 0]);
        body.extend([0, 0, 0, 0xff, 0xff]);
        control(SYN_REPLY, &body)
    }
}

fn frame(first: u32, flags: u8, body: &[u8]) -> Vec<u8> {
    let mut out = first.to_be_bytes().to_vec();
    out.push(flags);
    out.extend((body.len() as u32).to_be_bytes().iter().skip(1));
    out.extend_from_slice(body);
    out
}

fn control(kind: u16, body: &[u8]) -> Vec<u8> {
    frame(0x8003 << 16 | u32::from(kind), 0, body)
}

/// Bytes on a stream.
pub fn data(stream: u32, bytes: &[u8]) -> Vec<u8> {
    bytes
        .chunks(DATA_MAX)
        .flat_map(|part| frame(stream, 0, part))
        .collect()
}

/// No more is said on a stream.
pub fn end(stream: u32) -> Vec<u8> {
    frame(stream, FIN, &[])
}

/// A stream is not taken on.
pub fn refuse(stream: u32) -> Vec<u8> {
    control(
        RST_STREAM,
        &[stream.to_be_bytes(), REFUSED_STREAM.to_be_bytes()].concat(),
    )
}

/// The answer to a ping is the ping.
pub fn pong(id: u32) -> Vec<u8> {
    control(PING, &id.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compress, Compression, FlushCompress};

    /// A stream that a client opens, as it writes it.
    fn opened(zlib: &mut Compress, stream: u32, headers: &[(&str, &str)]) -> Vec<u8> {
        let mut plain = (headers.len() as u32).to_be_bytes().to_vec();
        for text in headers.iter().flat_map(|(k, v)| [k, v]) {
            plain.extend((text.len() as u32).to_be_bytes());
            plain.extend(text.bytes());
        }
        let mut packed = Vec::with_capacity(4096);
        let done = zlib.compress_vec(&plain, &mut packed, FlushCompress::Sync);
        done.expect("memory is enough");
        let fixed = [stream.to_be_bytes().as_slice(), &[0; 6]].concat();
        control(SYN_STREAM, &[fixed, packed].concat())
    }

    #[test]
    fn frames_come_whole_and_in_order() {
        let mut zlib = Compress::new(Compression::best(), true);
        assert_eq!(zlib.set_dictionary(&dictionary()).ok(), Some(0xe3c6_a7c2));
        let headers = [("port", "80"), ("streamtype", "error")];
        let mut said = opened(&mut zlib, 1, &headers);
        said.extend(opened(&mut zlib, 3, &[("streamtype", "data")]));
        said.extend(data(3, b"GET"));
        said.extend(end(3));
        said.extend(pong(7));
        let (mut spdy, mut found) = (Spdy::new(), Vec::new());
        for byte in said {
            spdy.feed(&[byte]);
            found.extend(spdy.next().expect("it is SPDY"));
        }
        let own = |list: &[(&str, &str)]| {
            let pairs = list.iter().map(|(k, v)| (k.to_string(), v.to_string()));
            pairs.collect::<Vec<_>>()
        };
        let open = |stream, list| Frame::Open {
            stream,
            headers: own(list),
        };
        let data = |bytes: &[u8], ends| Frame::Data {
            stream: 3,
            bytes: bytes.to_vec(),
            ends,
        };
        assert_eq!(
            found,
            [
                open(1, &headers),
                open(3, &[("streamtype", "data")]),
                data(b"GET", false),
                data(b"", true),
                Frame::Ping(7),
            ]
        );
    }

    #[test]
    fn what_is_not_spdy_is_refused() {
        for said in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            &[0x80, 2, 0, 1, 0, 0, 0, 0],
            &[
                0x80, 3, 0, 1, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2,
            ],
        ] {
            let mut spdy = Spdy::new();
            spdy.feed(said);
            assert_eq!(spdy.next(), Err(Broken), "{said:?}");
        }
    }
}
