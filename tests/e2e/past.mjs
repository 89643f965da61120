// Looking back: the slider shows an earlier moment, kubectl answers from it, writing is refused with a way on, and the
// session continues from there as a branch.
import assert from "node:assert/strict";
import { open, prompt, run, screen } from "./lib.mjs";

export default async function (browser, url) {
  const { page, wrong } = await open(browser, url, { lang: "en" });
  await prompt(page);
  await run(page, "kubectl run one --image=nginx:1.27");
  await page.waitForFunction(() => document.querySelectorAll(".pod.ready").length === 1, null, { timeout: 60000 });
  await page.waitForTimeout(1500);
  await run(page, "kubectl run two --image=nginx:1.27");
  await page.waitForFunction(() => document.querySelectorAll(".pod.ready").length === 2, null, { timeout: 60000 });
  // Back, write by write, until there is one pod.
  for (let i = 0; i < 40 && (await page.locator(".pod").count()) > 1; i++) {
    await page.getByRole("button", { name: "The write before" }).click();
    await page.waitForTimeout(120);
  }
  assert.equal(await page.locator(".pod").count(), 1);
  assert.match(await page.locator(".past-banner").innerText(), /looking at .* ago/);
  await run(page, "clear; kubectl get pods");
  await page.waitForFunction(() => /one +1\/1 +Running/.test(document.querySelector(".xterm-rows").innerText));
  assert.doesNotMatch(await screen(page), /two/);
  await run(page, "kubectl delete pod one");
  await page.waitForFunction(() => /this is the past/.test(document.querySelector(".xterm-rows").innerText));
  await page.waitForSelector(".past-banner.wrote");
  await page.getByRole("button", { name: "Back to the present" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".pod").length === 2 && !document.querySelector(".past-banner"));
  // The slider, by keyboard: Home is the oldest moment.
  await page.locator(".slide input").focus();
  await page.keyboard.press("Home");
  await page.waitForFunction(() => document.querySelectorAll(".pod").length === 0 && document.querySelector(".past-banner"));
  await page.getByRole("button", { name: "The write after" }).click();
  for (let i = 0; i < 40 && (await page.locator(".pod.ready").count()) < 1; i++) {
    await page.getByRole("button", { name: "The write after" }).click();
    await page.waitForTimeout(120);
  }
  assert.equal(await page.locator(".pod").count(), 1);
  await page.getByRole("button", { name: "Continue from here" }).click();
  await page.waitForFunction(() => !document.querySelector(".past-banner") && document.querySelectorAll(".pod").length === 1);
  await run(page, "kubectl delete pod one --now");
  await page.waitForFunction(() => document.querySelectorAll(".pod").length === 0, null, { timeout: 30000 });
  // What came later is not lost.
  await page.locator(".top .more summary").click();
  await page.getByRole("button", { name: "Change to the session before the branch" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".pod.ready").length === 2 && !document.querySelector(".past-banner"), null, { timeout: 30000 });
  assert.deepEqual(wrong, []);
}
