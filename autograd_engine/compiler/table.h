/* Written from the table of primitives when the package is built. */
INLINE double f_cbrt(double x);
INLINE double f_exp2(double x);
INLINE double f_log(double x);
INLINE double f_hypot(double x, double y);
INLINE double f_power(double x, double y);
INLINE double f_sigmoid(double x);
INLINE double f_softplus(double x);
INLINE double f_logaddexp(double x, double y);
INLINE double f_bell(double x);
INLINE double f_relu(double x);
INLINE double f_maximum(double x, double y);
INLINE double f_minimum(double x, double y);
INLINE double f_sign(double x);
INLINE double f_above(double x, double y);
INLINE double f_at_least(double x, double y);
INLINE double f_equals(double x, double y);
INLINE double f_stopped(double x);
INLINE double f_gap(double x, double y);
INLINE double f_portion(double x, double y);
INLINE double f_gate(double key, double x);
INLINE double f_azmul(double x, double y);
INLINE double f_ratio(double x, double y);
INLINE double f_ln(double x);
INLINE double f_lenient_power(double x, double y);
INLINE double f_power_log(double x, double y);
INLINE double f_slope(double x, double y);
INLINE double f_unit(double x, double y);
INLINE double f_gauss(double x);
INLINE double f_circle(double x);
static const double _SPLIT = 134217729.0;
INLINE double f_cbrt(double x) {
  if (((x == 0.0) || isinf(x) || isnan(x))) {
    return x;
  }
  double new_scale = (fabs(x) < 1e-200) ? 1.152921504606847e+18 : 1.0;
  double new_size = (fabs(x) < 1e-200) ? (fabs(x) * 1.532495540865889e+54) : fabs(x);
  double scale = new_scale;
  double size = new_size;
  double root = pow(size, (1.0 / 3.0));
  root -= ((root - ((size / root) / root)) / 3.0);
  return copysign((root / scale), x);
}
INLINE double f_exp2(double x) {
  double result = pow(2.0, x);
  return result;
}
INLINE double f_log(double x) {
  return log(x);
}
INLINE double f_hypot(double x, double y) {
  return hypot(x, y);
}
INLINE double f_power(double x, double y) {
  return y == 2.0 ? x * x : pow(x, y);
}
INLINE double f_sigmoid(double x) {
  if ((x >= 0.0)) {
    return (1.0 / (1.0 + exp((-x))));
  }
  double e = exp(x);
  return (e / (1.0 + e));
}
INLINE double f_softplus(double x) {
  if ((x > 0.0)) {
    return (x + log1p(exp((-x))));
  }
  return log1p(exp(x));
}
INLINE double f_logaddexp(double x, double y) {
  return (f_maximum(x, y) + log1p(exp((-fabs(f_gap(x, y))))));
}
INLINE double f_bell(double x) {
  return (f_sigmoid(x) * f_sigmoid((-x)));
}
INLINE double f_relu(double x) {
  return ((x < 0.0) ? 0.0 : x);
}
INLINE double f_maximum(double x, double y) {
  return (((y > x) || (y != y)) ? y : x);
}
INLINE double f_minimum(double x, double y) {
  return (((y < x) || (y != y)) ? y : x);
}
INLINE double f_sign(double x) {
  return (((!x) || (x != x)) ? x : copysign(1.0, x));
}
INLINE double f_above(double x, double y) {
  return ((x > y) ? 1.0 : 0.0);
}
INLINE double f_at_least(double x, double y) {
  return ((x >= y) ? 1.0 : 0.0);
}
INLINE double f_equals(double x, double y) {
  return ((x == y) ? 1.0 : 0.0);
}
INLINE double f_stopped(double x) {
  return x;
}
INLINE double f_gap(double x, double y) {
  if ((x != y)) {
    return (x - y);
  }
  return ((x == (-INFINITY)) ? x : 0.0);
}
INLINE double f_portion(double x, double y) {
  double below = f_gap(x, y);
  double found = f_sigmoid(below);
  if ((!((-800.0) < below && below < 0.0))) {
    return found;
  }
  double back = (below - x);
  return (found + (found * ((x - (below - back)) - (y + back))));
}
INLINE double f_gate(double key, double x) {
  return (key ? x : 0.0);
}
INLINE double f_azmul(double x, double y) {
  double product = (x * y);
  return ((x || (product == product)) ? product : 0.0);
}
INLINE double f_ratio(double x, double y) {
  return (x / y);
}
INLINE double f_ln(double x) {
  return log(x);
}
INLINE double f_lenient_power(double x, double y) {
  return y == 2.0 ? x * x : pow(x, y);
}
INLINE double f_power_log(double x, double y) {
  if ((!x)) {
    return 0.0;
  }
  double result = f_lenient_power(x, y);
  if (((fabs(result) < 1e-300) && (x > 0.0))) {
    double half = f_lenient_power(x, (0.5 * y));
    return ((half * f_ln(x)) * half);
  }
  return (result * f_ln(x));
}
INLINE double f_slope(double x, double y) {
  if ((!y)) {
    return 0.0;
  }
  if ((y >= 0.5)) {
    return (y * f_lenient_power(x, (y - 1.0)));
  }
  if ((!x)) {
    return copysign(INFINITY, y);
  }
  return f_ratio((y * f_lenient_power(x, y)), x);
}
INLINE double f_unit(double x, double y) {
  if (((x == 0.0) && (y == 0.0))) {
    return 0.0;
  }
  double largest = larger(fabs(x), fabs(y));
  if ((largest < 1e-290)) {
    double new_x = (x * 1.2676506002282294e+30);
    double new_y = (y * 1.2676506002282294e+30);
    x = new_x;
    y = new_y;
  }
  else {
    if (((largest > 1e+300) && (!isinf(largest)))) {
      double new_x = (x * 0.0009765625);
      double new_y = (y * 0.0009765625);
      x = new_x;
      y = new_y;
    }
  }
  return (x / hypot(x, y));
}
INLINE double f_gauss(double x) {
  double square = (x * x);
  if ((square > 750.0)) {
    return 0.0;
  }
  double big = (_SPLIT * x);
  double high = (big - (big - x));
  double low = (x - high);
  double error = ((((high * high) - square) + ((2.0 * high) * low)) + (low * low));
  return (exp((-square)) * (1.0 - error));
}
INLINE double f_circle(double x) {
  return sqrt(((1.0 - x) * (1.0 + x)));
}
#define MULTIPLY 3
#define POWER 30
#define SLOPE 53
#define VECTORS 30
#define MAPS "stopped add subtract multiply divide ratio negative absolute sqrt circle relu maximum minimum above at_least equals sign azmul gap gate choose exp log ln log1p tanh sigmoid bell softplus gauss power exp2 expm1 log2 log10 cbrt sin cos tan asin acos atan atan2 sinh cosh asinh acosh atanh erf erfc hypot logaddexp lenient_power slope power_log unit portion"
#define KINDS "add by 2|subtract by 2|multiply by 2|divide by 2|power by 2|negative by 1|absolute by 1|exp by 1|exp2 by 1|expm1 by 1|log by 1|log1p by 1|log2 by 1|log10 by 1|sqrt by 1|cbrt by 1|sin by 1|cos by 1|tan by 1|asin by 1|acos by 1|atan by 1|atan2 by 2|sinh by 1|cosh by 1|tanh by 1|asinh by 1|acosh by 1|atanh by 1|erf by 1|erfc by 1|sigmoid by 1|softplus by 1|relu by 1|maximum by 2|minimum by 2|hypot by 2|logaddexp by 2|azmul by 2|ratio by 2|ln by 1|lenient_power by 2|slope by 2|power_log by 2|sign by 1|above by 2|at_least by 2|equals by 2|gap by 2|stopped by 1|gate by 2|unit by 2|circle by 1|gauss by 1|portion by 2|bell by 1|incline by 2|add by 1|subtract by 1|multiply by 1|divide by 1|power by 1|incline by 1|add of a product by 3|add of a product by 2|subtract of a product by 3|subtract of a product by 2"
#define VECTOR_ROWS(EACH) \
  EACH(0, x) /* stopped */ \
  EACH(1, (x + y)) /* add */ \
  EACH(2, (x - y)) /* subtract */ \
  EACH(3, (x * y)) /* multiply */ \
  EACH(4, (x / y)) /* divide */ \
  EACH(5, (x / y)) /* ratio */ \
  EACH(6, (-x)) /* negative */ \
  EACH(7, size(x)) /* absolute */ \
  EACH(8, root(x)) /* sqrt */ \
  EACH(9, root(((1.0 - x) * (1.0 + x)))) /* circle */ \
  EACH(10, if_less(x, all(0.0), all(0.0), x)) /* relu */ \
  EACH(11, if_less(x, y, y, if_equal(y, y, x, y))) /* maximum */ \
  EACH(12, if_less(y, x, y, if_equal(y, y, x, y))) /* minimum */ \
  EACH(13, if_less(y, x, all(1.0), all(0.0))) /* above */ \
  EACH(14, if_less(y, x, all(1.0), if_equal(x, y, all(1.0), all(0.0)))) /* at_least */ \
  EACH(15, if_equal(x, y, all(1.0), all(0.0))) /* equals */ \
  EACH(16, if_less(x, all(0.0), all((-1.0)), if_less(all(0.0), x, all(1.0), x))) /* sign */ \
  EACH(17, if_equal(x, all(0.0), if_equal((x * y), (x * y), (x * y), all(0.0)), (x * y))) /* azmul */ \
  EACH(18, if_equal(x, y, if_less(all((-INFINITY)), x, all(0.0), x), (x - y))) /* gap */ \
  EACH(19, if_equal(x, all(0.0), all(0.0), y)) /* gate */ \
  EACH(20, if_less(y, x, z, all(0.0))) /* choose */ \
  EACH(21, v_exp(x)) /* exp */ \
  EACH(22, v_log(x)) /* log */ \
  EACH(23, v_log(x)) /* ln */ \
  EACH(24, v_log1p(x)) /* log1p */ \
  EACH(25, v_tanh(x)) /* tanh */ \
  EACH(26, v_sigmoid(x)) /* sigmoid */ \
  EACH(27, v_bell(x)) /* bell */ \
  EACH(28, v_softplus(x)) /* softplus */ \
  EACH(29, v_gauss(x)) /* gauss */

#define SCALAR_ROWS(EACH) \
  EACH(0, f_stopped(x)) /* stopped */ \
  EACH(1, (x + y)) /* add */ \
  EACH(2, (x - y)) /* subtract */ \
  EACH(3, (x * y)) /* multiply */ \
  EACH(4, (x / y)) /* divide */ \
  EACH(5, f_ratio(x, y)) /* ratio */ \
  EACH(6, (-x)) /* negative */ \
  EACH(7, fabs(x)) /* absolute */ \
  EACH(8, sqrt(x)) /* sqrt */ \
  EACH(9, f_circle(x)) /* circle */ \
  EACH(10, f_relu(x)) /* relu */ \
  EACH(11, f_maximum(x, y)) /* maximum */ \
  EACH(12, f_minimum(x, y)) /* minimum */ \
  EACH(13, f_above(x, y)) /* above */ \
  EACH(14, f_at_least(x, y)) /* at_least */ \
  EACH(15, f_equals(x, y)) /* equals */ \
  EACH(16, f_sign(x)) /* sign */ \
  EACH(17, f_azmul(x, y)) /* azmul */ \
  EACH(18, f_gap(x, y)) /* gap */ \
  EACH(19, f_gate(x, y)) /* gate */ \
  EACH(20, ((x > y) ? z : 0.0)) /* choose */ \
  EACH(21, exp(x)) /* exp */ \
  EACH(22, f_log(x)) /* log */ \
  EACH(23, f_ln(x)) /* ln */ \
  EACH(24, log1p(x)) /* log1p */ \
  EACH(25, tanh(x)) /* tanh */ \
  EACH(26, f_sigmoid(x)) /* sigmoid */ \
  EACH(27, f_bell(x)) /* bell */ \
  EACH(28, f_softplus(x)) /* softplus */ \
  EACH(29, f_gauss(x)) /* gauss */ \
  EACH(30, f_power(x, y)) /* power */ \
  EACH(31, f_exp2(x)) /* exp2 */ \
  EACH(32, expm1(x)) /* expm1 */ \
  EACH(33, log2(x)) /* log2 */ \
  EACH(34, log10(x)) /* log10 */ \
  EACH(35, f_cbrt(x)) /* cbrt */ \
  EACH(36, sin(x)) /* sin */ \
  EACH(37, cos(x)) /* cos */ \
  EACH(38, tan(x)) /* tan */ \
  EACH(39, asin(x)) /* asin */ \
  EACH(40, acos(x)) /* acos */ \
  EACH(41, atan(x)) /* atan */ \
  EACH(42, atan2(x, y)) /* atan2 */ \
  EACH(43, sinh(x)) /* sinh */ \
  EACH(44, cosh(x)) /* cosh */ \
  EACH(45, asinh(x)) /* asinh */ \
  EACH(46, acosh(x)) /* acosh */ \
  EACH(47, atanh(x)) /* atanh */ \
  EACH(48, erf(x)) /* erf */ \
  EACH(49, erfc(x)) /* erfc */ \
  EACH(50, f_hypot(x, y)) /* hypot */ \
  EACH(51, f_logaddexp(x, y)) /* logaddexp */ \
  EACH(52, f_lenient_power(x, y)) /* lenient_power */ \
  EACH(53, f_slope(x, y)) /* slope */ \
  EACH(54, f_power_log(x, y)) /* power_log */ \
  EACH(55, f_unit(x, y)) /* unit */ \
  EACH(56, f_portion(x, y)) /* portion */

#define KIND_VALUES(EACH) \
  EACH(0, (x + y)) /* add by 2 */ \
  EACH(1, (x - y)) /* subtract by 2 */ \
  EACH(2, (x * y)) /* multiply by 2 */ \
  EACH(3, (x / y)) /* divide by 2 */ \
  EACH(4, f_power(x, y)) /* power by 2 */ \
  EACH(5, (-x)) /* negative by 1 */ \
  EACH(6, fabs(x)) /* absolute by 1 */ \
  EACH(7, exp(x)) /* exp by 1 */ \
  EACH(8, f_exp2(x)) /* exp2 by 1 */ \
  EACH(9, expm1(x)) /* expm1 by 1 */ \
  EACH(10, f_log(x)) /* log by 1 */ \
  EACH(11, log1p(x)) /* log1p by 1 */ \
  EACH(12, log2(x)) /* log2 by 1 */ \
  EACH(13, log10(x)) /* log10 by 1 */ \
  EACH(14, sqrt(x)) /* sqrt by 1 */ \
  EACH(15, f_cbrt(x)) /* cbrt by 1 */ \
  EACH(16, sin(x)) /* sin by 1 */ \
  EACH(17, cos(x)) /* cos by 1 */ \
  EACH(18, tan(x)) /* tan by 1 */ \
  EACH(19, asin(x)) /* asin by 1 */ \
  EACH(20, acos(x)) /* acos by 1 */ \
  EACH(21, atan(x)) /* atan by 1 */ \
  EACH(22, atan2(x, y)) /* atan2 by 2 */ \
  EACH(23, sinh(x)) /* sinh by 1 */ \
  EACH(24, cosh(x)) /* cosh by 1 */ \
  EACH(25, tanh(x)) /* tanh by 1 */ \
  EACH(26, asinh(x)) /* asinh by 1 */ \
  EACH(27, acosh(x)) /* acosh by 1 */ \
  EACH(28, atanh(x)) /* atanh by 1 */ \
  EACH(29, erf(x)) /* erf by 1 */ \
  EACH(30, erfc(x)) /* erfc by 1 */ \
  EACH(31, f_sigmoid(x)) /* sigmoid by 1 */ \
  EACH(32, f_softplus(x)) /* softplus by 1 */ \
  EACH(33, f_relu(x)) /* relu by 1 */ \
  EACH(34, f_maximum(x, y)) /* maximum by 2 */ \
  EACH(35, f_minimum(x, y)) /* minimum by 2 */ \
  EACH(36, f_hypot(x, y)) /* hypot by 2 */ \
  EACH(37, f_logaddexp(x, y)) /* logaddexp by 2 */ \
  EACH(38, f_azmul(x, y)) /* azmul by 2 */ \
  EACH(39, f_ratio(x, y)) /* ratio by 2 */ \
  EACH(40, f_ln(x)) /* ln by 1 */ \
  EACH(41, f_lenient_power(x, y)) /* lenient_power by 2 */ \
  EACH(42, f_slope(x, y)) /* slope by 2 */ \
  EACH(43, f_power_log(x, y)) /* power_log by 2 */ \
  EACH(44, f_sign(x)) /* sign by 1 */ \
  EACH(45, f_above(x, y)) /* above by 2 */ \
  EACH(46, f_at_least(x, y)) /* at_least by 2 */ \
  EACH(47, f_equals(x, y)) /* equals by 2 */ \
  EACH(48, f_gap(x, y)) /* gap by 2 */ \
  EACH(49, f_stopped(x)) /* stopped by 1 */ \
  EACH(50, f_gate(x, y)) /* gate by 2 */ \
  EACH(51, f_unit(x, y)) /* unit by 2 */ \
  EACH(52, f_circle(x)) /* circle by 1 */ \
  EACH(53, f_gauss(x)) /* gauss by 1 */ \
  EACH(54, f_portion(x, y)) /* portion by 2 */ \
  EACH(55, f_bell(x)) /* bell by 1 */ \
  EACH(56, (-0.0)) /* incline by 2 */ \
  EACH(57, (x + y)) /* add by 1 */ \
  EACH(58, (x - y)) /* subtract by 1 */ \
  EACH(59, (x * y)) /* multiply by 1 */ \
  EACH(60, (x / y)) /* divide by 1 */ \
  EACH(61, f_power(x, y)) /* power by 1 */ \
  EACH(62, (-0.0)) /* incline by 1 */ \
  EACH(63, (x + (y * z))) /* add of a product by 3 */ \
  EACH(64, (x + (y * z))) /* add of a product by 2 */ \
  EACH(65, (x - (y * z))) /* subtract of a product by 3 */ \
  EACH(66, (x - (y * z))) /* subtract of a product by 2 */

#define KIND_PARTIALS(EACH1, EACH2, EACH3) \
  EACH2(0, 1.0, 1.0) /* add by 2 */ \
  EACH2(1, 1.0, (-1.0)) /* subtract by 2 */ \
  EACH2(2, y, x) /* multiply by 2 */ \
  EACH2(3, (1.0 / y), ((-out) / y)) /* divide by 2 */ \
  EACH2(4, f_slope(x, y), f_power_log(x, y)) /* power by 2 */ \
  EACH1(5, (-1.0)) /* negative by 1 */ \
  EACH1(6, f_sign(x)) /* absolute by 1 */ \
  EACH1(7, out) /* exp by 1 */ \
  EACH1(8, (0.6931471805599453 * out)) /* exp2 by 1 */ \
  EACH1(9, exp(x)) /* expm1 by 1 */ \
  EACH1(10, (1.0 / x)) /* log by 1 */ \
  EACH1(11, (1.0 / (1.0 + x))) /* log1p by 1 */ \
  EACH1(12, (1.4426950408889634 / x)) /* log2 by 1 */ \
  EACH1(13, (0.43429448190325176 / x)) /* log10 by 1 */ \
  EACH1(14, f_ratio(0.5, out)) /* sqrt by 1 */ \
  EACH1(15, f_ratio(1.0, ((3.0 * out) * out))) /* cbrt by 1 */ \
  EACH1(16, cos(x)) /* sin by 1 */ \
  EACH1(17, (-sin(x))) /* cos by 1 */ \
  EACH1(18, (1.0 + (out * out))) /* tan by 1 */ \
  EACH1(19, f_ratio(1.0, f_circle(x))) /* asin by 1 */ \
  EACH1(20, f_ratio((-1.0), f_circle(x))) /* acos by 1 */ \
  EACH1(21, (f_unit(1.0, x) * f_unit(1.0, x))) /* atan by 1 */ \
  EACH2(22, f_gate(f_hypot(y, x), f_ratio(f_unit(y, x), f_hypot(y, x))), f_gate(f_hypot(y, x), f_ratio((-f_unit(x, y)), f_hypot(y, x)))) /* atan2 by 2 */ \
  EACH1(23, cosh(x)) /* sinh by 1 */ \
  EACH1(24, sinh(x)) /* cosh by 1 */ \
  EACH1(25, (4.0 * f_bell((2.0 * x)))) /* tanh by 1 */ \
  EACH1(26, f_unit(1.0, x)) /* asinh by 1 */ \
  EACH1(27, f_ratio(1.0, (sqrt((x - 1.0)) * sqrt((x + 1.0))))) /* acosh by 1 */ \
  EACH1(28, (1.0 / (f_circle(x) * f_circle(x)))) /* atanh by 1 */ \
  EACH1(29, (1.1283791670955126 * f_gauss(x))) /* erf by 1 */ \
  EACH1(30, ((-1.1283791670955126) * f_gauss(x))) /* erfc by 1 */ \
  EACH1(31, f_bell(x)) /* sigmoid by 1 */ \
  EACH1(32, f_sigmoid(x)) /* softplus by 1 */ \
  EACH1(33, f_above(x, 0.0)) /* relu by 1 */ \
  EACH2(34, (0.5 + (0.5 * (f_above(x, y) - f_above(y, x)))), (0.5 - (0.5 * (f_above(x, y) - f_above(y, x))))) /* maximum by 2 */ \
  EACH2(35, (0.5 - (0.5 * (f_above(x, y) - f_above(y, x)))), (0.5 + (0.5 * (f_above(x, y) - f_above(y, x))))) /* minimum by 2 */ \
  EACH2(36, f_unit(x, y), f_unit(y, x)) /* hypot by 2 */ \
  EACH2(37, f_portion(x, y), f_portion(y, x)) /* logaddexp by 2 */ \
  EACH2(38, y, x) /* azmul by 2 */ \
  EACH2(39, f_ratio(1.0, y), f_ratio((-out), y)) /* ratio by 2 */ \
  EACH1(40, f_ratio(1.0, x)) /* ln by 1 */ \
  EACH2(41, f_slope(x, y), f_power_log(x, y)) /* lenient_power by 2 */ \
  EACH2(42, f_gate(y, (y * f_slope(x, (y - 1.0)))), (f_lenient_power(x, (y - 1.0)) + (out * f_ln(x)))) /* slope by 2 */ \
  EACH2(43, (f_lenient_power(x, (y - 1.0)) + (f_slope(x, y) * f_ln(x))), (out * f_ln(x))) /* power_log by 2 */ \
  EACH1(44, 0.0) /* sign by 1 */ \
  EACH2(45, 0.0, 0.0) /* above by 2 */ \
  EACH2(46, 0.0, 0.0) /* at_least by 2 */ \
  EACH2(47, 0.0, 0.0) /* equals by 2 */ \
  EACH2(48, 1.0, (-1.0)) /* gap by 2 */ \
  EACH1(49, 0.0) /* stopped by 1 */ \
  EACH2(50, 0.0, f_gate(x, 1.0)) /* gate by 2 */ \
  EACH2(51, f_ratio((f_unit(y, x) * f_unit(y, x)), f_hypot(x, y)), f_ratio(((-out) * f_unit(y, x)), f_hypot(x, y))) /* unit by 2 */ \
  EACH1(52, f_ratio((-x), out)) /* circle by 1 */ \
  EACH1(53, (((-2.0) * f_gate(out, x)) * out)) /* gauss by 1 */ \
  EACH2(54, (out * f_portion(y, x)), ((-out) * f_portion(y, x))) /* portion by 2 */ \
  EACH1(55, ((-out) * tanh((0.5 * x)))) /* bell by 1 */ \
  EACH2(56, y, 0.0) /* incline by 2 */ \
  EACH1(57, 1.0) /* add by 1 */ \
  EACH1(58, 1.0) /* subtract by 1 */ \
  EACH1(59, y) /* multiply by 1 */ \
  EACH1(60, (1.0 / y)) /* divide by 1 */ \
  EACH1(61, f_slope(x, y)) /* power by 1 */ \
  EACH1(62, y) /* incline by 1 */ \
  EACH3(63, 1.0, z, y) /* add of a product by 3 */ \
  EACH2(64, 1.0, z) /* add of a product by 2 */ \
  EACH3(65, 1.0, ((-1.0) * z), ((-1.0) * y)) /* subtract of a product by 3 */ \
  EACH2(66, 1.0, ((-1.0) * z)) /* subtract of a product by 2 */
