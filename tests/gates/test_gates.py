"""Each gate over parts made by hand: what passes, what does not, and the sentence."""

import math
from dataclasses import replace

import pytest
from promote.parties import parts

from snapbook import canonical
from snapbook.errors import BadOption
from snapbook.gates import known
from snapbook.gates.base import Case, Verdict
from snapbook.lineage.log import Cell
from snapbook.parts import cells, environment, files
from snapbook.parts.base import Part
from snapbook.parts.stated import stated
from snapbook.store.memory import MemoryStore

NOTHING = {}


def case(new, old=None, settings=NOTHING, get=None):
    return Case(new, old, "1.4.0" if old is not None else "", settings, get)


def judged(gate, *args, **named):
    return known.judged(gate, case(*args, **named))


# -- metric


@pytest.mark.parametrize(
    ("new", "old", "settings", "passed", "reason"),
    [
        (0.95, 0.94, {}, True, "accuracy 0.95 (+0.010) vs 1.4.0"),
        (0.94, 0.94, {}, True, "accuracy 0.94 vs 1.4.0"),
        (0.93, 0.94, {}, False, "accuracy 0.94 -> 0.93, worse by 0.01"),
        (0.93, 0.94, {"margin": 0.01}, True, "accuracy 0.93 (-0.010) vs 1.4.0"),
        (0.9299, 0.94, {"margin": 0.01}, False,
         "accuracy 0.94 -> 0.9299, worse by 0.0101, 0.01 is allowed"),
        (0.93, 0.94, {"margins": {"accuracy": 0.02}}, True, "accuracy 0.93 (-0.010) vs 1.4.0"),
        (0.93, 0.94, {"directions": {"accuracy": "min"}}, True,
         "accuracy 0.93 (-0.010) vs 1.4.0"),
        (0.95, 0.94, {"least": {"accuracy": 0.96}}, False,
         "accuracy 0.95, at least 0.96 is asked for"),
        (0.95, 0.94, {"most": {"accuracy": 0.9}}, False,
         "accuracy 0.95, at most 0.9 is asked for"),
        (math.nan, 0.94, {}, False, "accuracy 0.94 -> nan, worse by nan"),
        (math.nan, 0.94, {"least": {"accuracy": 0.1}}, False,
         "accuracy nan, at least 0.1 is asked for"),
        ("high", 0.94, {}, False, "accuracy was not measured"),
        (True, 0.94, {}, False, "accuracy was not measured"),
    ],
)  # fmt: skip
def test_metric(new, old, settings, passed, reason):
    found = judged("metric", parts(accuracy=new), parts(accuracy=old), settings)
    assert (found.passed, found.reason) == (passed, reason)


def test_metric_without_one_in_place():
    found = judged("metric", parts(accuracy=0.9))
    assert (found.passed, found.reason) == (
        True, "accuracy 0.9; nothing is there to compare with",
    )  # fmt: skip
    assert not judged("metric", parts(accuracy=0.9), None, {"least": {"accuracy": 0.95}}).passed
    assert not judged("metric", parts(), None, {"names": ["auc"]}).passed


def test_metric_of_a_name_and_of_unknown_direction():
    old, new = parts(churned=5.0, rmse=2.0), parts(churned=6.0, rmse=2.5)
    found = judged("metric", new, old, {"names": ["churned"]})
    assert (found.passed, found.reason) == (
        False, "churned: nothing says whether more or less of it is better",
    )  # fmt: skip
    assert judged("metric", new, old).passed, "the main metric alone"
    assert "worse by 0.5" in judged("metric", new, old, {"names": ["rmse"]}).reason
    # A bound on another metric does not make it one that is compared.
    assert judged("metric", new, old, {"most": {"rmse": 3}}).passed
    said = Part("metrics", "m", {**new[1].facts, "directions": {"churned": "max"}})
    assert judged("metric", [said], old, {"names": ["churned"]}).passed


def test_metric_that_is_new_is_no_regression():
    assert judged("metric", parts(auc=0.5), parts(), {"names": ["accuracy", "auc"]}).passed


# -- signature


def test_signature():
    old = parts(inputs=("age", "price"))
    assert judged("signature", parts(inputs=("age", "price")), old).passed
    gone = judged("signature", parts(inputs=("age",)), old)
    assert (gone.passed, gone.reason) == (
        False, "input price is gone: callers of 1.4.0 must change",
    )  # fmt: skip
    assert judged("signature", parts(inputs=("age",))).passed
    assert not judged("signature", parts(inputs=()), old).passed
    assert judged("signature", parts(inputs=()), parts(inputs=())).passed
    assert not judged("signature", (), old).passed


# -- drift


def test_drift():
    old = parts(shift=0.0)
    assert judged("drift", parts(shift=0.1), old).passed
    far = judged("drift", parts(shift=0.5), old)
    assert (far.passed, far.reason) == (False, "X.age moved 0.50, 0.20 is allowed")
    assert judged("drift", parts(shift=0.5), old, {"limit": 0.6}).passed
    assert judged("drift", parts(shift=0.5), old, {"limits": {"age": 0.6}}).passed
    assert judged("drift", parts(shift=0.5), old, {"ignore": ["age"]}).passed
    assert judged("drift", parts(), old).facts == {"compared": 1, "farthest": {"X.age": 0.0}}
    none = judged("drift", parts()[:1], old)
    assert (none.passed, none.facts["compared"]) == (True, 0)


def test_drift_pairs_frames_by_name_or_alone():
    old, new = parts(), list(parts(shift=0.9))
    new[2] = replace(new[2], name="train")
    assert not judged("drift", new, old).passed
    test = replace(new[2], name="X", facts={**new[2].facts, "role": "test"})
    assert not judged("drift", [*new, test], old).passed, "test data is not what it was trained on"


# -- size


def test_size():
    old = parts(size=2**20)
    assert judged("size", parts(size=3 * 2**20), old).passed
    large = judged("size", parts(size=3 * 2**20), old, {"most_bytes": 2 * 2**20})
    assert (large.passed, large.reason) == (False, "3.0 MB, 2.0 MB is allowed")
    grown = judged("size", parts(size=3 * 2**20), old, {"most_times": 2})
    assert (grown.passed, grown.reason) == (False, "3.0 MB, 3.0 times 1.4.0; 2 is allowed")
    assert judged("size", parts(size=3 * 2**20), None, {"most_times": 2}).passed
    assert not judged("size", parts(size=None), old).passed


# -- environment


@pytest.mark.parametrize(
    ("bad", "passed"),
    [
        (["numpy<2"], True),
        (["numpy>=2.1"], False),
        (["NumPy == 2.1.0"], False),
        (["numpy"], False),
        (["pillow"], True),
        (["numpy>=3", "num.py"], True),
    ],
)
def test_environment(bad, passed):
    found = judged("environment", parts(packages={"numpy": "2.1.0"}), None, {"bad": bad})
    assert found.passed is passed
    if not passed:
        assert found.reason.startswith("numpy 2.1.0 (")


def test_environment_by_a_file_and_what_was_installed():
    text = "# known bad\n\nnumpy==2.1.*  # CVE\n"
    assert not judged("environment", parts(), None, {"bad_file": text}).passed
    store = MemoryStore()
    writer = store.writer()
    known_blob = writer.add(canonical.encode({"numpy": "2.1.0", "evil": "1"}))
    writer.commit()
    part = Part("environment", "environment", {"imported": {"numpy": "2.1.0"}}, (known_blob,))
    settings = {"bad": ["evil"]}
    assert judged("environment", [part], None, settings, store.get).passed
    every = {**settings, "installed": True}
    assert not judged("environment", [part], None, every, store.get).passed
    assert not judged("environment", (), None, settings).passed
    odd = parts(packages={"numpy": "not a version"})
    assert not judged("environment", odd, None, {"bad": ["numpy<1"]}).passed


def test_environment_of_this_process():
    store = MemoryStore()
    writer = store.writer()
    part, _ = environment.capture(writer, "test", ".")
    writer.commit()
    name = sorted(environment.packages_used(part))[0]
    found = judged("environment", [part], None, {"bad": [name]}, store.get)
    assert found.reason.startswith(f"{name} ")


# -- secrets

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def kept(*sources):
    store = MemoryStore()
    writer = store.writer()
    log = [Cell(n, n, "", source) for n, source in enumerate(sources)]
    part = cells.capture(log, [0], 0, writer)
    writer.commit()
    return part, store.get


def test_secrets():
    clean, get = kept("a = 1", "b = {{secret:1}}")
    assert judged("secrets", [clean], None, {}, get).passed
    leaky, get = kept("a = 1", f"token = '{TOKEN}'")
    found = judged("secrets", [leaky], None, {}, get)
    assert not found.passed
    assert "in cell 2" in found.reason
    assert TOKEN not in repr(found)


def test_secrets_in_parameters_and_what_cannot_be_read():
    part = Part("params", "params", {"values": {"url": f"https://u:{TOKEN}@host/"}})
    found = judged("secrets", [part])
    assert not found.passed
    assert TOKEN not in repr(found)
    gone = MemoryStore()
    leaky, _ = kept("a = 1")
    assert not judged("secrets", [leaky], None, {}, gone.get).passed


def test_secrets_in_an_attachment(tmp_path):
    store = MemoryStore()
    writer = store.writer()
    text = writer.add(f"password = '{TOKEN}'".encode())
    writer.commit()
    part = Part("files", "attachments", {"files": [{"path": "note.txt", "text": text}]}, (text,))
    assert files.texts(part, store.get)
    assert "in note.txt" in judged("secrets", [part], None, {}, store.get).reason


# -- card


def attached(text, path="docs/Card.md"):
    store = MemoryStore()
    writer = store.writer()
    digest = writer.add(text.encode())
    writer.commit()
    entry = {"path": path, "blobs": [digest]}
    return [Part("files", "attachments", {"files": [entry]}, (digest,))], store.get


def test_card():
    text = "# Churn\n## Intended use\nCalls.\n### LIMITS\n\nNone\nknown.\n## Ethical notes\n\n# End"
    held, get = attached(text)
    found = judged("card", held, None, {}, get)
    assert (found.passed, found.reason) == (False, "not stated: Decision boundaries, Ethical notes")
    assert found.facts == {"missing": ["Decision boundaries", "Ethical notes"]}
    found = judged("card", held, None, {"sections": ["limits", "Intended use"]}, get)
    assert (found.passed, found.reason) == (True, "2 sections are stated")
    assert stated(held, get) == {"Intended use": "Calls.", "Limits": "None known."}
    other, get = attached(text, "notes.md")
    assert "Limits" in judged("card", other, None, {}, get).reason
    assert "Limits" in judged("card", [], None, {}, get).reason
    found = judged("card", held, None, {}, MemoryStore().get)
    assert found.reason.startswith("its card.md cannot be read (")


# -- gates of others


def test_a_gate_of_one_s_own(tmp_path, monkeypatch):
    """A real distribution with entry points, as pip would have put it there."""
    (tmp_path / "own_gates.py").write_text(
        "from snapbook.gates.base import Verdict\n"
        "def fair(case): return Verdict('x', len(case.parts) > case.settings['least'], 'counted')\n"
        "def broken(case): raise RuntimeError('no\\ndata')\n"
        "def odd(case): return True\n"
        "def unkept(case): return Verdict('x', True, 'y', {'z': object()})\n"
    )
    info = tmp_path / "own_gates-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-gates\nVersion: 1\n")
    names = ("fair", "broken", "odd", "unkept")
    lines = [f"{name} = own_gates:{name}" for name in names] + ["absent = own_gates:absent"]
    (info / "entry_points.txt").write_text("\n".join(["[snapbook.gates]", *lines]) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    known._others.cache_clear()
    try:
        assert judged("fair", parts(), None, {"least": 3}) == Verdict("fair", True, "counted")
        assert not judged("fair", parts(), None, {"least": 9}).passed
        assert judged("broken", parts()).reason == "the gate itself failed (RuntimeError: no data)"
        assert "gave a bool" in judged("odd", parts()).reason
        assert "cannot be kept" in judged("unkept", parts()).reason
        assert "the gate itself failed" in judged("absent", parts()).reason
        assert not any(judged(name, parts()).passed for name in ("broken", "odd", "unkept"))
        known.check("fair", {"anything": 1})
        assert known.names()[-5:] == ["fair", "broken", "odd", "unkept", "absent"]
    finally:
        known._others.cache_clear()


def test_a_gate_that_is_not_there():
    found = judged("fairness", parts())
    assert (found.passed, found.reason) == (False, "there is no gate of that name here")


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("metrik", {}, r"no gate metrik \(did you mean metric\?\)"),
        ("metric", {"margn": 1}, "Gate metric takes no margn"),
        ("metric", {"margin": "1"}, "margin has to be a number"),
        ("metric", {"margin": True}, "margin has to be a number"),
        ("metric", {"margin": -1}, "margin has to be a number"),
        ("metric", {"directions": {"a": "up"}}, "a table of"),
        ("metric", {"names": "auc"}, "a list of texts"),
        ("drift", {"limits": {"a": "x"}}, "a table of numbers"),
        ("environment", {"bad": ["numpy<<1"]}, '"numpy<<1" names no package'),
        ("environment", {"bad_file": "== 1\n"}, "names no package"),
    ],
)
def test_settings_that_are_none(name, settings, said):
    with pytest.raises(BadOption, match=said):
        known.check(name, settings)
