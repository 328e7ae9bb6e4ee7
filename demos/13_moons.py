"""Lesson 13. Two moons: the training that micrograd's own demo made known.

A network 2-16-16-1 learns which of two interleaved half circles a point lies on. The loss is
a support-vector machine's: each score should lie on its point's side by a margin of 1, and
1e-4 times the sum of squared weights keeps the weights small. Each step takes all 100 points,
with a learning rate that falls from 1 to 0.1. Same seed and data, same losses as micrograd.
15 steps are made, or as many as asked for: python demos/13_moons.py 100

It prints:

    step   0   loss 0.9080   accuracy 50%
    step   5   loss 0.2916   accuracy 88%
    step  10   loss 0.2319   accuracy 91%
    step  14   loss 0.2022   accuracy 92%
    .........................................
    .........................................
    .........................................
    .........................................
    ..................................#######
    ............#######........##############
    ...........##############################
    ..........###############################
    ..........###############################
    .........################################
    .........################################
    ......###################################
"""

import random
import sys

import autograd_engine as ag

# %% The points, the loss
SEED, POINTS = 1337, 100


def two_moons() -> list[tuple[list[float], int]]:
    """Return the points, each with its side, -1 or 1."""
    return [(x, 2 * target - 1) for x, target in ag.datasets.moons(POINTS, noise=0.1, seed=SEED)]


def loss_and_accuracy(model, data):
    """Return the loss as a Value, and the share of points on the right side."""
    scores = [model(x) for x, _ in data]
    margins = [ag.losses.hinge(score, side) for score, (_, side) in zip(scores, data)]
    decay = 1e-4 * ag.sum(w * w for w in model.parameters())
    hits = [(score > 0) == (side > 0) for score, (_, side) in zip(scores, data)]
    return ag.mean(margins) + decay, sum(hits) / len(hits)


# %% Training
def train(steps: int) -> tuple[ag.nn.MLP, list[float], list[float]]:
    """Return the model, and the loss and the accuracy before each step."""
    random.seed(SEED)  # micrograd draws its weights from `random` itself, and so does MLP
    model = ag.nn.MLP(2, [16, 16, 1])
    data = two_moons()
    losses, accuracies = [], []
    for step in range(steps):
        loss, accuracy = loss_and_accuracy(model, data)
        model.zero_grad()
        loss.backward()
        for w in model.parameters():
            w.data -= (1 - 0.9 * step / 100) * w.grad
        losses.append(loss.data)
        accuracies.append(accuracy)
    return model, losses, accuracies


# %% What the network has learnt
def picture(model) -> list[str]:
    """Return the plane around the moons, a # wherever the score is positive."""
    xs, ys = [i / 10 for i in range(-15, 26)], [i / 4 for i in range(6, -6, -1)]
    with ag.no_grad():
        return ["".join("#" if model([x, y]) > 0 else "." for x in xs) for y in ys]


# %% An exercise tags=["active-ipynb"]
# score = ag.nn.MLP(2, [1, 1])([1.0, -0.5])
# ag.exercise(ag.losses.hinge(score, 1), seed=13)


# %% All of it
def main(steps: int = 15) -> None:
    model, losses, accuracies = train(steps)
    for step in sorted({*range(0, steps, steps // 3 or 1), steps - 1}):
        print(f"step {step:3}   loss {losses[step]:.4f}   accuracy {accuracies[step]:.0%}")
    print("\n".join(picture(model)))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
