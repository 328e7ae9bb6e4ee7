"""A dot product is one node until somebody looks at it; nobody may notice which it is."""

import copy
import gc
import math
import pickle
import random
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_engine as ag
from autograd_engine import Value, graph
from autograd_engine.engine import Dot
from autograd_engine.table import ADD, MULTIPLY


def written(xs, ys, start):
    """Return the dot product as operators record it."""
    for x, y in zip(xs, ys, strict=True):
        start = start + x * y
    return start


def in_one_piece(value: Value) -> bool:
    return isinstance(value.rule, Dot)


def bits(values: list[float]) -> list[str]:
    return [value.hex() for value in values]


def tangle(seed: int, dot) -> tuple[list[Value], Value]:
    """Return leaves and an output: dot products of earlier values, which share operands at will."""
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(-1, 1)) for _ in range(rng.randint(1, 4))]
    values = [*leaves, Value(0.5).detach()]
    for _ in range(rng.randint(1, 8)):
        chosen = [rng.choice(values) for _ in range(2 * rng.randint(1, 5) + 1)]
        half = len(chosen) // 2
        found = dot(chosen[:half], chosen[half:-1], chosen[-1])
        values.append(rng.choice([lambda v: v, ag.tanh, ag.relu, lambda v: v * 0.0])(found))
        # what a later term reaches may use an earlier one: the order of additions depends on it
        values.append(values[-1] * rng.choice(values))
    return leaves, rng.choice([values[-1], values[-2]])


@given(st.integers(0, 10**9), st.sampled_from([1.0, -2.5, 0.0, math.nan]))
def test_gradients_are_those_of_the_products_and_sums_to_the_last_bit(seed, start):
    ours, output = tangle(seed, ag.dot)
    theirs, expected = tangle(seed, written)
    for _ in range(2):
        output.backward(start)
        expected.backward(start)
    assert bits([leaf.grad for leaf in ours]) == bits([leaf.grad for leaf in theirs])
    assert bits(ag.gradient(output, ours)) == bits(ag.gradient(expected, theirs))
    mine, others = graph.nodes(output), graph.nodes(expected)  # looks: no piece is left
    assert [node.op for node in mine] == [node.op for node in others]
    for find in (lambda v: [v.data, v.grad], lambda v: list(v.partials)):
        assert [bits(find(v)) for v in mine] == [bits(find(v)) for v in others]
    output.backward()
    expected.backward()
    assert bits([leaf.grad for leaf in ours]) == bits([leaf.grad for leaf in theirs])
    assert not any(map(in_one_piece, mine))


@pytest.fixture
def product() -> tuple[list[Value], Value]:
    """2 + 3 * 5 + 7 * 11 on leaves."""
    leaves = [Value(float(prime)) for prime in (2, 3, 7, 5, 11)]
    output = ag.dot(leaves[1:3], leaves[3:], leaves[0])
    assert in_one_piece(output)
    return leaves, output


def test_backward_and_gradient_leave_it_in_one_piece(product):
    leaves, output = product
    output.backward()
    assert [leaf.grad for leaf in leaves] == [1.0, 5.0, 11.0, 3.0, 7.0]
    assert ag.gradient(output, leaves) == [1.0, 5.0, 11.0, 3.0, 7.0]
    assert in_one_piece(output)


LOOKS = {
    "operands": lambda v: v.operands,
    "partials": lambda v: v.partials,
    "_prev": lambda v: v._prev,
    "nodes": graph.nodes,
    "draw": ag.draw,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": pickle.dumps,
    "create_graph": lambda v: ag.gradient(v, [v], create_graph=True),
    "explain": lambda v: ag.explain(v, v.operands[0]),
}


@pytest.mark.parametrize("look", LOOKS)
def test_whoever_looks_sees_products_and_sums(product, look):
    leaves, output = product
    LOOKS[look](output)
    assert output.rule is ADD and output.op == output._op == "+"
    before, last = output.operands
    assert (before.data, last.data, last.op, last.partials) == (17.0, 77.0, "*", (11.0, 7.0))
    assert last.operands[0] is leaves[2] and last.operands[1] is leaves[4]
    assert before.operands[0] is leaves[0] and before.operands[1].rule is MULTIPLY
    output.backward()
    assert [leaf.grad for leaf in leaves] == [1.0, 5.0, 11.0, 3.0, 7.0]


def test_its_rule_has_a_name_and_a_symbol(product):
    assert repr(product[1].rule) == "<primitive dot>" and product[1].rule.symbol == "+"


def test_op_does_not_take_it_apart(product):
    assert product[1].op == product[1]._op == "+" and in_one_piece(product[1])


def test_what_it_stands_for_has_the_gradients_of_the_latest_sweep(product):
    _, output = product
    (output * 3.0).backward()
    (output * 4.0).backward()
    output.grad = 100.0  # says nothing about the values behind it
    assert [node.grad for node in output.operands] == [4.0, 4.0]


def test_it_is_that_of_the_forward_pass_even_if_all_leaves_were_changed_since(product):
    leaves, output = product
    for leaf in leaves:
        leaf.data = 1.0
    output.backward()
    assert [leaf.grad for leaf in leaves] == [1.0, 5.0, 11.0, 3.0, 7.0]
    assert [node.data for node in graph.nodes(output) if node.op] == [15.0, 17.0, 77.0, 94.0]
    assert output.operands[1].partials == (11.0, 7.0)


def test_numbers_among_the_operands_become_constants():
    x = Value(2.0)
    output = ag.dot([x, 3.0, 4.0], [5.0, x, 6.0], Value(1.0))
    output.backward()
    assert (output.data, x.grad) == (41.0, 8.0)
    assert [leaf is x or leaf.data == 1.0 for leaf in graph.leaves(output)] == [True, True]


def test_what_merely_looks_like_a_value_is_none():
    with pytest.raises(TypeError, match="one real number, got MaskedConstant"):
        ag.dot([np.ma.masked], [Value(2.0)], Value(1.0))


def test_any_two_iterables_of_one_length_will_do():
    xs = [Value(1.0), Value(2.0)]
    assert ag.dot(iter(xs), (x for x in xs), xs[0]).data == 6.0
    with pytest.raises(ValueError, match="got 2 and 1"):
        ag.dot(iter(xs), xs[:1])


def test_all_threads_see_the_same_products(product):
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(50):
            outputs = [ag.dot(product[0], product[0], product[0][0]) for _ in range(4)]
            with ThreadPoolExecutor(4) as pool:
                found = list(pool.map(lambda v: v.operands, 4 * outputs))
            for i, output in enumerate(outputs):
                for seen in found[i::4]:
                    assert all(a is b for a, b in zip(seen, output.operands, strict=True))
    finally:
        sys.setswitchinterval(before)


def test_without_a_start_the_first_product_is_it():
    xs, ys = [[Value(float(i)) for i in numbers] for numbers in ((1, 2, 3), (4, 5, 6))]
    output = ag.dot(xs, ys)
    assert in_one_piece(output)
    first = output.operands[0].operands[0]
    assert (output.data, first.op, first.data) == (32.0, "*", 4.0)
    assert ag.dot(xs[:1], ys[:1]).op == "*"


def test_nothing_is_recorded_inside_no_grad_and_all_is_after_it(product):
    leaves, output = product
    with ag.no_grad():
        assert ag.dot(leaves, leaves, leaves[0]).operands == ()
        assert output.operands[0].operands[0] is leaves[0]


@pytest.mark.parametrize("after", range(1, 200))
@pytest.mark.parametrize("act", [Value.backward, graph.nodes])
def test_an_interrupt_anywhere_leaves_the_engine_usable(interrupted, after, act):
    leaves = [Value(float(i)) for i in range(1, 5)]
    inner = ag.dot(leaves, leaves, leaves[0])
    output = ag.dot([leaves[0], inner, ag.tanh(inner * 0.0)], [inner, leaves[1], inner], inner)
    interrupted(act, output, after)
    for leaf in leaves:
        leaf.zero_grad()
    slopes = ag.gradient(output, leaves)
    output.backward()
    slope = 1.0 + 1.0 + 2.0 + 0.0
    assert inner.grad == slope
    assert (
        [leaf.grad for leaf in leaves] == [31.0 + 3 * slope, 31.0 + 4 * slope, 24.0, 32.0] == slopes
    )


def test_dropping_the_last_reference_frees_it_with_the_collector_off():
    leaf = Value(2.0)
    held = sys.getrefcount(leaf)
    gc.disable()
    try:
        output = ag.dot([leaf, leaf], [leaf, Value(3.0)], leaf)
        output.backward()
        assert sys.getrefcount(leaf) > held
        del output
        assert sys.getrefcount(leaf) == held
    finally:
        gc.enable()


DEEP = """
import math
import autograd_engine as ag

def build_and_drop():
    weights = [ag.Value(0.5), ag.Value(0.25)]
    state = [ag.Value(1.0), ag.Value(2.0)]
    for _ in range(100_000):
        state = [state[1], ag.dot(weights, state, weights[0])]
    state[1].backward()
    assert math.isfinite(weights[0].grad)
"""


@pytest.mark.slow
def test_a_recurrence_100_000_dots_deep_is_swept_and_dropped_in_a_small_stack(in_small_stack):
    assert in_small_stack(DEEP) == "survived"
