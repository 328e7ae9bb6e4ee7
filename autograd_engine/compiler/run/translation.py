"""Functions of floats in other languages: one translator, and of each language its spelling.

What `floats` and the rules of the table are written with is taken, the rest refused by
name. They are read as text, since in the compiled build the modules themselves are machine code.

>>> ast.unparse(read()["D.cos"])
'lambda out, x: (-sin(x),)'
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from copy import copy
from functools import cache, reduce
from pkgutil import get_data
from textwrap import indent
from typing import Any, ClassVar, Final

MODULES: Final = ("floats", "table")  # where rules are, with all that they call
COMPOUND: Final = (ast.BinOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.UnaryOp)

IEEE: Final = """
def power(x, y): return x ** y
def lenient_power(x, y): return x ** y
def ratio(x, y): return x / y
def ln(x): return math.log(x)
"""
"""What spends its lines on errors, where nothing raises and a division by 0 is an infinity."""


@cache
def read(own: str = "") -> dict[str, Any]:
    """Return what the modules define, by name, and both functions of each row of the table.

    A language's `own` functions of `floats` stand in the place of those of that name.
    """
    found: dict[str, Any] = {}
    for module in MODULES:
        text = (get_data("autograd_engine", f"{module}.py") or b"").decode()
        for node in Simple().visit(ast.parse(text + own * (module == "floats"))).body:
            match node:
                case ast.Assign(
                    [ast.Name(name)],
                    ast.Call(_, [ast.Constant(str(row)), forward, partials, *_]),
                ):
                    found |= {f"M.{row}": forward, f"D.{row}": partials}
                    found[f"{module}.{name}"] = ast.Name(f"M.{row}")
                case ast.Assign([ast.Name(name)], value):
                    found[f"{module}.{name}"] = value
                case ast.FunctionDef(name):
                    found[f"{module}.{name}"] = node
    return found


class Simple(ast.NodeTransformer):
    """Says in fewer words what can be, and decides what is so where every number is a float."""

    def visit(self, node: Any) -> Any:
        self.generic_visit(node)
        match node:
            case ast.Expr(ast.Constant()):
                return None
            case ast.AugAssign(ast.Name(name) as target, operator, value):
                return ast.Assign([target], ast.BinOp(ast.Name(name, ast.Load()), operator, value))
            case ast.AnnAssign(target, value=ast.expr() as value):
                return ast.Assign([target], value)
            case ast.Compare(left, [_, _, *_] as signs, others):
                sides = zip([left, *others], signs, others)
                return ast.BoolOp(ast.And(), [ast.Compare(x, [op], [y]) for x, op, y in sides])
            case ast.Call(ast.Name("isinstance"), [ast.Name(), ast.Name("complex")]):
                return ast.Constant(False)  # where it would be, an error is raised instead, or NaN
            case ast.Call(ast.Name("is_number") | ast.Attribute(attr="are_floats")):
                return ast.Constant(True)
            case ast.BoolOp(operator, values):
                decisive = isinstance(operator, ast.Or)
                known = [(item, getattr(item, "value", None)) for item in values]
                found = [item for item, value in known if value is decisive][:1]
                found = found or [item for item, value in known if not isinstance(value, bool)]
                return ast.BoolOp(operator, found) if len(found) > 1 else (found or values)[0]
            case ast.If(ast.Constant(bool() as test), body, rest):
                return body if test else rest
        return node


class Untranslatable(ValueError):
    """Python that has no translation here."""


class Translator:
    """Translates functions: `lines` define what was asked for by name, and all that it calls.

    A language says how it spells operators, numbers, and the names of Python; its statements are
    those of C, or it has others.
    """

    LANGUAGE: ClassVar[str]
    written: Callable[[list[str], list[str], str], str]  # a function: operands, names, body
    OWN: ClassVar[str] = ""
    SPELLED: ClassVar[dict[Any, str]] = {
        ast.Add: "{} + {}", ast.Sub: "{} - {}", ast.Mult: "{} * {}", ast.Div: "{} / {}",
        ast.Eq: "{} == {}", ast.NotEq: "{} != {}", ast.Lt: "{} < {}", ast.LtE: "{} <= {}",
        ast.Gt: "{} > {}", ast.GtE: "{} >= {}", ast.And: "{} && {}", ast.Or: "{} || {}",
        ast.USub: "-{}", ast.Not: "!({})", ast.IfExp: "{} ? {} : {}", bool: "{}",
    }  # fmt: skip # bool: whether a number is not 0

    def __init__(self) -> None:
        self.lines: dict[str, str] = {}
        self.module = "floats"
        self.own: dict[str, str] = {}

    def known(self, name: str) -> str:
        """Return what the language calls something of Python's, or of `math`."""
        raise Untranslatable(f"{self.LANGUAGE} has no {name!r}, which {self.module} uses")

    def called(self, name: str) -> str:
        return name

    def definition(self, name: str, node: Any) -> str:
        return f"{name} = {self.function(node)};"

    def refused(self, node: ast.AST) -> Untranslatable:
        told = f"{self.LANGUAGE} cannot be written from {ast.unparse(node)!r}"
        return Untranslatable(f"{told}: say it in the Python that {__name__} translates")

    def named(self, name: str) -> str:
        """Return what is called so that is no name of the function's own, defined if need be."""
        full = name if "." in name else f"{self.module}.{name}"
        found = read(self.OWN).get(full)
        if found is None:
            return self.known(name)
        if isinstance(found, ast.Name) and found.id.startswith("M."):
            return self.named(found.id)
        if full not in self.lines:
            inside = copy(self)
            inside.module = "table" if full[1] == "." else full.partition(".")[0]
            self.lines[full] = inside.definition(self.called(full), found)
        return self.called(full)

    def function(self, node: Any) -> str:
        """Return a function or lambda, or another expression."""
        self.own = {}
        if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            return self.text(node)
        if node.args.kwonlyargs or node.args.defaults or node.args.kwarg:
            raise self.refused(node)
        rest = [node.args.vararg.arg] if node.args.vararg else []
        names = [item.arg for item in node.args.args]
        inside = [item for item in ast.walk(node) if isinstance(item, ast.Name)]
        made = {item.id for item in inside if isinstance(item.ctx, ast.Store)} - {*names, *rest}
        self.own = {name: name for name in (*names, *rest, *made)}
        body = node.body if isinstance(node.body, list) else [ast.Return(node.body)]
        return self.written(
            [*names, *(f"*{name}" for name in rest)], sorted(made), self.block(body)
        )

    def block(self, body: list[Any]) -> str:
        """Return some statements, each on lines of its own, up to one that always returns."""
        returns = [isinstance(node, ast.Return) for node in body]
        return "\n".join(map(self.statement, body[: [*returns, True].index(True) + 1]))

    def statement(self, node: Any) -> str:
        match node:
            case ast.Return(value):
                return f"return {self.text(value)};"
            case ast.Assign([target], value):
                return self.assigned(target, value)
            case ast.If(test, body, rest):
                found = f"if ({self.test(test)}) {braced(self.block(body))}"
                return found + (f" else {braced(self.block(rest))}" if rest else "")
        raise self.refused(node)

    def assigned(self, target: Any, value: Any) -> str:
        return f"{self.text(target)} = {self.text(value)};"

    def test(self, node: Any) -> str:
        match node:
            case ast.UnaryOp(ast.Not(), operand):
                return self.SPELLED[ast.Not].format(self.test(operand))
            case ast.BoolOp(operator, values):
                tests = [f"({self.test(value)})" for value in values]
                return reduce(self.SPELLED[type(operator)].format, tests)
            case ast.Compare():
                return self.text(node)
        return self.SPELLED[bool].format(self.text(node))

    def text(self, node: Any) -> str:
        match node:
            case ast.Constant(int() | float() as value):
                return self.number(value)
            case ast.Name(name):
                return self.own.get(name) or self.named(name)
            case ast.Attribute(ast.Name(name)) if name not in self.own:
                return self.named(ast.unparse(node))
            case ast.IfExp(test, body, rest):
                return self.choice(test, self.text(body), self.text(rest))
            case ast.UnaryOp(operator, operand) if not isinstance(operator, ast.Not):
                return self.operation(node, operator, operand)
            case ast.BinOp(left, operator, right) | ast.Compare(left, [operator], [right]):
                return self.operation(node, operator, left, right)
            case ast.Call(called, given, []):
                return f"{self.part(called)}({self.all(given)})"
        raise self.refused(node)

    def choice(self, test: Any, one: str, other: str) -> str:
        return self.SPELLED[ast.IfExp].format(self.test(test), one, other)

    def operation(self, node: Any, operator: Any, *operands: Any) -> str:
        """Return an operation, which may be a call."""
        form = self.SPELLED.get(type(operator))
        if form is None:
            raise self.refused(node)
        return form.format(*map(self.text if form.endswith(")") else self.part, operands))

    def part(self, node: Any) -> str:
        """Return an expression inside another: in brackets if it has parts itself."""
        return f"({self.text(node)})" if isinstance(node, COMPOUND) else self.text(node)

    def all(self, nodes: Iterable[Any]) -> str:
        return ", ".join(map(self.text, nodes))

    def number(self, value: float) -> str:
        return repr(value)


class Expressions(Translator):
    """Translates functions to one expression each, where nothing is a statement."""

    let: Callable[[Any, Any, list[Any]], str]  # a target stands for a value in what follows

    def block(self, body: list[Any]) -> str:
        match body:
            case [ast.Return(value), *_]:
                return self.part(value)
            case [ast.If(test, yes, no), *rest]:
                return self.choice(test, self.block([*yes, *rest]), self.block([*no, *rest]))
            case [ast.Assign([target], value), *rest]:
                return self.let(target, value, rest)
        raise self.refused(ast.Module(body, []))


def braced(text: str) -> str:
    return f"{{\n{indent(text, '  ')}\n}}"
