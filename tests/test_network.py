"""The network picture: circles and edges of a model, or of the network behind an output."""

from __future__ import annotations

import itertools
import json
import math
import random
import re
from xml.etree import ElementTree

import pytest

import autograd_engine as ag
from autograd_engine import Value, datasets, losses, nn, optim
from autograd_engine.survey import Survey
from autograd_engine.views.network.stacks import page_network

SVG = "{http://www.w3.org/2000/svg}"
BLUE, ORANGE, GREY = "#1f5fbf", "#c2540a", "#999999"


def seeded():
    return random.Random(0)


def mlp(nin, nouts, **options):
    return nn.MLP(nin, nouts, rng=seeded(), **options)


class Own(nn.Module):
    """Layers as attributes: two that fit each other, and two that are fed the same."""

    def __init__(self):
        self.hidden = nn.Layer(2, 3, rng=seeded())
        self.out = nn.Layer(3, 1, nonlin=False, rng=seeded())
        self.queries = nn.Layer(4, 4, rng=seeded())
        self.keys = nn.Layer(4, 4, rng=seeded())
        self.scale = Value(2.0)

    def __call__(self, x):
        return self.out(self.hidden(x)) * self.scale


class Held(nn.Module):
    """A network inside, and neurons in a list and a dict."""

    def __init__(self):
        self.body = mlp(2, [3, 2])
        self.heads = [nn.Neuron(2, rng=seeded()), nn.Neuron(2, rng=seeded())]
        self.more = {'a<b&"c': nn.Neuron(1, rng=seeded())}
        self.around = self


def shared():
    model = mlp(3, [3, 3])
    model.layers = [model.layers[0]] * 2
    return model


def with_numbers():
    model = mlp(2, [2, 1])
    model.layers[0].neurons[0].w[1] = 0.25
    return model


# Of each model the sizes of its columns, stack by stack, and whether there are biases.
MODELS = {
    "mlp": (lambda: mlp(3, [4, 4, 1]), [[3, 4, 4, 1]], True),
    "one layer": (lambda: mlp(1, [1]), [[1, 1]], True),
    "deep": (lambda: mlp(2, [3] * 12), [[2, *[3] * 12]], True),
    "wide": (lambda: mlp(5, [32, 20, 3]), [[5, 32, 20, 3]], True),
    "layer": (lambda: nn.Layer(3, 2, rng=seeded()), [[3, 2]], True),
    "neuron": (lambda: nn.Neuron(4, rng=seeded()), [[4, 1]], True),
    "no bias": (lambda: mlp(2, [3, 1], bias=False), [[2, 3, 1]], False),
    "tanh output": (lambda: mlp(2, [2, 2], output_activation="tanh"), [[2, 2, 2]], True),
    "own": (Own, [[2, 3, 1], [4, 4], [4, 4]], True),
    "held": (Held, [[2, 3, 2, 2], [1, 1]], True),
    "shared": (shared, [[3, 3, 3]], True),
    "numbers": (with_numbers, [[2, 2, 1]], True),
}


def drawn(picture):
    """The circles and edges of a picture, each as its title and its shape."""
    root = ElementTree.fromstring(picture.svg)
    circles, edges = [], []
    for group in root.iter(f"{SVG}g"):
        if group.get("class") == "unit":
            circles.append((group.find(f"{SVG}title").text, group.find(f"{SVG}circle")))
        if group.get("class") == "edge":
            edges.append((group.find(f"{SVG}title").text, group.findall(f"{SVG}path")[-1]))
    return circles, edges


def texts(picture):
    return [text.text for text in ElementTree.fromstring(picture.svg).iter(f"{SVG}text")]


def ends(path):
    return [float(n) for n in re.findall(r"-?[\d.]+", path.get("d"))]


def width(path):
    return float(path.get("stroke-width"))


@pytest.mark.parametrize("direction", ["LR", "RL", "TB", "BT"])
@pytest.mark.parametrize("name", MODELS)
def test_every_unit_is_a_circle_and_every_weight_an_edge_between_two(name, direction):
    make, stacks, biased = MODELS[name]
    circles, edges = drawn(ag.draw(make(), direction=direction))
    assert len(circles) == sum(map(sum, stacks))
    weights = sum(a * b for sizes in stacks for a, b in itertools.pairwise(sizes))
    assert len(edges) == weights + biased * sum(sum(sizes[1:]) for sizes in stacks)
    places = [tuple(float(c.get(k)) for k in ("cx", "cy", "r")) for _, c in circles]
    for (x, y, r), (u, v, s) in itertools.combinations(places, 2):
        assert math.hypot(x - u, y - v) > r + s
    for _, path in edges:  # where an edge ends there is a circle
        *_, x, y = ends(path)
        assert min(abs(math.hypot(x - u, y - v) - r) for u, v, r in places) < 0.3


@pytest.mark.parametrize("name", MODELS)
def test_everything_stands_inside_the_picture(name):
    root = ElementTree.fromstring(ag.draw(MODELS[name][0]()).svg)
    x0, y0, wide, high = map(float, root.get("viewBox").split())
    x1, y1 = x0 + wide, y0 + high
    for text in root.iter(f"{SVG}text"):
        size, x = float(text.get("font-size")), float(text.get("x"))
        long = 0.6 * size * len(text.text)
        left = x - long * {"start": 0.0, "middle": 0.5, "end": 1.0}[text.get("text-anchor")]
        assert x0 <= left and left + long <= x1, text.text
        assert y0 + size < float(text.get("y")) < y1
    for circle in root.iter(f"{SVG}circle"):
        x, y, r = (float(circle.get(k)) for k in ("cx", "cy", "r"))
        assert x0 + r < x < x1 - r and y0 + r < y < y1 - r


@pytest.mark.parametrize("name", MODELS)
def test_titles_have_the_numbers_and_the_place_in_the_order_of_the_parameters(name):
    model = MODELS[name][0]()
    for i, parameter in enumerate(model.parameters()):
        parameter.grad = 0.5 + i
    named = model.named_parameters()
    told = {}
    for title, _ in drawn(ag.draw(model))[1]:
        found = re.fullmatch(
            r"(\S+) = (\S+), ∂L/∂([wb]) = (\S+), (.+), entry (\d+) of (\d+) in the gradient", title
        )
        if not found:
            assert title.endswith("= 0.25, a number that is not trained")
            continue
        _, data, letter, grad, path, place, count = found.groups()
        full, parameter = named[int(place) - 1]
        assert (path, int(count)) == (full, len(named))
        assert letter == ("b" if full.endswith("b") else "w")
        assert data == f"{parameter.data:.4g}".replace("-", "−")
        assert grad == f"{parameter.grad:.4g}"
        told[full] = title
    units = {full for full, _ in named if full != "scale"}
    assert set(told) == units


def test_layers_are_headed_by_their_place_shape_and_activation():
    headed = texts(ag.draw(Held()))
    for text in ("body.layers.0", "2 → 3 relu", "3 → 2 linear", "heads", 'more.a<b&"c', "2 inputs"):
        assert text in headed
    assert "output 1" in headed
    assert "Held(body, heads, more), 25 parameters" in headed
    assert "beside the units: scale = 2" in " ".join(texts(ag.draw(Own())))


def test_names_are_those_of_the_place():
    titles = [title for title, _ in drawn(ag.draw(mlp(3, [11, 1])))[1]]
    names = {title.split(", layers")[-1].split(", ")[0]: title.split(" = ")[0] for title in titles}
    assert names[".0.neurons.1.w.2"] == "w₁₂⁽⁰⁾"
    assert names[".0.neurons.10.w.2"] == "w₁₀,₂⁽⁰⁾"
    assert names[".1.neurons.0.w.10"] == "w₁₀⁽¹⁾"
    assert names[".0.neurons.4.b"] == "b₄⁽⁰⁾" and names[".1.neurons.0.b"] == "b⁽¹⁾"


@pytest.mark.parametrize(
    "make",
    [
        lambda: mlp(2, [3, 2, 1]),
        lambda: mlp(2, [1]),
        lambda: nn.Layer(2, 3, rng=seeded()),
        lambda: nn.Neuron(2, rng=seeded()),
        Own,
    ],
)
def test_a_model_and_the_network_behind_its_output_say_the_same_names(make):
    def names(picture):
        found = (re.match(r"(.+?) = .*?, ([\w.]+), entry", title) for title, _ in drawn(picture)[1])
        return {match[2]: match[1] for match in found if match}

    model = make()
    output = model([0.5, -1.0])
    outputs = output if isinstance(output, list) else [output]
    behind = names(ag.draw(ag.sum(outputs), style="network"))
    known = names(ag.draw(model))
    assert behind and behind == {path: known[path] for path in behind}
    survey = Survey(*outputs)
    assert set(behind.values()) <= set(survey.names)


def test_thickness_tells_the_size_and_colour_and_dashes_the_sign():
    layer = nn.Layer(3, 1, bias=False, rng=seeded())
    for weight, number in zip(layer.neurons[0].w, (2.0, -1.0, 0.0)):
        weight.data, weight.grad = number, -10.0 * number
    for show, signs in (("weight", (BLUE, ORANGE, GREY)), ("grad", (ORANGE, BLUE, GREY))):
        edges = {title[:2]: path for title, path in drawn(ag.draw(layer, show=show))[1]}
        paths = [edges[name] for name in ("w₀", "w₁", "w₂")]
        assert [path.get("stroke") for path in paths] == list(signs)
        assert [bool(p.get("stroke-dasharray")) for p in paths] == [c == ORANGE for c in signs]
        large, middle, none = map(width, paths)
        assert large - none == pytest.approx(2.0 * (middle - none), abs=0.02)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_leaves_the_others_as_they_are(number):
    neuron = nn.Neuron(2, bias=False, rng=seeded())
    neuron.w[0].data, neuron.w[1].data = number, 0.5
    edges = dict(drawn(ag.draw(neuron))[1])
    widths = {title[:2]: width(path) for title, path in edges.items()}
    assert widths["w₁"] > widths["w₀"]


def test_a_wide_layer_shows_its_first_and_last_units_and_says_how_many_more():
    picture = ag.draw(mlp(784, [64, 10]))
    circles, edges = drawn(picture)
    assert len(circles) == 10 + 10 + 10
    assert len(edges) == 100 + 10 + 100 + 10
    assert {"⋮ 774 more", "⋮ 54 more"} <= set(texts(picture))
    assert any("layers.0.neurons.63.w.783, entry 50,239 of 50,890" in title for title, _ in edges)
    assert len(picture.svg) < 150_000


def test_before_a_backward_pass_no_gradient_pretends_to_be_one():
    model = mlp(2, [2, 1])
    assert any("Call backward()" in text for text in texts(ag.draw(model, show="grad")))
    assert not any("∂L" in title for title, _ in drawn(ag.draw(model))[1])
    model([1.0, 2.0]).backward()
    assert not any("Call backward()" in text for text in texts(ag.draw(model, show="grad")))
    assert all("∂L" in title for title, _ in drawn(ag.draw(model))[1])


def test_an_output_tints_its_units_by_what_they_computed():
    model = mlp(2, [3, 1], activation="tanh")
    hidden = [float(neuron([1.0, -2.0]).data) for neuron in model.layers[0].neurons]
    output = model([1.0, -2.0])
    output.label = "score"
    circles, _ = drawn(ag.draw(losses.mse(output, 1.0), style="network"))
    assert [title.split(", ")[0] for title, _ in circles[:2]] == ["x₀ = 1", "x₁ = −2"]
    said = [title for title, _ in circles]
    for i, number in enumerate(hidden):
        shown = f"{number:.4g}".replace("-", "−")
        title, circle = next((t, c) for t, c in circles if t.endswith(f"layers.0.neurons.{i}"))
        assert f" = {shown} = tanh(z" in title
        assert bool(circle.get("stroke-dasharray")) is (number < 0.0)
    assert any(title.startswith("score = ") for title in said)
    plain, _ = drawn(ag.draw(model))
    assert {circle.get("fill") for _, circle in plain} == {"#ffffff"}


def test_several_outputs_of_one_network_are_one_picture():
    model = mlp(2, [3, 4])
    circles, edges = drawn(ag.draw(model([1.0, 2.0]), style="network"))
    assert len(circles) == 2 + 3 + 4 and len(edges) == 9 + 16


def test_a_batch_is_one_network_and_says_whose_values_it_shows():
    model = mlp(2, [2, 1])
    loss = ag.mean([losses.mse(model([i, 1.0]), 1.0) for i in range(3)])
    picture = ag.draw(loss, style="network")
    assert len(drawn(picture)[0]) == 5
    assert any("the first of 3 calls" in text for text in texts(picture))


def test_a_recurrence_is_its_cell_and_what_reads_it():
    cell, head = nn.Layer(3, 2, activation="tanh", rng=seeded()), nn.Neuron(2, rng=seeded())
    state = [0.0, 0.0]
    for t in range(4):
        state = cell([0.1 * t, *state])
    assert len(drawn(ag.draw(head(state), style="network"))[0]) == 3 + 2 + 1


SEVERAL = {
    "two models": lambda: mlp(2, [2, 1])([1.0, 2.0]) - mlp(2, [2, 1])([1.0, 2.0]),
    "two heads": lambda: (lambda h: nn.Neuron(2)(h) * nn.Neuron(2)(h))(nn.Layer(2, 2)([1.0, 2.0])),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_several_networks_are_refused_with_what_to_write(name):
    with pytest.raises(ValueError, match=r"one network.* are 2\. .*ag\.draw\(model\)"):
        ag.draw(SEVERAL[name](), style="network")


def test_a_graph_without_a_network_is_refused_with_what_to_write():
    with pytest.raises(ValueError, match=r"one network.* are 0\. .*ag\.draw\(output\)"):
        ag.draw(Value(1.0) * 2.0, style="network")


def test_a_model_without_units_is_refused_with_what_to_write():
    class Line(nn.Module):
        def __init__(self):
            self.slope = Value(1.0)

    with pytest.raises(ValueError, match=r"Line holds no neurons .*ag\.draw\(model\(x\)\)"):
        ag.draw(Line())


@pytest.mark.parametrize("item", [lambda: mlp(1, [1]), lambda: Value(1.0)])
def test_what_is_not_known_is_refused(item):
    for options in ({"show": "gradient"}, {"style": "net"}, {"direction": "up"}):
        with pytest.raises(ValueError, match="must be one of"):
            ag.draw(item(), **options)


@pytest.mark.parametrize("style", ["classic", "compact", "folded"])
def test_a_model_has_one_style(style):
    with pytest.raises(ValueError, match=r"model\(x\) is drawn in style"):
        ag.draw(mlp(1, [1]), style=style)


def test_what_is_neither_value_nor_model_is_refused():
    with pytest.raises(TypeError, match="needs a Value, not float: 1.0"):
        ag.draw(1.0, style="network")


def test_labels_are_escaped_wherever_they_are_written(tmp_path):
    label = 'a<b & "c"\n]]>\\'
    model = nn.Neuron(1, rng=seeded())
    model.w[0].label = label
    x = Value(1.0, label)
    picture = ag.draw(model([x]), style="network")
    assert any(title.startswith('a<b & "c"') for title, _ in drawn(picture)[1])
    picture.save(tmp_path / "network.html")
    assert "<b " not in (tmp_path / "network.html").read_text(encoding="utf-8")
    assert 'c\\"' in picture.source


def test_it_is_a_picture_like_the_others(tmp_path):
    picture = ag.draw(mlp(2, [2, 1]))
    assert isinstance(picture, ag.Picture)
    assert "MLP(2, [2, 1], relu), 9 parameters" in repr(picture)
    for ending in ("svg", "dot", "html"):
        picture.save(tmp_path / f"network.{ending}")
    assert picture.source.startswith("digraph network {")
    assert picture.source.count(" -> ") == 9
    assert "image/svg+xml" in picture._repr_mimebundle_()
    assert ag.draw(mlp(2, [2, 1])).svg == picture.svg


def test_its_own_pages_have_it_and_its_positions_are_those_of_the_graph():
    model = mlp(2, [3, 1])
    output = model([1.0, 2.0])
    values = ag.graph.nodes(output)
    network = page_network(Survey(output))
    weights = [unit[3] for layer in network["layers"] for unit in layer["units"]]
    expected = [n.w for layer in model.layers for n in layer.neurons]
    assert [[id(values[i]) for i in row] for row in weights] == [list(map(id, w)) for w in expected]
    assert [id(values[i]) for i in network["order"]] == list(map(id, model.parameters()))
    assert '"network":{' in ag.explore(output).html
    assert '"network":null' in ag.explore(Value(1.0) * 2.0).html


def replayed():
    model = mlp(2, [3, 1], activation="tanh")
    data = datasets.moons(12, noise=0.1, seed=0)
    options = {"epochs": 2, "batch_size": 6, "record": True, "progress": False}
    history = ag.fit(
        model, data, losses.binary_cross_entropy, optim.SGD(model.parameters(), lr=0.1), **options
    )
    return model, ag.replay(history)


def test_a_replay_ships_no_heat_maps_but_what_computes_them():
    model, page = replayed()
    data = re.search(r'<script id="data"[^>]*>(.*?)</script>', page.html, re.DOTALL)[1]
    graph = json.loads(data)["runs"][0]["takes"][0]["graph"]
    computed = [i for i, _ in graph["network"]["responses"]]
    outputs = [unit[1] for layer in graph["network"]["layers"] for unit in layer["units"]]
    assert set(outputs) <= set(computed)
    assert len(graph["network"]["order"]) == len(model.parameters())


def test_in_a_browser_an_edge_says_its_numbers_and_each_unit_its_response(browser, tmp_path):
    _, page = replayed()
    page.save(tmp_path / "replay.html")
    shown = browser.new_page()
    problems = []
    shown.on("pageerror", lambda error: problems.append(str(error)))
    shown.goto((tmp_path / "replay.html").as_uri())
    slider = shown.locator(".network input")
    slider.focus()
    for _ in range(4):
        shown.keyboard.press("ArrowRight")
    said = shown.locator(".network .said").inner_text()
    assert "layers.0.neurons.1.w.1, entry 5 of 13 in the gradient" in said
    number = shown.evaluate(
        "() => replay.runs[0].take.data[replay.runs[0].take.graph.network.order[4]]"
    )
    assert float(re.search(r" = (\S+),", said)[1]) == pytest.approx(number, abs=1e-4)
    painted = shown.evaluate(
        "() => new Set(document.querySelector('.network canvas').getContext('2d')"
        ".getImageData(0, 0, 1080, 300).data).size"
    )
    assert painted > 5 and problems == []
    shown.close()
