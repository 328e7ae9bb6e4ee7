"""What holds on every Python, with nothing installed but the package: `python tests/anywhere.py`.

Each function below is one sentence; each is called, and named once it held. With an argument all
of it runs in another way: `zip` from a zip file, `inside` in a sub-interpreter.
"""

import contextlib
import copy
import gc
import io
import math
import pickle
import random
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEEP = 1_000_000


def refused(kind, words, call, *given, **how):
    """The error says all these words."""
    try:
        call(*given, **how)
    except kind as error:
        assert all(word in str(error) for word in words.split("|")), error
    else:
        raise AssertionError(f"{call} did not raise")


def gradients_are_right():
    a, b = ag.Value(2.0, "a"), ag.Value(-3.0, "b")
    (a * b + 7).tanh().backward()
    slope = 1 - math.tanh(1.0) ** 2
    assert math.isclose(a.grad, -3 * slope) and math.isclose(b.grad, 2 * slope)
    assert ag.grad(ag.grad(lambda x: x**4))(2.0) == 48.0
    cube = ag.primitive("cube", lambda x: x**3, lambda out, x: (3.0 * x**2,))
    ag.check_gradients(lambda x: cube(x[0]) / ag.softplus(x[1]), [0.5, 2.0], order=2)


def a_number_is_formatted_and_never_leaves_in_silence():
    v = ag.Value(2.0)
    assert f"{v:.3f}" == "2.000" and repr(v) == "Value(data=2.0, grad=0.0)"
    refused(TypeError, ".data", float, v)
    refused(TypeError, ".data", math.exp, v)
    # From 3.15 on Python says in its own words that the type is no real number.
    refused(TypeError, "Value" if sys.version_info >= (3, 15) else ".data", lambda: "%f" % v)


def chain(length):
    x = y = ag.Value(1.0)
    for _ in range(length):
        y = y + 0.0
    return x, y


def a_graph_a_million_deep_is_built_swept_and_released():
    x, y = chain(DEEP)
    y.backward()
    assert x.grad == 1.0
    del y
    total = ag.sum([chain(DEEP // 10)[1], chain(DEEP // 10)[1]])
    del total


def it_is_released_in_a_small_stack():
    if sys.platform != "emscripten":  # where no thread can be started
        before = threading.stack_size(512 * 1024)
        thread = threading.Thread(target=chain, args=(DEEP // 10,))
        thread.start()
        thread.join()
        threading.stack_size(before)


def a_deep_graph_is_copied_and_pickled():
    _, y = chain(DEEP // 10)
    for twin in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        assert ag.graph.depth(twin) == DEEP // 10


def trained(**how):
    data = ag.datasets.xor(40, noise=0.1, seed=0)
    model = ag.nn.MLP(2, [4, 1], activation="tanh", rng=random.Random(0))
    optimizer = ag.optim.Adam(model.parameters(), lr=0.1)
    history = ag.fit(model, data, ag.losses.binary_cross_entropy, optimizer, 3, **how)
    assert history.loss[-1] < history.loss[0]
    return model, history


def fit_without_a_bar_needs_no_tqdm_and_starts_no_thread():
    threads, found = threading.active_count(), getattr(gc, "get_threshold", tuple)()
    trained(progress=False)
    trained(progress=False, compile=False)
    if sys.platform == "emscripten":  # where nothing can be installed
        trained()
    else:
        refused(ImportError, "tqdm|progress=False", trained)
    assert threading.active_count() == threads
    assert getattr(gc, "get_threshold", tuple)() == found


def draw_dot_without_graphviz_points_to_draw():
    refused(ImportError, "ag.draw(output)|pip install graphviz", ag.draw_dot, ag.Value(2.0) * 3.0)


def a_graph_is_drawn_explained_and_stepped_through():
    a, b = ag.Value(2.0, "a"), ag.Value(-3.0, "b")
    out = (a * b + 7).tanh()
    assert ag.draw(out).svg.startswith("<svg") and "digraph" in ag.draw(out).source
    assert "tanh" in ag.explain(out, a).text
    assert len(ag.steps(out)) == 5
    with tempfile.TemporaryDirectory() as folder:
        ag.explore(out, Path(folder, "page.html"))
        ag.draw(out).save(Path(folder, "page.svg"))
        model, history = trained(progress=False, record=True)
        ag.replay(history, Path(folder, "replay.html"))
        ag.save(model, Path(folder, "model.json"))
        again = ag.load(Path(folder, "model.json"))
        assert again([1.0, 0.0]).data == model([1.0, 0.0]).data
    assert isinstance(ag.diagnose(out, [a, b]), list)


def data_comes_with_it():
    assert len(ag.datasets.iris()) == 150 and len(ag.datasets.digits()) == 1797


def programs_run_or_say_what_they_need():
    x = ag.Value(2.0)
    try:
        import numpy  # noqa: F401
    except ImportError:
        refused(ImportError, "numpy|autograd_engine[fast]", ag.compile, ag.tanh(x) * x)
    else:
        program = ag.compile(ag.tanh(x) * x, exact=True)
        assert program.value_and_grad()[0] == math.tanh(2.0) * 2.0


def blocks_belong_to_their_thread():
    found = []
    with ag.no_grad():
        work = threading.Thread(target=lambda: found.append((ag.Value(2.0) * 3.0).op))
        if sys.platform != "emscripten":
            work.start()
            work.join()
            assert found == ["*"]
        assert (ag.Value(2.0) * 3.0).op == ""
    with ag.trace_source(), ag.named():
        assert (ag.Value(2.0) * 3.0).op == "*"


def help_and_the_command_line_answer():
    import pydoc

    from autograd_engine.__main__ import main

    for what in (ag, ag.Value, ag.tanh, ag.fit):
        pydoc.render_doc(what)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        main(["explain", "tanh(a*b)", "a=2", "b=-3"])
    assert "tanh" in said.getvalue()


SENTENCES = [
    gradients_are_right,
    a_number_is_formatted_and_never_leaves_in_silence,
    a_graph_a_million_deep_is_built_swept_and_released,
    it_is_released_in_a_small_stack,
    a_deep_graph_is_copied_and_pickled,
    fit_without_a_bar_needs_no_tqdm_and_starts_no_thread,
    draw_dot_without_graphviz_points_to_draw,
    a_graph_is_drawn_explained_and_stepped_through,
    data_comes_with_it,
    programs_run_or_say_what_they_need,
    blocks_belong_to_their_thread,
    help_and_the_command_line_answer,
]


def zipped(root):
    """Return a zip file of the package below this folder."""
    import shutil

    folder = tempfile.mkdtemp()
    return shutil.make_archive(f"{folder}/package", "zip", root, "autograd_engine")


def inside(code):
    """Run code in a sub-interpreter, from 3.13 on one with a lock of its own."""
    try:
        import _interpreters as interpreters
    except ImportError:
        import _xxsubinterpreters as interpreters
    # 3.12.1 crashes when an own one ends that has imported hashlib; older ones start no threads.
    how = {} if sys.version_info >= (3, 13) else {"isolated": False}
    made = interpreters.create(**how)
    failed = getattr(interpreters, "exec", interpreters.run_string)(made, code)
    interpreters.destroy(made)
    assert failed is None, failed.formatted


if __name__ == "__main__":
    way = sys.argv[1:]
    package = next(
        Path(path) for path in (ROOT, *sys.path) if Path(path, "autograd_engine").is_dir()
    )
    if way == ["inside"]:
        inside(
            f"import runpy, sys; sys.argv, sys.modules['numpy'] = [''], None\nrunpy.run_path({__file__!r}, run_name='__main__')"
        )
    else:
        sys.modules |= dict.fromkeys(("tqdm", "graphviz", "matplotlib"))  # as if not installed
        sys.path.insert(0, zipped(package) if way == ["zip"] else str(package))
        import autograd_engine as ag

        assert ag.__file__.startswith(sys.path[0]), ag.__file__
        print("compiled" if ag.compiled else "plain", flush=True)
        for sentence in SENTENCES:
            sentence()
            print(sentence.__name__.replace("_", " "), flush=True)
