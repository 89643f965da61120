// Opens a counting page (crates/xtask/src/split.rs made it) in Chromium, does what a learner does first, and prints the
// numbers of the functions that should come first. `node js/profile.mjs FOLDER`
import { chromium } from "playwright-core";
import { serveFolder } from "./serve.mjs";

const server = await serveFolder(process.argv[2], "/", 0);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
// Early is what runs before the prompt, and what then runs for every pod: what runs a few times can wait to be fetched.
const PODS = 20;
const early = new Set();
for (const [locale, colorScheme] of [["ko-KR", "light"], ["en-US", "dark"]]) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale, colorScheme });
  const page = await context.newPage();
  const counts = () => page.evaluate(() => [...new Uint32Array(globalThis.wasmRan().buffer)]);
  await page.goto(server.url);
  await page.waitForFunction(() => /[$#]\s*$/.test(document.querySelector(".xterm-rows")?.innerText.trim().split("\n").at(-1) ?? ""), null, { timeout: 120000 });
  await page.waitForFunction(() => document.querySelectorAll(".node .lamp.on").length === 3, null, { timeout: 120000 });
  await page.waitForFunction(() => document.querySelector(".monaco-editor .view-line"), null, { timeout: 120000 });
  const before = await counts();
  await page.locator(".xterm-helper-textarea").focus();
  await page.keyboard.type(`kubectl create deployment web --image=nginx --replicas=${PODS}\n`);
  await page.waitForTimeout(10000);
  const after = await counts();
  after.forEach((n, i) => (before[i] > 0 || n >= PODS) && early.add(i));
  await context.close();
}
await browser.close();
server.close();
console.log([...early].sort((a, b) => a - b).join(" "));
