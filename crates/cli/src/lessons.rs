//! `bottleship lessons`: checks lessons: format, languages, quoted commands, every solution.

use crate::Outcome;
use crate::flags::Flags;
use machinery::Arrange;
use std::process::ExitCode;

/// Checks the lessons of these folders (each a `lessons/` with its `index.yaml`), or the built-in ones.
pub fn lessons(args: &[String]) -> Outcome {
    let folders = Flags::read("lessons", args, &[], &[])?.rest;
    let indexes: Vec<Result<lesson::Index, String>> = match folders.as_slice() {
        [] => vec![lesson::built_in()],
        folders => folders.iter().map(|f| from_disk(f)).collect(),
    };
    let (mut good, mut bad) = (0, 0);
    for index in indexes {
        let index = match index {
            Ok(index) => index,
            Err(why) => {
                println!("FAIL {why}");
                bad += 1;
                continue;
            }
        };
        for one in &index.lessons {
            match playground::replay::check(one) {
                Ok(steps) => {
                    good += 1;
                    println!("ok   {}: {steps} steps", one.slug);
                }
                Err(why) => {
                    bad += 1;
                    println!("FAIL {}: {why}", one.slug);
                }
            }
        }
    }
    println!("{good} passed, {bad} failed");
    Ok(ExitCode::from(u8::from(bad > 0)))
}

fn from_disk(folder: &str) -> Result<lesson::Index, String> {
    let root = std::path::Path::new(folder);
    let read = |path: &str| std::fs::read_to_string(root.join(path)).ok();
    let list = |dir: &str| {
        let entries = std::fs::read_dir(root.join(dir))
            .into_iter()
            .flatten()
            .flatten();
        let mut names: Vec<String> = entries
            .filter_map(|e| e.file_name().into_string().ok())
            .collect();
        names.arrange();
        names
    };
    lesson::Index::read(&read, &list)
}
