"""A derivative derived by the chain rule, as a textbook writes it.

formulas  what a derivative looks like on paper, as plain data, and in general
typesetting  formulas as text, LaTeX and MathML, and in ASCII
notation  how operations are written, and what a rule of the table says
chain     what the chain rule goes through: variables, factors, paths, their names and formulas
derivation  the lines: by paths, or by adjoints, what is alike once in general
explanation  explain, and how lines are written
"""

from autograd_engine.views.explain.explanation import Explanation, explain

__all__ = ["Explanation", "explain"]
