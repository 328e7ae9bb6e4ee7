"""What is wrong with a gradient: `diagnose` for a graph, `diagnostics` for a piece of a program.

A check is a generator of findings over a case, which holds the one survey of the graph.

    findings    Finding, and the list of them
    case        the graph, its parameters, and what they are called in words and in code
    rates       learning rates that overshoot
    changes     leaves changed after the forward pass
    untrained   parameters that became computed values, or are not reached
    nonfinite   where the first NaN or infinity was born
    units       dead ReLUs, saturated tanh and sigmoid, scores that were squashed twice
    kinks       kinks that were hit exactly
    flow        gradients that explode or vanish from layer to layer
    passes      gradients added up over passes, and what happens from one pass to the next
    diagnosing  diagnose, diagnostics
"""

from autograd_engine.diagnosis.diagnosing import diagnose, diagnostics
from autograd_engine.diagnosis.findings import Finding

__all__ = ["Finding", "diagnose", "diagnostics"]
