"""The page's JavaScript for primitives, written from their rows and from `floats`.

Forward functions and partials are translated from the source of the table, with all that they
call. Somebody's own primitives, which may come from anywhere, are read with symbols.

>>> script = Script()
>>> print(script.rule(TABLE["tan"], 1), *script.lines)
{forward: M.tan, partials: D.tan} M.tan = math.tan; D.tan = (out, x) => [1.0 + (out * out)];
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import cache, partial
from importlib.resources import files
from typing import Any, Final

from autograd_engine.compiler.record.symbols import OUT, Symbol, operands, substituted
from autograd_engine.primitives import TABLE, Primitive, is_built_in
from autograd_engine.real import REASONS, as_float
from autograd_engine.table import POWER
from autograd_engine.views.explore.translation import Translator, Untranslatable, number

MODULES: Final = ("floats", "several", "table")  # where rules are, with all that they call
BUILT_IN: Final = re.compile("abs|float|len|max|range|tuple|zip")  # in python.js


def written(rules: Iterable[tuple[Primitive, int]]) -> str:
    """Return a script that defines `RULES`, one for each primitive of so many operands.

    It also defines `refusal`, which tells of an error of theirs what the result tends to, and
    what is wrong in the engine's words.
    """
    script = Script()
    listed = "".join(f"  {script.rule(*rule)},\n" for rule in rules)
    reasons = "".join(f"  [{kind.__name__}, {reason!r}],\n" for kind, reason in REASONS.items())
    python = files(__package__).joinpath("python.js").read_text(encoding="utf-8")
    parts = ["const { RULES, refusal } = (() => {", python, f"const REASONS = [\n{reasons}];"]
    parts += [*script.lines, f"const RULES = [\n{listed}];", "return { RULES, refusal };", "})();"]
    return "\n".join(parts)


class Script:
    """What was asked for by name, and all that it calls: `lines` define it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names: set[str] = set()

    def rule(self, rule: Primitive, count: int) -> str:
        """Return a primitive of so many operands as an object of JavaScript.

        `null` for somebody's own that cannot be read; `Untranslatable` for a row of the package.
        """
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
            return self._defined(f"{space}.{rule.name}", "table")
        given = operands(rule, count)
        if space == "D":
            return self._function(rule.partials, (OUT, *given), "[{}]")
        if rule.name.startswith("**"):
            return self._function(lambda x: POWER(x, float(rule.name[2:])), given, "{}")
        return self._function(rule.forward, given, "{}")

    def _function(self, function: Any, given: tuple[Symbol, ...], form: str) -> str:
        """Return a function that is in no row: an entry of a family, or one read with symbols."""
        head = ", ".join(symbol.name for symbol in given)
        if isinstance(function, partial):
            family = self._named("table", function.func.__name__)
            return f"({head}) => {family}({function.args[0]}, {head})"
        lines: list[str] = []

        def text(part: Any) -> str:
            return part if isinstance(part, str) else number(as_float(part))

        def make(rule: Primitive, *parts: Any) -> str:
            called = f"({self._code(rule, len(parts))})({', '.join(map(text, parts))})"
            lines.append(f"const t{len(lines)} = {called};")
            return f"t{len(lines) - 1}"

        found, known = function(*given), {symbol: symbol.name for symbol in given}
        items = found if isinstance(found, tuple) else (found,)
        result = form.format(", ".join(text(substituted(item, make, known)) for item in items))
        return f"({head}) => {{ {' '.join([*lines, f'return {result};'])} }}"

    def _defined(self, name: str, module: str) -> str:
        if name not in self._names:
            self._names.add(name)  # before the work: it may call itself
            text = Translator(partial(self._named, module)).function(_sources()[name])
            self.lines.append(f"{name} = {text};")
        return name

    def _named(self, module: str, name: str) -> str:
        """Return what JavaScript calls a name in a module, defined if need be."""
        full = name if "." in name else f"{module}.{name}"
        match _sources().get(full):
            case ast.Call(_, [ast.Constant(str(row)), _, _, *_]) if f"M.{row}" in _sources():
                return self._defined(f"M.{row}", "table")
            case ast.AST():
                return self._defined(full, full.partition(".")[0])
        if BUILT_IN.fullmatch(name):
            return f"py.{name}"
        if name.startswith("math.") or name in {kind.__name__ for kind in REASONS}:
            return name
        raise Untranslatable(f"the page's JavaScript has no {name!r}, which {module} uses")


@cache
def _sources() -> dict[str, ast.AST]:
    """Return what the modules define, by name, and both functions of each row of the table."""
    found: dict[str, ast.AST] = {}
    for module in MODULES:
        source = files("autograd_engine").joinpath(f"{module}.py").read_text(encoding="utf-8")
        for node in ast.parse(source).body:
            match node:
                case ast.FunctionDef(name):
                    found[f"{module}.{name}"] = node
                case ast.Assign([ast.Name(name)], made) | ast.AnnAssign(ast.Name(name), _, made):
                    found[f"{module}.{name}"] = made or node
    for value in list(found.values()):
        match value:
            case ast.Call(_, [ast.Constant(str(row)), forward, partials, *_]):
                found |= {f"M.{row}": forward, f"D.{row}": partials}
    return found
