"""Whose an open block is, in which order blocks may end, and sweeps of several threads."""

import asyncio
import copy
import functools
import gc
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import autograd_engine as ag
from autograd_engine import Value, graph, state
from autograd_engine.blocks import differentiating, enable_grad, source_of
from autograd_engine.compiler.call.guards import Watch
from autograd_engine.engine import topological_order
from autograd_engine.state import alone
from autograd_engine.survey import Survey

# Blocks: how each is opened, and whether one is open here, by what it does.
BLOCKS = {
    "no_grad": (ag.no_grad, lambda: (Value(2.0) * 3.0).operands == ()),
    "dots in no_grad": (
        ag.no_grad,
        lambda: ag.dot([Value(2.0)] * 3, [Value(3.0)] * 3).operands == (),
    ),
    "trace_source": (ag.trace_source, lambda: source_of(Value(2.0) * 3.0) != ""),
    "region": (lambda: ag.region("r"), lambda: Survey(Value(2.0) * 3.0).homes[-1] != ""),
    "diagnostics": (lambda: ag.diagnostics(show=False), lambda: state.listeners() != []),
    "compile": (Watch, lambda: Value(2.0).detach().operands != ()),
}
SETS = ("PAUSED", "TRACED", "WATCHED", "LISTENING")


@pytest.fixture(params=BLOCKS)
def kind(request):
    yield BLOCKS[request.param]
    assert {name: len(getattr(state, name)) for name in SETS} == dict.fromkeys(SETS, 0)


def in_thread(work):
    """Return what work() gives in a thread of its own."""
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join(60)
    assert found, "the thread did not end, or failed"
    return found[0]


def opened(make):
    """A generator that stands in a block until it is closed."""
    with make():
        yield


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
def test_generators_may_close_in_any_order(kind, order):
    make, on = kind
    generators = [opened(make) for _ in order]
    for generator in generators:
        next(generator)
    for position, which in enumerate(order):
        assert on()
        generators[which].close()
        assert on() is (position < 2)


CLOSERS = {
    "the collector": lambda held: (held.clear(), gc.collect()),
    "another thread": lambda held: in_thread(lambda: held.pop().close()),
    "a task": lambda held: asyncio.run(asyncio.to_thread(held.pop().close)),
}


@pytest.mark.parametrize("close", CLOSERS.values(), ids=CLOSERS)
def test_whoever_closes_a_generator_ends_the_block_of_who_opened_it(kind, close):
    make, on = kind
    held = [opened(make)]
    next(held[0])
    with make():
        close(held)
        assert on()
    assert not on()


def test_tasks_that_overlap_have_blocks_of_their_own(kind):
    make, on = kind

    async def work(begin, end):
        assert not on()
        await asyncio.sleep(begin)
        with make():
            assert on()
            await asyncio.sleep(end)
            assert on()
        assert not on()

    async def watch():
        for _ in range(10):
            assert not on()
            await asyncio.sleep(0.002)

    async def main():
        await asyncio.gather(work(0.0, 0.01), work(0.004, 0.012), work(0.006, 0.001), watch())
        assert not on()

    asyncio.run(main())
    assert not on()


def test_threads_and_tasks_begin_with_none_open(kind):
    make, on = kind

    async def task():
        assert not on()
        with make():
            assert on()
            assert not await asyncio.create_task(inner())
            assert not await asyncio.to_thread(on)
        return on()

    async def inner():
        return on()

    with make():
        assert not in_thread(on)
        # A function that is compiled is watched in the tasks of a loop that it runs, too.
        assert asyncio.run(inner()) is (make is Watch)
        if make is not Watch:
            assert not asyncio.run(task())
        assert on()
    assert not asyncio.run(task())


def test_a_generator_sees_the_blocks_of_its_caller(kind):
    make, on = kind

    def look():
        while True:
            yield on()

    looking = look()
    assert not next(looking)
    with make():
        assert next(looking)
        assert not in_thread(lambda: next(looking))
    assert not next(looking)


def test_a_thread_that_ends_inside_a_block_leaves_nothing_to_a_later_one(kind):
    make, on = kind
    numbers = set()

    def end_inside():
        numbers.add(threading.get_ident())
        make().__enter__()
        return on()

    def later():
        return threading.get_ident(), on()

    assert in_thread(end_inside)
    assert {name: len(getattr(state, name)) for name in SETS} == dict.fromkeys(SETS, 0)
    for _ in range(20):
        assert not in_thread(later)[1]


def test_a_task_that_ends_inside_a_block_leaves_nothing_to_a_later_one(kind):
    make, on = kind

    async def end_inside():
        make().__enter__()
        return on()

    async def main():
        for _ in range(20):
            assert await asyncio.create_task(end_inside())
            assert not on()

    asyncio.run(main())
    gc.collect()
    assert not on()


def test_an_asynchronous_generator_is_in_the_blocks_of_the_task_that_drives_it(kind):
    make, on = kind

    async def items():
        with make():
            yield on()

    async def main():
        held = items()
        assert await anext(held)
        assert on()  # as with any generator
        await asyncio.create_task(held.aclose())
        assert not on()

    asyncio.run(main())


def test_one_object_serves_several_blocks_of_several_threads(kind):
    make, on = kind
    shared = make()
    if make is ag.trace_source:
        shared.__enter__()
        shared.__exit__()
    inside, leave = threading.Event(), threading.Event()

    def other():
        with shared:
            inside.set()
            assert leave.wait(60)
            assert on()
        return on()

    with ThreadPoolExecutor(1) as pool:
        with shared:
            running = pool.submit(other)
            assert inside.wait(60)
            with shared:
                assert on()
            assert on()
        assert not on()
        leave.set()
        assert not running.result(60)


def test_an_error_ends_a_block(kind):
    make, on = kind
    with pytest.raises(KeyError), make():
        raise KeyError
    assert not on()


def test_after_overlapping_blocks_gradients_are_right():
    w = Value(3.0)
    first, second = opened(ag.no_grad), opened(ag.no_grad)
    next(first), next(second)
    first.close(), second.close()
    (w * w).backward()
    assert w.grad == 6.0


def test_recording_inside_no_grad_and_no_grad_inside_recording():
    x, silent = Value(2.0), BLOCKS["no_grad"][1]
    with ag.no_grad():
        assert ag.grad(lambda v: v**3)(2.0) == 12.0 and silent()
        with enable_grad():
            assert (x * x).operands == (x, x)
            with ag.no_grad():
                assert silent()
            assert not silent()
        assert silent()
    assert not silent() and not state.PAUSED


def test_each_of_two_overlapping_diagnostics_hears_its_own_passes():
    def watch():
        with ag.diagnostics(show=False) as found:
            yield found
        yield found

    w = Value(1.0, "w")
    first, second = watch(), watch()
    heard, output = [next(first)], w * w
    output.backward()
    heard.append(next(second))
    output.backward()  # adds to the gradient of the pass before, which the first has seen
    next(first), next(second)
    kinds = [[finding.kind for finding in found] for found in heard]
    assert kinds[0] == ["accumulated gradient"]
    assert not state.LISTENING


# Of calls and `with` statements of trace_source: what each line is followed by.
def traced_call():
    ag.trace_source()
    yield True
    ag.trace_source(False)
    yield False


def traced_twice():
    ag.trace_source()
    ag.trace_source()
    yield True
    ag.trace_source(False)
    yield False


def not_traced_inside_a_call():
    ag.trace_source()
    with ag.trace_source(False):
        yield False
    yield True
    ag.trace_source(False)
    yield False


def traced_inside_a_call():
    ag.trace_source()
    with ag.trace_source():
        yield True
    yield True
    ag.trace_source(False)
    yield False


def ended_inside_a_block():
    with ag.trace_source():
        ag.trace_source(False)
        yield False
    yield False


def switched_inside_a_block():
    with ag.trace_source(False):
        ag.trace_source()
        yield True
        ag.trace_source(False)
        yield False
    yield False


CALLS = [
    traced_call,
    traced_twice,
    not_traced_inside_a_call,
    traced_inside_a_call,
    ended_inside_a_block,
    switched_inside_a_block,
]


@pytest.mark.parametrize("lines", CALLS)
def test_trace_source_is_on_until_its_block_ends_or_it_is_switched_off(lines):
    for expected in lines():
        assert (source_of(Value(2.0) * 3.0) != "") is expected
    assert not state.TRACED and not state.PAUSED


def test_calls_of_trace_source_do_not_pile_up():
    for on in 20 * (True, True, False):
        ag.trace_source(on)
    assert not state.owner().open["traced"]


def test_one_named_object_labels_the_variables_of_each_that_uses_it():
    shared, done = ag.named(), []

    async def work(begin, end):
        await asyncio.sleep(begin)
        with shared:
            weight = Value(1.0)
            await asyncio.sleep(end)
        done.append(weight.label)
        with shared:
            bias = Value(1.0)
        done.append(bias.label)

    async def main():
        await asyncio.gather(work(0.0, 0.01), work(0.004, 0.01))

    asyncio.run(main())
    assert done == ["weight", "bias"] * 2


def test_a_decorated_function_records_nothing():
    x = Value(2.0)

    @ag.no_grad()
    def square(value):
        """Square."""
        return value * value

    assert square(x).operands == () == in_thread(lambda: square(x)).operands
    assert (x * x).operands == (x, x) and (square.__name__, square.__doc__) == ("square", "Square.")


async def coroutine():
    """Its body runs when it is awaited."""


async def asynchronous_generator():
    yield


LATE = [coroutine, asynchronous_generator, opened, functools.partial(opened, ag.no_grad)]


@pytest.mark.parametrize("function", LATE)
@pytest.mark.parametrize("block", [ag.no_grad, enable_grad])
def test_what_runs_after_its_call_is_not_decorated(block, function):
    with pytest.raises(TypeError, match="(no_grad|enable_grad).*: write `with ...:` inside"):
        block()(function)


def test_differentiating_counts_for_its_thread():
    with differentiating() as outer:
        assert (outer, in_thread(lambda: ag.grad(lambda x: x * x)(3.0))) == (False, 6.0)
        with differentiating() as inner:
            assert inner
    assert type(ag.grad(lambda x: x * x)(3.0)) is float


# Sweeps. The interpreter is made to switch threads as often as it can.
@pytest.fixture
def together():
    """Return a function that runs functions at the same time, each in a thread of its own."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def run(*works):
        ready = threading.Barrier(len(works))

        def work(function):
            ready.wait(60)
            return function()

        with ThreadPoolExecutor(len(works)) as pool:
            return list(pool.map(work, works, timeout=300))

    yield run
    sys.setswitchinterval(before)


def ladder(x, length):
    for _ in range(length):
        x = x * 0.5 + x * 0.5
    return x


def test_sweeps_of_graphs_that_share_inner_values_add_up(together):
    x = Value(1.0)
    h = ladder(x, 20_000)

    def twice():
        for _ in range(2):
            (h * 1.0).backward()

    together(*[twice] * 4)
    assert x.grad == 8.0


def swept(h, x):
    (h * 1.0).backward(0.0)
    return 1.0


# What looks through a graph, and what it finds of a ladder: one number.
LOOKS = {
    "backward": swept,
    "gradient": lambda h, x: ag.gradient(h * 1.0, [x])[0],
    "create_graph": lambda h, x: ag.gradient(h * 1.0, [x], create_graph=True)[0].data,
    "jvp": lambda h, x: ag.jvp(lambda v: v[0] * h, [1.0], [1.0]),
    "order": lambda h, x: len(set(topological_order(h))) / len(topological_order(h)),
    "nodes": lambda h, x: len(graph.nodes(h)) / len(graph.nodes(h * 1.0)[:-2]),
    "deepcopy": lambda h, x: ag.gradient(c := copy.deepcopy(h), graph.leaves(c))[0],
    "pickle": lambda h, x: ag.gradient(c := pickle.loads(pickle.dumps(h)), graph.leaves(c))[0],
    "compile": lambda h, x: ag.compile(h, backend="exact").value_and_grad()[1][0],
    "steps": lambda h, x: ag.steps(h).gradient(x),
    "diagnose": lambda h, x: 1.0 - len(ag.diagnose(h, [x])),
    "copy": lambda h, x: ag.gradient(copy.copy(h), [x])[0],
}


@pytest.mark.parametrize("other", LOOKS)
@pytest.mark.parametrize("one", ["backward", "gradient", "order", "deepcopy"])
def test_whatever_looks_at_one_graph_at_the_same_time_sees_all_of_it(together, one, other):
    x = Value(1.0, "x")
    h = ladder(x, 500)
    works = [lambda name=name: [LOOKS[name](h, x) for _ in range(3)] for name in (one, other) * 2]
    assert together(*works) == [[1.0] * 3] * 4


def dots(xs):
    """A deep graph of dot products, whose derivative by each x is 1."""
    zero, one = Value(0.0).detach(), Value(1.0).detach()
    for _ in range(20):
        xs = [ag.dot(xs, [one if i == j else zero for j in range(4)], zero) for i in range(4)]
    return ag.dot(xs, [one] * 4, zero)


# Who looks at a dot product, and what it then says of the derivatives.
DOT_LOOKS = {
    "backward": lambda out, xs: out.backward(),
    "gradient": ag.gradient,
    "create_graph": lambda out, xs: [s.data for s in ag.gradient(out, xs, create_graph=True)],
    "operands": lambda out, xs: [v.operands for v in out.operands] and ag.gradient(out, xs),
    "nodes": lambda out, xs: graph.nodes(out) and ag.gradient(out, xs),
    "copy": lambda out, xs: ag.gradient(copy.copy(out), xs),
    "pickle": lambda out, xs: pickle.dumps(out) and ag.gradient(out, xs),
}


@pytest.mark.parametrize("look", DOT_LOOKS)
def test_a_dot_product_looked_at_first_by_several_threads(together, look):
    for _ in range(15):
        xs = [Value(float(i)) for i in range(4)]
        out = dots(xs)
        found = together(
            *(functools.partial(DOT_LOOKS[way], out, xs) for way in ("backward", look) * 2)
        )
        seen = [slopes for slopes in found if slopes is not None]
        assert seen == [[1.0] * 4] * len(seen)
        assert [x.grad for x in xs] == [4.0 - len(seen)] * 4


def test_graphs_that_share_leaves_alone_add_up(together):
    w = Value(3.0)

    def work():
        for _ in range(500):
            (w * 1.0 + w * 1.0).backward()

    together(*[work] * 4)
    assert w.grad == 4000.0


@pytest.mark.parametrize("backend", ["exact", "numpy"])
def test_programs_that_share_parameters_add_up(together, backend):
    w = Value(3.0)
    programs = [ag.compile(w * 1.0, backend=backend) for _ in range(4)]

    def work(program):
        for _ in range(200):
            program.backward()

    together(*[functools.partial(work, program) for program in programs])
    assert w.grad == 800.0


def test_a_sweep_inside_a_sweep_is_refused_and_spoils_nothing():
    x = Value(2.0)
    out = ag.dot([x, x], [x, x], x)
    for look in (
        out.backward,
        lambda: ag.gradient(out, [x]),
        lambda: graph.nodes(out),
    ):
        with pytest.raises(RuntimeError, match="in the midst of a backward pass"):
            alone(look)
    out.backward()
    assert x.grad == 9.0


def test_after_an_interrupt_anywhere_other_threads_can_sweep(interrupted):
    x = Value(1.0)
    h = ladder(x, 3)
    for after in range(1, 120):
        interrupted(Value.backward, h, after)
        assert in_thread(lambda: ag.gradient(h, [x])) == [1.0]
        x.zero_grad()
        h.backward()
        assert x.grad == 1.0


def test_after_ctrl_c_in_a_sweep_all_threads_can_sweep(request):
    import _thread

    # A job in a shell's background ignores it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    x = Value(1.0)
    h = ladder(x, 2_000)
    for _ in range(5):
        timer = threading.Timer(0.02, _thread.interrupt_main)
        with pytest.raises(KeyboardInterrupt):
            timer.start()
            while True:
                h.backward()
        timer.join()
        assert in_thread(lambda: ag.gradient(h, [x])) == [1.0] == ag.gradient(h, [x])


FORKS = """
    import os, signal, threading, warnings
    import autograd_engine as ag

    warnings.simplefilter("ignore")  # Python's, of forking a process with threads
    x = ag.Value(1.0)
    h = x
    for _ in range(2000):
        h = h * 0.5 + h * 0.5
    ending = threading.Event()

    def work():
        while not ending.is_set():
            h.backward()

    thread = threading.Thread(target=work)
    with ag.no_grad():
        thread.start()
        for _ in range(10):
            child = os.fork()
            if not child:
                signal.alarm(60)  # rather than to hang
                whole = x.grad == int(x.grad)  # no half of a sweep
                silent = (x * x).operands == ()
                os._exit(0 if whole and silent and ag.gradient(h, [x]) == [1.0] else 1)
            assert os.waitpid(child, 0)[1] == 0
    ending.set()
    thread.join()
    assert not ag.state.PAUSED
    print("done")
"""


def test_a_process_forked_during_a_sweep_can_sweep():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FORKS)], capture_output=True, text=True, timeout=300
    )
    assert (done.stdout, done.stderr) == ("done\n", "")
