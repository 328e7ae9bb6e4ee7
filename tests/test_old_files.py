"""What version 0.1.0 wrote is read: files of both its builds, by both builds of this version.

`data/0.1.0/write.py`, with which that version wrote them, says what is in them.
"""

import importlib.util
import json
import pickle
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import autograd_engine as ag

DATA = Path(__file__).parent / "data" / "0.1.0"
PICKLES = sorted(path.name for path in DATA.glob("*.pickle"))
NUMBERS = json.loads((DATA / "numbers.json").read_text())


@pytest.fixture
def kept(monkeypatch):
    """Return the module that the pickles were written with."""
    spec = importlib.util.spec_from_file_location("kept", DATA / "write.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "kept", module)
    spec.loader.exec_module(module)
    return module


def close(found: object, expected: object) -> bool:
    """Say whether these are equal, floats to 1e-12: other mathematics libraries round otherwise."""
    if isinstance(expected, float):
        return found == pytest.approx(expected, rel=1e-12, abs=1e-15)
    if isinstance(expected, dict):
        return list(found) == list(expected) and close([*found.values()], [*expected.values()])
    if isinstance(expected, Sequence) and not isinstance(expected, str):
        return len(found) == len(expected) and all(map(close, found, expected))
    return found == expected


@pytest.mark.parametrize("name", PICKLES)
def test_a_pickle_has_the_numbers_gradients_and_names_that_it_had(name, kept):
    kind = name.split(".")[0]
    found = pickle.loads((DATA / name).read_bytes())
    assert close(kept.GIVES[getattr(kept, kind)](found), NUMBERS[kind])


def test_there_is_a_pickle_of_each_kind_and_where_they_differ_of_each_build(kept):
    assert {name.split(".")[0] for name in PICKLES} == {kind.__name__ for kind in kept.KINDS}
    assert sum("compiled" in name for name in PICKLES) == 2


def test_leaves_regions_and_rows_are_as_pickled(kept):
    output, hidden, leaves = pickle.loads((DATA / "graph.pickle").read_bytes())
    assert ag.graph.leaves(output)[:3] == leaves and leaves[2] is ag.graph.leaves(hidden)[2]
    assert hidden in ag.graph.nodes(output) and ag.graph.region(hidden) == "layer"
    for row in pickle.loads((DATA / "rows.pickle").read_bytes()):
        assert pickle.loads(pickle.dumps(row)) is row


def test_a_guard_holds_as_it_did(kept):
    branch, *_ = pickle.loads((DATA / "programs.pickle").read_bytes())
    with pytest.raises(ag.GuardError, match=r"The comparison -0.5 > 0.0 is False"):
        branch([-0.5, 2.0])


@pytest.mark.parametrize("which", range(4))
def test_a_saved_model_gives_what_it_gave(which, kept):
    own = [None, None, None, kept.Line()][which]
    model = ag.load(DATA / f"model{which}.json", model=own)
    data, gradients, _ = kept.of_networks([model])[0]  # labels are not saved
    assert close([data, gradients], NUMBERS["networks"][which][:2])


def test_a_training_goes_on_from_a_checkpoint_to_the_losses_it_would_have_had(kept, tmp_path):
    path = shutil.copy(DATA / "checkpoint.json", tmp_path)
    assert close(kept.trained(path, 4, resume=True), NUMBERS["trained"])
    assert len(json.loads(Path(path).read_text())["training"]["history"]["loss"]) == 4
