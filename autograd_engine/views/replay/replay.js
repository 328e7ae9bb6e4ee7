// The page: one state, one way to show it, and what keys and buttons do to it.

const at = (id) => document.getElementById(id);
const contents = JSON.parse(at("data").textContent);
const runs = contents.runs.map((run) => new Run(run));
const timeline = [...new Set(runs.flatMap((run) => run.steps))].sort((a, b) => a - b);
const THEMES = ["auto", "light", "dark", "projector"];
const state = { place: 0, run: 0, selected: null, playing: 0, logarithmic: false };
const narrow = () => matchMedia("(max-width: 52rem)").matches;
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
