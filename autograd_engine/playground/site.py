"""Site: the playground as a folder of static files, and a server for it on this machine."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import tempfile
import webbrowser
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from os import PathLike
from pathlib import Path
from typing import Any

from autograd_engine.views.explore.page import inert_json, spoken

OWN = Path(__file__).parent
FILES = "index.html playground.css ../views/explore/wording.js playground.js worker.js service.js"
PACKAGES = {  # fetched by npm, and what is taken of them; without the editor a text area serves
    "pyodide@314.0.7": "pyodide.mjs pyodide.asm.mjs pyodide.asm.wasm python_stdlib.zip "
    "pyodide-lock.json",
    "codemirror@5.65.21": "lib/codemirror.js lib/codemirror.css mode/python/python.js",
}


def playground(
    folder: str | PathLike[str] = "playground",
    assets: str | PathLike[str] | None = None,
    lang: str | None = None,
) -> Path:
    """Write the playground into a folder, which it returns.

    What `npm pack` gives of Pyodide and CodeMirror is taken from the folder `assets`, else npm
    fetches it. Wheels that lie in `assets`, of Python alone or for that Pyodide, can be imported
    too: with NumPy's `ag.compile` runs, and the lessons on it stand in the menu. `lang` is "en" or
    "zh", or None for that of the browser. Raises `RuntimeError` where Pyodide cannot be had or a
    file of `assets` is damaged, `ValueError` for another language.
    """
    texts = [(OWN / own).read_text("utf-8") for own in FILES.split()]
    words = inert_json(spoken(lang, "".join(texts)))
    target = Path(folder)
    with tempfile.TemporaryDirectory() as fetched:
        source, why = Path(assets or fetched), f"{assets} holds no pyodide-*.tgz"
        try:
            command = [shutil.which("npm") or "npm", "pack", *PACKAGES]
            if assets is None:
                subprocess.run(command, cwd=source, capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            why = f"npm cannot fetch it ({error})"
        if not [*source.glob("pyodide-*.tgz")]:
            advice = f"run npm pack {' '.join(PACKAGES)} and give that folder as --assets"
            raise RuntimeError(f"there is no Pyodide: {why}; where there is a network {advice}")
        target.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(target / "autograd_engine.zip", "w", zipfile.ZIP_DEFLATED) as zipped:
            for part in sorted(OWN.parent.rglob("*.*")):
                if part.suffix in (".py", ".js", ".css", ".html", ".json", ".csv", ".gz"):
                    zipped.write(part, part.relative_to(OWN.parents[1]))
            for wheel in (wheels := [*source.glob("*.whl")]):
                with whole(wheel), zipfile.ZipFile(wheel) as held:
                    for name in held.namelist():
                        zipped.writestr(name, held.read(name))
        for package, paths in PACKAGES.items():
            for name in paths.split():
                (to := target / Path(name).name).write_bytes(b"")
                for packed in source.glob(f"{package.partition('@')[0]}-*.tgz"):
                    with whole(packed), tarfile.open(packed) as held:
                        to.write_bytes(held.extractfile(f"package/{name}").read())  # type: ignore[union-attr]
    for own, text in zip(FILES.split(), texts):
        (target / Path(own).name).write_text(text.replace("<!--DATA-->", words), encoding="utf-8")
    course = OWN / "lessons" if (OWN / "lessons").is_dir() else OWN.parents[1] / "demos"
    lessons = {path.stem: path.read_text("utf-8") for path in sorted(course.glob("[0-9]*.py"))}
    if not any(wheel.name.startswith("numpy-") for wheel in wheels):
        lessons = {name: text for name, text in lessons.items() if "ag.compile(" not in text}
    (target / "lessons.json").write_text(json.dumps(lessons), encoding="utf-8")
    return target


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Name the file where what is read of it is damaged."""
    try:
        yield
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, OSError, EOFError, KeyError) as error:
        advice = f"run npm pack {' '.join(PACKAGES)} again, or fetch the wheel again"
        raise RuntimeError(f"{path} cannot be read ({error}): {advice}") from error


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        **dict.fromkeys((".js", ".mjs"), "text/javascript"), ".wasm": "application/wasm"
    }  # fmt: skip

    def copyfile(self, *files: Any) -> None:
        with suppress(ConnectionError):  # of a browser that asked only whether the file is there
            super().copyfile(*files)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of the folder for this machine alone; its `serve_forever` runs it."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, directory=folder))


def serve(folder: Path) -> None:
    """Open the playground in a browser, and serve it until Ctrl-C."""
    with suppress(KeyboardInterrupt):
        try:
            served = server(folder, 8000)  # the same address each time, so that links hold
        except OSError:
            served = server(folder)
        address = f"http://127.0.0.1:{served.server_port}/"
        print(f"{address} until Ctrl-C", flush=True)
        webbrowser.open(address)
        served.serve_forever()
