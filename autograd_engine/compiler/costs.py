"""Costs: how long an array instruction takes, in the kernel and as a call of NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

def kernel_seconds(code: Sequence[int]) -> float:
    """Return about how long the kernel takes for an instruction."""
    if code[0] == 1:
        rows, columns, k1, k2 = code[5:9]
        outer = code[3]*code[4]
        am, an, a1, a2 = code[17:21]
        bm, bn, b1, b2 = code[24:28]
        v=-(-columns//8)
        if code[2]==0:
            if rows>=4 and an==0 and bm==0:
                return outer*(-(-rows//4)*v*(3+k1*k2*(1.4 if bn==1 else 3.5)))
            return outer*rows*(5+v*(3+k1*k2*((1.5 if bn==1 else 3)+(0 if an in (0,1) else 2))))
        if code[2]==1:
            if rows>=4 and an==0 and bm==0 and a2==b2==1:
                return outer*-(-rows//4)*-(-columns//2)*(20+k1*-(-k2//8)*3)
            return outer*rows*columns*(12+k1*-(-k2//8)*1.5)
        return outer*rows*columns*(2+k1*k2*1.2)
    return 1.0
