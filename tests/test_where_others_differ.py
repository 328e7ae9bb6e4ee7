"""Where well-known libraries give another number, in silence: ours, eager and in every program.

Each was seen in the version named (`findings/`); the right value is from mathematics, or, at a kink,
from the convention that the README states (PyTorch's).
"""

import math

import pytest

import autograd_engine as ag

# function, at, value, gradient, and who gives what instead
CASES = {
    "abs at 0 has slope 0; jax 0.10.2: 1": (lambda x: abs(x[0]), [0.0], 0.0, [0.0]),
    "clip passes all at its lower bound; jax 0.10.2: numpy.clip half, lax.clamp none": (
        lambda x: ag.clip(x[0], -1.0, 1.0),
        [-1.0],
        -1.0,
        [1.0],
    ),
    "and at its upper": (lambda x: ag.clip(x[0], -1.0, 1.0), [1.0], 1.0, [1.0]),
    "equal infinite terms share the slope; jax 0.10.2, logaddexp: 1 each, torch 2.13.0: NaN": (
        lambda x: ag.logsumexp(x),
        [math.inf, math.inf],
        math.inf,
        [0.5, 0.5],
    ),
    "the infinite term has all of it; torch 2.13.0, jax 0.10.2, autograd 1.9.1: NaN": (
        lambda x: ag.logsumexp(x),
        [math.inf, 0.0],
        math.inf,
        [1.0, 0.0],
    ),
    "a product with one zero; autograd 1.9.1: NaN at the zero": (
        lambda x: ag.prod(x),
        [0.0, 2.0, 3.0],
        0.0,
        [6.0, 0.0, 0.0],
    ),
    "softplus above 20; torch 2.13.0: 20.5, slope 1": (
        lambda x: ag.softplus(x[0]),
        [20.5],
        20.5 + math.log1p(math.exp(-20.5)),
        [1.0 / (1.0 + math.exp(-20.5))],
    ),
}


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request):
    return request.param


def test_eager(case):
    function, place, value, gradient = case
    assert ag.value_and_grad(function)(place) == (value, pytest.approx(gradient, rel=1e-15))


@pytest.mark.parametrize("exact", [False, True])
def test_in_a_program_that_was_recorded_elsewhere(case, exact):
    function, place, value, gradient = case
    elsewhere = [0.25 + 0.5 * index for index in range(len(place))]
    program = ag.compile(function, elsewhere, exact=exact, check=False)
    found, slopes = program.value_and_grad(place)
    assert found == pytest.approx(value, rel=1e-15)
    assert slopes.tolist() == pytest.approx(gradient, rel=1e-15)


def test_softplus_rises_from_number_to_number_around_20():
    places = [20.0 + step * 1e-12 for step in range(-50, 50)]
    values = [ag.softplus(place) for place in places]
    assert values == sorted(values)
    assert len(set(values)) == len(values)


# casadi 3.8.2 simplifies these to -3, 1, 0 and 1000 as they are written.
WRITTEN = {
    "sqrt(x)**2": (lambda x: ag.sqrt(x[0]) ** 2, [-3.0], ValueError),
    "x/x": (lambda x: x[0] / x[0], [0.0], ZeroDivisionError),
    "log(exp(x))": (lambda x: ag.log(ag.exp(x[0])), [1000.0], OverflowError),
}


@pytest.mark.parametrize(("function", "place", "error"), WRITTEN.values(), ids=WRITTEN)
def test_what_is_written_is_what_is_computed(function, place, error):
    with pytest.raises(error):
        ag.value_and_grad(function)(place)
    for exact in (False, True):
        program = ag.compile(function, [2.0], exact=exact)
        with pytest.raises(FloatingPointError):
            program.value_and_grad(place)


def test_the_difference_of_infinities_is_not_0():
    assert math.isnan(ag.value_and_grad(lambda x: x[0] - x[0])([math.inf])[0])
    program = ag.compile(lambda x: x[0] - x[0], [2.0], check=False)
    assert math.isnan(program([math.inf]))
