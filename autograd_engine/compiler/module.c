/* The core as a module of Python: `_core.arrays(code)`, `_core.call(plan, leaves, rows, outputs,
   gradient)` and `_core.scalars(values, adjoints, rows, outputs, program, count, wanted)`.

   A plan is what a call of a whole array program needs, as integers:
   [memory, leaves, outputs, slopes, inputs' place, width, rows, weight's place, adjoints' place,
   adjoints, length of the code before, of the code after,  slots of the leaves..., places of the
   outputs and their steps..., slots of the slopes..., code before..., code after...]. It has no
   state of its own beside the memory that the plan names: two threads need two of these. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include "core.c"
#include <string.h>

static void whole(const int64_t *p, const double *leaves, const double *given, double *outputs,
                  double *gradient) {
  double *m = (double *)(intptr_t)p[0];
  int64_t nl = p[1], no = p[2], ns = p[3], width = p[5], rows = p[6];
  const int64_t *slot = p + 12, *top = slot + nl, *slope = top + 2 * no, *before = slope + ns,
                *after = before + p[10];
  for (int64_t i = 0; i < nl; ++i) m[slot[i]] = leaves[i];
  double *inputs = m + p[4];
  for (int64_t j = 0; j < width; ++j)
    for (int64_t i = 0; i < rows; ++i) inputs[j * rows + i] = given[i * width + j];
  m[p[7]] = 1.0 / (double)rows;
  ag_arrays(before);
  for (int64_t j = 0; j < no; ++j)
    for (int64_t i = 0; i < rows; ++i) outputs[i * no + j] = m[top[2 * j] + i * top[2 * j + 1]];
  if (!gradient) return;
  memset(m + p[8], 0, (size_t)p[9] * sizeof(double));
  ag_arrays(after);
  for (int64_t i = 0; i < ns; ++i) gradient[i] = m[slope[i]];
}

static int got(PyObject *item, Py_buffer *view, int writable) {
  if (item == Py_None) {
    view->buf = NULL, view->obj = NULL;
    return 1;
  }
  return PyObject_GetBuffer(item, view, writable ? PyBUF_WRITABLE : PyBUF_SIMPLE) == 0;
}

static PyObject *call(PyObject *self, PyObject *const *args, Py_ssize_t count) {
  Py_buffer views[5] = {{0}};
  PyObject *result = NULL;
  int n = 0;
  if (count != 5) return PyErr_Format(PyExc_TypeError, "call takes 5 arguments");
  for (; n < 5; ++n)
    if (!got(args[n], &views[n], n >= 3)) goto end;
  Py_BEGIN_ALLOW_THREADS;
  whole(views[0].buf, views[1].buf, views[2].buf, views[3].buf, views[4].buf);
  Py_END_ALLOW_THREADS;
  result = Py_NewRef(Py_None);
end:
  for (int i = 0; i < n; ++i)
    if (views[i].obj) PyBuffer_Release(&views[i]);
  return result;
}

static PyObject *arrays(PyObject *self, PyObject *code) {
  Py_buffer view;
  if (!got(code, &view, 0)) return NULL;
  Py_BEGIN_ALLOW_THREADS;
  ag_arrays(view.buf);
  Py_END_ALLOW_THREADS;
  PyBuffer_Release(&view);
  Py_RETURN_NONE;
}

/* scalars(values, adjoints, rows, outputs, program, count of rows, wanted) */
static PyObject *scalars(PyObject *self, PyObject *const *args, Py_ssize_t count) {
  Py_buffer views[5] = {{0}};
  PyObject *result = NULL;
  int n = 0;
  if (count != 7) return PyErr_Format(PyExc_TypeError, "scalars takes 7 arguments");
  Py_ssize_t rows = PyLong_AsSsize_t(args[5]), wanted = PyLong_AsSsize_t(args[6]);
  if (PyErr_Occurred()) return NULL;
  for (; n < 5; ++n)
    if (!got(args[n], &views[n], n < 2 || n == 3)) goto end;
  double *numbers[4] = {views[0].buf, views[1].buf, views[2].buf, views[3].buf};
  Py_BEGIN_ALLOW_THREADS;
  ag_scalars(numbers, views[4].buf, rows, wanted);
  Py_END_ALLOW_THREADS;
  result = Py_NewRef(Py_None);
end:
  for (int i = 0; i < n; ++i)
    if (views[i].obj) PyBuffer_Release(&views[i]);
  return result;
}

static PyMethodDef methods[] = {
    {"call", (PyCFunction)(void (*)(void))call, METH_FASTCALL, NULL},
    {"scalars", (PyCFunction)(void (*)(void))scalars, METH_FASTCALL, NULL},
    {"arrays", arrays, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
static int executed(PyObject *self) {
  return PyModule_AddStringConstant(self, "maps", MAPS) ||
                 PyModule_AddStringConstant(self, "kinds", KINDS)
             ? -1
             : 0;
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
