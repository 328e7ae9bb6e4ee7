"""The pages as somebody has them: on a phone, on a wall, on paper, by keys, and where much is blocked."""

from __future__ import annotations

import math
import random
import re

import pytest

import autograd_engine as ag
from autograd_engine import Value, datasets, losses, nn

# The nine graphs of a course.


def toy():
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    L = a * b + a
    L.label = "L"
    return L


def neuron():
    return nn.Neuron(3, rng=random.Random(1))([Value(1.0), Value(-2.0), Value(0.5)])


def network():
    return (perceptron(3)([Value(0.5), Value(-0.3)]) - 1.0) ** 2


def perceptron(*widths):
    return nn.MLP(2, [*widths, 1], activation="tanh", rng=random.Random(0))


def xor():
    model = perceptron(4)
    return ag.mean([losses.binary_cross_entropy(model(x), y) for x, y in datasets.xor(4)])


def moons():
    return losses.binary_cross_entropy(perceptron(16, 16)([0.2, -0.4]), 1)


def recurrence():
    w, u, b, h = Value(0.9, "w"), Value(0.5, "u"), Value(0.1, "b"), Value(0.0, "h0")
    for t in range(50):
        h = ag.tanh(w * h + u * math.sin(t) + b)
    return h * h


def softmax():
    return losses.cross_entropy([Value(0.1 * i) for i in range(10)], 3)


def attention():
    rng = random.Random(0)
    tokens = [[rng.gauss(0.0, 1.0) for _ in range(3)] for _ in range(4)]
    weights = {
        name: [[Value(rng.gauss(0.0, 1.0), f"{name}{i}{j}") for j in range(3)] for i in range(3)]
        for name in "QKV"
    }
    q, k, v = ([[ag.dot(row, x) for row in weights[n]] for x in tokens] for n in "QKV")
    heads = []
    for query in q:
        p = ag.softmax([ag.dot(query, key) / math.sqrt(3.0) for key in k])
        heads += [ag.dot(p, [value[c] for value in v]) for c in range(3)]
    return ag.sum(heads)


def long_labels():
    a = Value(2.0, "a rather long label that no box has room for: the learning rate")
    b = Value(1.0, "another_label_that_goes_on_and_on_and_on_without_end")
    c = a * b
    c.label = "their product, whose label is long as well, as they are"
    return c + a


NINE = [toy, neuron, network, xor, moons, recurrence, softmax, attention, long_labels]
WINDOWS = {"desk": (1280, 800, ""), "phone": (390, 844, ""), "wall": (1920, 1080, "#theme=projector")}  # fmt: skip

SEEN = """() => {
  const canvas = document.getElementById("canvas").getBoundingClientRect(), graph = document.getElementById("graph");
  const boxes = [...graph.querySelectorAll(".node > .box:not(.inner), .inlet > .box")].map((e) => e.getBoundingClientRect());
  const overlapping = boxes.filter((a, i) => boxes.slice(i + 1).some((b) =>
    a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)).length;
  const hidden = boxes.filter((a) => a.left < canvas.left || a.right > canvas.right || a.top < canvas.top
    || a.bottom > Math.min(canvas.bottom, innerHeight)).length;
  const type = Math.min(...[...graph.querySelectorAll("text")].map((e) => parseFloat(getComputedStyle(e).fontSize)));
  return { boxes: boxes.length, overlapping, hidden, letters: type * graph.getBoundingClientRect().width / graph.viewBox.baseVal.width };
}"""

# In view, of a value: its box within the picture's frame.
IN_VIEW = """(i) => {
  const canvas = document.getElementById("canvas").getBoundingClientRect();
  const box = document.querySelector(`[data-index="${i}"] .box`).getBoundingClientRect();
  return box.left >= canvas.left && box.right <= canvas.right && box.top >= canvas.top && box.bottom <= canvas.bottom;
}"""


@pytest.fixture
def opened(visited):
    """Return a function that opens the page of a value in a window."""

    def visit(made, window="desk", address="", **options):
        width, height, theme = WINDOWS[window]
        page = ag.explore(made) if isinstance(made, Value) else made
        return visited(page, address or theme, width=width, height=height, **options)

    return visit


def until(page, condition):
    """Wait for a condition; the page's own policy forbids what Playwright would wait with."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never: {condition}")


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("graph", NINE)
def test_as_opened_everything_is_in_view_and_legible(opened, graph, window):
    seen = opened(graph(), window).evaluate(SEEN)
    assert seen["overlapping"] == seen["hidden"] == 0
    assert seen["letters"] >= 9.0


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("graph", NINE)
def test_fit_shows_all_also_when_all_is_open(opened, graph, window):
    page = opened(graph(), window)
    page.keyboard.press("+")
    if page.locator("#unfold").is_visible() and page.locator("#unfold").inner_text() == "Open all":
        page.locator("#unfold").click()
    page.locator("#fit").click()
    seen = page.evaluate(SEEN)
    assert seen["overlapping"] == seen["hidden"] == 0


@pytest.mark.parametrize("graph", [network, moons, recurrence])
def test_open_all_keeps_the_chosen_value_in_view(opened, graph):
    page = opened(graph())
    values = page.evaluate("explorer.names.length")
    for i in (0, values // 3, values - 2):
        if page.locator("#unfold").inner_text() == "Close all":
            page.locator("#unfold").click()
        page.evaluate("(i) => { document.getElementById('canvas').scrollTo(0, 0); }", i)
        page.locator("#unfold").click()
        page.locator(f'[data-index="{i}"]').press("Enter")
        page.locator("#unfold").click()
        page.locator("#unfold").click()
        assert page.evaluate(IN_VIEW, i)
        page.locator("#selected .close").click()


def test_a_phone_lays_out_from_top_to_bottom_and_turns_with_its_window(opened):
    below = """() => { const [a, b, c] = [0, 2, 3].map((i) => document.querySelector(`[data-index='${i}'] .box`).getBoundingClientRect());
      return a.bottom < b.top && b.bottom < c.top; }"""
    page = opened(toy(), "phone")
    assert page.evaluate(below)
    page.set_viewport_size({"width": 1000, "height": 600})
    until(page, f"!({below})()")
    assert page.evaluate(SEEN)["hidden"] == 0


# Leaves.


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("graph", [toy, neuron, recurrence])
def test_a_pixel_of_a_slider_is_a_sensible_step_and_so_is_a_key(opened, graph, window):
    page = opened(graph(), window)
    slider = page.locator("#leaves input[type=range]").first
    low, high, step = (float(slider.get_attribute(name)) for name in ("min", "max", "step"))
    width = slider.bounding_box()["width"]
    before = float(slider.input_value())
    assert (high - low) / width <= max(1.0, 2.0 * abs(before)) / 20.0  # to 0 in 10 pixels, at least
    slider.press("ArrowRight")
    assert float(slider.input_value()) == pytest.approx(before + step, abs=0.51 * step)


def test_leaves_stand_by_layer_and_long_names_are_cut_with_the_whole_on_hover(opened):
    page = opened(network())
    titles = page.locator("#leaves h3").all_inner_texts()
    assert len(titles) > 1 and len(set(titles)) == len(titles)
    assert page.locator("#leaves li").count() == page.locator("#leaves .layer li").count() > 10
    page = opened(long_labels(), "phone")
    for name in page.locator("#leaves .link.name").all():
        assert name.get_attribute("title") == name.text_content()
        assert name.evaluate(
            "(e) => e.scrollWidth > e.clientWidth && e.getClientRects()[0].height < 40"
        )
    assert page.locator(".node.leaf title").first.text_content() == page.locator("#leaves .link.name").first.text_content()  # fmt: skip


def test_a_link_carries_step_theme_and_the_numbers_of_the_leaves(opened):
    page = opened(toy(), address="#step=3&theme=dark")
    page.locator('input[aria-label="a"]').fill("0.125")
    page.locator('input[aria-label="b"]').fill("-7")
    page.locator('input[aria-label="b"]').blur()
    until(page, "location.hash.includes('-7')")
    address = page.evaluate("location.hash")
    again = opened(toy(), address=address)
    assert again.locator('input[aria-label="a"]').input_value() == "0.125"
    assert again.evaluate("[explorer.value('b'), explorer.gradient('a')]") == [-7.0, -6.0]
    assert again.locator("#counter").inner_text() == "3 / 7"
    assert again.locator("html").get_attribute("data-theme") == "dark"
    again.locator("#reset").click()
    assert again.evaluate("location.hash") == "#step=3&theme=dark"


@pytest.mark.parametrize("hash", ["#leaf.a=one&leaf.b=", "#leaf.c=3&leaf.=1", "#step=1e9&theme=pink&leaf.a=%FF", "#leaf.a=1=2&&="])  # fmt: skip
def test_what_a_link_says_that_the_page_has_not_is_passed_over(opened, hash):
    page = opened(toy(), address=hash)
    assert page.evaluate("[explorer.value('a'), explorer.value('b')]") == [2.0, -3.0]


def test_the_predicted_gradient_is_that_at_the_end_of_the_pass_in_four_digits(opened):
    a = Value(1.0 / 3.0, "a")
    page = opened(ag.sin(a) * a, address="#step=1")
    page.locator("#quiz").click()
    page.locator("#guess").fill(f"{math.cos(1 / 3) / 3 + math.sin(1 / 3):.4f}")
    page.locator("#guess").press("Enter")
    assert page.locator(".verdict").inner_text().endswith("Right: it is 0.6422.")


# What is blocked, what is printed, what is read aloud.

PAGES = {
    "explore": lambda: ag.explore(network()),
    "replay": lambda: ag.replay(trained()),
}


def trained():
    model = perceptron(3)
    optimizer = ag.optim.Adam(model.parameters(), lr=0.1)
    data = datasets.moons(24, noise=0.1, seed=0)
    return ag.fit(model, data, losses.binary_cross_entropy, optimizer, epochs=2, batch_size=8, record=True, progress=False)  # fmt: skip


@pytest.mark.parametrize("policy", ["script-src 'none'", "style-src 'none'", "default-src 'none'"])
@pytest.mark.parametrize("kind", PAGES)
def test_where_scripts_or_styles_are_blocked_there_is_a_still_and_one_sentence(
    browser, axe, kind, policy
):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    text = PAGES[kind]().html
    kept = {"Content-Security-Policy": policy, "Content-Type": "text/html; charset=utf-8"}
    page.route("**/*", lambda route: route.fulfill(body=text, headers=kept))
    page.goto("http://page.test/")
    still = page.locator("main:visible")
    assert still.locator("p").all_inner_texts() == [
        "This is a still: the page itself needs scripts, styles and a browser of 2022 or newer."
    ]
    assert still.locator("svg").bounding_box()["width"] > 300
    assert page.locator("h1:visible").count() == 1 and page.locator("button:visible").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert axe(page) == []
    page.close()


@pytest.mark.parametrize("kind", PAGES)
def test_an_older_browser_keeps_the_still(browser, kind):
    # As in Chromium 80, which runs the script until it asks for this.
    page = browser.new_page()
    page.add_init_script("delete Element.prototype.replaceChildren")
    text = PAGES[kind]().html
    page.route("**/*", lambda route: route.fulfill(body=text, content_type="text/html"))
    page.goto("http://page.test/")
    assert "a browser of 2022 or newer" in page.locator("main:visible p").inner_text()
    assert page.locator("h1:visible").count() == 1 and page.locator("button:visible").count() == 0
    page.close()


@pytest.mark.parametrize("width, height", [(1046, 718), (718, 1046)])  # A4 without its margins
@pytest.mark.parametrize("graph", [toy, network, moons])
def test_on_paper_there_is_the_whole_graph_and_nothing_to_press(opened, graph, width, height):
    page = opened(graph(), address="#step=4&theme=dark")
    landscape = width > height
    printed = page.pdf(format="A4", landscape=landscape, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(media="print")
    drawn = page.wait_for_selector("#graph").bounding_box()  # visible once it is laid out anew
    assert drawn["x"] >= 0 and drawn["x"] + drawn["width"] <= width
    assert drawn["y"] >= 0 and drawn["y"] + drawn["height"] <= height
    assert page.locator("button:visible, input:visible, select:visible").count() == 0
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.box')).fill") != "rgb(29, 38, 54)"
    )


@pytest.mark.parametrize("theme", ["light", "dark", "projector"])
@pytest.mark.parametrize("window", ["desk", "phone"])
@pytest.mark.parametrize("kind", PAGES)
def test_axe_finds_nothing_on_a_page(opened, axe, kind, window, theme):
    page = opened(PAGES[kind](), window, f"#step=4&theme={theme}")
    assert axe(page) == []
    if page.locator("#unfold").is_visible():
        page.locator("#unfold").click()
    page.locator(".node").first.press("Enter")
    if kind == "explore":
        page.keyboard.press("p")
    assert page.locator("main").count() == page.locator("h1").count() == 1
    assert axe(page) == []
    page.keyboard.press("?")
    assert axe(page) == []


@pytest.mark.parametrize("kind", ["explain", "draw", "draw without Graphviz"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_the_pages_of_explanations_and_pictures(
    browser, axe, tmp_path, kind, scheme, width
):
    output, path = network(), tmp_path / "page.html"
    if kind == "explain":
        path.write_text(ag.explain(output, ag.graph.leaves(output)[0]).html, encoding="utf-8")
    else:
        ag.draw(output, engine=None if kind == "draw" else "builtin").save(path)
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.goto(path.as_uri())
    assert axe(page) == []
    page.close()


def test_the_picture_is_scrolled_by_keys(opened):
    page = opened(moons())
    page.locator("#unfold").click()
    canvas = page.locator("#canvas")
    canvas.evaluate("(e) => e.scrollTo(0, 0)")
    canvas.focus()
    page.keyboard.press("ArrowDown")
    until(page, "document.getElementById('canvas').scrollTop > 0")


# Another browser.


def test_the_page_to_explore_works_in_firefox(firefox, tmp_path):
    path = tmp_path / "page.html"
    ag.explore(toy(), path)
    firefox.visit(f"{path.as_uri()}#step=3&leaf.a=4", 1280, 800)
    seen = firefox.evaluate(SEEN)
    assert seen["overlapping"] == seen["hidden"] == 0 and seen["letters"] >= 9.0
    numbers = "() => [explorer.value('L'), explorer.gradient('a'), document.getElementById('counter').textContent]"
    assert firefox.evaluate(numbers) == [-8.0, -2.0, "3 / 7"]
    firefox.press("\ue014")  # the right arrow
    assert firefox.evaluate(numbers)[2] == "4 / 7"
    firefox.press("t")
    assert firefox.evaluate("() => document.documentElement.dataset.theme") == "light"
    firefox.visit(f"{path.as_uri()}", 390, 844)
    assert firefox.evaluate(SEEN)["hidden"] == 0


def test_the_replay_works_in_firefox(firefox, tmp_path):
    history = trained()
    path = tmp_path / "page.html"
    ag.replay(history, path)
    firefox.visit(f"{path.as_uri()}#step=2&theme=dark", 1280, 800)
    assert firefox.evaluate(SEEN)["overlapping"] == 0
    firefox.press("\ue014")
    step, loss = firefox.evaluate("() => [location.hash, replay.value(replay.runs[0].take.graph.names.at(-1))]")  # fmt: skip
    assert step == "#step=3&theme=dark" and math.isfinite(loss)
