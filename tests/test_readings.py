"""Numbers that leave the graph while a program is recorded: a guard each, and `fit` goes eager.

A row of `READINGS` is a way out: a function of x, a list of one Value, that makes of the number
it got something that no program can compute anew. A row of `MODELS` is a model that does so.
"""

import asyncio
import copy
import itertools
import math
import pickle
import random
import re

import numpy
import pytest

import autograd_engine as ag
from autograd_engine import GuardError, Value, losses, nn, optim
from autograd_engine.state import WATCHED

W = Value(2.0, "w")


class Holder(nn.Module):
    """A model of the one parameter `W`."""

    def __init__(self):
        self.w = W


def in_a_task(look, *given):
    async def task():
        return look(*given)

    async def tasks():
        return await asyncio.gather(task())

    return asyncio.run(tasks())[0]


def silent_branch(x):
    with ag.no_grad():
        return 2.0 if ag.exp(x) > 50.0 else 1.0


def by_grad_of_an_inner_sweep(x):
    y = x[0] ** 3
    y.backward()
    return x[0] * x[0].grad


def by_grad_of_a_fresh_leaf(x):
    leaf = Value(3.0)
    (leaf * x[0]).backward()
    return x[0] * leaf.grad


def without_gradients(x):
    with ag.no_grad():
        square = x[0] * x[0]
    return x[0] * square.data


def by_assignment(x):
    y = x[0] * 1.0
    y.data = 3.0
    return y * x[0]


def by_pattern(x):
    match x[0]:
        case Value(data=number):
            return x[0] * number


def by_a_step(x):
    leaf = Value(1.0)
    (leaf * x[0]).backward()
    optim.SGD([leaf], lr=0.1).step()
    return leaf * x[0]


FED = {
    "data": lambda x: x[0] * x[0].data,
    "data of a computed value": lambda x: x[0] * ag.exp(0.1 * x[0]).data,
    "data of a detached value": lambda x: x[0] * x[0].detach().data,
    "data without gradients": without_gradients,
    "data of an operand": lambda x: x[0] * (x[0] * x[0]).operands[0].data,
    "data of a neuron's sum": lambda x: x[0] * ag.dot([x[0], x[0]], [W, x[0]]).data,
    "getattr": lambda x: x[0] * getattr(x[0], "dat" + "a"),
    "the property": lambda x: x[0] * Value.data.__get__(x[0]),
    "pattern": by_pattern,
    "rounding": lambda x: x[0] * round(x[0].data),
    "branch": lambda x: x[0] if x[0].data > 4.0 else 0.1 * x[0],
    "text": lambda x: x[0] * float(f"{x[0].data}"),
    "array": lambda x: x[0] * numpy.array([v.data for v in x]).sum(),
    "argmax": lambda x: x[0] * (1 + numpy.argmax(numpy.array([x[0], Value(4.0)]))),
    "partials": lambda x: x[0] * (x[0] * x[0]).partials[0],
    "float gradient": lambda x: x[0] * ag.gradient(x[0] ** 2, [x[0]])[0],
    "data inside a derivative": lambda x: x[0] * ag.grad(lambda z: z * z.data)(x[0]),
    "grad of an inner sweep": by_grad_of_an_inner_sweep,
    "grad of a fresh leaf": by_grad_of_a_fresh_leaf,
    "copy": lambda x: x[0] * copy.copy(x[0]),
    "deep copy": lambda x: x[0] * copy.deepcopy(2.0 * x[0]),
    "pickle": lambda x: x[0] * pickle.loads(pickle.dumps(x[0])),
    "pickle of a graph": lambda x: x[0] * pickle.loads(pickle.dumps(x[0] * x[0])),
    "assignment": by_assignment,
    "evaluate": lambda x: x[0] * ag.evaluate(lambda i: x[0] * i, [(1.0, 0.0)], losses.mse)[0],
    "accuracy": lambda x: x[0] * (1.0 + ag.accuracy(lambda i: x[0] - i, [(4.0, 1), (1.0, 1)])),
    "data in a task": lambda x: x[0] * in_a_task(lambda: x[0].data),
    "branch in a task": lambda x: x[0] * in_a_task(lambda: 2.0 if x[0] > 4.0 else 1.0),
    "silent branch in a task": lambda x: x[0] * in_a_task(silent_branch, x[0]),
}
HELD = {
    "data": lambda x: x[0] * W.data,
    "data of a computed value": lambda x: x[0] * (W * W).data,
    "copy": lambda x: x[0] * copy.copy(W),
    "state_dict": lambda x: x[0] * Holder().state_dict()["w"],
    "a program": lambda x: x[0] * ag.compile(W * W)(),
    "inner program's gradient": lambda x: x[0] * ag.compile(W**3).value_and_grad()[1][0],
}
BACK_ENDS = ["auto", "native", "scalar", "numpy", "exact"]


@pytest.fixture(autouse=True)
def _same_parameter():
    W.data, W.grad = 2.0, 0.0


@pytest.mark.parametrize("backend", BACK_ENDS)
@pytest.mark.parametrize("f", FED.values(), ids=FED)
def test_a_number_of_an_input_is_a_guard(f, backend):
    program = ag.compile(f, [3.0], backend=backend)
    right = f([Value(3.0)]).data
    # 1e-12 relative: a back end may compute in another order
    assert program([3.0]) == pytest.approx(right, rel=1e-12)
    assert program([[3.0], [3.0]]) == pytest.approx([right, right], rel=1e-12)
    with pytest.raises(GuardError):
        program([5.0])
    with pytest.raises(GuardError, match="row 1"):
        program.value_and_grad([[3.0], [5.0]])
    assert program([3.0]) == pytest.approx(right, rel=1e-12)
    assert not WATCHED


@pytest.mark.parametrize("backend", BACK_ENDS)
@pytest.mark.parametrize("f", HELD.values(), ids=HELD)
def test_a_number_of_a_leaf_is_a_guard_while_it_is_another(f, backend):
    program = ag.compile(f, [3.0], backend=backend)
    for number in (2.0, 5.0, 2.0):
        W.data = number
        if number == 2.0:
            assert program([4.0]) == pytest.approx(f([Value(4.0)]).data, rel=1e-12)
        else:
            with pytest.raises(GuardError, match=r"test_readings\.py, line \d+: "):
                program([4.0])


def test_the_error_names_line_and_numbers_and_says_what_to_write():
    program = ag.compile(lambda x: x[0] * W.data, [3.0])
    W.data = 5.0
    with pytest.raises(GuardError) as caught:
        program([[1.0], [3.0]])
    text = str(caught.value)
    assert re.search(r"test_readings\.py, line \d+: program = .*W\.data, \[3\.0\]\)\n", text)
    assert "The number 5.0 ('w') in row 0 leaves the graph here; it was 2.0" in text
    assert "detach()" in text


def test_the_way_in_the_graph_needs_no_guard():
    program = ag.compile(lambda x: x[0] * x[0].detach() * W, [3.0])
    assert (program([5.0]), len(program._guards.kept)) == (50.0, 0)


@pytest.mark.parametrize("backend", BACK_ENDS)
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324])
def test_a_number_is_held_against_its_bits(number, backend):
    def f(x):
        return x[0] * (2.0 if math.isnan(x[1].data) else 3.0)

    program = ag.compile(f, [1.0, number], backend=backend)
    assert program([1.0, number]) == f([Value(1.0), Value(number)]).data
    for other in (math.nan, math.inf, 0.0, -0.0, 1.0):
        if repr(other) != repr(number):
            with pytest.raises(GuardError):
                program([1.0, other])


@pytest.mark.parametrize("backend", BACK_ENDS)
def test_a_back_end_that_rounds_otherwise_is_looked_into(backend):
    weights = [Value(0.1 * i + 0.05) for i in range(40)]

    def f(x):
        return x[0] / ag.norm([ag.exp(ag.tanh(w)) / 3.0 for w in weights]).data

    program = ag.compile(f, [1.0], backend=backend)
    rows = [[float(i)] for i in range(50)]
    right = [f([Value(row[0])]).data for row in rows]
    assert program(rows) == pytest.approx(right, rel=1e-12)
    weights[7].data += 1e-6
    with pytest.raises(GuardError):
        program(rows)


def test_no_gradient_comes_through_a_number_that_is_read():
    w = Value(0.0)
    program = ag.compile(lambda x: x[0] * w * (1.0 + ag.sqrt(w).data), [3.0])
    value, slopes = program.value_and_grad([3.0])
    assert (value, slopes.tolist()) == (0.0, [3.0])


def test_a_program_that_was_pickled_holds_its_numbers_to_its_own_leaves():
    program, w = pickle.loads(pickle.dumps((ag.compile(lambda x: x[0] * W.data, [3.0]), W)))
    assert program([4.0]) == 8.0
    W.data = 9.0
    assert program([4.0]) == 8.0
    w.data = 9.0
    with pytest.raises(GuardError):
        program([4.0])


def test_in_jax_a_number_that_is_another_gives_nan(jax):
    for f in (FED["data"], FED["data of a computed value"]):
        function = jax.jit(ag.compile(f, [3.3]).to_jax())
        first, second = function(jax.numpy.zeros(0), jax.numpy.array([[3.3], [5.0]]))
        assert first == pytest.approx(f([Value(3.3)]).data, rel=1e-6)
        assert math.isnan(second)


def test_a_step_of_an_optimiser_inside_never_gives_a_wrong_number():
    program = ag.compile(by_a_step, [3.0])
    for number in (3.0, 5.0):
        with pytest.raises(GuardError):
            program([number])


def set_after_use(x):
    leaf = Value(2.0)
    y = leaf * x[0]
    leaf.data = 5.0
    return y + leaf * x[0]


def set_where_it_was_computed(x):
    y = 1.5 * x[0]
    y.data = round(y.data)
    return y * x[0]


@pytest.mark.parametrize("f", [set_after_use, set_where_it_was_computed])
def test_a_number_set_after_its_use_is_refused(f):
    with pytest.raises(GuardError, match=r"test_readings\.py, line \d+: \w+\.data = "):
        ag.compile(f, [3.0])


def test_a_leaf_that_is_set_first_is_held_to_that_number():
    def f(x):
        W.data = 7.0
        return x[0] * W

    program = ag.compile(f, [3.0])
    assert program([4.0]) == 28.0
    W.data = 8.0
    with pytest.raises(GuardError):
        program([4.0])


def test_a_gradient_from_before_is_refused():
    with pytest.raises(TypeError, match=r"test_readings\.py, line \d+: .*W\.grad.*\n.* \.grad "):
        ag.compile(lambda x: x[0] * W.grad, [3.0])


# What is none.

MODEL = nn.MLP(2, [3, 2], rng=random.Random(0))


def traced(x, y):
    with ag.trace_source():
        return y * 2.0


NONE = {
    "text": lambda x, y: (repr(y), str(x), f"{y:.3f}", f"{y}", f"{x[0]!r}"),
    "draw": lambda x, y: ag.draw(y).svg,
    "explain": lambda x, y: ag.explain(y, x[0]).text,
    "steps": lambda x, y: list(ag.steps(y)),
    "explore": lambda x, y: str(ag.explore(y)),
    "diagnose": lambda x, y: ag.diagnose(y, [x[0]]),
    "trace_source": traced,
    "losses": lambda x, y: (losses.mse(x, [1.0, 2.0]), losses.cross_entropy(x, 1)),
    "a class that is fed": lambda x, y: losses.cross_entropy([y, y], x[1] * 0.5),
    "a network": lambda x, y: MODEL(x),
    "functions": lambda x, y: (ag.softmax(x), ag.norm(x), ag.clip(y, 0.0, 1.0), ag.gelu(y)),
    "derivatives": lambda x, y: (ag.grad(lambda z: z**3)(x[0]), ag.jvp(ag.prod, x, [1.0, 2.0])),
    "hessian": lambda x, y: ag.hessian(lambda z: z[0] ** 3 * z[1])(x),
    "a gradient in the graph": lambda x, y: ag.gradient(y, x, create_graph=True),
    "structure": lambda x, y: (y.operands, y._prev, y.op, y.label, hash(y), y is x),
    "an optimiser": lambda x, y: optim.Adam(MODEL.parameters()).zero_grad(),
    "a constant": lambda x, y: (3.0 * y).operands[0].data,
    "what depends on constants": lambda x, y: ((3.0 * y).operands[0] * 2.0).data,
}


@pytest.mark.parametrize("look", NONE.values(), ids=NONE)
def test_what_the_package_reads_itself_is_no_guard(look):
    def f(x):
        y = ag.tanh(x[0] * x[1]) + x[0]
        look(x, y)
        return y

    assert len(ag.compile(f, [0.5, 2.0])._guards.kept) == 0


# Training.

DRAWN = random.Random(3)
SAMPLES = [
    ([DRAWN.uniform(-1.0, 1.0), DRAWN.uniform(-1.0, 1.0)], DRAWN.uniform(-1.0, 1.0))
    for _ in range(30)
]
CLASSES = [(x, i % 3) for i, (x, _) in enumerate(SAMPLES)]


class Slotted:
    """Holds a number in a slot."""

    __slots__ = ("peak",)

    def __init__(self):
        self.peak = 0.0


class Model(nn.Module):
    """A network, and what `act` makes of its output."""

    shared = 0.0

    def __init__(self, act, nout=1):
        self.act = act
        self.net = nn.MLP(2, [3, nout], activation="tanh", rng=random.Random(0))
        self.peak, self.slotted, self.kept, self.array = 0.0, Slotted(), [], numpy.zeros(1)
        self.mean, self.calls = Value(0.0, "mean"), itertools.count()
        type(self).shared = 0.0

    def parameters(self):
        return self.net.parameters()

    def __call__(self, x):
        return self.act(self, self.net(x), x)


def weight_norm(model, h, x):
    return h / math.sqrt(sum(w.data**2 for w in model.parameters()))


def peak_in_an_attribute(model, h, x):
    model.peak = max(model.peak, abs(h.data))
    return h / (1.0 + model.peak)


def peak_in_a_slot(model, h, x):
    model.slotted.peak = max(model.slotted.peak, abs(h.data))
    return h / (1.0 + model.slotted.peak)


def peak_in_the_class(model, h, x):
    Model.shared = max(Model.shared, abs(h.data))
    return h / (1.0 + Model.shared)


def peak_in_a_value(model, h, x):
    model.mean.data = max(model.mean.data, abs(h.data))
    return h / (1.0 + model.mean)


def peak_in_an_array(model, h, x):
    model.array[0] = max(model.array[0], abs(h.data))
    return h / (1.0 + model.array[0])


def running_mean(model, h, x):
    model.mean.data = 0.9 * model.mean.data + 0.1 * h.data
    return h - model.mean.data


def assigned_alone(model, h, x):
    model.net.layers[0].neurons[0].b.data = 0.25
    return h


def kept_in_a_list(model, h, x):
    model.kept.append(h.data)
    return h * (1.0 + 0.01 * len(model.kept))


def random_beside(model, h, x):
    return h * (1.0 + 0.1 * random.random()) * abs(h.data)


def gradient_of_a_function(model, h, x):
    return h + 0.1 * ag.grad(lambda z: model.net([z, x[1]]))(x[0])


def float_gradient(model, h, x):
    z = Value(0.3)
    return h + 0.1 * ag.gradient(model.net([z, x[1]]), [z])[0]


def tangent(model, h, x):
    return h + 0.1 * ag.jvp(lambda z: model.net([z[0], x[1]]), [0.3], [1.0])


def inner_sweep(model, h, x):
    z = Value(0.3)
    model.net([z, x[1]]).backward()
    return h + 0.01 * z.grad


def copied(model, h, x):
    return h + 0.1 * copy.deepcopy(model.net)(x)


def by_state(model, h, x):
    return h * (1.0 + 0.1 * model.net.state_dict()["layers.0.neurons.0.b"])


def of_an_input(model, h, x):
    return h * (1.0 + (x[0].data if isinstance(x[0], Value) else x[0]))


MODELS = {
    "branch": lambda model, h, x: h if h.data > 0 else 0.1 * h,
    "stopped gradient": lambda model, h, x: h * abs(h.data),
    "straight through": lambda model, h, x: h + (round(4.0 * h.data) / 4.0 - h.data),
    "partials": lambda model, h, x: h * (1.0 + (h * h).partials[0]),
    "gradient so far": lambda model, h, x: h * (1.0 + 0.1 * model.parameters()[0].grad),
    "leaf that is not trained": lambda model, h, x: h * (1.0 + model.mean.data),
    **{
        f.__name__.replace("_", " "): f
        for f in (
            *(weight_norm, peak_in_an_attribute, peak_in_a_slot, peak_in_the_class),
            *(peak_in_a_value, peak_in_an_array, running_mean, assigned_alone, kept_in_a_list),
            *(random_beside, gradient_of_a_function, float_gradient, tangent, inner_sweep),
            *(copied, by_state, of_an_input),
        )
    },
}
LOSSES = {
    "L1 by sign": lambda model: (
        lambda out, target: (
            (out - target) ** 2
            + 0.01 * ag.sum(w * (1.0 if w.data > 0 else -1.0) for w in model.parameters())
        )
    ),
    "weight by error": lambda model: (
        lambda out, target: (out - target) ** 2 * abs(out.data - target)
    ),
    "clipped": lambda model: (
        lambda out, target: (out - target) ** 2 * min(1.0, 0.1 / (abs((out - target).data) + 1e-9))
    ),
}


def trained(way, act=lambda model, h, x: h, loss=lambda model: losses.mse, data=SAMPLES, **options):
    """Train, and return the history and everything that is left behind."""
    random.seed(5)
    model = Model(act, **({"nout": 3} if data is CLASSES else {}))
    del model.calls
    optimizer = optim.SGD(model.parameters(), lr=0.05)
    history = ag.fit(
        model, data, loss(model), optimizer, 3, 8, progress=False, compile=way, **options
    )
    left = [(p.data, p.grad) for p in (*model.parameters(), model.mean)]
    return history, (left, model.peak, Model.shared, model.slotted.peak, model.kept)


def assert_eager_from_the_start(**case):
    """Numbers, and what is left behind, are exactly those of `compile=False`; the line is named."""
    history, left = trained("auto", **case)
    eager, eager_left = trained(False, **case)
    assert history.loss == eager.loss
    assert left == eager_left
    assert re.match(r"eager: .*test_readings\.py, line \d+: ", history.ran)
    with pytest.raises(ValueError, match=r"compile=True, but .*test_readings\.py, line \d+: "):
        trained(True, **case)


@pytest.mark.parametrize("act", MODELS.values(), ids=MODELS)
def test_a_model_that_reads_numbers_is_trained_eagerly(act):
    assert_eager_from_the_start(act=act)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_loss_that_reads_numbers_is_trained_eagerly(loss):
    assert_eager_from_the_start(loss=loss)


def test_a_loss_of_classes_that_reads_numbers_is_trained_eagerly():
    def focal(logits, target):
        loss = losses.cross_entropy(logits, target)
        return loss * (1.0 - math.exp(-loss.data)) ** 2

    assert_eager_from_the_start(loss=lambda model: focal, data=CLASSES)


def test_a_last_loss_that_was_wrong_by_a_hundredfold():
    samples = [([x / 15.0 - 1.0], 2.0 * (x / 15.0 - 1.0) + 0.3) for x in range(30)]

    class Leaky(nn.Module):
        def __init__(self):
            self.w, self.b = Value(0.5), Value(0.1)

        def __call__(self, x):
            h = self.w * x[0] + self.b
            return h if h.data > 0 else 0.1 * h

    def last(way):
        model = Leaky()
        optimizer = optim.SGD(model.parameters(), lr=0.05)
        return ag.fit(model, samples, losses.mse, optimizer, 9, progress=False, compile=way).loss

    assert last("auto") == last(False)


@pytest.mark.parametrize(
    "act",
    [
        lambda model, h, x: h * h.detach(),
        lambda model, h, x: h + 0.0 * len(f"{h:.3f} {h!r}"),
        lambda model, h, x: h + 0.1 * ag.gradient(h * h, [h], create_graph=True)[0],
    ],
    ids=["detach", "text", "create_graph"],
)
def test_what_stays_in_the_graph_is_compiled(act):
    history, left = trained(True, act)
    eager, eager_left = trained(False, act)
    assert history.ran.startswith("compiled: ")
    # 1e-10: the compiled way adds in another order
    assert history.loss == pytest.approx(eager.loss, rel=1e-10)
    assert numpy.array(left[0]) == pytest.approx(numpy.array(eager_left[0]), rel=1e-10, abs=1e-13)


def test_a_target_that_is_read_is_given_as_it_is():
    def loss(logits, target):
        target = int(target.data) if isinstance(target, Value) else target
        return losses.cross_entropy(logits, target)

    history, _ = trained(True, loss=lambda model: loss, data=CLASSES)
    assert history.ran.startswith("compiled: ")
    assert history.loss == pytest.approx(
        trained(False, loss=lambda model: loss, data=CLASSES)[0].loss, rel=1e-10
    )


def test_a_callback_may_read_what_it_likes():
    seen = []
    model = Model(lambda model, h, x: h)
    del model.calls
    optimizer = optim.SGD(model.parameters(), lr=0.05)
    history = ag.fit(
        model,
        SAMPLES,
        losses.mse,
        optimizer,
        3,
        progress=False,
        compile=True,
        callback=lambda history: seen.append([p.data for p in model.parameters()]),
    )
    assert history.ran.startswith("compiled: ") and len(seen) == 3


def test_a_model_with_an_iterator_is_left_alone():
    def run(way):
        model = Model(lambda model, h, x: h * (1.0 + 0.01 * (next(model.calls) % 3)))
        optimizer = optim.SGD(model.parameters(), lr=0.05)
        return ag.fit(model, SAMPLES, losses.mse, optimizer, 2, progress=False, compile=way)

    assert run("auto").loss == run(False).loss
    assert "an iterator" in run("auto").ran


def test_a_model_that_begins_to_read_later_is_trained_eagerly_from_then_on():
    class Late(Model):
        late = False

        def __call__(self, x):
            h = self.net(x)
            return h * abs(h.data) if self.late else h

    def run(way):
        model = Late(None)
        del model.calls
        optimizer = optim.SGD(model.parameters(), lr=0.05)

        def begin(history):
            model.late = len(history.loss) > 1

        return ag.fit(
            model, SAMPLES, losses.mse, optimizer, 4, progress=False, compile=way, callback=begin
        )

    history = run("auto")
    assert history.loss == pytest.approx(run(False).loss, rel=1e-10)
    assert re.match(r"compiled at first, then eager: .*line \d+: return h \* abs", history.ran)
