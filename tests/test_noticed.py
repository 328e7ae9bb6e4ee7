"""What a trial of the model moves on, or a callback changes, is noticed: `fit` with
`compile="auto"` gives the numbers of `compile=False`.
"""

import random
from array import array

import numpy as np
import pytest
from numpy.random import normal

import autograd_engine as ag


class Drawing(random.Random):
    drawn = 0

    def random(self):
        self.drawn += 1
        return 0.1 * self.drawn


class Labelled(np.ndarray):
    used = 0


def counter(kept, place=0):
    def tick():
        kept[place] += 1
        return kept[place]

    return tick


def attribute(kept):
    def tick():
        kept.used += 1
        return kept.used

    return tick


def unset():
    count = 0.0
    del count

    def tick():
        nonlocal count
        try:
            count += 1.0
        except NameError:
            count = 1.0
        return count

    return tick


NOISE = {
    "a variable that was not set": unset,
    "numpy.random.normal": lambda: lambda: np.random.normal(),
    "normal, imported by name": lambda: lambda: normal(),
    "a generator": lambda: np.random.default_rng(0).normal,
    "random.random": lambda: lambda: random.random(),
    "a list": lambda: counter([0]),
    "a bytearray": lambda: counter(bytearray(2)),
    "an array of the standard library": lambda: counter(array("d", [0.0])),
    "an array": lambda: counter(np.zeros(2)),
    "an attribute of an array": lambda: attribute(np.zeros(2).view(Labelled)),
    "an attribute of a generator": lambda: Drawing(1).random,
}


def trained(compile, samples, factor=lambda: 1.0, **options):
    np.random.seed(1)
    random.seed(1)
    weight = ag.Value(0.5)

    class Model(ag.nn.Module):
        def __init__(self):
            self.weight = weight

        def __call__(self, x):
            return self.weight * x[0] * factor()

    optimizer = ag.optim.SGD([weight], lr=0.05)
    history = ag.fit(
        Model(), samples, ag.losses.mse, optimizer, epochs=3, progress=False, compile=compile,
        **options,
    )  # fmt: skip
    return [weight.data, *history.loss, *history.validation_loss]


@pytest.mark.parametrize("make", NOISE.values(), ids=NOISE)
def test_what_a_trial_would_move_on_is_where_it_was(make):
    def noisy():
        tick = make()
        return lambda: 1.0 + 0.1 * tick()

    samples = [([1.0], 1.0), ([2.0], 0.0)]
    assert trained("auto", samples, noisy()) == trained(False, samples, noisy())


SAMPLES = {
    "lists": lambda: [([1.0], 1.0), ([2.0], 0.0)],
    "arrays": lambda: [(np.array([1.0]), 1.0), (np.array([2.0]), 0.0)],
}


@pytest.mark.parametrize("make", SAMPLES.values(), ids=SAMPLES)
@pytest.mark.parametrize("which", ["samples", "validation"])
def test_a_callback_may_change_samples_in_place(make, which):
    def run(compile):
        given = {"samples": make(), "validation": make()}

        def callback(history):
            given[which][0][0][0] += 1.0

        return trained(compile, callback=callback, **given)

    assert run("auto") == pytest.approx(run(False), rel=1e-12)
