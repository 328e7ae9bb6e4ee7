"""Lesson 4. Both passes, step by step.

steps() gives the backward pass as a sequence of contributions, in the order in which backward()
makes them: delta(v) is the derivative of the output by v so far, and each operation adds the
partial by its operand times its own delta. Below, f = tanh(a*b + a) + relu(b): the relu is off,
so its partial is 0. The same in a terminal, with keys for next, back and run:

    python -m autograd_engine step "tanh(a*b + a) + relu(b)" a=0.5 b=-2

It prints:

    forward
      v1 = a*b = 0.5*(-2) = -1
      v2 = v1 + a = -1 + 0.5 = -0.5
      v3 = tanh(v2) = tanh(-0.5) = -0.462117
      v4 = ReLU(b) = ReLU(-2) = 0
      f = v3 + v4 = -0.462117 + 0 = -0.462117
    backward, from delta(f) = 1
      v3   0 + 1 * 1 = 1
      v4   0 + 1 * 1 = 1
      b    0 + 0 * 1 = 0
      v2   0 + 0.786448 * 1 = 0.786448
      v1   0 + 1 * 0.786448 = 0.786448
      a    0 + 1 * 0.786448 = 0.786448
      a    0.786448 + -2 * 0.786448 = -0.786448
      b    0 + 0.5 * 0.786448 = 0.393224
    the gradients of backward(): a -0.786448, b 0.393224
"""

import autograd_engine as ag


# %% Two leaves that are used twice
def expression() -> tuple[ag.Value, ag.Value, ag.Value]:
    """Return f and the leaves a and b that it was made of."""
    a, b = ag.Value(0.5), ag.Value(-2.0)
    f = ag.tanh(a * b + a) + ag.relu(b)
    ag.name_values(locals())
    return f, a, b


# %% tags=["active-ipynb"]
# f, a, b = expression()
# ag.draw(f)


# %% The gradient of a leaf is the sum of the contributions to it
def replayed(output: ag.Value, leaf: ag.Value) -> float:
    """Return the derivative by a leaf, added up from the contributions to it."""
    return ag.sum(step.partial * step.adjoint for step in ag.steps(output) if step.operand is leaf)


# %% tags=["active-ipynb"]
# ag.steps(f)


# %% An exercise tags=["active-ipynb"]
# ag.exercise(f, seed=4)


# %% Both passes
def main() -> None:
    f, a, b = expression()
    steps = ag.steps(f)
    print("forward")
    for step in steps.forward:
        print(f"  {step}".replace("\N{MIDDLE DOT}", "*"))  # for terminals that lack it
    print("backward, from delta(f) = 1")
    for step in steps:
        added = f"{step.before:.6g} + {step.partial:.6g} * {step.adjoint:.6g}"
        print(f"  {steps.name(step.operand):4} {added} = {step.after:.6g}")
    f.backward()
    print(f"the gradients of backward(): a {a.grad:.6g}, b {b.grad:.6g}")


if __name__ == "__main__":
    main()
