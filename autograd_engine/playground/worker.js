// Python, apart from the page: so that Stop works at once, and typing never waits.

import { loadPyodide } from "./pyodide.mjs";

const MOST = 200_000; // characters that a run prints
const tell = (kind, text) => postMessage({ kind, text });
const decoder = new TextDecoder();
let printed = 0;

// What is printed goes to the page at once: what waited here would be lost by Stop.
function print(bytes) {
  const text = decoder.decode(bytes, { stream: true });
  printed += text.length;
  if (printed <= MOST) tell("print", text);
  else if (printed - text.length <= MOST) tell("cut");
  return bytes.length;
}

async function start() {
  for (const name of ["pyodide.asm.wasm", "python_stdlib.zip"]) { // for one that does not come Pyodide waits without an end
    const found = await fetch(new URL(name, import.meta.url));
    if (!found.ok) return tell("missing", name);
    found.body.cancel();
  }
  const python = await loadPyodide({ indexURL: new URL(".", import.meta.url).href });
  python.setStdout({ write: print });
  python.setStderr({ write: print });
  const archive = await (await fetch(new URL("autograd_engine.zip", import.meta.url))).arrayBuffer();
  python.unpackArchive(archive, "zip", { extractDir: python.runPython("import site; site.getsitepackages()[0]") });
  const { run } = python.pyimport("autograd_engine.playground.running");
  tell("ready");
  onmessage = ({ data }) => {
    printed = 0;
    try {
      tell("done", run(data, tell));
    } catch (error) { // the interpreter itself gave up, as where there is no memory left
      tell("died", String(error.message ?? error).trim().split("\n").pop());
    }
  };
}

start().catch((error) => error instanceof SyntaxError ? tell("old") : tell("failed", String(error.message ?? error).slice(0, 200)));
