"""The environment, on real installations: packages as pip lays them, a real git, this process."""

import importlib
import importlib.metadata
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from snapbook.parts import checkout, distributions, environment, lock, machine
from snapbook.parts.base import Part
from snapbook.secrets import Redactor
from snapbook.store.memory import MemoryStore


@pytest.fixture
def store():
    return MemoryStore()


def git(folder, *args):
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *args],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip


def repository(folder):
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    (folder / "code.py").write_text("a = 1\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")
    return folder


def captured(store, project, **options):
    writer = store.writer()
    part, notices = environment.capture(writer, "python3", project, **options)
    writer.add(part.encode())
    new = writer.new_bytes
    writer.commit()
    return part, notices, new


def test_names_and_versions_are_those_of_importlib(store, tmp_path):
    # Of several of one name the first on the path counts: setuptools puts older ones at its end.
    found = reversed(list(importlib.metadata.distributions()))
    known = {distributions.canonical_name(one.metadata["Name"]): one.version for one in found}
    part, _, _ = captured(store, tmp_path)
    assert environment.installed(part, store.get) == known
    assert part.facts["python"]["version"] == sys.version.split()[0]
    assert part.facts["kernel"] == "python3"
    assert part.facts["cpu"]["count"] == os.cpu_count()


def test_imported_packages_are_found_under_their_own_names(store, tmp_path):
    import dateutil
    import pandas  # noqa: F401
    import sklearn

    used = environment.packages_used(captured(store, tmp_path)[0])
    assert used["scikit-learn"] == sklearn.__version__
    assert used["python-dateutil"] == dateutil.__version__
    assert used["pandas"] == importlib.metadata.version("pandas")
    # what we and the kernel are made of is no package of the model's
    assert not {"blake3", "cryptography", "ipython", "zstandard"} & set(used)


def test_packages_that_share_a_name_are_told_apart(store, tmp_path, monkeypatch):
    site = tmp_path / "site"
    fake_install(site, "zope-one", "1.0", module="zope/one")
    fake_install(site, "zope-two", "2.0", module="zope/two")
    monkeypatch.syspath_prepend(str(site))
    importlib.import_module("zope.two")
    used = environment.packages_used(captured(store, tmp_path)[0])
    assert used["zope-two"] == "2.0"
    assert "zope-one" not in used


def test_an_unchanged_session_costs_nothing_and_scans_nothing(store, tmp_path, monkeypatch):
    first, _, _ = captured(store, tmp_path)
    listed = []
    real = os.listdir
    monkeypatch.setattr(os, "listdir", lambda *args: listed.append(args) or real(*args))
    second, _, new = captured(store, tmp_path)
    assert (second, new, listed) == (first, 0, [])
    assert environment.diff(first, second, store.get) == []


def test_os_environ_stands_nowhere(store, tmp_path, monkeypatch):
    monkeypatch.setenv("A_STRANGE_NAME", "a-strange-value-1234")
    captured(store, tmp_path)
    assert not any(b"strange" in data.lower() for data in store.blobs.values())
    assert not any(str(tmp_path).encode() in data for data in store.blobs.values())


def fake_install(folder, name, version, *, module=None, direct=None):
    """A package as an installer lays it down."""
    module = module or name.replace("-", "_")
    (folder / module).mkdir(parents=True)
    (folder / module / "__init__.py").write_text("")
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text(f"{module}/__init__.py,,\n{info.name}/METADATA,,\n")
    if direct is not None:
        (info / "direct_url.json").write_text(json.dumps(direct))
    return info


def test_a_package_installed_in_the_session_is_seen(store, tmp_path, monkeypatch):
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    before, _, _ = captured(store, tmp_path)
    info = fake_install(site, "odd-name", "1.0", module="quite_other")
    (site / "old.egg-info").mkdir()
    (site / "old.egg-info" / "PKG-INFO").write_text("Name: Old_Thing\nVersion: 0.3\n")
    (site / "~gone-1.0.dist-info").mkdir()
    after, _, _ = captured(store, tmp_path)
    changes = environment.diff(before, after, store.get)
    assert [(c.name, c.what, c.new) for c in changes] == [
        ("odd-name", "added", "1.0"),
        ("old-thing", "added", "0.3"),
    ]
    import quite_other  # noqa: F401

    used = captured(store, tmp_path)[0]
    assert environment.packages_used(used)["odd-name"] == "1.0"
    # an upgrade on disk does not change what is loaded
    info.rename(site / "odd_name-2.0.dist-info")
    upgraded = captured(store, tmp_path)[0]
    assert environment.packages_used(upgraded)["odd-name"] == "1.0"
    assert environment.installed(upgraded, store.get)["odd-name"] == "2.0"


def test_imported_packages_come_first_in_a_diff():
    def part(used, python="3.11.7"):
        facts = {"python": {"version": python, "implementation": "CPython"}, "imported": used}
        return Part("environment", "environment", facts)

    changes = environment.diff(
        part({"scikit-learn": "1.8.0", "b": "1"}),
        part({"scikit-learn": "1.9.1", "b": "1"}, "3.12.1"),
    )
    assert [(c.name, c.old, c.new) for c in changes] == [
        ("python", "3.11.7", "3.12.1"),
        ("scikit-learn", "1.8.0", "1.9.1"),
    ]
    assert changes[1].lines == ("scikit-learn 1.8.0 -> 1.9.1",)
    assert changes[1].facts == {"package": True, "used": True}


def test_a_package_that_one_session_did_not_import_is_no_difference(store, tmp_path):
    part, _, _ = captured(store, tmp_path)
    fewer = Part(part.kind, part.name, {**part.facts, "imported": {}}, part.blobs)
    assert environment.diff(part, fewer, store.get) == []
    assert environment.diff(part, fewer) == []


def test_differences_with_the_running_kernel(store, tmp_path):
    part, _, _ = captured(store, tmp_path)
    assert environment.differences_here(part) == []
    other = {"scikit-learn": "0.1", "no-such-package": "3.0"}
    told = environment.differences_here(Part("environment", "e", {**part.facts, "imported": other}))
    assert [(c.name, c.what, c.old) for c in told] == [
        ("no-such-package", "removed", "3.0"),
        ("scikit-learn", "changed", "0.1"),
    ]


def test_git_commit_and_changes(store, tmp_path):
    folder = repository(tmp_path / "work")
    inner = folder / "notebooks"
    inner.mkdir()
    part, _, _ = captured(store, inner)
    commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=folder, text=True).strip()
    assert part.facts["git"] == {"commit": commit, "dirty": False}
    (folder / "code.py").write_text("a = 2\n")
    changed, _, _ = captured(store, inner)
    assert changed.facts["git"] == {"commit": commit, "dirty": True}
    told = environment.diff(part, changed, store.get)
    assert [(c.name, c.new) for c in told] == [("git", f"{commit[:10]} with changes")]


def test_no_git_and_no_commit(store, tmp_path, monkeypatch):
    assert "git" not in captured(store, tmp_path)[0].facts
    (tmp_path / "new").mkdir()
    git(tmp_path / "new", "init", "-q")
    assert checkout.state(tmp_path / "new") == checkout.State("", False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert checkout.state(tmp_path / "new") is None


def test_what_a_repository_may_make_git_run_does_not_run(tmp_path):
    folder = repository(tmp_path / "work")
    evil = tmp_path / "evil.sh"
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    evil.chmod(0o755)
    git(folder, "config", "core.fsmonitor", str(evil))
    git(folder, "config", "diff.external", str(evil))
    (folder / "code.py").write_text("a = 3\n")
    assert checkout.state(folder).dirty
    assert "+a = 3" in checkout.diff(folder)
    assert not (tmp_path / "ran").exists()


def test_editable_installs_are_kept_by_commit_and_redacted_diff(store, tmp_path, monkeypatch):
    folder = repository(tmp_path / "mylib")
    site = tmp_path / "site"
    url = folder.as_uri()
    fake_install(site, "mylib", "0.1", direct={"url": url, "dir_info": {"editable": True}})
    monkeypatch.syspath_prepend(str(site))
    clean, notices, _ = captured(store, tmp_path)
    assert clean.facts["direct"]["mylib"]["dirty"] is False
    assert clean.facts["direct"]["mylib"]["path"] == "mylib"
    assert notices == ()
    (folder / "code.py").write_text('password = "hunter2"\n')
    (folder / "new.py").write_text("")
    redactor = Redactor()
    part, _, _ = captured(store, tmp_path, redactor=redactor)
    facts = part.facts["direct"]["mylib"]
    assert facts["untracked"] == ["new.py"]
    text = store.get(facts["diff"]).decode()
    assert "-a = 1" in text
    assert '+password = "{{secret:1}}"' in text
    assert facts["diff"] in part.blobs
    assert redactor.findings[0].where == "changes of mylib"
    assert [c.name for c in environment.diff(clean, part)] == ["mylib (editable)"]


@pytest.mark.slow
def test_an_editable_install_by_pip_itself(store, tmp_path, monkeypatch):
    pytest.importorskip("setuptools.build_meta")
    source = repository(tmp_path / "lib")
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "Some.Lib"\nversion = "1.2"\n[tool.setuptools]\npy-modules = ["code"]\n'
    )
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-build-isolation", "--no-deps"]
    subprocess.run(
        [*command, "--no-index", "--prefix", str(tmp_path / "env"), "-e", str(source)],
        check=True, capture_output=True,
    )  # fmt: skip
    site = next((tmp_path / "env").rglob("site-packages"))
    monkeypatch.syspath_prepend(str(site))
    part, _, _ = captured(store, tmp_path)
    assert part.facts["direct"]["some-lib"]["from"] == "editable"
    assert part.facts["direct"]["some-lib"]["path"] == "lib"
    assert environment.installed(part, store.get)["some-lib"] == "1.2"
    assert "# not locked: some-lib 1.2 from editable at" in lock.requirements(part, store.get)


def test_sources_that_are_no_index(store, tmp_path, monkeypatch):
    site = tmp_path / "site"
    fake_install(site, "fromgit", "1", direct={
        "url": "https://me:hunter2@git.example/x",
        "vcs_info": {"vcs": "git", "commit_id": "abc"}})  # fmt: skip
    fake_install(site, "fromfile", "1", direct={
        "url": "file:///x.whl", "archive_info": {"hashes": {"sha256": "ff"}}})  # fmt: skip
    fake_install(site, "broken", "1")
    (site / "broken-1.dist-info" / "direct_url.json").write_text("{")
    fake_install(site, "gone", "1", direct={
        "url": "file:///no/such/folder", "dir_info": {"editable": True}})  # fmt: skip
    monkeypatch.syspath_prepend(str(site))
    part, notices, _ = captured(store, tmp_path)
    assert part.facts["direct"] == {
        "fromfile": {"from": "archive", "sha256": "ff"},
        "fromgit": {"from": "git", "commit": "abc"},
        "gone": {"from": "editable"},
    }
    assert [notice.name for notice in notices] == ["gone"]
    assert not any(b"hunter2" in data for data in store.blobs.values())
    text = lock.requirements(part, store.get)
    assert "# not locked: fromgit 1 from git at abc\n" in text
    assert "fromgit==" not in text


def test_locks_parse_and_name_no_address(store, tmp_path):
    part, _, _ = captured(store, tmp_path)
    document = lock.pylock(part, store.get)
    parsed = tomllib.loads(document)
    assert parsed["lock-version"] == "1.0"
    names = [package["name"] for package in parsed["packages"]]
    assert names == sorted(names)
    assert "pandas" in names
    assert "pip" not in names
    text = lock.requirements(part, store.get)
    pins = [line for line in text.splitlines() if not line.startswith("#")]
    assert [Requirement(pin).name for pin in pins] == names
    for written in (document, text):
        assert "without hashes" in written.splitlines()[0]
        assert "://" not in written
        assert str(Path.home()) not in written
    # a local version ("2.13.0+cpu") is known to one index only
    assert not any("+" in pin for pin in pins)


def test_a_pulled_environment_cannot_smuggle_options_into_a_lock(store):
    writer = store.writer()
    evil = {"ok": "1.0", "a\n--index-url=http://x": "1", "b": "1 --pre", "c": "1\n-e .", "-r": "1"}
    blob = writer.add(json.dumps(evil).encode())
    writer.commit()
    part = Part("environment", "environment", {"python": {"version": "3\n-e ."}}, (blob,))
    for line in lock.requirements(part, store.get).splitlines():
        assert line.startswith("#") or line == "ok==1.0"
    assert tomllib.loads(lock.pylock(part, store.get))["packages"] == [
        {"name": "ok", "version": "1.0"}
    ]


def test_a_gpu_is_told_by_its_own_tool(tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'Tesla T4, 15360, 535.104.05'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    machine._gpus.cache_clear()
    try:
        gpu = {"name": "Tesla T4", "memory_mib": 15360, "driver": "535.104.05"}
        assert machine.describe()["gpu"] == [gpu]
        machine._gpus.cache_clear()
        tool.write_text("#!/bin/sh\nexec sleep 60\n")
        assert "gpu" not in machine.describe()
    finally:
        machine._gpus.cache_clear()


def test_strange_entries_of_sys_path_and_sys_modules_are_survived(store, tmp_path, monkeypatch):
    class Lies:
        @property
        def __spec__(self):
            raise RuntimeError

    monkeypatch.setattr(sys, "path", [*sys.path, "", str(tmp_path / "no"), 3, Path("x")])
    monkeypatch.setitem(sys.modules, "lies", Lies())
    monkeypatch.setitem(sys.modules, 5, None)
    monkeypatch.setitem(sys.modules, "absent", None)
    assert "pandas" in environment.installed(captured(store, tmp_path)[0], store.get)
