//! Automation: `cargo xtask serve | test | build | report | shots | fuzz | setup`. Nothing else is needed on a machine that has
//! Rust and git: what is missing is installed, pinned, and said.
//!
//! - [`setup`]: tools and their versions; [`steps`]: building, serving, testing; [`split`]: two Wasm modules of one;
//!   [`report`]: sizes and speeds against the budgets;
//!   [`clients`]: tests with clients that we did not write.

mod clients;
mod report;
mod setup;
mod split;
mod steps;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask COMMAND

  serve [--port N]   set up, build the page, serve it on 127.0.0.1 and print its address
  test [--fast]      set up and run everything: rustfmt, clippy, native tests, browser tests, end-to-end tests
                     (--fast: only what needs no browser)
  build              set up and leave the static site in dist/
  report             build and print sizes and speeds against their budgets
  shots              build and take the screenshots in www/screenshots/
  fuzz [SECONDS]     random input against the parsers and the shell, fixed seeds
  setup              only install what is missing";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["setup"] => setup::everything(),
        ["build"] => steps::build(),
        ["serve", rest @ ..] => steps::serve(rest),
        ["test"] => steps::test(false),
        ["test", "--fast"] => steps::test(true),
        ["report"] => report::report(),
        ["shots"] => steps::shots(),
        ["fuzz", rest @ ..] => steps::fuzz(rest),
        _ => Err(USAGE.to_string()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
