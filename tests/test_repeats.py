"""What repeats along a graph's depth is found, and what a repeat claims is checked."""

import copy
import math

import pytest

import autograd_engine as ag
from autograd_engine import Value, recurrences
from autograd_engine.engine import topological_order
from autograd_engine.repeats import INPUT, SHARED, STEP, Graph, Repeat, ordered, verified
from autograd_engine.survey import Survey
from autograd_engine.table import ADD, CONSTANT, NEGATIVE, sin, tanh
from tests.recurring import (
    ADVERSARIES,
    FAMILIES,
    chain,
    heat,
    lag_two,
    random_recurrence,
    rnn,
    sequences,
    two_layers,
)


def lists(output):
    """The graph below an output: tokens, operands and numbers of its values."""
    place, tokens, operands, numbers = {}, [], [], []

    def meet(value, token, below):
        place[value] = len(tokens)
        tokens.append(token)
        operands.append(below)
        numbers.append(value.data)

    for node in topological_order(output):
        for operand in node.operands:
            if operand not in place:
                token = repr(operand.data) if operand._rule is CONSTANT else None
                meet(operand, token, ())
        meet(node, node._rule, tuple([place[operand] for operand in node.operands]))
    return tokens, operands, numbers


def run(graph, repeats, tokens, operands, numbers):
    """Compute all values, those of repeats step by step from what their bodies say alone."""
    known = {i: number for i, number in enumerate(numbers) if not operands[i]}
    inside = {place for repeat in repeats for row in repeat.places for place in row}
    waiting = [*[i for i in graph.nodes if i not in inside], *repeats]
    while waiting:
        later = []
        for item in waiting:
            repeated = isinstance(item, Repeat)
            needed = item.outside() if repeated else [graph.same[j] for j in operands[item]]
            if any(place not in known for place in needed):
                later.append(item)
            elif repeated:
                known.update(run_repeat(item, known))
            else:
                known[item] = tokens[item].forward(*[known[j] for j in needed])
        assert len(later) < len(waiting), "each waits for another"
        waiting = later
    return [known[place] for place in graph.same]


def run_repeat(repeat, known):
    rows = []
    for t, places in enumerate(repeat.places):
        row = []
        rows.append(row)
        for rule, operands in zip(repeat.rules, repeat.operands):
            found = []
            for kind, of, lag in operands:
                if kind == STEP:
                    found.append(rows[t - lag][of] if t >= lag else known[repeat.init[of, lag - t]])
                else:
                    found.append(known[of if kind == SHARED else repeat.inputs[of][t]])
            row.append(rule.forward(*found))
        yield from zip(places, row)


def repeats_of(output):
    """The repeats of a graph, found, checked and run to the bits of what was recorded."""
    tokens, operands, numbers = lists(output)
    graph = Graph(tokens, operands)
    found = recurrences.find(graph)
    assert all(verified(graph, repeat) for repeat in found)
    assert [repr(number) for number in run(graph, found, tokens, operands, numbers)] == [
        repr(number) for number in numbers
    ]
    return found


@pytest.mark.parametrize("steps", [5, 6, 10, 100])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_recurrence_is_one_repeat_of_all_its_steps(family, steps):
    (repeat,) = repeats_of(family(steps))
    # The last update of a Kalman filter is read by nobody; velocities begin from one common 0.
    assert repeat.steps == steps - (family.__name__ in ("kalman", "momentum"))


@pytest.mark.parametrize("graph", ADVERSARIES)
def test_what_only_looks_alike_is_not_forced(graph):
    assert sorted((r.steps, len(r.rules)) for r in repeats_of(graph())) == sorted(
        ADVERSARIES[graph]
    )


def test_random_recurrences_run_to_the_same_bits():
    found = 0
    for seed in range(300):
        try:
            output = random_recurrence(seed)
        except (OverflowError, ZeroDivisionError):
            continue
        found += bool(repeats_of(output))
    assert found > 150


def test_steps_that_the_recorded_order_interleaves_are_told_apart():
    """A ring of more cells than steps: no step is recorded whole before the next begins."""
    (repeat,) = repeats_of(heat(steps=20, cells=24))
    assert (repeat.steps, len(repeat.states)) == (20, 24)


def test_sequences_one_after_the_other_are_all_found():
    assert [(r.steps, len(r.rules)) for r in repeats_of(sequences(25))] == [(15, 4)] * 25


def test_less_than_four_steps_are_no_repeat():
    assert [len(repeats_of(chain(steps))) for steps in (1, 2, 3, 4)] == [0, 0, 0, 1]


def test_a_repeat_says_what_is_carried_shared_and_given():
    graph = Graph(*lists(two_layers())[:2])
    (repeat,) = recurrences.find(graph)
    h, g = sorted(repeat.states)
    assert [repeat.rules[p] for p in (h, g)] == [tanh, tanh]
    assert repeat.states == {h: 1, g: 1} and set(repeat.init) == {(h, 1), (g, 1)}
    assert len(repeat.shared) == 3 and [len(row) for row in repeat.inputs] == [20]
    (repeat,) = recurrences.find(Graph(*lists(lag_two())[:2]))
    assert list(repeat.states.values()) == [2] and len(repeat.init) == 2


@pytest.mark.parametrize("units", [1, 3])
def test_a_survey_tells_the_adjoint_of_the_state_by_step(units):
    """Beside a running loss, whose adjoint is 1 in all steps and says nothing."""
    weights, states, loss = [Value(0.3 + i) for i in range(units)], [], Value(0.0)
    h = [Value(0.1)] * units
    for t in range(7):
        h = [ag.tanh(w * sum(h) - 0.1 * t) for w in weights]
        states.append(h)
        loss = loss + ag.dot(h, h)
    survey = Survey(loss)
    (repeat,) = survey.repeats
    assert [sorted(row) for row in survey.states(repeat)] == [
        sorted(survey.position[id(state)] for state in row) for row in states
    ]
    slopes = [ag.gradient(loss, row) for row in states]
    expected = [slope[0] if units == 1 else math.hypot(*slope) for slope in slopes]
    assert survey.deltas(repeat) == [(t, pytest.approx(d)) for t, d in enumerate(expected, 1)]


def test_equal_values_are_one():
    graph = Graph(
        [None, "0.0", "-0.0", "0.0", ADD, ADD, NEGATIVE, ADD],
        [(), (), (), (), (0, 1), (0, 3), (5,), (0, 2)],
    )
    assert graph.same == [0, 1, 2, 1, 4, 4, 6, 7]
    assert graph.reads == [(-1, -2), (0,), (-1, -3)]


def broken(repeat):
    """Yield the repeat with one thing wrong, all there are."""
    last = repeat.steps - 1
    for p, operands in enumerate(repeat.operands):
        for s, (kind, of, lag) in enumerate(operands):
            wrong = [(other, 0, 0) for other in (STEP, SHARED, INPUT) if other != kind]
            wrong += [(kind, of + 1, lag)] if kind != INPUT else []
            wrong += [(STEP, of, lag + 1), (STEP, of, lag - 1)] if kind == STEP else []
            for operand in wrong:
                made = copy.deepcopy(repeat)
                made.operands[p] = (*operands[:s], operand, *operands[s + 1 :])
                yield made
        for t in (0, last // 2, last):
            made = copy.deepcopy(repeat)
            row = list(made.places[t])
            row[p] = made.places[t - 1][p - 1]
            made.places[t] = tuple(row)
            yield made
        made = copy.deepcopy(repeat)
        made.rules[p] = CONSTANT
        yield made
        made = copy.deepcopy(repeat)
        made.operands[p] = repeat.operands[p][1:]
        yield made
    for i, column in enumerate(repeat.inputs):
        for t in range(repeat.steps):
            made = copy.deepcopy(repeat)
            made.inputs[i] = (*column[:t], column[t] - 1, *column[t + 1 :])
            yield made
    for state in repeat.init:
        made = copy.deepcopy(repeat)
        made.init[state] += 1
        yield made
        made = copy.deepcopy(repeat)
        del made.init[state]
        yield made


@pytest.mark.parametrize("family", FAMILIES)
def test_whatever_is_wrong_is_not_verified(family):
    graph = Graph(*lists(family(9))[:2])
    (repeat,) = recurrences.find(graph)
    assert verified(graph, copy.deepcopy(repeat))
    wrong = list(broken(repeat))
    assert len(wrong) > 5 * len(repeat.rules)
    for number, made in enumerate(wrong):
        assert not verified(graph, made), number


def test_a_repeat_that_is_no_order_of_computed_values_is_not_verified():
    """Two steps of sine of negative."""
    graph = Graph([None, NEGATIVE, sin, NEGATIVE, sin], [(), (0,), (1,), (2,), (3,)])
    body, places, start = [((STEP, 1, 1),), ((STEP, 0, 0),)], [(1, 2), (3, 4)], {(1, 1): 0}
    assert verified(graph, Repeat([NEGATIVE, sin], body, places, [], start))
    backwards = [((STEP, 1, 0),), ((STEP, 0, 1),)], [(2, 1), (4, 3)], [], {(0, 1): 0}
    for wrong in (
        Repeat([sin, NEGATIVE], *backwards),  # reads what comes later in its step
        Repeat([NEGATIVE, sin], [*body, body[1]], places, [], start),
        Repeat([NEGATIVE, sin], body[:1], places, [], start),
        Repeat([NEGATIVE, sin, sin], [*body, body[1]], [(1, 2, 2), (3, 4, 4)], [], start),
        Repeat([NEGATIVE], [((INPUT, 0, 0),)], [(0,), (3,)], [(0, 2)]),  # nobody computed it
    ):
        assert not verified(graph, wrong), wrong


def test_what_equals_a_value_of_a_repeat_is_not_outside_of_it():
    graph = Graph([None, sin, sin, sin, sin], [(), (0,), (0,), (2,), (1,)])
    assert graph.same == [0, 1, 1, 3, 3]
    assert not verified(graph, Repeat([sin], [((INPUT, 0, 0),)], [(1,), (3,)], [(0, 2)]))


def test_a_path_that_leaves_a_repeat_may_not_return_to_it():
    """Two steps joined by what is none of theirs: as a repeat it would wait for itself."""
    tokens = [None, tanh, NEGATIVE, tanh]
    graph = Graph(tokens, [(), (0,), (1,), (2,)])
    around = Repeat([tanh], [((INPUT, 0, 0),)], [(1,), (3,)], [(0, 2)])
    assert verified(graph, around) and not ordered(graph, [around])
    assert ordered(graph, [Repeat([tanh], [((INPUT, 0, 0),)], [(1,)], [(0,)])])


def test_two_repeats_that_wait_for_each_other_are_not_in_order():
    tokens = [None, tanh, NEGATIVE, tanh, NEGATIVE]
    graph = Graph(tokens, [(), (0,), (1,), (0,), (3,)])
    one = Repeat([tanh], [((INPUT, 0, 0),)], [(1,), (3,)], [(0, 0)])
    two = Repeat([NEGATIVE], [((INPUT, 0, 0),)], [(2,), (4,)], [(1, 3)])
    assert ordered(graph, [one, two])
    crossed = Graph(tokens, [(), (0,), (1,), (2,), (3,)])
    one.inputs, two.inputs = [(0, 2)], [(1, 3)]
    assert verified(crossed, one) and verified(crossed, two) and not ordered(crossed, [one, two])


def test_a_large_network_is_not_taken_for_a_recurrence():
    assert repeats_of(rnn(3, 8)) == []
