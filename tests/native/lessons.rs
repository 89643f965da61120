//! Lessons: both languages agree, every quoted command parses, every solution fulfils its steps and nothing before it does.

use lesson::built_in;

#[test]
fn every_solution_fulfils_its_steps() {
    let index = built_in().expect("lessons are well-formed");
    assert!(index.lessons.len() >= 4, "lessons are missing");
    let wrong: Vec<String> = index
        .lessons
        .iter()
        .filter_map(|l| {
            playground::replay::check(l)
                .err()
                .map(|why| format!("{}: {why}", l.slug))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_quoted_command_parses() {
    let index = built_in().expect("lessons are well-formed");
    for lesson in &index.lessons {
        for prose in &lesson.prose {
            let bodies = prose
                .steps
                .iter()
                .flat_map(|s| std::iter::once(&s.body).chain(&s.hints));
            for body in bodies {
                for block in body.split("```console\n").skip(1) {
                    for line in block.split("```").next().unwrap_or("").lines() {
                        let parsed = shell::syntax::parse(line, &shell::syntax::Aliases::new());
                        assert!(
                            parsed.is_ok(),
                            "{}/{}.md: {line:?}",
                            lesson.slug,
                            prose.language
                        );
                    }
                }
            }
        }
    }
}
