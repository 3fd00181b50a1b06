"""export --to onnx of PyTorch networks: what ONNX Runtime says of any number of rows is what the
network says of them, or it is refused.
"""

import json
import os

import leaving
import numpy as np
import pandas as pd
import pytest

from snapbook import places, verbs
from snapbook.errors import BadOption, NotFound, NotRestorable, Untrusted
from snapbook.export import agreeing, conversion, converting, tracing
from snapbook.parts import frame, model
from snapbook.store.memory import MemoryStore
from snapbook.trial.job import Folder

torch = pytest.importorskip("torch", reason="torch is not installed: scripts/test does")
pytest.importorskip("onnx", reason="onnx is not installed: scripts/test does")
onnxruntime = pytest.importorskip("onnxruntime")
# What these libraries say to each other is not ours.
pytestmark = pytest.mark.filterwarnings("ignore")
layers = torch.nn
ROWS = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")


def dense():
    torch.manual_seed(0)
    return layers.Sequential(
        layers.Linear(4, 8), layers.BatchNorm1d(8), layers.GELU(), layers.Dropout(0.5),
        layers.Linear(8, 3), layers.LayerNorm(3), layers.Softmax(dim=1),
    )  # fmt: skip


def told_of(path, net, *tables):
    """What the process tells of a network and frames, run here."""
    path.mkdir(exist_ok=True)
    writer, folder = MemoryStore().writer(), Folder(path)
    part, _ = model.capture(net, "model", writer)
    held = [frame.capture(one, "X", writer, role="test").part for one in tables]
    job = {"model": folder.add_part(part, writer.get), "props": {"snapbook.ref": "net:0.1.0"}}
    job["frames"] = [(folder.add_part(one, writer.get), []) for one in held]
    (path / tracing.JOB).write_text(json.dumps(job))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORT_DISABLE_TELEMETRY", "")  # put back at the end
        tracing.main(path)
    said = json.loads((path / tracing.SAID).read_text())
    return converting.Told(**said) if not said["why"] else said["why"]


def said(path, rows):
    session = onnxruntime.InferenceSession(path)
    (given,) = session.get_inputs()
    return session.run(None, {given.name: rows})[0]


class Recurrent(layers.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.inner = layers.LSTM(1, 5, batch_first=True)

    def forward(self, rows):
        return self.inner(rows.unsqueeze(2))[0][:, -1]


class Attentive(layers.Module):
    """The columns of a row look at each other."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.wide = layers.Linear(1, 4)
        one = layers.TransformerEncoderLayer(4, 2, dim_feedforward=8, batch_first=True)
        self.inner = layers.TransformerEncoder(one, 1)
        self.out = layers.Linear(16, 2)

    def forward(self, rows):
        return self.out(self.inner(self.wide(rows.unsqueeze(2))).flatten(1))


class Optional(layers.Module):
    """Other things that it takes are not asked for."""

    def forward(self, rows, factor=2.0, *, squared: bool = False, more=None):
        return rows * factor if more is None and not squared else rows


class Labels(layers.Module):
    def forward(self, rows):
        return rows.argmax(dim=1)


class Careless(layers.Module):
    def forward(self, rows):
        return rows.mul_(2) + 1


@pytest.mark.parametrize(
    "make",
    [dense, lambda: torch.jit.script(dense()), Recurrent, Attentive, Optional, Labels, Careless,
     lambda: layers.Linear(4, 1)],
)  # fmt: skip
def test_any_number_of_rows_is_answered_as_the_network_does(tmp_path, make):
    net = make()
    told = told_of(tmp_path, net, ROWS)
    assert (told.rows, told.differing, told.floats, told.opset) == (40, 0, 32, 17)
    assert (told.inputs, list(told.outputs)) == ({"x": "tensor(float)"}, ["y"])
    path = tmp_path / tracing.FILE
    net.eval()
    for count in (1, 2, 3, 11, 1000):
        rows = np.random.default_rng(count).normal(size=(count, 4)).astype("float32")
        with torch.no_grad():
            wanted = net(torch.from_numpy(rows.copy())).numpy()
        assert np.allclose(said(path, rows), wanted, atol=1e-6)
    session = onnxruntime.InferenceSession(path)
    assert session.get_inputs()[0].shape == ["rows", 4]
    assert session.get_modelmeta().custom_metadata_map == {"snapbook.ref": "net:0.1.0"}


def test_few_rows_are_enough_to_be_asked_by_one_and_by_several(tmp_path):
    for count in (1, 2, 8):
        told = told_of(tmp_path / str(count), dense(), ROWS[:count])
        assert (told.rows, told.differing) == (count, 0)


def test_the_frame_that_the_network_takes_is_found(tmp_path):
    assert told_of(tmp_path, dense(), ROWS[:, :3], ROWS).rows == 40
    assert "shapes cannot be multiplied" in told_of(tmp_path / "none", dense(), ROWS[:, :3])


def test_rows_of_pictures_are_asked_as_such_and_no_server_is_promised(tmp_path):
    net = layers.Sequential(layers.Conv2d(1, 2, 3), layers.ReLU(), layers.Flatten())
    pictures = np.random.default_rng(0).normal(size=(9, 1, 8, 8)).astype("float32")
    told = told_of(tmp_path, net, pictures)
    assert (told.rows, told.differing) == (9, 0)
    assert told.beyond == "it takes arrays (1, 8, 8), and no rows of a table"
    assert said(tmp_path / tracing.FILE, pictures[:5]).shape == (5, 72)


def test_the_input_is_called_like_no_column(tmp_path):
    table = pd.DataFrame(ROWS, columns=["x", "x_", "y", "z"])
    assert told_of(tmp_path, dense(), table).inputs == {"x__": "tensor(float)"}


class Centred(layers.Module):
    def forward(self, rows):
        return rows - rows.mean(dim=0, keepdim=True)


class Ranked(layers.Module):
    """Some numbers of rows are answered alike, and others are not."""

    def forward(self, rows):
        return rows * 2 if len(rows) in (1, 15, 40) else rows * 3


class Chance(layers.Module):
    def forward(self, rows):
        return rows + torch.rand(1)


class Squeezed(layers.Module):
    def forward(self, rows):
        return rows[:, :1].squeeze()


class Two(layers.Module):
    def forward(self, rows, more):
        return rows + more


class Pair(layers.Module):
    def forward(self, rows):
        return rows, rows


class Inverse(layers.Module):
    def forward(self, rows):
        return torch.linalg.pinv(rows.reshape(-1, 2, 2)).reshape(-1, 4)


class Fixed(layers.Module):
    """PyTorch writes down the number of rows that it saw."""

    def forward(self, rows):
        return rows.reshape(int(rows.shape[0]), 2, 2).sum(dim=1)


WISE = """
import torch

class Wise(torch.nn.Module):
    # PyTorch writes down the way that it saw, for three rows.
    def forward(self, rows):
        return rows + 1 if len(rows) == 3 else rows
"""


def wise():
    """A network of the notebook's own."""
    space = {"__name__": "__main__"}
    exec(WISE, space)
    return space["Wise"]()


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (Centred, "it answers a row otherwise when others are beside it"),
        (Ranked, "it answers a row otherwise when others are beside it"),
        (Chance, "it answers the same rows otherwise from one time to the next"),
        (Squeezed, "it answers one row alone with the shape (), and not each"),
        (Two, "it takes 2 tensors (rows, more), where a row is one"),
        (Pair, "it answers with more than one array"),
        (lambda: layers.Flatten(start_dim=0), "it does not answer each row"),
        (Inverse, "Exporting the operator 'aten::linalg_pinv' to ONNX opset version 17"),
        (Fixed, "PyTorch wrote a number of rows into it: as ONNX it does not take 40"),
        (lambda: layers.Embedding(5, 2), "Expected tensor for argument #1 'indices'"),
    ],
)
def test_what_cannot_be_had_is_refused_with_why(tmp_path, kind, why):
    assert why in told_of(tmp_path, kind(), ROWS)
    assert not (tmp_path / tracing.FILE).exists()


def test_the_row_that_differs_most_is_shown(tmp_path):
    told = told_of(tmp_path, wise(), ROWS)
    assert told.differing == 40
    assert told.worst.startswith("row ")
    assert " as ONNX, " in told.worst
    assert not (tmp_path / tracing.FILE).exists()


# --- the verb -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_network_is_kept_as_a_model_and_made_again_it_is_the_same_bytes(
    project, tmp_path, monkeypatch
):
    net, key = dense(), leaving.own_key()
    table = pd.DataFrame(ROWS, columns=list("abcd"))
    leaving.save(project, net, {"X": (table, "test")}, key=key, name="net")
    leaving.save(project, torch.jit.script(net), {"X": (table, "")}, key=key, name="script")
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    for name in ("net", "script"):
        done = verbs.export(name, to="onnx", output=f"{name}-1.onnx")
        assert done.lines[1] == f"wrote {name}-1.onnx: 32-bit numbers, opset 17"
        told = f"on 40 rows it says what {name}:0.1.0 says: no number differs by more than "
        assert done.lines[2].startswith(told)
        assert done.lines[2].endswith(f" ({agreeing.NUMBER:.2%} of itself is allowed)")
        assert done.lines[-1] == f"kept as {name}.onnx:0.1.0: exported again it is the same bytes"
        verbs.delete(f"{name}.onnx", yes=True)
        again = verbs.export(name, to="onnx", output=f"{name}-2.onnx")
        assert again.lines[-1].startswith(f"kept as {name}.onnx:0.2.0: ")
        assert "ORT_DISABLE_TELEMETRY" not in os.environ  # it is the other process that sets it
        one, two = (tmp_path / f"{name}-{number}.onnx" for number in (1, 2))
        assert one.read_bytes() == two.read_bytes()
    monkeypatch.setattr(conversion, "find_spec", lambda name: None)  # nothing to convert with now
    verbs.export("net", to="onnx", output="three.onnx")
    assert (tmp_path / "three.onnx").read_bytes() == (tmp_path / "net-1.onnx").read_bytes()
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "another"))
    with pytest.raises(Untrusted):
        verbs.export("net", to="onnx")


@pytest.mark.slow
def test_a_network_over_pictures_is_kept_as_a_file(project, tmp_path):
    net = layers.Sequential(layers.Conv2d(1, 2, 3), layers.Flatten())
    pictures = np.random.default_rng(0).normal(size=(9, 1, 8, 8)).astype("float32")
    leaving.save(project, net, {"X": (pictures, "test")}, key=leaving.own_key(), name="net")
    done = verbs.export("net", to="onnx")
    assert done.lines[-2] == (
        "it is kept as a file and not as a model that is served: "
        "it takes arrays (1, 8, 8), and no rows of a table"
    )
    with places.open_folder(places.place(tmp_path).folder) as repository:
        kept = repository.index.newest("net.onnx")
        kinds = [part.kind for part in repository.parts(kept.manifest)]
        assert kinds == ["files"]


@pytest.mark.slow
def test_what_says_something_else_is_refused_with_the_worst_row(project, tmp_path):
    leaving.save(project, wise(), {"X": (ROWS, "test")}, key=leaving.own_key(), name="net")
    told = r"as ONNX net:0\.1\.0 says something else on 40 of 40 rows"
    with pytest.raises(NotRestorable, match=told) as error:
        verbs.export("net", to="onnx")
    assert "the worst, row " in str(error.value)
    assert not list(tmp_path.glob("*.onnx"))


def test_weights_and_rows_that_are_not_there_are_said(project, monkeypatch):
    net, key = dense(), leaving.own_key()
    leaving.save(project, net.state_dict(), {"X": (ROWS, "test")}, key=key, name="state")
    with pytest.raises(NotRestorable, match=r"state:0\.1\.0 cannot be converted to ONNX") as error:
        verbs.export("state", to="onnx")
    assert "Version the module itself" in str(error.value)
    leaving.save(project, net, {}, key=key, name="bare")
    with pytest.raises(NotFound, match="keeps no rows to compare ONNX with it on"):
        verbs.export("bare", to="onnx")
    monkeypatch.setattr(conversion, "find_spec", lambda name: None)
    with pytest.raises(BadOption, match="the package torch is not installed"):
        verbs.export("bare", to="onnx")
