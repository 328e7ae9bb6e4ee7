// Themes; and the address, which keeps the step and the theme, so that a link leads to them.

const theme = () => document.documentElement.dataset.theme ?? "auto";

function dress(name) {
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  at("theme").value = name;
  curve.build();
  if (state.selected !== null) Object.values(charts).forEach((chart) => chart.build());
  picture().fit();
  for (const plane of planes) plane.paint();
}

function remember() {
  const parts = [`step=${timeline[state.place]}`];
  if (theme() !== "auto") parts.push(`theme=${theme()}`);
  try {
    history.replaceState(null, "", `#${parts.join("&")}`);
  } catch { /* inside a notebook there is no address */ }
}

function recall() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  if (THEMES.includes(wanted.get("theme"))) dress(wanted.get("theme"));
  const step = wanted.get("step");
  if (step !== null && /^\d+$/.test(step)) seek(Number(step));
}

function logarithmic(wanted) {
  state.logarithmic = at("logarithmic").checked = wanted;
  curve.show(lossSeries(), wanted);
}

// Buttons and keys. On a button space presses it, in a choice keys choose.

const press = (id, act) => at(id).addEventListener("click", act);
press("first", () => go(0));
press("back", () => go(state.place - 1));
press("next", () => go(state.place + 1));
press("last", () => go(timeline.length - 1));
press("play", play);
press("smaller", () => picture().resize(0.8));
press("larger", () => picture().resize(1.25));
press("fit", () => picture().fit());
press("unfold", unfold);
press("help", () => at("shortcuts").showModal());
at("scrub").addEventListener("input", (event) => go(Number(event.target.value)));
at("theme").addEventListener("change", (event) => { dress(event.target.value); remember(); });
at("logarithmic").addEventListener("change", (event) => logarithmic(event.target.checked));
addEventListener("hashchange", recall);
addEventListener("resize", () => picture().fit());
document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); at("scrub").focus(); });

const tenth = Math.max(1, Math.round(timeline.length / 10));
const KEYS = {
  ArrowRight: () => go(state.place + 1),
  ArrowLeft: () => go(state.place - 1),
  PageUp: () => go(state.place + tenth),
  PageDown: () => go(state.place - tenth),
  Home: () => go(0),
  End: () => go(timeline.length - 1),
  " ": play,
  g: () => runs.length > 1 && choose(1 - state.run),
  l: () => logarithmic(!state.logarithmic),
  t: () => { dress(THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]); remember(); },
  f: () => picture().fit(),
  "+": () => picture().resize(1.25),
  "=": () => picture().resize(1.25),
  "-": () => picture().resize(0.8),
  "?": () => at("shortcuts").showModal(),
  Escape: () => state.selected !== null && select(null),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || at("shortcuts").open) return;
  const { target } = event;
  const slides = target === at("scrub") && event.key !== " " && !/^[a-z?+=-]$/.test(event.key);
  if (slides || target.matches("select") || (target.matches("input[type=checkbox], button") && event.key === " ")) return;
  const inGraph = at("canvas").contains(target) && target !== at("canvas");
  if (inGraph && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    picture().walk(event.key === "ArrowDown" ? 1 : -1);
    return;
  }
  if (!KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

at("canvas").addEventListener("pointerdown", (event) => {
  if (event.pointerType !== "mouse" || event.button !== 0 || event.target.closest("[role=button]")) return;
  const canvas = at("canvas");
  const from = [event.clientX + canvas.scrollLeft, event.clientY + canvas.scrollTop];
  const drag = (e) => { canvas.scrollLeft = from[0] - e.clientX; canvas.scrollTop = from[1] - e.clientY; };
  canvas.classList.add("dragged");
  addEventListener("pointermove", drag);
  addEventListener("pointerup", () => {
    removeEventListener("pointermove", drag);
    canvas.classList.remove("dragged");
  }, { once: true });
});

// What is there from the start.

const planes = runs.filter((run) => run.plane).map((run) => new Plane(run, at("plane-list")));
at("planes").hidden = !planes.length;
at("plane-list").classList.toggle("two", planes.length > 1);
if (planes.length) {
  const { classes } = planes[0].plane;
  at("legend").replaceChildren(
    ...classes.map((name, k) => el("span", {}, el("i", { class: `shape class-${k % SHAPES.length}`, "aria-hidden": "true" }, SHAPES[k % SHAPES.length]), /^-?\d+$/.test(name) ? `class ${name}` : name)),
    el("span", {}, el("i", { class: "shape", "aria-hidden": "true" }, "◯"), `sample ${grouped(runs[0].sample)}`));
}
put(at("summary"), contents.description);
at("runs").hidden = runs.length < 2;
document.body.classList.toggle("two-runs", runs.length > 1);
at("runs").append(...runs.map((run, k) =>
  el("button", { type: "button", "aria-pressed": String(k === 0), onclick: () => choose(k) }, run.name)));
curve.show(lossSeries());
buildSelected();
show();
recall();

// For the curious, in the browser's console: replay.go(40), replay.value("w.0").
const index = (name) => state.take.graph.names.indexOf(name);
globalThis.replay = {
  runs, timeline, seek,
  value: (name) => state.take.data[index(name)],
  gradient: (name) => state.take.gradient[index(name)],
};
