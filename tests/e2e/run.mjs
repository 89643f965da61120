// End-to-end tests: the built site in a real browser. `node tests/e2e/run.mjs [name...]`
import { launch, serve } from "./lib.mjs";

const NAMES = ["opens", "lesson", "rollout", "editor", "reload", "undo", "panes", "past", "views", "share", "frames"];
const asked = process.argv.slice(2);
const server = await serve();
const browser = await launch();
let failed = 0;
for (const name of NAMES.filter((n) => asked.length === 0 || asked.includes(n))) {
  const begin = Date.now();
  try {
    const { default: test } = await import(`./${name}.mjs`);
    await test(browser, server.url);
    console.log(`ok      ${name} (${((Date.now() - begin) / 1000).toFixed(1)} s)`);
  } catch (e) {
    failed++;
    console.log(`FAILED  ${name}: ${e.stack}`);
  }
  for (const context of browser.contexts()) await context.close();
}
await browser.close();
server.close();
console.log(failed ? `e2e: ${failed} failed` : "e2e: all passed");
process.exit(failed ? 1 : 0);
