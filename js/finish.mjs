// After Trunk has written the site: the documentation of the API is put beside it, the hash of the one inline script goes
// into the Content-Security-Policy, and the service worker learns which files there are.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { offline } from "./offline.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const dist = process.env.TRUNK_STAGING_DIR ?? "dist";
const hash = (text) => createHash("sha256").update(text).digest("hex").slice(0, 8);

/** What machinery's build script wrote last: the same texts in every profile. */
function docs() {
  const target = process.env.CARGO_TARGET_DIR ?? join(here, "../target");
  let newest = null;
  for (const profile of ["wasm32-unknown-unknown/wasm/build", "wasm32-unknown-unknown/debug/build", "wasm/build", "release/build", "debug/build"]) {
    const folder = join(target, profile);
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder)) {
      const file = join(folder, name, "out/docs.txt");
      if (!name.startsWith("machinery-") || !existsSync(file)) continue;
      const at = statSync(file).mtimeMs;
      if (!newest || at > newest.at) newest = { file, at };
    }
  }
  return newest && readFileSync(newest.file, "utf8");
}

let html = readFileSync(join(dist, "index.html"), "utf8");
const text = docs();
let meta = '<meta name="offline" content="sw.js" />';
if (text) {
  const name = `docs-${hash(text)}.txt`;
  mkdirSync(join(dist, "data"), { recursive: true });
  writeFileSync(join(dist, "data", name), text);
  meta += `<meta name="api-docs" content="${name}" />`;
} else {
  console.error("finish: no documentation of the API was found; hover and explain show fields only");
}
html = html.replace("</head>", `${meta}</head>`);
const hashes = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)]
  .map(([, body]) => `'sha256-${createHash("sha256").update(body).digest("base64")}'`);
html = html.replace("'sha256-inline'", hashes.join(" "));
writeFileSync(join(dist, "index.html"), html);

offline(dist);
