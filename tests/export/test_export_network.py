"""export --to nnef and savedmodel: what others get says what the network says, or is refused."""

from __future__ import annotations

import io
import json
import os
import sys
import tarfile
from pathlib import Path

import leaving
import numpy as np
import pandas as pd
import pytest

from snapbook import verbs
from snapbook.errors import BadOption, Conflict, Damaged, NotFound, NotRestorable, Untrusted
from snapbook.export import conversion, network, nnefing, tensors

os.environ.setdefault("KERAS_BACKEND", "torch")
# What these libraries say to each other is not ours.
pytestmark = pytest.mark.filterwarnings("ignore")
TOP = Path(__file__).resolve().parents[2]
PEERS = Path(os.environ.get("SNAPBOOK_TEST_PEERS") or TOP / ".venv/peers").absolute()
TENSORFLOW = PEERS / "tensorflow/bin/python"
ROWS = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")


@pytest.fixture
def torch():
    """PyTorch, where what makes NNEF is there too."""
    pytest.importorskip("nnef_tools", reason="nnef-tools is not installed: scripts/test does")
    return pytest.importorskip("torch", reason="torch is not installed: scripts/test does")


def dense():
    torch = pytest.importorskip("torch", reason="torch is not installed: scripts/test does")
    torch.manual_seed(0)
    layers = torch.nn
    return layers.Sequential(
        layers.Linear(4, 8), layers.BatchNorm1d(8), layers.GELU(approximate="tanh"),
        layers.Dropout(0.5), layers.Linear(8, 3), layers.Softmax(dim=1),
    )  # fmt: skip


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.slow
def test_a_network_becomes_nnef_and_is_converted_once(torch, project, tmp_path, monkeypatch):
    from nnef_tools.interpreter.pytorch import NNEFModule

    net, key = dense(), leaving.own_key()
    table = pd.DataFrame(ROWS, columns=list("abcd"))
    leaving.save(project, net, {"X": (table, "")}, key=key, name="net")
    done = verbs.export("net", to="nnef")
    assert done.lines[-1] == "kept as net.nnef:0.1.0: exported again it is the same bytes"
    assert done.lines[1].startswith("wrote net-0.1.0-nnef: NNEF 1.0 by nnef-tools ")
    assert "on 40 rows it says what net:0.1.0 says" in done.lines[2]
    folder = tmp_path / "net-0.1.0-nnef"
    assert done.data["files"] == [str(folder)]
    assert done.data["inputs"] == {"x": "scalar [1, 4]"}
    assert "\n# snapbook.ref: net:0.1.0\n" in (folder / "graph.nnef").read_text()
    with torch.no_grad():
        (again,) = NNEFModule(str(folder)).eval()(torch.from_numpy(ROWS))
        assert np.allclose(again, net.eval()(torch.from_numpy(ROWS)), atol=1e-6)
    with pytest.raises(Conflict, match="there already"):
        verbs.export("net", to="nnef", output=str(folder))
    monkeypatch.setattr(conversion, "find_spec", lambda name: None)  # nothing to convert with now
    verbs.export("net", to="nnef", output="two")
    assert contents(tmp_path / "two") == contents(folder)
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "another"))
    with pytest.raises(Untrusted):
        verbs.export("net", to="nnef")


@pytest.mark.slow
def test_a_keras_model_becomes_a_savedmodel_and_is_converted_once(project, tmp_path, monkeypatch):
    keras = pytest.importorskip("keras", reason="Keras is not installed: scripts/test does")
    if not TENSORFLOW.exists():
        pytest.skip("TensorFlow is not installed: scripts/test does")
    layers = keras.layers
    hidden = layers.Dense(8, activation="relu")
    net = keras.Sequential([keras.Input((4,)), hidden, layers.Dropout(0.5), layers.Dense(2)])
    net.compile("adam", "mse")  # an optimizer of its backend, which others do not have
    leaving.save(project, net, {"X": (ROWS, "train")}, key=leaving.own_key(), name="net")
    monkeypatch.setenv("SNAPBOOK_EXPORT_TENSORFLOW", str(TENSORFLOW))
    done = verbs.export("net", to="savedmodel")
    assert done.lines[-1] == "kept as net.savedmodel:0.1.0: exported again it is the same bytes"
    assert done.lines[1].startswith("wrote net-0.1.0-savedmodel: TensorFlow ")
    assert "on 40 rows it says what net:0.1.0 says" in done.lines[2]
    assert list(done.data["inputs"].values()) == ["float32 [?, 4]"]
    folder = tmp_path / "net-0.1.0-savedmodel"
    held = contents(folder)
    assert {"saved_model.pb", "variables/variables.index"} <= set(held)
    assert json.loads(held["assets.extra/snapbook.json"])["snapbook.ref"] == "net:0.1.0"
    monkeypatch.delenv("SNAPBOOK_EXPORT_TENSORFLOW")  # nothing to convert with now
    verbs.export("net", to="savedmodel", output="two")
    assert contents(tmp_path / "two") == held


def test_what_it_cannot_be_had_of_is_refused(project, monkeypatch):
    rows, target = leaving.numbers()
    net, fitted, key = dense(), leaving.logistic(rows, target), leaving.own_key()
    leaving.save(project, fitted, {"X": (rows, "test")}, key=key, name="logistic")
    leaving.save(project, net, {"y": (target, "test")}, key=key, name="bare")
    leaving.save(project, net.state_dict(), {"X": (rows, "test")}, key=key, name="state")
    for form in ("nnef", "savedmodel"):
        monkeypatch.setitem(network.FORMS, form, _without_packages(form))
    with pytest.raises(NotRestorable, match=r"it is of torch; Keras' can be"):
        verbs.export("bare", to="savedmodel")
    with pytest.raises(NotRestorable, match=r"it is of sklearn; PyTorch's can be"):
        verbs.export("logistic", to="nnef")
    with pytest.raises(NotFound, match="keeps no rows to compare NNEF with it on"):
        verbs.export("bare", to="nnef")
    with pytest.raises(NotRestorable, match="state_dict, tensors without the module") as error:
        verbs.export("state", to="nnef")
    assert "Version the module itself" in str(error.value)


def test_what_is_not_installed_is_said(project, monkeypatch):
    leaving.save(project, dense(), {"X": (ROWS, "test")}, key=leaving.own_key(), name="net")
    monkeypatch.setattr(conversion, "find_spec", lambda name: None)
    with pytest.raises(BadOption, match="torch is not installed"):
        verbs.export("net", to="nnef")


def test_the_python_that_has_tensorflow_is_the_one_that_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(network, "find_spec", lambda name: None)
    assert network._python(sys.executable) == sys.executable
    with pytest.raises(BadOption, match="there is no such program"):
        network._python(str(tmp_path / "python"))
    with pytest.raises(BadOption, match="TensorFlow is not installed") as error:
        network._python("")
    assert 'config("export.tensorflow", "PYTHON")' in str(error.value)


def _without_packages(form):
    from dataclasses import replace

    return replace(network.FORMS[form], packages=())


def told_of(path, net, *tables):
    """What the process tells of a network and frames, run here."""
    from snapbook.parts import frame, model
    from snapbook.store.memory import MemoryStore
    from snapbook.trial.job import Folder

    writer, folder = MemoryStore().writer(), Folder(path)
    part, _ = model.capture(net, "model", writer)
    held = [frame.capture(one, "X", writer, role="test").part for one in tables]
    job = {"model": folder.add_part(part, writer.get), "props": {"snapbook.ref": "net:0.1.0"}}
    job["frames"] = [(folder.add_part(one, writer.get), []) for one in held]
    (path / nnefing.JOB).write_text(json.dumps(job))
    nnefing.main(path)
    return tensors.Told(**json.loads((path / nnefing.SAID).read_text()))


def test_an_operator_that_nnef_does_not_have_is_named(torch, tmp_path):
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.LogSoftmax(dim=1))
    assert told_of(tmp_path, net, ROWS).why == (
        "Conversion of operator 'LogSoftmax' is not implemented"
    )


def test_the_frame_that_the_network_takes_is_found(torch, tmp_path):
    told = told_of(tmp_path, dense(), ROWS[:, :3], ROWS)
    assert (told.why, told.rows, told.differing) == ("", 40, 0)
    (tmp_path / "none").mkdir()
    told = told_of(tmp_path / "none", dense(), ROWS[:, :3])
    assert "shapes cannot be multiplied" in told.why


def test_rows_of_pictures_are_asked_as_such(torch, tmp_path):
    layers = torch.nn
    net = layers.Sequential(
        layers.Conv2d(1, 2, 3), layers.ReLU(), layers.MaxPool2d(2), layers.Flatten(),
        layers.Linear(18, 3),
    )  # fmt: skip
    pictures = np.random.default_rng(0).normal(size=(9, 1, 8, 8)).astype("float32")
    told = told_of(tmp_path, net, pictures)
    assert (told.why, told.rows, told.differing) == ("", 9, 0)
    assert told.inputs == {"x": "scalar [1, 1, 8, 8]"}


def test_what_is_no_function_of_one_tensor_is_refused(torch, tmp_path):
    class Two(torch.nn.Module):
        def forward(self, rows):
            return rows, rows

    for name, net, why in (
        ("two", Two(), "it answers with more than one array"),
        ("mean", torch.nn.Flatten(start_dim=0), "it does not answer each row"),
    ):
        (tmp_path / name).mkdir()
        assert why in told_of(tmp_path / name, net, ROWS).why


def test_a_network_whose_rows_hang_on_each_other_is_refused(torch, tmp_path):
    class Centred(torch.nn.Module):
        def forward(self, rows):
            return rows - rows.mean(dim=0, keepdim=True)

    told = told_of(tmp_path, Centred(), ROWS)
    assert told.why == ""
    assert told.differing > 30
    assert "as NNEF, " in told.worst
    assert not (tmp_path / nnefing.FILE).exists()


def test_an_archive_that_leaves_its_folder_is_not_written():
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for name in ("nnef/graph.nnef", "nnef/../../x"):
            told = tarfile.TarInfo(name)
            told.size = 1
            archive.addfile(told, io.BytesIO(b"1"))
    found = network.files(sink.getvalue())
    assert next(found) == ("graph.nnef", b"1")
    with pytest.raises(Damaged, match=r"it has nnef/../../x in it"):
        next(found)
    with pytest.raises(Damaged, match="no archive"):
        list(network.files(b"nothing"))


def test_rows_that_the_network_writes_into_are_asked_as_they_were(torch, tmp_path):
    class Careless(torch.nn.Module):
        def forward(self, rows):
            return rows.mul_(2) + 1

    told = told_of(tmp_path, Careless(), ROWS)
    assert (told.why, told.differing) == ("", 0)
