"""Lesson 10. Node deltas of a network that learns XOR, beside published figures.

Some books teach backpropagation by deltas: a node's delta is -dE/d(its weighted sum), and
the gradient of a connection is -dE/dw = (activation it comes from) * (delta it goes to). The
engine has no notion of deltas, yet holds them all: after backward() the `grad` of each
weighted sum is minus its delta.

It prints:

                      by hand   the engine    published
      o1_delta       0.045166     0.045166     0.045185
      h1_delta      -0.002318    -0.002318    -0.002318
      h2_delta       0.005030     0.005030     0.005032
      h1_to_o1       0.016735     0.016735     0.016742
      h2_to_o1       0.033458     0.033458     0.033472
      bias_to_o1     0.045166     0.045166     0.045185
    The published figures differ from the fourth digit on: they were
    computed with numbers that had been rounded in between.
"""

import autograd_engine as ag

# %% A network that learns XOR, and what was published
INPUTS, IDEAL = [1.0, 0.0], 1.0
HIDDEN_WEIGHTS, HIDDEN_BIASES = [[-0.07, 0.22], [0.94, 0.46]], [-0.46, 0.11]
OUTPUT_WEIGHTS, OUTPUT_BIAS = [-0.22, 0.58], 0.78
PUBLISHED = {
    "o1_delta": 0.04518482993361776,
    "h1_delta": -0.0023181625149143255,
    "h2_delta": 0.005031782661407674,
    "h1_to_o1": 0.01674174257328656,
    "h2_to_o1": 0.033471787838638474,
    "bias_to_o1": 0.04518482993361776,
}


# %% What the engine finds
def by_engine() -> dict[str, float]:
    """Return the deltas and the gradients of the output's connections, read off the graph."""
    weights = [ag.Value(w) for w in OUTPUT_WEIGHTS]
    bias = ag.Value(OUTPUT_BIAS)
    sums = [ag.dot(row, INPUTS, ag.Value(b)) for row, b in zip(HIDDEN_WEIGHTS, HIDDEN_BIASES)]
    total = ag.dot(weights, [z.sigmoid() for z in sums]) + bias
    ag.losses.half_squared_error(total.sigmoid(), IDEAL).backward()
    return {
        "o1_delta": -total.grad,
        "h1_delta": -sums[0].grad,
        "h2_delta": -sums[1].grad,
        "h1_to_o1": -weights[0].grad,
        "h2_to_o1": -weights[1].grad,
        "bias_to_o1": -bias.grad,
    }


# %% By the rules of deltas
def by_hand() -> dict[str, float]:
    """Return the same by the rules of deltas, on plain numbers."""
    sums = [ag.dot(row, INPUTS) + b for row, b in zip(HIDDEN_WEIGHTS, HIDDEN_BIASES)]
    h1, h2 = (ag.sigmoid(z) for z in sums)
    o1 = ag.sigmoid(ag.dot(OUTPUT_WEIGHTS, [h1, h2]) + OUTPUT_BIAS)
    delta = (IDEAL - o1) * o1 * (1 - o1)
    return {
        "o1_delta": delta,
        "h1_delta": OUTPUT_WEIGHTS[0] * delta * h1 * (1 - h1),
        "h2_delta": OUTPUT_WEIGHTS[1] * delta * h2 * (1 - h2),
        "h1_to_o1": h1 * delta,
        "h2_to_o1": h2 * delta,
        "bias_to_o1": delta,
    }


# %% An exercise tags=["active-ipynb"]
# w, b = [ag.Value(0.5, "w0"), ag.Value(-1.0, "w1")], ag.Value(0.5, "b")
# ag.exercise(ag.losses.half_squared_error(ag.sigmoid(ag.dot(w, INPUTS) + b), IDEAL), seed=10)


# %% Side by side
def main() -> None:
    hand, engine = by_hand(), by_engine()
    print(f"{'':12} {'by hand':>12} {'the engine':>12} {'published':>12}")
    for name, published in PUBLISHED.items():
        print(f"  {name:10} {hand[name]:12.6f} {engine[name]:12.6f} {published:12.6f}")
    print("The published figures differ from the fourth digit on: they were")
    print("computed with numbers that had been rounded in between.")


if __name__ == "__main__":
    main()
