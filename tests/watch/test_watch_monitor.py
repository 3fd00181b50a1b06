"""`snapbook monitor`: what it says, the report, and whom it tells of rules that fire."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("sklearn")

import demand

from snapbook import places, verbs
from snapbook.errors import BadOption, Conflict, NotFound, Refused, Unreachable, Usage
from snapbook.report.watched import sentence
from snapbook.verbs.alarms import SECRET
from snapbook.verbs.here import Here
from snapbook.watch import kept, quality

KEY = b"0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def fitted():
    return demand.fitted()


@pytest.fixture
def project(tmp_path, monkeypatch, fitted):
    """A project with demand:0.1.0, and nothing that was served."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    repository = places.make_repository(tmp_path)
    version = demand.version(repository, fitted)
    repository.close()
    return version


class Listener(BaseHTTPRequestHandler):
    """Keeps what it is told."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.told.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def listener():
    server = HTTPServer(("127.0.0.1", 0), Listener)
    server.told, server.status = [], 204
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_next_to_nothing_has_no_sign():
    part = quality.Part(
        "category", "toys", 228, {"bias": 0.2}, {"bias": -0.001}, 0.2, 0, None, True
    )
    assert sentence(part, "numbers") == "20% too high, in 228 rows; all others +0%."


def test_a_sudden_over_forecast_in_one_category_is_found(project):
    """The issue's own example: a fifth too high, in one category, from one moment on."""
    when = demand.log(Path(kept.FOLDER), project.manifest)
    done = verbs.monitor("demand")
    (wrong,) = [line for line in done.lines if line.startswith("wrong: ")]
    assert wrong.startswith("wrong: category = toys: 20% too high since ")
    assert wrong.endswith("; all others +0%.")
    (segment,) = done.data["segments"]
    assert (segment["column"], segment["value"]) == ("category", "toys")
    assert segment["size"] == pytest.approx(0.2, abs=0.02)
    began = when[int(len(when) * demand.TURNED)]
    assert segment["since"] == pytest.approx(began, abs=3600)
    assert done.data["concept_drift"]["since"] == pytest.approx(began, abs=3600)
    assert set(done.data["drifted"]) == {"price", "shelf"}
    assert done.data["unseen"]["shelf"] == pytest.approx(0.1, abs=0.02)
    assert done.data["violations"] == {"unfit price": 2, "unfit shelf": 1}
    assert done.exit_code == 0
    assert json.loads(json.dumps(done.data)) == done.data


def test_where_all_is_well_it_says_so(project):
    demand.log(Path(kept.FOLDER), project.manifest, faulty=False, moved=False)
    done = verbs.monitor("demand", alert=["drift > 0.2 or segments > 0 or p99 > 50ms"])
    assert "drift: none of 4 columns" in done.lines
    assert not [line for line in done.lines if line.startswith("wrong")]
    assert [one["fires"] for one in done.data["rules"]] == [False] * 3
    assert done.exit_code == 0


def test_what_cannot_be_told_is_never_nought(project):
    demand.log(Path(kept.FOLDER), project.manifest, count=90, outcomes=False)
    done = verbs.monitor("demand", alert=["rmse > 1 or drift > 0.2"])
    assert "drift: n/a, 90 of 200 rows" in done.lines
    assert "quality: n/a, 0 of 200 labels" in done.lines
    assert "n/a: rmse > 1: 0 of 200 labels" in done.lines
    assert [one["fires"] for one in done.data["rules"]] == [None, None]
    assert done.exit_code == 0


def test_a_version_that_knows_no_training_says_what_tells_it(tmp_path, monkeypatch, fitted):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    with places.make_repository(tmp_path) as repository:
        made = demand.version(repository, fitted, role="")
    demand.log(Path(kept.FOLDER), made.manifest)
    done = verbs.monitor("demand", alert=["drift > 0.2"])
    assert (
        "drift: n/a, no column is known of training; what tells them:"
        ' snapbook.save(..., train="X")' in done.lines
    )
    assert done.data["rules"][0]["fires"] is None


def test_the_report_stands_alone_and_holds_nobody_s_markup(project, tmp_path):
    demand.log(Path(kept.FOLDER), project.manifest)
    done = verbs.monitor("demand", output="demand.html", alert=["segments > 0"])
    page = (tmp_path / "demand.html").read_text("utf-8")
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=(?!\"#)", page)
    assert page.count("<svg") == page.count("</svg>") >= 8
    assert "prefers-color-scheme:dark" in page
    assert "20% too high" in page
    assert done.exit_code == 1
    assert "wrote demand.html" in done.lines
    assert "20% too high" in done.html
    with pytest.raises(BadOption, match="demand"):
        verbs.monitor("demand", output="demand.txt")


def test_names_of_columns_and_values_are_text(project, tmp_path):
    import numpy as np

    from snapbook.watch.answers import Answers, Outcomes, texts

    bad = "<img src=x onerror=alert(1)>"
    keeping = kept.Keeping(
        tmp_path / kept.FOLDER, {"model": "demand", "number": "0.1.0", "manifest": project.manifest}
    )
    rng = np.random.default_rng(0)
    who = rng.choice([bad, "b"], 600)
    ids, first = texts([f"request-{n}" for n in range(600)]), np.zeros(600, np.int32)
    told = np.where(who == bad, 200.0, 100.0) + rng.normal(size=600)
    columns = {bad: texts(who.tolist()), "category": texts(who.tolist())}
    answers = Answers(np.arange(600.0) + 1.8e9, ids, first, np.ones(600, np.float32), told, columns)
    keeping.add("answers", answers)
    truth = 100 + rng.normal(size=600)
    keeping.add("outcomes", Outcomes(np.arange(600.0) + 1.8e9, ids, first, truth))
    keeping.close()
    done = verbs.monitor("demand", output="demand.html")
    page = (tmp_path / "demand.html").read_text("utf-8")
    assert "&lt;img src=x" in page
    assert "<img" not in page
    assert "<img" not in done.html


def test_a_report_is_written_anew_and_nothing_else_is_written_over(project, tmp_path):
    demand.log(Path(kept.FOLDER), project.manifest)
    place = tmp_path / "demand.html"
    verbs.monitor("demand", output="demand.html")
    place.write_text(place.read_text("utf-8").replace("demand:0.1.0", "yesterday"), "utf-8")
    verbs.monitor("demand", output="demand.html")
    assert "yesterday" not in place.read_text("utf-8")
    place.write_text("<html>mine</html>", "utf-8")
    with pytest.raises(Conflict, match=r"demand\.html is there already"):
        verbs.monitor("demand", output="demand.html")
    assert place.read_text("utf-8") == "<html>mine</html>"


def test_over_the_server_the_report_comes_along(project, tmp_path):
    demand.log(Path(kept.FOLDER), project.manifest)
    verb = verbs.VERBS["monitor"]
    with Here(tmp_path, face="server") as here:
        found = verb.run(here, verb.ask(["demand"], {}))
    assert found.data["html"].startswith("<!DOCTYPE html>")
    assert "html" not in verbs.monitor("demand").data


def test_the_version_that_answered_last_is_the_model(project, tmp_path):
    from sklearn.dummy import DummyRegressor

    with places.open_folder(tmp_path / ".snapbook") as repository:
        newer = demand.version(repository, DummyRegressor().fit(*demand.rows(50)))
    demand.log(Path(kept.FOLDER), newer.manifest, count=300, number="0.2.0")
    for path in Path(kept.FOLDER).iterdir():
        os.utime(path, (time.time() - 3600,) * 2)
    demand.log(Path(kept.FOLDER), project.manifest, count=300)
    assert verbs.monitor("demand").data["ref"] == "demand:0.1.0"
    assert verbs.monitor("demand:0.2.0").data["manifest"] == newer.manifest
    with pytest.raises(NotFound):
        verbs.monitor("another")


def test_a_span_of_time(project):
    demand.log(Path(kept.FOLDER), project.manifest)
    done = verbs.monitor("demand", since="12h")
    assert done.data["rows"] == pytest.approx(12 * 3600 / demand.EVERY_S, abs=2)
    assert done.data["seconds"] == 12 * 3600


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"since": "yesterday"}, "--since cannot be yesterday"),
        ({"every": "0s"}, "--every cannot be 0s"),
        ({"every": "1m"}, "--every is for a shell"),
        ({"alert": ["drift"]}, "drift is no rule"),
        ({"webhook": "https://hooks.example.com/x"}, "A webhook is told of rules"),
        ({"webhook": "ftp://x", "alert": ["drift > 1"]}, "That is no address"),
    ],
)
def test_words_that_are_none(project, named, said):
    with pytest.raises(Usage) as told:
        verbs.monitor("demand", **named)
    assert said in str(told.value)


def test_without_a_log_it_says_how_to_have_one(project):
    with pytest.raises(NotFound) as told:
        verbs.monitor("demand")
    assert told.value.hint == "snapbook serve demand:0.1.0 --log snapbook-log"


def test_a_log_that_cannot_be_looked_into_is_not_an_empty_one(project, tmp_path):
    (tmp_path / "taken").write_text("no folder")
    with pytest.raises(Unreachable, match="taken cannot be looked into"):
        verbs.monitor("demand", log="taken")


def test_a_webhook_is_told_once_when_it_begins_and_once_when_it_ends(
    project, listener, monkeypatch
):
    monkeypatch.setenv(SECRET, "whsec_" + base64.b64encode(KEY).decode())
    how = {"alert": ["segments > 0 or rmse > 1000"], "webhook": listener.url, "private": True}
    demand.log(Path(kept.FOLDER), project.manifest)
    listener.status = 500
    assert "it answered 500" in verbs.monitor("demand", **how).lines[-1]
    listener.status = 204
    assert verbs.monitor("demand", **how).lines[-1] == "told the webhook: segments > 0 firing"
    assert "told" not in verbs.monitor("demand", **how).lines[-1]
    for path in Path(kept.FOLDER).glob("*.arrows"):
        path.unlink()
    demand.log(Path(kept.FOLDER), project.manifest, faulty=False)
    assert verbs.monitor("demand", **how).lines[-1] == "told the webhook: segments > 0 resolved"
    assert len(listener.told) == 3
    (failed, _), (head, body), _ = listener.told
    assert failed["webhook-id"] == head["webhook-id"]  # whoever took it twice can tell
    signed = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert head["webhook-signature"] == f"v1,{mac}"
    told = json.loads(body)
    assert told["type"] == "snapbook.alert"
    assert told["data"]["version"] == "demand:0.1.0"
    assert told["data"]["state"] == "firing"
    assert told["data"]["sentence"] == "segments 1 > 0 in category = toys"
    assert told["data"]["window"]["segments"][0]["value"] == "toys"


def test_a_webhook_needs_a_secret_and_a_public_address(project, listener, monkeypatch):
    demand.log(Path(kept.FOLDER), project.manifest)
    how = {"alert": ["segments > 0"], "webhook": listener.url, "private": True}
    monkeypatch.delenv(SECRET, raising=False)
    with pytest.raises(Refused, match="holds no secret"):
        verbs.monitor("demand", **how)
    monkeypatch.setenv(SECRET, "whsec_" + base64.b64encode(KEY).decode())
    with pytest.raises(BadOption, match="no address for a webhook"):
        verbs.monitor("demand", alert=["segments > 0"], webhook=listener.url)
    inside = f"https://127.0.0.1:{listener.server_port}/"
    done = verbs.monitor("demand", alert=["segments > 0"], webhook=inside)
    assert "is an address of a private network" in done.lines[-1]
    assert listener.told == []
