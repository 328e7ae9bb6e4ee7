"""README.md is true: its code runs and gives what it shows, what it names is there.

So it is in CONTRIBUTING.md.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
from inspect import isfunction, ismodule
from pathlib import Path

import pytest

import autograd_engine
from autograd_engine.__main__ import PARTS, _options
from autograd_engine.diagnosis.findings import KINDS

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = Path(autograd_engine.__file__).parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.M | re.S)
COMMANDS = [
    line.split("autograd_engine ", 1)[1]
    for kind, block in BLOCKS
    if kind == "bash"
    for line in block.splitlines()
    if re.search("(^|&& |-m )autograd_engine ", line)
]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """Return the names after all Python blocks, the numbers shown and found, and the prints."""
    names: dict = {}
    printed: list[str] = []
    compared: list[tuple] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("readme"))
        names["print"] = lambda *parts: printed.append(" ".join(map(str, parts)))
        for kind, block in BLOCKS:
            if kind == "python":
                for node in ast.parse(block).body:
                    _run(node, block.splitlines(), names, compared)
        files = sorted(path.name for path in Path().iterdir())
    return names, compared, printed, files


def _run(node, lines, names, compared):
    shown = re.search(r"  # ([-\d.\[][-\d., \[\]]*)(:|$)", lines[node.lineno - 1])
    if isinstance(node, ast.Expr) and shown:
        found = eval(compile(ast.Expression(node.value), "README.md", "eval"), names)
        compared.append((found, ast.literal_eval(shown[1])))
    else:
        exec(compile(ast.Module([node], []), "README.md", "exec"), names)


def test_the_python_blocks_run_in_one_session_and_give_the_numbers_that_they_show(session):
    _, compared, _, files = session
    assert compared == [(number, number) for _, number in compared]
    assert len(compared) == 3
    assert files == ["loss.html", "loss.svg", "model.json"]


def test_the_outputs_shown_below_the_blocks_are_those_printed(session):
    _, _, printed, _ = session
    outputs = [block for kind, block in BLOCKS if not kind and "=" in block]
    assert len(outputs) == 3
    for output in outputs:
        for line in output.splitlines():
            begin = line.removesuffix("...")
            assert any(begin in text for text in printed), line


def test_the_numbers_told_of_a_compiled_network_are_those_found(session):
    names, _, printed, _ = session
    computed = [value for value in names["ag"].graph.nodes(names["loss"]) if value.operands]
    assert TEXT.count(f"{len(computed):,} recorded nodes") == 2
    listed = [text for text in printed if text.startswith("parameters (337,)")]
    assert f"become {len(re.findall('^v', listed[0], re.M))} lines" in TEXT
    assert names["history"].ran.startswith("compiled")


def test_every_file_that_is_linked_or_shown_is_there():
    linked = re.findall(r"\]\((?!https?:)([^)]+)\)", TEXT)
    assert [path for path in linked if not (ROOT / path).is_file()] == []
    assert sorted(path for path in linked if path.endswith(".py")) == sorted(
        f"demos/{path.name}" for path in (ROOT / "demos").glob("[0-9][0-9]_*.py")
    )
    assert len(linked) > 17


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_one_that_the_command_line_takes(command):
    assert callable(_options(shlex.split(command)).run)


def test_the_command_of_each_kind_is_shown():
    assert {command.split()[0] for command in COMMANDS} == {*PARTS}


def test_every_function_of_the_package_that_is_named_is_there(session):
    ag = session[0]["ag"]
    named = set(re.findall(r"\bag\.(\w+)", TEXT))
    assert {name for name in named if not hasattr(ag, name)} == set()
    assert len(named) > 20


def test_every_public_name_is_mentioned(session):
    ag = session[0]["ag"]
    modules = [what for name in ag.__all__ if ismodule(what := getattr(ag, name))]
    names = {name for module in (ag, *modules) for name in getattr(module, "__all__", ())}
    names |= {what.__name__ for module in modules for what in vars(module).values()
              if isfunction(what) and what.__module__ == module.__name__}  # fmt: skip
    code = " ".join(re.findall("`([^`]*)`", TEXT))
    left_out = {name for name in names if not re.search(rf"\b{name}\b", code)}
    assert {name for name in left_out if not name.startswith("_")} == set()
    assert len(names) > 100


# Contributing.

HABITS = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TYPED = [
    shlex.split(command)
    for block in re.findall(r"^```bash\n(.*?)^```$", HABITS, re.M | re.S)
    for command in re.split(r" && |\n", block.strip())
]


def there(name: str) -> bool:
    """Say whether a file or folder is there; those of the package are where it is installed."""
    return ((PACKAGE.parent if name.startswith("autograd_engine/") else ROOT) / name).exists()


def test_every_file_that_contributing_names_is_there():
    named = {
        name for name in re.findall(r"`([\w./]+)`", HABITS) if re.search(r"/|\.(py|md)$", name)
    }
    assert {name for name in named if not there(name)} == set()
    assert len(named) > 20


def test_the_commands_of_contributing_are_those_of_the_gate():
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert [".ci/run"] in TYPED and ["mypy"] in TYPED
    for command in TYPED:
        if command[0] in ("ruff", "mypy"):
            assert shlex.join(command) in gate.splitlines()
        for part in command:
            assert "==" not in part or f'"{part}"' in gate
            assert not part.endswith(".py") or there(part)


def test_the_loop_of_contributing_leaves_out_the_marks_that_are_registered(request):
    loops = [command for command in TYPED if "-m" in command[3:]]
    assert len(loops) == 2 and loops[0] == loops[1]
    assert loops[0][-1] == "not slow"
    registered = {line.split(":")[0] for line in request.config.getini("markers")}
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    extras = {line.partition(" = ")[0] for line in project.splitlines()}
    for mark in ("browser", "peers", "pythons"):
        assert f"- `{mark}`: " in HABITS and mark in registered and mark in extras


def test_a_run_has_what_it_asks_for_alone(request):
    asked = request.config.option.markexpr
    for item in request.session.items:
        for mark in ("browser", "peers", "pythons"):
            assert mark in asked or not item.get_closest_marker(mark), item.nodeid


def test_the_change_log_counts_what_is_there():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert len(KINDS) == 11
    assert "eleven kinds" in text
    lessons = len(list((ROOT / "demos").glob("[0-9][0-9]_*.py")))
    assert f"The {lessons} lessons in `demos/`" in TEXT
