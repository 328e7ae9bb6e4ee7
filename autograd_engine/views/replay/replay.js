// The page: one state, one way to show it, and what keys and buttons do to it.

const at = (id) => document.getElementById(id);
const contents = JSON.parse(at("data").textContent);
const runs = contents.runs.map((run) => new Run(run));
const timeline = [...new Set(runs.flatMap((run) => run.steps))].sort((a, b) => a - b);
const THEMES = ["auto", "light", "dark", "projector"];
const state = { place: 0, run: 0, selected: null, playing: 0, logarithmic: false };
const narrow = () => matchMedia("(max-width: 60rem)").matches;
const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
const grouped = (number) => number.toLocaleString("en");

const IN_SIGHT = narrow() ? 8 : 24; // so many boxes are open at first, about

class Graph extends Picture {
  constructor(...given) {
    super(...given);
    this.open = new Set([0]);
    let level = [0], boxes = this.groups[0].members.length;
    while (level.length) { // a level as a whole, or not at all
      level = level.flatMap((g) => this.groups[g].members.filter((m) => m < 0).map((m) => ~m));
      boxes += level.reduce((sum, g) => sum + this.groups[g].members.length - 1, 0);
      if (boxes > IN_SIGHT) break;
      level.forEach((g) => this.open.add(g));
    }
  }

  // Smaller than where one reads and edits: here one looks at the whole.
  fit() {
    super.fit();
    if (narrow()) return;
    const { clientWidth, clientHeight } = this.canvas;
    const whole = Math.min((clientWidth - 24) / this.width, (clientHeight - 24) / this.height);
    this.zoom = Math.min(this.zoom, Math.max(0.68 * rem(), whole));
    this.scale();
    this.follow([this.boxOf(this.program.output)]);
  }

  // Bars are to be compared between steps too, and small ones to be seen.
  drawBar(parts, gradient) {
    const most = this.program.steepest;
    super.drawBar(parts, Math.sign(gradient) * Math.sqrt(Math.abs(gradient) * most), most);
  }
}

// The picture of a run at its present shape, made when it is first shown.
function picture() {
  const run = runs[state.run], { take } = run;
  if (state.take !== take) {
    state.take = take;
    take.picture ??= new Graph(take, at("canvas"), { select, fold });
    take.picture.build();
    take.picture.fit();
    at("unfold").hidden = !take.picture.foldable;
    document.body.classList.toggle("has-folds", take.picture.foldable);
    nameUnfold();
  }
  return take.picture;
}

function show() {
  const step = timeline[state.place];
  for (const run of runs) run.go(step);
  const shown = picture(), { take } = runs[state.run];
  if (state.selected >= take.data.length) state.selected = null;
  shown.update({
    gradient: take.gradient, selected: state.selected, current: null,
    known: () => true, hides: () => false, sentence: (i) => sentence(take, i),
  });
  showTransport(step);
  showLosses(step);
  for (const plane of planes) plane.paint();
  showSelected(step);
}

function sentence(take, i) {
  const name = called(take, i), data = exact(take.data[i]);
  return take.isConstant(i) ? `constant ${name} = ${data}` : `${name}, data ${data}, gradient ${exact(take.gradient[i])}`;
}

// A value's name, with what it stands in.
function called(take, i) {
  const home = take.homes[i];
  return [...home.slice(-1), take.graph.names[i]].join(" · ");
}

// The transport.

function showTransport(step) {
  const last = timeline.length - 1;
  const epoch = Math.max(...runs.map((run) => run.epoch));
  at("scrub").max = last;
  at("scrub").value = state.place;
  at("scrub").setAttribute("aria-valuetext", `step ${step} of ${timeline[last]}, epoch ${epoch}`);
  put(at("counter"), `step ${grouped(step)} / ${grouped(timeline[last])}, epoch ${grouped(epoch)}`);
  at("first").disabled = at("back").disabled = state.place === 0;
  at("next").disabled = at("last").disabled = state.place === last;
  at("play").classList.toggle("running", Boolean(state.playing));
  put(at("play").querySelector("span"), state.playing ? "Pause" : "Play");
  at("play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
}

function go(place) {
  state.place = Math.min(timeline.length - 1, Math.max(0, place));
  show();
  remember();
}

// To the shown step nearest to this one.
function seek(step) {
  const near = timeline.reduce((best, number, place) =>
    Math.abs(number - step) < Math.abs(timeline[best] - step) ? place : best, 0);
  if (near !== state.place) go(near);
}

function play() {
  if (state.playing) return pause();
  if (state.place === timeline.length - 1) go(0);
  state.playing = setInterval(() => {
    go(state.place + 1);
    if (state.place === timeline.length - 1) pause();
  }, Math.max(60, Math.min(500, 14000 / timeline.length)));
  return show();
}

function pause() {
  clearInterval(state.playing);
  state.playing = 0;
  show();
}

// The losses: of the batches, thin; of the epochs, thick; the second run's dashed.

const curve = new Chart(at("curve"), { label: "Loss over the steps", seek, zero: true, height: 165 });

function lossSeries() {
  return runs.flatMap((run, k) => [
    { class: `run-${k} batch`, points: run.losses },
    { class: `run-${k} epoch`, points: run.course("loss") },
    { class: `run-${k} validation`, points: run.course("validation") },
  ]).filter((series) => series.points.length);
}

function showLosses(step) {
  const marks = runs.map((run, k) => [`run-${k}`, run.step, run.batch[run.frame]]);
  curve.mark(step, marks);
  const some = (name) => runs.some((run) => run.history[name].some((number) => number !== null));
  const differ = (what) => runs.some((run) => run[what] !== runs[0][what]);
  const cell = (number) => el("td", {}, number === null ? "–" : short(number));
  const line = (kind) => (run) => swatch(`run-${runs.indexOf(run)} ${kind}`);
  const rows = [
    differ("step") && ["step", (run) => el("td", {}, grouped(run.step))],
    differ("epoch") && ["epoch", (run) => el("td", {}, grouped(run.epoch))],
    ["loss of its batch", (run) => cell(run.batch[run.frame]), line("batch")],
    ["of the last epoch", (run) => cell(run.ended("loss")), line("epoch")],
    some("validation") && ["of validation data", (run) => cell(run.ended("validation")), line("validation")],
    some("accuracy") && ["accuracy in that epoch", (run) => percent(run.ended("accuracy"))],
    [`loss of sample ${grouped(runs[0].sample)}`, (run) => cell(run.loss)],
  ].filter(Boolean);
  const head = el("tr", {}, el("th", { class: "unseen" }, "of"), runs.map((run) => el("th", { scope: "col" }, run.name)));
  at("numbers").replaceChildren(
    el("thead", runs.length > 1 ? {} : { class: "unseen" }, head),
    el("tbody", {}, rows.map(([title, number, key]) =>
      el("tr", {}, el("th", { scope: "row" }, title, key ? runs.map(key) : ""), runs.map(number)))));
}

const percent = (share) => el("td", {}, share === null ? "–" : `${(100 * share).toFixed(1)} %`);

// A piece of a curve, as a key.
function swatch(kind) {
  return svg("svg", { class: "stroke", viewBox: "0 0 30 8", "aria-hidden": "true" }, svg("path", { class: `curve ${kind}`, d: "M0 4H30" }));
}

// The selected value over the training.

const charts = {};

function buildSelected() {
  const { selected, run } = state;
  const section = at("selected");
  section.classList.toggle("empty", selected === null);
  if (selected === null) {
    section.replaceChildren(el("p", { class: "aside", id: "selected-title" }, "Choose a value in the graph to follow it through the training."));
    return;
  }
  const { take } = runs[run];
  const rule = take.rule[selected];
  const names = (hole) => take.graph.names[hole === 0 ? selected : take.operands[selected][hole - 1]];
  const made = take.operands[selected].length && rule.formula ? formula(rule.formula, names) : "";
  const kinds = take.isConstant(selected) ? ["data"] : ["data", "gradients"];
  section.replaceChildren(
    el("h2", { id: "selected-title" }, called(take, selected)),
    el("button", { class: "close", type: "button", "aria-label": "Close", onclick: () => select(null) }, "×"),
    made ? el("p", { class: "lines" }, `= ${made}`) : "",
    ...kinds.flatMap((kind) => {
      const place = el("div", { class: "course" });
      charts[kind] = new Chart(place, { label: `${kind === "data" ? "Value" : "Gradient"} over the steps`, seek, height: 110 });
      return [el("h3", {}, kind === "data" ? "value" : "gradient", el("span", { class: "exact", id: `at-${kind}` })), place];
    }));
  for (const kind of kinds) charts[kind].show(courses(kind, selected));
}

// The same value in each run, where their graphs are alike.
function followed(i) {
  const mine = runs[state.run].take;
  return runs.map((run) => {
    const { take } = run;
    const alike = take.data.length === mine.data.length && take.graph.names[i] === mine.graph.names[i]
      && take.graph.rule[i] === mine.graph.rule[i];
    return alike ? take : null;
  });
}

function courses(kind, i) {
  return followed(i).flatMap((take, k) => !take ? [] : [{
    class: `run-${k} epoch`,
    points: take.frames.map((frame, row) => [runs[k].steps[frame], take.number(take.places[kind][i], row)]),
  }]);
}

function showSelected(step) {
  const i = state.selected;
  if (i === null) return;
  const takes = followed(i);
  for (const [kind, numbers] of [["data", "data"], ["gradients", "gradient"]]) {
    const said = at(`at-${kind}`);
    if (!said) continue;
    charts[kind].mark(step, takes.flatMap((take, k) => (take ? [[`run-${k}`, runs[k].step, take[numbers][i]]] : [])));
    const now = takes.flatMap((take, k) => (take ? [(runs.length > 1 ? `${runs[k].name}: ` : "") + exact(take[numbers][i])] : []));
    put(said, now.join("; "));
  }
}

function select(i) {
  state.selected = i === null || state.selected === i ? null : i;
  buildSelected();
  show();
  if (state.selected !== null) at("selected").scrollIntoView({ block: "nearest" });
}

// The graph.

function fold(g) {
  const shown = picture();
  const focused = shown.canvas.contains(document.activeElement);
  if (shown.open.has(g)) shown.open.delete(g);
  else shown.open.add(g);
  shown.build();
  nameUnfold();
  show();
  const stop = shown.stops.find((s) => s.key === `g${g}`);
  if (focused) stop.element.focus({ preventScroll: true });
  shown.follow([stop.element]);
}

const isShut = (shown) => shown.open.size < shown.groups.length;
const nameUnfold = () => put(at("unfold"), isShut(state.take.picture) ? "Open all" : "Close all");

function unfold() {
  const shown = picture();
  shown.open = new Set(isShut(shown) ? shown.groups.keys() : [0]);
  shown.build();
  show();
  shown.fit();
  nameUnfold();
}

function choose(run) {
  state.run = run;
  [...at("runs").children].forEach((button, k) => button.setAttribute("aria-pressed", String(k === run)));
  show();
  if (state.selected !== null) { buildSelected(); show(); }
}

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
