// An error in the editor is marked where it is, and what is saved is what kubectl reads.
import assert from "node:assert/strict";
import { open, prompt, run, screen } from "./lib.mjs";

export default async function (browser, url) {
  const { page, wrong } = await open(browser, url, { lang: "en" });
  await prompt(page);
  await page.waitForSelector(".monaco-editor .view-line", { timeout: 20000 });
  await page.locator(".monaco-editor .view-lines").click();
  await page.keyboard.press("Control+End");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Home");
  await page.keyboard.type("spce: {}");
  await page.waitForSelector(".monaco-editor .squiggly-error, .monaco-editor .squiggly-warning", { timeout: 5000 });
  const place = await page.evaluate(() => {
    const mark = document.querySelector(".monaco-editor .squiggly-error, .monaco-editor .squiggly-warning").getBoundingClientRect();
    const line = [...document.querySelectorAll(".monaco-editor .view-line")].find((l) => l.innerText.includes("spce")).getBoundingClientRect();
    return Math.abs(mark.top + mark.height / 2 - (line.top + line.height / 2)) < line.height;
  });
  assert.ok(place, "the mark stands on its line");
  await run(page, "tail -n 1 nginx-pod.yaml");
  await page.waitForFunction(() => /spce: \{\}/.test(document.querySelector(".xterm-rows").innerText));
  assert.match(await screen(page), /spce/);
  assert.deepEqual(wrong, []);
}
