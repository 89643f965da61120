// Bundles what npm brings into www/gen: bridge.js (the terminal, and the loader of the editor), monaco/ (the editor,
// loaded after the first prompt), xterm.css. Does nothing when the outputs are newer than their sources.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../www/gen");
const sources = ["bridge.js", "monaco.js", "build.mjs", "package-lock.json"].map((f) => join(here, f));
const stamp = join(out, "stamp");
const print = createHash("sha256").update(sources.map((f) => readFileSync(f)).join("\0")).digest("hex");
if (existsSync(stamp) && readFileSync(stamp, "utf8") === print && !process.argv.includes("--force")) process.exit(0);

const common = { bundle: true, minify: true, format: "esm", target: "es2022", legalComments: "none", logLevel: "error", absWorkingDir: here };
rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, "monaco"), { recursive: true });

// The editor: its file names carry a hash of what is inside, so that a new release never meets an old one in a cache.
await build({ ...common, entryPoints: ["monaco.js"], outfile: join(out, "monaco/editor.js"), loader: { ".ttf": "file" }, assetNames: "[name]-[hash]" });
await build({
  ...common, format: "iife", entryPoints: ["node_modules/monaco-editor/esm/vs/editor/editor.worker.js"], outfile: join(out, "monaco/worker.js"),
});
await build({ ...common, entryPoints: ["node_modules/monaco-editor/esm/vs/nls/lang/ko.js"], outfile: join(out, "monaco/ko.js") });
const names = {};
for (const file of readdirSync(join(out, "monaco"))) {
  const m = file.match(/^(editor|worker|ko)\.(js|css)$/);
  if (!m) continue;
  const hash = createHash("sha256").update(readFileSync(join(out, "monaco", file))).digest("hex").slice(0, 8);
  names[file] = `${m[1]}-${hash}.${m[2]}`;
  renameSync(join(out, "monaco", file), join(out, "monaco", names[file]));
}
await build({ ...common, entryPoints: ["bridge.js"], outfile: join(out, "bridge.js"), define: { MONACO: JSON.stringify(names) } });
cpSync(join(here, "node_modules/@xterm/xterm/css/xterm.css"), join(out, "xterm.css"));
writeFileSync(stamp, print);
for (const f of ["bridge.js", ...Object.values(names).map((n) => `monaco/${n}`)]) {
  console.log(`www/gen/${f}`, statSync(join(out, f)).size);
}
