#!/usr/bin/env bash
# numpy 2.4.6: np.poly and np.roots never ask a lone object what to do, though both are said to.
#
# An object that answers NumPy's functions by __array_function__, as a value of an automatic
# differentiation library does, is asked by np.sum, np.trace, np.polyval. np.poly and np.roots raise
# "TypeError: dispatcher for __array_function__ did not return an iterable" before it is asked: they
# hand on the argument itself where a tuple of arguments is wanted. An array of such objects is
# iterable, so that its items are asked instead of the array.
#
# A good guess would be that all functions of one kind ask alike.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q numpy==2.4.6
"$work/venv/bin/python" - <<'PYTHON'
import numpy as np


class One:
    def __array_function__(self, function, types, arguments, keywords):
        return f"asked for {function.__name__}"


print("numpy", np.__version__)
for function in (np.sum, np.trace, np.polyfit, np.polyder, np.poly, np.roots):
    arguments = (One(), [1.0], 1) if function is np.polyfit else (One(),)
    try:
        said = function(*arguments)
    except TypeError as error:
        said = f"TypeError: {error}"
    print(f"{function.__name__:8}", said)
    refused = "did not return an iterable" in said
    assert refused == (function in (np.poly, np.roots)), said
PYTHON
