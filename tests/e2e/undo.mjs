// Undo takes back the last command whole; Ctrl+Z does so from the terminal.
import assert from "node:assert/strict";
import { open, prompt, run } from "./lib.mjs";

export default async function (browser, url) {
  const { page, wrong } = await open(browser, url, { lang: "en" });
  await prompt(page);
  await run(page, "kubectl create deployment web --image=nginx:1.27 --replicas=3");
  await page.waitForFunction(() => document.querySelectorAll(".pod").length === 3, null, { timeout: 20000 });
  await page.keyboard.press("Control+z");
  await page.waitForFunction(() => document.querySelectorAll(".pod").length === 0, null, { timeout: 5000 });
  await run(page, "kubectl get deployments");
  await page.waitForFunction(() => /No resources found/.test(document.querySelector(".xterm-rows").innerText));
  await page.locator(".top button[aria-label^='Undo']").click();
  assert.deepEqual(wrong, []);
}
