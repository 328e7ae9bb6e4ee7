"""Lesson 20. Diagnose: what is wrong with a gradient, where, why, and the code that mends it.

The perceptron of lesson 8 once more, with the mistakes that everybody makes once: a gradient not
set to 0, a weight that `w = w - ...` made a computed value, a bias changed after the forward pass,
one so large that the unit is saturated. `ag.diagnose` finds them; its fixes are code, after which
all is well. `ag.diagnostics()` watches a block for a rate that overshoots, as in lesson 2.

It prints:

    healthy: all is well
    not set to 0
      accumulated gradient: the gradient of 'w0', 'w1' and 'b' is 2 times that of the output
      after the fix: all is well
    w0 = w0 - ...
      rebound parameter: 'w0' is no leaf any more
      after the fix: all is well
    changed too late
      changed leaf: 'b' got another number after the forward pass
      after the fix: all is well
    too large
      saturated unit: 1 sigmoid unit is saturated
      after the fix: all is well
    diagnostics: 1 finding in 6 backward passes

    1. overshooting step: a step overshoots: the output goes from 10 to 13.96 (in 6 of 6 steps)
       where: 't'
       why:   The gradient tells the slope at one place. The step went beyond the lowest point and
              up the other side: descent runs away. 0.5 of the step would go down.
       fix:   lr *= 0.5  # of an optimiser: optimizer.lr *= 0.5
    diagnostics: nothing found in 6 backward passes
"""

import autograd_engine as ag

# %% A perceptron
X, Y = [[0.2, -0.4], [1.0, 0.5], [-0.7, 0.9], [0.3, 0.8]], [0, 1, 0, 1]


def error(parameters):
    """Return the cross-entropy of a sigmoid unit with weights w0, w1 and bias b."""
    *w, b = parameters
    predictions = [ag.sigmoid(ag.dot(w, x) + b) for x in X]
    return ag.mean(-ag.log(p) if y else -ag.log(1 - p) for p, y in zip(predictions, Y))


def perceptron(mistake: str = "") -> dict:
    """Return the names of a program that makes the mistake: what a fix reads and changes."""
    w0, w1 = ag.Value(0.5, "w0"), ag.Value(-0.3, "w1")
    b = ag.Value(12.0 if mistake == "too large" else 0.1, "b")
    output = error([w0, w1, b])
    output.backward()
    if mistake == "not set to 0":
        output.backward()
    elif mistake == "w0 = w0 - ...":
        w0 = w0 - 0.5 * w0.grad
        w1.grad = b.grad = 0.0
        output = error([w0, w1, b])
    elif mistake == "changed too late":
        b.data += 1.0
    names = {"ag": ag, "output": output, "parameters": [w0, w1, b]}
    return {**names, "forward": lambda: error(names["parameters"])}


def complaints(names: dict) -> str:
    found = ag.diagnose(names["output"], names["parameters"])
    return "; ".join(f"{one.kind}: {one.what}" for one in found) or "all is well"


def mended(names: dict) -> str:
    """Return the complaints after the fix of the first finding: run it, it is code."""
    exec(ag.diagnose(names["output"], names["parameters"])[0].fix, names)
    return complaints(names)


def descend(alpha: float) -> None:
    """Descend on (t - 3)**2 + 1 as in lesson 2, and have it watched."""
    t = ag.Value(0.0, label="t")
    with ag.diagnostics():
        for _ in range(6):
            t.zero_grad()
            ((t - 3) ** 2 + 1).backward()
            t.data -= alpha * t.grad


# %% An exercise tags=["active-ipynb"]
# ag.exercise(perceptron()["output"], "step", seed=20)


def main() -> None:
    print("healthy:", complaints(perceptron()))
    for mistake in ("not set to 0", "w0 = w0 - ...", "changed too late", "too large"):
        names = perceptron(mistake)
        print(f"{mistake}\n  {complaints(names)}\n  after the fix: {mended(names)}")
    descend(alpha=1.1)
    descend(alpha=0.1)


if __name__ == "__main__":
    main()
