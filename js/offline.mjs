// Writes the service worker of a built site: it knows every file there is. `node js/offline.mjs FOLDER`, again after
// something was added (the second Wasm module is).
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const hash = (content) => createHash("sha256").update(content).digest("hex").slice(0, 8);

export function offline(folder) {
  const files = readdirSync(folder, { recursive: true }).map((f) => String(f).replaceAll("\\", "/"))
    .filter((f) => statSync(join(folder, f)).isFile() && f !== "sw.js").sort();
  const version = hash(files.map((f) => `${f} ${hash(readFileSync(join(folder, f)))}`).join("\n"));
  const worker = readFileSync(join(here, "sw.js"), "utf8").replace("__VERSION__", version).replace("[/* files */]", JSON.stringify(files));
  writeFileSync(join(folder, "sw.js"), worker);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) offline(process.argv[2] ?? "dist");
