"""tell: an array program comes in, what it is goes out in numbers and as text.

facts                 products, operations, bytes
storage, selections   which array stands in which slots
listing               the program as text
"""
