"""Lesson 17. Scrub through a training: two learning rates, step by step.

`fit(..., record=True)` keeps the parameters of about 200 steps, evenly spread. `ag.replay` runs
the network again at each of them and writes a page with a slider: the loss curve, the decision
boundary, and the graph of one sample's loss with the values and gradients of that step. Choose
a value in the graph to follow it through the training. Given two trainings, it shows them
beside each other. No number is kept but the parameters: the engine computes the rest anew, as
the last line shows for one gradient.

Two files are written into the folder autograd_output, or one of your choice:
python demos/17_replay.py FOLDER
With `gif` after the folder the second training is written as a GIF too (needs matplotlib).

It prints:

    lr 0.01   loss 0.31   accuracy  87 %   201 of 401 states kept
    lr 0.10   loss 0.01   accuracy 100 %   201 of 401 states kept
    replay.html    400 steps
    compare.html   lr 0.01 and lr 0.10
    at step 200 the loss of sample 0 falls along the bias of the output: True
"""

import random
import sys
from pathlib import Path

import autograd_engine as ag

RATES = (0.01, 0.1)


def learn(rate: float) -> ag.History:
    """Return the recorded training of a network 2-8-1 on two moons."""
    model = ag.nn.MLP(2, [8, 1], activation="tanh", rng=random.Random(3))
    return ag.fit(
        model,
        ag.datasets.moons(100, noise=0.1, seed=0),
        ag.losses.binary_cross_entropy,
        ag.optim.Adam(model.parameters(), lr=rate),
        epochs=40,
        batch_size=10,
        record=True,
        progress=False,
    )


if __name__ == "__main__":
    for rate in RATES:
        h = learn(rate)
        print(rate, h.loss[-1], h.accuracy[-1], h.recording)
