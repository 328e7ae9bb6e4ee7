"""The playground, in a browser: it needs npm, or PLAYGROUND names a folder with what it packs."""

import base64
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import threading
import zipfile
import zlib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import pytest

import autograd_engine as ag
from autograd_engine.playground.running import run
from autograd_engine.playground.site import playground, server

BUSY = "(document.getElementById('run').getAttribute('aria-disabled') == 'true')"
DONE = "document.getElementById('status').textContent"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return playground(tmp_path_factory.mktemp("site"), os.environ.get("PLAYGROUND"))


@contextmanager
def opened(browser, folder, address="", **how):
    """Open the playground in a fresh browser; nothing but its own origin may be asked."""
    served = server(folder)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{served.server_port}/"
    context, asked, complaints = browser.new_context(**how), [], []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        page.goto(f"{origin}index.html{address}")
        yield page, served
    finally:
        context.close()
        served.shutdown()
        served.server_close()
    assert all(re.match(rf"{re.escape(origin)}|blob:|data:", url) for url in asked), asked
    assert complaints == []


def linked(given):
    """Return the end of a link that holds this."""
    packed = zlib.compressobj(wbits=-15)
    data = packed.compress(json.dumps(given).encode()) + packed.flush()
    return "#" + base64.urlsafe_b64encode(data).decode().rstrip("=")


def write(page, code):
    page.evaluate("text => document.querySelector('.CodeMirror').CodeMirror.setValue(text)", code)


def wait(page, words="Done."):
    page.wait_for_function(f"{DONE}.includes({json.dumps(words)})", timeout=120_000)


def ran(page, code):
    """Run code and return what the page says at its end."""
    wait(page, "")
    page.wait_for_function(f"!{BUSY}", timeout=120_000)
    write(page, code)
    page.click("#run")
    page.wait_for_function(f"!{BUSY}", timeout=120_000)
    return page.text_content("#status"), page.text_content("#lines")


def test_wheels_beside_pyodide_can_be_imported_and_numpys_brings_its_lessons(
    browser, folder, tmp_path
):
    # NumPy for Pyodide stands on no registry; one of its name is imported in the same way.
    for package in ("pyodide", "codemirror"):
        with tarfile.open(tmp_path / f"{package}-0.tgz", "w:gz") as packed:
            for path in folder.iterdir():
                for at in ("", "lib/", "mode/python/"):
                    packed.add(path, f"package/{at}{path.name}")
    with zipfile.ZipFile(tmp_path / "numpy-0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("numpy/__init__.py", "told = 6 * 7")
    site = playground(tmp_path / "site", tmp_path)
    lessons = json.loads((site / "lessons.json").read_text(encoding="utf-8"))
    without = json.loads((folder / "lessons.json").read_text(encoding="utf-8"))
    assert sorted({*lessons} - {*without}) == ["22_compile", "23_loops"]
    with opened(browser, site) as (page, _):
        wait(page)
        assert ran(page, "import numpy\nprint(numpy.told)\n") == ("Done.", "42\n")


def test_the_folder_is_complete_and_small(folder):
    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in folder.iterdir()}
    assert sum(sizes.values()) < 7_500_000, sizes
    lessons = json.loads((folder / "lessons.json").read_text(encoding="utf-8"))
    assert len(lessons) >= 20 and all(compile(code, name, "exec") for name, code in lessons.items())


def test_the_toy_is_shown_and_errors_stop_and_links_work(browser, folder):
    with opened(browser, folder) as (page, _):
        wait(page)
        (frame,) = (f for f in page.frames if f.parent_frame)
        assert frame.text_content("#title") == "Explore L"
        frame.fill("input[aria-label='a']", "1.25")
        frame.press("input[aria-label='a']", "Enter")
        frame.select_option("#theme", "projector")
        page.wait_for_timeout(600)  # the address follows
        page.click("#link")
        wait(page, "The link is in the address")
        assert int(re.search(r"([\d,]+) characters", page.text_content("#status"))[1]) < 500
        with_code = page.evaluate("location.hash")

        said, lines = ran(page, "print('one')\nimport autograd_engine as ag\nag.log(0.0)\n")
        assert "line 3" in said and lines.startswith("one\n") and "ag.log(0.0)" in lines
        assert (
            "running.py" not in lines
            and "ast.py" not in lines
            and page.locator(".wrong").count() == 1
        )
        said, lines = ran(page, "x = (1,\n")
        assert "line 1" in said and "SyntaxError" in lines
        said, lines = ran(page, "import torch\n")
        assert "line 1" in said and "No module named 'torch'" in lines
        assert ran(page, "raise SystemExit\n")[0] == "Done."
        assert len(ran(page, "for i in range(100_000): print(i)\n")[1]) < 300_000

        endless = "print('one'); print('two'); print('three')\nwhile True: pass"
        write(page, endless)
        page.focus("#run")
        page.keyboard.press("Enter")
        wait(page, "Running")
        page.wait_for_timeout(300)
        assert page.evaluate("document.activeElement.id") == "run"
        page.click("#stop")
        wait(page, "Python is ready.")
        assert page.text_content("#lines") == "one\ntwo\nthree\n"
        assert page.evaluate("document.querySelector('.CodeMirror').CodeMirror.getValue()") == endless  # fmt: skip
        page.click("#run")
        wait(page, "Running")
        page.select_option("#lessons", index=1)  # which stops what runs, and runs
        wait(page)
        assert page.text_content("#lines") and "three" not in page.text_content("#lines")
        write(page, "print('again')")
        page.evaluate("stop()")
        page.keyboard.press("Control+Enter")  # Python starts
        wait(page)
        assert page.text_content("#lines") == "again\n"
        assert ran(page, "6 * 7\n")[1] == "42\n"

        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.context.set_offline(True)  # all was kept at the first visit
        page.reload()
        wait(page)
        page.context.set_offline(False)
        page.evaluate("hash => { location.hash = hash }", linked(["print('other')", ""]))
        page.wait_for_function("document.getElementById('lines').textContent == 'other\\n'")
    with opened(browser, folder, with_code) as (page, _):
        wait(page)
        (frame,) = (f for f in page.frames if f.parent_frame)
        assert frame.input_value("input[aria-label='a']") == "1.25"
        assert frame.input_value("#theme") == "projector"


def test_the_link_in_the_readme_opens(browser, folder):
    readme = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
    (link,) = re.findall(r"\(http://127\.0\.0\.1:8000/(#\S+)\)", readme)
    with opened(browser, folder, link) as (page, _):
        wait(page)
        (frame,) = (f for f in page.frames if f.parent_frame)
        assert frame.locator("input[aria-label='a']").count() == 1
        assert "ag.explore((a * b).tanh())" in page.text_content(".CodeMirror")


ASKED = []


class Outside(BaseHTTPRequestHandler):
    def do_GET(self):
        ASKED.append(self.path)
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


def test_no_request_leaves_the_origin_and_no_script_runs_in_a_note(browser, folder):
    outside = ThreadingHTTPServer(("127.0.0.1", 0), Outside)
    threading.Thread(target=outside.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{outside.server_port}"
    code = f"""
import js
class Note:
    def _repr_mimebundle_(self):
        return {{"text/html": '<img src="{address}/img" onerror="parent.document.title = 1">'}}, {{}}
class Page:
    html = "<!DOCTYPE html><h1>page</h1><script>fetch('{address}/page')</script>"
display(Note(), Page())
request = js.XMLHttpRequest.new()
request.open("GET", "{address}/worker", False)
request.send()
"""
    served = server(folder)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    page = browser.new_page()
    try:
        page.goto(f"http://127.0.0.1:{served.server_port}/")
        wait(page)
        said, lines = ran(page, code)
        page.wait_for_timeout(500)
        assert "line 11" in said and "NetworkError" in lines and ASKED == []
        assert page.title() == "autograd_engine: playground"
    finally:
        page.close()
        for each in (served, outside):
            each.shutdown()
            each.server_close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_and_as_wide_as_a_phone(browser, axe, folder, scheme):
    phone = {"width": 360, "height": 740}
    with opened(browser, folder, color_scheme=scheme, viewport=phone) as (page, _):
        wait(page)
        code = "# a comment\ndef f(x):\n    return x, None, 'text', len([1])\n\n@f\nclass C: pass\n1 / 0\n"  # fmt: skip
        assert "line 7" in ran(page, code)[0]
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_page_in_a_playground_speaks_the_language_of_its_site(browser, tmp_path):
    site = playground(tmp_path / "site", os.environ.get("PLAYGROUND"), "zh")
    with opened(browser, site, locale="en") as (page, _):
        wait(page, "完成。")
        (frame,) = (f for f in page.frames if f.parent_frame)
        assert frame.text_content("#title") == "探索 L"


def test_the_page_speaks_chinese_to_a_browser_that_does(browser, folder):
    with opened(browser, folder, "#abc", locale="zh-CN") as (page, _):
        page.wait_for_function(f"{DONE}.includes('已损坏') || {DONE} == '完成。'")
        wait(page, "完成。")
        (frame,) = (f for f in page.frames if f.parent_frame)
        assert frame.text_content("#title") == "探索 L"
        assert ran(page, "1 / 0\n")[0] == "第 1 行有错误：详情见下方。"
        page.click("#link")
        wait(page, "链接已在地址栏中")
        page.evaluate("heard.died('out of memory')")
        wait(page, "Python 停止了工作（out of memory）；代码已保留。 Python 已就绪。")
        assert ran(page, "for i in range(100_000): print(i)\n")[1].endswith("……其余部分已省略。\n")
        said = page.inner_text("header") + page.get_attribute("#printed", "aria-label")
        names = r"autograd_engine|\d+ [a-z_ ]+"
        assert not re.search("[A-Za-z]{3,} [A-Za-z]{2,}", re.sub(names, "", said))
        assert page.text_content("label:has(#lessons)").startswith("课程")


SHOWN = """
import autograd_engine as ag
a, b = ag.Value(2.0, "a"), ag.Value(-3.0, "b")
L = (a * b).tanh() + a
L.label = "L"
data = ag.datasets.moons(20, seed=1)
model = ag.nn.MLP(2, [3, 1], activation="tanh")
optimizer = ag.optim.SGD(model.parameters(), lr=0.1)
history = ag.fit(model, data, ag.losses.binary_cross_entropy, optimizer, epochs=2, record=True, progress=False)
display(history, ag.draw(L), ag.explain(L, a), ag.steps(L), ag.explore(L), ag.replay(history), ag.exercise(L))
display(ag.diagnose(L, [a, ag.Value(1.0, "unused")]))
"""


def test_every_view_shows(browser, folder):
    with opened(browser, folder) as (page, _):
        wait(page)
        said, lines = ran(page, SHOWN)
        assert said == "Done." and "does not depend on 'unused'" in lines
        frames = [f.text_content("h1") for f in page.frames if f.url.startswith("blob:")]
        assert frames[0].startswith("∂L/∂a")  # of explain
        assert frames[1:] == ["Explore L", "Replay", "Gradients"]
        assert page.locator(".note").count() == 3
        page.wait_for_function("[...document.querySelectorAll('.note')].every((note) => note.offsetHeight > 60)")  # fmt: skip


@pytest.mark.slow
def test_every_lesson_runs_where_there_is_no_network(browser, folder):
    lessons = json.loads((folder / "lessons.json").read_text(encoding="utf-8"))
    with opened(browser, folder) as (page, _):
        wait(page)
        page.context.set_offline(True)
        for n, name in enumerate(lessons, 1):
            page.select_option("#lessons", index=n)
            page.wait_for_function(f"!{BUSY}", timeout=240_000)
            assert page.text_content("#status") == "Done.", (
                name,
                page.text_content("#lines")[-500:],
            )


@pytest.mark.slow
def test_two_lessons_run_in_firefox(firefox, folder):
    served = server(folder)
    threading.Thread(target=served.serve_forever, daemon=True).start()

    def said():
        waited = (
            f"for (let n = 0; n < 600 && {BUSY}; n++) await new Promise(on => setTimeout(on, 100))"
        )
        return firefox.evaluate(f"async () => {{ {waited}; return {DONE}; }}")

    try:
        firefox.visit(f"http://127.0.0.1:{served.server_port}/index.html")
        for lesson in (1, 4):
            assert said() == "Done."
            choose = f"lessons.selectedIndex = {lesson}; lessons.dispatchEvent(new Event('change'))"
            firefox.evaluate(
                f"() => {{ const lessons = document.getElementById('lessons'); {choose} }}"
            )
        assert said() == "Done."
    finally:
        served.shutdown()
        served.server_close()


@pytest.mark.parametrize("address", ["#abc", "#!!!", "#" + "A" * 300, *map(linked, ({}, 5, None, [1, 2], ["x", 5], ["x", "y"]))])  # fmt: skip
def test_a_damaged_link_is_told_and_the_toy_shown(browser, folder, address):
    with opened(browser, folder, address) as (page, _):
        wait(page)
        assert "This link is damaged" in page.text_content("#status")  # and stays to be read
        assert "L = (e + a).tanh() * b" in page.evaluate("document.querySelector('.CodeMirror').CodeMirror.getValue()")  # fmt: skip


def test_without_the_editor_a_text_area_serves(browser, folder, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    for path in folder.iterdir():
        (site / path.name).write_bytes(b"" if "codemirror" in path.name else path.read_bytes())
    (site / "python.js").write_bytes(b"")
    with opened(browser, site) as (page, _):
        wait(page)
        page.fill("#code", "print('plain')")
        page.keyboard.press("Control+Enter")
        page.wait_for_function("document.getElementById('lines').textContent == 'plain\\n'")


def test_a_browser_without_links_and_a_first_visit_cut_short_are_told(browser, folder, tmp_path):
    with opened(browser, folder) as (page, _):
        wait(page)
        page.evaluate("delete globalThis.CompressionStream")
        page.click("#link")
        wait(page, "Links need a browser of 2023 or newer.")
    for path in folder.iterdir():
        if path.name != "pyodide.asm.wasm":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    with opened(browser, tmp_path) as (page, _):
        page.wait_for_function(f"{DONE}.includes('Python did not start')", timeout=30_000)
        assert "The code is kept" in page.text_content("#status")
        assert page.locator(".CodeMirror-line").count() > 5


def test_a_browser_that_cannot_read_pyodide_is_told_to_be_old(browser, folder, tmp_path):
    # As Chromium 92, to which a class of Pyodide 314 with a static block is no JavaScript.
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "pyodide.asm.mjs").write_text("class { }")
    with opened(browser, tmp_path) as (page, _):
        page.wait_for_function(f"{DONE}.includes('the browser is older than 2023')", timeout=30_000)
        assert "The code is kept" in page.text_content("#status")


def test_python_that_gave_up_starts_anew_and_says_why(browser, folder):
    with opened(browser, folder) as (page, _):
        wait(page)
        page.evaluate("heard.died('out of memory')")  # as the worker says
        wait(page, "Python gave up (out of memory); the code is kept. Python is ready.")
        assert ran(page, "print(6 * 7)\n") == ("Done.", "42\n")


def test_assets_that_are_not_there_are_named(tmp_path):
    with pytest.raises(RuntimeError, match=r"holds no pyodide-\*.tgz; .* run npm pack pyodide@"):
        playground(tmp_path / "site", tmp_path)


@pytest.mark.parametrize("name", ["pyodide-1.tgz", "numpy-1.whl"])
@pytest.mark.parametrize("cut", [0, 9, 60, 200])
def test_assets_that_are_damaged_are_named(tmp_path, name, cut):
    whole = tmp_path / "whole"
    with tarfile.open(whole, "w:gz") as packed:  # it lacks what is asked for
        packed.add(__file__, "package/other")
    (tmp_path / "pyodide-1.tgz").write_bytes(whole.read_bytes()[: cut or None])
    if name.endswith(".whl"):
        with zipfile.ZipFile(whole, "w") as packed:
            packed.write(__file__)
        (tmp_path / name).write_bytes(whole.read_bytes()[: cut or 300])
    with pytest.raises(RuntimeError, match=f"{name} cannot be read .*npm pack pyodide@.* again"):
        playground(tmp_path / "site", tmp_path)


def test_npm_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="npm cannot fetch it .*--assets"):
        playground(tmp_path / "site")


def test_the_command_line_writes_and_serves_until_it_is_interrupted(tmp_path):
    assets = os.environ.get("PLAYGROUND")
    browser = tmp_path / "browser"
    browser.write_text("#!/bin/sh\necho $1 > opened\n")
    browser.chmod(0o755)
    command = [sys.executable, "-m", "autograd_engine", "playground", "site", "--serve"]
    if assets:
        command += ["--assets", assets]
    where = {"PYTHONPATH": str(Path(ag.__file__).parent.parent), "BROWSER": f"{browser} %s"}
    # In the background of a shell an interrupt is ignored, and what is started there inherits it.
    listening = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
    command = [sys.executable, "-c", f"{listening}os.execv(sys.argv[1], sys.argv[1:])", *command]
    with subprocess.Popen(
        command, cwd=tmp_path, env=os.environ | where, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline().startswith("wrote site, ")
        address = process.stdout.readline().split()[0]
        with urlopen(address) as page:
            assert page.headers["Content-Type"] == "text/html" and b"playground.js" in page.read()
        with urlopen(f"{address}pyodide.asm.wasm") as page:
            assert page.headers["Content-Type"] == "application/wasm"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert (tmp_path / "opened").read_text().strip() == address


# What a run shows, in this Python.


@pytest.mark.parametrize(
    ("code", "line", "said"),
    [
        ("1 + 1", 0, "2\n"),
        ("x = 1\n", 0, ""),
        ("", 0, ""),
        ("print('a')\nNone\n", 0, "a\n"),
        ("x = 1\n\nf(x)\n", 3, "NameError"),
        ("def f():\n    1 / 0\n\nf()\n", 2, "ZeroDivisionError"),
        ("x = (\n", 1, "SyntaxError"),
        ("raise SystemExit\n", 0, ""),
        ("raise SystemExit('no data given')\n", 0, "no data given\n"),
        ("def f():\nx = 1\n", 2, '  File "playground.py", line 2'),
        ("\neval('1+')\n", 2, "SyntaxError"),
        ("\nn = input('how many? ')\n", 2, "input() is not here: write the value into the code"),
        ("class A:\n    _repr_mimebundle_ = lambda _: None\n\nA()", 0, "__main__.A"),
        ("class A:\n    _repr_mimebundle_ = lambda _: ({}, {})\n\nA()", 0, "__main__.A"),
        ("class A:\n    _repr_mimebundle_ = lambda _: {}\n\nA", 0, "<class '__main__.A'>"),
    ],
)
def test_a_run_tells_its_last_expression_or_the_line_of_an_error(
    tmp_path, monkeypatch, capsys, code, line, said
):
    monkeypatch.chdir(tmp_path)
    shown = []
    assert run(code, lambda kind, text: shown.append(kind)) == line
    printed = capsys.readouterr().out
    assert shown == [] and said in printed and "ast.py" not in printed


def test_a_run_shows_pages_pictures_and_what_it_wrote(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = []
    code = (
        "import autograd_engine as ag\na = ag.Value(2.0, 'a')\ndisplay(ag.draw(a * a))\n"
        "ag.draw(a * a).save('kept.svg')\nag.explore(a * a, 'page.html')\n"
    )
    assert run(code, lambda kind, text: shown.append((kind, text[:9].lower()))) == 0
    assert [kind for kind, _ in shown] == ["note", "page", "page"]
    assert shown[1][1] == "<!doctype" and Path("kept.svg").exists() and Path("page.html").exists()
    Path("folder.html").mkdir()
    assert (
        run(
            "with open('t.svg', 'wb') as file: file.write(b'\\xff\\xfe')",
            lambda *given: shown.append(given),
        )
        == 0
    )
    assert shown[3:] == [("page", "\ufffd\ufffd")]
