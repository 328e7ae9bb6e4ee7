"""Recording a training, and the page that replays it."""

from __future__ import annotations

import base64
import json
import math
import random
import re
from xml.etree import ElementTree

import pytest

import autograd_engine as ag
from autograd_engine import Value, datasets, losses, nn, optim
from autograd_engine.history import MOST, Recording
from autograd_engine.views.replay import page as pages
from autograd_engine.views.replay.page import ROOM, Boundary, frames

MOONS = datasets.moons(24, noise=0.1, seed=0)
WAYS = [False, True]

# Compiled and eager training differ by a few ulp a step, which the steps magnify.
CLOSE = {"rel": 1e-10, "abs": 1e-13}


def network(*nouts, nin=2, seed=0):
    return nn.MLP(nin, list(nouts or (4, 1)), activation="tanh", rng=random.Random(seed))


def trained(
    model, data=MOONS, loss=losses.binary_cross_entropy, *, lr=0.1, make=optim.Adam, **options
):
    options = {"epochs": 3, "batch_size": 8, "record": True, "progress": False, **options}
    return ag.fit(model, data, loss, make(model.parameters(), lr=lr), **options)


def data_of(model):
    return tuple(parameter.data for parameter in model.parameters())


class Watched(optim.SGD):
    """An optimiser of somebody's own: it notes the parameters after each step."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.seen = []

    def step(self):
        super().step()
        self.seen.append(tuple(parameter.data for parameter in self.parameters))


# What is recorded.


@pytest.mark.parametrize("way", WAYS)
def test_each_recorded_step_has_the_parameters_that_the_model_had_after_it(way):
    model, seen = network(), []
    start = data_of(model)
    made = []

    def make(parameters, lr):
        made.append(Watched(parameters, lr=lr))
        return made[0]

    history = trained(model, make=make, compile=way, callback=lambda _: seen.append(data_of(model)))
    steps = history.recording.steps
    assert history.ran.startswith("compiled" if way else "eager")
    assert [step.number for step in steps] == list(range(10))
    assert [step.parameters for step in steps] == [start, *made[0].seen]
    assert [steps[number].parameters for number in (3, 6, 9)] == seen
    assert [step.epoch for step in steps] == [0, 1, 1, 1, 2, 2, 2, 3, 3, 3]


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam, optim.RMSprop])
def test_the_compiled_way_records_within_an_epoch_what_the_eager_way_records(make):
    compiled, eager = (
        trained(network(), make=make, compile=way).recording for way in (True, False)
    )
    assert len(compiled.steps) == len(eager.steps) == 10
    for ours, theirs in zip(compiled.steps[1:], eager.steps[1:]):
        assert ours[:2] == theirs[:2]
        assert ours.parameters == pytest.approx(theirs.parameters, **CLOSE)
        assert ours.loss == pytest.approx(theirs.loss, **CLOSE)


@pytest.mark.parametrize("way", WAYS)
def test_the_loss_of_a_step_is_the_mean_over_its_batch_just_before_it(way):
    model = network()
    history = trained(model, shuffle=False, epochs=1, compile=way)
    steps = history.recording.steps
    assert math.isnan(steps[0].loss)
    for before, step in zip(steps, steps[1:]):
        for parameter, number in zip(model.parameters(), before.parameters):
            parameter.data = number
        batch = MOONS[8 * (step.number - 1) : 8 * step.number]
        assert step.loss == pytest.approx(
            ag.evaluate(model, batch, losses.binary_cross_entropy)[0], **CLOSE
        )


@pytest.mark.parametrize("count", [1, 199, 200, 201, 401, 402, 5_000, 12_345])
@pytest.mark.parametrize("batches", [1, 7])
def test_steps_are_evenly_spread_and_bounded_and_end_with_the_latest(count, batches):
    w = Value(0.0)
    recorder = Recording([w], None, None, [], batches)
    for made in range(count):
        w.data += 1.0
        if recorder.due():
            recorder.keep([0.0], made // batches)
        assert len(recorder.steps) <= MOST + 2
    numbers = [step.number for step in recorder.steps]
    stride = numbers[1] - numbers[0]
    spread = list(range(0, numbers[-1] + 1, stride))
    assert numbers == (spread if spread[-1] == numbers[-1] else [*spread, numbers[-1]])
    assert count - numbers[-1] < batches and len(numbers) >= min(count, MOST // 2)
    assert all(step.parameters == (step.number,) for step in recorder.steps)


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_recorded_unless_asked_for_and_then_the_training_is_the_same(way):
    plain, recorded = network(), network()
    history = trained(plain, record=False, compile=way)
    assert history.recording is None
    assert trained(recorded, compile=way) == history and data_of(plain) == data_of(recorded)
    assert "recording" not in repr(history)


def test_a_training_that_leaves_the_compiled_way_in_the_middle_records_every_step_once():
    class Branching(nn.Module):
        def __init__(self):
            self.w = Value(0.5)

        def __call__(self, x):
            return self.w * x if self.w < 1.0 else self.w * x + 1.0

    history = trained(
        Branching(), [(1.0, 3.0)] * 12, losses.mse, batch_size=2, make=optim.SGD, lr=0.03
    )
    assert "then eager" in history.ran
    assert [step.number for step in history.recording.steps] == list(range(19))


def test_a_checkpoint_holds_no_recording_and_a_resumed_one_begins_where_it_resumed(tmp_path):
    path = tmp_path / "training.json"
    model = network()
    trained(model, checkpoint=path)
    assert "recording" not in path.read_text(encoding="utf-8")
    whole = network()
    trained(whole, epochs=5)
    history = trained(model, checkpoint=path, resume=True, epochs=5)
    assert [step.number for step in history.recording.steps] == list(range(9, 16))
    assert history.recording.steps[-1].parameters == data_of(model) == data_of(whole)
    assert len(history.loss) == 5
    assert ag.replay(history).description == "6 steps"


# Running the steps again.


def test_running_steps_again_leaves_parameters_gradients_and_labels_as_they_were():
    model = network()
    history = trained(model)
    for number, parameter in enumerate(model.parameters()):
        parameter.data, parameter.grad = 0.1 * number, 7.0
    ag.replay(history)
    walk = frames(history.recording, history.recording.steps, 0)
    next(walk)
    walk.close()  # also where nobody asks for the rest
    assert data_of(model) == tuple(0.1 * n for n in range(len(model.parameters())))
    assert {(p.grad, p.label) for p in model.parameters()} == {(7.0, "")}


def test_steps_are_run_again_inside_no_grad_too():
    history = trained(network(), epochs=1)
    with ag.no_grad():
        assert ag.replay(history).html == ag.replay(history).html
    assert run_of(ag.replay(history))["takes"][0]["graph"]["operands"][-1]


def run_of(page, number=0):
    text = re.search(
        r'<script id="data" type="application/json">(.*?)</script>', page.html, re.DOTALL
    )
    return json.loads(text[1])["runs"][number]


@pytest.mark.parametrize(
    "nouts, targets", [((4, 1), (0, 1)), ((4, 1), (-1, 1)), ((4, 3), (0, 1, 2))]
)
@pytest.mark.parametrize("compiled", WAYS)
def test_each_byte_of_the_plane_has_the_class_that_the_model_predicts_there(
    nouts, targets, compiled, monkeypatch
):
    model = network(*nouts)
    rng = random.Random(1)
    data = [
        ([rng.uniform(-1, 1), rng.uniform(-1, 1)], targets[i % len(targets)]) for i in range(12)
    ]
    loss = losses.cross_entropy if len(targets) > 2 else losses.mse
    history = trained(model, data, loss)
    if not compiled:
        monkeypatch.setattr(pages, "compile", None)
    boundary = Boundary(history.recording, 10, 0)
    plane = boundary.plane
    found = [cell // plane.levels for cell in boundary.cells(plane)]
    expected = []
    for x, y in plane.points():
        outputs = model([x, y])
        numbers = (
            [o.data for o in outputs]
            if isinstance(outputs, list)
            else [-outputs.data, outputs.data]
        )
        expected.append(numbers.index(max(numbers)))
    assert found == expected and len(set(found)) > 1
    assert plane.classes == [str(target) for target in targets]
    assert all(low < x < high for low, x, high in zip(plane.low, data[0][0], plane.high))


@pytest.mark.parametrize(
    "data, loss, nouts",
    [
        ([([0.1 * i], i % 2) for i in range(8)], losses.binary_cross_entropy, (1,)),
        ([([0.1 * i, 1.0], 0.3 * i) for i in range(8)], losses.mse, (1,)),
        ([([0.1 * i, 1.0, 2.0], i % 2) for i in range(8)], losses.binary_cross_entropy, (1,)),
    ],
    ids=["one input", "no classes", "three inputs"],
)
def test_without_two_inputs_and_classes_there_is_no_plane(data, loss, nouts):
    history = trained(network(*nouts, nin=len(data[0][0])), data, loss)
    assert run_of(ag.replay(history))["plane"] is None


# The page.


def test_what_cannot_be_replayed_is_refused_with_what_to_write_instead(tmp_path):
    history = trained(network(), epochs=1)
    with pytest.raises(ValueError, match=r"train with fit\(\.\.\., record=True\)"):
        ag.replay(trained(network(), record=False))
    with pytest.raises(TypeError, match="what fit returns, not 3"):
        ag.replay(3)
    with pytest.raises(TypeError, match="what fit returns, not 'loss'"):
        ag.replay([history, "loss"])
    with pytest.raises(ValueError, match="compares two; got 3"):
        ag.replay([history] * 3)
    with pytest.raises(ValueError, match="compares two; got 0"):
        ag.replay([])
    for sample in (-1, 24, 1.5):
        with pytest.raises(ValueError, match=f"sample must be from 0 to 23, got {sample}"):
            ag.replay(history, sample=sample)
    with pytest.raises(ValueError, match=r"the ending must be '\.html'"):
        ag.replay(history, tmp_path / "page.svg")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        ag.replay(history, tmp_path / "nowhere" / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_the_page_is_one_file_that_asks_for_nothing_else(tmp_path, assert_alone):
    assert_alone(ag.replay(trained(network()), tmp_path / "page.html"))


def test_a_notebook_shows_the_page_in_a_frame_of_its_own():
    page = ag.replay({"slow": trained(network()), "fast": trained(network(), lr=1.0)})
    bundle = page._repr_mimebundle_()
    assert bundle["text/plain"] == repr(page) == "<Page: slow: 9 steps, fast: 9 steps>"
    assert bundle["text/html"].startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')
    assert bundle["text/html"].startswith(page._mime_()[1])


def test_a_notebook_reopened_without_trust_shows_the_losses_as_a_still():
    slow, fast = trained(network()), trained(network(), lr=1.0)
    still = ag.replay({"slow": slow, "<fast>": fast})._repr_mimebundle_()["text/markdown"]
    assert "A still of slow: 9 steps, &lt;fast&gt;: 9 steps. Trust this notebook" in still
    picture = base64.b64decode(re.search(r'"data:image/svg\+xml;base64,([^"]+)"', still)[1])
    root = ElementTree.fromstring(picture)
    lines = [
        line.get("points").split() for line in root.iter("{http://www.w3.org/2000/svg}polyline")
    ]
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"loss slow", "loss <fast>", "9 steps"} <= set(texts)
    losses = slow.loss + fast.loss
    assert len(slow.loss) > 1 and f"{max(losses):.3g}" in texts
    heights = [230.0 - 200.0 * loss / max(losses) for loss in losses]
    drawn = [float(point.split(",")[1]) for line in lines for point in line]
    assert drawn == pytest.approx(heights, abs=0.051)  # written to a tenth of a pixel


def test_of_a_training_of_one_epoch_the_still_shows_the_batches():
    history = trained(network(), epochs=1)
    still = ag.replay(history)._repr_mimebundle_()["text/markdown"]
    picture = base64.b64decode(re.search(r'"data:image/svg\+xml;base64,([^"]+)"', still)[1])
    (line,) = re.findall('points="([^"]+)"', picture.decode())
    given = [step.loss for step in history.recording.steps if math.isfinite(step.loss)]
    assert len(line.split()) == len(given) > 1


def test_the_page_of_200_steps_of_a_small_network_has_at_most_a_megabyte():
    history = trained(network(8, 1), epochs=70, batch_size=8)
    assert len(history.recording.steps) > 100
    assert len(ag.replay(history).html.encode()) * 200 / len(history.recording.steps) <= 1_000_000


def test_of_a_large_graph_the_page_shows_fewer_steps_with_the_first_and_the_last():
    model = network(24, 24, 1)
    history = trained(model, epochs=40)
    run = run_of(ag.replay(history))
    assert len(run["steps"]) < len(history.recording.steps)
    assert (run["steps"][0], run["steps"][-1]) == (0, 120)
    assert len(run["takes"][0]["columns"]) <= ROOM and len(run["losses"]) == 121


# In a browser.


@pytest.fixture
def opened(visited):
    """Return a function that opens the replay of a training, or of two."""

    def open_page(histories, address="", *, sample=0, **options):
        return visited(ag.replay(histories, sample=sample), address, **options)

    return open_page


@pytest.fixture(scope="module")
def history():
    return trained(network(), batch_size=4, epochs=5, validation=datasets.moons(8, seed=3))


def engine(history, step, sample=0):
    """Return data and gradients of the sample's graph at a step, by a run of the engine's own."""
    recording = history.recording
    for parameter, number in zip(recording.parameters, step.parameters):
        parameter.data, parameter.grad = number, 0.0
    x, target = recording.samples[sample]
    output = recording.loss(recording.model([ag.engine.as_value(number) for number in x]), target)
    output.backward()
    constant = ag.graph.is_constant
    return [(v.data, 0.0 if constant(v) else v.grad) for v in ag.graph.nodes(output)]


def held(page):
    """Return data and gradients of all values, as the page holds them at this step."""
    return page.evaluate(
        "(() => { const { take } = replay.runs[0];"
        " return take.data.map((data, i) => [data, take.gradient[i]]); })()"
    )


def test_slid_to_the_end_the_page_shows_the_numbers_of_the_engine_to_the_last_digit(
    opened, shown, history
):
    page = opened(history, sample=3)
    page.click("#unfold")
    page.focus("#scrub")
    page.keyboard.press("End")
    expected = engine(history, history.recording.steps[-1], sample=3)
    assert shown(page) == dict(enumerate(expected))
    assert page.text_content("#counter") == "step 30 / 30, epoch 5"
    last = page.locator(f'[data-index="{len(expected) - 1}"] .number').all_text_contents()
    assert [float(text) for text in last] == pytest.approx(expected[-1], abs=5e-5)  # 4 decimals


def test_at_every_step_the_page_holds_the_numbers_of_the_engine(opened, history):
    page = opened(history)
    for step in history.recording.steps:
        page.evaluate(f"replay.seek({step.number})")
        assert [tuple(pair) for pair in held(page)] == engine(history, step)


def test_values_are_named_by_attributes_and_columns_and_explained_over_the_training(
    opened, history
):
    page = opened(history)
    page.click("#unfold")
    page.locator('[data-index] .name:text-is("w₀₁⁽⁰⁾")').first.click()
    assert page.text_content("#selected-title") == "neurons.0 · w₀₁⁽⁰⁾"
    page.evaluate("replay.seek(12)")
    place = history.recording.parameters.index(history.recording.model.layers[0].neurons[0].w[1])
    number = history.recording.steps[12].parameters[place]
    assert float(page.text_content("#at-data").replace("−", "-")) == number
    assert page.locator("#selected svg.chart").count() == 2
    page.keyboard.press("Escape")
    assert page.locator("#selected svg.chart").count() == 0
    assert page.locator('[data-index] .name:text-is("x")').count() == 1


def test_the_page_is_used_by_keyboard_alone(opened, history):
    page = opened(history)
    for key, step in [
        ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 30), ("Home", 0),
        ("PageUp", 3), ("PageDown", 0),
    ]:  # fmt: skip
        page.keyboard.press(key)
        assert page.text_content("#counter").startswith(f"step {step} / 30")
    page.focus("#scrub")
    page.keyboard.press("ArrowRight")  # the slider's own
    assert page.get_attribute("#scrub", "aria-valuetext") == "step 1 of 30, epoch 1"
    page.keyboard.press("Space")  # plays from wherever one is
    assert page.get_attribute("#play", "aria-label") == "Pause"
    page.wait_for_selector(
        "#scrub:not([aria-valuetext^='step 1 ']):not([aria-valuetext^='step 2 '])"
    )
    page.keyboard.press("Space")
    here = page.text_content("#counter")
    assert page.get_attribute("#play", "aria-label") == "Play"
    page.keyboard.press("l")
    assert page.is_checked("#logarithmic")
    page.keyboard.press("?")
    assert page.locator("#shortcuts").is_visible()
    page.keyboard.press("Escape")
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "document.activeElement.id || document.activeElement.dataset.group || document.activeElement.dataset.index"
            )
        )
    assert {
        "theme",
        "help",
        "unfold",
        "fit",
        "first",
        "back",
        "play",
        "next",
        "last",
        "scrub",
        "logarithmic",
    } <= reached
    assert page.text_content("#counter") == here


def test_playing_goes_to_the_end_and_stops_there(opened, history):
    page = opened(history, "#step=27")
    page.click("#play")
    page.wait_for_selector("#play[aria-label=Play]")
    assert page.text_content("#counter").startswith("step 30 / 30")
    assert page.is_disabled("#next")


def test_pointing_at_the_curve_leads_to_that_step_and_the_address_keeps_it(opened, history):
    page = opened(history)
    box = page.locator("#curve svg").bounding_box()
    page.mouse.click(box["x"] + box["width"] - 17, box["y"] + 60)
    assert page.text_content("#counter").startswith("step 30 / 30")
    assert page.evaluate("location.hash") == "#step=30"


def test_the_table_says_what_the_history_says(opened, history):
    page = opened(history, "#step=13")  # in the third epoch, six steps each
    rows = dict(
        page.eval_on_selector_all(
            "#numbers tbody tr",
            "all => all.map((r) => [r.children[0].textContent, r.children[1].textContent])",
        )
    )
    expected = {
        "loss of its batch": history.recording.steps[13].loss,
        "of the last epoch": history.loss[1],
        "of validation data": history.validation_loss[1],
        "loss of sample 0": engine(history, history.recording.steps[13])[-1][0],
    }
    for title, number in expected.items():
        assert float(rows[title]) == pytest.approx(number, abs=5e-5)  # four decimals
    assert rows["accuracy in that epoch"] == f"{100 * history.accuracy[1]:.1f} %"


def test_the_painted_plane_has_the_class_that_the_model_predicts(opened, history):
    page = opened(history, "#step=30&theme=light")
    model = history.recording.model
    engine(history, history.recording.steps[-1])
    plane = run_of(ag.replay(history))["plane"]
    places = [(u, v) for u in (0.06, 0.31, 0.56, 0.93) for v in (0.07, 0.33, 0.61, 0.94)]
    pixels = page.evaluate(
        "(places) => { const c = document.createElement('canvas'); c.width = c.height = 200;"
        " const d = c.getContext('2d', { willReadFrequently: true });"
        " d.drawImage(document.querySelector('.plane canvas'), 0, 0, 200, 200);"
        " return places.map(([u, v]) => [...d.getImageData(u * c.width | 0, (1 - v) * c.height | 0, 1, 1).data]); }",
        [list(place) for place in places],
    )
    sides = []
    for (u, v), (red, _, blue, opaque) in zip(places, pixels):
        point = [
            low + share * (high - low)
            for low, high, share in zip(plane["low"], plane["high"], (u, v))
        ]
        score = model(point).data
        assert opaque == 255
        if abs(score) > 0.5:  # away from the boundary
            assert (red > blue) == (score > 0.0)  # class 0 is painted bluish, class 1 reddish
            sides.append(score > 0.0)
    assert len(sides) > 8 and set(sides) == {True, False}
    label = page.get_attribute(".plane canvas", "aria-label")
    assert re.fullmatch(r"Step 30: of the plane the model predicts 0 on \d+ %, 1 on \d+ %", label)


def test_two_runs_are_compared_step_by_step_also_where_one_is_longer(opened, shown):
    slow, fast = trained(network(), lr=0.01, epochs=2), trained(network(), lr=0.3, epochs=3)
    page = opened({"slow": slow, "fast": fast}, "#step=9")
    assert page.locator(".plane canvas").count() == 2
    heads = page.locator("#numbers thead th").all_text_contents()
    rows = dict(
        page.eval_on_selector_all(
            "#numbers tbody tr",
            "all => all.map((r) => [r.children[0].textContent, [...r.children].slice(1).map((c) => c.textContent)])",
        )
    )
    assert heads[1:] == ["slow", "fast"] and rows["step"] == ["6", "9"]
    last = [engine(run, run.recording.steps[-1])[-1][0] for run in (slow, fast)]
    assert list(map(float, rows["loss of sample 0"])) == pytest.approx(last, abs=5e-5)
    page.click("#unfold")
    assert shown(page)[len(shown(page)) - 1][0] == last[0]
    page.keyboard.press("g")
    page.click("#unfold")
    assert shown(page)[len(shown(page)) - 1][0] == last[1]
    page.locator("[data-index]").last.focus()
    page.keyboard.press("Enter")
    assert page.text_content("#at-data") == f"slow: {last[0]!r}; fast: {last[1]!r}"


def test_a_graph_that_changes_its_shape_is_drawn_in_each_shape(opened, shown):
    class Branching(nn.Module):
        def __init__(self):
            self.w = Value(0.5, "w")

        def __call__(self, x):
            return self.w * x if self.w < 1.0 else self.w * x + 1.0

    history = trained(
        Branching(), [(1.0, 3.0)] * 4, losses.mse, batch_size=4, make=optim.SGD, epochs=9
    )
    page = opened(history, "#step=0")
    before = len(shown(page))
    for step in history.recording.steps:
        page.evaluate(f"replay.seek({step.number})")
        assert page.evaluate("replay.value('w')") == step.parameters[0]
    assert len(shown(page)) > before


NASTY = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "a\"b'c\\n`${alert(3)}`",
    "🎈 & <b>",
]


def test_labels_and_names_appear_as_typed_and_run_nothing(opened):
    class Line(nn.Module):
        def __init__(self):
            self.w, self.b = Value(0.5, NASTY[0]), Value(0.1, NASTY[2])

        def __call__(self, x):
            return self.w * x[0] + self.b * x[1]

    data = datasets.Dataset(
        [[0.1 * i, -0.2 * i] for i in range(6)], [0, 1] * 3, NASTY[:2], NASTY[2:]
    )
    histories = {name: trained(Line(), data) for name in NASTY[1:3]}
    page = opened(histories)
    assert (
        page.evaluate("replay.value(%s)" % json.dumps(f"{NASTY[0]}#1"))  # a column is called so too
        == histories[NASTY[1]].recording.steps[0].parameters[0]
    )
    assert page.locator("#runs button").all_text_contents() == NASTY[1:3]
    assert NASTY[0] in page.text_content(".axes") and NASTY[3] in page.text_content("#legend")
    page.locator("[data-index]").first.click()
    assert page.locator("img, b, script").count() == 2  # the data and the page's own script
    assert page.locator("#numbers thead").text_content() == "of" + "".join(NASTY[1:3])


@pytest.mark.parametrize("theme", ["light", "dark", "projector"])
@pytest.mark.parametrize("width", [360, 948, 1920])
def test_nothing_overflows_the_window(opened, history, theme, width):
    page = opened(
        {"one": history, "a rather long name of another run": history},
        f"#step=30&theme={theme}",
        width=width,
    )
    page.click("#unfold")
    page.locator("[data-index]").last.dispatch_event("click")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = "[...document.querySelectorAll('main *:not(svg *):not(#canvas *)')].filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.unseen')).map((e) => e.outerHTML.slice(0, 80))"
    assert page.evaluate(wide) == []
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    for button in ("play", "scrub", "theme"):
        box = page.locator(f"#{button}").bounding_box()
        assert box["height"] >= 16 and box["x"] >= 0 and box["x"] + box["width"] <= width


def test_of_a_training_of_200_steps_every_step_is_there(opened):
    history = trained(
        network(8, 1), datasets.moons(100, noise=0.1, seed=0), batch_size=10, epochs=20
    )
    page = opened(history)
    assert len(history.recording.steps) == 201
    page.evaluate("replay.seek(100)")
    assert [tuple(pair) for pair in held(page)] == engine(history, history.recording.steps[100])
