function logarithmic(wanted) {
  state.logarithmic = at("logarithmic").checked = wanted;
  curve.show(lossSeries(), wanted);
}

// Buttons and keys. On the slider only letters and signs are ours, on a button space presses it.

const tenth = Math.max(1, Math.round(timeline.length / 10));
const move = (by) => go(state.place + by);
const stage = new Stage({
  place: () => state.place,
  last: timeline.length - 1,
  every: Math.max(60, Math.min(500, 14000 / timeline.length)),
  go, move, show, select, seek, picture,
  step: () => timeline[state.place],
  dressed: () => {
    curve.build();
    if (state.selected !== null) Object.values(charts).forEach((chart) => chart.build());
    picture().fit();
    for (const plane of planes) plane.paint();
  },
  keys: {
    PageUp: () => move(tenth),
    PageDown: () => move(-tenth),
    g: () => runs.length > 1 && choose(1 - state.run),
    l: () => logarithmic(!state.logarithmic),
  },
  takes: ({ key, target }) => target.matches("select") || (key === " " && target.matches("input[type=checkbox], button"))
    || (target === at("scrub") && key !== " " && !/^[a-z?+=-]$/.test(key)),
});
at("logarithmic").addEventListener("change", (event) => logarithmic(event.target.checked));

// What is there from the start.

const planes = runs.filter((run) => run.plane).map((run) => new Plane(run, at("plane-list")));
at("planes").hidden = !planes.length;
at("plane-list").classList.toggle("two", planes.length > 1);
if (planes.length) {
  const { classes } = planes[0].plane;
  at("legend").replaceChildren(
    ...classes.map((name, k) => el("span", {}, el("i", { class: `shape class-${k % SHAPES.length}`, "aria-hidden": "true" }, SHAPES[k % SHAPES.length]), /^-?\d+$/.test(name) ? say`class ${name}` : shortened(name))),
    el("span", {}, el("i", { class: "shape", "aria-hidden": "true" }, "◯"), say`sample ${grouped(runs[0].sample)}`));
}
put(at("title"), say`Replay`);
put(at("summary"), counts(contents.description));
at("stage").setAttribute("aria-label", say`The graph of one sample's loss`);
at("runs").hidden = runs.length < 2;
document.body.classList.toggle("two-runs", runs.length > 1);
at("runs").append(...runs.map((run, k) =>
  el("button", { type: "button", "aria-pressed": String(k === 0), onclick: () => choose(k) }, run.name)));
curve.show(lossSeries());
buildSelected();
show();
stage.recall();

// For the curious, in the browser's console: replay.seek(40), replay.value("w.0").
const index = (name) => state.take.graph.names.indexOf(name);
globalThis.replay = {
  runs, timeline, seek,
  value: (name) => state.take.data[index(name)],
  gradient: (name) => state.take.gradient[index(name)],
};
