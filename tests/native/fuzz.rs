//! Random command lines and mutated manifests: nothing panics, nothing hangs. Seeds are fixed; `FUZZ_SECONDS` goes on longer.

use cluster::World;
use playground::session::Session;
use playground::transcript::lay_out;

/// SplitMix64.
pub struct Chance(pub u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

const WORDS: &[&str] = &[
    "kubectl",
    "k",
    "get",
    "describe",
    "apply",
    "delete",
    "create",
    "run",
    "scale",
    "rollout",
    "status",
    "history",
    "undo",
    "set",
    "image",
    "expose",
    "logs",
    "exec",
    "label",
    "annotate",
    "explain",
    "wait",
    "config",
    "cordon",
    "drain",
    "pods",
    "pod",
    "po",
    "deployment",
    "deploy/web",
    "svc",
    "nodes",
    "node-1",
    "all",
    "-A",
    "-n",
    "default",
    "kube-system",
    "-o",
    "yaml",
    "json",
    "wide",
    "name",
    "jsonpath={.items[*].metadata.name}",
    "custom-columns=A:.metadata.name",
    "-l",
    "app=web",
    "app in (a,b)",
    "--all",
    "-f",
    "m.yaml",
    "web",
    "--replicas=3",
    "--replicas=-1",
    "--image=nginx",
    "--dry-run=client",
    "--force",
    "--grace-period=0",
    "-it",
    "--",
    "sh",
    "-c",
    "echo",
    "|",
    "&&",
    "||",
    ";",
    "&",
    ">",
    ">>",
    "<",
    "2>&1",
    "$(",
    ")",
    "`",
    "'",
    "\"",
    "$X",
    "${X:-1}",
    "for",
    "i",
    "in",
    "1",
    "do",
    "done",
    "while",
    "true",
    "if",
    "then",
    "fi",
    "grep",
    "sed",
    "s/a/b/g",
    "head",
    "-1",
    "sort",
    "wc",
    "-l",
    "cat",
    "nope",
    "--nope",
    "-x",
    "파드",
    "🍾",
    "\\",
    "*",
    "?",
    "[",
    "]",
    "{",
    "}",
    "{1..3}",
    "((",
    "))",
    "#",
    "~",
    "!",
    "=",
    "curl",
    "localhost",
    "minikube",
    "status",
    "--timeout=1s",
    "--for=condition=Ready",
    "--tail=1",
    "-w",
    "--watch-only",
    "help",
    "sleep",
    "0.1",
    "cd",
    "/",
    "..",
    "ls",
    "-la",
];

const MANIFEST: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: nginx:1.25
        ports:
        - containerPort: 80
        resources:
          requests: {cpu: 100m, memory: 64Mi}
        env:
        - name: A
          value: \"1\"
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
  - port: 80
    targetPort: 80
";

fn line(chance: &mut Chance) -> String {
    let n = 1 + chance.below(9);
    let mut words: Vec<&str> = (0..n).map(|_| *chance.pick(WORDS)).collect();
    if chance.below(2) == 0 {
        words.insert(0, "kubectl");
    }
    words.join(if chance.below(12) == 0 { "" } else { " " })
}

/// A manifest with a few characters or lines changed.
fn mutated(chance: &mut Chance) -> String {
    let mut text: Vec<char> = MANIFEST.chars().collect();
    for _ in 0..1 + chance.below(4) {
        let at = chance.below(text.len());
        match chance.below(5) {
            0 => drop(text.remove(at)),
            1 => text.insert(
                at,
                *chance.pick(&[
                    ' ', ':', '-', '\n', '{', '}', '[', '\t', '&', '*', '!', '|', '"', '\'', '0',
                    'é', '\u{0}',
                ]),
            ),
            2 => {
                let from: String = chance
                    .pick(&[
                        "null",
                        "[]",
                        "{}",
                        "-1",
                        "1e99",
                        "true",
                        "~",
                        "\"\"",
                        "2147483648",
                        "<<: *a",
                    ])
                    .to_string();
                text.splice(at..at, from.chars());
            }
            3 => text.truncate(at.max(1)),
            _ => {
                let piece: Vec<char> = text[at..(at + 20).min(text.len())].to_vec();
                let to = chance.below(text.len());
                text.splice(to..to, piece);
            }
        }
        if text.is_empty() {
            text.push('a');
        }
    }
    text.into_iter().collect()
}

pub fn rounds(default: usize) -> (usize, Option<u64>) {
    let seconds = std::env::var("FUZZ_SECONDS")
        .ok()
        .and_then(|s| s.parse().ok());
    (
        if seconds.is_some() {
            usize::MAX
        } else {
            default
        },
        seconds,
    )
}

/// Wall time, to bound a longer run only: nothing that is tested depends on it.
#[expect(
    clippy::disallowed_methods,
    reason = "bounds how long the fuzzing goes on"
)]
pub fn wall() -> std::time::Instant {
    std::time::Instant::now()
}

#[test]
fn fuzz_command_lines_never_panic_or_hang() {
    let (most, seconds) = rounds(8_000);
    let start = wall();
    let mut chance = Chance(1);
    let mut session = Session::new(World::standard(3), true);
    lay_out(&mut session, "m.yaml", MANIFEST);
    for i in 0..most {
        if i % 500 == 499 {
            session = Session::new(World::standard(3), true);
            lay_out(&mut session, "m.yaml", MANIFEST);
        }
        let line = line(&mut chance);
        if std::env::var_os("FUZZ_TRACE").is_some() {
            eprintln!("{i}: {line}");
        }
        session.run(&line, 2_000);
        if seconds.is_some_and(|s| start.elapsed().as_secs() > s / 2) {
            break;
        }
    }
}

#[test]
fn fuzz_mutated_manifests_never_panic_or_hang() {
    let (most, seconds) = rounds(2_000);
    let start = wall();
    let mut chance = Chance(2);
    let mut session = Session::new(World::standard(3), true);
    for i in 0..most {
        if i % 500 == 499 {
            session = Session::new(World::standard(3), true);
        }
        lay_out(&mut session, "m.yaml", &mutated(&mut chance));
        let verb = *chance.pick(&[
            "apply",
            "create",
            "apply --dry-run=server",
            "delete --wait=false",
            "replace",
            "apply --server-side",
        ]);
        session.run(&format!("kubectl {verb} -f m.yaml"), 2_000);
        if seconds.is_some_and(|s| start.elapsed().as_secs() > s / 2) {
            break;
        }
    }
}
