//! What computing costs here, for `cargo xtask report`: `#measure=deploy,PODS,NODES` runs that scenario once, before the
//! app starts, and leaves the milliseconds in the document's title.

/// Runs what the address asks to be measured, if it asks. True if it did.
pub fn measure() -> bool {
    let Some(window) = web_sys::window() else {
        return false;
    };
    let Ok(hash) = window.location().hash() else {
        return false;
    };
    let Some(asked) = hash.strip_prefix("#measure=") else {
        return false;
    };
    let words: Vec<&str> = asked.split(',').collect();
    let number = |i: usize| words.get(i).and_then(|w| w.parse().ok()).unwrap_or(0usize);
    let scenario = playground::bench::SCENARIOS
        .iter()
        .find(|s| Some(&s.name) == words.first());
    let (Some(scenario), Some(clock), Some(document)) =
        (scenario, window.performance(), window.document())
    else {
        return false;
    };
    super::bridge::rest_now();
    let now = || clock.now() / 1000.0;
    let mut watch = playground::bench::Watch::new(&now, false);
    let done = (scenario.run)(
        number(1).min(200_000),
        number(2).clamp(1, 5_000),
        &mut watch,
    );
    let took = watch.took() * 1000.0;
    document.set_title(&format!(
        "measured {took:.1} ms, {} ready, {} events",
        done.ready, done.events
    ));
    true
}
