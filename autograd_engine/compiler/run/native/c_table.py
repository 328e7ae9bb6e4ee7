"""The table of primitives in C: what the native core includes, written when it is built.

The functions of plain floats are translated from `floats.py`, also to vectors where there are
such; values and partials of scalar instructions are read from the rules of the table.

>>> kinds()["tanh by 1"], kinds()["subtract by 2"]
([tanh(x), multiply(4.0, bell(multiply(2.0, x)))], [subtract(x, y), 1.0, -1.0])
"""

from __future__ import annotations

import ast
import hashlib
from copy import copy
from pkgutil import get_data
from typing import Any, ClassVar, Final

from autograd_engine.compiler.record import symbols
from autograd_engine.compiler.record.symbols import OUT, Expression, X, Y, Z, partials
from autograd_engine.compiler.run.translation import IEEE, Expressions, Translator, braced, read
from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.table import ADD, MULTIPLY, POWER, SUBTRACT

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

CHOOSE: Final[Any] = ast.parse("lambda x, y, z: z if x > y else 0.0 * z", mode="eval").body


class InC(Translator):
    """Translates to C."""

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

    def row(self, name: str) -> Any:
        """Return the function of a row of the table, or "choose", which is none."""
        return CHOOSE if name == "choose" else read(self.OWN)[f"M.{name}"]

    def spelled(self, expression: Expression) -> str:
        """Return an expression of symbols."""

        def call(rule: Primitive, *parts: Any) -> str:
            given = [part if isinstance(part, str) else self.number(part) for part in parts]
            return self.applied(self.row(rule.name), given)

        names: dict[Any, Any] = {symbol: symbol.name for symbol in (OUT, X, Y, Z)}
        found = symbols.substituted(expression, call, names)
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

    SPELLED: ClassVar[dict[Any, str]] = Translator.SPELLED | {
        ast.Lt: "less({}, {})", ast.Gt: "less({1}, {0})", ast.Eq: "equal({}, {})",
        ast.NotEq: "~equal({}, {})", ast.GtE: "less({1}, {0}) | equal({0}, {1})",
        ast.Not: "~({})", ast.Or: "{} | {}", ast.IfExp: "where({}, {}, {})",
        bool: "~equal({}, all(0.0))",
    }  # fmt: skip

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
        except ValueError:
            return ""

    def applied(self, function: Any, given: list[str]) -> str:
        name = ast.unparse(function)
        known = name.rpartition(".")[2] in VECTORS
        return super().applied(function if known else read(self.OWN).get(name, function), given)

    def let(self, target: Any, value: Any, rest: list[Any]) -> str:
        inside = copy(self)
        inside.own = {**self.own, ast.unparse(target): self.part(value)}
        return inside.block(rest)


def key(rule: Primitive, wanted: int, fused: bool = False) -> str:
    """Return what tells a kind from others; of its first operands so many partials are wanted."""
    return f"{rule.name}{' of a product' * fused} by {wanted}"


def rows() -> list[Primitive]:
    return [rule for rule in TABLE.values() if rule.symbol and rule.written_out is None]


def kinds() -> dict[str, list[Expression]]:
    """Return the value and the partials, by x, y and z, of each kind of scalar instruction.

    They are the rows of the table; a power once more without the partial by the exponent, which
    often is a plain number; and x + y * z and x - y * z, one instruction where two were recorded:
    both operations round as before.
    """
    found = {}
    wanted = [(rule, len(rule.domain)) for rule in (*rows(), symbols.INCLINE)]
    for rule, count in (*wanted, (POWER, 1)):
        value = -0.0 if rule is symbols.INCLINE else rule(*symbols.operands(rule))
        found[key(rule, count)] = [value, *partials(rule)[:count]]
    for rule in (ADD, SUBTRACT):
        by_x, by_product = partials(rule)
        slopes = [by_x, MULTIPLY(by_product, Z), MULTIPLY(by_product, Y)]
        value = rule(X, MULTIPLY(Y, Z))
        found[key(rule, 3, True)] = [value, *slopes]
    return found


def text() -> str:
    """Return the whole text, which has a line for each row of the table."""
    scalar, vector = InC(), InVectors()
    scalars, vectors = mapped(scalar), mapped(vector)
    maps = [*vectors, *(name for name in scalars if name not in vectors)]
    values, slopes, both, grouped = [], [], [], []
    known = kinds()
    for code, (name, given) in enumerate(known.items()):
        ones, groups = ([*map(language.spelled, given)] for language in (scalar, vector))
        each = f"EACH{len(given) - 1}"
        if "" in groups or "v_" not in "".join(groups):  # nothing to gain
            values.append(case("EACH", code, name, ones[:1]))
            slopes.append(case(each, code, name, ones[1:]))
        else:
            both.append(case(each, code, name, [ones[0], groups[0], *ones[1:], *groups[1:]]))
            grouped.append(str(code))
    tables = {
        "VECTOR_ROWS(EACH)": [case("EACH", maps.index(n), n, [vectors[n]]) for n in vectors],
        "SCALAR_ROWS(EACH)": [case("EACH", maps.index(n), n, [scalars[n]]) for n in maps],
        "KIND_VALUES(EACH)": values,
        "KIND_PARTIALS(EACH1, EACH2, EACH3)": slopes,
        "KIND_VECTORS(EACH1, EACH2)": both,
    }
    told = {"SOURCES": [digest()], "MAPS": maps, "KINDS": known, "GROUPED": grouped}
    parts = ["/* Written from the table of primitives when the package is built. */"]
    parts += scalar.lines.values()
    parts += [f"#define {n.upper()} {maps.index(n)}" for n in ("multiply", "power", "slope")]
    parts.append(f"#define VECTORS {len(vectors)}")
    parts += [f'#define {name} "{"|".join(words)}"' for name, words in told.items()]
    parts += [" \\\n".join([f"#define {head}", *lines]) + "\n" for head, lines in tables.items()]
    return "\n".join(parts)


def case(each: str, code: int, title: str, found: list[str]) -> str:
    return f"  {each}({', '.join([str(code), *found])}) /* {title} */"


def mapped(language: InC) -> dict[str, str]:
    """Return each function that a language maps over arrays, by name."""
    found = {"choose": language.applied(CHOOSE, ["x", "y", "z"])}
    found |= {rule.name: language.spelled(rule(*symbols.operands(rule))) for rule in rows()}
    return {name: spelling for name, spelling in found.items() if spelling}


def digest() -> str:
    """Return what changes when one of the files does that the native core is made of."""
    native = [f"compiler/run/native/{name}" for name in ("core.c", "module.c", "c_table.py")]
    names = ["table.py", "floats.py", "compiler/run/translation.py", *native]
    found = [get_data("autograd_engine", name) or b"" for name in names]
    return hashlib.sha256(b"".join(found)).hexdigest()[:16]
