"""The table of primitives in C: what the native core includes, written when it is built.

The functions of plain floats are translated from `floats.py`, also to vectors where there are
such; values and partials of scalar instructions are read from the rules of the table.

>>> "(x * y)) /* multiply */" in text()
True
>>> found = {kind.key: kind for kind in kinds()}
>>> found["tanh by 1"].value, found["subtract of a product by 3"].partials
(tanh(x), (1.0, multiply(-1.0, z), multiply(-1.0, y)))
"""

from __future__ import annotations

import ast
import hashlib
from copy import copy
from pkgutil import get_data
from typing import Any, ClassVar, Final, NamedTuple

from autograd_engine.compiler.record.symbols import (
    INCLINE,
    OUT,
    Expression,
    X,
    Y,
    Z,
    applied,
    operands,
    partials,
    substituted,
)
from autograd_engine.compiler.run.translation import (
    IEEE,
    Expressions,
    Translator,
    Untranslatable,
    braced,
    read,
)
from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.table import ADD, DIVIDE, MULTIPLY, POWER, SUBTRACT

COMPARED: Final[dict[type, str]] = {
    ast.Lt: "if_less({}, {}, {}, {})", ast.Gt: "if_less({1}, {0}, {2}, {3})",
    ast.Eq: "if_equal({}, {}, {}, {})", ast.NotEq: "if_equal({0}, {1}, {3}, {2})",
    ast.GtE: "if_less({1}, {0}, {2}, if_equal({0}, {1}, {2}, {3}))",
}  # fmt: skip
"""How one of two is chosen with vectors, where two others compare so."""

BY_HAND: Final = "exp expm1 log log1p tanh sigmoid bell softplus gauss sin cos atan sinh cosh unit"
VECTORS: Final = {name: f"v_{name}" for name in BY_HAND.split()} | {
    "abs": "size", "sqrt": "root", "copysign": "signed_as", "inf": "all(INFINITY)",
}  # fmt: skip
"""What core.c calls the functions that it has with vectors."""

SQUARED: Final = """
def power(x, y): return x * x if y == 2.0 else x ** y
def lenient_power(x, y): return x * x if y == 2.0 else x ** y
"""
"""A square is too frequent to be computed as powers are."""


class InC(Translator):
    """Translates to C.

    >>> language = InC()
    >>> print(language.named("floats.circle"), *language.lines.values())
    f_circle INLINE double f_circle(double x) {
      return sqrt((1.0 - x) * (1.0 + x));
    }
    """

    LANGUAGE = "C"
    OWN = IEEE + SQUARED
    SPELLED: ClassVar[dict[Any, str]] = Translator.SPELLED | {ast.Pow: "pow({}, {})"}
    NAMES: Final = {"abs": "fabs", "max": "larger", "math.inf": "INFINITY", "math.nan": "NAN"}

    def known(self, name: str) -> str:
        if name in self.NAMES or name.startswith("math."):
            return self.NAMES.get(name, name[5:])
        return super().known(name)

    def called(self, name: str) -> str:
        return f"f_{name.partition('.')[2].strip('_')}"

    def number(self, value: float) -> str:
        return repr(float(value)).replace("inf", "INFINITY").replace("nan", "NAN")

    def definition(self, name: str, node: Any) -> str:
        found = self.function(node)
        if isinstance(node, ast.FunctionDef):
            return f"INLINE double {name}{found}"
        return f"static const double {name} = {found};"

    def written(self, operands: list[str], names: list[str], body: str) -> str:
        given = ", ".join(f"double {name}" for name in operands)
        declared = f"double {', '.join(names)};\n" if names else ""
        return f"({given}) {braced(declared + body)}"

    def assigned(self, target: Any, value: Any) -> str:
        """Return an assignment; of several at once, all values come first."""
        if not isinstance(target, ast.Tuple):
            return super().assigned(target, value)
        pairs = [(self.text(name), self.text(item)) for name, item in zip(target.elts, value.elts)]
        new = [f"const double new_{name} = {found};" for name, found in pairs]
        return " ".join(["{", *new, *[f"{name} = new_{name};" for name, _ in pairs], "}"])

    def spelled(self, expression: Expression) -> str:
        """Return an expression of symbols."""

        def call(rule: Primitive, *parts: Any) -> str:
            given = [part if isinstance(part, str) else self.number(part) for part in parts]
            return self.applied(read(self.OWN)[f"M.{rule.name}"], given)

        names: dict[Any, Any] = {symbol: symbol.name for symbol in (OUT, X, Y, Z)}
        found = substituted(expression, call, names)
        return found if isinstance(found, str) else self.number(found)

    def applied(self, function: Any, given: list[str]) -> str:
        """Return a call of a function by name, or what another returns."""
        if isinstance(function, (ast.Name, ast.Attribute)):
            return f"{self.text(function)}({', '.join(given)})"
        inside, body = copy(self), function.body
        inside.own = {item.arg: found for item, found in zip(function.args.args, given)}
        return inside.block(body) if isinstance(body, list) else inside.part(body)


class InVectors(Expressions, InC):
    """Translates to C on vectors."""

    SPELLED = Translator.SPELLED  # and no powers

    def named(self, name: str) -> str:
        short = name.rpartition(".")[2]
        if short not in VECTORS:
            raise self.refused(ast.Name(name))
        return VECTORS[short]

    def number(self, value: float) -> str:
        return f"all({super().number(value)})"

    def spelled(self, expression: Expression) -> str:
        """Return an expression of symbols; "" where it calls what has no spelling with vectors."""
        try:
            return super().spelled(expression)
        except Untranslatable:
            return ""

    def applied(self, function: Any, given: list[str]) -> str:
        name = ast.unparse(function)
        known = name.rpartition(".")[2] in VECTORS
        return super().applied(function if known else read(self.OWN).get(name, function), given)

    def let(self, target: Any, value: Any, rest: list[Any]) -> str:
        inside = copy(self)
        inside.own = {**self.own, ast.unparse(target): self.part(value)}
        return inside.block(rest)

    def choice(self, test: Any, one: str, other: str) -> str:
        match test:
            case ast.UnaryOp(ast.Not(), operand):
                return self.choice(operand, other, one)
            case ast.BoolOp(ast.Or(), [first, second]):
                return self.choice(first, one, self.choice(second, one, other))
            case ast.Compare(left, [sign], [right]) if type(sign) in COMPARED:
                return COMPARED[type(sign)].format(self.text(left), self.text(right), one, other)
            case ast.Name():
                return self.choice(ast.Compare(test, [ast.NotEq()], [ast.Constant(0)]), one, other)
        raise self.refused(test)


class Kind(NamedTuple):
    """A kind of instruction, on the operands x, y and z."""

    key: str
    value: Expression
    partials: tuple[Expression, ...]


def key(rule: Primitive, wanted: int, fused: bool = False) -> str:
    """Return what tells a kind from others: the primitive, of how many of its operands, the first
    ones, the partials are computed, and whether its second operand is the product y * z.
    """
    return f"{rule.name}{' of a product' * fused} by {wanted}"


def rows() -> list[Primitive]:
    """Return the rows of one and two operands."""
    return [rule for rule in TABLE.values() if rule.symbol and rule.written_out is None]


def kinds() -> list[Kind]:
    """Return every kind of instruction of the scalar machine.

    They are the rows of the table; those whose second operand is often a plain number once more,
    without the partial by that; and sums with a product.
    """
    found = []
    wanted = [(rule, len(rule.domain)) for rule in (*rows(), INCLINE)]
    wanted += [(rule, 1) for rule in (ADD, SUBTRACT, MULTIPLY, DIVIDE, POWER, INCLINE)]
    for rule, count in wanted:
        value = -0.0 if rule is INCLINE else applied(rule, *operands(rule))
        found.append(Kind(key(rule, count), value, partials(rule)[:count]))
    return found + [_fused(rule, count) for rule in (ADD, SUBTRACT) for count in (3, 2)]


def _fused(outer: Primitive, wanted: int) -> Kind:
    """Return the kind of x + y * z, or x - y * z: one instruction where two were recorded.

    Both operations round as before. The partials follow by the chain rule.
    """
    product = applied(MULTIPLY, Y, Z)
    by_x, by_product = (
        substituted(slope, applied, {X: X, Y: product, OUT: OUT}) for slope in partials(outer)
    )
    inner = [
        substituted(slope, applied, {X: Y, Y: Z, OUT: product}) for slope in partials(MULTIPLY)
    ]
    slopes = [by_x, *(applied(MULTIPLY, by_product, slope) for slope in inner)]
    return Kind(key(outer, wanted, True), applied(outer, X, product), tuple(slopes[:wanted]))


def text() -> str:
    """Return the whole text, which has a line for each row of the table."""
    scalar, vector = InC(), InVectors()
    scalars, vectors = mapped(scalar), mapped(vector)
    maps = [*vectors, *(name for name in scalars if name not in vectors)]
    values, slopes, both, grouped = [], [], [], []
    known = kinds()
    for code, kind in enumerate(known):
        given = (kind.value, *kind.partials)
        ones, groups = [*map(scalar.spelled, given)], [*map(vector.spelled, given)]
        each = f"EACH{len(kind.partials)}"
        if "" in groups or "v_" not in "".join(groups):  # nothing to gain
            values.append(case("EACH", code, kind.key, ones[:1]))
            slopes.append(case(each, code, kind.key, ones[1:]))
        else:
            found = [ones[0], groups[0], *ones[1:], *groups[1:]]
            both.append(case(each, code, kind.key, found))
            grouped.append(str(code))
    tables = {
        "VECTOR_ROWS(EACH)": [case("EACH", maps.index(n), n, [vectors[n]]) for n in vectors],
        "SCALAR_ROWS(EACH)": [case("EACH", maps.index(n), n, [scalars[n]]) for n in maps],
        "KIND_VALUES(EACH)": values,
        "KIND_PARTIALS(EACH1, EACH2, EACH3)": slopes,
        "KIND_VECTORS(EACH1, EACH2)": both,
    }
    told = {"SOURCES": [digest()], "MAPS": maps, "GROUPED": grouped}
    parts = ["/* Written from the table of primitives when the package is built. */"]
    parts += scalar.lines.values()
    parts += [f"#define {n.upper()} {maps.index(n)}" for n in ("multiply", "power", "slope")]
    parts.append(f"#define VECTORS {len(vectors)}")
    parts.append(f'#define KINDS "{"|".join(kind.key for kind in known)}"')
    parts += [f'#define {name} "{" ".join(words)}"' for name, words in told.items()]
    parts += [" \\\n".join([f"#define {head}", *lines]) + "\n" for head, lines in tables.items()]
    return "\n".join(parts)


def case(each: str, code: int, title: str, found: list[str]) -> str:
    """Return the application of a macro to a code and texts."""
    return f"  {each}({', '.join([str(code), *found])}) /* {title} */"


def mapped(language: InC) -> dict[str, str]:
    """Return each function that a language maps over arrays, by name."""
    choose: Any = ast.parse("lambda x, y, z: z if x > y else 0.0 * z", mode="eval")  # no row
    found = {"choose": language.applied(choose.body, ["x", "y", "z"])}
    found |= {rule.name: language.spelled(applied(rule, *operands(rule))) for rule in rows()}
    return {name: spelling for name, spelling in found.items() if spelling}


def digest() -> str:
    """Return what changes when one of the files does that the native core is made of."""
    native = [f"compiler/run/native/{name}" for name in ("core.c", "module.c", "c_table.py")]
    names = ["table.py", "floats.py", "compiler/run/translation.py", *native]
    found = [get_data("autograd_engine", name) or b"" for name in names]
    return hashlib.sha256(b"".join(found)).hexdigest()[:16]
