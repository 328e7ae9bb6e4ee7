"""tell: an array program comes in; which array stands where, and what it is as text, go out.

storage  the one map from slots to named arrays, which the listing and JAX read
listing  a line for each step
"""
