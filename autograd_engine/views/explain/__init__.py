"""A derivative derived by the chain rule, as a textbook writes it.

Reading order:

    formulas  what a derivative looks like on paper, as plain data, and names in it
    typesetting  formulas as text, LaTeX and MathML, and in ASCII
    notation  how operations are written, and what a rule of the table says
    chain     what the chain rule goes through: variables, factors, paths
    writers   the lines of a derivation as text, Markdown, HTML
    wording   what the values of a graph are called, and the formulas of a chain
    deltas    adjoints from the output down, what is alike once in general
    derivation  explain
"""

from autograd_engine.views.explain.derivation import explain
from autograd_engine.views.explain.writers import Explanation

__all__ = ["Explanation", "explain"]
