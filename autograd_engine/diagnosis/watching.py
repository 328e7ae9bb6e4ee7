"""diagnostics: what goes wrong with gradients while a piece of a program runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from autograd_engine.blocks import Blocks
from autograd_engine.diagnosis.diagnosing import listed_parameters
from autograd_engine.diagnosis.findings import Finding, Findings
from autograd_engine.diagnosis.flow import flow
from autograd_engine.diagnosis.kinks import kinks
from autograd_engine.diagnosis.leaves import changed_leaves, unreached
from autograd_engine.diagnosis.nonfinite import born
from autograd_engine.diagnosis.passes import Passes
from autograd_engine.diagnosis.places import Parameters
from autograd_engine.diagnosis.rebinding import computed, grown
from autograd_engine.diagnosis.units import Units
from autograd_engine.engine import Value
from autograd_engine.real import flag
from autograd_engine.survey import Survey
from autograd_engine.words import counted


class diagnostics(Blocks):
    """Watch every `backward()` inside a block, and list what is wrong at its end.

    `with diagnostics() as found:` fills the list `found` when the block ends, and prints it
    unless `show=False`. Beside what `diagnose` finds in each graph it sees what happens from
    one backward pass to the next: gradients added to those of an earlier step, names bound to
    new values, steps after which the output is no lower, units that are dead in all samples of
    all passes. Steps are seen by their effect, whoever makes them. `parameters`, if given, are
    also looked for in each graph. Only the thread or asyncio task that opened the block is
    watched. It keeps the graphs of a step alive and computes them again,
    which takes ten times as long as a training by itself. Compiled programs do not call
    `backward()` and are not watched; `fit` trains eagerly in such a block.

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
        self._parameters = Parameters([]) if parameters is None else listed_parameters(parameters)
        self._show = flag("show", show)

    def __enter__(self) -> list[Finding]:
        watch = _Watch(self._parameters)
        self._begin("listening", watch)
        return watch.found

    def __exit__(self, *error: object) -> None:
        watch: _Watch = self._end()
        found = watch.found
        found.extend(Findings(watch.findings()))
        passes = counted(watch.count, "backward pass", "backward passes")
        found.none = f"nothing found in {passes}" if watch.count else UNWATCHED
        if self._show:
            head = f"{counted(len(found), 'finding')} in {passes}\n\n" if found else ""
            print(f"diagnostics: {head}{found}")


UNWATCHED = (
    "nothing was watched: no backward() was called in this block (compiled programs and "
    "functions such as ag.grad do not call it)"
)


class _Watch:
    """What was seen so far in one block."""

    def __init__(self, parameters: Parameters) -> None:
        self.count = 0
        self.found = Findings(none="nothing to say yet: findings come when the block ends")
        self._parameters = parameters
        self._found: dict[str, tuple[Finding, int]] = {}  # the first of its kind, in how many
        self._units = Units()
        self._passes = Passes(parameters)

    def __call__(self, output: Value, seed: float) -> None:
        """Look at a graph before the backward pass through it."""
        survey = self._parameters.survey = Survey(output)
        self.count += 1
        for finding in self._of_graph(survey):
            key = finding.kind
            if key == "kink":
                key = finding.what.rpartition(": ")[2]
            first, times = self._found.get(key, (finding, 0))
            self._found[key] = first, times + 1
        self._units.add(survey)
        self._passes.add(survey, seed)

    def _of_graph(self, survey: Survey) -> Iterator[Finding]:
        if self._parameters.values:
            yield from computed(self._parameters)
            yield from unreached(survey, self._parameters)
        if self._passes.latest is not None:
            yield from grown(self._passes.latest, survey, self._parameters)
        yield from changed_leaves(survey, self._parameters)
        yield from born(survey, self._parameters)
        yield from flow(survey)
        yield from kinks(survey)

    def findings(self) -> Iterator[Finding]:
        """Yield what was found, once the block has ended."""
        for finding, times in self._found.values():
            if finding.kind.endswith("ing gradient") and 2 * times <= self.count:
                continue  # an unlucky sample
            if finding.kind == "vanishing gradient" and self._units.blocks():
                continue  # for a reason that is told
            seen = f" (in {times:,} of {self.count:,} backward passes)"
            yield replace(finding, what=finding.what + seen) if self.count > 1 else finding
        yield from self._units.findings()
        yield from self._passes.findings()
