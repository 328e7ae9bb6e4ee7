"""Expressions typed as text, turned into graphs: parsed, never executed. What is no arithmetic, no
comparison, list or call of one of `FUNCTIONS` is refused, with what to write instead.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import sys
import warnings
from collections.abc import Callable, Mapping
from inspect import signature
from itertools import chain
from typing import Any

from autograd_engine import functions as compositions
from autograd_engine.engine import Value, as_value
from autograd_engine.primitives import TABLE
from autograd_engine.table import PUBLIC
from autograd_engine.words import LINE, meant, printable

COMPOSITIONS = (
    "where", "leaky_relu", "elu", "gelu", "silu", "clip", "sum", "mean", "prod", "norm",
    "variance", "logsumexp", "softmax", "log_softmax", "dot",
)  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": TABLE["absolute"],
    **PUBLIC,
    **{name: getattr(compositions, name) for name in COMPOSITIONS},
}
"""Every function that an expression may call, by name."""


def _power(base: Any, exponent: Any) -> Any:
    if not isinstance(base, Value) or not isinstance(exponent, float):
        return TABLE["power"](base, exponent)
    # A whole exponent is drawn as it was typed: **2, not **2.0.
    return base ** (int(exponent) if exponent.is_integer() and abs(exponent) < 1e15 else exponent)


# fmt: off
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: TABLE["add"], ast.Sub: TABLE["subtract"], ast.Mult: TABLE["multiply"],
    ast.Div: TABLE["divide"], ast.Pow: _power, ast.UAdd: operator.pos, ast.USub: TABLE["negative"],
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}
ADVICE: dict[type[ast.AST], str] = {
    ast.BitXor: ": a power is written **",
    ast.FloorDiv: ": division is written /, and is never rounded",
    ast.IfExp: ": write where(condition, value, otherwise)",
    ast.BoolOp: ": conditions are joined by nesting, as in where(a > 0, where(b > 0, 1, 0), 0)",
    ast.Compare: ": one comparison at a time",
    ast.Attribute: ": functions are called by their bare names, as in tanh(a)",
    ast.AST: ": there are + - * / **, comparisons, lists and functions such as tanh(a)",
}
"""What to write instead of an operator, or of another kind of node."""
# fmt: on
ON_PAPER = {
    r"[×·⋅∙]|\b[\d.]+ *(?!e[-+\d])[^\W\d]|\) *\w|\w +\w": "a product is written 2*a",
    r"[a-z]{2}([²³]|⁻¹)": "tan⁻¹(x) is written atan(x), and sin²(x) sin(x)**2",
    r"(?<![a-z]{2})(?<!⁻)[²³¹⁰⁴-⁹⁻]": "a power is written x**3",
    r"√|[a-z]{2,} +\w": "a function is written sqrt(x)",
    r"!(?!=)": "there is no factorial",
    r"\|": "an absolute value is written abs(x)",
    r"[−–÷∕≤≥]": "signs are written - / <= >=",
}
"""How formulas are written on paper, and what to write instead."""
CONSTANTS = {"pi": math.pi, "e": math.e, "π": math.pi}
SIGNS = {sign: OPERATORS[kind] for sign, kind in zip("+-*/", (ast.Add, ast.Sub, ast.Mult, ast.Div))}
OTHER_NAMES = {"max": "maximum", "min": "minimum", "ln": "log", "pow": "a ** b"}

_LOOSE = {*"([{)]}<>=!,:&|^~@;", "and", "or", "not", "if", "else", "in", "is", "for", "lambda"}
_TIGHT = {*"+-*/%", "**"}  # and where two of these meet, the second is a sign of its operand
_CLOSER = {"": "+-", "+-": "*/"}
LONG, MARK = 20, "\ue000"  # a chain of more signs becomes a tuple, in which those are marked
TOKEN = re.compile(r"\d[\w.]*(?:(?<=[eE])[-+]\d+)?|\w+|\*\*|\s+|.", re.S)


def evaluate(expression: str, values: Mapping[str, Value]) -> Value:
    """Return the value of an expression such as `"tanh(a*b + c)"` on the values of that name.

    Raises `ValueError` for what is no expression or may not stand in one, for a name without a
    value, a value not used and a result that is not one value; and the engine's own errors.

    >>> a = Value(2.0, "a")
    >>> output = evaluate("a**2 + sum([a, 1])", {"a": a})
    >>> output.backward()
    >>> output.data, a.grad
    (7.0, 5.0)
    """
    text = expression.strip()
    try:
        shown, tree = _parsed(text)
        result = _Evaluation(shown, tree, values).of(tree.body)
    except (RecursionError, MemoryError):
        raise ValueError("the expression is nested too deeply") from None
    used = {getattr(node, "id", "") for node in ast.walk(tree)}
    for name in (name for name in values if name not in used):
        raise ValueError(f"{name!r:.80} has a value, but the expression does not mention it")
    if isinstance(result, (list, bool)):
        more = "; decimals are written 1.5" * bool(re.search(r"\d,\d", text))
        raise ValueError(f"the expression gives {printable(result)}, not one number{more}")
    return as_value(result)


class _Evaluation:
    """One walk over the tree of an expression."""

    def __init__(self, text: str, tree: ast.Expression, values: Mapping[str, Value]) -> None:
        self.text, self.tree, self.values = text, tree, values

    def of(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                if number > (most := sys.float_info.max):
                    told = f"too large: numbers go up to {most:.2g}"
                    raise ValueError(f"the number {self.quoted(node)} is {told}")
                return float(number)
            case ast.Name():
                return self.named(node.id)
            case ast.Tuple(elts=[first, ast.Constant(value=str(mark)), *_]) if mark[:1] == MARK:
                found = self.of(first)
                for signed, operand in zip(node.elts[1::2], node.elts[2::2]):
                    joined = SIGNS[signed.value[1]]  # type: ignore[attr-defined]
                    found = self.called(operand, joined, found, self.of(operand))
                return found
            case ast.List() | ast.Tuple():
                return [self.of(item) for item in node.elts]
            case ast.UnaryOp(op=sign) | ast.BinOp(op=sign) | ast.Compare(ops=[sign]) if (
                type(sign) in OPERATORS
            ):
                sides = [x for x in ast.iter_child_nodes(node) if isinstance(x, ast.expr)]
                return self.called(node, OPERATORS[type(sign)], *map(self.of, sides))
            case ast.Call():
                return self.function(node)
            case ast.Subscript():
                return self.called(node, _item, self.of(node.value), self.of(node.slice))
        known = (type(getattr(node, "op", None)), type(node), ast.AST)
        advice = next(ADVICE[kind] for kind in known if kind in ADVICE)
        raise ValueError(f"an expression cannot contain {self.quoted(node)}{advice}")

    def quoted(self, node: ast.AST) -> str:
        return printable(repr(ast.get_source_segment(self.text, node) or self.text))

    def named(self, name: str) -> Value:
        if name in self.values:
            return self.values[name]
        if name in FUNCTIONS:
            raise ValueError(f"{name!r} is a function: call it, as in {name}(...)")
        parts = [*ast.walk(self.tree)]
        functions = {part.func for part in parts if isinstance(part, ast.Call)}
        used = [n for n in parts if isinstance(n, ast.Name) and n not in functions]
        names = dict.fromkeys(n.id for n in sorted(used, key=lambda n: (n.lineno, n.col_offset)))
        lacking = [n for n in names if n not in self.values]
        told = printable(", ".join(map(repr, lacking)), LINE)
        given = " ".join(f"{printable(n)}={CONSTANTS.get(n, '2')}" for n in lacking)
        more = "; e**a is written exp(a)" * (name == "e") or meant(name, self.values)
        raise ValueError(f"no value is given for {told}: write {given}{more}")

    def function(self, node: ast.Call) -> Any:
        name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
        if name not in FUNCTIONS:
            close = f"; did you mean {OTHER_NAMES[name]!r}?" if name in OTHER_NAMES else ""
            close = close or meant(name, FUNCTIONS)
            how = (
                "; functions are called by their bare names, as in tanh(a); a product is written *"
            )
            raise ValueError(f"there is no function {name!r:.80}{close or how}")
        operands = [self.of(operand) for operand in node.args]
        options = {str(keyword.arg): self.of(keyword.value) for keyword in node.keywords}
        accepted = signature(FUNCTIONS[name])
        try:
            bound = accepted.bind(*operands, **options)
        except TypeError:
            form = f"{name}({', '.join(accepted.parameters)})"
            raise ValueError(f"in {self.quoted(node)}: it is called as {form}") from None
        return self.called(node, FUNCTIONS[name], *bound.args)

    def called(self, node: ast.expr, function: Callable[..., Any], *operands: Any) -> Any:
        """Call the function; what it refuses by type is reported with this piece of the text."""
        try:
            return function(*operands)
        except (TypeError, IndexError) as error:
            raise ValueError(f"in {self.quoted(node)}: {error}") from None


def _item(items: Any, index: Any) -> Any:
    if not isinstance(items, list) or not isinstance(index, float) or not index.is_integer():
        raise TypeError("square brackets pick an item of a list by its number, as in [a, b][0]")
    return items[int(index)]


def _parsed(text: str) -> tuple[str, ast.Expression]:
    """Return the tree, and the text that it is of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about spelling that is refused below anyhow
        try:
            return (flat := _flat(text.replace("·", "×"))), ast.parse(flat, mode="eval")
        except SyntaxError as error:
            why = f"{error.msg} at character {error.offset}" if error.offset else error.msg
            why = ", ".join(told for form, told in ON_PAPER.items() if re.search(form, text)) or why
            if re.match("[^(]*(?<![=!<>])=(?!=)", text):
                why = "it has a = in it; values are given apart, as in a=2, and compared by =="
            raise ValueError(f"cannot read the expression {printable(repr(text))}: {why}") from None


def _flat(text: str) -> str:
    """Return the text with its long sums and products as tuples, which nest no deeper for that."""
    if re.search(r"['\"#\\]", text):
        return text
    levels: list[list[str]] = [[]]
    for token in TOKEN.findall(text):
        if token in "([{":
            levels.append([])
        if token in ")]}" and len(levels) > 1:
            token = _chained([*levels.pop(), token])
        levels[-1].append(token)
    return "".join(map(_chained, levels))


def _chained(tokens: list[str], signs: str = "") -> str:
    """Return the text of tokens, parted at signs that bind ever closer."""
    parts: list[list[str]] = [[]]
    between, ended = [], False
    for token in tokens:
        if splits := ended and token in signs if signs else token in _LOOSE:
            between.append(token)
            parts.append([])
        else:
            parts[-1].append(token)
        ended = ended if token.isspace() else not (splits or token in _TIGHT)
    texts = [_chained(p, _CLOSER[signs]) if signs in _CLOSER else "".join(p) for p in parts]
    if signs and len(between) > LONG:
        between = [f",'{MARK}{sign}'," for sign in between]
        texts[0], texts[-1] = f"({texts[0]}", f"{texts[-1]})"
    return "".join(chain(*zip(texts, [*between, ""])))
