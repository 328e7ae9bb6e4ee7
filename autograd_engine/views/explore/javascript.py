"""The page's JavaScript for primitives, written from their rows and from `floats`.

Forward functions and partials are translated from the source of the table, with all that they
call. Partials that have no translation are read with symbols, as are somebody's own primitives,
which may come from anywhere.

>>> print(Script().rule(TABLE["sin"], 1))
{forward: M.sin, partials: (out, x) => [M.cos(x)]}
"""

from __future__ import annotations

import ast
import pkgutil
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from importlib.resources import files
from typing import Any, Final

from autograd_engine import table
from autograd_engine.compiler.record.symbols import OUT, Expression, Symbol, operands, substituted
from autograd_engine.primitives import TABLE, Primitive, is_built_in
from autograd_engine.real import REASONS, as_float
from autograd_engine.table import POWER
from autograd_engine.views.explore.translation import Translator, Untranslatable, number

HOME: Final = table.__name__
"""The module in which the table stands."""

BUILT_IN: Final = re.compile("abs|enumerate|float|int|len|list|max|min|range|reversed|tuple|zip")
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
            if not is_built_in(rule):
                return "null"
            raise
        return f"{{forward: {forward}, partials: {partials}}}"

    def _forward(self, rule: Primitive, count: int) -> str:
        if rule.name.startswith("**"):
            return f"(x) => {self._row(POWER)}(x, {number(float(rule.name[2:]))})"
        if isinstance(rule.forward, partial):
            return f"(...xs) => {self._entry(rule.forward)}, ...xs)"
        if is_built_in(rule):
            return self._row(rule)
        given = operands(rule, count)
        return self._traced(given, read(rule.forward, *given), "{}")

    def _partials(self, rule: Primitive, count: int) -> str:
        if TABLE.get(rule.name) is rule:
            try:
                return Translator(partial(self._named, HOME)).function(_source(rule)[1])
            except Untranslatable:
                pass
        if isinstance(rule.partials, partial):
            return f"(out, ...xs) => {self._entry(rule.partials)}, out, ...xs)"
        given = (OUT, *operands(rule, count))
        return self._traced(given, read(rule.partials, *given), "[{}]")

    def _entry(self, function: partial[Any]) -> str:
        """Return the call, begun, of what a row of a family is made of."""
        return f"{self._named(HOME, function.func.__name__)}({function.args[0]}"

    def _row(self, rule: Primitive) -> str:
        """Return what a row's forward function is called."""
        return self._defined(f"M.{rule.name}", HOME, _source(rule)[0])

    def _defined(self, name: str, module: str, node: ast.AST) -> str:
        if name not in self._names:
            self._names.add(name)  # before the work: it may call itself
            try:
                text = Translator(partial(self._named, module)).function(node)
            except Untranslatable:
                self._names.remove(name)
                raise
            self.lines.append(f"{name} = {text};")
        return name

    def _named(self, module: str, name: str) -> str:
        """Return what JavaScript calls a name of a module, defined if need be."""
        first, _, rest = name.partition(".")
        found = _contents(module).get(first)
        if isinstance(found, tuple):  # imported
            return self._named(".".join(found), rest) if rest else self._named(*found)
        if isinstance(found, ast.Call) and _row_name(found):
            return self._row(TABLE[_row_name(found)])
        if found is not None:
            return self._defined(f"{module.rpartition('.')[2]}.{name}", module, found)
        if BUILT_IN.fullmatch(name):
            return f"py.{name}"
        if first == "math" or name in {kind.__name__ for kind in REASONS}:
            return name
        raise Untranslatable(f"the page's JavaScript has no {name!r}, which {module} uses")

    def _traced(self, given: Sequence[Symbol], found: Sequence[Expression], form: str) -> str:
        """Return a function of symbols that returns expressions; shared parts are computed once."""
        lines: list[str] = []

        def text(part: str | float) -> str:
            return part if isinstance(part, str) else number(part)

        def make(rule: Primitive, *parts: Any) -> str:
            name, forward = f"t{len(lines)}", self._forward(rule, len(parts))
            called = f"({forward})" if " => " in forward else forward
            lines.append(f"const {name} = {called}({', '.join(map(text, parts))});")
            return name

        known = {symbol: symbol.name for symbol in given}
        results = [text(substituted(expression, make, known)) for expression in found]
        result, head = form.format(", ".join(results)), ", ".join(map(repr, given))
        return f"({head}) => {{ {' '.join([*lines, f'return {result};'])} }}"


def read(function: Callable[..., Any], *symbols: Symbol) -> tuple[Expression, ...]:
    """Return what a function of numbers gives of symbols, as a tuple.

    Raises `Untranslatable` where it does with a number what a symbol does not.
    """
    try:
        found = function(*symbols)
        several = found if isinstance(found, tuple) else (found,)
        return tuple(item if isinstance(item, Symbol) else as_float(item) for item in several)
    except Exception as error:  # whatever somebody's function does not do with a symbol
        raise Untranslatable(f"{function!r} cannot be read with symbols: {error}") from error


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


@lru_cache(maxsize=1)
def _rows() -> dict[str, tuple[ast.expr, ast.expr]]:
    """Return the source of each row's forward function and of its partials."""
    calls = [node for node in _contents(HOME).values() if isinstance(node, ast.Call)]
    return {_row_name(call): (call.args[1], call.args[2]) for call in calls if _row_name(call)}


def _source(rule: Primitive) -> tuple[ast.expr, ast.expr]:
    if found := _rows().get(rule.name):
        return found
    raise Untranslatable(
        f"the page's JavaScript finds no row of {rule.name} in {HOME}: "
        f"write it there as name = row(name, forward, partials)"
    )


def _row_name(call: ast.Call) -> str:
    """Return the name of the row that a call adds to the table, if it does."""
    match call.args:
        case [ast.Constant(str() as name), _, _, *_] if name in TABLE:
            return name
    return ""
