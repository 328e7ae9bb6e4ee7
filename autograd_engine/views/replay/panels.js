// The panels beside the graph: the losses, and the selected value.

// The losses: of the batches, thin; of the epochs, thick; the second run's dashed.

const curve = new Chart(at("curve"), { label: say`Loss over the steps`, seek, zero: true, height: 165 });

function lossSeries() {
  return runs.flatMap((run, k) => [
    { class: `run-${k} batch`, points: run.losses },
    { class: `run-${k} epoch`, points: run.course("loss") },
    { class: `run-${k} validation`, points: run.course("validation_loss") },
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
    differ("step") && [say`step`, (run) => el("td", {}, grouped(run.step))],
    differ("epoch") && [say`epoch`, (run) => el("td", {}, grouped(run.epoch))],
    [say`loss of its batch`, (run) => cell(run.batch[run.frame]), line("batch")],
    [say`of the last epoch`, (run) => cell(run.ended("loss")), line("epoch")],
    some("validation_loss") && [say`of validation data`, (run) => cell(run.ended("validation_loss")), line("validation")],
    some("accuracy") && [say`accuracy in that epoch`, (run) => percent(run.ended("accuracy"))],
    [say`loss of sample ${grouped(runs[0].sample)}`, (run) => cell(run.loss)],
  ].filter(Boolean);
  const head = el("tr", {}, el("th", { class: "unseen" }, say`of`), runs.map((run) => el("th", { scope: "col" }, run.name || say`this run`)));
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
    section.replaceChildren(el("p", { class: "aside", id: "selected-title" }, say`Choose a value in the graph to follow it through the training.`));
    return;
  }
  const { take } = runs[run];
  const rule = take.rule[selected];
  const names = (hole) => take.graph.names[hole === 0 ? selected : take.operands[selected][hole - 1]];
  const made = take.operands[selected].length && rule.formula ? formula(rule.formula, names) : "";
  const kinds = take.isConstant(selected) ? ["data"] : ["data", "gradients"];
  section.replaceChildren(
    el("h2", { id: "selected-title" }, called(take, selected)),
    el("button", { class: "close", type: "button", "aria-label": say`× Close`, onclick: () => select(null) }, "×"),
    made ? el("p", { class: "lines" }, `= ${made}`) : "",
    ...kinds.flatMap((kind) => {
      const place = el("div", { class: "course" });
      charts[kind] = new Chart(place, { label: kind === "data" ? say`Value over the steps` : say`Gradient over the steps`, seek, height: 110 });
      return [el("h3", {}, kind === "data" ? say`value` : say`gradient`, el("span", { class: "exact", id: `at-${kind}` })), place];
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
