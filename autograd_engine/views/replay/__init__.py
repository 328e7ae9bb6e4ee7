"""A page to scrub through a training, or through two beside each other.

page      replay: the recorded steps, run again, and the plane of two inputs

The page's own parts are named in replay.html; the frame and the graph are those of `explore`.
"""
