//! A learner's session: undo, reload, typing ahead, and that the same session gives the same bytes.

use playground::{Input, Output, Playground};

/// Lets virtual time pass in steps of this many milliseconds.
fn live(p: &mut Playground, ms: i64, step: f64) {
    let end = p.now() + ms;
    while p.now() < end {
        p.tick(step.min((end - p.now()) as f64), u64::MAX);
    }
}

/// Runs a line until it has ended.
fn run(p: &mut Playground, line: &str) {
    p.input(Input::Run(line.into()));
    for _ in 0..10_000 {
        if !p.is_running() {
            return;
        }
        p.tick(50.0, u64::MAX);
    }
    panic!("{line:?} does not end");
}

/// What the terminal showed, without escape sequences.
fn screen(p: &mut Playground) -> String {
    let text: String = p
        .drain()
        .into_iter()
        .filter_map(|o| {
            if let Output::Screen(t) = o {
                Some(t)
            } else {
                None
            }
        })
        .collect();
    let (mut out, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        if c == '\x1b' {
            let _ = chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            out.push(c);
        }
    }
    out
}

#[test]
fn undo_takes_back_the_last_command_whole() {
    let mut p = Playground::new(1, "", "en");
    run(
        &mut p,
        "kubectl create deployment web --image=nginx --replicas=2",
    );
    live(&mut p, 20_000, 100.0);
    run(&mut p, "kubectl delete deployment web; echo gone > note");
    live(&mut p, 60_000, 100.0);
    screen(&mut p);
    p.input(Input::Undo);
    run(&mut p, "kubectl get deployment web --no-headers; cat note");
    let shown = screen(&mut p);
    assert!(
        shown.contains("web   2/2") && shown.contains("No such file"),
        "{shown}"
    );
}

#[test]
fn a_reload_loses_nothing() {
    let mut p = Playground::new(7, "first-pod", "ko");
    run(&mut p, "kubectl apply -f nginx-pod.yaml");
    live(&mut p, 10_000, 16.0);
    p.input(Input::Save {
        path: "nginx-pod.yaml".into(),
        text: "changed".into(),
    });
    run(&mut p, "kubectl get pods -o wide");
    live(&mut p, 5_000, 33.0);
    let mut again = Playground::load(&p.save(), "ko").expect("loads");
    assert_eq!(again.now(), p.now());
    let (saved, reloaded) = (p.save(), again.save());
    assert_eq!(saved, reloaded);
    let look = |p: &mut Playground| {
        screen(p);
        run(p, "kubectl get pods -A -o yaml; cat nginx-pod.yaml");
        screen(p)
    };
    assert_eq!(look(&mut p), look(&mut again));
}

#[test]
fn what_cannot_be_loaded_says_why() {
    let check = |saved: &str, why: &str| {
        let found = Playground::load(saved, "en").err().unwrap_or_default();
        assert!(found.starts_with(why), "{saved}: {found}");
    };
    check("", "not a saved session");
    check("[1,2]", "not a saved session");
    check(
        "{\"bottleship\":99}",
        "saved by another version of bottleship",
    );
    check(
        "{\"bottleship\":1,\"seed\":1,\"inputs\":[[1,\"dance\",\"\"]]}",
        "a saved session with an input of an unknown kind",
    );
}

#[test]
fn how_time_is_sliced_changes_nothing() {
    let session = |step: f64| {
        let mut p = Playground::new(3, "", "en");
        p.input(Input::Run("kubectl create deployment web --image=nginx --replicas=3; kubectl rollout status deployment web".into()));
        live(&mut p, 60_000, step);
        run(&mut p, "kubectl get pods -o wide; kubectl get events");
        screen(&mut p)
    };
    let fine = session(1.0);
    assert!(fine.contains("successfully rolled out"), "{fine}");
    assert_eq!(fine, session(16.7));
    assert_eq!(fine, session(5_000.0));
}

#[test]
fn many_pasted_lines_run_one_after_the_other() {
    let mut p = Playground::new(1, "", "en");
    p.input(Input::Keys("echo one\recho two\rsleep 1\recho 셋\r".into()));
    live(&mut p, 3_000, 20.0);
    let shown = screen(&mut p);
    for word in ["\none\r", "\ntwo\r", "\n셋\r"] {
        assert!(shown.contains(word), "{shown:?}");
    }
}

/// The same file is what the Wasm build is held against (`tests/web`). `UPDATE=1` rewrites it.
#[test]
fn a_session_gives_the_trace_that_is_written_down() {
    let path = crate::root().join("tests/trace.txt");
    let found = playground::trace::trace();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &found).expect("writable");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == written,
        "the trace changed (UPDATE=1 writes it):\n{found}"
    );
}
