"""Python in JavaScript: functions of floats, translated from their source.

What such functions are written with is taken, the rest refused by name. Where JavaScript does
something else than Python (a division by zero, the truth of NaN), a function of python.js stands.

>>> half = ast.parse("lambda x, y: x / 2.0 - y if x else y / x", mode="eval").body
>>> print(Translator(str).function(half))
(x, y) => py.truth(x) ? x / 2.0 - y : py.divide(y, x)
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

# fmt: off
SIGNS: Final = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/",
    ast.Eq: "===", ast.NotEq: "!==", ast.Is: "===", ast.IsNot: "!==",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}
CALLED: Final = {
    ast.Div: "divide", ast.FloorDiv: "floor_divide", ast.Mod: "modulo", ast.Pow: "power",
}
STRENGTH: Final = {
    ast.IfExp: 0, ast.Lambda: 0, ast.BoolOp: 1, ast.Compare: 2,
    ast.Add: 3, ast.Sub: 3, ast.Mult: 4, ast.Div: 4, ast.UnaryOp: 4,
}
"""How strongly the parts of an expression are bound to each other; those of others 5."""
# fmt: on

LISTS: Final = (ast.List, ast.Tuple, ast.ListComp)
METHODS: Final = {"append": "{}.push({})", "count": "py.count({}, {})"}
RESERVED: Final = re.compile(
    "(M|arguments|case|catch|const|debugger|default|delete|do|enum|error|eval|export|extends|false|"
    "function|implements|instanceof|interface|let|math|new|null|package|private|protected|public|py|"
    "static|super|switch|this|throw|true|typeof|var|void)$"
)


class Untranslatable(ValueError):
    """Python that has no translation here."""


class Translator:
    """Translates a function. `known` tells what a name is called that is not its own."""

    def __init__(self, known: Callable[[str], str]) -> None:
        self.known = known
        self.own: set[str] = set()

    def function(self, node: Any) -> str:
        """Return a function or lambda as an arrow function."""
        if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            return self.text(node)
        given = node.args
        if given.defaults or given.posonlyargs or given.kwonlyargs or given.kwarg:
            raise refused(node)
        names = [item.arg for item in (*given.args, *filter(None, [given.vararg]))]
        inside = [item for item in ast.walk(node) if isinstance(item, ast.Name)]
        made = {item.id for item in inside if isinstance(item.ctx, ast.Store)}
        around, self.own = self.own, self.own | made | set(names)
        heads = [*map(_local, names)]
        if given.vararg:
            heads[-1] = f"...{heads[-1]}"
        lines = self.block(node.body if isinstance(node.body, list) else [ast.Return(node.body)])
        self.own = around
        if len(lines) == 1 and lines[0].startswith("return "):
            return f"({', '.join(heads)}) => {lines[0][7:-1]}"
        own = sorted(map(_local, made - set(names)))
        declared = [f"  let {', '.join(own)};"] if own else []
        return "\n".join([f"({', '.join(heads)}) => {{", *declared, *_indented(lines), "}"])

    def block(self, body: list[ast.stmt]) -> list[str]:
        """Return the lines of some statements, up to one that always returns."""
        lines: list[str] = []
        for statement in body:
            lines += self.statement(statement).splitlines()
            if lines and lines[-1].startswith("return "):
                break
        return lines

    def _nested(self, head: str, body: list[ast.stmt]) -> str:
        return "\n".join([f"{head} {{", *_indented(self.block(body)), "}"])

    def statement(self, node: ast.stmt) -> str:
        """Return a statement."""
        text = self.text
        match node:
            case ast.Expr(ast.Constant()) | ast.AnnAssign(value=None) | ast.Pass():
                return ""
            case ast.Expr(value):
                return f"{text(value)};"
            case ast.Return(value):
                return f"return {text(value)};"
            case ast.Assign([target], value) | ast.AnnAssign(target, value=value):
                return self._assigned(target, text(value))
            case ast.AugAssign(ast.Name(name) as target, operator, value):
                changed = ast.BinOp(ast.Name(name, ast.Load()), operator, value)
                return self._assigned(target, text(changed))
            case ast.If(test, body, rest):
                decided = self.test(test)
                if decided in ("true", "false"):
                    return "\n".join(self.block(body if decided == "true" else rest))
                found = self._nested(f"if ({decided})", body)
                if len(rest) == 1 and isinstance(rest[0], ast.If):
                    return f"{found} else {self.statement(rest[0])}"
                return found + (self._nested(" else", rest) if rest else "")
            case ast.For(target, items, body, rest):  # without a break, the rest always follows
                found = self._nested(f"for ({text(target)} of {text(items)})", body)
                return "\n".join([found, *self.block(rest)])
            case ast.While(test, body, []):
                return self._nested(f"while ({self.test(test)})", body)
            case ast.Raise(ast.Call(kind)):
                return f"throw new {self._kind(kind)}();"
            case ast.Try(body, handlers, [], []) if not any(item.name for item in handlers):
                cases = [
                    self._nested(f"if (error instanceof {self._kind(item.type)})", item.body)
                    for item in handlers
                ]
                caught = _indented(" else ".join([*cases, "throw error;"]).splitlines())
                return "\n".join([f"{self._nested('try', body)} catch (error) {{", *caught, "}"])
        raise refused(node)

    def _kind(self, node: ast.expr | None) -> str:
        """Return a class of errors."""
        if not isinstance(node, ast.Name):
            raise refused(node or ast.Name("except"))
        return self.known(node.id)

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

    def test(self, node: ast.expr, least: int = 0) -> str:
        """Return a condition, in brackets where it binds weaker than needed."""
        match node:
            case ast.UnaryOp(ast.Not(), operand):
                return f"!{self.test(operand, 5)}"
            case ast.BoolOp(operator, values):
                sign = " && " if isinstance(operator, ast.And) else " || "
                passing = "true" if isinstance(operator, ast.And) else "false"
                tests = [test for value in values if (test := self.test(value, 2)) != passing]
                if {*tests} & {"true", "false"}:
                    return "false" if passing == "true" else "true"
                return f"({sign.join(tests)})" if least > 1 else sign.join(tests) or passing
            case ast.Compare():
                return self.text(node, least)
            case ast.Call(ast.Name("all"), [ast.ListComp(item)]) if self.text(item) == "true":
                return "true"
            case ast.Call(ast.Name("is_number") | ast.Attribute(attr="are_floats")):
                return "true"  # every number is a float
        return f"py.truth({self.text(node)})"

    def all(self, nodes: Iterable[Any]) -> str:
        """Return expressions with commas between them."""
        return ", ".join(map(self.text, nodes))

    def text(self, node: Any, least: int = 0) -> str:
        """Return an expression, in brackets where it binds weaker than needed."""
        text = self._expression(node)
        return f"({text})" if _strength(node) < least else text

    def _expression(self, node: Any) -> str:
        text, own = self.text, self.own
        match node:
            case None | ast.Constant(None):
                return "null"
            case ast.Constant(int() | float() as value):
                return number(value)
            case ast.Name(name):
                return _local(name) if name in own else self.known(name)
            case ast.Attribute(ast.Name(name)) if name not in own:
                return self.known(ast.unparse(node))
            case ast.Tuple(items) | ast.List(items):
                return f"[{self.all(items)}]"
            case ast.Starred(items):
                return f"...{text(items)}"
            case ast.Subscript(items, ast.Slice() as bounds, ast.Load()):
                return f"py.slice({text(items)}, {text(bounds)})"
            case ast.Subscript(items, place, ast.Load()):
                return f"{text(items, 5)}.at({text(place)})"
            case ast.Slice():
                return self.all([node.lower, node.upper, node.step])
            case ast.Lambda():
                return self.function(node)
            case ast.IfExp(test, body, rest):
                return f"{self.test(test, 1)} ? {text(body)} : {text(rest)}"
            case ast.UnaryOp(ast.Not()):
                return self.test(node)
            case ast.UnaryOp(ast.USub(), operand):
                return f"-{text(operand, 5)}"
            case ast.Compare(ast.Call(ast.Name("type"), [_]), [sign], [ast.Name("float")]):
                return "true" if isinstance(sign, ast.Is) else "false"  # every number is a float
            case ast.Compare(item, [ast.In()], [ast.Tuple() | ast.List() as items]):
                return f"{text(items)}.includes({text(item)})"
            case ast.Compare(left, signs, rest) if {*map(type, signs)} <= {*SIGNS}:
                terms = [text(term, 3) for term in (left, *rest)]
                pairs = zip(terms, [SIGNS[type(sign)] for sign in signs], terms[1:])
                return " && ".join(map(" ".join, pairs))
            case ast.BinOp(left, ast.Mult(), right) if isinstance(left, LISTS):
                return f"py.repeat({text(left)}, {text(right)})"
            case ast.BinOp(left, ast.Add(), right) if _is_list(left) or _is_list(right):
                return f"[...{text(left)}, ...{text(right)}]"
            case ast.BinOp(left, operator, right) if _strength(node) < 5:
                strength = _strength(node)
                return f"{text(left, strength)} {SIGNS[type(operator)]} {text(right, strength + 1)}"
            case ast.BinOp(left, operator, right) if type(operator) in CALLED:
                return f"py.{CALLED[type(operator)]}({self.all([left, right])})"
            case ast.Call(ast.Name("isinstance"), [ast.Name(), ast.Name("complex")]):
                return "false"  # nothing is a complex number: python.js raises instead
            case ast.Call(ast.Attribute(ast.Name(name) as items, method), [item], []) if (
                name in own and method in METHODS
            ):
                return METHODS[method].format(text(items), text(item))
            case ast.Call(called, given, []):
                return f"{text(called, 5)}({self.all(given)})"
            case ast.ListComp(item, [loop]) | ast.GeneratorExp(item, [loop]):
                target, found = text(loop.target), text(loop.iter, 5)
                found += "".join(f".filter(({target}) => {self.test(test)})" for test in loop.ifs)
                return f"{found}.map(({target}) => {text(item)})"
        raise refused(node)


def number(value: float) -> str:
    """Return a number in JavaScript.

    >>> number(2.0), number(1e300), number(-math.inf), number(True)
    ('2.0', '1e+300', '-Infinity', 'true')
    """
    if isinstance(value, bool) or math.isfinite(value):
        return repr(value).lower()
    return "NaN" if value != value else "Infinity" if value > 0.0 else "-Infinity"


def refused(node: ast.AST) -> Untranslatable:
    """Return the error for what has no translation."""
    return Untranslatable(
        f"the page's JavaScript cannot be written from {ast.unparse(node)!r}: "
        f"say it in the Python that {__name__} translates"
    )


def _is_list(node: ast.expr) -> bool:
    sliced = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)
    return sliced or isinstance(node, LISTS)


def _strength(node: Any) -> int:
    match node:
        case ast.BinOp(_, ast.Div(), divisor):  # a call, unless it cannot be by 0
            return 4 if isinstance(divisor, ast.Constant) and divisor.value else 5
        case ast.BinOp(_, operator):
            return STRENGTH.get(type(operator), 5)
        case ast.Compare(_, [_, _, *_]):
            return STRENGTH[ast.BoolOp]
    return STRENGTH.get(type(node), 5)


def _local(name: str) -> str:
    return f"{name}_" if RESERVED.match(name) else name


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]
