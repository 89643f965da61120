//! The terminal and the file system as a command sees them: the shell's context, with paths made absolute.

use machinery::Arrange;
use shell::Ctx as Process;

/// A running command's handle on its terminal and files.
#[derive(Clone)]
pub struct Ctx(pub Process);

impl Ctx {
    pub fn out(&self, text: &str) {
        self.0.out(text);
    }
    pub fn err(&self, text: &str) {
        self.0.err(text);
    }
    /// Bytes to standard output (1) or standard error (2).
    pub fn bytes(&self, fd: u8, bytes: &[u8]) {
        self.0.write(fd, bytes);
    }
    pub fn now_ms(&self) -> i64 {
        self.0.now_ms()
    }
    pub fn env(&self, name: &str) -> Option<String> {
        self.0.env(name)
    }
    pub fn home(&self) -> String {
        self.env("HOME").unwrap_or_default()
    }
    pub fn is_tty(&self) -> bool {
        self.0.is_tty_out()
    }
    pub fn columns(&self) -> usize {
        self.0.columns()
    }
    fn full(&self, path: &str) -> String {
        match path.strip_prefix("~/") {
            Some(rest) => format!("{}/{rest}", self.home()),
            None => self.0.resolve(path),
        }
    }
    pub fn read(&self, path: &str) -> Result<String, String> {
        self.read_bytes(path)
            .map(|b| String::from_utf8_lossy(&b).into_owned())
    }
    pub fn read_bytes(&self, path: &str) -> Result<Vec<u8>, String> {
        let full = self.full(path);
        self.0.with_fs(|fs| {
            if fs.is_dir(&full) {
                return Err("is a directory".to_string());
            }
            match fs.read(&full) {
                Ok(bytes) => Ok(bytes.to_vec()),
                Err(_) => Err("no such file or directory".to_string()),
            }
        })
    }
    /// Writes a file, making its folders.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) -> Result<(), String> {
        let full = self.full(path);
        self.0.with_fs(|fs| {
            let folder = shell::fs::parent(&full).to_string();
            if !fs.is_dir(&folder) {
                fs.mkdir(&folder, true)
                    .map_err(|_| "permission denied".to_string())?;
            }
            fs.write(&full, bytes)
                .map_err(|_| "permission denied".to_string())
        })
    }
    pub fn remove(&self, path: &str) {
        let full = self.full(path);
        // Nothing to say where there was nothing to take away.
        let _ = self.0.with_fs(|fs| fs.remove(&full, true));
    }
    pub fn is_dir(&self, path: &str) -> bool {
        let full = self.full(path);
        self.0.with_fs(|fs| fs.is_dir(&full))
    }
    pub fn exists(&self, path: &str) -> bool {
        let full = self.full(path);
        self.0.with_fs(|fs| fs.exists(&full))
    }
    /// Names in a folder, sorted.
    pub fn list(&self, path: &str) -> Vec<String> {
        let full = self.full(path);
        let mut names = self.0.with_fs(|fs| fs.list(&full)).unwrap_or_default();
        names.arrange();
        names
    }
    pub async fn read_all(&self) -> String {
        String::from_utf8_lossy(&self.0.read_all().await).into_owned()
    }
    pub async fn sleep(&self, ms: i64) {
        self.0.sleep(ms).await;
    }
    /// Until the world was advanced.
    pub async fn changed(&self) {
        self.0.changed().await;
    }
    /// Until the world was advanced, or this instant.
    pub async fn changed_until(&self, deadline: Option<i64>) {
        let wait = shell::program::Wait {
            until_ms: deadline,
            change: true,
            input: false,
        };
        self.0.wait(wait).await;
    }
    /// As before, or something was typed.
    pub async fn changed_or_typed(&self) {
        let wait = shell::program::Wait {
            until_ms: None,
            change: true,
            input: true,
        };
        self.0.wait(wait).await;
    }
}
