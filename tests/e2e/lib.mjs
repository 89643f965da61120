// What the end-to-end tests share: a static server that serves dist/ under a sub-path, a browser, a page that listens
// for everything that goes wrong.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { serveFolder } from "../../js/serve.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const require = createRequire(join(root, "js/package.json"));
const { chromium } = require("playwright-core");
export const axeSource = () => readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
export { root };

/** Serves dist/ under /some/path/, as a host with a sub-path would. */
export function serve(folder = process.env.DIST ?? join(root, "dist")) {
  return serveFolder(folder, "/some/path/", 0);
}

function chromiumPath() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]) {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      if (existsSync(join(folder, name))) return join(folder, name);
    }
  }
  throw new Error("no Chromium on PATH (or set CHROMIUM)");
}

export function launch() {
  return chromium.launch({ executablePath: chromiumPath(), args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
}

/** A page at `url`; `wrong` collects console errors and warnings, page errors and failed requests. */
export async function open(browser, url, { lang = "ko", theme = "light", width = 1440, height = 900, context } = {}) {
  const own = context ?? (await browser.newContext({ viewport: { width, height }, locale: lang === "ko" ? "ko-KR" : "en-US", colorScheme: theme }));
  const page = await own.newPage();
  const wrong = [];
  page.on("console", (m) => {
    if (["error", "warning"].includes(m.type())) wrong.push(`${m.type()}: ${m.text()}`);
  });
  page.on("pageerror", (e) => wrong.push(`page: ${e.message}`));
  page.on("response", (r) => {
    if (r.status() >= 400) wrong.push(`${r.status()} ${r.url()}`);
  });
  await page.goto(url);
  return { page, context: own, wrong };
}

/** What the terminal shows. */
export const screen = (page) => page.locator(".xterm-rows").innerText();

export async function prompt(page) {
  await page.waitForFunction(() => /[$#]\s*$/.test(document.querySelector(".xterm-rows")?.innerText.trim().split("\n").at(-1) ?? ""), null, { timeout: 20000 });
}

/** Types a command line and waits for the next prompt. */
export async function run(page, line) {
  await page.locator(".xterm-helper-textarea").focus();
  await page.keyboard.type(line);
  await page.keyboard.press("Enter");
  await page.waitForTimeout(250);
}
