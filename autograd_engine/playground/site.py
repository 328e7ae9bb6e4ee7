"""Site: the playground as a folder of static files, and a server for it on this machine."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from os import PathLike
from pathlib import Path

OWN = Path(__file__).parent
PACKAGES = {
    "pyodide@314.0.7": (
        "pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip",
        "pyodide-lock.json",
    ),
    "codemirror@5.65.21": ("lib/codemirror.js", "lib/codemirror.css", "mode/python/python.js"),
}  # fmt: skip
"""What is fetched by npm, and what is taken of it; without the editor a text area serves."""


def playground(
    folder: str | PathLike[str] = "playground", assets: str | PathLike[str] | None = None
) -> Path:
    """Write the playground into a folder, which it returns.

    What `npm pack` gives of Pyodide and CodeMirror is taken from the folder `assets`, else npm
    fetches it. Raises `RuntimeError` where Pyodide cannot be had.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as fetched:
        source = Path(fetched if assets is None else assets)
        for wanted, paths in PACKAGES.items():
            name = wanted.partition("@")[0]
            if assets is None:
                _fetch(wanted, source)
            packed = sorted(source.glob(f"{name}-*.tgz"))
            if not packed and name == "pyodide":
                raise RuntimeError(f"{source} holds no pyodide-*.tgz: make it by npm pack {wanted}")
            for path in paths:
                data = b""
                if packed:
                    with tarfile.open(packed[-1]) as archive:
                        data = archive.extractfile(f"package/{path}").read()  # type: ignore[union-attr]
                (target / Path(path).name).write_bytes(data)
    for own in OWN.iterdir():
        if own.suffix in (".html", ".css", ".js"):
            shutil.copyfile(own, target / own.name)
    (target / "autograd_engine.zip").write_bytes(_package())
    texts = {p.stem: p.read_text("utf-8") for p in sorted(OWN.parents[1].glob("demos/[0-9]*.py"))}
    lessons = {name: _lesson(text) for name, text in texts.items() if "ag.compile(" not in text}
    (target / "lessons.json").write_text(json.dumps(lessons), encoding="utf-8")
    return target


def _fetch(wanted: str, folder: Path) -> None:
    try:
        command = [shutil.which("npm") or "npm", "pack", "--silent", wanted]
        subprocess.run(command, cwd=folder, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise RuntimeError(
            f"npm cannot fetch {wanted} ({error}): where there is a network run "
            f"`npm pack {' '.join(PACKAGES)}`, and give that folder as --assets"
        ) from None


def _lesson(text: str) -> str:
    """Return a lesson with what its notebook alone shows, each cell's last line displayed."""

    def cell(found: re.Match[str]) -> str:
        *lines, last = found[1].replace("\n# ", "\n").strip().split("\n")
        return "\n".join([*lines, f"display(\n    {last}\n)", ""])

    return re.sub(r'\n# %% tags=\["active-ipynb"\]((?:\n# .*)+)\n', cell, text)


def _package() -> bytes:
    """Return the package as a zip file, without what is compiled."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(OWN.parent.rglob("*.*")):
            if path.suffix in (".py", ".js", ".css", ".html", ".json", ".csv", ".gz"):
                archive.write(path, path.relative_to(OWN.parents[1]))
    return held.getvalue()


class _Handler(SimpleHTTPRequestHandler):
    def guess_type(self, path: str | PathLike[str]) -> str:
        kinds = {".mjs": "text/javascript", ".wasm": "application/wasm"}
        return kinds.get(Path(path).suffix) or super().guess_type(path)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of the folder for this machine alone; its `serve_forever` runs it."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, directory=folder))
