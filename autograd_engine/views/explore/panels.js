// The panels beside the picture: what happens at this step, what a value is, and the leaves.

const SCROLLER = { tabindex: "0", role: "region" }; // what is wider than its place is reached by keys

class Panels {
  constructor(program, on) {
    this.program = program;
    this.names = program.graph.names;
    this.on = on;
    this.L = this.names[program.output];
    this.buildLeaves();
  }

  // Names or numbers where a formula has holes.
  named(i) {
    return (hole) => (hole === 0 ? this.names[i] : this.names[this.program.operands[i][hole - 1]]);
  }

  counted(i) {
    const { data, operands } = this.program;
    return (hole) => short(data[hole === 0 ? i : operands[i][hole - 1]]);
  }

  slope(i) {
    return fraction(this.L, this.names[i]);
  }

  grad(i, view, value = view.gradient[i]) {
    return view.hides(i) ? "?" : short(value);
  }

  number(i, view, written = short) {
    return view.known(i) ? written(this.program.data[i]) : say`not computed yet`;
  }

  // One sentence on a value, for those who do not see the picture.
  sentence(i, view) {
    const { program } = this;
    const name = this.names[i];
    if (program.isConstant(i)) return say`${name}, constant`;
    const made = program.operands[i].length ? `${name} = ${this.made(i)}` : say`${name}, leaf`;
    return say`${made}, data ${this.number(i, view, exact)}, gradient ${view.hides(i) ? say`hidden` : exact(view.gradient[i])}`;
  }

  made(i, put = this.named(i)) {
    const rule = this.program.rule[i];
    if (rule.name === "opaque") return `${rule.symbol || "?"}(${this.program.operands[i].map((o) => this.names[o]).join(", ")})`;
    return formula(rule.formula, put);
  }

  // The card of the step.

  showStep(view) {
    const card = document.getElementById("card");
    const step = view.current;
    const parts = !step ? this.overview(view) : step.pass === "forward" ? this.forward(step, view)
      : step.pass === "seed" ? this.seed(view) : this.backward(step, view);
    card.className = `card ${step ? step.pass : "rest"}`;
    card.replaceChildren(...parts.filter(Boolean));
  }

  heading(eyebrow, title, said) {
    this.said = said ?? title;
    return [el("p", { class: "eyebrow" }, eyebrow), el("h2", { id: "card-title" }, title)];
  }

  overview(view) {
    const { program } = this;
    const i = program.output;
    if (view.steps === 0) {
      return [...this.heading(say`Start`, say`Only the leaves are known`),
        el("p", {}, say`The forward pass computes each value from its operands. Then the backward pass asks how much each of them moves the output.`)];
    }
    return [...this.heading(say`Both passes are done`, `${this.L} = ${this.number(i, view)}`),
      el("p", {}, say`Drag a leaf's slider: every value and gradient follows. Click a value in the graph to see where its gradient comes from.`),
      el("p", {}, el("button", { type: "button", class: "main", onclick: this.on.start }, say`Step through both passes`))];
  }

  forward(step, view) {
    const { program } = this;
    const i = step.node;
    const place = program.order(i) + 1;
    return [...this.heading(say`Forward pass, ${place} of ${program.passed}`, `${this.names[i]} = ${this.made(i)}`,
      `${this.names[i]} = ${this.made(i)} = ${short(program.data[i])}`),
      el("p", { class: "lines" },
        program.rule[i].name === "opaque" ? "" : el("span", {}, `= ${this.made(i, this.counted(i))}`),
        el("span", { class: "result" }, `= ${short(program.data[i])}`)),
      this.trouble(i), this.place(i)];
  }

  seed() {
    return [...this.heading(say`Backward pass, the start`, say`${this.L} moves with itself`, say`The gradient of ${this.L} is 1`),
      el("p", { class: "lines" }, el("span", {}, this.slope(this.program.output), " = ", el("b", {}, "1"))),
      el("p", {}, say`From here on, each value hands to its operands what they contribute to ${this.L}.`)];
  }

  backward(step, view) {
    const { program } = this;
    const { node, slot, operand } = step;
    const before = program.sweep(view.steps - 1);
    const adjoint = before[node], partial = program.partials[node][slot];
    const after = view.gradient[operand];
    const [to, by] = [this.names[operand], this.names[node]];
    const number = view.steps - program.passed - 1;
    const all = program.steps.length - program.passed - 1;
    const hidden = view.hides(operand);
    const blocked = adjoint === 0 && !program.honest;
    return [...this.heading(say`Backward pass, ${number} of ${all}`, say`${by} hands its gradient to ${to}`,
      say`${by} hands to ${to}: gradient ${this.grad(operand, view, before[operand])} becomes ${this.grad(operand, view)}`),
      el("div", { class: "equation scroll", ...SCROLLER, "aria-label": say`The step as an equation` },
        el("span", {}, this.slope(operand)), el("span", {}, "="), el("span", {}, "before"), el("span", {}, "+"),
        el("span", {}, this.slope(node)), el("span", {}, "·"), el("span", {}, fraction(by, to)),
        el("span", { class: "under" }), el("span", { class: "under" }, "="),
        el("span", { class: "under" }, this.grad(operand, view, before[operand])), el("span", { class: "under" }, "+"),
        el("span", { class: "under" }, this.grad(node, view, adjoint)), el("span", { class: "under" }, "·"), el("span", { class: "under" }, bracketed(short(partial))),
        el("span", {}), el("span", {}, "="), el("b", {}, this.grad(operand, view, after))),
      el("dl", {},
        this.row(say`partial`, fraction(by, to), this.partialText(node, slot)),
        this.row(say`adjoint`, this.slope(node), this.grad(node, view, adjoint)),
        this.row(say`contribution`, "", hidden || view.hides(node) ? "?" : blocked ? "0" : short(partial * adjoint)),
        this.row(say`gradient`, this.slope(operand), [this.grad(operand, view, before[operand]), " → ", el("b", {}, this.grad(operand, view, after))])),
      blocked && el("p", { class: "aside" }, say`An adjoint of 0 passes nothing on, whatever the partial is.`),
      program.isConstant(operand) && el("p", { class: "aside" }, say`A constant: its gradient is computed, and nobody asks for it.`),
      this.place(operand)];
  }

  row(what, symbol, value) {
    return el("div", {}, el("dt", {}, what), el("dd", {}, symbol, symbol ? " = " : "", value));
  }

  // A partial as its rule has it: with names, with numbers, and what that gives.
  partialText(node, slot) {
    const written = this.program.rule[node].partials[slot];
    const value = short(this.program.partials[node][slot]);
    if (!written || !written.length) return value;
    const steps = [formula(written, this.named(node)), formula(written, this.counted(node)), value];
    return steps.filter((text, k) => text !== steps[k - 1]).join(" = ");
  }

  trouble(i) {
    const said = this.program.refusals.get(i);
    return said && el("p", { class: "warning" }, `${this.made(i, this.counted(i))} ${said}`);
  }

  // Where a value is hidden in a folded box, a way to it.
  place(i) {
    const hidden = this.on.hiding(i);
    if (hidden < 0) return "";
    const [title] = this.program.graph.groups[hidden];
    return el("p", {}, el("button", { type: "button", onclick: () => this.on.reveal(i) }, say`Open ${title} to see ${this.names[i]}`));
  }

  // The card of a selected value.

  showSelected(view) {
    const card = document.getElementById("selected");
    const i = view.selected;
    card.classList.toggle("empty", i === null);
    if (i === null) {
      card.replaceChildren(el("h2", { id: "selected-title" }, say`Any value, explained`),
        el("p", {}, say`Click a value in the graph, or move to it and press Enter: its formula with the numbers, and its gradient as the sum over its uses.`));
      return;
    }
    const { program } = this;
    const leaf = !program.operands[i].length;
    const kind = program.isConstant(i) ? say`Constant` : leaf ? say`Leaf` : program.rule[i].name;
    card.replaceChildren(...[
      el("button", { type: "button", class: "close", "aria-label": say`× Close`, onclick: () => this.on.select(null) }, "×"),
      el("p", { class: "eyebrow" }, say`Selected: ${kind}`),
      el("h2", { id: "selected-title" }, leaf ? this.names[i] : `${this.names[i]} = ${this.made(i)}`),
      !leaf && program.rule[i].name !== "opaque" && el("p", { class: "lines" },
        view.known(i) ? el("span", {}, `= ${this.made(i, this.counted(i))}`) : "",
        el("span", { class: "result" }, `${view.known(i) ? "= " : ""}${this.number(i, view, exact)}`)),
      leaf && el("p", { class: "lines" }, el("span", { class: "result" }, `= ${exact(program.data[i])}`)),
      this.trouble(i),
      program.frozen.has(i) && el("p", { class: "warning" }, say`Frozen: this page cannot compute it anew.`),
      ...(program.isConstant(i) ? [el("p", {}, say`A constant: nobody asks for its gradient.`)] : this.sum(i, view)),
      this.place(i),
    ].filter(Boolean));
  }

  // The gradient, as the sum over the value's uses.
  sum(i, view) {
    const { program } = this;
    const uses = program.uses[i].filter(([node, slot]) => program.partials[node][slot] !== undefined).reverse();
    if (i === program.output) return [el("p", { class: "lines" }, el("span", {}, say`${this.slope(i)} = 1, since it is the output`))];
    const done = new Set(program.steps.slice(program.passed, view.steps).map((s) => `${s.node} ${s.slot}`));
    const shown = uses.slice(0, 12);
    const rows = shown.map(([node, slot]) => {
      const adjoint = program.gradient[node], partial = program.partials[node][slot];
      const made = done.has(`${node} ${slot}`);
      const product = adjoint === 0 ? "0" : short(adjoint * partial);
      const secret = view.hides(i) || view.hides(node);
      return el("tr", { class: made ? "" : "later" },
        el("td", {}, el("button", { type: "button", class: "link name", title: this.full(node), onclick: () => this.on.select(node) }, this.names[node])),
        el("td", {}, made ? (view.hides(node) ? "?" : short(adjoint)) : "·"),
        el("td", {}, view.known(node) ? short(partial) : "·"),
        el("td", {}, made ? (secret ? "?" : product) : say`not yet`));
    });
    const more = uses.length - shown.length;
    const count = uses.length === 1 ? say`one use` : say`${uses.length} uses`;
    return [
      el("p", {}, say`${this.slope(i)} is the sum over ${count}:`),
      el("div", { class: "scroll", ...SCROLLER, "aria-label": say`Its uses` }, el("table", {},
        el("thead", {}, el("tr", {}, [say`through`, say`adjoint`, say`· partial`, say`= part`].map((t) => el("th", { scope: "col" }, t)))),
        el("tbody", {}, rows, more > 0 ? el("tr", {}, el("td", { colspan: "4" }, say`and ${more} more uses`)) : ""),
        el("tfoot", {}, el("tr", {}, el("th", { scope: "row", colspan: "3" }, say`sum`), el("td", {}, this.grad(i, view)))))),
      view.hides(i) ? "" : el("p", { class: "exact" }, say`All digits: ${exact(view.gradient[i])}`),
    ];
  }

  // The leaves.

  buildLeaves() {
    const section = document.getElementById("leaves");
    const { leaves } = this.program;
    const many = leaves.length > 40;
    this.rows = leaves.map((leaf) => this.leafRow(leaf, many));
    section.replaceChildren(...[
      el("div", { class: "heading" }, el("h2", { id: "leaves-title" }, say`Leaves`),
        el("button", { type: "button", id: "reset", onclick: this.on.reset, disabled: true, "aria-keyshortcuts": "r" }, say`Reset`)),
      leaves.length > 12 && el("input", { type: "search", id: "filter", placeholder: say`find a leaf`, "aria-label": say`find a leaf`, oninput: (e) => this.filter(e.target.value) }),
      leaves.length
        ? el("div", { class: "columns", "aria-hidden": "true" }, el("span", {}, say`name`), el("span", {}, "data"), el("span", {}, say`gradient`))
        : el("p", {}, say`Nothing here can be changed: the graph has no leaves.`),
      ...this.byLayer(),
    ].filter(Boolean));
  }

  // Its name by the whole path in its model.
  full(i) {
    return fullName(this.program.graph, i);
  }

  // The layer in which it is by that name, or the module; "" where it is in none.
  layer(i) {
    return this.full(i) === this.names[i] ? "" : (/^.*?\.\d+(?=\.)|^.*(?=\.[^.]*$)/.exec(this.full(i)) ?? [""])[0];
  }

  // The rows, under the layer's name.
  byLayer() {
    const layers = new Map();
    for (const row of this.rows) {
      const title = this.layer(row.leaf);
      layers.set(title, [...(layers.get(title) ?? []), row.element]);
    }
    return [...layers].map(([title, rows]) => el("div", { class: "layer" },
      layers.size > 1 ? el("h3", {}, title || "others") : "", el("ul", { class: "rows" }, rows)));
  }

  leafRow(leaf, lazy) {
    const name = this.names[leaf], full = this.full(leaf);
    const row = { leaf };
    row.input = el("input", {
      type: "text", role: "spinbutton", "aria-label": name, autocomplete: "off", spellcheck: "false", inputmode: "text",
      oninput: (e) => this.type(row, e.target.value), onchange: (e) => this.type(row, e.target.value), onkeydown: (e) => this.nudge(row, e),
      onblur: () => this.settle(row), onfocus: () => row.slider || this.addSlider(row),
    });
    row.gradient = el("span", { class: "grad" });
    row.element = el("li", {},
      el("div", {}, el("button", { type: "button", class: "link name", onclick: () => this.on.select(leaf), "aria-label": say`${name}, explain`, title: full }, name),
        full === name ? "" : el("small", { title: full }, full.slice(this.layer(leaf).length).replace(/^\./, ""))),
      row.input, row.gradient);
    if (!lazy) this.addSlider(row);
    return row;
  }

  // Twice the number to either side, at least 1: a pixel or two for each of 200 steps.
  addSlider(row) {
    row.slider = el("input", {
      type: "range", "aria-label": say`slide ${this.names[row.leaf]}`, oninput: (e) => this.on.change(row.leaf, Number(e.target.value)),
    });
    this.reach(row);
    row.element.append(row.slider);
  }

  reach(row) {
    const value = this.program.data[row.leaf];
    const least = Math.max(1, Number.isFinite(value) ? 2 * Math.abs(value) : 0);
    const room = 10 ** Math.ceil(Math.log10(least) - 1e-9);
    const reach = [room / 5, room / 2, room].find((r) => r >= least) ?? room;
    row.step = Number((reach / 100).toPrecision(1));
    for (const [name, number] of Object.entries({ min: -reach, max: reach, step: row.step })) row.slider[name] = number;
    row.slider.value = Number.isFinite(value) ? value : 0;
  }

  type(row, text) {
    const value = typed(text);
    row.input.toggleAttribute("aria-invalid", value === undefined);
    if (value !== undefined) this.on.change(row.leaf, value);
  }

  nudge(row, event) {
    const steps = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (event.key === "Enter") this.settle(row);
    if (!steps) return;
    event.preventDefault();
    const value = this.program.data[row.leaf];
    const decimals = Math.max(0, -Math.floor(Math.log10(row.step)), (String(value).split(".")[1] ?? "").length);
    this.on.change(row.leaf, Number((value + steps * row.step).toFixed(Math.min(decimals, 17))));
    this.settle(row);
  }

  // What stands in the field is the number again.
  settle(row) {
    row.input.removeAttribute("aria-invalid");
    if (row.slider && Math.abs(this.program.data[row.leaf]) > row.slider.max) this.reach(row);
    row.input.value = exact(this.program.data[row.leaf]);
  }

  filter(text) {
    const wanted = text.trim().toLowerCase();
    for (const row of this.rows) row.element.hidden = ![this.names[row.leaf], this.full(row.leaf)].some((name) => name.toLowerCase().includes(wanted));
    for (const layer of document.querySelectorAll(".layer")) layer.hidden = !layer.querySelector("li:not([hidden])");
  }

  showLeaves(view) {
    for (const row of this.rows) {
      const value = this.program.data[row.leaf];
      if (document.activeElement !== row.input) {
        const text = exact(value);
        if (row.input.value !== text) row.input.value = text;
      }
      if (row.shown !== value) row.input.setAttribute("aria-valuenow", String(value));
      if (row.slider && Number(row.slider.value) !== value) row.slider.value = value;
      row.shown = value;
      const hidden = view.hides(row.leaf);
      put(row.gradient, hidden ? "?" : short(view.gradient[row.leaf]));
      row.gradient.title = hidden ? "" : exact(view.gradient[row.leaf]);
      row.element.classList.toggle("chosen", view.selected === row.leaf);
    }
    document.getElementById("reset").disabled = !this.program.changed;
  }

  // What is wrong with the numbers, if something is.

  showNotices() {
    const { program } = this;
    const said = [];
    if (this.stale && !program.changed) {
      said.push([say`A leaf was changed after the forward pass. Values and gradients are those that it recorded; they follow the leaves as soon as you move one.`]);
    }
    const own = [...new Set([...program.frozen].map((i) => program.rule[i].name))];
    if (own.length) said.push([say`Frozen: ${own.join(", ")} cannot be computed on this page. What it gave stays as it was, and so does its slope.`]);
    const troubles = [...program.refusals];
    for (const [i, why] of troubles.slice(0, 3)) {
      said.push([say`${el("b", {}, this.names[i])}: ${this.made(i, this.counted(i))} ${why}. Python raises an error here; what depends on it has no number.`].flat());
    }
    if (troubles.length > 3) said.push([say`${troubles.length - 3} more values have no result.`]);
    const text = JSON.stringify(said.map((parts) => parts.map((p) => p.textContent ?? p)));
    if (text === this.noticed) return;
    this.noticed = text;
    document.getElementById("notices").replaceChildren(...said.map((parts) => el("p", { class: "notice", role: "status" }, ...parts)));
  }
}
