"""diagnose, for a graph that was recorded, and diagnostics, while a piece of a program runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Final

from autograd_engine.blocks import Blocks
from autograd_engine.columns import listed as values_of
from autograd_engine.diagnosis.checks import born, changed, kinks, rebound, unreached
from autograd_engine.diagnosis.findings import ZEROED, Case, Finding, Findings, listed
from autograd_engine.diagnosis.layers import Units, flow
from autograd_engine.engine import Value
from autograd_engine.real import finite, flag, kind_of
from autograd_engine.words import counted

# What is looked for in a graph, before or after a backward pass through it.
CHECKS: Final = (rebound, changed, unreached, born, kinks)
LEVEL: Final = 1e-6  # a step gains nothing that gains less of what the slope promised


def diagnose(
    output: Value, parameters: Iterable[Value], *, lr: float | None = None
) -> list[Finding]:
    """Return what is wrong with the gradients of the output by its parameters, the gravest first.

    It finds gradients added up over passes, parameters that changed, are no leaves or not reached,
    the birth of a NaN or infinity, units dead or saturated in all samples, kinks, gradients that
    explode or vanish; with `lr` also a step by it that overshoots. Ask after `backward()`.

    Raises `TypeError` for an output or parameters that are no Values, `ValueError` for no
    parameters and for a learning rate that is none.

    >>> w, unused = Value(2.0, "w"), Value(1.0, "unused")
    >>> loss = (w - 3.0) ** 2
    >>> diagnose(loss, [w]), diagnose(loss, [w, unused])[0].what
    ([], "the output does not depend on 'unused'")
    """
    if not isinstance(output, Value):
        given = f"{kind_of(output)}: {output!r:.60}"
        raise TypeError(f"diagnose needs one Value as its output, not {given}")
    case = Case(output, _given(parameters))
    found = [finding for check in (*CHECKS, accumulated) for finding in check(case)]
    units = Units()
    units.add(case)
    asleep = dict(units.asleep())
    found += asleep
    if not any(asleep.values()):  # all of a layer are reason enough for a gradient to vanish
        found += flow(case)
    if lr is not None:
        what, adjoints = f"a learning rate of {finite('lr', lr):.6g}", case.adjoints
        steps = {id(v := case.values[i]): (v.data, -lr * adjoints[i]) for i in case.reached}
        found += overshot(what, [(case, 1.0)], steps)
    return Findings(found)


def _given(parameters: Iterable[Value]) -> list[Value]:
    values = values_of(parameters, "Values")
    if not values:
        raise ValueError("there are no parameters to diagnose: give the leaves that are trained")
    return values


class diagnostics(Blocks):
    """Watch every `backward()` inside a block, and list what is wrong at its end.

    `with diagnostics() as found:` fills the list, and prints it unless `show=False`. Beside what
    `diagnose` finds, of `parameters` or of all leaves, it sees gradients added to those of an
    earlier step, and steps that overshoot. It belongs to its thread or asyncio task; `fit` trains
    eagerly in it, and compiled programs are not watched. Raises `TypeError` for parameters that are
    no Values, and a `show` that is no True or False.

    >>> w = Value(0.0, "w")
    >>> with diagnostics(show=False) as found:
    ...     for _ in range(3):
    ...         ((w - 3.0) ** 2).backward()
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
            found.none = "nothing was watched: no backward() here (programs and ag.grad call none)"
        if self._show:
            head = f"{counted(len(found), 'finding')} in {passes}\n\n" if found else ""
            print(f"diagnostics: {head}{found}")


def accumulated(case: Case) -> Iterator[Finding]:
    """Yield a finding where gradients are more than those of one `backward()` of the output."""
    seed = case.output.grad
    sizes = (abs(case.adjoints[i]) for i in case.leaves)
    rounding = 1e-12 * max(filter(math.isfinite, sizes), default=0.0)
    wrong: dict[int, tuple[float, float]] = {}  # what a leaf holds, and should
    for i in case.reached if seed else ():
        one, grad = seed * case.adjoints[i], case.values[i].grad
        slack = 1e-6 * abs(one) + rounding  # clipped or scaled it is less
        within = min(0.0, one) - slack <= grad <= max(0.0, one) + slack
        if not within and math.isfinite(one) and math.isfinite(grad):
            wrong[i] = grad, one
    for first, (grad, one) in list(wrong.items())[:1]:
        ratios = {f"{x / y:.5g}" if y else "" for x, y in wrong.values()}
        often = f"{ratios.pop()} times" if len(ratios) == 1 and one else ""
        yield _accumulation(
            case,
            wrong,
            f"is {often or 'not'} that of the output",
            f"{case.titles([first])} holds {grad:.6g}, where one `backward()` of this output gives "
            f"{one:.6g}{often and f': as if it had run {often}'}",
        )


def _accumulation(case: Case, places: Iterable[int], what: str, seen: str) -> Finding:
    """Return the finding that gradients of some leaves were added up, by what was seen of it."""
    names = case.titles(places)
    return Finding(
        "accumulated gradient",
        f"the gradient of {names} {what}",
        case.place(case.values[next(iter(places))], names),
        f"{seen}. `backward()` adds to `grad`, so that batches can be summed up; whoever does not "
        "want that sets it to 0 before.",
        f"{ZEROED}\noutput.backward()",
    )


Batch = list[tuple[Case, float]]  # graphs, and what each was swept with
Steps = dict[int, tuple[float, float]]  # by the id of a leaf: where it was, and how far it went


def overshot(what: str, batch: Batch, steps: Steps) -> Iterator[Finding]:
    """Yield a finding if these steps went too far."""
    ways = [
        (case, seed, {i: steps[k] for i in case.leaves if (k := id(case.values[i])) in steps})
        for case, seed in batch
    ]

    def output(share: float) -> float:
        total = 0.0  # fsum refuses infinities
        for case, seed, way in ways:
            total += seed * case.at({i: start + share * step for i, (start, step) in way.items()})
        return total

    moved = [(case, seed, i, step) for case, seed, way in ways for i, (_, step) in way.items()]
    slopes = (seed * case.adjoints[i] * step for case, seed, i, step in moved)
    before, after, promised = output(0.0), output(1.0), -sum(slopes)
    falls = before - after > LEVEL * promised  # not so where it is NaN
    if falls or not promised > 1e-9 * max(1e-300, abs(before)):
        return
    share = 0.5  # halved until it gains a quarter of its promise
    while share > 1e-9 and not before - output(share) >= 0.25 * share * promised:
        share *= 0.5
    level = abs(before - after) <= LEVEL * promised
    end = "descent oscillates for ever" if level else "descent runs away"
    yield Finding(
        "overshooting step",
        f"{what} overshoots: the output goes from {before:.6g} to {after:.6g}",
        listed(case.title(case.values[i]) for case, _, i, step in moved if step),
        "The gradient tells the slope at one place. The step went beyond the lowest point and up "
        f"the other side: {end}. {share:.4g} of the step would go down.",
        f"lr *= {share:.6g}  # of an optimiser: optimizer.lr *= {share:.6g}",
    )


class _Watch:
    """What was seen so far in one block, of each graph and between backward passes."""

    def __init__(self, parameters: list[Value] | None) -> None:
        self.count = 0
        self.found = Findings(none="nothing to say yet: findings come when the block ends")
        self._parameters = parameters
        self._found: dict[str, tuple[Finding, int]] = {}  # the first of its kind, in how many
        self._units = Units()
        self._batch: Batch = []  # the passes since the last step
        self._points: dict[int, tuple[Value, float]] = {}  # by id: a leaf, where its last pass was
        self._before: tuple[int, dict[int, tuple[int, float]]] = 0, {}  # see Case.before
        self._steps: list[Finding | None] = []  # of each whether it overshot

    def __call__(self, output: Value, seed: float) -> None:
        """Look at a graph before the backward pass through it."""
        case = Case(output, self._parameters, swept=False)
        case.before, self.count = self._before, self.count + 1
        for finding in chain(*(check(case) for check in (*CHECKS, flow)), self._stale(case, seed)):
            key = finding.what.rpartition(": ")[2] if finding.kind == "kink" else finding.kind
            first, times = self._found.get(key, (finding, 0))
            self._found[key] = first, times + 1
        self._before = case.before
        self._units.add(case)
        self._end_at_step()
        leaves = [case.values[i] for i in case.leaves]
        if not any(leaf.grad for leaf in leaves):
            self._batch.clear()
        self._batch.append((case, seed))
        self._points.update((id(leaf), (leaf, leaf.data)) for leaf in leaves)

    def _stale(self, case: Case, seed: float) -> Iterator[Finding]:
        """Yield a finding where leaves hold a gradient of this output, or of before a step."""
        old = []
        for i in case.leaves:
            leaf = case.values[i]
            _, was = self._points.get(id(leaf), (leaf, leaf.data if self._points else math.nan))
            if leaf.grad and (case.output.grad or was != leaf.data):
                old.append(i)
        for i in old[:1]:
            since = "an earlier pass" if self._points else "before this block"
            yield _accumulation(
                case,
                old,
                "was not set to 0 before `backward()`",
                f"{case.titles([i])} still held the gradient {case.values[i].grad:.6g} of "
                f"{since}, and {seed * case.adjoints[i]:.6g} was added to it",
            )

    def findings(self) -> Iterator[Finding]:
        """Yield what was found, once the block has ended."""
        self._end_at_step()
        bad = [found for found in self._steps if found is not None]
        if bad and (3 * len(bad) > len(self._steps) or bad[-3:] == self._steps[-3:]):
            seen = f" (in {len(bad):,} of {counted(len(self._steps), 'step')})"
            yield replace(bad[0], what=bad[0].what + seen)
        asleep = dict(self._units.asleep())
        for finding, times in self._found.values():
            if finding.kind.endswith("ing gradient") and 2 * times <= self.count:
                continue  # an unlucky sample
            if finding.kind == "vanishing gradient" and any(asleep.values()):
                continue  # for a reason that is told
            seen = f" (in {times:,} of {self.count:,} backward passes)" if self.count > 1 else ""
            yield replace(finding, what=finding.what + seen)
        yield from asleep

    def _end_at_step(self) -> None:
        """If a step was made, look whether it overshot, and end the batch."""
        keys = {id(case.values[i]) for case, _ in self._batch for i in case.leaves}
        steps = {key: (was, leaf.data - was) for key in keys for leaf, was in [self._points[key]]}
        if any(way for _, way in steps.values()):
            self._steps.append(next(overshot("a step", self._batch, steps), None))
            self._batch.clear()
