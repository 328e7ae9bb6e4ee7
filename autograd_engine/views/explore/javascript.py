"""The page's JavaScript for primitives, translated from the table with all that it calls.

Somebody's own primitives, which may come from anywhere, are read with symbols. Where JavaScript
does something else than Python, a function of python.js stands.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import partial
from importlib.resources import files
from typing import Any, ClassVar, Final

from autograd_engine.compiler.record.symbols import OUT, Symbol, operands, substituted
from autograd_engine.compiler.run.translation import Translator, braced
from autograd_engine.primitives import TABLE, Primitive, is_built_in
from autograd_engine.real import REASONS, as_float
from autograd_engine.table import POWER

BUILT_IN: Final = re.compile("abs|float|len|max|range|tuple|zip")  # in python.js
LISTS: Final = (ast.List, ast.Tuple, ast.ListComp)


def written(rules: Iterable[tuple[Primitive, int]]) -> str:
    """Return a script that defines `RULES`, and `refusal`, which puts errors in our words."""
    script = Script()
    listed = "".join(f"  {script.rule(*rule)},\n" for rule in rules)
    reasons = "".join(f"  [{kind.__name__}, {reason!r}],\n" for kind, reason in REASONS.items())
    python = files(__package__).joinpath("python.js").read_text(encoding="utf-8")
    parts = ["const { RULES, refusal } = (() => {", python, f"const REASONS = [\n{reasons}];"]
    parts += [*script.lines.values(), f"const RULES = [\n{listed}];"]
    return "\n".join([*parts, "return { RULES, refusal };", "})();"])


class Script(Translator):
    """Rules in JavaScript: `lines` define them, and all that they call."""

    LANGUAGE = "the page's JavaScript"
    SPELLED: ClassVar[dict[Any, str]] = Translator.SPELLED | {
        ast.Div: "py.divide({}, {})", ast.Mod: "py.modulo({}, {})", ast.Pow: "py.power({}, {})",
        ast.Eq: "{} === {}", ast.NotEq: "{} !== {}", bool: "py.truth({})",
    }  # fmt: skip

    def rule(self, rule: Primitive, count: int) -> str:
        """Return a primitive as an object; `null` for somebody's own that cannot be read."""
        try:
            forward, partials = (self._code(rule, count, space) for space in "MD")
            return f"{{forward: {forward}, partials: {partials}}}"
        except Exception:  # whatever somebody's function does not do with a symbol
            if is_built_in(rule):
                raise
            return "null"

    def _code(self, rule: Primitive, count: int, space: str = "M") -> str:
        """Return the forward function of a primitive, or in the space `D` its partials."""
        if TABLE.get(rule.name) is rule:
            return self.named(f"{space}.{rule.name}")
        given = operands(rule, count)
        if space == "D":
            return self._read(rule.partials, (OUT, *given), "[{}]")
        if rule.name.startswith("**"):
            return self._read(lambda x: POWER(x, float(rule.name[2:])), given, "{}")
        return self._read(rule.forward, given, "{}")

    def _read(self, function: Any, given: tuple[Symbol, ...], form: str) -> str:
        """Return a function that is in no row: an entry of a family, or one read with symbols."""
        head = ", ".join(symbol.name for symbol in given)
        if isinstance(function, partial):
            family = self.named(f"table.{function.func.__name__}")
            return f"({head}) => {family}({function.args[0]}, {head})"
        lines: list[str] = []

        def text(part: Any) -> str:
            return part if isinstance(part, str) else self.number(as_float(part))

        def make(rule: Primitive, *parts: Any) -> str:
            called = f"({self._code(rule, len(parts))})({', '.join(map(text, parts))})"
            lines.append(f"const t{len(lines)} = {called};")
            return f"t{len(lines) - 1}"

        found, known = function(*given), {symbol: symbol.name for symbol in given}
        items = found if isinstance(found, tuple) else (found,)
        result = form.format(", ".join(text(substituted(item, make, known)) for item in items))
        return f"({head}) => {{ {' '.join([*lines, f'return {result};'])} }}"

    def known(self, name: str) -> str:
        if BUILT_IN.fullmatch(name):
            return f"py.{name}"
        alike = name.startswith("math.") or name in {kind.__name__ for kind in REASONS}
        return name if alike else super().known(name)

    def number(self, value: float) -> str:
        strange = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
        return strange.get(repr(value), repr(value).lower())

    def written(self, operands: list[str], names: list[str], body: str) -> str:
        head = ", ".join(operands).replace("*", "...")
        if body.startswith("return "):
            return f"({head}) => {body[7:-1]}"
        declared = f"let {', '.join(names)};\n" if names else ""
        return f"({head}) => {braced(declared + body)}"

    def statement(self, node: Any) -> str:
        match node:
            case ast.Expr(value):
                return f"{self.text(value)};"
            case ast.For(target, items, body, []):
                return f"for ({self.text(target)} of {self.text(items)}) {braced(self.block(body))}"
            case ast.Try(body, handlers, [], []):
                kinds = [self.known(ast.unparse(h.type or ast.Name("except"))) for h in handlers]
                bodies = [braced(self.block(handler.body)) for handler in handlers]
                cases = [f"if ($ instanceof {k}) {b}" for k, b in zip(kinds, bodies)]
                caught = " else ".join([*cases, "throw $;"])
                return f"try {braced(self.block(body))} catch ($) {braced(caught)}"
        return super().statement(node)

    def assigned(self, target: Any, value: Any) -> str:
        value = value if isinstance(value, str) else self.text(value)
        match target:
            case ast.Subscript(items, ast.Slice() as bounds):
                return f"py.put({self.text(items)}, [{self.text(bounds)}], {value});"
            case ast.Subscript(items, place):
                return f"{self.text(items)}[{self.text(place)}] = {value};"
            case ast.Tuple(targets) if any(isinstance(item, ast.Subscript) for item in targets):
                parts = [self.assigned(item, f"$[{i}]") for i, item in enumerate(targets)]
                return f"{{ const $ = {value}; {' '.join(parts)} }}"
        return f"{self.text(target)} = {value};"

    def text(self, node: Any) -> str:
        text = self.text
        match node:
            case None | ast.Constant(None):
                return "null"
            case ast.Tuple(items) | ast.List(items):
                return f"[{self.all(items)}]"
            case ast.Starred(items):
                return f"...{text(items)}"
            case ast.Subscript(items, ast.Slice() as bounds, ast.Load()):
                return f"py.slice({text(items)}, {text(bounds)})"
            case ast.Subscript(items, place, ast.Load()):
                return f"{self.part(items)}.at({text(place)})"
            case ast.Slice(start, stop, None | ast.Constant() as step):
                return self.all([start, stop, step])
            case ast.Compare(item, [ast.In()], [ast.Tuple() | ast.List() as items]):
                return f"{text(items)}.includes({text(item)})"
            case ast.BinOp(left, ast.Mult(), right) if isinstance(left, LISTS):
                return f"py.repeat({text(left)}, {text(right)})"
            case ast.BinOp(left, ast.Add(), right) if _is_list(left) or _is_list(right):
                return f"[...{text(left)}, ...{text(right)}]"
            case ast.Call(ast.Attribute(ast.Name(name), "append"), [item]) if name in self.own:
                return f"{name}.push({text(item)})"
            case ast.ListComp(item, [loop]) | ast.GeneratorExp(item, [loop]) if not loop.ifs:
                return f"{self.part(loop.iter)}.map(({text(loop.target)}) => {text(item)})"
        return super().text(node)


def _is_list(node: ast.expr) -> bool:
    sliced = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)
    return sliced or isinstance(node, LISTS)
