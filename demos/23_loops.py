"""Lesson 23. Loops: write steps, run `repeat`.

A recurrence is recorded step by step: a swing for 500 moments is 3,000 Values, a network that
reads 60 numbers is 60 copies of one cell. `ag.compile` sees that the graph repeats itself along
its depth. What comes out is one step, told once, inside of a loop: its states carry over, what
differs by step stands in an array, row t for step t. The gradient is a loop too, backwards.

Nothing says where the loop is: it is found. So whatever you write as a loop of Python comes out
as one, be it a physical system, Newton's iteration, a filter or gradient descent itself. Where
one step differs from the others, there are two loops around it.

It prints:

    the swing, 500 steps recorded, as it is run:
      repeat 500 times, t = 0, 1, ..., 499:
          v3[t] () = sin(s4)
          v4[t] () = s3 - v2 * v3[t]
          v5[t] () = 0.01 * v4[t] + s4
          s3, s4 = v4[t], v5[t]
    a reader of 60 numbers: 4,821 recorded nodes are 3 steps; of 120, 9,621 are 3
      repeat 60 times, t = 0, 1, ..., 59:
    one step that differs:
      repeat 30 times, t = 0, 1, ..., 29:
      repeat 29 times, t = 0, 1, ..., 28:
    value and gradient as before, to 12 digits: True, True, True
"""

import random

import autograd_engine as ag


# %% A swing
def swing(steps: int = 500) -> ag.Value:
    """Return the energy of a pendulum after some steps of Euler's method."""
    angle, speed = ag.Value(0.7, "angle"), ag.Value(0.0, "speed")
    gravity, length = ag.Value(9.81), ag.Value(1.2)
    for _ in range(steps):
        speed = speed - 0.01 * (gravity / length) * ag.sin(angle)
        angle = angle + 0.01 * speed
    return speed * speed / 2.0 - gravity / length * ag.cos(angle)


# %% A network that reads
def reader(numbers: int, units: int = 20) -> ag.Value:
    """Return what a recurrent network makes of a sequence of random numbers."""
    rng = random.Random(0)
    w = [[ag.Value(rng.gauss(0.0, 0.2)) for _ in range(units)] for _ in range(units)]
    u = [ag.Value(rng.gauss(0.0, 1.0)) for _ in range(units)]
    h = [ag.Value(0.0)] * units
    for _ in range(numbers):
        x = rng.gauss(0.0, 1.0)
        h = [ag.tanh(ag.dot(row, h) + weight * x) for row, weight in zip(w, u)]
    return ag.sum([state * state for state in h])


# %% A step that differs
def kicked(steps: int = 60) -> ag.Value:
    """Return the last state of a recurrence with one odd step in its middle."""
    w, h = ag.Value(1.5, "w"), ag.Value(0.1, "h")
    for t in range(steps):
        h = ag.sin(w * h) if t == steps // 2 else ag.tanh(w * h)
    return h


# %% What became of them
def loops(program, whole: bool = False) -> list[str]:
    """Return the loops of a program's listing: their heads, or with their bodies."""
    lines = program.source.splitlines()
    return [line for line in lines if line.startswith("repeat" if not whole else ("repeat", "  "))]


def agrees(output: ag.Value, program) -> bool:
    """Say whether value and gradient are the engine's."""
    value, gradient = program.value_and_grad()
    pairs = zip([value, *gradient], [output.data, *ag.gradient(output, program.parameters)])
    return all(abs(ours - theirs) < 1e-12 * (1.0 + abs(theirs)) for ours, theirs in pairs)


def main() -> None:
    graphs = [swing(), reader(60), kicked()]
    programs = [ag.compile(graph) for graph in graphs]
    print("the swing, 500 steps recorded, as it is run:")
    print("\n".join(f"  {line}" for line in loops(programs[0], whole=True)))
    nodes = [sum(node.operands != () for node in ag.graph.nodes(reader(n))) for n in (60, 120)]
    steps = [ag.compile(reader(n)).steps for n in (60, 120)]
    print(
        f"a reader of 60 numbers: {nodes[0]:,} recorded nodes are {steps[0]} steps; "
        f"of 120, {nodes[1]:,} are {steps[1]}"
    )
    print("\n".join(f"  {line}" for line in loops(programs[1])))
    print("one step that differs:")
    print("\n".join(f"  {line}" for line in loops(programs[2])))
    right = [agrees(*pair) for pair in zip(graphs, programs)]
    print("value and gradient as before, to 12 digits:", ", ".join(map(str, right)))


if __name__ == "__main__":
    main()
