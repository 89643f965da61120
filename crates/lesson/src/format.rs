//! The format of lessons: `index.yaml`, one folder a lesson with `lesson.yaml` (no prose), `ko.md`, `en.md`, `files/*`.
//!
//! Prose is Markdown with fixed headings: `# title`, then the introduction; `## ID · step's title`, its text, then any number of
//! `### hint` sub-sections and one `### checks` list, an item for each check in order (`{have}` and `{want}` are filled in); last
//! `## end · title`.

use crate::check::Check;
use machinery::{Value, yaml};

/// The languages that every lesson has.
pub const LANGUAGES: [&str; 2] = ["ko", "en"];

#[derive(Clone, Debug, Default)]
pub struct Index {
    /// In order.
    pub lessons: Vec<Lesson>,
}

#[derive(Clone, Debug, Default)]
pub struct Lesson {
    pub slug: String,
    /// Number of nodes of its world.
    pub nodes: usize,
    /// The name of the nodes' cluster: `kubernetes` (node-1...) or `minikube` (not started yet).
    pub minikube: bool,
    /// (path relative to the learner's home, content)
    pub files: Vec<(String, String)>,
    /// The file that the editor shows first.
    pub open: String,
    pub steps: Vec<Step>,
    /// By language, in the order of [`LANGUAGES`].
    pub prose: Vec<Prose>,
}

#[derive(Clone, Debug, Default)]
pub struct Step {
    pub id: String,
    pub checks: Vec<Check>,
    /// Command lines that fulfil the checks.
    pub solution: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Prose {
    pub language: String,
    pub title: String,
    pub intro: String,
    pub steps: Vec<StepProse>,
    pub end: String,
}

#[derive(Clone, Debug, Default)]
pub struct StepProse {
    pub id: String,
    pub title: String,
    pub body: String,
    pub hints: Vec<String>,
    /// A sentence for each check.
    pub checks: Vec<String>,
}

impl Index {
    /// Reads all lessons; `read` gives a file below `lessons/`, `list` the files below a folder of it. The error names the file.
    pub fn read(
        read: &dyn Fn(&str) -> Option<String>,
        list: &dyn Fn(&str) -> Vec<String>,
    ) -> Result<Index, String> {
        let index = document(
            "index.yaml",
            &read("index.yaml").ok_or("lessons/index.yaml is missing")?,
        )?;
        let mut lessons = Vec::new();
        for slug in index.get("lessons").items() {
            let slug = slug
                .as_str()
                .ok_or("index.yaml: lessons is a list of folder names")?;
            lessons.push(Lesson::read(slug, read, list)?);
        }
        Ok(Index { lessons })
    }
    pub fn get(&self, slug: &str) -> Option<&Lesson> {
        self.lessons.iter().find(|l| l.slug == slug)
    }
}

fn document(name: &str, text: &str) -> Result<Value, String> {
    let first = yaml::documents(text)
        .into_iter()
        .next()
        .ok_or(format!("{name}: empty"))?;
    first
        .value
        .map_err(|e| format!("{name}: line {}: {}", e.line, e.message))
}

impl Lesson {
    pub fn read(
        slug: &str,
        read: &dyn Fn(&str) -> Option<String>,
        list: &dyn Fn(&str) -> Vec<String>,
    ) -> Result<Lesson, String> {
        let name = format!("{slug}/lesson.yaml");
        let v = document(
            &name,
            &read(&name).ok_or(format!("lessons/{name} is missing"))?,
        )?;
        let mut lesson = Lesson {
            slug: slug.to_string(),
            nodes: v.at("world.nodes").as_i64().unwrap_or(3).clamp(1, 100) as usize,
            minikube: v.flag("world.minikube"),
            open: v.text("open").to_string(),
            ..Lesson::default()
        };
        for path in list(&format!("{slug}/files")) {
            let text = read(&format!("{slug}/files/{path}")).unwrap_or_default();
            lesson.files.push((path, text));
        }
        for step in v.get("steps").items() {
            let checks = step
                .get("check")
                .items()
                .iter()
                .map(Check::read)
                .collect::<Result<_, _>>();
            lesson.steps.push(Step {
                id: step.text("id").to_string(),
                checks: checks.map_err(|e| format!("{name}: step {}: {e}", step.text("id")))?,
                solution: step
                    .get("solution")
                    .items()
                    .iter()
                    .filter_map(|s| s.as_str().map(str::to_string))
                    .collect(),
            });
        }
        for language in LANGUAGES {
            let name = format!("{slug}/{language}.md");
            let text = read(&name).ok_or(format!("lessons/{name} is missing"))?;
            lesson
                .prose
                .push(Prose::read(language, &text).map_err(|e| format!("{name}: {e}"))?);
        }
        lesson.agree()?;
        Ok(lesson)
    }

    /// Both languages speak of the same steps and checks, in the same order.
    fn agree(&self) -> Result<(), String> {
        let ids: Vec<&str> = self.steps.iter().map(|s| s.id.as_str()).collect();
        for prose in &self.prose {
            let name = format!("{}/{}.md", self.slug, prose.language);
            let theirs: Vec<&str> = prose.steps.iter().map(|s| s.id.as_str()).collect();
            if theirs != ids {
                return Err(format!(
                    "{name}: its steps are {theirs:?}, lesson.yaml's are {ids:?}"
                ));
            }
            for (step, text) in self.steps.iter().zip(&prose.steps) {
                if text.checks.len() != step.checks.len() {
                    return Err(format!(
                        "{name}: step {}: {} sentences for {} checks",
                        step.id,
                        text.checks.len(),
                        step.checks.len()
                    ));
                }
            }
        }
        Ok(())
    }

    /// The prose in this language, else in the first.
    pub fn prose(&self, language: &str) -> Option<&Prose> {
        self.prose
            .iter()
            .find(|p| p.language == language)
            .or(self.prose.first())
    }
}

impl Prose {
    pub fn read(language: &str, text: &str) -> Result<Prose, String> {
        let mut prose = Prose {
            language: language.to_string(),
            ..Prose::default()
        };
        let (mut part, mut fenced) = (Part::Intro, false);
        for line in text.lines() {
            fenced ^= line.starts_with("```");
            if fenced {
                prose.add(&part, line);
            } else if let Some(title) = line.strip_prefix("# ") {
                prose.title = title.trim().to_string();
            } else if let Some(heading) = line.strip_prefix("## ") {
                let (id, title) = heading
                    .split_once('·')
                    .ok_or(format!("a heading without ' · ': {heading:?}"))?;
                part = if id.trim() == "end" {
                    Part::End
                } else {
                    let step = StepProse {
                        id: id.trim().into(),
                        title: title.trim().into(),
                        ..StepProse::default()
                    };
                    prose.steps.push(step);
                    Part::Body
                };
            } else if let Some(heading) = line.strip_prefix("### ") {
                let step = prose
                    .steps
                    .last_mut()
                    .ok_or(format!("{heading:?} before any step"))?;
                part = match heading.trim() {
                    "hint" => {
                        step.hints.push(String::new());
                        Part::Hint
                    }
                    "checks" => Part::Checks,
                    other => return Err(format!("a sub-section is hint or checks, not {other:?}")),
                };
            } else {
                prose.add(&part, line);
            }
        }
        prose.trim();
        if prose.title.is_empty() {
            Err("no title".into())
        } else {
            Ok(prose)
        }
    }

    fn add(&mut self, part: &Part, line: &str) {
        let place = match part {
            Part::Intro => &mut self.intro,
            Part::End => &mut self.end,
            Part::Body | Part::Hint | Part::Checks => {
                let Some(step) = self.steps.last_mut() else {
                    return;
                };
                match (part, step.hints.last_mut()) {
                    (Part::Hint, Some(hint)) => hint,
                    (Part::Checks, _) => {
                        step.checks
                            .extend(line.strip_prefix("- ").map(|t| t.trim().to_string()));
                        return;
                    }
                    _ => &mut step.body,
                }
            }
        };
        place.push_str(line);
        place.push('\n');
    }

    fn trim(&mut self) {
        let texts = self
            .steps
            .iter_mut()
            .flat_map(|s| std::iter::once(&mut s.body).chain(&mut s.hints));
        for text in texts.chain([&mut self.intro, &mut self.end]) {
            *text = text.trim().to_string();
        }
    }
}

/// Where a line of prose belongs.
enum Part {
    Intro,
    Body,
    Hint,
    Checks,
    End,
}
