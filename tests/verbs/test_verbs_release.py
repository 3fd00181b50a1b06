"""What of a version is written to disk: never over something that is there, whatever it is."""

import os
import shutil
import subprocess
import sys

import pytest
from export import leaving

from snapbook import verbs
from snapbook.errors import Conflict
from snapbook.verbs.release import free_path

MINE = b"mine"


@pytest.fixture
def project(tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    with leaving.project(tmp_path, monkeypatch) as here:
        rows, target = leaving.numbers()
        leaving.save(here, leaving.logistic(rows, target), {"X": (rows, "train")})
        yield tmp_path


def bundle(name):
    return verbs.export("churn", to="bundle", output=name, no_sample=True)


ACTS = {
    "a bundle": ("out.zip", bundle),
    "a notebook": ("out.ipynb", lambda name: verbs.export("churn", to="notebook", output=name)),
    "a report": ("out.html", lambda name: verbs.export("churn", to="report", output=name)),
    "an image": ("out.tar", lambda name: verbs.export("churn", to="modelpack", output=name)),
    "onnx": ("out.onnx", lambda name: verbs.export("churn", to="onnx", output=name)),
    "skops": ("out.skops", lambda name: verbs.export("churn", to="skops", output=name)),
    "a card": ("out.md", lambda name: verbs.card("churn", output=name)),
    "events": ("out.jsonl", lambda name: verbs.audit("export", output=name)),
    "figures": ("out.html", lambda name: verbs.monitor("churn", output=name)),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("way", ["file", "link", "folder"])
def test_nothing_is_written_over(project, act, way):
    name, write = ACTS[act]
    place = project / name
    if way == "file":
        place.write_bytes(MINE)
    elif way == "link":
        place.symlink_to(project / "nowhere")
    else:
        place.mkdir()
        (place / "kept").write_bytes(MINE)
    before = sorted(os.listdir(project))
    with pytest.raises(Conflict, match=f"{name} is there already") as caught:
        write(name)
    assert caught.value.act == "Name another place with -o"
    assert sorted(os.listdir(project)) == before
    assert way != "file" or place.read_bytes() == MINE
    assert way != "folder" or (place / "kept").read_bytes() == MINE


def test_a_folder_that_cannot_be_looked_into_is_said(project):
    """As somebody who is not allowed to: root is, so the kernel's own bounds are taken away."""
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("root, and nothing here that takes its rights away")
    (project / "closed").mkdir(mode=0o000)
    words = ["card", "churn", "-o", "closed/x.md"]
    bounds = "--bounding-set=-dac_override,-dac_read_search"
    bounded = [] if os.geteuid() else ["setpriv", bounds]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [*bounded, sys.executable, "-m", "snapbook", *words], cwd=project, env=env,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 6
    assert done.stderr.startswith("Not written: ")
    assert done.stderr.endswith("closed may not be written. Name another place with -o.\n")


def test_lock_files_are_not_written_over_one_of_yours(project):
    (project / "requirements.txt").write_bytes(MINE)
    with pytest.raises(Conflict, match=r"requirements\.txt is there already"):
        verbs.export("churn", to="env", output=".")
    assert (project / "requirements.txt").read_bytes() == MINE
    assert not (project / "pylock.toml").exists()
    (project / "other").mkdir()
    verbs.export("churn", to="env", output="other")
    assert sorted(os.listdir(project / "other")) == ["pylock.toml", "requirements.txt"]


def test_what_is_written_twice_gets_a_number_behind_its_name(project):
    written = [verbs.export("churn", to="bundle", no_sample=True).data["files"] for _ in range(3)]
    assert [os.path.basename(name) for (name,) in written] == [
        "churn-0.1.0-bundle",
        "churn-0.1.0-bundle-2",
        "churn-0.1.0-bundle-3",
    ]
    taken = project / "churn-0.1.0.ipynb"
    taken.touch()
    assert free_path(taken).name == "churn-0.1.0-2.ipynb"


def test_a_place_that_is_free_is_written(project):
    for name, write in (ACTS["a bundle"], ACTS["a card"], ACTS["events"]):
        write(name)
        assert (project / name).stat().st_size > 100
