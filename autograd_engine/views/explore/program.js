// The graph as a program: the forward pass, the sweep back, and the steps that both consist of.

class Program {
  constructor(graph) {
    this.graph = graph;
    this.size = graph.names.length;
    this.output = this.size - 1;
    this.operands = graph.operands;
    this.rule = graph.rule.map((i) => ({ ...graph.rules[i], code: RULES[i] }));
    this.uses = graph.names.map(() => []); // for each value: [who uses it, as which operand]
    this.operands.forEach((given, i) => given.forEach((operand, slot) => this.uses[operand].push([i, slot])));
    this.leaves = this.all((i) => this.rule[i].name === "leaf");
    this.computed = this.all((i) => this.operands[i].length > 0);
    this.frozen = new Set(this.computed.filter((i) => !this.rule[i].code));
    this.steps = this.listSteps();
    this.passed = this.computed.length; // so many steps make the forward pass
    this.honest = this.rule.some((rule) => rule.name === "azmul"); // the graph holds derivatives
    this.reset();
  }

  all(test) {
    return this.graph.names.map((_, i) => i).filter(test);
  }

  isConstant(i) {
    return this.rule[i].name === "constant";
  }

  // The forward pass value by value, the seed, then what each value passes to each operand.
  listSteps() {
    const forward = this.computed.map((node) => ({ pass: "forward", node }));
    const backward = [...this.computed].reverse().flatMap((node) =>
      this.graph.partials[node].map((_, slot) => ({ pass: "backward", node, slot, operand: this.operands[node][slot] })));
    return [...forward, { pass: "seed", node: this.output }, ...backward];
  }

  // Back to the numbers that the forward pass recorded.
  reset() {
    const columns = floats(this.graph.columns), recorded = (place) => columns[place];
    this.data = Float64Array.from(this.graph.data, recorded);
    this.start = this.data.slice();
    this.partials = this.graph.partials.map((given) => given.map(recorded));
    this.refusals = new Map();
    this.changed = false;
    this.gradient = this.sweep();
  }

  // Leaves and their new numbers.
  set(pairs) {
    for (const [leaf, value] of pairs) this.data[leaf] = value;
    this.changed = true;
    this.compute();
    this.gradient = this.sweep();
  }

  moved(leaf) {
    return !Object.is(this.data[leaf], this.start[leaf]);
  }

  compute() {
    const { data, partials, operands } = this;
    this.refusals.clear();
    for (const i of this.computed) {
      const code = this.rule[i].code;
      if (!code) continue; // frozen
      const given = operands[i].map((operand) => data[operand]);
      data[i] = this.attempt(i, () => code.forward(...given), (limit) => limit);
      partials[i] = this.attempt(i, () => code.partials(data[i], ...given), () => given.map(() => NaN));
    }
  }

  // What a function gives, or what stands for it where Python raises an error, whose reason is kept.
  attempt(i, compute, instead) {
    try {
      return compute();
    } catch (error) {
      const [limit, said] = refusal(error);
      if (!this.refusals.has(i)) this.refusals.set(i, words[said] ?? said);
      return instead(limit);
    }
  }

  // Every gradient after so many steps of both passes. An adjoint of exactly 0 passes nothing
  // on, not even to an infinite partial, unless the graph holds derivatives; order as the engine's.
  sweep(steps = this.steps.length) {
    const gradient = new Float64Array(this.size);
    for (let k = this.passed; k < steps; k++) {
      const { pass, node, slot, operand } = this.steps[k];
      if (pass === "seed") gradient[node] = 1;
      else if (gradient[node] !== 0 || this.honest) gradient[operand] += this.partials[node][slot] * gradient[node];
    }
    return gradient;
  }

  // Which values are known after so many steps: those that nobody computes always are.
  isKnown(i, steps) {
    return this.operands[i].length === 0 || this.order(i) < steps;
  }

  order(i) {
    if (!this.places) this.places = new Map(this.computed.map((node, place) => [node, place]));
    return this.places.get(i);
  }

  // Whether the recorded numbers differ from what the leaves give now: a leaf was changed since.
  isStale() {
    const again = Object.create(Program.prototype);
    Object.assign(again, this, { data: this.data.slice(), partials: this.partials.map((p) => [...p]), refusals: new Map() });
    again.compute();
    return this.computed.some((i) => {
      const [one, other] = [this.data[i], again.data[i]];
      return Math.abs(one - other) > 1e-6 * Math.max(Math.abs(one), Math.abs(other));
    });
  }
}
