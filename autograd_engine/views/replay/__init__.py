"""A page to scrub through a training, or through two beside each other.

Reading order:

    boundary  what a model of two inputs predicts all over their plane
    page      Replay, replay, and all that the page holds: the recorded steps, run again

The page's own parts are named in replay.html; the frame and the graph are those of `explore`.
"""

from autograd_engine.views.replay.page import Replay, replay

__all__ = ["Replay", "replay"]
