// Curves over the steps: of losses, or of one value. Runs differ in dashes, not in colour alone.

const EDGE = { left: 46, right: 16, top: 8, bottom: 22 };

// About so many round numbers from low to high.
function ticks(low, high, wanted) {
  const raw = (high - low) / wanted || 1;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((k) => k * size >= raw) * size;
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) found.push(k * step + 0);
  return found;
}

const powers = (low, high) => {
  const found = [];
  for (let k = Math.ceil(low - 1e-9); k <= high + 1e-9; k++) found.push(k);
  const every = Math.ceil(found.length / 4);
  return found.filter((k) => k % every === 0);
};

// `series`: { class, title, points: [[step, number or null], ...] }.
class Chart {
  constructor(parent, { label, height = 170, seek, zero = false }) {
    Object.assign(this, { parent, label, height, seek, zero, series: [], logarithmic: false });
    this.markers = [];
    new ResizeObserver(() => this.build()).observe(parent);
  }

  show(series, logarithmic = false) {
    Object.assign(this, { series, logarithmic });
    this.build();
  }

  transformed(y) {
    if (y === null || !Number.isFinite(y)) return null;
    return !this.logarithmic ? y : y > 0 ? Math.log10(y) : null;
  }

  measure() {
    const points = this.series.flatMap((s) => s.points);
    const xs = points.map(([x]) => x);
    const ys = points.map(([, y]) => this.transformed(y)).filter((y) => y !== null);
    this.x = [Math.min(...xs), Math.max(...xs)];
    let [low, high] = ys.length ? [Math.min(...ys), Math.max(...ys)] : [0, 1];
    if (this.zero && !this.logarithmic) low = Math.min(0, low);
    const margin = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
    this.y = [this.zero && low === 0 ? 0 : low - margin, high + margin];
  }

  right(x) {
    const [from, to] = this.x;
    return EDGE.left * this.large + ((x - from) / (to - from || 1)) * this.inner;
  }

  down(y) {
    const [low, high] = this.y;
    return this.bottom - ((y - low) / (high - low)) * (this.bottom - EDGE.top);
  }

  build() {
    const width = this.parent.clientWidth;
    if (!width || !this.series.length) return;
    this.large = rem();
    this.inner = width - EDGE.left * this.large - EDGE.right;
    this.tall = this.height * this.large;
    this.bottom = this.tall - EDGE.bottom * this.large;
    this.measure();
    this.root = svg("svg", { class: "chart", width, height: this.tall, viewBox: `0 0 ${width} ${this.tall}`, role: "img", "aria-label": this.label },
      this.axes(width), this.series.map((s) => svg("path", { class: `curve ${s.class}`, d: this.path(s.points) })));
    this.cursor = svg("path", { class: "cursor" });
    this.dots = svg("g");
    this.root.append(this.cursor, this.dots);
    if (this.seek) this.follow();
    this.parent.replaceChildren(this.root);
    this.mark(this.step ?? this.x[0], this.markers);
  }

  axes(width) {
    const marks = this.logarithmic ? powers(...this.y) : ticks(...this.y, 4);
    const few = marks.length ? marks : [this.y[0], this.y[1]];
    const rows = few.map((y) => [
      svg("path", { class: "grid", d: `M${EDGE.left * this.large} ${this.down(y)}H${width - EDGE.right}` }),
      svg("text", { class: "tick y", x: EDGE.left * this.large - 6, y: this.down(y) + 4 * this.large },
        this.logarithmic ? brief(10 ** y) : brief(Number(y.toPrecision(6)))),
    ]);
    const across = ticks(...this.x, Math.max(2, this.inner / (90 * this.large))).filter(Number.isInteger);
    const columns = across.map((x) => svg("text", { class: "tick x", x: this.right(x), y: this.tall - 6 * this.large }, (x + 0).toLocaleString("en")));
    return [...rows.flat(), ...columns];
  }

  path(points) {
    let pen = "M";
    return points.map(([x, raw]) => {
      const y = this.transformed(raw);
      if (y === null) { pen = "M"; return ""; }
      const drawn = `${pen}${this.right(x).toFixed(1)} ${this.down(y).toFixed(1)}`;
      pen = "L";
      return drawn;
    }).join("");
  }

  // The step where we are; `markers`: [class, step, number] each.
  mark(step, markers) {
    Object.assign(this, { step, markers });
    if (!this.root) return;
    this.cursor.setAttribute("d", `M${this.right(step).toFixed(1)} ${EDGE.top}V${this.bottom}`);
    this.dots.replaceChildren(...markers.flatMap(([kind, x, raw]) => {
      const y = this.transformed(raw);
      return y === null ? [] : [svg("circle", { class: `dot ${kind}`, cx: this.right(x), cy: this.down(y), r: 4.5 * this.large })];
    }));
  }

  // Pointing at the curve leads to that step.
  follow() {
    const seek = (event) => {
      const box = this.root.getBoundingClientRect();
      const share = (event.clientX - box.left - EDGE.left * this.large) / this.inner;
      this.seek(this.x[0] + Math.min(1, Math.max(0, share)) * (this.x[1] - this.x[0]));
    };
    this.root.classList.add("seeks");
    this.root.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      seek(event);
      addEventListener("pointermove", seek);
      addEventListener("pointerup", () => removeEventListener("pointermove", seek), { once: true });
    });
  }
}
