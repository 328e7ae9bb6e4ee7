"""What a picture holds before it is laid out: boxes, arrows, clusters, as plain data and text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

# The first of these have a ∂ of their own: taken from another font it may look like an ð.
FONTS = "DejaVu Sans Mono,Menlo,Consolas,Liberation Mono,Courier New,monospace"
INPUTS = "inputs"  # the row that stands in the first rank
FONT_SIZE = 11
LINE_HEIGHT = 14.0


class Look(NamedTuple):
    """How one kind of box is drawn; shape and line differ too, so that colour is never needed."""

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


class Box(NamedTuple):
    """A drawn node: a value, the operation beside it, or what stands for many values."""

    kind: str
    fields: tuple[str, ...]  # each may have several lines
    stacked: bool = True  # fields below each other, not side by side
    bold: bool = False
    cluster: int = -1
    row: tuple[str, int] = ("", 0)  # those of one row in one frame stand in the order of numbers


class Arrow(NamedTuple):
    """A drawn edge, from an operand to what uses it; `which` operand it is stands at the head."""

    tail: int
    head: int
    label: str = ""
    which: str = ""


class Cluster(NamedTuple):
    """A frame round the boxes of a region; `cluster` is the frame around it, or -1."""

    title: str
    cluster: int
    row: tuple[str, int] = ("", 0)


class Scene(NamedTuple):  # a whole picture without positions
    direction: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    clusters: tuple[Cluster, ...]
    description: str = ""


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


def text_width(text: str, size: float = FONT_SIZE) -> float:
    """Return the width of one line in a typewriter font."""
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
