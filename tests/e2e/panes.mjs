// Narrow pages, splitters by keyboard, the text twin, and what axe finds.
import assert from "node:assert/strict";
import { axeSource, open, prompt, run } from "./lib.mjs";

export default async function (browser, url) {
  const { page, context, wrong } = await open(browser, url, { lang: "en" });
  await prompt(page);
  await run(page, "kubectl run one --image=nginx:1.27");
  await page.waitForSelector(".pod.ready", { timeout: 30000 });
  const width = () => page.evaluate(() => document.querySelector(".pane.lesson").clientWidth);
  const before = await width();
  await page.locator(".splitter.one").focus();
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction((w) => document.querySelector(".pane.lesson").clientWidth > w, before);
  await page.waitForSelector(".monaco-editor .view-line", { timeout: 20000 });
  await page.evaluate(axeSource());
  for (const shade of ["light", "dark"]) {
    await page.evaluate((s) => (document.documentElement.dataset.shade = s), shade);
    // What xterm.js and Monaco make of their own elements is theirs.
    const found = await page.evaluate(() => axe.run({ exclude: [[".xterm"], [".monaco-editor"]] }));
    assert.deepEqual(found.violations.map((v) => `${shade} ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(" | ")}`), []);
  }
  await page.getByRole("tab", { name: "Table" }).click();
  assert.match(await page.locator(".grid.pods").innerText(), /one\s+default\s+1\/1\s+Running/);
  await page.setViewportSize({ width: 900, height: 800 });
  await page.locator(".top .menu").click();
  await page.waitForFunction(() => document.querySelector(".pane.lesson").getBoundingClientRect().left >= 0);
  await page.setViewportSize({ width: 400, height: 800 });
  for (const [label, selector] of [["Cluster", ".pane.cluster"], ["Terminal", ".pane.terminal"], ["Editor", ".pane.right"], ["Lesson", ".pane.lesson"]]) {
    await page.locator(".bottom").getByText(label).click();
    assert.ok(await page.locator(selector).isVisible(), selector);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${label} fits the width`);
  }
  assert.deepEqual(wrong, []);
  await context.close();
}
