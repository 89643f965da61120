//! A server for each test: `bottleship serve` on a free port, stopped when the test is over. Clients run as [`Step`]s: each has
//! a time limit, and a test that runs into it says which one it was.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A client's program on its way, stopped when it is dropped.
pub struct Step {
    name: String,
    child: Child,
}

impl Step {
    pub fn start(name: &str, command: &mut Command) -> Step {
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        Step {
            name: name.to_string(),
            child,
        }
    }

    /// What it said by its end.
    pub fn output(mut self, stdin: &str, limit_s: u64) -> Output {
        let mut into = self.child.stdin.take().expect("piped");
        let stdin = stdin.to_string();
        std::thread::spawn(move || {
            // A client that has ended does not read.
            let _ = into.write_all(stdin.as_bytes());
        });
        let stdout = heard(self.child.stdout.take());
        let stderr = heard(self.child.stderr.take());
        // Hundredths of a second.
        for _ in 0..limit_s * 100 {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return Output {
                    status,
                    stdout: all(&stdout),
                    stderr: all(&stderr),
                };
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let said = [all(&stdout), all(&stderr)].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        panic!("{}: no end in {limit_s} seconds\n{said}", self.name)
    }

    /// The first line that it prints.
    pub fn line(&mut self, limit_s: u64) -> String {
        let out = self.child.stdout.take().expect("one line is asked for");
        first_line(&self.name, out, limit_s)
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All that comes, read on a thread of its own so that nobody has to wait for it; nothing if somebody reads already.
fn heard(from: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (say, hear) = channel();
    std::thread::spawn(move || {
        let Some(mut from) = from else { return };
        let mut bytes = vec![0; 64 << 10];
        while let Ok(n) = from.read(&mut bytes) {
            if n == 0 || say.send(bytes[..n].to_vec()).is_err() {
                return;
            }
        }
    });
    hear
}

/// What was said up to the end, or until nothing has come for a second: a child's child may hold the pipe.
fn all(from: &Receiver<Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::new();
    while let Ok(more) = from.recv_timeout(Duration::from_secs(1)) {
        out.extend(more);
    }
    out
}

fn first_line(step: &str, from: impl Read + Send + 'static, limit_s: u64) -> String {
    let (say, hear) = channel();
    std::thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = String::new();
        let _ = from.read_line(&mut line);
        let _ = say.send(line);
        // The pipe stays open: who prints more must not fail.
        let _ = std::io::copy(&mut from, &mut std::io::sink());
    });
    hear.recv_timeout(Duration::from_secs(limit_s))
        .unwrap_or_else(|_| panic!("{step}: no line in {limit_s} seconds"))
}

pub struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`
    pub url: String,
    /// A kubeconfig that points there.
    pub config: PathBuf,
}

impl Server {
    pub fn start(name: &str, flags: &[&str]) -> Server {
        let config = folder().join(format!("{name}.kubeconfig"));
        let mut child = Command::new(binary())
            .args(["serve", "--port", "0", "--kubeconfig"])
            .arg(&config)
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("target/debug/bottleship is built: cargo build -p cli");
        let err = child.stderr.take().expect("standard error is piped");
        let line = first_line("the server says where it is", err, 30);
        let url = line.split_whitespace().find(|w| w.starts_with("http://"));
        let url = url.unwrap_or_else(|| panic!("no address in {line:?}"));
        let url = url.trim_end_matches(',').to_string();
        Server { child, url, config }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where `cargo xtask test` installs clients, and tests keep what they write.
pub fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| root().join("../../target"));
    let folder = target.join("clients");
    std::fs::create_dir_all(&folder).expect("the target folder is writable");
    folder
}

fn binary() -> PathBuf {
    folder().join("../debug/bottleship")
}
