"""call: what a user gives comes in, checked; a Program goes out, which can be trusted.

guards    comparisons that must come out the same again; why a result is not finite
inputs    what a program is fed with
second    derivatives by the inputs
program   Program
request   compile
"""
