"""Live: a page in a widget of a notebook, bound to the leaves that it shows.

Whoever drags a leaf changes its `data`; whoever changes that, such as a training loop, moves the
picture. It needs the package anywidget (extra `notebook`); without it the page stands by itself.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from autograd_engine.engine import Value

OFTEN = 0.03  # seconds between two looks at the leaves


def widget(page: str, leaves: Sequence[Value], height: int) -> Any:
    """Return the widget of a page; None where anywidget is missing."""
    try:
        import anywidget
        import traitlets
    except ImportError:
        return None

    class Live(anywidget.AnyWidget):  # type: ignore[misc]
        """A page whose leaves are those of Python."""

        _esm = files(__package__).joinpath("live.js").read_text(encoding="utf-8")
        page = traitlets.Unicode().tag(sync=True)
        height = traitlets.Int().tag(sync=True)
        numbers: Any = traitlets.List().tag(sync=True)

        @traitlets.observe("numbers")  # type: ignore[untyped-decorator]
        def _moved(self, change: Any) -> None:
            for leaf, number in zip(leaves, change.new):
                if number is not None and leaf.data != number:
                    leaf.data = float(number)

    made = Live(page=page, height=height, numbers=[leaf.data for leaf in leaves])
    follow = threading.Thread(
        target=_follow, args=(weakref.ref(made), leaves), name="leaves of a page", daemon=True
    )
    follow.start()
    return made


def _follow(made: weakref.ref[Any], leaves: Sequence[Value]) -> None:
    """Tell the widget what its leaves are, as long as there is one."""
    while (found := made()) is not None and found.comm is not None:
        numbers = [leaf.data for leaf in leaves]
        if numbers != found.numbers:
            found.numbers = numbers
        del found
        time.sleep(OFTEN)
