"""Module: something whose attributes hold parameters, each named by the path that leads to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from inspect import isfunction
from typing import Any

from autograd_engine.blocks import entered, parts_of
from autograd_engine.columns import listed, set_data, set_grads
from autograd_engine.engine import Value
from autograd_engine.notes import Note, mark
from autograd_engine.number import read
from autograd_engine.real import is_number
from autograd_engine.table import LEAF
from autograd_engine.words import counted

Named = Iterator[tuple[str, Any]]


class Table(str):
    """Text that a prompt shows as it is."""

    __repr__ = str.__str__


class Module:
    """Something with parameters: the leaves found among its attributes.

    It looks at attributes that are values, modules, or lists, tuples, dicts and NumPy arrays of
    these, in order, and lists each once. A subclass may override `parameters()` instead.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = Value(2.0), Value(1.0)
    ...     def __call__(self, x):
    ...         return self.slope * x + self.offset
    >>> [name for name, _ in Line().named_parameters()]
    ['slope', 'offset']
    """

    _region = Note()
    _leaves: frozenset[str] = frozenset()  # where one stood in an attribute when that was set
    _settled = False  # whether a call has looked for what was added to its lists since

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        call = vars(cls).get("__call__")
        if isfunction(call) and not cls.__module__.startswith("autograd_engine."):
            cls.__call__ = entered(call)  # type: ignore[method-assign]

    def __setattr__(self, name: str, value: object) -> None:
        """Set the attribute; modules in it get their region's name from it, leaves their place."""
        object.__setattr__(self, name, value)
        leaves = {path for path, part in _inside({name: value}) if _is_leaf(part)}
        if not leaves <= self._leaves:
            object.__setattr__(self, "_leaves", self._leaves | leaves)
        self._adopt({name: value})

    def _adopt(self, attributes: dict[str, object]) -> None:
        """Name the regions of the modules in attributes, and give the leaves their places."""
        self._place(attributes, "")
        for path, module in _modules(attributes, "", {id(self)}):
            object.__setattr__(module, "_region", replace(module._region, region=path))
            module._place(vars(module), f"{path}.")

    def _place(self, attributes: dict[str, object], path: str) -> None:
        """Note with the leaves in attributes where they stand."""
        for name, leaf in _inside(attributes, path):
            if _is_leaf(leaf):
                mark(leaf, place=name)

    def _settle(self) -> None:
        """Give their names to what was added to lists and dicts, too."""
        if not self._settled and not self._region.region:
            object.__setattr__(self, "_settled", True)
            self._adopt(vars(self))

    def __repr__(self) -> str:
        count = counted(len(self.parameters()), "parameter")
        return f"{type(self).__name__}({self._outline()}), {count}"

    def _outline(self) -> str:
        """Return what stands in brackets behind its class: its traits, or where parameters are."""
        names = [name.split(".")[0] for name, _ in self.named_parameters()]
        return ", ".join(map(str, traits_of(self) or dict.fromkeys(names)))

    def summary(self) -> str:
        """Return a table of the layers: where each stands, shape, activation, parameters."""
        rest, outer = set(map(id, self.parameters())), "-"
        rows = [("total", "", "", f"{len(rest):,}")]
        for path, part in [("", self), *_modules(self, ".", {id(self)})]:
            if not path.startswith(outer) and (traits := traits_of(part)):
                mine = rest & set(map(id, part.parameters()))
                shape, how = f"{traits[0]} -> {traits[1]}", traits[2]
                rows.insert(-1, (path[1:] or type(part).__name__, shape, how, f"{len(mine):,}"))
                rest, outer = rest - mine, f"{path}."  # what is inside a layer is no layer
        if rest or len(rows) == 1:
            rows.insert(0, (type(self).__name__, "", "", f"{len(rest):,}"))
        rows.insert(0, ("layer", "shape", "activation", "parameters"))
        a, b, c, d = (max(map(len, column)) for column in zip(*rows))
        return Table("\n".join(f"{w:<{a}}  {x:<{b}}  {y:<{c}}  {z:>{d}}" for w, x, y, z in rows))

    def parameters(self) -> list[Value]:
        """Return the values to be trained."""
        return [value for _, value in _named(self, "", set(), own=True)]

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Return each parameter with the path that leads to it, such as "layers.0.neurons.1.b"."""
        return list(_named(self, "", set()))

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0."""
        found = listed(self.parameters())
        set_grads(found, [0.0] * len(found))

    def state_dict(self) -> dict[str, float]:
        """Return the number of each parameter, by name; `ValueError` if one is no leaf any more."""
        named = self.named_parameters()
        check_leaves(self, named)
        state = {name: read(value) for name, value in named}
        if len(state) < len(named):
            raise ValueError(f"two parameters of {type(self).__name__} have the same name")
        return state

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set every parameter to the number under its name.

        Raises `ValueError` naming what is missing, surplus or no number, and changes nothing then.
        """
        if not isinstance(state, Mapping):
            wanted = "what state_dict() returned, or for a file load(path, model)"
            raise TypeError(f"load_state_dict needs {wanted}; not {state!r:.60}")
        named = dict(self.named_parameters())
        said = []
        for what, some, others in (("missing", named, state), ("surplus", state, named)):
            if odd := [name for name in some if name not in others]:
                shown = ", ".join(f"{name!r:.80}" for name in odd[:3]) + ", …" * (len(odd) > 3)
                said.append(f"{what} parameters: {shown}")
        if said:
            raise ValueError("; ".join(said))
        numbers = []
        for name in named:
            number: Any = state[name]
            with suppress(OverflowError):
                if is_number(number) and not isinstance(number, bool):
                    numbers.append(float(number))
                    continue
            got = f"{type(number).__name__}: {number!r:.40}"
            raise ValueError(f"parameter {name!r} must be a number, got {got}")
        set_data(named.values(), numbers)


def traits_of(module: Any) -> tuple[int, int, str] | None:
    """Return the inputs, outputs and activation of a layer; None where its parts are others."""
    try:
        return module._traits()  # type: ignore[no-any-return]
    except (AttributeError, LookupError, TypeError):
        return None


def check_leaves(module: Module, named: Iterable[tuple[str, Any]]) -> None:
    """Raise `ValueError` where something else stands in the place of a parameter."""
    places = [
        (f"{path}.{name}"[1:], item)
        for path, part in [("", module), *_modules(module, ".", {id(module)})]
        for name, item in _inside(part)
        if name in part._leaves and not isinstance(item, Module)
    ]
    for name, item in [*places, *named]:
        if not _is_leaf(item):
            raise ValueError(
                f"the parameter {name!r} of {type(module).__name__} is no leaf any more, but "
                f"{item!r:.60}: to give it another number set its .data"
            )


def _is_leaf(item: Any) -> bool:
    return isinstance(item, Value) and item._rule is LEAF


def _inside(item: Any, path: str = "") -> list[tuple[str, Any]]:
    """Return the values, numbers and modules in a container or module, not what is in those."""
    found = []
    for name, part in parts_of(item):
        if isinstance(part, (Value, Module)) or is_number(part):
            found.append((f"{path}{name}", part))
        elif not isinstance(part, str):
            found += _inside(part, f"{path}{name}.")
    return found


def _modules(item: Any, path: str, seen: set[int]) -> Named:
    """Yield the modules in something, each once, with the path that leads to it."""
    for name, part in _inside(item, path):
        if isinstance(part, Module) and id(part) not in seen:
            seen.add(id(part))
            yield name, part
            yield from _modules(part, f"{name}.", seen)


def _named(module: Module, path: str, seen: set[int], own: bool = False) -> Named:
    """Yield the parameters that a module chooses, or else its leaves and what replaced one."""
    seen.add(id(module))
    chosen = not own and type(module).parameters is not Module.parameters
    parts = _inside(module)
    if chosen:
        known = {id(value): name for name, value in _named(module, "", set(), own=True)}
        values = enumerate(module.parameters())
        parts = [(known.get(id(value), f"parameters.{i}"), value) for i, value in values]
    for name, part in parts:
        if isinstance(part, Module) and id(part) not in seen:
            yield from _named(part, f"{path}{name}.", seen)
        leaf = isinstance(part, Value) and (part._rule is LEAF or name in module._leaves)
        if (leaf or chosen) and id(part) not in seen:
            seen.add(id(part))
            yield path + name, part
