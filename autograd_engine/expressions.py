"""Expressions typed as text, turned into graphs: parsed, never executed. What is no arithmetic, no
comparison, list or call of one of `FUNCTIONS` is refused, with what to write instead.
"""

from __future__ import annotations

import ast
import math
import operator
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from inspect import signature
from typing import Any

from autograd_engine import functions as compositions
from autograd_engine.engine import Value, as_value
from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.spelling import MARK, parsed
from autograd_engine.table import PUBLIC
from autograd_engine.words import LINE, meant, printable

LISTS = ("sum", "mean", "prod", "norm", "variance", "logsumexp", "softmax", "log_softmax")
SINGLE = ("where", "leaky_relu", "elu", "gelu", "silu", "clip")
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": TABLE["absolute"],
    **PUBLIC,
    **{name: getattr(compositions, name) for name in (*SINGLE, *LISTS, "dot")},
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
_JOINED = ": conditions are joined by nesting, as in where(a > 0, where(b > 0, 1, 0), 0)"
ADVICE: dict[type[ast.AST], str] = {
    ast.BitXor: ": a power is written **",
    ast.FloorDiv: ": division is written /, and is never rounded",
    ast.Mod: ": there are no remainders; subtract the multiple yourself, as in a - 3*b",
    ast.BitAnd: _JOINED, ast.BitOr: _JOINED, ast.BoolOp: _JOINED,
    ast.Not: ": turn the comparison round, as in a <= b for not a > b",
    ast.IfExp: ": write ",
    ast.Attribute: ": functions are called by their bare names, as in tanh(a)",
    ast.Compare: ": one comparison at a time",
}
"""What to write instead of an operator, or of another kind of node."""

# fmt: on
CONSTANTS = {"pi": math.pi, "e": math.e, "π": math.pi}
TOO_LARGE = f"too large: numbers go up to {sys.float_info.max:.2g}"
SIGNS = {sign: OPERATORS[kind] for sign, kind in zip("+-*/", (ast.Add, ast.Sub, ast.Mult, ast.Div))}
OTHER_NAMES = {"max": "maximum", "min": "minimum", "ln": "log", "pow": "a ** b"}


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
    if not isinstance(expression, str):
        raise ValueError(f"an expression is text, got {expression!r:.60}")
    text = expression.strip().replace("·", "×")  # which in Python may be part of a name
    try:
        shown, tree = parsed(text, FUNCTIONS)
        result = _Evaluation(shown, tree, values).of(tree.body)
    except (RecursionError, MemoryError):
        raise ValueError("the expression is nested too deeply") from None
    unused = {**values}
    for node in ast.walk(tree):
        unused.pop(getattr(node, "id", ""), None)
    for name in unused:
        raise ValueError(f"{name!r:.80} has a value, but the expression does not mention it")
    if isinstance(result, list):
        advice = f"pick one, as in ({printable(text)})[0], or take their sum"
        raise ValueError(f"the expression gives a list of {len(result)}, not one value: {advice}")
    if isinstance(result, bool):
        raise ValueError(f"the expression gives {result}, not a number")
    return as_value(result)


class _Evaluation:
    """One walk over the tree of an expression."""

    def __init__(self, text: str, tree: ast.Expression, values: Mapping[str, Value]) -> None:
        self.text, self.tree, self.values = text, tree, values

    def of(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                if number > sys.float_info.max:
                    raise ValueError(f"the number {self.quoted(node)} is {TOO_LARGE}")
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
        known = (type(getattr(node, "op", None)), type(node))
        advice = next((ADVICE[kind] for kind in known if kind in ADVICE), "")
        if isinstance(node, ast.IfExp):
            advice += f"where({', '.join(map(self.piece, (node.test, node.body, node.orelse)))})"
        raise ValueError(f"an expression cannot contain {self.quoted(node)}{advice}")

    def piece(self, node: ast.AST, spelt: Callable[[str], str] = str) -> str:
        return printable(spelt(ast.get_source_segment(self.text, node) or self.text))

    def quoted(self, node: ast.AST) -> str:
        return self.piece(node, repr)

    def named(self, name: str) -> Value:
        if name in self.values:
            return self.values[name]
        if name in FUNCTIONS:
            raise ValueError(f"{name!r} is a function: call it, as in {name}(...)")
        parts = [*ast.walk(self.tree)]
        other = {getattr(n, "func", n.value if isinstance(n, ast.Attribute) else 0) for n in parts}
        used = [n for n in parts if isinstance(n, ast.Name) and n not in other]
        names = dict.fromkeys(n.id for n in sorted(used, key=lambda n: (n.lineno, n.col_offset)))
        lacking = [n for n in names if not (n in self.values or n in FUNCTIONS)]
        given = " ".join(f"{printable(n)}={CONSTANTS.get(n, '2')}" for n in lacking)
        if len(lacking) > 1:
            told = printable(", ".join(map(repr, lacking)), LINE)
            raise ValueError(f"the names {told} have no values: give them some, as in {given}")
        more = "; e**a is written exp(a)" * (name == "e") or meant(name, self.values)
        raise ValueError(f"the name {name!r:.80} has no value: give it one, as in {given}{more}")

    def function(self, node: ast.Call) -> Any:
        if not isinstance(node.func, ast.Name):
            advice = "write functions by their bare names, as in tanh(a)"
            if not isinstance(node.func, (ast.Attribute, ast.Lambda)):
                advice = self.product(node)
            raise ValueError(f"an expression cannot call {self.quoted(node.func)}: {advice}")
        name = node.func.id
        if name not in FUNCTIONS:
            other = meant(name, FUNCTIONS) or "; there are those of the package, such as tanh(a)"
            if name in self.values:
                other = f"; {self.product(node)}"
            elif name in OTHER_NAMES:
                other = f"; did you mean {OTHER_NAMES[name]!r}?"
            raise ValueError(f"there is no function {name!r:.80}{other}")
        starred = [part for part in node.args if isinstance(part, ast.Starred)]
        if starred or None in [keyword.arg for keyword in node.keywords]:
            raise ValueError(f"an expression cannot unpack with * in {self.quoted(node)}")
        operands = [self.of(operand) for operand in node.args]
        options = {str(keyword.arg): self.of(keyword.value) for keyword in node.keywords}
        if usage := _misused(name, operands, options, map(self.piece, node.args)):
            raise ValueError(f"in {self.quoted(node)}: {usage}")
        return self.called(node, FUNCTIONS[name], *operands, **options)

    def product(self, node: ast.Call) -> str:
        written = f"{self.piece(node.func)}*({', '.join(map(self.piece, node.args))})"
        return f"a product is written *, as in {printable(written)}"

    def called(
        self, node: ast.expr, function: Callable[..., Any], *operands: Any, **options: Any
    ) -> Any:
        """Call the function; what it refuses by type is reported with this piece of the text."""
        try:
            return function(*operands, **options)
        except (TypeError, IndexError) as error:
            raise ValueError(f"in {self.quoted(node)}: {error}") from None


def _item(items: Any, index: Any) -> Any:
    if not isinstance(items, list) or not isinstance(index, float) or not index.is_integer():
        raise TypeError("square brackets pick an item of a list by its number, as in [a, b][0]")
    return items[int(index)]


def _misused(name: str, operands: Sequence[Any], options: Any, texts: Iterable[str]) -> str:
    if isinstance(FUNCTIONS[name], Primitive):
        return f"{name} takes no options by name: {name}(a)" if options else ""
    kinds = [type(operand) for operand in operands]
    if name == "dot" or name in LISTS:
        lists = [list, list] if name == "dot" else [list]
        items = ", ".join(texts) if len(operands) > 1 and list not in kinds else "a, b"
        told = "two lists: dot([a, b], [c, d])" if name == "dot" else f"a list: {name}([{items}])"
        return "" if not options and kinds == lists else f"{name} takes {told}"
    accepted = signature(FUNCTIONS[name])
    with suppress(TypeError):
        accepted.bind(*operands, **options)
        return ""
    given = accepted.parameters.values()
    told = ", ".join(p.name if p.default is p.empty else f"{p.name}={p.default}" for p in given)
    return f"it is called as {name}({told})"
