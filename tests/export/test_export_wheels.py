"""Locks with hashes, wheels in a bundle, and the environments that are made of them.

Packages are made here and found in a folder, so uv and pip are real and no network is needed.
"""

import hashlib
import importlib.metadata
import json
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import leaving
import pytest
import shops
from shops import wheel

from snapbook import signing, verbs
from snapbook.errors import Damaged, NotRestorable
from snapbook.export import locking
from snapbook.serve import environment, pins, recipe, wheels
from snapbook.serve.load import open_bundle

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON = f"3.{sys.version_info.minor}"
UV = environment.program()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(UV is None, reason="uv is not installed"),
]


def alphabet(shop):
    wheel(shop, "alpha", "1.0", ["beta"])
    wheel(shop, "beta", "2.0")
    wheel(shop, "beta", "3.0")
    return recipe.Recipe(PYTHON, {"alpha": "1.0"}, {"beta": "2.0"})


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_lock_names_all_that_is_needed_with_its_hash(shop, tmp_path):
    lock = locking.locked(tmp_path / "work", alphabet(shop), 60, offline=True)
    assert lock.versions == {"alpha": "1.0", "beta": "2.0"}
    assert lock.hashes["beta"] == (sha256(shop / "beta-2.0-py3-none-any.whl"),)
    assert pins.hashed(lock.text) == (lock.versions, lock.hashes)
    assert "://" not in lock.text
    assert str(tmp_path) not in lock.text


@pytest.mark.parametrize("there", [True, False])
def test_wheels_are_installed_by_their_hashes_and_from_nowhere_else(
    shop, tmp_path, monkeypatch, there
):
    if not there and not list(shop.glob("pip-*.whl")):
        pytest.skip("this Python brings no pip")
    monkeypatch.setattr(locking, "_has_pip", lambda: there)
    lock = locking.locked(tmp_path / "work", alphabet(shop), 60, offline=True)
    lock = locking.with_wheels(tmp_path / "work", lock, 60)
    assert [path.name for path in lock.wheels] == [
        "alpha-1.0-py3-none-any.whl", "beta-2.0-py3-none-any.whl"
    ]  # fmt: skip
    brought = tmp_path / "wheels"
    shutil.copytree(lock.wheels[0].parent, brought)
    shutil.rmtree(shop)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    wanted = recipe.Recipe(PYTHON, lock.versions, {}, lock.hashes)
    assert environment.make(tmp_path / "one", wanted, 60, here=brought) == ""
    python = environment.interpreter(tmp_path / "one" / "env")
    said = subprocess.run(
        [python, "-I", "-c", "import alpha, beta, snapbook; print(beta.VERSION)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout == "2.0\n"
    wheel(brought, "beta", "2.0", text="raise SystemExit('evil')\n")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "other"))
    why = environment.make(tmp_path / "two", wanted, 60, here=brought)
    assert why.startswith("its process failed (")


def test_hashes_that_cannot_be_had_say_why(shop, tmp_path):
    wanted = recipe.Recipe(PYTHON, {"absent": "1.0"}, {})
    with pytest.raises(NotRestorable, match="No hashes were had"):
        locking.locked(tmp_path / "work", wanted, 60, offline=True)


def test_lines_that_are_no_pins_are_not_seen():
    text = (
        "--index-url https://evil.example/\nalpha==1.0 --hash=sha256:" + "a" * 64 + "\n"
        "beta==1.0\ngamma @ https://evil.example/x.whl --hash=sha256:" + "b" * 64 + "\n"
        "delta==1.0 --hash=md5:aa\nepsilon==1.0 \\\n    --hash=sha256:" + "c" * 64 + " ; extra\n"
        "zeta==1.0 \\\n    --hash=sha256:" + "d" * 64 + " \\\n    --hash=sha256:" + "e" * 64 + "\n"
    )
    versions, hashes = pins.hashed(text)
    assert versions == {"alpha": "1.0", "zeta": "1.0"}
    assert hashes["zeta"] == ("d" * 64, "e" * 64)


@pytest.fixture
def project(tmp_path, monkeypatch):
    with leaving.project(tmp_path, monkeypatch) as here:
        yield here


def exported(project, shop, tmp_path, **more):
    done = shops.exported(project, shop, to="bundle", output="out", **more)
    return open_bundle(tmp_path / "out"), done


def test_a_bundle_has_hashes_where_they_are_asked_for(project, shop, tmp_path):
    opened, done = exported(project, shop, tmp_path, hashes=True)
    assert done.lines[-1] == f"lock: {len(recipe.SERVING)} packages with their hashes"
    text = opened.read("environment/locked.txt").decode()
    assert f"sha256:{sha256(next(shop.glob('numpy-*.whl')))}" in text
    assert str(tmp_path) not in text
    assert opened.check()
    assert not wheels.names(opened)
    assert set(recipe.recipe(opened, recipe.SERVING).hashes) == set(recipe.SERVING)
    again = verbs.export("churn", to="bundle", output="two", no_sample=True, hashes=True)
    assert again.data["digest"] == done.data["digest"]


def test_a_lock_without_hashes_says_so(project, shop, tmp_path):
    exported(project, shop, tmp_path)
    shutil.rmtree(shop)
    shop.mkdir()
    wanted = {"to": "bundle", "no_sample": True}
    done = verbs.export("churn", output="two", hashes=True, offline=True, **wanted)
    assert done.lines[-1].startswith("lock: versions only, without hashes (")
    assert "environment/locked.txt" not in open_bundle(tmp_path / "two").facts["files"]
    with pytest.raises(NotRestorable, match="No hashes were had"):
        verbs.export("churn", output="three", with_wheels=True, **wanted)
    assert not (tmp_path / "three").exists()


def relisted(folder, name, data):
    """Change a file of a bundle as one would who can write its list too."""
    (folder / name).write_bytes(data)
    listed = json.loads((folder / "bundle.json").read_bytes())
    listed["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "bundle.json").write_text(json.dumps(listed))


def test_wheels_are_taken_by_the_word_of_who_signed_them_alone(project, shop, tmp_path):
    opened, done = exported(project, shop, tmp_path, with_wheels=True)
    assert done.lines[-1].endswith(" packages with their hashes, and their wheels")
    assert len(wheels.names(opened)) == len(recipe.SERVING)
    assert wheels.signer(opened) == leaving.own_key().public
    again = verbs.export("churn", to="bundle", output="two", no_sample=True, with_wheels=True)
    assert again.data["digest"] == done.data["digest"]
    # One who can write all of it puts another package into it.
    evil = wheel(tmp_path, "numpy", "9.9", text="raise SystemExit('evil')\n")
    name = next(one for one in wheels.names(opened) if "numpy" in one)
    text = opened.read("environment/locked.txt").decode()
    old = hashlib.sha256(opened.read(name)).hexdigest()
    relisted(tmp_path / "out", name, evil.read_bytes())
    relisted(tmp_path / "out", "environment/locked.txt", text.replace(old, sha256(evil)).encode())
    assert wheels.signer(open_bundle(tmp_path / "out")) == ""
    changed = text.replace("numpy==", "numpy==9.").encode()
    relisted(tmp_path / "out", "environment/locked.txt", changed)
    with pytest.raises(Damaged, match=r"locked\.txt has another numpy than was signed"):
        recipe.recipe(open_bundle(tmp_path / "out"), recipe.SERVING)
    # A stranger stands for those in another.
    stranger = signing.new()
    lock = open_bundle(tmp_path / "two").read("environment/locked.txt")
    said = wheels.statement(opened.author.model, opened.author.manifest, lock)
    told = {"key": stranger.public, "signature": stranger.sign(wheels.PURPOSE, said)}
    relisted(tmp_path / "two", wheels.SIGNED, json.dumps(told).encode())
    sample = {"rows": [{"age": 60, "income": 1.0}], "answers": [1]}
    relisted(tmp_path / "two", "sample.json", json.dumps(sample).encode())
    for path in shop.iterdir():
        path.unlink()
    shutil.rmtree(tmp_path / "uv")
    checked = verbs.bundle("check", "two", offline=True)
    assert checked.lines[3].startswith("environment: not rebuilt, ")
    assert checked.lines[4] == (
        "packages: not from the wheels in it, for which stands the key"
        f" {stranger.public[:16]}, whom you do not trust"
    )


def test_an_environment_is_made_once_and_found_again(project, shop, tmp_path):
    exported(project, shop, tmp_path)
    python = environment.python_for(tmp_path / "out", offline=True)
    said = subprocess.run([python, "-I", "-c", "import numpy, snapbook; print(numpy.VERSION)"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert said.stdout.strip() == importlib.metadata.version("numpy").partition("+")[0]
    away = shop.rename(tmp_path / "away")
    shutil.rmtree(tmp_path / "uv")
    assert environment.python_for(tmp_path / "out", offline=True) == python
    away.rename(shop)
    verbs.export("churn", to="bundle", output="two", no_sample=True)
    assert environment.python_for(tmp_path / "two", offline=True) == python
    with pytest.raises(NotRestorable, match="No environment was made for churn:0"):
        environment.python_for(tmp_path / "two", offline=True, also=("more",))
    wheel(shop, "more", "1.0")
    other = environment.python_for(tmp_path / "two", offline=True, also=("more",))
    assert other != python


def taken(python, ask):
    """Of each of the files that ``ask`` tells: whether it was there, and Python believed it."""
    done = subprocess.run([python, "-Bv", "-c", ask], text=True, capture_output=True, check=True)
    return tuple(f"code object from '{path}'" in done.stderr for path in done.stdout.split())


def test_what_was_compiled_is_taken_along(project, shop, tmp_path, monkeypatch):
    """Of the same package, and as long as Python believes it; of another one nothing is."""
    exported(project, shop, tmp_path)
    first = environment.python_for(tmp_path / "out", offline=True)
    ask = "import numpy, pandas; print(numpy.__cached__, pandas.__cached__)"
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    subprocess.run([first, "-c", ask], check=True, stdout=subprocess.DEVNULL)
    wheel(shop, "more", "1.0")
    # The same version, but other bytes: one that somebody built anew.
    wheel(shop, "pandas", importlib.metadata.version("pandas"), text="VERSION = 'another'\n")
    shutil.rmtree(tmp_path / "uv")
    other = environment.python_for(tmp_path / "out", offline=True, also=("more",))
    assert taken(other, ask) == (True, False)
    told = subprocess.run([other, "-c", "import pandas; print(pandas.VERSION)"],
                          text=True, capture_output=True, check=True)  # fmt: skip
    assert told.stdout.strip() == "another"
    # So it is of the environment that we run in, of which no other knows.
    folder = first.parent.parent
    (mine,) = folder.rename(tmp_path / "mine").glob("lib/*/site-packages")
    shutil.rmtree(other.parent.parent)
    paths = {"purelib": str(mine), "platlib": str(mine)}
    monkeypatch.setattr(environment.sysconfig, "get_paths", lambda: paths)
    other = environment.python_for(tmp_path / "out", offline=True, also=("more",))
    assert taken(other, ask) == (True, False)


MAKE = """
import sys
from pathlib import Path
from snapbook.serve import environment
print(environment.python_for(Path(sys.argv[1]), offline=True))
"""


def test_several_that_make_one_environment_get_one(project, shop, tmp_path):
    exported(project, shop, tmp_path)
    command = [sys.executable, "-c", MAKE, str(tmp_path / "out")]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    folder = tmp_path / "cache" / "snapbook" / "environments"
    latest = time.monotonic() + 30
    while not list(folder.glob("tmp-*/env/bin")) and first.poll() is None:
        assert time.monotonic() < latest
        time.sleep(0.002)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    others = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = {one.communicate()[0].strip() for one in others}
    assert [one.returncode for one in others] == [0, 0, 0]
    (python,) = said
    assert Path(python).exists()
    left = [path.name for path in folder.iterdir() if not path.name.endswith(".lock")]
    assert left == [Path(python).parent.parent.name]


def test_an_environment_has_what_serving_needs():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    wanted = {re.match(r"[a-z0-9-]+", one)[0] for one in extras["serve"]}
    assert wanted <= {*recipe.SERVING, "uvloop"}


def test_what_does_not_fit_here_is_told(project, shop, tmp_path):
    opened, _ = exported(project, shop, tmp_path)
    assert environment.misfits(opened) == ()
    rows, target = leaving.numbers()
    leaving.save(project, leaving.logistic(rows, target), {"X": (rows, "train")}, name="other",
                 packages={"numpy": "1.0.0", "scikit-learn": "0.1"})  # fmt: skip
    verbs.export("other", to="bundle", output="other", no_sample=True)
    found = environment.misfits(open_bundle(tmp_path / "other"))
    assert found == ("numpy 1.0.0", "scikit-learn 0.1")


def test_a_bundle_with_wheels_is_checked_without_a_network(project, tmp_path, monkeypatch):
    rows, _ = leaving.numbers()
    frames = {"X_train": (rows, "train"), "X_test": (rows.tail(30), "test")}
    leaving.save(project, leaving.duck(), frames, key=leaving.own_key())
    try:
        verbs.export("churn", to="bundle", output="out.zip", with_wheels=True)
    except NotRestorable as error:
        pytest.skip(f"packages cannot be had here ({error.why})")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    checked = verbs.bundle("check", "out.zip", offline=True)
    assert checked.lines[3:] == (
        "environment: rebuilt from the lock",
        "packages: from the wheels in it",
        "self-test: 20 rows are answered as at export",
    )
