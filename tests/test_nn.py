"""Modules: what they list, how they start, what they refuse."""

import copy
import pickle
import random

import numpy
import pytest

from autograd_engine import graph
from autograd_engine.blocks import no_grad
from autograd_engine.engine import Value
from autograd_engine.functions import elu, gelu, leaky_relu, silu
from autograd_engine.nn import ACTIVATIONS, MLP, Layer, Module, Neuron


def constant_init(nin: int, nout: int, rng: object) -> float:
    return 0.5


# What a module lists.


class Pair(Module):
    def __init__(self) -> None:
        self.scale = Value(2.0)
        self.parts = {"first": Neuron(1), "second": [Neuron(1, bias=False)]}
        self.again = self.scale
        self.table = numpy.array([Value(1.0), Value(2.0)])
        self.result = self.scale * 3.0
        self.text, self.numbers = "text", [1.0, 2.0]


def test_parameters_are_the_leaves_among_the_attributes_each_once_in_the_order_of_setting():
    pair = Pair()
    assert [name for name, _ in pair.named_parameters()] == [
        "scale",
        "parts.first.w.0",
        "parts.first.b",
        "parts.second.0.w.0",
        "table.0",
        "table.1",
    ]
    assert [id(p) for p in pair.parameters()] == [id(p) for _, p in pair.named_parameters()]


def test_a_module_that_refers_to_its_owner_is_walked_once():
    pair = Pair()
    pair.parts["first"].owner = pair
    assert len(pair.parameters()) == 6


class Chosen(Module):
    """Lists its parameters itself, as micrograd's modules do; one of them is no attribute."""

    def __init__(self) -> None:
        self.used, self.unused = Value(1.0), Value(2.0)
        self.held = (Value(3.0),)

    def parameters(self) -> list[Value]:
        return [self.held[0], self.used]


def test_an_overridden_parameters_decides_what_is_named_zeroed_and_saved():
    module = Chosen()
    for value in (module.used, module.unused):
        value.grad = 5.0
    module.zero_grad()
    assert (module.used.grad, module.unused.grad) == (0.0, 5.0)
    assert module.state_dict() == {"held.0": 3.0, "used": 1.0}


def test_an_overridden_parameters_counts_inside_an_outer_module():
    class Outer(Module):
        def __init__(self) -> None:
            self.inner = Chosen()

    outer = Outer()
    assert [name for name, _ in outer.named_parameters()] == ["inner.held.0", "inner.used"]
    assert len(outer.parameters()) == 2


def test_an_overridden_parameters_may_add_to_what_is_found():
    hidden = Value(7.0)

    class More(Neuron):
        def parameters(self) -> list[Value]:
            return [*super().parameters(), hidden]

    assert list(More(1).state_dict()) == ["w.0", "b", "parameters.2"]


def test_two_parameters_of_one_name_are_not_saved_as_one():
    module = Module()
    module.table = {"a": {"b": Value(1.0)}, "a.b": Value(2.0)}
    with pytest.raises(ValueError, match="same name"):
        module.state_dict()


# State.


def test_load_state_dict_restores_what_state_dict_gave_to_the_last_bit():
    one, other = MLP(2, [3, 1]), MLP(2, [3, 1])
    other.load_state_dict(one.state_dict())
    assert other.state_dict() == one.state_dict()
    assert other([0.3, 0.7]).data == one([0.3, 0.7]).data


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"b": None}, "missing parameters: 'b'"),
        ({"c": 1.0}, "surplus parameters: 'c'"),
        ({"b": "0.5"}, "'b' must be a number, got str"),
        ({"b": True}, "'b' must be a number, got bool"),
        ({"b": 10**400}, "'b' must be a number"),
    ],
)
def test_load_state_dict_names_what_is_wrong_and_changes_nothing(change, message):
    neuron = Neuron(2)
    before = neuron.state_dict()
    state = {"w.0": 9.0, "w.1": 9.0, "b": 9.0, **change}
    state = {name: item for name, item in state.items() if item is not None}
    with pytest.raises(ValueError, match=message):
        neuron.load_state_dict(state)
    assert neuron.state_dict() == before


@pytest.mark.parametrize("state", [3, None, "model.json", [1.0, 2.0]])
def test_load_state_dict_takes_a_dict_and_says_how_a_file_is_read(state):
    neuron = Neuron(2)
    before = neuron.state_dict()
    with pytest.raises(
        TypeError, match=r"state_dict\(\) returned, or for a file load\(path, model\); not "
    ):
        neuron.load_state_dict(state)
    assert neuron.state_dict() == before


def test_a_network_pickles_and_copies_whole():
    model = MLP(2, [3, 1], activation="tanh")
    for twin in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert twin([1.0, 2.0]).data == model([1.0, 2.0]).data
        assert twin.parameters()[0] is not model.parameters()[0]


# Neurons.


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("x", [[2.0, -3.0], (2, -3), numpy.array([2.0, -3.0])])
def test_a_neuron_is_the_bias_then_each_product_added_from_left_to_right(x, bias):
    neuron = Neuron(2, nonlin=False, bias=bias)
    w0, w1 = (w.data for w in neuron.w)
    neuron.parameters()[-1].data += 0.1
    expected = [w0, w1 + (0.0 if bias else 0.1), 0.1 if bias else 0.0]
    output = neuron(x)
    assert output.data == expected[2] + expected[0] * 2.0 + expected[1] * -3.0
    output.backward()
    assert [p.grad for p in neuron.parameters()] == [2.0, -3.0] + [1.0] * bias


def test_gradients_reach_inputs_that_are_values():
    x = [Value(1.0), Value(2.0)]
    Neuron(2, init=constant_init)(x).backward()
    assert [v.grad for v in x] == [0.5, 0.5]


EXPECTED = {
    "relu": lambda v: v.relu(),
    "tanh": lambda v: v.tanh(),
    "sigmoid": lambda v: v.sigmoid(),
    "softplus": lambda v: v.softplus(),
    "gelu": gelu,
    "silu": silu,
    "elu": elu,
    "leaky_relu": leaky_relu,
    "linear": lambda v: v,
}


def test_every_activation_with_a_name_has_an_expectation_here():
    assert set(EXPECTED) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("x", [-1.5, 0.0, 2.0])
def test_a_named_activation_is_the_function_of_that_name(name, x):
    neuron = Neuron(1, activation=name, init=constant_init)
    assert neuron([x]).data == EXPECTED[name](Value(0.5 * x)).data


def test_a_function_can_be_the_activation_and_a_step_of_plain_numbers_too():
    assert Neuron(1, activation=lambda v: v * v, init=constant_init)([3.0]).data == 2.25
    step = Neuron(1, activation=lambda v: 1.0 if v > 0 else 0.0, init=constant_init)
    assert [step([x]).data for x in (-1.0, 1.0)] == [0.0, 1.0]


def test_a_module_can_be_the_activation_and_is_trained_once():
    class Slope(Module):
        def __init__(self) -> None:
            self.slope = Value(0.25)

        def __call__(self, x: Value) -> Value:
            return x * self.slope

    model = MLP(1, [2, 1], activation=Slope())
    model([1.0]).backward()
    assert len(model.parameters()) == 2 * 2 + 3 + 1


def test_the_nonlinearity_of_micrograd_can_be_switched_off_later():
    neuron = Neuron(1, init=constant_init)
    assert neuron([-2.0]).data == 0.0
    neuron.nonlin = False
    assert neuron([-2.0]).data == -1.0


@pytest.mark.parametrize(
    ("module", "shown"),
    [
        (Neuron(3), "ReLUNeuron(3)"),
        (Neuron(3, False), "LinearNeuron(3)"),
        (Neuron(3, activation="leaky_relu"), "LeakyReLUNeuron(3)"),
        (Neuron(3, activation="softplus"), "SoftplusNeuron(3)"),
        (Neuron(3, activation=gelu), "geluNeuron(3)"),
        (Layer(3, 2), "Layer(3, 2, relu), 8 parameters"),
        (Layer(3, 1, nonlin=False, bias=False), "Layer(3, 1, linear), 3 parameters"),
        (MLP(2, [16, 16, 1]), "MLP(2, [16, 16, 1], relu), 337 parameters"),
        (MLP(9, [200, 1], activation=gelu), "MLP(9, [200, 1], gelu), 2,201 parameters"),
        (MLP(2, [1]), "MLP(2, [1]), 3 parameters"),
        (
            MLP(2, [2, 1], output_activation="tanh"),
            "MLP(2, [2, 1], relu, output_activation=tanh), 9 parameters",
        ),
        (Pair(), "Pair(scale, parts, table), 6 parameters"),
        (Module(), "Module(), 0 parameters"),
    ],
)
def test_repr_says_on_one_line_what_a_module_is(module, shown):
    assert repr(module) == shown


def test_a_network_whose_layers_were_exchanged_is_shown_all_the_same():
    model = MLP(2, [3, 1])
    model.layers[0].neurons[1].activation = "tanh"
    assert repr(model) == "MLP(2, [3, 1], relu/tanh), 13 parameters"
    model.layers[1] = Pair()
    assert repr(model) == "MLP(layers), 15 parameters"


class Slope(Module):
    def __init__(self) -> None:
        self.slope = Value(0.25)

    def __call__(self, x: Value) -> Value:
        return x * self.slope


@pytest.mark.parametrize(
    ("module", "rows"),
    [
        (
            MLP(2, [16, 1], output_activation="tanh"),
            ["layers.0 2 -> 16 relu 48", "layers.1 16 -> 1 tanh 17", "total 65"],
        ),
        (
            MLP(1, [2, 1], activation=Slope()),
            ["layers.0 1 -> 2 Slope 5", "layers.1 2 -> 1 linear 3", "total 8"],
        ),
        (Layer(40, 30), ["Layer 40 -> 30 relu 1,230", "total 1,230"]),
        (Neuron(3, False), ["Neuron 3 -> 1 linear 4", "total 4"]),
        (
            Pair(),
            [
                "Pair 3",
                "parts.first 1 -> 1 relu 2",
                "parts.second.0 1 -> 1 relu 1",
                "total 6",
            ],
        ),
        (Slope(), ["Slope 1", "total 1"]),
        (Module(), ["Module 0", "total 0"]),
    ],
)
def test_the_summary_has_a_row_for_each_layer_and_shows_itself(module, rows):
    lines = module.summary().splitlines()
    assert lines[0].split() == ["layer", "shape", "activation", "parameters"]
    assert [" ".join(line.split()) for line in lines[1:]] == rows
    assert {len(line) for line in lines} == {len(lines[0])}
    assert repr(module.summary()) == str(module.summary())


# The activation of the last layer.


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", Value.tanh, lambda v: v * v])
@pytest.mark.parametrize("nouts", [[1], [3, 2]])
def test_the_last_layer_has_the_activation_that_it_is_given(nouts, activation):
    plain, squashed = (
        MLP(2, nouts, rng=random.Random(3), output_activation=given) for given in (None, activation)
    )
    assert plain.state_dict() == squashed.state_dict()
    function = EXPECTED.get(activation, activation) if isinstance(activation, str) else activation
    outputs = [model([0.5, -1.0]) for model in (plain, squashed)]
    ours, theirs = ([v] if isinstance(v, Value) else v for v in outputs)
    assert [v.data for v in theirs] == [function(Value(v.data)).data for v in ours]
    assert [name for name, _ in plain.named_parameters()] == list(squashed.state_dict())


# Starting weights.


def test_a_generator_of_its_own_leaves_the_global_one_alone():
    random.seed(5)
    expected = random.random()
    random.seed(5)
    first, second = (MLP(2, [4, 1], rng=random.Random(3)) for _ in range(2))
    assert random.random() == expected
    assert first.state_dict() == second.state_dict()


@pytest.mark.parametrize(
    ("init", "spread"), [("he", 2 / 50), ("xavier", 2 / 90), ("glorot", 2 / 90)]
)
def test_named_inits_have_the_variance_of_their_papers(init, spread):
    weights = [n.w for n in Layer(50, 40, init=init, rng=random.Random(0)).neurons]
    drawn = [w.data for row in weights for w in row]
    # Of 2,000 draws the variance is known to about 3 %; 15 % is five times that.
    assert sum(w * w for w in drawn) / len(drawn) == pytest.approx(spread, rel=0.15)


def test_an_init_function_is_called_with_both_sizes_and_the_generator():
    rng, seen = random.Random(0), set()

    def init(nin, nout, rng):
        seen.add((nin, nout, rng))
        return 0.0

    MLP(3, [4, 2], init=init, rng=rng)
    assert seen == {(3, 4, rng), (4, 2, rng)}


# Layers and networks.


def test_a_layer_of_one_returns_a_value_and_one_of_several_a_list():
    assert isinstance(Layer(2, 1)([1.0, 2.0]), Value)
    assert len(Layer(2, 3)([1.0, 2.0])) == 3


def test_the_neurons_of_a_layer_share_the_constants_of_their_inputs():
    output = MLP(2, [5, 1])([1.0, 2.0])
    assert len([v for v in graph.nodes(output) if graph.is_constant(v)]) == 2


def test_a_network_may_have_a_single_input_and_a_layer_of_one_in_the_middle():
    model = MLP(1, [1, 1], init=constant_init)
    assert [model(x).data for x in (4.0, [4.0], Value(4.0))] == [1.0, 1.0, 1.0]


def test_regions_are_named_by_the_path_to_the_neuron():
    output = MLP(1, [2, 1])([1.0])
    marked = [graph.region(v) for v in graph.nodes(output) if graph.region(v)]
    assert sorted(marked) == ["layers.0.neurons.0", "layers.0.neurons.1", "layers.1.neurons.0"]


def test_regions_of_a_module_of_ones_own_start_at_its_attribute():
    class Net(Module):
        def __init__(self) -> None:
            self.hidden = Layer(1, 1)
            self.heads = {"left": Neuron(1), "right": Neuron(1)}

    class Outer(Module):
        def __init__(self) -> None:
            self.net = Net()

    net = Net()
    assert graph.region(net.hidden(1.0)) == "hidden.neurons.0"
    assert graph.region(Outer().net.heads["left"](1.0)) == "net.heads.left"
    assert graph.region(Neuron(1)(1.0)) == "neuron"


def test_marking_a_region_keeps_the_label_that_an_activation_gave():
    def named(v):
        out = v * 2.0
        out.label = "doubled"
        return out

    output = Neuron(1, activation=named)(1.0)
    assert (output.label, graph.region(output)) == ("doubled", "neuron")


def test_inside_no_grad_a_network_gives_the_same_number_and_no_graph():
    model = MLP(2, [3, 1])
    with no_grad():
        output = model([1.0, -1.0])
    assert output.operands == ()
    assert output.data == model([1.0, -1.0]).data


# Refusals.


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: MLP(2, []), ValueError, "at least one layer"),
        (lambda: MLP(0, [1]), ValueError, r"inputs \(nin\) must be at least 1, got 0"),
        (lambda: MLP(2, [3, 0]), ValueError, "at least 1, got 0"),
        (lambda: MLP(2, 3), TypeError, r"such as \[3\]"),
        (lambda: MLP(2, "16"), TypeError, r"layer sizes, such as \[16\]; got '16'"),
        (lambda: MLP(2, [3.5]), TypeError, "must be a whole number, got 3.5"),
        (lambda: MLP(True, [1]), TypeError, "must be a whole number, got True"),
        (lambda: Layer(2, 0), ValueError, r"outputs \(nout\) must be at least 1"),
        (lambda: Neuron(0), ValueError, "at least 1, got 0"),
        (lambda: Neuron(1, activation="rleu"), ValueError, "no activation 'rleu'; known are relu"),
        (lambda: MLP(1, [1], output_activation="rleu"), ValueError, "no activation 'rleu'"),
        (lambda: MLP(1, [1], output_activation=False), ValueError, "no activation False"),
        (lambda: Neuron(1, activation=3), ValueError, "no activation 3; known are relu"),
        (lambda: Neuron(1, activation=["relu"]), ValueError, r"no activation \['relu'\]"),
        (lambda: Neuron(1, init="henry"), ValueError, "no init 'henry'"),
        (lambda: Neuron(1, init=["he"]), ValueError, r"no init \['he'\]"),
        (lambda: Neuron(1, rng=abs), TypeError, "rng is a random.Random: write"),
        (lambda: Neuron(1, rng=42), TypeError, r"random.Random\(42\)"),
        (
            lambda: Neuron(3)([1.0, 2.0]),
            ValueError,
            "the neuron has 3 weights but was given 2 inputs",
        ),
        (lambda: MLP(2, [3, 1])([1.0] * 3), ValueError, "has 2 weights but was given 3 inputs"),
        (lambda: MLP(2, [1])("ab"), TypeError, "a list of numbers or values; got str"),
        (lambda: MLP(2, [1])(None), TypeError, "a list of numbers or values, got None"),
        (lambda: Neuron(2)([1.0, "a"]), TypeError, "expected one real number, got str: 'a'"),
    ],
)
def test_what_makes_no_network_is_refused_at_once(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("given", ["no", "", None, 2, 0.5, [], numpy.array([True]), Value(1.0)])
@pytest.mark.parametrize("name", ["bias", "nonlin"])
def test_a_bias_and_a_nonlinearity_are_there_or_not(name, given):
    with pytest.raises(TypeError, match=f"^{name} must be True or False, got "):
        Layer(2, 2, **{name: given})


@pytest.mark.parametrize("given", [True, 1, 1.0, numpy.True_, numpy.int64(1)])
def test_one_and_zero_and_the_switches_of_numpy_are_taken_as_micrograd_takes_them(given):
    for switch in (given, type(given)(0)):
        neuron = Neuron(2, switch)
        assert repr(neuron) == ("ReLUNeuron(2)" if switch else "LinearNeuron(2)")
        assert (Neuron(2, bias=switch).b is None) is not bool(switch)


class Louder(Neuron):
    def __call__(self, x):
        return 2.0 * super().__call__(x)


@pytest.mark.parametrize("exchange", ["by a subclass", "by a function", "in the class"])
def test_a_layer_asks_its_neurons_whatever_they_are(monkeypatch, exchange):
    layer = Layer(2, 2, init=lambda nin, nout, rng: 1.0)
    before = [value.data for value in layer([1.0, 2.0])]
    own = Neuron.__call__
    if exchange == "by a subclass":
        layer.neurons = [Louder(2, init=lambda nin, nout, rng: 1.0) for _ in range(2)]
    elif exchange == "by a function":
        layer.neurons = [lambda x, neuron=neuron: 2.0 * neuron(x) for neuron in layer.neurons]
    else:
        monkeypatch.setattr(Neuron, "__call__", lambda self, x: 2.0 * own(self, x))
    assert [value.data for value in layer([1.0, 2.0])] == [2.0 * number for number in before]
