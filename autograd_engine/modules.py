"""Module: something with parameters, found among its attributes.

Whatever stands in an attribute as a leaf is a parameter; its name is the path of attributes
that leads to it, such as "layers.0.neurons.3.w.1".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from inspect import isfunction
from typing import Any

from autograd_engine.columns import listed, set_data, zero_grads
from autograd_engine.engine import Value
from autograd_engine.entries import entered, parts_of
from autograd_engine.notes import Note, noted
from autograd_engine.number import read
from autograd_engine.real import is_number
from autograd_engine.summary import Traits, table
from autograd_engine.table import LEAF
from autograd_engine.words import counted


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
    _leaves: frozenset[str] = frozenset()
    """Where a leaf stood in an attribute when that was set."""

    _settled = False
    """Whether a call has looked for what was added to its lists since."""

    def __init_subclass__(cls, **given: Any) -> None:
        """Let calls of a module that is not the package's note what they return."""
        super().__init_subclass__(**given)
        call = vars(cls).get("__call__")
        if isfunction(call) and not cls.__module__.startswith("autograd_engine."):
            cls.__call__ = entered(call)  # type: ignore[method-assign]

    def __setattr__(self, name: str, value: object) -> None:
        """Set the attribute; modules in it get their region's name from it, leaves their place."""
        object.__setattr__(self, name, value)
        leaves = {path for path, part in _numbers({name: value}, "") if _is_leaf(part)}
        if not leaves <= self._leaves:
            object.__setattr__(self, "_leaves", self._leaves | leaves)
        self._place({name: value}, "")
        for path, module in _modules(value, name, {id(self)}):
            module._stand(path)

    def _stand(self, path: str) -> None:
        """Take the name of a region, and give the leaves their places in it."""
        note = self._region.copy()
        note.region = path
        object.__setattr__(self, "_region", note)
        self._place(vars(self), f"{path}.")

    def _place(self, attributes: dict[str, object], path: str) -> None:
        """Note with the leaves in attributes where they stand."""
        for name, leaf in _numbers(attributes, path):
            if _is_leaf(leaf):
                note = leaf._note = noted(leaf).copy()
                note.place = name

    def _settle(self) -> None:
        """Give their names to what was added to lists and dicts, too."""
        if not self._settled and not self._region.region:
            object.__setattr__(self, "_settled", True)
            for path, module in [*_modules(self, "", set())][1:]:
                module._stand(path[1:])
            self._place(vars(self), "")

    def __repr__(self) -> str:
        try:
            outline = self._outline()
        except (AttributeError, LookupError, TypeError):  # its parts were exchanged
            outline = Module._outline(self)
        return f"{type(self).__name__}({outline}), {counted(len(self.parameters()), 'parameter')}"

    def _outline(self) -> str:
        """Return what stands in brackets behind its class: the attributes with parameters."""
        return ", ".join(dict.fromkeys(name.split(".")[0] for name, _ in self.named_parameters()))

    def _traits(self) -> Traits | None:
        """Return the number of inputs, that of outputs and the activation; None of no layer."""
        return None

    def summary(self) -> str:
        """Return a table of the layers: where each stands, shape, activation, parameters.

        >>> from autograd_engine.nn import MLP
        >>> MLP(2, [16, 1]).summary()
        layer     shape    activation  parameters
        layers.0  2 -> 16  relu                48
        layers.1  16 -> 1  linear              17
        total                                  65
        """
        return table(_modules(self, "", set()), [name for name, _ in self.named_parameters()])

    def parameters(self) -> list[Value]:
        """Return the values to be trained."""
        return [value for _, _, value in _gathered(self).values()]

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Return each parameter with the path of attributes that leads to it.

        >>> from autograd_engine.nn import Layer
        >>> [name for name, _ in Layer(1, 2).named_parameters()]
        ['neurons.0.w.0', 'neurons.0.b', 'neurons.1.w.0', 'neurons.1.b']
        """
        found: Found = {}
        _enter(self, "", set(), found)
        return [(f"{path}{name}", value) for path, name, value in found.values()]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0."""
        zero_grads(listed(self.parameters()))

    def state_dict(self) -> dict[str, float]:
        """Return the number of each parameter, by name.

        Raises `ValueError` if two have one name, and if one is no leaf any more.

        >>> from autograd_engine.nn import Neuron
        >>> Neuron(1, init=lambda nin, nout, rng: 0.5).state_dict()
        {'w.0': 0.5, 'b': 0.0}
        """
        named = self.named_parameters()
        check_leaves(self, named)
        state = {name: read(value) for name, value in named}
        if len(state) < len(named):
            raise ValueError(f"two parameters of {type(self).__name__} have the same name")
        return state

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set every parameter to the number under its name.

        Raises `ValueError` naming what is missing, surplus or no number, and `TypeError` for
        what is no dict, and then changes nothing.

        >>> from autograd_engine.nn import Neuron
        >>> neuron = Neuron(1)
        >>> neuron.load_state_dict({"w.0": 2.0, "b": -1.0})
        >>> neuron([3.0]).data
        5.0
        """
        if not isinstance(state, Mapping):
            raise TypeError(
                "load_state_dict needs what state_dict() returned, a number for each name, "
                f"not {state!r:.60}; a file is read by load(path, model)"
            )
        named = self.named_parameters()
        names = {name for name, _ in named}
        missing = [name for name, _ in named if name not in state]
        surplus = [name for name in state if name not in names]
        if missing or surplus:
            wrong = [("missing", missing), ("surplus", surplus)]
            raise ValueError(
                "; ".join(f"{what} parameters: {_shown(some)}" for what, some in wrong if some)
            )
        numbers = [_number(name, state[name]) for name, _ in named]
        set_data([parameter for _, parameter in named], numbers)


def check_leaves(module: Module, named: Iterable[tuple[str, Any]]) -> None:
    """Raise `ValueError` where something else stands in the place of a parameter."""
    places: list[tuple[str, Any]] = []
    for path, part in _modules(module, "", set()):
        for attribute, value in vars(part).items():
            found = list(_numbers({attribute: value}, f"{path}."[1:]))
            known = {name for name, _ in found if name[len(path) :] in part._leaves}
            # A list that was filled later is known by what is left of it.
            mixed = not known and any(_is_leaf(item) for _, item in found)
            places += [
                (name, item)
                for name, item in found
                if name in known or (mixed and isinstance(item, Value))
            ]
    for name, item in [*places, *named]:
        if not _is_leaf(item):
            made = "a plain number" if not isinstance(item, Value) else "computed"
            made = "a constant" if isinstance(item, Value) and not item.operands else made
            raise ValueError(
                f"the parameter {name!r} of {type(module).__name__} is no leaf any more: it is "
                f"{made}, {item!r:.60}. To give a parameter another number set its .data; an "
                "attribute that is to hold no parameter must not hold a leaf at first"
            )


def _is_leaf(item: Any) -> bool:
    return isinstance(item, Value) and item._rule is LEAF


def _numbers(item: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Return the values and numbers in a container, not those of modules in it."""
    for name, part in parts_of(item):
        if isinstance(part, Value) or is_number(part):
            yield f"{path}{name}", part
        elif not isinstance(part, (str, Module)):
            yield from _numbers(part, f"{path}{name}.")


Found = dict[int, tuple[str, Any, Value]]  # of each leaf by its id path with a final dot, name


def _gathered(module: Module) -> Found:
    """Return the leaves among a module's attributes, whatever its `parameters()` says."""
    found: Found = {}
    _gather(module, "", {id(module)}, found, module)
    return found


def _gather(
    item: Any, path: str, seen: set[int], found: Found, owner: Module, start: int = 0
) -> None:
    """Add the leaves in a container, each once; `seen` holds the ids of modules met.

    Also what was put over a leaf of its `owner`, whose path has `start` characters, so that who
    is given it can say that it is none.
    """
    for name, part in parts_of(item):
        if isinstance(part, Value):
            if part._rule is LEAF or f"{path}{name}"[start:] in owner._leaves:
                found.setdefault(id(part), (path, name, part))
        elif isinstance(part, Module):
            if id(part) not in seen:
                _enter(part, f"{path}{name}.", seen, found)
        elif not isinstance(part, (str, float, int)):
            _gather(part, f"{path}{name}.", seen, found, owner, start)


def _enter(module: Module, path: str, seen: set[int], found: Found) -> None:
    """Add the parameters of a module: those it chooses itself, or else its leaves."""
    seen.add(id(module))
    chosen = type(module).parameters is not Module.parameters
    if chosen:
        _choose(module, path, found)
    else:
        _gather(module, path, seen, found, module, len(path))


def _choose(module: Module, path: str, found: Found) -> None:
    """Add what an overridden `parameters()` lists, by attribute where it is found in one."""
    names = {key: f"{inner}{name}" for key, (inner, name, _) in _gathered(module).items()}
    for i, parameter in enumerate(module.parameters()):
        place = path, names.get(id(parameter), f"parameters.{i}"), parameter
        found.setdefault(id(parameter), place)


def _modules(item: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Module]]:
    """Return the modules in an attribute, each with the path that leads to it."""
    if isinstance(item, Module):
        if id(item) in seen:
            return
        seen.add(id(item))
        yield path, item
    if isinstance(item, (Module, dict, list, tuple)):
        for name, part in parts_of(item):
            yield from _modules(part, f"{path}.{name}", seen)


def _number(name: str, number: object) -> float:
    """Return the number as a float; `ValueError` naming the parameter where it is none."""
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
    return ", ".join(f"{name!r:.80}" for name in names[:3]) + more
