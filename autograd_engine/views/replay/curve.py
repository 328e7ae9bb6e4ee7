"""The loss curves of the runs as a still picture, for where the page does not run."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 60, 620, 30, 230
LINES = ('stroke="#1453c0"', 'stroke="#a33c06" stroke-dasharray="7 4"')

Points = list[tuple[float, float]]


def loss_curves(runs: Sequence[dict[str, Any]]) -> str:
    """Return the loss of each run over its steps, epoch by epoch, as SVG."""
    curves = [_points(run) for run in runs]
    last = max((x for points in curves for x, _ in points), default=0.0) or 1.0
    losses = [y for points in curves for _, y in points]
    low, high = min([0.0, *losses]), max(losses, default=0.0)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
        f' viewBox="0 0 {WIDTH} {HEIGHT}" font-family="Courier,monospace" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<path d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}" fill="none" stroke="#777777"/>',
        _text(LEFT - 6, TOP + 4, f"{high:.3g}", "end"),
        _text(LEFT - 6, BOTTOM + 4, f"{low:.3g}", "end"),
        _text(LEFT, BOTTOM + 20, "0", "middle"),
        _text(RIGHT, BOTTOM + 20, f"{last:,.0f} steps", "end"),
    ]
    for place, (run, points) in enumerate(zip(runs, curves)):
        across = (RIGHT - LEFT) / last
        down = (BOTTOM - TOP) / (high - low or 1.0)
        places = ((LEFT + across * x, BOTTOM - down * (y - low)) for x, y in points)
        xy = " ".join(f"{u:.1f},{v:.1f}" for u, v in places)
        look = f'fill="none" stroke-width="2.2" {LINES[place]}'
        lines.append(f'<polyline points="{xy}" {look}/>')
        x = LEFT + 12 + place * (RIGHT - LEFT) // 2
        lines.append(f'<path d="M{x} 14h26" {look}/>')
        lines.append(_text(x + 34, 18, f"loss {run['name']}".rstrip(), "start"))
    return "\n".join([*lines, "</svg>"])


def _points(run: dict[str, Any]) -> Points:
    """Return steps and losses: of epochs, or of batches where no epoch was finished twice."""
    epochs = [(run["each"] * (i + 1), y) for i, y in enumerate(run["history"]["loss"])]
    found = [(float(x), float(y)) for x, y in epochs if y is not None]
    return found if len(found) > 1 else [(x, y) for x, y in run["losses"] if y is not None]


def _text(x: float, y: float, words: str, anchor: str) -> str:
    text = escape(words, quote=False)
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="#333333">{text}</text>'
