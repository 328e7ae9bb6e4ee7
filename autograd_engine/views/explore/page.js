// The page: one state, one way to show it, and what keys and buttons do to it.

const graphData = pageData;
const program = new Program(graphData);
const state = { steps: program.steps.length, resting: true, selected: null };

const picture = new Picture(program, at("canvas"), { select, fold });
const panels = new Panels(program, {
  select,
  start: () => { go(0); at("next").focus(); },
  change, reset,
  hiding: (i) => picture.hiding(i),
  reveal: (i) => { picture.reveal(i); picture.build(); show(); picture.follow([picture.boxOf(i)]); },
});
const quiz = new Quiz(program, graphData.names, {
  answered: (text) => { finish(); show(); announce(text); focusQuiz(); },
  another: () => { quiz.next(); show(); focusQuiz(); },
});

const network = graphData.network && new Network(at("side"), graphData.names, { select });
network?.build(graphData.network);

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
  network?.update(program, now.gradient, now.hides);
  quiz.show();
  showTransport(now);
}

function showTransport({ steps }) {
  const all = program.steps.length;
  const inForward = steps <= program.passed;
  const pass = state.resting ? say`both passes done` : steps === 0 ? "start" : inForward ? say`forward pass` : say`backward pass`;
  stage.show({ said: say`step ${steps} of ${all}, ${pass}`, counted: `${steps} / ${all}`, ended: steps === all && !state.resting });
  document.querySelector(".passes").style.setProperty("--turn", all ? program.passed / all : 0);
  at("transport").dataset.pass = state.resting ? "rest" : inForward ? "forward" : "backward";
}

function announce(text) {
  put(at("announcer"), text);
}

// Moving through the steps.

function go(steps) {
  state.steps = Math.min(program.steps.length, Math.max(0, steps));
  state.resting = false;
  quiz.forget();
  show();
  picture.follow();
  announce(panels.said);
  stage.remember();
}

// What was asked for is the gradient that both passes end with: an answer shows that one.
function finish() {
  if (!quiz.done || state.steps === program.steps.length) return;
  Object.assign(state, { steps: program.steps.length, resting: true });
  stage.remember();
}

function move(by) {
  if (state.resting && by > 0) return go(program.steps.length);
  return go(state.steps + by);
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
  if (!picture.open.has(g)) picture.zoom = Math.max(picture.zoom, picture.readable); // what one asks to see, one can read
  stage.fold(g);
  if (picture.open.has(g)) picture.follow([picture.boxOf(picture.firstInside(g))]);
}

let waiting = 0, later = 0, dragged = -1;

// A dragged slider moves more often than the screen shows: once for each picture is enough.
function change(leaf, value) {
  dragged = leaf;
  program.set([[leaf, value]]);
  quiz.forget();
  if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; show(); tell(); });
  if (!later) stage.remember();
  clearTimeout(later);
  later = setTimeout(() => {
    later = 0;
    follow(told);
    stage.remember();
    announce(`${graphData.names[leaf]} = ${short(program.data[leaf])}, ${panels.L} = ${panels.number(program.output, view())}`);
  }, 400);
}

// The leaves as the address has them: their numbers by name.
function restore(given) {
  const wanted = program.leaves.map((leaf) => [leaf, typed(given.get(graphData.names[leaf]) ?? "")]);
  const found = wanted.filter(([, value]) => value !== undefined);
  if (program.changed) program.reset();
  if (found.length) program.set(found);
  refresh();
}

function refresh() {
  quiz.forget();
  show();
  for (const row of panels.rows) panels.settle(row);
}

// Inside a widget the leaves are those of Python: what moves here moves there, and the other way round.
function tell() {
  if (parent !== globalThis) parent.postMessage({ leaves: program.leaves.map((leaf) => program.data[leaf]) }, "*");
}

let told = null; // by Python, while a leaf is dragged here: the others follow at once

function follow(leaves) {
  told = leaves;
  if (!told) return;
  const found = told.map((number, k) => [program.leaves[k], number]);
  program.set(found.filter(([leaf]) => !later || leaf !== dragged));
  if (later) return show();
  told = null;
  refresh();
}

addEventListener("message", ({ source, data }) => {
  if (source === parent && Array.isArray(data?.leaves)) follow(data.leaves);
});

function reset() {
  program.reset();
  refresh();
  tell();
  stage.remember();
  announce(say`The leaves are as they were.`);
}

function focusQuiz() {
  if (quiz.active) picture.follow([picture.boxOf(quiz.question)]);
  const field = at("guess");
  if (field && !field.disabled) field.focus();
  else (at("another") ?? at("quiz")).focus();
}

// Buttons and keys. In a field keys write, and on a button space presses it.

const stage = new Stage({
  place: () => state.steps,
  last: program.steps.length,
  every: Math.max(60, Math.min(900, 30000 / program.steps.length)),
  go, move, show, select,
  seek: go,
  step: () => (state.resting ? null : state.steps),
  numbers: () => program.leaves.filter((leaf) => program.moved(leaf)).map((leaf) => [graphData.names[leaf], exact(program.data[leaf])]),
  restore,
  picture: () => picture,
  dressed: () => picture.fit(),
  keys: { p: () => at("quiz").click(), r: reset },
  takes: ({ key, target }) => target.matches("input, select, textarea") || (key === " " && target.matches("button")),
});
at("quiz").addEventListener("click", () => { quiz.toggle(); show(); if (quiz.active) focusQuiz(); });

put(at("title"), graphData.called ? say`Explore ${panels.L}` : say`Explore`);
put(at("summary"), counts(program.graph.description));
panels.stale = program.isStale();
at("title").title = at("title").textContent;
picture.build();
stage.recall();
stage.settle();

// For the curious, in the browser's console: explorer.value("a"), explorer.gradient("a").
const index = (name) => graphData.names.indexOf(name);
globalThis.explorer = {
  program,
  names: graphData.names,
  value: (name) => program.data[index(name)],
  gradient: (name) => program.gradient[index(name)],
  set: (name, number) => { program.set([[index(name), number]]); refresh(); },
};
