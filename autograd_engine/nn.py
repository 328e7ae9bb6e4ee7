"""Neural networks of scalar values: Module, Neuron, Layer, MLP.

A neuron marks its output as a region with its dotted name, "layers.0.neurons.3".
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import sqrt
from operator import index
from typing import Any, SupportsIndex

from autograd_engine.columns import ACTIVATIONS, fire
from autograd_engine.engine import Value
from autograd_engine.modules import Module, traits_of
from autograd_engine.notes import FIRED, Note
from autograd_engine.real import check_whole, flag, is_number

__all__ = ["ACTIVATIONS", "MLP", "Layer", "Module", "Neuron"]

Activation = str | Callable[[Any], Any]
Initialiser = Callable[[int, int, Any], float]  # (nin, nout, rng) -> one weight
Init = str | Initialiser | None


def _xavier(nin: int, nout: int, rng: Any) -> Any:
    """Glorot and Bengio 2010: keeps the variance of signals and of gradients."""
    bound = sqrt(6.0 / (nin + nout))
    return rng.uniform(-bound, bound)


INITIALISERS: dict[Any, Initialiser] = {
    **dict.fromkeys([None, "uniform"], lambda nin, nout, rng: rng.uniform(-1, 1)),
    "he": lambda nin, nout, rng: rng.gauss(0.0, sqrt(2.0 / nin)),  # for relu: He et al. 2015
    **dict.fromkeys(["xavier", "glorot"], _xavier),
}


class Neuron(Module):
    """A weighted sum of its inputs and a bias, then an activation unless `nonlin` is false.

    `activation` is a name in `ACTIVATIONS` or a function; `init` None (uniform from -1 to 1), "he",
    "xavier" or a function (nin, nout, rng) -> float, called for each weight; `rng` a
    `random.Random`; `nout` the size of the neuron's layer. Raises `ValueError` for unknown names
    and a wrong number of inputs, `TypeError` for arguments of the wrong kind.

    >>> neuron = Neuron(2, activation="tanh", init=lambda nin, nout, rng: 1.0 / nin)
    >>> neuron, neuron([1.0, -1.0]).data
    (TanhNeuron(2), 0.0)
    """

    _region = Note("", "neuron", ended=FIRED)

    def __init__(
        self,
        nin: SupportsIndex,
        nonlin: object = True,
        *,
        activation: Activation = "relu",
        bias: object = True,
        init: Init = None,
        rng: Any = None,
        nout: SupportsIndex = 1,
    ) -> None:
        nin, nout = _count("inputs (nin)", nin), _count("outputs (nout)", nout)
        for what, named, known in (
            ("activation", activation, ACTIVATIONS), ("init", init, INITIALISERS),
        ):  # fmt: skip
            if not callable(named) and not (isinstance(named, str | None) and named in known):
                told = f"known are {', '.join(map(str, known))}, or write a function"
                raise ValueError(f"there is no {what} {named!r}; {told}")
        if rng is not None and not hasattr(rng, "uniform"):
            raise TypeError(f"rng is a random.Random: write random.Random({rng!r:.60})")
        for name, given in (("bias", bias), ("nonlin", nonlin)):
            if not is_number(given) or given not in (0, 1):  # which micrograd takes too
                flag(name, given)
        draw = init if callable(init) else INITIALISERS[init]
        self.w = [Value(draw(nin, nout, rng or random)) for _ in range(nin)]
        self.b = Value(0.0) if bias else None
        self.nonlin, self.activation = nonlin, activation

    def __call__(self, x: Any) -> Any:
        """Return the activation of the weighted sum of the inputs and the bias."""
        return fire([self], x)

    def _place(self, attributes: dict[str, object], path: str) -> None:
        """Leave weights and bias, of which there are many, to be named by their region."""
        super()._place({name: x for name, x in attributes.items() if name not in ("w", "b")}, path)

    def _traits(self) -> Any:
        activation = self.activation if self.nonlin else "linear"
        if not isinstance(activation, str):
            activation = getattr(activation, "__name__", type(activation).__name__)
        return len(self.w), 1, activation

    def __repr__(self) -> str:
        nin, _, title = self._traits()
        if self.activation == title or not self.nonlin:  # it has it by name
            title = _TITLES.get(title, title.title())
        return f"{title}Neuron({nin})"


_OWN = Neuron.__call__
_TITLES = {"relu": "ReLU", "gelu": "GELU", "silu": "SiLU", "elu": "ELU", "leaky_relu": "LeakyReLU"}


class Layer(Module):
    """Neurons side by side, all fed the same inputs; one alone gives a value, not a list.

    Takes what `Neuron` takes. Raises `ValueError` for fewer than one input or output.

    >>> Layer(3, 2, nonlin=False)
    Layer(3, 2, linear), 8 parameters
    """

    def __init__(self, nin: SupportsIndex, nout: SupportsIndex, **kwargs: Any) -> None:
        nout = _count("outputs (nout)", nout)
        self.neurons = [Neuron(nin, nout=nout, **kwargs) for _ in range(nout)]

    def __call__(self, x: Any) -> Any:
        """Return what each neuron makes of the inputs."""
        return fire(self.neurons, x, _OWN)

    def _traits(self) -> Any:
        inner = [neuron._traits() for neuron in self.neurons]
        return inner[0][0], len(inner), "/".join(dict.fromkeys(how for *_, how in inner))


class MLP(Module):
    """A multi-layer perceptron: layers of the sizes in `nouts`, the last one linear.

    Takes what `Neuron` takes, and `output_activation` for the last layer. Raises `ValueError` for
    zero layers or a size below one.

    >>> random.seed(1337)
    >>> MLP(2, [16, 16, 1])([1.0, 2.0])
    Value(data=-1.530358061910418, grad=0.0)
    >>> MLP(3, [4, 4, 1], activation="tanh", output_activation="tanh")
    MLP(3, [4, 4, 1], tanh, output_activation=tanh), 41 parameters
    """

    def __init__(
        self,
        nin: SupportsIndex,
        nouts: Sequence[SupportsIndex],
        *,
        activation: Activation = "relu",
        output_activation: Activation | None = None,
        bias: object = True,
        init: Init = None,
        rng: Any = None,
    ) -> None:
        if not hasattr(nouts, "__len__") or isinstance(nouts, str):
            raise TypeError(f"nouts is a list of layer sizes, such as [{nouts}]; got {nouts!r}")
        if not len(nouts):
            raise ValueError("an MLP needs at least one layer, but nouts is empty")
        shared: dict[str, Any] = {"bias": bias, "init": init, "rng": rng}
        *inner, last = pairwise([nin, *(_count("outputs of a layer", size) for size in nouts)])
        layers = [Layer(*pair, activation=activation, **shared) for pair in inner]
        squashed = output_activation is not None
        ending: Any = output_activation if squashed else activation
        self.layers = [*layers, Layer(*last, nonlin=squashed, activation=ending, **shared)]

    def __call__(self, x: Any) -> Any:
        """Return what the last layer makes of what the others make of the inputs."""
        for layer in self.layers:
            x = layer(x)
        return x

    def _outline(self) -> str:
        traits: list[Any] = list(map(traits_of, self.layers))
        if not traits or None in traits:  # its parts were exchanged
            return super()._outline()
        *rows, last = traits
        outline = [str(traits[0][0]), str([nout for _, nout, _ in traits])]
        outline += ["/".join(dict.fromkeys(how for *_, how in rows))] if rows else []
        outline += [f"output_activation={last[2]}"] if last[2] != "linear" else []
        return ", ".join(outline)


def _count(what: str, number: Any) -> int:
    check_whole(f"the number of {what}", number, 1)
    return index(number)
