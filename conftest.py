"""Marks: what a test needs says which run it belongs to.

Marked `browser` and `jax` are the tests that ask for the fixture of that name, and `jax` all of a
file that has it in its name: such a file imports JAX, so a run without its tests passes it by.
"""

import sys

import pytest

MARKS = {"browser", "jax"}
LOADED = "jax" in sys.modules  # by a plugin of somebody's: then nothing can be said of it


def without_jax(config):
    return "not jax" in config.option.markexpr


def pytest_ignore_collect(collection_path, config):
    return True if collection_path.match("*jax*.py") and without_jax(config) else None


@pytest.hookimpl(tryfirst=True)  # before the marks are asked for
def pytest_collection_modifyitems(items):
    for item in items:
        needs = MARKS.intersection(getattr(item, "fixturenames", ()))
        for mark in needs | ({"jax"} if item.path.match("*jax*.py") else set()):
            item.add_marker(mark)


@pytest.fixture(autouse=True)
def no_jax_in_a_run_without(request):
    """A test that imports JAX asks for the fixture `jax`."""
    yield
    if without_jax(request.config) and "jax" in sys.modules and not LOADED:
        pytest.fail("JAX was imported in a run without it: ask for the fixture jax", pytrace=False)
