"""Files of rows predicted: as a server answers them, in bounded memory, whole or not at all."""

import json
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from trays import frame, tray, written

from snapbook.batch import files
from snapbook.batch.wanted import Wanted
from snapbook.errors import Conflict, Damaged, NotFound, NotRestorable, SnapbookError, Usage
from snapbook.serve.refusal import Unfit

ENDS = {"parquet": "parquet", "csv": "csv", "feather": "arrow"}


def predicted(bundle, source, target, rows=50, tell=lambda _done, _of: None, **wanted):
    forms = [ENDS[path.suffix[1:]] for path in (source, target)]
    asked = files.Asked(source, target, *forms, rows)
    return files.predict(bundle, bundle.model, asked, Wanted(**wanted), tell)


def read(path):
    import pandas as pd

    kinds = {"csv": pd.read_csv, "parquet": pd.read_parquet, "feather": pd.read_feather}
    return kinds[path.suffix[1:]](path)


def rows_of(table):
    """Rows as a request brings them."""
    inputs = table.drop(columns="id").astype(object)
    return inputs.where(inputs.notna(), None).to_dict("records")


@pytest.fixture(scope="module")
def served():
    """What a server answers to the rows of `frame`."""
    pytest.importorskip("uvicorn")
    import httpx
    import plates

    server = plates.Answering(plates.mixed())
    body = json.dumps(rows_of(frame()), default=int)
    answer = httpx.post(f"{server.url}/predict", content=body, timeout=30)
    server.stop()
    assert answer.status_code == 200, answer.text
    return answer.json()["predictions"]


@pytest.mark.parametrize("form", ENDS)
@pytest.mark.parametrize("to", ENDS)
def test_the_answers_are_those_of_a_server(tmp_path, mixed, served, form, to):
    source = written(tmp_path, form, frame())
    heard = []
    target = tmp_path / f"out.{to}"
    made = predicted(mixed, source, target, tell=lambda *told: heard.append(told))
    assert (made.rows, made.resumed, made.spared, made.independent) == (300, 0, 0, True)
    found = read(target)
    assert found["prediction"].tolist() == served
    assert list(found.columns) == [*frame().columns, "prediction"]
    assert found["pay"].isna().sum() == frame()["pay"].isna().sum()
    assert [done for done, _ in heard] == [0, 50, 100, 150, 200, 250, 300]
    assert {of for _, of in heard} == {300 if form == "parquet" else 0}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([source.name, target.name])


def test_what_the_model_does_not_take_stays_as_it_is(tmp_path, mixed):
    source = written(tmp_path, "csv", frame())
    predicted(mixed, source, tmp_path / "out.parquet")
    found = pq.read_table(tmp_path / "out.parquet")
    assert found.column("id").to_pylist()[:2] == ["00000", "00001"]
    assert found.schema.field("age").type == pa.int64()
    assert found.schema.field("member").type == pa.bool_()


def test_the_result_says_who_made_it(tmp_path, mixed):
    source = written(tmp_path, "parquet", frame())
    predicted(mixed, source, tmp_path / "out.parquet")
    predicted(mixed, source, tmp_path / "out.feather", named=True)
    told = {b"snapbook.ref": b"churn:1.4.0", b"snapbook.digest": b"ab" * 32,
            b"snapbook.bundle": b"cd" * 32}  # fmt: skip
    assert pq.read_schema(tmp_path / "out.parquet").metadata == told
    with pa.memory_map(str(tmp_path / "out.feather")) as file:
        assert pa.ipc.open_file(file).schema.metadata == told
    found = read(tmp_path / "out.feather")
    assert set(found["snapbook_version"]) == {"churn:1.4.0"}
    assert set(found["snapbook_digest"]) == {"ab" * 32}


def test_probabilities_and_what_is_kept(tmp_path, numbers):
    rows = [row | {"id": place} for place, row in enumerate(numbers.sample["rows"])]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet")
    target = tmp_path / "out.parquet"
    predicted(numbers, tmp_path / "in.parquet", target, 4, keep=("id",), probabilities=True)
    found = read(target)
    names = [f"probability_{name}" for name in ("setosa", "versicolor", "virginica")]
    assert list(found.columns) == ["id", "prediction", *names]
    assert found["prediction"].tolist() == numbers.sample["answers"]
    asked = read(tmp_path / "in.parquet")[["a", "b", "c", "d"]]
    assert (found[names].to_numpy() == numbers.model.predict_proba(asked)).all()
    predicted(numbers, tmp_path / "in.parquet", tmp_path / "none.parquet", keep=())
    assert list(read(tmp_path / "none.parquet").columns) == ["prediction"]
    with pytest.raises(NotFound, match="no column idd to keep"):
        predicted(numbers, tmp_path / "in.parquet", tmp_path / "x.parquet", keep=("idd",))


WRONG = [
    ("age", 130, 400, "age in row 130 is outside what int8 holds"),
    ("age", 299, 20.5, "age in row 299 has a fraction, it takes whole numbers"),
    ("age", 0, None, "age in row 0 is null, which it may not be"),
    ("member", 77, None, "member in row 77 is null, which it may not be"),
    ("pay", 51, float("inf"), "pay in row 51 is too large or infinite"),
    ("kind", 222, "z", "kind in row 222 is a category that the model does not know"),
]


@pytest.mark.parametrize("form", ENDS)
@pytest.mark.parametrize("case", WRONG, ids=lambda case: f"{case[0]}-{case[1]}")
def test_a_row_that_does_not_fit_is_named_and_leaves_nothing(tmp_path, mixed, form, case):
    name, row, value, said = case
    table = frame().astype({name: object})
    table.loc[row, name] = value
    if isinstance(value, float) and form != "csv":
        table[name] = table[name].astype(float)
    source = written(tmp_path, form, table)
    with pytest.raises(Unfit) as caught:
        predicted(mixed, source, tmp_path / "out.parquet")
    assert (caught.value.why, caught.value.column, caught.value.row) == (said, name, row)
    assert list(tmp_path.iterdir()) == [source]


def test_a_word_where_a_number_belongs(tmp_path, mixed):
    table = frame().astype({"pay": object})
    table.loc[99, "pay"] = "much"
    source = written(tmp_path, "csv", table)
    with pytest.raises(Unfit, match="pay in row 99 is 'much', it takes a number"):
        predicted(mixed, source, tmp_path / "out.csv")
    table["pay"] = "much"
    source = written(tmp_path, "parquet", table)
    with pytest.raises(Unfit, match="pay in row 0 is text, it takes a number"):
        predicted(mixed, source, tmp_path / "out.csv")


def test_rows_that_cannot_be_predicted_may_get_null(tmp_path, mixed):
    table = frame().astype({"age": float, "kind": object})
    table.loc[[7, 130], "age"] = 400
    table.loc[298, "kind"] = "z"
    source = written(tmp_path, "parquet", table)
    made = predicted(mixed, source, tmp_path / "out.parquet", spare=True)
    assert (made.rows, made.spared) == (300, 3)
    found = read(tmp_path / "out.parquet")
    assert found.index[found["prediction"].isna()].tolist() == [7, 130, 298]
    assert found["prediction_error"].dropna().tolist() == [
        "age in row 7 is outside what int8 holds",
        "age in row 130 is outside what int8 holds",
        "kind in row 298 is a category that the model does not know",
    ]
    predicted(mixed, written(tmp_path, "csv", frame()), tmp_path / "good.parquet")
    right = read(tmp_path / "good.parquet")["prediction"].drop([7, 130, 298])
    assert found["prediction"].dropna().tolist() == right.tolist()


def cut(folder):
    path = written(folder, "parquet", frame())
    path.write_bytes(path.read_bytes()[:-200])
    return path


def garbled(folder):
    path = written(folder, "feather", frame(3000))
    data = bytearray(path.read_bytes())
    data[len(data) // 4 : len(data) // 2] = b"\xff" * (len(data) // 2 - len(data) // 4)
    path.write_bytes(data)
    return path


def put(name, data):
    def make(folder):
        path = folder / name
        path.write_bytes(data)
        return path

    return make


GOOD = b"id,age,pay,member,city,kind,count\n"
HOSTILE = {
    "cut": (cut, Damaged, "in.parquet is cut, or not of its format"),
    "garbled": (garbled, Damaged, "in.feather is cut, or not of its format"),
    "another format": (put("in.parquet", GOOD), Damaged, "is cut, or not of its format"),
    "empty": (put("in.csv", b""), Usage, "in.csv is empty"),
    "no rows": (put("in.csv", GOOD), Usage, "in.csv has no rows"),
    "no column": (put("in.csv", b"id,age,pays\n1,2,3\n"), Unfit, r"no column pay \(is it pays\?\)"),
    "twice": (put("in.csv", GOOD[:-1] + b",age\n" + b"1,2,3,true,a,x,1,2\n"), Unfit, "two columns"),
    "ragged": (put("in.csv", GOOD + b"1,2,3,true,a,x,1\n1,2\n"), Usage,
               "row 1 with 2 fields, 7 are named"),
    "no text": (put("in.csv", GOOD + b"\xff\xfe,2,3,true,a,x,1\n"), Damaged, "not of its format"),
    "endless row": (put("in.csv", GOOD + b'"' + b"x" * (20 << 20)), Damaged, "not of its format"),
    "of another encoding": (put("in.csv", GOOD.decode().encode("utf-16")), Damaged, "UTF-8"),
    "cut within quotes": (put("in.csv", GOOD + b'1,2,3,true,a,x,1\n1,2,3,true,"a,x,1\n'), Usage,
                          "fields|ends within quotes"),
    "a quote too many": (put("in.csv", GOOD + b'1,2,3,true,a,x,"1\n2,2,3,true,a,x,1\n'), Usage,
                         "ends within quotes"),
    "semicolons": (put("in.csv", GOOD.replace(b",", b";")), Usage, "has semicolons between"),
    "absent": (lambda folder: folder / "in.csv", NotFound, "in.csv is not there"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_file_of_rows_is_said_in_a_sentence(tmp_path, mixed, name):
    make, kind, said = HOSTILE[name]
    source = make(tmp_path)
    with pytest.raises(kind, match=said) as caught:
        predicted(mixed, source, tmp_path / "out.parquet")
    assert caught.value.sentence.count("\n") == 0
    assert [path for path in tmp_path.iterdir() if path != source] == []


def test_a_folder_of_parquet_is_one_file_of_all_its_rows(tmp_path, mixed):
    folder = tmp_path / "in.parquet"
    folder.mkdir()
    (folder / "_SUCCESS").touch()
    for at in range(3):
        written(folder, "parquet", frame()[at * 100 : at * 100 + 100], f"part-{at}")
    predicted(mixed, written(tmp_path, "csv", frame()), tmp_path / "one.parquet")
    with pytest.raises(KeyboardInterrupt):
        predicted(tray(mixed, model=Stopping(mixed.model, 4)), folder, tmp_path / "many.parquet")
    made = predicted(mixed, folder, tmp_path / "many.parquet")
    assert (made.rows, made.resumed) == (300, 150)
    one, many = read(tmp_path / "one.parquet"), read(tmp_path / "many.parquet")
    assert one["prediction"].tolist() == many["prediction"].tolist()
    assert many["id"].tolist() == frame()["id"].tolist()
    written(folder, "parquet", frame()[["age"]], "part-9")
    with pytest.raises(Usage, match=r"part-9\.parquet has other columns than part-0\.parquet"):
        predicted(mixed, folder, tmp_path / "x.parquet")
    (folder / "part-9.parquet").write_bytes(b"PAR1")
    with pytest.raises(Damaged, match=r"part-9\.parquet is cut"):
        predicted(mixed, folder, tmp_path / "x.parquet")
    (folder / "more").mkdir()
    with pytest.raises(Usage, match="has folders in it"):
        predicted(mixed, folder, tmp_path / "x.parquet")
    (tmp_path / "none.parquet").mkdir()
    with pytest.raises(Usage, match="has no Parquet file in it"):
        predicted(mixed, tmp_path / "none.parquet", tmp_path / "x.parquet")


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n", b'\n3,4,3,true,a,x,"1"'])
def test_the_last_row_of_csv_is_read_however_it_ends(tmp_path, mixed, end):
    (tmp_path / "in.csv").write_bytes(GOOD + b'1,2,3,true,"a ""b""\n, c",x,1' + end)
    made = predicted(mixed, tmp_path / "in.csv", tmp_path / "out.parquet")
    assert made.rows == 1 + (b"3,4" in end)
    assert read(tmp_path / "out.parquet")["city"][0] == 'a "b"\n, c'


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name here")
def test_a_pipe_is_none(tmp_path, mixed):
    os.mkfifo(tmp_path / "in.csv")
    with pytest.raises(Usage, match="is a pipe or a device"):
        predicted(mixed, tmp_path / "in.csv", tmp_path / "out.csv")


@pytest.mark.parametrize(
    "name",
    ["\udcff.csv", "a" * 250 + ".csv", "a" * 300 + ".csv"],
    ids=["no UTF-8", "no room for its folder", "too long"],
)
def test_a_name_that_no_file_can_have(tmp_path, mixed, name):
    source = written(tmp_path, "csv", frame())
    with pytest.raises(SnapbookError, match="Not predicted"):
        predicted(mixed, source, tmp_path / name)
    assert os.listdir(tmp_path) == ["in.csv"]


def test_an_input_that_is_written_meanwhile_gives_no_result(tmp_path, mixed):
    """Somebody copies it here still: what was read is a part of it, and nobody would know."""
    source = written(tmp_path, "csv", frame())

    def tell(done, _of):
        if done == 100:
            with source.open("ab") as file:
                file.write(source.read_bytes().splitlines()[-1] + b"\n")

    with pytest.raises(Conflict, match=r"in\.csv was changed while it was read"):
        predicted(mixed, source, tmp_path / "out.csv", tell=tell)
    assert os.listdir(tmp_path) == ["in.csv"]
    assert predicted(mixed, source, tmp_path / "out.csv").rows == 301


CUTS = """
import sys
from pathlib import Path
import plates
from trays import tray
from snapbook.batch import files
from snapbook.batch.wanted import Wanted
from snapbook.errors import Conflict, Damaged

source, target = map(Path, sys.argv[1:])
found = tray(plates.numbers())

def tell(done, _of):
    if done == 100:
        with source.open("r+b") as file:
            file.truncate(5000)

try:
    asked = files.Asked(source, target, "arrow", "arrow", 50)
    files.predict(found, found.model, asked, Wanted(), tell)
except (Conflict, Damaged) as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (pa.ipc.new_file, "in.arrow is cut, or not of its format"),
        (pa.ipc.new_stream, "in.arrow was changed while it was read"),
    ],
    ids=["file", "stream"],
)
def test_a_file_that_is_cut_while_it_is_read_ends_in_a_sentence(tmp_path, numbers, new, said):
    rows = pa.Table.from_pylist(numbers.sample["rows"] * 2000)
    source, target = tmp_path / "in.arrow", tmp_path / "out.arrow"
    with new(str(source), rows.schema) as writer:
        writer.write_table(rows, max_chunksize=1000)
    ended = subprocess.run(
        [sys.executable, "-c", CUTS, str(source), str(target)], capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert said in ended.stdout
    assert os.listdir(tmp_path) == ["in.arrow"]


def test_nothing_is_written_over(tmp_path, mixed):
    source = written(tmp_path, "csv", frame())
    (tmp_path / "out.csv").write_text("mine")
    with pytest.raises(Conflict, match=r"out\.csv is there already"):
        predicted(mixed, source, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "mine"
    named = written(tmp_path, "csv", frame().rename(columns={"id": "prediction"}), "named")
    with pytest.raises(Usage, match="has a column prediction of its own"):
        predicted(mixed, named, tmp_path / "other.csv")
    table = pa.Table.from_pandas(frame())
    pq.write_table(table.set_column(0, "id", [[[1, 2]] * 300]), tmp_path / "nested.parquet")
    with pytest.raises(Usage, match="CSV cannot hold the column id"):
        predicted(mixed, tmp_path / "nested.parquet", tmp_path / "nested.csv")
    assert predicted(mixed, tmp_path / "nested.parquet", tmp_path / "n.csv", keep=()).rows == 300
    odd = table.set_column(0, "id", pa.array([(1, 2, 3)] * 300, pa.month_day_nano_interval()))
    with pa.ipc.new_file(str(tmp_path / "odd.feather"), odd.schema) as writer:
        writer.write_table(odd)
    with pytest.raises(Usage, match="the result cannot be written as parquet"):
        predicted(mixed, tmp_path / "odd.feather", tmp_path / "odd.parquet")
    assert not list(tmp_path.glob("odd.parquet*"))


class Stopping:
    """A model that somebody stops when it is asked for the n-th time."""

    def __init__(self, model, left):
        self.model = model
        self.left = left
        self.asked = 0

    def predict(self, table):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt
        self.asked += len(table)
        return self.model.predict(table)


def test_what_was_done_before_a_stop_is_not_done_again(tmp_path, mixed):
    source = written(tmp_path, "parquet", frame())
    whole, target = tmp_path / "whole.parquet", tmp_path / "out.parquet"
    predicted(mixed, source, whole)
    stopping = Stopping(mixed.model, 4)
    with pytest.raises(KeyboardInterrupt):
        predicted(tray(mixed, model=stopping), source, target)
    assert not target.exists()
    kept = tmp_path / "out.parquet.partial"
    assert len(list(kept.glob("*.arrow"))) == 3
    counting = Stopping(mixed.model, 100)
    made = predicted(tray(mixed, model=counting), source, target)
    assert (made.rows, made.resumed, counting.asked) == (300, 150, 150)
    assert target.read_bytes() == whole.read_bytes()
    assert not kept.exists()


@pytest.mark.parametrize("how", ["piece", "list", "input", "rows"])
def test_what_is_kept_counts_only_if_it_is_what_it_was(tmp_path, mixed, how):
    source, target = written(tmp_path, "csv", frame()), tmp_path / "out.csv"
    with pytest.raises(KeyboardInterrupt):
        predicted(tray(mixed, model=Stopping(mixed.model, 4)), source, target)
    kept = tmp_path / "out.csv.partial"
    if how == "piece":
        data = bytearray((kept / "00000001.arrow").read_bytes())
        data[len(data) // 2] ^= 1
        (kept / "00000001.arrow").write_bytes(data)
    elif how == "list":
        lines = (kept / "pieces.jsonl").read_bytes()
        (kept / "pieces.jsonl").write_bytes(lines[: len(lines) // 2])
    elif how == "input":
        source.write_text(source.read_text().replace("Bern", "Graz", 1))
    made = predicted(mixed, source, target, 60 if how == "rows" else 50)
    assert made.resumed == (50 if how in ("piece", "list") else 0)
    again = tmp_path / "again.csv"
    predicted(mixed, source, again, 60 if how == "rows" else 50)
    assert again.read_bytes() == target.read_bytes()


def test_two_processes_do_not_make_one_file(tmp_path, mixed):
    source, target = written(tmp_path, "csv", frame()), tmp_path / "out.csv"

    class Asking:
        def predict(self, table):
            with pytest.raises(Conflict, match="another process is making"):
                predicted(mixed, source, target)
            return mixed.model.predict(table)

    assert predicted(tray(mixed, model=Asking()), source, target).rows == 300


def test_without_pyarrow_it_says_what_to_install(tmp_path, mixed, monkeypatch):
    source = written(tmp_path, "csv", frame())
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(NotRestorable, match="pyarrow is not installed") as caught:
        predicted(mixed, source, tmp_path / "out.csv")
    assert caught.value.hint == 'pip install "snapbook[arrow]"'


class Pair:
    """A model with two answers a row."""

    def predict(self, table):
        import numpy as np

        return np.column_stack([table["age"], -table["age"].astype(float)])


def test_a_model_with_several_answers_gives_a_column_each(tmp_path, mixed):
    source, two = written(tmp_path, "parquet", frame()), [{"name": "a"}, {"name": "b"}]
    signature = mixed.signature | {"outputs": {"kind": "numbers", "fields": two}}
    told = tray(mixed, model=Pair(), signature=signature)
    predicted(told, source, tmp_path / "out.parquet", keep=(), named=True)
    found = read(tmp_path / "out.parquet")
    names = ["prediction_0", "prediction_1", "snapbook_version", "snapbook_digest"]
    assert list(found.columns) == names
    assert (found["prediction_0"] + found["prediction_1"] == 0).all()
    with pytest.raises(Usage, match="gives 2 answers a row, its bundle says 1"):
        predicted(tray(mixed, model=Pair()), source, tmp_path / "x.parquet", named=True)


def test_a_model_that_fails_names_its_row(tmp_path, mixed):
    class Failing:
        def predict(self, table):
            if (table["age"] == 33).any():
                raise ValueError("thirty-three")
            return [0.0] * len(table)

    class Together:
        def predict(self, table):
            if len(table) > 1:
                raise ValueError("too many")
            return [0.0]

    table = frame().dropna()
    table["age"] = [33 if place == 57 else 20 for place in range(len(table))]
    source, target = written(tmp_path, "parquet", table), tmp_path / "out.parquet"
    with pytest.raises(Unfit, match=r"fails on row 57 \(ValueError: thirty-three\)"):
        predicted(tray(mixed, model=Failing()), source, target)
    with pytest.raises(SnapbookError, match="fails on rows 0 to 49 together"):
        predicted(tray(mixed, model=Together()), source, target)
    assert list(tmp_path.iterdir()) == [source]
