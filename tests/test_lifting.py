"""Lifting: which arrays scalar graphs become, and that these compute what the engine does."""

import math
import random
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

import autograd_engine as ag
from autograd_engine import Value
from autograd_engine.compiler.lift.arrays import Instruction
from autograd_engine.compiler.record.rewriting import written_out
from autograd_engine.compiler.record.tape import Tape, record
from autograd_engine.compiler.run.numpy.lifted import ByNumPy, Lifted
from autograd_engine.compiler.tell import listing as tell
from autograd_engine.compiler.tell.listing import Line, Listing, Rounds, listing
from autograd_engine.compiler.tell.storage import selected
from autograd_engine.primitives import TABLE

# Tests are imported one by one, not as a package: what they share is loaded by its path.
spec = spec_from_file_location("graphs", Path(__file__).with_name("graphs.py"))
graphs = sys.modules["graphs"] = module_from_spec(spec)
spec.loader.exec_module(graphs)

XOR = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
ODD = [0.0, 1.0, 1.0, 0.0]


def leaves(tape: Tape) -> np.ndarray:
    return graphs.numbers([*tape.parameters, *tape.others])


def rows(graph, count: int) -> np.ndarray | None:
    """Inputs around the recorded ones, or none where there are none."""
    if not graph.inputs:
        return None
    rng = np.random.default_rng(1)
    return graphs.numbers(graph.inputs) * rng.uniform(0.5, 1.0, (count, len(graph.inputs)))


def lifted(graph) -> Lifted:
    return Lifted(graph.tape())


def products(program: Lifted) -> int:
    return tell.products([*program.program.forward(False), *program.program.forward(True)])


def kinds(program: Lifted) -> set[str]:
    return {found.kind for step in program.program.steps for found in step.forward}


def check(graph, count: int = 1, tile: int | None = None) -> None:
    """Compare with the engine, within the rounding that `graphs.Answer` speaks of."""
    tape, given = graph.tape(), rows(graph, count)
    expected = graphs.answer(tape, leaves(tape), given)
    for make in (ByNumPy, Lifted):
        program = make(tape)
        program.tile = tile or program.tile
        assert not expected.differs(*program.run(leaves(tape), given, True))


# How networks lift: the graph, how many steps it takes at most, its matrix products.

NETWORKS = {
    "micrograd's demo": (graphs.moons, 10, 3),
    "digits": (graphs.digits, 11, 2),
    "a block of a transformer": (graphs.transformer, 31, 6),
    "a recurrent cell, 12 times": (graphs.recurrent, 3, 2),
    "a pendulum, 50 times": (graphs.pendulum, 6, 0),
    "a convolution": (graphs.convolution, 4, 1),
    "xor, with inputs that repeat": (lambda: graphs.fitted(XOR, ODD), 7, 3),
    "inputs that are zero": (lambda: graphs.fitted([[0.0, 0.0], [0.0, 0.5]], [1.0, 0.0]), 7, 3),
    "a sum of losses": (lambda: graphs.fitted(XOR, ODD, combine=ag.sum), 6, 3),
    "a sum from 0": (lambda: graphs.fitted(XOR, ODD, combine=sum), 6, 3),
    "p * p": (lambda: graphs.fitted(XOR, ODD, penalty=lambda p: p * p), 9, 3),
    "p ** 2": (lambda: graphs.fitted(XOR, ODD, penalty=lambda p: p**2), 9, 3),
    "two equal samples": (lambda: graphs.fitted([*XOR, XOR[1]], [*ODD, 1.0]), 7, 3),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_lifts_to_its_layers(name):
    build, steps, matrix_products = NETWORKS[name]
    program = lifted(build())
    assert program.steps <= steps
    assert products(program) == matrix_products


@pytest.mark.parametrize("name", NETWORKS)
def test_a_lifted_network_computes_what_the_engine_does(name):
    check(NETWORKS[name][0]())


@pytest.mark.parametrize("name", ["digits", "a recurrent cell, 12 times", "a convolution"])
@pytest.mark.parametrize("count, tile", [(2, 2), (7, 3), (4, 4)])
def test_a_batch_that_is_larger_than_a_tile_gives_the_mean_of_its_rows(name, count, tile):
    check(NETWORKS[name][0](), count, tile)


def test_a_block_of_a_transformer_runs_on_a_batch():
    check(graphs.transformer(4, 4, 2), 5, 2)


@pytest.mark.parametrize("name", ["moons", "digits", "transformer"])
def test_regular_networks_copy_next_to_nothing(name):
    program = lifted(getattr(graphs, name)())
    taken = [
        found.out.size
        for step in program.program.steps
        for found in step.forward
        if found.kind == "take"
    ]
    # Of a transformer, the attention's scores are turned before each of two reductions.
    assert sum(taken) <= {"moons": 0, "digits": 0, "transformer": 144}[name]


def test_parameters_in_the_order_of_the_graph_lift_as_well_as_in_their_own():
    graph = graphs.moons(20)
    program = Lifted(record([graph.loss]))
    assert products(program) == 3 and program.steps <= lifted(graph).steps + 2
    tape = record([graph.loss])
    found = program.run(leaves(tape), None, True)
    assert not graphs.answer(tape, leaves(tape), None).differs(*found)


@pytest.mark.parametrize("first, last", [(48, 337), (0, 48), (320, 337), (0, 0)])
def test_frozen_parameters_have_no_derivative_and_cost_none(first, last):
    graph = graphs.moons(20)
    whole = lifted(graph)
    graph.parameters = graph.parameters[first:last]
    program, tape = lifted(graph), graph.tape()
    assert (program.steps, products(program)) == (whole.steps, 3)
    assert len(program.backward.rest) < len(whole.backward.rest)
    found = program.run(leaves(tape), None, True)
    assert found[1].shape == (last - first,)
    assert not graphs.answer(tape, leaves(tape), None).differs(*found)


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "gelu", "softplus"])
def test_activations_lift_to_few_steps_on_whole_layers(activation):
    rng = random.Random(6)
    weights, points = graphs.matrix(rng, 5, 3), [[rng.random() for _ in range(3)] for _ in range(9)]
    function = getattr(ag, activation)
    hidden = [function(ag.dot(row, point)) for point in points for row in weights]
    graph = graphs.Graph(ag.mean(hidden), [], graphs.flat(weights))
    program = lifted(graph)
    assert products(program) == 1
    assert program.steps <= {"gelu": 6}.get(activation, 4)
    check(graph)


@pytest.mark.parametrize("fed", [False, True])
@pytest.mark.parametrize("swapped", ["never", "always", "in turns"])
def test_it_does_not_matter_on_which_side_the_weights_stand(swapped, fed):
    rng = random.Random(7)
    weights, points = graphs.matrix(rng, 4, 3), graphs.matrix(rng, 5, 3)
    turn = {"never": [False], "always": [True], "in turns": [False, True, False]}[swapped]
    sums = [
        ag.sum(
            [x * w if turn[i % len(turn)] else w * x for i, (w, x) in enumerate(zip(row, point))]
        )
        for point in points
        for row in weights
    ]
    loss = ag.mean([ag.tanh(value) for value in sums])
    graph = graphs.Graph(loss, graphs.flat(points) if fed else [], graphs.flat(weights))
    assert products(lifted(graph)) == 1
    check(graph)
    check(graph, 3)


def test_attention_is_a_stack_of_matrix_products():
    shapes = [
        found.out.shape
        for step in lifted(graphs.transformer()).program.steps
        for found in step.forward
        if found.kind == "contract" and found.out.shape[0] == 2
    ]
    assert shapes == [(2, 6, 6), (2, 4, 6)]  # heads, and in each: scores, mixtures


# What random graphs found.


def test_scans_of_parameters_alone_do_not_depend_on_the_inputs():
    a, b, x = graphs.vector(random.Random(8), 5), Value(0.25), Value(0.5)
    columns = [[b, *a], [x, *a]]
    total = [ag.norm([abs(value) for value in column]) for column in columns]
    check(graphs.Graph(total[0] * total[1], [x], [*a, b]), 3)


def test_numbers_are_negated_on_any_stride():
    # numpy.negative is wrong on strides of 64 bytes on some processors before NumPy 2.5.
    for stride in range(1, 20):
        p = graphs.vector(random.Random(stride), 3 * stride)
        every = p[::stride]
        ordered = ag.sum([value * value for value in p])
        loss = ordered - ag.sum([ag.tanh(1.0 - value) for value in every])
        check(graphs.Graph(loss, [], p))


def test_long_vectors_that_begin_and_end_otherwise_are_not_taken_for_each_other():
    rng = random.Random(9)
    w, a, b = graphs.vector(rng, 512), graphs.vector(rng, 256), graphs.vector(rng, 256)
    loss = ag.tanh(0.1 * ag.dot(w, a + b)) - 2.0 * ag.tanh(0.1 * ag.dot(w, b + a))
    check(graphs.Graph(loss, [], w + a + b))


def test_hundreds_of_primitives_of_ones_own_are_kept_apart():
    def scaling(scale):
        return ag.primitive(f"times {scale}", lambda x: x * scale, lambda out, x: (scale,))

    x = Value(2.0)
    loss = ag.sum([scaling(float(scale))(x) for scale in range(300)])
    check(graphs.Graph(loss, [], [x]))
    assert lifted(graphs.Graph(loss, [], [x])).steps < 400


@pytest.mark.parametrize(
    "forward, partials",
    [
        (lambda x: x, lambda out, x: (0.5,)),
        (lambda x: 3, lambda out, x: (x,)),
        (lambda x: x * 1.0, lambda out, x: (1.0,)),
        (lambda x: x if x > 0 else -x, lambda out, x: (ag.tanh(x),)),
    ],
)
def test_a_primitive_of_ones_own_may_give_its_operand_or_one_number_or_branch(forward, partials):
    own, rng = ag.primitive("own", forward, partials), random.Random(10)
    x, w = graphs.vector(rng, 3), graphs.vector(rng, 3)
    check(graphs.Graph(ag.sum([own(a) * b for a, b in zip(x, w)]), x, w), 4)


@pytest.mark.parametrize(
    "partials",
    [
        lambda out, x: (2.0 * x if x > 0 else -1.0,),
        lambda out, x: (math.cos(x) * out,),
        lambda out, x: (abs(float(x)),),
    ],
)
def test_partials_that_cannot_be_read_are_called_number_by_number(partials):
    own, rng = ag.primitive("own", lambda x: ag.tanh(x) * x, partials), random.Random(12)
    x, w = graphs.vector(rng, 3), graphs.vector(rng, 3)
    check(graphs.Graph(ag.sum([own(a * b) for a, b in zip(x, w)]), x, w), 4)


def test_partials_of_two_operands_that_cannot_be_read_are_told_apart():
    def partials(out, x, y):
        return (3.0 if x > y else 1.0), (0.25 if x > y else 2.0)

    own, rng = ag.primitive("own", lambda x, y: 2.0 * x + y, partials), random.Random(13)
    x, w = graphs.vector(rng, 5), graphs.vector(rng, 5)
    check(graphs.Graph(ag.sum([own(a, b) for a, b in zip(x, w)]), x, w), 4)


@pytest.mark.parametrize("name", ["relu", "tanh", "multiply", "maximum", "stopped"])
def test_a_primitive_of_ones_own_may_be_called_like_one_of_the_package(name):
    own = ag.primitive(name, lambda x: x * x * x, lambda out, x: (3.0 * x * x,))
    rng = random.Random(14)
    x, w = graphs.vector(rng, 3), graphs.vector(rng, 3)
    check(graphs.Graph(ag.sum([own(a * b) for a, b in zip(x, w)]), x, w), 4)


def test_a_square_is_a_product_however_it_is_written():
    x = graphs.vector(random.Random(11), 6)
    ways = [[v * v for v in x], [v**2 for v in x], [v**2.0 for v in x]]
    programs = [lifted(graphs.Graph(ag.sum(way), [], x)) for way in ways]
    assert [program.steps for program in programs] == [1, 1, 1]
    assert kinds(programs[1]) == {"contract"}
    assert lifted(graphs.Graph(ag.sum([v**3 for v in x]), [], x)).steps == 2
    exponent = Value(2.0)
    check(graphs.Graph(ag.sum([abs(v) ** exponent for v in x]), [], [*x, exponent]))


@pytest.mark.parametrize("step", ["maximum", "minimum", "hypot", "multiply"])
def test_long_chains_of_one_operation_are_scans(step):
    rng, rule = random.Random(12), TABLE[step]
    table = graphs.matrix(rng, 4, 9)
    ends = []
    for row in table:
        end = row[0]
        for value in row[1:]:
            end = rule(end, value)
        ends.append(end)
    graph = graphs.Graph(ag.sum(ends), [], graphs.flat(table))
    program = lifted(graph)
    assert "scan" in kinds(program) and program.steps == 2
    check(graph)


def test_what_is_computed_twice_is_computed_once():
    a, b = graphs.vector(random.Random(13), 2)
    one = graphs.Graph(ag.tanh(a * b), [], [a, b])
    two = graphs.Graph(ag.tanh(a * b) + ag.tanh(a * b), [], [a, b])
    assert lifted(two).steps == lifted(one).steps + 1
    check(two)


def test_a_loss_without_parameters_below_has_no_gradient():
    x, w = Value(2.0), Value(3.0)
    tape = record([x * x], [x], [w])
    outputs, gradient = Lifted(tape).run(np.array([3.0]), np.array([[1.0], [2.0]]), True)
    assert (outputs.tolist(), gradient.tolist()) == ([[1.0], [4.0]], [0.0])


@pytest.mark.parametrize("output", ["parameter", "input", "constant"])
def test_an_output_may_be_a_leaf(output):
    w, x = Value(3.0), Value(2.0)
    top = {"parameter": w, "input": x, "constant": Value(2.0) * 0.0 + 7.0}[output]
    tape = record([top, w * x], [x], [w])
    given = np.array([[1.0], [5.0]])
    found = Lifted(tape).run(leaves(tape), given, True)
    expected = {"parameter": ([3.0, 3.0], 1.0), "input": ([1.0, 5.0], 0.0)}
    values, slope = expected.get(output, ([7.0, 7.0], 0.0))
    assert found[0].tolist() == [[value, 3.0 * x] for value, (x,) in zip(values, given)]
    assert found[1].tolist() == [slope]


# Threads.


@pytest.mark.parametrize("make", [ByNumPy, Lifted])
def test_threads_that_run_one_program_at_once_get_right_answers(make):
    graph = graphs.fitted(XOR, ODD)
    tape = graph.tape()
    program, first = make(tape), leaves(tape)
    given = [first * scale for scale in np.linspace(0.5, 1.5, 8)]
    expected = [program.run(numbers, None, True) for numbers in given]
    wrong: list[int] = []

    def work(i: int) -> None:
        for _ in range(150):
            outputs, gradient = program.run(given[i], None, True)
            if outputs != expected[i][0] or (gradient != expected[i][1]).any():
                wrong.append(i)

    threads = [Thread(target=work, args=(i,)) for i in range(len(given))]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that they meet in the middle of a run
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert not wrong


def test_threads_may_run_batches_of_several_sizes_at_once():
    graph = graphs.digits()
    tape = graph.tape()
    program, first, batch = Lifted(tape), leaves(tape), rows(graph, 12)
    program.tile = 5
    counts = [1, 3, 5, 7, 12, 11]
    expected = [program.run(first, batch[:count], True) for count in counts]
    wrong: list[int] = []

    def work(i: int) -> None:
        for _ in range(20):
            outputs, gradient = program.run(first, batch[: counts[i]], True)
            if (outputs != expected[i][0]).any() or (gradient != expected[i][1]).any():
                wrong.append(i)

    threads = [Thread(target=work, args=(i,)) for i in range(len(counts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# The listing.

MOONS = """\
parameters (337,)
v1 () = dot(parameters, parameters) + 0.0
k1 (100, 2) = numbers 0.983377, 0.447902, 0.940735, 0.390479, 0.0410523, 0.186813, 0.245848, 0.100948, ...
v2 (16, 100) = parameters[0:48].reshape(16, 3)[:, :2] @ k1.T + parameters[2:48:3, None]
v3 (16, 100) = relu(v2)
v4 (16, 100) = parameters[48:320].reshape(16, 17)[:, :16] @ v3 + parameters[64:320:17, None]
v5 (16, 100) = relu(v4)
v6 (100,) = parameters[320:336] @ v5 + parameters[336]
k2 (100,) = numbers -1, -1, -1, 1, 1, 1, 1, -1, ...
v7 (100,) = k2 * v6 + 1.0
v8 (100,) = relu(v7)
v9 () = sum(v8) + 0.0
v10 () = dot(array([0.01, 0.0001]), stack(v9, v1))
return v10"""

DIGITS = """\
parameters (2410,), inputs (B, 64)
v1 (B, 32) = inputs @ parameters[0:2080].reshape(32, 65)[:, :64].T + parameters[64:2080:65]
v2 (B, 32) = tanh(v1)
v3 (B, 10) = v2 @ parameters[2080:2410].reshape(10, 33)[:, :32].T + parameters[2112:2410:33]
v4 (B,) = max(v3)
v5 (B,) = stopped(v4)
v6 (B, 10) = v3 - v5
v7 (B, 10) = exp(v6)
v8 (B,) = sum(v7)
v9 (B,) = maximum(v8, 0.5)
v10 (B,) = log(v9)
v11 (B,) = v10 - v6[3]
return v11
each line for one row of the batch of B"""


@pytest.mark.parametrize("build, expected", [(graphs.moons, MOONS), (graphs.digits, DIGITS)])
def test_the_listing_shows_the_layers(build, expected):
    tape = build().tape()
    assert Listing(Lifted(tape).program, tape).text() == expected


def test_the_listing_ends_with_what_the_derivative_takes():
    tape = graphs.digits().tape()
    program = Lifted(tape)
    last = listing(tape).splitlines()[-1]
    count = len(program.backward.body) + len(program.backward.rest)
    assert last == (
        f"derivative by 2,410 parameters: {count} array operations, of which 3 matrix products"
    )


def test_the_listing_says_which_leaves_have_labels():
    rate, x, odd = Value(2.0, "rate"), Value(3.0, "x"), Value(1.0, "layer\n1")
    tape = record([ag.tanh(rate * x) - odd / Value(2.0)], [x])
    assert Listing(Lifted(tape).program, tape).text().splitlines() == [
        "parameters (3,), inputs (B, 1)",
        "rate = parameters[0], layer\\n1 = parameters[1], x = inputs[0]",
        "v1 () = parameters[1] / parameters[2]",
        "v2 (B,) = rate * x",
        "v3 (B,) = tanh(v2)",
        "v4 (B,) = v3 - v1",
        "return v4",
        "each line for one row of the batch of B",
    ]


def words(tape: Tape) -> dict:
    """What the words of a listing mean, besides the names of arrays."""

    def applied(rule):
        return lambda *operands: np.vectorize(
            lambda *numbers: rule.forward(*map(float, numbers)), otypes=[float]
        )(*operands)

    return {
        **{rule.name: applied(rule) for rule in written_out(tape).rules},
        "array": np.array,
        "concat": lambda *parts, axis=0: np.concatenate(list(map(np.atleast_1d, parts)), axis),
        "dot": lambda a, b: (a * b).sum(-1),
        "full": np.full,
        "joined": lambda *parts: np.concatenate(list(map(np.ravel, parts))),
        "max": lambda a: a.max(-1),
        "min": lambda a: a.min(-1),
        "norm": lambda a: np.hypot.reduce(a, -1),
        "prod": lambda a: a.prod(-1),
        "stack": lambda *parts, axis=0: np.stack(parts, axis),
        "sum": lambda a: a.sum(-1),
    }


def run(line: Line, known: dict, told: Listing) -> np.ndarray:
    found = np.asarray(eval(line.text, known | told.given), float)
    assert found.shape == line.shape, line
    known[line.name] = found[()]
    return known[line.name]


def repeat(rounds: Rounds, known: dict, told: Listing) -> None:
    """Run a loop of a listing as Python does."""
    for line in (*rounds.rows, *rounds.states):
        known[line.name] = np.asarray(eval(line.text, known | told.given))
        assert known[line.name].shape == line.shape, line.name
    made = {line.name: [] for line in rounds.lines}
    for known["t"] in range(rounds.times):
        known.update(made)
        for line in rounds.lines:
            made[line.name].append(run(line, known, told))
            known[line.name] = made[line.name]
        after = [np.asarray(eval(text, known | told.given)) for text in rounds.after]
        known.update(zip([line.name for line in rounds.states], after))
    known.update({name: np.array(made[name]) for name in rounds.kept})


def read(tape: Tape) -> float:
    """Compute what the listing says, line by line."""
    lifted = Lifted(tape)
    tape, told = lifted.tape, Listing(lifted.program, lifted.tape)
    known = words(written_out(tape))
    known["parameters"] = graphs.numbers(tape.parameters)
    known["others"], known["inputs"] = graphs.numbers(tape.others), graphs.numbers(tape.inputs)
    for line in told.lines():
        run(line, known, told) if isinstance(line, Line) else repeat(line, known, told)
    return float(np.ravel(eval(told.result(), known | told.given))[0])


@pytest.mark.parametrize("name", NETWORKS)
def test_the_listing_of_a_network_is_what_is_computed(name):
    graph = NETWORKS[name][0]()
    for leaf in graphs.flat([graph.inputs, graph.parameters]):
        leaf.label = ""
    tape = graph.tape()
    program = Lifted(tape)
    assert read(tape) == pytest.approx(graph.loss.data, rel=1e-12)
    assert Listing(program.program, program.tape).text().count(" @ ") == products(program)


@pytest.mark.slow
def test_the_listing_of_random_graphs_is_what_is_computed():
    for seed in range(120):
        graph = graphs.random_graph(seed, inputs=bool(seed % 2))
        scale = max(1.0, abs(graph.loss.data))
        assert abs(read(graph.tape()) - graph.loss.data) < 1e-10 * scale, seed


def test_selections_give_the_elements_that_were_meant():
    rng, told = random.Random(14), 0
    for _ in range(3000):
        shape = tuple(rng.randint(2, 5) for _ in range(rng.randint(1, 3)))
        array = np.arange(math.prod(shape)).reshape(shape)
        view = array
        for _ in range(rng.randint(1, 4)):
            choice = rng.random()
            if choice < 0.4:
                view = view.transpose(rng.sample(range(view.ndim), view.ndim))
            elif choice < 0.7:
                index = [
                    slice(rng.randrange(n), None, rng.choice([1, 1, 2, -1])) for n in view.shape
                ]
                view = view[tuple(index)]
            elif choice < 0.8 and view.size % 2 == 0:
                view = view.reshape(2, -1)
            elif view.ndim < 5:
                axis = rng.randint(0, view.ndim)
                view = np.repeat(np.expand_dims(view, axis), rng.randint(1, 3), axis)
        text = selected("array", shape, view)
        if text is not None:
            told += 1
            found = eval(text, {"array": array})
            assert (np.broadcast_to(found, view.shape) == view).all(), (text, shape)
    assert told > 2500


# Counts.


def test_a_dot_product_is_no_matrix_product():
    x, y = graphs.vector(random.Random(16), 4), graphs.vector(random.Random(17), 4)
    assert products(lifted(graphs.Graph(ag.dot(x, y), [], x + y))) == 0
    rows = [y, y[::-1]]
    loss = ag.sum([ag.tanh(ag.dot(row, x)) for row in rows])
    assert products(lifted(graphs.Graph(loss, [], x + y))) == 1


def test_every_instruction_of_a_program_writes_inside_of_its_memory():
    program = lifted(graphs.transformer())
    sizes = program.program.memory.sizes
    found: list[Instruction] = [*program.backward.body, *program.backward.rest]
    found += [instruction for step in program.program.steps for instruction in step.forward]
    for instruction in found:
        for ref in (instruction.out, *instruction.ins):
            slots = ref.slots()
            assert slots.min() >= 0 and slots.max() < sizes[ref.arena]
