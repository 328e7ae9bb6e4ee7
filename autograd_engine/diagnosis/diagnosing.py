"""diagnose, for a graph that was recorded, and diagnostics, while a piece of a program runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from autograd_engine.blocks import Blocks
from autograd_engine.columns import listed
from autograd_engine.diagnosis.changes import changed_leaves
from autograd_engine.diagnosis.findings import Case, Finding, Findings
from autograd_engine.diagnosis.flow import flow
from autograd_engine.diagnosis.passes import Passes, accumulated, overshooting
from autograd_engine.diagnosis.slopes import born, kinks
from autograd_engine.diagnosis.units import Units, squashed
from autograd_engine.diagnosis.untrained import rebound, unreached
from autograd_engine.engine import Value
from autograd_engine.real import flag, is_number
from autograd_engine.words import counted

# What is looked for in a graph, before or after a backward pass through it.
CHECKS: Final = (rebound, changed_leaves, unreached, born, squashed, kinks)


def diagnose(
    output: Value, parameters: Iterable[Value], *, lr: float | None = None
) -> list[Finding]:
    """Return what is wrong with the gradients of the output by its parameters, the gravest first.

    The list is empty when all is well. It finds gradients that are a sum over more than one
    backward pass, leaves changed after the forward pass, parameters that are no leaves any more or
    not reached, where the first NaN or infinity was born, a loss of scores that got
    probabilities, dead ReLUs, saturated tanh and sigmoid (in all samples that the output is made
    of), kinks that were hit exactly, gradients that explode or vanish; with `lr` also whether a
    step of gradient descent by this learning rate overshoots. Ask after `backward()`, before the
    step or after it.

    Raises `TypeError` for an output or parameters that are no Values, `ValueError` for no
    parameters and for a learning rate that is not positive.

    >>> w, unused = Value(2.0, "w"), Value(1.0, "unused")
    >>> loss = (w - 3.0) ** 2
    >>> loss.backward()
    >>> diagnose(loss, [w])
    []
    >>> [finding.what for finding in diagnose(loss, [w, unused])]
    ["the output does not depend on 'unused'"]
    """
    if not isinstance(output, Value):
        hint = ": diagnose one output at a time" if isinstance(output, (list, tuple)) else ""
        raise TypeError(
            f"diagnose needs a Value as its output, not {type(output).__name__}: "
            f"{output!r:.60}{hint}"
        )
    case = Case(output, _given(parameters))
    number = is_number(lr) and not isinstance(lr, bool)
    if lr is not None and not (number and 0.0 < lr < math.inf):
        raise ValueError(f"lr is a learning rate above 0 and finite, or None; got {lr!r}")
    found = [finding for check in (*CHECKS, accumulated) for finding in check(case)]
    units = Units()
    units.add(case)
    found += units.findings()
    if not units.blocks():  # that would be reason enough for a gradient to vanish
        found += flow(case)
    if lr is not None:
        found += overshooting(case, float(lr))
    return Findings(found)


def _given(parameters: Iterable[Value]) -> list[Value]:
    values = listed(parameters, "Values")
    if not values:
        raise ValueError("there are no parameters to diagnose: give the leaves that are trained")
    return values


class diagnostics(Blocks):
    """Watch every `backward()` inside a block, and list what is wrong at its end.

    `with diagnostics() as found:` fills the list `found` when the block ends, and prints it
    unless `show=False`. Beside what `diagnose` finds in each graph it sees what happens from
    one backward pass to the next: gradients added to those of an earlier step, steps after which
    the output is no lower, units that are dead in all samples of all passes. `parameters`, if
    given, are looked for in each graph. Only the thread or asyncio task that opened the block is
    watched, ten times as slow as by itself. Compiled programs do not call `backward()` and are not
    watched; `fit` trains eagerly in such a block.

    Raises `TypeError` for parameters that are no Values, and a `show` that is no True or False.

    >>> w = Value(0.0, "w")
    >>> with diagnostics(show=False) as found:
    ...     for _ in range(3):
    ...         loss = (w - 3.0) ** 2
    ...         loss.backward()
    ...         w.data -= 0.1 * w.grad
    >>> [finding.kind for finding in found]
    ['accumulated gradient']
    """

    def __init__(self, parameters: Iterable[Value] | None = None, *, show: bool = True) -> None:
        super().__init__()
        self._parameters = None if parameters is None else _given(parameters)
        self._show = flag("show", show)

    def __enter__(self) -> list[Finding]:
        watch = _Watch(self._parameters)
        self._begin("listening", watch)
        return watch.found

    def __exit__(self, *error: object) -> None:
        watch: _Watch = self._end()
        found, passes = watch.found, counted(watch.count, "backward pass", "backward passes")
        found.extend(Findings(watch.findings()))
        found.none = f"nothing found in {passes}"
        if not watch.count:
            found.none = (
                "nothing was watched: no backward() was called in this block (compiled programs "
                "and functions such as ag.grad do not call it)"
            )
        if self._show:
            head = f"{counted(len(found), 'finding')} in {passes}\n\n" if found else ""
            print(f"diagnostics: {head}{found}")


class _Watch:
    """What was seen so far in one block."""

    def __init__(self, parameters: list[Value] | None) -> None:
        self.count = 0
        self.found = Findings(none="nothing to say yet: findings come when the block ends")
        self._parameters = parameters
        self._found: dict[str, tuple[Finding, int]] = {}  # the first of its kind, in how many
        self._units = Units()
        self._passes = Passes()

    def __call__(self, output: Value, seed: float) -> None:
        """Look at a graph before the backward pass through it."""
        case = Case(output, self._parameters, swept=False, before=self._passes.latest)
        self.count += 1
        for finding in (finding for check in (*CHECKS, flow) for finding in check(case)):
            key = finding.what.rpartition(": ")[2] if finding.kind == "kink" else finding.kind
            first, times = self._found.get(key, (finding, 0))
            self._found[key] = first, times + 1
        self._units.add(case)
        self._passes.add(case, seed)

    def findings(self) -> Iterator[Finding]:
        """Yield what was found, once the block has ended."""
        for finding, times in self._found.values():
            if finding.kind.endswith("ing gradient") and 2 * times <= self.count:
                continue  # an unlucky sample
            if finding.kind == "vanishing gradient" and self._units.blocks():
                continue  # for a reason that is told
            seen = f" (in {times:,} of {self.count:,} backward passes)" if self.count > 1 else ""
            yield replace(finding, what=finding.what + seen)
        yield from self._units.findings()
        yield from self._passes.findings()
