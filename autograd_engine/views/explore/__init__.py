"""A page to explore a graph: step through both passes, drag leaves, predict gradients.

javascript   the primitives of a page in JavaScript, written from the table
page         what the page holds as JSON; Page, explore, and the frame that `replay` has too

The page's own parts are named in page.html, in the order in which they are read.
"""
