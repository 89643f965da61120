//! Sessions with async programs: streaming, interrupts, children, closed pipes, completion, undo.

use std::cell::RefCell;
use std::rc::Rc;

use shell::machine::{Env, Progress, Start};
use shell::program::Wait;
use shell::{Candidate, Fs, Program, Terminal};

fn programs() -> Vec<Program> {
    vec![
        Program::new("hello", "greets", |ctx| async move {
            ctx.out(&format!(
                "hello {}\n",
                ctx.args.get(1).map_or("you", String::as_str)
            ));
            ctx.err("aside\n");
            3
        }),
        Program::new("tick", "prints for ever", |ctx| async move {
            ctx.on_exit(|ctx| ctx.out("cleaned\n"));
            let mut count = 0;
            loop {
                count += 1;
                ctx.out(&format!("tick {count}\n"));
                ctx.sleep(1000).await;
            }
        }),
        Program::new("lines", "counts lines", |ctx| async move {
            let mut count = 0;
            while let Some(line) = ctx.read_line().await {
                count += 1;
                ctx.out(&format!("{count}:{line}\n"));
            }
            0
        }),
        Program::new("twice", "runs a line twice", |ctx| async move {
            let line = ctx.args.get(1).cloned().unwrap_or_default();
            for _ in 0..2 {
                let (status, output) = ctx.capture(&line).await;
                ctx.out(&format!("{status} {}", String::from_utf8_lossy(&output)));
            }
            ctx.exec(vec!["echo".to_owned(), "direct".to_owned()]).await
        }),
        Program::new("news", "waits for a change", |ctx| async move {
            ctx.changed().await;
            ctx.out("changed\n");
            ctx.wait(Wait {
                until_ms: Some(ctx.now_ms() + 5000),
                input: true,
                ..Wait::default()
            })
            .await;
            ctx.out(if ctx.stdin_ready().is_some() {
                "input\n"
            } else {
                "time\n"
            });
            0
        })
        .with_complete(|request| {
            let all = ["alpha", "alpine", "beta"];
            let fitting = all.iter().filter(|name| name.starts_with(&request.current));
            fitting.map(|name| Candidate::new(*name)).collect()
        }),
    ]
}

fn terminal() -> Terminal {
    let fs = Rc::new(RefCell::new(Fs::new()));
    fs.borrow_mut()
        .install("/home/me/notes.txt", "one\ntwo\n")
        .unwrap();
    fs.borrow_mut().install("/home/me/dir/inner", "").unwrap();
    let env = Env::from([("HOME".to_owned(), "/home/me".to_owned())]);
    let mut terminal = Terminal::new(programs(), fs, env);
    terminal.poll(1000);
    terminal
}

fn text(terminal: &mut Terminal) -> String {
    terminal
        .drain()
        .into_iter()
        .map(|chunk| chunk.text)
        .collect()
}

/// Runs a line to its end, jumping over waits.
fn run(terminal: &mut Terminal, line: &str) -> String {
    assert_eq!(terminal.run(line), Start::Started, "{line}");
    let mut now = 1000;
    for _ in 0..200 {
        terminal.poll(now);
        if terminal.is_idle() {
            break;
        }
        match terminal.next_wake() {
            Some(wake) => now = wake.max(now),
            None => break,
        }
    }
    text(terminal)
}

#[test]
fn programs_run_in_pipes_and_lists() {
    let table = [
        ("hello a; echo $?", "hello a\naside\n3\n"),
        ("hello 2>/dev/null | tr a-z A-Z", "HELLO YOU\n"),
        ("x=$(hello b 2>&1); echo \"[$x]\"", "[hello b\naside]\n"),
        ("hello > out; cat out", "aside\nhello you\n"),
        ("tick | head -2", "tick 1\ntick 2\n"),
        ("timeout 2 tick | tail -1", "cleaned\n"),
        ("echo a b | lines", "1:a b\n"),
        ("lines < notes.txt | tac", "2:two\n1:one\n"),
        ("twice 'echo hi; false'", "1 hi\n1 hi\ndirect\n"),
        ("nosuch x", "bash: nosuch: command not found\n"),
        (
            "for i in 1 2; do hello $i 2>/dev/null; done",
            "hello 1\nhello 2\n",
        ),
        ("tick | grep --line-buffered 3 | head -1", "tick 3\n"),
    ];
    for (line, expected) in table {
        assert_eq!(run(&mut terminal(), line), expected, "{line}");
    }
}

#[test]
fn ctrl_c_ends_what_runs() {
    let mut terminal = terminal();
    terminal.run("tick; echo not reached");
    terminal.poll(1000);
    terminal.poll(2000);
    assert_eq!(text(&mut terminal), "tick 1\ntick 2\n");
    assert_eq!(terminal.next_wake(), Some(3000));
    terminal.interrupt();
    terminal.poll(2000);
    assert!(terminal.is_idle());
    assert_eq!(text(&mut terminal), "cleaned\n");
    assert_eq!(terminal.status(), 130);
    assert_eq!(run(&mut terminal, "echo again"), "again\n");
}

#[test]
fn ctrl_z_stops_what_runs() {
    let mut terminal = terminal();
    terminal.run("tick | cat; echo not reached");
    terminal.poll(1000);
    assert!(terminal.suspend());
    terminal.poll(1000);
    assert!(terminal.is_idle());
    let stopped = "tick 1\n\n[1]+  Stopped                 tick | cat\n";
    assert_eq!(text(&mut terminal), stopped);
    terminal.poll(9000);
    assert_eq!(text(&mut terminal), "");
    terminal.run("echo $?; bg; jobs");
    terminal.poll(9000);
    let background = "148\n[1]+ tick | cat &\n[1]+  Running                 tick | cat &\ntick 2\n";
    assert_eq!(text(&mut terminal), background);
    terminal.run("fg");
    terminal.poll(10_000);
    assert_eq!(text(&mut terminal), "tick | cat\ntick 3\n");
    terminal.interrupt();
    terminal.poll(10_000);
    assert!(terminal.is_idle());
    assert!(!terminal.suspend());
}

/// A loop that never waits lets time go on all the same.
#[test]
fn busy_loops_take_time() {
    for line in [
        "while true; do :; done",
        "while true; do hello; done >/dev/null 2>&1",
    ] {
        let mut terminal = terminal();
        terminal.run(line);
        let mut now = 1000;
        for _ in 0..30 {
            terminal.poll(now);
            now = terminal.next_wake().unwrap_or(now).max(now);
        }
        assert!(now > 3000, "{line}: {now}");
        terminal.interrupt();
        terminal.poll(now);
        assert!(terminal.is_idle(), "{line}");
        assert_eq!(run(&mut terminal, "echo {1..5000} | wc -w"), "5000\n");
    }
}

#[test]
fn typed_input_and_end_of_file() {
    let mut terminal = terminal();
    terminal.run("lines");
    terminal.poll(1000);
    assert!(terminal.wants_input() && !terminal.is_idle());
    terminal.stdin("first\n");
    terminal.poll(1000);
    assert_eq!(text(&mut terminal), "1:first\n");
    terminal.eof();
    terminal.poll(1000);
    assert!(terminal.is_idle());
    assert_eq!(run(&mut terminal, "echo x | lines"), "1:x\n");
}

#[test]
fn waiting_for_the_world() {
    let mut terminal = terminal();
    terminal.run("news");
    terminal.poll(1000);
    assert_eq!(text(&mut terminal), "");
    terminal.world_changed();
    assert!(matches!(
        terminal.poll(1000),
        Progress::Waiting {
            until_ms: Some(6000)
        }
    ));
    assert_eq!(text(&mut terminal), "changed\n");
    terminal.poll(6000);
    assert_eq!(text(&mut terminal), "time\n");
}

#[test]
fn jobs_and_undo() {
    let mut terminal = terminal();
    terminal.run("sleep 5 &");
    terminal.poll(1000);
    assert!(terminal.is_idle());
    assert!(text(&mut terminal).starts_with("[1] "));
    terminal.poll(6000);
    assert_eq!(
        terminal.job_notices(),
        "[1]+  Done                    sleep 5\n"
    );
    assert_eq!(
        run(&mut terminal, "history"),
        "    1  sleep 5 &\n    2  history\n"
    );
    let snapshot = terminal.snapshot();
    run(&mut terminal, "x=1; rm notes.txt; cd dir");
    assert_eq!(terminal.machine().cwd(), "/home/me/dir");
    terminal.restore(&snapshot);
    assert_eq!(
        run(&mut terminal, "pwd; echo [$x]; cat notes.txt"),
        "/home/me\n[]\none\ntwo\n"
    );
}

#[test]
fn completion() {
    let mut terminal = terminal();
    terminal.machine().alias("n", "news");
    let table: &[(&str, usize, &[&str])] = &[
        ("hel", 0, &["hello"]),
        ("hello no", 6, &["notes.txt"]),
        ("cat d", 4, &["dir/"]),
        ("cat dir/", 4, &["dir/inner"]),
        ("echo a | new", 9, &["news"]),
        ("news al", 5, &["alpha", "alpine"]),
        ("n be", 2, &["beta"]),
        ("echo $HO", 5, &["$HOME"]),
        ("cd ", 3, &["dir/"]),
        ("news > no", 7, &["notes.txt"]),
    ];
    for (line, from, expected) in table {
        let found = terminal.complete(line, line.len());
        let texts: Vec<&str> = found.candidates.iter().map(|c| c.text.as_str()).collect();
        assert_eq!((found.from, texts.as_slice()), (*from, *expected), "{line}");
    }
}
