"""The table of primitives: one row each, the derivative beside the function.

A rule takes the output and the operands and returns the partials, one for each operand; only
the sweep multiplies them by an adjoint. It is written with primitives itself, and looks at what
it is given: numbers, Values (derivatives to differentiate again), symbols (formulas).

>>> cos.partials(1.0, 0.0)
(-0.0,)
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import Any, Final

from autograd_engine import floats
from autograd_engine.primitives import FAMILIES, POSITIVE, REAL, TABLE, Primitive, row
from autograd_engine.real import is_number

# Rows that rules above them mention.
# fmt: off
above: Primitive; azmul: Primitive; bell: Primitive; circle: Primitive; cos: Primitive
cosh: Primitive; gate: Primitive; gauss: Primitive; hypot: Primitive; lenient_power: Primitive
ln: Primitive; portion: Primitive; power_log: Primitive; ratio: Primitive; sign: Primitive
slope: Primitive; unit: Primitive

# Kinks, decided here: relu'(0) = abs'(0) = 0, a tie of maximum and minimum gives each half,
# d(x**0) = 0, at x = 0 d(x**y)/dy = 0. A rule whose textbook form loses digits somewhere
# calls a row of the last block instead, which does not.

# The operators. Value states the partials of + - * / (and of relu) itself, for speed; a test
# holds them to the rows.
ADD: Final      = row("add",      lambda x, y: x + y, lambda out, x, y: (1.0, 1.0),                     REAL, REAL, symbol="+",      doc="the sum of two numbers")
SUBTRACT: Final = row("subtract", lambda x, y: x - y, lambda out, x, y: (1.0, -1.0),                    REAL, REAL, symbol="-",      doc="the difference of two numbers")
MULTIPLY: Final = row("multiply", lambda x, y: x * y, lambda out, x, y: (y, x),                         REAL, REAL, symbol="*",      doc="the product of two numbers")
DIVIDE: Final   = row("divide",   lambda x, y: x / y, lambda out, x, y: (1.0 / y, -out / y),            REAL, REAL, symbol="/",      doc="the quotient of two numbers")
POWER: Final    = row("power",    floats.power,       lambda out, x, y: (slope(x, y), power_log(x, y)), POSITIVE, REAL, symbol="**", doc="a number to the power of another")
NEGATIVE: Final = row("negative", lambda x: -x,       lambda out, x: (-1.0,),                           symbol="neg",                doc="the number with the other sign")
ABSOLUTE: Final = row("absolute", abs,                lambda out, x: (sign(x),),                        symbol="abs",                doc="the number without its sign; its derivative at 0 is 0")
OPERATORS: Final = tuple(TABLE)

# Functions of the package and methods of Value: after adding one, run .ci/rows.py.
exp       = row("exp",       math.exp,         lambda out, x: (out,),                                              doc="e to the power of x")
exp2      = row("exp2",      lambda x: 2.0**x,      lambda out, x: (math.log(2.0) * out,),                              doc="2 to the power of x")
expm1     = row("expm1",     math.expm1,       lambda out, x: (exp(x),),                                           doc="e**x - 1, with all digits near 0")
log       = row("log",       math.log,       lambda out, x: (1.0 / x,),                        POSITIVE,         doc="the natural logarithm")
log1p     = row("log1p",     math.log1p,       lambda out, x: (1.0 / (1.0 + x),),                (-1.0, math.inf), doc="the natural logarithm of 1 + x, with all digits near 0")
log2      = row("log2",      math.log2,        lambda out, x: (1.0 / math.log(2.0) / x,),        POSITIVE,         doc="the logarithm to base 2")
log10     = row("log10",     math.log10,       lambda out, x: (1.0 / math.log(10.0) / x,),       POSITIVE,         doc="the logarithm to base 10")
sqrt      = row("sqrt",      math.sqrt,        lambda out, x: (ratio(0.5, out),),                POSITIVE,         doc="the square root; its derivative at 0 is inf")
cbrt      = row("cbrt",      floats.cbrt,      lambda out, x: (ratio(1.0, 3.0 * out * out),),                      doc="the cube root, also of negative numbers; its derivative at 0 is inf")
sin       = row("sin",       math.sin,         lambda out, x: (cos(x),),                                           doc="the sine of an angle in radians")
cos       = row("cos",       math.cos,         lambda out, x: (-sin(x),),                                          doc="the cosine of an angle in radians")
tan       = row("tan",       math.tan,         lambda out, x: (1.0 + out * out,),                                  doc="the tangent of an angle in radians")
asin      = row("asin",      math.asin,        lambda out, x: (ratio(1.0, circle(x)),),          (-1.0, 1.0),      doc="the angle from -pi/2 to pi/2 with that sine; its derivative at -1 and 1 is inf")
acos      = row("acos",      math.acos,        lambda out, x: (ratio(-1.0, circle(x)),),         (-1.0, 1.0),      doc="the angle from 0 to pi with that cosine; its derivative at -1 and 1 is -inf")
atan      = row("atan",      math.atan,        lambda out, x: (unit(1.0, x) * unit(1.0, x),),                      doc="the angle from -pi/2 to pi/2 with that tangent")
atan2     = row("atan2",     math.atan2,       lambda out, y, x: (gate(hypot(x, y), ratio(unit(x, y), hypot(x, y))), gate(hypot(x, y), ratio(-unit(y, x), hypot(x, y)))), REAL, REAL, doc="the angle of the point (x, y), called with y first, from -pi to pi; at the origin the derivatives are 0 and 0")
sinh      = row("sinh",      math.sinh,        lambda out, x: (cosh(x),),                                          doc="the hyperbolic sine")
cosh      = row("cosh",      math.cosh,        lambda out, x: (sinh(x),),                                          doc="the hyperbolic cosine")
tanh      = row("tanh",      math.tanh,        lambda out, x: (4.0 * bell(2.0 * x),),                              doc="the hyperbolic tangent, which squashes into (-1, 1)")
asinh     = row("asinh",     math.asinh,       lambda out, x: (unit(1.0, x),),                                     doc="the inverse hyperbolic sine")
acosh     = row("acosh",     math.acosh,       lambda out, x: (ratio(1.0, sqrt(x - 1.0) * sqrt(x + 1.0)),), (1.0, math.inf), doc="the inverse hyperbolic cosine; its derivative at 1 is inf")
atanh     = row("atanh",     math.atanh,       lambda out, x: (1.0 / (circle(x) * circle(x)),),  (-1.0, 1.0),      doc="the inverse hyperbolic tangent")
erf       = row("erf",       math.erf,         lambda out, x: (2.0 / math.sqrt(math.pi) * gauss(x),), doc="the error function")
erfc      = row("erfc",      math.erfc,        lambda out, x: (-2.0 / math.sqrt(math.pi) * gauss(x),), doc="1 - erf(x), with all digits far out")
sigmoid   = row("sigmoid",   floats.sigmoid,   lambda out, x: (bell(x),),                                          doc="1 / (1 + e**-x), which squashes into (0, 1)")
softplus  = row("softplus",  floats.softplus,  lambda out, x: (sigmoid(x),),                                       doc="ln(1 + e**x), a smooth relu")
relu      = row("relu",      lambda x: 0.0 if x < 0.0 else x,      lambda out, x: (above(x, 0.0),),                  symbol="ReLU",    doc="x where it is positive, else 0; its derivative at 0 is 0")
maximum   = row("maximum",   floats.maximum,   lambda out, x, y: (0.5 + 0.5 * (above(x, y) - above(y, x)), 0.5 - 0.5 * (above(x, y) - above(y, x))), REAL, REAL, doc="the larger of two numbers; of equal ones the derivatives are 0.5 and 0.5")
minimum   = row("minimum",   lambda x, y: y if y < x or y != y else x,   lambda out, x, y: (0.5 - 0.5 * (above(x, y) - above(y, x)), 0.5 + 0.5 * (above(x, y) - above(y, x))), REAL, REAL, doc="the smaller of two numbers; of equal ones the derivatives are 0.5 and 0.5")
hypot     = row("hypot",     math.hypot,     lambda out, x, y: (unit(x, y), unit(y, x)),       REAL, REAL,       doc="the length of the vector (x, y); at the origin the derivatives are 0 and 0")
logaddexp = row("logaddexp", lambda x, y: floats.maximum(x, y) + math.log1p(math.exp(-abs(floats.gap(x, y)))), lambda out, x, y: (portion(x, y), portion(y, x)), REAL, REAL,       doc="ln(e**x + e**y), a smooth maximum; of two -inf the derivatives are 0")
PUBLIC: Final = {name: rule for name, rule in TABLE.items() if name not in OPERATORS}

# Of any number of operands, and what each is in operations of two. The operands of a dot product
# are its start, if it has one, and the factors in pairs; those of mse outputs and targets in pairs.
SUM: Final       = row("sum",                  floats.total,              lambda out, *xs: (1.0,) * len(xs),              written_out=floats.total,              doc="the sum of all")
MEAN: Final      = row("mean",                 floats.mean,               lambda out, *xs: (1.0 / len(xs),) * len(xs),    written_out=floats.mean,               doc="the arithmetic mean")
PROD: Final      = row("prod",                 floats.product,            lambda out, *xs: floats.of_others(xs, MULTIPLY, 1.0), written_out=floats.product, doc="the product of all")
DOT: Final       = row("dot",                  floats.dot,                lambda out, *xs: floats.crossed(xs),           written_out=floats.dot,                doc="start + x*y + x*y + ..., of the pairs in order")
NORM: Final      = row("norm",                 math.hypot,                 lambda out, *xs: tuple([unit(x, y) for x, y in zip(xs, floats.of_others(xs, hypot, 0.0))]), written_out=lambda *xs: length(xs), doc="the Euclidean length of a vector; at the origin the derivatives are 0")
VARIANCE: Final  = row("variance",             floats.variance,           lambda out, *xs: floats.around(MEAN(*xs), xs), written_out=floats.variance,           doc="the mean squared distance from the mean")
LOGSUMEXP: Final = row("logsumexp",            lambda *xs: log_of_sum(xs), lambda out, *xs: tuple(shares(xs)),             written_out=lambda *xs: log_of_sum(xs), doc="the logarithm of the sum of the exponentials, a smooth maximum")
MSE: Final       = row("mse",                  floats.mse,                lambda out, *xs: floats.toward(xs),            written_out=floats.mse,                doc="the mean of the squared differences of the pairs in order")
BINARY: Final    = row("binary_cross_entropy", lambda z, y: binary(z, y),  lambda out, z, y: ((1.0 - y) * sigmoid(z) - y * sigmoid(-z), -z), REAL, (0.0, 1.0), written_out=lambda z, y: binary(z, y), doc="-ln p where the target y is 1, -ln(1 - p) where it is 0, of the logit z with p = sigmoid(z)")

# The product that a recorded derivative is made of, adjoint times partial; see `gradients`. CppAD
# calls it so: multiplication with an absolute zero.
azmul = row("azmul", floats.azmul, lambda out, x, y: (y, x), REAL, REAL, symbol="*", doc="the product, but 0 where the first factor is 0")

# What rules are made of. Lenient where a slope is infinite; see `floats` for each.
ratio         = row("ratio",         floats.ratio,         lambda out, x, y: (ratio(1.0, y), ratio(-out, y)), REAL, REAL, symbol="/",      doc="the quotient, infinite where it divides by 0")
ln            = row("ln",            floats.ln,            lambda out, x: (ratio(1.0, x),),                   POSITIVE,                    doc="the natural logarithm, -inf at 0")
lenient_power = row("lenient_power", floats.lenient_power, lambda out, x, y: (slope(x, y), power_log(x, y)),  POSITIVE, REAL, symbol="**", doc="the power, infinite where it divides by 0 or is too large")
slope         = row("slope",         floats.slope,         lambda out, x, y: (gate(y, y * slope(x, y - 1.0)), lenient_power(x, y - 1.0) + out * ln(x)), POSITIVE, REAL, doc="y * x**(y - 1), the slope of a power")
power_log     = row("power_log",     floats.power_log,     lambda out, x, y: (lenient_power(x, y - 1.0) + slope(x, y) * ln(x), out * ln(x)), POSITIVE, REAL, doc="x**y * ln x, the derivative of a power by its exponent")
sign          = row("sign",          lambda x: x if not x or x != x else math.copysign(1.0, x),          lambda out, x: (0.0,),                                                          doc="1, -1, or 0 at 0")
above         = row("above",         lambda x, y: 1.0 if x > y else 0.0,         lambda out, x, y: (0.0, 0.0),                      REAL, REAL, symbol=">",      doc="1 where x > y, else 0")
at_least      = row("at_least",      lambda x, y: 1.0 if x >= y else 0.0,      lambda out, x, y: (0.0, 0.0),                      REAL, REAL, symbol=">=",     doc="1 where x >= y, else 0")
equals        = row("equals",        lambda x, y: 1.0 if x == y else 0.0,        lambda out, x, y: (0.0, 0.0),                      REAL, REAL, symbol="==",     doc="1 where x == y, else 0")
gap           = row("gap",           floats.gap,           lambda out, x, y: (1.0, -1.0),                     REAL, REAL, symbol="-",      doc="the difference, but 0 of inf and inf, and -inf of -inf and -inf")
stopped       = row("stopped",       lambda x: x,       lambda out, x: (0.0,),                                                          doc="x itself, which no derivative flows through")
gate          = row("gate",          lambda key, x: x if key else 0.0,          lambda out, key, x: (0.0, gate(key, 1.0)),         REAL, REAL,                  doc="x, but 0 where the key is 0")
unit          = row("unit",          floats.unit,          lambda out, x, y: (ratio(unit(y, x) * unit(y, x), hypot(x, y)), ratio(-out * unit(y, x), hypot(x, y))), REAL, REAL, doc="x / hypot(x, y), the cosine of an angle")
circle        = row("circle",        lambda x: math.sqrt((1.0 - x) * (1.0 + x)),        lambda out, x: (ratio(-x, out),),                  (-1.0, 1.0),                 doc="sqrt(1 - x*x), the height of the unit circle, exact to the rim")
gauss         = row("gauss",         floats.gauss,         lambda out, x: (-2.0 * gate(out, x) * out,),                                    doc="e**(-x*x)")
portion       = row("portion",       floats.portion,       lambda out, x, y: (out * portion(y, x), -out * portion(y, x)), REAL, REAL, doc="e**x / (e**x + e**y), but 0 of two -inf")
bell          = row("bell",          floats.bell,          lambda out, x: (-out * tanh(0.5 * x),),                                         doc="sigmoid(x) * sigmoid(-x)")

# What nobody computed.
LEAF: Final     = row("leaf",     float, lambda out: (), symbol="", doc="a value nobody computed")
CONSTANT: Final = row("constant", float, lambda out: (), symbol="", doc="a number that met a value")
# fmt: on


def length(xs: tuple[Any, ...]) -> Any:
    """Return the norm, hypot by hypot, since squares would overflow; abs would hide its kink at 0."""
    total = hypot(xs[0], 0.0) if len(xs) == 1 else xs[0]
    for x in xs[1:]:
        total = hypot(total, x)
    return total


def shifted(xs: tuple[Any, ...]) -> tuple[Any, list[Any], list[Any], Any]:
    """Return the largest, each less it, the exponentials of these, and their sum.

    None overflows; a sum of 0, where all are -inf, is kept from the logarithm. The gradient of the
    shift is 0, and is stopped, since infinite operands would move it.
    """
    if floats.are_floats(xs):
        return floats.shifted(xs)
    peak = xs[0]
    for x in xs[1:]:
        peak = maximum(peak, x)
    peak = stopped(peak)
    below: list[Any] = [gap(x, peak) for x in xs]
    exponentials: list[Any] = [exp(x) for x in below]
    return peak, below, exponentials, maximum(floats.total(*exponentials), 0.5)


def log_of_sum(xs: tuple[Any, ...]) -> Any:
    peak, _, _, total = shifted(xs)
    return peak + log(total)


def shares(xs: tuple[Any, ...]) -> list[Any]:
    """Return softmax: what part of the sum of exponentials each is."""
    # Differentiated again, of its own rows: of more than a few, n rows of n operands, too many.
    if len(xs) > WIDEST or floats.are_floats(xs):
        _, _, exponentials, total = shifted(xs)
        return [part / total for part in exponentials]
    return [softmax_of(i)(*xs) for i in range(len(xs))]


def log_shares(xs: tuple[Any, ...]) -> list[Any]:
    _, below, _, total = shifted(xs)
    return [x - log(total) for x in below]


def share(i: int, *xs: Any) -> Any:
    _, _, exponentials, total = shifted(xs)
    return exponentials[i] / total


def log_share(i: int, *xs: Any) -> Any:
    return 0.0 - surprise(i, *xs) if len(xs) > 1 else gap(xs[0], xs[0])


def surprise(i: int, *xs: Any) -> Any:
    """Return -ln of one entry of softmax, ln(1 + e**(rest - logit)), without cancellation."""
    others = xs[:i] + xs[i + 1 :]
    if len(others) == 1:
        return softplus(-gap(xs[i], others[0]))
    peak, _, _, total = shifted(others)
    return softplus(log(total) - gap(xs[i], peak))


def binary(z: Any, y: Any) -> Any:
    """Return the binary cross-entropy of a logit; y * z - softplus(z) would cancel far out."""
    if is_number(y) and y in (0.0, 1.0):
        return softplus(-z if y else z)
    return y * softplus(-z) + (1.0 - y) * softplus(z)


def share_partials(i: int, out: Any, *xs: Any) -> tuple[Any, ...]:
    return share_slopes(i, out, shares(xs))


def share_slopes(i: int, out: Any, parts: list[Any]) -> tuple[Any, ...]:
    """Return p * (1 - p) by the entry's own logit, and -p * q by each other, of probability q."""
    found: list[Any] = [-(out * part) for part in parts]
    found[i] = out * floats.all_but(i, parts)
    return tuple(found)


def log_share_partials(i: int, out: Any, *xs: Any) -> tuple[Any, ...]:
    return tuple([-slope for slope in surprise_partials(i, out, *xs)])


def surprise_partials(i: int, out: Any, *xs: Any) -> tuple[Any, ...]:
    """Return p - 1 by the logit of the class, and q by each other, of probability q."""
    parts = shares(xs)
    rest = floats.all_but(i, parts)  # 1 - p, or 0 where all are 0
    parts[i] = -(rest + gate(equals(rest, 0.0), 1.0 - parts[i]) if len(parts) > 1 else 0.0)
    return tuple(parts)


WIDEST: Final = 16  # of more logits softmax is recorded in elementary operations


def entry(name: str, doc: str, forward: Any, slopes: Any, written: Any, i: int) -> Primitive:
    """Return the row of one entry of a function of lists."""
    forward, slopes, written = (partial(function, i) for function in (forward, slopes, written))
    return Primitive(f"{name}[{i}]", forward, slopes, name, (REAL,), True, written, f"{doc} {i}")


# fmt: off
softmax_of: Final       = cache(partial(entry, "softmax",       "the probability of the class",                  share, share_partials, share))
log_softmax_of: Final   = cache(partial(entry, "log_softmax",   "the logarithm of the probability of the class", log_share, log_share_partials, lambda i, *xs: log_shares(xs)[i]))
cross_entropy_of: Final = cache(partial(entry, "cross_entropy", "-ln of the probability that softmax gives to the class", surprise, surprise_partials, surprise))
# fmt: on


@lru_cache(maxsize=256, typed=True)
def power_of(number: Any) -> Primitive:
    """Return the primitive x -> x**number for a fixed number: one operand."""
    exponent = float(number)
    return Primitive(
        f"**{number if type(number) is int else exponent}",
        lambda x: floats.power(x, exponent),
        lambda out, x: (slope(x, exponent),),
        domain=(POSITIVE if exponent % 1.0 else REAL,),
        doc=f"x to the power of {number}",
    )


FAMILIES.update({"**": power_of, "softmax[": softmax_of})
FAMILIES.update({"log_softmax[": log_softmax_of, "cross_entropy[": cross_entropy_of})

# fmt: off
BESIDE: Final[dict[str, Callable[..., Any]]] = {  # the operators under NumPy's names
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul,
    "divide": operator.truediv, "power": operator.pow, "float_power": operator.pow,
    "negative": operator.neg, "positive": operator.pos, "conjugate": operator.pos,
    "absolute": operator.abs, "fabs": operator.abs, "square": lambda x: x * x,
    **dict.fromkeys(("deg2rad", "radians"), lambda x: x * (math.pi / 180.0)),
    **dict.fromkeys(("rad2deg", "degrees"), lambda x: x * (180.0 / math.pi)),
    "reciprocal": lambda x: 1.0 / x, "less": operator.lt, "less_equal": operator.le,
    "greater": operator.gt, "greater_equal": operator.ge, "equal": operator.eq,
    "not_equal": operator.ne,
}
# fmt: on


def ours(ufunc: Any) -> Callable[..., Any] | None:
    """Return what a function of NumPy or SciPy is here; None for others, also of such a name."""
    name, homes = ufunc.__name__, map(sys.modules.get, ("numpy", "scipy.special"))
    if not any(getattr(home, name, None) is ufunc for home in homes):
        return None
    return BESIDE.get(name) or PUBLIC.get({"expit": "sigmoid"}.get(name, name.replace("arc", "a")))
