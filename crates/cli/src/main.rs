//! The native binary `bottleship`: transcripts, single command lines, a terminal, lesson checks, the API on loopback, benches.

mod bench;
mod exec;
mod lessons;
mod serve;
mod simulate;

use playground::session::Session;
use playground::transcript;
use std::process::ExitCode;

const USAGE: &str = "usage: bottleship COMMAND

  run [--seed N] FILE.md...     play transcripts, print them with the outputs found
  run --seed N[..M]             play a seed of the simulation test, or many: what was done, and which rule was broken
  exec 'COMMAND LINE'           one shell command line in a fresh world, the current folder's files readable; its status is the exit status
  repl                          a terminal on a fresh world
  lessons [FOLDER...]           check lessons: format, languages, every solution
  serve [--port N] [--speed S] [--nodes M] [--kubeconfig FILE] [--compact SECONDS] [--repl]
                                the API on loopback HTTP, for a real kubectl; --compact: changes are
                                forgotten (410 Expired) after so long; --repl: with a terminal on the same cluster
  bench [SCENARIO] [--pods N] [--nodes M]
                                one line of JSON each: deploy, rollout, probes, drain, schedule, api";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest = args.get(1..).unwrap_or(&[]);
    match args.first().map(String::as_str) {
        Some("run") => run(rest),
        Some("exec") => exec::exec(rest),
        Some("repl") => exec::repl(),
        Some("lessons") => lessons::lessons(rest),
        Some("bench") => bench::bench(rest),
        Some("serve") => serve::serve(rest),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// `bottleship run FILE.md...`
fn run(args: &[String]) -> ExitCode {
    if let Some(code) = simulate::asked(args) {
        return code;
    }
    let (mut seed, mut files, mut args) = (1u64, Vec::new(), args.iter());
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--seed" => match args.next().and_then(|n| n.parse().ok()) {
                Some(n) => seed = n,
                None => return fail("--seed takes a whole number"),
            },
            file => files.push(file),
        }
    }
    if files.is_empty() {
        return fail(USAGE);
    }
    for file in files {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(e) => return fail(&format!("{file}: {e}")),
        };
        let world = cluster::World {
            seed,
            ..cluster::World::standard(3)
        };
        let mut session = Session::new(world, true);
        print!("{}", transcript::play(&text, &mut session));
    }
    ExitCode::SUCCESS
}

fn fail(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::from(2)
}
