"""Lesson 12. Gradient descent against stochastic against mini-batch, on one noisy problem.

A line y = w x + b is fitted to 64 noisy points. Each way sees all points once an epoch, at
the same learning rate. Gradient descent takes the mean slope over all 64 and steps once;
stochastic descent steps after every point; mini-batches of 8 lie in between. So stochastic
descent is far ahead after one epoch, but single points are noisy, and it goes on jumping
about: the other two end closer to the best loss that any line can have.

It prints:

    loss after epoch      1      3     10     30    100   updates
      stochastic      0.310  0.259  0.278  0.261  0.279     6,400
      mini-batch      0.752  0.309  0.234  0.233  0.234       800
      all points      1.656  1.253  0.642  0.273  0.233       100
      the best line         0.233
"""

import random

import autograd_engine as ag

# %% 64 noisy points along a line
LEARNING_RATE, EPOCHS, NOISE = 0.1, 100, 0.5


def noisy_line(n: int = 64, seed: int = 0) -> list[tuple[float, float]]:
    """Return points along y = 2x - 1."""
    rng = random.Random(seed)
    xs = [rng.uniform(-1, 1) for _ in range(n)]
    return [(x, 2 * x - 1 + rng.gauss(0, NOISE)) for x in xs]


POINTS = noisy_line()


# %% The loss, and the best that a line can do
def loss(w, b, points=POINTS):
    """Return the mean squared error of the line on these points."""
    return ag.mean((w * x + b - y) ** 2 for x, y in points)


def best_loss() -> float:
    """Return the loss of the best line, by the formula of least squares."""
    xs, ys = zip(*POINTS)
    x0, y0 = ag.mean(xs), ag.mean(ys)
    w = ag.mean((x - x0) * (y - y0) for x, y in POINTS) / ag.variance(xs)
    return loss(w, y0 - w * x0)


# %% Three ways to descend
def descend(batch_size: int, seed: int = 0) -> tuple[int, list[float]]:
    """Return the number of updates made, and the loss on all points after each epoch."""
    w, b = ag.Value(0.0), ag.Value(0.0)
    optimizer = ag.optim.SGD([w, b], lr=LEARNING_RATE)
    rng, order = random.Random(seed), list(POINTS)
    updates, losses = 0, []
    for _ in range(EPOCHS):
        rng.shuffle(order)
        for start in range(0, len(order), batch_size):
            optimizer.zero_grad()
            loss(w, b, order[start : start + batch_size]).backward()
            optimizer.step()
            updates += 1
        losses.append(loss(w.data, b.data))
    return updates, losses


# %% An exercise tags=["active-ipynb"]
# points = [(1.0, 2.0), (-0.5, 1.0)]
# ag.exercise(loss(ag.Value(0.0, "w"), ag.Value(0.0, "b"), points), "step", seed=12)


# %% Side by side
def main() -> None:
    print("loss after epoch      1      3     10     30    100   updates")
    for name, batch_size in (("stochastic", 1), ("mini-batch", 8), ("all points", 64)):
        updates, losses = descend(batch_size)
        shown = "  ".join(f"{losses[epoch - 1]:.3f}" for epoch in (1, 3, 10, 30, 100))
        print(f"  {name:14}  {shown}   {updates:7,}")
    print(f"  the best line         {best_loss():.3f}")


if __name__ == "__main__":
    main()
