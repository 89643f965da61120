// Figures for `cargo xtask report`, one `name value` a line: how long until the page is ready, what computing costs in
// Wasm, and the longest of our own tasks while 1,000 pods start.
import { launch, open, prompt, run, serve } from "./lib.mjs";

const server = await serve();
const browser = await launch();
const median = (all) => all.sort((a, b) => a - b)[Math.floor(all.length / 2)];

const opened = [];
for (let i = 0; i < 3; i++) {
  const { page, context } = await open(browser, server.url, { lang: "en" });
  await prompt(page);
  await page.waitForFunction(() => document.querySelectorAll(".node .lamp.on").length === 3, null, { timeout: 20000, polling: 16 });
  opened.push(await page.evaluate(() => performance.now()));
  await context.close();
}
console.log("ready_ms", median(opened));

for (const [name, pods, nodes] of [["deploy_1000_ms", 1000, 20], ["deploy_10000_ms", 10000, 100]]) {
  const { page, context } = await open(browser, `${server.url}#measure=deploy,${pods},${nodes}`, { lang: "en" });
  await page.waitForFunction(() => document.title.startsWith("measured"), null, { timeout: 180000 });
  const title = await page.title();
  const [, ms, ready] = title.match(/measured ([\d.]+) ms, (\d+) ready/);
  if (Number(ready) !== pods) throw new Error(`${name}: ${title}`);
  console.log(name, ms);
  await context.close();
}

const { page } = await open(browser, server.url, { lang: "en" });
await prompt(page);
await page.evaluate(() => {
  window.longest = 0;
  new PerformanceObserver((l) => l.getEntries().forEach((e) => (window.longest = Math.max(window.longest, e.duration)))).observe({ entryTypes: ["longtask"] });
});
await run(page, "kubectl create deployment web --image=nginx --replicas=300");
await page.waitForTimeout(15000);
// Long tasks are reported from 50 ms up; below that 16 stands for "none was long".
console.log("frame_max_ms", (await page.evaluate(() => window.longest)) || 16);
await browser.close();
await server.close?.();
process.exit(0);
