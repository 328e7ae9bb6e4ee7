"""Make the lessons' notebooks of their scripts, or run them.

    python .ci/notebooks.py          writes demos/notebooks/*.ipynb, without outputs
    python .ci/notebooks.py --run    runs each of them in a folder of its own, by its kernel

Cells are jupytext's: `# %%` begins one, what follows is its heading; what is tagged
`active-ipynb` is code in the notebook alone. The docstring becomes text.
"""

import ast
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

DEMOS = Path(__file__).resolve().parent.parent / "demos"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
CALL = re.compile(r'\n\nif __name__ == "__main__":\n.*\Z', re.DOTALL)


def lessons() -> list[Path]:
    return sorted(DEMOS.glob("[0-9][0-9]_*.py"))


def place(lesson: Path) -> Path:
    """Return where the notebook of a lesson stands."""
    return DEMOS / "notebooks" / f"{lesson.stem}.ipynb"


def notebook(lesson: Path) -> str:
    """Return the notebook of a lesson, as JSON."""
    source = lesson.read_text(encoding="utf-8")
    docstring = ast.parse(source).body[0]
    code = "\n".join(source.split("\n")[docstring.end_lineno :])
    made = jupytext.reads(CALL.sub("\n# %% It prints\nmain()\n", code), fmt="py:percent")
    cells = [nbformat.v4.new_markdown_cell(introduction(docstring.value.value))]
    for cell in made.cells:
        heading = cell.metadata.pop("title", "")
        if heading:
            cells.append(nbformat.v4.new_markdown_cell(f"## {heading}"))
        cells.append(cell)
    for number, cell in enumerate(cells):
        cell.id, cell.metadata, cell.source = str(number), {}, cell.source.strip("\n")
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata=metadata)) + "\n"


def introduction(docstring: str) -> str:
    """Return a docstring as Markdown, without what the notebook itself will print."""
    told = docstring.partition("\nIt prints:\n")[0].strip()
    heading, *rest = [marked(part) for part in told.split("\n\n")]
    return "\n\n".join([f"# {heading.removesuffix('.')}", *rest])


def marked(paragraph: str) -> str:
    """Return a paragraph as Markdown that shows what is written; code stays code."""
    parts = re.split("(`[^`]*`)", paragraph)
    if paragraph.startswith("    "):
        return paragraph
    return "".join(p if p[:1] == "`" else re.sub(r"([*_<])", r"\\\1", p) for p in parts)


def run(lesson: Path) -> None:
    """Run the notebook of a lesson where nothing else is; what fails raises."""
    with tempfile.TemporaryDirectory() as folder:
        made = nbformat.read(place(lesson), as_version=4)
        resources = {"metadata": {"path": folder}}
        quiet = ["--log-level=ERROR"]  # not a warning for each kernel
        client = NotebookClient(made, timeout=120, kernel_name="python3", resources=resources)
        client.extra_arguments = quiet
        client.execute()
    print(f"-- {place(lesson).name}: {sum('outputs' in cell for cell in made.cells)} cells run")


def main(*options: str) -> None:
    if options == ("--run",):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(run, lessons()))
    else:
        for lesson in lessons():
            place(lesson).write_text(notebook(lesson), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
