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


def package(site, name, said, digest="aaa", time=1_700_000_000):
    """An installed package, by somebody who has no cache to link from."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "RECORD").write_text(RECORD.format(name, digest, len(TEXT.format(said))))
    for path in (site / name / "__init__.py", site / name / "deep" / "one.py"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEXT.format(said))
        os.utime(path, (time, time))


def link(site, other, name):
    """The same package with the same files, as uv links them out of its cache."""
    package(site, name, "hello")
    for path in (other / name).rglob("*.py"):
        mine = site / path.relative_to(other)
        mine.unlink()
        mine.hardlink_to(path)


def imported(site, name="pack"):
    """What a new process reads in it, and what Python says of its import."""
    words = [sys.executable, "-v", "-c", f"import {name}; print({name}.SAID)"]
    done = subprocess.run(words, env={"PYTHONPATH": str(site)}, text=True, capture_output=True)
    believed = f"matches {site / name / '__init__.py'}" in done.stderr
    return done.stdout.strip(), believed


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


def test_the_same_files_bring_what_was_compiled_of_them(sites):
    new, one, two = sites
    package(one, "pack", "hello")
    package(two, "pack", "hello")
    link(new, two, "pack")
    compile_all(two, "pack")
    assert compiled.share(new, [one, two]) == 2
    for mine, theirs in zip(cached(new, "pack"), cached(two, "pack"), strict=True):
        assert mine.samefile(theirs)
    assert imported(new) == ("hello", True)


def test_files_that_are_alike_bring_it_in_their_own_time(sites):
    new, one, _ = sites
    package(one, "pack", "hello")
    package(new, "pack", "hello", time=1_600_000_000)
    compile_all(one, "pack")
    assert compiled.share(new, [one]) == 2
    assert imported(new) == ("hello", True)
    assert imported(one) == ("hello", True)


def test_other_bytes_bring_nothing(sites):
    new, one, _ = sites
    package(new, "pack", "hello")
    package(one, "pack", "other", digest="bbb")
    compile_all(one, "pack")
    assert compiled.share(new, [one]) == 0
    assert cached(new, "pack") == []


def test_a_record_is_not_believed(sites):
    """Who changes an installed file does not change what is said of it, nor need he its size."""
    new, one, _ = sites
    package(new, "pack", "hello")
    package(one, "pack", "other")
    compile_all(one, "pack")
    assert compiled.share(new, [one]) == 0
    assert imported(new) == ("hello", False)


def test_what_was_compiled_of_an_older_source_is_left(sites):
    """Changed to and fro: the bytes are alike, and what was compiled is of those between."""
    new, one, _ = sites
    package(new, "pack", "hello")
    package(one, "pack", "other", time=1_650_000_000)
    compile_all(one, "pack")
    package_again = one / "pack" / "__init__.py"
    package_again.write_text(TEXT.format("hello"))
    (one / "pack" / "deep" / "one.py").unlink()
    os.utime(package_again, (1_690_000_000, 1_690_000_000))
    assert compiled.share(new, [one]) == 0
    assert imported(new) == ("hello", False)


def test_python_has_the_last_word(sites):
    """A file that is linked and changed later is compiled anew, apart."""
    new, one, _ = sites
    package(one, "pack", "hello")
    link(new, one, "pack")
    compile_all(one, "pack")
    assert compiled.share(new, [one]) == 2
    place, before = new / "pack" / "__init__.py", cached(one, "pack")[0].read_bytes()
    place.unlink()
    place.write_text(TEXT.format("longer"))
    assert imported(new)[0] == "longer"
    assert cached(one, "pack")[0].read_bytes() == before
    assert imported(one) == ("hello", True)


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
