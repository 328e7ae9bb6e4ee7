// What Python has and JavaScript lacks: its operators where they differ, errors included, and of its
// built-in functions and its `math` those that functions of floats are written with. The functions
// themselves follow, written from the package's own source; nothing here knows a primitive.

const floats = {}, several = {}, table = {}, M = {}, D = {}; // where they are written

class ValueError extends Error {}
class ArithmeticError extends Error {}
class ZeroDivisionError extends ArithmeticError {}
class OverflowError extends ArithmeticError {
  constructor(limit = Infinity) { super(); this.limit = limit; }
}

// The places of a slice; they are counted from the end if negative.
const places = (xs, start, stop, step) =>
  [...xs.keys()].slice(start ?? 0, stop ?? xs.length).filter((_, k) => k % (step ?? 1) === 0);

const py = {
  truth: (x) => (Array.isArray(x) ? x.length > 0 : x !== 0 && x !== false && x !== null), // NaN is true
  divide(x, y) {
    if (y === 0) throw new ZeroDivisionError();
    return x / y;
  },
  modulo(x, y) {
    if (y === 0) throw new ZeroDivisionError();
    const rest = x % y;
    return rest === 0 ? math.copysign(0, y) : rest < 0 !== y < 0 ? rest + y : rest;
  },
  power(x, y) {
    if (x === 1 || y === 0 || (x === -1 && Math.abs(y) === Infinity)) return 1;
    if (x === 0 && y < 0 && y !== -Infinity) throw new ZeroDivisionError();
    const out = Math.pow(x, y);
    if (Number.isNaN(out) && x === x && y === y) throw new ValueError(); // a complex number in Python
    if (Math.abs(out) === Infinity && Number.isFinite(x) && Number.isFinite(y)) throw new OverflowError(out);
    return out;
  },
  abs: Math.abs,
  float: Number,
  max: (...xs) => xs.flat().reduce((most, x) => (x > most ? x : most)), // of a NaN: whichever came first
  len: (xs) => xs.length,
  tuple: (xs) => [...xs],
  range(start, stop, step = 1) {
    if (stop === undefined) [start, stop] = [0, start];
    return Array.from({ length: Math.max(0, Math.ceil((stop - start) / step)) }, (_, i) => start + i * step);
  },
  zip: (...all) => py.range(Math.min(...all.map(py.len))).map((i) => all.map((xs) => xs[i])),
  repeat: (xs, times) => Array.from({ length: times }, () => xs).flat(),
  slice: (xs, ...bounds) => places(xs, ...bounds).map((i) => xs[i]),
  put: (xs, bounds, values) => places(xs, ...bounds).forEach((i, k) => { xs[i] = values[k]; }),
};

// The errors of `math`: NaN out of numbers, and an infinity out of finite ones.
const real = (f, grows = false) => (...given) => {
  const out = f(...given);
  if (Number.isNaN(out) && !given.some(Number.isNaN)) throw new ValueError();
  if (Math.abs(out) !== Infinity || !given.every(Number.isFinite)) return out;
  throw grows ? new OverflowError(out) : new ValueError();
};

const TWO_OVER_ROOT_PI = 1.1283791670955126;

function gauss(x) { // exp(-x²): the square of 24 bits of x is exact
  const near = Math.fround(x);
  return x > 30 ? 0 : Math.exp(-near * near) * Math.exp((near - x) * (near + x));
}

function erfNear(x) { // exp(-x²) · 2x/√π · (1 + 2x²/3 + (2x²)²/15 + ...): every term is positive
  let term = 1, sum = 1;
  for (let n = 1; term > sum * 1e-17; n++) sum += term *= (2 * x * x) / (2 * n + 1);
  return TWO_OVER_ROOT_PI * x * gauss(Math.abs(x)) * sum;
}

function erfcFar(x) { // a continued fraction, for x of 1.5 and more, from its far end
  let fraction = x;
  for (let n = 100; n >= 1; n--) fraction = x + n / 2 / fraction;
  return (TWO_OVER_ROOT_PI / 2) * gauss(x) / fraction;
}

const math = {
  inf: Infinity, nan: NaN, pi: Math.PI, isnan: Number.isNaN, isinf: (x) => Math.abs(x) === Infinity,
  hypot: Math.hypot, atan2: Math.atan2,
  copysign: (size, sign) => (sign < 0 || Object.is(sign, -0) ? -Math.abs(size) : Math.abs(size)),
  fmod: real((x, y) => x % y),
  erf: (x) => (Math.abs(x) < 1.5 ? erfNear(x) : x > 0 ? 1 - erfcFar(x) : x < 0 ? erfcFar(-x) - 1 : x),
  erfc: (x) => (Math.abs(x) < 1.5 ? 1 - erfNear(x) : x > 0 ? erfcFar(x) : x < 0 ? 2 - erfcFar(-x) : x),
};
for (const name of ["exp", "expm1", "sinh", "cosh"]) math[name] = real(Math[name], true);
for (const name of "sqrt cbrt sin cos tan asin acos atan tanh asinh acosh atanh log log1p log2 log10".split(" ")) math[name] = real(Math[name]);

// Of an error of Python's: what the result tends to, and what is wrong in the engine's words.
function refusal(error) {
  const reason = REASONS.find(([kind]) => error instanceof kind);
  if (!reason) throw error;
  return [error.limit ?? NaN, reason[1]];
}
