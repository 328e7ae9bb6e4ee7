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
let worker, editor, ready = false, running = false, wanted = "", hash = "", before = "";

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
  worker = new Worker("worker.js", { type: "module" });
  worker.onmessage = ({ data: { kind, text } }) => heard[kind](text);
  worker.onerror = () => heard.old();
}

const heard = {
  ready() {
    ready = true;
    status(`${before} ${say`Python is ready.`}`.trim());
    before = "";
    buttons();
    if (wanted) run();
  },
  print(text) {
    at("lines").append(text);
    at("printed").scrollTop = at("printed").scrollHeight;
  },
  cut: () => heard.print(`\n${say`… and more, which is left out.`}\n`),
  old: () => heard.failed(say`the browser is older than 2023, or the network went away before the first visit was over`),
  missing: (name) => heard.failed(say`${name} did not come`),
  page: (text) => show(text),
  note(text) {
    const box = document.createElement("div");
    box.className = "note";
    at("shown").append(box);
    box.innerHTML = text;
  },
  done(line) {
    running = false;
    status(say`Done.`);
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

function show(text) {
  const kind = text.startsWith("<svg") ? "image/svg+xml" : "text/html";
  const frame = document.createElement("iframe");
  frame.title = say`What the code shows`;
  frame.src = URL.createObjectURL(new Blob([text], { type: kind })) + hash;
  hash = "";
  frames.push(frame);
  at("shown").append(frame);
}

function run() {
  if (!ready || running) return;
  wanted = "";
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
  at("run").disabled = !ready || running;
  at("stop").disabled = !running;
}

// The link: code, and what the page has in its own address: leaves, step, theme.

async function squeezed(text, stream) {
  const out = new Blob([text]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(out).arrayBuffer());
}

const OLD = say`Links need a browser of 2023 or newer.`;
const instead = (why) => (status(say`${why} Here is the toy instead.`), [TOY, ""]);

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
    return JSON.parse(new TextDecoder().decode(found));
  } catch {
    return instead(say`This link is damaged: it was cut, or changed.`);
  }
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
at("stop").addEventListener("click", () => stop());
at("link").addEventListener("click", link);
at("lessons").addEventListener("change", ({ target }) => { write(target.value || TOY); run(); });
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); }
});
navigator.serviceWorker?.register("service.js").catch(() => {});
lessons();
opened().then(([text, state]) => { write(text); hash = state; wanted = "run"; if (ready) run(); });
start();
