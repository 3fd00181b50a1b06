"""A stranger's version that says of itself that nothing executes when it is loaded."""

from dataclasses import replace
from pathlib import Path

import pytest
from trial.fitted import key

from snapbook import canonical, places, verbs
from snapbook.capture import Draft
from snapbook.errors import Untrusted
from snapbook.flavors import codeless
from snapbook.parts import frame, model
from snapbook.repository import Author, Wish
from snapbook.serve.load import open_bundle
from snapbook.verbs import VERBS, Here, take

MARK = "mark.txt"


class Loud:
    """Whoever unpickles it leaves a mark."""

    def predict(self, rows):
        return [0 for _ in rows]

    def __reduce__(self):
        return open, (MARK, "w")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a version by eve, whose model's part lies."""
    import pandas as pd

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    rows = pd.DataFrame({"a": [1.0, 2.0]})
    with places.make_repository(tmp_path) as repository:
        writer = repository.store.writer()
        part, _ = model.capture(Loud(), "model", writer)
        inputs = [{"name": "a", "type": "float64"}]
        part = replace(part, facts={**part.facts, "executes": False, "inputs": inputs})
        parts = (part, frame.capture(rows, "X_test", writer, role="test").part)
        digests = tuple(writer.add(one.encode()) for one in parts)
        draft = Draft("churn", parts, digests, canonical.digest(b"1"))
        repository.save(draft, writer, Wish(), Author("eve", key(tmp_path / "eve")))
        writer.close()
        yield repository
    assert not list(tmp_path.rglob(MARK))


def test_its_word_is_not_enough(project, tmp_path):
    with Here(tmp_path, face="cli") as here, pytest.raises(Untrusted):
        take.load(here, VERBS["restore"].parse(["churn"]))
    Path("policy.toml").write_text("[production.gates.score]\n")
    verbs.policy("churn", "policy.toml")
    with pytest.raises(Untrusted):
        verbs.judge("churn", "production")
    done = verbs.export("churn", to="bundle", output="out")
    assert done.lines[2] == "no self-test: its author is not one whom you trust"
    assert open_bundle("out").executes
    with pytest.raises(Untrusted):
        verbs.export("churn", to="onnx")


@pytest.mark.parametrize(
    ("facts", "executes"),
    [
        ({"executes": False, "flavor": "xgboost", "layout": {"format": "xgboost-ubj"}}, False),
        ({"executes": True, "flavor": "xgboost", "layout": {"format": "xgboost-ubj"}}, True),
        ({"flavor": "xgboost", "layout": {"format": "xgboost-ubj"}}, True),
        ({"executes": False, "flavor": "xgboost", "layout": {"format": "pickle5"}}, True),
        ({"executes": False, "flavor": "pickled", "layout": {"format": "xgboost-ubj"}}, True),
        ({"executes": False, "flavor": "torch", "layout": {"format": "torch-state"}}, False),
        ({"executes": False, "flavor": "keras", "layout": {"format": "keras-archive"}}, True),
        ({"executes": False, "flavor": ["torch"], "layout": {"format": ["x"]}}, True),
        ({"executes": False, "flavor": "torch", "layout": 7}, True),
        ({}, True),
    ],
)
def test_flavor_and_form_decide(facts, executes):
    assert codeless.executes(facts) is executes
