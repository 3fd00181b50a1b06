"""The names at the root, from a script in a process of its own and from a notebook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import snapbook
from snapbook import api

pytestmark = pytest.mark.slow

SCRIPT = """\
import json
import numpy as np, pandas as pd
from sklearn.linear_model import LinearRegression
import snapbook
X = pd.DataFrame({"a": [0.0, 1, 2, 3], "b": [1.0, 0, 1, 0]}); y = X["a"] * 2
state = np.random.get_state()[1].tolist()
model = LinearRegression().fit(X, y)
data = {"X": X, "y": y}
one = snapbook.save(model, "line", data=data, metrics={"r2": 1.0, "gap": np.float64(0.5)},
                    message="by hand", tags={"team": "risk"})
same = snapbook.save(model, "line", data=data, metrics={"r2": 1.0, "gap": 0.5})
positive = LinearRegression(positive=True).fit(X, y)
two = snapbook.save(positive, "line", data=data, metrics={"r2": 0.5})
three = snapbook.save(model, "line", bump="major")
back = snapbook.load("line:0.1.0")
diff = snapbook.diff("line:0.1.0", "line:0.2.0")
with snapbook.open() as repository:
    opened = len(list(repository.every_version()))
out = {
    "one": [one.version.ref, one.unchanged, [c.name for c in one.metrics]],
    "same": [same.version.ref, same.unchanged],
    "two": [two.version.ref, two.reason],
    "three": three.version.ref,
    "coef": np.allclose(back.coef_, model.coef_),
    "refs": [v.ref for v in snapbook.versions("line")],
    "where": [v.ref for v in snapbook.versions(where="r2 > 0.9 and tag.team = 'risk'")],
    "diff": [[c.section, c.name] for c in diff.changes],
    "shown": [p.kind for p in snapbook.show("line:0.1.0").parts],
    "opened": opened,
    "drawn": np.random.get_state()[1].tolist() == state,
}
try:
    snapbook.load("nope")
except snapbook.SnapbookError as error:
    out["error"] = [error.kind, isinstance(error, KeyError)]
print(json.dumps(out))
"""


def run(code: str, folder: Path, name: str = "train.py") -> subprocess.CompletedProcess[str]:
    (folder / name).write_text(code)
    env = {**os.environ, "SNAPBOOK_CONFIG": str(folder / "config"), "SNAPBOOK_AUTHOR": "Ada"}
    env["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    return subprocess.run(
        [sys.executable, "-W", "error", name], cwd=folder, env=env, capture_output=True, text=True
    )


def test_from_a_script(tmp_path):
    done = run(SCRIPT, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    out = json.loads(done.stdout)
    assert out["one"] == ["line:0.1.0", False, ["r2", "gap"]]
    assert out["same"] == ["line:0.1.0", True]
    assert out["two"] == ["line:0.2.0", "positive False -> True"]
    assert out["three"] == "line:1.0.0"
    assert out["coef"]
    assert out["refs"] == ["line:1.0.0", "line:0.2.0", "line:0.1.0"]
    assert out["where"] == ["line:0.1.0"]
    assert ["params", "positive"] in out["diff"]
    assert {"model", "frame", "cells", "params", "metrics", "environment"} <= set(out["shown"])
    assert out["opened"] == 3
    assert out["drawn"]
    assert out["error"] == ["no-model", True]


def test_the_script_is_kept_as_its_only_cell(tmp_path):
    assert run(SCRIPT, tmp_path).returncode == 0
    from snapbook import places
    from snapbook.parts import cells

    repository = places.find_repository(tmp_path)
    row = repository.index.newest("line", 2)
    part = next(part for part in repository.parts(row.manifest) if part.kind == "cells")
    (cell,) = cells.restore(part, repository.store.get)
    assert (cell.kind, cell.source) == ("script", SCRIPT)


def test_bad_wishes_are_said_and_make_nothing(tmp_path):
    code = (
        "import snapbook\n"
        "for words in ({'name': 'a b'}, {'name': 'm', 'data': {'x': 3}},\n"
        "              {'name': 'm', 'bump': 'huge'}, {'name': 'm', 'number': '1.2.x'},\n"
        "              {'name': 'm', 'attach': ['nowhere.txt']},\n"
        "              {'name': 'm', 'tags': {'a b': 'c'}}):\n"
        "    try:\n        snapbook.save({'rule': 1}, **words)\n        print('made', words)\n"
        "    except snapbook.SnapbookError as error:\n        print(error.kind)\n"
        "print(len(snapbook.versions()))\n"
    )
    done = run(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "made" not in done.stdout, done.stdout
    assert done.stdout.splitlines()[-1] == "0"


def test_the_root_is_about_ten_names_all_typed():
    assert len(snapbook.__all__) <= 12
    for name in snapbook.__all__:
        member = getattr(snapbook, name)
        if name in vars(api) and callable(member) and not isinstance(member, type):
            assert "return" in typing.get_type_hints(member), name
    with pytest.raises(AttributeError):
        snapbook.nothing


def test_importing_is_light():
    code = (
        "import sys, snapbook\n"
        "heavy = {'pandas', 'numpy', 'IPython', 'sklearn', 'cryptography', 'nbformat', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.stdout.strip() == "[]", done.stderr


TRAINED = """\
import json
import pandas as pd
from sklearn.linear_model import LinearRegression
import snapbook

def fitted(frame):
    return LinearRegression().fit(frame[["a", "b"]], frame["y"])

table = pd.DataFrame({"a": [0.0, 1, 2, 3], "b": [1.0, 0, 1, 0], "y": [0.0, 2, 4, 6]})
model = eval("fitted(table)")  # no code tells what went in
rows, other = table[["a", "b"]], table[["a", "b"]] * 2
out = {}
for name, data, words in (
    ("said", {"rows": rows, "other": other}, {"train": "rows"}),
    ("both", {"rows": rows, "y": table["y"]}, {"train": ["rows", "y"]}),
    ("called", {"X_train": rows, "X_test": other, "other": other}, {}),
    ("over", {"X_train": rows, "other": other}, {"train": "other"}),
    ("unknown", {"rows": rows, "other": other}, {}),
):
    made = snapbook.save(model, name, data=data, **words)
    parts = snapbook.show(name).parts
    roles = {one.name: one.facts["role"] for one in parts if one.kind == "frame"}
    kept = next(one for one in parts if one.kind == "model")
    types = [one.get("type", "") for one in kept.facts["inputs"]]
    out[name] = [roles, types, list(made.unusual)]
for bad in ("nowhere", ["rows", "nowhere"]):
    try:
        snapbook.save(model, "said", data={"rows": rows}, train=bad)
    except snapbook.SnapbookError as error:
        out[str(bad)] = error.kind
print(json.dumps(out))
"""


def test_what_was_trained_on_is_told_and_never_guessed(tmp_path):
    done = run(TRAINED, tmp_path)
    assert done.returncode == 0, done.stderr
    out = json.loads(done.stdout)
    known = ["float64", "float64"]
    assert out["said"][:2] == [{"rows": "train", "other": ""}, known]
    assert out["both"][:2] == [{"rows": "train", "y": "train"}, known]
    assert out["called"][:2] == [{"X_train": "train", "X_test": "test", "other": ""}, known]
    assert out["over"][:2] == [{"X_train": "", "other": "train"}, known]
    roles, types, said = out["unknown"]
    assert (roles, types) == ({"rows": "", "other": ""}, ["", ""])
    assert said[-1] == (
        "What it was trained on is not known, so no drift can be told."
        '  Say it: snapbook.save(..., train="rows")'
    )
    told = [line for name in ("said", "both", "called", "over") for line in out[name][2]]
    assert not any("trained on" in line for line in told)
    assert out["nowhere"] == out["['rows', 'nowhere']"]
