"""Lesson 18. Attention: a token asks, and takes from the others by how well they answer.

Each token is a short vector. It asks with a query q, answers with a key k and gives a value v,
each of them the vector times a matrix of weights. Its scores are the products of its query with
every key, divided by the square root of their length; softmax makes weights of them, and the
output is the mean of the values by these weights. Products, sums, a softmax: no more is new.

It prints:

    who asks   looks at    the   cat   sat
    before
      the                   0.20  0.35  0.45
      cat                   0.97  0.02  0.00
      sat                   0.70  0.18  0.12
    after 50 steps: the loss from 1.698 to 0.013
      the                   0.33  0.14  0.53
      cat                   0.13  0.87  0.01
      sat                   0.00  0.99  0.01
"""

import random

import autograd_engine as ag

TOKENS = {"the": [1.0, 0.0, 0.2], "cat": [0.0, 1.0, 0.4], "sat": [0.1, 0.9, -0.5]}
SIZE = 3


# %% Queries, keys and values
class Head(ag.nn.Module):
    """One head of attention: three square matrices."""

    def __init__(self, seed: int = 0) -> None:
        rng = random.Random(seed)
        self.query, self.key, self.value = (
            [[ag.Value(rng.gauss(0.0, 1.0)) for _ in range(SIZE)] for _ in range(SIZE)]
            for _ in range(3)
        )

    def __call__(self, tokens):
        """Return the outputs and, for each token, the weights of all tokens."""
        with ag.region("attention"):
            q, k, v = (
                [[ag.dot(row, token) for row in matrix] for token in tokens]
                for matrix in (self.query, self.key, self.value)
            )
            scores = [[ag.dot(a, b) / SIZE**0.5 for b in k] for a in q]
            weights = [ag.softmax(row) for row in scores]
            outputs = [[ag.dot(row, column) for column in zip(*v)] for row in weights]
        return outputs, weights


# %% A lesson to learn: "sat" is to look at "cat"
def loss(head: Head) -> ag.Value:
    """Return -ln of the weight that "sat" gives to "cat"."""
    _, weights = head(TOKENS.values())
    found = -ag.log(weights[2][1])
    found.label = "loss"
    return found


# %% tags=["active-ipynb"]
# head = Head()
# loss(head).backward()
# ag.draw(loss(head), style="folded")

# %% An exercise tags=["active-ipynb"]
# q, k = ag.Value(1.0, "q"), [ag.Value(0.5, "k0"), ag.Value(-1.0, "k1")]
# ag.exercise(-ag.log(ag.softmax([q * x for x in k])[1]), seed=18)


def learn(head: Head, steps: int = 50) -> list[float]:
    """Return the loss before each step against the gradient."""
    losses, optimizer = [], ag.optim.SGD(head.parameters(), lr=0.5)
    for _ in range(steps):
        losses.append(loss(head))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    return [loss.data for loss in losses]


def table(head: Head) -> list[str]:
    """Return the weights: a row for each token that asks."""
    rows = zip(TOKENS, head(TOKENS.values())[1])
    return [f"  {name:20} " + " ".join(f"{w.data:5.2f}" for w in row) for name, row in rows]


def main() -> None:
    head = Head()
    print("who asks   looks at   ", "   ".join(TOKENS))
    print("before", *table(head), sep="\n")
    losses = learn(head)
    print(f"after {len(losses)} steps: the loss from {losses[0]:.3f} to {losses[-1]:.3f}")
    print(*table(head), sep="\n")


if __name__ == "__main__":
    main()
