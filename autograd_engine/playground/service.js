// Keeps what was fetched once, so that the playground runs where there is no network.

const KEPT = "autograd_engine";

const ALL = [
  "./", "index.html", "playground.css", "wording.js", "playground.js", "worker.js", "codemirror.js", "codemirror.css", "python.js",
  "lessons.json", "autograd_engine.zip", "pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json",
];

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(ALL)));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET" || new URL(event.request.url).origin !== location.origin) return;
  event.respondWith(answered(event.request));
});

// The network's answer where there is one, as it may be newer; else what is kept.
async function answered(request) {
  const kept = await caches.open(KEPT);
  try {
    const found = await fetch(request);
    if (found.ok) await kept.put(request, found.clone());
    return found;
  } catch (error) {
    const before = await kept.match(request, { ignoreSearch: true });
    if (before) return before;
    throw error;
  }
}
