//! Tools about the machine: id, uname, hostname, ps, which; and expr.

use super::{Cx, is_program};

pub(super) fn printenv(cx: &mut Cx<'_>) -> i32 {
    let names = cx.args.get(1..).unwrap_or_default();
    if names.is_empty() {
        let all: String = cx
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value}\n"))
            .collect();
        cx.out(&all);
        return 0;
    }
    let mut status = 0;
    for name in names {
        match cx.env.get(name) {
            Some(value) => cx.out(&format!("{value}\n")),
            None => status = 1,
        }
    }
    status
}

fn variable(cx: &Cx<'_>, name: &str, default: &str) -> String {
    cx.env
        .get(name)
        .cloned()
        .unwrap_or_else(|| default.to_owned())
}

/// A name of a number, or the other way round, by `/etc/passwd` or `/etc/group`.
fn named(cx: &Cx<'_>, file: &str, number: &str) -> Option<String> {
    let text = cx.fs.read_text(file).unwrap_or_default();
    let mut rows = text.lines().map(|line| line.split(':'));
    rows.find_map(|mut row| {
        let name = row.next()?;
        (row.nth(1) == Some(number)).then(|| name.to_owned())
    })
}

/// As whom the process runs: user, group, and all groups. In a container the kernel's own file says it where it is not root.
fn ids(cx: &Cx<'_>) -> (String, String, Vec<String>) {
    let status = cx.fs.read_text("/proc/self/status").unwrap_or_default();
    let row = |name: &str| -> Vec<String> {
        let line = status.lines().find_map(|l| l.strip_prefix(name));
        line.map_or_else(Vec::new, |l| {
            l.split_whitespace().map(str::to_owned).collect()
        })
    };
    if let (Some(uid), Some(gid)) = (row("Uid:").first(), row("Gid:").first()) {
        return (uid.clone(), gid.clone(), row("Groups:"));
    }
    let user = variable(cx, "USER", "root");
    let number = variable(cx, "UID", if user == "root" { "0" } else { "1000" });
    let mut groups = vec![number.clone()];
    let text = cx.fs.read_text("/etc/group").unwrap_or_default();
    for line in text.lines() {
        let row: Vec<&str> = line.split(':').collect();
        if let [_, _, group, members] = row.as_slice()
            && members.split(',').any(|m| m == user)
            && *group != number
        {
            groups.push((*group).to_owned());
        }
    }
    (number.clone(), number, groups)
}

/// A user's name: the file's, or the learner's own.
fn user_name(cx: &Cx<'_>, uid: &str) -> Option<String> {
    named(cx, "/etc/passwd", uid).or_else(|| {
        let status = cx.fs.exists("/proc/self/status");
        (!status).then(|| variable(cx, "USER", "root"))
    })
}

pub(super) fn whoami(cx: &mut Cx<'_>) -> i32 {
    let (uid, ..) = ids(cx);
    let Some(user) = user_name(cx, &uid) else {
        let text = match cx.busybox {
            true => format!("unknown uid {uid}"),
            false => format!("cannot find name for user ID {uid}"),
        };
        cx.complain(text);
        return 1;
    };
    cx.out(&format!("{user}\n"));
    0
}

pub(super) fn id(cx: &mut Cx<'_>) -> i32 {
    let (uid, gid, groups) = ids(cx);
    let user = user_name(cx, &uid);
    let group = |cx: &Cx<'_>, g: &str| {
        let own = (g == uid && !cx.fs.exists("/proc/self/status")).then(|| user.clone());
        named(cx, "/etc/group", g).or(own.flatten())
    };
    let with = |n: &str, name: Option<String>| match name {
        Some(name) => format!("{n}({name})"),
        None => n.to_owned(),
    };
    let text = match cx.args.get(1).map(String::as_str) {
        Some("-u") => uid.clone(),
        Some("-g") => gid.clone(),
        Some("-G") => groups.join(" "),
        Some("-un" | "-nu") => user.clone().unwrap_or(uid.clone()),
        Some("-gn" | "-ng") => group(cx, &gid).unwrap_or(gid.clone()),
        _ => {
            let all: Vec<String> = groups.iter().map(|g| with(g, group(cx, g))).collect();
            let tail = match all.is_empty() {
                true => String::new(),
                false => format!(" groups={}", all.join(",")),
            };
            let (u, g) = (with(&uid, user.clone()), with(&gid, group(cx, &gid)));
            format!("uid={u} gid={g}{tail}")
        }
    };
    cx.out(&format!("{text}\n"));
    0
}

pub(super) fn hostname(cx: &mut Cx<'_>) -> i32 {
    let written = cx.fs.read_text("/etc/hostname").unwrap_or_default();
    let default = if written.trim().is_empty() {
        "localhost"
    } else {
        written.trim()
    };
    let mut name = variable(cx, "HOSTNAME", default);
    match cx.args.get(1).map(String::as_str) {
        Some("-s") => name = name.split('.').next().unwrap_or("").to_owned(),
        // The address stands beside the name in /etc/hosts.
        Some("-i" | "-I") => {
            let hosts = cx.fs.read_text("/etc/hosts").unwrap_or_default();
            let line = hosts
                .lines()
                .find(|line| line.split_whitespace().skip(1).any(|w| w == name));
            name = line
                .and_then(|line| line.split_whitespace().next())
                .unwrap_or("127.0.0.1")
                .to_owned();
        }
        _ => {}
    }
    cx.out(&format!("{name}\n"));
    0
}

pub(super) fn uname(cx: &mut Cx<'_>) -> i32 {
    let node = variable(cx, "HOSTNAME", "localhost");
    let parts = [
        ('s', "Linux".to_owned()),
        ('n', node),
        ('r', "6.8.0-bottleship".to_owned()),
        ('v', "#1 SMP".to_owned()),
        ('m', "x86_64".to_owned()),
        ('o', "GNU/Linux".to_owned()),
    ];
    let flags: String = cx
        .args
        .get(1..)
        .unwrap_or_default()
        .concat()
        .replace('-', "");
    let flags = if flags.is_empty() {
        "s".to_owned()
    } else {
        flags
    };
    let shown = parts
        .iter()
        .filter(|(flag, _)| flags.contains(*flag) || flags.contains('a'));
    let text: Vec<&str> = shown.map(|(_, text)| text.as_str()).collect();
    cx.out(&format!("{}\n", text.join(" ")));
    0
}

fn not_simulated(cx: &mut Cx<'_>, what: &str) -> i32 {
    cx.complain(format!("bottleship does not simulate {what}"));
    1
}

pub(super) fn df(cx: &mut Cx<'_>) -> i32 {
    not_simulated(cx, "disk space")
}

pub(super) fn free(cx: &mut Cx<'_>) -> i32 {
    not_simulated(cx, "the memory of this machine")
}

pub(super) fn uptime(cx: &mut Cx<'_>) -> i32 {
    not_simulated(cx, "the load of this machine")
}

pub(super) fn nproc(cx: &mut Cx<'_>) -> i32 {
    let count = variable(cx, "NPROC", "4");
    cx.out(&format!("{count}\n"));
    0
}

pub(super) fn tty(cx: &mut Cx<'_>) -> i32 {
    cx.out(if cx.tty_out {
        "/dev/pts/0\n"
    } else {
        "not a tty\n"
    });
    i32::from(!cx.tty_out)
}

pub(super) fn ps(cx: &mut Cx<'_>) -> i32 {
    let processes = cx.io.processes();
    let flags: String = cx.args.get(1..).unwrap_or_default().concat();
    let user = variable(cx, "USER", "root");
    let terminal = if cx.tty_out { "pts/0" } else { "?" };
    if flags.contains('u') || flags.contains('f') {
        cx.out("UID          PID TTY          TIME CMD\n");
        for (pid, title) in processes {
            cx.out(&format!(
                "{user:<8} {pid:>7} {terminal:<8} 00:00:00 {title}\n"
            ));
        }
        return 0;
    }
    cx.out("    PID TTY          TIME CMD\n");
    for (pid, title) in processes {
        let name = title.split(' ').next().unwrap_or("");
        cx.out(&format!("{pid:>7} {terminal:<8} 00:00:00 {name}\n"));
    }
    0
}

pub(super) fn which(cx: &mut Cx<'_>) -> i32 {
    let names: Vec<String> = cx.args.get(1..).unwrap_or_default().to_vec();
    let mut status = 0;
    for name in names.iter().filter(|name| !name.starts_with('-')) {
        let installed = ["/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin"];
        let file = installed
            .iter()
            .map(|dir| format!("{dir}/{name}"))
            .find(|p| cx.fs.is_file(p));
        match file {
            Some(path) => cx.out(&format!("{path}\n")),
            None if is_program(name) => cx.out(&format!("/usr/bin/{name}\n")),
            None => status = 1,
        }
    }
    status
}

pub(super) fn expr(cx: &mut Cx<'_>) -> i32 {
    let words: Vec<String> = cx.args.get(1..).unwrap_or_default().to_vec();
    if words.is_empty() {
        cx.complain("missing operand");
        cx.write(2, b"Try 'expr --help' for more information.\n");
        return 2;
    }
    let mut at = 0;
    let value = match expression(&words, &mut at, 0, 0) {
        Ok(value) if at == words.len() => value,
        Ok(_) => {
            cx.complain(format!("syntax error: unexpected argument '{}'", words[at]));
            return 2;
        }
        Err(error) => {
            cx.complain(error);
            return 2;
        }
    };
    cx.out(&format!("{value}\n"));
    i32::from(value.is_empty() || value == "0")
}

const EXPR_LEVELS: &[&[&str]] = &[
    &["|"],
    &["&"],
    &["<", "<=", "=", "==", "!=", ">=", ">"],
    &["+", "-"],
    &["*", "/", "%"],
    &[":"],
];

fn expression(
    words: &[String],
    at: &mut usize,
    level: usize,
    depth: usize,
) -> Result<String, String> {
    let Some(ops) = EXPR_LEVELS.get(level) else {
        let word = words.get(*at).ok_or_else(|| {
            let last = words.last().map_or("", String::as_str);
            format!("syntax error: missing argument after '{last}'")
        })?;
        *at += 1;
        if word == "(" && depth < 50 {
            let value = expression(words, at, 0, depth + 1)?;
            if words.get(*at).map(String::as_str) != Some(")") {
                return Err("syntax error: expecting ')'".to_owned());
            }
            *at += 1;
            return Ok(value);
        }
        if word == "length"
            && let Some(text) = words.get(*at)
        {
            *at += 1;
            return Ok(text.chars().count().to_string());
        }
        return Ok(word.clone());
    };
    let mut left = expression(words, at, level + 1, depth)?;
    while let Some(op) = words.get(*at).filter(|word| ops.contains(&word.as_str())) {
        *at += 1;
        let right = expression(words, at, level + 1, depth)?;
        left = apply(op, &left, &right)?;
    }
    Ok(left)
}

fn apply(op: &str, left: &str, right: &str) -> Result<String, String> {
    let null = |text: &str| text.is_empty() || text == "0";
    let number = |text: &str| {
        text.parse::<i64>()
            .map_err(|_| "non-integer argument".to_owned())
    };
    let both = number(left).ok().zip(number(right).ok());
    let order = both.map_or_else(|| left.cmp(right), |(a, b)| a.cmp(&b));
    let truth = |truth: bool| Ok(i32::from(truth).to_string());
    match op {
        "|" => Ok(if null(left) { right } else { left }.to_owned()),
        "&" => Ok(if null(left) || null(right) { "0" } else { left }.to_owned()),
        "<" => truth(order.is_lt()),
        "<=" => truth(order.is_le()),
        "=" | "==" => truth(order.is_eq()),
        "!=" => truth(order.is_ne()),
        ">=" => truth(order.is_ge()),
        ">" => truth(order.is_gt()),
        ":" => {
            let regex = crate::regex::Regex::new(right, false, false)?;
            let chars: Vec<char> = left.chars().collect();
            let found = regex.find_at(&chars, 0);
            let found = found.filter(|c| c.first().copied().flatten().is_some_and(|m| m.0 == 0));
            Ok(match (found, regex.groups()) {
                (None, 0) => "0".to_owned(),
                (None, _) => String::new(),
                (Some(c), 0) => c.first().copied().flatten().map_or(0, |m| m.1).to_string(),
                (Some(c), _) => match c.get(1).copied().flatten() {
                    Some((start, end)) => {
                        chars.get(start..end).unwrap_or_default().iter().collect()
                    }
                    None => String::new(),
                },
            })
        }
        op => {
            let (a, b) = (number(left)?, number(right)?);
            match op {
                "+" => Ok(a.wrapping_add(b).to_string()),
                "-" => Ok(a.wrapping_sub(b).to_string()),
                "*" => Ok(a.wrapping_mul(b).to_string()),
                _ if b == 0 => Err("division by zero".to_owned()),
                "/" => Ok(a.wrapping_div(b).to_string()),
                _ => Ok(a.wrapping_rem(b).to_string()),
            }
        }
    }
}
