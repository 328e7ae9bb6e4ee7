"""The walk over a parsed expression, which gives its value."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from autograd_engine.engine import Value, as_value
from autograd_engine.expressions.advice import (
    CONSTANTS,
    FUNCTIONS,
    OPERATORS,
    advice_on,
    advice_on_text,
    misused,
    other_name,
    similar,
)
from autograd_engine.table import POWER
from autograd_engine.words import printable


def evaluate(expression: str, values: Mapping[str, Value]) -> Value:
    """Return the value of an expression such as `"tanh(a*b + c)"` on the values of that name.

    Raises `ValueError` for what is no expression, for whatever the expression may not contain,
    for a name without a value, a value that is not used and a result that is not one value;
    and the engine's own errors where an operation is not defined.

    >>> a = Value(2.0, "a")
    >>> output = evaluate("a**2 + sum([a, 1])", {"a": a})
    >>> output.backward()
    >>> output.data, a.grad
    (7.0, 5.0)
    """
    if not isinstance(expression, str):
        raise ValueError(f"an expression is text, got {expression!r:.60}")
    text = expression.strip()
    try:
        tree = _parsed(text)
        result = _Evaluation(text, values).of(tree.body)
    except (RecursionError, MemoryError):
        raise ValueError("the expression is nested too deeply") from None
    mentioned = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for name in values:
        if name not in mentioned:
            raise ValueError(f"{name!r:.80} has a value, but the expression does not mention it")
    if isinstance(result, list):
        raise ValueError(
            f"the expression gives a list of {len(result)}, not one value: "
            f"pick one, as in ({printable(text)})[0], or take their sum"
        )
    if isinstance(result, bool):
        raise ValueError(f"the expression gives {result}, not a number")
    return as_value(result)


def _parsed(text: str) -> ast.Expression:
    if not text:
        raise ValueError("the expression is empty")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about spelling that is refused below anyhow
        try:
            return ast.parse(text, mode="eval")
        except SyntaxError as error:
            place = f" at character {error.offset}" if error.offset else ""
            shown = printable(repr(text))
            why = advice_on_text(text) or f": {error.msg}{place}"
            raise ValueError(f"cannot read the expression {shown}{why}") from None


class _Evaluation:
    """One walk over the tree of an expression."""

    def __init__(self, text: str, values: Mapping[str, Value]) -> None:
        self.text = text
        self.values = values

    def of(self, node: ast.expr) -> Any:
        """Return what this piece of the expression stands for."""
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return self.called(node, float, number)
            case ast.Name():
                return self.named(node)
            case ast.List() | ast.Tuple():
                return [self.of(item) for item in node.elts]
            case ast.UnaryOp(op=sign) if type(sign) in OPERATORS:
                return self.called(node, OPERATORS[type(sign)], self.of(node.operand))
            case ast.BinOp(op=ast.Pow()):
                return self.called(node, _power, self.of(node.left), self.of(node.right))
            case ast.BinOp(op=sign) if type(sign) in OPERATORS:
                rule = OPERATORS[type(sign)]
                return self.called(node, rule, self.of(node.left), self.of(node.right))
            case ast.Compare(ops=[sign], comparators=[right]) if type(sign) in OPERATORS:
                rule = OPERATORS[type(sign)]
                return self.called(node, rule, self.of(node.left), self.of(right))
            case ast.Call():
                return self.function(node)
            case ast.Subscript():
                return self.called(node, _item, self.of(node.value), self.of(node.slice))
        advice = advice_on(node, self.plain)
        raise ValueError(f"an expression cannot contain {self.piece(node)}{advice}")

    def plain(self, node: ast.AST) -> str:
        """Return the text of this piece."""
        return printable(self.source(node))

    def source(self, node: ast.AST) -> str:
        return ast.get_source_segment(self.text, node) or self.text

    def piece(self, node: ast.AST) -> str:
        """Return the text of this piece, quoted."""
        return printable(repr(self.source(node)))

    def named(self, node: ast.Name) -> Value:
        """Return the value of that name."""
        name = node.id
        if name in self.values:
            return self.values[name]
        if name in FUNCTIONS:
            raise ValueError(f"{name!r} is a function: call it, as in {name}(...)")
        number, more = CONSTANTS.get(name, ("2", ""))
        raise ValueError(
            f"the name {name!r:.80} has no value: give it one, as in {printable(name)}={number}"
            + (more or similar(name, self.values))
        )

    def function(self, node: ast.Call) -> Any:
        """Return what a call of one of the package's functions gives."""
        if not isinstance(node.func, ast.Name):
            raise ValueError(
                f"an expression cannot call {self.piece(node.func)}: "
                "write functions by their bare names, as in tanh(a)"
            )
        name = node.func.id
        if name not in FUNCTIONS:
            raise ValueError(f"there is no function {name!r:.80}{other_name(name)}")
        for part in (*node.args, *(keyword.value for keyword in node.keywords)):
            if isinstance(part, ast.Starred) or any(item.arg is None for item in node.keywords):
                raise ValueError(f"an expression cannot unpack with * in {self.piece(node)}")
        operands = [self.of(operand) for operand in node.args]
        options = {str(keyword.arg): self.of(keyword.value) for keyword in node.keywords}
        if usage := misused(name, operands, options, [self.plain(part) for part in node.args]):
            raise ValueError(f"in {self.piece(node)}: {usage}")
        return self.called(node, FUNCTIONS[name], *operands, **options)

    def called(
        self, node: ast.expr, function: Callable[..., Any], *operands: Any, **options: Any
    ) -> Any:
        """Call the function; what it refuses by type is reported with this piece of the text."""
        try:
            return function(*operands, **options)
        except (TypeError, IndexError) as error:
            raise ValueError(f"in {self.piece(node)}: {error}") from None


def _power(base: Any, exponent: Any) -> Any:
    if not isinstance(base, Value) or not isinstance(exponent, float):
        return POWER(base, exponent)
    # A whole exponent is drawn as it was typed: **2, not **2.0.
    return base ** (int(exponent) if exponent.is_integer() and abs(exponent) < 1e15 else exponent)


def _item(items: Any, index: Any) -> Any:
    if not isinstance(items, list) or not isinstance(index, float) or not index.is_integer():
        raise TypeError("square brackets pick an item of a list by its number, as in [a, b][0]")
    return items[int(index)]
