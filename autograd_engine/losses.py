"""Losses of one sample: how far a network's outputs, raw scores ("logits") of classifiers, are from
the target, as one value; on plain numbers as a number.
"""

from __future__ import annotations

from operator import index
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.functions import sum
from autograd_engine.number import number
from autograd_engine.real import as_list, is_number, named, only, plain
from autograd_engine.table import BINARY, MSE, above, cross_entropy_of, gate, relu, surprise

__all__ = ["binary_cross_entropy", "cross_entropy", "half_squared_error", "hinge", "mse"]


def mse(outputs: Any, target: Any) -> Any:
    """Return the mean squared difference from the target; `ValueError` where lengths differ.

    >>> mse([1.0, 5.0], [3.0, 5.0])
    2.0
    """
    return MSE(*[item for pair in _pairs("mse", outputs, target) for item in pair])


def half_squared_error(outputs: Any, target: Any) -> Any:
    """Return half the sum of the squared differences, whose slope is the difference itself.

    >>> half_squared_error(1.0, 3.0)
    2.0
    """
    # Not ** 2, which raises where a product is inf: a diverging training is to show it.
    squares = [(d := x - y) * d for x, y in _pairs("half_squared_error", outputs, target)]
    return sum(squares) / 2.0


def binary_cross_entropy(logit: Any, target: Any) -> Any:
    """Return -ln p for target 1, -ln(1 - p) for 0, p = sigmoid(logit); `ValueError` for others.

    >>> binary_cross_entropy(1000.0, 0)
    1000.0
    """
    return BINARY(*_of_two("binary_cross_entropy", "logit", logit, target, (0, 1)))


def cross_entropy(logits: Any, target: Any) -> Any:
    """Return -ln of the probability that softmax of the logits gives to the class `target`.

    A class may be a Value, as a compiled program is fed it. Raises `ValueError` for a class out of
    range and for fewer than two logits, `TypeError` for a class that is not an integer.

    >>> cross_entropy([0.0, -1000.0], 1)
    1000.0
    """
    items = _items("cross_entropy", "logits", logits)
    target, last = only(target), len(items) - 1
    if not last:
        raise ValueError("cross_entropy needs a logit for each class; of one: binary_cross_entropy")
    fed = isinstance(target, Value) and target._data.is_integer()
    try:
        chosen = int(target._data) if fed else index(target)
    except TypeError:
        wanted = f"from 0 to {last} for {last + 1} logits, got {target!r}"
        cure = "write a whole one as int(target), one-hot ones as numpy.argmax(target)"
        raise TypeError(f"the class must be an integer {wanted}: {cure}") from None
    if not 0 <= chosen <= last:
        raise ValueError(f"class {chosen} is out of range for {len(items)} logits: 0 to {last}")
    return surprise(0, *_chosen_first(items, target)) if fed else cross_entropy_of(chosen)(*items)


def _chosen_first(items: list[Any], target: Value) -> list[Any]:
    """Return the logit of the target's class, and then the others in order."""
    # Keys of 0 and 1 instead of a branch, which would hold for one class only. To let one logit
    # through a gate and add zeros for the rest rounds nothing.
    reached = [above(target, k - 0.5) for k in range(1, len(items))]  # is the class k or more?
    is_class = [x - y for x, y in zip([1.0, *reached], [*reached, 0.0])]
    others = [
        gate(key, item) + gate(1.0 - key, following)
        for key, item, following in zip(reached, items, items[1:])
    ]
    return [sum(map(gate, is_class, items)), *others]


def hinge(score: Any, target: Any) -> Any:
    """Return how much target * score falls short of 1, or 0; `ValueError` but for -1 and 1.

    >>> hinge(0.25, 1), hinge(0.25, -1), hinge(3.0, 1)
    (0.75, 1.25, 0.0)
    """
    score, target = _of_two("hinge", "score", score, target, (-1, 1))
    return relu(1.0 + -target * score)


def _pairs(loss: str, outputs: Any, target: Any) -> list[tuple[Any, Any]]:
    xs, ys = _items(loss, "outputs", outputs), _items(loss, "target", target)
    if len(xs) != len(ys):
        raise ValueError(f"{loss} of {len(xs)} outputs and {len(ys)} targets needs as many of both")
    return list(zip(xs, ys))


def _items(loss: str, what: str, given: Any) -> list[Any]:
    """Return one value or number, or a sequence of them, as a list."""
    taken = f"as {what} one number or a list"
    single = isinstance(given, (Value, str)) or getattr(given, "ndim", None) == 0
    items = [given] if single or not hasattr(given, "__iter__") else as_list(loss, given, taken)
    for item in items:
        if not isinstance(item, Value) and not is_number(item):
            raise TypeError(f"{loss} takes as {what} only values or numbers, got {named(item)}")
    if not items:
        raise ValueError(f"{loss} needs at least one number, got no {what}")
    return list(map(plain, items))


def _of_two(loss: str, what: str, score: Any, target: Any, allowed: tuple[int, int]) -> list[Any]:
    scores, targets = _items(loss, what, score), _items(loss, "target", target)
    if (count := max(len(scores), len(targets))) > 1:
        raise ValueError(f"{loss} takes one score and one target, got {count} numbers")
    if number(targets[0]) not in allowed:
        raise ValueError(f"the target of {loss} is {allowed[0]} or {allowed[1]}, got {target!r}")
    return scores + targets
