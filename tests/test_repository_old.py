"""Repositories that earlier releases wrote: listed, shown, verified, loaded with trust, saved to.

Each was made once by scripts/make_old_repository.py and never again.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from faults import driver
from faults.inspect_repository import clean, silent

import snapbook
from snapbook import cli, formats, places, refs, verify
from snapbook.errors import Untrusted

OLD = sorted((Path(__file__).parent / "data" / "old-repositories").iterdir())


@pytest.fixture(params=OLD, ids=lambda folder: folder.name)
def old(request, tmp_path, monkeypatch):
    """A project with the old repository, asked by somebody who did not make it."""
    project = tmp_path / "project"
    shutil.copytree(request.param, project / places.NAME)
    expected = json.loads((project / places.NAME / "expected.json").read_text())
    (project / places.NAME / "expected.json").unlink()
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("SNAPBOOK_HOME", raising=False)
    monkeypatch.chdir(project)
    return project, expected


def test_each_release_left_one():
    assert [folder.name for folder in OLD] == ["0.1.0"]
    for folder in OLD:
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in files) < 300_000


def test_everything_is_found(old):
    project, expected = old
    repository = places.find_repository(project)
    found = [
        {
            "ref": row.ref,
            "manifest": row.manifest,
            "message": row.message,
            "tags": dict(row.tags),
            "notes": [note.text for note in repository.index.notes(row.manifest)],
            "aliases": list(row.aliases),
            "metrics": {name: metric.value for name, metric in row.metrics.items()},
            "parts": [[part.kind, part.name] for part in repository.parts(row.manifest)],
        }
        for row in repository.every_version()
    ]
    assert found == expected["versions"]
    clean(repository)
    for row in repository.every_version():
        assert verify.verify(repository, row, silent).broken == ()


def test_in_the_shell(old, capsys):
    for words in (["list"], ["show", "churn@production"], ["diff", "churn"], ["verify"]):
        assert cli.main(words) in (0, 1 if words[0] == "diff" else 0), words
        said = capsys.readouterr()
        assert "churn" in said.out or words == ["verify"]
        assert "Traceback" not in said.err


def test_load_with_trust_by_digest(old):
    """Its maker's key is nobody's here: a model loads only when its digest is named."""
    project, expected = old
    repository = places.find_repository(project)
    for ref, divisor in expected["weights"].items():
        with pytest.raises(Untrusted):
            snapbook.load(ref)
        manifest = repository.resolve(refs.parse(ref)).manifest
        assert cli.main(["trust", manifest[:16]]) == 0
        model = snapbook.load(ref)
        np.testing.assert_array_equal(model["weights"], np.arange(40.0) / divisor)
        assert model["classes"] == ["a", "b", "c"]


def test_the_data(old):
    from snapbook.parts import frame

    project, _ = old
    repository = places.find_repository(project)
    for row in repository.every_version():
        part = next(part for part in repository.parts(row.manifest) if part.kind == "frame")
        rows = frame.restore(part, repository.store.get)
        expected = pd.DataFrame(
            {
                "age": [31, 45, 28, 60],
                "paid": [1.5, 2.25, None, 4.0],
                "plan": pd.array(["a", "b", "a", "c"], dtype=rows["plan"].dtype),
            }
        )
        pd.testing.assert_frame_equal(rows, expected)


def test_it_goes_on(old):
    """What this release adds follows in the same chain, numbers and names."""
    project, expected = old
    repository = places.make_repository(project)
    made = driver.save(repository, "churn", 5)
    assert made.version.number > (0, 2, 0)
    assert made.parent.ref == "churn:0.2.0"
    # The chain goes on in the newer form, which older programs are told of.
    salted = [bool(event.salt) for event in repository.catalog.read()]
    assert salted == sorted(salted)
    assert salted[-1] != salted[0]
    assert json.loads((project / places.NAME / "format").read_text())["snapbook"] == formats.FORMAT
    rows = list(places.open_folder(project / places.NAME).every_version())
    assert [row.ref for row in rows][1:] == [one["ref"] for one in expected["versions"]]
    clean(repository)
