// The network beside the graph: units in layers, weights as edges, and the long vector of all
// gradients, of which each edge has one entry. Where the model has two inputs, and the page the
// rules to compute them, each unit shows its response all over their plane.

const GRID = 12, WHOLE = 20, ENDS = 5;

class Network {
  constructor(parent, names, on) {
    this.names = names;
    this.on = on;
    this.said = el("p", { class: "said" });
    this.sheet = el("div", { class: "sheet" });
    this.strip = svg("svg", { class: "strip", preserveAspectRatio: "none", "aria-hidden": "true" });
    this.entry = el("input", {
      type: "range", min: 1, "aria-label": say`Entry of the gradient`,
      oninput: () => this.pick(this.entries[this.entry.value - 1]),
      onkeydown: (event) => { if (/^(Arrow|Page|Home|End)/.test(event.key)) event.stopPropagation(); }, // the page steps by these
    });
    this.section = el("section", { class: "network panel", "aria-label": say`Network` }, el("h2", {}, say`Network`), this.sheet, this.strip, this.entry, this.said);
    parent.append(this.section);
    this.strip.addEventListener("pointermove", (event) => {
      const box = this.strip.getBoundingClientRect();
      this.pick(this.entries[Math.min(this.entries.length - 1, Math.floor(((event.clientX - box.left) / box.width) * this.entries.length))]);
    });
  }

  build(network) {
    this.network = network;
    const { inputs, layers, order } = network;
    const columns = [inputs.map((i) => ({ i })), ...layers.map((layer) => layer.units.map(([index, i]) => ({ i, index, layer })))];
    const tall = Math.min(WHOLE, Math.max(...columns.map((c) => c.length)));
    this.pitch = Math.max(22, Math.min(46, 300 / tall));
    this.r = this.pitch * 0.42;
    this.width = 360;
    this.height = (tall + 0.6) * this.pitch;
    const step = (this.width - 2 * this.r - 24) / (columns.length - 1);
    this.units = [];
    const edges = svg("g", { class: "edges" }), marks = svg("g", { class: "units" });
    const seats = columns.map((column, c) => this.rows(column.length).map((row, at, all) => {
      const place = { x: this.r + 12 + c * step, y: this.height / 2 + (at - (all.length - 1) / 2) * this.pitch, row };
      if (row === null) {
        marks.append(svg("text", { x: place.x, y: place.y + 4 }, `⋮ ${column.length - 2 * ENDS} more`));
        return place;
      }
      const mark = svg("rect", { x: place.x - this.r, y: place.y - this.r, width: 2 * this.r, height: 2 * this.r, rx: this.responds && c ? 2 : this.r });
      marks.append(mark);
      const called = this.names[column[row].i].replace(/⁽.*$/, "");
      if (called.length < 4 && this.r > 11 && !(this.responds && c)) marks.append(svg("text", { x: place.x, y: place.y + 4 }, called));
      this.units.push({ ...place, ...column[row], mark, c });
      return place;
    }).filter((place) => place.row !== null));
    this.edges = [];
    const add = (i, full, x0, y0, x1, y1, kind) => {
      const line = svg("path", { d: `M${x0} ${y0}L${x1} ${y1}` });
      edges.append(line);
      this.edges.push({ i, full, line, x0, y0, x1, y1, kind });
    };
    layers.forEach(({ path, units }, k) => {
      for (const { row, x, y } of seats[k + 1]) {
        const [index, , bias, weights] = units[row];
        const home = [path, units.length > 1 || path ? `neurons.${index}` : ""].filter(Boolean).join(".");
        for (const from of seats[k]) if (weights[from.row] >= 0) add(weights[from.row], `${home}.w.${from.row}`, from.x + this.r, from.y, x - this.r, y, "w");
        if (bias >= 0) add(bias, `${home}.b`, x, y + this.r + this.pitch * 0.17, x, y + this.r, "b");
      }
    });
    this.entries = order.map((i, k) => this.edges.find((edge) => edge.i === i) ?? { i, entry: k + 1, full: this.names[i] ?? "", kind: "w" });
    this.entries.forEach((edge, k) => { edge.entry = k + 1; });
    this.entry.max = order.length;
    this.entry.value = 1;
    this.strip.setAttribute("viewBox", `0 -1 ${order.length} 2`);
    this.bars = order.map((_, k) => svg("rect", { x: k + 0.05, width: 0.9 }));
    this.strip.replaceChildren(...this.bars);
    this.canvas = el("canvas", { width: 3 * this.width, height: Math.round(3 * this.height), "aria-hidden": "true" });
    const drawn = svg("svg", { viewBox: `0 0 ${this.width} ${this.height}`, role: "img", "aria-label": say`The network: ${inputs.length} inputs, ${layers.map((l) => l.units.length).join(", ")} units` }, edges, marks);
    drawn.addEventListener("pointermove", (event) => this.hover(event, drawn));
    drawn.addEventListener("click", () => this.picked?.i >= 0 && this.on.select(this.picked.i));
    this.sheet.replaceChildren(this.canvas, drawn);
    this.picked = null;
  }

  get responds() { return Boolean(this.network.responses?.length && this.on.limits); }

  rows(count) {
    const all = Array.from({ length: count }, (_, i) => i);
    return count <= WHOLE ? all : [...all.slice(0, ENDS), null, ...all.slice(-ENDS)];
  }

  // The edge or unit nearest to the pointer.
  hover(event, drawn) {
    const box = drawn.getBoundingClientRect(), scale = this.width / box.width;
    const x = (event.clientX - box.left) * scale, y = (event.clientY - box.top) * scale;
    const unit = this.units.find((u) => Math.hypot(u.x - x, u.y - y) < this.r);
    if (unit) return this.pick(unit);
    const far = ({ x0, y0, x1, y1 }) => {
      const [dx, dy] = [x1 - x0, y1 - y0], t = Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy)));
      return Math.hypot(x0 + t * dx - x, y0 + t * dy - y);
    };
    const [near, away] = this.edges.reduce((best, edge) => { const d = far(edge); return d < best[1] ? [edge, d] : best; }, [null, 9]);
    if (near && away < 9) this.pick(near);
  }

  pick(item) {
    this.picked = item;
    if (item?.entry) this.entry.value = item.entry;
    this.tell();
  }

  tell() {
    const { picked, data, gradient } = this;
    for (const { line, i } of this.edges) line.classList.toggle("picked", i === picked?.i);
    this.bars.forEach((bar, k) => bar.classList.toggle("picked", k + 1 === picked?.entry));
    if (!picked || picked.i < 0) return put(this.said, say`Point at an edge to read its weight, its gradient and its place among all gradients; the short line below a unit is its bias.`);
    const { i, kind, full, entry } = picked;
    const parts = [`${this.names[i]} = ${short(data[i])}`, `∂L/∂${kind ?? "a"} = ${this.hides(i) ? "?" : short(gradient[i])}`];
    if (entry) parts.push(full, say`entry ${entry} of ${this.entries.length} in the gradient`);
    this.entry.setAttribute("aria-valuetext", parts.join(", "));
    return put(this.said, parts.join(", "));
  }

  update(program, given, hides = () => false) {
    const { data } = program, gradient = given.map((number, i) => (hides(i) ? NaN : number));
    Object.assign(this, { program, data, gradient, hides });
    const most = Math.max(1e-300, ...this.edges.map(({ i }) => Math.abs(data[i])).filter(Number.isFinite));
    const dense = Math.min(4.5, 240 / Math.sqrt(this.edges.length) / 5);
    for (const { i, line } of this.edges) {
      const share = Math.min(1, Math.abs(data[i]) / most || 0);
      line.setAttribute("stroke-width", 0.4 + dense * share);
      line.setAttribute("stroke-opacity", this.edges.length > 100 ? 0.25 + 0.75 * share : 1);
      line.classList.toggle("negative", data[i] < 0);
    }
    const steep = Math.max(1e-300, ...this.entries.map(({ i }) => Math.abs(gradient[i])).filter(Number.isFinite));
    this.entries.forEach(({ i }, k) => {
      const size = Math.max(-1, Math.min(1, gradient[i] / steep || 0)), bar = this.bars[k];
      bar.setAttribute("y", Math.min(0, -size));
      bar.setAttribute("height", Math.max(0.03, Math.abs(size)));
      bar.classList.toggle("negative", size < 0);
    });
    if (this.responds) this.paint();
    else {
      const large = Math.max(1e-300, ...this.units.map(({ i }) => Math.abs(data[i])).filter(Number.isFinite));
      for (const { i, mark } of this.units) {
        mark.classList.toggle("negative", data[i] < 0);
        mark.style.fillOpacity = Math.min(1, Math.abs(data[i]) / large || 0) * 0.6;
      }
    }
    this.tell();
  }

  // Each unit's response: the rules of the graph, run at each point of a grid over the plane.
  paint() {
    const { network, program, on, r } = this, { low, high } = on.limits;
    const numbers = Array.from(program.data), context = this.canvas.getContext("2d");
    const units = this.units.filter(({ c }) => c), found = units.map(() => new Float64Array(GRID * GRID));
    for (let cell = 0; cell < GRID * GRID; cell++) {
      const [u, v] = [(cell % GRID) + 0.5, Math.floor(cell / GRID) + 0.5];
      numbers[network.inputs[0]] = low[0] + (u / GRID) * (high[0] - low[0]);
      numbers[network.inputs[1]] = high[1] - (v / GRID) * (high[1] - low[1]);
      try {
        for (const [i, rule] of network.responses) numbers[i] = RULES[rule].forward(...program.operands[i].map((o) => numbers[o]));
      } catch { continue; } // outside its domain a unit has no response
      units.forEach(({ i }, k) => { found[k][cell] = numbers[i]; });
    }
    const css = getComputedStyle(this.canvas), size = (2 * r) / GRID;
    const paints = [css.getPropertyValue("--minus"), css.getPropertyValue("--plus")];
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    units.forEach(({ x, y }, k) => {
      const most = Math.max(1e-300, ...found[k].map(Math.abs));
      found[k].forEach((number, cell) => {
        context.globalAlpha = Math.sqrt(Math.min(1, Math.abs(number) / most || 0)); // the sign shows early
        context.fillStyle = paints[Number(number > 0)];
        const [left, top] = [x - r + (cell % GRID) * size, y - r + Math.floor(cell / GRID) * size].map((n) => 3 * n);
        const edge = (n) => [Math.round(n), Math.round(n + 3 * size) - Math.round(n)];
        const [px, wide] = edge(left), [py, high] = edge(top);
        context.fillRect(px, py, wide, high);
      });
    });
  }
}
