// An exercise: answers are held against what is right, then against what each mistake gives.

const { title, questions } = JSON.parse(document.getElementById("data").textContent);
const answers = questions.map(() => "");
const right = questions.map(() => false);

// Rounded to the two digits or more that were typed, or within half a hundredth.
function near(text, number) {
  const guess = typed(text);
  if (guess === undefined) return false;
  if (Math.abs(guess - number) <= Math.max(0.005 * Math.max(Math.abs(guess), Math.abs(number)), 1e-12)) return true;
  const digits = text.replace(/e.*$/i, "").replace(/\D/g, "").replace(/^0+/, "").length;
  return digits >= 2 && Number(number.toPrecision(Math.min(digits, 17))) === guess;
}

function judged(text, key) {
  const [answer, mistakes] = JSON.parse(new TextDecoder().decode(bytes(key)));
  if (typed(text) === undefined) return ["again", "Type a number, such as -0.5 or 1e-3."];
  if (near(text, answer)) return ["right", "Right."];
  const [, words] = mistakes.find(([wrong]) => near(text, wrong)) ?? [0, "Not yet."];
  return ["wrong", words];
}

function question([text, choices, key], n) {
  const id = `answer${n + 1}`;
  const told = el("p", { role: "status" });
  const field = choices.length
    ? el("select", { id }, choices.map((choice, k) => el("option", { value: k + 1 }, choice)))
    : el("input", { id, autocomplete: "off", inputmode: "text" });
  const check = (event) => {
    event.preventDefault();
    answers[n] = field.value;
    [told.className, told.textContent] = judged(field.value, key);
    right[n] = told.className === "right";
    document.getElementById("score").textContent = `${right.filter(Boolean).length} of ${questions.length} are right.`;
  };
  return el("li", {}, el("label", { for: id }, text), el("form", { onsubmit: check }, field, el("button", {}, "Check")), told);
}

function save() {
  const name = document.getElementById("name").value;
  const saved = JSON.stringify({ title, name, answers, keys: questions.map(([, , key]) => key) });
  const link = el("a", { href: URL.createObjectURL(new Blob([saved], { type: "application/json" })), download: `${name || "answers"}.json` });
  link.click();
  URL.revokeObjectURL(link.href);
}

document.getElementById("questions").append(...questions.map(question));
document.getElementById("save").addEventListener("click", save);
