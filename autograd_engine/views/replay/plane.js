// What the model predicts all over the plane of its two inputs, and the samples in it. Classes
// differ in hatching and in the shape of their samples, not in colour alone.

const SHAPES = ["●", "■", "▲", "◆", "▼", "✚", "★", "⬢"];
const HATCH = [
  () => false,
  (x, y) => (x + y) % 9 === 0,
  (x, y) => (x - y + 9000) % 9 === 0,
  (x, y) => x % 8 === 0 && y % 8 < 2,
  (x, y) => y % 8 === 0,
  (x, y) => x % 8 === 0,
  (x, y) => (x + y) % 9 === 0 || (x - y + 9000) % 9 === 0,
  (x, y) => x % 6 === 0 && y % 6 === 0,
];

// A colour of the style, as this theme has it; by a property that nothing inherits, for speed.
function css(name) {
  document.body.style.setProperty("outline-color", `var(${name})`);
  return getComputedStyle(document.body).outlineColor;
}

const colour = (name) => css(name).match(/[\d.]+/g).map(Number);

const classColour = (k) => `--class-${k % SHAPES.length}`;

class Plane {
  constructor(run, parent) {
    this.run = run;
    this.plane = run.plane;
    this.canvas = el("canvas", { role: "img" });
    const [x, y] = this.plane.axes;
    this.figure = el("figure", {},
      run.name ? el("figcaption", {}, run.name) : "",
      el("div", { class: "plane" }, this.canvas),
      el("p", { class: "axes" }, el("span", {}, `→ ${x}: ${this.span(0)}`), el("span", {}, `↑ ${y}: ${this.span(1)}`)));
    parent.append(this.figure);
    new ResizeObserver(() => this.paint()).observe(this.canvas.parentElement);
  }

  span(axis) {
    return say`${brief(this.plane.low[axis])} to ${brief(this.plane.high[axis])}`;
  }

  paint() {
    const shown = this.canvas.parentElement.clientWidth;
    if (!shown) return;
    const size = Math.round(shown * Math.min(2, devicePixelRatio || 1));
    if (this.canvas.width !== size) this.canvas.width = this.canvas.height = size;
    const classes = this.vote(size);
    const context = this.canvas.getContext("2d");
    context.putImageData(this.image(size, classes), 0, 0);
    this.samples(context, size, size / shown);
    this.tell(classes);
  }

  // The class of each pixel: the points around it vote, the nearer and the surer the more.
  vote(size) {
    const { side, levels, classes } = this.plane;
    const cells = this.run.grid;
    const found = new Uint8Array(size * size), lead = new Float32Array(size * size);
    const leads = Array.from({ length: levels }, (_, level) =>
      Math.max(0.001, Math.expm1((level / (levels - 1)) * Math.log1p(this.plane.farthest))));
    const votes = new Float64Array(classes.length);
    const places = Array.from({ length: size }, (_, p) => {
      const at = ((p + 0.5) / size) * (side - 1);
      const cell = Math.min(side - 2, Math.floor(at));
      return [cell, at - cell];
    });
    for (let row = 0; row < size; row++) {
      const [j, v] = places[size - 1 - row]; // the lowest row comes last
      for (let p = 0; p < size; p++) {
        const [i, u] = places[p];
        const corner = j * side + i;
        const around = [cells[corner], cells[corner + 1], cells[corner + side], cells[corner + side + 1]];
        const weights = [(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v];
        votes.fill(0);
        for (let k = 0; k < 4; k++) {
          const who = Math.min(classes.length - 1, Math.floor(around[k] / levels));
          votes[who] += weights[k] * leads[around[k] - who * levels];
        }
        let best = 0, second = -1;
        for (let k = 1; k < votes.length; k++) {
          if (votes[k] > votes[best]) { second = best; best = k; }
          else if (second < 0 || votes[k] > votes[second]) second = k;
        }
        found[row * size + p] = best;
        lead[row * size + p] = Math.tanh((votes[best] - votes[second]) / 2);
      }
    }
    this.lead = lead;
    return found;
  }

  image(size, classes) {
    const picture = new ImageData(size, size);
    const paper = colour("--card"), ink = colour("--ink");
    const paints = this.plane.classes.map((_, k) => colour(classColour(k)));
    const scale = Math.max(1, Math.round(size / this.canvas.parentElement.clientWidth));
    const put = (at, from, to, share) => {
      for (let c = 0; c < 3; c++) picture.data[4 * at + c] = from[c] + (to[c] - from[c]) * share;
      picture.data[4 * at + 3] = 255;
    };
    for (let at = 0; at < classes.length; at++) {
      const x = at % size, y = Math.floor(at / size), k = classes[at];
      const edge = (x + scale < size && classes[at + scale] !== k) || (y + scale < size && classes[at + scale * size] !== k);
      if (edge) { put(at, paper, ink, 0.9); continue; }
      const hatched = HATCH[k % HATCH.length](Math.floor(x / scale), Math.floor(y / scale));
      put(at, paper, paints[k], 0.14 + 0.36 * this.lead[at] + (hatched ? 0.22 : 0));
    }
    return picture;
  }

  samples(context, size, scale) {
    const { low, high, samples } = this.plane;
    const r = Math.max(2.6, Math.min(5.5, 60 / Math.sqrt(samples.length), size / scale / 50)) * scale;
    const ordered = [...samples].sort((one, other) => one[3] - other[3]);
    for (const [x, y, k, chosen] of ordered) {
      const px = ((x - low[0]) / (high[0] - low[0])) * size;
      const py = size - ((y - low[1]) / (high[1] - low[1])) * size;
      context.lineWidth = 1 * scale;
      context.strokeStyle = css("--card");
      context.fillStyle = css(classColour(k));
      outline(context, k, px, py, r);
      context.fill();
      context.stroke();
      if (!chosen) continue;
      context.strokeStyle = css("--ink");
      context.lineWidth = 2.2 * scale;
      context.beginPath();
      context.arc(px, py, r + 4 * scale, 0, 7);
      context.stroke();
    }
  }

  tell(classes) {
    const counts = this.plane.classes.map(() => 0);
    for (const k of classes) counts[k]++;
    const shares = counts.map((n, k) => say`${this.plane.classes[k]} on ${Math.round((100 * n) / classes.length)} %`);
        const { name, step } = this.run, told = shares.join(", ");
    this.canvas.setAttribute("aria-label", name ? say`${name}, step ${step}: of the plane the model predicts ${told}` : say`Step ${step}: of the plane the model predicts ${told}`);
  }
}

function outline(context, k, x, y, r) {
  const polygon = (...points) => {
    points.forEach(([u, v], at) => context[at ? "lineTo" : "moveTo"](x + u * r, y + v * r));
    context.closePath();
  };
  context.beginPath();
  switch (k % SHAPES.length) {
    case 0: context.arc(x, y, r, 0, 7); break;
    case 1: polygon([-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]); break;
    case 2: polygon([0, -1.15], [1.1, 0.85], [-1.1, 0.85]); break;
    case 3: polygon([0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]); break;
    case 4: polygon([0, 1.15], [1.1, -0.85], [-1.1, -0.85]); break;
    case 5: polygon([-0.4, -1.2], [0.4, -1.2], [0.4, -0.4], [1.2, -0.4], [1.2, 0.4], [0.4, 0.4],
      [0.4, 1.2], [-0.4, 1.2], [-0.4, 0.4], [-1.2, 0.4], [-1.2, -0.4], [-0.4, -0.4]); break;
    default: {
      const corners = k % SHAPES.length === 6 ? 10 : 6;
      polygon(...Array.from({ length: corners }, (_, at) => {
        const size = corners === 10 && at % 2 ? 0.55 : 1.25, angle = (2 * Math.PI * at) / corners - Math.PI / 2;
        return [size * Math.cos(angle), size * Math.sin(angle)];
      }));
    }
  }
}
