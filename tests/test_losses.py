"""Losses of one sample: their numbers, their limits, what they refuse."""

import math
import random

import mpmath
import numpy
import pytest

import autograd_engine as ag
from autograd_engine.checker import check_gradients, grad
from autograd_engine.engine import Value
from autograd_engine.losses import (
    binary_cross_entropy,
    cross_entropy,
    half_squared_error,
    hinge,
    mse,
)

# A composition of four to ten primitives, each within 4 ulp (DESIGN): 1e-14 leaves room.
CLOSE = {"rel": 1e-14, "abs": 0.0}


@pytest.mark.parametrize(
    ("outputs", "target", "mean", "half"),
    [
        (2.0, 5.0, 9.0, 4.5),
        ([2.0], 5.0, 9.0, 4.5),
        (2.0, [5.0], 9.0, 4.5),
        ([1.0, 2.0], (3.0, 5.0), 6.5, 6.5),
        (numpy.array([1.0, 2.0, 3.0]), [1.0, 2.0, 9.0], 12.0, 18.0),
    ],
)
def test_squared_errors_take_numbers_and_sequences(outputs, target, mean, half):
    assert mse(outputs, target) == mean
    assert half_squared_error(outputs, target) == half


def test_the_slope_of_half_squared_error_is_the_difference():
    outputs = [Value(1.5), Value(-2.0)]
    half_squared_error(outputs, [1.0, 1.0]).backward()
    assert [v.grad for v in outputs] == [0.5, -3.0]


@pytest.mark.parametrize("loss", [mse, half_squared_error])
@pytest.mark.parametrize("outputs", [1e200, [1e200, 1.0]])
def test_a_squared_error_beyond_the_floats_is_infinite_with_the_slope_of_the_difference(
    loss, outputs
):
    values = [Value(x) for x in outputs] if isinstance(outputs, list) else [Value(outputs)]
    output = loss(values, [0.0] * len(values))
    output.backward()
    assert output.data == loss(outputs, [0.0] * len(values)) == math.inf
    assert values[0].grad == (2e200 if loss is mse and len(values) == 1 else 1e200)


def test_the_slope_of_mse_is_twice_the_difference_over_the_number_of_outputs():
    outputs = [Value(1.5), Value(-2.0)]
    mse(outputs, [1.0, 1.0]).backward()
    assert [v.grad for v in outputs] == [0.5, -3.0]


LOGITS = [-1000.0, -40.0, -3.0, 0.0, 0.5, 40.0, 1000.0]


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("logit", LOGITS)
def test_binary_cross_entropy_and_its_slope_keep_their_digits_far_out(logit, target):
    with mpmath.workdps(50):
        x = mpmath.mpf(logit) * (1 - 2 * target)
        expected = float(mpmath.log1p(mpmath.exp(x)))
        slope = float((1 - 2 * target) / (1 + mpmath.exp(-x)))
    score = Value(logit)
    loss = binary_cross_entropy(score, target)
    loss.backward()
    assert loss.data == pytest.approx(expected, **CLOSE)
    assert score.grad == pytest.approx(slope, **CLOSE)


@pytest.mark.parametrize("loss", [binary_cross_entropy, hinge])
@pytest.mark.parametrize("logit", LOGITS)
def test_a_target_that_is_a_value_gives_the_same_loss(loss, logit):
    assert loss(Value(logit), Value(1.0)).data == loss(logit, 1)
    low = 0 if loss is binary_cross_entropy else -1
    assert loss(Value(logit), Value(low)).data == loss(logit, low)


@pytest.mark.parametrize("count", [2, 3, 10])
def test_a_class_that_is_a_value_gives_cross_entropy_the_same_bits_and_slopes(count):
    rng = random.Random(count)
    for scale in (0.1, 1.0, 30.0, 1000.0):
        logits = [rng.gauss(0.0, scale) for _ in range(count)]
        for odd in (logits, [*logits[1:], -0.0], [*logits[1:], logits[1]]):
            for target in range(count):
                plain, fed = [Value(x) for x in odd], [Value(x) for x in odd]
                loss, same = cross_entropy(plain, target), cross_entropy(fed, Value(target))
                loss.backward()
                same.backward()
                assert same.data.hex() == loss.data.hex()
                # Those of a class that is known are its rule's, the others of what it is written in.
                assert [v.grad for v in fed] == pytest.approx([v.grad for v in plain], rel=1e-14)


def test_a_class_that_is_a_value_lets_no_infinity_through_the_gates():
    logits = [0.5, -math.inf, 0.25]
    for target in (0, 2):
        assert cross_entropy(logits, Value(target)).data == cross_entropy(logits, target)


@pytest.mark.parametrize(
    ("target", "error"),
    [(3.0, ValueError), (-1.0, ValueError), (0.5, TypeError), (math.nan, TypeError)],
)
def test_a_value_that_is_no_class_is_refused_as_a_number_is(target, error):
    with pytest.raises(error, match="class"):
        cross_entropy([1.0, 2.0, 3.0], Value(target))


@pytest.mark.parametrize("target", [0, 1, 2, numpy.int64(1)])
@pytest.mark.parametrize(
    "logits", [[0.3, -1.2, 2.0], [1000.0, 0.0, -1000.0], [5.0, 5.0, 5.0], [60.0, 0.0, 1.0]]
)
def test_cross_entropy_and_its_slopes_keep_their_digits_far_out(logits, target):
    with mpmath.workdps(1000):  # e**-2000 beside 1
        powers = [mpmath.exp(x) for x in logits]
        total = sum(powers)
        others = total - powers[target]
        expected = float(mpmath.log(total / powers[target]))
        slopes = [float(p / total) for p in powers]
        slopes[target] = float(-others / total)
    values = [Value(x) for x in logits]
    loss = cross_entropy(values, target)
    loss.backward()
    assert loss.data == pytest.approx(expected, **CLOSE)
    # The gradient by the largest of the other logits is a difference of parts of size 1.
    assert [v.grad for v in values] == pytest.approx(slopes, rel=1e-14, abs=1e-15)
    assert values[target].grad == pytest.approx(slopes[target], **CLOSE)


def test_two_classes_by_cross_entropy_are_binary_cross_entropy_of_the_difference():
    assert cross_entropy([0.25, 1.0], 1) == binary_cross_entropy(0.75, 1)
    assert cross_entropy([0.25, 1.0], 0) == binary_cross_entropy(0.75, 0)


@pytest.mark.parametrize(
    ("score", "target", "loss"), [(0.25, 1, 0.75), (0.25, -1, 1.25), (2, 1, 0)]
)
def test_hinge_is_what_the_margin_lacks_to_one(score, target, loss):
    assert hinge(score, target) == loss
    assert hinge(Value(score), numpy.int64(target)).data == loss
    assert hinge([Value(score)], [target]).data == loss


# The numbers that torch.nn.functional gives in float64; 1e-14 relative is about 45 ulp.
TORCH = [
    (binary_cross_entropy, -3.0, 0, 0.048587351573742055),
    (binary_cross_entropy, -3.0, 1, 3.048587351573742),
    (binary_cross_entropy, 0.5, 0, 0.9740769841801067),
    (binary_cross_entropy, 0.5, 1, 0.4740769841801067),
    (cross_entropy, [0.3, -1.2, 2.0], 0, 1.9016712449527906),
    (cross_entropy, [0.3, -1.2, 2.0], 2, 0.20167124495279057),
    (cross_entropy, [1000.0, 0.0, -1000.0], 1, 1000.0),
]


@pytest.mark.parametrize(("loss", "outputs", "target", "expected"), TORCH)
def test_losses_give_the_numbers_of_torch(loss, outputs, target, expected):
    assert loss(outputs, target) == pytest.approx(expected, **CLOSE)


@pytest.mark.parametrize(
    ("loss", "target"),
    [(mse, [0.5, 1.0, -1.0]), (half_squared_error, [0.5, 1.0, -1.0]), (cross_entropy, 1)],
)
def test_first_and_second_derivatives_agree_with_differences(loss, target):
    check_gradients(lambda outputs: loss(outputs, target), [0.3, -0.7, 1.9], order=2)


@pytest.mark.parametrize(("loss", "target"), [(binary_cross_entropy, 1), (hinge, -1)])
def test_derivatives_of_the_losses_of_one_score_agree_with_differences(loss, target):
    check_gradients(lambda score: loss(score, target), 0.3, order=2)


def test_the_curvature_of_binary_cross_entropy_at_0_is_a_quarter():
    assert grad(grad(lambda x: binary_cross_entropy(x, 0)))(0.0) == 0.25


def test_nan_is_a_score_like_others():
    assert math.isnan(mse(math.nan, 1.0))
    assert math.isnan(binary_cross_entropy(math.nan, 1))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mse([1.0, 2.0, 3.0], [1.0, 2.0]), ValueError, "3 outputs and 2 targets"),
        (lambda: half_squared_error(1.0, [1.0, 2.0]), ValueError, "1 outputs and 2 targets"),
        (lambda: mse([], []), ValueError, "mse needs at least one number, got no outputs"),
        (lambda: mse([1.0], []), ValueError, "got no target"),
        (lambda: hinge([], 1), ValueError, "got no score"),
        (lambda: hinge(0.0, []), ValueError, "hinge needs at least one number, got no target"),
        (lambda: binary_cross_entropy([], 1), ValueError, "got no logit"),
        (lambda: cross_entropy([], 1), ValueError, "got no logits"),
        (lambda: mse(["1"], [1.0]), TypeError, "as outputs only values or numbers, got str: '1'"),
        (lambda: hinge(0.0, ["1"]), TypeError, "as target only values or numbers, got str: '1'"),
        (lambda: mse([[1.0]], [1.0]), TypeError, "got list"),
        (lambda: binary_cross_entropy(0.0, 2), ValueError, "is 0 or 1, got 2"),
        (lambda: binary_cross_entropy(0.0, 0.5), ValueError, "is 0 or 1, got 0.5"),
        (lambda: binary_cross_entropy(Value(0.0), -1), ValueError, "is 0 or 1, got -1"),
        (lambda: binary_cross_entropy([0.0, 1.0], 1), ValueError, "one score.*got 2"),
        (lambda: binary_cross_entropy(0.0, [0, 1]), ValueError, "one target, got 2"),
        (lambda: hinge(0.0, 0), ValueError, "is -1 or 1, got 0"),
        (lambda: cross_entropy([0.0, 1.0, 2.0], 3), ValueError, "class 3 .* for 3 logits"),
        (lambda: cross_entropy([0.0, 1.0, 2.0], -1), ValueError, "class -1 .* for 3 logits"),
        (lambda: cross_entropy([0.0, 1.0, 2.0], 1.0), TypeError, r"got 1.0: .* int\(target\)"),
        (lambda: cross_entropy([0.0, 1.0], [0, 1]), TypeError, r"\[0, 1\]: .*\.argmax\(target\)"),
        (lambda: mse({1.0: 2.0}, 1.0), TypeError, "as outputs one number or a list; got dict"),
        (lambda: mse([1.0], {1.0}), TypeError, "as target one number or a list; got set"),
        (lambda: cross_entropy([0.0, 1.0], "1"), TypeError, "2 logits, got '1'"),
        (lambda: cross_entropy(Value(0.0), 0), ValueError, "binary_cross_entropy"),
        (lambda: cross_entropy([0.0], 0), ValueError, "binary_cross_entropy"),
    ],
)
def test_what_fits_no_loss_is_refused_with_what_came(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("loss", [mse, cross_entropy, binary_cross_entropy, hinge])
def test_targets_in_a_column_are_those_in_a_row(loss, compile):
    rows = numpy.random.default_rng(0).normal(size=(20, 2))
    targets = (rows[:, 0] > 0).astype(numpy.int64) * (2 if loss is hinge else 1) - (loss is hinge)

    def trained(targets):
        model = ag.nn.MLP(2, [2 if loss is cross_entropy else 1], rng=random.Random(0))
        sgd = ag.optim.SGD(model.parameters(), lr=0.1)
        samples = list(zip(rows, targets))
        history = ag.fit(model, samples, loss, sgd, 3, progress=False, compile=compile)
        return history.loss, history.accuracy, ag.accuracy(model, samples)

    found, expected = trained(targets[:, None]), trained(targets)
    assert found[0] == pytest.approx(expected[0], rel=1e-12) and found[1:] == expected[1:]
    assert 0.0 < found[2] <= 1.0


@pytest.mark.parametrize(
    "kind", [numpy.int64, numpy.int8, numpy.uint8, numpy.array, lambda i: [i], lambda i: (i,)]
)
def test_a_class_is_any_whole_number_or_one_in_an_array(kind):
    logits = [Value(0.1), Value(0.2), Value(0.3)]
    assert cross_entropy(logits, kind(2)).data == cross_entropy(logits, 2).data
    with pytest.raises(ValueError, match="class 3 is out of range for 3 logits: 0 to 2"):
        cross_entropy(logits, kind(3))


@pytest.mark.parametrize(
    "target", [1.5, numpy.float64(1.5), numpy.array(1.5), numpy.array([1.5]), [1.5], Value(1.5), [0, 1], [], math.nan, "1", numpy.array([0, 1]), None]
)  # fmt: skip
def test_what_is_no_class_is_refused_in_words(target):
    with pytest.raises(
        TypeError, match="^the class must be an integer from 0 to 2 for 3 logits, got"
    ):
        cross_entropy([0.1, 0.2, 0.3], target)
