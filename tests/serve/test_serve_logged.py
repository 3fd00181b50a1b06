"""What a served model keeps of its requests, over HTTP: log, window, feedback."""

from __future__ import annotations

import json
import time

import httpx
import numpy as np
import pytest
from plates import MIXED, ROW, Answering, mixed, numbers

from snapbook.serve.columns import Seen
from snapbook.serve.noting import Noting
from snapbook.serve.recent import Recent
from snapbook.watch import drift, kept
from snapbook.watch.answers import Answers, texts

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:unclosed")]
# One for all: each new one reads the certificates of the machine first.
http = httpx.Client()
SECRET = "ghp_" + "a1B2c3D4" * 5


@pytest.fixture(scope="module", autouse=True)
def closed():
    yield
    http.close()


def profile(plate):
    """The profile of what `numbers` was trained on."""
    from sklearn.datasets import load_iris

    x, y = load_iris(return_X_y=True)
    return {
        "rows": len(x),
        "columns": {name: drift.profiled(x[:, at]) for at, name in enumerate("abcd")},
        "target": {"name": "y", "profile": drift.profiled(
            np.array(["setosa", "versicolor", "virginica"], dtype=object)[y])},
    }  # fmt: skip


@pytest.fixture(scope="module")
def plain(lasting):
    """One server without a log."""
    return lasting(numbers())


@pytest.fixture
def kept_by(tmp_path):
    """Servers that keep what they are asked: called with a plate, it gives server and folder."""
    standing = []

    def make(plate, profiles=None, **how):
        plate.profile = profiles or {}
        folder = tmp_path / "log"
        server = Answering(plate, noting=Noting(folder, **how))
        standing.append((server, plate))
        return server, folder

    yield make
    for server, plate in standing:
        server.stop()
        plate.profile = {}


def long_rows(count, first):
    """Rows with many long texts, none of which stands twice."""
    column = [f"{first}-{n}-{'x' * 180}" for n in range(count)]
    zeros = np.zeros(count)
    columns = {f"text{n}": texts(column) for n in range(40)}
    ids = texts([f"request-{first}-{n}" for n in range(count)])
    return Answers(zeros, ids, zeros.astype(np.int32), zeros, zeros, columns)


def ask(server, rows, id=""):
    answer = http.post(f"{server.url}/predict", json=rows,
                        headers={"X-Request-Id": id} if id else {})  # fmt: skip
    answer.raise_for_status()
    return answer.json()["predictions"]


def window(server, **query):
    answer = http.get(f"{server.url}/window", params=query)
    answer.raise_for_status()
    return answer.json()


def test_rows_answers_and_outcomes_are_in_the_log(kept_by):
    server, folder = kept_by(numbers())
    said = [ask(server, [ROW, {**ROW, "c": 6.0}], f"request-{n}") for n in range(3)]
    told = http.post(f"{server.url}/feedback", json=[
        {"id": "request-1", "row": 1, "outcome": "virginica"},
        {"id": "nobody-asked", "outcome": "x"},
    ])  # fmt: skip
    assert told.json() == {"taken": 1, "unknown": 1}
    server.stop()
    log = kept.read(folder, "ab" * 32)
    assert (log.model, log.number) == ("churn", "1.4.0")
    assert log.answers.request.tolist() == [f"request-{n}" for n in range(3) for _ in range(2)]
    assert log.answers.row.tolist() == [0, 1] * 3
    assert log.answers.columns["c"].tolist() == [1.4, 6.0] * 3
    assert log.answers.predicted.tolist() == [one for answer in said for one in answer]
    assert (log.answers.ms > 0).all()
    assert log.outcomes.value.tolist() == ["virginica"]
    assert log.outcomes.row.tolist() == [1]
    assert log.traffic.requests.sum() == 3
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_window_tells_drift_errors_and_why_not(kept_by):
    server, _ = kept_by(numbers(), profile(numbers()))
    few = window(server)
    assert few["requests"] == 0
    assert few["why"]["drift"] == "0 of 200 rows"
    assert few["why"]["p99"] == "no requests"
    assert "drift" not in few
    assert "error_rate" not in few
    for n in range(30):
        rows = [{"a": 5 + i % 3, "b": 3.0, "c": 9.0, "d": 0.2 * (i % 10)} for i in range(10)]
        truth = ask(server, rows, f"request-{n}")
        wrong = ["another"] * 10
        told = [{"id": f"request-{n}", "row": i, "outcome": (truth, wrong)[i == 3][i]}
                for i in range(10)]  # fmt: skip
        assert http.post(f"{server.url}/feedback", json=told).json()["taken"] == 10
    assert http.post(f"{server.url}/predict", json=[{**ROW, "a": "x"}]).status_code == 400
    found = window(server, seconds=60)
    assert (found["requests"], found["rows"], found["refused"]) == (31, 300, 1)
    assert found["error_rate"] == 0
    assert 0 < found["p50_ms"] <= found["p99_ms"]
    assert found["drift_column"] == "c"
    assert found["drift"]["c"] == found["drift_max"] > 5
    assert "c" in found["drifted"]
    assert found["labels"] == 300
    assert found["accuracy"] == pytest.approx(0.9)
    assert found["violations"] == {"unfit a": 1}
    assert found["prediction_against"] == "training"
    assert window(server, least=301)["why"]["drift"] == "300 of 301 rows"
    time.sleep(0.3)
    assert window(server, seconds=0.2)["rows"] == 0


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([], "there is no outcome"),
        ({"id": "request-1"}, 'takes "id"'),
        ({"id": "request-1", "outcome": 1, "more": 2}, 'takes "id"'),
        ({"id": "request-1", "outcome": None}, "the outcome is no label"),
        ({"id": "request-1", "outcome": [1]}, "the outcome is no label"),
        ({"id": 5, "outcome": 1}, "the id is none"),
        ({"id": "request-1", "row": -1, "outcome": 1}, "the row is none"),
        ({"id": "request-1", "outcome": "x" * 201}, "more than 200 characters"),
    ],
)
def test_outcomes_that_are_none(plain, told, said):
    answer = http.post(f"{plain.url}/feedback", json=told)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Not taken: ")
    assert said in answer.json()["error"]


def test_a_number_is_what_a_regression_takes(kept_by):
    server, _ = kept_by(mixed())
    ask(server, [MIXED], "request-1")
    for outcome in ('"much"', "true", "null", "1e999", "1e308", "9" * 400):
        told = f'{{"id": "request-1", "outcome": {outcome}}}'
        answer = http.post(f"{server.url}/feedback", content=told)
        assert answer.status_code == 400, outcome
        assert "the outcome is no number" in answer.json()["error"]
    assert http.post(f"{server.url}/feedback", json={"id": "request-1", "outcome": 2}).is_success


def test_an_id_that_nobody_has_is_404(plain):
    answer = http.post(f"{plain.url}/feedback", json={"id": "somebody", "outcome": "setosa"})
    assert (answer.status_code, answer.json()["kind"]) == (404, "unknown-request")


def test_a_row_that_the_request_did_not_have_is_told(kept_by):
    server, _ = kept_by(numbers())
    ask(server, [ROW] * 2, "request-two")
    ask(server, [ROW] * 300, "request-many")
    ask(server, [ROW], "request-two")
    for _ in range(2):
        beyond = (({"id": "request-two", "row": 2}, 2), ({"id": "request-many", "row": 300}, 300))
        for told, rows in beyond:
            answer = http.post(f"{server.url}/feedback", json=told | {"outcome": "setosa"})
            assert answer.status_code == 400
            assert answer.json()["error"] == f"Not taken: the request had {rows} rows, from 0 on."
        several = [{"id": "request-two", "row": row, "outcome": "setosa"} for row in (1, 2)]
        answer = http.post(f"{server.url}/feedback", json=several)
        assert answer.json() == {"taken": 1, "unknown": 1}
        server.stop()
        server, _ = kept_by(numbers())
    # Of many rows some are kept: what is told of the others is taken, and said to be of no use.
    ask(server, [ROW] * 300, "request-more")
    told = [{"id": "request-more", "row": row, "outcome": "setosa"} for row in (0, 1, 2)]
    assert http.post(f"{server.url}/feedback", json=told).json() == {"taken": 3, "unknown": 0}
    assert (window(server)["labels"], window(server)["unmatched"]) == (1, 2)


@pytest.mark.parametrize("query", ["seconds=0", "seconds=x", "least=0", "rows=3", "seconds=nan"])
def test_windows_that_are_none(plain, query):
    assert http.get(f"{plain.url}/window?{query}").status_code == 400


def test_both_need_a_token_where_one_does():
    server = Answering(numbers(), tokens=["0123456789abcdef"])
    try:
        assert http.get(f"{server.url}/window").status_code == 401
        assert http.post(f"{server.url}/feedback", json={}).status_code == 401
        head = {"Authorization": "Bearer 0123456789abcdef"}
        assert http.get(f"{server.url}/window", headers=head).status_code == 200
    finally:
        server.stop()


def test_secrets_and_hidden_columns_are_never_kept(kept_by):
    server, folder = kept_by(mixed(), hidden=frozenset({"pay"}))
    ask(server, [{**MIXED, "city": SECRET, "pay": 7654321.5}], "request-1")
    told = {"id": "request-1", "outcome": 1.0}
    assert http.post(f"{server.url}/feedback", json=told).is_success
    server.stop()
    log = kept.read(folder, "ab" * 32)
    assert set(log.answers.columns) == {"age", "member", "city", "kind", "count"}
    assert log.answers.columns["city"].tolist() == ["{{secret:1}}"]
    assert log.answers.columns["member"].tolist() == ["True"]
    assert SECRET.encode() not in b"".join(path.read_bytes() for path in folder.iterdir())


def test_a_share_is_taken_by_the_request_s_id_and_all_are_counted(kept_by):
    server, folder = kept_by(numbers(), share=0.3)
    with httpx.Client() as client:
        for n in range(200):
            client.post(f"{server.url}/predict", json=[ROW], headers={"X-Request-Id": f"r-{n:06}"})
    server.stop()
    log = kept.read(folder, "ab" * 32)
    assert 30 <= len(log.answers) <= 90
    assert log.traffic.requests.sum() == 200
    assert log.traffic.kept.sum() == len(log.answers)


def test_ids_of_an_earlier_process_are_known(kept_by):
    server, _ = kept_by(numbers())
    ask(server, [ROW], "request-early")
    server.stop()
    again, folder = kept_by(numbers())
    told = {"id": "request-early", "outcome": "setosa"}
    assert http.post(f"{again.url}/feedback", json=told).json() == {"taken": 1, "unknown": 0}
    again.stop()
    assert kept.read(folder, "ab" * 32).outcomes.request.tolist() == ["request-early"]


def test_memory_is_bounded_however_much_is_asked(plain):
    service = plain.service
    logged = service.logged
    table = service.rows.table([ROW] * 100)
    seen = Seen(table, service.predictor.answer("predict", table), 5_000)
    for n in range(400):
        logged.answered(b"bounded-%05d" % n, 200, 0.001, seen)
        if n % 10 == 9:
            logged.window(60)
    recent = logged._recent
    assert recent._rows <= 10_000 + 1_000
    assert recent._bytes <= 64 << 20
    assert sum(map(len, recent._first)) <= 2_000
    assert recent.knows("bounded-00399")
    assert json.dumps(logged.window(60))


def test_long_texts_are_bounded_in_bytes():
    recent = Recent()
    for n in range(40):
        recent.answered(long_rows(250, n))
    assert recent._bytes <= 64 << 20
    assert 0 < recent._rows < 10_000
    assert recent._bytes == sum(size for _, size, _ in recent._answers)


def test_a_disk_that_is_full_keeps_nobody_waiting(kept_by, monkeypatch):
    """The answer comes; what could not be written is counted, and what was written is readable."""
    import errno

    from snapbook.watch import stored

    server, folder = kept_by(numbers())
    ask(server, [ROW], "request-kept")
    server.service.logged._wrote = -10
    time.sleep(0.8)

    def full(self, batch):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(stored.Sheet, "add", full)
    server.service.logged._wrote = -10
    assert ask(server, [ROW], "request-lost") == ["setosa"]
    time.sleep(0.8)
    assert server.service.logged._keeping.lost >= 1
    assert server.service.logged._keeping.fails == "No space left on device"
    assert kept.read(folder, "ab" * 32).answers.request.tolist() == ["request-kept"]


def test_hidden_columns_have_to_be_columns():
    from snapbook.errors import BadOption

    with pytest.raises(BadOption, match="there is no column ag") as told:
        Noting(hidden=frozenset({"ag"})).check(["age", "city"])
    assert told.value.act == "Did you mean age?"
