"""autograd_engine: scalar values that remember how they were computed, and their derivatives.

Reading order, each module importing only from those above it:

    floats       functions of plain floats that `math` lacks, and of any number of operands
    words        foreign text as messages may show it; what to write instead of habits
    real         what counts as a number, and the errors of operations on numbers
    state        whose open blocks are, and one sweep at a time
    primitives   what a primitive is; your own
    table        one row for each operation: its function and its derivative
    notes        what only few values have: a label, a region, a source
    number       what one can ask a number: data, label, functions, comparisons, NumPy
    engine       Value: recording, topological order, the sweep backwards
    blocks       what `with` statements and calls open; no_grad, region, trace_source
    functions    compositions: sum, mean, dot, softmax, ...
    graph        looking at a graph, regions; graphs of micrograd's own objects
    gradients    gradient, and what a 0 does where it meets an infinite slope
    derivatives  grad, value_and_grad, jacobian, hessian, hvp, jvp
    checker      check_gradients
    copies       copies, pickles, release of graphs; operations of several written out
    columns      inner loops: numbers of many Values, what a neuron and a layer compute
    modules      Module: what has parameters
    naming       name_values, named
    nn           Neuron, Layer, MLP
    losses       mse, cross_entropy, ...
    optim        SGD, Adam, ..., schedules, clip_gradients
    datasets     moons, circles, spirals, xor, iris, digits, csv
    repeats      what it means that a graph repeats itself, and the check of it
    recurrences  find repeats along a graph's depth
    compiler     compile, Program: write scalars, run matrices
    measures     mean loss and accuracy of a model; predict, in the words of its data
    files        files that are written whole or not at all; save, load
    history      the record of a training: its numbers, steps for replay, and checkpoint
    training     fit
    calls        which values stand in which use of a module or region
    survey       a graph as flat lists, with calls and the one name of each value
    views        draw, draw_dot, Picture, explain, steps, explore, replay
    exercises    questions that a graph asks, and what each mistake would give
    playground   a folder in which all this runs in a browser
    plots        loss curve and decision boundary, as PNG files
    diagnosis    diagnose, diagnostics: what is wrong with a gradient
    expressions  formulas typed as text
    commands     what the command line trains and predicts
    options      what the command line is asked
    manual       what help and the pages say of a primitive

Glossary. value: a node; leaf: a value nobody computed; primitive: an elementary operation;
operand: its input; output: its result; partial: a local derivative, output by operand;
adjoint: the derivative of the final output by a node, during a sweep; gradient: what the user
gets; graph; topological order; region: what stands behind a marked output.
"""

import _thread
import sys as _sys
import typing as _typing
from contextlib import suppress as _suppress
from importlib import import_module as _import_module, machinery as _machinery
from importlib.util import find_spec as _find_spec

# Where compiled modules cannot run, in a sub-interpreter or built in part, their source does.
try:
    if hasattr(_thread, "_is_main_interpreter"):  # from Python 3.12 on
        _alone = _thread._is_main_interpreter()
    else:
        _interpreters: _typing.Any = __import__("_xxsubinterpreters")
        _alone = _interpreters.get_current() == _interpreters.get_main()
    if not _alone:  # with objects of a sub-interpreter compiled modules would mix those of others
        raise ImportError
    _import_module("autograd_engine.floats")
except ImportError:
    _source = _machinery.SourceFileLoader, _machinery.SOURCE_SUFFIXES
    for _folder in __path__:
        with _suppress(ImportError):  # of a zip file, which holds nothing else
            _sys.path_importer_cache[_folder] = _machinery.FileFinder.path_hook(_source)(_folder)

from autograd_engine import copies, graph, losses, manual, nn, optim  # noqa: F401
from autograd_engine.blocks import no_grad, region, trace_source
from autograd_engine.derivatives import grad, hessian, hvp, jacobian, jvp, value_and_grad
from autograd_engine.engine import COMPILED as compiled, Value
from autograd_engine.functions import (
    clip, dot, elu, gelu, leaky_relu, log_softmax, logsumexp, mean, norm, prod, silu, softmax, sum,
    variance, where,
)  # fmt: skip
from autograd_engine.gradients import gradient
from autograd_engine.naming import name_values, named
from autograd_engine.primitives import Primitive, primitive
from autograd_engine.table import (
    acos, acosh, asin, asinh, atan, atan2, atanh, cbrt, cos, cosh, erf, erfc, exp, exp2, expm1,
    hypot, log, log1p, log2, log10, logaddexp, maximum, minimum, relu, sigmoid, sin, sinh,
    softplus, sqrt, tan, tanh,
)  # fmt: skip
from autograd_engine.words import FUNCTIONS as _FUNCTIONS

if _typing.TYPE_CHECKING:
    from autograd_engine import datasets
    from autograd_engine.checker import check_gradients
    from autograd_engine.files import load, save
    from autograd_engine.compiler import GuardError, Program, compile
    from autograd_engine.diagnosis import Finding, diagnose, diagnostics
    from autograd_engine.exercises import exercise
    from autograd_engine.history import History
    from autograd_engine.measures import accuracy, evaluate, predict
    from autograd_engine.training import fit
    from autograd_engine.views.explain import explain
    from autograd_engine.views.explore.page import explore
    from autograd_engine.views.picture.drawing import Picture, draw
    from autograd_engine.views.picture.digraph import draw_dot
    from autograd_engine.views.replay.page import replay
    from autograd_engine.views.steps import steps

# What is imported when it is first asked for, so that the package itself is there at once.
_LATER = {
    "checker": ("check_gradients",), "files": ("load", "save"), "datasets": (),
    "compiler": ("GuardError", "Program", "compile"), "history": ("History",),
    "diagnosis": ("Finding", "diagnose", "diagnostics"),
    "measures": ("accuracy", "evaluate", "predict"), "training": ("fit",),
    "views.explain": ("explain",), "views.explore.page": ("explore",),
    "views.picture.drawing": ("Picture", "draw"), "views.picture.digraph": ("draw_dot",),
    "views.replay.page": ("replay",), "views.steps": ("steps",), "exercises": ("exercise",),
}  # fmt: skip

__version__ = "0.1.0"

__all__ = [
    "Finding", "GuardError", "History", "Picture", "Primitive", "Program", "Value", "accuracy",
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "check_gradients", "clip",
    "compile", "compiled", "cos", "cosh", "datasets", "diagnose", "diagnostics", "dot", "draw",
    "draw_dot", "elu", "erf", "erfc", "evaluate", "exercise", "exp", "exp2", "explain", "explore",
    "expm1", "fit", "gelu", "grad", "gradient", "graph", "hessian", "hvp", "hypot", "jacobian",
    "jvp", "leaky_relu", "load", "log", "log1p", "log2", "log10", "log_softmax", "logaddexp",
    "logsumexp", "losses", "maximum", "mean", "minimum", "name_values", "named", "nn", "no_grad",
    "norm", "optim", "predict", "primitive", "prod", "region", "relu", "replay", "save", "sigmoid",
    "silu", "sin", "sinh", "softmax", "softplus", "sqrt", "steps", "sum", "tan", "tanh",
    "trace_source", "value_and_grad", "variance", "where",
]  # fmt: skip


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *(module.split(".")[0] for module in _LATER)})


if not _typing.TYPE_CHECKING:  # a type checker would take any name for one of the package

    def __getattr__(name):
        if name in _FUNCTIONS:
            raise AttributeError(f"there is no ag.{name}: write {_FUNCTIONS[name]}")
        for module, names in _LATER.items():
            if name in names:
                found = getattr(_import_module(f"{__name__}.{module}"), name)
                return globals().setdefault(name, found)
        if not name.startswith("_") and _find_spec(path := f"{__name__}.{name}"):
            return _import_module(path)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
