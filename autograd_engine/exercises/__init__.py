"""exercises: questions that any graph asks, with answers that know the common mistakes.

questions   what is asked of a graph, what is right, and what each misconception would give
grading     what was answered, judged and counted
sheets      the same as a page, a notebook that nbgrader grades, and a handout
"""

from autograd_engine.exercises.sheets import Exercise, exercise

__all__ = ["Exercise", "exercise"]
