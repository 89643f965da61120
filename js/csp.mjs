// After Trunk has written index.html: the hash of its one inline script goes into the Content-Security-Policy.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const file = join(process.env.TRUNK_STAGING_DIR ?? "dist", "index.html");
let html = readFileSync(file, "utf8");
const hashes = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)]
  .map(([, body]) => `'sha256-${createHash("sha256").update(body).digest("base64")}'`);
html = html.replace("'sha256-inline'", hashes.join(" "));
writeFileSync(file, html);
