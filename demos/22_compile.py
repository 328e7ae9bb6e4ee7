"""Lesson 22. Compile: write scalars, run matrices.

The two moons of lesson 13 once more. Their loss is recorded as before, one point after the
other, every number a Value of its own. `ag.compile` finds the matrices in it: what you wrote
with scalars runs as a few operations on arrays, many times faster, with the same value, the
same gradient and the same training. `print(program.source)` lists these operations.

A graph recorded for a single point with its two numbers as inputs is a program for any number
of points: it is fed a table with a point in each row. And a program holds one branch only of
what it was recorded from. Where another would have to be taken it says so, instead of giving
a wrong number.

It prints:

    7,141 recorded nodes, a hundred times as many as the program has steps: True
    value and gradient as before, to 12 digits: True
    step   0   loss 0.9080
    step   5   loss 0.2916
    step  10   loss 0.2319
    step  14   loss 0.2022
    the scores of all points in one call, accuracy 93%
    size(3.0) = 3.0, size(5.0) = 5.0, size(-3.0): GuardError
"""

import random

import autograd_engine as ag

# %% The moons, and their loss
SEED, POINTS = 1337, 100


def two_moons() -> list[tuple[list[float], int]]:
    """Return the points, each with its side, -1 or 1."""
    return [(x, 2 * target - 1) for x, target in ag.datasets.moons(POINTS, noise=0.1, seed=SEED)]


def recorded_loss(model, data) -> ag.Value:
    """Return the loss as scalar code has it: a loop over the points."""
    margins = [ag.losses.hinge(model(x), side) for x, side in data]
    return ag.mean(margins) + 1e-4 * ag.sum(w * w for w in model.parameters())


def differences(program, loss) -> list[float]:
    """Return how far value and gradient are from the engine's, in parts of the largest."""
    value, gradient = program.value_and_grad()
    expected = ag.gradient(loss, program.parameters)
    largest = max(map(abs, expected))
    slopes = [abs(ours - theirs) / largest for ours, theirs in zip(gradient, expected)]
    return [abs(value - loss.data) / abs(loss.data), *slopes]


def train(program, steps: int = 15) -> list[float]:
    """Return the loss before each step; `backward` computes it anew from the parameters."""
    losses = []
    for step in range(steps):
        for w in program.parameters:
            w.grad = 0.0
        losses.append(program.backward())
        for w in program.parameters:
            w.data -= (1 - 0.9 * step / 100) * w.grad
    return losses


def accuracy(model, data) -> float:
    """Return the share of points on the right side, by a program for one point fed them all."""
    point = [ag.Value(0.0, "x"), ag.Value(0.0, "y")]
    scores = ag.compile(model(point), inputs=point)([x for x, _ in data])
    return sum((score > 0) == (side > 0) for score, (_, side) in zip(scores, data)) / len(data)


def size(x):
    """Return |x| by a branch."""
    return x if x > 0 else -x


def main() -> None:
    random.seed(SEED)
    model, data = ag.nn.MLP(2, [16, 16, 1]), two_moons()
    loss = recorded_loss(model, data)
    program = ag.compile(loss, parameters=model.parameters())
    count = sum(node.operands != () for node in ag.graph.nodes(loss))  # those computed
    fewer = 100 * program.steps <= count
    print(f"{count:,} recorded nodes, a hundred times as many as the program has steps: {fewer}")
    print("value and gradient as before, to 12 digits:", max(differences(program, loss)) < 1e-12)
    for step, number in enumerate(train(program)):
        if step % 5 == 0 or step == 14:
            print(f"step {step:3}   loss {number:.4f}")
    print(f"the scores of all points in one call, accuracy {accuracy(model, data):.0%}")
    positive = ag.compile(size, 1.0)
    try:
        print(f"size(3.0) = {positive(3.0)}, size(5.0) = {positive(5.0)}, size(-3.0): ", end="")
        positive(-3.0)
    except ag.GuardError as error:
        print(type(error).__name__)


if __name__ == "__main__":
    main()
