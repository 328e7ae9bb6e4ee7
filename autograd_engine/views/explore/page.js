// The page: one state, one way to show it, and what keys and buttons do to it.

const graphData = JSON.parse(document.getElementById("data").textContent);
const program = new Program(graphData);
const at = (id) => document.getElementById(id);
const state = { steps: program.steps.length, resting: true, selected: null, playing: 0 };
const THEMES = ["auto", "light", "dark", "projector"];

const picture = new Picture(program, at("canvas"), { select, fold });
const panels = new Panels(program, {
  select,
  start: () => { go(0); at("next").focus(); },
  change, reset,
  hiding: (i) => picture.hiding(i),
  reveal: (i) => { picture.reveal(i); picture.build(); show(); picture.follow([picture.boxOf(i)]); },
});
const quiz = new Quiz(program, graphData.names, {
  answered: (text) => { show(); announce(text); focusQuiz(); },
  another: () => { quiz.next(); show(); focusQuiz(); },
});

function view() {
  const { steps, selected } = state;
  const made = {
    steps, selected,
    current: state.resting || steps === 0 ? null : program.steps[steps - 1],
    gradient: steps === program.steps.length ? program.gradient : program.sweep(steps),
    known: (i) => program.isKnown(i, steps),
    hides: (i) => quiz.hides(i),
    asked: quiz.active ? quiz.question : null,
  };
  made.sentence = (i) => panels.sentence(i, made);
  return made;
}

function show() {
  const now = view();
  picture.update(now);
  panels.showStep(now);
  panels.showSelected(now);
  panels.showLeaves(now);
  panels.showNotices(now);
  quiz.show();
  showTransport(now);
}

function showTransport({ steps }) {
  const all = program.steps.length;
  at("scrub").max = all;
  at("scrub").value = steps;
  const inForward = steps <= program.passed;
  const pass = state.resting ? "both passes done" : steps === 0 ? "start" : inForward ? "forward pass" : "backward pass";
  at("scrub").setAttribute("aria-valuetext", `step ${steps} of ${all}, ${pass}`);
  put(at("counter"), `${steps} / ${all}`);
  document.querySelector(".passes").style.setProperty("--turn", all ? program.passed / all : 0);
  at("transport").dataset.pass = state.resting ? "rest" : inForward ? "forward" : "backward";
  at("first").disabled = at("back").disabled = steps === 0;
  at("next").disabled = at("last").disabled = steps === all && !state.resting;
  at("play").classList.toggle("running", Boolean(state.playing));
  put(at("play").querySelector("span"), state.playing ? "Pause" : "Play");
  at("play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
}

function announce(text) {
  put(at("announcer"), text);
}

// Moving through the steps.

function go(steps, { quiet = false } = {}) {
  state.steps = Math.min(program.steps.length, Math.max(0, steps));
  state.resting = false;
  show();
  picture.follow();
  if (!quiet) announce(panels.said);
  remember();
}

function move(by) {
  if (state.resting && by > 0) return go(program.steps.length);
  return go(state.steps + by);
}

function play() {
  if (state.playing) return pause();
  if (state.steps === program.steps.length) go(0);
  const stride = Math.ceil(program.steps.length / 600);
  state.playing = setInterval(() => {
    go(state.steps + stride);
    if (state.steps === program.steps.length) pause();
  }, Math.max(60, Math.min(900, 30000 / program.steps.length)));
  return show();
}

function pause() {
  clearInterval(state.playing);
  state.playing = 0;
  show();
}

// The address keeps the step and the theme, so that a link leads to them.
function remember() {
  const parts = [];
  if (!state.resting) parts.push(`step=${state.steps}`);
  if (theme() !== "auto") parts.push(`theme=${theme()}`);
  try {
    history.replaceState(null, "", parts.length ? `#${parts.join("&")}` : "#");
  } catch { /* inside a notebook there is no address */ }
}

function recall() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  if (THEMES.includes(wanted.get("theme"))) dress(wanted.get("theme"));
  const step = wanted.get("step");
  if (step !== null && /^\d+$/.test(step)) go(Number(step));
}

// Values and leaves.

function select(i) {
  state.selected = state.selected === i ? null : i;
  if (i !== null) quiz.ask(i);
  show();
  if (i !== null && state.selected === i) {
    announce(panels.sentence(i, view()));
    if (narrow()) at("selected").scrollIntoView({ block: "nearest" });
  }
}

function fold(g) {
  const focused = picture.canvas.contains(document.activeElement);
  if (picture.open.has(g)) picture.open.delete(g);
  else {
    picture.open.add(g);
    picture.zoom = Math.max(picture.zoom, 0.9); // what one asks to see, one can read
  }
  picture.build();
  show();
  const stop = picture.stops.find((s) => s.key === `g${g}`);
  if (focused) stop.element.focus({ preventScroll: true });
  const inside = picture.open.has(g) ? picture.boxOf(picture.firstInside(g)) : undefined;
  picture.follow([stop.element, inside]);
}

let waiting = 0, announcing = 0;

// A dragged slider moves more often than the screen shows: once for each picture is enough.
function change(leaf, value) {
  program.set(leaf, value);
  if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; show(); });
  clearTimeout(announcing);
  const name = graphData.names[leaf];
  announcing = setTimeout(() => announce(`${name} = ${short(program.data[leaf])}, ${panels.L} = ${short(program.data[program.output])}`), 400);
}

function reset() {
  program.reset();
  show();
  for (const row of panels.rows) panels.settle(row);
  announce("The leaves are as they were.");
}

function focusQuiz() {
  if (quiz.active) picture.follow([picture.boxOf(quiz.question)]);
  const field = at("guess");
  if (field && !field.disabled) field.focus();
  else (at("another") ?? at("quiz")).focus();
}

// Themes, and the size of the window.

const theme = () => document.documentElement.dataset.theme ?? "auto";

function dress(name) {
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  at("theme").value = name;
  picture.fit();
}

const narrow = () => matchMedia("(max-width: 52rem)").matches;

// Where much is open, what scrolls into sight is brought up to date.
let scrolled = 0;
at("canvas").addEventListener("scroll", () => {
  if (picture.values.size > FEW && !scrolled) scrolled = requestAnimationFrame(() => { scrolled = 0; picture.update(view()); });
});

// Buttons.

const press = (id, act) => at(id).addEventListener("click", act);
press("first", () => go(0));
press("back", () => move(-1));
press("next", () => move(1));
press("last", () => go(program.steps.length));
press("play", play);
press("smaller", () => picture.resize(0.8));
press("larger", () => picture.resize(1.25));
press("fit", () => picture.fit());
press("unfold", () => {
  const shut = picture.open.size < picture.groups.length;
  picture.open = new Set(shut ? picture.groups.keys() : [0]);
  picture.build();
  show();
  picture.fit();
  put(at("unfold"), shut ? "Close all" : "Open all");
});
press("quiz", () => { quiz.toggle(); show(); if (quiz.active) focusQuiz(); });
press("help", () => at("shortcuts").showModal());
at("theme").addEventListener("change", (e) => { dress(e.target.value); remember(); });
at("scrub").addEventListener("input", (e) => go(Number(e.target.value)));
addEventListener("hashchange", recall);
for (const link of document.querySelectorAll(".skip")) {
  link.addEventListener("click", (e) => {
    e.preventDefault();
    const target = at(link.getAttribute("href").slice(1));
    (target.querySelector("[tabindex='0'], input") ?? target).focus();
  });
}

// Keys. In a field they write, and on a button space presses it.

const KEYS = {
  ArrowRight: () => move(1),
  ArrowLeft: () => move(-1),
  Home: () => go(0),
  End: () => go(program.steps.length),
  " ": play,
  p: () => at("quiz").click(),
  r: reset,
  t: () => { dress(THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]); remember(); },
  f: () => picture.fit(),
  "+": () => picture.resize(1.25),
  "=": () => picture.resize(1.25),
  "-": () => picture.resize(0.8),
  "?": () => at("shortcuts").showModal(),
  Escape: () => state.selected !== null && select(null),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || at("shortcuts").open) return;
  if (event.target.matches("input, select, textarea")) return;
  const inGraph = picture.canvas.contains(event.target) && event.target !== picture.canvas;
  if (inGraph && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    picture.walk(event.key === "ArrowDown" ? 1 : -1);
    return;
  }
  if (event.key === " " && event.target.matches("button")) return;
  if (!KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

// The picture is dragged by its background.

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

put(at("title"), graphData.labelled[program.output] ? `Explore ${panels.L}` : "Explore");
put(at("summary"), graphData.description);
at("unfold").hidden = !picture.foldable;
put(at("unfold"), graphData.open ? "Close all" : "Open all");
document.body.classList.toggle("has-folds", picture.foldable);
panels.stale = program.isStale();
picture.build();
document.body.classList.toggle("wide", !picture.foldable && picture.width > 2 * picture.height);
show();
picture.fit();
for (const row of panels.rows) panels.settle(row);
recall();
let width = innerWidth, height = innerHeight;
addEventListener("resize", () => { // a phone's address bar comes and goes: that is no reason
  if (width === innerWidth && Math.abs(height - innerHeight) < 150) return;
  [width, height] = [innerWidth, innerHeight]; // a notebook's frame may get its height late
  picture.fit();
  picture.follow();
});

// For the curious, in the browser's console: explorer.value("a"), explorer.gradient("a").
const index = (name) => graphData.names.indexOf(name);
globalThis.explorer = {
  program,
  names: graphData.names,
  value: (name) => program.data[index(name)],
  gradient: (name) => program.gradient[index(name)],
  set: (name, number) => { program.set(index(name), number); show(); },
};
