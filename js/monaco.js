// The editor: Monaco with YAML colours and only the features that a manifest needs. Completion, hover and markers are
// answered by the page.
import * as monaco from "monaco-editor/editor/editor.api.js";
import "monaco-editor/features/bracketMatching/register.js";
import "monaco-editor/features/clipboard/register.js";
import "monaco-editor/features/comment/register.js";
import "monaco-editor/features/contextmenu/register.js";
import "monaco-editor/features/find/register.js";
import "monaco-editor/features/folding/register.js";
import "monaco-editor/features/gotoError/register.js";
import "monaco-editor/features/hover/register.js";
import "monaco-editor/features/indentation/register.js";
import "monaco-editor/features/linesOperations/register.js";
import "monaco-editor/features/multicursor/register.js";
import "monaco-editor/features/snippet/register.js";
import "monaco-editor/features/suggest/register.js";
import "monaco-editor/features/toggleTabFocusMode/register.js";
import "monaco-editor/features/wordHighlighter/register.js";
import "monaco-editor/features/wordOperations/register.js";
import "monaco-editor/languages/definitions/yaml/register.js";

let editor = null;
let hooks = null;
let registered = false;
let quiet = false; // our own writes are not the learner's

const uri = (path) => monaco.Uri.file(path);
const languageOf = (path) => (/\.ya?ml$/.test(path) || /kubectl-edit/.test(path) ? "yaml" : "plaintext");
const dark = () => document.documentElement.dataset.shade === "dark";

function theme(t) {
  const hex = (name) => t(name).replace("#", "");
  monaco.editor.defineTheme("bottleship", {
    base: dark() ? "vs-dark" : "vs",
    inherit: true,
    rules: [
      { token: "type", foreground: hex("--code-key") },
      { token: "string", foreground: hex("--code-string") },
      { token: "string.yaml", foreground: hex("--code-string") },
      { token: "number", foreground: hex("--code-number") },
      { token: "keyword", foreground: hex("--code-number") },
      { token: "comment", foreground: hex("--code-comment"), fontStyle: "italic" },
      { token: "operators", foreground: hex("--code-punct") },
    ],
    colors: {
      "editor.background": t("--pane"), "editor.foreground": t("--ink"), "editorLineNumber.foreground": t("--ink-faint"),
      "editorLineNumber.activeForeground": t("--ink-soft"), "editorCursor.foreground": t("--term-cursor"),
      "editor.lineHighlightBackground": t("--pane-2"), "editor.lineHighlightBorder": "#00000000", "editorGutter.background": t("--pane"),
      "editor.selectionBackground": t("--term-selection"), "editorWidget.background": t("--raised"), "editorWidget.border": t("--line"),
      "editorHoverWidget.background": t("--raised"), "editorHoverWidget.border": t("--line"),
      "editorSuggestWidget.background": t("--raised"), "editorSuggestWidget.border": t("--line"),
      "editorError.foreground": t("--bad"), "editorWarning.foreground": t("--warn"), focusBorder: t("--focus"),
      "editorIndentGuide.background1": t("--line"), "scrollbarSlider.background": t("--line") + "aa",
    },
  });
  monaco.editor.setTheme("bottleship");
}

export function open(element, label, t, given) {
  hooks = given;
  theme(t);
  editor = monaco.editor.create(element, {
    model: null, automaticLayout: true, fontFamily: t("--font-mono"), fontSize: 13, lineHeight: 20, tabSize: 2, insertSpaces: true,
    detectIndentation: false, minimap: { enabled: false }, scrollBeyondLastLine: false, renderLineHighlight: "line", folding: true,
    lineNumbersMinChars: 3, padding: { top: 10, bottom: 10 }, ariaLabel: label, fixedOverflowWidgets: true, wordBasedSuggestions: "off",
    quickSuggestions: { other: true, strings: true, comments: false }, overviewRulerLanes: 1, stickyScroll: { enabled: false },
    scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10 }, occurrencesHighlight: "off", unicodeHighlight: { ambiguousCharacters: false },
  });
  editor.onDidChangeModelContent(() => {
    const model = editor.getModel();
    if (!quiet && model) hooks.change(model.uri.path, model.getValue());
  });
  if (!registered) register();
  registered = true;
}

function register() {
  monaco.languages.registerCompletionItemProvider("yaml", {
    triggerCharacters: [" ", ":", "-", "\n"],
    provideCompletionItems(model, position) {
      const word = model.getWordUntilPosition(position);
      const range = new monaco.Range(position.lineNumber, word.startColumn, position.lineNumber, word.endColumn);
      const found = JSON.parse(hooks.complete(model.getValue(), position.lineNumber, position.column));
      return {
        suggestions: found.map((c, i) => ({
          label: c.label, detail: c.detail, documentation: { value: c.documentation }, insertText: c.insert, range,
          kind: monaco.languages.CompletionItemKind.Field, sortText: String(i).padStart(4, "0"),
          insertTextRules: monaco.languages.CompletionItemInsertTextRule.InsertAsSnippet,
        })),
      };
    },
  });
  monaco.languages.registerHoverProvider("yaml", {
    provideHover(model, position) {
      const text = hooks.hover(model.getValue(), position.lineNumber, position.column);
      return text ? { contents: [{ value: text, isTrusted: false, supportHtml: false }] } : null;
    },
  });
}

/** Another instance takes over. */
export function close() {
  editor?.dispose();
  editor = null;
  for (const model of monaco.editor.getModels()) model.dispose();
}

/** Shows a file; its text replaces what is there only where it differs, so that cursor and undo survive. */
export function show(path, text) {
  let model = monaco.editor.getModel(uri(path));
  quiet = true;
  if (!model) model = monaco.editor.createModel(text, languageOf(path), uri(path));
  else if (model.getValue() !== text) model.setValue(text);
  if (editor.getModel() !== model) editor.setModel(model);
  quiet = false;
}
export function forget(path) {
  monaco.editor.getModel(uri(path))?.dispose();
}
export function mark(path, markers) {
  const model = monaco.editor.getModel(uri(path));
  if (!model) return;
  monaco.editor.setModelMarkers(model, "bottleship", markers.map((m) => ({
    startLineNumber: m.line, startColumn: m.column, endLineNumber: m.endLine, endColumn: m.endColumn, message: m.message,
    severity: m.severity === "warning" ? monaco.MarkerSeverity.Warning : monaco.MarkerSeverity.Error,
  })));
}
export function focus() {
  editor?.focus();
}
export function retheme(t) {
  theme(t);
}
