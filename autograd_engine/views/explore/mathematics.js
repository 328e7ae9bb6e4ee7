// The primitives' forward functions, under the names of their rows. No derivative is written here.
// What Python's math refuses (a logarithm of 0, a division by zero) is NaN; what is too large is
// infinite. Functions that a rule calls because a slope may be infinite follow IEEE 754 instead.

const M = (() => {
  const TWO_OVER_ROOT_PI = 1.1283791670955126;
  const copysign = (size, sign) => (sign < 0 || Object.is(sign, -0) ? -Math.abs(size) : Math.abs(size));

  function raised(x, y) { // as IEEE 754 has it; Math.pow makes NaN of 1**NaN and (-1)**Infinity
    if (x === 1 || y === 0 || (x === -1 && Math.abs(y) === Infinity)) return 1;
    return Math.pow(x, y);
  }

  function power(x, y) {
    return x === 0 && y < 0 && y !== -Infinity ? NaN : raised(x, y);
  }

  const sigmoid = (x) => {
    if (x >= 0) return 1 / (1 + Math.exp(-x));
    const e = Math.exp(x);
    return e / (1 + e);
  };

  const ln = (x) => (x > 0 ? Math.log(x) : x === 0 ? -Infinity : NaN);

  const ratio = (x, y) => x / y;

  function powerLog(x, y) {
    if (x === 0) return 0;
    const result = raised(x, y);
    if (Math.abs(result) < 1e-300 && x > 0) {
      const half = raised(x, 0.5 * y);
      return half * ln(x) * half;
    }
    return result * ln(x);
  }

  function slope(x, y) {
    if (y === 0) return 0;
    if (y >= 0.5) return y * raised(x, y - 1);
    if (x === 0) return copysign(Infinity, y);
    return (y * raised(x, y)) / x;
  }

  function unit(x, y) {
    const largest = Math.max(Math.abs(x), Math.abs(y));
    if (largest === 0) return 0;
    if (largest < 1e-290) { x *= 2 ** 100; y *= 2 ** 100; }
    else if (largest > 1e300 && largest !== Infinity) { x *= 2 ** -10; y *= 2 ** -10; }
    return x / Math.hypot(x, y);
  }

  function gauss(x) { // exp(-x*x), the rounding error of x*x put back
    const square = x * x;
    if (square > 750) return 0;
    const big = 134217729 * x;
    const high = big - (big - x);
    const low = x - high;
    const error = high * high - square + 2 * high * low + low * low;
    return Math.exp(-square) * (1 - error);
  }

  function erfNear(x) { // exp(-x²) · 2x/√π · (1 + 2x²/3 + (2x²)²/15 + ...): every term is positive
    const double = 2 * x * x;
    let term = 1, sum = 1;
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= double / (2 * n + 1);
      sum += term;
    }
    return TWO_OVER_ROOT_PI * x * gauss(x) * sum;
  }

  function erfcFar(x) { // a continued fraction, for x of 1.5 and more, from its far end
    if (x > 30) return 0;
    let fraction = x;
    for (let n = 100; n >= 1; n--) fraction = x + n / 2 / fraction;
    return (TWO_OVER_ROOT_PI / 2) * gauss(x) / fraction;
  }

  const erf = (x) => (Math.abs(x) < 1.5 ? erfNear(x) : x > 0 ? 1 - erfcFar(x) : x < 0 ? erfcFar(-x) - 1 : x);
  const erfc = (x) => (Math.abs(x) < 1.5 ? 1 - erfNear(x) : x > 0 ? erfcFar(x) : x < 0 ? 2 - erfcFar(-x) : x);

  const maximum = (x, y) => (y > x || y !== y ? y : x);
  const minimum = (x, y) => (y < x || y !== y ? y : x);
  const strictly = (f, edge) => (x) => (edge(x) ? NaN : f(x));

  return {
    add: (x, y) => x + y,
    subtract: (x, y) => x - y,
    multiply: (x, y) => x * y,
    divide: (x, y) => (y === 0 ? NaN : x / y),
    power,
    negative: (x) => -x,
    absolute: Math.abs,
    exp: Math.exp,
    expm1: Math.expm1,
    log: strictly(Math.log, (x) => x === 0),
    log1p: strictly(Math.log1p, (x) => x === -1),
    log2: strictly(Math.log2, (x) => x === 0),
    log10: strictly(Math.log10, (x) => x === 0),
    sqrt: Math.sqrt,
    cbrt: Math.cbrt,
    sin: Math.sin,
    cos: Math.cos,
    tan: Math.tan,
    asin: Math.asin,
    acos: Math.acos,
    atan: Math.atan,
    atan2: Math.atan2,
    sinh: Math.sinh,
    cosh: Math.cosh,
    tanh: Math.tanh,
    asinh: Math.asinh,
    acosh: Math.acosh,
    atanh: strictly(Math.atanh, (x) => Math.abs(x) === 1),
    erf,
    erfc,
    sigmoid,
    softplus: (x) => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x))),
    relu: (x) => (x < 0 ? 0 : x),
    maximum,
    minimum,
    hypot: Math.hypot,
    ratio,
    ln,
    lenient_power: raised,
    slope,
    power_log: powerLog,
    sign: (x) => (x === 0 || x !== x ? x : copysign(1, x)),
    above: (x, y) => (x > y ? 1 : 0),
    at_least: (x, y) => (x >= y ? 1 : 0),
    equals: (x, y) => (x === y ? 1 : 0),
    gap: (x, y) => (x !== y ? x - y : x === -Infinity ? x : 0),
    stopped: (x) => x,
    gate: (key, x) => (key === 0 ? 0 : x),
    azmul: (x, y) => (x === 0 && Number.isNaN(x * y) ? 0 : x * y),
    unit,
    circle: (x) => Math.sqrt((1 - x) * (1 + x)),
    gauss,
    bell: (x) => sigmoid(x) * sigmoid(-x),
    leaf: (x) => x,
    constant: (x) => x,
  };
})();

// Why an operation has no result, in the words of the engine's errors; "" where it has one. What
// IEEE 754 makes NaN without a complaint (inf - inf, 0 * inf) is no refusal.
const LENIENT = new Set("add subtract multiply azmul negative absolute ratio ln lenient_power slope power_log unit gate gauss bell sign hypot maximum minimum".split(" "));
const OVERFLOWS = new Set(["exp", "expm1", "sinh", "cosh", "power"]);

function refusal(name, out, x, y) {
  if (Number.isFinite(out)) return "";
  const power = name === "power" || name.startsWith("**");
  const exponent = name.startsWith("**") ? Number(name.slice(2)) : y;
  const given = y === undefined ? [x] : [x, y];
  if (Number.isNaN(out)) {
    if (LENIENT.has(name) || given.some(Number.isNaN)) return "";
    if (name === "divide") return y === 0 ? "divides by zero" : "";
    if (power && x === 0 && exponent < 0) return "divides by zero";
    return "is not a real number";
  }
  const finite = given.every(Number.isFinite);
  return finite && (power || OVERFLOWS.has(name)) ? "is too large for a float" : "";
}
