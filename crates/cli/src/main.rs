//! The native binary `bottleship`: transcripts, single command lines, a terminal, lesson checks, the API on loopback, benches.

mod bench;
mod exec;
mod flags;
mod lessons;
mod serve;
mod simulate;

use flags::Flags;
use playground::session::Session;
use playground::transcript;
use std::process::ExitCode;

/// What a command came to; the error is the line for it.
type Outcome = Result<ExitCode, String>;

struct Command {
    name: &'static str,
    /// What stands behind its name: one line for each way to call it.
    usages: &'static [&'static str],
    about: &'static str,
    run: fn(&[String]) -> Outcome,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "run",
        usages: &["[--seed N] FILE.md...", "--seed N[..M]"],
        about: "Plays transcripts and prints them with the outputs found; or plays a seed of the simulation test, or many:
what was done, and which rule was broken.",
        run,
    },
    Command {
        name: "exec",
        usages: &["'COMMAND LINE'"],
        about: "Runs one shell command line in a fresh world, the current folder's files readable. Its status is the exit status.",
        run: exec::exec,
    },
    Command {
        name: "repl",
        usages: &[""],
        about: "A terminal on a fresh world.",
        run: exec::repl,
    },
    Command {
        name: "lessons",
        usages: &["[FOLDER...]"],
        about: "Checks lessons, the built-in ones or those of folders: format, languages, every solution.",
        run: lessons::lessons,
    },
    Command {
        name: "serve",
        usages: &[
            "[--port N] [--speed S] [--nodes M] [--kubeconfig FILE] [--compact SECONDS] [--repl]",
        ],
        about: "Serves the API on loopback HTTP, for a real kubectl, and prints a kubeconfig.

  --port N           where (8001); 0 is any that is free
  --speed S          how fast the cluster's time goes (1)
  --nodes M          how many machines there are (3)
  --kubeconfig FILE  the kubeconfig is written there too
  --compact SECONDS  changes are forgotten (410 Expired) after so long; 0: as late as possible
  --repl             with a terminal on the same cluster; its end ends the server",
        run: serve::serve,
    },
    Command {
        name: "bench",
        usages: &["[SCENARIO] [--pods N] [--nodes M]"],
        about: "Measures what computing costs, one line of JSON a scenario: deploy, rollout, probes, drain, schedule, api, list.",
        run: bench::bench,
    },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (name, rest) = args.split_first().map_or(("", &[][..]), |(n, r)| (n, r));
    if matches!(name, "-h" | "--help" | "help") {
        println!("{}", usage());
        return ExitCode::SUCCESS;
    }
    let Some(command) = COMMANDS.iter().find(|c| c.name == name) else {
        if !name.is_empty() {
            eprintln!("bottleship: there is no command {name:?}\n");
        }
        eprintln!("{}", usage());
        return ExitCode::from(2);
    };
    // Further back it may belong to the command line that `exec` is given.
    if matches!(rest.first().map(String::as_str), Some("-h" | "--help")) {
        println!("{}\n\n{}", calls(command), command.about);
        return ExitCode::SUCCESS;
    }
    (command.run)(rest).unwrap_or_else(|why| {
        eprintln!("{why}");
        ExitCode::from(2)
    })
}

fn usage() -> String {
    let mut out = String::from("usage: bottleship COMMAND\n");
    for command in COMMANDS {
        let first = command.about.split(['.', ';', ':']).next().unwrap_or("");
        out.push_str(&format!(
            "\n  {:<8} {}",
            command.name,
            first.replace('\n', " ")
        ));
    }
    out + "\n\n`bottleship COMMAND --help` says more."
}

fn calls(command: &Command) -> String {
    let mut out = String::new();
    for usage in command.usages {
        let start = if out.is_empty() { "usage:" } else { "\n      " };
        let call = format!("{start} bottleship {} {usage}", command.name);
        out.push_str(call.trim_end());
    }
    out
}

/// `bottleship run FILE.md...`
fn run(args: &[String]) -> Outcome {
    let flags = Flags::read("run", args, &["--seed"], &[])?;
    if flags.rest.is_empty() {
        return simulate::seeds(&flags);
    }
    let seed = flags.value("--seed", 1, "a whole number", |_| true)?;
    for file in &flags.rest {
        let text = std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))?;
        let world = cluster::World {
            seed,
            ..cluster::World::standard(3)
        };
        let mut session = Session::new(world, true);
        print!("{}", transcript::play(&text, &mut session));
    }
    Ok(ExitCode::SUCCESS)
}
