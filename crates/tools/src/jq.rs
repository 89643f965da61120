//! jq and yq: one interpreter of jq's everyday language, over JSON and over YAML.
//!
//! The real ones are `jqlang/jq` 1.7 and `mikefarah/yq` v4 (whose expressions are close to jq's). A compact interpreter of our own,
//! since the crates that exist would weigh as much as half of the page. Left out: modules, streaming, SQL-style functions, most
//! of mathematics; yq: comments are lost, and of its own operators only `env`, `strenv` and jq's are known.

mod ast;
mod builtins;
mod eval;
mod functions;
mod parse;
mod paths;
mod regex;
mod scope;
mod terms;
mod tokens;
mod value;
mod yaml;

use shell::Ctx;

use crate::options::{self, Options};
use ast::Ast;
use eval::{At, Machine, Stop};
use scope::Env;
use value::{J, Style, arr, read, text};

const JQ: &str = "raw-output/r compact-output/c exit-status/e slurp/s null-input/n sort-keys/S join-output/j raw-input/R ascii-output/a \
monochrome-output/M color-output/C tab indent= from-file/f help/h version/V unbuffered seq stream";
const YQ: &str = "output-format/o= input-format/p= inplace/i prettyPrint/P null-input/n unwrapScalar/r? no-doc/N colors/C no-colors/M indent/I= exit-status/e help/h version/V from-file=";

const MORE: &str = "Use jq --help for help with command-line options,\nor see the jq manpage, or online docs  at https://jqlang.github.io/jq\n";

/// Flags that take more words than one, taken out beforehand: their names become variables.
struct Named {
    words: Vec<String>,
    variables: Vec<(String, J)>,
    positional: Vec<J>,
}

fn named(ctx: &Ctx) -> Result<Named, (i32, String)> {
    let mut out = Named {
        words: Vec::new(),
        variables: Vec::new(),
        positional: Vec::new(),
    };
    let mut given = J::obj(Vec::new());
    let mut words = ctx.args.iter().skip(1);
    let mut rest: Option<bool> = None;
    while let Some(word) = words.next() {
        let file = |name: &str| {
            let path = ctx.resolve(name);
            ctx.with_fs(|fs| fs.read_text(&path)).map_err(|e| {
                (
                    2,
                    format!("jq: Bad JSON in --slurpfile {name}: Could not open {name}: {e}\n"),
                )
            })
        };
        match word.as_str() {
            "--arg" | "--argjson" | "--slurpfile" | "--rawfile" => {
                let (Some(name), Some(value)) = (words.next(), words.next()) else {
                    return Err((
                        2,
                        format!(
                            "jq: error: {word} takes two parameters (e.g. {word} name value)\nUse jq --help for help with command-line options,\nor see the jq manpage, or online docs  at https://jqlang.github.io/jq\n"
                        ),
                    ));
                };
                let v = match word.as_str() {
                    "--arg" => text(value),
                    "--rawfile" => text(file(value)?),
                    "--slurpfile" => arr(all_of(&file(value)?).map_err(|e| {
                        (
                            2,
                            format!("jq: Bad JSON in --slurpfile {name} {value}: {e}\n"),
                        )
                    })?),
                    _ => {
                        let mut at = 0;
                        let parsed = read(value, &mut at).ok().flatten();
                        parsed.ok_or((
                            2,
                            format!("jq: Invalid JSON text passed to --argjson\n{MORE}"),
                        ))?
                    }
                };
                given.set(name, v.clone());
                out.variables.push((name.clone(), v));
            }
            "--args" => rest = Some(false),
            "--jsonargs" => rest = Some(true),
            // The program is the first word that is no flag; what follows are arguments.
            word if rest.is_some()
                && !word.starts_with('-')
                && !out.words.iter().all(|w| w.starts_with('-')) =>
            {
                let mut at = 0;
                out.positional.push(match rest {
                    Some(true) => read(word, &mut at).ok().flatten().unwrap_or_default(),
                    _ => text(word),
                });
            }
            word => out.words.push(word.to_string()),
        }
    }
    let fields = vec![
        ("positional", arr(out.positional.clone())),
        ("named", given),
    ];
    out.variables.push(("ARGS".into(), J::obj(fields)));
    Ok(out)
}

fn all_of(source: &str) -> Result<Vec<J>, String> {
    let (mut at, mut out) = (0, Vec::new());
    while let Some(v) = read(source, &mut at)? {
        out.push(v);
    }
    Ok(out)
}

fn environment(ctx: &Ctx) -> Vec<(String, String)> {
    ctx.environment().into_iter().collect()
}

fn scope(variables: &[(String, J)]) -> Env {
    let with = |env: Env, (name, v): &(String, J)| env.variable(name, v.clone());
    variables.iter().fold(Env::empty(), with)
}

const USAGE: &str = "Usage:\tjq [OPTIONS] FILTER [FILES...]\n\tjq [OPTIONS] --args FILTER [ARGUMENTS...]\n\tjq [OPTIONS] --jsonargs FILTER [JSON_VALUES...]\n\nA filter takes JSON texts and gives JSON texts:\n\n\t$ echo '{\"foo\": 0}' | jq .\n\t{\n\t  \"foo\": 0\n\t}\n\nOptions:\n  -n, --null-input     begin with null instead of the input;\n  -R, --raw-input      every line of the input is a string;\n  -s, --slurp          all inputs in one array;\n  -c, --compact-output on one line;\n  -r, --raw-output     strings without quotes;\n  -j, --join-output    as -r, without line breaks;\n  -a, --ascii-output   escape what is not ASCII;\n  -S, --sort-keys      keys in order;\n  -C, -M               with colours, without;\n      --tab, --indent n\n  -e, --exit-status    status 1 if the last output is false or null, 4 if there is none;\n  -f, --from-file      the filter is in a file;\n      --arg name value, --argjson name json, --slurpfile name file, --rawfile name file\n      --args, --jsonargs   what follows are $ARGS.positional\n";

pub async fn jq(ctx: Ctx) -> i32 {
    match run(&ctx).await {
        Ok(status) => status,
        Err((status, message)) => {
            ctx.err(&message);
            status
        }
    }
}

async fn run(ctx: &Ctx) -> Result<i32, (i32, String)> {
    let named = named(ctx)?;
    let options = options::parse(&named.words, JQ, false).map_err(|e| {
        let flag = e.rsplit(' ').next().unwrap_or("").to_string();
        (2, format!("jq: error: Unknown option: {flag}\n{MORE}"))
    })?;
    if options.has("version") {
        ctx.out("jq-1.7.1\n");
        return Ok(0);
    }
    if options.has("help") {
        ctx.out(USAGE);
        return Ok(0);
    }
    if options.args.is_empty() {
        return Err((2, USAGE.to_string()));
    }
    let mut program = options.arg(0).to_string();
    if options.has("from-file") {
        let path = ctx.resolve(&program);
        program = ctx
            .with_fs(|fs| fs.read_text(&path))
            .map_err(|e| (2, format!("jq: error: Could not open {program}: {e}\n")))?;
    }
    let ast = parse::parse(&program).map_err(|e| {
        let quoting = e.contains("INVALID_CHARACTER") || e.contains("end of file");
        let hint = if quoting {
            " (Unix shell quoting issues?)"
        } else {
            ""
        };
        (3, not_compiled(&format!("{e}{hint}"), &program))
    })?;
    let (source, unread) = source(ctx, &options, &program).await;
    let (inputs, broken) = inputs(&source, &options);
    let mut machine = Machine::new(ctx.now_ms(), environment(ctx));
    machine.inputs = inputs.into_iter();
    let mut play = Play {
        ctx,
        options: &options,
        style: style(ctx, &options),
        program: &program,
        ast: &ast,
        env: scope(&named.variables),
        lines: source.matches('\n').count(),
        status: if unread { 2 } else { 0 },
        last: None,
    };
    let mut halted = None;
    if options.has("null-input") {
        halted = play.one(&mut machine, J::Null);
    } else {
        while let (None, Some(v)) = (halted, machine.inputs.next()) {
            halted = play.one(&mut machine, v);
        }
    }
    if let Some(code) = halted {
        return Ok(code);
    }
    if let Some(e) = broken {
        return Err((2, format!("jq: parse error: {e}\n")));
    }
    Ok(match (play.status, options.has("exit-status")) {
        (0, true) => match play.last {
            None => 4,
            Some(truth) => i32::from(!truth),
        },
        (status, _) => status,
    })
}

fn not_compiled(why: &str, program: &str) -> String {
    format!("jq: error: {why} at <top-level>, line 1:\n{program}\njq: 1 compile error\n")
}

/// The text of all input files, or of standard input, and whether a file could not be read.
async fn source(ctx: &Ctx, options: &Options, program: &str) -> (String, bool) {
    let (mut source, mut unread) = (String::new(), false);
    if options.args.len() > 1 {
        for name in options.args.iter().skip(1) {
            let path = ctx.resolve(name);
            match ctx.with_fs(|fs| fs.read_text(&path)) {
                Ok(text) => source.push_str(&text),
                Err(e) => {
                    ctx.err(&format!("jq: error: Could not open {name}: {e}\n"));
                    unread = true;
                }
            }
        }
    } else if !options.has("null-input") || program.contains("input") {
        source = String::from_utf8_lossy(&ctx.read_all().await).into_owned();
    }
    (source, unread)
}

/// A program on its way through its inputs.
struct Play<'a> {
    ctx: &'a Ctx,
    options: &'a Options,
    style: Style,
    program: &'a str,
    ast: &'a Ast,
    env: Env,
    /// Lines of the input: errors name them.
    lines: usize,
    status: i32,
    /// Whether the last output was true.
    last: Option<bool>,
}

impl Play<'_> {
    /// One input. A status ends the whole run.
    fn one(&mut self, machine: &mut Machine, v: J) -> Option<i32> {
        let ctx = self.ctx;
        let done = machine.eval(self.ast, &self.env, &At::plain(v), &mut |at| {
            print(ctx, self.options, &self.style, &at.v);
            self.last = Some(at.v.truth());
            Ok(())
        });
        ctx.err(&std::mem::take(&mut machine.messages));
        match done {
            Ok(()) => None,
            Err(Stop::Break(_)) => {
                ctx.err("jq: error: break\n");
                Some(5)
            }
            // What the real one finds before it begins.
            Err(Stop::Error(J::Str(s))) if s.ends_with(" is not defined") => {
                ctx.err(&not_compiled(&s, self.program));
                Some(3)
            }
            Err(Stop::Error(e)) => {
                self.status = 5;
                let (shown, note) = match &e {
                    J::Str(s) => (s.to_string(), ""),
                    e => (e.print(&Style::default()), " (not a string)"),
                };
                ctx.err(&format!(
                    "jq: error (at <stdin>:{}){note}: {shown}\n",
                    self.lines
                ));
                None
            }
            Err(Stop::Halt(code, said)) => {
                match said {
                    Some(J::Str(s)) => ctx.err(&s),
                    Some(v) => ctx.err(&format!("{}\n", v.print(&Style::default()))),
                    None => {}
                }
                Some(code)
            }
        }
    }
}

/// The inputs, and what is wrong behind them.
fn inputs(source: &str, options: &Options) -> (Vec<J>, Option<String>) {
    if options.has("raw-input") {
        let lines: Vec<J> = source.lines().map(text).collect();
        return match options.has("slurp") {
            true => (vec![text(source)], None),
            false => (lines, None),
        };
    }
    let (mut at, mut out, mut broken) = (0, Vec::new(), None);
    loop {
        match read(source, &mut at) {
            Ok(Some(v)) => out.push(v),
            Ok(None) => break,
            Err(e) => {
                broken = Some(e);
                break;
            }
        }
    }
    match options.has("slurp") && broken.is_none() {
        true => (vec![arr(out)], None),
        false => (out, broken),
    }
}

fn style(ctx: &Ctx, options: &Options) -> Style {
    let width = options.text("indent").parse::<usize>().unwrap_or(2).min(7);
    Style {
        indent: match (options.has("compact-output"), options.has("tab")) {
            (true, _) => String::new(),
            (_, true) => "\t".into(),
            _ => " ".repeat(width),
        },
        sorted: options.has("sort-keys"),
        color: options.has("color-output") || ctx.is_tty_out() && !options.has("monochrome-output"),
        ascii: options.has("ascii-output"),
    }
}

fn print(ctx: &Ctx, options: &Options, style: &Style, v: &J) {
    let join = options.has("join-output");
    let shown = match v {
        J::Str(s) if join || options.has("raw-output") => s.to_string(),
        v => v.print(style),
    };
    ctx.out(&shown);
    if !join {
        ctx.out("\n");
    }
}

pub async fn yq(ctx: Ctx) -> i32 {
    let words: Vec<String> = ctx.args.iter().skip(1).cloned().collect();
    let fail = |e: &str| {
        ctx.err(&format!("Error: {e}\n"));
        1
    };
    let mut options = match options::parse(&words, YQ, false) {
        Ok(o) => o,
        Err(e) => return fail(&e),
    };
    if options.has("version") {
        ctx.out("yq (https://github.com/mikefarah/yq/) version v4.48.1\n");
        return 0;
    }
    if options.has("help") || words.is_empty() && ctx.is_tty_in() {
        ctx.out("yq reads, changes and prints YAML with jq-like expressions.\n\nUsage:\n  yq [eval] EXPRESSION [FILE...]\n\nExamples:\n  yq '.spec.replicas' deploy.yaml\n  yq -i '.spec.replicas = 3' deploy.yaml\n  yq -o json . deploy.yaml\n  kubectl get deploy web -o yaml | yq '.spec.template.spec.containers[].image'\n\nFlags:\n  -i, --inplace   -n, --null-input   -o, --output-format json|yaml|props\n  -p, --input-format json|yaml   -P, --prettyPrint   -N, --no-doc   -e, --exit-status\n");
        return 0;
    }
    let together = ["ea", "eval-all"].contains(&options.arg(0));
    if together || ["e", "eval"].contains(&options.arg(0)) {
        options.args.remove(0);
    }
    // A single word that is a file is the file.
    let is_file = |w: &str| ctx.with_fs(|fs| fs.is_file(&ctx.resolve(w)));
    if options.args.is_empty() || options.args.len() == 1 && is_file(options.arg(0)) {
        options.args.insert(0, ".".into());
    }
    let program = options.args.remove(0);
    let ast = match parse::parse(&program) {
        Ok(ast) => ast,
        Err(e) => return fail(&format!("invalid expression {program:?}: {e}")),
    };
    match apply(&ctx, &ast, &options, together).await {
        Ok(status) => status,
        Err(why) => fail(&why),
    }
}

/// The named files, or standard input; names are "" where there is none.
async fn documents(ctx: &Ctx, options: &Options) -> Result<Vec<(String, Vec<J>)>, String> {
    if options.has("null-input") {
        return Ok(vec![(String::new(), vec![J::Null])]);
    }
    let standard_input = ["-".to_string()];
    let names: &[String] = match options.args.is_empty() {
        true => &standard_input,
        false => &options.args,
    };
    let mut out = Vec::new();
    for name in names {
        let text = match name.as_str() {
            "-" => String::from_utf8_lossy(&ctx.read_all().await).into_owned(),
            name => ctx
                .with_fs(|fs| fs.read_text(&ctx.resolve(name)))
                .map_err(|e| format!("open {name}: {}", e.to_string().to_lowercase()))?,
        };
        let parts = yaml::documents(&text).map_err(|e| format!("bad file '{name}': {e}"))?;
        let file = if name == "-" { "" } else { name };
        out.push((file.to_string(), parts));
    }
    Ok(out)
}

async fn apply(ctx: &Ctx, ast: &Ast, options: &Options, together: bool) -> Result<i32, String> {
    let env = scope(&[]);
    let (mut status, mut found) = (0, false);
    let mut machine = Machine::new(ctx.now_ms(), environment(ctx));
    let mut printed = String::new();
    for (name, mut documents) in documents(ctx, options).await? {
        if together {
            documents = vec![arr(documents)];
        }
        let mut out = String::new();
        let mut before = None;
        for (i, document) in documents.iter().enumerate() {
            let values = machine
                .all(ast, &env, document)
                .map_err(|stop| match stop {
                    Stop::Error(e) => builtins::to_text(&e),
                    _ => "stopped".to_string(),
                })?;
            for v in values {
                found |= v.truth();
                let is_next = before.replace(i).is_some_and(|b| b != i);
                if is_next && !options.has("no-doc") && options.text("output-format") != "json" {
                    out.push_str("---\n");
                }
                write(&v, options, &mut out)?;
            }
        }
        if !options.has("inplace") || name.is_empty() {
            printed.push_str(&out);
        } else if let Err(e) = ctx.with_fs(|fs| fs.write(&ctx.resolve(&name), &out)) {
            ctx.err(&format!("Error: {name}: {e}\n"));
            status = 1;
        }
    }
    ctx.out(&printed);
    match options.has("exit-status") && !found {
        true => Err("no matches found".into()),
        false => Ok(status),
    }
}

/// A result in the format asked for.
fn write(v: &J, options: &Options, out: &mut String) -> Result<(), String> {
    match options.text("output-format") {
        "json" | "j" => {
            let width = options.text("indent").parse().unwrap_or(2);
            let style = Style {
                indent: " ".repeat(width),
                ..Style::default()
            };
            out.push_str(&v.print(&style));
            out.push('\n');
        }
        "props" | "p" => yaml::properties(v, "", out),
        "" | "yaml" | "y" | "auto" | "a" => out.push_str(&yaml::print(v)),
        other => {
            return Err(format!(
                "unknown format '{other}' please use [json|yaml|props]"
            ));
        }
    }
    Ok(())
}
