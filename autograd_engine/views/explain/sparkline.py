"""How large an adjoint is step by step, as a small curve in SVG: where a gradient vanishes.

>>> curve([1e-8, 1e-4, 1.0]).count("<circle")
3
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from autograd_engine.views.explain.formulas import Number
from autograd_engine.views.explain.names import raised
from autograd_engine.views.explain.typesetting import TEXT

WIDTH, HEIGHT, LEFT, EDGE = 420, 150, 70, 22


def curve(numbers: Sequence[float]) -> str:
    """Return the sizes of numbers over the steps 1, 2, ..., by powers of ten; a 0 has none."""
    sizes = [math.log10(abs(number)) if number else -math.inf for number in numbers]
    shown = [size for size in sizes if math.isfinite(size)] or [0.0]
    low, high = math.floor(min(shown)), max(math.ceil(max(shown)), math.floor(min(shown)) + 1)
    across = (WIDTH - LEFT - EDGE) / max(len(numbers) - 1, 1)
    down = (HEIGHT - 2 * EDGE) / (high - low)
    places = ((LEFT + i * across, EDGE + (high - size) * down) for i, size in enumerate(sizes))
    points = [place for place in places if math.isfinite(place[1])]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    every = -(-(high - low) // 4)
    marks = "".join(
        f'<path d="M{LEFT} {y}H{WIDTH - EDGE}" stroke="currentColor" opacity="0.25"/>'
        f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{label}</text>'
        for exponent in range(high, low - 1, -every)
        for y, label in [(EDGE + (high - exponent) * down, f"10{raised(_said(exponent))}")]
    )
    ends = (LEFT, "start", 1, numbers[0]), (WIDTH - EDGE, "end", len(numbers), numbers[-1])
    texts = "".join(
        f'<text x="{x}" y="{HEIGHT - 4}" text-anchor="{side}">t = {t}: {_said(number)}</text>'
        for x, side, t, number in ends
    )
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2"/>' for x, y in points)
    first, last = (_said(abs(number)) for number in (numbers[0], numbers[-1]))
    said = f"the size of δ: {first} at step 1, {last} at the last"
    return (
        f'<svg role="img" aria-label="{said}" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'style="max-width: 100%; font: 11px sans-serif" fill="currentColor" stroke="none">'
        f"{marks}{texts}"
        f'<polyline points="{path}" fill="none" stroke="currentColor"/>{dots}</svg>'
    )


def _said(number: float) -> str:
    return TEXT.set(Number(float(f"{number:.3g}")))
