"""Infinite items: logsumexp, softmax, log_softmax and cross_entropy, wherever they are computed."""

import math

import numpy as np
import pytest

import autograd_engine as ag
from autograd_engine import Value
from autograd_engine.losses import cross_entropy

INF = math.inf
# items -> logsumexp, its gradient, which is softmax, and log_softmax
ROWS = {
    (-INF,): (-INF, [0.0], [-INF]),
    (-INF, -INF): (-INF, [0.0, 0.0], [-INF, -INF]),
    (-INF, -INF, -INF): (-INF, [0.0] * 3, [-INF] * 3),
    (INF,): (INF, [1.0], [0.0]),
    (INF, 0.0): (INF, [1.0, 0.0], [0.0, -INF]),
    (INF, INF, 1.0): (INF, [0.5, 0.5, 0.0], [-math.log(2.0), -math.log(2.0), -INF]),
    (-INF, INF): (INF, [0.0, 1.0], [-INF, 0.0]),
    (-INF, 3.0): (3.0, [0.0, 1.0], [-INF, 0.0]),
    (2.0, -INF, 2.0): (2.0 + math.log(2.0), [0.5, 0.0, 0.5], [-math.log(2.0), -INF, -math.log(2.0)]),
    (1000.0, -1000.0): (1000.0, [1.0, 0.0], [0.0, -2000.0]),
}  # fmt: skip


def nested(x):
    return ag.logsumexp([ag.logsumexp(x), ag.logsumexp(x)])


def jax(program):
    import jax

    jax.config.update("jax_enable_x64", True)
    function = program.to_jax()
    return lambda x: function(np.zeros(0), np.array(x))


WAYS = {
    "eager": lambda f, n: f,
    **{
        back: lambda f, n, back=back: ag.compile(f, [0.25] * n, check=False, backend=back)
        for back in ("native", "scalar", "numpy", "exact")
    },
    "to_jax": lambda f, n: jax(ag.compile(f, [0.25] * n, check=False)),
}
ALL = [pytest.param(way, marks=pytest.mark.peers) if way == "to_jax" else way for way in WAYS]


@pytest.mark.parametrize("way", ALL)
@pytest.mark.parametrize("items", ROWS)
def test_infinite_items_keep_values_gradients_and_second_derivatives(items, way):
    total, slopes, logs = ROWS[items]

    def found(f):
        return np.ravel(WAYS[way](f, len(items))(list(items))).tolist()

    close = {"rel": 1e-15, "abs": 0.0}
    assert found(ag.logsumexp) == pytest.approx([total], **close)
    assert found(ag.softmax) == pytest.approx(slopes, **close)
    assert found(ag.grad(ag.logsumexp)) == pytest.approx(slopes, **close)
    assert found(ag.log_softmax) == pytest.approx(logs, **close)
    assert found(nested) == pytest.approx([total + math.log(2.0)], **close)
    assert found(ag.grad(nested)) == pytest.approx(slopes, **close)
    second = [p * ((i == j) - q) for i, p in enumerate(slopes) for j, q in enumerate(slopes)]
    assert found(ag.hessian(ag.logsumexp)) == pytest.approx(second, **close)
    assert found(ag.jacobian(ag.softmax)) == pytest.approx(second, **close)


@pytest.mark.parametrize("items", ROWS)
def test_backward_gives_the_same_and_leaves_no_nan_anywhere(items):
    values = [Value(x) for x in items]
    ag.logsumexp(values).backward()
    assert [v.grad for v in values] == ROWS[items][1]


@pytest.mark.parametrize("way", ALL)
@pytest.mark.parametrize(
    "items, target, loss, slopes",
    [
        ((-INF, 0.0), 0, INF, [-1.0, 1.0]),
        ((-INF, 0.0), 1, 0.0, [0.0, 0.0]),
        ((-INF, 0.0, 0.0), 1, math.log(2.0), [0.0, -0.5, 0.5]),
        ((-INF, -INF, 5.0), 2, 0.0, [0.0, 0.0, 0.0]),
        ((-INF, -INF, 5.0), 1, INF, [0.0, -1.0, 1.0]),
        ((INF, 0.0, 1.0), 0, 0.0, [0.0, 0.0, 0.0]),
        ((INF, 0.0, 1.0), 1, INF, [1.0, -1.0, 0.0]),
        ((INF, INF, 1.0), 0, math.log(2.0), [-0.5, 0.5, 0.0]),
        ((INF, INF, INF), 0, math.log(3.0), [-2 / 3, 1 / 3, 1 / 3]),
        ((-INF, -INF), 0, INF, [-1.0, 0.0]),
    ],
)
def test_cross_entropy_of_infinite_logits(items, target, loss, slopes, way):
    def f(x):
        return cross_entropy(x, target)

    value, gradient = (WAYS[way](g, len(items))(list(items)) for g in (f, ag.grad(f)))
    if way == "eager" and loss == INF and items == (-INF, -INF):
        slopes = [-1.0, 1.0]  # of two classes it is the difference of two logits
    assert value == pytest.approx(loss, rel=1e-15)
    if items != (-INF, -INF):
        assert list(gradient) == pytest.approx(slopes, rel=1e-15)


def test_a_hidden_markov_step_with_a_forbidden_transition():
    # Of two states, neither can be reached from the first, which is where one is for sure.
    stay, step = math.log(0.5), -0.6 - math.log(0.5)
    before = [Value(-INF), Value(-INF), Value(stay)]
    into = [[-INF, -INF, step], [-INF, -INF, -INF]]
    after = [ag.logsumexp([a + t for a, t in zip(before, row)]) for row in into]
    assert after[1].data == -INF
    likelihood = ag.logsumexp(after)
    likelihood.backward()
    assert likelihood.data == pytest.approx(-0.6, rel=1e-15)
    assert [a.grad for a in before] == [0.0, 0.0, 1.0]


@pytest.mark.parametrize("way", ALL)
def test_a_masked_attention_row_passes_nothing_to_what_is_masked(way):
    def f(x):
        weights = ag.softmax([x[0], -INF, x[1]])
        return ag.dot(weights, [1.0, x[2], 3.0])

    value, gradient = (WAYS[way](g, 3)([0.0, 0.0, 7.0]) for g in (f, ag.grad(f)))
    assert float(value) == 2.0 and list(gradient) == [-0.5, 0.5, 0.0]
