// Bundles what npm brings into www/gen: bridge.js (the terminal, and the loader of the editor), monaco/ (the editor,
// loaded after the first prompt), data/ (texts and lessons), xterm.css. Does nothing when the outputs are newer than their sources.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../www/gen");
const root = join(here, "..");
/** Every file below a folder, by its path there, in order. */
const below = (folder) => readdirSync(folder, { recursive: true }).map(String).filter((f) => statSync(join(folder, f)).isFile()).sort();
const lessons = below(join(root, "lessons"));
const sources = [
  ...["bridge.js", "monaco.js", "build.mjs", "package-lock.json"].map((f) => join(here, f)),
  ...["en", "ko"].map((lang) => join(root, `www/i18n/${lang}.json`)),
  ...lessons.map((f) => join(root, "lessons", f)),
];
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
// Texts and lessons: one file, fetched beside the program.
const texts = (lang) => JSON.parse(readFileSync(join(root, `www/i18n/${lang}.json`), "utf8"));
const data = JSON.stringify({
  en: texts("en"), ko: texts("ko"),
  lessons: Object.fromEntries(lessons.map((f) => [f.replaceAll("\\", "/"), readFileSync(join(root, "lessons", f), "utf8")])),
});
const site = `site-${createHash("sha256").update(data).digest("hex").slice(0, 8)}.json`;
mkdirSync(join(out, "data"), { recursive: true });
writeFileSync(join(out, "data", site), data);
await build({
  ...common, entryPoints: ["bridge.js"], outfile: join(out, "bridge.js"), define: { MONACO: JSON.stringify(names), DATA: JSON.stringify(site) },
});
cpSync(join(here, "node_modules/@xterm/xterm/css/xterm.css"), join(out, "xterm.css"));
writeFileSync(stamp, print);
for (const f of ["bridge.js", ...Object.values(names).map((n) => `monaco/${n}`)]) {
  console.log(`www/gen/${f}`, statSync(join(out, f)).size);
}
