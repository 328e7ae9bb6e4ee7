"""Questions about a graph: what is right, and what each misconception would give.

A misconception is a backward pass that goes wrong in one way: what it gives is computed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, Final, NamedTuple, TypeAlias

from autograd_engine.compiler.record.symbols import OUT, substituted, unknowns
from autograd_engine.engine import Value
from autograd_engine.several import crossed
from autograd_engine.survey import Survey
from autograd_engine.table import DOT, LEAF
from autograd_engine.titles import number
from autograd_engine.views.explain.notation import textbook

NICE: Final = [sign * x for x in (0.5, 1.0, 1.5, 2.0, 2.5, 3.0) for sign in (1.0, -1.0)]
TRIES: Final = 40  # draws of numbers, of which that is taken which tells most mistakes apart
MOST: Final = 12  # questions
RATE: Final = 0.1  # of the step that is asked for
SIGN: Final = "The sign is the other way round."
ADD: Final = "It is used several times: what comes back is added up (+=), not overwritten (=)."
ALONE: Final = "That is the partial alone: multiply it by the adjoint."
Mistake: TypeAlias = tuple[float, str]
Partials: TypeAlias = tuple[float, ...]


class Question(NamedTuple):
    """What is asked, the answer, what mistakes give; of a choice, what there is to choose."""

    text: str
    answer: float
    mistakes: list[Mistake]
    choices: tuple[str, ...] = ()


def with_numbers(output: Value, seed: int | None) -> Survey:
    """Return the graph with leaves drawn anew for a seed: one of whose answers most differ."""
    survey, draw, found = Survey(output), random.Random(seed), list[tuple[int, Survey]]()
    for _ in range(TRIES if seed is not None else 0):
        made: list[Value] = []
        with suppress(ArithmeticError, ValueError):
            for value, below, label in zip(survey.values, survey.operands, survey.given_names):
                new = Value(draw.choice(NICE)) if value._rule is LEAF else value.detach()
                made.append(value._rule(*[made[j] for j in below]) if below else new)
                made[-1].label = label
            again = Survey(made[-1])
            fits = all(1e-3 < abs(again.adjoints[i]) < 1e3 for i in again.leaves)
            told = sum(len(question.mistakes) for question in gradients(again))
            found.append((told + 1000 * fits, again))
    if seed is not None and not found:
        raise ValueError(f"no numbers drawn with seed {seed} are in the domain of this graph")
    return max(found, key=lambda pair: pair[0])[1] if found else survey


def swept(survey: Survey, partials: list[Partials], way: str = ADD) -> list[float]:
    """Return the adjoints by these partials: added up, overwritten, or partials alone."""
    adjoints = [0.0] * len(partials)
    adjoints[-1] = 1.0
    for i in reversed(range(len(partials))):
        for j, partial in zip(survey.operands[i], partials[i]):
            passed = partial if way is ALONE else partial * adjoints[i]
            adjoints[j] = passed if way == "=" else adjoints[j] + passed
    return adjoints


def mistaken(survey: Survey) -> Iterator[tuple[str, list[float]]]:
    """Yield each misconception in words, and the adjoints that it gives."""
    partials, names = [value.partials for value in survey.values], survey.names
    yield SIGN, [-adjoint for adjoint in survey.adjoints]
    yield ADD, swept(survey, partials, "=")
    yield ALONE, swept(survey, partials, ALONE)
    for i, below in enumerate(survey.operands):
        wrong = list(slips(survey, i))
        for k, j in enumerate(below):
            if survey.uses[j] > 1:
                words = f"A path is forgotten: {names[j]} also acts through {names[i]}."
                wrong.insert(k, (words, (*partials[i][:k], 0.0, *partials[i][k + 1 :])))
        for words, given in wrong:
            yield words, swept(survey, [*partials[:i], given, *partials[i + 1 :]])


def slips(survey: Survey, i: int) -> Iterator[tuple[str, Partials]]:
    """Yield in words how the partials of one value may go wrong, and the wrong ones."""
    value, right, name = survey.values[i], survey.values[i].partials, survey.names[i]
    if len(right) == 2 or value._rule is DOT:
        wrong = tuple(crossed(right)) if value._rule is DOT else right[::-1]
        yield f"At {name} the operands are exchanged: by one factor, it is the other.", wrong
    if len(right) == 1 and (formula := textbook(value._rule, 0)) is not None:
        x, out = value.operands[0].data, value.data
        for at, what in ((x, "input, not at the output"), (out, "output, not at the input")):
            known = {OUT: at, unknowns(1)[0]: at}
            compute: Callable[..., Any] = lambda rule, *numbers: rule.forward(*numbers)  # noqa: E731
            with suppress(ArithmeticError, ValueError):
                slope = float(substituted(formula, compute, known))
                yield f"At {name} the derivative is taken at the {what}.", (slope,)
    if right:
        yield f"At {name} a sign is the other way round.", tuple(-partial for partial in right)


def told_apart(answer: float, mistakes: Iterable[Mistake]) -> list[Mistake]:
    """Return the mistakes that nobody would take for the answer, nor for one before."""
    found: list[Mistake] = []
    for wrong, words in mistakes:
        known = [answer, *(number for number, _ in found)]
        if math.isfinite(wrong) and not any(
            math.isclose(wrong, x, rel_tol=0.03, abs_tol=1e-9) for x in known
        ):
            found.append((wrong, words))
    return found


def gradients(survey: Survey, *_: Any) -> Iterator[Question]:
    """Ask for the derivative by each leaf."""
    ways, names = list(mistaken(survey)), survey.names
    for i in survey.leaves:
        text = f"What is ∂{names[-1]}/∂{names[i]}, where {names[i]} = "
        answer, wrong = survey.adjoints[i], ((given[i], words) for words, given in ways)
        at = number(survey.values[i].data)
        yield Question(f"{text}{at}?", answer, told_apart(answer, wrong))


def step(survey: Survey, *_: Any) -> Iterator[Question]:
    """Ask for each leaf after one step of gradient descent."""
    for i, found in zip(survey.leaves, gradients(survey)):
        x, name, slope = survey.values[i].data, survey.names[i], found.answer
        wrong = [
            (x + RATE * slope, "That goes uphill: a step is against the gradient."),
            (x - slope, f"The gradient is multiplied by the learning rate, {RATE}."),
            (-RATE * slope, f"That is the change: add it to {name}."),
            (slope, "That is the gradient: a step changes the parameter by it."),
            *((x - RATE * other, words) for other, words in found.mistakes),
        ]
        text = f"What is {name} = {number(x)} after one step with the learning rate {RATE}?"
        yield Question(text, x - RATE * slope, told_apart(x - RATE * slope, wrong))


def values(survey: Survey, *_: Any) -> Iterator[Question]:
    """Ask for each computed value."""
    for value, below, name in zip(survey.values, survey.operands, survey.names):
        if below:
            numbers = [survey.values[j].data for j in below]
            wrong = [(-value.data, SIGN), (math.fsum(numbers), "That is the sum.")]
            wrong.append((math.prod(numbers), "That is the product."))
            with suppress(ArithmeticError, ValueError):
                back = float(value._rule.forward(*numbers[::-1]))
                wrong.append((back, "The operands are exchanged."))
            if len(numbers) == 1:
                wrong.insert(1, (numbers[0], f"That is the input: apply {value.op} to it."))
            text = f"What is {name}, the result of {value.op}?"
            yield Question(text, value.data, told_apart(value.data, wrong))


def edge(survey: Survey, draw: random.Random) -> Iterator[Question]:
    """Ask which of the partials is wrong: one was changed."""
    where = [(i, k) for i, below in enumerate(survey.operands) for k in range(len(below))]
    right = [survey.values[i].partials[k] for i, k in where]
    found = [
        (at, given[k])
        for at, (i, k) in enumerate(where)
        for _, given in slips(survey, i)
        if told_apart(right[at], [(given[k], "")])
    ]
    changed, wrong = draw.choice(found)
    shown = [wrong if at == changed else partial for at, partial in enumerate(right)]
    told = tuple(f"{name(survey, *at)} = {number(x)}" for at, x in zip(where, shown))
    mistakes = [
        (float(n), f"{text} is right.") for n, text in enumerate(told, 1) if n != changed + 1
    ]
    yield Question("One of these partials is wrong. Which?", changed + 1, mistakes, told)


def name(survey: Survey, i: int, k: int) -> str:
    return f"∂{survey.names[i]}/∂{survey.names[survey.operands[i][k]]}"


def factor(survey: Survey, draw: random.Random) -> Iterator[Question]:
    """Ask for the missing factor of the product along a path to each leaf."""
    for leaf in survey.leaves:
        path, at = list[tuple[int, int]](), leaf
        while at < len(survey.values) - 1:
            users = [
                (i, k)
                for i, below in enumerate(survey.operands)
                for k, j in enumerate(below)
                if j == at
            ]
            path.insert(0, draw.choice(users))
            at = path[0][0]
        if path:
            i, k = path[hidden := draw.randrange(len(path))]
            partials = [survey.values[i].partials[k] for i, k in path]
            shown, terms = list(map(number, partials)), [name(survey, *at) for at in path]
            shown[hidden] = "?"
            wrong = [(given[k], words) for words, given in slips(survey, i)]
            wrong.append((math.prod(partials), "That is the whole product, not the factor."))
            text = f"Along one path to {survey.names[leaf]}: {' · '.join(terms)} = "
            text += f"{' · '.join(shown)}. What is {terms[hidden]}?"
            yield Question(text, partials[hidden], told_apart(partials[hidden], wrong))


KINDS: Final[dict[str, tuple[str, Callable[..., Iterator[Question]]]]] = {
    "gradients": ("Gradients", gradients),
    "values": ("The forward pass", values),
    "edge": ("Which partial is wrong?", edge),
    "factor": ("The missing factor", factor),
    "step": ("One step of gradient descent", step),
}
