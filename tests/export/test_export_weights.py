"""A state dict as a bundle: made and checked without PyTorch, loaded without trust, never asked."""

import hashlib
import json
import struct
import subprocess
import sys
import zipfile

import leaving
import pytest
import stores

import snapbook
from snapbook import verbs
from snapbook.deploy import plan
from snapbook.deploy.desk import LocalRollouts
from snapbook.errors import Damaged, NotRestorable
from snapbook.repository import Author
from snapbook.serve import start
from snapbook.serve.load import open_bundle
from snapbook.verbs import VERBS, Here

torch = pytest.importorskip("torch")
# What makes and checks such a bundle has to do without.
WITHOUT = """
import sys

for name in ("torch", "sklearn", "safetensors"):
    sys.modules[name] = None
from snapbook.__main__ import main

sys.exit(main(sys.argv[1:]))
"""
ASKED = "it is a state_dict, tensors without the module that they belong to"


def state():
    torch.manual_seed(0)
    held = torch.nn.Sequential(torch.nn.Linear(2, 40), torch.nn.Linear(40, 2000)).state_dict()
    held["tied"] = held["1.weight"]
    return held


@pytest.fixture
def held(project):
    """A state dict that was versioned with rows beside it."""
    rows, _ = leaving.numbers()
    found = state()
    packages = {**leaving.installed(), "torch": "2.9.0"}
    frames = {"X": (rows, "test")}
    leaving.save(project, found, frames, key=leaving.own_key(), name="weights", packages=packages)
    return found


@pytest.fixture
def folder(held, tmp_path):
    verbs.export("weights", to="bundle", output="out")
    return tmp_path / "out"


def test_it_is_the_same_bytes_as_a_folder_and_as_an_archive(held, folder, tmp_path):
    done = verbs.export("weights", to="bundle", output="again.zip")
    assert done.lines[1].startswith("wrote again.zip: ")
    assert done.lines[2] == "no self-test: tensors without their module answer nothing"
    with zipfile.ZipFile(tmp_path / "again.zip") as archive:
        for name in archive.namelist():
            assert archive.read(name) == (folder / name).read_bytes()
    facts = json.loads((folder / "bundle.json").read_bytes())
    assert facts["load"] == {
        "kind": "native", "form": "torch-state", "file": "model.safetensors",
    }  # fmt: skip
    assert facts["sample"] is None
    assert {"card.md", "sbom.cdx.json", "author.json", "parts/model.json"} <= set(facts["files"])
    bill = json.loads((folder / "sbom.cdx.json").read_bytes())
    sha256 = hashlib.sha256((folder / "model" / "model.safetensors").read_bytes()).hexdigest()
    assert sha256 in json.dumps(bill)
    assert "torch==2.9.0" in (folder / "environment" / "needed.txt").read_text()
    assert "# weights" in (folder / "card.md").read_text()


def test_it_is_loaded_without_trust_and_by_the_library_of_others(
    held, folder, tmp_path, monkeypatch
):
    safetensors = pytest.importorskip("safetensors.torch")
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "stranger"))
    opened = open_bundle(folder)
    assert not opened.executes
    found = opened.model()
    assert type(found) is type(held)
    theirs = safetensors.load_file(folder / "model" / "model.safetensors")
    for again in (found, theirs):
        assert set(again) == set(held)
        assert all(torch.equal(again[name], tensor) for name, tensor in held.items())
    assert found["tied"].data_ptr() == found["1.weight"].data_ptr()
    net = torch.nn.Sequential(torch.nn.Linear(2, 40), torch.nn.Linear(40, 2000))
    del found["tied"]
    net.load_state_dict(found)


def test_a_check_looks_at_all_of_it_and_says_that_there_is_nothing_to_ask(held, folder):
    done = verbs.bundle("check", "out")
    assert done.lines[0].startswith("weights:0.1.0: whole, ")
    assert done.lines[2:] == (
        "model: byte for byte what its manifest names",
        "not run: there is nothing to ask, tensors without their module",
    )
    assert done.data["ran"] is False


def test_pytorch_is_needed_neither_to_make_nor_to_check_it(held, folder, tmp_path):
    for words in (
        ("export", "weights", "--to", "bundle", "-o", "bare"),
        ("bundle", "check", "bare"),
    ):
        subprocess.run([sys.executable, "-c", WITHOUT, *words], check=True, cwd=tmp_path)
    for path in folder.rglob("*"):
        if path.is_file():
            assert (tmp_path / "bare" / path.relative_to(folder)).read_bytes() == path.read_bytes()
    script = "import sys; sys.modules['torch'] = None; " \
             "from snapbook.serve.load import open_bundle; open_bundle('bare').model()"  # fmt: skip
    ended = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True)
    assert b"Not loaded: weights:0.1.0 needs the module torch, absent here." in ended.stderr


def test_who_would_ask_it_is_told_that_nobody_can(project, held, folder, capsys):
    with Here(project.folder.parent, face="cli") as here:
        for verb, *words in (
            ("serve", "weights"),
            ("serve", "out"),
            ("predict", "weights", "in.csv"),
            ("predict", "out", "in.csv"),
            ("deploy", "weights", "--now"),
            ("export", "weights", "--to", "kserve"),
            ("export", "weights", "--to", "bentoml"),
            ("export", "weights", "--to", "docker"),
            ("export", "weights", "--to", "oci://127.0.0.1:1/weights"),
        ):
            with pytest.raises(NotRestorable) as found:
                VERBS[verb].run(here, VERBS[verb].parse(words))
            assert found.value.sentence == f"weights:0.1.0 cannot be asked: {ASKED}."
    with pytest.raises(NotRestorable, match="cannot be asked"):
        snapbook.predictor("weights")
    assert start.main([str(folder), "--port", "0"]) == 1
    told = capsys.readouterr().err
    assert told == f"weights:0.1.0 cannot be asked: {ASKED}. Version the module itself.\n"
    rollouts, asked = LocalRollouts(project, Author("ada")), plan.parse(canary="5,100")
    with pytest.raises(NotRestorable, match="cannot be asked"):
        rollouts.begin("weights", asked, None, "", True)


@pytest.mark.skipif(stores.PROGRAM is None, reason="docker-registry is not installed")
def test_a_registry_of_images_takes_it_as_a_modelpack(held, folder, tmp_path):
    client = pytest.importorskip("oras.client")
    with stores.registry(tmp_path / "registry") as host:
        done = verbs.export("weights", to=f"modelpack://{host}/team/weights")
        assert done.lines[1].startswith(f"pushed {host}/team/weights:0.1.0: ")
        there = client.OrasClient(hostname=host, insecure=True)
        there.pull(f"{host}/team/weights:0.1.0", outdir=str(tmp_path / "pulled"))
    assert open_bundle(tmp_path / "pulled").check()
    assert open_bundle(tmp_path / "pulled").digest == open_bundle(folder).digest
    verbs.export("weights", to="modelpack", output="pack")
    configs = [path.read_bytes() for path in (tmp_path / "pack" / "blobs").rglob("*")
               if path.is_file() and b'"modelfs"' in path.read_bytes()]  # fmt: skip
    assert json.loads(configs[0])["config"] == {"format": "safetensors"}


def relist(folder, name):
    """Make the list true again, as whoever forges a bundle would."""
    told = json.loads((folder / "bundle.json").read_bytes())
    data = (folder / name).read_bytes()
    told["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "bundle.json").write_text(json.dumps(told))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        lambda data: data[: len(data) // 2],
        lambda data: struct.pack("<Q", 2**62) + data[8:],
        lambda data: b"",
    ],
)
def test_a_file_that_is_another_than_was_signed_is_not_loaded(folder, spoil):
    path = folder / "model" / "model.safetensors"
    path.write_bytes(spoil(path.read_bytes()))
    relist(folder, "model/model.safetensors")
    assert open_bundle(folder).check()  # the list is true
    for act in (open_bundle(folder).model, lambda: verbs.bundle("check", "out")):
        with pytest.raises(Damaged) as found:
            act()
        assert found.value.sentence == (
            "The model is not the one that its author signed: its bytes are others."
        )


def test_a_view_of_a_larger_tensor_is_no_bundle_and_its_clone_is(project, tmp_path):
    part = torch.arange(5000.0)[:4000]
    leaving.save(project, {"part": part}, {}, name="views")
    with pytest.raises(NotRestorable, match="part shows a part of its storage") as found:
        verbs.export("views", to="bundle", output="out")
    assert "Version clones" in str(found.value)
    assert not (tmp_path / "out").exists()
    leaving.save(project, {"part": part.clone()}, {}, name="clones")
    verbs.export("clones", to="bundle", output="out")
    assert torch.equal(open_bundle(tmp_path / "out").model()["part"], part)
