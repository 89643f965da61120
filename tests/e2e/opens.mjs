// The page opens in both languages and themes: prompt, three nodes, a lesson, a file in the editor, nothing to complain of.
import assert from "node:assert/strict";
import { open, prompt } from "./lib.mjs";

export default async function (browser, url) {
  for (const [lang, theme] of [["ko", "light"], ["en", "dark"]]) {
    const { page, context, wrong } = await open(browser, url, { lang, theme });
    await prompt(page);
    await page.waitForFunction(() => document.querySelectorAll(".node .lamp.on").length === 3, null, { timeout: 10000 });
    const marks = () => page.evaluate(() => performance.getEntriesByType("mark").map((m) => m.name));
    assert.ok(!(await marks()).includes("rest-awaited"), "the first prompt needs nothing of the second Wasm module");
    await page.waitForFunction(() => performance.getEntriesByName("rest-there").length === 1, null, { timeout: 20000 });
    await page.waitForSelector(".monaco-editor .view-line", { timeout: 20000 });
    assert.equal(await page.getAttribute("html", "lang"), lang);
    assert.equal(await page.getAttribute("html", "data-shade"), theme);
    assert.ok((await page.locator(".step.now").count()) === 1, "a step to do");
    assert.match(await page.locator(".monaco-editor").innerText(), /apiVersion/);
    await page.locator(".languages button:not(.on)").click();
    await page.waitForFunction((l) => document.documentElement.lang !== l, lang);
    assert.deepEqual(wrong, []);
    await context.close();
  }
}
