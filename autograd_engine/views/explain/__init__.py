"""A derivative derived by the chain rule, as a textbook writes it.

Reading order:

    formulas  what a derivative looks like on paper, as plain data
    typesetting  formulas as text, LaTeX and HTML, and in ASCII
    names     what values are called
    textbook  what a rule of the table says, in symbols and in a textbook's words
    notation  the same as a formula; how operations are written
    chain     what the chain rule goes through: variables, factors, paths
    chain_formulas  the values and factors of a chain, by names
    derivation  a derivation as lines
    writers   lines as text, Markdown, HTML
    explanation  explain
"""

from autograd_engine.views.explain.explanation import Explanation, explain

__all__ = ["Explanation", "explain"]
