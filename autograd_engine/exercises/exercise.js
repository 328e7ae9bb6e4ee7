// An exercise: answers are held against what is right, then against what each mistake gives.

const { title, questions } = pageData;
const answers = questions.map(() => "");
const right = questions.map(() => false);

// A sentence that Python made: its words, and what is put there, which may be such a sentence.
const told = (said) => (Array.isArray(said) ? (words[said[0]] ?? said[0]).replace(/\{(\d)\}/g, (_, k) => told(said[Number(k) + 1])) : said);

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
  if (typed(text) === undefined) return ["again", say`Type a number, such as -0.5 or 1e-3.`];
  if (near(text, answer)) return ["right", say`Right.`];
  const mistake = mistakes.find(([wrong]) => near(text, wrong));
  return ["wrong", mistake ? told(mistake.slice(1)) : say`Not yet.`];
}

function question([text, choices, key], n) {
  const id = `answer${n + 1}`;
  const verdict = el("p", { role: "status" });
  const field = choices.length
    ? el("select", { id }, choices.map((choice, k) => el("option", { value: k + 1 }, choice)))
    : el("input", { id, autocomplete: "off", inputmode: "text" });
  const check = (event) => {
    event.preventDefault();
    answers[n] = field.value;
    [verdict.className, verdict.textContent] = judged(field.value, key);
    right[n] = verdict.className === "right";
    document.getElementById("score").textContent = say`${right.filter(Boolean).length} of ${questions.length} are right.`;
  };
  const form = el("form", { onsubmit: check }, field, el("button", {}, say`Check`));
  return el("li", { "data-answer": say`Answer: ${"____________"}` }, el("label", { for: id }, told(text)), form, verdict);
}

function save() {
  const name = document.getElementById("name").value;
  const saved = JSON.stringify({ title: document.title, name, answers, keys: questions.map(([, , key]) => key) });
  const link = el("a", { href: URL.createObjectURL(new Blob([saved], { type: "application/json" })), download: `${name || "answers"}.json` });
  link.click();
  URL.revokeObjectURL(link.href);
}

document.title = document.querySelector("h1").textContent = told(title);
document.getElementById("questions").append(...questions.map(question));
document.getElementById("save").addEventListener("click", save);
document.getElementById("still").remove();
