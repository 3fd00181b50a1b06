"""A version as a function of partitions: small to send, the same bytes or a refusal, one load."""

import os
import pickle
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import snapbook
from snapbook.batch import held
from snapbook.errors import Damaged, NotFound, Untrusted, Usage
from snapbook.serve.refusal import Unfit

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project whose forest tells two plans apart, and its bundle; one whose loading runs code."""
    from sklearn.ensemble import RandomForestClassifier

    folder = tmp_path_factory.mktemp("portable")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("SNAPBOOK_CONFIG", str(folder / "config"))
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        model = RandomForestClassifier(8, random_state=0).fit(rows()[["a", "b"]], answers())
        snapbook.save(model, "churn", data={"X_train": rows()[["a", "b"]], "y_train": answers()})
        snapbook.save(model, "untyped", data={"seen": rows()[["a", "b"]]})
        snapbook.verbs.export("churn", to="bundle", output="bundle")
        yield folder


def rows(count=400):
    numbers = np.random.default_rng(3).normal(size=(count, 2))
    return pd.DataFrame(numbers, columns=["a", "b"]).assign(id=range(count))


def answers():
    return pd.Series(np.where(rows()["a"] + rows()["b"] > 0, "stays", "leaves"), name="plan")


@pytest.fixture
def expected(project):
    return held.open_bundle(project / "bundle").model().predict(rows()[["a", "b"]])


def test_a_version_answers_what_its_model_answers(project, expected):
    ask = snapbook.predictor("churn")
    found = ask(rows().set_index(np.arange(400) + 7))
    assert list(found.columns) == ["prediction"]
    assert found.index.tolist() == list(range(7, 407))
    assert found["prediction"].tolist() == expected.tolist()
    assert len(pickle.dumps(ask)) < 1500
    assert (ask.ref, ask.meta.dtypes.to_dict()) == ("churn:0.1.0", found.dtypes.to_dict())
    assert ask.schema == "`prediction` string"


def test_what_comes_out_is_of_the_kind_that_went_in(project, expected):
    ask = snapbook.predictor(str(project / "bundle"), like=rows(), probabilities=True, columns=True)
    names = [*rows().columns, "prediction", "probability_leaves", "probability_stays",
             "snapbook_version", "snapbook_digest"]  # fmt: skip
    frame = ask(rows())
    assert list(frame.columns) == list(ask.meta.columns) == names
    assert frame.dtypes.to_dict() == ask.meta.dtypes.to_dict()
    table = ask(pa.Table.from_pandas(rows()))
    (batch,) = ask.batches(pa.Table.from_pandas(rows()).to_batches())
    arrays = ask({name: rows()[name].to_numpy() for name in rows()})
    for found in (table.to_pandas(), batch.to_pandas(), pd.DataFrame(arrays)):
        pd.testing.assert_frame_equal(found, frame, check_dtype=False)
    assert frame["prediction"].tolist() == expected.tolist()
    assert set(frame["snapbook_version"]) == {"churn:0.1.0"}
    assert ask(rows()[:0]).dtypes.to_dict() == ask.meta.dtypes.to_dict()
    none = pa.RecordBatch.from_pandas(rows()[:0])
    assert ask(none).schema == batch.schema
    assert len(ask(none)) == 0
    kept = snapbook.predictor("churn", like=rows(), keep=["id"])
    assert list(kept(rows()).columns) == list(kept.meta.columns) == ["id", "prediction"]


ELSEWHERE = """
import pickle, sys
import pandas as pd
ask = pickle.loads(sys.stdin.buffer.read())
found = [ask(pd.DataFrame({"a": [0.5, -2.0], "b": [1.0, -1.0]})) for _ in range(3)]
from snapbook.batch import held
print(found[0]["prediction"].tolist(), len(held._models))
"""


def elsewhere(ask):
    env = os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, filter(None, sys.path)))}
    return subprocess.run(
        [sys.executable, "-c", ELSEWHERE], input=pickle.dumps(ask), capture_output=True, env=env
    )


def test_another_process_opens_the_same_bundle_once(project, tmp_path):
    ask = snapbook.predictor(str(project / "bundle"))
    done = elsewhere(ask)
    assert done.stdout.decode().strip() == "['stays', 'leaves'] 1", done.stderr.decode()
    gone = pickle.loads(pickle.dumps(ask))
    object.__setattr__(gone, "path", str(tmp_path / "nowhere"))
    with pytest.raises(NotFound, match="is not on this machine"):
        gone(rows())
    other = pickle.loads(pickle.dumps(ask))
    object.__setattr__(other, "digest", "ab" * 32)
    with pytest.raises(Damaged, match="was replaced by another one"):
        other(rows())


def test_a_strangers_pickle_is_not_loaded(project, tmp_path, monkeypatch):
    (tmp_path / "brought.py").write_text(
        "class Mine:\n    def fit(self):\n        self.fitted_ = 1\n        return self\n"
        "    def predict(self, frame):\n        return frame['a']\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    import brought

    snapbook.save(brought.Mine().fit(), "own", data={"X_train": rows()[["a", "b"]]})
    snapbook.verbs.export("own", to="bundle", output="own", no_sample=True)
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "another"))
    with pytest.raises(Untrusted, match="brought"):
        snapbook.predictor(str(tmp_path / "own"))
    sys.modules.pop("brought")


def test_what_does_not_fit_is_named(project):
    ask = snapbook.predictor("churn")
    with pytest.raises(Unfit, match="there is no column b"):
        ask(rows().drop(columns="b"))
    with pytest.raises(Unfit, match="there are two columns 'id'"):
        ask(rows().rename(columns={"b": "id"}).assign(b=1.0).iloc[:, [0, 1, 2, 3]])
    with pytest.raises(Unfit, match="b in row 0 is text, it takes a number"):
        ask(rows(2).assign(b=["x", "y"]))
    with pytest.raises(Unfit, match=r"the model fails on row 0 \(ValueError"):
        snapbook.predictor("untyped")(rows(2).assign(b=["x", "y"]))
    with pytest.raises(Unfit, match="b holds values of no one type"):
        ask(rows(2).assign(b=[1.5, "y"]))
    with pytest.raises(NotFound, match="no column idd to keep"):
        _ = snapbook.predictor("churn", like=rows(), keep=["idd"]).meta
    with pytest.raises(Usage, match="types of what is kept are not known"):
        _ = snapbook.predictor("churn", keep=["id"]).meta


def test_what_is_no_partition_is_said(project):
    ask = snapbook.predictor("bundle")
    for given in (None, [1, 2], rows()["a"], rows().to_numpy(), 5):
        with pytest.raises(Usage, match=f"this is a {type(given).__name__}"):
            ask(given)
    with pytest.raises(Unfit, match=r"of different lengths \(a 2, b 1\)"):
        ask({"a": [1.0, 2.0], "b": [1.0]})


def test_dask_maps_it(project, expected):
    dd = pytest.importorskip("dask.dataframe")
    whole = dd.from_pandas(rows(), npartitions=5)
    ask = snapbook.predictor("churn", like=whole)
    found = whole.map_partitions(ask, meta=ask.meta).compute()
    assert list(found.columns) == ["a", "b", "id", "prediction"]
    assert found["prediction"].tolist() == expected.tolist()
    alone = snapbook.predictor("churn")
    joined = whole.assign(said=whole.map_partitions(alone, meta=alone.meta)["prediction"])
    assert joined.compute()["said"].tolist() == expected.tolist()


RAY = """
import sys
import pandas as pd
import ray
import snapbook

ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
data = ray.data.from_pandas(pd.read_parquet("rows.parquet")).repartition(4)
ask = snapbook.predictor("bundle", like=data)
found = data.map_batches(ask).to_pandas().sort_values("id")
found.to_parquet("ray.parquet", index=False)
ray.shutdown()
"""


@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
def test_ray_maps_it(project, expected):
    rows().to_parquet(project / "rows.parquet")
    paths = os.pathsep.join(path for path in sys.path if path)  # for Ray's own processes as well
    env = {**os.environ, "PYTHONPATH": paths, "RAY_AUTH_MODE": "disabled"}
    done = subprocess.run([sys.executable, "-c", RAY], cwd=project, env=env, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    found = pd.read_parquet(project / "ray.parquet")
    assert list(found.columns) == ["a", "b", "id", "prediction"]
    assert found["prediction"].tolist() == expected.tolist()
