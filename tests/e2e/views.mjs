// Network and control plane: a request travels to the pod that answered it, a fault is a button, axe finds nothing.
import assert from "node:assert/strict";
import { axeSource, open, prompt, run } from "./lib.mjs";

export default async function (browser, url) {
  const { page, wrong } = await open(browser, url, { lang: "en" });
  await prompt(page);
  await run(page, "kubectl create deployment web --image=nginx:1.27 --replicas=2");
  await run(page, "kubectl expose deployment web --port=80 --type=NodePort");
  await page.waitForFunction(() => document.querySelectorAll(".pod.ready").length === 2, null, { timeout: 60000 });
  await page.getByRole("tab", { name: "Network" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".place.end.ready").length === 2, null, { timeout: 20000 });
  await run(page, "curl -s $(kubectl get nodes -o jsonpath='{.items[1].status.addresses[0].address}'):$(kubectl get svc web -o jsonpath='{.spec.ports[0].nodePort}') | head -4");
  await page.waitForFunction(() => document.querySelector(".flying.along em")?.textContent === "200", null, { timeout: 10000 });
  await page.getByRole("tab", { name: "Control plane" }).click();
  await page.waitForSelector(".party.server");
  await run(page, "kubectl get pods");
  await page.waitForFunction(() => [...document.querySelectorAll(".calls li")].some((l) => /GET.*pods/.test(l.textContent)), null, { timeout: 10000 });
  await page.waitForSelector(".monaco-editor .view-line", { timeout: 30000 });
  await page.evaluate(axeSource());
  for (const view of ["Control plane", "Network", "Workloads", "Table", "Nodes"]) {
    await page.getByRole("tab", { name: view, exact: true }).click();
    await page.waitForTimeout(900);
    for (const shade of ["light", "dark"]) {
      await page.evaluate((s) => (document.documentElement.dataset.shade = s), shade);
      const found = await page.evaluate(() => axe.run({ include: [[".pane.cluster"]], exclude: [[".flights"]] }));
      assert.deepEqual(found.violations.map((v) => `${view} ${shade} ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 140)).join(" | ")}`), []);
    }
  }
  // Break a pod by a button, and mend it.
  await page.locator(".pod.ready").first().click();
  await page.locator(".inspector .faults summary").click();
  await page.locator(".inspector .fault").nth(1).click();
  await page.waitForSelector(".pod.crashloop, .pod.error, .pod.notready", { timeout: 60000 });
  assert.ok(!(await page.locator(".inspector .fault").first().isVisible()), "a menu closes when something was chosen");
  await page.locator(".inspector .faults summary").click();
  await page.locator(".inspector .fault", { hasText: "heal" }).click();
  await page.waitForFunction(() => /fault heal ALL/.test(document.querySelector(".xterm-rows").innerText));
  assert.deepEqual(wrong, []);
}
