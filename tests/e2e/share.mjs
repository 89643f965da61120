// A shared link opens the same session elsewhere; an embedded page is small and keeps nothing; offline after one visit.
import assert from "node:assert/strict";
import { open, prompt, run } from "./lib.mjs";

const names = (page) => page.evaluate(() => [...document.querySelectorAll(".pod .name")].map((n) => n.textContent).sort().join(" "));
const ready = (page, n) => page.waitForFunction((n) => document.querySelectorAll(".pod.ready").length === n, n, { timeout: 60000 });

export default async function (browser, url) {
  const first = await open(browser, url, { lang: "en" });
  await prompt(first.page);
  await run(first.page, "kubectl create deployment keep --image=nginx:1.27 --replicas=3");
  await ready(first.page, 3);
  const before = await names(first.page);
  await first.page.getByRole("button", { name: "Copy a link to this session" }).click();
  const link = (await first.page.locator(".notice span").innerText()).match(/https?:\S+#s=\S+/)[0];
  const second = await open(browser, link, { lang: "ko" });
  await prompt(second.page);
  await ready(second.page, 3);
  assert.equal(await names(second.page), before);
  assert.deepEqual(second.wrong, []);
  await second.context.close();

  // Hover and explain know the documentation once it has come.
  await first.page.waitForTimeout(3000);
  await run(first.page, "clear; kubectl explain pod.spec.nodeName");
  await first.page.waitForFunction(() => /DESCRIPTION:\s+\w+ \w+ \w+/.test(document.querySelector(".xterm-rows").innerText), null, { timeout: 10000 });

  // Offline: everything was kept by the first visit.
  await first.page.waitForFunction(() => navigator.serviceWorker?.controller, null, { timeout: 60000 });
  await first.context.setOffline(true);
  const again = await first.context.newPage();
  await again.goto(url);
  await prompt(again);
  await again.waitForSelector(".monaco-editor .view-line", { timeout: 30000 });
  assert.equal(await again.locator(".node").count(), 3);
  await first.context.setOffline(false);
  assert.deepEqual(first.wrong, []);
  await first.context.close();

  const frame = await open(browser, `${url}?embed&lesson=rollout`, { lang: "en", width: 700, height: 500 });
  await prompt(frame.page);
  assert.equal(await frame.page.locator("header.top").count(), 0);
  assert.ok(await frame.page.locator(".pane.cluster").isVisible());
  assert.ok(!(await frame.page.locator(".pane.right").isVisible()));
  assert.equal(await frame.page.evaluate(() => localStorage.getItem("bottleship.session")), null);
  assert.deepEqual(frame.wrong, []);
  await frame.context.close();

  const taught = await open(browser, `${url}?embed=lesson&lesson=rollout`, { lang: "ko", width: 900, height: 540 });
  await prompt(taught.page);
  for (const pane of ["lesson", "cluster", "terminal"]) assert.ok(await taught.page.locator(`.pane.${pane}`).isVisible(), pane);
  assert.deepEqual(taught.wrong, []);
  await taught.context.close();
}
