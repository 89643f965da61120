// A rollout watched in the cluster views: two ReplicaSets, two colours, then one.
import assert from "node:assert/strict";
import { open, prompt, run } from "./lib.mjs";

export default async function (browser, url) {
  const { page, wrong } = await open(browser, url, { lang: "en" });
  await prompt(page);
  await run(page, "kubectl create deployment web --image=nginx:1.27 --replicas=4");
  await page.waitForFunction(() => document.querySelectorAll(".pod.ready").length === 4, null, { timeout: 60000 });
  const hues = () => page.evaluate(() => new Set([...document.querySelectorAll(".pod")].map((p) => [...p.classList].find((c) => c.startsWith("hue-")))).size);
  assert.equal(await hues(), 1);
  await run(page, "kubectl set image deployment/web nginx=nginx:1.28");
  await page.waitForFunction(() => new Set([...document.querySelectorAll(".pod")].map((p) => [...p.classList].find((c) => c.startsWith("hue-")))).size === 2, null, { timeout: 20000 });
  await page.getByRole("tab", { name: "Workloads" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".set").length === 2);
  assert.equal(await page.locator(".rollout").count(), 1);
  await page.getByRole("tab", { name: "Nodes" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".pod.ready").length === 4 && document.querySelectorAll(".pod").length === 4, null, { timeout: 90000 });
  assert.equal(await hues(), 1);
  // A click opens the pod in the inspector.
  await page.locator(".pod.ready").first().click();
  await page.waitForFunction(() => /Node:/.test(document.querySelector(".inspected")?.innerText ?? ""), null, { timeout: 5000 });
  assert.deepEqual(wrong, []);
}
