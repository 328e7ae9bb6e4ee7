// Numbers, names and formulas as text. Numbers keep the plain minus: they can be copied into code.
// Everything goes into the page as text, never as markup.

const SPECIAL = (value) => (Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf");

// At most 7 characters where the exponent has one digit: a box has room for so many.
function short(value) {
  if (!Number.isFinite(value)) return SPECIAL(value);
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return trimmed(value.toExponential(1));
  const digits = size >= 1e4 ? 0 : size >= 1e3 ? 1 : size >= 100 ? 2 : size >= 10 ? 3 : 4;
  return trimmed(value.toFixed(digits));
}

function trimmed(text) {
  return text.replace(/(\.\d*?)0+(?=e|$)/, "$1").replace(/\.(?=e|$)/, "").replace("e+", "e");
}

// A negative number after an operator.
const bracketed = (text) => (text.startsWith("-") ? `(${text})` : text);

// Three digits, for arrows.
function brief(value) {
  if (!Number.isFinite(value)) return SPECIAL(value);
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e5 || size < 1e-3)) return trimmed(value.toExponential(1));
  return String(Number(value.toPrecision(3)));
}

// All digits: the shortest text that reads back as the same number.
const exact = (value) => (Number.isFinite(value) ? (Object.is(value, -0) ? "-0" : String(value)) : SPECIAL(value));

// What somebody typed, as a number; undefined where it is none.
function typed(text) {
  const plain = text.trim().toLowerCase().replace("−", "-").replace(",", ".").replace(/^\+/, "");
  if (/^-?inf(inity)?$|^-?∞$/.test(plain)) return plain.startsWith("-") ? -Infinity : Infinity;
  if (plain === "nan") return NaN;
  return plain !== "" && Number.isFinite(Number(plain)) ? Number(plain) : undefined;
}

// What the page says, in its language: say`step ${n}` looks up "step {0}" in the table of words.
// With elements among the values it gives a list of what to put there.
const pageData = JSON.parse(document.getElementById("data").textContent);
const lang = pageData.lang ?? navigator.language.toLowerCase();
const words = Object.entries(pageData.words ?? {}).find(([name]) => lang.startsWith(name))?.[1] ?? {};

function say(texts, ...values) {
  const key = texts.reduce((before, text, k) => `${before}{${k - 1}}${text}`);
  const pieces = (words[key] ?? key).split(/\{(\d)\}/).map((piece, k) => (k % 2 ? values[piece] : piece));
  return values.some((value) => value instanceof Node) ? pieces : pieces.join("");
}

// What Python counted, such as "3 of 20 steps" or "5 values, 1 leaf", in the page's language.
const COUNTED = {
  value: (n) => say`${n} values`, leaf: (n) => say`${n} leaves`, constant: (n) => say`${n} constants`,
  layer: (n) => say`${n} layers`, neuron: (n) => say`${n} neurons`, part: (n) => say`${n} parts`,
  product: (n) => say`${n} products`, "dot product": (n) => say`${n} dot products`, sum: (n) => say`${n} sums`,
  state: (n) => say`${n} states`, step: (n, of) => (of ? say`${of} of ${n} steps` : say`${n} steps`),
};

function counts(text) {
  const some = /(?<![^ ])(?:([\d,]+) of )?([\d,]+) ([a-z ]+)(?=, |$)/g;
  const one = (noun) => noun.replace("leaves", "leaf").replace(/s$/, "");
  return Object.keys(words).length ? text.replace(some, (all, of, n, noun) => COUNTED[one(noun)]?.(n, of) ?? all) : text;
}

// The same for what stands in the page from the start.
function translate(root) {
  document.documentElement.lang = Object.keys(words).length ? lang : "en";
  for (const element of root.querySelectorAll("*")) {
    for (const name of ["alt", "aria-label", "title"]) {
      if (element.hasAttribute(name)) element.setAttribute(name, words[element.getAttribute(name)] ?? element.getAttribute(name));
    }
    for (const node of element.childNodes) {
      const text = node.nodeType === Node.TEXT_NODE ? node.data.trim() : "";
      if (words[text]) node.data = node.data.replace(text, words[text]);
    }
  }
}
translate(document.body);

// What the page holds in base64.
const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const floats = (text) => new Float64Array(bytes(text).buffer);

// Elements: el("p", {class: "x"}, "text", child).
function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== "" && child !== undefined));
  return element;
}

// A value's name by the whole path in its model; the page has those that are other than its name.
function fullName({ full, homes, names }, i) {
  const [, home, own] = /^(\d+)\.(.*)$/s.exec(full[i]) ?? [];
  return home ? homes[home] + own : names[i];
}

// A derivative, as a fraction: ∂top over ∂bottom.
function fraction(top, bottom) {
  const clipped = (name) => (name.length <= 14 ? name : `${[...name].slice(0, 13).join("")}…`);
  return el("span", { class: "fraction", role: "math", "aria-label": `∂${top} by ∂${bottom}` },
    el("span", { class: "top", title: top }, `∂${clipped(top)}`), el("span", { class: "bottom", title: bottom }, `∂${clipped(bottom)}`));
}

// A formula with names or numbers in it: `put(0)` for the output, `put(1)`, `put(2)` operands.
function formula(parts, put) {
  return parts.map((part, at) => {
    if (typeof part === "string") return part;
    const text = put(part);
    const before = typeof parts[at - 1] === "string" ? parts[at - 1] : "";
    const after = typeof parts[at + 1] === "string" ? parts[at + 1] : "";
    const tight = /[−·/^√] ?$|[+] $/.test(before) || /^[\^⁻⁰¹²³⁴⁵⁶⁷⁸⁹]/.test(after);
    return tight && /^-|e/.test(text) && /^[-\d]/.test(text) ? `(${text})` : text;
  }).join("");
}
