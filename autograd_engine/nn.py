"""Neural networks of scalar values: Module, Neuron, Layer, MLP.

With this module you build a multi-layer perceptron, feed it numbers or values, and get
values that can be differentiated by every weight:

>>> model = MLP(2, [4, 1], rng=random.Random(0))
>>> output = model([1.0, -2.0])
>>> output.backward()
>>> len([weight for weight in model.parameters() if weight.grad])
13

A neuron marks its output as a region with its own dotted name, such as
"layers.0.neurons.3"; the region of a layer, "layers.0", is the part before ".neurons.".
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import sqrt
from operator import index
from typing import Any

from autograd_engine.engine import LEAF, Note, Value, as_value
from autograd_engine.functions import dot, elu, gelu, leaky_relu, silu
from autograd_engine.graph import mark_region
from autograd_engine.real import is_number

Activation = str | Callable[[Any], Any]
Init = str | Callable[[int, int, Any], float] | None


class Module:
    """Something with parameters: the leaves found among its attributes.

    It looks at attributes that are values, modules, or lists, tuples, dicts and NumPy
    arrays of these, in the order in which they were set. A subclass may override
    `parameters()` instead. A parameter used in several places is listed once.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = Value(2.0), Value(1.0)
    ...     def __call__(self, x):
    ...         return self.slope * x + self.offset
    >>> [name for name, _ in Line().named_parameters()]
    ['slope', 'offset']
    """

    _region = Note()

    def __setattr__(self, name: str, value: object) -> None:
        """Set the attribute; modules in it get their region's name from it."""
        object.__setattr__(self, name, value)
        for path, module in _modules(value, name, {id(self)}):
            object.__setattr__(module, "_region", Note("", path))

    def parameters(self) -> list[Value]:
        """Return the values to be trained."""
        return [value for _, _, value in _gathered(self)]

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Return each parameter with the path of attributes that leads to it.

        >>> [name for name, _ in Layer(1, 2).named_parameters()]
        ['neurons.0.w.0', 'neurons.0.b', 'neurons.1.w.0', 'neurons.1.b']
        """
        if type(self).parameters is Module.parameters:
            return [(f"{path}{name}", value) for path, name, value in _gathered(self)]
        chosen: Found = []
        _choose(self, "", {id(self)}, chosen)
        return [(f"{path}{name}", value) for path, name, value in chosen]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """Return the number of each parameter, by name; `ValueError` if two have one name.

        >>> Neuron(1, init=lambda nin, nout, rng: 0.5).state_dict()
        {'w.0': 0.5, 'b': 0.0}
        """
        named = self.named_parameters()
        state = {name: value.data for name, value in named}
        if len(state) < len(named):
            raise ValueError(f"two parameters of {type(self).__name__} have the same name")
        return state

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set every parameter to the number under its name.

        Raises `ValueError` naming what is missing, surplus or no number, and then changes
        nothing.

        >>> neuron = Neuron(1)
        >>> neuron.load_state_dict({"w.0": 2.0, "b": -1.0})
        >>> neuron([3.0]).data
        5.0
        """
        named = self.named_parameters()
        names = {name for name, _ in named}
        missing = [name for name, _ in named if name not in state]
        surplus = [name for name in state if name not in names]
        if missing or surplus:
            wrong = [("missing", missing), ("surplus", surplus)]
            raise ValueError(
                "; ".join(f"{what} parameters: {_shown(some)}" for what, some in wrong if some)
            )
        numbers = [_finished(name, state[name]) for name, _ in named]
        for (_, parameter), number in zip(named, numbers, strict=True):
            parameter.data = number


def _finished(name: str, number: object) -> float:
    if is_number(number) and not isinstance(number, bool):
        try:
            return float(number)  # type: ignore[arg-type]
        except OverflowError:
            pass
    raise ValueError(
        f"parameter {name!r} must be a number, got {type(number).__name__}: {number!r:.40}"
    )


def _shown(names: Sequence[object]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(map(repr, names[:3])) + more


def _parts(item: Any) -> Iterable[tuple[Any, Any]]:
    """Return the parts of a container, each with its name inside it; of all else nothing."""
    if isinstance(item, (list, tuple)):
        return enumerate(item)
    if isinstance(item, Module):
        return vars(item).items()
    if isinstance(item, dict):
        return item.items()
    if getattr(getattr(item, "dtype", None), "hasobject", False):
        return enumerate(item.tolist())
    return ()


Found = list[tuple[str, Any, Value]]  # path with a final dot, name, leaf


def _gathered(module: Module) -> Found:
    """Return the leaves among a module's attributes, whatever its `parameters()` says."""
    found: Found = []
    _gather(module, "", {id(module)}, found)
    return found


def _gather(item: Any, path: str, seen: set[int], found: Found) -> None:
    """Add the leaves in a container, each once; `seen` holds the ids of what was met."""
    for name, part in _parts(item):
        if isinstance(part, Value):
            if part.rule is LEAF and id(part) not in seen:
                seen.add(id(part))
                found.append((path, name, part))
        elif isinstance(part, Module):
            if id(part) not in seen:
                seen.add(id(part))
                own = type(part).parameters is not Module.parameters
                (_choose if own else _gather)(part, f"{path}{name}.", seen, found)
        elif not isinstance(part, (str, float, int)):
            _gather(part, f"{path}{name}.", seen, found)


def _choose(module: Module, path: str, seen: set[int], found: Found) -> None:
    """Add what an overridden `parameters()` lists, by attribute where it is found in one."""
    names = {id(value): f"{inner}{name}" for inner, name, value in _gathered(module)}
    for i, parameter in enumerate(module.parameters()):
        if id(parameter) not in seen:
            seen.add(id(parameter))
            found.append((path, names.get(id(parameter), f"parameters.{i}"), parameter))


def _modules(item: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Module]]:
    """Return the modules in an attribute, each with the path that leads to it."""
    if isinstance(item, Module):
        if id(item) in seen:
            return
        seen.add(id(item))
        yield path, item
    if isinstance(item, (Module, dict, list, tuple)):
        for name, part in _parts(item):
            yield from _modules(part, f"{path}.{name}", seen)


class Neuron(Module):
    """A weighted sum of its inputs and a bias, then an activation unless `nonlin` is false.

    `activation` is one of the names in `ACTIVATIONS` or a function of one value. `init` is
    None (uniform from -1 to 1), "he", "xavier" (also called "glorot") or a function
    (nin, nout, rng) -> float, called for each weight; `rng` a `random.Random`, by default
    the module `random`; `nout` the size of the layer that the neuron stands in.

    Raises `ValueError` for fewer than one input and for names it does not know, and when
    it is called with the wrong number of inputs.

    >>> neuron = Neuron(2, activation="tanh", init=lambda nin, nout, rng: 1.0 / nin)
    >>> neuron
    TanhNeuron(2)
    >>> neuron([1.0, -1.0]).data
    0.0
    """

    _region = Note("", "neuron")

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        *,
        activation: Activation = "relu",
        bias: bool = True,
        init: Init = None,
        rng: Any = None,
        nout: int = 1,
    ) -> None:
        nin, nout = _count("inputs (nin)", nin), _count("outputs (nout)", nout)
        if not callable(activation) and activation not in ACTIVATIONS:
            raise ValueError(
                f"there is no activation {activation!r}; known are {', '.join(ACTIVATIONS)}"
            )
        if rng is not None and not hasattr(rng, "uniform"):
            raise TypeError(f"rng is a random.Random, such as random.Random({rng!r}); got {rng!r}")
        draw, rng = _initialiser(init), random if rng is None else rng
        self.w = [Value(draw(nin, nout, rng)) for _ in range(nin)]
        self.b = Value(0.0) if bias else None
        self.nonlin = nonlin
        self.activation = activation

    def __call__(self, x: Any) -> Any:
        inputs = x if type(x) is list else _inputs(x)
        if len(inputs) != len(self.w):
            raise ValueError(
                f"the neuron has {len(self.w)} weights but was given {len(inputs)} inputs"
            )
        output = dot(self.w, inputs, self.b)
        if self.nonlin:
            activate = self.activation
            if not isinstance(activate, str):
                output = as_value(activate(output))  # a step function may return plain numbers
                if hasattr(output, "note"):  # a label that it gave
                    mark_region(output, self._region.region)
                    return output
            else:
                output = ACTIVATIONS[activate](output)
        output.note = self._region  # what mark_region does, without an object for each call
        return output

    def __repr__(self) -> str:
        activation = self.activation if self.nonlin else "linear"
        if not isinstance(activation, str):
            title = getattr(activation, "__name__", type(activation).__name__)
        else:
            title = _TITLES.get(activation, activation.title())
        return f"{title}Neuron({len(self.w)})"


class Layer(Module):
    """Neurons side by side, all fed the same inputs; one alone gives a value, not a list.

    Takes what `Neuron` takes. Raises `ValueError` for fewer than one input or output.

    >>> Layer(3, 2, nonlin=False)
    Layer of [LinearNeuron(3), LinearNeuron(3)]
    """

    def __init__(self, nin: int, nout: int, **kwargs: Any) -> None:
        nout = _count("outputs (nout)", nout)
        self.neurons = [Neuron(nin, nout=nout, **kwargs) for _ in range(nout)]

    def __call__(self, x: Any) -> Any:
        # Numbers become constants here, so that the neurons share them.
        inputs = [as_value(item) for item in _inputs(x)]
        outputs = [neuron(inputs) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class MLP(Module):
    """A multi-layer perceptron: layers of the sizes in `nouts`, the last one linear.

    Takes `activation`, `bias`, `init` and `rng` as `Neuron` does. Raises `ValueError` for
    zero layers or a size below one.

    >>> random.seed(1337)
    >>> MLP(2, [16, 16, 1])([1.0, 2.0])
    Value(data=-1.530358061910418, grad=0.0)
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        *,
        activation: Activation = "relu",
        bias: bool = True,
        init: Init = None,
        rng: Any = None,
    ) -> None:
        if not hasattr(nouts, "__len__"):
            raise TypeError(f"nouts is a list of layer sizes, such as [{nouts}]; got {nouts!r}")
        sizes = [
            _count("inputs (nin)", nin),
            *(_count("outputs of a layer", size) for size in nouts),
        ]
        if len(sizes) < 2:
            raise ValueError("an MLP needs at least one layer, but nouts is empty")
        last = len(sizes) - 2
        shared: dict[str, Any] = {"activation": activation, "bias": bias, "init": init, "rng": rng}
        self.layers = [
            Layer(sizes[i], sizes[i + 1], nonlin=i != last, **shared) for i in range(last + 1)
        ]

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"


def _identity(x: Any) -> Any:
    return x


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "relu": Value.relu,
    "tanh": Value.tanh,
    "sigmoid": Value.sigmoid,
    "gelu": gelu,
    "silu": silu,
    "elu": elu,
    "leaky_relu": leaky_relu,
    "softplus": Value.softplus,
    "linear": _identity,
}
"""The activations that have a name."""

_TITLES = {"relu": "ReLU", "gelu": "GELU", "silu": "SiLU", "elu": "ELU", "leaky_relu": "LeakyReLU"}


def _count(what: str, number: Any) -> int:
    if not hasattr(number, "__index__"):
        raise TypeError(f"the number of {what} must be an integer, got {number!r}")
    if index(number) < 1:
        raise ValueError(f"the number of {what} must be at least 1, got {number}")
    return index(number)


def _inputs(x: Any) -> list[Any]:
    """Return inputs as a list; a single value or number is the one input."""
    return [x] if isinstance(x, Value) or is_number(x) else list(x)


def _initialiser(init: Init) -> Callable[[int, int, Any], float]:
    """Return the function that draws one weight."""
    if callable(init):
        return init
    if init not in _INITS:
        names = ", ".join(repr(name) for name in _INITS)
        raise ValueError(f"there is no init {init!r}; known are {names}, or write a function")
    return _INITS[init]


def _uniform(nin: int, nout: int, rng: Any) -> float:
    return float(rng.uniform(-1, 1))


def _he(nin: int, nout: int, rng: Any) -> float:
    """He et al. 2015: keeps the variance of signals through relu layers."""
    return float(rng.gauss(0.0, sqrt(2.0 / nin)))


def _xavier(nin: int, nout: int, rng: Any) -> float:
    """Glorot and Bengio 2010: keeps the variance of signals and of gradients."""
    bound = sqrt(6.0 / (nin + nout))
    return float(rng.uniform(-bound, bound))


_INITS: dict[str | None, Callable[[int, int, Any], float]] = {
    None: _uniform,
    "uniform": _uniform,
    "he": _he,
    "xavier": _xavier,
    "glorot": _xavier,
}
