// The site without a network, after the first visit. All addresses are relative to where this file lies, so that any
// sub-path works. The page itself is asked for anew when there is a network; files carry a hash in their names.
const VERSION = "bottleship-__VERSION__";
const FILES = [/* files */];

addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(VERSION).then((cache) => cache.addAll(["./", ...FILES])).then(() => skipWaiting()),
  );
});
addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((n) => n.startsWith("bottleship-") && n !== VERSION).map((n) => caches.delete(n))))
      .then(() => clients.claim()),
  );
});
addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  const kept = () => caches.match(request.mode === "navigate" ? "./" : request, { ignoreSearch: true });
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => kept().then((r) => r ?? Response.error())));
  else event.respondWith(kept().then((r) => r ?? fetch(request)));
});
