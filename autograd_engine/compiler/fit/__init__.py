"""fit: a model, its loss and samples come in; `ag.fit` trains with a program.

traces     what a recorded sample reads beside its inputs
lesson     the program of one batch
fitting    the epochs
"""
