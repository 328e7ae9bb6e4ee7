"""Lesson 17. A recurrence, and why its gradient vanishes.

A recurrent network reads a sequence one number at a time into a state h, with the same weights
at every step: h[t] = tanh(w h[t-1] + u x[t]). On the way back the chain rule has one factor for
each step, w (1 - h[t]**2), and delta[t], the derivative of the last state by h[t], is the product
of those after t. Factors below 1 leave nothing of it: what came long ago cannot be learned. A
larger w does not help, since tanh then flattens; where it does not, factors above 1 explode. A
state that is added to has the factor 1, which is why LSTMs and residual networks add.

It prints:

    delta[t], the derivative of the state h[50] by h[t]
                            t =      49       45       40       30       20        0
      w = 0.5                   5.0e-01  3.0e-02  8.8e-04  7.8e-07  6.9e-10  5.5e-16
      w = 1.5, flattened        3.4e-01  4.8e-03  2.3e-05  5.3e-10  1.2e-14  2.6e-20
      w = 1.5, nothing to read  1.5e+00  7.6e+00  5.8e+01  3.3e+03  1.9e+05  6.4e+08
      added to                  1.0e+00  1.0e+00  1.0e+00  1.0e+00  1.0e+00  1.0e+00

    ag.diagnose calls them: vanishing, vanishing, exploding, all is well
"""

import autograd_engine as ag

STEPS = 50


# %% Two kinds of steps
def overwritten(h, x, w):
    """Return the next state of a recurrent network."""
    return ag.tanh(w * h + 0.1 * x)


def added_to(h, x, w):
    """Return the next state where what is read is added."""
    return h + 0.1 * ag.tanh(w * x)


# %% A sequence, and the states that it leads through
def states(cell, w: float, x: float, steps: int = STEPS) -> list[ag.Value]:
    """Return h[0], h[1], ... of a sequence that is the same number at every step."""
    weight, h = ag.Value(w, "w"), [ag.Value(0.0, "h0")]
    for t in range(1, steps + 1):
        h.append(cell(h[-1], x, weight))
        h[-1].label = f"h{t}"
    return h


# %% tags=["active-ipynb"]
# h = states(overwritten, 0.5, 0.5, steps=3)
# h[-1].backward()
# ag.draw(h[-1], style="compact")

# %% The chain rule through three steps tags=["active-ipynb"]
# ag.explain(h[3], h[0])

# %% Through fifty
CASES = {
    "w = 0.5": (overwritten, 0.5, 0.5),
    "w = 1.5, flattened": (overwritten, 1.5, 0.5),
    "w = 1.5, nothing to read": (overwritten, 1.5, 0.0),
    "added to": (added_to, 0.5, 0.5),
}


def deltas(name: str) -> list[float]:
    """Return the derivative of the last state by each state, in order."""
    h = states(*CASES[name])
    return ag.gradient(h[-1], h)


def complaint(name: str) -> str:
    """Return what `ag.diagnose` calls the flow of the gradient in this case."""
    h = states(*CASES[name])
    h[-1].backward()
    found = [one.kind.split()[0] for one in ag.diagnose(h[-1], h[:1])]
    return found[0] if found else "all is well"


# %% An exercise tags=["active-ipynb"]
# ag.exercise(states(overwritten, 0.5, 0.5, steps=2)[-1], seed=17)


def main() -> None:
    shown = (49, 45, 40, 30, 20, 0)
    print("delta[t], the derivative of the state h[50] by h[t]")
    print(f"{'t =':>27}", "  ".join(f"{t:7}" for t in shown))
    for name in CASES:
        delta = deltas(name)
        print(f"  {name:25}", "  ".join(f"{delta[t]:.1e}" for t in shown))
    print()
    print("ag.diagnose calls them:", ", ".join(map(complaint, CASES)))


if __name__ == "__main__":
    main()
