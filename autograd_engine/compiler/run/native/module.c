/* The native core as a module of Python: `arrays(code)` carries out array instructions,
   `program(plan, leaves, rows, outputs, gradient, count, total)` a whole array program,
   `scalars(program, rows, values, adjoints, outputs, count, wanted)` a scalar one,
   `finite(numbers)` says whether all of them are. Arguments are buffers of float64 and, for code
   and plans, of int64 (int32 for scalar programs). It has no state beside the memory that it is
   given, and lets other threads run meanwhile: two of them need memory of their own. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>
#include <stdint.h>
#include <string.h>

/* The core for each width of vectors, of which the last one that the processor has is taken. */
typedef void (*arrays_t)(int64_t *);
typedef void (*scalars_t)(double **, const int32_t *, intptr_t, intptr_t);
void arrays_2(int64_t *), scalars_2(double **, const int32_t *, intptr_t, intptr_t);
#if defined(__x86_64__)
void arrays_4(int64_t *), scalars_4(double **, const int32_t *, intptr_t, intptr_t);
void arrays_8(int64_t *), scalars_8(double **, const int32_t *, intptr_t, intptr_t);
static const arrays_t ARRAYS[] = {arrays_2, arrays_4, arrays_8};
static const scalars_t SCALARS[] = {scalars_2, scalars_4, scalars_8};
#define HAS __builtin_cpu_supports
static int best(void) {
  __builtin_cpu_init();
  if (!HAS("avx2") || !HAS("fma")) return 0;
  return HAS("avx512f") && HAS("avx512dq") && HAS("avx512vl") ? 2 : 1;
}
#else
static const arrays_t ARRAYS[] = {arrays_2};
static const scalars_t SCALARS[] = {scalars_2};
static int best(void) { return 0; }
#endif
extern const char *const ag_told[]; /* what the module tells: maps, kinds, grouped, sources */
static int chosen; /* written when the library is loaded, then only read */

/* Take a width; return which one is taken, the largest that there is at most. */
int ag_take(int wanted) { return chosen = wanted < best() ? wanted : best(); }
__attribute__((constructor)) static void loaded(void) { ag_take(2); }
#define ag_arrays ARRAYS[chosen]
#define ag_scalars SCALARS[chosen]

/* What a plan begins with; after it come, each of the length given here, the slots of the leaves,
   the first slot and the step of each output, the slots of the slopes, and two codes. */
struct plan {
  int64_t memory, rows, inputs, width, adjoints, leaves, outputs, slopes, forward, backward;
};

/* Run `count` of a batch's `total` rows, tile by tile, and backwards if there is a gradient to add
   to. */
static void run_program(struct plan *p, const double *leaves, const double *rows,
                        double *outputs, double *gradient, int64_t count, int64_t total) {
  double *m = (double *)(intptr_t)p->memory;
  const int64_t *leaf = (const int64_t *)(p + 1), *output = leaf + p->leaves;
  const int64_t *slope = output + 2 * p->outputs;
  int64_t *forward = (int64_t *)slope + p->slopes, *backward = forward + p->forward;
  for (int64_t i = 0; i < p->leaves; ++i) m[leaf[i]] = leaves[i];
  m[0] = 1.0 / (double)total; /* the weight of a row, and that of all of them */
  m[1] = (double)p->rows / (double)total;
  for (int64_t first = 0; first < count; first += p->rows) {
    for (int64_t j = 0; j < p->width; ++j)
      for (int64_t i = 0; i < p->rows; ++i)
        m[p->inputs + j * p->rows + i] = rows[(first + i) * p->width + j];
    ag_arrays(forward);
    for (int64_t j = 0; j < p->outputs; ++j)
      for (int64_t i = 0; i < p->rows; ++i)
        outputs[(first + i) * p->outputs + j] = m[output[2 * j] + i * output[2 * j + 1]];
    if (!gradient) continue;
    memset(m + p->adjoints, 0, (size_t)p->leaves * sizeof(double));
    ag_arrays(backward);
    for (int64_t i = 0; i < p->slopes; ++i) gradient[i] += m[slope[i]];
  }
}

/* Take the buffers of the first arguments, NULL for None; those from `writable` on are written. */
enum { MOST = 5 };
static int taken(PyObject *const *args, Py_buffer *views, int count, int writable) {
  for (int i = 0; i < count; ++i)
    if (args[i] != Py_None &&
        PyObject_GetBuffer(args[i], views + i, i >= writable ? PyBUF_WRITABLE : PyBUF_SIMPLE))
      return 0;
  return 1;
}
static void given_back(Py_buffer *views) {
  for (int i = 0; i < MOST; ++i)
    if (views[i].obj) PyBuffer_Release(views + i);
}

static PyObject *program(PyObject *self, PyObject *const *args, Py_ssize_t count) {
  Py_buffer v[MOST] = {{0}};
  PyObject *found = NULL;
  if (count != 7) return PyErr_Format(PyExc_TypeError, "program takes 7 arguments, not %zd", count);
  Py_ssize_t rows = PyLong_AsSsize_t(args[5]), total = PyLong_AsSsize_t(args[6]);
  if (!PyErr_Occurred() && taken(args, v, 5, 3)) {
    Py_BEGIN_ALLOW_THREADS;
    run_program(v[0].buf, v[1].buf, v[2].buf, v[3].buf, v[4].buf, rows, total);
    Py_END_ALLOW_THREADS;
    found = Py_NewRef(Py_None);
  }
  given_back(v);
  return found;
}

static PyObject *scalar_program(PyObject *self, PyObject *const *args, Py_ssize_t count) {
  Py_buffer v[MOST] = {{0}};
  PyObject *found = NULL;
  if (count != 7) return PyErr_Format(PyExc_TypeError, "scalars takes 7 arguments, not %zd", count);
  Py_ssize_t rows = PyLong_AsSsize_t(args[5]), wanted = PyLong_AsSsize_t(args[6]);
  if (!PyErr_Occurred() && taken(args, v, 5, 2)) {
    double *numbers[4] = {v[2].buf, v[3].buf, v[1].buf, v[4].buf};
    Py_BEGIN_ALLOW_THREADS;
    ag_scalars(numbers, v[0].buf, rows, wanted);
    Py_END_ALLOW_THREADS;
    found = Py_NewRef(Py_None);
  }
  given_back(v);
  return found;
}

static PyObject *arrays(PyObject *self, PyObject *code) {
  Py_buffer v[MOST] = {{0}};
  if (!taken(&code, v, 1, 1)) return NULL;
  Py_BEGIN_ALLOW_THREADS;
  ag_arrays(v[0].buf);
  Py_END_ALLOW_THREADS;
  given_back(v);
  Py_RETURN_NONE;
}

static PyObject *all_finite(PyObject *self, PyObject *numbers) {
  Py_buffer v[MOST] = {{0}};
  if (!taken(&numbers, v, 1, 1)) return NULL;
  typedef double V __attribute__((vector_size(16), aligned(8), may_alias));
  const double *x = v[0].buf, *end = x + v[0].len / (Py_ssize_t)sizeof(double);
  double zero = 0.0;
  V a = {0}, b = {0}, c = {0}, d = {0}; /* sums that do not wait for each other */
  for (; end - x >= 8; x += 8) {
    const V *four = (const V *)x;
    a += four[0] * 0.0, b += four[1] * 0.0, c += four[2] * 0.0, d += four[3] * 0.0;
  }
  for (a += b + (c + d); x < end; ++x) zero += *x * 0.0;
  zero += a[0] + a[1];
  given_back(v);
  return PyBool_FromLong(zero == 0.0);
}

/* Where objects of a type keep their attribute `_data`, if that is a slot; else 0. */
static Py_ssize_t place_of_data(PyTypeObject *type, PyObject *name) {
  Py_ssize_t place = 0;
#ifndef Py_GIL_DISABLED
  PyObject *found = PyObject_GetAttr((PyObject *)type, name);
  if (found && Py_IS_TYPE(found, &PyMemberDescr_Type)) {
    PyMemberDef *member = ((PyMemberDescrObject *)found)->d_member;
    if (member->type == T_OBJECT_EX) place = member->offset; /* an object, of a class with __slots__ */
  }
  Py_XDECREF(found);
  PyErr_Clear();
#endif
  return place;
}

/* Write the data of a list of Values into an array, from a place on. */
static PyObject *read_data(PyObject *self, PyObject *const *args, Py_ssize_t count) {
  Py_buffer v[MOST] = {{0}};
  if (count != 4) return PyErr_Format(PyExc_TypeError, "data takes 4 arguments, not %zd", count);
  PyObject *values = args[0], *name = args[3], *found = NULL;
  Py_ssize_t first = PyLong_AsSsize_t(args[2]), place = 0, length = PyList_Size(values);
  PyTypeObject *type = NULL;
  if (PyErr_Occurred() || !taken(args + 1, v, 1, 0)) goto end;
  double *out = (double *)v[0].buf + first;
  if (first < 0 || (first + length) * (Py_ssize_t)sizeof(double) > v[0].len) {
    PyErr_SetString(PyExc_ValueError, "the array is too short");
    goto end;
  }
  for (Py_ssize_t i = 0; i < length; ++i) {
    PyObject *value = PyList_GET_ITEM(values, i), *data;
    if (Py_TYPE(value) != type) place = place_of_data(type = Py_TYPE(value), name);
    data = place ? *(PyObject **)((char *)value + place) : NULL;
    if (data && PyFloat_CheckExact(data))
      out[i] = PyFloat_AS_DOUBLE(data);
    else {
      if (!(data = PyObject_GetAttr(value, name))) goto end;
      out[i] = PyFloat_AsDouble(data);
      Py_DECREF(data);
      if (PyErr_Occurred()) goto end;
    }
  }
  found = Py_NewRef(Py_None);
end:
  given_back(v);
  return found;
}

static PyMethodDef methods[] = {
    {"data", (PyCFunction)(void (*)(void))read_data, METH_FASTCALL, NULL},
    {"program", (PyCFunction)(void (*)(void))program, METH_FASTCALL, NULL},
    {"scalars", (PyCFunction)(void (*)(void))scalar_program, METH_FASTCALL, NULL},
    {"arrays", arrays, METH_O, NULL},
    {"finite", all_finite, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static int executed(PyObject *self) {
  const char *const names[] = {"maps", "kinds", "grouped", "sources"};
  for (int i = 0; i < 4; ++i)
    if (PyModule_AddStringConstant(self, names[i], ag_told[i])) return -1;
  return 0;
}
static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, executed},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030D0000
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};
static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_core", NULL, 0, methods, slots, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit__core(void) { return PyModuleDef_Init(&module); }
