// A run: its steps, and for each of them the numbers of its graph, as the engine found them.

// The graph in one shape, as the picture wants a program. `at` moves it to one of its frames.
class Take {
  constructor({ graph, frames, columns, data, gradients, partials }) {
    this.graph = graph;
    this.frames = frames;
    this.columns = floats(columns);
    this.places = { data, gradients, partials };
    this.operands = graph.operands;
    this.rule = graph.rule.map((i) => graph.rules[i]);
    this.output = graph.names.length - 1;
    this.frozen = new Set();
    this.refusals = new Map();
    this.homes = homes(groupsOf(graph));
    this.at(0);
  }

  isConstant(i) {
    return this.rule[i].name === "constant";
  }

  number(column, row) {
    return this.columns[column * this.frames.length + row];
  }

  at(row) {
    const read = (column) => this.number(column, row);
    this.data = this.places.data.map(read);
    this.gradient = this.places.gradients.map(read);
    this.partials = this.places.partials.map((given) => given.map(read));
  }

  course(kind, i) {
    return this.frames.map((_, row) => this.number(this.places[kind][i], row));
  }

  // The largest gradient of all steps: bars are to be compared between steps too.
  get steepest() {
    this.most ??= this.places.gradients.reduce((most, column) => {
      const here = this.frames.map((_, row) => Math.abs(this.number(column, row)));
      return Math.max(most, ...here.filter(Number.isFinite));
    }, 1e-300);
    return this.most;
  }
}

// For each value the titles of the groups around it, outermost first.
function homes(groups) {
  const found = [];
  const path = (g) => (g > 0 ? [...path(groups[g].parent), groups[g].title] : []);
  groups.forEach((group, g) => group.members.forEach((m) => { if (m >= 0) found[m] = path(g); }));
  return found;
}

class Run {
  constructor(data) {
    Object.assign(this, data);
    this.takes = data.takes.map((take) => new Take(take));
    this.cells = this.plane && bytes(this.plane.cells);
    this.where = [];
    this.takes.forEach((take) => take.frames.forEach((frame, row) => { this.where[frame] = [take, row]; }));
    this.go(this.steps[0]);
  }

  // To the latest shown step that is not after this one.
  go(step) {
    let frame = this.steps.findIndex((number) => number > step) - 1;
    if (frame === -2) frame = this.steps.length - 1;
    this.frame = Math.max(0, frame);
    const [take, row] = this.where[this.frame];
    this.take = take;
    take.at(row);
  }

  get step() { return this.steps[this.frame]; }
  get epoch() { return this.epochs[this.frame]; }
  get loss() { return this.take.data[this.take.output]; }

  get grid() {
    const size = this.plane.side ** 2;
    return this.cells.subarray(this.frame * size, (this.frame + 1) * size);
  }

  // The steps at which epochs ended, with a number of each.
  course(name) {
    return this.history[name].map((number, epoch) => [(epoch + 1) * this.each, number]);
  }

  // What the history says of the latest epoch that was over by now.
  ended(name) {
    return this.history[name][Math.floor(this.step / this.each) - 1] ?? null;
  }
}
