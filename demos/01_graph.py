"""Lesson 1. What a graph is: every number remembers what it was computed from.

A Value holds a number. Whatever is computed from Values is a Value again, and it remembers its
operands and the operation: that is the graph. Forwards it gives the result. Backwards, from the
result to where it came from, it gives the derivative by every number on the way: how much the
result changes for each unit by which that number changes. `backward()` writes it into `grad`.

It prints:

    value   number   computed as   from   grad
    a            2   -             -        -3
    b           -3   -             -         2
    c           10   -             -         1
    p           -6   *             a, b      1
    e            4   +             p, c      1

    a from 2 to 2.001 moves e by -0.003: -3 for each unit, its grad
"""

import autograd_engine as ag


# %% An expression, and the graph that it leaves behind
def expression(a=2.0, b=-3.0, c=10.0) -> ag.Value:
    """Return e = a * b + c, with a name for every value."""
    a, b, c = ag.Value(a, "a"), ag.Value(b, "b"), ag.Value(c, "c")
    p = a * b
    p.label = "p"
    e = p + c
    e.label = "e"
    return e


# %% tags=["active-ipynb"]
# e = expression()
# e.backward()
# ag.draw(e)


# %% The same as a table: `ag.graph.nodes` lists the values, operands before results
def rows(e: ag.Value) -> list[str]:
    """Return a line for each value of the graph, the leaves first."""
    found = sorted(ag.graph.nodes(e), key=lambda value: (bool(value.operands), value.label))
    found.sort(key=lambda value: value is e)
    return [
        f"{value.label:5}  {value.data:7g}   {value.op or '-':11}   "
        f"{', '.join(operand.label for operand in value.operands) or '-':4}  {value.grad:5g}"
        for value in found
    ]


# %% An exercise tags=["active-ipynb"]
# ag.exercise(expression(), seed=1)


def main() -> None:
    e = expression()
    e.backward()
    print("value   number   computed as   from   grad")
    print("\n".join(rows(e)))
    print()
    moved = expression(a=2.001).data - e.data
    print(f"a from 2 to 2.001 moves e by {moved:.3f}: {moved / 0.001:.0f} for each unit, its grad")


if __name__ == "__main__":
    main()
