"""exercises: questions that any graph asks, with answers that know the common mistakes.

questions   what is asked of a graph, what is right, and what each misconception would give
sheets      the same as a page, a notebook and a handout; what was answered, judged and counted
"""

from autograd_engine.exercises.sheets import Exercise, check, exercise, grade

__all__ = ["Exercise", "check", "exercise", "grade"]
