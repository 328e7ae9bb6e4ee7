"""Lesson 21. Experiment freely: a function of your own, higher derivatives, and a checker.

`ag.primitive` takes a function and its derivative, and adds a primitive as good as the
built-in ones. `ag.grad` of `ag.grad` gives the second derivative, and so on: the derivative
is written with the package's functions, so it can be differentiated again. And where the
derivative is wrong, `ag.check_gradients` says so, with the numbers that differ.

It prints:

    e**(-x*x) at x = 0.3    the engine   by formula
      value                   0.913931     0.913931
      slope                  -0.548359    -0.548359
      second derivative      -1.498847    -1.498847
      third derivative        3.092743     3.092743
    sin and its derivatives at 0: 0 1 0 -1 0 1 0 -1
    the checker on bump: all is well
    the checker on forgetful:
    derivatives differ from central differences:
           input                 analytic                  numeric   difference
            x[0]      -0.2741793555813685      -0.5483587111627576        0.274 <- differs
"""

import math

import autograd_engine as ag

# %% Two primitives of our own, the second with a slip
bump = ag.primitive("bump", lambda x: math.exp(-x * x), lambda out, x: (-2 * x * out,))
forgetful = ag.primitive("forgetful", lambda x: math.exp(-x * x), lambda out, x: (-x * out,))


# %% Derivatives of derivatives
def derivatives(f, x: float, order: int) -> list[float]:
    """Return f(x) and its derivatives at x up to that order."""
    numbers = []
    for _ in range(order + 1):
        numbers.append(f(x))
        f = ag.grad(f)
    return numbers


def by_formula(x: float) -> list[float]:
    """Return the bump and its first three derivatives as a textbook has them."""
    return [factor * math.exp(-x * x) for factor in (1, -2 * x, 4 * x**2 - 2, 12 * x - 8 * x**3)]


# %% The checker
def complaint(f, x: float) -> str:
    """Return what the checker says about the derivatives of f at x; "" if all is well."""
    try:
        ag.check_gradients(f, x, order=2)
    except AssertionError as error:
        return str(error)
    return ""


# %% An exercise tags=["active-ipynb"]
# x = ag.Value(0.3, "x")
# ag.exercise(bump(x) * x, seed=21)


# %% All of it
def main() -> None:
    x = 0.3
    print("e**(-x*x) at x = 0.3    the engine   by formula")
    names = ("value", "slope", "second derivative", "third derivative")
    for name, ours, formula in zip(names, derivatives(bump, x, 3), by_formula(x)):
        print(f"  {name:18} {ours:13.6f} {formula:12.6f}")
    print("sin and its derivatives at 0:", *(f"{d + 0:g}" for d in derivatives(ag.sin, 0.0, 7)))
    print("the checker on bump:", complaint(bump, x) or "all is well")
    print("the checker on forgetful:")
    print(complaint(forgetful, x))


if __name__ == "__main__":
    main()
