// Opens a counting page (crates/xtask/src/split.rs made it) in Chromium, does what a learner does first, and prints the
// numbers of the functions that ran. `node js/profile.mjs FOLDER`
import { chromium } from "playwright-core";
import { serveFolder } from "./serve.mjs";

const server = await serveFolder(process.argv[2], "/", 0);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const ran = new Set();
for (const [locale, colorScheme] of [["ko-KR", "light"], ["en-US", "dark"]]) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale, colorScheme });
  const page = await context.newPage();
  await page.goto(server.url);
  await page.waitForFunction(() => /[$#]\s*$/.test(document.querySelector(".xterm-rows")?.innerText.trim().split("\n").at(-1) ?? ""), null, { timeout: 120000 });
  await page.waitForFunction(() => document.querySelectorAll(".node .lamp.on").length === 3, null, { timeout: 120000 });
  await page.locator(".xterm-helper-textarea").focus();
  await page.keyboard.type("kubectl create deployment web --image=nginx --replicas=3\n");
  await page.waitForTimeout(6000);
  const bytes = await page.evaluate(() => [...new Uint8Array(globalThis.wasmRan().buffer)]);
  bytes.forEach((byte, i) => byte && ran.add(i));
  await context.close();
}
await browser.close();
server.close();
console.log([...ran].sort((a, b) => a - b).join(" "));
