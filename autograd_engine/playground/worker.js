// Python, apart from the page: so that Stop works at once, and typing never waits.

import { loadPyodide } from "./pyodide.mjs";

const say = (kind, text) => postMessage({ kind, text });

async function start() {
  const python = await loadPyodide({ indexURL: new URL(".", import.meta.url).href });
  python.setStdout({ write: (bytes) => { say("print", new TextDecoder().decode(bytes)); return bytes.length; } });
  python.setStderr({ write: (bytes) => { say("print", new TextDecoder().decode(bytes)); return bytes.length; } });
  const archive = await (await fetch(new URL("autograd_engine.zip", import.meta.url))).arrayBuffer();
  python.unpackArchive(archive, "zip", { extractDir: python.runPython("import site; site.getsitepackages()[0]") });
  const { run } = python.pyimport("autograd_engine.playground.running");
  say("ready");
  onmessage = ({ data }) => {
    try {
      say("done", run(data, say));
    } catch (error) { // the interpreter itself gave up, as where there is no memory left
      say("died", String(error.message ?? error).trim().split("\n").pop());
    }
  };
}

start().catch((error) => say("failed", String(error.message ?? error)));
