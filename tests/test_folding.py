"""Folding: what is one box, what it is called, and that no picture has a cycle."""

from __future__ import annotations

import random
import re

import pytest

import autograd_engine as ag
from autograd_engine import Value, graph, nn
from autograd_engine.survey import Survey
from autograd_engine.views.layout.routes import lay_out
from autograd_engine.views.layout.scene import FONT_SIZE, INPUTS, box_ranks, rows
from autograd_engine.views.picture.folding import Folding
from autograd_engine.views.picture.grouping import parts


def boxes(output, **options):
    """Return the words of each box, and the arrows."""
    scene = ag.draw(output, engine="builtin", **options)._scene
    return ["\n".join(box.fields) for box in scene.boxes], [(a.tail, a.head) for a in scene.arrows]


def has_cycle(arrows):
    heads = {}
    for tail, head in arrows:
        heads.setdefault(tail, set()).add(head)
    while True:
        ends = {box for box in heads if not any(head in heads for head in heads[box])}
        if not ends:
            return bool(heads)
        for box in ends:
            del heads[box]


def assert_runs_forwards(folding):
    """Check that the members of each group are in an order in which all arrows run forwards.

    So whatever groups are open, what is shown has such an order too.
    """
    place = {}
    for number, group in enumerate(folding.groups):
        for k, member in enumerate(group.members):
            assert place.setdefault(member, (number, k)) == (number, k)
            assert member < 0 or folding.home[member] == number
            assert member >= 0 or folding.groups[~member].parent == number
    assert sum(member >= 0 for member in place) == len(folding.home)
    around = []
    for i in range(len(folding.home)):
        stands = [place[i]]
        while stands[-1][0]:
            stands.append(place[~stands[-1][0]])
        around.append(dict(stands))
    for i, given in enumerate(folding.operands):
        for o in given:
            common = next(g for g in around[i] if g in around[o])
            assert around[o][common] < around[i][common] or around[o][common] == around[i][common]


def assert_no_cycle(*outputs):
    survey, output = Survey(*outputs), [*outputs]
    deepest = max(map(len, Folding(survey).around))
    for depth in range(deepest + 2):
        assert not has_cycle(boxes(output, style="folded", depth=depth, force=True)[1])
        assert_runs_forwards(Folding(survey, True, depth))
    assert not has_cycle(boxes(output, style="compact", force=True)[1])
    assert_runs_forwards(Folding(survey))
    assert_runs_forwards(Folding(survey, loose=False))


def random_graph(seed):
    """Return the last value of a random graph; some values are marked as regions of a few names."""
    rng = random.Random(seed)
    values = [Value(rng.random(), f"x{i}") for i in range(rng.randint(1, 5))]
    names = [f"{a}.{b}" for a in "ab" for b in range(3)] + ["a", "b", "c.d.0", "c.d.1", "c"]
    far = rng.choice([3, 10, 100])
    for _ in range(rng.randint(3, 150)):
        x, y = rng.choice(values[-far:]), rng.choice(values[-far:])
        made = rng.choice([lambda: x * y, lambda: x + y, lambda: x - y, lambda: x.tanh()])()
        if rng.random() < 0.4:
            graph.mark_region(made, rng.choice(names))
        values.append(made)
    total = values[-1]
    for value in values[-far:-1]:
        total = total + value
    return total, rng


@pytest.mark.parametrize("seed", range(60))
def test_no_picture_of_a_random_graph_in_random_groups_has_a_cycle(seed):
    output, rng = random_graph(seed)
    assert_no_cycle(output)
    values = Survey(output).values
    assert_no_cycle(output, *rng.sample(values, min(len(values), 3)))
    for radius in range(4):
        for depth in (None, 0, 1):
            style = "folded" if depth is not None else "compact"
            focus = rng.choice(values)
            arrows = boxes(output, style=style, depth=depth, focus=focus, radius=radius)[1]
            assert not has_cycle(arrows)


@pytest.mark.parametrize("seed", range(100))
def test_parts_of_any_boxes_make_no_cycle(seed):
    rng = random.Random(seed)
    n = rng.randint(2, 60)
    operands = [
        tuple(rng.randrange(i) for _ in range(rng.randint(0, 3) if i else 0)) for i in range(n)
    ]
    keys = [n + rng.randrange(4) if rng.random() < 0.7 else i for i in range(n)]
    fine = [key if key < n else 1000 + 3 * key + rng.randrange(3) for key in keys]
    for pieces in (keys, fine):
        found = list(parts(dict(enumerate(keys)), dict(enumerate(pieces)), operands))
        place = {i: k for k, (_, _, values) in enumerate(found) for i in values}
        arrows = [(o, i) for i, given in enumerate(operands) for o in given]
        assert sorted(place) == list(range(n))
        assert all(place[o] <= place[i] for o, i in arrows)
        assert all(
            pieces[o] == pieces[i] or not operands[o] for o, i in arrows if place[o] == place[i]
        )
        whole = [(keys[o], keys[i]) for o, i in arrows if keys[o] != keys[i]]
        assert pieces is fine or has_cycle(whole) or len(found) == len(set(keys))


class Attention(nn.Module):
    def __init__(self, size):
        self.q, self.k, self.v = (nn.Layer(size, size, nonlin=False) for _ in range(3))

    def __call__(self, tokens):
        q, k, v = ([layer(t) for t in tokens] for layer in (self.q, self.k, self.v))
        made = []
        for query in q:
            weights = ag.softmax([sum(a * b for a, b in zip(query, key)) for key in k])
            made.append([sum(w * x[i] for w, x in zip(weights, v)) for i in range(len(query))])
        return made


def attention():
    random.seed(0)
    model = Attention(2)
    tokens = [[Value(random.random()), Value(random.random())] for _ in range(4)]
    for _ in range(3):
        tokens = model(tokens)
    return sum(x for token in tokens for x in token)


def gaussian_process():
    """Return minus twice the logarithm of a likelihood, by Cholesky's decomposition."""
    xs, ys = [0.0, 0.5, 1.0, 1.7], [0.1, 0.4, 0.9, 0.2]
    scale, noise = Value(0.7, "scale"), Value(0.1, "noise")
    n = len(xs)
    with ag.region("kernel"):
        k = [[((-((a - b) ** 2)) / scale).exp() for b in xs] for a in xs]
    lower = [[None] * n for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            with ag.region("cholesky"):
                rest = k[i][j] + (noise if i == j else 0.0)
                for m in range(j):
                    rest = rest - lower[i][m] * lower[j][m]
                lower[i][j] = rest.sqrt() if i == j else rest / lower[j][j]
    z = []
    for i in range(n):
        with ag.region("solve"):
            z.append((ys[i] - sum(lower[i][m] * z[m] for m in range(i))) / lower[i][i])
    with ag.region("likelihood"):
        return sum(a * a for a in z) + 2 * sum(lower[i][i].log() for i in range(n))


def twice():
    layer = nn.Layer(2, 2)
    return sum(layer(layer([Value(1.0), Value(2.0)])))


def difference():
    model = nn.MLP(2, [3, 1])
    return model([1.0, 2.0]) - model([3.0, 4.0])


def shared():
    weight, value = Value(0.5, "w"), Value(1.0, "x")
    for name in ("a", "b", "a", "b", "a"):
        value = (value * weight).tanh() + weight
        graph.mark_region(value, name)
    return value


def recurrence(steps=50):
    w, u, h = Value(0.5, "w"), Value(0.3, "u"), Value(0.0)
    for t in range(steps):
        h = (w * h + u * (t / steps)).tanh()
    return (h - 1.0) ** 2


def recurrent_module():
    random.seed(0)
    cell = nn.Layer(3, 2, activation="tanh")
    h = [Value(0.0), Value(0.0)]
    for t in range(6):
        h = cell([*h, t / 6])
    return sum(h)


GRAPHS = [attention, gaussian_process, twice, difference, shared, recurrence, recurrent_module]


@pytest.mark.parametrize("made", GRAPHS, ids=lambda made: made.__name__)
def test_no_picture_of_a_module_has_a_cycle_at_any_depth(made):
    assert_no_cycle(made())


def test_a_module_on_two_inputs_is_one_box_with_two_arrows():
    layer = nn.Layer(1, 1, nonlin=False)
    words, arrows = boxes(layer([1.0]) - layer([2.0]), style="folded")
    [box] = [i for i, text in enumerate(words) if "used 2 times" in text]
    assert [arrow for arrow in arrows if arrow[0] == box] == [(box, len(words) - 1)]
    assert "×2" in ag.draw(layer([1.0]) - layer([2.0]), style="folded").source


def test_a_module_that_feeds_itself_is_a_box_for_each_call_and_its_weights_stand_by_themselves():
    words, arrows = boxes(twice(), style="folded")
    titles = [text.split("\n")[0] for text in words]
    one, two = titles.index("neurons.0, call 1"), titles.index("neurons.0, call 2")
    assert (one, two) in arrows or has_path(arrows, one, two)
    assert all("used 2 times" in words[i] for i in (one, two))


def has_path(arrows, start, end):
    found = {start}
    for _ in arrows:
        found |= {head for tail, head in arrows if tail in found}
    return end in found


def test_a_recurrence_is_one_box_that_says_how_often_and_what_it_carries():
    words, _ = boxes(recurrence(), style="folded")
    [step] = [text for text in words if text.startswith("step t")]
    assert step.startswith("step t\n×50\n↻ h\neach 2 products, 1 sum, 1 tanh\n")
    words, _ = boxes(recurrence(), style="folded", depth=1)
    assert [w.split("\n")[0] for w in words if w.startswith("step ")] == [
        f"step {t}" for t in range(1, 51)
    ]


def test_layers_behind_each_other_are_no_recurrence():
    random.seed(0)
    words, _ = boxes(nn.MLP(4, [4] * 6)([1.0] * 4)[0], style="folded")
    assert sum(text.startswith("layers.") for text in words) == 6


def test_counts_are_words_not_formulas():
    values = [Value(0.1 * i) for i in range(33)]
    total = values[0]
    for value in values[1:]:
        total = total + (value * value).tanh() / 2.0
    graph.mark_region(total, "part")
    words, _ = boxes(total.exp(), style="folded")
    assert any("32 products, 32 tanh, 32 quotients, …" in text for text in words)


# What `auto` chooses, and where things stand.


def middles(picture):
    """Return where each box stands across the direction, in the layout that was taken."""
    drawn = picture.svg
    if "<title>v0</title>" not in drawn:  # not laid out by Graphviz
        return [(p.u0 + p.u1, p.v0 + p.v1) for p in lay_out(picture._scene).boxes]
    found = re.findall(
        r"<title>v(\d+)</title>(?:(?!</g>).)*?<text[^>]* x=\"(\S+)\" y=\"(\S+)\"", drawn, re.S
    )
    return [(float(x), float(y)) for _, x, y in sorted(found, key=lambda f: int(f[0]))]


@pytest.mark.parametrize("depth", [0, 1, None])
@pytest.mark.parametrize("widths", [[3, 1], [4, 4, 1], [8, 5, 3]], ids=str)
@pytest.mark.parametrize("engine", ["builtin", None])
def test_units_stand_in_order_and_inputs_first_whatever_lays_out(engine, widths, depth):
    random.seed(0)
    out = nn.MLP(2, widths)([1.0, 2.0])
    out = out if isinstance(out, Value) else sum(out)
    style = "compact" if depth is None else "folded"
    picture = ag.draw(out, style=style, depth=depth, engine=engine)
    place, boxes = middles(picture), picture._scene.boxes
    inputs = [i for i, box in enumerate(boxes) if box.row[0] == INPUTS]
    for row in [inputs, *(r for r in rows(boxes) if boxes[r[0]].cluster >= 0)]:
        across = [place[i][1] for i in row]
        assert across == sorted(across)
    assert len(inputs) == 2
    ranks = box_ranks(picture._scene)
    assert {ranks[i] for i in inputs} == {0}
    nearest = max(place[i][0] for i in inputs)
    assert all(place[i][0] > nearest for i in range(len(boxes)) if ranks[i] > 1)


def test_inputs_of_several_samples_stand_sample_by_sample():
    model = nn.MLP(2, [2, 1])
    picture = ag.draw(sum(model([float(i), float(-i)]) for i in range(3)), style="folded")
    [row] = [r for r in rows(picture._scene.boxes) if picture._scene.boxes[r[0]].row[0] == INPUTS]
    titles = [picture._scene.boxes[i].fields[0] for i in row]
    assert titles == ["x₀[1]", "x₁[1]", "x₀[2]", "x₁[2]", "x₀[3]", "x₁[3]"]


def test_a_graph_with_regions_folds_where_its_type_would_be_small():
    random.seed(0)
    picture = ag.draw(nn.MLP(3, [4, 4, 1])([2.0, 3.0, -1.0]), engine="builtin")
    layout = lay_out(picture._scene)
    assert 11 * 1600 / layout.length >= 8 and 11 * 900 / layout.breadth >= 8
    assert any(box.kind == "folded" for box in picture._scene.boxes)
    few = ag.draw(nn.MLP(2, [2, 1])([1.0, 2.0]), engine="builtin")
    assert not any(box.kind == "folded" for box in few._scene.boxes)


@pytest.mark.parametrize(
    "made, numbered",
    [
        (lambda a, b: a - b, True),
        (lambda a, b: a / b, True),
        (lambda a, b: a**b, True),
        (ag.atan2, True),
        (ag.primitive("left", lambda x, y: 2 * x + y, lambda out, x, y: (2.0, 1.0)), True),
        (lambda a, b: a + b, False),
        (lambda a, b: a * b, False),
        (ag.maximum, False),
        (lambda a, b: a.exp(), False),
    ],
)
@pytest.mark.parametrize("style", ["classic", "compact"])
def test_which_operand_is_which_is_said_where_it_matters(made, numbered, style):
    a, b = Value(2.0, "a"), Value(3.0, "b")
    picture = ag.draw(made(b, a), style=style, engine="builtin")
    marked = {
        picture._scene.boxes[arrow.tail].fields[0]: arrow.which
        for arrow in picture._scene.arrows
        if arrow.which
    }
    assert marked == ({"b": "1", "a": "2"} if numbered else {})
    assert picture.source.count("headlabel=") == 2 * numbered
    assert picture.svg.count(f'font-size="{FONT_SIZE - 3}"') == 2 * numbered


def test_several_outputs_are_one_picture_and_all_emphasised():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    picture = ag.draw([a * b, a + b], engine="builtin")
    assert sum(box.bold for box in picture._scene.boxes) == 2
    assert "computation graph of 4 values" in repr(picture)
    for wrong in ([], ()):
        with pytest.raises(TypeError, match="needs a Value"):
            ag.draw(wrong)
    with pytest.raises(TypeError, match="needs a Value, not float"):
        ag.draw([a, 1.0])


def test_parts_of_one_call_have_titles_of_their_own():
    x = Value(0.5, "x")
    with ag.region("enc"):
        h = ag.tanh(x * 2.0)
        with ag.region("enc.mid"):
            h = h * h + x
    found = boxes(ag.sigmoid(h - 1.0), focus=x, radius=1, style="folded")[0]
    titles = [words.split("\n")[0] for words in found]
    assert {"enc, call 1", "enc, call 1, part 2"} <= set(titles)
    assert len(titles) == len(set(titles))
