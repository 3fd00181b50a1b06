"""What was compiled in one environment, taken along into the next: for the same files alone."""

import os
import py_compile
import subprocess
import sys
from pathlib import Path

import pytest

from snapbook.serve import compiled

RECORD = "{0}/__init__.py,sha256={1},{2}\n{0}/deep/one.py,sha256=abc,{2}\nbin/x,sha256=def,3\n"
TEXT = "SAID = '{}'\n"


def package(site, name, said, digest="aaa"):
    """An installed package, its files made at one time as uv's links are."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "RECORD").write_text(RECORD.format(name, digest, len(TEXT.format(said))))
    for path in (site / name / "__init__.py", site / name / "deep" / "one.py"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEXT.format(said))
        os.utime(path, (1_700_000_000, 1_700_000_000))


def cached(site, name):
    tag = sys.implementation.cache_tag
    places = [site / name / "__pycache__" / f"__init__.{tag}.pyc",
              site / name / "deep" / "__pycache__" / f"one.{tag}.pyc"]  # fmt: skip
    return [place for place in places if place.exists()]


def compile_all(site, name):
    for path in (site / name).rglob("*.py"):
        py_compile.compile(str(path), doraise=True)


@pytest.fixture
def sites(tmp_path):
    """A new one, and two that were there."""
    return [tmp_path / name for name in ("new", "one", "two")]


def test_the_same_package_brings_what_was_compiled_of_it(sites):
    new, one, two = sites
    for site in sites:
        package(site, "pack", "hello")
    compile_all(two, "pack")
    assert compiled.share(new, [one, two]) == 2
    for mine, theirs in zip(cached(new, "pack"), cached(two, "pack"), strict=True):
        assert mine.samefile(theirs)
    words = [sys.executable, "-v", "-c", "import pack; print(pack.SAID, pack.__file__)"]
    done = subprocess.run(words, env={"PYTHONPATH": str(new)}, text=True, capture_output=True)
    assert done.stdout.split() == ["hello", str(new / "pack" / "__init__.py")]
    assert f"matches {new / 'pack' / '__init__.py'}" in done.stderr  # Python believed it


def test_other_bytes_bring_nothing(sites):
    new, one, _ = sites
    package(new, "pack", "hello")
    package(one, "pack", "other", digest="bbb")
    compile_all(one, "pack")
    assert compiled.share(new, [one]) == 0
    assert cached(new, "pack") == []


def test_python_has_the_last_word(sites):
    """A file that is another though its record says the same is compiled anew, apart."""
    new, one, _ = sites
    package(new, "pack", "hello")
    package(one, "pack", "other")
    compile_all(one, "pack")
    os.utime(new / "pack" / "__init__.py", (1_700_000_001, 1_700_000_001))
    before = cached(one, "pack")[0].read_bytes()
    assert compiled.share(new, [one]) == 2
    words = [sys.executable, "-c", "import pack; print(pack.SAID)"]
    done = subprocess.run(words, env={"PYTHONPATH": str(new)}, text=True, capture_output=True)
    assert done.stdout.strip() == "hello"
    assert cached(one, "pack")[0].read_bytes() == before
    assert not cached(one, "pack")[0].samefile(cached(new, "pack")[0])


def test_a_record_leads_nowhere_else(sites):
    """A package may have been made by anybody."""
    new, one, _ = sites
    for site in (new, one):
        package(site, "pack", "hello")
        (site / "pack-1.0.dist-info" / "RECORD").write_text("../out/__init__.py,sha256=aaa,3\n")
        out = site.parent / "out" / "__pycache__"
        out.mkdir(parents=True, exist_ok=True)
    (new.parent / "out" / "__pycache__" / "__init__.x.pyc").write_bytes(b"x")
    assert compiled.share(new, [one]) == 0
    assert [path.name for path in Path(out).iterdir()] == ["__init__.x.pyc"]
