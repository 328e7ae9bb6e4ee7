// The picture: groups inside groups, as many open as one likes, and only what is visible built.
// A group comes laid out from left to right, with the groups inside it folded. Where one opens,
// the space that its box took is stretched, and everything else moves along. From top to bottom
// it is the same layout, along and across exchanged and stretched to what the boxes need there.

const FEW = 200; // with more values open than this, only those in sight are kept up to date
const FRAME = { side: 10, top: 30, bottom: 10 };
const TYPE = 11, READABLE = 9.05; // the size of the letters, and the least that can be read: pixels
const LABEL = [54, 18]; // the room of an arrow's label, its width and height

// A growing map of positions: each span [from, to] becomes at least as long as it wants, and
// `idle` times as long what no span takes.
function stretched(spans, idle) {
  const cuts = [...new Set([0, ...spans.flatMap(([from, to]) => [from, to])])].sort((a, b) => a - b);
  const factors = cuts.map(() => 0), at = new Map(cuts.map((cut, k) => [cut, k]));
  for (const [from, to, wanted] of spans) {
    for (let k = at.get(from); cuts[k] < to; k++) factors[k] = Math.max(factors[k], wanted / (to - from));
  }
  const moved = [0];
  cuts.slice(1).forEach((cut, k) => moved.push(moved[k] + (factors[k] || idle) * (cut - cuts[k])));
  return (place) => {
    const k = Math.max(0, cuts.filter((cut) => cut <= place).length - 1);
    return moved[k] + (factors[k] || idle) * (place - cuts[k]);
  };
}

// An arrow as it was laid out: from the middle of its tail's end, turn by turn, to its head; and
// the middle of its label, on the stretch where it is.
function unpacked([tail, head, slot, along, offset, ...turns], boxes) {
  let [x, y, w, h] = boxes[tail];
  const points = [[x += w, y += h / 2]], middle = x + along;
  for (let k = 0; k < turns.length; k += 2) points.push([x += turns[k], y += turns[k + 1]]);
  points.push([boxes[head][0], boxes[head][1] + boxes[head][3] / 2 + offset]);
  const label = along ? [middle, points[Math.max(0, points.findIndex(([u]) => u > middle) - 1)][1]] : null;
  return { tail, head, slot, offset, points, label };
}

// The groups of a graph, each with what the page has once for all that are alike.
function groupsOf({ groups, names, notes, inlets, shapes }) {
  const laidOut = shapes.map(({ size, boxes: given, arrows }) => {
    let top = 0;
    const boxes = given.map(([x, y, ...sides]) => [x, (top += y), ...sides]);
    return { size, boxes, arrows: arrows.map((arrow) => unpacked(arrow, boxes)) };
  });
  const titled = inlets.map((some) => some.map((inlet) => (Array.isArray(inlet) ? inlet : [shortened(names[inlet]), inlet])));
  return groups.map(([title, said, parent, gathered, members, from, leaving, shape]) => ({
    title: counts(title), notes: notes[said].map(counts), parent, gathered, members, inlets: titled[from], leaving, ...laidOut[shape],
  }));
}

class Picture {
  constructor(program, canvas, on) {
    this.program = program;
    this.groups = groupsOf(program.graph);
    this.names = program.graph.names;
    this.canvas = canvas;
    this.on = on;
    this.home = [];
    this.groups.forEach((group, g) => group.members.forEach((m) => { if (m >= 0) this.home[m] = g; }));
    this.places = this.groups.map((group) => new Map(group.members.map((m, place) => [m, place])));
    this.foldable = this.groups.length > 1;
    this.open = new Set([0]);
    this.upright = false;
    this.zoom = 1;
    this.focused = `v${program.output}`;
    canvas.addEventListener("scroll", () => requestAnimationFrame(() => this.catchUp()));
  }

  get shut() {
    return this.open.size < this.groups.length;
  }

  path(group) {
    const found = [];
    for (let g = group; g >= 0; g = this.groups[g].parent) found.unshift(g);
    return found;
  }

  // The group that hides a value, or -1.
  hiding(value) {
    return this.path(this.home[value]).find((g) => !this.open.has(g)) ?? -1;
  }

  reveal(value) {
    for (const g of this.path(this.home[value])) this.open.add(g);
  }

  // Building.

  build() {
    this.view = null;
    this.values = new Map();
    this.folded = new Map();
    this.arrows = [];
    this.stops = [];
    const root = this.measured(0);
    this.width = root.width;
    this.height = root.height;
    this.root = svg("svg", {
      id: "graph", role: "group", tabindex: "-1", viewBox: `0 0 ${this.width} ${this.height}`,
      "aria-label": say`The graph of ${this.names[this.program.output]}: ${counts(this.program.graph.description)}`,
    });
    this.drawGroup(root, this.root, [0, 0]);
    this.canvas.replaceChildren(this.root);
    const stop = this.stops.find((s) => s.key === this.focused) ?? this.stops[this.stops.length - 1];
    this.focused = stop.key;
    stop.element.setAttribute("tabindex", "0");
    this.scale();
  }

  measured(g) {
    const { size, boxes, arrows, members } = this.groups[g];
    const inner = members.map((m) => (m < 0 && this.open.has(~m) ? this.measured(~m) : null));
    const along = [], across = [], turn = (pair) => (this.upright ? [pair[1], pair[0]] : pair);
    const outer = boxes.map(([u, v, w, h], place) => {
      const child = inner[place];
      const outer = child ? [child.width + 2 * FRAME.side, child.height + FRAME.top + FRAME.bottom] : [w, h];
      const [long, broad] = turn(outer);
      along.push([u, u + w, long]);
      across.push([v, v + h, broad]);
      return outer;
    });
    if (this.upright) {
      for (const { slot, label } of arrows) {
        if (label && slot >= 0) across.push([label[1] - LABEL[1] / 2, label[1] + LABEL[1] / 2, LABEL[0]]);
      }
    }
    const far = stretched(along, this.upright ? 0.6 : 1), side = stretched(across, 1);
    const map = (u, v) => turn([far(u), side(v)]);
    const [width, height] = map(...size);
    return { g, inner, outer, map, width, height };
  }

  // Where a box stands: x, y, width and height.
  placed({ g, map, outer, inner }, place) {
    const [u, v, w, h] = this.groups[g].boxes[place];
    const [width, height] = outer[place];
    const [one, other] = inner[place] ? [map(u, v), map(u + w, v + h)] : Array(2).fill(map(u + w / 2, v + h / 2));
    return [(one[0] + other[0] - width) / 2, (one[1] + other[1] - height) / 2, width, height];
  }

  drawGroup(group, parent, origin) {
    group.origin = origin;
    const { members, inlets, arrows } = this.groups[group.g];
    const rects = [...members, ...inlets].map((_, place) => this.placed(group, place));
    group.inner.forEach((child, place) => { if (child) this.drawFrame(child, rects[place], parent, origin); });
    arrows.forEach((arrow) => this.drawArrow(group, arrow, rects, parent));
    members.forEach((m, place) => {
      if (m >= 0) this.drawValue(m, rects[place], parent, group);
      else if (!group.inner[place]) this.drawFolded(~m, rects[place], parent);
    });
    inlets.forEach((inlet, k) => this.drawInlet(inlet, rects[members.length + k], parent));
    this.stops.sort((one, other) => one.order - other.order);
  }

  stop(element, key, order, act) {
    element.setAttribute("tabindex", "-1");
    element.addEventListener("click", (event) => { event.stopPropagation(); this.focused = key; act(); });
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target !== element) return;
      event.preventDefault();
      event.stopPropagation();
      act();
    });
    element.addEventListener("focus", () => {
      for (const s of this.stops) s.element.setAttribute("tabindex", s.key === key ? "0" : "-1");
      this.focused = key;
    });
    this.stops.push({ element, key, order });
  }

  // From one value to the next with the arrow keys, in topological order.
  walk(steps) {
    const here = this.stops.findIndex((s) => s.element === document.activeElement);
    const there = this.stops[here + steps];
    if (here < 0 || !there) return;
    there.element.focus();
    there.element.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  lastInside(g) {
    return Math.max(...this.groups[g].members.map((m) => (m >= 0 ? m : this.lastInside(~m))));
  }

  firstInside(g) {
    const [first] = this.groups[g].members;
    return first >= 0 ? first : this.firstInside(~first);
  }

  drawFrame(child, [x, y, w, h], parent, origin) {
    const { title } = this.groups[child.g];
    const frame = svg("g", { class: "frame", transform: `translate(${x} ${y})` },
      svg("rect", { class: "frame-box", width: w, height: h, rx: 8 }));
    const bar = svg("g", { class: "bar", role: "button", "aria-expanded": "true", "aria-label": say`${title}, close` },
      svg("title", {}, say`${title}, close`),
      svg("rect", { class: "ring", x: -3, y: -3, width: w + 6, height: 28, rx: 10 }),
      svg("rect", { class: "bar-box", width: w, height: 22, rx: 8 }),
      svg("text", { x: 8, y: 15 }, `▾ ${title}`));
    this.stop(bar, `g${child.g}`, this.lastInside(child.g) + 0.5, () => this.on.fold(child.g));
    frame.append(bar);
    const content = svg("g", { transform: `translate(${FRAME.side} ${FRAME.top})` });
    frame.append(content);
    parent.append(frame);
    this.drawGroup(child, content, [origin[0] + x + FRAME.side, origin[1] + y + FRAME.top]);
  }

  drawArrow(group, arrow, rects, parent) {
    const { tail, head, slot, offset } = arrow;
    const points = this.routed(group, arrow, rects);
    const [endX, endY] = points[points.length - 1];
    const label = slot < -1 ? `×${-slot}` : "";
    const parts = { slot, tail, head, g: group.g, node: this.groups[group.g].members[head] };
    parts.element = svg("g", { class: slot < 0 ? "arrow several" : "arrow" },
      svg("path", { class: "line", d: drawn(points, this.upright) }),
      svg("path", { class: "head", d: `M${endX} ${endY}${this.upright ? "l-3.6 -8h7.2z" : "l-8 -3.6v7.2z"}` }));
    if (slot >= 0 && this.program.rule[parts.node].ordered) { // which operand it is, beside its head
      const [aside, before] = this.upright ? [offset < 0 ? -9 : 9, -2] : [-6, offset < 0 ? -6 : 14];
      parts.element.append(svg("text", { x: endX + aside, y: endY + before, class: "which" }, String(slot + 1)));
    }
    if (arrow.label) {
      const [x, y] = group.map(...arrow.label);
      parts.back = svg("rect", { x, y: y - 6.5, width: 0, height: 13, class: "behind" });
      parts.middle = x;
      parts.text = svg("text", { x, y: y + 3.6, class: "partial" });
      parts.element.append(parts.back, parts.text);
      parts.at = [group.origin[0] + x, group.origin[1] + y, 0, 0];
      this.write(parts, label);
    }
    this.arrows.push(parts);
    parent.append(parts.element);
  }

  // The arrow's points: between boxes they move with the space, at a box with the box.
  routed(group, { tail, head, offset, points: flat }, rects) {
    const [along, across] = this.upright ? [1, 0] : [0, 1];
    const points = flat.map(([u, v]) => group.map(u, v));
    const last = points.length - 1;
    const middle = (rect) => rect[across] + rect[2 + across] / 2;
    const level = (k) => Math.abs(flat[k][1] - flat[k + 1][1]) < 1; // but for rounding
    points[0][along] = rects[tail][along] + rects[tail][2 + along];
    points[last][along] = rects[head][along];
    points[0][across] = middle(rects[tail]);
    points[last][across] = middle(rects[head]) + (group.inner[head] ? 0 : offset);
    if (last > 1 && level(0)) points[1][across] = points[0][across];
    if (last > 1 && level(last - 1)) points[last - 1][across] = points[last][across];
    return points;
  }

  drawValue(i, [x, y, w, h], parent, group) {
    const { rule, operands } = this.program;
    const kind = operands[i].length ? "result" : this.program.isConstant(i) ? "constant" : "leaf";
    const data = svg("text", { x: w - 9, y: 34, class: "number" });
    const gradient = svg("text", { x: w - 9, y: 47, class: "number" });
    const bar = svg("rect", { class: "bar-fill", x: w / 2, y: h - 5, width: 0, height: 3 });
    const symbol = rule[i].symbol + (this.program.frozen.has(i) ? " ❄" : "");
    const element = svg("g", { class: `node ${kind}`, role: "button", transform: `translate(${x} ${y})`, "data-index": i },
      svg("title", {}, fullName(this.program.graph, i)),
      svg("rect", { class: "ring", x: -4, y: -4, width: w + 8, height: h + 8, rx: kind === "result" ? 10 : 4 }),
      svg("rect", { class: "box", width: w, height: h, rx: kind === "result" ? 7 : 0 }),
      svg("path", { class: "rule", d: `M0 21H${w}` }),
      svg("text", { x: 9, y: 14.5, class: "name" }, shortened(this.names[i])),
      svg("text", { x: w - 9, y: 14.5, class: "symbol" }, shortened(symbol)),
      svg("text", { x: 9, y: 34, class: "what" }, "data"), data);
    if (kind !== "constant") {
      element.append(svg("text", { x: 9, y: 47, class: "what" }, "grad"), gradient,
        svg("path", { class: "middle", d: `M${w / 2} ${h - 6}v5` }), bar);
    }
    if (this.groups[group.g].leaving.includes(i) && group.g > 0) {
      element.append(svg("path", { class: "exit", d: this.upright ? `M${w / 2} ${h}v9m-3.5 -4l3.5 4l3.5 -4` : `M${w} ${h / 2}h9m-4 -3.5l4 3.5l-4 3.5` }));
    }
    this.stop(element, `v${i}`, i, () => this.on.select(i));
    const place = [group.origin[0] + x, group.origin[1] + y, w, h];
    this.values.set(i, { element, data, gradient, bar, width: w, at: place });
    parent.append(element);
  }

  drawFolded(g, [x, y, w, h], parent) {
    const { title, notes, leaving } = this.groups[g], exit = leaving.length === 1 ? leaving[0] : -1;
    const lines = [`▸ ${title}`, ...notes];
    const text = (line, k, more) => svg("text", { x: 11, y: 18 + 14 * k, ...more }, line);
    const element = svg("g", {
      class: "node folded", role: "button", "aria-expanded": "false", "data-group": g,
      "aria-label": say`${lines.slice(0, 2).join(", ").slice(2)}, open`, transform: `translate(${x} ${y})`,
    },
      svg("title", {}, say`${title}, open`),
      svg("rect", { class: "ring", x: -4, y: -4, width: w + 8, height: h + 8, rx: 10 }),
      svg("rect", { class: "box", width: w, height: h, rx: 7 }),
      svg("rect", { class: "box inner", x: 3, y: 3, width: w - 6, height: h - 6, rx: 5 }),
      lines.map((line, k) => text(line, k, { class: k ? "note" : "name" })));
    const parts = { element, exit };
    if (exit >= 0) {
      parts.data = svg("text", { x: w - 12, y: 18 + 14 * lines.length, class: "number" });
      parts.gradient = svg("text", { x: w - 12, y: 32 + 14 * lines.length, class: "number" });
      element.append(text("data", lines.length, { class: "what" }), parts.data,
        text("grad", lines.length + 1, { class: "what" }), parts.gradient);
    }
    this.stop(element, `g${g}`, this.lastInside(g), () => this.on.fold(g));
    this.folded.set(g, parts);
    parent.append(element);
  }

  drawInlet([title, ...values], [x, y, w, h], parent) {
    const element = svg("g", { class: "inlet", transform: `translate(${x} ${y})` },
      svg("title", {}, say`from outside: ${values.map((i) => this.names[i]).slice(0, 20).join(", ")}`),
      svg("rect", { class: "box", width: w, height: h, rx: h / 2 }),
      svg("text", { x: w / 2, y: h / 2 + 4, class: "middle-text" }, title));
    if (values.length === 1) element.addEventListener("click", () => this.on.select(values[0]));
    parent.append(element);
  }

  // What one step of the passes lights up: the arrows on the way from operand to node.
  trail(node, slot) {
    const operand = this.program.operands[node][slot];
    const to = this.path(this.home[node]), from = this.path(this.home[operand]);
    let common = 0;
    while (common < to.length && to[common] === from[common]) common++;
    if (!to.slice(0, common).every((g) => this.open.has(g))) return [];
    const found = [];
    const outside = this.places[to[common - 1]].get(common < from.length ? ~from[common] : operand);
    for (let depth = common; depth <= to.length; depth++) {
      const g = to[depth - 1];
      if (!this.open.has(g)) break;
      const { members, inlets } = this.groups[g];
      const begins = depth === common
        ? (tail) => tail === outside
        : (tail) => tail >= members.length && inlets[tail - members.length].indexOf(operand, 1) > 0;
      const head = this.places[g].get(depth < to.length ? ~to[depth] : node);
      const between = this.arrows.filter((a) => a.g === g && a.head === head && begins(a.tail));
      const arrow = between.find((a) => a.slot === slot) ?? between.find((a) => a.slot < 0);
      if (arrow) found.push(arrow);
    }
    return found;
  }

  // Showing numbers, and where the passes stand.

  update(view) {
    this.view = view;
    const { program } = this;
    const most = Math.max(1e-300, ...Array.from(view.gradient, (g) => (Number.isFinite(g) ? Math.abs(g) : 0)));
    const inSight = this.sight();
    for (const [i, parts] of this.values) {
      if (!inSight(parts.at)) continue;
      const known = view.known(i);
      put(parts.data, known ? short(program.data[i]) : "·");
      put(parts.gradient, view.hides(i) ? "?" : short(view.gradient[i]));
      this.drawBar(parts, view.hides(i) ? 0 : view.gradient[i], most);
      mark(parts.element, { waiting: !known, chosen: view.selected === i, refused: program.refusals.has(i), asked: view.asked === i });
      parts.element.setAttribute("aria-pressed", String(view.selected === i));
      parts.element.setAttribute("aria-label", view.sentence(i));
      parts.element.setAttribute("data-value", String(program.data[i]));
      parts.element.setAttribute("data-gradient", view.hides(i) ? "" : String(view.gradient[i]));
    }
    for (const { exit, data, gradient } of this.folded.values()) {
      if (exit < 0) continue;
      put(data, view.known(exit) ? short(program.data[exit]) : "·");
      put(gradient, view.hides(exit) ? "?" : short(view.gradient[exit]));
    }
    for (const arrow of this.arrows) {
      const { slot, node, text } = arrow;
      if (slot >= 0 && text && inSight(arrow.at)) this.write(arrow, view.known(node) && slot in program.partials[node] ? `∂ ${brief(program.partials[node][slot])}` : "");
    }
    this.light(view.current);
  }

  // Whether a place is in sight; where there is little to show, everything is.
  sight() {
    if (this.values.size <= FEW) return () => true;
    if (TYPE * this.zoom < 3 && !this.calm) { // too small to be read while a slider moves
      clearTimeout(this.later);
      this.later = setTimeout(() => this.catchUp(), 250);
      return () => false;
    }
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.canvas;
    const [left, top, right, bottom] = [scrollLeft - 200, scrollTop - 200, scrollLeft + clientWidth + 200, scrollTop + clientHeight + 200]
      .map((edge) => edge / this.zoom);
    return ([x, y, w, h]) => x + w > left && x < right && y + h > top && y < bottom;
  }

  // An arrow's label, on a ground of its own that interrupts the line.
  write(arrow, label) {
    if (arrow.text.textContent === label) return;
    arrow.text.textContent = label;
    const width = label ? 6.1 * label.length + 6 : 0;
    arrow.back.setAttribute("x", arrow.middle - width / 2);
    arrow.back.setAttribute("width", width);
  }

  drawBar({ bar, width }, gradient, most) {
    const length = Number.isNaN(gradient) ? 0 : (width / 2 - 9) * Math.min(1, Math.abs(gradient) / most);
    bar.setAttribute("x", gradient < 0 ? width / 2 - length : width / 2);
    bar.setAttribute("width", length);
  }

  light(step) {
    const lit = new Set(), role = new Map();
    if (step) {
      const slots = step.pass === "forward" ? this.program.operands[step.node].map((_, k) => k) : step.pass === "seed" ? [] : [step.slot];
      for (const slot of slots) this.trail(step.node, slot).forEach((arrow) => lit.add(arrow));
      if (step.operand !== undefined) role.set(this.boxOf(step.operand), "receiving");
      role.set(this.boxOf(step.node), step.pass === "backward" ? "giving" : "computing");
    }
    for (const arrow of this.arrows) {
      mark(arrow.element, { forward: lit.has(arrow) && step.pass === "forward", backward: lit.has(arrow) && step.pass === "backward" });
    }
    for (const { element } of [...this.values.values(), ...this.folded.values()]) {
      const what = role.get(element);
      mark(element, { receiving: what === "receiving", giving: what === "giving", computing: what === "computing" });
    }
    this.lit = [...role.keys()];
  }

  // The element that shows a value: its own, or the folded box that hides it.
  boxOf(i) {
    const hidden = this.hiding(i);
    return hidden >= 0 ? this.folded.get(hidden)?.element : this.values.get(i)?.element;
  }

  // Size, and what is in sight.

  scale() {
    this.root.setAttribute("width", Math.round(this.width * this.zoom));
    this.root.setAttribute("height", Math.round(this.height * this.zoom));
    this.catchUp();
  }

  // Where much is open, what comes into sight is brought up to date.
  catchUp() {
    if (!this.view || this.values.size <= FEW || !this.root.isConnected) return;
    this.calm = true;
    this.update(this.view);
    this.calm = false;
  }

  // How large the whole picture can be in the room that there is.
  get whole() {
    const { clientWidth, clientHeight } = this.canvas;
    const height = this.share ? this.share * innerHeight : clientHeight;
    const border = 2 * parseFloat(getComputedStyle(this.canvas).paddingLeft) + rem();
    return Math.min((clientWidth - border) / this.width, (height - border) / this.height);
  }

  get readable() {
    return (READABLE * rem()) / TYPE;
  }

  // Ways to lie: the page's class, its share of the window's height (0: what is left), whether
  // from top to bottom. Beside the numbers or above them; on a narrow screen half of it, or more.
  get ways() {
    return narrow() ? [["", 0.5, true], ["tall", 0.75, true], ["tall", 0.75, false]]
      : [["", 0, false], ["", 0, true], ["wide", 0.45, false]];
  }

  lie([kind, share, upright]) {
    document.body.classList.remove("wide", "tall");
    if (kind) document.body.classList.add(kind);
    Object.assign(this, { share, upright });
    ({ width: this.width, height: this.height } = this.measured(0));
    return this.whole;
  }

  // The first way in which what is open can be read, or else the one in which it is largest.
  settle() {
    const sizes = this.ways.map((way) => this.lie(way));
    const found = sizes.findIndex((size) => size >= this.readable);
    this.lie(this.ways[found < 0 ? sizes.indexOf(Math.max(...sizes)) : found]);
    return found >= 0;
  }

  // As the page opens: level by level, as much open as can be read. What was gathered for its
  // number alone opens first, box by box; else all boxes of a level do, or none.
  arrange() {
    this.open = new Set([0]);
    for (let level = [0]; level.length;) {
      const inside = level.flatMap((g) => this.groups[g].members.filter((m) => m < 0).map((m) => ~m));
      for (const g of inside) if (this.groups[g].gathered) this.attempt([g]);
      const rest = inside.filter((g) => !this.groups[g].gathered);
      level = this.attempt(rest) ? inside.filter((g) => this.open.has(g)) : [];
    }
    this.settle();
    this.build();
  }

  // Open these groups, if all can still be read.
  attempt(groups) {
    groups.forEach((g) => this.open.add(g));
    const boxes = [...this.open].reduce((sum, g) => sum + this.groups[g].members.length, 0);
    const legible = boxes < FEW && this.settle();
    if (!legible) groups.forEach((g) => this.open.delete(g));
    return legible;
  }

  // The whole picture, or as much as is `least` large, with the chosen value in sight.
  fit(least = 0) {
    this.zoom = Math.max(least, Math.min(rem() > 1 ? 4 : 2, this.whole));
    this.scale();
    const chosen = this.view?.selected ?? null;
    if (chosen !== null) this.follow([this.boxOf(chosen)]);
    else this.follow(this.lit?.length ? this.lit : [this.boxOf(this.program.output)]);
  }

  resize(factor) {
    const { canvas } = this;
    const before = this.zoom;
    const x = canvas.scrollLeft + canvas.clientWidth / 2, y = canvas.scrollTop + canvas.clientHeight / 2;
    this.zoom = Math.min(6, Math.max(Math.min(0.15, before), before * factor));
    this.scale();
    canvas.scrollLeft = (x * this.zoom) / before - canvas.clientWidth / 2;
    canvas.scrollTop = (y * this.zoom) / before - canvas.clientHeight / 2;
  }

  // Scroll the picture, and never the page, so that what is lit is in sight.
  follow(elements = this.lit) {
    const frame = this.canvas.getBoundingClientRect();
    for (const element of elements ?? []) {
      if (!element) continue;
      const box = element.getBoundingClientRect();
      const wide = box.width > frame.width - 60; // then where it begins is what counts
      if (wide || box.left < frame.left + 12) this.canvas.scrollLeft -= frame.left + 40 - box.left;
      else if (box.right > frame.right - 12) this.canvas.scrollLeft += box.right - frame.right + 40;
      if (box.top < frame.top + 12) this.canvas.scrollTop -= frame.top + 40 - box.top;
      else if (box.bottom > frame.bottom - 12) this.canvas.scrollTop += box.bottom - frame.bottom + 40;
    }
  }
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function mark(element, classes) {
  for (const [name, wanted] of Object.entries(classes)) element.classList.toggle(name, Boolean(wanted));
}

function shortened(text) {
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f\s]+/g, " ").trim();
  return [...plain].length <= 20 ? plain : `${[...plain].slice(0, 19).join("")}…`;
}

// Straight where nothing moves across, else a curve that leaves and arrives along.
function drawn(points, upright) {
  const at = ([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  return points.slice(1).reduce((path, [x, y], k) => {
    const [fromX, fromY] = points[k];
    if (Math.abs(upright ? fromX - x : fromY - y) < 0.05) return `${path}L${at([x, y])}`;
    const middle = upright ? (fromY + y) / 2 : (fromX + x) / 2;
    const bends = upright ? [[fromX, middle], [x, middle]] : [[middle, fromY], [middle, y]];
    return `${path}C${bends.map(at).join(" ")} ${at([x, y])}`;
  }, `M${at(points[0])}`);
}
