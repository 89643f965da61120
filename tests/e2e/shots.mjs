// Pictures of every pane in both languages and themes, into www/screenshots/: `node tests/e2e/shots.mjs`
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { launch, open, prompt, root, run, serve } from "./lib.mjs";

const folder = join(root, "www/screenshots");
mkdirSync(folder, { recursive: true });
const server = await serve();
const browser = await launch();
for (const lang of ["ko", "en"]) {
  for (const theme of ["light", "dark"]) {
    const { page, context, wrong } = await open(browser, server.url, { lang, theme });
    const shot = (name, of = page) => of.screenshot({ path: join(folder, `${name}-${lang}-${theme}.png`) });
    await prompt(page);
    await page.waitForSelector(".monaco-editor .view-line", { timeout: 20000 });
    // The editor's colours come a moment after its text.
    await page.waitForFunction(() => new Set([...document.querySelectorAll(".view-line:nth-child(8) span[class^=mtk]")].map((t) => t.className)).size > 1, null, { timeout: 20000 });
    await run(page, "kubectl create deployment web --image=nginx:1.27 --replicas=5");
    await run(page, "kubectl create deployment api --image=ngnix:1.27");
    await run(page, "kubectl expose deployment web --port=80");
    await page.waitForFunction(() => document.querySelectorAll(".pod.ready").length >= 5, null, { timeout: 60000 });
    await run(page, "kubectl set image deployment/web nginx=nginx:1.28");
    await page.waitForTimeout(2500);
    await page.mouse.move(5, 5);
    await shot("page");
    await page.locator(".cluster-head .tab").nth(1).click();
    await page.waitForTimeout(500);
    await shot("workloads", page.locator(".pane.cluster"));
    await page.locator(".cluster-head .tab").nth(2).click();
    await page.waitForTimeout(400);
    await shot("network", page.locator(".pane.cluster"));
    await page.locator(".cluster-head .tab").nth(3).click();
    await page.waitForTimeout(1500);
    await shot("control-plane", page.locator(".pane.cluster"));
    await page.locator(".cluster-head .tab").nth(4).click();
    await shot("table", page.locator(".pane.cluster"));
    await page.locator(".cluster-head .tab").nth(0).click();
    await page.locator(".pod.ready").first().click();
    await page.waitForTimeout(600);
    const right = page.locator(".pane.right");
    await shot("inspector", right);
    await page.locator(".inspector .tab").nth(4).click();
    await shot("scheduling", right);
    await page.locator(".inspector .tab").nth(5).click();
    await shot("why", right);
    await run(page, "kubectl port-forward service/web 8080:80 &");
    await page.locator(".right > .tabs .tab").nth(2).click();
    await page.locator(".address input").fill("http://localhost:8080");
    await page.keyboard.press("Enter");
    await page.waitForTimeout(600);
    await shot("browser", right);
    await page.setViewportSize({ width: 390, height: 800 });
    await page.locator(".bottom button").nth(1).click();
    await page.waitForTimeout(500);
    await shot("phone");
    if (wrong.length) console.log(lang, theme, wrong);
    await context.close();
  }
}
await browser.close();
server.close();
