//! How a command fails, and the words for it. Upstream: `kubectl:pkg/cmd/util/helpers.go` (`checkErr`).

use machinery::{Status, Value};

/// What went wrong.
#[derive(Clone, Debug)]
pub enum Fail {
    /// The server's answer.
    Status(Status),
    /// kubectl's own words: printed behind `error: `.
    Text(String),
    /// Words that are printed as they are.
    Plain(String),
    /// Wrong use: the words, then where to find help.
    Usage(String),
    /// Several at once.
    Many(Vec<Fail>),
    /// All is said already; only the exit status is left.
    Exit(i32),
    /// Words and an exit status of their own.
    Code(i32, String),
}

impl From<Status> for Fail {
    fn from(s: Status) -> Fail {
        Fail::Status(s)
    }
}

/// `Err(text(…))`: kubectl's own words.
pub fn text(words: impl Into<String>) -> Fail {
    Fail::Text(words.into())
}
pub fn usage(words: impl Into<String>) -> Fail {
    Fail::Usage(words.into())
}

/// None, one or many.
pub fn all(mut fails: Vec<Fail>) -> Result<(), Fail> {
    match fails.len() {
        0 => Ok(()),
        1 => Err(fails.remove(0)),
        _ => Err(Fail::Many(fails)),
    }
}

impl Fail {
    pub fn is_not_found(&self) -> bool {
        matches!(self, Fail::Status(s) if s.is_not_found())
    }
    /// The message without any prefix: Go's `err.Error()`.
    pub fn message(&self) -> String {
        match self {
            Fail::Status(s) => s.message.clone(),
            Fail::Text(t) | Fail::Plain(t) | Fail::Usage(t) | Fail::Code(_, t) => t.clone(),
            Fail::Many(all) => {
                let mut texts: Vec<String> = Vec::new();
                for f in all {
                    let t = f.message();
                    if !texts.contains(&t) {
                        texts.push(t);
                    }
                }
                match texts.len() {
                    1 => texts.remove(0),
                    _ => format!("[{}]", texts.join(", ")),
                }
            }
            Fail::Exit(n) => format!("exit status {n}"),
        }
    }
    /// `error when VERB "SOURCE": ` before the message.
    pub fn about(self, verb: &str, source: &str) -> Fail {
        if source.is_empty() {
            return self;
        }
        match self {
            Fail::Status(mut s) => {
                s.message = format!("error when {verb} \"{source}\": {}", s.message);
                Fail::Status(s)
            }
            Fail::Exit(n) => Fail::Exit(n),
            other => Fail::Text(format!(
                "error when {verb} \"{source}\": {}",
                other.message()
            )),
        }
    }
    /// `PREFIX: message`, which makes the server's error one of kubectl's.
    pub fn wrap(self, prefix: &str) -> Fail {
        match self {
            Fail::Exit(n) => Fail::Exit(n),
            other => Fail::Text(format!("{prefix}: {}", other.message())),
        }
    }
    /// What is printed, and the exit status. `path` is `kubectl create configmap`.
    pub fn print(&self, path: &str) -> (String, i32) {
        let text = match self {
            Fail::Exit(n) => return (String::new(), *n),
            Fail::Code(n, t) => return (t.clone(), *n),
            Fail::Plain(t) => t.clone(),
            Fail::Usage(t) => {
                return (
                    format!("{}\nSee '{path} -h' for help and examples", with_error(t)),
                    1,
                );
            }
            Fail::Status(s) if s.is_invalid() => invalid(s),
            Fail::Many(fails) => {
                let mut lines: Vec<String> = Vec::new();
                for f in fails {
                    let line = match f {
                        Fail::Status(s) if s.code != 0 => server(s),
                        Fail::Status(_) => f.print(path).0,
                        other => other.message(),
                    };
                    if !lines.contains(&line) {
                        lines.push(line);
                    }
                }
                lines.join("\n")
            }
            Fail::Status(s) => server(s),
            Fail::Text(t) => with_error(t),
        };
        (text, 1)
    }
}

fn with_error(text: &str) -> String {
    if text.starts_with("error: ") {
        text.to_string()
    } else {
        format!("error: {text}")
    }
}

/// `Error from server (NotFound): …`
pub fn server(s: &Status) -> String {
    match s.reason {
        // Nobody answered: the status is the client's own.
        _ if s.code == 0 => s.message.clone(),
        "Unauthorized" => format!("error: You must be logged in to the server ({})", s.message),
        "" | "Unknown" => format!("Error from server: {}", s.message),
        reason => format!("Error from server ({reason}): {}", s.message),
    }
}

/// What validation found: `The Pod "x" is invalid: …`, several causes as `* ` lines.
fn invalid(s: &Status) -> String {
    let (kind, name) = (s.details.text("kind"), s.details.text("name"));
    let causes = s.details.at("causes").items();
    let head = if !kind.is_empty() || !name.is_empty() {
        format!("The {kind} \"{name}\" is invalid")
    } else if causes.is_empty() && !s.message.is_empty() {
        format!("The request is invalid: {}", s.message)
    } else {
        "The request is invalid".to_string()
    };
    let mut lines: Vec<String> = Vec::new();
    for cause in causes {
        let line = cause_line(cause);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    match lines.len() {
        0 => head,
        1 => format!("{head}: {}", lines[0]),
        _ => {
            let list: Vec<String> = lines.iter().map(|l| format!("* {l}")).collect();
            format!("{head}: \n{}", list.join("\n"))
        }
    }
}

fn cause_line(cause: &Value) -> String {
    format!("{}: {}", cause.text("field"), cause.text("message"))
}
