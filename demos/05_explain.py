"""Lesson 5. The chain rule explained, with its numbers.

Lesson 2 multiplied the factors of the chain rule by hand. Here explain() writes them out for
the same two layers: labelled values are its variables, what lies between two of them is one
factor, and each factor is derived below from the rules of its operations. name_values() labels
values by their variables. In a notebook the last line of a cell shows it as LaTeX; print()
shows text, and .ascii the same for terminals that lack the signs.

It prints:

    dJ/dtheta2 = dJ/dy * dy/dtheta2
               = -0.572031 * 0.379949
               = -0.217342

    dJ/dtheta1 = dJ/dy * dy/dh * dh/dtheta1
               = -0.572031 * 0.6 * 0.427819
               = -0.146835

    where

    J = (d - y)^2/2 = 0.16361
      dJ/dy = -(d - y) = -(0.8 - 0.227969) = -0.572031
        by divide: d(u/v)/du = 1/v; power: du^2/du = 2*u; subtract: d(u - v)/dv = -1

    y = theta2*h = 0.227969
      dy/dh = theta2 = 0.6

    h = tanh(theta1*x) = 0.379949
      dh/dtheta1 = (1 - h^2)*x = (1 - 0.379949^2)*0.5 = 0.427819
        by tanh: d tanh(u)/du = 1 - tanh(u)^2; multiply: d(u*v)/du = v

    theta1 = 0.8

    2 ** 10000 paths, and the derivative is 1
"""

import autograd_engine as ag


# %% Two layers of one unit each
def layers() -> dict[str, ag.Value]:
    """Return the values of two layers of one unit each, every one with its name."""
    x, d = ag.Value(0.5), ag.Value(0.8)
    theta1, theta2 = ag.Value(0.8), ag.Value(0.6)
    h = ag.tanh(theta1 * x)
    y = theta2 * h
    J = (d - y) ** 2 / 2
    ag.name_values(locals())
    return locals()


# %% tags=["active-ipynb"]
# values = layers()
# ag.draw(values["J"])


# %% tags=["active-ipynb"]
# ag.explain(values["J"], values["theta1"])


# %% Far too many paths to list
def ladder(rungs: int) -> tuple[ag.Value, ag.Value]:
    """Return the top and the bottom of a ladder on which each rung doubles the paths."""
    bottom = top = ag.Value(1.0, label="x")
    for _ in range(rungs):
        top = (top + top) * 0.5
    return top, bottom


# %% An exercise tags=["active-ipynb"]
# ag.exercise(values["J"], "factor", seed=5)


# %% As text
def main() -> None:
    values = layers()
    print(ag.explain(values["J"], values["theta2"]).ascii.split("where")[0].rstrip())
    print()
    print(ag.explain(values["J"], values["theta1"]).ascii)
    many = ag.explain(*ladder(10_000))
    print("2 ** 10000 paths, and the derivative is", many.ascii.splitlines()[0].split(" = ")[-1])


if __name__ == "__main__":
    main()
