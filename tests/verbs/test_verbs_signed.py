"""Exported files under a signature of OpenSSF's form, held against its own tool where that is."""

import base64
import hashlib
import json
import shutil
import stat
import subprocess
import sys
from importlib.util import find_spec

import pytest
from faults import driver

from snapbook import places, settings, signing, trust
from snapbook.errors import BadOption, Damaged
from snapbook.export import openssf
from snapbook.verbs import VERBS, Here

pytestmark = pytest.mark.slow  # it waits for what runs beside it


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))


@pytest.fixture
def claim():
    key = signing.own_key(settings.folder())
    said = trust.statement("churn", "3f" * 32)
    return trust.Claim("churn", "3f" * 32, "ada", key.public, key.sign(trust.AUTHOR, said))


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "churn-0.1.0"
    (folder / "inner").mkdir(parents=True)
    (folder / "b.txt").write_text("b")
    (folder / "a b\u00e9.bin").write_bytes(bytes(range(256)))
    (folder / "inner" / "c.txt").write_text("")
    return folder


def tool(*words):
    """OpenSSF's own, as it comes."""
    program = shutil.which("model_signing")
    if program is None and find_spec("model_signing") is None:
        pytest.skip("model_signing is not installed")
    start = [program] if program else [sys.executable, "-m", "model_signing"]
    return subprocess.run([*start, *map(str, words)], capture_output=True, text=True, check=False)


def statement(path):
    envelope = json.loads(path.read_text())["dsseEnvelope"]
    return json.loads(base64.b64decode(envelope["payload"]))


def signed(target, claim):
    signer = openssf.Signer(settings.folder())
    path = target.with_name(f"{target.name}.sig")
    path.write_text(signer.sign(target, claim))
    pem = target.with_name("key.pem")
    pem.write_text(signer.pem)
    return path, pem


def test_its_own_tool_takes_files_and_folders_and_finds_every_change(files, claim):
    for target in (files, files / "b.txt"):
        path, pem = signed(target, claim)
        words = ("verify", "key", target, "--signature", path, "--public_key", pem)
        told = tool(*words)
        assert told.returncode == 0, told.stdout + told.stderr
        changed = target if target.is_file() else target / "inner" / "c.txt"
        before = changed.read_text()
        changed.write_text("changed")
        assert tool(*words).returncode != 0
        changed.write_text(before)
        path.unlink()
        pem.unlink()


def test_its_own_tool_refuses_another_key_and_a_file_that_was_added(files, claim, tmp_path):
    path, pem = signed(files, claim)
    other = tmp_path / "other.pem"
    other.write_text(openssf.Signer(tmp_path / "another").pem)
    words = ("verify", "key", files, "--signature", path, "--public_key")
    assert tool(*words, other).returncode != 0
    (files / "more.txt").write_text("more")
    assert tool(*words, pem).returncode != 0


def test_it_refers_to_the_author_s_signature(files, claim):
    path, pem = signed(files, claim)
    told = statement(path)
    names = [resource["name"] for resource in told["predicate"]["resources"]]
    assert names == sorted(names) == ["a b\u00e9.bin", "b.txt", "inner/c.txt"]
    digests = [bytes.fromhex(r["digest"]) for r in told["predicate"]["resources"]]
    whole = hashlib.sha256(b"".join(digests)).hexdigest()
    assert told["subject"] == [{"name": "churn-0.1.0", "digest": {"sha256": whole}}]
    origin = told["predicate"]["snapbook"]
    said = trust.statement(origin["model"], origin["manifest"])
    assert signing.verify(origin["key"], origin["signature"], trust.AUTHOR, said)
    exporter = origin["exporter"]
    purpose = {"pem": pem.read_text()}
    assert signing.verify(exporter["key"], exporter["signature"], openssf.PURPOSE, purpose)
    assert not signing.verify(exporter["key"], exporter["signature"], trust.AUTHOR, purpose)


def test_the_key_is_one_and_its_owner_s_alone(tmp_path):
    first = openssf.Signer(settings.folder()).pem
    assert openssf.Signer(settings.folder()).pem == first
    path = settings.folder() / openssf.KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("nonsense")
    with pytest.raises(Damaged, match="key-p256"):
        openssf.Signer(settings.folder())
    path.write_bytes(signing.own_key(settings.folder()).pem())
    with pytest.raises(Damaged, match="key-p256"):
        openssf.Signer(settings.folder())


def run(folder, verb, *words):
    with Here(folder, face="cli") as here:
        return VERBS[verb].run(here, VERBS[verb].parse(list(words)))


def test_an_export_is_signed(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    with places.make_repository(folder) as repository:
        row = driver.save(repository, "churn", 1).version
    done = run(folder, "export", "churn", "--to", "report", "--sign")
    assert done.lines[-1] == (
        "signed in churn-0.1.0-report.html.sig; the key that verifies it: snapbook key openssf"
    )
    pem = run(folder, "key", "openssf")
    (folder / "key.pem").write_text("\n".join(pem.lines) + "\n")
    target = folder / "churn-0.1.0-report.html"
    path = folder / "churn-0.1.0-report.html.sig"
    assert done.data["signature"] == str(path)
    assert statement(path)["predicate"]["snapbook"]["manifest"] == row.manifest
    told = tool("verify", "key", target, "--signature", path, "--public_key", folder / "key.pem")
    assert told.returncode == 0, told.stdout + told.stderr
    with pytest.raises(BadOption, match="for a version of this project"):
        run(folder, "export", "team::churn", "--to", "report", "--sign")
