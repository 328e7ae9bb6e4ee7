"""The backward pass, contribution by contribution.

Reading order:

    sweep     steps, and play: both passes in a terminal
"""

from autograd_engine.views.steps.sweep import Steps, steps

__all__ = ["Steps", "steps"]
