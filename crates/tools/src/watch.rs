//! watch (procps): runs a command line again and again, and shows its output on the whole screen.

use shell::Ctx;
use shell::filters::date;
use shell::width::{char_width, width};

const USAGE: &str = "Usage:\n watch [options] command\n\nOptions:\n  -n, --interval <secs>  seconds to wait between updates\n  -t, --no-title         turn off header\n  -g, --chgexit          exit when output from command changes\n  -e, --errexit          exit if command has a non-zero exit\n";

struct Options {
    interval_ms: i64,
    title: bool,
    until_change: bool,
    until_error: bool,
    line: String,
}

fn parse(args: &[String]) -> Result<Options, String> {
    let mut options = Options {
        interval_ms: 2000,
        title: true,
        until_change: false,
        until_error: false,
        line: String::new(),
    };
    let mut words = args.iter().skip(1);
    let mut first = None;
    while let Some(word) = words.next() {
        let interval = match word.as_str() {
            "-n" | "--interval" => words.next().cloned().unwrap_or_default(),
            "-t" | "--no-title" => {
                options.title = false;
                continue;
            }
            "-g" | "--chgexit" => {
                options.until_change = true;
                continue;
            }
            "-e" | "--errexit" => {
                options.until_error = true;
                continue;
            }
            "-d" | "--differences" | "-x" | "--exec" | "-c" | "--color" | "-b" | "-p" => continue,
            word if word.starts_with("-n") => word[2..].to_owned(),
            word if word.starts_with("--interval=") => word[11..].to_owned(),
            "--" => {
                first = words.next();
                break;
            }
            word if word.starts_with('-') => {
                let letter = word.trim_start_matches('-');
                return Err(format!("watch: invalid option -- '{letter}'\n{USAGE}"));
            }
            _ => {
                first = Some(word);
                break;
            }
        };
        match interval.parse::<f64>() {
            Ok(seconds) => options.interval_ms = ((seconds * 1000.0) as i64).clamp(100, 86_400_000),
            Err(_) => return Err(format!("watch: failed to parse argument: '{interval}'\n")),
        }
    }
    let words: Vec<&str> = first.into_iter().chain(words).map(String::as_str).collect();
    options.line = words.join(" ");
    if options.line.is_empty() {
        Err(USAGE.to_owned())
    } else {
        Ok(options)
    }
}

pub async fn watch(ctx: Ctx) -> i32 {
    let options = match parse(&ctx.args) {
        Ok(options) => options,
        Err(error) => {
            ctx.err(&error);
            return 1;
        }
    };
    let full_screen = ctx.is_tty_out();
    if full_screen {
        // The alternate screen: what was there before comes back at the end.
        ctx.out("\x1b[?1049h\x1b[?25l");
        ctx.on_exit(|ctx| ctx.out("\x1b[?25h\x1b[?1049l"));
    }
    let mut before: Option<Vec<u8>> = None;
    let status = loop {
        let (status, output) = ctx.capture(&options.line).await;
        let text = String::from_utf8_lossy(&output).into_owned();
        paint(&ctx, &options, &text, full_screen);
        if options.until_error && status != 0 {
            break 8;
        }
        if options.until_change && before.as_ref().is_some_and(|before| *before != output) {
            break 0;
        }
        before = Some(output);
        ctx.sleep(options.interval_ms).await;
    };
    if full_screen {
        ctx.out("\x1b[?25h\x1b[?1049l");
    }
    status
}

fn paint(ctx: &Ctx, options: &Options, text: &str, full_screen: bool) {
    let mut screen = String::new();
    let mut rows = if full_screen { ctx.rows() } else { usize::MAX };
    if full_screen {
        screen.push_str("\x1b[H\x1b[2J");
    }
    if options.title {
        let seconds = options.interval_ms as f64 / 1000.0;
        let left = format!("Every {seconds:.1}s: {}", options.line);
        let host = ctx
            .env("HOSTNAME")
            .unwrap_or_else(|| "localhost".to_owned());
        let right = format!(
            "{host}: {}",
            date::format(ctx.now_ms(), "%a %b %e %H:%M:%S %Y")
        );
        let gap = ctx
            .columns()
            .saturating_sub(width(&left) + width(&right))
            .max(1);
        screen.push_str(&format!("{left}{}{right}\n\n", " ".repeat(gap)));
        rows = rows.saturating_sub(2);
    }
    for (at, line) in text.lines().take(rows).enumerate() {
        if at > 0 {
            screen.push('\n');
        }
        match full_screen {
            true => screen.push_str(&cut(line, ctx.columns())),
            false => screen.push_str(line),
        }
    }
    if !full_screen {
        screen.push('\n');
    }
    ctx.out(&screen);
}

/// As much of a line as fits.
fn cut(line: &str, columns: usize) -> String {
    let mut cells = 0;
    line.chars()
        .take_while(|c| {
            cells += char_width(*c);
            cells <= columns
        })
        .collect()
}
