"""Site: the folder of the playground, complete with the browser's Python, and a server for it."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import as_file, files
from os import PathLike
from pathlib import Path

PACKAGES = {"pyodide": "pyodide@314.0.7", "codemirror": "codemirror@5.65.21"}
PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
PYODIDE += ("pyodide-lock.json",)
EDITOR = ("lib/codemirror.js", "lib/codemirror.css", "mode/python/python.js")
OWN = ("index.html", "playground.css", "playground.js", "worker.js", "service.js")


def playground(
    folder: str | PathLike[str] = "playground", assets: str | PathLike[str] | None = None
) -> Path:
    """Write the playground into a folder, and return that.

    Pyodide and the editor are taken from `assets`, a folder with what `npm pack` gives or what
    that holds, else fetched by npm. Raises `RuntimeError` where they cannot be had.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as fetched:
        source = Path(assets) if assets is not None else _fetched(Path(fetched))
        _copied(source, "pyodide", PYODIDE, target)
        if not _copied(source, "codemirror", EDITOR, target, needed=False):
            (target / "codemirror.js").write_text("", encoding="utf-8")  # a text area serves
            (target / "codemirror.css").write_text("", encoding="utf-8")
    for name in OWN:
        shutil.copyfile(str(files(__package__) / name), target / name)
    (target / "autograd_engine.zip").write_bytes(_package())
    lessons = [
        {"title": path.stem.replace("_", " "), "code": path.read_text(encoding="utf-8")}
        for path in sorted(Path(__file__).parents[2].glob("demos/[0-9]*.py"))
    ]
    (target / "lessons.json").write_text(json.dumps(lessons), encoding="utf-8")
    return target


def _fetched(folder: Path) -> Path:
    """Return a folder with both packages, got by npm."""
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError(
            "the playground needs Pyodide: install npm, or give --assets a folder with "
            f"{' and '.join(f'`npm pack {name}`' for name in PACKAGES.values())}"
        )
    found = subprocess.run(
        [npm, "pack", "--silent", *PACKAGES.values()], cwd=folder, capture_output=True, text=True
    )
    if found.returncode:
        raise RuntimeError(f"npm could not fetch Pyodide and the editor: {found.stderr:.400}")
    return folder


def _copied(
    source: Path, name: str, wanted: tuple[str, ...], target: Path, needed: bool = True
) -> bool:
    """Copy files of a package, packed or not; say whether it is there."""
    packed = sorted(source.glob(f"{name}-*.tgz"))
    for path in wanted:
        place = target / (f"pyodide/{Path(path).name}" if name == "pyodide" else _flat(path))
        place.parent.mkdir(exist_ok=True)
        if packed:
            with tarfile.open(packed[-1]) as archive:
                place.write_bytes(archive.extractfile(f"package/{path}").read())  # type: ignore[union-attr]
        else:
            given = [p for p in (source / name / path, source / Path(path).name) if p.is_file()]
            if not given:
                if needed:
                    raise RuntimeError(f"{source} holds no {path} of {name}")
                return False
            shutil.copyfile(given[0], place)
    return True


def _flat(path: str) -> str:
    return Path(path).name


def _package() -> bytes:
    """Return the package as a zip file, without what is compiled."""
    held = io.BytesIO()
    with (
        as_file(files("autograd_engine")) as root,
        zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for path in sorted(root.rglob("*")):
            if path.is_file() and path.suffix in (".py", ".js", ".css", ".html", ".csv", ".gz"):
                archive.write(path, path.relative_to(root.parent))
    return held.getvalue()


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript", ".wasm": "application/wasm",
    }  # fmt: skip

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serve(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of the folder, on this machine alone; its `serve_forever` runs it."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, directory=folder))
