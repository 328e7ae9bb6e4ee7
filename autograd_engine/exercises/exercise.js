// An exercise: answers are held against what is right, then against what each mistake gives.

const { title, hints, questions } = pageData;
const fields = [];
const right = questions.map(() => false);

// A sentence that Python made: its words, and what is put there, which may be such a sentence.
const told = (said) => (Array.isArray(said) ? (words[said[0]] ?? said[0]).replace(/\{(\d)\}/g, (_, k) => told(said[Number(k) + 1])) : said);

// What was typed as a number, and whether it is one rounded to three digits or more: as Python says.
function read(text) {
  const plain = text.trim().replace(/−/g, "-").replace(",", ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
}

const near = (guess, number) => Math.abs(guess - number) <= Math.max(0.005 * Math.max(Math.abs(guess), Math.abs(number)), 1e-12);

function judged(text, key) {
  const [answer, mistakes] = JSON.parse(new TextDecoder().decode(bytes(key)));
  const guess = read(text);
  if (!Number.isFinite(guess)) return ["again", say`Type a number, such as -0.5 or 1e-3.`];
  if (near(guess, answer)) return ["right", say`Right.`];
  const mistake = mistakes.find(([wrong]) => near(guess, wrong));
  return ["wrong", mistake ? told(mistake.slice(1)) : say`Not yet.`];
}

function question([text, choices, key], n) {
  const id = `answer${n + 1}`;
  const verdict = el("p", { role: "status" });
  const field = choices.length
    ? el("select", { id }, ["", ...choices].map((choice, k) => el("option", { value: k || "" }, choice || say`Choose one.`)))
    : el("input", { id, autocomplete: "off", inputmode: "text" });
  const check = (event) => {
    event.preventDefault();
    [verdict.className, verdict.textContent] = choices.length && !field.value ? ["again", say`Choose one.`] : judged(field.value, key);
    right[n] = verdict.className === "right";
    document.getElementById("score").textContent = say`${right.filter(Boolean).length} of ${questions.length} are right.`;
  };
  fields.push(field);
  const form = el("form", { onsubmit: check }, field, el("button", {}, say`Check`));
  return el("li", { "data-answer": say`Answer: ${"____________"}` }, el("label", { for: id }, told(text)), form, verdict);
}

function save() {
  const name = document.getElementById("name").value;
  const saved = JSON.stringify({ title: document.title, name, answers: fields.map(({ value }) => value), keys: questions.map(([, , key]) => key) });
  const link = el("a", { href: URL.createObjectURL(new Blob([saved], { type: "application/json" })), download: `${name || "answers"}.json` });
  link.click();
  URL.revokeObjectURL(link.href);
}

document.title = document.querySelector("h1").textContent = told(title);
document.getElementById("hint").textContent = hints.map(told).join(" ");
document.getElementById("questions").append(...questions.map(question));
document.getElementById("save").addEventListener("click", save);
document.getElementById("still").remove();
