"""The committed bundle is the one that its sources make; told without node."""

from __future__ import annotations

import json
import re
import shutil
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from snapbook.verbs import VERBS

pytestmark = pytest.mark.slow  # it waits for what runs beside it

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def bundle() -> ModuleType:
    loader = SourceFileLoader("bundle", str(ROOT / "scripts" / "bundle"))
    spec = spec_from_loader("bundle", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_the_bundle_is_what_its_sources_say(bundle):
    assert bundle.fresh(ROOT), "build it again: scripts/bundle"


def test_every_source_counts(bundle, tmp_path):
    for path in bundle.sources(ROOT):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    stamp = tmp_path / bundle.STAMP
    stamp.parent.mkdir(parents=True)
    stamp.write_text(bundle.fingerprint(tmp_path))
    assert bundle.fresh(tmp_path)
    for path in bundle.sources(tmp_path):
        before = path.read_bytes()
        path.write_bytes(before + b" ")
        assert not bundle.fresh(tmp_path), path
        path.write_bytes(before)
    (tmp_path / "labextension" / "src" / "new.ts").write_text("")
    assert not bundle.fresh(tmp_path)


def test_line_ends_on_disk_do_not_count(bundle, tmp_path):
    for name in ("package.json", "package-lock.json"):
        (tmp_path / name).write_bytes(b"{\n}\n")
    before = bundle.fingerprint(tmp_path)
    (tmp_path / "package.json").write_bytes(b"{\r\n}\r\n")
    assert bundle.fingerprint(tmp_path) == before


def test_the_bundle_names_its_entry_and_no_machine(bundle):
    folder = ROOT / bundle.BUNDLE
    entry = json.loads((folder / "package.json").read_text())["jupyterlab"]["_build"]
    assert (folder / entry["load"]).is_file()
    for path in folder.rglob("*"):
        if path.is_file():
            assert str(ROOT).encode() not in path.read_bytes(), path


def test_the_lock_names_no_address():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert lock["lockfileVersion"] == 3
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]


def test_versions_are_one(bundle):
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert json.loads((ROOT / "package.json").read_text())["version"] == project["version"]


def test_the_page_of_a_registry_is_whole_and_names_no_machine(bundle):
    folder = ROOT / bundle.PAGE
    names = {"index.html", "page.js", "page.css", "icon.svg", "licenses.txt"}
    assert {path.name for path in folder.iterdir()} == names
    assert len((folder / "page.js").read_bytes()) < 450_000
    texts = [path.read_text(encoding="utf-8") for path in folder.iterdir()]
    assert not [text for text in texts if str(ROOT) in text]
    assert "react-dom" in (folder / "licenses.txt").read_text(encoding="utf-8")


def test_forms_of_the_dialog_are_those_that_export_takes():
    source = (ROOT / "labextension" / "src" / "exporting.ts").read_text("utf-8")
    offered = re.findall(r"{ to: '(\w+)'", source)
    taken = next(one for one in VERBS["export"].arguments if "--to" in one.names)
    # These want an address, a plan or a bucket, and are asked for with options.
    assert set(taken.choices) - set(offered) == {"oci", "modelpack", "seldon", "argo"}
    assert set(offered) <= set(taken.choices)
