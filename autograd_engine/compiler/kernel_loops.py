"""The loops of the kernel, as text: they carry out the instructions that `encoding` makes.

Braces hold the size of a block of a product that stands in registers.
"""

from __future__ import annotations

from typing import Final

LOOPS: Final = '''\
@njit(**PART)
def row(m, code, n, o, os, x, xs, y, ys, z, zs):
    """Compute n elements; operands have strides, results too."""
    # Strides of 0 and 1 only: their bits say so.
    if code < VECTORS and os == 1 and n > 1 and (xs | ys | zs) >> 1 == 0:
        while n > 0:
            if n >= LONG:
                u = load_long(m, x) if xs else spread_long(m[x])
                v = load_long(m, y) if ys else spread_long(m[y])
                w = load_long(m, z) if zs else spread_long(m[z])
            else:
                u = load_long_first(m, x, n) if xs else spread_long(m[x])
                v = load_long_first(m, y, n) if ys else spread_long(m[y])
                w = load_long_first(m, z, n) if zs else spread_long(m[z])
            result = vectors(code, u, v, w)
            if n >= LONG:
                store_long(m, o, result)
            else:
                store_long_first(m, o, result, n)
            n -= LONG
            o, x, y, z = o + LONG, x + xs * LONG, y + ys * LONG, z + zs * LONG
    else:
        for i in range(n):
            m[o + i * os] = value(code, m[x + i * xs], m[y + i * ys], m[z + i * zs])


@njit(**PART)
def maps(m, c):
    """Compute an elementary operation, element by element."""
    code, n = c[2], c[6]
    o, o1, o2, o3, os = c[7], c[8], c[9], c[10], c[11]
    x, x1, x2, x3, xs = c[12], c[13], c[14], c[15], c[16]
    y, y1, y2, y3, ys = c[17], c[18], c[19], c[20], c[21]
    z, z1, z2, z3, zs = c[22], c[23], c[24], c[25], c[26]
    if (code == POWER or code == SLOPE) and m[y] == 2.0 and y1 == y2 == y3 == ys == 0:
        if code == POWER:  # x * x, where the slope is 2 * x
            y, y1, y2, y3, ys = x, x1, x2, x3, xs
        code = MULTIPLY
    for i in range(c[3]):
        for j in range(c[4]):
            for k in range(c[5]):
                row(
                    m, code, n,
                    o + i * o1 + j * o2 + k * o3, os,
                    x + i * x1 + j * x2 + k * x3, xs,
                    y + i * y1 + j * y2 + k * y3, ys,
                    z + i * z1 + j * z2 + k * z3, zs,
                )


@njit(**PART)
def line(m, o, a, an, a1, a2, b, bn, b1, b2, k1, k2, n):
    """Compute n numbers of a product, side by side: at each step times vectors of b."""
    while n >= LONG and bn == 1 and 0 <= an <= 1:
        u, f = spread_long(0.0), spread_long(0.0)
        for p in range(k1):
            x, y = a + p * a1, b + p * b1
            for q in range(k2):
                if an:
                    f = load_long(m, x)
                else:
                    f = spread_long(m[x])
                u = fma(f, load_long(m, y), u)
                x += a2
                y += b2
        store_long(m, o, u)
        n -= LONG
        o, a, b = o + LONG, a + an * LONG, b + LONG
    while n > 0:
        count = min(n, WIDTH)
        t, s = spread(0.0), spread(0.0)
        for p in range(k1):
            x, y = a + p * a1, b + p * b1
            for q in range(k2):
                if an == 0:
                    s = spread(m[x])
                elif an == 1:
                    s = load_first(m, x, count)
                else:
                    s = gather_first(m, x, an, count)
                if bn == 1:
                    t = fma(s, load_first(m, y, count), t)
                else:
                    t = fma(s, gather_first(m, y, bn, count), t)
                x += a2
                y += b2
        store_first(m, o, t, count)
        n -= WIDTH
        o, a, b = o + WIDTH, a + an * WIDTH, b + bn * WIDTH


@njit(**PART)
def dot(m, a, a1, a2, b, b1, b2, k1, k2):
    """Return a scalar product whose factors stand side by side, or are one number."""
    long = spread_long(0.0)
    u, v = spread_long(m[a]), spread_long(m[b])
    t = spread(0.0)
    for p in range(k1):
        x, y, left = a + p * a1, b + p * b1, k2
        while left >= LONG:
            if a2:
                u = load_long(m, x)
            if b2:
                v = load_long(m, y)
            long = fma(u, v, long)
            x, y, left = x + a2 * LONG, y + b2 * LONG, left - LONG
        while left > 0:
            s = load_first(m, x, left) if a2 else spread_first(m[x], left)
            r = load_first(m, y, left) if b2 else spread_first(m[y], left)
            t = fma(s, r, t)
            x, y, left = x + a2 * WIDTH, y + b2 * WIDTH, left - WIDTH
    return total(t) + total(long)


@njit(**PART)
def panels(m, o, om, a, am, an, a1, a2, b, bm, bn, b1, b2, rows, columns, k1, k2):
    """Compute a product whose result has columns side by side."""
    if rows < {rows} or an != 0 or bm != 0:
        for i in range(rows):
            line(m, o + i * om, a + i * am, an, a1, a2, b + i * bm, bn, b1, b2, k1, k2, columns)
        return
    j = 0
    while j < columns:
        wide = bn == 1 and columns - j >= {columns} * WIDTH
        for first in range(0, rows, {rows}):
            i = min(first, rows - {rows})  # the last block goes over rows again, not beyond
            to, x, y = o + i * om + j, a + i * am, b + j * bn
            if wide:
                panel(m, to, om, x, am, a1, a2, y, bn, b1, b2, k1, k2, 0)
            else:
                count = min(columns - j, WIDTH)
                edge(m, to, om, x, am, a1, a2, y, bn, b1, b2, k1, k2, count)
        j += {columns} * WIDTH if wide else WIDTH


@njit(**PART)
def products(m, o, om, on, a, am, an, a1, a2, b, bm, bn, b1, b2, rows, columns, k1, k2):
    """Compute a product whose terms stand side by side."""
    if rows < {rows} or an != 0 or bm != 0 or a2 != 1 or b2 != 1:
        for i in range(rows):
            for j in range(columns):
                m[o + i * om + j * on] = dot(
                    m, a + i * am + j * an, a1, a2, b + i * bm + j * bn, b1, b2, k1, k2
                )
        return
    j = 0
    while j < columns:
        wide = columns - j >= {columns}
        for first in range(0, rows, {rows}):
            i = min(first, rows - {rows})
            to, x, y = o + i * om + j * on, a + i * am, b + j * bn
            if wide:
                dots(m, to, om, on, x, am, a1, y, bn, b1, k1, k2)
            else:
                file(m, to, om, on, x, am, a1, y, bn, b1, k1, k2)
        j += {columns} if wide else 1


@njit(**PART)
def plain(m, o, om, on, a, am, an, a1, a2, b, bm, bn, b1, b2, rows, columns, k1, k2):
    """Compute a product of factors that stand anywhere."""
    for i in range(rows):
        for j in range(columns):
            t = 0.0
            for p in range(k1):
                x = a + i * am + j * an + p * a1
                y = b + i * bm + j * bn + p * b1
                for q in range(k2):
                    t += m[x + q * a2] * m[y + q * b2]
            m[o + i * om + j * on] = t


@njit(**PART)
def contract(m, c):
    """Compute sums of products."""
    rows, columns, k1, k2 = c[5], c[6], c[7], c[8]
    om, on = c[12], c[13]
    am, an, a1, a2 = c[17], c[18], c[19], c[20]
    bm, bn, b1, b2 = c[24], c[25], c[26], c[27]
    for i in range(c[3]):
        for j in range(c[4]):
            o = c[9] + i * c[10] + j * c[11]
            a = c[14] + i * c[15] + j * c[16]
            b = c[21] + i * c[22] + j * c[23]
            if c[2] == 0:
                panels(
                    m, o, om, a, am, an, a1, a2, b, bm, bn, b1, b2, rows, columns, k1, k2
                )
            elif c[2] == 1:
                products(
                    m, o, om, on, a, am, an, a1, a2, b, bm, bn, b1, b2, rows, columns, k1, k2
                )
            else:
                plain(
                    m, o, om, on, a, am, an, a1, a2, b, bm, bn, b1, b2, rows, columns, k1, k2
                )


@njit(**PART)
def rows(m, c):
    """Map rows from here and there to rows elsewhere; or add the sum of each to a number."""
    code, n, to, step, own, none = c[2], c[4], c[5], c[6], c[7], c[8]
    for i in range(c[3]):
        o, x = c[10 + 2 * i], c[11 + 2 * i]
        if c[9]:
            t = 0.0
            for j in range(n):
                t += m[x + j * step]
            m[o] += t
        else:
            row(m, code, n, o, to, x, step, o, own, x, none)


def run(code):
    """Carry out the instructions, one after the other.

    The code begins with the address of the memory and its own length.
    """
    m, place = floats_at(code[0]), 2
    while place < code[1]:
        c = behind(code, place)
        kind = c[0]
        if kind == 0:
            maps(m, c)
        elif kind == 1:
            contract(m, c)
        else:
            rows(m, c)
        place += c[1]


with unoptimised():  # function by function: the whole is optimised afterwards
    run = cfunc("void(CPointer(int64))", **IEEE)(run)'''
