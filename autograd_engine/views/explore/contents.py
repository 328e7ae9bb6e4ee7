"""What the page holds: the graph as flat lists, its rules, its pictures; as JSON that is inert.

The formulas of rules are lists of texts and of numbers that stand for values: 0 for the output,
from 1 on for the operands. The page puts names there, or the values' data.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, TypeAlias

from autograd_engine import graph
from autograd_engine.engine import Value
from autograd_engine.primitives import Primitive, is_built_in
from autograd_engine.survey import Survey
from autograd_engine.views.explain import notation
from autograd_engine.views.explain.formulas import Name, Term
from autograd_engine.views.explain.typesetting import TEXT
from autograd_engine.views.explore.scenes import pictures
from autograd_engine.views.network.on_page import page_network
from autograd_engine.views.picture.folding import Folding
from autograd_engine.words import counted

Formula: TypeAlias = list["str | int"]
Rules: TypeAlias = dict[tuple[Primitive, int], int]


def page_contents(output: Value) -> tuple[dict[str, Any], Rules]:
    """Return the data of the page, and its rules: primitives, with the number of operands.

    Data and partials, as the forward pass recorded them, are places in the list of `numbers`:
    many are the same, since the partials of a product are its factors.
    """
    survey = Survey(output)
    data, rules = page_graph(survey)
    known: dict[str, int] = {}

    def place(number: float) -> int:
        return known.setdefault(_inert(number), len(known))

    data["data"] = [place(value.data) for value in survey.values]
    data["partials"] = [[*map(place, value.partials)] for value in survey.values]
    data["numbers"] = list(map(json.loads, known))
    data["network"] = page_network(survey)
    return data, rules


def page_graph(survey: Survey) -> tuple[dict[str, Any], Rules]:
    """Return a graph without its numbers: of each value its name, its rule and its operands."""
    values, names = survey.values, survey.names  # the output is the last
    leaves = sum(not v.operands and not graph.is_constant(v) for v in values)
    rules: Rules = {}
    kinds = [(value._rule, len(value.operands)) for value in values]
    numbers = [rules.setdefault(kind, len(rules)) for kind in kinds]
    data = {
        "description": f"{counted(len(values), 'value')}, {counted(leaves, 'leaf')}",
        "names": names,
        "called": bool(survey.given_names[-1]),
        **_paths(survey.full_names, names),
        "rule": numbers,
        "rules": [described_rule(*kind) for kind in rules],
        "operands": survey.operands,
        **pictures(Folding(survey, few=True), names),
    }
    return data, rules


def _paths(full: list[str], names: list[str]) -> dict[str, Any]:
    """Return the full names, where they are others, each with the number of its module's path.

    >>> _paths(["layers.0.w.1", "layers.0.b", "x"], ["w₁", "b", "x"])
    {'full': ['0.w.1', '0.b', 0], 'paths': ['layers.0']}
    """
    paths: dict[str, int] = {}
    found: list[str | int] = []
    for path, name in zip(full, names):
        module = re.sub(r"(^|\.)[^.]*[^.\d][^.]*(\.\d+)*$", "", path)
        number = paths.setdefault(module, len(paths)) if module and path != name else ""
        found.append(0 if path == name else f"{number}{path[len(module) :]}")
    return {"full": found if any(found) else [], "paths": list(paths)}


def described_rule(rule: Primitive, count: int) -> dict[str, Any]:
    """Return what the page says of a primitive: name, symbol, formula, formulas of its partials.

    Where a partial cannot be read its formula is empty.

    >>> from autograd_engine.primitives import TABLE
    >>> found = described_rule(TABLE["divide"], 2)
    >>> found["formula"], found["partials"]
    ([1, '/', 2], [['1/', 2], ['−', 0, '/', 2]])
    """
    terms = [notation.partial(rule, k, lambda i: _hole(i + 1), count) for k in range(count)]
    return {
        "name": rule.name,
        "symbol": rule.symbol,
        "own": not is_built_in(rule),
        "formula": _with_holes(notation.written(rule, *map(_hole, range(1, count + 1)))),
        "partials": [_with_holes(term) if term else [] for term in terms],
    }


def _hole(number: int) -> Name:
    """Return what is typeset in place of a value: a character that nobody writes."""
    return Name(chr(0xE000 + number))


def _with_holes(term: Term) -> Formula:
    text = re.sub("(?<! )·(?! )", " · ", TEXT.set(term).replace("-", "−"))
    parts = re.split("([\ue000-\uf8ff])", text)
    return [ord(part) - 0xE000 if "\ue000" <= part <= "\uf8ff" else part for part in parts if part]


def _inert(number: float) -> str:
    """Return a number in JSON, which has no NaN and no infinities."""
    if not math.isfinite(number):
        return '"nan"' if math.isnan(number) else '"inf"' if number > 0.0 else '"-inf"'
    return repr(number).removesuffix(".0") if number else repr(number)  # -0 is not 0


def inert_json(data: Any) -> str:
    """Return JSON that can stand inside an HTML script element and ends nothing there.

    >>> inert_json("</script>")
    '"\\\\u003c/script\\\\u003e"'
    """
    text = json.dumps(data, separators=(",", ":"))  # all but ASCII is escaped, but for small digits
    small = r"(?<!\\)((?:\\\\)*)\\u(20[78][0-9a-f]|00b[239])"
    text = re.sub(small, lambda found: found[1] + chr(int(found[2], 16)), text)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
