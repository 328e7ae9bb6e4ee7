"""Optimisers and learning-rate schedules: the names, defaults and numbers of `torch.optim`.

>>> from autograd_engine import Value
>>> w = Value(3.0)
>>> optimizer = SGD([w], lr=0.1)
>>> (w * w).backward()
>>> optimizer.step()
>>> round(w.data, 6)
2.4

All parameters form one group: `optimizer.lr` is the one learning rate, to be read and set. Where
the loss did not reach the gradient is 0 (in PyTorch None), so momentum and decay still move it.

Reading order: optimizer, rules.
"""

import sys

from autograd_engine.optim import rules
from autograd_engine.optim.optimizer import Optimizer, clip_gradients
from autograd_engine.optim.rules import (
    SGD, Adam, AdamW, CosineAnnealingLR, ExponentialLR, LinearLR, RMSprop, Schedule, StepLR,
)  # fmt: skip

# Where pickles of version 0.1.0 look for them.
_OLD = [f"{__name__}.{name}" for name in ("sgd", "adam", "rmsprop", "schedules")]
sys.modules.update(dict.fromkeys(_OLD, rules))

# fmt: off
__all__ = [
    "SGD", "Adam", "AdamW", "CosineAnnealingLR", "ExponentialLR", "LinearLR", "Optimizer",
    "RMSprop", "Schedule", "StepLR", "clip_gradients",
]
