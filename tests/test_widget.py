"""The page of `explore` as a widget, bound to its leaves, in JupyterLab and in marimo."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

import autograd_engine as ag
from autograd_engine import Value

pytestmark = pytest.mark.notebooks


def until(found, page=None):
    """Wait until something is found, and return it; a browser's page goes on meanwhile."""
    end = time.monotonic() + 60.0
    while not (something := found()) and time.monotonic() < end:
        page.wait_for_timeout(50) if page else time.sleep(0.05)
    assert something
    return something


def listens(port):
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def serving(folder, *command):
    """Run a server of a notebook, given the port to listen at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(folder), "HOME": str(folder)}
    command = [sys.executable, "-m", *(part.format(port=port) for part in command)]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    ) as process:
        try:
            until(lambda: listens(port))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def test_a_widget_and_its_leaves_have_the_same_numbers():
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    page = ag.explore(a * b)
    widget = page.widget
    assert widget.numbers == [2.0, -3.0] and widget is page.widget
    widget._handle_custom_msg({"leaves": [5.0, 7.0]}, [])  # as a page does that is dragged
    assert (a.data, b.data) == (5.0, 7.0)
    a.data = 11.0
    until(lambda: widget.numbers == [11.0, 7.0])
    widget._handle_custom_msg({"leaves": [float("nan"), None]}, [])  # no numbers to go on with
    assert (a.data, b.data) == (11.0, 7.0)
    kinds = page._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"} < set(kinds)
    widget.close()


def test_one_thread_follows_all_widgets_until_they_are_closed():
    def threads():
        return sum(thread.name == "leaves of pages" for thread in threading.enumerate())

    until(lambda: threads() == 0)
    for _ in range(2):
        a = Value(2.0, "a")
        widgets = [ag.explore(a * 3.0).widget for _ in range(10)]
        a.data = 5.0
        until(lambda: all(widget.numbers == [5.0] for widget in widgets))
        widgets.pop().close()
        assert threads() == 1
        a.data = 6.0
        until(lambda: all(widget.numbers == [6.0] for widget in widgets))
        for widget in widgets:
            widget.close()
        until(lambda: threads() == 0)


CELLS = (
    "import time, autograd_engine as ag\na, b = ag.Value(2.0, 'a'), ag.Value(-3.0, 'b')\n"
    "L = a * b\nL.label = 'L'\nag.explore(L)",
    "print('a is', a.data)",
    "for k in range(5):\n    a.data = 10.0 + k\n    time.sleep(0.05)\nprint('looped')",
)


def test_jupyterlab_moves_the_leaves_and_is_moved(browser, tmp_path):
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": text, "outputs": []}
        | {"execution_count": None}
        for i, text in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    book = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "live.ipynb").write_text(json.dumps(book))
    lab = ["jupyterlab", "--no-browser", "--allow-root", "--port={port}", "--ServerApp.token="]
    with serving(tmp_path, *lab) as address:
        page = browser.new_page()
        page.goto(f"{address}/lab/tree/live.ipynb?reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)

        def run(number):
            page.click(f".jp-Cell >> nth={number}")
            page.keyboard.press("Shift+Enter")

        def printed():
            return page.locator(".jp-OutputArea-output pre").all_text_contents()

        def ran():
            run(0)  # again, until there is a kernel
            page.wait_for_timeout(3000)
            return page.locator(".jp-OutputArea iframe").count()

        until(ran)
        frame = until(lambda: [f for f in page.frames if f.parent_frame], page)[-1]
        frame.wait_for_selector("input[aria-label='a']")
        frame.fill("input[aria-label='a']", "7")
        frame.press("input[aria-label='a']", "Enter")
        page.wait_for_timeout(500)
        run(1)
        until(lambda: printed() == ["a is 7.0\n"], page)
        run(2)
        until(lambda: printed()[-1:] == ["looped\n"], page)
        until(lambda: frame.evaluate("explorer.value('a')") == 14.0, page)


NOTEBOOK = """
import marimo
app = marimo.App()

@app.cell
def _():
    import threading, time, autograd_engine as ag
    a, b = ag.Value(2.0, "a"), ag.Value(-3.0, "b")
    L = a * b

    def double():
        while True:
            b.data = 2.0 * a.data
            time.sleep(0.05)

    threading.Thread(target=double, daemon=True).start()
    ag.explore(L)
    return

if __name__ == "__main__":
    app.run()
"""


def test_marimo_moves_the_leaves_and_is_moved(browser, tmp_path):
    (tmp_path / "live.py").write_text(NOTEBOOK)
    with serving(tmp_path, "marimo", "run", "live.py", "--headless", "--no-token", "-p", "{port}") as address:  # fmt: skip
        page = browser.new_page()
        page.goto(address)
        frame = until(lambda: [f for f in page.frames if f.parent_frame], page)[-1]
        until(lambda: frame.evaluate("globalThis.explorer?.value('b')") == 4.0, page)
        frame.fill("input[aria-label='a']", "7")
        frame.press("input[aria-label='a']", "Enter")
        until(lambda: frame.evaluate("explorer.value('b')") == 14.0, page)
