"""What is wrong with a gradient: `diagnose` for a graph, `diagnostics` for a piece of a program.

A check is a generator of findings over a case: the one survey of the graph, with parameters.

    findings    Finding, and the list of them; the case, and what things are called in it
    checks      parameters that are not what they were, the first NaN or infinity, kinks
    layers      dead and saturated units, gradients that explode or vanish
    diagnosing  diagnose, diagnostics; gradients added up over passes, steps that overshoot
"""

from autograd_engine.diagnosis.diagnosing import diagnose, diagnostics
from autograd_engine.diagnosis.findings import Finding

__all__ = ["Finding", "diagnose", "diagnostics"]
