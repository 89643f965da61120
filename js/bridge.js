// What the Rust side calls: one terminal, one editor. Plain functions over plain data; the objects of xterm.js and
// Monaco never cross the boundary.
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";

/* global MONACO, DATA */

let terminal = null;
let fit = null;

function tokens() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(name).trim();
}

function terminalTheme() {
  const t = tokens();
  return {
    background: t("--term-bg"), foreground: t("--term-fg"), cursor: t("--term-cursor"), cursorAccent: t("--term-bg"),
    selectionBackground: t("--term-selection"),
    black: t("--term-black"), red: t("--term-red"), green: t("--term-green"), yellow: t("--term-yellow"),
    blue: t("--term-blue"), magenta: t("--term-magenta"), cyan: t("--term-cyan"), white: t("--term-white"),
    brightBlack: t("--term-bright-black"), brightRed: t("--term-red"), brightGreen: t("--term-green"),
    brightYellow: t("--term-yellow"), brightBlue: t("--term-blue"), brightMagenta: t("--term-magenta"),
    brightCyan: t("--term-cyan"), brightWhite: t("--term-fg"),
  };
}

function refit() {
  if (!fit || !terminal?.element?.isConnected || terminal.element.clientWidth < 40) return;
  const size = fit.proposeDimensions();
  if (size && size.cols > 10 && size.rows > 1 && (size.cols !== terminal.cols || size.rows !== terminal.rows)) {
    terminal.resize(size.cols, size.rows);
  }
}

export function terminalOpen(element, label, onData, onResize) {
  terminal?.dispose();
  terminal = new Terminal({
    fontFamily: tokens()("--font-mono"), fontSize: 13, lineHeight: 1.25, cursorBlink: true, scrollback: 5000, theme: terminalTheme(),
    minimumContrastRatio: 4.5, allowProposedApi: false,
  });
  fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(element);
  terminal.textarea?.setAttribute("aria-label", label);
  terminal.onData((data) => onData(data));
  terminal.onResize(({ cols, rows }) => onResize(cols, rows));
  // Keys that belong to the page, and to the browser, are not eaten: Ctrl+Shift+anything, and Tab out with Ctrl+Tab.
  new ResizeObserver(() => requestAnimationFrame(refit)).observe(element);
  refit();
  onResize(terminal.cols, terminal.rows);
}
export function terminalWrite(text) {
  // A long text goes in pieces: xterm.js looks at the clock between two of them.
  for (let at = 0; at < text.length; at += 2048) terminal?.write(text.slice(at, at + 2048));
}
export function terminalReset() {
  terminal?.reset();
}
export function terminalLabel(label) {
  terminal?.textarea?.setAttribute("aria-label", label);
}
export function terminalFocus() {
  terminal?.focus();
}
/** The text on the screen and above it: for tests, and for "copy". */
export function terminalText() {
  if (!terminal) return "";
  const buffer = terminal.buffer.active;
  const lines = [];
  for (let i = 0; i < buffer.length; i++) lines.push(buffer.getLine(i)?.translateToString(true) ?? "");
  return lines.join("\n").trimEnd();
}

let editor = null; // the module of monaco.js, once it is there

let asked = null; // { element, hooks, language }, once it has been asked for
const messages = {}; // Monaco's own words, by language

/** Monaco with its words in a language. It reads them when it starts: another language is another instance. */
async function monacoIn(language) {
  const at = (name) => new URL(`monaco/${name}`, document.baseURI).href;
  if (language === "ko" && !messages.ko) {
    await import(at(MONACO["ko.js"])).catch(() => undefined);
    messages.ko = globalThis._VSCODE_NLS_MESSAGES;
  }
  globalThis._VSCODE_NLS_MESSAGES = messages[language];
  globalThis._VSCODE_NLS_LANGUAGE = messages[language] && language;
  globalThis.MonacoEnvironment = { getWorker: () => new Worker(at(MONACO["worker.js"]), { name: "editor" }) };
  return import(`${at(MONACO["editor.js"])}?${language}`);
}

/** Loads Monaco; resolves to whether it could. `hooks` = { change, complete, hover }. */
export async function editorLoad(element, language, label, onChange, onComplete, onHover) {
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = new URL(`monaco/${MONACO["editor.css"]}`, document.baseURI).href;
  document.head.append(sheet);
  asked = { element, language, hooks: { change: onChange, complete: onComplete, hover: onHover } };
  editor = await monacoIn(language);
  editor.open(element, label, tokens(), asked.hooks);
  return true;
}
/** The page speaks another language: so does the editor. Resolves to whether it had to be made anew. */
export async function editorLanguage(language, label) {
  if (!editor || asked.language === language) return false;
  asked.language = language;
  const next = await monacoIn(language);
  if (asked.language !== language) return false;
  editor.close();
  editor = next;
  editor.open(asked.element, label, tokens(), asked.hooks);
  return true;
}
export function editorShow(path, text) {
  editor?.show(path, text);
}
export function editorForget(path) {
  editor?.forget(path);
}
export function editorMark(path, json) {
  editor?.mark(path, JSON.parse(json));
}
export function editorFocus() {
  editor?.focus();
}
/** The colours of the page changed. */
export function retheme() {
  if (terminal) terminal.options.theme = terminalTheme();
  editor?.retheme(tokens());
}

// The second Wasm module: what the first prompt does not need. It comes after it, unasked, and at once if a stub asks for it.

let first = null;
let coming = null;
let there = false;

function restAddress() {
  const word = Object.keys(first).find((name) => name.startsWith("$rest-"))?.slice(1);
  const [main] = [...document.querySelectorAll('link[rel="preload"][as="fetch"]')].filter((l) => l.href.endsWith("_bg.wasm"));
  return main?.href.replace(/_bg\.wasm$/, `_${word}.wasm`);
}
export function restFor(exports) {
  if (exports.$THERE) first = exports;
  if (exports.$RAN) globalThis.wasmRan = () => exports.$RAN; // a counting page: js/profile.mjs
  // A session that is taken up again begins with commands: for it the second module comes before the first frame.
  if (/^#s=/.test(location.hash) || localStorage.getItem("bottleship.session")) restLater();
}
export function restLater() {
  if (!first) return;
  coming ??= WebAssembly.instantiateStreaming(fetch(restAddress()), { p: first }).then(
    () => { there = true; performance.mark("rest-there"); },
    () => undefined, // restNow tries again, and says what is wrong
  );
}
/** Waits for it, if it has been asked for. */
export async function restFirst() {
  await coming;
}
export function restNow() {
  if (!first || there || first.$THERE.value) return;
  performance.mark("rest-awaited");
  const ask = new XMLHttpRequest();
  ask.open("GET", restAddress(), false);
  ask.overrideMimeType("text/plain; charset=x-user-defined");
  ask.send();
  if (ask.status !== 200) throw new Error(`${restAddress()}: ${ask.status}`);
  const bytes = Uint8Array.from(ask.responseText, (c) => c.charCodeAt(0) & 255);
  new WebAssembly.Instance(new WebAssembly.Module(bytes), { p: first });
  there = true;
}

/** What our own code took of a frame: kept only where somebody measures. */
export function frameTook(ms, session, folding) {
  globalThis.bottleshipFrames?.push(ms);
  globalThis.bottleshipParts?.push([ms, session, folding, ms - session - folding]);
}

// Files beside the program. The texts and lessons are asked for while the program itself is still on its way.

const file = (name) => new URL(`data/${name}`, document.baseURI).href;
const text = (url) => fetch(url).then((r) => (r.ok ? r.text() : Promise.reject(new Error(`${url}: ${r.status}`))));
let site = DATA && text(file(DATA));
site?.catch(() => undefined);
export function siteData() {
  return site;
}
export function apiDocs() {
  const name = document.querySelector('meta[name="api-docs"]')?.content;
  // Everything that can wait has come: the next visit needs no network.
  if (document.querySelector('meta[name="offline"]')) navigator.serviceWorker?.register(new URL("sw.js", document.baseURI)).catch(() => undefined);
  return name ? text(file(name)) : Promise.resolve("");
}
export function addressAsks(name) {
  return new URLSearchParams(location.search).get(name) ?? undefined;
}
export function download(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "text/plain" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
export function choose() {
  const input = document.createElement("input");
  input.type = "file";
  return new Promise((done) => {
    input.addEventListener("change", async () => done((await input.files[0]?.text()) ?? ""));
    input.addEventListener("cancel", () => done(""));
    input.click();
  });
}

// Sharing: the session's text, deflated, in the part of the address that never leaves the browser.

async function through(stream, bytes) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}
export async function share(session) {
  const packed = await through(new CompressionStream("deflate-raw"), new TextEncoder().encode(session));
  let text = "";
  for (const byte of packed) text += String.fromCharCode(byte);
  const url = new URL(location.href);
  url.hash = `s=${btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
  await navigator.clipboard?.writeText(url.href).catch(() => undefined);
  return url.href;
}
export async function shared() {
  const found = location.hash.match(/^#s=([\w-]+)$/);
  if (!found) return undefined;
  history.replaceState(null, "", location.pathname + location.search);
  const raw = atob(found[1].replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = await through(new DecompressionStream("deflate-raw"), Uint8Array.from(raw, (c) => c.charCodeAt(0)));
  return bytes.length > 4_000_000 ? undefined : new TextDecoder().decode(bytes);
}

// The last resort: the program stopped. The session is in local storage as of a moment ago.

export function crashed(message) {
  if (document.getElementById("crashed")) return;
  const ko = document.documentElement.lang === "ko";
  const box = document.createElement("div");
  box.id = "crashed";
  box.setAttribute("role", "alertdialog");
  box.setAttribute("aria-labelledby", "crashed-title");
  const add = (tag, text, id) => {
    const e = document.createElement(tag);
    e.textContent = text;
    if (id) e.id = id;
    box.append(e);
    return e;
  };
  add("h1", ko ? "bottleship이 멈췄어요" : "bottleship has stopped", "crashed-title");
  add("p", ko
    ? "프로그램 오류예요. 지금까지 한 일은 이 브라우저에 남아 있으니, 다시 불러오면 이어서 할 수 있어요."
    : "This is an error in the program. What you did is kept in this browser: reload to go on.");
  add("pre", message);
  add("button", ko ? "다시 불러오기" : "Reload").addEventListener("click", () => location.reload());
  add("button", ko ? "처음부터 시작" : "Start afresh").addEventListener("click", () => {
    localStorage.removeItem("bottleship.session");
    location.reload();
  });
  document.body.append(box);
  box.querySelector("button").focus();
}
