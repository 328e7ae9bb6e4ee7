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

WIDTH, HEIGHT, LEFT, RIGHT, EDGE = 420, 150, 70, 398, 22


def curve(numbers: Sequence[float]) -> str:
    """Return the sizes of numbers over the steps 1, 2, ..., by powers of ten; a 0 has none."""
    sizes = [(t, math.log10(abs(x))) for t, x in enumerate(numbers) if x and math.isfinite(x)]
    powers = [size for _, size in sizes] or [0.0]
    low, high = math.floor(min(powers)), max(math.ceil(max(powers)), math.floor(min(powers)) + 1)
    across, down = (RIGHT - LEFT) / max(len(numbers) - 1, 1), (HEIGHT - 2 * EDGE) / (high - low)
    points = [(LEFT + t * across, EDGE + (high - size) * down) for t, size in sizes]
    parts = []
    for exponent in range(high, low - 1, (low - high) // 4):
        y = EDGE + (high - exponent) * down
        parts.append(f'<path d="M{LEFT} {y}H{RIGHT}" stroke="currentColor" opacity="0.25"/>')
        parts.append(_text(LEFT - 6, y + 4, "end", f"10{raised(_said(exponent))}"))
    parts.append(_text(LEFT, HEIGHT - 4, "start", f"t = 1: {_said(numbers[0])}"))
    parts.append(_text(RIGHT, HEIGHT - 4, "end", f"t = {len(numbers)}: {_said(numbers[-1])}"))
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts.append(f'<polyline points="{path}" fill="none" stroke="currentColor"/>')
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2"/>' for x, y in points]
    first, last = (_said(abs(number)) for number in (numbers[0], numbers[-1]))
    return (
        f'<svg role="img" aria-label="the size of δ: {first} at step 1, {last} at the last" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" fill="currentColor" stroke="none" '
        f'style="max-width: 100%; font: 11px sans-serif">{"".join(parts)}</svg>'
    )


def _text(x: float, y: float, side: str, text: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{side}">{text}</text>'


def _said(number: float) -> str:
    return TEXT.set(Number(float(f"{number:.3g}")))
