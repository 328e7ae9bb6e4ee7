/* Two guards for the compiled build. The header is included before everything else (see
 * setup.py), hence also in front of CPython's, whose definitions it replaces.
 *
 * First: releasing a deep graph without deep recursion. A class that mypyc compiles with `acyclic` has no header of the garbage collector. The
 * macros below, as CPython defines them, postpone the release of an object more than some
 * fifty levels deep by linking it through that very header, and so would write in front of
 * the object, into memory that belongs to something else. These keep a list of their own.
 *
 * Second: `del value.data`. The setters that mypyc makes of properties take it for granted
 * that there is something to set, and would crash.
 */
#ifndef AUTOGRAD_ENGINE_COMPILED_H
#define AUTOGRAD_ENGINE_COMPILED_H

#ifndef PY_SSIZE_T_CLEAN
#define PY_SSIZE_T_CLEAN
#endif
#include <Python.h>

#undef Py_TRASHCAN_BEGIN
#undef Py_TRASHCAN_END

#ifdef _MSC_VER
#define AG_THREAD_LOCAL __declspec(thread)
#else
#define AG_THREAD_LOCAL __thread
#endif

#define AG_DEEPEST 50

typedef struct {
    int depth;             /* releases now in progress, one inside the other */
    Py_ssize_t count;      /* objects waiting for theirs */
    Py_ssize_t room;
    PyObject **waiting;
} ag_releases;

static AG_THREAD_LOCAL ag_releases ag_now;

/* Keep the dead object for later. Without memory for that, 0: it is released at once. */
static inline int ag_postpone(PyObject *object)
{
    if (ag_now.count == ag_now.room) {
        Py_ssize_t room = ag_now.room ? 2 * ag_now.room : 64;
        PyObject **waiting = PyMem_RawRealloc(ag_now.waiting, room * sizeof(PyObject *));
        if (waiting == NULL) {
            return 0;
        }
        ag_now.waiting = waiting;
        ag_now.room = room;
    }
    ag_now.waiting[ag_now.count++] = object;
    return 1;
}

static inline void ag_release_waiting(void)
{
    while (ag_now.count > 0) {
        PyObject *object = ag_now.waiting[--ag_now.count];
        ag_now.depth++; /* so that what this one releases does not come here again */
        Py_TYPE(object)->tp_dealloc(object);
        ag_now.depth--;
    }
    PyMem_RawFree(ag_now.waiting);
    ag_now.waiting = NULL;
    ag_now.room = 0;
}

#define Py_TRASHCAN_BEGIN(op, dealloc)                                             \
    do {                                                                           \
        if (ag_now.depth >= AG_DEEPEST && ag_postpone((PyObject *)(op))) {         \
            break;                                                                 \
        }                                                                          \
        ag_now.depth++;

#define Py_TRASHCAN_END                                                            \
        ag_now.depth--;                                                            \
        if (ag_now.depth == 0 && ag_now.count > 0) {                               \
            ag_release_waiting();                                                  \
        }                                                                          \
    } while (0);

/* The setter of every property, put in front of mypyc's own, which travels as the closure. */
static inline int ag_set(PyObject *object, PyObject *value, void *setter)
{
    if (value == NULL) {
        PyErr_SetString(PyExc_AttributeError, "this attribute cannot be deleted");
        return -1;
    }
    return ((int (*)(PyObject *, PyObject *, void *))setter)(object, value, NULL);
}

static inline int ag_type_ready(PyTypeObject *type)
{
    PyGetSetDef *property = type->tp_getset;
    for (; property != NULL && property->name != NULL; property++) {
        if (property->set != NULL && property->set != ag_set) {
            property->closure = (void *)property->set;
            property->set = ag_set;
        }
    }
    return PyType_Ready(type);
}

#define PyType_Ready(type) ag_type_ready(type)

#endif
