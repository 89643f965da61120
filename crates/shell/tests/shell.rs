//! What a line prints: tables of scripts and their output, run by the machine without any host.

use shell::fs::Fs;
use shell::machine::{Env, Host, Machine, NoHost, Pid, Progress, Signal, Start};

struct Ran {
    out: String,
    err: String,
    status: i32,
}

/// A host whose clock jumps to the next time that something waits for.
struct Clock(i64);

impl Host for Clock {
    fn now_ms(&self) -> i64 {
        self.0
    }
    fn spawn(&mut self, _: Pid, _: &[String], _: &Env, _: &str, _: bool) -> bool {
        false
    }
    fn kill(&mut self, _: Pid, _: Signal) {}
}

fn machine() -> (Machine, Fs) {
    let mut fs = Fs::new();
    fs.mkdir("/home/learner", true).unwrap();
    fs.mkdir("/tmp", true).unwrap();
    fs.write("/home/learner/fruit", "banana\napple\ncherry\napple\n")
        .unwrap();
    fs.write(
        "/home/learner/table",
        "web 3 10.0.0.1\ndb 1 10.0.0.2\ncache 22 10.0.0.3\n",
    )
    .unwrap();
    let env = Env::from([
        ("HOME".to_owned(), "/home/learner".to_owned()),
        ("USER".to_owned(), "root".to_owned()),
        ("HOSTNAME".to_owned(), "box".to_owned()),
    ]);
    (Machine::new(env, "/home/learner"), fs)
}

fn finish(machine: &mut Machine, fs: &mut Fs, clock: &mut Clock) -> Ran {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut status = -1;
    for step in 0.. {
        let progress = machine.step(fs, clock);
        for chunk in machine.drain() {
            if chunk.fd == 1 { &mut out } else { &mut err }.extend(chunk.bytes);
        }
        match progress {
            Progress::Running if step < 100_000 => {}
            Progress::Waiting {
                until_ms: Some(until),
            } => clock.0 = until.max(clock.0),
            Progress::Done(code) => {
                status = code;
                break;
            }
            _ => break,
        }
    }
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran {
        out: text(out),
        err: text(err),
        status,
    }
}

fn run(script: &str) -> Ran {
    let (mut machine, mut fs) = machine();
    let mut clock = Clock(1_767_225_600_000);
    machine.close_stdin();
    machine.start_script("bash", script, &["one".to_owned(), "two words".to_owned()]);
    finish(&mut machine, &mut fs, &mut clock)
}

fn check(table: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (script, expected) in table {
        let ran = run(script);
        let mut found = format!("{}{}", ran.out, ran.err);
        if ran.status != 0 {
            found.push_str(&format!("? {}\n", ran.status));
        }
        if found != *expected {
            wrong.push_str(&format!(
                "--- {script}\nwant {expected:?}\nhave {found:?}\n"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn words_and_quotes() {
    check(&[
        ("echo a  b 'c  d' \"e  f\" g\\ h", "a b c  d e  f g h\n"),
        (
            "x=5; echo $x ${x} \"$x\" '$x' ${y:-none} ${#x} ${y-}",
            "5 5 5 $x none 1\n",
        ),
        (
            "x=a.tar.gz; echo ${x%.*} ${x%%.*} ${x#*.} ${x##*.} ${x/a/b} ${x//a/b}",
            "a.tar a tar.gz gz b.tar.gz b.tbr.gz\n",
        ),
        (
            "x=hello; echo ${x:1:3} ${x: -2} ${x^} ${x^^}",
            "ell lo Hello HELLO\n",
        ),
        (
            "echo $# \"$@\" $1; for a in \"$@\"; do echo \"<$a>\"; done",
            "2 one two words one\n<one>\n<two words>\n",
        ),
        (
            "set -- a 'b c'; for x in $@; do echo $x; done; echo \"$*\"",
            "a\nb\nc\na b c\n",
        ),
        ("x='a  b'; echo $x; echo \"$x\"", "a b\na  b\n"),
        (
            "IFS=:; x=a:b::c; for p in $x; do echo \"[$p]\"; done",
            "[a]\n[b]\n[]\n[c]\n",
        ),
        (
            "echo {a,b}c {1..4} {3..1} x{1,2}y{a,b}",
            "ac bc 1 2 3 4 3 2 1 x1ya x1yb x2ya x2yb\n",
        ),
        ("echo $(echo hi; echo there) `echo back`", "hi there back\n"),
        ("echo \"$(echo \"in side\")\"", "in side\n"),
        (
            "echo $((1+2*3)) $(( (1+2)*3 )) $((7/2)) $((7%3)) $((2**10)) $((1<2)) $((x=4, x+1)) $x",
            "7 9 3 1 1024 1 5 4\n",
        ),
        (
            "i=0; i=$((i+1)); ((i++)); echo $i; let i+=5; echo $i",
            "2\n7\n",
        ),
        ("echo ~ ~/x '~'", "/home/learner /home/learner/x ~\n"),
        (
            "echo *; echo f*t; echo nope*; echo '*'",
            "fruit table\nfruit\nnope*\n*\n",
        ),
        ("echo $'a\\tb\\n'c", "a\tb\nc\n"),
        (
            "cat <<EOF\nx is $((1+1))\n$(echo sub) \\$no\nEOF\ncat <<'EOF'\n$x `y`\nEOF\ncat <<-E\n\tindented\n\tE\n",
            "x is 2\nsub $no\n$x `y`\nindented\n",
        ),
        ("cat <<< \"here $1\"", "here one\n"),
        ("echo a # comment\necho b\\\nc", "a\nbc\n"),
        (
            "unset q; echo ${q:=set} $q; echo ${q:+alt}",
            "set set\nalt\n",
        ),
        (
            "${q:?is missing}; echo no",
            "bash: line 1: q: is missing\n? 1\n",
        ),
        (
            "set -u; echo $nope",
            "bash: line 1: nope: unbound variable\n? 1\n",
        ),
        ("echo \"${x:-it's}\"", "it's\n"),
        ("echo 한글 | wc -m; x=한글; echo ${#x}", "3\n2\n"),
    ]);
}

#[test]
fn control() {
    check(&[
        (
            "true && echo yes || echo no; false && echo yes || echo no",
            "yes\nno\n",
        ),
        ("! true; echo $?; ! false; echo $?", "1\n0\n"),
        (
            "if false; then echo a; elif true; then echo b; else echo c; fi",
            "b\n",
        ),
        (
            "for i in 1 2 3; do if [ $i = 2 ]; then continue; fi; echo $i; done",
            "1\n3\n",
        ),
        (
            "i=0; while true; do i=$((i+1)); [ $i -ge 3 ] && break; done; echo $i",
            "3\n",
        ),
        (
            "i=0; until [ $i -eq 2 ]; do echo $i; i=$((i+1)); done",
            "0\n1\n",
        ),
        ("for ((i=0; i<3; i++)); do echo -n $i; done; echo", "012\n"),
        (
            "case hello.txt in *.md) echo md;; *.txt|*.log) echo text;; *) echo other;; esac",
            "text\n",
        ),
        ("f() { echo in $1; return 3; }; f x; echo $?", "in x\n3\n"),
        (
            "f() { local v=in; echo $v; }; v=out; f; echo $v",
            "in\nout\n",
        ),
        (
            "(cd /tmp; pwd; x=1); pwd; echo [$x]",
            "/tmp\n/home/learner\n[]\n",
        ),
        ("{ echo a; echo b; } | tac", "b\na\n"),
        (
            "while read a b; do echo \"$b-$a\"; done < table",
            "3 10.0.0.1-web\n1 10.0.0.2-db\n22 10.0.0.3-cache\n",
        ),
        (
            "cat table | while read n rest; do echo $n; done",
            "web\ndb\ncache\n",
        ),
        ("printf 'a\\nb\\n' | { read x; read y; echo $y$x; }", "ba\n"),
        (
            "[[ abc == a* && 3 -lt 5 ]] && echo y; [[ abc =~ ^a.c$ ]] && echo r; [[ a == b ]] || echo n",
            "y\nr\nn\n",
        ),
        (
            "[ -f fruit ] && [ -d /tmp ] && [ ! -e x ] && [ -n a -a -z '' ] && echo ok",
            "ok\n",
        ),
        ("set -e; false; echo no", "? 1\n"),
        (
            "set -e; if false; then :; fi; false || true; ! true; echo alive",
            "alive\n",
        ),
        ("set -x; echo hi", "hi\n+ echo hi\n"),
        ("set -o pipefail; false | true; echo $?", "1\n"),
        ("trap 'echo bye' EXIT; echo hi", "hi\nbye\n"),
        ("exit 7", "? 7\n"),
        ("(exit 3); echo $?", "3\n"),
        (
            "eval 'x=1; echo $x'; echo 'y=2; echo sourced $1' > s; . ./s arg; echo $y",
            "1\nsourced arg\n2\n",
        ),
        (
            "nosuch; echo $?",
            "127\nbash: line 1: nosuch: command not found\n",
        ),
        (
            "cd nope",
            "bash: line 1: cd: nope: No such file or directory\n? 1\n",
        ),
        (
            "cat < nope",
            "bash: line 1: nope: No such file or directory\n? 1\n",
        ),
        (
            "echo hi > /nope/x",
            "bash: line 1: /nope/x: No such file or directory\n? 1\n",
        ),
        (
            "x=1 sh -c 'echo $x'; echo [$x]; export y=2; sh -c 'echo $y'",
            "1\n[]\n2\n",
        ),
        ("sh -c 'echo $0 $1' name arg", "name arg\n"),
        (
            "echo 'echo from script $1; exit 4' > s.sh; chmod +x s.sh; ./s.sh a; echo $?; sh s.sh b",
            "from script a\n4\nfrom script b\n? 4\n",
        ),
        (
            "./fruit",
            "bash: line 1: ./fruit: Permission denied\n? 126\n",
        ),
        (
            "type cd ls; command -v echo",
            "cd is a shell builtin\nls is /usr/bin/ls\necho\n",
        ),
        (
            "break_me() { for i in 1 2; do for j in 1 2; do echo $i$j; break 2; done; done; }; break_me",
            "11\n",
        ),
        (
            "f() { [ $1 -gt 0 ] && { echo $1; f $(($1-1)); }; }; f 3; true",
            "3\n2\n1\n",
        ),
        ("x=$(false); echo $?; x=$(exit 4) || echo f$?", "1\nf4\n"),
    ]);
}

#[test]
fn arrays() {
    check(&[
        (
            "a=(x 'y z'); for i in \"${a[@]}\"; do echo \"[$i]\"; done; echo ${#a[@]} $a",
            "[x]\n[y z]\n2 x\n",
        ),
        (
            "a=(1 2); a+=(3 4); a[6]=z; unset 'a[1]'; echo ${!a[@]} ${a[@]} ${a[-1]}",
            "0 2 3 6 1 3 4 z z\n",
        ),
        (
            "a=(1 2 3 4); echo ${a[@]:1:2} \"${a[@]/#/v}\"; i=1; echo $((a[i] + a[i+1]))",
            "2 3 v1 v2 v3 v4\n5\n",
        ),
        (
            "declare -A m=([a]=1 [b c]=2); m[d]=3; echo \"${m[b c]}\" ${!m[@]} ${#m[@]}",
            "2 a b c d 3\n",
        ),
        (
            "f() { local -a l=(\"$@\"); echo ${#l[@]} $FUNCNAME; }; f 1 '2 3'",
            "2 f\n",
        ),
        (
            "a=($(echo 1 2) $(echo 3)); b=(\"${a[@]}\" 4); echo ${#b[@]}",
            "4\n",
        ),
        ("x='a[x]'; echo $((x))", "0\n"),
        (
            "IFS=, read -ra p <<< a,b; mapfile -t l < <(printf '1\\n2\\n'); echo ${p[1]} ${l[1]}",
            "b 2\n",
        ),
        (
            "diff <(echo a) <(echo b); cat <(echo c) - <<< d",
            "1c1\n< a\n---\n> b\nc\nd\n",
        ),
        (
            "[[ v1.36 =~ v([0-9]+)\\.([0-9]+) ]]; echo ${BASH_REMATCH[2]}; false | true; echo ${PIPESTATUS[@]}",
            "36\n1 0\n",
        ),
        (
            "n=x; x=5; echo ${!n}; set -- a b c; echo ${@:2} ${@: -1}",
            "5\nb c c\n",
        ),
        (
            "case a in a) echo 1;& b) echo 2;; esac; echo err 2>&1 |& cat",
            "1\n2\nerr\n",
        ),
        (
            "set -- -a foo -bx; while getopts a:bx o; do echo $o$OPTARG; done; echo $OPTIND",
            "afoo\nb\nx\n4\n",
        ),
        (
            "trap 'echo bad' ERR; false; if false; then :; fi; false || true; echo end",
            "bad\nend\n",
        ),
    ]);
}

#[test]
fn archives_and_whole_files() {
    check(&[
        (
            "mkdir -p d/e; echo 1 > d/f; echo 2 > d/e/g; tar czf x.tgz d; tar tzf x.tgz; rm -r d; tar xf x.tgz; cat d/e/g",
            "d/\nd/e/\nd/e/g\nd/f\n2\n",
        ),
        (
            "echo hi | gzip | gunzip; echo x | gunzip 2>&1",
            "hi\ngunzip: -: not in gzip format\n? 1\n",
        ),
        (
            "printf 'a\\nb\\n' > x; printf 'b\\nc\\n' > y; comm x y; comm -12 x y; cmp x y",
            "a\n\t\tb\n\tc\nb\nx y differ: byte 1, line 1\n? 1\n",
        ),
        (
            "mkdir a b; echo 1 > a/x; echo 2 > b/x; echo 3 > b/y; diff -r a b",
            "diff -r a/x b/x\n1c1\n< 1\n---\n> 2\nOnly in b: y\n? 1\n",
        ),
        ("A=1 envsubst <<< '$A ${B}x $'", "1 x $\n"),
        (
            "printf hi > h; sha256sum h > s; sha256sum -c s; echo x >> h; sha256sum -c s 2>/dev/null",
            "h: OK\nh: FAILED\n? 1\n",
        ),
        (
            "find . \\( -name fruit -o -name nosuch \\) -type f; date -u -d '2024-01-31 +1 day' +%F",
            "./fruit\n2024-02-01\n",
        ),
    ]);
}

#[test]
fn pipes_and_files() {
    check(&[
        (
            "sort fruit | uniq -c",
            "      2 apple\n      1 banana\n      1 cherry\n",
        ),
        ("yes | head -1", "y\n"),
        ("yes | head -n 2 | wc -l", "2\n"),
        (
            "echo a > f; echo b >> f; cat f; cat nope 2>/dev/null; echo $?",
            "a\nb\n1\n",
        ),
        (
            "cat nope > out 2>&1; cat out",
            "cat: nope: No such file or directory\n",
        ),
        ("cat nope &> out; wc -l < out", "1\n"),
        ("{ echo o; echo e >&2; } 2>&1 | sort", "e\no\n"),
        ("echo x | tee a b; cat a b", "x\nx\nx\n"),
        ("sleep 2 & echo started; wait; echo done", "started\ndone\n"),
        ("sleep 5 & p=$!; kill $p; wait $p; echo $?", "143\n"),
        (
            "(sleep 3; echo late) & sleep 1; echo early; wait",
            "early\nlate\n",
        ),
        ("timeout 1 sleep 10; echo $?", "124\n"),
        (
            "seq 3 | xargs echo n; seq 3 | xargs -n 1 echo; seq 2 | xargs -I{} echo '<{}>'",
            "n 1 2 3\n1\n2\n3\n<1>\n<2>\n",
        ),
        ("echo a b | (read x y; echo $y $x)", "b a\n"),
        (
            "mkdir -p d/e; touch d/e/f; find d -type f; ls d; rm -r d; ls d",
            "d/e/f\ne\nls: cannot access 'd': No such file or directory\n? 2\n",
        ),
        (
            "mkdir d; rmdir d; mkdir d d",
            "mkdir: cannot create directory 'd': File exists\n? 1\n",
        ),
        (
            "rm nope; rm -f nope; rm /tmp",
            "rm: cannot remove 'nope': No such file or directory\nrm: cannot remove '/tmp': Is a directory\n? 1\n",
        ),
        (
            "cp fruit f2; mv f2 f3; ls; basename /a/b.txt .txt; dirname /a/b",
            "f3\nfruit\ntable\nb\n/a\n",
        ),
        (
            "exec 3> log; echo to three >&3; exec 3>&-; cat log",
            "to three\n",
        ),
        (
            "for i in 1 2 3; do echo $i; done > nums; paste -sd, nums",
            "1,2,3\n",
        ),
        ("seq 100000 | tail -1", "100000\n"),
        ("head -c 100000 /dev/zero | wc -c", "100000\n"),
    ]);
}

#[test]
fn filters() {
    check(&[
        (
            "grep an fruit; grep -c apple fruit; grep -n cherry fruit; grep -v a fruit",
            "banana\n2\n3:cherry\ncherry\n",
        ),
        (
            "grep -o 'an' fruit | wc -l; grep -E '^(b|c)' fruit; grep -iw APPLE fruit",
            "2\nbanana\ncherry\napple\napple\n",
        ),
        (
            "grep -A1 banana fruit; grep -B1 cherry fruit; grep -q x fruit; echo $?",
            "banana\napple\napple\ncherry\n1\n",
        ),
        (
            "grep x nope; grep -r cherry .",
            "./fruit:cherry\ngrep: nope: No such file or directory\n",
        ),
        (
            "grep -m1 apple fruit; grep -l apple *; grep -h -e web -e db table",
            "apple\nfruit\nweb 3 10.0.0.1\ndb 1 10.0.0.2\n",
        ),
        (
            "sed 's/a/A/' fruit | head -1; sed 's/a/A/g;2d' fruit | head -2",
            "bAnana\nbAnAnA\ncherry\n",
        ),
        (
            "sed -n '2,3p' fruit; sed -n '/cher/p;$p' fruit",
            "apple\ncherry\ncherry\napple\n",
        ),
        (
            "sed -E 's/([a-z]+) ([0-9]+)/\\2 \\1/' table | head -1",
            "3 web 10.0.0.1\n",
        ),
        (
            "sed -i 's/banana/mango/' fruit; head -1 fruit; sed '1i first\n$a last' fruit | sed -n '1p;$p'",
            "mango\nfirst\nlast\n",
        ),
        (
            "sed '/banana/,/cherry/d' fruit; sed '2q' fruit; echo abc | sed 'y/abc/xyz/'",
            "apple\nbanana\napple\nxyz\n",
        ),
        (
            "echo path/to | sed 's|/|-|'; echo a | sed 's/x*/-/g'; echo hello | sed 's/l*/X/2'",
            "path-to\n-a-\nhXello\n",
        ),
        (
            "echo x | sed 'k'",
            "sed: -e expression #1, char 1: unknown command: `k'\n? 1\n",
        ),
        (
            "head -n 1 fruit; tail -n 1 fruit; tail -n +4 fruit; head -n -3 fruit; tail -2 fruit",
            "banana\napple\napple\nbanana\ncherry\napple\n",
        ),
        (
            "wc fruit; wc -l fruit; cat fruit | wc -w",
            " 4  4 26 fruit\n4 fruit\n4\n",
        ),
        (
            "sort -r fruit | head -1; sort -k2 -n table | tail -1; sort -u fruit; sort -t. -k4 -nr table | head -1",
            "cherry\ncache 22 10.0.0.3\napple\nbanana\ncherry\ncache 22 10.0.0.3\n",
        ),
        (
            "cut -d' ' -f1,3 table; cut -c1-3 fruit | head -1",
            "web 10.0.0.1\ndb 10.0.0.2\ncache 10.0.0.3\nban\n",
        ),
        (
            "echo hello | tr a-z A-Z; echo aabb | tr -s a; echo a1b2 | tr -d 0-9; echo hi | tr -d '\\n'",
            "HELLO\nabb\nab\nhi",
        ),
        (
            "echo hi | rev; echo hi | base64; echo aGkK | base64 -d; seq -s, 3; seq 1 2 5 | tr '\\n' ' '",
            "ih\naGkK\nhi\n1,2,3\n1 3 5 ",
        ),
        (
            "echo -n abc | md5sum; echo -n abc | sha256sum",
            "900150983cd24fb0d6963f7d28e17f72  -\nba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  -\n",
        ),
        (
            "date; date +%F; date -d 2026-02-03 +%a",
            "Thu Jan  1 00:00:00 UTC 2026\n2026-01-01\nTue\n",
        ),
        (
            "column -t table",
            "web    3   10.0.0.1\ndb     1   10.0.0.2\ncache  22  10.0.0.3\n",
        ),
        (
            "printf '%-5s|%3d|%05.1f|%x\\n' ab 7 2.25 255; printf '%s\\n' a b",
            "ab   |  7|002.2|ff\na\nb\n",
        ),
        (
            "echo -e 'a\\tb'; echo -n x; echo -E 'a\\n'",
            "a\tb\nxa\\n\n",
        ),
        (
            "printf 'a\\nb\\nc\\n' > x; printf 'a\\nB\\nc\\n' > y; diff x y; diff -U1 -L x -L y x y",
            "2c2\n< b\n---\n> B\n--- x\n+++ y\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n? 1\n",
        ),
        (
            "expr 2 + 3; expr length abc; env | grep ^HOME; whoami; hostname",
            "5\n3\nHOME=/home/learner\nroot\nbox\n",
        ),
        (
            "ls -l fruit",
            "-rw-r--r-- 1 root root 26 Jan  1  1970 fruit\n",
        ),
        (
            "nl fruit | head -1; uniq fruit | wc -l; echo 'a b' | fold -w 2; tac fruit | head -1",
            "     1\tbanana\n4\na \nb\napple\n",
        ),
        (
            "head nope; tail nope; wc nope; sort nope",
            "head: cannot open 'nope' for reading: No such file or directory\ntail: cannot open 'nope' for reading: No such file or directory\nwc: nope: No such file or directory\nsort: cannot read: nope: No such file or directory\n? 2\n",
        ),
        (
            "head -z1; grep --nope x; cut fruit",
            "head: invalid option -- '1'\nTry 'head --help' for more information.\ngrep: unrecognized option '--nope'\nTry 'grep --help' for more information.\ncut: you must specify a list of bytes, characters, or fields\nTry 'cut --help' for more information.\n? 1\n",
        ),
    ]);
}

#[test]
fn awk() {
    check(&[
        ("awk '{print $1}' table", "web\ndb\ncache\n"),
        (
            "awk '$2 > 2 {print $1, $2*2}' table; awk 'END{print NR}' table",
            "web 6\ncache 44\n3\n",
        ),
        (
            "awk -F. '{s+=$4} END{print s}' table; awk '/db/{print NR\": \"$0}' table",
            "6\n2: db 1 10.0.0.2\n",
        ),
        (
            "awk -v n=2 'NR==n{print $NF}' table; echo a:b | awk -F: '{print $2\"-\"$1}'",
            "10.0.0.2\nb-a\n",
        ),
        (
            "awk '{c[$2]++} END{for (k in c) print k, c[k]}' table | sort; awk 'BEGIN{printf \"%05.2f|%s\\n\", 3.14159, \"x\"}'",
            "1 1\n22 1\n3 1\n03.14|x\n",
        ),
        (
            "awk 'NR>1{gsub(/[0-9]+/, \"N\"); print; next} {print length($0), toupper($1), substr($1,2)}' table",
            "14 WEB eb\ndb N N.N.N.N\ncache N N.N.N.N\n",
        ),
        (
            "awk 'BEGIN{x=1; while (x<4) {s = s x; x++} print s; if (s ~ /23/) print \"y\"; else print \"n\"; n=split(\"a,b\",p,\",\"); print n, p[2]}'",
            "123\ny\n2 b\n",
        ),
    ]);
}

fn start_error(line: &str) -> (Start, String) {
    let (mut machine, _) = machine();
    let started = machine.start(line);
    let text = machine
        .drain()
        .into_iter()
        .map(|c| String::from_utf8_lossy(&c.bytes).into_owned());
    (started, text.collect())
}

#[test]
fn syntax_errors_and_open_lines() {
    for line in [
        "echo 'a",
        "echo \"a",
        "cat <<EOF",
        "cat <<EOF\nx",
        "if true; then",
        "for i in 1 2; do echo",
        "echo a |",
        "true &&",
        "echo \\",
        "f() {",
        "$(echo",
        "case x in",
        "(echo a",
        "while true",
    ] {
        assert_eq!(start_error(line).0, Start::Incomplete, "{line}");
    }
    for (line, token) in [
        ("fi", "fi"),
        ("echo a | | b", "|"),
        ("if ; then", ";"),
        ("echo >", "newline"),
        (")", ")"),
        ("&& x", "&&"),
        ("for i in a; echo", "echo"),
        ("done", "done"),
        (";;", ";;"),
    ] {
        let (started, text) = start_error(line);
        assert_eq!(started, Start::Failed, "{line}");
        assert_eq!(
            text,
            format!("bash: syntax error near unexpected token `{token}'\n"),
            "{line}"
        );
    }
}

#[test]
fn a_running_script_is_a_value() {
    let (mut one, mut fs) = machine();
    let mut host = Clock(0);
    one.start_script(
        "sh",
        "i=0; while [ $i -lt 3 ]; do echo $i; sleep 1; i=$((i+1)); done",
        &[],
    );
    for _ in 0..40 {
        one.step(&mut fs, &mut host);
    }
    assert_eq!(one.drain().len(), 1);
    let (mut two, mut fs2) = (one.clone(), fs.clone());
    let first = finish(&mut one, &mut fs, &mut Clock(0)).out;
    let second = finish(&mut two, &mut fs2, &mut Clock(0)).out;
    assert_eq!((first.as_str(), second.as_str()), ("1\n2\n", "1\n2\n"));
}

#[test]
fn signals_and_traps() {
    let (mut machine, mut fs) = machine();
    let mut clock = Clock(0);
    machine.init = true;
    machine.start_script(
        "sh",
        "trap 'echo bye; exit 5' TERM; while true; do sleep 1; done",
        &[],
    );
    while machine.step(&mut fs, &mut clock) == Progress::Running {}
    assert!(machine.signal(Signal::Term, &mut fs, &mut clock));
    let ran = finish(&mut machine, &mut fs, &mut clock);
    assert_eq!((ran.out.as_str(), ran.status), ("bye\n", 5));

    let (mut machine, mut fs) = self::machine();
    machine.init = true;
    machine.start_argv(&["sleep".to_owned(), "100".to_owned()]);
    while machine.step(&mut fs, &mut clock) == Progress::Running {}
    assert!(
        !machine.signal(Signal::Term, &mut fs, &mut clock),
        "process 1 without a trap"
    );
    assert!(machine.signal(Signal::Kill, &mut fs, &mut clock));
    assert_eq!(machine.step(&mut fs, &mut clock), Progress::Done(137));
}

/// Nothing that can be typed may panic or hang.
#[test]
fn random_lines() {
    const PIECES: &[&str] = &[
        "echo",
        "cat",
        "$x",
        "\"",
        "'",
        "`",
        "$(",
        ")",
        "(",
        "{",
        "}",
        "|",
        "||",
        "&&",
        "&",
        ";",
        ";;",
        "\n",
        "<",
        ">",
        ">>",
        "<<E\n",
        "<<<",
        "2>&1",
        "if",
        "then",
        "fi",
        "for",
        "in",
        "do",
        "done",
        "while",
        "case",
        "esac",
        "f()",
        "[[",
        "]]",
        "((",
        "))",
        "$((",
        "${",
        "${x",
        "%",
        "#",
        ":-",
        "1",
        "+",
        "/",
        "*",
        "?",
        "[a-z]",
        "\\",
        "true",
        "false",
        "sed",
        "s/a/b/g",
        "grep",
        "-E",
        "awk",
        "{print $1}",
        "sort",
        "-k2",
        "head",
        "-1",
        "tail",
        "wc",
        "cut",
        "-f1",
        "tr",
        "a-z",
        "A-Z",
        "xargs",
        "yes",
        "seq",
        "3",
        "read",
        "y",
        "x=1",
        "export",
        "local",
        "set",
        "-e",
        "trap",
        "exit",
        "break",
        "return",
        "eval",
        "sleep",
        "wait",
        "kill",
        "%1",
        "printf",
        "%d",
        "{1..3}",
        "{a,b}",
        "~",
        "=",
        "한글",
        "\u{1b}",
        "!",
        "until",
        "find",
        ".",
        "diff",
        "fruit",
        "/dev/null",
        "test",
        "-f",
        "date",
        "+%s",
        "shift",
        "jobs",
        "fg",
        "exec",
        "sh",
        "-c",
    ];
    let mut seed = 0x2545_F491_4F6C_DD1Du64;
    let mut next = |most: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % most
    };
    for _ in 0..10_000 {
        let mut line = String::new();
        for _ in 0..1 + next(14) {
            line.push_str(PIECES[next(PIECES.len())]);
            if next(3) > 0 {
                line.push(' ');
            }
        }
        let (mut machine, mut fs) = machine();
        machine.close_stdin();
        machine.start(&line);
        let mut clock = Clock(0);
        for _ in 0..300 {
            match machine.step(&mut fs, &mut clock) {
                Progress::Waiting {
                    until_ms: Some(until),
                } => clock.0 = clock.0.max(until),
                Progress::Running => {}
                _ => break,
            }
            machine.drain();
        }
        machine.signal(Signal::Int, &mut fs, &mut NoHost::default());
    }
}
