"""Lesson 16. Handwritten digits, read from 64 pixels, with scalars all the way down.

A network 64-12-10 learns from 300 images of 8 by 8 pixels in a few seconds, and then reads
nine of ten of 100 images that it has never seen, or more. Every weight, product and sum in
it is one Value: the graph of a single image's loss holds more than 1,000 of them.

It prints:

    epoch 1   loss 1.794   training accuracy 46%
    epoch 2   loss 0.813   training accuracy 91%
    epoch 3   loss 0.401   training accuracy 95%
    epoch 4   loss 0.228   training accuracy 97%
    epoch 5   loss 0.151   training accuracy 98%
    test accuracy 0.920

       @@@#     *@@@      +@@@@      #@       .@#:      :@@:
      @@*@@    :@@@@      @@::.      @@:      #@@@      @@#@:
      :  @:    .* @@     :@@:        @@:      @: +:    :@. *:
        :@       @@+     .@@@:      :@@*     .@:  *    :@  :*
      .@@@*      @@@:       *#      *@@*     :@: .*    *@  +*
      :@@*         @*        @      *@@#     :@  :*    :@  **
       *#       :@@@*     :*@*      #@@@      @:+@:     @*:@:
       @:       *@@@.     *@@        :*@*     :@@*      :@@*
    read 7    read 3    read 5    read 8    read 0    read 0
    is   7    is   3    is   5    is   1    is   0    is   0
"""

import random

import autograd_engine as ag


# %% The images
def images() -> tuple[list, list]:
    """Return 300 images to train on and 100 to test with, the pixels from 0 to 1."""
    digits = ag.datasets.digits()[:400]
    samples = [([pixel / 16 for pixel in image], digit) for image, digit in digits]
    return samples[:300], samples[300:]


# %% Training
def learn(epochs: int = 5):
    """Return the trained model and the record of its training."""
    train, _ = images()
    model = ag.nn.MLP(64, [12, 10], activation="tanh", init="xavier", rng=random.Random(0))
    loss, optimizer = ag.losses.cross_entropy, ag.optim.Adam(model.parameters(), lr=0.02)
    return model, ag.fit(model, train, loss, optimizer, epochs, batch_size=16, progress=False)


# %% Reading
def read(model, image: list[float]) -> int:
    """Return the digit with the highest score."""
    with ag.no_grad():
        scores = model(image)
    return scores.index(max(scores))


def drawn(image: list[float]) -> list[str]:
    """Return the image as eight lines of text."""
    pixels = "".join(" .:+*#@@@"[round(8 * pixel)] for pixel in image)
    return [pixels[start : start + 8] for start in range(0, 64, 8)]


def accuracy(model) -> float:
    """Return the share of the test images that it reads rightly."""
    return ag.mean(float(read(model, image) == digit) for image, digit in images()[1])


# %% An exercise tags=["active-ipynb"]
# w = [ag.Value(0.5, "w0"), ag.Value(1.0, "w1")]
# ag.exercise(ag.tanh(ag.dot(w, [0.5, 1.0])), "values", seed=16)


# %% All of it
def main() -> None:
    model, history = learn()
    for epoch, (loss, right) in enumerate(zip(history.loss, history.accuracy), 1):
        print(f"epoch {epoch}   loss {loss:.3f}   training accuracy {right:.0%}")
    print(f"test accuracy {accuracy(model):.3f}")
    print()
    shown = images()[1][:6]
    for lines in zip(*(drawn(image) for image, _ in shown)):
        print("  ".join(lines).rstrip())
    print("  ".join(f"read {read(model, image):<3}" for image, _ in shown).rstrip())
    print("  ".join(f"is   {digit:<3}" for _, digit in shown).rstrip())


if __name__ == "__main__":
    main()
