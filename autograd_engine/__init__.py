"""autograd_engine: scalar values that remember how they were computed, and their derivatives.

Reading order, each module importing only from those above it:

    floats       functions of plain floats that `math` lacks
    real         what counts as a number, and errors
    recording    no_grad
    engine       Primitive, the table of primitives, Value
    release      releasing a deep graph on CPython 3.13
    functions    compositions: sum, mean, dot, softmax, ...
    derivatives  gradient, grad, jacobian, hessian, hvp, jvp, check_gradients
    graph        looking at a graph, regions, saving it whole
    nn           Module, Neuron, Layer, MLP
    losses       mse, cross_entropy, ...
    optim        SGD, Adam, ..., schedules, clip_gradients
    datasets     moons, circles, spirals, xor, iris, digits, csv
    checkpoints  save, load
    training     fit, History
    views        draw, draw_dot, Picture

Glossary. value: a node; leaf: a value nobody computed; primitive: an elementary operation;
operand: its input; output: its result; partial: a local derivative, output by operand;
adjoint: the derivative of the final output by a node, during a sweep; gradient: what the user
gets; graph; topological order; region: what stands behind a marked output.
"""

from autograd_engine import graph, release
from autograd_engine.derivatives import (
    check_gradients,
    grad,
    gradient,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
)
from autograd_engine.engine import (
    COMPILED as compiled,
)
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
    relu,
    sigmoid,
    sin,
    sinh,
    softplus,
    sqrt,
    tan,
    tanh,
)
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
from autograd_engine.recording import no_grad
