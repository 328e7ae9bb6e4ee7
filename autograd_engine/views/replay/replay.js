// The page: one state, one way to show it, and what keys and buttons do to it.

const contents = pageData;
const runs = contents.runs.map((run) => new Run(run));
const timeline = [...new Set(runs.flatMap((run) => run.steps))].sort((a, b) => a - b);
const state = { place: 0, run: 0, selected: null, logarithmic: false };
const grouped = (number) => number.toLocaleString("en");

class Graph extends Picture {
  get ways() {
    return super.ways.filter(([kind]) => kind !== "wide");
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
    take.picture ??= new Graph(take, at("canvas"), { select, fold: (g) => stage.fold(g) });
    if (take.picture.kept) take.picture.build();
    else take.picture.arrange();
    take.picture.fit();
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
  showNetwork(take);
  showTransport(step);
  showLosses(step);
  for (const plane of planes) plane.paint();
  showSelected(step);
}

// Of a model that branches, the network of each shape; its responses where there is a plane.
function showNetwork(take) {
  const { network, names } = take.graph;
  const made = network && (take.network ??= new Network(at("side"), names, { select, limits: runs[state.run].plane }));
  for (const run of runs) for (const other of run.takes) if (other.network) other.network.section.hidden = other !== take;
  if (made && made.network !== network) made.build(network);
  made?.update(take, take.gradient);
}

function sentence(take, i) {
  const name = called(take, i), data = exact(take.data[i]);
  return take.isConstant(i) ? say`${name}, constant, data ${data}` : say`${name}, data ${data}, gradient ${exact(take.gradient[i])}`;
}

// A value's name, with what it stands in.
function called(take, i) {
  const home = take.homes[i];
  return [...home.slice(-1), take.graph.names[i]].join(" · ");
}

function showTransport(step) {
  const last = timeline.length - 1;
  const epoch = Math.max(...runs.map((run) => run.epoch));
  stage.show({
    said: say`step ${step} of ${timeline[last]}, epoch ${epoch}`,
    counted: say`step ${grouped(step)} / ${grouped(timeline[last])}, epoch ${grouped(epoch)}`,
    ended: state.place === last,
  });
}

function go(place) {
  state.place = Math.min(timeline.length - 1, Math.max(0, place));
  show();
  stage.remember();
}

// To the shown step nearest to this one.
function seek(step) {
  const near = timeline.reduce((best, number, place) =>
    Math.abs(number - step) < Math.abs(timeline[best] - step) ? place : best, 0);
  if (near !== state.place) go(near);
}

function choose(run) {
  state.run = run;
  [...at("runs").children].forEach((button, k) => button.setAttribute("aria-pressed", String(k === run)));
  show();
  if (state.selected !== null) { buildSelected(); show(); }
}
