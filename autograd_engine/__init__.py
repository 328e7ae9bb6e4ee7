"""autograd_engine: scalar values that remember how they were computed, and their derivatives.

Reading order, each module importing only from those above it:

    compiling    what the source says to the compiler
    floats       functions of plain floats that `math` lacks
    words        foreign text as messages may show it
    real         what counts as a number, and the errors of operations on numbers
    state        whose open blocks are, and one sweep at a time
    recording    no_grad
    engine       Primitive, the table of primitives, Value
    release      releasing a deep graph on CPython 3.13
    sources      trace_source
    functions    compositions: sum, mean, dot, softmax, ...
    gradients    gradient, and what a 0 does where it meets an infinite slope
    arguments    lists, dicts and arrays of numbers, as Values and back
    derivatives  grad, value_and_grad, jacobian, hessian, hvp, jvp
    checker      check_gradients
    graph        looking at a graph, regions, saving it whole
    summary      the table of a model's layers
    modules      Module: what has parameters
    naming       name_values, named
    initialisers how weights are drawn
    firing       what a neuron and a layer compute
    nn           Neuron, Layer, MLP
    losses       mse, cross_entropy, ...
    optim        SGD, Adam, ..., schedules, clip_gradients
    datasets     moons, circles, spirals, xor, iris, digits, csv
    compiler     compile, Program: write scalars, run matrices
    files        files that are written whole or not at all
    checkpoints  save, load
    evaluation   accuracy of a model
    history      the record of a training, and its steps for replay
    keeper       the checkpoint of a training
    holding      whether an optimiser holds what is trained
    training     fit
    plots        loss curve and decision boundary
    views        draw, draw_dot, Picture, explain, steps, explore, replay, animate
    diagnosis    diagnose, diagnostics: what is wrong with a gradient
    expressions  formulas typed as text
    commands     what the command line does
    reference    what a row of the table says, as text
    manual       what help says of a primitive

Glossary. value: a node; leaf: a value nobody computed; primitive: an elementary operation;
operand: its input; output: its result; partial: a local derivative, output by operand;
adjoint: the derivative of the final output by a node, during a sweep; gradient: what the user
gets; graph; topological order; region: what stands behind a marked output.
"""

import sys as _sys
import typing as _typing

from autograd_engine import datasets, graph, losses, manual, nn, optim, release  # noqa: F401
from autograd_engine.checker import check_gradients
from autograd_engine.checkpoints import load, save
from autograd_engine.compiler import GuardError, Program, compile
from autograd_engine.compiling import COMPILED as compiled
from autograd_engine.derivatives import grad, hessian, hvp, jacobian, jvp, value_and_grad
from autograd_engine.diagnosis import Finding, diagnose, diagnostics
from autograd_engine.engine import (
    Primitive,
    Value,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cbrt,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    expm1,
    hypot,
    log,
    log1p,
    log2,
    log10,
    maximum,
    minimum,
    primitive,
    relu,
    sigmoid,
    sin,
    sinh,
    softplus,
    sqrt,
    tan,
    tanh,
)
from autograd_engine.evaluation import accuracy, evaluate
from autograd_engine.functions import (
    clip,
    dot,
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    logsumexp,
    mean,
    norm,
    prod,
    silu,
    softmax,
    sum,
    variance,
    where,
)
from autograd_engine.gradients import gradient
from autograd_engine.history import History
from autograd_engine.naming import name_values, named
from autograd_engine.recording import no_grad
from autograd_engine.sources import trace_source
from autograd_engine.training import fit
from autograd_engine.views import Picture, draw, draw_dot, explain, steps
from autograd_engine.views.animation import animate
from autograd_engine.views.explore import explore
from autograd_engine.views.replay import replay

__version__ = "0.1.0"

__all__ = [
    "Finding",
    "GuardError",
    "History",
    "Picture",
    "Primitive",
    "Program",
    "Value",
    "accuracy",
    "acos",
    "acosh",
    "animate",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "check_gradients",
    "clip",
    "compile",
    "compiled",
    "cos",
    "cosh",
    "datasets",
    "diagnose",
    "diagnostics",
    "dot",
    "draw",
    "draw_dot",
    "elu",
    "erf",
    "erfc",
    "evaluate",
    "exp",
    "explain",
    "explore",
    "expm1",
    "fit",
    "gelu",
    "grad",
    "gradient",
    "graph",
    "hessian",
    "hvp",
    "hypot",
    "jacobian",
    "jvp",
    "leaky_relu",
    "load",
    "log",
    "log1p",
    "log2",
    "log10",
    "log_softmax",
    "logsumexp",
    "losses",
    "maximum",
    "mean",
    "minimum",
    "name_values",
    "named",
    "nn",
    "no_grad",
    "norm",
    "optim",
    "primitive",
    "prod",
    "relu",
    "replay",
    "save",
    "sigmoid",
    "silu",
    "sin",
    "sinh",
    "softmax",
    "softplus",
    "sqrt",
    "steps",
    "sum",
    "tan",
    "tanh",
    "trace_source",
    "value_and_grad",
    "variance",
    "where",
]

_LARGEST = "picks the value with the {} number, ag.{}(a, b) shares a tie between both"
_INSTEAD = {
    "max": f"max(values), which {_LARGEST.format('largest', 'maximum')}",
    "min": f"min(values), which {_LARGEST.format('smallest', 'minimum')}",
    "abs": "abs(v)",
    "pow": "v ** n",
    "square": "v ** 2",
    "round": "round(v.data), a plain number: steps have no derivative to follow",
    "floor": "math.floor(v.data), a plain number: steps have no derivative to follow",
    "ceil": "math.ceil(v.data), a plain number: steps have no derivative to follow",
    "matmul": "[ag.dot(row, x) for row in rows]",
    "var": "ag.variance(values)",
    "std": "ag.sqrt(ag.variance(values))",
}

if not _typing.TYPE_CHECKING:  # a type checker would take any name for one of the package

    def __getattr__(name):
        if name in _INSTEAD:
            raise AttributeError(f"there is no ag.{name}: write {_INSTEAD[name]}")
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}", name=name, obj=_sys.modules[__name__]
        )
