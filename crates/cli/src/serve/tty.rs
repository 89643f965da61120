//! What the kernel's terminal does between a client in raw mode and a process: echo, line editing, Ctrl+C and Ctrl+D, line
//! ends. And an HTTP answer as the text that travels.

use machinery::StreamIn;
use machinery::http::HttpResponse;

/// The line being typed.
#[derive(Default)]
pub struct Tty {
    line: Vec<u8>,
}

impl Tty {
    /// What a process writes, as a terminal gets it.
    pub fn shown(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len() + 8);
        for b in bytes {
            if *b == b'\n' && out.last() != Some(&b'\r') {
                out.push(b'\r');
            }
            out.push(*b);
        }
        out
    }

    /// What is typed: the echo, and what the process hears of it.
    pub fn typed(&mut self, bytes: &[u8]) -> (Vec<u8>, Vec<StreamIn>) {
        let (mut echo, mut said) = (Vec::new(), Vec::new());
        for b in bytes {
            match b {
                3 => {
                    self.line.clear();
                    echo.extend(b"^C\r\n");
                    said.push(StreamIn::Interrupt);
                }
                4 if self.line.is_empty() => said.push(StreamIn::CloseStdin),
                4 => said.push(StreamIn::Stdin(std::mem::take(&mut self.line))),
                8 | 127 => {
                    if self.line.pop().is_some() {
                        echo.extend(b"\x08 \x08");
                    }
                }
                b'\r' | b'\n' => {
                    self.line.push(b'\n');
                    echo.extend(b"\r\n");
                    said.push(StreamIn::Stdin(std::mem::take(&mut self.line)));
                }
                _ => {
                    self.line.push(*b);
                    echo.push(*b);
                }
            }
        }
        (echo, said)
    }
}

/// An answer as it travels.
pub fn http_text(answer: &HttpResponse) -> String {
    let reason = hyper::StatusCode::from_u16(answer.status).ok();
    let reason = reason.and_then(|s| s.canonical_reason()).unwrap_or("");
    let mut text = format!("HTTP/1.1 {} {reason}\r\n", answer.status);
    for (k, v) in &answer.headers {
        if !k.eq_ignore_ascii_case("content-length") {
            text.push_str(&format!("{k}: {v}\r\n"));
        }
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n", answer.body.len()));
    text + &answer.body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_heard_when_it_is_whole() {
        let mut tty = Tty::default();
        assert_eq!(tty.typed(b"lx\x7fs"), (b"lx\x08 \x08s".to_vec(), vec![]));
        let heard = vec![StreamIn::Stdin(b"ls\n".to_vec())];
        assert_eq!(tty.typed(b"\r"), (b"\r\n".to_vec(), heard));
        assert_eq!(tty.typed(b"\x04").1, vec![StreamIn::CloseStdin]);
        assert_eq!(Tty::shown(b"a\nb\r\n"), b"a\r\nb\r\n");
    }
}
