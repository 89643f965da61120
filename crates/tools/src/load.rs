//! ab and hey: many requests through the simulated network, and a table of what came back.
//!
//! The real ones are Apache's ab and github.com/rakyll/hey. A request takes a millisecond of virtual time at least, as curl says
//! too, and as long as its server works on it; what is not answered takes as long as it is waited for.

use std::collections::BTreeMap;
use std::rc::Rc;

use shell::Ctx;
use shell::http_tools::{Fetched, HttpRequest, Url};

use crate::World;
use crate::http::fetch;

/// Requests of one run.
const MOST: u64 = 20_000;
/// Requests of one poll: the page stays alive.
const PIECE: u64 = 100;
const REQUEST_MS: i64 = 1;
const PATIENCE_MS: i64 = 20_000;

struct Plan {
    url: String,
    method: String,
    headers: Vec<(String, String)>,
    body: String,
    count: u64,
    together: u64,
    /// `hey -z`: so long, instead of so many.
    for_ms: Option<i64>,
    /// `hey -q`: requests per second of each worker.
    rate: Option<i64>,
}

#[derive(Default)]
struct Tally {
    done: u64,
    failed: u64,
    bytes: u64,
    body: usize,
    server: String,
    statuses: BTreeMap<u16, u64>,
    errors: BTreeMap<String, u64>,
    took_ms: i64,
    /// How long answers took, and how many took so long.
    times: BTreeMap<i64, u64>,
}

pub async fn load(ctx: Ctx, world: Rc<dyn World>) -> i32 {
    let ab = ctx.args.first().is_some_and(|name| name == "ab");
    let plan = match plan(&ctx.args, ab) {
        Ok(plan) => plan,
        Err(text) => {
            ctx.err(&text);
            return 1;
        }
    };
    let Some(url) = Url::parse(&plan.url) else {
        ctx.err(&format!("{}: invalid URL\n", plan.url));
        return 22;
    };
    if ab {
        ctx.out(&format!(
            "This is ApacheBench, Version 2.3\n\nBenchmarking {} (be patient).....",
            url.host
        ));
    }
    ctx.catch_interrupt();
    let tally = send(&ctx, &*world, &plan).await;
    if let (true, Some(error)) = (ab && tally.done == tally.failed, tally.errors.keys().next()) {
        ctx.err(&format!("{error}\n"));
        return 111;
    }
    ctx.out(&match ab {
        true => format!("done\n\n\n{}", ab_table(&plan, &url, &tally)),
        false => hey_table(&plan, &tally),
    });
    0
}

async fn send(ctx: &Ctx, world: &dyn World, plan: &Plan) -> Tally {
    let mut tally = Tally::default();
    let request = HttpRequest {
        method: plan.method.clone(),
        url: plan.url.clone(),
        headers: plan.headers.clone(),
        body: plan.body.clone(),
    };
    let pause_ms = plan
        .rate
        .map_or(REQUEST_MS, |rate| (1000 / rate.max(1)).max(REQUEST_MS));
    while tally.done < plan.count && !ctx.interrupted() {
        if plan.for_ms.is_some_and(|limit| tally.took_ms >= limit) {
            break;
        }
        // A round: every worker sends one; as many rounds as make a piece.
        let rounds = match plan.rate {
            Some(_) => 1,
            None => (PIECE / plan.together).max(1),
        };
        let mut waited = 0;
        for _ in 0..rounds {
            let now = plan.together.min(plan.count - tally.done);
            let mut longest = pause_ms;
            for _ in 0..now {
                longest = longest.max(one(world, &request, &mut tally));
            }
            waited += longest;
            if longest > pause_ms || tally.done >= plan.count {
                break;
            }
        }
        tally.took_ms += waited;
        ctx.sleep(waited).await;
    }
    tally
}

/// Sends one; how long it took.
fn one(world: &dyn World, request: &HttpRequest, tally: &mut Tally) -> i64 {
    tally.done += 1;
    let (error, took) = match fetch(world, request) {
        Fetched::Answer(answer) => {
            *tally.statuses.entry(answer.status).or_default() += 1;
            tally.bytes += answer.body.len() as u64;
            tally.body = answer.body.len();
            let server = answer
                .headers
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("server"));
            tally.server = server.map(|(_, value)| value.clone()).unwrap_or_default();
            let took = world.took_ms().max(REQUEST_MS);
            *tally.times.entry(took).or_default() += 1;
            return took;
        }
        Fetched::Refused => ("apr_socket_recv: Connection refused (111)", REQUEST_MS),
        Fetched::Reset => (
            "apr_socket_recv: Connection reset by peer (104)",
            REQUEST_MS,
        ),
        Fetched::UnknownHost => (
            "apr_sockaddr_info_get(): Name or service not known (670002)",
            REQUEST_MS,
        ),
        Fetched::Timeout => (
            "apr_pollset_poll: The timeout specified has expired (70007)",
            PATIENCE_MS,
        ),
    };
    tally.failed += 1;
    *tally.errors.entry(error.to_owned()).or_default() += 1;
    took
}

fn plan(args: &[String], ab: bool) -> Result<Plan, String> {
    let name = if ab { "ab" } else { "hey" };
    let mut plan = Plan {
        url: String::new(),
        method: "GET".to_owned(),
        headers: Vec::new(),
        body: String::new(),
        count: if ab { 1 } else { 200 },
        together: if ab { 1 } else { 50 },
        for_ms: None,
        rate: None,
    };
    let mut args = args.iter().skip(1);
    while let Some(arg) = args.next() {
        let Some(flag) = arg.strip_prefix('-') else {
            plan.url.clone_from(arg);
            continue;
        };
        if ["k", "r", "q", "disable-keepalive", "h2"].contains(&flag) && (ab || flag != "q") {
            continue;
        }
        let value = args.next().cloned().unwrap_or_default();
        let number = || match value.parse::<u64>() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("{name}: Invalid number for -{flag}: {value}\n")),
        };
        match flag {
            "n" => plan.count = number()?,
            "c" => plan.together = number()?.min(1000),
            "q" => plan.rate = i64::try_from(number()?).ok(),
            "z" | "t" => {
                let value = if flag == "t" {
                    format!("{value}s")
                } else {
                    value
                };
                let limit = machinery::duration::parse(&value);
                plan.for_ms = Some(limit.map_err(|error| format!("{name}: {error}\n"))?);
                plan.count = MOST;
            }
            "m" => plan.method = value,
            "d" => plan.body = value,
            "H" => {
                let (name, value) = value.split_once(':').unwrap_or((&value, ""));
                plan.headers
                    .push((name.trim().to_owned(), value.trim().to_owned()));
            }
            "host" => plan.headers.push(("Host".to_owned(), value)),
            _ => return Err(format!("{name}: bottleship does not simulate -{flag}\n")),
        }
    }
    if plan.url.is_empty() {
        return Err(match ab {
            true => "ab: wrong number of arguments\nUsage: ab [options] [http[s]://]hostname[:port]/path\n".to_owned(),
            false => "Usage: hey [options...] <url>\n".to_owned(),
        });
    }
    if plan.count > MOST {
        return Err(format!(
            "{name}: bottleship sends at most {MOST} requests at a time\n"
        ));
    }
    if plan.together > plan.count {
        return Err(match ab {
            true => "ab: Cannot use concurrency level greater than total number of requests\n"
                .to_owned(),
            false => "-n cannot be less than -c.\n".to_owned(),
        });
    }
    Ok(plan)
}

impl Tally {
    /// The time within which this share of the answers came.
    fn within(&self, percent: u64) -> i64 {
        let all: u64 = self.times.values().sum();
        let mut seen = 0;
        for (took, count) in &self.times {
            seen += count;
            if seen * 100 >= all * percent {
                return *took;
            }
        }
        0
    }
}

/// Thousandths as a decimal number.
fn decimal(thousandths: i64) -> String {
    format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
}

fn per_second(count: u64, took_ms: i64) -> String {
    let hundredths = count as i64 * 100_000 / took_ms.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn ab_table(plan: &Plan, url: &Url, tally: &Tally) -> String {
    let failures = match tally.failed {
        0 => String::new(),
        n => format!("   (Connect: {n}, Receive: 0, Length: 0, Exceptions: 0)\n"),
    };
    let other: u64 = tally
        .statuses
        .iter()
        .filter(|(s, _)| !(200..300).contains(*s))
        .map(|(_, n)| n)
        .sum();
    let other = match other {
        0 => String::new(),
        n => format!("Non-2xx responses:      {n}\n"),
    };
    let mean = tally.took_ms * plan.together as i64 * 1000 / tally.done.max(1) as i64;
    let across = tally.took_ms * 1000 / tally.done.max(1) as i64;
    let mut text = format!(
        "Server Software:        {}\nServer Hostname:        {}\nServer Port:            {}\n\nDocument Path:          {}\nDocument Length:        {} bytes\n\nConcurrency Level:      {}\nTime taken for tests:   {} seconds\nComplete requests:      {}\nFailed requests:        {}\n{failures}{other}HTML transferred:       {} bytes\nRequests per second:    {} [#/sec] (mean)\nTime per request:       {} [ms] (mean)\nTime per request:       {} [ms] (mean, across all concurrent requests)\n\nPercentage of the requests served within a certain time (ms)\n",
        tally.server,
        url.host,
        url.port,
        url.path,
        tally.body,
        plan.together,
        decimal(tally.took_ms),
        tally.done,
        tally.failed,
        tally.bytes,
        per_second(tally.done, tally.took_ms),
        decimal(mean),
        decimal(across)
    );
    for share in [50, 66, 75, 80, 90, 95, 98, 99] {
        text.push_str(&format!("  {share}% {:>6}\n", tally.within(share)));
    }
    text.push_str(&format!(
        " 100% {:>6} (longest request)\n",
        tally.within(100)
    ));
    text
}

fn hey_table(plan: &Plan, tally: &Tally) -> String {
    let answered = tally.done - tally.failed;
    let sum: i64 = tally
        .times
        .iter()
        .map(|(took, count)| took * *count as i64)
        .sum();
    let seconds = |micros: i64| format!("{}.{:04}", micros / 1_000_000, micros % 1_000_000 / 100);
    let mut text = format!(
        "\nSummary:\n  Total:\t{} secs\n  Slowest:\t{} secs\n  Fastest:\t{} secs\n  Average:\t{} secs\n  Requests/sec:\t{}\n\n  Total data:\t{} bytes\n  Size/request:\t{} bytes\n\nResponse time histogram:\n",
        decimal(tally.took_ms),
        seconds(tally.within(100) * 1000),
        seconds(tally.times.keys().next().map_or(0, |took| took * 1000)),
        seconds(sum * 1000 / answered.max(1) as i64),
        per_second(tally.done, tally.took_ms),
        tally.bytes,
        tally.bytes / answered.max(1),
    );
    let (least, most) = (tally.times.keys().next(), tally.times.keys().next_back());
    let (least, most) = (least.copied().unwrap_or(0), most.copied().unwrap_or(0));
    let step = ((most - least) / 10).max(1);
    let mut rows: BTreeMap<i64, u64> = BTreeMap::new();
    for (took, count) in &tally.times {
        *rows
            .entry(least + (took - least + step - 1) / step * step)
            .or_default() += count;
    }
    let highest = rows.values().max().copied().unwrap_or(1);
    for (took, count) in &rows {
        let bar = "■".repeat((count * 40 / highest) as usize);
        text.push_str(&format!("  {} [{count}]\t|{bar}\n", decimal(*took)));
    }
    text.push_str("\nLatency distribution:\n");
    for share in [50, 90, 95, 99] {
        let within = seconds(tally.within(share) * 1000);
        text.push_str(&format!("  {share}% in {within} secs\n"));
    }
    text.push_str("\nStatus code distribution:\n");
    for (status, count) in &tally.statuses {
        text.push_str(&format!("  [{status}]\t{count} responses\n"));
    }
    if !tally.errors.is_empty() {
        text.push_str("\nError distribution:\n");
    }
    for (error, count) in &tally.errors {
        let words = error.split(": ").nth(1).unwrap_or(error);
        text.push_str(&format!(
            "  [{count}]\t{} {}: {words}\n",
            plan.method, plan.url
        ));
    }
    text.push('\n');
    text
}
