//! Our own transcripts: what they say is what is printed, to the byte (sessions are deterministic). `UPDATE=1` rewrites them.

use crate::{files, root};
use cluster::World;
use playground::session::Session;
use playground::transcript;

#[test]
fn transcripts_print_what_they_say() {
    let update = std::env::var_os("UPDATE").is_some();
    let all = files(&root().join("tests/transcripts"), ".md");
    assert!(!all.is_empty(), "no transcripts found");
    let mut wrong = Vec::new();
    for path in all {
        let text = std::fs::read_to_string(&path).expect("readable");
        let mut session = Session::new(World::standard(3), true);
        let played = transcript::play(&text, &mut session);
        if played == text {
            continue;
        }
        if update {
            std::fs::write(&path, played).expect("writable");
            continue;
        }
        let first = text
            .lines()
            .zip(played.lines())
            .position(|(a, b)| a != b)
            .unwrap_or(0);
        let line = |t: &str| t.lines().nth(first).unwrap_or("").to_string();
        wrong.push(format!(
            "{}:{}\n  says    {}\n  printed {}",
            path.display(),
            first + 1,
            line(&text),
            line(&played)
        ));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
