/* What the compiled build needs beside what mypyc makes. The header is included before
 * everything else (see setup.py), hence also in front of CPython's, whose definitions it replaces.
 *
 * First: releasing a deep graph without deep recursion. A class that mypyc compiles with `acyclic`
 * has no header of the garbage collector. The macros below, as CPython defines them, postpone the
 * release of an object more than some fifty levels deep by linking it through that very header,
 * and so would write in front of the object, into memory that belongs to something else. These
 * keep a list of their own.
 *
 * Second: `del value.data`. The setters that mypyc makes of properties take it for granted
 * that there is something to set, and would crash.
 *
 * Third: weak references, which mypyc leaves no room for.
 *
 * Fourth: help. mypyc leaves docstrings out; setup.py reads them from the source into `docs.h`.
 * And who leaves an argument out reads its name, without a position that counts from elsewhere.
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

/* Objects of classes with a constructor (not the closures and generators that mypyc makes
 * classes of) keep their list of weak references behind all else; a subclass has its own place,
 * since its struct covers that of its base. Freed, an object has let go of everything already. */
static inline void ag_clear_weak(void *object)
{
    if (*(PyObject **)((char *)object + Py_TYPE((PyObject *)object)->tp_weaklistoffset) != NULL) {
        PyObject_ClearWeakRefs((PyObject *)object);
    }
}

static inline void ag_free(void *object)
{
    ag_clear_weak(object);
    PyObject_Free(object);
}

static inline void ag_free_collected(void *object)
{
    ag_clear_weak(object);
    PyObject_GC_Del(object);
}

/* A training makes and drops a graph at each step: the memory of so many values is kept for the
 * next, as CPython keeps that of floats. */
#define AG_KEPT 32768

static AG_THREAD_LOCAL void *ag_first; /* of those kept; each begins with where the next one is */
static AG_THREAD_LOCAL int ag_count;

static inline PyObject *ag_alloc_node(PyTypeObject *type, Py_ssize_t count)
{
    void *memory = ag_first;
    if (memory == NULL) {
        return PyType_GenericAlloc(type, count);
    }
    ag_first = *(void **)memory;
    ag_count--;
    memset(memory, 0, type->tp_basicsize);
    return PyObject_Init((PyObject *)memory, type);
}

static inline void ag_free_node(void *object)
{
    ag_clear_weak(object);
    if (ag_count >= AG_KEPT) {
        PyObject_Free(object);
        return;
    }
    *(void **)object = ag_first;
    ag_first = object;
    ag_count++;
}

static inline int ag_is_node(PyTypeObject *type)
{
#ifdef Py_GIL_DISABLED
    return 0;
#else
    const char *name = strrchr(type->tp_name, '.');
    return strcmp(name == NULL ? type->tp_name : name + 1, "Value") == 0;
#endif
}

static inline int ag_is_weak(PyTypeObject *type)
{
    return type->tp_free == ag_free || type->tp_free == ag_free_collected;
}

static inline int ag_can_be_weak(PyTypeObject *type)
{
#ifdef Py_TPFLAGS_MANAGED_DICT
    if (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) {
        return 0; /* has a __dict__, and weak references with it */
    }
#endif
    PyTypeObject *base = type->tp_base;
    int made = type->tp_init != NULL || (base != NULL && ag_is_weak(base));
    int plain = base == NULL || base == &PyBaseObject_Type || ag_is_weak(base);
    return made && plain && type->tp_weaklistoffset == 0 && type->tp_members == NULL;
}

/* A docstring of the source, behind the signature where there is one; NULL if there is none. */
typedef struct {
    const char *owner; /* a class, or a module by its full name */
    const char *name;  /* "" is the owner itself */
    const char *text;
} ag_doc;

static const ag_doc ag_docs[] = {
#include "docs.h"
    {NULL, NULL, NULL}};

static inline const char *ag_text(const char *owner, const char *name)
{
    for (const ag_doc *doc = ag_docs; doc->owner != NULL; doc++) {
        if (strcmp(doc->owner, owner) == 0 && strcmp(doc->name, name) == 0) {
            return doc->text;
        }
    }
    return NULL;
}

static inline void ag_describe(const char *owner, PyMethodDef *method)
{
    for (; method != NULL && method->ml_name != NULL; method++) {
        const char *text = ag_text(owner, method->ml_name);
        method->ml_doc = text != NULL ? text : method->ml_doc;
    }
}

/* Calling is a slot, which hides the method of that name and its signature; a function inside
 * another, which mypyc makes a class of, has its own first operand in the place of `self`. */
static inline void ag_describe_call(PyMethodDef *method)
{
    static const char start[] = "__call__($";
    for (; method != NULL && method->ml_name != NULL; method++) {
        if (strcmp(method->ml_name, "__call__") != 0 || method->ml_doc == NULL) {
            continue;
        }
        method->ml_flags |= METH_COEXIST;
        const char *rest = method->ml_doc + sizeof(start) - 1;
        char *own = strncmp(method->ml_doc, start, sizeof(start) - 1) || !strncmp(rest, "self", 4)
                        ? NULL
                        : PyMem_Malloc(strlen(rest) + sizeof("__call__($self, "));
        if (own != NULL) {
            method->ml_doc = strcat(strcpy(own, "__call__($self, "), rest);
        }
    }
}

static inline PyObject *ag_module(struct PyModuleDef *module)
{
    module->m_doc = ag_text(module->m_name, "");
    ag_describe(module->m_name, module->m_methods);
    return PyModule_Create(module);
}

/* The same where mypyc adds the functions later, as on a free-threaded Python. */
static inline int ag_add_functions(PyObject *module, PyMethodDef *methods)
{
    const char *name = PyModule_GetName(module);
    if (name == NULL) {
        return -1;
    }
    ag_describe(name, methods);
    return PyModule_AddFunctions(module, methods);
}

static inline PyObject *ag_format(PyObject *kind, const char *format, ...)
{
    char shorter[200];
    const char *end = strstr(format, " (pos %d)");
    if (end != NULL && end - format < (Py_ssize_t)sizeof(shorter)) {
        memcpy(shorter, format, end - format);
        shorter[end - format] = 0;
        format = shorter;
    }
    va_list given;
    va_start(given, format);
    PyErr_FormatV(kind, format, given);
    va_end(given);
    return NULL;
}

static inline int ag_type_ready(PyTypeObject *type)
{
    const char *text = ag_text(type->tp_name, "");
    PyGetSetDef *property = type->tp_getset;
    for (; property != NULL && property->name != NULL; property++) {
        if (property->set != NULL && property->set != ag_set) {
            property->closure = (void *)property->set;
            property->set = ag_set;
        }
        if (text != NULL) {
            property->doc = ag_text(type->tp_name, property->name);
        }
    }
    if (text != NULL) {
        ag_describe(type->tp_name, type->tp_methods);
        char *own = PyMem_Malloc(strlen(text) + 1); /* the type's, which would free it */
        type->tp_doc = own == NULL ? NULL : strcpy(own, text);
    }
    ag_describe_call(type->tp_methods);
    int weak = ag_can_be_weak(type);
    if (weak) {
        type->tp_weaklistoffset = type->tp_basicsize;
        type->tp_basicsize += sizeof(PyObject *);
    }
    if (PyType_Ready(type) < 0) {
        return -1;
    }
    if (weak) {
        type->tp_free = PyType_IS_GC(type) ? ag_free_collected : ag_free;
        if (ag_is_node(type)) {
            type->tp_alloc = ag_alloc_node;
            type->tp_free = ag_free_node;
        }
    }
    return 0;
}

#define PyType_Ready(type) ag_type_ready(type)
#undef PyModule_Create
#define PyModule_Create(module) ag_module(module)
#define PyModule_AddFunctions(module, methods) ag_add_functions(module, methods)
#define PyErr_Format ag_format

#endif
