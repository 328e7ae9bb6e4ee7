"""Questions about a graph: what is right, and what each misconception would give.

A misconception is a backward pass that goes wrong in one way; what it gives is computed from the
graph itself.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final, NamedTuple

from autograd_engine.compiler.record.symbols import OUT, substituted, unknowns
from autograd_engine.engine import Value
from autograd_engine.primitives import Primitive
from autograd_engine.several import crossed
from autograd_engine.survey import Survey
from autograd_engine.table import DOT, LEAF
from autograd_engine.titles import number
from autograd_engine.views.explain.notation import textbook

NICE: Final = [sign * x for x in (0.5, 1.0, 1.5, 2.0, 2.5, 3.0) for sign in (1.0, -1.0)]
TRIES: Final = 40  # draws of numbers, of which that is taken which tells most mistakes apart
MOST: Final = 12  # questions
RATE: Final = 0.1  # of the step that is asked for

SIGN = "The sign is the other way round."
Mistake = tuple[float, str]


class Question(NamedTuple):
    """What is asked, the answer, what mistakes give; of a choice, what there is to choose."""

    text: str
    answer: float
    mistakes: list[Mistake]
    choices: list[str] = []  # noqa: RUF012


def with_numbers(output: Value, seed: int | None) -> Survey:
    """Return the graph with leaves drawn anew for a seed: one of whose answers most differ."""
    survey = Survey(output)
    if seed is None:
        return survey
    draw, found = random.Random(seed), list[tuple[int, Survey]]()
    for _ in range(TRIES):
        with suppress(ArithmeticError, ValueError):
            made: list[Value] = []
            for value, below, label in zip(survey.values, survey.operands, survey.given_names):
                if below:
                    made.append(value._rule(*[made[j] for j in below]))
                elif value._rule is LEAF:
                    made.append(Value(draw.choice(NICE)))
                else:
                    made.append(Value(value.data).detach())
                made[-1].label = label
            again = Survey(made[-1])
            numbers = [x for i in again.leaves for x in (again.adjoints[i], again.values[i].data)]
            told = sum(len(question.mistakes) for question in gradients(again))
            fits = all(1e-3 < abs(x) < 1e3 for x in numbers)
            found.append((told + 1000 * fits, again))
    if not found:
        raise ValueError(f"no numbers drawn with seed {seed} are in the domain of this graph")
    return max(found, key=lambda pair: pair[0])[1]


def swept(survey: Survey, partials: list[tuple[float, ...]], way: str = "") -> list[float]:
    """Return the adjoints by these partials; "overwritten" by the latest use, or "alone"."""
    adjoints = [0.0] * len(partials)
    adjoints[-1] = 1.0
    for i in reversed(range(len(partials))):
        for j, partial in zip(survey.operands[i], partials[i]):
            passed = partial * (1.0 if way == "alone" else adjoints[i])
            adjoints[j] = passed if way == "overwritten" else adjoints[j] + passed
    return adjoints


def mistaken(survey: Survey) -> Iterator[tuple[str, list[float]]]:
    """Yield each misconception in words, where it is made, with the adjoints that it gives."""
    partials, names = [value.partials for value in survey.values], survey.names
    yield SIGN, [-adjoint for adjoint in survey.adjoints]
    yield (
        "It is used several times: what comes back is added up (+=), not overwritten (=).",
        swept(survey, partials, "overwritten"),
    )
    yield "That is the partial alone: multiply it by the adjoint.", swept(survey, partials, "alone")
    for i, below in enumerate(survey.operands):
        for k, j in enumerate(below):
            if survey.uses[j] > 1:
                left = (*partials[i][:k], 0.0, *partials[i][k + 1 :])
                words = f"A path is forgotten: {names[j]} also acts through {names[i]}."
                yield words, swept(survey, [*partials[:i], left, *partials[i + 1 :]])
    for i in range(len(partials)):
        for words, wrong in slips(survey, i):
            yield words, swept(survey, [*partials[:i], wrong, *partials[i + 1 :]])


def slips(survey: Survey, i: int) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Yield in words how the partials of one value may go wrong, and the wrong ones."""
    value, right, name = survey.values[i], survey.values[i].partials, survey.names[i]
    if len(right) == 2 or value._rule is DOT:
        wrong = tuple(crossed(right)) if value._rule is DOT else right[::-1]
        yield f"At {name} the operands are exchanged: by one factor, it is the other.", wrong
    if len(right) == 1 and (formula := textbook(value._rule, 0)) is not None:
        x, out = value.operands[0].data, value.data
        for at, what in ((x, "input, not at the output"), (out, "output, not at the input")):
            known = {OUT: at, unknowns(1)[0]: at}
            with suppress(ArithmeticError, ValueError):
                slope = float(substituted(formula, _computed, known))
                yield f"At {name} the derivative is taken at the {what}.", (slope,)
    if right:
        yield f"At {name} a sign is the other way round.", tuple(-partial for partial in right)


def _computed(rule: Primitive, *operands: float) -> float:
    return rule.forward(*operands)  # type: ignore[no-any-return]


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


def gradients(survey: Survey) -> Iterator[Question]:
    """Ask for the derivative by each leaf."""
    ways, L = list(mistaken(survey)), survey.names[-1]
    for i in survey.leaves:
        answer, where = survey.adjoints[i], f"where {survey.names[i]} = "
        mistakes = told_apart(answer, ((wrong[i], words) for words, wrong in ways))
        text = f"What is ∂{L}/∂{survey.names[i]}, {where}{number(survey.values[i].data)}?"
        yield Question(text, answer, mistakes)


def steps(survey: Survey) -> Iterator[Question]:
    """Ask for each leaf after one step of gradient descent."""
    for i, (_, slope, mistakes, _) in zip(survey.leaves, gradients(survey)):
        x, name = survey.values[i].data, survey.names[i]
        wrong = [
            (x + RATE * slope, "That goes uphill: a step is against the gradient."),
            (x - slope, f"The gradient is multiplied by the learning rate, {RATE}."),
            (-RATE * slope, f"That is the change: add it to {name}."),
            (slope, "That is the gradient: a step changes the parameter by it."),
            *((x - RATE * other, words) for other, words in mistakes),
        ]
        text = f"What is {name} = {number(x)} after one step with the learning rate {RATE}?"
        yield Question(text, x - RATE * slope, told_apart(x - RATE * slope, wrong))


def values(survey: Survey) -> Iterator[Question]:
    """Ask for each computed value."""
    for i, value in enumerate(survey.values):
        if survey.operands[i]:
            numbers, name = [v.data for v in value.operands], survey.names[i]
            wrong = [(-value.data, SIGN)]
            with suppress(ArithmeticError, ValueError):
                back = float(value._rule.forward(*numbers[::-1]))
                wrong.append((back, "The operands are exchanged."))
            wrong.append((math.fsum(numbers), "That is a sum."))
            wrong.append((math.prod(numbers), "That is a product."))
            if len(numbers) == 1:
                wrong.insert(1, (numbers[0], f"That is the input: apply {value.op} to it."))
            text = f"What is {name}, the result of {value.op}?"
            yield Question(text, value.data, told_apart(value.data, wrong))


def edges(survey: Survey, draw: random.Random) -> Iterator[Question]:
    """Ask which of the partials is wrong: one was changed."""
    names = survey.names
    where = [(i, k) for i, below in enumerate(survey.operands) for k, _ in enumerate(below)]
    right = [survey.values[i].partials[k] for i, k in where]
    slip = [
        (at, wrong[k], words)
        for at, (i, k) in enumerate(where)
        for words, wrong in slips(survey, i)
        if told_apart(right[at], [(wrong[k], words)])
    ]
    at, number_there, _ = draw.choice(slip)
    shown = [number(number_there if n == at else x) for n, x in enumerate(right)]
    told = [f"∂{names[i]}/∂{names[survey.operands[i][k]]}" for i, k in where]
    mistakes = [
        (float(n), f"{edge} = {text} is right.")
        for n, (edge, text) in enumerate(zip(told, shown), 1)
        if n != at + 1
    ]
    yield Question(
        f"One of these partials is wrong. Which? ({len(where)} edges, from the inputs on)",
        at + 1.0,
        mistakes,
        [f"{edge} = {text}" for edge, text in zip(told, shown)],
    )


def factors(survey: Survey, draw: random.Random) -> Iterator[Question]:
    """Ask for the missing factor of the product along a path to each leaf."""
    names, users = survey.names, [list[tuple[int, int]]() for _ in survey.values]
    for i, below in enumerate(survey.operands):
        for k, j in enumerate(below):
            users[j].append((i, k))
    for leaf in survey.leaves:
        path, at = list[tuple[int, int]](), leaf
        while users[at]:
            path.insert(0, draw.choice(users[at]))
            at = path[0][0]
        hidden = draw.randrange(len(path))
        terms = [f"∂{names[i]}/∂{names[survey.operands[i][k]]}" for i, k in path]
        shown = [number(survey.values[i].partials[k]) for i, k in path]
        i, k = path[hidden]
        shown[hidden], answer = "?", survey.values[i].partials[k]
        whole = math.prod(survey.values[i].partials[k] for i, k in path)
        wrong = [(other[k], words) for words, other in slips(survey, i)]
        wrong.append((whole, "That is the whole product, not the factor."))
        text = f"Along one path to {names[leaf]}: {' · '.join(terms)} = {' · '.join(shown)}."
        yield Question(f"{text} What is {terms[hidden]}?", answer, told_apart(answer, wrong))


def asked(survey: Survey, ask: str, seed: int | None) -> list[Question]:
    """Return the questions of one kind, by its name; of many the first."""
    draw = random.Random(seed)
    kinds = {
        "gradients": lambda: gradients(survey),
        "values": lambda: values(survey),
        "edge": lambda: edges(survey, draw),
        "factor": lambda: factors(survey, draw),
        "step": lambda: steps(survey),
    }
    if ask not in kinds:
        raise ValueError(f"ask is one of {' '.join(map(repr, kinds))}; got {ask!r:.60}")
    if not survey.leaves:
        raise ValueError("there is nothing to ask: the graph has no leaves")
    return list(kinds[ask]())[:MOST]
