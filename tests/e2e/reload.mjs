// A reload loses nothing: cluster, files, terminal, language. A corrupt session is said plainly, and a fresh one begins.
import assert from "node:assert/strict";
import { open, prompt, run } from "./lib.mjs";

export default async function (browser, url) {
  const { page, context, wrong } = await open(browser, url, { lang: "ko" });
  await prompt(page);
  await run(page, "kubectl create deployment keep --image=nginx:1.27 --replicas=2");
  await run(page, "echo hello > note.txt");
  await page.waitForFunction(() => document.querySelectorAll(".pod.ready").length === 2, null, { timeout: 60000 });
  await page.waitForTimeout(3000); // the session is kept every two seconds
  const names = () => page.evaluate(() => [...document.querySelectorAll(".pod .name")].map((n) => n.textContent).sort().join(" "));
  const before = await names();
  await page.reload();
  await prompt(page);
  await page.waitForFunction(() => document.querySelectorAll(".pod.ready").length === 2, null, { timeout: 20000 });
  assert.equal(await names(), before);
  await run(page, "cat note.txt");
  await page.waitForFunction(() => /^hello$/m.test(document.querySelector(".xterm-rows").innerText));
  assert.deepEqual(wrong, []);

  await page.evaluate(() => addEventListener("pagehide", () => localStorage.setItem("bottleship.session", "{broken")));
  await page.reload();
  await page.waitForSelector(".notice");
  await prompt(page);
  assert.equal(await page.locator(".node").count(), 3);
  assert.deepEqual(wrong, []);
  await context.close();
}
