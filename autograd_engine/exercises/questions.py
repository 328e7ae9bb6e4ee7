"""Questions about a graph: what is right, and what each misconception would give.

A misconception is a backward pass that goes wrong in one way: what it gives is computed.
"""

from __future__ import annotations

import json
import math
import random
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from autograd_engine.blocks import enable_grad
from autograd_engine.compiler.record.symbols import OUT, Symbol, substituted, unknowns
from autograd_engine.engine import Value
from autograd_engine.floats import crossed
from autograd_engine.survey import Survey, number
from autograd_engine.table import CONSTANT, DOT, LEAF
from autograd_engine.views.explain.notation import textbook


class Said(str):
    """A sentence: its words, a key of the table of words, and what is put in their holes."""

    parts: list[Any]  # by which a page says it in its language; sentences put there are such again


def said(words: str, *put: Any, table: Mapping[str, str] | None = None) -> Said:
    """Return a sentence, in the language of a table."""
    filled = [said(*part, table=table) if isinstance(part, list) else part for part in put]
    words = (table or {}).get(words, words)
    found = Said(re.sub(r"\{(\d)\}", lambda hole: filled[int(hole[1])], words))
    found.parts = [words, *(getattr(part, "parts", part) for part in filled)]
    return found


MOST: Final = 12  # questions of a sheet, choices of a question
TRIES: Final = 40  # draws of numbers, of which the first is taken that tells nearly most mistakes
SIGN: Final = said("The sign is the other way round.")
ADD: Final = said("Where a value is used several times, what comes back is added up (+=).")
ALONE: Final = said("Partials alone are taken: multiply each by the adjoint.")


class Question(NamedTuple):
    """What is asked, the answer, what mistakes give; of a choice, what there is to choose."""

    text: Said
    answer: float
    mistakes: Sequence[tuple[float, Said]]
    choices: Sequence[str] = ()
    otherwise: Said = said("Not yet.")

    def into(self, table: dict[str, str]) -> Question:
        """Return the question in the language of a table of words."""
        mistakes = [(wrong, said(*words.parts, table=table)) for wrong, words in self.mistakes]
        text, otherwise = (said(*x.parts, table=table) for x in (self.text, self.otherwise))
        return self._replace(text=text, mistakes=mistakes, otherwise=otherwise)

    @property
    def key(self) -> str:
        """The answer and the mistakes so that nobody reads them by chance."""
        told = [[wrong, *getattr(words, "parts", [words])] for wrong, words in self.mistakes]
        return b64encode(json.dumps([self.answer, told, self.otherwise.parts]).encode()).decode()


def asked(text: Said, answer: float, mistakes: Iterable[tuple[float, Said]]) -> Question:
    """Return a question with the mistakes that are told apart from the answer and those before."""
    found, known = list[tuple[float, Said]](), [answer]
    for wrong, words in mistakes:
        same = [x for x in known if math.isclose(wrong, x, rel_tol=0.03, abs_tol=1e-9)]
        if math.isfinite(wrong) and not same:
            found.append((wrong, words))
            known.append(wrong)
    return Question(text, answer, found)


def edges(survey: Survey) -> list[tuple[str, float, int, int]]:
    """Return each partial by no constant: written, its number, of which value, by which operand."""
    names = survey.names
    return [
        (f"∂{names[i]}/∂{names[j]}", survey.values[i].partials[k], i, k)
        for i, below in enumerate(survey.operands)
        for k, j in enumerate(below)
        if survey.values[j]._rule is not CONSTANT and below.count(j) == 1  # a·a has two ∂v/∂a
    ]


def copied(survey: Survey, leaf: Callable[[Value], float], made: Callable[..., Value]) -> Value:
    """Return the output of a graph again, with other numbers in its leaves, of values `made`."""
    known: list[Value] = []
    for value, below, label in zip(survey.values, survey.operands, survey.given_names):
        new = Value(leaf(value)) if value._rule is LEAF else value.detach()
        known.append(made(value, [known[j] for j in below]) if below else new)
        known[-1].label = label
    return known[-1]


def anew(survey: Survey, leaf: Callable[[Value], float] = lambda leaf: leaf.data) -> Survey:
    """Return a graph computed again from its leaves; `ValueError` names what is not finite."""
    with enable_grad():
        new = Survey(copied(survey, leaf, lambda value, below: value._rule(*below)))
    for name, value, adjoint in zip(new.names, new.values, new.adjoints):
        for x in (value.data, adjoint, *value.partials):
            if not math.isfinite(x):
                raise ValueError(
                    f"{name} has {x} as its value or a derivative; an exercise needs finite "
                    "numbers: choose other leaves"
                )
    return new


def drawn(survey: Survey, seed: int) -> Survey:
    """Return a graph with numbers of a seed, whose mistakes give nearly as many as they may."""
    draw, found = random.Random(int(seed)), list[tuple[bool, int, Survey]]()
    tenths = range(5, 31, 1 if len(survey.leaves) < 4 else 5)
    for _ in range(min(TRIES, 2 + 2000 // len(survey.values))):
        with suppress(ArithmeticError, ValueError):
            new = anew(survey, lambda _: draw.choice((1, -1)) * draw.choice(tenths) / 10)
            fits = all(1e-3 < abs(new.adjoints[i]) < 1e3 for i in new.leaves)
            told = sum(len(question.mistakes) for question in gradients(new))
            found.append((fits, told, new))
    if not found:
        raise ValueError(f"no numbers drawn with seed {seed} are in the domain of this graph")
    fit, most = max(each[:2] for each in found)
    return next(new for fits, told, new in found if fits == fit and told >= 0.8 * most)


def swept(survey: Survey, partials: Sequence[Sequence[float]], way: str = "+=") -> list[float]:
    """Return the adjoints by these partials: added up, overwritten, or of partials alone."""
    adjoints = [0.0] * len(partials)
    adjoints[-1] = 1.0
    for i in reversed(range(len(partials))):
        for j, partial in zip(survey.operands[i], partials[i]):
            passed = partial if way == "alone" else partial * adjoints[i]
            adjoints[j] = passed if way == "=" else adjoints[j] + passed
    return adjoints


def mistaken(survey: Survey) -> Iterator[tuple[list[float], Said]]:
    """Yield the adjoints that each misconception gives, and it in words."""
    partials, names = [value.partials for value in survey.values], survey.names
    yield [-adjoint for adjoint in survey.adjoints], SIGN
    yield swept(survey, partials, "="), ADD
    yield swept(survey, partials, "alone"), ALONE
    for i, below in enumerate(survey.operands):
        wrong = list(slips(survey, i))
        for k, j in enumerate(below):
            if survey.uses[j] > 1:
                words = said("A path is forgotten: {0} also acts through {1}.", names[j], names[i])
                wrong.insert(k, (words, [*partials[i][:k], 0.0, *partials[i][k + 1 :]]))
        for words, given in wrong:
            yield swept(survey, [*partials[:i], given, *partials[i + 1 :]]), words


def slips(survey: Survey, i: int) -> Iterator[tuple[Said, Sequence[float]]]:
    """Yield in words how the partials of one value may go wrong, and the wrong ones."""
    value, right, at = survey.values[i], survey.values[i].partials, survey.names[i]
    if len(right) == 2 or value._rule is DOT:
        wrong = tuple(crossed(right)) if value._rule is DOT else right[::-1]
        yield said("At {0} the operands are exchanged: by one factor, it is the other.", at), wrong
    formula = textbook(value._rule, 0) if len(right) == 1 else None
    if isinstance(formula, Symbol) and formula.rule:  # not just the output, as of exp
        compute: Callable[..., Any] = lambda rule, *numbers: rule.forward(*numbers)  # noqa: E731
        x, out = value.operands[0].data, value.data
        early = said("At {0} the derivative is taken at the input, not at the output.", at)
        late = said("At {0} the derivative is taken at the output, not at the input.", at)
        for known, words in ((x, early), (out, late)):
            with suppress(ArithmeticError, ValueError):
                slope = substituted(formula, compute, {OUT: known, unknowns(1)[0]: known})
                yield words, (float(slope),)
    if right:
        words = said("At {0} a sign is the other way round.", at)
        yield words, tuple(-partial for partial in right)


def gradients(survey: Survey, *_: Any) -> Iterator[Question]:
    """Ask for the derivative by each leaf."""
    ways, names = list(mistaken(survey)), survey.names
    for i in survey.leaves:
        at = f"{names[i]} = {number(survey.values[i].data)}"
        text = said("What is {0}, where {1}?", f"∂{names[-1]}/∂{names[i]}", at)
        yield asked(text, survey.adjoints[i], ((given[i], words) for given, words in ways))


def step(survey: Survey, *_: Any) -> Iterator[Question]:
    """Ask for each leaf after one step of gradient descent."""
    for i, found in zip(survey.leaves, gradients(survey)):
        x, name, slope = survey.values[i].data, survey.names[i], found.answer
        size = abs(x / slope) if slope else 0.0  # a step of less than 5 % would be within rounding
        rate = 10.0 ** math.ceil(math.log10(0.05 * size)) if 1e-9 < size < 1e9 else 0.1
        now, by = f"{name} = {number(x)}", f"{rate:g}"
        wrong = [
            (x + rate * slope, said("That goes uphill: a step is against the gradient.")),
            (x - slope, said("The gradient is multiplied by the learning rate, {0}.", by)),
            (-rate * slope, said("That is the change: add it to {0}.", name)),
            (slope, said("That is the gradient: a step changes the parameter by it.")),
            *((x - rate * other, words) for other, words in found.mistakes),
        ]
        text = said("What is {0} after one step with the learning rate {1}?", now, by)
        yield asked(text, x - rate * slope, wrong)


def values(survey: Survey, *_: Any) -> Iterator[Question]:
    """Ask for each computed value."""
    for value, below, name in zip(survey.values, survey.operands, survey.names):
        if below:
            numbers = [survey.values[j].data for j in below]
            wrong = [(-value.data, SIGN), (sum(numbers), said("That is the sum."))]
            wrong.append((math.prod(numbers), said("That is the product.")))
            with suppress(ArithmeticError, ValueError):
                back = float(value._rule.forward(*numbers[::-1]))
                wrong.append((back, said("The operands are exchanged.")))
            if len(numbers) == 1:
                wrong.insert(1, (numbers[0], said("That is the input: apply {0} to it.", value.op)))
            yield asked(said("What is {0}, the result of {1}?", name, value.op), value.data, wrong)


def edge(survey: Survey, draw: random.Random) -> Iterator[Question]:
    """Ask which of the partials is wrong: one was changed."""
    every = edges(survey)
    found = [
        (n, wrong[k])
        for n, (_, partial, i, k) in enumerate(every, 1)
        for _, wrong in slips(survey, i)
        if asked(SIGN, partial, [(wrong[k], SIGN)]).mistakes
    ]
    if found:
        changed, wrong = draw.choice(found)
        others = [n for n in range(1, len(every) + 1) if n != changed]
        kept = sorted([changed, *draw.sample(others, min(MOST - 1, len(others)))])
        shown = [(every[n - 1][0], wrong if n == changed else every[n - 1][1]) for n in kept]
        told = [f"{text} = {number(x)}" for text, x in shown]
        at = kept.index(changed) + 1
        right = [(n, said("{0} is right.", t)) for n, t in enumerate(told, 1) if n != at]
        yield Question(said("One of these partials is wrong. Which?"), at, right, told)


def factor(survey: Survey, draw: random.Random) -> Iterator[Question]:
    """Ask for the missing factor of what comes back along an edge."""
    for text, partial, i, k in draw.sample(every := edges(survey), len(every)):
        adjoint, root = survey.adjoints[i], f"∂{survey.names[-1]}/∂"
        wrong = [(given[k], words) for words, given in slips(survey, i)]
        wrong.append((partial * adjoint, said("That is the whole product, not the factor.")))
        wrong.append((adjoint, said("That is the other factor.")))
        name, by = survey.names[survey.operands[i][k]], survey.names[i]
        line = f"{root}{by} · {text} = {number(adjoint)} · ?"
        told = said("Through {0}, {1} gets {2}. What is {3}?", by, f"{root}{name}", line, text)
        yield asked(told, partial, wrong)


KINDS: Final[dict[str, tuple[Said, Callable[..., Iterator[Question]]]]] = {
    "gradients": (said("Gradients"), gradients),
    "values": (said("The forward pass"), values),
    "edge": (said("The wrong partial"), edge),
    "factor": (said("The missing factor"), factor),
    "step": (said("One step of gradient descent"), step),
}
