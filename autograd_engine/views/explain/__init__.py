"""A derivative derived by the chain rule, as a textbook writes it.

Reading order:

    formulas  what a derivative looks like on paper, as plain data
    names     what values are called, and how a name is taken apart
    typesetting  formulas as text, LaTeX and MathML, and in ASCII
    notation  how operations are written, and what a rule of the table says
    general   what formulas have in common that differ only in an index
    chain     what the chain rule goes through: variables, factors, paths
    chain_formulas  the values and factors of a chain, by names
    sparkline  how large an adjoint is step by step, as a curve
    writers   the lines of a derivation as text, Markdown, HTML
    deltas    adjoints from the output down, what is alike once in general
    derivation  a derivation as lines
    explanation  explain
"""

from autograd_engine.views.explain.explanation import Explanation, explain

__all__ = ["Explanation", "explain"]
