"""Python in JavaScript: functions of floats, translated from their source.

What such functions are written with is taken, the rest refused by name. Where JavaScript does
something else than Python (a division by zero, the truth of NaN), a function of python.js stands.

>>> ratio = ast.parse("lambda x, y: x - 2.0 * y if x else y / x", mode="eval").body
>>> print(Translator(str).function(ratio))
(x, y) => py.truth(x) ? x - (2.0 * y) : py.divide(y, x)
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from textwrap import indent
from typing import Any, Final

SIGNS: Final[dict[type, str]] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Or: "||", ast.And: "&&",
    ast.Eq: "===", ast.NotEq: "!==", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
CALLED: Final = {ast.Div: "divide", ast.Mod: "modulo", ast.Pow: "power"}
COMPOUND: Final = (ast.BinOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.UnaryOp)
LISTS: Final = (ast.List, ast.Tuple, ast.ListComp)


class Untranslatable(ValueError):
    """Python that has no translation here."""


class Translator:
    """Translates a function. `known` tells what a name is called that is not its own."""

    def __init__(self, known: Callable[[str], str]) -> None:
        self.known = known
        self.own: set[str] = set()

    def function(self, node: Any) -> str:
        """Return a function or lambda as an arrow function, another expression as it is."""
        if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            return self.text(node)
        given = node.args
        if given.defaults or given.posonlyargs or given.kwonlyargs or given.kwarg:
            raise refused(node)
        names = [item.arg for item in (*given.args, given.vararg) if item]
        inside = [item for item in ast.walk(node) if isinstance(item, ast.Name)]
        made = {item.id for item in inside if isinstance(item.ctx, ast.Store)} - {*names}
        self.own = {*made, *names}
        head = re.sub(r"(\w+)$", r"...\1" if given.vararg else r"\1", ", ".join(names))
        text = self._block(node.body if isinstance(node.body, list) else [ast.Return(node.body)])
        if text.startswith("return "):
            return f"({head}) => {text[7:-1]}"
        declared = f"let {', '.join(sorted(made))};\n" if made else ""
        return f"({head}) => {_braced(declared + text)}"

    def _block(self, body: list[ast.stmt]) -> str:
        """Return some statements, each on lines of its own, up to one that always returns."""
        text = ""
        for statement in body:
            text = f"{text}\n{self._statement(statement)}".strip()
            if text.rpartition("\n")[2].startswith("return "):
                break
        return text

    def _statement(self, node: ast.stmt) -> str:
        text, block = self.text, self._block
        match node:
            case ast.Expr(ast.Constant()):
                return ""
            case ast.Expr(value):
                return f"{text(value)};"
            case ast.Return(value):
                return f"return {text(value)};"
            case ast.Assign([target], value) | ast.AnnAssign(target, value=ast.expr() as value):
                return self._assigned(target, text(value))
            case ast.AugAssign(ast.Name(name) as target, operator, value):
                changed = ast.BinOp(ast.Name(name, ast.Load()), operator, value)
                return self._assigned(target, text(changed))
            case ast.If(test, body, rest):
                decided = self._test(test)
                if decided in ("true", "false"):
                    return block(body if decided == "true" else rest)
                found = f"if ({decided}) {_braced(block(body))}"
                return found + (f" else {_braced(block(rest))}" if rest else "")
            case ast.For(target, items, body, []):
                return f"for ({text(target)} of {text(items)}) {_braced(block(body))}"
            case ast.While(test, body, []):
                return f"while ({self._test(test)}) {_braced(block(body))}"
            case ast.Try(body, handlers, [], []):
                kinds = [self.known(ast.unparse(h.type or ast.Name("except"))) for h in handlers]
                bodies = [_braced(block(handler.body)) for handler in handlers]
                cases = [f"if ($ instanceof {k}) {b}" for k, b in zip(kinds, bodies)]
                caught = " else ".join([*cases, "throw $;"])
                return f"try {_braced(block(body))} catch ($) {_braced(caught)}"
        raise refused(node)

    def _assigned(self, target: ast.expr, value: str) -> str:
        match target:
            case ast.Subscript(items, ast.Slice() as bounds):
                return f"py.put({self.text(items)}, [{self.text(bounds)}], {value});"
            case ast.Subscript(items, place):
                return f"{self.text(items)}[{self.text(place)}] = {value};"
            case ast.Tuple(targets) if any(isinstance(item, ast.Subscript) for item in targets):
                parts = [self._assigned(item, f"$[{i}]") for i, item in enumerate(targets)]
                return f"{{ const $ = {value}; {' '.join(parts)} }}"
        return f"{self.text(target)} = {value};"

    def _test(self, node: ast.expr) -> str:
        """Return a condition; of what is decided where every number is a float, the answer."""
        match node:
            case ast.UnaryOp(ast.Not(), operand):
                return f"!({self._test(operand)})"
            case ast.BoolOp(operator, values):
                decisive = "true" if isinstance(operator, ast.Or) else "false"
                tests = list(map(self._test, values))
                if decisive in tests:
                    return decisive
                left = [f"({test})" for test in tests if test not in ("true", "false")]
                return f" {SIGNS[type(operator)]} ".join(left) or tests[0]
            case ast.Call(ast.Name("isinstance"), [ast.Name(), ast.Name("complex")]):
                return "false"  # python.js raises instead
            case ast.Call(ast.Name("is_number") | ast.Attribute(attr="are_floats")):
                return "true"
            case ast.Compare():
                return self.text(node)
        return f"py.truth({self.text(node)})"

    def _all(self, nodes: Iterable[Any]) -> str:
        return ", ".join(map(self.text, nodes))

    def _part(self, node: ast.expr) -> str:
        """Return an expression inside another: in brackets if it has parts itself."""
        return f"({self.text(node)})" if isinstance(node, COMPOUND) else self.text(node)

    def text(self, node: Any) -> str:
        """Return an expression."""
        text, part = self.text, self._part
        match node:
            case None | ast.Constant(None):
                return "null"
            case ast.Constant(int() | float() as value):
                return number(value)
            case ast.Name(name):
                return name if name in self.own else self.known(name)
            case ast.Attribute(ast.Name(name)) if name not in self.own:
                return self.known(ast.unparse(node))
            case ast.Tuple(items) | ast.List(items):
                return f"[{self._all(items)}]"
            case ast.Starred(items):
                return f"...{text(items)}"
            case ast.Subscript(items, ast.Slice() as bounds, ast.Load()):
                return f"py.slice({text(items)}, {text(bounds)})"
            case ast.Subscript(items, place, ast.Load()):
                return f"{part(items)}.at({text(place)})"
            case ast.Slice(start, stop, None | ast.Constant() as step):
                return self._all([start, stop, step])
            case ast.IfExp(test, body, rest):
                return f"{self._test(test)} ? {text(body)} : {text(rest)}"
            case ast.UnaryOp(ast.USub(), operand):
                return f"-{part(operand)}"
            case ast.Compare(item, [ast.In()], [ast.Tuple() | ast.List() as items]):
                return f"{text(items)}.includes({text(item)})"
            case ast.Compare(left, signs, rest) if {*map(type, signs)} <= {*SIGNS}:
                terms = [part(term) for term in (left, *rest)]
                pairs = zip(terms, [SIGNS[type(sign)] for sign in signs], terms[1:])
                return " && ".join(map(" ".join, pairs))
            case ast.BinOp(left, ast.Mult(), right) if isinstance(left, LISTS):
                return f"py.repeat({text(left)}, {text(right)})"
            case ast.BinOp(left, ast.Add(), right) if _is_list(left) or _is_list(right):
                return f"[...{text(left)}, ...{text(right)}]"
            case ast.BinOp(left, operator, right) if type(operator) in SIGNS:
                return f"{part(left)} {SIGNS[type(operator)]} {part(right)}"
            case ast.BinOp(left, operator, right) if type(operator) in CALLED:
                return f"py.{CALLED[type(operator)]}({self._all([left, right])})"
            case ast.Call(ast.Attribute(ast.Name(name), "append"), [item]) if name in self.own:
                return f"{name}.push({text(item)})"
            case ast.Call(called, given, []):
                return f"{part(called)}({self._all(given)})"
            case ast.ListComp(item, [loop]) | ast.GeneratorExp(item, [loop]) if not loop.ifs:
                return f"{part(loop.iter)}.map(({text(loop.target)}) => {text(item)})"
        raise refused(node)


def number(value: float) -> str:
    """Return a number in JavaScript.

    >>> number(2.0), number(1e300), number(-float("inf")), number(True)
    ('2.0', '1e+300', '-Infinity', 'true')
    """
    strange = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
    return strange.get(repr(value), repr(value).lower())


def refused(node: ast.AST) -> Untranslatable:
    """Return the error for what has no translation."""
    return Untranslatable(
        f"the page's JavaScript cannot be written from {ast.unparse(node)!r}: "
        f"say it in the Python that {__name__} translates"
    )


def _is_list(node: ast.expr) -> bool:
    sliced = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)
    return sliced or isinstance(node, LISTS)


def _braced(text: str) -> str:
    return f"{{\n{indent(text, '  ')}\n}}"
