// The playground: code on the left, what it shows on the right, what it prints below.

"use strict";
const TOY = `import autograd_engine as ag

a, b = ag.Value(2.0), ag.Value(-3.0)
e = a * b
L = (e + a).tanh() * b

ag.name_values(locals())
ag.explore(L)
`;
const at = (id) => document.getElementById(id);
const frames = [];
// A worker made of a blob has the policy of this page: what it fetches is of this origin too.
const WORKER = URL.createObjectURL(new Blob([`import ${JSON.stringify(new URL("worker.js", location).href)};`], { type: "text/javascript" }));
// What a note is shown with, in a frame in which no script runs.
const LOOK = `<style>body { font: 1rem/1.45 system-ui, sans-serif; color: #152032; } main { overflow-x: auto; }</style>`;
let worker, editor, ready = false, running = false, wanted = false, hash = "", before = "", printed = "";

// The editor, or a text area where it is not there.

if (globalThis.CodeMirror) {
  editor = CodeMirror.fromTextArea(at("code"), { mode: "python", lineNumbers: true, indentUnit: 4, extraKeys: { Tab: false, "Shift-Tab": false } });
  editor.getInputField().setAttribute("aria-label", "Code");
}
const code = () => (editor ? editor.getValue() : at("code").value);
const write = (text) => (editor ? editor.setValue(text) : (at("code").value = text));

function mark(line) {
  if (editor) {
    editor.eachLine((handle) => editor.removeLineClass(handle, "background", "wrong"));
    if (line) editor.addLineClass(line - 1, "background", "wrong");
  }
  if (line) status(say`An error in line ${line}: it is told below.`);
}

const status = (text) => (at("status").textContent = text);

// Python.

function start() {
  ready = false;
  if (!running && !frames.length) status(say`Python starts …`);
  worker = new Worker(WORKER, { type: "module" });
  worker.onmessage = ({ data: { kind, text } }) => {
    if (kind !== "print") flush();
    heard[kind](text);
  };
  worker.onerror = () => heard.old();
}

const heard = {
  ready() {
    ready = true;
    after(say`Python is ready.`, wanted);
    buttons();
    if (wanted) run();
  },
  print(text) {
    if (!printed) requestAnimationFrame(flush); // the page need not keep up with each line
    printed += text;
  },
  cut: () => heard.print(`\n${say`… and more, which is left out.`}\n`),
  old: () => heard.failed(say`the browser is older than 2023, or the network went away before the first visit was over`),
  missing: (name) => heard.failed(say`${name} did not come`),
  page(text) {
    const kind = text.startsWith("<svg") ? "image/svg+xml" : "text/html";
    if (pageData.lang) text = text.replace('"lang":null', `"lang":"${pageData.lang}"`);
    frames.push(show({ src: URL.createObjectURL(new Blob([text], { type: kind })) + hash }));
    hash = "";
  },
  note(text) {
    const frame = show({ className: "note", sandbox: "allow-same-origin", srcdoc: `${LOOK}<main>${text}</main>` });
    frame.onload = () => (frame.style.height = `${frame.contentDocument.documentElement.scrollHeight}px`);
  },
  done(line) {
    running = false;
    after(say`Done.`);
    mark(line);
    buttons();
  },
  died(text) {
    before = say`Python gave up (${text}); the code is kept.`;
    stop(`${before} ${say`It starts anew.`}`);
  },
  failed(text) {
    status(say`Python did not start: ${text}. The code is kept; load the page again.`);
  },
};

function flush() {
  if (!printed) return;
  at("lines").append(printed);
  at("printed").scrollTop = at("printed").scrollHeight;
  printed = "";
}

// What there was to say before stays, until a run that was wanted is done.
function after(text, kept = false) {
  status(`${before} ${text}`.trim());
  if (!kept) before = "";
}

function show(how) {
  const frame = Object.assign(document.createElement("iframe"), { title: say`What the code shows` }, how);
  at("shown").append(frame);
  return frame;
}

function run() {
  if (running) return;
  wanted = !ready;
  if (wanted) return;
  running = true;
  mark(0);
  for (const frame of frames.splice(0)) URL.revokeObjectURL(frame.src);
  at("shown").replaceChildren();
  at("lines").replaceChildren();
  status(say`Running …`);
  worker.postMessage(code());
  buttons();
}

function stop(why = say`Stopped; Python starts anew.`) {
  worker.terminate();
  running = false;
  status(why);
  start();
  buttons();
}

function buttons() {
  at("run").setAttribute("aria-disabled", !ready || running); // disabled, they would lose the focus
  at("stop").setAttribute("aria-disabled", !running);
}

// The link: code, and what the page has in its own address: leaves, step, theme.

async function squeezed(text, stream) {
  const out = new Blob([text]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(out).arrayBuffer());
}

const OLD = say`Links need a browser of 2023 or newer.`;
const instead = (why) => (status((before = say`${why} Here is the toy instead.`)), [TOY, ""]);

async function link() {
  if (!globalThis.CompressionStream) return status(OLD);
  let state = "";
  for (const frame of frames) state ||= frame.contentWindow?.location.hash ?? "";
  const found = await squeezed(JSON.stringify([code(), state]), new CompressionStream("deflate-raw"));
  const text = btoa(String.fromCharCode(...found)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  history.replaceState(null, "", `#${text}`);
  await navigator.clipboard?.writeText(location.href).catch(() => {});
  const size = location.href.length.toLocaleString();
  status(navigator.clipboard ? say`The link is in the address, and copied: ${size} characters.` : say`The link is in the address: ${size} characters.`);
}

async function opened() {
  const given = location.hash.slice(1);
  if (!given) return [TOY, ""];
  if (!globalThis.DecompressionStream) return instead(OLD);
  try {
    const text = atob(given.replaceAll("-", "+").replaceAll("_", "/"));
    const found = await squeezed(Uint8Array.from(text, (c) => c.charCodeAt(0)), new DecompressionStream("deflate-raw"));
    const parts = JSON.parse(new TextDecoder().decode(found));
    if (parts.length === 2 && parts.every((part) => typeof part === "string") && /^(#|$)/.test(parts[1])) return parts;
  } catch {} // damaged, as what is no code with a state
  return instead(say`This link is damaged: it was cut, or changed.`);
}

async function lessons() {
  const found = await (await fetch("lessons.json")).json();
  for (const [name, text] of Object.entries(found)) at("lessons").append(new Option(name.replaceAll("_", " "), lesson(text)));
}

// A lesson with the cells that its notebook alone has: of each, what is on its last line is shown.
function lesson(text) {
  return text.replace(/\n# %% tags=\["active-ipynb"\]\n((?:# .*\n)+)/g, (_, cell) => {
    const lines = cell.trim().split("\n").map((line) => line.slice(2));
    return [...lines.slice(0, -1), `display(\n    ${lines[lines.length - 1]}\n)\n`].join("\n");
  });
}

at("run").addEventListener("click", run);
at("stop").addEventListener("click", () => running && stop());
at("link").addEventListener("click", link);
at("lessons").addEventListener("change", ({ target }) => {
  write(target.value || TOY);
  if (running) stop();
  run();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); }
});
addEventListener("hashchange", () => location.reload()); // another link
navigator.serviceWorker?.register("service.js").catch(() => {});
lessons();
opened().then(([text, state]) => { write(text); hash = state; run(); });
start();
