"""Pictures: what they show, how they fold, where they can be saved, what they refuse."""

from __future__ import annotations

import base64
import math
import os
import pickle
import random
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import graphviz
import pytest

from autograd_engine import graph
from autograd_engine.calls import levels
from autograd_engine.engine import Value
from autograd_engine.views.explore.page import explore
from autograd_engine.views.picture import drawing, markup
from autograd_engine.views.picture.digraph import Digraph, draw_dot
from autograd_engine.views.picture.drawing import Picture, draw
from autograd_engine.views.picture.markup import GraphvizMissing
from autograd_engine.views.picture.styles import decimal

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def no_dot(monkeypatch):
    """Graphviz is not installed."""
    monkeypatch.setenv("PATH", "")


@pytest.fixture
def fake_dot(monkeypatch):
    """Graphviz is installed; its answers are made up, the calls are listed."""
    calls = []

    def run(given, option):
        format = option.removeprefix("-T")
        calls.append((format, given.decode()))
        if format == "svg":
            return b'<?xml version="1.0"?>\n<!-- made by dot -->\n<svg xmlns="http://www.w3.org/2000/svg"/>\n'
        return b"bytes of " + format.encode()

    monkeypatch.setattr(drawing, "run_dot", run)
    return calls


def builtin(output, **options):
    return draw(output, engine="builtin", **options)


def texts(picture: Picture) -> list[str]:
    return [element.text or "" for element in ET.fromstring(picture.svg).iter(SVG + "text")]


def classes(picture: Picture) -> list[str]:
    groups = ET.fromstring(picture.svg).iter(SVG + "g")
    return [group.get("class", "") for group in groups if group.get("class")]


def arrows(picture: Picture) -> list[str]:
    return re.findall(r"^ *(v\d+ -> v\d+)", picture.source, re.MULTILINE)


def neuron(name: str, inputs: list[Value], weights: list[Value]) -> Value:
    total = inputs[0] * weights[0]
    for x, w in zip(inputs[1:], weights[1:]):
        total = total + x * w
    out = total.tanh()
    graph.mark_region(out, name)
    return out


def network(*widths: int) -> Value:
    """Return the loss of a small perceptron whose neurons are marked as regions."""
    rng = random.Random(0)
    values = [Value(rng.random(), f"x{i}") for i in range(2)]
    for depth, width in enumerate(widths):
        values = [
            neuron(
                f"layers.{depth}.neurons.{i}", values, [Value(rng.uniform(-1, 1)) for _ in values]
            )
            for i in range(width)
        ]
    loss = (values[0] - 1.0) ** 2
    loss.backward()
    return loss


def long_chain(n: int) -> Value:
    value = Value(0.5, "start")
    for _ in range(n):
        value = value.sin()
    return value


# What a picture shows.


def test_a_classic_picture_shows_label_data_and_grad_of_each_value_and_its_operation():
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    product = a * b
    product.backward()
    shown = texts(builtin(product, style="classic"))
    for text in ("a", "data 2.0000", "grad -3.0000", "b", "data -3.0000", "grad 2.0000", "*"):
        assert text in shown
    assert "data -6.0000" in shown and "grad 1.0000" in shown


def test_classic_source_is_micrograds_record():
    product = Value(2.0, "a") * Value(3.0)
    assert 'label="{ a | data 2.0000 }"' in draw(product, style="classic").source
    product.backward()
    assert 'label="{ a | data 2.0000 | grad 3.0000 }"' in draw(product, style="classic").source


def test_before_any_sweep_no_gradient_is_shown_and_after_one_also_those_of_0():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    output = x * y.relu() + 0.0 * x.exp()
    for style in ("classic", "compact", "folded"):
        assert not [text for text in texts(builtin(output, style=style)) if "grad" in text]
    x.grad = 4.0  # of an earlier graph
    assert [text for text in texts(builtin(output)) if "grad" in text] == ["grad 4.0000"]
    output.backward()
    x.zero_grad()
    assert "grad 0.0000" in texts(builtin(output))


def test_a_compact_picture_has_one_node_for_each_value_with_the_operation_inside():
    a = Value(2.0, "a")
    out = (a * 3.0).exp()
    out.label = "out"
    picture = builtin(out, style="compact")
    assert len(classes(picture)) == graph.size(out) == 4
    assert {"out: exp", "v1: *", "data 6.00", "data 403.43"} <= set(texts(picture))


@pytest.mark.parametrize("style", ["classic", "compact"])
def test_a_value_used_twice_by_one_operation_has_two_edges_with_their_partials(style):
    x = Value(3.0, "x")
    picture = builtin(x * x, style=style)
    tails = [arrow for arrow in arrows(picture) if arrow.startswith("v0 ->")]
    assert len(tails) == 2
    assert texts(picture).count("∂ 3") == 2
    assert picture.source.count('label="∂ 3"') == 2


def test_each_edge_shows_its_own_partial_with_four_significant_digits():
    a, b = Value(2.0), Value(3.0)
    shown = texts(builtin(a / b, style="classic"))
    assert "∂ 0.3333" in shown and "∂ -0.2222" in shown


def test_constants_are_drawn_otherwise_than_leaves_without_relying_on_colour():
    picture = builtin(Value(2.0) * 3.0)
    assert sorted(set(classes(picture))) == ["constant", "leaf", "operation", "result"]
    assert picture.svg.count("stroke-dasharray") >= 1
    assert 'style="filled,dashed"' in picture.source


def test_the_output_is_emphasised_and_nothing_else():
    picture = builtin(Value(2.0).exp().sin(), style="compact")
    assert picture.svg.count('font-weight="bold"') == 1
    assert picture.source.count("penwidth=2.5") == 1


@pytest.mark.parametrize(
    "number, text",
    [
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (-0.0, "-0.0000"),
        (1e-30, "1e-30"),
    ],
)
def test_a_number_that_is_not_finite_or_very_small_is_shown_as_such(number, text):
    assert f"data {text}" in texts(builtin(Value(number) + 0.0, style="classic"))


def test_decimals_give_way_to_significant_digits_where_they_would_mislead():
    assert decimal(0.012345, 4) == "0.01235"
    assert decimal(0.5, 4) == "0.5000"
    assert decimal(123456789.0, 4) == "1.235e+08"
    assert decimal(0.0, 2) == "0.00"


def test_micrograds_values_of_unknown_partials_are_drawn_without_them():
    out = Value(3.0, (Value(1.0), Value(2.0)), "op")
    picture = builtin(out)
    assert "op" in texts(picture)
    assert not [text for text in texts(picture) if "∂" in text]
    assert len(arrows(picture)) == 3


def test_a_picture_keeps_the_numbers_of_its_moment():
    x = Value(2.0)
    picture = builtin(x * x)
    x.data = 7.0
    assert "data 7.0000" not in texts(picture)


def test_a_single_leaf_can_be_drawn():
    assert texts(builtin(Value(1.0, "alone"))) == ["alone", "data 1.0000"]


ODD = [
    'say "hi"', "<b>bold</b>", "back\\slash\\", "{a|b}", "\\N \\l", "&amp; &", "🙂 é 漢", "a  b",
    "</script><script>alert(1)</script>", "]]>", "--", "%s {0}",
]  # fmt: skip


@pytest.mark.parametrize("label", ODD)
@pytest.mark.parametrize("style", ["classic", "compact"])
def test_odd_labels_appear_as_typed(label, style):
    assert label in texts(builtin(Value(1.0, label) + 1.0, style=style))


@pytest.mark.parametrize("label", ODD)
def test_odd_region_names_appear_as_typed(label):
    inner = Value(1.0) * 2.0
    graph.mark_region(inner, label)
    name = levels(label)[0]
    assert name in texts(builtin(inner + 1.0, style="compact"))
    assert name in texts(builtin(inner + 1.0, style="folded"))


def test_each_line_of_a_label_is_drawn_as_a_line():
    shown = texts(builtin(Value(1.0, "one\ntwo") + 1.0))
    assert "one" in shown and "two" in shown
    assert "one\\ntwo" in draw(Value(1.0, "one\ntwo") + 1.0).source


def test_characters_that_no_xml_may_hold_are_made_visible():
    assert "a␀b" in texts(builtin(Value(1.0, "a\x00b") + 1.0))
    assert "\ufffd" in texts(builtin(Value(1.0, "\ud800") + 1.0))


def test_record_labels_are_escaped_in_dot():
    source = draw(Value(1.0, '\\{}|<>" &') + 1.0).source
    assert r'label="{ \\\{\}\|\<\>\"&#160;&amp; | data' in source


# Styles and folding.


@pytest.mark.parametrize(
    "n, kind", [(19, "classic"), (20, "compact"), (119, "compact"), (120, "folded")]
)
def test_auto_is_classic_up_to_20_values_compact_up_to_120_and_folded_beyond(n, kind):
    output = long_chain(n)
    assert graph.size(output) == n + 1
    assert builtin(output).source == builtin(output, style=kind).source
    # Compact and folded look alike where there is nothing to fold.
    others = {"classic", "compact", "folded"} - {kind} - ({"folded"} if n == 20 else set())
    assert all(builtin(output).source != builtin(output, style=other).source for other in others)


def test_a_dotted_name_nests_by_its_words_and_indices():
    assert levels("layers.0.neurons.3") == ("layers.0", "layers.0.neurons.3")
    assert levels("encoder.block.1") == ("encoder", "encoder.block.1")
    assert levels("neuron") == ("neuron",)
    assert levels("") == ()


def test_folded_regions_are_boxes_that_count_what_they_hold():
    picture = builtin(network(16, 16, 1), style="folded")
    shown = texts(picture)
    # Each first neuron: 2 weights, 2 products, 1 sum, 1 tanh.
    assert "layers.0" in shown and "16 neurons, 96 values" in shown and "32 leaves" in shown
    assert "1 neuron, 48 values" in shown
    assert classes(picture).count("folded") == 3


def test_edges_between_boxes_are_merged_and_counted():
    shown = texts(builtin(network(16, 16, 1), style="folded"))
    assert "×256" in shown and shown.count("×16") == 3
    assert len(arrows(builtin(network(16, 16, 1), style="folded"))) == 7


def test_a_box_that_one_value_leaves_shows_its_data_and_grad():
    loss = network(3, 1)
    out = loss.operands[0].operands[0]
    shown = texts(builtin(loss, style="folded"))
    assert f"data {out.data:.2f}" in shown and f"grad {out.grad:.2f}" in shown


def test_depth_opens_regions_to_that_nesting():
    loss = network(3, 1)
    pictures = [builtin(loss, style="folded", depth=depth) for depth in (0, 1, 2)]
    assert [classes(picture).count("folded") for picture in pictures] == [2, 4, 0]
    assert "layers.0.neurons.2" in texts(pictures[1])
    assert len(classes(pictures[2])) == graph.size(loss)


def test_open_regions_are_framed_by_clusters_nested_as_their_names():
    picture = builtin(network(2, 1), style="compact")
    assert picture.source.count("subgraph cluster_") == 5
    assert {"layers.0", "neurons.0", "neurons.1", "layers.1"} <= set(texts(picture))


def test_inputs_shared_by_several_neurons_stand_outside_their_layer():
    source = draw(network(2, 1), style="compact").source
    before_clusters = source[: source.index("subgraph")]
    assert "x0" in before_clusters and "x1" in before_clusters


def test_a_large_graph_without_regions_folds_by_depth_and_counts_every_value():
    output = long_chain(5_000)
    picture = builtin(output)
    assert len(classes(picture)) < 40
    counted = [int(text.replace(",", "").split()[0]) for text in texts(picture) if " value" in text]
    singles = sum(kind in ("leaf", "result") for kind in classes(picture))
    assert sum(counted) + singles == graph.size(output)


def test_many_values_outside_every_region_are_folded_too():
    loss = network(4, 1)
    for weight in graph.leaves(loss) * 6:
        loss = loss + weight * weight
    picture = builtin(loss, style="folded")
    assert len(classes(picture)) < 12
    assert any(text.endswith("values") and "neuron" not in text for text in texts(picture))


def test_a_layer_applied_again_after_another_is_drawn_call_by_call():
    value = Value(0.5, "x")
    for name in ("a", "b", "a", "b"):
        value = (value * 2.0).sin()
        graph.mark_region(value, name)
    picture = builtin(value, style="folded")
    assert sorted(arrows(picture)) == ["v0 -> v1", "v1 -> v2", "v2 -> v3"]
    assert {"a, call 1", "b, call 2", "used 2 times"} <= set(texts(picture))


def test_focus_shows_what_is_within_the_radius_both_ways_and_counts_the_rest():
    chain = [Value(0.5, "v0")]
    for i in range(1, 31):
        chain.append(chain[-1].sin())
        chain[-1].label = f"v{i}"
    picture = builtin(chain[-1], focus=chain[10], radius=3)
    labels = {text for text in texts(picture) if re.fullmatch(r"v\d+", text)}
    assert labels == {f"v{i}" for i in range(7, 14)}
    assert "… 7 more values" in texts(picture) and "… 17 more values" in texts(picture)


def test_the_focus_is_emphasised():
    x = Value(0.5, "x")
    assert builtin(x.sin().cos(), focus=x).svg.count('font-weight="bold"') == 2


def test_the_same_graph_gives_the_same_bytes():
    one, other = network(5, 3, 1), network(5, 3, 1)
    for style in ("classic", "compact", "folded"):
        first, second = builtin(one, style=style), builtin(other, style=style)
        assert first.source == second.source and first.svg == second.svg
    assert draw_dot(one).source == draw_dot(other).source


@pytest.mark.slow
def test_a_graph_100000_operations_deep_is_drawn_without_recursion():
    output = long_chain(100_000)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        ET.fromstring(builtin(output).svg)
        assert "… 99,996 more values" in texts(builtin(output, focus=output, radius=4))
    finally:
        sys.setrecursionlimit(limit)


# The guard.


def test_a_picture_beyond_the_guard_is_refused_naming_the_count_and_the_ways_out():
    with pytest.raises(ValueError) as caught:
        draw(long_chain(1_000), style="compact")
    for words in ("1,001", "depth=", "focus=", "force=True", 'style="folded"'):
        assert words in str(caught.value)


def test_the_guard_counts_drawn_nodes_not_values():
    assert draw(long_chain(599), style="compact")
    with pytest.raises(ValueError, match="1,199 nodes"):
        draw(long_chain(599), style="classic")
    assert draw(network(16, 16, 1), style="folded")


def test_force_draws_beyond_the_guard():
    picture = builtin(long_chain(700), style="compact", force=True)
    assert len(classes(picture)) == 701


def test_a_forced_picture_too_large_for_graphviz_is_laid_out_without_it(fake_dot):
    assert "data 0.50" in texts(draw(long_chain(3_001), style="compact", force=True))
    assert fake_dot == []


# Engines and files.


def test_without_graphviz_the_builtin_layout_draws(no_dot):
    output = Value(2.0, "a") * 3.0
    assert draw(output).svg == builtin(output).svg


def test_with_graphviz_it_lays_out_and_the_svg_can_stand_in_a_page(fake_dot):
    picture = draw(Value(2.0) * 3.0)
    assert picture.svg == '<svg xmlns="http://www.w3.org/2000/svg"/>\n'
    assert fake_dot == [("svg", picture.source)]


def test_the_builtin_engine_never_calls_graphviz(fake_dot):
    assert "data 2.0000" in texts(builtin(Value(2.0) * 3.0))
    assert fake_dot == []


def test_the_dot_engine_without_graphviz_raises_runtime_error_naming_it(no_dot):
    with pytest.raises(RuntimeError, match="Graphviz"):
        draw(Value(2.0) * 3.0, engine="dot")


@pytest.mark.parametrize("error", [OSError("no processes here"), PermissionError("no")])
def test_where_no_process_can_start_the_builtin_layout_draws(monkeypatch, error):
    def started(*given, **how):
        raise error

    monkeypatch.setattr(subprocess, "Popen", started)
    output = Value(2.0) * 3.0
    assert draw(output).svg == builtin(output).svg
    with pytest.raises(RuntimeError, match="Graphviz"):
        draw(output, engine="dot")


def test_where_graphviz_fails_the_builtin_layout_draws(monkeypatch, tmp_path):
    (tmp_path / "dot").write_text("#!/bin/sh\necho 'Error: trouble in init_rank' >&2\nexit 1\n")
    (tmp_path / "dot").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    output = Value(2.0) * 3.0
    assert draw(output).svg == builtin(output).svg
    with pytest.raises(RuntimeError, match="Graphviz.*failed on this picture: Error: trouble"):
        draw(output, engine="dot")


@pytest.fixture
def slow_dot(monkeypatch, tmp_path):
    """Graphviz is installed, and never ends; it writes who it is."""
    folder = tmp_path / "bin"
    folder.mkdir()
    dot = folder / "dot"
    dot.write_text(f"#!/bin/sh\necho $$ >> {folder}/started\nexec /bin/sleep 300\n")
    dot.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(markup, "SECONDS", 0.3)
    yield
    numbers = (folder / "started").read_text().split()
    deadline = time.monotonic() + 10.0
    while any(map(running, numbers)) and time.monotonic() < deadline:
        time.sleep(0.01)  # what is killed takes a moment to be gone
    assert numbers and [n for n in numbers if running(n)] == []


def running(number: str) -> bool:
    """Say whether a process is still there, as a zombie of ours too."""
    try:
        stat = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return False
    return stat[0] != "Z" or int(stat[1]) == os.getpid()


SHAPES = [{"style": s} for s in ("classic", "compact", "folded")] + [{"direction": "TB"}]


@pytest.mark.parametrize("options", SHAPES, ids=str)
def test_graphviz_that_does_not_end_is_stopped_and_the_builtin_layout_says_so(slow_dot, options):
    output = network(2, 1)
    picture = draw(output, **options)
    drawn = texts(picture)
    assert drawn[:-1] == texts(builtin(output, **options))
    assert drawn[-1] == picture.note == "laid out without Graphviz, which took too long"
    assert builtin(output, **options).note == ""


def test_every_way_to_show_a_picture_ends_where_graphviz_does_not(slow_dot, tmp_path):
    output = Value(2.0, "a") * 3.0
    for ending in (".svg", ".html"):
        draw(output).save(tmp_path / f"graph{ending}")
        assert "without Graphviz" in (tmp_path / f"graph{ending}").read_text("utf-8")
    assert "<img" in draw(output)._mime_()[1]
    assert explore(output)._repr_mimebundle_()["text/markdown"]


@pytest.mark.parametrize(
    "call",
    [
        lambda output, folder: draw(output, engine="dot"),
        lambda output, folder: draw(output).save(folder / "graph.png"),
        lambda output, folder: draw(output).save(folder / "graph.PDF"),
        lambda output, folder: draw_dot(output).pipe(),
        lambda output, folder: draw_dot(output).pipe(format="png"),
        lambda output, folder: draw_dot(output).pipe(encoding="utf-8"),
        lambda output, folder: draw_dot(output).pipe(encoding="latin-1", engine="neato"),
        lambda output, folder: draw_dot(output).render(folder / "graph"),
        lambda output, folder: draw_dot(output).render(outfile=folder / "graph.png"),
        lambda output, folder: draw_dot(output).view(folder / "graph"),
        lambda output, folder: draw_dot(output)._repr_mimebundle_(),
        lambda output, folder: draw_dot(output)._repr_image_svg_xml(),
        lambda output, folder: draw_dot(output).copy().pipe(),
        lambda output, folder: pickle.loads(pickle.dumps(draw_dot(output))).pipe(),
    ],
)
def test_what_only_graphviz_can_make_is_refused_in_words_where_it_does_not_end(
    slow_dot, tmp_path, call
):
    with pytest.raises(RuntimeError, match=r"Graphviz was stopped: its program `dot` took more"):
        call(Value(2.0) * 3.0, tmp_path)
    assert not {p.suffix for p in tmp_path.iterdir()} & {".png", ".PDF", ".pdf", ".svg"}


def test_an_interrupt_stops_graphviz(slow_dot, monkeypatch):
    def interrupted(self, given, timeout):
        started = Path(os.environ["PATH"], "started")
        while not (started.exists() and started.read_text()):
            time.sleep(0.01)
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        draw(Value(2.0) * 3.0).svg  # noqa: B018


@pytest.fixture
def quick_dot(monkeypatch, tmp_path):
    """Graphviz is installed: it answers with its arguments and what it was given, or fails."""
    folder = tmp_path / "bin"
    folder.mkdir()
    dot = folder / "dot"
    dot.write_text(
        '#!/bin/sh\ncase "$*" in *-Tpdf) echo broken >&2; exit 1;; esac\n'
        'case $3 in -O) exec >"$4.svg" <"$4";; -o) exec >"$4" <"$5";; esac\n'
        'echo "$1" "$2"; /bin/cat\n'
    )
    dot.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_draw_dot_pipes_and_renders_as_graphviz_does(quick_dot, tmp_path):
    digraph = draw_dot(Value(2.0, "é") * 3.0)
    source = digraph.source
    assert digraph.pipe(encoding="utf-8") == f"-Kdot -Tsvg\n{source}"
    assert digraph.pipe("png", engine="neato") == f"-Kneato -Tpng\n{source}".encode()
    assert digraph._repr_mimebundle_() == {"image/svg+xml": f"-Kdot -Tsvg\n{source}"}
    assert digraph.render(tmp_path / "graph") == str(tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text("utf-8") == f"-Kdot -Tsvg\n{source}"
    assert digraph.render(outfile=tmp_path / "a.png", cleanup=True) == str(tmp_path / "a.png")
    assert not (tmp_path / "a.gv").exists()
    with pytest.raises(GraphvizMissing, match="broken"):
        digraph.pipe("pdf")
    with pytest.raises(RuntimeError, match="`dot` failed on this picture: broken"):
        draw(Value(2.0) * 3.0).save(tmp_path / "graph.pdf")


def test_draw_dot_without_graphviz_raises_runtime_error_naming_it(no_dot):
    for show in (Digraph.pipe, Digraph.render, Digraph._repr_mimebundle_):
        with pytest.raises(
            RuntimeError, match=r"Graphviz .*`dot` was not found; ag\.draw\(output\)"
        ):
            show(draw_dot(Value(2.0) * 3.0))


@pytest.mark.parametrize("ending", [".svg", ".dot", ".html"])
def test_svg_dot_and_html_are_saved_without_graphviz(no_dot, tmp_path, ending):
    picture = draw(Value(2.0, "weight ✓") * 3.0)
    picture.save(tmp_path / f"graph{ending}")
    text = (tmp_path / f"graph{ending}").read_bytes().decode()
    assert "weight" in text
    if ending == ".svg":
        assert text == picture.svg
    if ending == ".dot":
        assert text == picture.source
    if ending == ".html":
        assert text.startswith("<!DOCTYPE html>") and picture.svg in text
        assert "src=" not in text and "href=" not in text


@pytest.mark.parametrize("ending", [".png", ".pdf"])
def test_png_and_pdf_without_graphviz_raise_runtime_error_naming_it(no_dot, tmp_path, ending):
    path = tmp_path / f"graph{ending}"
    for engine in (None, "builtin"):
        with pytest.raises(RuntimeError, match="Graphviz"):
            draw(Value(2.0) * 3.0, engine=engine).save(path)
    assert not path.exists()


@pytest.mark.parametrize("ending", [".png", ".PDF"])
def test_png_and_pdf_are_made_by_graphviz(fake_dot, tmp_path, ending):
    draw(Value(2.0) * 3.0).save(tmp_path / f"graph{ending}")
    assert (tmp_path / f"graph{ending}").read_bytes() == b"bytes of " + ending[1:].lower().encode()


@pytest.mark.parametrize("name", ["graph.gif", "graph", "svg", ".svg"])
def test_an_unknown_ending_is_refused_naming_the_known_ones(tmp_path, name):
    with pytest.raises(ValueError, match=r"'\.svg' '\.png' '\.pdf' '\.dot' '\.html'"):
        builtin(Value(1.0) + 1.0).save(tmp_path / name)


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere does not exist"):
        builtin(Value(1.0) + 1.0).save(str(tmp_path / "nowhere" / "graph.svg"))


def test_a_notebook_gets_an_image_that_survives_being_reopened_untrusted():
    picture = builtin(Value(2.0, "a") * 3.0)
    bundle = picture._repr_mimebundle_()
    match = re.search(r'<img src="data:image/svg\+xml;base64,([^"]+)"', bundle["text/html"])
    assert match and base64.b64decode(match[1]).decode() == picture.svg
    assert "<svg" not in bundle["text/html"]
    # VS Code shows no HTML then, but Markdown.
    assert bundle["text/markdown"] == bundle["text/html"] == picture.image()
    assert 'alt="computation graph of 3 values"' in bundle["text/html"]
    assert bundle["text/plain"] == repr(picture) == "<Picture: computation graph of 3 values>"


@pytest.mark.parametrize("length", [1, 12])
def test_a_wide_picture_is_scrolled_in_a_notebook_before_its_type_is_below_9_pixels(length):
    x = Value(0.5, "x")
    for _ in range(length):
        x = x.tanh()
    picture = builtin(x)
    wide = float(re.search(r'width="([0-9.]+)pt"', picture.svg)[1])
    least = int(re.search(r"min-width: ([0-9]+)px", picture.image())[1])
    type_size = float(re.search(r'font-size="([0-9.]+)"', picture.svg)[1])
    assert type_size * least / wide == pytest.approx(9.0, abs=0.05)
    assert picture.image().startswith('<div style="overflow-x: auto" tabindex="0" role="region"')


def test_marimo_shows_the_image_alone():
    picture = builtin(Value(2.0) * 3.0)
    assert picture._mime_() == ("text/html", picture.image())


def test_a_notebook_can_ask_for_some_kinds_only():
    picture = builtin(Value(2.0) * 3.0)
    assert set(picture._repr_mimebundle_(include=["text/html"])) == {"text/html"}
    assert "image/svg+xml" not in picture._repr_mimebundle_(exclude=["image/svg+xml"])


def test_drawing_needs_no_package_graphviz():
    code = (
        "import sys; sys.modules['graphviz'] = None\n"
        "from autograd_engine import Value, draw\n"
        "print(draw(Value(2.0, 'lonely') * 3.0).svg)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "lonely" in run.stdout


# Refusals.


@pytest.mark.parametrize(
    "options, words",
    [
        ({"style": "fancy"}, "style.*'auto' 'classic' 'compact' 'folded'.*'fancy'"),
        ({"direction": "left"}, "direction.*'LR' 'TB' 'RL' 'BT'"),
        ({"engine": "neato"}, "engine.*'dot' 'builtin'"),
        ({"depth": -1}, "depth"),
        ({"depth": 1.5}, "depth"),
        ({"radius": -1}, "radius"),
        ({"radius": "2"}, "radius"),
    ],
)
def test_unknown_options_are_refused_naming_the_choices(options, words):
    with pytest.raises(ValueError, match=words):
        draw(Value(1.0) + 1.0, **options)


def test_a_focus_outside_the_graph_is_refused_naming_it():
    with pytest.raises(ValueError, match="stranger"):
        draw(Value(1.0) + 1.0, focus=Value(1.0, "stranger"))


def test_what_is_not_a_value_is_refused():
    for call in (draw, draw_dot):
        with pytest.raises(TypeError, match="needs a Value, not float"):
            call(1.0)
    with pytest.raises(ValueError, match="focus 'x' is not in the graph"):
        draw(Value(1.0) + 1.0, focus="x")


# draw_dot.


def test_draw_dot_returns_a_digraph_as_micrograds_notebook_does():
    x = Value(2.0, "x")
    out = x * 3.0
    digraph = draw_dot(out, format="png", rankdir="TB")
    assert isinstance(digraph, graphviz.Digraph) and digraph.format == "png"
    assert "rankdir=TB" in digraph.source
    assert '"{ x | data 2.0000 | grad 0.0000 }" shape=record' in digraph.source
    assert '"{ data 6.0000 | grad 0.0000 }" shape=record' in digraph.source
    assert 'v2op [label="*"]' in digraph.source
    assert all(edge in digraph.source for edge in ("v0 -> v2op", "v1 -> v2op", "v2op -> v2"))


def test_draw_dot_draws_x_times_x_with_two_edges():
    x = Value(2.0)
    assert draw_dot(x * x).source.count("v0 -> v1op") == 2


def test_draw_dot_escapes_labels():
    assert '"{ \\{a\\|b\\}&#160;\\" |' in draw_dot(Value(1.0, '{a|b} "') + 1.0).source


@pytest.mark.parametrize("options", [{"rankdir": "RL"}, {"format": "nonsense"}])
def test_draw_dot_refuses_unknown_directions_and_formats(options):
    with pytest.raises(ValueError):
        draw_dot(Value(1.0) + 1.0, **options)
