"""Spark in its local mode: a version maps its partitions, its workers tell its frames."""

import os
import shutil
import sys
import time
from importlib.util import find_spec

import pandas as pd
import pytest
from trays import frame

import snapbook
from snapbook.parts import frame as frames
from snapbook.store.memory import MemoryStore

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("pyspark") is None or shutil.which("java") is None,
        reason="pyspark or Java is not installed",
    ),
    # What Spark leaves open, and what its release says of newer pandas.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        # A machine of Java's that lives for seconds does not earn what its best compiler takes.
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        session = (
            SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.warehouse.dir", str(folder))
            .config("spark.sql.shuffle.partitions", "2")
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()
        # Java would stay as long as this process does.
        gateway, SparkContext._gateway, SparkContext._jvm = SparkContext._gateway, None, None
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(60)


@pytest.fixture
def held(spark, tmp_path):
    """The rows of `frame` in a frame of Spark's."""
    plain = frame(900).drop(columns="count")
    plain.astype({"kind": "str"}).to_parquet(tmp_path / "in.parquet", row_group_size=200)
    return spark.read.parquet(str(tmp_path / "in.parquet"))


def taken(value, **more):
    return frames.capture(value, "df", MemoryStore().writer(), **more)


def test_a_version_maps_its_partitions(spark, tmp_path, monkeypatch):
    from sklearn.linear_model import LinearRegression

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rows = pd.DataFrame({"id": range(500), "a": [at / 7 for at in range(500)]})
    rows["b"] = rows["a"] ** 2
    model = LinearRegression().fit(rows[["a", "b"]], rows["b"] * 3)
    snapbook.save(model, "line", data={"X_train": rows[["a", "b"]]}, store=True)
    data = spark.createDataFrame(rows).repartition(2)
    ask = snapbook.predictor("line", like=data)
    assert ask.schema == "`id` bigint, `a` double, `b` double, `prediction` double"
    for mapped in (data.mapInPandas, data.mapInArrow):
        found = mapped(ask.batches, schema=ask.schema).toPandas().sort_values("id")
        assert list(found.columns) == ["id", "a", "b", "prediction"]
        assert found["prediction"].tolist() == pytest.approx(model.predict(rows[["a", "b"]]))


def test_its_frame_is_told_by_its_workers(spark, held, monkeypatch):
    from pyspark.sql.classic.dataframe import DataFrame

    came = []
    monkeypatch.setattr(DataFrame, "toPandas", None)
    monkeypatch.setattr(DataFrame, "toArrow", None)
    collect = DataFrame.collect

    def counted(self):
        found = collect(self)
        came.extend(found)
        return found

    monkeypatch.setattr(DataFrame, "collect", counted)
    captured = taken(held)
    facts = captured.part.facts
    assert facts["shape"] == [900, 6]
    assert facts["stored"] is False
    assert [notice.kind for notice in captured.notices] == ["elsewhere"]
    (row,) = came  # one row with one portion, however many there were
    assert len(row[0]) < 400_000
    columns = {column["name"]: column for column in facts["columns"]}
    assert columns["pay"]["dtype"] == "double"
    assert columns["pay"]["profile"]["nulls"] == pytest.approx(129 / 900, rel=1e-5)
    assert columns["city"]["profile"]["distinct"] == 2
    again = taken(held.repartition(5).orderBy("pay")).part
    assert again.facts["digest"] == facts["digest"]
    changed = taken(held.replace({"00007": "x"}, subset=["id"])).part
    same = [
        one["name"]
        for one, other in zip(facts["columns"], changed.facts["columns"], strict=True)
        if one["digest"] == other["digest"]
    ]
    assert same == ["age", "pay", "member", "city", "kind"]
    assert changed.facts["digest"] != facts["digest"]
    none = taken(held.where("age > 900")).part
    assert none.facts["shape"] == [0, 6]


@pytest.mark.parametrize("patience_s", [0.01, 1.5], ids=["while it is planned", "at work"])
def test_what_lasts_is_given_up(spark, held, patience_s):
    def slowly(batches):
        for batch in batches:
            time.sleep(300)
            yield batch

    begun = time.monotonic()
    lasting = held.mapInArrow(slowly, held.schema)
    captured = taken(lasting, deadline=time.monotonic() + patience_s)
    assert time.monotonic() - begun < 240
    assert captured.part.facts["digest"] is None
    assert [column["name"] for column in captured.part.facts["columns"]] == held.columns
    (notice,) = captured.notices
    assert (notice.kind, notice.why) == ("not-hashed", "its engine needed more time than there is")


def test_what_fails_is_said(spark, held):
    def failing(batches):
        raise ZeroDivisionError
        yield from batches

    captured = taken(held.mapInArrow(failing, held.schema))
    (notice,) = captured.notices
    assert notice.kind == "not-hashed"
    assert notice.why.startswith("it raises ")
