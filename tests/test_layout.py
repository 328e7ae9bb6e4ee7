"""The built-in layout: nothing overlaps, arrows run with the direction, frames hold their own."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ET

import pytest

from autograd_engine.views.layout.routes import Layers, lay_out, untangle
from autograd_engine.views.layout.scene import (
    Arrow,
    Box,
    Cluster,
    Layout,
    Rectangle,
    Scene,
    box_ranks,
    box_size,
    cluster_paths,
    text_width,
)
from autograd_engine.views.picture.markup import write_svg

DIRECTIONS = ["LR", "TB", "RL", "BT"]
ROUNDING = 1e-6  # places are sums of a few hundred floats below 1e5


def scene_of(
    count: int,
    arrows: list[tuple[int, int]],
    homes: list[int] | None = None,
    parents: list[int] | None = None,
    direction: str = "LR",
    label: str = "∂ 1",
) -> Scene:
    boxes = tuple(
        Box("result", (f"n{i}", "data 1.00\ngrad 0.00"), cluster=homes[i] if homes else -1)
        for i in range(count)
    )
    clusters = tuple(Cluster(f"region {i}", parent) for i, parent in enumerate(parents or []))
    return Scene(direction, boxes, tuple(Arrow(a, b, label) for a, b in arrows), clusters)


def random_scene(seed: int, direction: str = "LR") -> Scene:
    """Return a random graph of up to 40 boxes, half of them in nested clusters."""
    rng = random.Random(seed)
    count = rng.randint(2, 40)
    arrows = [(rng.randrange(max(0, i - 8), i), i) for i in range(1, count) for _ in range(2)]
    parents = [-1]
    for i in range(1, rng.randint(1, 6)):
        around = [i - 1]
        while around[-1] >= 0:
            around.append(parents[around[-1]])
        parents.append(rng.choice(around))
    # Boxes of a cluster are a piece of an order in which all arrows run forwards.
    homes = [min(i // 5, len(parents)) - 1 for i in range(count)]
    used = [i for i in range(len(parents)) if i in homes or i in parents]
    kept = [i for i in used if _holds_boxes(i, parents, homes)]
    renumber = {old: new for new, old in enumerate(kept)}
    homes = [renumber.get(home, -1) for home in homes]
    parents = [renumber.get(parents[i], -1) for i in kept]
    label = rng.choice(["", "∂ 0.1234"])
    return scene_of(count, arrows, homes, parents, direction, label)


def _holds_boxes(cluster: int, parents: list[int], homes: list[int]) -> bool:
    for home in homes:
        while home >= 0:
            if home == cluster:
                return True
            home = parents[home]
    return False


def overlap(a: Rectangle, b: Rectangle) -> bool:
    wide = min(a.u1, b.u1) - max(a.u0, b.u0) > ROUNDING
    return wide and min(a.v1, b.v1) - max(a.v0, b.v0) > ROUNDING


def inside(a: Rectangle, b: Rectangle) -> bool:
    """Say whether a lies in b."""
    return (
        a.u0 >= b.u0 - ROUNDING
        and a.u1 <= b.u1 + ROUNDING
        and a.v0 >= b.v0 - ROUNDING
        and a.v1 <= b.v1 + ROUNDING
    )


def boxes_and_labels(layout: Layout) -> list[Rectangle]:
    return [*layout.boxes, *(label for label in layout.labels if label)]


@pytest.mark.parametrize("seed", range(40))
def test_no_boxes_and_labels_overlap(seed):
    layout = lay_out(random_scene(seed, DIRECTIONS[seed % 4]))
    places = boxes_and_labels(layout)
    assert not [(i, j) for i, a in enumerate(places) for j in range(i) if overlap(a, places[j])]


@pytest.mark.parametrize("seed", range(40))
def test_a_frame_holds_its_own_boxes_and_touches_no_other(seed):
    scene = random_scene(seed, DIRECTIONS[seed % 4])
    layout = lay_out(scene)
    paths = cluster_paths(scene)
    for box, place in zip(scene.boxes, layout.boxes):
        own = paths[box.cluster]
        for number, frame in enumerate(layout.clusters):
            assert inside(place, frame) if number in own else not overlap(place, frame)
    for one, path in paths.items():
        for other in range(one):
            if other in path:
                assert inside(layout.clusters[one], layout.clusters[other])
            else:
                assert not overlap(layout.clusters[one], layout.clusters[other])


@pytest.mark.parametrize("seed", range(10))
def test_every_box_lies_on_the_page(seed):
    layout = lay_out(random_scene(seed))
    page = Rectangle(0.0, 0.0, layout.length, layout.breadth)
    assert all(inside(place, page) for place in [*boxes_and_labels(layout), *layout.clusters])


@pytest.mark.parametrize("seed", range(10))
def test_routes_run_from_the_tails_end_to_the_heads_start(seed):
    scene = random_scene(seed)
    layout = lay_out(scene)
    for arrow, route in zip(scene.arrows, layout.routes):
        points = [point for stroke in route for point in stroke]
        assert points[0][0] == pytest.approx(layout.boxes[arrow.tail].u1)
        assert points[-1][0] == pytest.approx(layout.boxes[arrow.head].u0)
        assert all(a[0] <= b[0] + ROUNDING for a, b in zip(points, points[1:]))
        for point, place in (
            (points[0], layout.boxes[arrow.tail]),
            (points[-1], layout.boxes[arrow.head]),
        ):
            assert place.v0 < point[1] < place.v1


def test_a_route_passes_no_box_but_its_own():
    scene = scene_of(6, [(0, 1), (1, 2), (2, 3), (0, 3), (4, 3), (0, 5), (5, 3)])
    layout = lay_out(scene)
    for arrow, route in zip(scene.arrows, layout.routes):
        for stroke in route:
            for (u0, v0), (u1, v1) in zip(stroke, stroke[1:]):
                line = Rectangle(u0, min(v0, v1), u1, max(v0, v1) + 2 * ROUNDING)
                for i, place in enumerate(layout.boxes):
                    if i not in (arrow.tail, arrow.head) and abs(v0 - v1) < ROUNDING:
                        assert not overlap(line, place)


def test_two_arrows_between_the_same_boxes_are_kept_apart():
    layout = lay_out(scene_of(2, [(0, 1), (0, 1)]))
    one, other = layout.labels
    assert one and other and not overlap(one, other)
    assert layout.routes[0][-1][-1] != layout.routes[1][-1][-1]


def test_ranks_follow_the_longest_path_and_leaves_stand_next_to_their_use():
    scene = scene_of(5, [(0, 1), (1, 2), (3, 2), (2, 4), (0, 4)])
    assert box_ranks(scene) == [0, 1, 2, 1, 3]


def test_a_cluster_begins_after_those_that_feed_it_have_ended():
    # Boxes 3 and 4 are leaves of cluster 1; by themselves they would stand beside cluster 0.
    scene = scene_of(6, [(0, 1), (1, 2), (2, 5), (3, 5), (4, 5)], [0, 0, 0, 1, 1, 1], [-1, -1])
    ranks = box_ranks(scene)
    assert max(ranks[:3]) < min(ranks[3:])


def crossings(layers: Layers) -> int:
    """Count the pairs of arrows that cross between neighbouring ranks."""
    place = {item: i for rank in layers.order for i, item in enumerate(rank)}
    ranks = [[(place[i], place[o]) for i in rank for o in i.after] for rank in layers.order]
    return sum(a < c and b > d for arrows in ranks for a, b in arrows for c, d in arrows)


def test_crossings_are_removed_where_none_are_needed():
    # Three chains, their beginnings given in the reverse order of their ends.
    scene = scene_of(9, [(0, 5), (1, 4), (2, 3), (5, 6), (4, 7), (3, 8)], label="")
    layers = Layers(scene)
    layers.order[1].reverse()
    assert crossings(layers) > 0
    untangle(layers)
    assert crossings(layers) == 0


def test_a_straight_chain_is_drawn_straight():
    layout = lay_out(scene_of(5, [(0, 1), (1, 2), (2, 3), (3, 4)]))
    assert len({round(place.v0 + place.v1, 6) for place in layout.boxes}) == 1


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_directions_turn_the_picture(direction):
    root = ET.fromstring(write_svg(scene_of(2, [(0, 1)], direction=direction)))
    space = "{http://www.w3.org/2000/svg}"
    groups = [g for g in root.iter(space + "g") if g.get("class")]
    (x0, y0), (x1, y1) = ((float(g[0].get("x", "0")), float(g[0].get("y", "0"))) for g in groups)
    step = {"LR": x1 - x0, "RL": x0 - x1, "TB": y1 - y0, "BT": y0 - y1}[direction]
    other = y1 - y0 if direction in ("LR", "RL") else x1 - x0
    assert step > 30.0 and other == 0.0


def test_a_box_is_as_wide_as_its_longest_line():
    narrow, wide = (Box("leaf", (text,)) for text in ("a", "a long label, longer than others"))
    assert box_size(wide)[0] > text_width("a long label, longer than others") > box_size(narrow)[0]
    assert text_width("🙂") == 2 * text_width("a") == text_width("漢")


def test_a_frame_is_no_narrower_than_its_title():
    for direction in DIRECTIONS:
        title = "a region with a rather long name"
        boxes = (Box("leaf", ("a",), cluster=0), Box("result", ("b",)))
        layout = lay_out(Scene(direction, boxes, (Arrow(0, 1),), (Cluster(title, -1),)))
        frame = layout.clusters[0]
        width = frame.u1 - frame.u0 if direction in ("LR", "RL") else frame.v1 - frame.v0
        assert width >= text_width(title)


def test_large_graphs_take_linear_room():
    # One value used at every one of 2,000 depths: bends for all would be two million.
    count = 2_000
    arrows = [(i - 1, i) for i in range(1, count)] + [(0, i) for i in range(2, count)]
    layers = Layers(scene_of(count, arrows, label=""))
    assert len(layers.items) < 12 * count
