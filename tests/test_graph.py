"""Looking at a graph: nodes, leaves, size, depth, regions."""

import copy
import copyreg
import pickle
import pickletools

import pytest

import autograd_engine as ag
from autograd_engine import Value, engine, graph, nn, notes, number, primitives, table
from autograd_engine.notes import Note
from autograd_engine.survey import Survey


def test_nodes_gives_each_value_once_operands_before_uses():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    product = x * y
    out = product + product * x
    order = graph.nodes(out)
    assert len(order) == len({id(node) for node in order}) == 5
    for node in order:
        for operand in node.operands:
            assert place(order, operand) < place(order, node)
    assert order[-1] is out


def place(order, value):
    return [id(node) for node in order].index(id(value))


def test_nodes_of_several_outputs_are_shared():
    x = Value(2.0)
    square = x * x
    order = graph.nodes(square + 1.0, square * 2.0, square)
    assert sum(node is square for node in order) == 1
    assert graph.size(square, square) == 2


def test_nodes_of_a_leaf_is_the_leaf():
    x = Value(1.0)
    assert graph.nodes(x) == [x] and graph.depth(x) == 0 and graph.size(x) == 1


def test_topological_order_is_the_same_in_every_run():
    def build():
        x, y = Value(2.0, "x"), Value(3.0, "y")
        out = (x * y + x) * (y - 1.0).tanh() + x**2
        return [(node.op, node.label, node.data) for node in graph.nodes(out)]

    clutter = [build() for _ in range(20)]
    assert all(one == clutter[0] for one in clutter)


def test_leaves_leave_out_constants():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    assert graph.leaves(3 * x + y.detach() + y) == [x, y]
    assert graph.leaves(x) == [x]
    assert graph.leaves(x.detach()) == []


def test_is_constant_says_which_numbers_met_a_value():
    x = Value(2.0)
    assert graph.is_constant((x + 1.0).operands[1]) and graph.is_constant(x.detach())
    assert not graph.is_constant(x) and not graph.is_constant(x + 1.0)
    with ag.no_grad():
        assert graph.is_constant(x + 1.0)


def test_depth_counts_operations_on_the_longest_path():
    x = Value(2.0)
    assert graph.depth(x + 1) == 1
    assert graph.depth((x * x) * x + x) == 3
    assert graph.depth(x + 1, (x * x) * x) == 2


def test_the_graph_behind_micrograds_three_argument_values_is_seen():
    a = Value(1.0, "a")
    inner = a * 2.0
    node = Value(3.0, (inner, a), "op")
    out = node + inner
    assert graph.size(out) == 5 and graph.leaves(out) == [a]
    order = graph.nodes(out)
    assert place(order, inner) < place(order, node) < place(order, out)


def test_a_mark_names_a_region_and_keeps_the_label():
    x = Value(1.0, "x")
    hidden = x * 2.0
    hidden.label = "h"
    graph.mark_region(hidden, "layer 1")
    assert graph.region(hidden) == "layer 1" and hidden.label == "h"
    hidden.label = "again"
    assert graph.region(hidden) == "layer 1"
    assert graph.region(x) == ""


def test_a_region_is_everything_behind_a_mark_up_to_the_next_mark():
    x, w = Value(1.0, "x"), Value(2.0, "w")
    first = (x * w).tanh()
    graph.mark_region(first, "first")
    between = first * 3.0
    second = between + w
    graph.mark_region(second, "second")
    out = second**2
    survey = Survey(out)
    home = dict(zip(map(id, survey.values), survey.homes))
    assert [home[id(value)] for value in (*first.operands, first)] == ["first", "first"]
    assert [home[id(value)] for value in (between, second)] == ["second", "second"]
    assert home[id(out)] == ""


@pytest.mark.parametrize("length", [50_000])
def test_looking_at_a_deep_graph_takes_no_recursion(length):
    x = Value(1.0)
    total = x
    for _ in range(length):
        total = total + x
    assert graph.depth(total) == length and graph.size(total) == length + 1
    graph.mark_region(total, "all")
    assert Survey(total).homes.count("all") == length


@pytest.mark.parametrize(
    "look",
    [
        graph.nodes,
        graph.leaves,
        graph.size,
        graph.depth,
        graph.region,
        graph.is_constant,
        lambda given: graph.mark_region(given, "layer"),
    ],
)
def test_what_is_no_value_has_no_graph(look):
    for given in ("x", 3, None):
        kind = type(given).__name__
        with pytest.raises(TypeError, match=f"^a graph is .* not of {kind}: {given!r}$"):
            look(given)
    with pytest.raises(TypeError, match=r"nodes\(a, b\), not of list: "):
        look([Value(1.0)])


def test_the_name_of_a_region_is_text():
    with pytest.raises(TypeError, match="the name of a region is text, not int: 3"):
        graph.mark_region(Value(1.0), 3)


# What one build pickles, the other reads.


@pytest.mark.parametrize("name", ["Note", "Opaque", "Primitive", "Value"])
def test_what_the_compiled_build_compiles_is_pickled_by_its_arguments_not_by_its_slots(name):
    # By default it would be by a state, which is laid out in another way in each build.
    kind = getattr(engine, name)
    assert kind in copyreg.dispatch_table or kind.__reduce__ is not object.__reduce__


def test_no_other_class_of_the_heart_holds_what_is_pickled():
    classes = {
        name
        for module in (primitives, table, notes, number, engine)
        for name, found in vars(module).items()
        if isinstance(found, type) and found.__module__ == module.__name__
    }
    assert classes == {"Entry", "Note", "Opaque", "Primitive", "Value", "Number"}  # Value's base


def test_a_model_is_pickled_with_its_regions_and_without_the_state_of_a_note():
    model = nn.MLP(1, [2, 1], activation=ag.tanh)
    found = pickle.loads(text := pickle.dumps(model))
    assert graph.region(found([0.5])) == graph.region(model([0.5])) != ""
    opcodes = [(code.name, argument) for code, argument, _ in pickletools.genops(text)]
    notes = [i for i, (_, argument) in enumerate(opcodes) if argument == "Note"]
    assert len(notes) == 1  # and later ones are referred to
    known = "a", "b", ("file", 1, "line"), None, "c", None, None
    assert Note(*known).__reduce__() == (Note, known)
    assert copy.deepcopy(found)([0.5]).data == model([0.5]).data
