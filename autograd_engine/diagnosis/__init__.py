"""What is wrong with a gradient: `diagnose` for a graph, `diagnostics` for a piece of a program.

Reading order:

    findings      Finding, and the list of them
    places        where something is, in words and in code
    rates         learning rates that overshoot
    leaves        leaves changed after the forward pass, parameters that are not reached
    rebinding     parameters that became computed values
    accumulation  gradients that are a sum over more than one backward pass
    nonfinite     where the first NaN or infinity was born
    units         dead ReLUs, saturated tanh and sigmoid
    kinks         kinks that were hit exactly
    flow          gradients that explode or vanish from layer to layer
    diagnosing    diagnose
    passes        what happens from one backward pass to the next
    watching      diagnostics
"""

from autograd_engine.diagnosis.diagnosing import diagnose
from autograd_engine.diagnosis.findings import Finding
from autograd_engine.diagnosis.watching import diagnostics

__all__ = ["Finding", "diagnose", "diagnostics"]
