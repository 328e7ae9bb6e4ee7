"""What the page holds: the graph as flat lists, its rules, its pictures; as JSON that is inert."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from autograd_engine import graph
from autograd_engine.engine import Value
from autograd_engine.primitives import Primitive
from autograd_engine.survey import Survey
from autograd_engine.views.explore.rows import described_rule
from autograd_engine.views.explore.scenes import pictures
from autograd_engine.views.network.on_page import page_network
from autograd_engine.views.picture.folding import Folding
from autograd_engine.words import counted


def page_contents(output: Value) -> tuple[dict[str, Any], list[tuple[Primitive, int]]]:
    """Return the data of the page, and its rules, each with the number of its operands.

    Of each value: its name, its rule's number, its operands' numbers, its data, its partials
    as the forward pass recorded them.
    """
    survey = Survey(output)
    values, names = survey.values, survey.names  # the output is the last
    leaves = sum(not v.operands and not graph.is_constant(v) for v in values)
    rules: dict[tuple[Primitive, int], int] = {}
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
        "data": [_inert(value.data) for value in values],
        "partials": [[_inert(partial) for partial in value.partials] for value in values],
        **_sharing(pictures(Folding(survey, few=True), names)),
        "network": page_network(survey),
    }
    return data, list(rules)


def _paths(full: list[str], names: list[str]) -> dict[str, Any]:
    """Return the full names, where they are others, each with the number of its module's path.

    >>> _paths(["layers.0.w.1", "layers.0.b"], ["w₁", "b"])
    {'full': {0: '0.w.1', 1: '0.b'}, 'paths': ['layers.0']}
    """
    paths: dict[str, int] = {}
    found = {}
    for i, (path, name) in enumerate(zip(full, names)):
        if path != name:
            module = re.sub(r"(^|\.)[^.]*[^.\d][^.]*(\.\d+)*$", "", path)
            number = paths.setdefault(module, len(paths)) if module else ""
            found[i] = f"{number}{path[len(module) :]}"
    return {"full": found, "paths": list(paths)}


def _sharing(groups: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the groups, with numbers for what several have alike: neurons often do."""
    alike: dict[str, dict[str, int]] = {"shapes": {}, "inlets": {}}
    for group in groups:
        shape = json.dumps({key: group.pop(key) for key in ("size", "boxes", "arrows")})
        inlets = json.dumps(group["inlets"])
        group["shape"] = alike["shapes"].setdefault(shape, len(alike["shapes"]))
        group["inlets"] = alike["inlets"].setdefault(inlets, len(alike["inlets"]))
    return {"groups": groups, **{name: list(map(json.loads, some)) for name, some in alike.items()}}


def _inert(number: float) -> float | int | str:
    """Return a number for JSON, which has no NaN and no infinities."""
    if not math.isfinite(number):
        return "nan" if math.isnan(number) else "inf" if number > 0.0 else "-inf"
    whole = int(number) if abs(number) < 1e15 else 0  # 1 is shorter than 1.0, but -0 is not 0
    return whole if whole and whole == number else number


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
