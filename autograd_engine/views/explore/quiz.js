// Predict, then reveal: gradients are hidden until one has said what they are.

class Quiz {
  constructor(program, names, on) {
    this.program = program;
    this.names = names;
    this.on = on;
    this.active = false;
    this.asked = program.leaves.length ? program.leaves : program.computed.slice(0, -1);
    this.restart();
  }

  restart() {
    this.revealed = new Map(); // value -> whether it was guessed
    this.forget();
    this.question = this.asked.find((i) => i !== this.program.output);
  }

  hides(i) {
    return this.active && i !== this.program.output && !this.program.isConstant(i) && !this.revealed.has(i);
  }

  toggle() {
    this.active = !this.active;
    this.restart();
  }

  ask(i) {
    if (!this.active || i === this.question || i === this.program.output || this.program.isConstant(i)) return;
    this.question = i;
    this.forget();
  }

  // A verdict is on the numbers of its moment: where they move, it goes.
  forget() {
    this.verdict = this.typed = "";
  }

  next() {
    const at = this.asked.indexOf(this.question);
    const order = [...this.asked.slice(at + 1), ...this.asked.slice(0, at + 1)];
    const open = order.find((i) => !this.revealed.has(i) && i !== this.program.output);
    this.question = open ?? this.question;
    this.forget();
  }

  get done() {
    return this.revealed.has(this.question);
  }

  get score() {
    return [...this.revealed.values()].filter(Boolean).length;
  }

  // Within a hundredth, or right to the two digits or more that were typed.
  isRight(text, truth) {
    const guess = typed(text);
    if (guess === undefined) return undefined;
    if (!Number.isFinite(truth) || !Number.isFinite(guess)) return Object.is(guess, truth);
    if (Math.abs(guess - truth) <= 0.01 * Math.abs(truth)) return true;
    const digits = text.replace(/e.*$/i, "").replace(/\D/g, "").replace(/^0+/, "").length;
    return digits >= 2 && Number(truth.toPrecision(Math.min(digits, 17))) === guess;
  }

  check(text) {
    this.typed = text;
    const i = this.question;
    const truth = this.program.gradient[i];
    const right = this.isRight(text, truth);
    if (right === undefined) this.verdict = ["again", say`Type a number, such as -0.5 or 1e-3.`];
    else if (right) {
      this.revealed.set(i, true);
      this.verdict = ["right", say`Right: it is ${short(truth)}.`];
    } else {
      this.verdict = ["wrong", say`Not yet. ${this.hint(typed(text), truth)}`];
    }
    this.on.answered(this.verdict[1]);
  }

  hint(guess, truth) {
    if (!Number.isFinite(truth)) return say`It is not a finite number.`;
    if (!Number.isFinite(guess)) return say`It is a finite number.`;
    if (truth === 0) return say`Does the output move at all?`;
    if (guess * truth < 0) return say`Look at the sign.`;
    return Math.abs(guess) > Math.abs(truth) ? say`It is smaller in size. Multiply the partials along the way.` : say`It is larger in size. Count every use.`;
  }

  reveal() {
    const i = this.question;
    if (this.done) return;
    this.revealed.set(i, false);
    this.typed = "";
    this.verdict = ["shown", say`It is ${short(this.program.gradient[i])}.`];
    this.on.answered(this.verdict[1]);
  }

  show() {
    const section = document.getElementById("question");
    const button = document.getElementById("quiz");
    section.hidden = !this.active;
    button.setAttribute("aria-pressed", String(this.active));
    if (!this.active) return;
    const i = this.question;
    const [L, name] = [this.names[this.program.output], this.names[i]];
    const { done } = this;
    const field = el("input", { type: "text", id: "guess", "aria-label": say`your guess for the gradient of ${name}`, autocomplete: "off", disabled: done });
    field.value = this.typed;
    const left = this.asked.some((o) => !this.revealed.has(o) && o !== this.program.output);
    section.replaceChildren(
      el("p", { class: "eyebrow" }, say`Predict, then reveal`),
      el("h2", { id: "question-title" }, say`What is ${fraction(L, name)} ?`),
      el("form", { onsubmit: (e) => { e.preventDefault(); this.check(field.value); } },
        field,
        done ? "" : el("button", { type: "submit", class: "main" }, say`Check`),
        done ? "" : el("button", { type: "button", id: "reveal", onclick: () => this.reveal() }, say`Reveal`),
        left ? el("button", { type: "button", id: "another", class: done ? "main" : "", onclick: () => this.on.another() }, say`Next`) : ""),
      el("p", { class: `verdict ${this.verdict[0] ?? ""}`, role: "status" }, this.verdict[1] ?? say`Asked for is the gradient at the end of both passes: the partials on the arrows are all you need. Click another value to be asked for that one.`),
      el("p", { id: "score" }, left ? say`Score: ${this.score} of ${this.revealed.size}` : say`Score: ${this.score} of ${this.revealed.size}. That was the last one.`));
  }
}
