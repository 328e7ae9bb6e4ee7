"""The page to explore: what it holds, and what it does in a real browser, without a network."""

from __future__ import annotations

import json
import math
import random
import re

import pytest

import autograd_engine as ag
from autograd_engine.engine import Value
from autograd_engine.survey import Survey
from autograd_engine.views.explore.page import inert_json, page_graph
from autograd_engine.views.picture import drawing as pictures

NAN, INF = math.nan, math.inf

DIGITS = 1e-12  # JavaScript's functions differ from C's by an ulp or two; graphs multiply that
AA, AA_LARGE = 4.5, 3.0  # the contrast that WCAG 2.1 asks of text, and of large text


def expression() -> Value:
    """e = a * b + a * a: a is used three times."""
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    e = a * b + a * a
    e.label = "e"
    return e


def perceptron() -> Value:
    w, x = [Value(0.5, "w0"), Value(-0.3, "w1")], [Value(1.0, "x0"), Value(0.5, "x1")]
    p = ag.sigmoid(ag.dot(w, x) + Value(0.1, "b"))
    error = -ag.log(p)
    p.label, error.label = "p", "E"
    return error


def network(*widths: int) -> Value:
    """Return the squared output of a network whose layers and neurons are regions."""
    model = ag.nn.MLP(2, [*widths, 1], activation="tanh", rng=random.Random(0))
    out = model([Value(0.2, "x0"), Value(-0.4, "x1")])
    return out * out


# What the page holds.


def test_anything_but_a_value_is_refused():
    with pytest.raises(TypeError, match="explore needs a Value, not float"):
        ag.explore(3.0)


def test_a_folder_that_does_not_exist_and_another_ending_are_refused_by_name(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        ag.explore(expression(), tmp_path / "nowhere" / "page.html")
    with pytest.raises(ValueError, match=r"the ending must be '\.html'"):
        ag.explore(expression(), tmp_path / "page.svg")
    assert list(tmp_path.iterdir()) == []


def test_the_page_is_one_file_that_asks_for_nothing_else(tmp_path, assert_alone):
    assert_alone(ag.explore(expression(), tmp_path / "page.html"))


def test_a_notebook_shows_the_page_in_a_frame_of_its_own():
    page = ag.explore(expression())
    bundle = page._repr_mimebundle_()
    assert bundle["text/plain"] == repr(page) == "<Page: e: 5 values, 2 leaves>"
    assert bundle["text/html"].startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')
    kind, frame = page._mime_()
    assert kind == "text/html" and bundle["text/html"].startswith(frame)
    assert frame.count("<") == 2 and 'sandbox="allow-scripts"' in frame


def without_trust(bundle: dict[str, str]) -> str:
    """What JupyterLab leaves of HTML: no frames, no style elements, nothing that runs."""
    found = re.sub("<(iframe|style|script)\\b.*?</\\1>", "", bundle["text/html"], flags=re.DOTALL)
    assert "srcdoc" not in found and "<style" not in found
    return found


def test_a_notebook_reopened_without_trust_shows_a_still():
    output = expression()
    bundle = ag.explore(output)._repr_mimebundle_()
    left = without_trust(bundle)
    assert ag.draw(output, engine="builtin").image() in left
    assert "A still of e: 5 values, 2 leaves. Trust this notebook" in left
    assert bundle["text/markdown"] == left  # VS Code shows no HTML then, but Markdown


def test_a_still_holds_the_numbers_of_the_moment_when_the_page_was_made():
    a = ag.Value(2.0, "a")
    page, drawn = ag.explore(a * a), ag.draw(a * a, engine="builtin").image()
    a.data = 7.0
    assert drawn in page._repr_mimebundle_()["text/markdown"]


def test_a_still_of_more_than_is_laid_out_is_words_alone(monkeypatch):
    monkeypatch.setattr(pictures, "GUARD", 4)
    still = ag.explore(expression())._repr_mimebundle_()["text/markdown"]
    assert still.startswith('<div class="ag-still"><p>A still of e: 5 values, 2 leaves.')


def test_a_label_of_several_lines_does_not_end_the_still_in_markdown():
    a = ag.Value(2.0, "a")
    output = a * a
    output.label = "<b>\n\n# J"
    still = ag.explore(output)._repr_mimebundle_()["text/markdown"]
    assert "\n" not in still and "A still of &lt;b&gt; # J: 2 values" in still


def test_the_data_ends_no_element_and_reads_back_as_it_was():
    given = ["</script>", "<!--", "&amp;", "\u2028", "🎈", "\ud800"]
    text = inert_json(given)
    assert not set("<>&") & set(text) and text.encode()
    assert json.loads(text) == given


def chain() -> Value:
    x = [Value(0.1 * i, f"x{i}") for i in range(8)]
    out = x[0]
    for i in range(330):
        out = (out * x[i % 8] + x[i * 3 % 8]).tanh()
    return out


def recurrence() -> Value:
    w, u, h = Value(0.9, "w"), Value(0.5, "u"), Value(0.0, "h0")
    for t in range(195):
        h = (w * h + u * (0.1 * t)).tanh()
    return (h - 1.0) ** 2


def samples() -> Value:
    model = ag.nn.MLP(2, [9, 1], activation="tanh", rng=random.Random(3))
    moons = ag.datasets.moons(40, noise=0.1, seed=0)
    return ag.mean([ag.losses.binary_cross_entropy(model(x), y) for x, y in moons])


@pytest.mark.parametrize("made", [lambda: network(27, 27), chain, recurrence, samples])
def test_the_page_for_980_values_has_at_most_250_kilobytes(made):
    output = made()
    assert 950 < len(ag.graph.nodes(output)) < 1000
    assert len(ag.explore(output).html.encode()) <= 250_000


def test_every_value_stands_in_one_group_and_no_group_is_long():
    for output in (network(16, 16), network(2), expression()):
        data, _ = page_graph(Survey(output))
        _, _, parents, _, members, inlets, _, shapes = zip(*data["groups"])
        values = sorted(member for group in members for member in group if member >= 0)
        assert values == list(range(len(data["names"])))
        for number, parent in enumerate(parents[1:], 1):
            assert ~number in members[parent]
        assert max(map(len, members)) <= 120
        for group, before, shape in zip(members, inlets, shapes):
            assert len(data["shapes"][shape]["boxes"]) == len(group) + len(data["inlets"][before])


# In a browser.


@pytest.fixture
def opened(visited):
    """Return a function that opens the page of a value."""
    return lambda output, *place, **options: visited(ag.explore(output), *place, **options)


def computed(page):
    """Return data and gradients of all values, as the page has them."""
    found = page.evaluate(
        "[explorer.program.data, explorer.program.gradient].map((a) => Array.from(a, String))"
    )
    return [list(map(float, column)) for column in found]


def close(found, expected, digits=DIGITS):
    if math.isnan(expected) or math.isinf(expected):
        return found == expected or (math.isnan(found) and math.isnan(expected))
    return math.isclose(found, expected, rel_tol=digits, abs_tol=1e-300)


def engine(output):
    """Return data and gradients of all values, by a sweep of the engine's own."""
    values = ag.graph.nodes(output)
    for value in values:
        value.grad = 0.0
    output.backward()
    return [value.data for value in values], [value.grad for value in values]


def assert_agrees(page, output):
    for found, expected in zip(computed(page), engine(output)):
        assert len(found) == len(expected)
        assert [(f, e) for f, e in zip(found, expected) if not close(f, e)] == []


# Random graphs over all primitives: whatever a primitive cannot take is squeezed into its domain.
ANYWHERE = "exp expm1 sin cos tan atan sinh cosh tanh asinh erf erfc sigmoid softplus relu cbrt"
INSIDE_ONE, ABOVE_ZERO, ABOVE_ONE = "asin acos atanh", "log log1p log2 log10 sqrt", "acosh"


def random_graph(seed: int, leaves: list[Value], size: int) -> Value:
    rng = random.Random(seed)
    values = list(leaves)
    unary = f"{ANYWHERE} {INSIDE_ONE} {ABOVE_ZERO} {ABOVE_ONE}".split()
    rng.shuffle(unary)
    for step in range(size):
        x, y = rng.choice(values[-6:]), rng.choice(values)
        small = ag.tanh(0.5 * x)
        if step % 2:
            name = unary[step // 2 % len(unary)]
            room = 2.5 if name in ABOVE_ONE.split() else 1.5 if name in ABOVE_ZERO.split() else 0.0
            made = getattr(ag, name)(room + small if room else small)
        else:
            three = [small, ag.tanh(y), rng.choice(values)]
            kind = step // 2 % 23
            made = [
                lambda: x + y, lambda: x - y, lambda: x * y, lambda: x / (2.0 + small),
                lambda: (1.2 + small) ** ag.tanh(y), lambda: small**2, lambda: (1.5 + small) ** -1.5,
                lambda: abs(x), lambda: -x, lambda: ag.maximum(x, y), lambda: ag.minimum(x, y),
                lambda: ag.hypot(x, y), lambda: ag.atan2(x, 1.1 + small),
                lambda: ag.mean(three), lambda: ag.prod(three), lambda: ag.dot(three, three[::-1], x),
                lambda: ag.norm(three), lambda: ag.variance(three), lambda: ag.logsumexp(three),
                lambda: ag.softmax(three)[1], lambda: ag.log_softmax(three)[0],
                lambda: ag.losses.cross_entropy(three, 2), lambda: ag.losses.mse(three, [x, y, 1.0]),
            ][kind]()  # fmt: skip
        values.append(made)
    return ag.sum(values)


@pytest.mark.parametrize("seed", range(4))
def test_a_dragged_leaf_gives_the_numbers_of_a_fresh_eager_run(opened, seed):
    rng = random.Random(100 + seed)
    start = [rng.uniform(-1.0, 1.0) for _ in range(4)]

    def graph(numbers):
        return random_graph(seed, [Value(x, f"x{i}") for i, x in enumerate(numbers)], 60)

    page = opened(graph(start))
    assert_agrees(page, graph(start))
    for leaf in (0, 2, 1):
        start[leaf] = rng.uniform(-1.0, 1.0)
        page.locator(f'input[aria-label="x{leaf}"]').fill(repr(start[leaf]))
        assert_agrees(page, graph(start))


def test_stepping_to_the_end_shows_every_number_of_the_engine(opened, shown):
    for output in (expression(), perceptron()):
        page = opened(output, "#step=0")
        data, gradients = engine(output)
        assert all(gradient == 0.0 for _, gradient in shown(page).values())
        for _ in range(200):
            if page.locator("#next").is_disabled():
                break
            page.keyboard.press("ArrowRight")
        assert shown(page) == dict(enumerate(zip(data, gradients)))


def test_each_step_back_shows_the_contribution_that_steps_lists(opened, shown):
    output = perceptron()
    steps = ag.steps(output)
    position = {id(value): i for i, value in enumerate(ag.graph.nodes(output))}
    page = opened(output, f"#step={len(steps.forward) + 1}")
    for step in steps:
        page.keyboard.press("ArrowRight")
        gradient = shown(page)[position[id(step.operand)]][1]
        assert gradient == step.after
        lit = page.locator(".receiving, .giving")
        places = lit.evaluate_all("all => all.map((e) => Number(e.dataset.index))")
        assert set(places) == {position[id(step.node)], position[id(step.operand)]}
        assert page.locator(".arrow.backward").count() == 1
        said = page.locator("#card").inner_text()
        for what in (step.partial, step.adjoint, step.before, step.after):
            assert any(math.isclose(float(t), what, abs_tol=6e-5) for t in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", said))  # fmt: skip
    page.keyboard.press("ArrowLeft")
    assert page.locator("#counter").inner_text() == f"{len(steps) + len(steps.forward)} / {len(steps) + len(steps.forward) + 1}"  # fmt: skip


def test_a_link_leads_to_a_step_and_the_address_follows(opened):
    page = opened(expression(), "#step=4&theme=dark")
    assert page.locator("#counter").inner_text() == "4 / 10"
    assert page.locator("#card .eyebrow").inner_text() == "Backward pass, the start"
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.keyboard.press("ArrowRight")
    assert page.url.endswith("#step=5&theme=dark")
    page.keyboard.press("t")
    assert page.url.endswith("#step=5&theme=projector")
    page.evaluate("location.hash = '#step=2'")
    page.wait_for_selector("#counter:text-is('2 / 10')")


def test_each_leaf_has_one_field_with_its_label_and_a_slider(opened):
    page = opened(expression())
    for leaf in ("a", "b"):
        assert page.locator(f'input[aria-label="{leaf}"]').count() == 1
    page.locator('input[aria-label="slide a"]').fill("1.5")
    page.wait_for_selector("[data-index='0']:not([data-value='2'])")
    a, b = Value(1.5), Value(-3.0)
    e = a * b + a * a
    e.backward()
    assert page.evaluate("[explorer.value('e'), explorer.gradient('a'), explorer.gradient('b')]") == [
        e.data, a.grad, b.grad,
    ]  # fmt: skip
    assert page.locator('input[aria-label="a"]').input_value() == "1.5"
    page.locator('input[aria-label="a"]').press("ArrowUp")
    assert page.evaluate("explorer.value('a')") > 1.5
    page.locator("#reset").click()
    assert page.evaluate("explorer.value('a')") == 2.0


def test_a_clicked_value_shows_its_formula_and_the_sum_over_its_uses(opened):
    page = opened(expression())
    page.locator('[data-index="2"]').click()  # v1 = a * b
    text = page.locator("#selected").inner_text()
    assert "v1 = a · b" in text and "2 · (-3)" in text and "-6" in text
    page.locator('[role="button"][data-index="0"]').press("Enter")  # a, used three times
    text = page.locator("#selected").inner_text()
    assert "the sum over 3 uses" in text
    parts = page.locator("#selected tbody tr").all_inner_texts()
    assert [row.split("\t")[-1] for row in parts] == ["2", "2", "-3"]
    assert page.locator("#selected tfoot td").inner_text() == "1"


def test_where_it_matters_the_picture_says_which_operand_is_which(opened):
    a, b = Value(2.0, "a"), Value(3.0, "b")
    marks = opened((a - b) / (a + b) * a).locator(".which").all_text_contents()
    assert sorted(marks) == ["1", "1", "2", "2"]  # of - and of /


def test_predict_then_reveal_hides_checks_and_counts(opened):
    page = opened(perceptron())
    output = perceptron()
    output.backward()
    truths = {leaf.label: leaf.grad for leaf in ag.graph.leaves(output)}
    page.keyboard.press("p")
    assert set(page.locator("#leaves .grad").all_inner_texts()) == {"?"}
    body = page.locator("body").inner_text()
    assert not any(f"{abs(truth):.4f}".rstrip("0") in body for truth in truths.values())
    assert page.locator("[data-gradient]:not([data-gradient=''])").count() == 1  # the output's own
    assert "∂E" in page.locator("#question-title").inner_text()
    page.locator("#guess").fill("7")
    page.locator("#guess").press("Enter")
    assert "Not yet" in page.locator(".verdict").inner_text()
    page.locator("#guess").fill("seven")
    page.locator("#guess").press("Enter")
    assert "Type a number" in page.locator(".verdict").inner_text()
    page.locator("#guess").fill(f"{truths['w0']:.3f}")
    page.locator("#guess").press("Enter")
    assert "Right" in page.locator(".verdict").inner_text()
    assert page.locator("#score").inner_text() == "Score: 1 of 1"
    page.locator("#another").click()
    page.locator("#reveal").click()
    assert page.locator("#score").inner_text() == "Score: 1 of 2"
    assert page.locator("#leaves .grad").all_inner_texts().count("?") == 3


def test_where_derivatives_meet_an_infinite_slope_the_page_has_what_backward_finds(opened):
    a, b = Value(0.0, "a"), Value(0.0, "b")
    (slope,) = ag.gradient(ag.norm([a, b]) ** 2, [a], create_graph=True)
    slope.backward()
    page = opened(slope)
    found = [page.evaluate(f"String(explorer.gradient({leaf.label!r}))") for leaf in (a, b)]
    assert list(map(float, found)) == pytest.approx([a.grad, b.grad], nan_ok=True)


# Where one number stands in several places.

PLACES = """() => {
  const text = (e) => e?.textContent ?? null, all = (s) => [...document.querySelectorAll(s)];
  const asked = document.querySelector(".node.asked"), chosen = document.querySelector(".node.chosen");
  const said = text(document.querySelector(".verdict"))?.match(/it is (\\S+)\\.$/i)?.[1];
  const found = [], same = (what, one, other) => one == null || other == null || found.push([what, one, other]);
  if (said) same("verdict", said, text(asked?.querySelectorAll(".number")[1] ?? null));
  for (const row of all("#leaves li")) {
    const name = text(row.querySelector(".name")), box = all(".node.leaf").find((e) => text(e.querySelector(".name")) === name);
    const [data, gradient] = [...(box?.querySelectorAll(".number") ?? [])].map(text);
    same(`gradient of ${name}`, gradient, text(row.querySelector(".grad")));
    same(`data of ${name}`, box?.dataset.value, row.querySelector("[role=spinbutton]").value);
    same(`all digits of ${name}`, row.querySelector(".grad").title || undefined, box?.dataset.gradient);
  }
  const [data, gradient] = [...(chosen?.querySelectorAll(".number") ?? [])].map(text);
  same("sum", gradient, text(document.querySelector("#selected tfoot td")));
  same("digits", chosen?.dataset.gradient || undefined, text(document.querySelector("#selected .exact"))?.replace("All digits: ", ""));
  const known = chosen && !text(document.querySelector("#selected .result")).includes("not");
  if (chosen) same("known", known, data !== "·");
  const card = all("#card dd").at(-1)?.querySelector("b");
  same("step", text(card), text(document.querySelector(".node.receiving")?.querySelectorAll(".number")[1]));
  same("computed", text(document.querySelector("#card .result"))?.slice(2), text(document.querySelector(".node.computing .number")));
  for (const bar of all(":is(.receiving, .giving, .leaf)[data-index]")) {
    const [, gradient] = [...bar.querySelectorAll(".number")].map(text);
    same("label", bar.getAttribute("aria-label").includes("hidden"), gradient === "?");
  }
  return found;
}"""


def assert_places_agree(page):
    for what, one, other in page.evaluate(PLACES):
        assert one == other, f"{what}: {one} here, {other} there"


def test_predict_then_reveal_in_mid_sweep_shows_the_gradient_it_names(opened):
    for key in ("guess", "reveal"):
        output = perceptron()
        output.backward()
        truth = ag.graph.leaves(output)[0].grad
        page = opened(output, "#step=9")
        page.keyboard.press("p")
        page.locator("#guess").fill("7")
        page.locator("#guess").press("Enter")
        assert page.locator("#counter").inner_text().startswith("9 /")  # wrong: go on where you are
        page.locator("#guess").fill(f"{truth:.3f}")
        page.locator("#guess").press("Enter") if key == "guess" else page.locator("#reveal").click()
        name = page.locator(".node.asked .name").text_content()
        row = page.locator("#leaves li", has=page.locator(f'input[aria-label="{name}"]'))
        shown = row.locator(".grad")
        assert f"it is {shown.inner_text()}." in page.locator(".verdict").inner_text().lower()
        assert float(shown.get_attribute("title")) == pytest.approx(truth, rel=DIGITS)
        assert page.locator("#scrub").get_attribute("aria-valuetext").endswith("both passes done")
        page.locator("#back").click()  # away from the end nothing is said of it
        assert not re.search(r"\d", page.locator(".verdict").inner_text())
        assert_places_agree(page)


@pytest.mark.parametrize("seed", range(4))
def test_two_places_of_one_number_never_disagree(opened, seed):
    rng = random.Random(seed)
    output = [expression, perceptron, lambda: network(2), expression][seed]()
    page = opened(output, f"#step={rng.randrange(12)}", height=1400)
    last = int(page.locator("#scrub").get_attribute("max"))
    explored = 0
    for _ in range(60):
        kind = rng.choice(
            ["step", "step", "predict", "guess", "reveal", "drag", "reset", "select", "fold"]
        )
        if kind == "step":
            page.evaluate("(k) => { const s = document.getElementById('scrub'); s.value = k; s.dispatchEvent(new Event('input')); }", rng.randrange(last + 1))  # fmt: skip
        elif kind == "predict":
            page.locator("#quiz").click()
        elif kind in ("guess", "reveal") and page.locator("#question").is_visible():
            if page.locator("#reveal").count():
                asked = page.evaluate("explorer.gradient(explorer.names[document.querySelector('.node.asked')?.dataset.index ?? 0])")  # fmt: skip
                page.locator("#guess").fill(repr(asked if rng.random() < 0.7 else 99.0))
                page.locator("#guess").press("Enter") if kind == "guess" else page.locator("#reveal").click()  # fmt: skip
            elif page.locator("#another").count():
                page.locator("#another").click()
            explored += 1
        elif kind == "drag":
            leaf = rng.choice(page.locator("#leaves input[role=spinbutton]").all())
            leaf.fill(repr(rng.choice([0.0, -0.25, 1.5, 1e-7, 3e8, rng.uniform(-2.0, 2.0)])))
            leaf.blur()
            page.evaluate("() => new Promise(requestAnimationFrame)")
        elif kind == "reset" and page.locator("#reset").is_enabled():
            page.locator("#reset").click()
        elif kind == "select":
            rng.choice(page.locator(".node[data-index]").all()).press("Enter")
        elif kind == "fold" and page.locator("#unfold").is_visible():
            page.locator("#unfold").click()
        assert_places_agree(page)
    assert explored > 1


def test_what_a_smaller_picture_brings_into_sight_is_up_to_date(opened):
    x = Value(1.5, "x")
    output = ag.sum([ag.tanh(x * float(k)) for k in range(150)])
    page = opened(output, "#step=0")
    for key in ("End", "Home", "End"):
        page.keyboard.press(key)
    for button in ("#unfold", *["#smaller"] * 12):
        if page.locator(button).is_visible():
            page.locator(button).click()
    page.evaluate("() => new Promise(requestAnimationFrame)")
    stale = page.evaluate("""() => { const canvas = document.getElementById("canvas").getBoundingClientRect();
      return [...document.querySelectorAll(".node[data-index]")].filter((e) => { const r = e.getBoundingClientRect();
        return r.right > canvas.left && r.left < canvas.right && r.bottom > canvas.top && r.top < canvas.bottom
          && e.querySelector(".number").textContent === ""; }).length; }""")
    assert stale == 0


def test_everything_is_reached_by_keyboard_and_shows_where_one_is(opened):
    page = opened(expression())
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => { const e = document.activeElement, ring = e.querySelector(".ring");
            const s = getComputedStyle(e), r = ring && getComputedStyle(ring);
            return [e.id || e.getAttribute("aria-label") || e.textContent,
                    s.outlineStyle !== "none" || (r && r.stroke !== "none")]; }"""
        )
        if page.evaluate("document.activeElement === document.body"):
            break
        seen.append(found)
    names = [name for name, _ in seen]
    for wanted in ("quiz", "theme", "help", "play", "next", "scrub", "a", "slide a", "b"):
        assert wanted in names
    assert [name for name, visible in seen if not visible] == []
    assert any(name.startswith("e = ") for name in names)  # the graph is one stop
    page.locator('[data-index="4"]').focus()
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.dataset.index") == "3"
    page.keyboard.press("Enter")
    assert "v2 = a · a" in page.locator("#selected").inner_text()
    page.keyboard.press("?")
    assert page.locator("#shortcuts").is_visible()
    page.keyboard.press("Escape")
    for key, counter in (("Home", "0 / 10"), ("ArrowRight", "1 / 10"), ("End", "10 / 10"), ("ArrowLeft", "9 / 10")):  # fmt: skip
        page.keyboard.press(key)
        assert page.locator("#counter").inner_text() == counter
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    page.wait_for_selector("#counter:text-is('2 / 10')")
    page.keyboard.press(" ")
    assert page.locator("#play").inner_text() == "Play"


def test_the_step_is_told_to_those_who_cannot_see_it(opened):
    page = opened(expression(), "#step=4")
    page.keyboard.press("ArrowRight")
    told = page.locator("[aria-live=polite]").inner_text()
    assert told == "e hands to v1: gradient 0 becomes 1"
    label = page.locator('[data-index="2"]').get_attribute("aria-label")
    assert label == "v1 = a · b, data -6, gradient 1"
    assert page.locator("svg#graph").get_attribute("aria-label").startswith("The graph of e")


CONTRAST = """() => {
  const rgb = (c) => { const m = c.match(/[\\d.]+/g).map(Number); return m.length > 3 && m[3] === 0 ? null : m; };
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)]; return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05); };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c) return c; } return [255, 255, 255]; };
  const found = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    const style = getComputedStyle(e);
    if (!own || !e.getClientRects().length || style.visibility === "hidden" || ["TITLE", "SCRIPT", "STYLE", "OPTION"].includes(e.tagName.toUpperCase())) continue;
    const drawn = e instanceof SVGElement;
    const box = drawn && e.closest(".node, .inlet")?.querySelector(".box");
    const fill = box ? rgb(getComputedStyle(box).fill) : null;
    const frame = drawn && !fill && e.closest(".frame")?.querySelector(".frame-box");
    const behind = fill ?? (frame ? rgb(getComputedStyle(frame).fill) : ground(drawn ? e.closest("div") : e));
    const size = parseFloat(style.fontSize), bold = Number(style.fontWeight) >= 700;
    const large = size >= 24 || (bold && size >= 18.66);
    found.push([ratio(rgb(drawn ? style.fill : style.color), behind), large, e.textContent.trim().slice(0, 30), e.className.baseVal ?? e.className]);
  }
  return found;
}"""


@pytest.mark.parametrize("theme", ["light", "dark", "projector"])
def test_every_text_has_the_contrast_that_wcag_aa_asks_for(opened, theme):
    page = opened(network(2), f"#step=60&theme={theme}")
    page.locator("#unfold").click()
    page.locator(".node.leaf").first.press("Enter")
    page.keyboard.press("p")
    page.locator("#guess").fill("99")
    page.locator("#guess").press("Enter")
    found = page.evaluate(CONTRAST)
    assert len(found) > 120
    assert [row for row in found if row[0] < (AA_LARGE if row[1] else AA)] == []


def test_the_system_says_whether_the_page_is_dark(opened):
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = opened(expression(), color_scheme="dark").evaluate(ground)
    page = opened(expression(), color_scheme="light")
    assert dark != page.evaluate(ground)
    page.locator("#theme").select_option("dark")
    assert dark == page.evaluate(ground)


OVERFLOW = """() => [document.documentElement.scrollWidth - innerWidth, ...[...document.querySelectorAll(
  "header, main, aside, section, header *, #transport, #transport *, aside *")].filter((e) => {
    const r = e.getBoundingClientRect();
    return r.width && !e.closest(".scroll, .equation, .unseen, #canvas") && (r.left < -0.5 || r.right > innerWidth + 0.5);
  }).map((e) => e.outerHTML.slice(0, 80))]"""


@pytest.mark.parametrize("width, theme", [(360, "light"), (360, "projector"), (768, "dark"), (948, "light"), (1366, "projector"), (1920, "light"), (1920, "projector")])  # fmt: skip
def test_nothing_overflows_from_a_phone_to_a_large_screen(opened, width, theme):
    long = Value(1.0 / 3.0, "a_label_that_is_rather_longer_than_any_phone_is_wide")
    output = perceptron() * long
    page = opened(output, f"#step=18&theme={theme}", width=width, height=740)
    page.locator('input[role="spinbutton"]').first.fill("-123456.7890123")
    page.locator(".node.leaf").first.press("Enter")
    page.keyboard.press("p")
    assert page.evaluate(OVERFLOW) == [0]


NASTY = [
    "<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", 'quote " and \' too',
    "back \\ slash \\n", "\U0001f388 & &amp; <!--", "${1} `tick` \u2028",
]  # fmt: skip


def test_labels_appear_as_typed_and_run_nothing(opened):
    output = ag.sum([Value(float(i), label) for i, label in enumerate(NASTY)])
    output.label = "<b>bold</b>"
    page = opened(output, "#step=7")
    names = page.locator("#leaves .name").evaluate_all("all => all.map((e) => e.textContent)")
    assert names == NASTY
    fields = page.locator('input[role="spinbutton"]')
    assert fields.evaluate_all('all => all.map((e) => e.getAttribute("aria-label"))') == NASTY
    for place in range(len(NASTY)):
        page.locator(".node.leaf").nth(place).press("Enter")
    assert page.locator("h1").inner_text() == "Explore <b>bold</b>"
    assert page.title() == "<b>bold</b>: 7 values, 6 leaves"
    assert page.locator("img, b:has-text('bold')").count() == 0


def test_nan_and_infinities_are_shown_and_typed_as_such(opened):
    a, b, c = Value(INF, "a"), Value(NAN, "b"), Value(2.0, "c")
    page = opened(a * c + b)
    assert page.locator("#leaves input[role=spinbutton]").evaluate_all("all => all.map((e) => e.value)") == [
        "inf", "2", "nan",
    ]  # fmt: skip
    assert "nan" in page.locator("#card h2").inner_text()
    page.locator('input[aria-label="a"]').fill("-inf")
    assert page.evaluate("explorer.value('a')") == -INF
    page.locator('input[aria-label="b"]').fill("1e-3")
    assert page.evaluate("explorer.value('b')") == 1e-3
    page.locator('input[aria-label="b"]').fill("one")
    assert page.locator('input[aria-label="b"][aria-invalid]').count() == 1
    assert page.evaluate("explorer.value('b')") == 1e-3


@pytest.mark.parametrize(
    "function, start, bad, said, value",
    [
        (ag.log, 2.0, "0", "ln(0) is not a real number", NAN),
        (lambda x: 1.0 / x, 2.0, "0", "1/0 divides by zero", NAN),
        (lambda x: x**-2, 2.0, "0", "divides by zero", NAN),
        (lambda x: x**0.5, 2.0, "-1", "is not a real number", NAN),
        (ag.exp, 2.0, "800", "exp(800) is too large for a float", INF),
    ],
)
def test_what_the_engine_refuses_has_no_number_and_the_page_says_why(
    opened, function, start, bad, said, value
):
    page = opened(function(Value(start, "x")))
    assert page.locator(".notice").count() == 0
    page.locator('input[aria-label="x"]').fill(bad)
    page.wait_for_selector(".notice")
    assert said in page.locator(".notice").inner_text()
    assert close(computed(page)[0][-1], value)
    page.locator('input[aria-label="x"]').fill(repr(start))
    page.wait_for_selector(".notice", state="detached")
    assert_agrees(page, function(Value(start, "x")))


def test_a_zero_adjoint_passes_nothing_on_not_even_to_an_infinite_slope(opened):
    def graph(x):
        return ag.sqrt(x) * 0.0 + x

    page = opened(graph(Value(1.0, "x")))
    page.locator('input[aria-label="x"]').fill("0")
    assert_agrees(page, graph(Value(0.0, "x")))
    assert page.evaluate("explorer.gradient('x')") == 1.0


def test_a_primitive_of_ones_own_is_computed_if_it_is_a_formula_and_else_frozen(opened):
    cube = ag.primitive("cube", lambda x: x * x * x, lambda out, x: (3.0 * x * x,))
    page = opened(cube(Value(2.0, "x")) + 1.0)
    page.locator('input[aria-label="x"]').fill("-1.5")
    assert_agrees(page, cube(Value(-1.5, "x")) + 1.0)
    bump = ag.primitive("bump", lambda x: math.exp(-x * x), lambda out, x: (-2.0 * x * out,))
    x = Value(0.5, "x")
    page = opened(bump(x) * x)
    assert_agrees(page, bump(x) * x)
    assert "Frozen: bump cannot be computed" in page.locator(".notice").inner_text()
    page.locator('input[aria-label="x"]').fill("2")
    data, _ = computed(page)
    assert data[1] == math.exp(-0.25) and data[2] == 2.0 * math.exp(-0.25)


def test_a_leaf_changed_since_shows_what_was_recorded_until_it_is_moved(opened):
    x = Value(3.0, "x")
    y = x * x
    x.data = 5.0
    page = opened(y)
    assert "changed after the forward pass" in page.locator(".notice").inner_text()
    assert page.evaluate("[explorer.program.data[1], explorer.gradient('x')]") == [9.0, 6.0]
    page.locator('input[aria-label="x"]').fill("4")
    assert page.evaluate("[explorer.program.data[1], explorer.gradient('x')]") == [16.0, 8.0]
    page.wait_for_selector(".notice", state="detached")


def test_an_output_without_operands_and_a_node_without_partials_have_pages_too(opened):
    page = opened(Value(2.0, "x"))
    assert computed(page) == [[2.0], [1.0]]
    a, b = Value(1.0, "a"), Value(2.0, "b")
    page = opened(Value(3.0, (a, b), "magic") * a)
    assert "magic" in page.locator("#graph").text_content()
    page.locator('input[aria-label="a"]').fill("4")
    assert page.evaluate("explorer.gradient('a')") == 3.0


def test_groups_open_and_close_and_only_what_is_visible_is_built(opened):
    output = network(16, 16)
    page = opened(output)
    assert_agrees(page, output)
    assert page.locator("[data-index]").count() < 20
    page.locator('[data-group="1"]').click()
    assert page.locator(".frame").count() == 1
    assert page.locator("[data-group]").count() == 16 + 2
    first = page.locator("[data-group]").nth(3)
    first.press("Enter")
    assert page.locator(".frame .frame").count() == 1
    page.locator(".frame .frame .bar").first.press("Enter")
    page.locator(".frame .bar").first.click()
    assert page.locator(".frame").count() == 0
    page.locator("#unfold").click()
    assert page.locator("[data-index]").count() == len(ag.graph.nodes(output))
    page.locator('input[aria-label="x0"]').fill("0.7")
    model = ag.nn.MLP(2, [16, 16, 1], activation="tanh", rng=random.Random(0))
    out = model([Value(0.7, "x0"), Value(-0.4, "x1")])
    assert_agrees(page, out * out)


def test_the_button_that_opens_all_says_what_it_does_after_every_box(opened):
    page = opened(network(8))
    button = page.locator("#unfold")
    assert button.inner_text() == "Open all"
    while page.locator("[data-group]").count():
        page.locator("[data-group]").first.press("Enter")
    assert button.inner_text() == "Close all"
    page.locator(".frame .bar").last.press("Enter")
    assert button.inner_text() == "Open all"
    button.click()
    assert page.locator("[data-group]").count() == 0 and button.inner_text() == "Close all"


def test_the_picture_is_dragged_by_its_background_and_fitted_by_key(opened):
    page = opened(network(8))
    page.locator("#unfold").click()
    canvas, graph = page.locator("#canvas"), page.locator("#graph")
    width = float(graph.get_attribute("width"))
    where = "(e) => [e.scrollLeft, e.scrollTop]"
    canvas.evaluate("(e) => e.scrollTo(100, 100)")
    box = canvas.bounding_box()
    x, y = box["x"] + 3, box["y"] + 3  # in the padding, where no value is
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 40, y + 25)
    assert canvas.evaluate(where) == [140, 75]
    page.mouse.up()
    page.mouse.move(x, y)
    assert canvas.evaluate(where) == [140, 75]
    page.keyboard.press("+")
    assert float(graph.get_attribute("width")) > width
    page.keyboard.press("f")  # then the whole of it is in view
    assert float(graph.get_attribute("width")) < canvas.bounding_box()["width"]


def test_boxes_of_an_open_picture_do_not_overlap(opened):
    page = opened(network(6, 4))
    page.locator("#unfold").click()
    overlapping = page.evaluate(
        """() => { const boxes = [...document.querySelectorAll(".node > .box:not(.inner), .inlet > .box")]
          .map((e) => e.getBoundingClientRect());
        let found = 0;
        boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) => {
          found += a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1; }));
        return [boxes.length > 60, found]; }"""
    )
    assert overlapping == [True, 0]


def test_the_page_works_in_a_notebooks_frame(browser, tmp_path):
    frame = ag.explore(expression())._repr_mimebundle_()["text/html"]
    (tmp_path / "notebook.html").write_text(f"<!DOCTYPE html><body>{frame}", encoding="utf-8")
    page = browser.new_page(offline=True, viewport={"width": 980, "height": 900})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((tmp_path / "notebook.html").as_uri())
    assert not page.locator(".ag-still").is_visible()
    inside = page.frame_locator("iframe")
    inside.get_by_text("Both passes are done").wait_for()
    # A small graph fits into the frame: scrolling there would be caught in it.
    overflow = "(e) => e.scrollHeight - e.clientHeight"
    assert inside.locator("html").evaluate(overflow) <= 0
    inside.locator("#first").click()
    for _ in range(4):
        inside.locator("#next").click()
    assert inside.locator("#counter").inner_text() == "4 / 10"
    inside.locator('input[aria-label="b"]').fill("5")
    inside.locator("#last").click()
    assert inside.locator('[data-index="0"]').get_attribute("data-gradient") == "9"
    page.close()
    assert complaints == []


def test_a_frame_that_gets_its_height_late_is_filled(browser, tmp_path):
    frame = ag.explore(expression())._repr_mimebundle_()["text/html"]
    frame = frame.replace("height: 720px", "height: 40px")
    (tmp_path / "notebook.html").write_text(f"<!DOCTYPE html><body>{frame}", encoding="utf-8")
    page = browser.new_page(offline=True, viewport={"width": 980, "height": 900})
    page.goto((tmp_path / "notebook.html").as_uri())
    inside = page.frame_locator("iframe")
    drawn = inside.locator("#graph")
    small = drawn.get_attribute("width")
    page.locator("iframe").evaluate("(e) => { e.style.height = '720px'; }")
    inside.locator(f"#graph:not([width='{small}'])").wait_for()
    filled = drawn.get_attribute("width")
    inside.locator("#fit").click()
    assert drawn.get_attribute("width") == filled and float(filled) > float(small)
    page.close()


def test_a_still_is_seen_where_the_frame_was_taken_out(browser, tmp_path):
    left = without_trust(ag.explore(expression())._repr_mimebundle_())
    other = ag.explore(expression())._repr_mimebundle_()["text/html"]  # of a cell that was run
    text = f"<!DOCTYPE html><body><div>{left}</div><div>{other}</div>"
    (tmp_path / "notebook.html").write_text(text, encoding="utf-8")
    page = browser.new_page(offline=True)
    page.goto((tmp_path / "notebook.html").as_uri())
    seen = (
        "(all) => all.map((e) => e.checkVisibility() && e.querySelector('img').naturalWidth > 99)"
    )
    assert page.locator(".ag-still").evaluate_all(seen) == [True, False]
    page.close()
