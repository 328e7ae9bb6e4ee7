"""Lesson 2. The slope of a function, and a learning rate that overshoots.

The engine gives the slope of f(t) = (t - 3)**2 + 1 at any t, exactly, where rise over run
only comes close. Gradient descent walks against that slope, t <- t - alpha * slope, and the
learning rate alpha decides how it ends: 0.1 creeps, 0.5 lands in one step, 1.0 oscillates
for ever, 1.1 goes further wrong with every step.

It prints:

    the slope of f at t = 0
      rise over run, h = 1      -5.000000
      rise over run, h = 0.001  -5.999000
      the engine                -6.000000

    six steps from t = 0 towards the lowest point, t = 3
      alpha 0.1    0.00   0.60   1.08   1.46   1.77   2.02   2.21
      alpha 0.5    0.00   3.00   3.00   3.00   3.00   3.00   3.00
      alpha 1.0    0.00   6.00   0.00   6.00   0.00   6.00   0.00
      alpha 1.1    0.00   6.60  -1.32   8.18  -3.22  10.46  -5.96
"""

import autograd_engine as ag


# %% A function, and its slope at one place
def f(t):
    return (t - 3) ** 2 + 1


def slope(start: float) -> float:
    """Return the derivative of f at one place."""
    t = ag.Value(start, label="t")
    f(t).backward()
    return t.grad


# %% tags=["active-ipynb"]
# t = ag.Value(0.0, "t")
# y = f(t)
# y.backward()
# ag.draw(y)


# %% By hand: rise over run
def rise_over_run(start: float, h: float) -> float:
    """Return the slope of the straight line through f at `start` and at `start + h`."""
    return (f(start + h) - f(start)) / h


# %% Against the slope
def descend(alpha: float, start: float = 0.0, steps: int = 6) -> list[float]:
    """Return every place that gradient descent visits."""
    path = [start]
    for _ in range(steps):
        path.append(path[-1] - alpha * slope(path[-1]))
    return path


# %% An exercise tags=["active-ipynb"]
# ag.exercise(f(ag.Value(0.0, "t")), "step", seed=2)


# %% All of it
def main() -> None:
    print("the slope of f at t = 0")
    for h in (1, 0.001):
        print(f"  {f'rise over run, h = {h}':24} {rise_over_run(0.0, h):10.6f}")
    print(f"  {'the engine':24} {slope(0.0):10.6f}")
    print()
    print("six steps from t = 0 towards the lowest point, t = 3")
    for alpha in (0.1, 0.5, 1.0, 1.1):
        print(f"  alpha {alpha} ", *(f"{t:6.2f}" for t in descend(alpha)))


if __name__ == "__main__":
    main()
