"""A page to explore a graph: step through both passes, drag leaves, predict gradients.

Reading order:

    translation  functions of floats, from Python to JavaScript
    javascript   the primitives of a page in JavaScript, written from the table
    scenes       the picture of each group, as numbers
    page         what the page holds as JSON; Page, explore, and the frame that `replay` has too

The page's own parts are frame.html, page.html, page.css and, in the order in which they are
read, python.js (then what `javascript` writes), program.js, wording.js, picture.js, stage.js,
panels.js, quiz.js, page.js.
"""

from autograd_engine.views.explore.page import Page, explore

__all__ = ["Page", "explore"]
