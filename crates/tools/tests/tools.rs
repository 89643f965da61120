//! What the programs print, against a small world of two servers.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use machinery::http::{Fetch, HttpRequest, HttpResponse};
use machinery::{Api, Request, Response, Status, StreamId, StreamIn, StreamOut};
use shell::machine::{Env, Start};
use shell::{Fs, Terminal};
use tools::{Exposed, Minikube, StartOptions, World};

/// There is no cluster here.
struct NoApi;

impl Api for NoApi {
    fn request(&self, _: Request) -> Response {
        Response::err(Status::no_resource())
    }
    fn stream(&self, _: StreamId, _: StreamIn) -> StreamOut {
        StreamOut::default()
    }
}

struct Small {
    state: Cell<Minikube>,
    ready_after: Cell<u32>,
    opened: RefCell<Vec<String>>,
}

impl World for Small {
    fn fetch(&self, request: &HttpRequest) -> Fetch {
        let answer = |status, headers: &[(&str, &str)], body: &str| {
            let headers = headers
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect();
            Fetch::Answer(HttpResponse {
                status,
                headers,
                body: body.to_owned(),
            })
        };
        let header = |name: &str| {
            let found = request
                .headers
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        match request.url.split_once("://").map_or("", |(_, rest)| rest) {
            "web/" => answer(
                200,
                &[("Server", "nginx"), ("Content-Type", "text/html")],
                "<h1>web</h1>\n",
            ),
            "web/missing" => answer(404, &[], "nothing here\n"),
            "web/old" => answer(302, &[("Location", "/")], ""),
            "web/echo" => answer(
                200,
                &[],
                &format!(
                    "{} {} {} {}\n",
                    request.method,
                    header("Host"),
                    header("X-A"),
                    request.body
                ),
            ),
            "slow/" => Fetch::Timeout,
            "shut/" => Fetch::Reset,
            "localhost:8080/" => Fetch::Refused,
            _ => Fetch::UnknownHost,
        }
    }
    fn resolve(&self, name: &str) -> Vec<String> {
        let known = ["web", "slow", "shut"]
            .iter()
            .position(|known| *known == name);
        known
            .map(|at| format!("10.0.0.{}", at + 1))
            .into_iter()
            .collect()
    }
    fn answers_ping(&self, address: &str) -> bool {
        address == "10.0.0.1"
    }
    fn open_editor(&self, path: &str) -> bool {
        self.opened.borrow_mut().push(path.to_owned());
        true
    }
    fn open_browser(&self, url: &str) -> bool {
        self.opened.borrow_mut().push(url.to_owned());
        true
    }
    fn minikube(&self) -> Minikube {
        self.state.get()
    }
    fn minikube_start(&self, _: &StartOptions) -> Result<(), String> {
        self.state.set(Minikube::Running);
        Ok(())
    }
    fn minikube_is_ready(&self) -> bool {
        self.ready_after
            .set(self.ready_after.get().saturating_sub(1));
        self.ready_after.get() == 0
    }
    fn minikube_stop(&self) {
        self.state.set(Minikube::Stopped);
    }
    fn minikube_delete(&self) {
        self.state.set(Minikube::Absent);
    }
    fn minikube_ip(&self) -> String {
        "192.168.49.2".to_owned()
    }
    fn services(&self, _: Option<&str>) -> Vec<Exposed> {
        vec![Exposed {
            namespace: "default".to_owned(),
            name: "hello".to_owned(),
            ports: vec![(
                "8080".to_owned(),
                Some("http://192.168.49.2:30437".to_owned()),
            )],
        }]
    }
}

fn session() -> (Terminal, Rc<Small>) {
    let world = Rc::new(Small {
        state: Cell::new(Minikube::Absent),
        ready_after: Cell::new(4),
        opened: RefCell::default(),
    });
    let fs = Rc::new(RefCell::new(Fs::new()));
    fs.borrow_mut()
        .install("/home/me/data.json", "{\"a\": 1}\n")
        .unwrap();
    let env = Env::from([
        ("HOME".to_owned(), "/home/me".to_owned()),
        ("HOSTNAME".to_owned(), "here".to_owned()),
    ]);
    let mut terminal = Terminal::new(tools::programs(world.clone(), Rc::new(NoApi)), fs, env);
    terminal.set_tty(false);
    (terminal, world)
}

fn run(terminal: &mut Terminal, line: &str) -> String {
    assert_eq!(terminal.run(line), Start::Started, "{line}");
    let mut now = 1_767_225_600_000;
    for _ in 0..500 {
        terminal.poll(now);
        match terminal.next_wake() {
            Some(wake) if !terminal.is_idle() => now = wake.max(now),
            _ => break,
        }
    }
    terminal
        .drain()
        .into_iter()
        .map(|chunk| chunk.text)
        .collect()
}

#[test]
fn what_they_print() {
    let table: &[(&str, &str)] = &[
        ("curl -s web", "<h1>web</h1>\n"),
        (
            "curl -sS localhost:8080",
            "curl: (7) Failed to connect to localhost port 8080 after 0 ms: Couldn't connect to server\n",
        ),
        ("curl nosuch", "curl: (6) Could not resolve host: nosuch\n"),
        ("curl -s nosuch; echo $?", "6\n"),
        (
            "curl -s shut; curl shut",
            "curl: (52) Empty reply from server\n",
        ),
        (
            "curl -m 2 slow; echo $?",
            "curl: (28) Connection timed out after 2001 milliseconds\n28\n",
        ),
        (
            "curl -s -o /dev/null -w '%{http_code}\\n' web/missing",
            "404\n",
        ),
        (
            "curl -sf web/missing; curl -sSf web/missing",
            "curl: (22) The requested URL returned error: 404\n",
        ),
        (
            "curl -sI web",
            "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html\r\n\r\n",
        ),
        ("curl -sL web/old", "<h1>web</h1>\n"),
        (
            "curl -s -XPUT -H 'X-A: b' -H 'Host: other' -d @data.json web/echo",
            "PUT other b {\"a\": 1}\n",
        ),
        ("echo in | curl -s -d @- web/echo", "POST web  in\n"),
        ("curl -so page web; cat page", "<h1>web</h1>\n"),
        (
            "curl --nope web",
            "curl: option --nope: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n",
        ),
        ("curl ftp://x", "curl: (1) Protocol \"ftp\" not supported\n"),
        ("wget -qO- web", "<h1>web</h1>\n"),
        (
            "wget -q web; ls; wget -q web/missing; echo $?",
            "data.json\nindex.html\n8\n",
        ),
        (
            "wget -O- nosuch",
            "--2026-01-01 00:00:00--  http://nosuch/\nResolving nosuch (nosuch)... failed: Name or service not known.\nwget: unable to resolve host address ‘nosuch’\n",
        ),
        (
            "ping -c 1 web | head -2 | sed 's/time=.*/time=T/'",
            "PING web (10.0.0.1) 56(84) bytes of data.\n64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=T\n",
        ),
        ("ping nosuch", "ping: nosuch: Name or service not known\n"),
        (
            "nslookup web | tail -3",
            "Name:\tweb\nAddress: 10.0.0.1\n\n",
        ),
        ("timeout 3 watch -t -n 2 echo hi", "hi\nhi\n"),
        ("sudo -u root echo done", "done\n"),
        ("vi nope/x", "vi: nope/x: No such file or directory\n"),
        (
            "minikube status; minikube frob",
            "🤷  Profile \"minikube\" not found. Run \"minikube profile list\" to view all profiles.\n👉  To start a cluster, run: \"minikube start\"\nError: unknown command \"frob\" for \"minikube\"\nRun 'minikube --help' for usage.\n",
        ),
        (
            "minikube start >/dev/null; minikube status | head -3; minikube service hello --url; minikube ip",
            "minikube\ntype: Control Plane\nhost: Running\nhttp://192.168.49.2:30437\n192.168.49.2\n",
        ),
        (
            "minikube start | tail -1; minikube delete --all",
            "🏄  Done! kubectl is now configured to use \"minikube\" cluster and \"default\" namespace by default\n🔥  Deleting \"minikube\" in docker ...\n🔥  Removing /home/me/.minikube/machines/minikube ...\n💀  Removed all traces of the \"minikube\" cluster.\n🔥  Successfully deleted all profiles\n",
        ),
        (
            "curl -sLO https://storage.googleapis.com/minikube/releases/latest/minikube_latest_amd64.deb; sudo dpkg -i minikube_latest_amd64.deb | tail -1",
            "Setting up minikube (1.38.1-0) ...\n",
        ),
        (
            "help nosuch; help watch | head -1",
            "help: no help for 'nosuch'; try: help\nwatch: run a command again and again, until Ctrl+C\n",
        ),
    ];
    let mut wrong = String::new();
    for (line, expected) in table {
        let found = run(&mut session().0, line);
        if found != *expected {
            wrong.push_str(&format!("--- {line}\nwant {expected:?}\nhave {found:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn editors_and_the_browser() {
    let (mut terminal, world) = session();
    run(
        &mut terminal,
        "vi data.json; open web; minikube start; minikube service hello",
    );
    let opened = world.opened.borrow().join(" ");
    assert_eq!(
        opened,
        "/home/me/data.json http://web http://192.168.49.2:30437"
    );
}

#[test]
fn watch_gives_the_screen_back() {
    let (mut terminal, _) = session();
    terminal.set_tty(true);
    terminal.run("watch date +%s");
    terminal.poll(1000);
    terminal.poll(3000);
    terminal.interrupt();
    terminal.poll(3000);
    let text: String = terminal
        .drain()
        .into_iter()
        .map(|chunk| chunk.text)
        .collect();
    assert!(text.starts_with("\x1b[?1049h"), "{text:?}");
    assert!(
        text.contains("Every 2.0s: date +%s") && text.ends_with("\x1b[?25h\x1b[?1049l"),
        "{text:?}"
    );
    assert!(terminal.is_idle());
}
