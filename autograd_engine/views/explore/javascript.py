"""The page's JavaScript for primitives, written from their rows and from `floats`.

Forward functions and partials are translated from the source of the table, with all that they
call. Somebody's own primitives, which may come from anywhere, are read with symbols.

>>> print(Script().rule(TABLE["sin"], 1))
{forward: M.sin, partials: (out, x) => [M.cos(x)]}
"""

from __future__ import annotations

import ast
import pkgutil
import re
from collections.abc import Iterable
from functools import lru_cache, partial
from importlib.resources import files
from typing import Any, Final

from autograd_engine import table
from autograd_engine.compiler.symbols import OUT, Symbol, operands, substituted
from autograd_engine.primitives import TABLE, Primitive, is_built_in
from autograd_engine.real import REASONS, as_float
from autograd_engine.views.explore.translation import Translator, Untranslatable, number

HOME: Final = table.__name__
"""The module in which the table stands."""

BUILT_IN: Final = re.compile("abs|float|len|max|range|tuple|zip")
"""What python.js has of Python's own functions."""


def written(rules: Iterable[tuple[Primitive, int]]) -> str:
    """Return a script that defines `RULES`, one for each primitive of so many operands.

    It also defines `refusal`, which tells of an error of theirs what the result tends to, and
    what is wrong in the engine's words.
    """
    script = Script()
    listed = "".join(f"  {script.rule(*rule)},\n" for rule in rules)
    spaces = dict.fromkeys(line.split(".")[0] for line in script.lines)
    reasons = "".join(f"  [{kind.__name__}, {reason!r}],\n" for kind, reason in REASONS.items())
    return "\n".join(
        [
            "const { RULES, refusal } = (() => {",
            files(__package__).joinpath("python.js").read_text(encoding="utf-8"),
            f"const REASONS = [\n{reasons}];",
            *(f"const {space} = {{}};" for space in spaces),
            *script.lines,
            f"const RULES = [\n{listed}];\nreturn {{ RULES, refusal }};\n}})();",
        ]
    )


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
            forward, partials = self._forward(rule, count), self._partials(rule, count)
        except Untranslatable:
            if is_built_in(rule):
                raise
            return "null"
        return f"{{forward: {forward}, partials: {partials}}}"

    def _forward(self, rule: Primitive, count: int) -> str:
        if TABLE.get(rule.name) is rule:
            return self._defined(f"M.{rule.name}", HOME, _row(rule.name)[0])
        return self._function(rule.forward, operands(rule, count), "...xs", "{}")

    def _partials(self, rule: Primitive, count: int) -> str:
        if TABLE.get(rule.name) is rule:
            return Translator(partial(self._named, HOME)).function(_row(rule.name)[1])
        given = OUT, *operands(rule, count)
        return self._function(rule.partials, given, "out, ...xs", "[{}]")

    def _defined(self, name: str, module: str, node: ast.AST) -> str:
        if name not in self._names:
            self._names.add(name)  # before the work: it may call itself
            text = Translator(partial(self._named, module)).function(node)
            self.lines.append(f"{name} = {text};")
        return name

    def _named(self, module: str, name: str) -> str:
        """Return what JavaScript calls a name of a module, defined if need be."""
        first, _, rest = name.partition(".")
        match _contents(module).get(first):
            case (origin, imported):
                return self._named(f"{origin}.{imported}" if rest else origin, rest or imported)
            case ast.Call(_, [ast.Constant(str() as row), _, _, *_]) if row in TABLE:
                return self._forward(TABLE[row], 0)
            case ast.AST() as found:
                return self._defined(f"{module.rpartition('.')[2]}.{name}", module, found)
        if BUILT_IN.fullmatch(name):
            return f"py.{name}"
        if first == "math" or name in {kind.__name__ for kind in REASONS}:
            return name
        raise Untranslatable(f"the page's JavaScript has no {name!r}, which {module} uses")

    def _function(self, function: Any, given: tuple[Symbol, ...], head: str, form: str) -> str:
        """Return a function that is in no row: an entry of a family, or one read with symbols."""
        if isinstance(function, partial):
            family = self._named(HOME, function.func.__name__)
            return f"({head}) => {family}({function.args[0]}, {head})"
        lines: list[str] = []

        def text(part: str | float) -> str:
            return part if isinstance(part, str) else number(part)

        def make(rule: Primitive, *parts: Any) -> str:
            name, forward = f"t{len(lines)}", self._forward(rule, len(parts))
            called = f"({forward})" if " => " in forward else forward
            lines.append(f"const {name} = {called}({', '.join(map(text, parts))});")
            return name

        try:
            found = function(*given)
            several = found if isinstance(found, tuple) else (found,)
            results = [item if isinstance(item, Symbol) else as_float(item) for item in several]
        except Exception as error:  # whatever somebody's function does not do with a symbol
            raise Untranslatable(f"{function!r} cannot be read with symbols: {error}") from error
        known = {symbol: symbol.name for symbol in given}
        result = form.format(", ".join(text(substituted(item, make, known)) for item in results))
        inputs = ", ".join(map(repr, given))
        return f"({inputs}) => {{ {' '.join([*lines, f'return {result};'])} }}"


@lru_cache(maxsize=16)
def _contents(module: str) -> dict[str, ast.AST | tuple[str, str]]:
    """Return what a module's source defines, and where it imports from, by name."""
    package, _, name = module.rpartition(".")
    source = pkgutil.get_data(package, f"{name}.py")
    assert source is not None
    found: dict[str, ast.AST | tuple[str, str]] = {}
    for node in ast.parse(source).body:
        match node:
            case ast.FunctionDef(name):
                found[name] = node
            case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(ast.Name(name), value=value):
                if value is not None:
                    found[name] = value
            case ast.ImportFrom(str() as origin, aliases):
                found |= {alias.asname or alias.name: (origin, alias.name) for alias in aliases}
    return found


def _row(name: str) -> list[ast.expr]:
    """Return the source of a row's forward function and of its partials."""
    for node in _contents(HOME).values():
        match node:
            case ast.Call(_, [ast.Constant(found), forward, partials, *_]) if found == name:
                return [forward, partials]
    raise Untranslatable(
        f"the page's JavaScript finds no row of {name} in {HOME}: "
        f"write it there as name = row(name, forward, partials)"
    )
