"""Explanations: the chain rule written out, in text, Markdown and HTML, with true numbers."""

from __future__ import annotations

import html.parser
import json
import math
import random
import re
from pathlib import Path

import pytest

import autograd_engine as ag
from autograd_engine.blocks import source_of
from autograd_engine.compiler.record.symbols import OUT, Symbol, operands, substituted
from autograd_engine.notes import noted
from autograd_engine.primitives import TABLE, find_primitive
from autograd_engine.state import PAUSED
from autograd_engine.survey import Survey
from autograd_engine.views.explain import notation
from autograd_engine.views.explain.chain import LINEAR, SUMS, Chain
from autograd_engine.views.explain.formulas import Number, name
from autograd_engine.views.explain.typesetting import LATEX, TEXT, plain

EXAMPLES = json.loads(
    (Path(__file__).parent.parent / "demos" / "worked_examples.json").read_text(encoding="utf-8")
)


def labelled(value: ag.Value, label: str) -> ag.Value:
    value.label = label
    return value


def perceptron() -> dict[str, ag.Value]:
    """Two layers of one unit each, every step labelled."""
    v = {
        name: ag.Value(data, name)
        for name, data in [("x", 0.5), ("θ₁", 0.8), ("θ₂", 0.6), ("d", 0.8)]
    }
    v["h"] = labelled((v["θ₁"] * v["x"]).tanh(), "h")
    v["ŷ"] = labelled(v["θ₂"] * v["h"], "ŷ")
    v["J"] = labelled((v["d"] - v["ŷ"]) ** 2 / 2, "J")
    return v


def shown(number: float) -> str:
    """Return a number as a formula shows it."""
    return TEXT.set(Number(number))


# The textbook.


def test_the_second_layer_of_a_perceptron_reads_as_in_a_textbook():
    v = perceptron()
    text = ag.explain(v["J"], v["θ₂"]).text
    assert "∂J/∂θ₂ = ∂J/∂ŷ · ∂ŷ/∂θ₂\n" in text
    assert "∂ŷ/∂θ₂ = h = 0.379949" in text


def test_the_first_layer_of_a_perceptron_has_three_factors():
    v = perceptron()
    lines = ag.explain(v["J"], v["θ₁"]).text.splitlines()
    assert lines[0] == "∂J/∂θ₁ = ∂J/∂ŷ · ∂ŷ/∂h · ∂h/∂θ₁"
    assert lines[1].split(" = ")[1] == "−0.572031 · 0.6 · 0.427819"
    assert lines[2].split(" = ")[1] == shown(ag.gradient(v["J"], [v["θ₁"]])[0])


def test_a_merged_factor_is_derived_from_the_rules_of_its_operations():
    v = perceptron()
    text = ag.explain(v["J"], v["θ₁"]).text
    assert "∂h/∂θ₁ = (1 − h²)·x = (1 − 0.379949²)·0.5 = 0.427819\n" in text
    assert "by tanh: ∂tanh(u)/∂u = 1 − tanh(u)²; multiply: ∂(u·v)/∂u = v" in text
    assert "∂J/∂ŷ = −(d − ŷ) = −(0.8 − 0.227969) = −0.572031\n" in text


def test_an_operand_used_twice_gives_a_term_for_each_use():
    a = ag.Value(3.0, "a")
    assert "∂s/∂a = a + a = 3 + 3 = 6\n" in ag.explain(labelled(a * a, "s"), a).text


def test_several_paths_are_added():
    a, b = ag.Value(2.0, "a"), ag.Value(-3.0, "b")
    p, q = labelled(a * b, "p"), labelled(a.exp(), "q")
    f = labelled(p * q, "f")
    lines = ag.explain(f, a).text.splitlines()
    assert lines[0] == "∂f/∂a = ∂f/∂p · ∂p/∂a + ∂f/∂q · ∂q/∂a"
    assert lines[1].endswith("= 7.38906 · (−3) − 6 · 7.38906")
    assert lines[3].endswith(f"= {shown(ag.gradient(f, [a])[0])}")


def test_a_direct_path_beside_others_is_told_from_the_total_derivative():
    a = ag.Value(2.0, "a")
    f = labelled(a.exp() + a, "f")
    assert ag.explain(f, a).text.startswith("∂f/∂a (total) = ∂f/∂a + ∂f/∂v1 · ∂v1/∂a\n")


def test_where_nothing_has_a_label_the_results_are_numbered():
    x = ag.Value(0.5)
    assert ag.explain((x * 2.0).tanh(), x).text.startswith("∂v3/∂v1 = ∂v3/∂v2 · ∂v2/∂v1\n")


def test_two_values_of_one_label_are_told_apart():
    x = ag.Value(0.5, "h")
    h = labelled(x.tanh(), "h")
    assert ag.explain(labelled(h * 2.0, "f"), x).text.startswith("∂f/∂h#1 = ∂f/∂h#2 · ∂h#2/∂h#1\n")


def test_a_long_sum_is_written_with_its_middle_left_out():
    xs = [ag.Value(float(i), f"x{i}") for i in range(20)]
    text = ag.explain(labelled(ag.sum(xs), "f"), xs[7]).text
    assert "f = x0 + x1 + x2 + x3 + … + x18 + x19 = 190" in text


# The worked examples.


@pytest.mark.parametrize("phi", ["tanh", "sigmoid"])
def test_the_worked_example_of_backpropagation_by_hand_is_explained(phi):
    example = EXAMPLES["two_three_one"]
    w1 = [
        [ag.Value(w, f"W1[{j}][{i}]") for i, w in enumerate(row)]
        for j, row in enumerate(example["W1"])
    ]
    w2 = [ag.Value(w, f"W2[{j}]") for j, w in enumerate(example["W2"])]
    h = [
        labelled(getattr(ag, phi)(ag.dot(row, example["x"])), f"h[{j}]") for j, row in enumerate(w1)
    ]
    y = labelled(ag.dot(w2, h), "y")
    E = labelled((example["d"] - y) ** 2 / 2, "E")
    expected = example[phi]
    for j in range(3):
        lines = ag.explain(E, w2[j]).text.splitlines()
        assert lines[0] == f"∂E/∂W2[{j}] = ∂E/∂y · ∂y/∂W2[{j}]"
        assert lines[2].endswith(f" = {shown(expected['dE_dW2'][j])}")
        for i in range(2):
            lines = ag.explain(E, w1[j][i]).text.splitlines()
            assert lines[0] == f"∂E/∂W1[{j}][{i}] = ∂E/∂y · ∂y/∂h[{j}] · ∂h[{j}]/∂W1[{j}][{i}]"
            assert lines[2].endswith(f" = {shown(expected['dE_dW1'][j][i])}")
            assert f"∂y/∂h[{j}] = W2[{j}] = {shown(example['W2'][j])}" in "\n".join(lines)


def test_the_worked_example_of_the_perceptron_is_explained():
    example = EXAMPLES["perceptron"]
    w = [ag.Value(number, f"w{i}") for i, number in enumerate(example["w"])]
    b = ag.Value(example["b"], "b")
    ps = [labelled(ag.sigmoid(ag.dot(w, x) + b), f"p{i}") for i, x in enumerate(example["X"])]
    E = labelled(
        ag.mean(-ag.log(p) if y else -ag.log(1 - p) for p, y in zip(ps, example["y"])), "E"
    )
    for weight, expected in zip([*w, b], [*example["dE_dw"], example["dE_db"]]):
        lines = ag.explain(E, weight).text.splitlines()
        n = weight.label
        assert lines[0] == f"∂E/∂{n} = " + " + ".join(f"∂E/∂p{i} · ∂p{i}/∂{n}" for i in range(4))
        assert lines[3].endswith(f" = {shown(expected)}")
    assert "p1·(1 − p1)" in ag.explain(E, b).text


def test_the_worked_example_of_two_layers_is_explained():
    example, data = EXAMPLES["multilayer_perceptron"], EXAMPLES["perceptron"]
    w1 = [
        [ag.Value(w, f"W1[{i}][{j}]") for j, w in enumerate(row)]
        for i, row in enumerate(example["W1"])
    ]
    w2 = [ag.Value(w, f"W2[{i}]") for i, w in enumerate(example["W2"][0])]
    losses = []
    for k, (x, y) in enumerate(zip(data["X"], data["y"])):
        h = [
            labelled(ag.sigmoid(ag.dot(row, x) + b), f"h{k}[{i}]")
            for i, (row, b) in enumerate(zip(w1, example["b1"]))
        ]
        p = labelled(ag.sigmoid(ag.dot(w2, h) + example["b2"][0]), f"p{k}")
        losses.append(-ag.log(p) if y else -ag.log(1 - p))
    E = labelled(ag.mean(losses), "E")
    text = ag.explain(E, w1[0][1]).text
    assert text.startswith("∂E/∂W1[0][1] = Σₖ δ(hₖ[0])·hₖ[0]·(1 − hₖ[0])·xₖ\n")
    assert "δ(hⱼ[0]) = pⱼ·(1 − pⱼ)·W2[0]·δ(pⱼ) = " in text
    assert f"= {shown(example['dE_dW1'][0][1])}\n" in text


# Many paths.


@pytest.mark.slow
def test_a_ladder_of_2_to_the_10000_paths_is_explained_layer_by_layer():
    x = y = ag.Value(1.0, "x")
    for _ in range(10_000):
        y = (y + y) * 0.5
    text = ag.explain(y, x).text
    assert text.startswith("∂h₁₀₀₀₀/∂x = δ(h₁) = 1\n")
    assert "More than a billion paths lead from x to h₁₀₀₀₀." in text
    assert "δ(hₜ) = δ(hₜ₊₁) = 1, 1, 1, 1, …, 1, 1   (t = 1 … 9998)" in text
    assert len(text.splitlines()) < 20


def test_layer_by_layer_an_adjoint_is_the_sum_over_its_uses():
    x = ag.Value(0.3, "x")
    h = labelled(x.tanh(), "h")
    terms = [labelled(h * float(i), f"t{i}") for i in range(10)]
    f = labelled(ag.prod(t + 1.0 for t in terms), "f")
    text = ag.explain(f, x).text
    assert "10 paths lead from x to f" in text
    assert "δ(h) = Σₖ cₖ·δ(tₖ) = 0·" in text
    assert text.splitlines()[0].endswith(f" = {shown(ag.gradient(f, [x])[0])}")


def test_a_deep_chain_without_labels_is_explained_at_once():
    x = y = ag.Value(0.5, "x")
    for _ in range(20_000):
        y = y.sin()
    text = ag.explain(y, x).text
    assert "One long path leads from x to h₂₀₀₀₀." in text
    assert "δ(hₜ) = cos(hₜ)·δ(hₜ₊₁)" in text
    assert len(text.splitlines()) < 20


def test_a_neuron_reads_as_a_weighted_sum_where_paths_are_many():
    model = ag.nn.MLP(2, [4, 4, 1], activation="tanh", rng=random.Random(0))
    loss = ag.mean(model([i / 4, 1.0]) ** 2 for i in range(3))
    text = ag.explain(loss, model.parameters()[0]).text
    assert "z⁽²⁾[s] = b⁽²⁾ + w₀⁽²⁾·a₀⁽¹⁾[s] + " in text
    assert "δ(z₀⁽⁰⁾[s]) = (Σₖ wₖ₀⁽¹⁾·δ(zₖ⁽¹⁾[s]))·(1 − a₀⁽⁰⁾[s]²)" in text


def test_a_factor_too_large_to_read_is_opened():
    x = y = ag.Value(0.5, "x")
    for _ in range(4):
        y = (y * y).sin()
    text = ag.explain(labelled(labelled(y, "h") * 2.0, "f"), x).text
    assert text.startswith("∂f/∂x = ∂f/∂h · ∂h/∂s₃ · ∂s₃/∂s₂")


def swept(chain, sized):
    """Return the derivative by the factors of a chain, or the sum of the sizes of its terms."""
    adjoints = {id(chain.output): 1.0}
    for factor in chain.factors():
        term = sized(factor.number) * adjoints.get(id(factor.upper), 0.0)
        adjoints[id(factor.lower)] = adjoints.get(id(factor.lower), 0.0) + term
    return adjoints.get(id(chain.wrt), 0.0)


def test_no_infinity_is_merged_into_a_factor_where_its_adjoint_is_zero():
    q = ag.Value(0.0, "q")
    root = q.sqrt()
    f = labelled((root * 3.0 - root * 3.0) + labelled(q * 2.0, "p"), "f")
    chain = Chain(Survey(f), q, LINEAR)
    assert all(not math.isnan(factor.number) for factor in chain.factors())
    assert "nan" not in ag.explain(f, q).text and ag.gradient(f, [q]) == [2.0]


@pytest.mark.parametrize("seed", range(30))
def test_in_random_graphs_the_factors_give_the_bits_of_backward(seed):
    rng = random.Random(seed)
    leaves = [ag.Value(rng.uniform(-2, 2), f"x{i}") for i in range(3)]
    values = list(leaves)
    for i in range(rng.randrange(1, 25)):
        a, b = rng.choice(values), rng.choice(values[-4:])
        made = rng.choice([a + b, a - b, a * b, a.tanh(), b.relu(), a / (b * b + 1.0)])
        values.append(labelled(made, f"h{i}") if rng.random() < 0.3 else made)
    output = values[-1]
    for leaf, expected in zip(leaves, ag.gradient(output, leaves)):
        for merging in (SUMS, LINEAR):
            chain = Chain(Survey(output), leaf, merging)
            assert (chain.adjoint(leaf) if chain.connected else 0.0).hex() == expected.hex()
            found, size = swept(chain, float), swept(chain, abs)
            assert found == pytest.approx(expected, rel=0.0, abs=1e-9 * size)
        ends = [line.split(" = ")[-1] for line in ag.explain(output, leaf).text.splitlines()]
        assert shown(expected) in ends


# What the rules say.


SAMPLES = {"acosh": (1.7,), "atan2": (0.3, -0.8), "above": (0.2, 0.1), "log1p": (0.4,)}
ROWS = sorted({*TABLE} - {"leaf", "constant"})
FAMILIES = ["softmax[1]", "log_softmax[1]", "cross_entropy[1]", "**2", "**-1", "**0.5"]


def counted(rule):
    """Return numbers of operands to try a row with: some take any number, `mse` an even one."""
    return [rule.arity] if rule.arity else [2, 4, 6, 20]


@pytest.mark.parametrize("name", [*ROWS, *FAMILIES])
def test_a_formula_in_the_words_of_a_textbook_has_the_numbers_of_its_row(name):
    rule, rng = find_primitive(name), random.Random(0)
    for count in counted(rule):
        samples = [SAMPLES.get(name, (0.4, 0.7)), SAMPLES.get(name, (0.7, 0.4))]
        if count > 2:
            samples = [[rng.uniform(-2.0, 2.0) for _ in range(count)] for _ in samples]
        for given in samples:
            out = rule(*given[:count])
            known = {OUT: out, **dict(zip(operands(rule, count), given))}
            for i, partial in enumerate(rule.partials(out, *given[:count])):
                formula = notation.textbook(rule, i, count)
                found = substituted(formula, lambda row, *x: row(*x), dict(known))
                # Twelve digits: the textbook's form is the one that may lose some.
                assert found == pytest.approx(partial, rel=1e-12)


@pytest.mark.parametrize("name", [*ROWS, *FAMILIES])
def test_no_public_rule_is_written_with_a_row_kept_for_its_digits(name):
    inner = {"ratio", "ln", "slope", "power_log", "gate", "unit", "circle", "gauss", "bell"}
    inner |= {"lenient_power", "portion"}

    def mentioned(expression):
        if not isinstance(expression, Symbol) or expression.rule is None:
            return set()
        return {expression.rule.name}.union(*map(mentioned, expression.operands))

    if name not in inner:
        rule = find_primitive(name)
        for i, count in [(i, n) for n in counted(rule) for i in range(n)]:
            found = mentioned(notation.textbook(rule, i, count))
            assert found & inner <= {"ratio", "ln", "lenient_power"}  # written as /, ln, a power


@pytest.mark.parametrize(
    ("name", "which", "text"),
    [
        ("tanh", 0, "∂tanh(u)/∂u = 1 − tanh(u)²"),
        ("sigmoid", 0, "∂σ(u)/∂u = σ(u)·(1 − σ(u))"),
        ("divide", 1, "∂(u/v)/∂v = −u/v²"),
        ("relu", 0, "∂ReLU(u)/∂u = [u > 0]"),
        ("sqrt", 0, "∂√u/∂u = 1/(2·√u)"),
        ("power", 1, "∂uᵛ/∂v = uᵛ·ln(u)"),
        ("erf", 0, "∂erf(u)/∂u = 2·exp(−u²)/√π"),
        ("log2", 0, "∂log2(u)/∂u = 1/(ln(2)·u)"),
        ("exp2", 0, "∂exp2(u)/∂u = ln(2)·exp2(u)"),
        ("logaddexp", 1, "∂logaddexp(u, v)/∂v = σ(v − u)"),
        ("hypot", 1, "∂hypot(u, v)/∂v = v/√(v² + u²)"),
        ("maximum", 0, "∂max(u, v)/∂u = [u > v] + 0.5·[u = v]"),
    ],
)
def test_a_rule_reads_as_in_a_textbook(name, which, text):
    assert TEXT.set(notation.rule(TABLE[name], which)) == text


abc = [ag.Value(number, label) for label, number in zip("abc", (0.5, -1.0, 2.0))]
xyz = [ag.Value(number, label) for label, number in zip("xyz", (0.25, 1.5, -0.5))]
wide = [ag.Value(0.1 * i, f"v{i}") for i in range(9)]
a, b, c = abc
SEVERAL = [
    (lambda: ag.sum(abc), b, "a + b + c", "1"),
    (lambda: sum(abc), b, "a + b + c", "1"),
    (lambda: sum([a]), a, "a", "1"),
    (lambda: ag.mean(abc), b, "(a + b + c)/3", "1/3"),
    (lambda: ag.prod(abc), b, "a·b·c", "a·c"),
    (lambda: ag.dot(abc[:2], xyz[:2]), a, "a·x + b·y", "x"),
    (lambda: ag.dot(abc[:2], xyz[:2], c), b, "c + a·x + b·y", "y"),
    (lambda: ag.dot(abc[:2], abc[:2]), a, "a·a + b·b", "a + a"),
    (lambda: ag.norm(abc), b, "norm(a, b, c)", "b/f"),
    (lambda: ag.variance(abc), b, "variance(a, b, c)", "2·(b − mean)/3"),
    (lambda: ag.logsumexp(abc), b, "logsumexp(a, b, c)", "p₁"),
    (lambda: ag.softmax(abc)[1], a, "softmax₁(a, b, c)", "−p₁·p₀"),
    (lambda: ag.softmax(abc)[1], b, "softmax₁(a, b, c)", "p₁·(1 − p₁)"),
    (lambda: ag.log_softmax(abc)[1], a, "log_softmax₁(a, b, c)", "−p₀"),
    (lambda: ag.log_softmax(abc)[1], b, "log_softmax₁(a, b, c)", "1 − p₁"),
    (lambda: ag.losses.cross_entropy(abc, 1), a, "cross_entropy₁(a, b, c)", "p₀ − y₀"),
    (lambda: ag.losses.cross_entropy(abc, 1), b, "cross_entropy₁(a, b, c)", "p₁ − y₁"),
    (lambda: ag.losses.binary_cross_entropy(a, 1), a, "binary_cross_entropy(a, 1)", "p − y"),
    (lambda: ag.losses.mse([a, b], [c, 1.0]), a, "((a − c)² + (b − 1)²)/2", "a − c"),
    (lambda: ag.losses.mse([a, b], [c, 1.0]), c, "((a − c)² + (b − 1)²)/2", "c − a"),
    (lambda: ag.prod(wide), wide[1], "v0·v1·v2·v3·…·v7·v8", "v0·v2·v3·v4·…·v7·v8"),
    (lambda: ag.mean(wide), wide[1], "(v0 + v1 + v2 + v3 + … + v7 + v8)/9", "1/9"),
    (lambda: ag.logsumexp(wide), wide[1], "logsumexp(v0, v1, v2, v3, …, v7, v8)", "p₁"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "wrt", "definition", "formula"), SEVERAL)
def test_an_operation_of_several_is_explained_in_one_line_with_its_number(
    make, wrt, definition, formula
):
    f = labelled(make(), "f")
    text = ag.explain(f, wrt).text.splitlines()
    (slope,) = ag.gradient(f, [wrt])
    assert f"f = {definition} = {shown(f.data)}" in text
    assert text[0].startswith(f"∂f/∂{wrt.label} = {formula}")
    assert text[0].endswith(shown(slope)) and text[1] == ""


def test_entries_of_lists_have_an_index_in_latex():
    assert (
        r"\operatorname{softmax}_{1}\left(a, b, c\right)"
        in ag.explain(ag.softmax(abc)[1], a).markdown
    )


def test_a_rule_of_ones_own_of_many_operands_is_explained_however_it_is_written():
    weighed = ag.primitive(
        "weighed",
        lambda *xs: sum(i * x for i, x in enumerate(xs)),
        lambda out, *xs: tuple(float(i) for i in range(len(xs))),
    )
    found = ag.explain(weighed(*abc), c).text
    assert "v1 = weighed(a, b, c) = 3" in found and "∂v1/∂c = 2\n" in found
    for called in ("add", "log", "a[b]"):  # that of a row takes nothing from it
        made = ag.primitive(called, lambda *xs: xs[0], lambda out, *xs: (1.0, 0.0))(a, b)
        assert f"v1 = {called}(a, b) = 0.5" in ag.explain(made, a).text

    def squares(*xs):
        total = 0.0
        for x in xs:
            total = total + x * x
        return total

    def slopes(out, *xs):  # a formula that nobody would read
        return tuple(out - squares(*xs) + 2.0 * x for x in xs)

    many = [ag.Value(0.001 * i, f"w{i}") for i in range(200)]
    loop = ag.primitive("loop", squares, slopes)(*many)
    assert "/∂w7 = 0.014\n" in ag.explain(loop, many[7]).text


def test_a_primitive_of_ones_own_is_explained_by_its_own_rule():
    cube = ag.primitive("cube", lambda x: x**3, lambda out, x: (3.0 * x * x,))
    x = ag.Value(2.0, "x")
    assert "by cube: ∂cube(u)/∂u = 3·u²" in ag.explain(cube(x), x).text


def test_a_rule_that_branches_is_explained_by_its_number():
    step = ag.primitive("step", lambda x: x, lambda out, x: (2.0 if x > 0.0 else 0.5,))
    x = ag.Value(2.0, "x")
    assert "∂v1/∂x = 2\n" in ag.explain(step(x), x).text


# Where a value was made.


def test_the_line_that_made_a_value_is_shown_where_it_was_traced():
    x = ag.Value(0.5, "x")
    with ag.trace_source():
        h = x.tanh()
    found = ag.explain(h, x)
    for text in (found.text, found.markdown, found.html):
        assert "explain.py" in text and "h = x.tanh()" in text


def test_lines_inside_the_package_are_passed_over_for_the_one_that_called():
    with ag.trace_source():
        total = ag.mean([ag.Value(1.0), ag.Value(2.0)])
        smooth = ag.silu(ag.Value(1.0))
    assert source_of(total).endswith(": total = ag.mean([ag.Value(1.0), ag.Value(2.0)])")
    assert source_of(smooth.operands[1]).endswith(": smooth = ag.silu(ag.Value(1.0))")


def test_a_label_given_later_keeps_the_line():
    with ag.trace_source():
        y = ag.Value(1.0) + 1.0
    y.label = "y"
    assert source_of(y).endswith(": y = ag.Value(1.0) + 1.0")


def test_nothing_is_noted_unless_traced():
    y = ag.Value(1.0) * 2.0
    assert noted(y).source is None
    assert not PAUSED


def test_tracing_goes_on_until_it_is_switched_off():
    ag.trace_source()
    try:
        y = ag.Value(1.0) * 2.0
    finally:
        ag.trace_source(False)
    z = ag.Value(1.0) * 2.0
    assert source_of(y) and not source_of(z)
    assert not PAUSED


def test_tracing_within_no_grad_and_around_it_keeps_both():
    x = ag.Value(2.0, "x")
    with ag.trace_source():
        with ag.no_grad():
            constant = x * x
        value = x * x
    with ag.no_grad(), ag.trace_source():
        other = x * x
    assert constant.operands == other.operands == ()
    assert source_of(value) and ag.gradient(value, [x]) == [4.0]
    assert not PAUSED


def test_traced_values_are_the_same_to_the_bit():
    def loss():
        model = ag.nn.MLP(2, [3, 1], activation="tanh", rng=random.Random(1))
        value = model([0.2, -0.7]) ** 2
        value.backward()
        return value.data, [p.grad for p in model.parameters()]

    plain_loss = loss()
    with ag.trace_source():
        assert loss() == plain_loss


# Zero, infinite, not a number.


def test_a_value_that_the_output_does_not_depend_on_has_gradient_zero_and_is_told_why():
    a, b = ag.Value(2.0, "a"), ag.Value(3.0, "b")
    text = ag.explain(labelled(a * 2.0, "f"), b).text
    assert text.startswith("∂f/∂b = 0\n")
    assert "The gradient is zero: f does not depend on b, which is not among the" in text
    assert "its leaves: a" in text


def test_a_name_bound_anew_is_recognised():
    w = ag.Value(2.0, "w")
    f = w * 2.0
    w = ag.Value(1.9, "w")
    assert "Was the name bound anew, as by w = w - 0.1" in ag.explain(f, w).text


@pytest.mark.parametrize("output", [ag.Value(2.0, "c"), ag.Value(2.0, "c").detach()])
def test_an_output_without_operands_depends_on_nothing(output):
    text = ag.explain(output, ag.Value(1.0, "w")).text
    assert text.startswith(f"∂{output.label or 2}/∂w = 0\n\nThe gradient is zero: ")


def test_the_derivative_of_a_value_by_itself_is_one():
    x = ag.Value(2.0, "x")
    assert ag.explain(x, x).text.startswith("∂x/∂x = 1\n")


def test_children_whose_partials_are_unknown_are_told():
    x = ag.Value(2.0, "x")
    text = ag.explain(ag.Value(4.0, (x,), "+"), x).text
    assert "a value made from children has partials that are not known." in text


def test_a_zero_gradient_names_the_factor_that_nothing_passes_through():
    z = ag.Value(-1.0, "z")
    text = ag.explain(labelled(labelled(z.relu(), "r") * 2.0, "f"), z).text
    assert "∂r/∂z = [z > 0] = [−1 > 0] = 0\n" in text
    assert "It is zero, since nothing passes through ∂r/∂z = 0." in text


def test_contributions_that_cancel_are_told():
    x = ag.Value(2.0, "x")
    f = labelled(x * 3.0, "p") - labelled(x * 3.0, "q")
    assert "It is zero, since what arrives cancels or is too small." in ag.explain(f, x).text


def test_an_infinite_slope_is_shown_as_such():
    q = ag.Value(0.0, "q")
    found = ag.explain(q.sqrt() * 2.0, q)
    assert "= 2 · inf\n" in found.text
    assert r"\infty" in found.markdown


def test_an_adjoint_of_zero_passes_nothing_on_to_an_infinite_slope():
    q = ag.Value(0.0, "q")
    text = ag.explain(q.sqrt() * 0.0, q).text
    assert "      = 0\n" in text
    assert "not even to an infinity" in text
    assert ag.gradient(q.sqrt() * 0.0, [q]) == [0.0]


def test_nan_is_shown_as_such():
    x = ag.Value(math.nan, "x")
    found = ag.explain(x * x, x)
    assert "= nan" in found.text and r"\mathrm{nan}" in found.markdown and "nan" in found.html


def test_a_leaf_changed_since_is_explained_with_the_partials_of_the_forward_pass():
    w, x = ag.Value(3.0, "w"), ag.Value(2.0, "x")
    f = w * x
    x.data = 100.0
    assert "∂v1/∂w = x = 2\n" in ag.explain(f, w).text


# Labels as typed, running nothing.


NASTY = [
    "</script><script>alert(1)</script>",
    '<b>"w"</b>',
    "a\\b",
    "😀",
    "$x$",
    "`q`",
    "{h}_#%&~^|*'",
    "a\nb",
    "\x00",
]


class Tags(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("label", NASTY)
def test_a_label_stands_in_html_as_typed_and_runs_nothing(label):
    x = ag.Value(2.0, label)
    found = Tags(ag.explain(labelled(x.tanh(), label + "!"), x).html)
    harmless = Tags(ag.explain(labelled(ag.Value(2.0, "x").tanh(), "f"), x).html)
    page = "html head meta title body main h1 style article div table tr td p span code svg"
    formula = "math mrow mi mn mo mtext mfrac msup msub msubsup msqrt munder"
    assert set(found.tags) <= {*page.split(), *formula.split()}
    assert harmless.tags
    shown = label.replace("\n", "␊").replace("\x00", "␀")
    assert any(shown in text for text in found.texts)


@pytest.mark.parametrize("label", NASTY)
def test_a_label_in_markdown_is_escaped_for_latex_and_for_html(label):
    latex = LATEX.set(name(label))
    bare = re.sub(r"\\[\\{}_#%&$ ]|\\[a-z]+", "", latex)
    assert not set("<>#%&$_~^`\\\n\x00") & set(bare)
    assert bare.count("{") == bare.count("}")
    x = ag.Value(2.0, label)
    assert "<" not in ag.explain(x.tanh(), x).markdown


@pytest.mark.parametrize("label", NASTY[:7])
def test_a_label_stands_in_text_as_typed(label):
    x = ag.Value(2.0, label)
    assert label in ag.explain(x.tanh(), x).text


def test_a_long_label_is_cut_in_formulas_and_told_as_a_whole_once():
    x, w = ag.Value(2.0, "the input of this network"), ag.Value(3.0, "w")
    found = ag.explain(labelled((w * x).tanh(), "the loss of all the samples"), w)
    for text in (found.text, found.markdown, found.html):
        assert text.count(x.label) == text.count("the loss of all the samples") == 1
    assert "∂the loss of …samples/∂w" in found.text
    assert "  the loss of …samples is the loss of all the samples\n" in found.text
    assert "  the input of…network is the input of this network\n" in found.text


def test_labels_that_are_mathematics_are_set_as_such():
    assert LATEX.set(name("theta1")) == r"\theta_{1}"
    assert LATEX.set(name("w₁₀,₂⁽⁰⁾[3]")) == "w_{10,2}^{(0)}[3]"
    assert LATEX.set(name("θ₁")) == "θ_{1}"
    assert LATEX.set(name("ŷ")) == LATEX.set(name("yhat")) == LATEX.set(name("y_hat")) == r"\hat{y}"
    assert LATEX.set(name("W1[0][2]")) == "W_{1}[0][2]"
    assert LATEX.set(name("loss")) == r"\mathrm{loss}"


# Showing it.


def test_a_notebook_shows_latex_and_a_terminal_text():
    v = perceptron()
    found = ag.explain(v["J"], v["θ₁"])
    bundle = found._repr_mimebundle_()
    assert bundle == {"text/markdown": found.markdown, "text/plain": found.text}
    assert r"\frac{\partial J}{\partial \hat{y}} \cdot" in found.markdown
    assert str(found) == repr(found) == found.text


def test_marimo_shows_a_part_of_the_page():
    v = perceptron()
    found = ag.explain(v["J"], v["θ₁"])
    kind, fragment = found._mime_()
    assert kind == "text/html" and "<html" not in fragment and fragment in found.html


def test_the_page_says_in_mathml_what_the_terminal_says_in_text():
    v = perceptron()
    page = ag.explain(v["J"], v["θ₁"]).html
    rate = "<mfrac><mrow><mo>∂</mo>{}</mrow><mrow><mo>∂</mo>{}</mrow></mfrac>"
    assert rate.format("<mi>ŷ</mi>", "<mi>h</mi>") in page
    assert "<msub><mi>θ</mi><mrow><mn>1</mn></mrow></msub>" in page
    assert "<msup><mrow><mi>h</mi></mrow><mrow><mn>2</mn></mrow></msup>" in page
    assert "<script" not in page


def test_braces_and_dollars_of_the_markdown_are_balanced():
    v = perceptron()
    found = ag.explain(v["J"], v["θ₁"]).markdown
    assert found.count("{") == found.count("}")
    assert found.count("$") % 2 == 0
    assert found.count(r"\left") == found.count(r"\right")


def test_a_terminal_without_the_characters_gets_them_spelled():
    v = perceptron()
    text = ag.explain(v["J"], v["θ₁"]).ascii
    assert text.isascii()
    assert text.startswith("dJ/dtheta1 = dJ/dy * dy/dh * dh/dtheta1\n")
    assert "by tanh: d tanh(u)/du = 1 - tanh(u)^2" in text
    assert plain("∂ · ²", "utf-8") == "∂ · ²"
    assert plain("hₜ₋₁·x⁻¹˙⁵·w₁₂⁽⁰⁾", "ascii") == "h(t-1)*x^-1.5*w12^(0)"


def test_no_gradient_is_touched():
    v = perceptron()
    v["J"].backward()
    before = [value.grad for value in v.values()]
    ag.explain(v["J"], v["θ₁"])
    assert [value.grad for value in v.values()] == before


def test_what_is_no_value_is_refused_by_name():
    x = ag.Value(1.0)
    with pytest.raises(TypeError, match=r"explain needs two Values, not Value\(.*\) and \[Value"):
        ag.explain(x * x, [x])
    with pytest.raises(TypeError, match="not 2.0 and Value"):
        ag.explain(2.0, x)
