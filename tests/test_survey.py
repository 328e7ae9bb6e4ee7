"""The one survey of a graph: names, calls of modules, regions of the user's own."""

import copy
import html
import json
import math
import pickle
import random
import re

import pytest

import autograd_engine as ag
from autograd_engine import Value, graph
from autograd_engine.graph import _adopted as adopted
from autograd_engine.survey import Survey


class Line(ag.nn.Module):
    def __init__(self):
        self.slope, self.offset = Value(2.0), Value(0.0)

    def __call__(self, x):
        return self.slope * x + self.offset


class Stack(ag.nn.Module):
    """Layers in a list that is filled after it was set."""

    def __init__(self, *sizes):
        self.layers = []
        for nin, nout in zip(sizes, sizes[1:]):
            self.layers.append(ag.nn.Layer(nin, nout, activation="tanh", rng=random.Random(nin)))

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Attention(ag.nn.Module):
    def __init__(self, width):
        given = {"nonlin": False, "rng": random.Random(0)}
        self.query = ag.nn.Layer(width, width, **given)
        self.key = ag.nn.Layer(width, width, **given)

    def __call__(self, tokens):
        queries, keys = [self.query(t) for t in tokens], [self.key(t) for t in tokens]
        found = []
        for query in queries:
            shares = ag.softmax([ag.dot(query, key) for key in keys])
            found.append([ag.dot(shares, column) for column in zip(*keys)])
        return found


class Cell(ag.nn.Module):
    def __init__(self):
        self.w, self.u = Value(0.5), Value(0.3)

    def __call__(self, x, h):
        return (self.w * h + self.u * x).tanh()


class Nest(ag.nn.Module):
    def __init__(self):
        self.cell, self.out = Cell(), ag.nn.Neuron(1, nonlin=False, rng=random.Random(1))

    def __call__(self, xs):
        h = 0.0
        for x in xs:
            h = self.cell(x, h)
        return self.out([h])


def mlp(*sizes, **given):
    return ag.nn.MLP(sizes[0], sizes[1:], activation="tanh", rng=random.Random(0), **given)


def labelled(value, label):
    value.label = label
    return value


def toy():
    a, b, c = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0)
    return a * b + c


def xor():
    model = mlp(2, 3, 1)
    rows = [(0.0, 0.0, 0), (0.0, 1.0, 1), (1.0, 0.0, 1), (1.0, 1.0, 0)]
    terms = [ag.losses.binary_cross_entropy(model([x, y]), t) for x, y, t in rows]
    return labelled(ag.mean(terms), "loss")


def recurrence(steps=5):
    w, u, h = Value(0.5, "w"), Value(0.3, "u"), 0.0
    for t in range(steps):
        h = (w * h + u * float(t + 1)).tanh()
    return h


GRAPHS = {
    "toy": toy,
    "neuron": lambda: ag.nn.Neuron(2, activation="tanh", rng=random.Random(0))([1.0, 2.0]),
    "one of two layers": lambda: (mlp(2, 3, 1)([1.0, 2.0]) - 1.0) ** 2,
    "batch": xor,
    "own module": lambda: (Line()(3.0) - 1.0) ** 2,
    "nested modules": lambda: Nest()([1.0, 2.0]),
    "lists filled later": lambda: Stack(2, 2, 1)([1.0, 2.0]),
    "attention": lambda: ag.sum(map(ag.sum, Attention(2)([[1.0, 2.0], [3.0, 4.0]]))),
    "recurrence": recurrence,
    "long labels": lambda: (
        Value(2.0, "the rate of interest in the year of the crisis")
        * Value(3.0, "years, counted from the end of the year before")
    ).exp(),
    "labels twice": lambda: Value(2.0, "w") * Value(3.0, "w") + Value(4.0, "w#1"),
    "two models": lambda: (
        ag.nn.Neuron(1, rng=random.Random(1))([1.0]) + ag.nn.Neuron(1, rng=random.Random(2))([2.0])
    ),
    "odd labels": lambda: Value(2.0, "<b>&|{w}") * Value(3.0, "v1") + Value(1.0),
    "a leaf": lambda: Value(2.0),
}

NAMES = {
    "toy": ["a", "b", "v1", "v2", "v3"],
    "neuron": ["b", "w₀", "x₀", "w₁", "x₁", "z", "a"],
    "own module": ["slope", "3", "v1", "offset", "v2", "1", "v3", "v4"],
    "recurrence": [
        *("w", "h₀", "v1", "u", "1", "v2", "v3", "h₁"),
        *("v4", "2", "v5", "v6", "h₂", "v7", "3", "v8", "v9", "h₃"),
        *("v10", "4", "v11", "v12", "h₄", "v13", "5", "v14", "v15", "h₅"),
    ],
    "labels twice": ["w#2", "w#3", "v1", "w#1", "v2"],
    "two models": ["b#1", "w₀#1", "x₀#1", "z#1", "a#1", "b#2", "w₀#2", "x₀#2", "z#2", "a#2", "v1"],
    "odd labels": ["<b>&|{w}", "v1", "v2", "v3", "v4"],
    "a leaf": ["v1"],
}


@pytest.mark.parametrize("kind", NAMES)
def test_each_value_is_called_by_its_label_or_place_or_else_by_a_number(kind):
    assert Survey(GRAPHS[kind]()).names == NAMES[kind]


def test_of_several_layers_and_samples_the_names_say_which():
    survey = Survey(xor())
    names = set(survey.names)
    assert {"w₂₁⁽⁰⁾", "b₂⁽⁰⁾", "w₂⁽¹⁾", "b⁽¹⁾", "x₀[1]", "x₁[4]", "z₂⁽⁰⁾[3]", "a₂⁽⁰⁾[4]"} <= names
    assert "z⁽¹⁾[2]" in names and "x" not in names
    full = dict(zip(survey.names, survey.full_names))
    assert full["w₂₁⁽⁰⁾"] == "layers.0.neurons.2.w.1" and full["b⁽¹⁾"] == "layers.1.neurons.0.b"


def test_what_several_models_are_fed_alike_is_called_after_none_of_them():
    class Pair(ag.nn.Module):
        def __init__(self):
            self.q, self.k = ag.nn.Layer(2, 2), ag.nn.Layer(2, 2)

        def __call__(self, own, shared):
            return ag.sum([*self.q(shared), *self.k(shared), *self.k(own)])

    survey = Survey(Pair()([3.0, 4.0], [Value(1.0), Value(2.0)]))
    assert {"x₀", "x₁", "k.x₀[2]", "k.x₁[2]"} <= set(survey.names)
    assert not any(name.startswith("q.x") for name in survey.names)


@pytest.mark.parametrize("kind", ["one of two layers", "batch", "lists filled later", "attention"])
def test_the_full_name_of_a_parameter_is_the_one_that_the_model_has_for_it(kind, monkeypatch):
    made = []
    for base in (ag.nn.MLP, Stack, Attention):
        start = base.__init__

        def noted(self, *given, _start=start, **more):
            made.append(self)
            _start(self, *given, **more)

        monkeypatch.setattr(base, "__init__", noted)
    survey = Survey(GRAPHS[kind]())
    wanted = {id(value): name for name, value in made[0].named_parameters()}
    found = {id(survey.values[i]): survey.full_names[i] for i in survey.leaves}
    assert {key: found[key] for key in wanted} == wanted


def test_indices_of_two_digits_stand_apart_and_wide_layers_are_told_by_name():
    names = Survey(mlp(12, 11, 1)([float(i) for i in range(12)])).names
    assert {"w₁₀,₁₁⁽⁰⁾", "w₁₀,₂⁽⁰⁾", "w₂₁⁽⁰⁾", "x₁₁", "w₁₀⁽¹⁾", "a₁₀⁽⁰⁾"} <= set(names)


@pytest.mark.parametrize("kind", GRAPHS)
def test_no_two_values_but_constants_have_one_name(kind):
    survey = Survey(GRAPHS[kind]())
    names = [
        name
        for value, name, given in zip(survey.values, survey.names, survey.given_names)
        if given or not graph.is_constant(value)
    ]
    assert all(names) and len(set(names)) == len(names)


@pytest.mark.parametrize("kind", GRAPHS)
@pytest.mark.parametrize("again", [lambda v: pickle.loads(pickle.dumps(v)), copy.deepcopy])
def test_names_and_calls_outlive_pickles_and_copies(kind, again):
    output = GRAPHS[kind]()
    one, other = Survey(output), Survey(again(output))
    assert one.names == other.names and one.homes == other.homes
    assert told(one) == told(other)


def told(survey):
    return [(call.path, call.number, call.count, call.members) for call in survey.calls]


def test_a_copy_of_a_model_names_its_parameters_too():
    for model in (copy.deepcopy(Nest()), pickle.loads(pickle.dumps(Nest()))):
        assert {"cell.w", "cell.u", "out.b"} <= set(Survey(model([1.0, 2.0])).full_names)


# Every view has the same name.


def drawn(output):
    source = ag.draw(output, style="classic", engine="builtin", force=True).source
    fields = re.findall(r'^ *v\d+ \[label="((?:[^"\\]|\\.)*)" shape=(?:M?record|box)', source, re.M)
    return [
        re.sub(r"\\(.)", r"\1", re.split(r"(?<!\\) ?\||\\n", f)[0].strip("{ }")) for f in fields
    ]


@pytest.mark.parametrize("kind", [kind for kind in GRAPHS if kind != "a leaf"])
def test_each_value_has_one_name_in_all_views(kind):
    output = GRAPHS[kind]()
    survey = Survey(output)
    if kind != "odd labels":  # whose brackets mean something to DOT
        assert sorted(drawn(output)) == sorted(survey.names)
    data = re.search(r'json">(.*?)</script>', page(output), re.S)[1]
    assert json.loads(data)["names"] == survey.names
    steps = ag.steps(output)
    assert [steps.name(value) for value in survey.values] == survey.names
    for i in survey.leaves:
        text = ag.explain(output, survey.values[i]).text
        upper, lower = survey.names[-1], survey.names[i]
        short = survey.short  # and told as a whole below
        assert text.startswith(f"∂{short.get(upper, upper)}/∂{short.get(lower, lower)}")
        assert all(f"  {said} is {whole}\n" in text for whole, said in short.items())


def page(output):
    return ag.explore(output).html


def test_a_diagnosis_calls_a_leaf_by_its_name():
    model = mlp(2, 3, 1)
    output = model([1.0, 2.0])
    model.layers[0].neurons[1].w[0].data += 1.0
    (found,) = ag.diagnose(output, [model.layers[0].neurons[2].b])
    assert found.kind == "changed leaf" and found.what.startswith("'w₁₀⁽⁰⁾' got another number")
    assert "layers.0.neurons.1" in found.where


# Calls: which values stand in which use.


def members(survey, path, number=1):
    (call,) = (c for c in survey.calls if c.path == path and c.number == number)
    return {survey.names[i] for i in call.members}


def test_what_feeds_a_model_stands_outside():
    x, y = Value(1.0, "x"), Value(2.0, "y")
    survey = Survey(mlp(2, 3, 1)([x * x, y]))
    assert survey.homes[survey.names.index("v1")] == ""
    assert "v1" not in members(survey, "layers.0") and "y" not in members(survey, "layers.0")
    assert members(survey, "layers.0.neurons.2") == {
        "b₂⁽⁰⁾", "w₂₀⁽⁰⁾", "w₂₁⁽⁰⁾", "z₂⁽⁰⁾", "a₂⁽⁰⁾",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("make", "path", "count"),
    [
        (lambda m: m(m([1.0, 2.0]))[0], "neurons.0", 2),
        (lambda m: m([1.0, 2.0])[0] - m([3.0, 4.0])[0], "neurons.0", 2),
        (lambda m: ag.sum(m([float(i), 1.0])[1] for i in range(100)), "neurons.1", 100),
    ],
)
def test_each_use_of_a_layer_is_a_call_of_its_own(make, path, count):
    layer = ag.nn.Layer(2, 2, activation="tanh", rng=random.Random(0))
    survey = Survey(make(layer))
    calls = [call for call in survey.calls if call.path == path]
    assert [(call.number, call.count) for call in calls] == [
        (k, count) for k in range(1, count + 1)
    ]
    inside = [i for call in calls for i in call.members]
    assert len(inside) == len(set(inside)) == 2 * count  # z and a, each once


def test_the_neurons_fed_alike_are_one_call_of_their_layer_whatever_the_order_of_use():
    model = mlp(2, 2, 2)
    one, two = model([1.0, 2.0]), model([3.0, 4.0])
    survey = Survey(one[0] * two[1] + two[0] * one[1])
    layers = [call for call in survey.calls if call.path == "layers.0"]
    assert len(layers) == 2 and all(len(call.outputs) == 2 for call in layers)
    upper = [call for call in survey.calls if call.path == "layers.1"]
    assert {call.inputs for call in upper} == {tuple(call.outputs) for call in layers}


def test_a_module_of_ones_own_holds_what_was_computed_in_it_and_no_more():
    line, x = Line(), Value(3.0, "x")
    survey = Survey(line(line(x * x)) * 2.0)
    assert members(survey, "Line", 1) == {"v2", "v3"} and members(survey, "Line", 2) == {"v4", "v5"}
    assert survey.homes[survey.names.index("v1")] == "" == survey.homes[-1]


def test_calls_stand_inside_calls():
    survey = Survey(Nest()([1.0, 2.0, 3.0]))
    outer = [call for call in survey.calls if call.path == "Nest"]
    cells = [call for call in survey.calls if call.path == "cell"]
    assert len(outer) == 1 and [call.number for call in cells] == [1, 2, 3]
    assert all(survey.calls[call.outer] is outer[0] for call in cells)
    assert set(outer[0].members) == set(range(len(survey.values)))  # all was made in there


def test_attention_of_four_tokens_has_a_call_of_query_and_key_for_each():
    head = Attention(3)
    tokens = [[float(i + j) for j in range(3)] for i in range(4)]
    survey = Survey(ag.sum(map(ag.sum, head(head(head(tokens))))))
    for path in ("query", "key"):
        assert sum(call.path == path for call in survey.calls) == 12
    whole = [call for call in survey.calls if call.path == "Attention"]
    assert len(whole) == 3
    inside = [i for call in whole for i in call.members]
    assert len(inside) == len(set(inside)) == sum(bool(o) for o in survey.operands[:-1]) - 4 + 24


def test_an_activation_of_several_operations_stands_in_its_neuron():
    survey = Survey(ag.nn.Neuron(1, activation="gelu", rng=random.Random(0))([2.0]) + 1.0)
    assert {"z", "a", "v1", "v2", "0.5"} <= members(survey, "neuron")
    assert survey.names[-1] not in members(survey, "neuron")


def test_a_generator_or_a_coroutine_as_a_call_marks_nothing_and_works():
    class Lazy(ag.nn.Module):
        def __init__(self):
            self.w = Value(2.0)

        def __call__(self, xs):
            for x in xs:
                yield self.w * x

    first, second = Lazy()([1.0, 2.0])
    assert Survey(first, second).calls == [] and second.data == 4.0


def test_a_call_that_fails_leaves_no_trace():
    class Faulty(Line):
        def __call__(self, x):
            raise ArithmeticError(x)

    with pytest.raises(ArithmeticError):
        Faulty()(3.0)
    assert Survey(Value(1.0) * 2.0).calls == []


def test_a_survey_of_several_outputs_is_one():
    a = Value(2.0, "a")
    double, square = a + a, a * a
    survey = Survey(double, square)
    assert survey.outputs == [1, 2] and survey.operands == [(), (0, 0), (0, 0)]
    assert survey.name(Value(7.0)) == "7" and survey.name(Value(7.0, "seven")) == "seven"


# Regions of the user's own.


def test_everything_recorded_inside_a_region_belongs_to_it_and_nothing_else():
    x = Value(2.0, "x")
    before = x * 2.0
    with ag.region("encoder"):
        hidden = before.exp()
        with ag.region("attention"):
            score = hidden * before
        mixed = score + hidden
    survey = Survey(mixed - before)
    homes = {id(value): home for value, home in zip(survey.values, survey.homes)}
    assert [homes[id(v)] for v in (before, hidden, score, mixed)] == [
        "", "encoder", "encoder.attention", "encoder",
    ]  # fmt: skip
    assert survey.homes[-1] == ""
    assert members(survey, "encoder") == {survey.name(v) for v in (hidden, score, mixed)}


def test_a_region_may_hold_nothing_but_another_and_gives_out_what_is_used_outside():
    x = Value(2.0, "x")
    with ag.region("a"), ag.region("b"):
        y = (x * x).exp()
    survey = Survey(y + 1.0)
    assert [(c.path, c.outer, c.outputs) for c in survey.calls] == [("a", -1, [2]), ("a.b", 0, [2])]


def test_each_time_that_a_region_is_entered_is_a_use_of_its_own():
    x = h = Value(0.5, "x")
    step = ag.region("step")
    for _ in range(3):
        with step:
            h = (h * x).sin()
    uses = [(c.path, c.number, c.count, len(c.members)) for c in Survey(h).calls]
    assert uses == [("step", 1, 3, 2), ("step", 2, 3, 2), ("step", 3, 3, 2)]


def test_a_region_holds_the_calls_made_in_it_and_stands_in_those_made_around_it():
    class Block(ag.nn.Module):
        def __init__(self):
            self.neuron = ag.nn.Neuron(1, rng=random.Random(0))

        def __call__(self, x):
            with ag.region("mixing"):
                y = self.neuron([x * 3.0])
            return y * 2.0

    with ag.region("all"):
        out = Block()(Value(1.0, "x")) + 1.0
    survey = Survey(out)
    around = []
    call = next(c for c in survey.calls if c.path == "neuron")
    while call.outer >= 0:
        call = survey.calls[call.outer]
        around.append(call.path)
    assert around == ["Block.mixing", "Block", "all"]
    assert survey.homes[-1] == "all"


def test_a_function_may_be_a_region_as_a_whole():
    @ag.region("loss")
    def loss(x):
        return (x - 1.0) ** 2

    assert Survey(loss(Value(3.0, "x"))).homes[-1] == "loss"
    with pytest.raises(TypeError, match=r"@region\(...\): rows runs .* write `with ...:` inside"):

        @ag.region("rows")
        def rows():
            yield 1


@pytest.mark.parametrize("name", [3, None, Value(1.0)])
def test_a_regions_name_is_text(name):
    with pytest.raises(TypeError, match="the name of a region is text, not"):
        ag.region(name)


def test_a_region_without_a_name_is_refused():
    with pytest.raises(ValueError, match="a region has a name"):
        ag.region("")


def test_inside_no_grad_a_region_notes_nothing_and_tracing_goes_on_inside_it():
    x = Value(2.0, "x")
    with ag.region("r"), ag.no_grad():
        assert Survey(x * x).homes == [""]
    with ag.trace_source(), ag.region("r"):
        y = x * x
    assert "y = x * x" in ag.blocks.source_of(y) and Survey(y).homes[-1] == "r"


def test_the_numbers_and_gradients_of_a_region_are_those_without_it():
    x = Value(0.7, "x")
    with ag.region("r"):
        y = (x.sin() * x).tanh()
    y.backward()
    twin = Value(0.7)
    other = (twin.sin() * twin).tanh()
    other.backward()
    assert (y.data, x.grad) == (other.data, twin.grad)
    assert ag.compile(y)() == y.data
    assert html.escape("r") in ag.draw(y, style="folded").source


# Graphs of objects that are like micrograd's.


class Like:
    def __init__(self, data, children=(), op="", label=""):
        self.data, self.grad, self._prev, self._op = data, 0.0, set(children), op
        self.label = label


def lecture():
    """An expression of micrograd's own, and the same of ours."""
    import micrograd.engine

    def made(kind):
        a, b = kind(2.0), kind(-3.0)
        a.label, b.label = "a", "b"
        return (a * b + a * a) / b - (a**2).relu() * 2 + a**-0.5, a, b

    return made(micrograd.engine.Value), made(Value)


@pytest.mark.parametrize("which", [1, 2])
def test_micrograds_own_graphs_are_seen_in_every_view(which):
    theirs, ours = lecture()
    steps = ag.steps(theirs[0])
    found = {steps.name(step.operand): step.operand for step in steps}
    (gradient,) = ag.gradient(ours[0], [ours[which]])
    assert steps.gradient(found["ab"[which - 1]]) == pytest.approx(gradient, rel=1e-12)
    shown = f"{gradient:.6g}".replace("-", "\N{MINUS SIGN}")
    assert f"= {shown}\n" in ag.explain(theirs[0], theirs[which]).text
    assert {"a", "b"} <= set(drawn(theirs[0]))
    assert ag.draw(theirs[0], focus=theirs[1], radius=1).source.count("shape=record") >= 1
    assert '"a"' in page(theirs[0]) and "data 2.0000" in ag.draw_dot(theirs[0]).source


class Slotted:
    __slots__ = "_op", "_prev", "data", "grad"

    def __init__(self, data, children=(), op=""):
        self.data, self.grad, self._prev, self._op = data, None, list(children), op


class Computed:
    def __init__(self, data, children=(), op=""):
        self.made = data, children, op

    data = property(lambda self: self.made[0])
    grad = property(lambda self: 0.5)
    _prev = property(lambda self: self.made[1])
    _op = property(lambda self: self.made[2])


ON_TWO = {
    "+": (5.0, (1.0, 1.0)),
    "add": (5.0, (1.0, 1.0)),
    "*": (6.0, (3.0, 2.0)),
    "maximum": (3.0, (0.0, 1.0)),
    "-": (-1.0, (1.0, -1.0)),
    "/": (2.0 / 3.0, (1.0 / 3.0, -2.0 / 9.0)),
    "**": (8.0, (12.0, 8.0 * math.log(2.0))),
}
ON_ONE = {
    "**2": (4.0, 4.0),
    "**-0.5": (2.0**-0.5, -0.5 * 2.0**-1.5),
    "-": (-2.0, -1.0),
    "ReLU": (2.0, 1.0),
    "Tanh": (math.tanh(2.0), 1.0 - math.tanh(2.0) ** 2),
    "sigmoid": (1.0 / (1.0 + math.exp(-2.0)), math.exp(-2.0) / (1.0 + math.exp(-2.0)) ** 2),
    "+": (4.0, 2.0),  # to itself
    "*": (4.0, 4.0),
}


@pytest.mark.parametrize("kind", [Slotted, Computed])
@pytest.mark.parametrize("op", ON_TWO)
def test_partials_of_anybodys_values_follow_from_their_symbol_and_numbers(kind, op):
    x, y = kind(2.0), kind(3.0)
    data, partials = ON_TWO[op]
    out = kind(data, (x, y), op)
    assert [step.partial for step in ag.steps(out)] == pytest.approx(partials, rel=1e-12)
    for wrt, partial in zip((x, y), partials):
        shown = f"{partial:.6g}".replace("-", "\N{MINUS SIGN}")
        assert f"= {shown}" in ag.explain(out, wrt).text
    assert "shape=record" in ag.draw(out).source and "data 2.0000" in ag.draw_dot(out).source
    assert ag.explore(out).html


@pytest.mark.parametrize("kind", [Like, Slotted, Computed])
@pytest.mark.parametrize("op", ON_ONE)
def test_partials_by_a_single_operand_of_anybodys(kind, op):
    x = kind(2.0)
    data, partial = ON_ONE[op]
    found = ag.steps(kind(data, (x,), op))
    assert sum(step.partial for step in found) == pytest.approx(partial, rel=1e-12)


@pytest.mark.parametrize(
    ("op", "data", "count"),
    [
        ("mystery", 5.0, 1),
        ("", 5.0, 2),
        ("-", -1.0, 2),  # of a set, which does not tell which is which
        ("/", 2.0 / 3.0, 2),
        ("**", 8.0, 2),
        ("-", 0.0, 1),
        ("**", 4.0, 1),  # without its exponent
        ("+", 17.0, 2),  # of its operands it would be 5
        ("**2", 9.0, 1),
    ],
)
def test_what_cannot_be_told_is_drawn_but_not_explained(op, data, count):
    x, y = Like(2.0, label="x"), Like(3.0, label="y")
    out = Like(data, (x, y)[:count], op)
    assert {"x"} <= set(drawn(out)) and ag.draw_dot(out).source and ag.explore(out).html
    told = {17.0: r"operands it is 5\.0: they were changed since", 9.0: r"operands it is 4\.0"}
    why = told.get(data, "a tuple of operands")
    said = rf"needs the partials of {re.escape(repr(op))} \(data {data}\), and .*{why}.*; ag.draw"
    for view, call in {"steps": ag.steps, "explain": lambda out: ag.explain(out, x)}.items():
        with pytest.raises(ValueError, match=f"{view} {said}"):
            call(out)


def test_a_set_of_operands_is_shown_in_the_order_of_labels_and_numbers():
    def order(parts):
        (out,) = adopted(Like(6.0, parts, "*"))
        return [operand.label or operand.data for operand in out.operands]

    assert order([Like(3.0, label="b"), Like(2.0, label="a")]) == ["a", "b"]
    assert order([Like(3.0), Like(2.0)]) == [2.0, 3.0]


def test_operands_that_are_numbers_become_constants_and_others_are_refused():
    assert [step.partial for step in ag.steps(Slotted(6.0, (Slotted(2.0), 3), "*"))] == [3.0, 2.0]
    with pytest.raises(TypeError, match="str"):
        ag.draw(Slotted(6.0, (Slotted(2.0), "3"), "*"))
    own = Computed(1.0)
    own.made = 1.0, (own,), "+"
    for given, said in ((own, "among its own operands"), (Computed(1.0, 3), "a node, not 3$")):
        with pytest.raises((TypeError, ValueError), match=said):
            ag.steps(given)
    assert drawn(Computed(1.0, None)) == drawn(Computed(1.0))


def test_a_deep_graph_of_others_needs_no_recursion():
    top = Like(1.0)
    kept = [top]
    for _ in range(20_000):
        top = Like(top.data + 1.0, (top, kept[0]), "+")
        kept.append(top)
    assert graph.size(adopted(top)[0]) == 20_001
