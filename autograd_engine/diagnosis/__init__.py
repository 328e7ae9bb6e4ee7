"""What is wrong with a gradient: `diagnose` for a graph, `diagnostics` for a piece of a program.

A check is a generator of findings over a case, which holds the one survey of the graph.

    findings    Finding, and the list of them; the case, and what things are called in it
    passes      gradients added up over passes, and steps between them that overshoot
    changes     leaves changed after the forward pass
    untrained   parameters that became computed values, or are not reached
    slopes      where the first NaN or infinity was born, and kinks that were hit exactly
    units       dead ReLUs, saturated tanh and sigmoid, scores that were squashed twice
    flow        gradients that explode or vanish from layer to layer
    diagnosing  diagnose, diagnostics
"""

from autograd_engine.diagnosis.diagnosing import diagnose, diagnostics
from autograd_engine.diagnosis.findings import Finding

__all__ = ["Finding", "diagnose", "diagnostics"]
