"""What a picture holds before it is laid out: boxes, arrows, clusters, and the rank of each box."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import Any, NamedTuple

# The first of these have a ∂ of their own: taken from another font it may look like an ð.
FONTS = "DejaVu Sans Mono,Menlo,Consolas,Liberation Mono,Courier New,monospace"
INPUTS = "inputs"  # the row that stands in the first rank
FONT_SIZE = 11
LINE_HEIGHT = 14.0

Point = tuple[float, float]


class Look(NamedTuple):  # of one kind of box: shape and line tell it too, colour is never needed
    shape: str  # "square", "round" (corners), "oval"
    fill: str
    line: str = "#333333"
    text: str = "#000000"
    dashed: bool = False
    double: bool = False


LOOKS = {
    "leaf": Look("square", "#e3eefa"),
    "constant": Look("square", "#ffffff", "#777777", "#555555", dashed=True),
    "result": Look("round", "#ffffff"),
    "operation": Look("oval", "#fdf1d0"),
    "folded": Look("round", "#e8f3e4", double=True),
    "hidden": Look("round", "#f4f4f4", "#777777", "#555555", dashed=True),
}
EDGE_COLOUR = "#555555"
CLUSTER_COLOUR = "#999999"
CLUSTER_FILLS = ("#f7f7f9", "#eeeef2")


class Box(NamedTuple):  # a value, the operation beside it, or what stands for many values
    kind: str
    fields: tuple[str, ...]  # each may have several lines
    stacked: bool = True  # fields below each other, not side by side
    bold: bool = False
    cluster: int = -1
    row: tuple[str, int] = ("", 0)  # those of one row in one frame stand in the order of numbers


class Arrow(NamedTuple):  # from an operand to what uses it
    tail: int
    head: int
    label: str = ""
    which: str = ""  # operand it is; stands at the head


class Cluster(NamedTuple):  # a frame round the boxes of a region
    title: str
    cluster: int  # the frame around it, or -1
    row: tuple[str, int] = ("", 0)


class Scene(NamedTuple):  # a whole picture without positions
    direction: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    clusters: tuple[Cluster, ...]
    description: str = ""


class Rectangle(NamedTuple):  # a place: u runs along the direction, v across it
    u0: float
    v0: float
    u1: float
    v1: float


class Layout(NamedTuple):  # where everything stands
    length: float
    breadth: float
    boxes: list[Rectangle]
    clusters: list[Rectangle]
    labels: list[Rectangle | None]
    routes: list[list[list[Point]]]  # for each arrow its strokes, lists of points


def rows(parts: Sequence[Any]) -> list[list[int]]:
    """Return the numbers of boxes or frames that stand in a row inside one frame, in order."""
    found: dict[tuple[int, str], list[int]] = {}
    for i, part in enumerate(parts):
        if part.row[0]:
            found.setdefault((part.cluster, part.row[0]), []).append(i)
    return [sorted(row, key=lambda i: parts[i].row[1]) for row in found.values() if len(row) > 1]


def readable(text: str) -> str:
    """Return the text with the characters that no XML may hold made visible."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    shown = lambda match: chr(0x2400 + ord(match[0])) if match[0] < " " else "\ufffd"  # noqa: E731
    return re.sub("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", shown, text)


def text_width(text: str, size: float = FONT_SIZE) -> float:  # of a line in a typewriter font
    drawn = [c for c in text if not unicodedata.combining(c) and c not in "\u200d\ufe0f"]
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in drawn)
    return 0.6 * size * (len(drawn) + wide)


def field_sizes(box: Box) -> list[tuple[float, float]]:
    fields = [field.split("\n") for field in box.fields]
    return [(max(map(text_width, f)) + 16.0, len(f) * LINE_HEIGHT + 8.0) for f in fields]


def box_size(box: Box) -> tuple[float, float]:
    widths, heights = zip(*field_sizes(box))
    width, height = (max(widths), sum(heights)) if box.stacked else (sum(widths), max(heights))
    margin = 6.0 if LOOKS[box.kind].double else 0.0
    return max(width, 34.0) + margin, height + margin + (4.0 if box.kind == "operation" else 0.0)


def cluster_paths(scene: Scene) -> dict[int, list[int]]:
    """Return for each cluster the clusters around it, outermost first, and itself; -1 has none."""
    paths: dict[int, list[int]] = {-1: []}
    for number, cluster in enumerate(scene.clusters):
        paths[number] = [*paths[cluster.cluster], number]
    return paths


def box_ranks(scene: Scene) -> list[int]:
    """Return the rank of each box: its longest path from a source, or later if that is nearer."""
    count, paths = len(scene.boxes), cluster_paths(scene)
    # To each box those before it, with the least steps between; as boxes count a cluster's ends,
    # which keep clusters apart: of cluster c they are count + 2c and count + 2c + 1.
    before: dict[int, dict[int, int]] = {i: {} for i in range(count + 2 * len(scene.clusters))}
    starts = [[*(count + 2 * c for c in paths[b.cluster]), i] for i, b in enumerate(scene.boxes)]
    for start in starts:
        for one, other in pairwise([*start, *[number + 1 for number in start[-2::-1]]]):
            before[other][one] = 0
    for arrow in scene.arrows:
        tail, head = starts[arrow.tail], starts[arrow.head]
        before[arrow.head][arrow.tail] = 1
        same = sum(one == other for one, other in zip(tail[:-1], head[:-1]))  # frames in common
        before[head[same]][tail[same] + (same < len(tail) - 1)] = 1
    order = [*TopologicalSorter(before).static_order()]
    rank = dict.fromkeys(order, 0)
    after: dict[int, dict[int, int]] = {number: {} for number in order}
    for number in order:
        for other, steps in before[number].items():
            after[other][number] = steps
            rank[number] = max(rank[number], rank[other] + steps)
    # Boxes move nearer to their uses where that makes the sum of all arrows no longer.
    uses = {number: sum(after[number].values()) for number in order}
    held: dict[int, int] = {}  # how many arrows to a box would get longer
    for number in order:
        held[number] = sum(o < count and (held[o] > 0 or uses[o] > 1) for o in before[number])
    for box in reversed(order):
        if box < count and scene.boxes[box].row[0] != INPUTS and uses[box] >= max(held[box], 1):
            rank[box] = min(rank[other] - steps for other, steps in after[box].items())
    return [rank[box] for box in range(count)]
