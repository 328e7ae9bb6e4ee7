"""What several files of tests need, and marks that say which run a test belongs to.

Marked `native` are those that need the native core, or the C compiler that built it: files on it,
and parameters of that name. Where the core is missing, or AUTOGRAD_ENGINE_PURE=1 says so, they are
deselected.

What needs more than the extra `test` brings is marked `peers`, `torch`, `browser`, `notebooks` or
`pythons`, and runs where `-m` names its mark, never without. Fixtures named in FIXTURES mark who
asks for them. A file that is a peer's as a whole says `pytestmark = pytest.mark.peers`, or has
`jax` in its name: a run without peers does not even import it.
"""

import functools
import gc
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ASKED = (
    "peers",
    "browser",
    "notebooks",
    "pythons",
    "torch",
)  # marks of what runs only where it is asked for
FIXTURES = {"jax": "peers", "browser": "browser", "firefox": "browser", "torch": "torch"}
PEERS = {"jax", "scipy", "sklearn", "torch", "pandas"}
LOADED = PEERS & set(sys.modules)  # by a plugin of somebody's: then nothing can be said of these


def pytest_collection_finish():
    """What the tests are made of stays: looking for garbage need not go through it each time."""
    gc.collect()
    gc.freeze()


def without(config, mark):
    """Say whether tests with this mark are left out, unless pytest finds that by itself."""
    return not re.search(rf"\b{mark}\b", config.option.markexpr)


def without_peers(config):
    return without(config, "peers") or "not peers" in config.option.markexpr


@functools.cache
def of_peers(path):
    """Say whether all in this file is of peers."""
    named = "jax" in f"{path.parent.name}/{path.name}"
    return named or re.search(r"^pytestmark = .*\.peers", path.read_text(encoding="utf-8"), re.M)


def pytest_configure(config):
    if without_peers(config):
        folders = (ROOT / "autograd_engine", ROOT / "tests")
        files = [str(path) for folder in folders for path in folder.rglob("*.py") if of_peers(path)]
        config.option.ignore = [*(config.option.ignore or []), *files]


def has_core():
    if importlib.util.find_spec("numpy") is None:
        return False
    from autograd_engine.compiler.run.native.core import core

    return core() is not None


FILES = {"test_kernel.py", "test_machine.py", "test_simplify.py", "test_to_c.py"}
NATIVE = FILES, {"native", "scalar"}


@pytest.hookimpl(tryfirst=True)  # before the marks are asked for
def pytest_collection_modifyitems(config, items):
    for item in items:
        words = re.split(r"\W+", item.name.partition("[")[2])
        if item.path.name in NATIVE[0] or NATIVE[1].intersection(words):
            item.add_marker("native")
        given = FIXTURES.keys() & set(getattr(item, "fixturenames", ()))
        for mark in {*map(FIXTURES.get, given), *(["peers"] if of_peers(item.path) else [])}:
            item.add_marker(mark)
    unasked = [mark for mark in ASKED if without(config, mark)]
    unasked += [] if has_core() else ["native"]
    found, items[:] = items[:], [i for i in items if not any(map(i.get_closest_marker, unasked))]
    config.hook.pytest_deselected(items=list(set(found) - set(items)))


@pytest.fixture(autouse=True)
def no_peers_in_a_run_without(request):
    """A test that imports a peer is marked."""
    yield
    if without_peers(request.config):
        found = PEERS & set(sys.modules) - LOADED
        if found:
            pytest.fail(f"{found} imported in a run without: mark the test peers", pytrace=False)


@pytest.fixture
def interrupted():
    """Return a function that calls another and interrupts it at the given line of the engine."""

    def call(function, argument, after):
        lines = 0

        def interrupt(frame, event, _):
            nonlocal lines
            lines += frame.f_code.co_filename.endswith("engine.py")
            if lines == after:
                raise KeyboardInterrupt
            return interrupt

        before = sys.gettrace()
        sys.settrace(interrupt)
        try:
            function(argument)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(before)

    return call


@pytest.fixture
def jax():
    """JAX, which no file of tests imports at its top: it takes the longest to start."""
    import jax

    return jax


@pytest.fixture
def torch():
    """PyTorch."""
    import torch

    return torch


@pytest.fixture
def jax_in_double(jax):
    """JAX in double precision."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield jax
    jax.config.update("jax_enable_x64", before)


IN_SMALL_STACK = """
import threading

def run():
    build_and_drop()
    done.append("survived")

done = []
threading.stack_size(512 * 1024)
thread = threading.Thread(target=run)
thread.start()
thread.join()
print(*done)
"""


@pytest.fixture
def in_small_stack():
    """Return a function that says how `build_and_drop` of a program fares in a small thread."""

    def call(program):
        command = [sys.executable, "-c", program + IN_SMALL_STACK]
        found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
        return found.stdout.strip() or found.stderr

    return call


@pytest.fixture(scope="module")
def browser():
    """Chromium."""
    import playwright.sync_api as driver

    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.fail("no browser found: apt-get install chromium", pytrace=False)
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def visited(browser, tmp_path):
    """Return a function that saves a page and opens it from disk, the network blocked.

    After the test: nothing was asked for but the page, and the console stayed silent.
    """
    complaints: list[str] = []
    contexts = []

    def guard(route):
        url = route.request.url
        if url.startswith("file:") and url.split("#")[0].endswith(".html"):
            route.continue_()
        else:
            complaints.append(f"asked for {url}")
            route.abort()

    def visit(made, address="", width=1366, height=820, **options):
        path = tmp_path / f"page{len(contexts)}.html"
        made.save(path)
        context = browser.new_context(
            viewport={"width": width, "height": height}, offline=True, **options
        )
        contexts.append(context)
        context.route("**/*", guard)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
        page.goto(path.as_uri() + address)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


class Firefox:
    """A tab of Firefox, driven by WebDriver BiDi: it needs no driver beside the browser."""

    def __init__(self, socket):
        self.socket = socket
        self.said = []
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded"])
        self.tab = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def ask(self, method, **parameters):
        self.socket.send(json.dumps({"id": 1, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv(timeout=60))
            if answer["type"] != "event":
                assert answer["type"] == "success", answer
                return answer["result"]
            self.said.append(answer["params"]["text"])

    def visit(self, address, width=1366, height=820):
        size = {"width": width, "height": height}
        self.ask("browsingContext.setViewport", context=self.tab, viewport=size)
        self.ask("browsingContext.navigate", context=self.tab, url=address, wait="complete")

    def evaluate(self, function):
        found = self.ask(
            "script.evaluate", expression=f"Promise.resolve(({function})()).then(JSON.stringify)",
            target={"context": self.tab}, awaitPromise=True,
        )  # fmt: skip
        assert found["type"] == "success", found
        return json.loads(found["result"].get("value", "null"))

    def press(self, key):
        keys = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        actions = [{"type": "key", "id": "keys", "actions": keys}]
        self.ask("input.performActions", context=self.tab, actions=actions)


@pytest.fixture
def firefox(tmp_path):
    """Firefox; after the test its console stayed silent."""
    path = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
    if path is None:
        pytest.fail("no Firefox found: apt-get install firefox-esr", pytrace=False)
    from websockets.sync.client import connect

    profile = tmp_path / "profile"
    profile.mkdir()
    command = [path, "--headless", "--no-remote", "--remote-debugging-port", "0"]
    with subprocess.Popen(
        [*command, "--profile", str(profile)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:  # fmt: skip
        try:
            found = (re.search(r"BiDi listening on (ws://\S+)", line) for line in process.stderr)
            address = next(filter(None, found))[1]
            with connect(f"{address}/session", max_size=None) as socket:
                tab = Firefox(socket)
                yield tab
                assert tab.said == []
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """What axe-core finds on a page open in Chromium, by rule; its source is had from npm once."""
    given = os.environ.get("AXE")
    if given is None:
        npm = shutil.which("npm")
        if npm is None:
            pytest.fail("no npm found to have axe-core from: apt-get install npm", pytrace=False)
        given = str(tmp_path_factory.mktemp("axe"))
        subprocess.run([npm, "install", "--silent", "--prefix", given, AXE], check=True)
    source = (Path(given) / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")

    def look(page):
        page.evaluate(f"{source};0")
        return page.evaluate(AXE_FINDS)

    return look


AXE = "axe-core@~4.14.0"
# Beside the rules that are on, that labels contain the text one sees; of a value in the graph
# that is its name alone, since its numbers are said in words.
AXE_FINDS = """async () => {
  const { violations } = await axe.run(document);
  const named = await axe.run(document, { runOnly: ["label-content-name-mismatch"] });
  const found = [...violations, ...named.violations].flatMap(({ id, nodes }) => nodes.map((n) => `${id}: ${n.html.slice(0, 120)}`));
  return found.filter((text) => !text.startsWith('label-content-name-mismatch: <g class="node'));
}"""


@pytest.fixture
def shown():
    """Return a function: data and gradient of each value that a picture shows, by number."""

    def read(page):
        rows = page.eval_on_selector_all(
            "[data-index]",
            "all => all.map((e) => [e.dataset.index, e.dataset.value, e.dataset.gradient])",
        )
        return {int(i): (float(data), float(gradient or "nan")) for i, data, gradient in rows}

    return read


@pytest.fixture
def assert_alone(tmp_path):
    """Return a function that looks whether a page, written there, is one file that asks for nothing."""

    def check(made):
        (path,) = tmp_path.iterdir()
        text = path.read_text(encoding="utf-8")
        assert text == made.html
        assert not re.search(r"(src|href)=\"(?!#|data:)|@import|url\(|fetch\(|import\(", text)
        assert set(re.findall(r"https?://[^\s\"'<)]+", text)) == {"http://www.w3.org/2000/svg"}
        assert "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline';" in text

    return check
