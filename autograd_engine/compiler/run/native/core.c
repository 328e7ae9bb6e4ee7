/* The native core for vectors of WIDTH numbers: what runs array programs and scalar programs.

   `arrays` carries out array instructions (maps, contractions, rows: see `nests`) on one flat
   memory of doubles, which goes on for 16 doubles behind its end, since vectors are read and
   written whole. `scalars` is a virtual machine for scalar programs (see `core`). What each
   operation computes, and its partials, stand in table.h, written from the table.

   This is compiled once for each WIDTH, by a file of the name that setup.py writes; `module.c`
   takes the best one that the processor has. Flags that keep what the tests want: -O2
   -fno-math-errno -fno-trapping-math -ffp-contract=off. */
#include <math.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define COLUMNS (WIDTH / 4 + 2)
#else
#define COLUMNS 4
#endif
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

#define ROWS 4 /* of a block of a product that stands in registers: it has COLUMNS of vectors */
#define PACKED 128 /* vectors that are copied to stand side by side */
#if WIDTH == 8
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512dq,avx512vl,avx2,fma")
#endif
#elif WIDTH == 4
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#endif
#define INLINE static inline __attribute__((always_inline, unused))
#define PASTE(name, width) name##_##width
#define NAMED(name, width) PASTE(name, width)

INLINE double larger(double x, double y) { return y > x ? y : x; }

#define START 65536 /* in the code of a scalar instruction: the first of a group */

#include "table.h"

#if WIDTH == 2
const char *const ag_told[] = {MAPS, KINDS, GROUPED, SOURCES};
#endif

static double value(int64_t code, double x, double y, double z) {
  switch (code) {
#define EACH(code, text) case code: return text;
    SCALAR_ROWS(EACH)
#undef EACH
  }
  return NAN;
}

/* Vectors. */

typedef double V __attribute__((vector_size(8 * WIDTH)));
typedef int64_t I __attribute__((vector_size(8 * WIDTH)));
typedef double Unaligned __attribute__((vector_size(8 * WIDTH), aligned(8), may_alias));

INLINE V all(double x) { return x - (V){0}; }
INLINE V load(const double *m) { return *(const Unaligned *)m; }
INLINE void store(double *m, V x) { *(Unaligned *)m = x; }

#if WIDTH == 8
#define NUMBERS {0, 1, 2, 3, 4, 5, 6, 7}
#elif WIDTH == 4
#define NUMBERS {0, 1, 2, 3}
#else
#define NUMBERS {0, 1}
#endif

/* Comparisons give a mask, by which one of two is chosen. */
#if WIDTH == 8
typedef __mmask8 Mask;
INLINE Mask less(V x, V y) { return _mm512_cmp_pd_mask((__m512d)x, (__m512d)y, _CMP_LT_OQ); }
INLINE Mask equal(V x, V y) { return _mm512_cmp_pd_mask((__m512d)x, (__m512d)y, _CMP_EQ_OQ); }
INLINE V where(Mask mask, V x, V y) { return (V)_mm512_mask_mov_pd((__m512d)y, mask, (__m512d)x); }
INLINE V fmadd(V x, V y, V z) { return (V)_mm512_fmadd_pd((__m512d)x, (__m512d)y, (__m512d)z); }
INLINE V root(V x) { return (V)_mm512_sqrt_pd((__m512d)x); }
INLINE V first(V x, int64_t n) {
  return (V)_mm512_maskz_mov_pd((__mmask8)((1u << n) - 1), (__m512d)x);
}
INLINE void store_first(double *m, V x, int64_t n) {
  _mm512_mask_storeu_pd(m, (__mmask8)((1u << n) - 1), (__m512d)x);
}
#else
typedef I Mask;
INLINE Mask less(V x, V y) { return x < y; }
INLINE Mask equal(V x, V y) { return x == y; }
#if WIDTH == 4
INLINE V where(Mask mask, V x, V y) {
  return (V)_mm256_blendv_pd((__m256d)y, (__m256d)x, (__m256d)mask);
}
INLINE V fmadd(V x, V y, V z) { return (V)_mm256_fmadd_pd((__m256d)x, (__m256d)y, (__m256d)z); }
INLINE V root(V x) { return (V)_mm256_sqrt_pd((__m256d)x); }
#else
INLINE V where(Mask mask, V x, V y) { return (V)((mask & (I)x) | (~mask & (I)y)); }
#if defined(__aarch64__)
INLINE V fmadd(V x, V y, V z) { return (V)vfmaq_f64((float64x2_t)z, (float64x2_t)x, (float64x2_t)y); }
INLINE V root(V x) { return (V)vsqrtq_f64((float64x2_t)x); }
#else
INLINE V fmadd(V x, V y, V z) { return x * y + z; }
INLINE V root(V x) {
  for (int i = 0; i < WIDTH; ++i) x[i] = sqrt(x[i]);
  return x;
}
#endif
#endif
/* The first n numbers of x, then 0; and writing these, the others as they were. */
INLINE V first(V x, int64_t n) { return (V)((I)x & ((I)NUMBERS < n - (I){0})); }
INLINE void store_first(double *m, V x, int64_t n) {
  store(m, where((I)NUMBERS < n - (I){0}, x, load(m)));
}
#endif

/* Every step-th number, n of them, the last one again and again. */
INLINE V gather(const double *m, int64_t step, int64_t n) {
  V x = {0};
  for (int i = 0; i < WIDTH; ++i) x[i] = m[(i < n ? i : n - 1) * step];
  return x;
}

INLINE double total(V x) {
#if WIDTH == 8
  return ((x[0] + x[4]) + (x[1] + x[5])) + ((x[2] + x[6]) + (x[3] + x[7]));
#elif WIDTH == 4
  return (x[0] + x[2]) + (x[1] + x[3]);
#else
  return x[0] + x[1];
#endif
}

/* The totals of WIDTH vectors as one vector: sums of neighbours, of pairs, of halves. */
#if defined(__clang__)
#define SHUFFLED(x, y, ...) __builtin_shufflevector(x, y, __VA_ARGS__)
#else
#define SHUFFLED(x, y, ...) __builtin_shuffle(x, y, (I){__VA_ARGS__})
#endif
INLINE V totals(const V *t) {
#if WIDTH == 8
#define PAIRED(x, y) \
  (SHUFFLED(x, y, 0, 8, 2, 10, 4, 12, 6, 14) + SHUFFLED(x, y, 1, 9, 3, 11, 5, 13, 7, 15))
#define FOURS(x, y) \
  (SHUFFLED(x, y, 0, 1, 8, 9, 4, 5, 12, 13) + SHUFFLED(x, y, 2, 3, 10, 11, 6, 7, 14, 15))
  V a = FOURS(PAIRED(t[0], t[1]), PAIRED(t[2], t[3])),
    b = FOURS(PAIRED(t[4], t[5]), PAIRED(t[6], t[7]));
  return SHUFFLED(a, b, 0, 1, 2, 3, 8, 9, 10, 11) + SHUFFLED(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
#elif WIDTH == 4
#define PAIRED(x, y) (SHUFFLED(x, y, 0, 4, 2, 6) + SHUFFLED(x, y, 1, 5, 3, 7))
  V a = PAIRED(t[0], t[1]), b = PAIRED(t[2], t[3]);
  return SHUFFLED(a, b, 0, 1, 4, 5) + SHUFFLED(a, b, 2, 3, 6, 7);
#else
#define PAIRED(x, y) (SHUFFLED(x, y, 0, 2) + SHUFFLED(x, y, 1, 3))
  return PAIRED(t[0], t[1]);
#endif
}

/* Functions that processors do not have: a few units in the last place. */

#define MAGIC 0x1.8p52 /* added to a whole number, it leaves that in the last bits */

INLINE V size(V x) { return (V)((I)x & INT64_MAX); }
INLINE V signed_as(V x, V y) { return (V)((I)size(x) | ((I)y & INT64_MIN)); }
INLINE V two_to(V n) { return (V)((I)(n + (MAGIC + 1023.0)) << 52); }
INLINE V nearest(V x) { return (x + MAGIC) - MAGIC; }
#define WHOLE(x) \
  (((I)(x) - 0x3FE6A09E667F3BCD) >> 52) /* less the bits of sqrt(1/2): the exponent */
INLINE V exponent(V x) { return (V)(WHOLE(x) + 0x4338000000000000) - MAGIC; }
INLINE V fraction(V x) { return (V)((I)x - (WHOLE(x) << 52)); }

/* a + b x + (c + d x) x**2, in a short chain: what waits for nothing is computed beside. */
#define CUBIC(a, b, c, d, x, square) fmadd(fmadd(all(d), x, all(c)), square, fmadd(all(b), x, all(a)))

/* e**r - 1 for |r| < 0.35, by its series. */
INLINE V small_expm1(V r) {
  V square = r * r, fourth = square * square;
  V p = CUBIC(1 / 3628800.0, 1 / 39916800.0, 1 / 479001600.0, 1 / 6227020800.0, r, square);
  p = fmadd(p, fourth, CUBIC(1 / 720.0, 1 / 5040.0, 1 / 40320.0, 1 / 362880.0, r, square));
  p = fmadd(p, fourth, CUBIC(1 / 2.0, 1 / 6.0, 1 / 24.0, 1 / 120.0, r, square));
  return fmadd(square, p, r);
}

/* x - k ln 2, in two parts: k times the first one is exact. */
#define REST(x, k) fmadd(k, all(-1.9082149292705877e-10), fmadd(k, all(-0.6931471803691238), x))

INLINE V v_exp(V x) {
  x = where(less(x, all(-1000.0)), all(-1000.0), where(less(all(1000.0), x), all(1000.0), x));
  V k = nearest(x * 1.4426950408889634), half = nearest(k * 0.5);
  return (small_expm1(REST(x, k)) + 1.0) * two_to(half) * two_to(k - half);
}

INLINE V v_tanh(V x) {
  V y = where(less(all(25.0), size(x)), all(25.0), size(x)) * -2.0;
  V k = nearest(y * 1.4426950408889634), scale = two_to(k);
  V e = fmadd(scale, small_expm1(REST(y, k)), scale - 1.0);
  return signed_as(e / (e + 2.0), x);
}

INLINE V v_sigmoid(V x) {
  V e = v_exp(-size(x));
  return where(less(x, all(0.0)), e, all(1.0)) / (1.0 + e);
}

INLINE V v_bell(V x) {
  V e = v_exp(-size(x));
  return e / ((1.0 + e) * (1.0 + e));
}

/* ln x for positive normal numbers. */
INLINE V positive_log(V x) {
  V k = exponent(x), f = fraction(x), s = (f - 1.0) / (f + 1.0), z = s * s;
  V square = z * z, fourth = square * square;
  V p = fmadd(fmadd(all(2 / 23.0), z, all(2 / 21.0)), z, all(2 / 19.0));
  p = fmadd(p, fourth, CUBIC(2 / 11.0, 2 / 13.0, 2 / 15.0, 2 / 17.0, z, square));
  p = fmadd(p, fourth, CUBIC(2 / 3.0, 2 / 5.0, 2 / 7.0, 2 / 9.0, z, square));
  V small = fmadd(s * z, p, 2.0 * s);
  return fmadd(k, all(0.6931471803691238), fmadd(k, all(1.9082149292705877e-10), small));
}

INLINE V v_log(V x) {
  V tiny = all(2.2250738585072014e-308);
  V found = positive_log(where(less(x, tiny), x * 18014398509481984.0, x));
  found = where(less(x, tiny), found - 37.42994775023705, found);
  found = where(less(all(0.0), x), found, where(equal(x, all(0.0)), all(-INFINITY), all(NAN)));
  return where(equal(x, all(INFINITY)), all(INFINITY), found);
}

/* ln(1 + x), which is ln u and what u lost of x, for finite x > -1. */
INLINE V small_log1p(V x) {
  V u = 1.0 + x;
  return positive_log(u) + (x - (u - 1.0)) / u;
}

INLINE V v_log1p(V x) {
  V found = where(less(all(-1.0), x), small_log1p(x), where(equal(x, all(-1.0)), all(-INFINITY), all(NAN)));
  found = where(equal(x, all(INFINITY)), all(INFINITY), found);
  return where(equal(x, all(0.0)), x, found); /* with its sign */
}

INLINE V v_softplus(V x) {
  return where(less(x, all(0.0)), all(0.0), x) + small_log1p(v_exp(-size(x)));
}

INLINE int any(I mask) {
  int64_t found = 0;
  for (int i = 0; i < WIDTH; ++i) found |= mask[i];
  return found != 0;
}

/* The functions from here on hold in a range: elsewhere each number is computed by itself. */
#define EACH_ALONE(inside, function, ...)                         \
  if (any(~(inside))) {                                           \
    V found;                                                      \
    for (int i = 0; i < WIDTH; ++i) found[i] = function(__VA_ARGS__); \
    return found;                                                 \
  }

INLINE V v_expm1(V x) {
  EACH_ALONE(size(x) < all(700.0), expm1, x[i])
  V k = nearest(x * 1.4426950408889634), scale = two_to(k);
  return where(equal(x, all(0.0)), x, fmadd(scale, small_expm1(REST(x, k)), scale - 1.0));
}

INLINE V v_sinh(V x) {
  EACH_ALONE(size(x) < all(700.0), sinh, x[i])
  V e = v_expm1(size(x));
  return signed_as(0.5 * (e + e / (e + 1.0)), x);
}

INLINE V v_cosh(V x) {
  EACH_ALONE(size(x) < all(700.0), cosh, x[i])
  V e = v_exp(size(x));
  return 0.5 * (e + 1.0 / e);
}

/* The sine of x + turn quarters of the circle. pi/2 is taken away in three parts, of which the
   first two have 33 bits, so that many times these are exact; then sine or cosine by their series. */
INLINE V turned(V x, int64_t turn) {
  V k = nearest(x * 0.6366197723675814);
  V r = fmadd(k, all(-1.5707963267341256), x);
  r = fmadd(k, all(-2.0222662487959506e-21), fmadd(k, all(-6.077100506303966e-11), r));
  V z = r * r, square = z * z, fourth = square * square;
  V p = CUBIC(-1 / 39916800.0, 1 / 6227020800.0, -1 / 1307674368000.0, 1 / 355687428096000.0, z,
              square);
  p = fmadd(p, fourth, CUBIC(-1 / 6.0, 1 / 120.0, -1 / 5040.0, 1 / 362880.0, z, square));
  V sine = fmadd(r * z, p, r), half = 0.5 * z, most = 1.0 - half;
  p = CUBIC(1 / 479001600.0, -1 / 87178291200.0, 1 / 20922789888000.0, -1 / 6402373705728000.0, z,
            square);
  p = fmadd(p, fourth, CUBIC(1 / 24.0, -1 / 720.0, 1 / 40320.0, -1 / 3628800.0, z, square));
  V cosine = most + fmadd(square, p, (1.0 - most) - half);
  I which = (I)(k + MAGIC) + turn;
  V found = where(equal((V)((which & 1) << 62), all(2.0)), cosine, sine);
  return (V)((I)found ^ ((which & 2) << 62));
}

INLINE V v_sin(V x) {
  EACH_ALONE(size(x) < all(1e6), sin, x[i])
  return where(equal(x, all(0.0)), x, turned(x, 0));
}

INLINE V v_cos(V x) {
  EACH_ALONE(size(x) < all(1e6), cos, x[i])
  return turned(x, 1);
}

/* Above tan(pi/8) by pi/4 + atan((x - 1)/(x + 1)), above tan(3 pi/8) by pi/2 - atan(1/x); below by
   x + x**3 p(x**2), a Chebyshev fit with an error of 1e-18. */
INLINE V v_atan(V x) {
  V t = size(x), zero = all(0.0), one = all(1.0);
  V large = where(less(all(2.414213562373095), t), one, zero);
  V middle = where(less(all(0.41421356237309503), t), one, zero) - large;
  V y = where(equal(large, one), -1.0 / t, where(equal(middle, one), (t - 1.0) / (t + 1.0), t));
  V z = y * y, square = z * z, fourth = square * square;
  V p = fmadd(fmadd(all(-0.017805397205419446), z, all(0.03796525745386593)), z,
            all(-0.05035102456601552));
  p = fmadd(p, fourth, CUBIC(-0.09090896809064027, 0.07692045330902225, -0.06662951813629191,
                           0.05846878297330872, z, square));
  p = fmadd(p, fourth, CUBIC(-0.3333333333333312, 0.19999999999940893, -0.14285714279250245,
                           0.11111110744919658, z, square));
  V quarters = 2.0 * large + middle; /* of pi/2, whose second part is small */
  y = quarters * 0.7853981633974483 + (fmadd(y * z, p, y) + quarters * 3.061616997868383e-17);
  return where(equal(x, zero), x, signed_as(y, x));
}

/* x / hypot(x, y) */
INLINE V v_unit(V x, V y) {
  V largest = where(less(size(x), size(y)), size(y), size(x));
  EACH_ALONE((all(1e-140) < largest) & (largest < all(1e140)), f_unit, x[i], y[i])
  return x / root(x * x + y * y);
}

INLINE V v_gauss(V x) {
  V square = x * x, big = 134217729.0 * x, high = big - (big - x), low = x - high;
  V error = ((high * high - square) + 2.0 * high * low) + low * low;
  return where(less(all(750.0), square), all(0.0), v_exp(-square) * (1.0 - error));
}

/* Maps: n elements, operands and results have strides. */

static void row(double *m, int64_t code, int64_t n, int64_t o, int64_t os, int64_t x, int64_t xs,
                int64_t y, int64_t ys, int64_t z, int64_t zs) {
  if (code < VECTORS && os == 1 && n > 1 && (xs | ys | zs) >> 1 == 0) {
    /* An operand of stride 0 is a vector beside the memory that is read again and again. */
    V same[3] = {all(m[x]), all(m[y]), all(m[z])};
    double *r = m + o;
    const double *p = xs ? m + x : (double *)&same[0], *q = ys ? m + y : (double *)&same[1];
    const double *s = zs ? m + z : (double *)&same[2];
    xs *= WIDTH, ys *= WIDTH, zs *= WIDTH;
    switch (code) {
#define EACH(code, text)                                         \
  case code:                                                     \
    for (;; n -= WIDTH, r += WIDTH, p += xs, q += ys, s += zs) { \
      V x = load(p), y = load(q), z = load(s), found = text;     \
      (void)x, (void)y, (void)z;                                 \
      if (n < WIDTH) return store_first(r, found, n);            \
      store(r, found);                                           \
      if (n == WIDTH) return;                                    \
    }
      VECTOR_ROWS(EACH)
#undef EACH
    }
  }
  for (int64_t i = 0; i < n; ++i)
    m[o + i * os] = value(code, m[x + i * xs], m[y + i * ys], m[z + i * zs]);
}

INLINE void maps(double *m, const int64_t *c) {
  int64_t code = c[2], n = c[6];
  const int64_t *o = c + 7, *x = c + 12, *y = c + 17, *z = c + 22;
  if ((code == POWER || code == SLOPE) && m[y[0]] == 2.0 && !y[1] && !y[2] && !y[3] && !y[4]) {
    if (code == POWER) y = x; /* x * x, where the slope is 2 * x */
    code = MULTIPLY;
  }
  for (int64_t i = 0; i < c[3]; ++i)
    for (int64_t j = 0; j < c[4]; ++j)
      for (int64_t k = 0; k < c[5]; ++k)
        row(m, code, n, o[0] + i * o[1] + j * o[2] + k * o[3], o[4],
            x[0] + i * x[1] + j * x[2] + k * x[3], x[4], y[0] + i * y[1] + j * y[2] + k * y[3],
            y[4], z[0] + i * z[1] + j * z[2] + k * z[3], z[4]);
}

/* Sums of products: o[i, j] = the sum over p, q of a[i, j, p, q] * b[i, j, p, q]. */

typedef struct {
  double *o;
  const double *a, *b;
  int64_t om, on, am, an, a1, a2, bm, bn, b1, b2, rows, columns, k1, k2;
} Product;

/* A block of results: numbers of a times vectors of b. The last one may have fewer, any stride. */
INLINE void panel(const Product *c, double *o, const double *a, const double *b, int columns) {
  V t[ROWS][COLUMNS] = {{{0}}};
  for (int64_t p = 0; p < c->k1; ++p) {
    const double *x = a + p * c->a1, *y = b + p * c->b1;
    for (int64_t q = 0; q < c->k2; ++q, x += c->a2, y += c->b2) {
      V v[COLUMNS];
#pragma GCC unroll 8
      for (int j = 0; j < columns; ++j) v[j] = load(y + j * WIDTH);
#pragma GCC unroll 8
      for (int i = 0; i < ROWS; ++i) {
        V s = all(x[i * c->am]);
#pragma GCC unroll 8
        for (int j = 0; j < columns; ++j) t[i][j] = fmadd(s, v[j], t[i][j]);
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < ROWS; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < columns; ++j) store(o + i * c->om + j * WIDTH, t[i][j]);
}

/* The same, of one column of vectors, of which only n numbers are wanted. */
INLINE void edge(const Product *c, double *o, const double *a, const double *b, int64_t n) {
  V t[ROWS] = {{0}};
  for (int64_t p = 0; p < c->k1; ++p) {
    const double *x = a + p * c->a1, *y = b + p * c->b1;
    for (int64_t q = 0; q < c->k2; ++q, x += c->a2, y += c->b2) {
      V v = load(y);
#pragma GCC unroll 8
      for (int i = 0; i < ROWS; ++i) t[i] = fmadd(all(x[i * c->am]), v, t[i]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < ROWS; ++i) store_first(o + i * c->om, t[i], n);
}

/* One row of results that stand side by side. */
static void line(const Product *c, double *o, const double *a, const double *b) {
  int64_t n = c->columns, an = c->an, bn = c->bn;
  for (; n >= 2 * WIDTH && bn == 1 && (an >> 1) == 0;
       n -= 2 * WIDTH, o += 2 * WIDTH, a += an * 2 * WIDTH, b += 2 * WIDTH) {
    V t = {0}, u = {0};
    for (int64_t p = 0; p < c->k1; ++p) {
      const double *x = a + p * c->a1, *y = b + p * c->b1;
      for (int64_t q = 0; q < c->k2; ++q, x += c->a2, y += c->b2) {
        V f = an ? load(x) : all(*x), g = an ? load(x + WIDTH) : f;
        t = fmadd(f, load(y), t);
        u = fmadd(g, load(y + WIDTH), u);
      }
    }
    store(o, t);
    store(o + WIDTH, u);
  }
  for (; n > 0; n -= WIDTH, o += WIDTH, a += an * WIDTH, b += bn * WIDTH) {
    int64_t count = n < WIDTH ? n : WIDTH;
    V t = {0};
    for (int64_t p = 0; p < c->k1; ++p) {
      const double *x = a + p * c->a1, *y = b + p * c->b1;
      for (int64_t q = 0; q < c->k2; ++q, x += c->a2, y += c->b2)
        t = fmadd(an == 0   ? all(*x)
                : an == 1 ? load(x)
                          : gather(x, an, count),
                bn == 1 ? load(y) : gather(y, bn, count), t);
    }
    store_first(o, t, count);
  }
}

/* A block of scalar products of rows of a and of b, whose terms stand side by side: n of them. */
INLINE void more(const Product *c, V *t, const double *x, const double *y, int columns, int64_t n) {
  V v[COLUMNS];
#pragma GCC unroll 8
  for (int j = 0; j < columns; ++j)
    v[j] = n < WIDTH ? first(load(y + j * c->bn), n) : load(y + j * c->bn);
#pragma GCC unroll 8
  for (int i = 0; i < ROWS; ++i) {
    V s = n < WIDTH ? first(load(x + i * c->am), n) : load(x + i * c->am);
#pragma GCC unroll 8
    for (int j = 0; j < columns; ++j) t[i * columns + j] = fmadd(s, v[j], t[i * columns + j]);
  }
}
INLINE void dots(const Product *c, double *o, const double *a, const double *b, int columns) {
  V t[ROWS * COLUMNS] = {{0}}; /* row by row */
  for (int64_t p = 0; p < c->k1; ++p) {
    const double *x = a + p * c->a1, *y = b + p * c->b1;
    int64_t left = c->k2;
    for (; left >= WIDTH; left -= WIDTH, x += WIDTH, y += WIDTH) more(c, t, x, y, columns, WIDTH);
    if (left) more(c, t, x, y, columns, left);
  }
#pragma GCC unroll 8
  for (int first = 0; first < ROWS * columns; first += WIDTH) {
    V found = totals(t + first);
#pragma GCC unroll 8
    for (int k = 0; k < WIDTH; ++k)
      if (first + k < ROWS * columns)
        o[(first + k) / columns * c->om + (first + k) % columns * c->on] = found[k];
  }
}

/* One scalar product whose terms stand side by side, or are one number. */
static double dot(const Product *c, const double *a, const double *b) {
  V t = {0}, u = {0};
  int64_t a2 = c->a2, b2 = c->b2;
  V f = all(*a), g = all(*b);
  for (int64_t p = 0; p < c->k1; ++p) {
    const double *x = a + p * c->a1, *y = b + p * c->b1;
    if (!a2) f = all(*x);
    if (!b2) g = all(*y);
    int64_t left = c->k2;
    for (; left >= 2 * WIDTH; left -= 2 * WIDTH, x += a2 * 2 * WIDTH, y += b2 * 2 * WIDTH) {
      t = fmadd(a2 ? load(x) : f, b2 ? load(y) : g, t);
      u = fmadd(a2 ? load(x + WIDTH) : f, b2 ? load(y + WIDTH) : g, u);
    }
    for (; left > 0; left -= WIDTH, x += a2 * WIDTH, y += b2 * WIDTH) {
      V v = a2 ? load(x) : f, w = b2 ? load(y) : g;
      t = left < WIDTH ? fmadd(first(v, left), first(w, left), t) : fmadd(v, w, t);
    }
  }
  return total(t + u);
}

static void one_product(const Product *c, int64_t form) {
  int blocks = c->rows >= ROWS && !c->an && !c->bm;
  int copied = c->bn != 1 && c->k1 * c->k2 <= PACKED; /* what does not stand side by side */
  if (form == 0 && blocks && (c->bn == 1 || copied)) { /* results side by side */
    V side[PACKED];
    Product near = *c;
    if (copied) near.b1 = c->k2 * WIDTH, near.b2 = WIDTH;
    for (int64_t j = 0; j < c->columns;) {
      int wide = c->bn == 1 && c->columns - j >= COLUMNS * WIDTH;
      int64_t n = c->columns - j < WIDTH ? c->columns - j : WIDTH;
      const double *b = c->b + j * c->bn;
      for (int64_t k = 0; copied && k < c->k1 * c->k2; ++k)
        side[k] = gather(b + k / c->k2 * c->b1 + k % c->k2 * c->b2, c->bn, n);
      if (copied) b = (const double *)side;
      for (int64_t block = 0; block < c->rows; block += ROWS) {
        /* The last one goes over rows again, not beyond. */
        int64_t i = block < c->rows - ROWS ? block : c->rows - ROWS;
        double *o = c->o + i * c->om + j;
        const double *a = c->a + i * c->am;
        if (wide)
          panel(c, o, a, b, COLUMNS);
        else
          edge(&near, o, a, b, n);
      }
      j += wide ? COLUMNS * WIDTH : WIDTH;
    }
  } else if (form == 0) {
    for (int64_t i = 0; i < c->rows; ++i)
      line(c, c->o + i * c->om, c->a + i * c->am, c->b + i * c->bm);
  } else if (form == 1 && blocks && c->a2 == 1 && c->b2 == 1) { /* terms side by side */
    for (int64_t j = 0; j < c->columns;) {
      int wide = c->columns - j >= COLUMNS;
      for (int64_t block = 0; block < c->rows; block += ROWS) {
        int64_t i = block < c->rows - ROWS ? block : c->rows - ROWS;
        double *o = c->o + i * c->om + j * c->on;
        const double *a = c->a + i * c->am, *b = c->b + j * c->bn;
        if (wide)
          dots(c, o, a, b, COLUMNS);
        else
          dots(c, o, a, b, 1);
      }
      j += wide ? COLUMNS : 1;
    }
  } else if (form == 1) {
    for (int64_t i = 0; i < c->rows; ++i)
      for (int64_t j = 0; j < c->columns; ++j)
        c->o[i * c->om + j * c->on] =
            dot(c, c->a + i * c->am + j * c->an, c->b + i * c->bm + j * c->bn);
  } else { /* anywhere */
    for (int64_t i = 0; i < c->rows; ++i)
      for (int64_t j = 0; j < c->columns; ++j) {
        double t = 0.0;
        for (int64_t p = 0; p < c->k1; ++p) {
          const double *x = c->a + i * c->am + j * c->an + p * c->a1,
                       *y = c->b + i * c->bm + j * c->bn + p * c->b1;
          for (int64_t q = 0; q < c->k2; ++q) t += x[q * c->a2] * y[q * c->b2];
        }
        c->o[i * c->om + j * c->on] = t;
      }
  }
}

INLINE void contract(double *m, const int64_t *c) {
  Product each = {.rows = c[5], .columns = c[6], .k1 = c[7], .k2 = c[8], .om = c[12], .on = c[13],
                  .am = c[17], .an = c[18], .a1 = c[19], .a2 = c[20],
                  .bm = c[24], .bn = c[25], .b1 = c[26], .b2 = c[27]};
  for (int64_t i = 0; i < c[3]; ++i)
    for (int64_t j = 0; j < c[4]; ++j) {
      each.o = m + c[9] + i * c[10] + j * c[11];
      each.a = m + c[14] + i * c[15] + j * c[16];
      each.b = m + c[21] + i * c[22] + j * c[23];
      one_product(&each, c[2]);
    }
}

/* Rows from here and there to rows elsewhere; or the sum of each, added to a number. */
INLINE void moved(double *m, const int64_t *c) {
  int64_t code = c[2], n = c[4], to = c[5], step = c[6], own = c[7], none = c[8];
  for (int64_t i = 0; i < c[3]; ++i) {
    int64_t o = c[10 + 2 * i], x = c[11 + 2 * i];
    if (c[9]) {
      double t = 0.0;
      for (int64_t j = 0; j < n; ++j) t += m[x + j * step];
      m[o] += t;
    } else if (n == 1)
      m[o] = value(code, m[x], m[o], 0.0);
    else
      row(m, code, n, o, to, x, step, o, own, x, none);
  }
}

/* Scalar programs: instructions of one kind stand together, so each kind has a loop. Of a kind that
   calls functions, those that need none of each other's results are computed in vectors: the first
   of such a group says START. */
INLINE V near(const double *v, const int32_t *place, int64_t n) {
  V x;
  for (int k = 0; k < WIDTH; ++k) x[k] = v[place[4 * (k < n ? k : n - 1)]];
  return x;
}

static void forward(double *v, const int32_t *program, intptr_t shift, intptr_t place,
                    intptr_t end) {
  const int32_t *i = program + 4 * place + shift;
  while (place < end) switch (*i & ~START) {
#define ONE(text)                                     \
  {                                                   \
    double x = v[i[1]], y = v[i[2]], z = v[i[3]];     \
    (void)x, (void)y, (void)z;                        \
    v[place] = text;                                  \
    ++place, i += 4;                                  \
  }
#define EACH(code, text)                              \
  case code:                                          \
    do ONE(text) while (place < end && *i == code);   \
    break;
      KIND_VALUES(EACH)
#undef EACH
#define EACH(code, text, vector, ...)                                         \
  case code: {                                                                \
    int64_t n = 1;                                                            \
    while (n < WIDTH && place + n < end && i[4 * n] == code) ++n;             \
    if (n < 3) ONE(text) else {                                               \
        V x = near(v, i + 1, n), y = near(v, i + 2, n), found = vector;       \
        (void)y;                                                              \
        store_first(v + place, found, n);                                     \
        place += n, i += 4 * n;                                               \
      }                                                                       \
  } break;
      KIND_VECTORS(EACH, EACH)
#undef EACH
#undef ONE
    default:
      return;
    }
}

static void backward(double *v, double *d, const int32_t *program, intptr_t shift, intptr_t first,
                     intptr_t end, int honest) {
  intptr_t place = end - 1;
  const int32_t *i = program + 4 * place + shift;
  while (place >= first) switch (*i & ~START) {
#define ONE(...)                                                      \
  {                                                                   \
    double adjoint = d[place];                                        \
    if (adjoint != 0.0 || honest) {                                   \
      double x = v[i[1]], y = v[i[2]], z = v[i[3]], out = v[place];   \
      (void)x, (void)y, (void)z, (void)out;                           \
      __VA_ARGS__                                                     \
    }                                                                 \
    --place, i -= 4;                                                  \
  }
#define LOOP(code, ...)                                               \
  case code:                                                          \
    do ONE(__VA_ARGS__) while (place >= first && *i == code);         \
    break;
#define BY1(by_x) d[i[1]] += adjoint * (by_x);
#define BY2(by_x, by_y) double p = by_x, q = by_y; d[i[1]] += adjoint * p; d[i[2]] += adjoint * q;
#define EACH1(code, by_x) LOOP(code, BY1(by_x))
#define EACH2(code, by_x, by_y) LOOP(code, BY2(by_x, by_y))
#define EACH3(code, by_x, by_y, by_z)                                                             \
  LOOP(code, double p = by_x, q = by_y, r = by_z; d[i[1]] += adjoint * p; d[i[2]] += adjoint * q; \
       d[i[3]] += adjoint * r;)
      KIND_PARTIALS(EACH1, EACH2, EACH3)
#undef EACH1
#undef EACH2
#undef EACH3
#define GROUP(code, one, by_x, by_y, then)                                                \
  case code: {                                                                            \
    int64_t n = 1;                                                                        \
    while (n < WIDTH && place - n >= first && !(i[4 - 4 * n] & START)) ++n;               \
    if (n < 3) ONE(one) else {                                                            \
        place -= n - 1, i -= 4 * (n - 1);                                                 \
        V x = near(v, i + 1, n), y = near(v, i + 2, n), out = load(v + place);            \
        double p[WIDTH], q[WIDTH];                                                        \
        (void)x, (void)y, (void)out;                                                      \
        store(p, by_x), store(q, by_y);                                                   \
        for (int64_t k = n - 1; k >= 0; --k)                                              \
          if (d[place + k] != 0.0 || honest) {                                            \
            d[i[4 * k + 1]] += d[place + k] * p[k];                                       \
            then                                                                          \
          }                                                                               \
        --place, i -= 4;                                                                  \
      }                                                                                   \
  } break;
#define EACH1(code, value, vector, by_x, vector_x) GROUP(code, BY1(by_x), vector_x, out, )
#define EACH2(code, value, vector, by_x, by_y, vector_x, vector_y) \
  GROUP(code, BY2(by_x, by_y), vector_x, vector_y, d[i[4 * k + 2]] += d[place + k] * q[k];)
      KIND_VECTORS(EACH1, EACH2)
#undef EACH1
#undef EACH2
#undef ONE
    default:
      return;
    }
}

/* Compute the outputs of each row and, if wanted, the gradient of their mean; honest if that is 2:
   then an adjoint of 0 passes on what it is multiplied by, maybe NaN. */
void NAMED(scalars, WIDTH)(double **numbers, const int32_t *program, intptr_t rows,
                            intptr_t wanted) {
  double *v = numbers[0], *d = numbers[1], *given = numbers[2], *outputs = numbers[3];
  intptr_t inputs = program[0], width = program[1], start = program[2], slopes = program[3];
  intptr_t each = program[4], both = program[5], size = program[6], count = program[7];
  intptr_t shift = 8 + count - 4 * start;
  forward(v, program, shift, start, each);
  if (wanted)
    for (intptr_t place = 0; place < both; ++place) d[place] = 0.0;
  for (intptr_t row = 0; row < rows; ++row) {
    for (intptr_t j = 0; j < width; ++j) v[inputs + j] = given[row * width + j];
    forward(v, program, shift, each, size);
    for (intptr_t j = 0; j < count; ++j) outputs[row * count + j] = v[program[8 + j]];
    if (!wanted) continue;
    for (intptr_t place = both; place < size; ++place) d[place] = 0.0;
    d[program[8]] += 1.0 / (double)rows;
    backward(v, d, program, shift, both, size, wanted == 2);
  }
  if (wanted) backward(v, d, program, shift, slopes, each, wanted == 2);
}

/* Carry out the instructions of a code. A loop says how often, the length of its body and that of
   what follows it: which numbers of the body move on after each time, and by how much. */
static void carry_out(double *m, int64_t *c, const int64_t *end) {
  for (; c < end; c += c[1])
    if (c[0] == 0)
      maps(m, c);
    else if (c[0] == 1)
      contract(m, c);
    else if (c[0] == 2)
      moved(m, c);
    else {
      int64_t times = c[2], *body = c + 5, *moves = body + c[3];
      for (int64_t t = 0; t < times; ++t) {
        carry_out(m, body, moves);
        for (int64_t i = 0; i < c[4]; i += 2) body[moves[i]] += moves[i + 1];
      }
      for (int64_t i = 0; i < c[4]; i += 2) body[moves[i]] -= times * moves[i + 1];
    }
}

/* The code begins with the address of the memory, and its own length. */
void NAMED(arrays, WIDTH)(int64_t *code) {
  carry_out((double *)(intptr_t)code[0], code + 2, code + code[1]);
}
#if WIDTH > 2 && defined(__clang__)
#pragma clang attribute pop
#endif
