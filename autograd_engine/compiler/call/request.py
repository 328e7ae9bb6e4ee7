"""What `ag.compile` is asked: outputs and inputs of a graph, or a function and an example."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from autograd_engine.blocks import differentiating
from autograd_engine.compiler.call.guards import Guard, GuardError, Watch
from autograd_engine.compiler.call.program import BACK_ENDS, Program
from autograd_engine.copies import seldom_collected
from autograd_engine.derivatives import map_numbers
from autograd_engine.engine import Value, as_value, topological_order
from autograd_engine.gradients import holds
from autograd_engine.real import as_float, check_call, flag, is_number, kind_of
from autograd_engine.table import CONSTANT, LEAF


def compile(
    output_or_outputs: Any,
    inputs: Any = (),
    parameters: Any = None,
    *,
    exact: bool = False,
    check: bool = True,
    backend: str = "auto",
) -> Program:
    """Return the program of a graph: `compile(output_or_outputs, inputs=(), parameters=None)`,
    or of a function: `compile(f, example, parameters=None)`.

    `inputs` are the leaves that are fed at each call, `parameters` those to differentiate by, in
    that order: by default every other leaf, in topological order. A function is called once, on
    fresh leaves of the example's shape: a number, or lists, tuples, dicts and arrays of numbers;
    these are the inputs, in flattened order. Each comparison and truth test of Values that it makes
    is a guard, and so is each number of a Value that it reads: where it comes out otherwise, a call
    raises `GuardError`. Side effects are those of that one call.

    With `exact` the program gives the same bits as the engine, of a batch row by row. With
    `check=False` a result may be infinite or NaN. The back end is "auto", "native", "scalar",
    "numpy" or "exact". Raises `ValueError` for an input or parameter that is no leaf, or given
    twice, `TypeError` for what is no Value and for a `.grad` read that the function did not
    compute, and `ImportError` naming the extra to install.

    >>> from autograd_engine import tanh
    >>> w = Value(0.5, "w")
    >>> program = compile(lambda x: tanh(w * x[0]) + x[1], [0.0, 0.0])
    >>> program([0.0, 2.0]), program.value_and_grad([[0.0, 1.0], [0.0, 2.0]])
    (2.0, (1.5, array([0.])))
    """
    require()
    from autograd_engine.compiler.record.tape import record

    if not isinstance(backend, str) or backend not in BACK_ENDS:
        names = ", ".join(map(repr, BACK_ENDS))
        raise ValueError(f"unknown back end {backend!r}: there are {names}")
    if flag("exact", exact) and backend not in ("auto", "exact"):
        raise ValueError(f"exact=True is a back end of its own: it cannot be {backend!r} too")
    chosen: Any = {"check": flag("check", check), "backend": "exact" if exact else backend}
    guards: list[Guard] = []
    outputs, example = output_or_outputs, None
    if callable(output_or_outputs):
        example = inputs
        outputs, inputs, guards = traced(output_or_outputs, example)
    tops = [as_value(output) for output in flattened(outputs, is_number)]
    if not tops:
        raise ValueError("there is no output: at least one Value is needed")
    inputs, given = leaves(inputs=inputs, parameters=() if parameters is None else parameters)
    with seldom_collected():
        wanted = [*tops, *(guard.value for guard in guards)]
        tape = record(wanted, inputs, None if parameters is None else given)
        changed = next((guard.place for guard in guards if guard.name == "set"), None)
        if changed and not all(map(holds, topological_order(*tops))):
            said = "The function sets the number of a Value that it used before"
            raise GuardError(f"{changed}\n{said}: make another Value for the new number")
        single = isinstance(outputs, Value) or is_number(outputs)
        return Program(tape, single=single, guards=guards, example=example, **chosen)


def require() -> None:
    """Raise `ImportError` naming the extra if what the compiler needs is not installed."""
    if find_spec("numpy") is None:
        extra = 'pip install "autograd_engine[fast]"'
        raise ImportError(f"ag.compile needs numpy: {extra}", name="numpy")


def traced(f: Callable[..., Any], example: Any) -> tuple[Any, list[Value], list[Guard]]:
    """Return what f gives on fresh leaves of the example's shape, those leaves, and its guards."""
    if isinstance(example, (list, tuple, dict)) and not example:
        raise TypeError("compile(f, example) needs an example, such as 1.0 or [1.0, 2.0]")
    check_call("compile", f, "the example")
    inputs: list[Value] = []

    def fresh(item: Any) -> Any:
        if getattr(item, "ndim", 0):  # an array of another library
            return map_numbers(fresh, import_module("numpy").asarray(item))
        try:
            inputs.append(Value(as_float(item)))
        except TypeError as error:
            raise TypeError(f"number {len(inputs)} of the example: {error}") from None
        return inputs[-1]

    # Inside a derivative, so that one that f takes is made of Values too.
    with differentiating(), Watch() as watch:
        outputs = f(map_numbers(fresh, example))
    for guard in watch.guards:
        if guard.name == "grad":
            said = "The .grad read here is none that the function computed, and a program reads the"
            raise TypeError(f"{guard.place}\n{said} data of leaves alone: pass it as an input")
    return outputs, inputs, watch.guards


def flattened(tree: Any, accepted: Callable[[Any], bool] = lambda item: False) -> Iterator[Any]:
    """Yield the Values, and what else is `accepted`, in nested lists, tuples and arrays."""
    if isinstance(tree, Value) or accepted(tree):
        yield tree
    elif isinstance(tree, (list, tuple)) or getattr(tree, "ndim", False):
        for item in tree:
            yield from flattened(item, accepted)
    else:
        what = f"not {kind_of(tree)}: {tree!r}"
        raise TypeError(f"expected Values, or lists, tuples and arrays of them, {what}")


def leaves(**given: Any) -> list[list[Value]]:
    """Return the leaves given as inputs and as parameters; `ValueError` naming what is none."""
    found, seen = list[list[Value]](), dict[int, str]()
    for kinds, items in given.items():
        found.append(list(flattened(items)))
        for i, value in enumerate(found[-1]):
            name = f"{kinds[:-1]} {i}" + (f" ({value.label!r})" if value.label else "")
            if value._rule is not LEAF:
                what = "a constant" if value._rule is CONSTANT else f"computed, by {value.op!r}"
                need = "only a leaf, made by Value(number), can be given a number"
                raise ValueError(f"{name} is {what}: {need}")
            if seen.setdefault(id(value), name) != name:
                raise ValueError(f"{name} was already given, as {seen[id(value)]}")
    return found
