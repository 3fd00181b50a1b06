"""What a registry tells of its requests: lines of a log, counts, ids; and how many it takes."""

import io
import json
import logging
import os
import signal
import socket
import time
from base64 import b64encode

import httpx
import pytest
from faults import driver
from wires import Served

from snapbook import places
from snapbook.errors import BadOption
from snapbook.registry import logs
from snapbook.registry.mlflow.routes import PATH as MLFLOW
from snapbook.registry.pace import Pace
from snapbook.registry.remote import Remote
from snapbook.registry.tokens import Tokens
from snapbook.registry.wire import PATH
from snapbook.repository import Author
from snapbook.store import durable
from snapbook.transfer import Local, transfer
from snapbook.verbs import VERBS, Here

pytestmark = pytest.mark.slow  # it waits for what runs beside it


@pytest.fixture
def client(registry):
    with httpx.Client(base_url=registry.url, timeout=30) as client:
        yield client


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def written():
    """All that is logged in this process, by ourselves, uvicorn and the client."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Lines())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)

    def lines(what="", count=0):
        """All lines, or those that say ``what``, once there are ``count``."""
        until = time.monotonic() + 5
        while True:
            found = [json.loads(line) for line in stream.getvalue().splitlines()]
            named = [line for line in found if line["what"] == what] if what else found
            if len(named) >= count or time.monotonic() > until:
                return named
            time.sleep(0.01)

    yield lines
    root.removeHandler(handler)
    root.setLevel(before)


def test_no_token_is_in_any_log_address_or_error(registry, tmp_path, written, client):
    def fails(word: str = ""):
        raise ValueError(f"{registry.token} {word}")

    registry.app.get(f"{PATH}/fails")(fails)
    secrets = [registry.token, registry.tokens.make("ada", ("writer:churn",)), "stranger-9f2c"]
    texts = []
    with places.make_repository(tmp_path / "here") as here:
        for token in secrets:
            with Remote(registry.url, token, "churn") as remote:
                version = driver.save(here, "churn", len(texts) + 1).version
                for act in (
                    lambda: transfer(Local(here), remote, version, Author("x")),  # noqa: B023
                    lambda: remote.resolve("nothing"),
                    lambda: remote.catalog.append("x", {}, "x", "x", remote.catalog.head()),
                ):
                    try:
                        texts.append(str(act()))
                    except Exception as error:
                        texts += [str(error), repr(error), str(error.__cause__)]
        answer = client.get(f"{PATH}/fails?word=hidden-word", headers=bearer(registry.token))
    assert answer.status_code == 500
    assert answer.json()["message"] == "snapbook failed inside: details are in the server's log."
    client.get(f"{PATH}/about?token={registry.token}")
    for token in secrets:
        texts.append(client.get(f"{MLFLOW}/registered-models/search", auth=("ada", token)).text)
    client.get(f"{PATH}/{registry.token}", headers=bearer(registry.token))
    written("request", 12)
    lines = [line for line in written() if not line["what"].startswith("HTTP Request")]
    everything = json.dumps(lines) + "\n".join(texts)
    for secret in (token.split("_", 2)[-1] for token in secrets):
        assert secret not in everything
    for token in secrets:
        assert b64encode(f"ada:{token}".encode()).decode() not in everything
    assert "hidden-word" not in everything
    assert "/?" not in everything
    told = [line for line in lines if line["what"] == "request"]
    assert {line["route"] for line in told} >= {
        "", f"{PATH}/missing", f"{PATH}/packs/{{name}}", f"{PATH}/versions", f"{PATH}/fails",
    }  # fmt: skip
    assert {"ada", "root", ""} <= {line["who"] for line in told}
    (bug,) = [line for line in lines if line.get("error") == "ValueError"]
    assert "fails" in bug["at"][-1]
    assert bug["request"] == answer.headers["x-request-id"]


def test_one_line_a_request(registry, client, written):
    client.get(f"{PATH}/about", headers={**bearer(registry.token), "X-Request-ID": "of-mine-1"})
    (line,) = written("request", 1)
    assert line | {"time": "", "ms": 0, "down_bytes": 0} == {
        "time": "", "level": "info", "what": "request", "method": "GET", "route": f"{PATH}/about",
        "status": 200, "ms": 0, "who": "root", "token": registry.token.split("_")[1],
        "address": "127.0.0.1", "request": "of-mine-1", "up_bytes": 0, "down_bytes": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "given", ["short", "x" * 65, "a b c d e f", "caf\u00e9-caf\u00e9", '{"a":1}"']
)
def test_an_id_that_is_not_sane_is_made_anew(client, given):
    answer = client.get("/healthz", headers=[(b"X-Request-ID", given.encode("latin-1"))])
    assert answer.headers["x-request-id"] != given
    assert len(answer.headers["x-request-id"]) == 16


def test_what_the_disk_refuses_is_told_to_its_keeper(registry, client, written):
    """Who asks learns that it was the disk; where that is stands in the log."""
    (registry.folder / "uploads").write_text("no folder")
    headers = bearer(registry.token) | {"Upload-Offset": "0", "Upload-Length": "9"}
    answer = client.put(f"{PATH}/packs/{'a' * 64}", content=b"half", headers=headers)
    assert (answer.status_code, answer.json()["kind"]) == (503, "unreachable")
    assert str(registry.folder) not in answer.text
    assert answer.json()["message"] == "Not taken: what the registry keeps does not answer."
    (line,) = written("what is kept here cannot be reached", 1)
    assert str(registry.folder) in line["why"]
    assert line["request"] == answer.headers["x-request-id"]


def test_a_process_writes_json_and_nothing_else(tmp_path):
    """Whatever happens, and whichever library says it."""
    folder = tmp_path / "registry"
    places.create(folder)
    token = Tokens(folder).make("ada", ("reader",))
    with open(tmp_path / "log", "wb") as log:
        served = Served(folder, log=log)
        try:
            with socket.create_connection(("127.0.0.1", served.port), 10) as line:
                line.sendall(f"NONSENSE {token}\r\n\r\n".encode())
                line.recv(1000)
            for headers in ({}, bearer(token)):
                httpx.get(f"{served.url}{PATH}/version?ref=x&token={token}", headers=headers)
        finally:
            status = served.stop()
    assert status in (0, -signal.SIGTERM)  # uvicorn ends as it was asked to, after its answers
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    told = [line for line in lines if line["what"] == "request" and line["route"] != "/readyz"]
    assert [(line["status"], line["who"]) for line in told] == [(401, ""), (404, "ada")]
    assert [line["level"] for line in lines if line not in told and "route" not in line] == [
        "warning"
    ]
    assert token.split("_", 2)[2] not in (tmp_path / "log").read_text()


# --- counts ---------------------------------------------------------------------------------------


def test_counts_are_prometheus_s(registry, client, tmp_path):
    from prometheus_client.parser import text_string_to_metric_families

    with places.make_repository(tmp_path / "here") as here, registry.remote() as remote:
        transfer(Local(here), remote, driver.save(here, "churn", 1).version, Author("x"))
    client.get(f"{PATH}/nothing", headers=bearer(registry.token))
    client.get(f"{PATH}/about")
    answer = client.get("/metrics", headers=bearer(registry.token))
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert found["snapbook_requests_total", "/api/v1/packs/{name}", "201", "PUT"] == 1
    assert found["snapbook_requests_total", "/api/v1/versions", "201", "POST"] == 1
    # Neither paths that are none nor strangers make labels.
    assert found["snapbook_requests_total", "", "404", "GET"] == 1
    assert found["snapbook_requests_total", "", "401", "GET"] == 1
    assert found["snapbook_request_seconds_count", "/api/v1/versions", "POST"] == 1
    assert found["snapbook_bytes_total", "in"] > 20_000
    assert found["snapbook_requests_open",] == 1  # this one
    assert found["snapbook_events",] == 1
    assert "churn" not in answer.text
    assert registry.token.split("_", 2)[2] not in answer.text


# --- pace -----------------------------------------------------------------------------------------


@pytest.fixture
def slow(another):
    """A registry that takes two requests a second, and twenty at once."""
    return another(requests_per_s=2)


def test_who_asks_too_often_is_told_when_to_come_back(slow):
    with httpx.Client(base_url=slow.url) as client:
        answers = [client.get("/healthz") for _ in range(30)]
        assert [answer.status_code for answer in answers[:20]] == [200] * 20
        late = answers[-1]
        assert late.status_code == 429
        assert int(late.headers["retry-after"]) == 1
        assert late.json()["kind"] == "too-many"
        assert late.json()["message"] == "Too many requests at once."
        assert late.json()["act"] == "Try again in 1 s"


def test_a_client_waits_and_goes_on(slow, tmp_path):
    with places.make_repository(tmp_path / "here") as here, slow.remote() as remote:
        for _ in range(18):
            remote.about()
        for seed in (1, 2):
            version = driver.save(here, "churn", seed).version
            assert transfer(Local(here), remote, version, Author("x")).accepted.new


def test_guesses_cost_more(slow):
    with httpx.Client(base_url=slow.url) as client:
        told = [client.get(f"{PATH}/about", headers=bearer("guess")).status_code for _ in range(5)]
        assert told == [401, 401, 429, 429, 429]


def test_a_token_is_held_to_its_pace_from_wherever_it_comes():
    pace = Pace(10, 20)
    assert [pace.wait_s("a", 0) for _ in range(20)] == [0] * 20
    assert pace.wait_s("a", 0) == pytest.approx(0.1)
    assert pace.wait_s("b", 0) == 0
    assert pace.wait_s("a", 0.1) == 0
    assert pace.wait_s("a", 0.1) > 0
    # A clock that goes back gives nothing, and takes nothing.
    assert pace.wait_s("a", -5) > 0
    pace.spend("a", 100, 1000)
    assert pace.wait_s("a", 100) == pytest.approx(0.1)
    assert all(Pace(0, 0).wait_s("a", 0) == 0 for _ in range(100))


def test_memory_stays_flat_however_many_come():
    pace = Pace(1, 1)
    for n in range(30_000):
        pace.wait_s(str(n), n / 1000)
    assert len(pace._left) == 10_000


# --- what nobody goes on with ---------------------------------------------------------------------


def test_uploads_that_nobody_goes_on_with_are_swept(registry, client, tmp_path):
    with places.make_repository(tmp_path / "here") as here, registry.remote() as remote:
        transfer(Local(here), remote, driver.save(here, "churn", 1).version, Author("x"))
    headers = bearer(registry.token) | {"Upload-Offset": "0", "Upload-Length": "9"}
    names = [f"{n:064x}" for n in range(3)]
    for name in names:
        assert client.put(f"{PATH}/packs/{name}", content=b"half", headers=headers).is_success
    old, held, young = (
        next(path for path in (registry.folder / "uploads").iterdir() if path.name.endswith(name))
        for name in names
    )
    yesterday = time.time() - 25 * 3600
    for path in (old, held):
        os.utime(path, (yesterday, yesterday))
    with open(held, "rb+") as sending, Here(tmp_path, face="cli") as asker:
        assert durable.try_lock(sending.fileno())
        words = ["gc", "--folder", str(registry.folder)]
        done = VERBS["registry"].run(asker, VERBS["registry"].parse(words))
    assert done.data["debris"] == 1
    assert done.lines == ("freed 4 bytes: 0 packs, 1 unfinished file",)
    assert (old.exists(), held.exists(), young.exists()) == (False, True, True)
    # Who comes back after that begins anew, and is not refused.
    state = client.head(f"{PATH}/packs/{names[0]}", headers=bearer(registry.token))
    assert state.headers["Upload-Offset"] == "0"
    with registry.remote() as remote, places.make_repository(tmp_path / "there") as there:
        assert transfer(remote, Local(there), remote.resolve("churn"), Author("x")).accepted.new


@pytest.mark.parametrize("rate", ["-1", "many", "inf", "nan"])
def test_a_rate_that_is_none(tmp_path, rate):
    with Here(tmp_path, face="cli") as here, pytest.raises(BadOption, match="--rate cannot be"):
        VERBS["registry"].run(here, VERBS["registry"].parse(["serve", "--rate", rate]))
