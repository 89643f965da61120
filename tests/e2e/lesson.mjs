// Lesson 1 in Korean, from the first step to the last, by what the page itself offers: each step's solution.
import assert from "node:assert/strict";
import { open, prompt } from "./lib.mjs";

export default async function (browser, url) {
  const { page, wrong } = await open(browser, url, { lang: "ko" });
  await prompt(page);
  // The first command as a learner gives it: the chip types it, Enter runs it.
  await page.locator(".step.now .chip").first().click();
  await page.waitForFunction(() => document.querySelector(".xterm-rows").innerText.includes("kubectl apply -f nginx-pod.yaml"));
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelectorAll(".step.past").length >= 1, null, { timeout: 15000 });
  await page.waitForSelector(".pod.ready", { timeout: 30000 });
  const total = await page.locator(".top .progress .pips i").count();
  for (let guard = 0; guard < total * 2; guard++) {
    if (await page.locator(".step.outro").count()) break;
    const before = await page.locator(".step.past").count();
    await page.locator(".step.now .helps button").last().click();
    await page.waitForFunction((n) => document.querySelector(".step.outro") || document.querySelectorAll(".step.past").length > n, before, { timeout: 60000 });
    await page.waitForTimeout(300);
  }
  await page.waitForSelector(".step.outro", { timeout: 10000 });
  assert.match(await page.locator(".top .progress .count").innerText(), new RegExp(`${total}/${total}`));
  await page.locator(".step.outro .primary").click();
  await page.waitForFunction(() => !document.querySelector(".step.outro"), null, { timeout: 10000 });
  assert.deepEqual(wrong, []);
}
