//! ping (iputils) and nslookup (bind) on the learner's machine.

use std::rc::Rc;

use shell::Ctx;

use crate::World;

/// The resolver that a Linux machine asks.
const RESOLVER: &str = "127.0.0.53";

fn is_address(text: &str) -> bool {
    text.split('.').count() == 4 && text.split('.').all(|part| part.parse::<u8>().is_ok())
}

fn address(world: &dyn World, host: &str) -> Option<String> {
    match host {
        "localhost" => Some("127.0.0.1".to_owned()),
        host if is_address(host) => Some(host.to_owned()),
        host => world.resolve(host).into_iter().next(),
    }
}

/// The way to an address and back, in microseconds: some tens, a little different each time, the same in every replay.
fn round_trip(address: &str, now_ms: i64) -> u64 {
    let bytes = address.bytes().chain(now_ms.to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325u64, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    });
    38 + (hash >> 33) % 60
}

fn in_ms(micros: u64) -> String {
    format!("{}.{:03}", micros / 1000, micros % 1000)
}

pub async fn ping(ctx: Ctx, world: Rc<dyn World>) -> i32 {
    let (mut count, mut interval, mut host) = (u32::MAX, 1000i64, None);
    let mut args = ctx.args.iter().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-c" => count = args.next().and_then(|n| n.parse().ok()).unwrap_or(1),
            "-i" => {
                let seconds = args
                    .next()
                    .and_then(|n| n.parse::<f64>().ok())
                    .unwrap_or(1.0);
                interval = ((seconds * 1000.0) as i64).clamp(200, 60_000);
            }
            "-W" | "-w" | "-s" | "-t" => {
                args.next();
            }
            arg if arg.starts_with("-c") => count = arg[2..].parse().unwrap_or(1),
            arg if arg.starts_with('-') => {}
            arg => host = Some(arg.to_owned()),
        }
    }
    let Some(host) = host else {
        ctx.err("ping: usage error: Destination address required\n");
        return 1;
    };
    let Some(address) = address(&*world, &host) else {
        ctx.err(&format!("ping: {host}: Name or service not known\n"));
        return 2;
    };
    ctx.out(&format!("PING {host} ({address}) 56(84) bytes of data.\n"));
    ctx.catch_interrupt();
    let (mut sent, mut received) = (0u32, 0u32);
    let mut times: Vec<u64> = Vec::new();
    let start = ctx.now_ms();
    while sent < count && !ctx.interrupted() {
        sent += 1;
        if world.answers_ping(&address) {
            received += 1;
            let micros = round_trip(&address, ctx.now_ms());
            times.push(micros);
            let time = in_ms(micros);
            ctx.out(&format!(
                "64 bytes from {address}: icmp_seq={sent} ttl=64 time={time} ms\n"
            ));
        }
        // The last one that nobody answers is waited for.
        if sent < count || received < sent {
            ctx.sleep(interval).await;
        }
    }
    let loss = (sent - received) * 100 / sent.max(1);
    let time = ctx.now_ms() - start;
    ctx.out(&format!(
        "\n--- {host} ping statistics ---\n{sent} packets transmitted, {received} received, {loss}% packet loss, time {time}ms\n"
    ));
    if let (Some(least), Some(most)) = (times.iter().min(), times.iter().max()) {
        let count = times.len() as u64;
        let mean = times.iter().sum::<u64>() / count;
        let off = times.iter().map(|t| t.abs_diff(mean).pow(2)).sum::<u64>() / count;
        ctx.out(&format!(
            "rtt min/avg/max/mdev = {}/{}/{}/{} ms\n",
            in_ms(*least),
            in_ms(mean),
            in_ms(*most),
            in_ms(off.isqrt())
        ));
    }
    i32::from(received == 0)
}

/// dig and host: this machine knows no Services, and has no search path.
pub async fn dig(ctx: Ctx, world: Rc<dyn World>) -> i32 {
    let lookup = |name: &str, kind: &str, _: bool| {
        let name = name.trim_end_matches('.');
        let found = world.resolve(name);
        if found.is_empty() {
            return None;
        }
        let record = |address: String| (name.to_owned(), "A", address);
        Some(match kind {
            "A" | "ANY" => found.into_iter().map(record).collect(),
            _ => Vec::new(),
        })
    };
    let (status, text) = shell::dig::dig(&ctx.args, &lookup, RESOLVER, ctx.now_ms());
    ctx.out(&text);
    status
}

pub async fn nslookup(ctx: Ctx, world: Rc<dyn World>) -> i32 {
    let names: Vec<&String> = ctx
        .args
        .iter()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    let Some(name) = names.first() else {
        ctx.err("nslookup: bottleship does not simulate the interactive mode; give a name\n");
        return 1;
    };
    let server = names.get(1).map_or(RESOLVER, |server| server.as_str());
    ctx.out(&format!("Server:\t\t{server}\nAddress:\t{server}#53\n\n"));
    let found = match name.as_str() {
        "localhost" => vec!["127.0.0.1".to_owned()],
        name => world.resolve(name),
    };
    if found.is_empty() {
        ctx.out(&format!("** server can't find {name}: NXDOMAIN\n\n"));
        return 1;
    }
    for address in found {
        ctx.out(&format!("Name:\t{name}\nAddress: {address}\n"));
    }
    ctx.out("\n");
    0
}
