// A static file server on loopback: `node js/serve.mjs FOLDER PORT`. The tests serve the same way, under a sub-path.
import { createServer } from "node:http";
import { existsSync, readFileSync, statSync } from "node:fs";
import { extname, join, normalize, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const TYPES = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".svg": "image/svg+xml",
  ".ttf": "font/ttf", ".json": "application/json", ".png": "image/png",
};

export function serveFolder(folder, prefix, port) {
  const root = resolve(folder);
  if (!existsSync(join(root, "index.html"))) throw new Error(`nothing is built in ${folder}`);
  const server = createServer((request, response) => {
    let path = "";
    try {
      path = decodeURIComponent(new URL(request.url, "http://x").pathname);
    } catch {
      // A malformed address is answered like any that is not there.
    }
    const file = path.startsWith(prefix) ? join(root, normalize(path.slice(prefix.length) || "index.html")) : "";
    if (!file.startsWith(root + sep) || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end("not found");
      return;
    }
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "cache-control": "no-cache" });
    response.end(readFileSync(file));
  });
  return new Promise((done, failed) => {
    server.on("error", failed);
    server.listen(port, "127.0.0.1", () => done({ url: `http://127.0.0.1:${server.address().port}${prefix}`, close: () => server.close() }));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder = "dist", port = "8080"] = process.argv.slice(2);
  try {
    await serveFolder(folder, "/", Number(port));
  } catch (e) {
    console.error(e.code === "EADDRINUSE" ? `port ${port} is taken: choose another with --port` : e.message);
    process.exit(1);
  }
}
