"""Operations of several operands in every view: their numbers are right, and a look changes nothing."""

from __future__ import annotations

import json
import random
import re
from array import array
from base64 import b64decode
from collections import Counter

import pytest

import autograd_engine as ag
from autograd_engine.primitives import TABLE, find_primitive
from autograd_engine.views.explain.formulas import Number
from autograd_engine.views.explain.typesetting import SUM, TEXT

WEIGHED = ag.primitive(
    "weighed",
    lambda *xs: xs[0] * xs[-1] + xs[1],
    lambda out, *xs: (xs[-1], 1.0, *[0.0] * (len(xs) - 3), xs[0]),
)
GATED = ag.primitive("gated", lambda a, b, c: a * b - c, lambda out, a, b, c: (b, a, -1.0))
ROWS = {
    **{name: row for name, row in TABLE.items() if row.several or row.written_out},
    **{name: find_primitive(name) for name in ("softmax[1]", "log_softmax[0]", "cross_entropy[2]")},
    "own, of any number": WEIGHED,
    "own, of three": GATED,
}
COUNTS = [3, 4, 9, 40]  # of operands, where a row takes any number
CASES = [
    (name, count)
    for name, row in ROWS.items()
    for count in ([row.arity] if row.arity else COUNTS)
    if name != "mse" or count % 2 == 0  # pairs
]


def graph(name: str, count: int, labelled: bool = True) -> ag.Value:
    """Return a graph with the operation inside: of leaves, constants, and of a result, used twice."""
    rng = random.Random(count)
    leaves = [ag.Value(rng.uniform(0.1, 0.9), f"x{i}" if labelled else "") for i in range(count)]
    leaves[1] = ag.tanh(leaves[0])
    if count > 3:
        leaves[2], leaves[3] = leaves[0], ag.Value(1.0) * 2
    made = ROWS[name](*leaves)
    out = made * made + 3.0
    out.backward()
    return out


def snapshot(output: ag.Value) -> list[tuple]:
    return [
        (id(v), v.data.hex(), v.grad.hex(), v.label, v.op, [id(o) for o in v.operands], v.partials)
        for v in ag.graph.nodes(output)
    ]


def browsed(output: ag.Value) -> dict:
    text = re.search(r"<script[^>]*json[^>]*>(.*?)</script>", ag.explore(output).html, re.S)
    return json.loads(text[1])


VIEWS = {
    "draw": lambda f: [ag.draw(f, style=style).source for style in ("auto", "classic", "compact", "folded")],
    "built in": lambda f: ag.draw(f, engine="builtin").svg,
    "draw_dot": lambda f: ag.draw_dot(f).source,
    "explain": lambda f: [ag.explain(f, leaf).markdown for leaf in ag.graph.leaves(f)],
    "steps": lambda f: str(ag.steps(f)),
    "explore": lambda f: ag.explore(f).html,
    "_prev": lambda f: [(v._prev, v._op) for v in ag.graph.nodes(f)],
}  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("name", "count"), CASES)
def test_a_look_changes_nothing_and_is_the_same_each_time(name, count, view):
    for labelled in (True, False):
        output = graph(name, count, labelled)
        before = snapshot(output)
        assert VIEWS[view](output) == VIEWS[view](output)
        assert snapshot(output) == before


@pytest.mark.parametrize(("name", "count"), CASES)
def test_steps_and_the_page_have_the_partials_of_each_operand_in_order(name, count):
    output = graph(name, count)
    (node,) = (v for v in ag.graph.nodes(output) if v._rule is ROWS[name])
    found = [step for step in ag.steps(output) if step.node is node]
    assert [step.operand for step in found] == list(node.operands)
    assert tuple(step.partial for step in found) == node.partials
    assert {step.adjoint for step in found} == {node.grad}
    assert all(step.after == step.before + step.partial * node.grad for step in found)
    data = browsed(output)
    place = [id(v) for v in ag.graph.nodes(output)].index(id(node))
    values = ag.graph.nodes(output)
    assert [values[i] for i in data["operands"][place]] == list(node.operands)
    columns = array("d", b64decode(data["columns"]))
    assert tuple(columns[k] for k in data["partials"][place]) == node.partials
    rule = data["rules"][data["rule"][place]]
    holes = [part for formula in (rule["formula"], *rule["partials"]) for part in formula if isinstance(part, int)]  # fmt: skip
    assert len(rule["partials"]) == count and set(holes) <= {*range(count + 1)}


@pytest.mark.parametrize(("name", "count"), CASES)
def test_a_picture_shows_one_box_with_its_symbol_and_an_arrow_from_each_operand(name, count):
    output = graph(name, count)
    (node,) = (v for v in ag.graph.nodes(output) if v._rule is ROWS[name])
    source = ag.draw(output, style="classic").source
    assert source.count(f'label="{node.op}"') == 1
    (oval,) = re.findall(rf'(v\d+) \[label="{node.op}"', source)
    arrows = re.findall(rf'-> {oval} \[label="∂ (.*?)"', source)
    assert arrows == [f"{partial:.4g}" for partial in node.partials]


@pytest.mark.parametrize(("name", "count"), CASES)
def test_an_explanation_has_the_gradient_of_each_leaf(name, count):
    output = graph(name, count)
    for leaf in ag.graph.leaves(output):
        text = ag.explain(output, leaf).text
        (slope,) = ag.gradient(output, [leaf])
        assert f"= {TEXT.set(Number(slope), SUM)}\n" in text
        assert max(map(len, text.splitlines())) < 400


@pytest.mark.parametrize(("name", "count"), CASES)
def test_micrograds_picture_shows_elementary_operations_and_the_gradients_of_the_graph(name, count):
    output = graph(name, count)
    (node,) = (v for v in ag.graph.nodes(output) if v._rule is ROWS[name])
    source = ag.draw_dot(output).source
    boxes = re.findall(r"^\tv\d+ \[label=.*data (\S+) \| grad (\S+) \}", source, re.M)
    shown = [(f"{v.data:.4f}", f"{v.grad:.4f}") for v in ag.graph.nodes(output)]
    assert Counter(shown) <= Counter(boxes)
    ovals = re.findall(r'^\tv\d+op \[label="?(.*?)"?\]$', source, re.M)
    assert ("+" in ovals and node.op in ovals) == (node._rule.written_out is None)


def test_a_wide_operation_is_told_in_few_words():
    output = ag.losses.cross_entropy([ag.Value(0.001 * i) for i in range(2_000)], 7)
    assert len(ag.explain(output, output.operands[5]).text) < 2_000
    assert len(ag.steps(output)) == 2_000
    assert len(str(ag.steps(output).forward[0])) < 200
    assert "2,000" in ag.draw(output, style="folded").source
