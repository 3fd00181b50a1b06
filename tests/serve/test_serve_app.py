"""What a server answers: both protocols, its description, its page, its counts; to strangers."""

import io
import json
import logging
import math
import socket
import time

import httpx
import jsonschema
import numpy as np
import pytest
from plates import MIXED, ROW, mixed, numbers

from snapbook.lines import Lines

TOKEN = "a-token-of-24-characters"


@pytest.fixture(scope="module")
def forest(lasting):
    with httpx.Client(base_url=lasting(numbers(), body_bytes=200_000).url) as client:
        yield client


@pytest.fixture(scope="module")
def pipeline(lasting):
    with httpx.Client(base_url=lasting(mixed(), body_s=0.5).url) as client:
        yield client


@pytest.fixture(scope="module")
def closed(lasting):
    with httpx.Client(base_url=lasting(numbers(), tokens=[TOKEN]).url) as client:
        yield client


def test_rows_are_predicted_as_the_model_does(forest):
    plate = numbers()
    reply = forest.post("/predict", json=plate.sample["rows"])
    assert reply.json() == {
        "model": "churn", "number": "1.4.0", "predictions": plate.sample["answers"]
    }  # fmt: skip
    assert reply.headers["x-request-id"]
    assert reply.headers["cache-control"] == "no-store"


def test_probabilities_by_class(forest):
    reply = forest.post("/predict", json={"rows": [ROW], "probabilities": True}).json()
    (told,) = reply["probabilities"]
    assert told.keys() == {"setosa", "versicolor", "virginica"}
    assert math.isclose(sum(told.values()), 1)
    assert max(told, key=told.get) == reply["predictions"][0]


def test_columns_of_every_kind(pipeline):
    empty = MIXED | {"pay": None, "count": None, "city": "Nowhere"}
    reply = pipeline.post("/predict", json={"rows": [MIXED, empty]})
    assert reply.status_code == 200
    assert [type(one) for one in reply.json()["predictions"]] == [float, float]


def test_a_category_that_the_model_does_not_take(pipeline):
    reply = pipeline.post("/predict", json=[MIXED, MIXED | {"kind": "z"}])
    assert reply.status_code == 400
    assert reply.json() == {
        "error": "Not predicted: kind in row 1 is a category that the model does not know.",
        "kind": "unfit",
        "column": "kind",
        "row": 1,
    }


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"{}", 'an object takes "rows", a list, and "probabilities", true or false'),
        (b'{"rows": [], "x": 1}', 'an object takes "rows", a list, and "probabilities", true or'),
        (b'{"rows": [], "probabilities": 3}', '"probabilities" is true or false'),
        (b'{"rows": [], "probabilities": true}', "the model tells no probabilities"),
        (b"[" * 50_000, "the JSON is nested too deeply"),
    ],
)
def test_a_body_that_does_not_fit(pipeline, body, error):
    reply = pipeline.post("/predict", content=body)
    assert reply.status_code == 400
    assert error in reply.json()["error"]


def test_paths_methods_and_bodies_that_are_not_taken(forest):
    assert forest.get("/nowhere").status_code == 404
    reply = forest.get("/predict")
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
    assert reply.json()["error"] == "Not answered: this is asked in another way. By: POST"
    assert forest.post("/v2/models/other/infer", json={}).status_code == 404
    assert forest.post("/predict", content=b" " * 300_000).status_code == 413
    packed = {"content-encoding": "gzip"}
    assert forest.post("/predict", content=b"x", headers=packed).status_code == 415

    def pieces():
        for _ in range(30):
            yield b" " * 10_000

    assert forest.post("/predict", content=pieces()).status_code == 413
    assert forest.post("/predict", json=[ROW]).status_code == 200


def test_the_v2_protocol_in_json(forest):
    told = forest.get("/v2/models/churn").json()
    assert told["inputs"] == [{"name": n, "datatype": "FP64", "shape": [-1]} for n in "abcd"]
    assert told["outputs"][0] == {"name": "predict", "datatype": "BYTES", "shape": [-1]}
    assert forest.get("/v2/models/churn/versions/1.4.0").json() == told
    rows = numbers().sample["rows"]
    whole = {"name": "x", "datatype": "FP64", "shape": [len(rows), 4]}
    body = {"id": "7", "inputs": [whole | {"data": [list(row.values()) for row in rows]}]}
    reply = forest.post("/v2/models/churn/infer", json=body).json()
    wanted = {"name": "predict", "shape": [len(rows)], "datatype": "BYTES"}
    assert reply == {
        "model_name": "churn",
        "model_version": "1.4.0",
        "id": "7",
        "outputs": [wanted | {"data": numbers().sample["answers"]}],
    }
    body["outputs"] = [{"name": "predict_proba"}]
    reply = forest.post("/v2/models/churn/versions/1.4.0/infer", json=body).json()
    assert reply["outputs"][0]["shape"] == [len(rows), 3]
    body["outputs"] = [{"name": "other"}]
    reply = forest.post("/v2/models/churn/infer", json=body)
    assert reply.status_code == 400
    assert reply.json()["error"].endswith("the outputs are predict and predict_proba, each once.")


@pytest.mark.parametrize("binary", [True, False])
def test_an_independent_client_of_v2(forest, pipeline, binary):
    triton = pytest.importorskip("tritonclient.http")
    plate = numbers()
    client = triton.InferenceServerClient(str(forest.base_url.netloc, "ascii"))
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("churn")
    assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    assert client.get_model_metadata("churn", "1.4.0")["versions"] == ["1.4.0"]
    inputs = []
    for name in "abcd":
        values = np.array([row[name] for row in plate.sample["rows"]])
        inputs.append(triton.InferInput(name, list(values.shape), "FP64"))
        inputs[-1].set_data_from_numpy(values, binary_data=binary)
    wanted = [
        triton.InferRequestedOutput("predict", binary_data=binary),
        triton.InferRequestedOutput("predict_proba", binary_data=binary),
    ]
    found = client.infer("churn", inputs, request_id="one", outputs=wanted)
    said = found.as_numpy("predict").tolist()
    assert [one.decode() if binary else one for one in said] == plate.sample["answers"]
    assert found.as_numpy("predict_proba").shape == (len(plate.sample["rows"]), 3)
    assert found.get_response()["id"] == "one"
    found = client.infer("churn", inputs)  # no outputs named: all of them as bytes
    assert [one.decode() for one in found.as_numpy("predict")] == plate.sample["answers"]
    client.close()


def test_the_description_has_the_real_columns(forest, pipeline):
    told = forest.get("/openapi.json").json()
    assert (told["info"]["title"], told["info"]["version"]) == ("churn", "1.4.0")
    row = pipeline.get("/openapi.json").json()["components"]["schemas"]["Row"]
    jsonschema.Draft202012Validator.check_schema(row)
    types = {name: one.get("type") for name, one in row["properties"].items()}
    assert types == {
        "age": "integer",
        "pay": ["number", "null"],
        "member": "boolean",
        "city": ["string", "null"],
        "kind": None,
        "count": ["integer", "null"],
    }
    jsonschema.validate(MIXED, row)
    for wrong in (MIXED | {"age": None}, MIXED | {"more": 1}, {"age": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, row)
        assert pipeline.post("/predict", json=[wrong]).status_code == 400
    (example,) = told["components"]["schemas"]["Row"]["examples"]
    assert forest.post("/predict", json=[example]).status_code == 200


def test_the_page_may_fetch_from_its_server_alone(forest):
    for path, start in (("/", b"<!doctype"), ("/page.js", b"//"), ("/page.css", b"body")):
        reply = forest.get(path)
        assert reply.content.startswith(start)
        policy = reply.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'")
        assert "unsafe" not in policy
    assert b"churn" not in forest.get("/").content
    script = forest.get("/page.js").text
    assert not any(word in script for word in ("HTML", "document.write", "eval("))


def test_strangers_see_health_and_a_page_that_knows_nothing(closed):
    open_ = {"/", "/page.js", "/page.css", "/v2/health/live", "/v2/health/ready"}
    for path in open_:
        assert closed.get(path).status_code == 200
    for path in ("/openapi.json", "/metrics", "/v2", "/v2/models/churn", "/nowhere"):
        for header in ({}, {"authorization": "Bearer wrong"}, {"authorization": TOKEN}):
            reply = closed.get(path, headers=header)
            assert reply.status_code == 401
            assert reply.headers["www-authenticate"] == "Bearer"
    assert closed.post("/predict", json=[ROW]).status_code == 401
    known = {"authorization": f"bearer {TOKEN}"}
    assert closed.post("/predict", json=[ROW], headers=known).status_code == 200


def test_every_route_wants_a_token_but_those(lasting):
    app = lasting(numbers(), tokens=[TOKEN]).server.config.app
    open_ = {path for path, route in app.routes.items() if route.open}
    assert open_ == {"/", "/page.js", "/page.css", "/v2/health/live", "/v2/health/ready"}


def test_a_line_a_request_and_no_secret_in_it(closed):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines())
    handler.addFilter(lambda record: not record.name.startswith("http"))  # the client's own
    logger = logging.getLogger()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logging.getLogger("snapbook.serve").setLevel(logging.INFO)
    try:
        named = {"authorization": f"Bearer {TOKEN}", "x-request-id": "my-request-1"}
        reply = closed.post("/predict?secret=1", json=[ROW, ROW], headers=named)
        assert reply.headers["x-request-id"] == "my-request-1"
        closed.post("/predict", json=[ROW | {"a": "hush"}], headers=named)
        closed.post("/predict", json=[], headers={"authorization": "Bearer guess"})
        until = time.monotonic() + 5
        while stream.getvalue().count('"what": "request"') < 3 and time.monotonic() < until:
            time.sleep(0.01)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    told = [line for line in lines if line["what"] == "request"]
    assert [(line["route"], line["status"], line["rows"]) for line in told] == [
        ("predict", 200, 2), ("predict", 400, 0), ("predict", 401, 0)
    ]  # fmt: skip
    assert told[0]["request"] == "my-request-1"
    assert len(told[0]["token"]) == 8
    assert told[2]["token"] == ""
    for word in (TOKEN, "guess", "hush", "secret"):
        assert word not in stream.getvalue()


def test_counts_for_prometheus(forest):
    from prometheus_client.parser import text_string_to_metric_families

    forest.post("/predict", json=[ROW, ROW])
    found = {
        sample.name: sample.value
        for family in text_string_to_metric_families(forest.get("/metrics").text)
        for sample in family.samples
        if sample.labels.get("route", "predict") == "predict"
        and sample.labels.get("status", "200") == "200"
    }
    assert found["snapbook_requests_total"] >= 1
    assert found["snapbook_rows_total"] >= 2
    assert found["snapbook_served"] == 1
    assert found["snapbook_waiting"] == 0
    assert found["snapbook_request_seconds_count"] >= 1


def test_slow_clients_are_cut_and_hurt_nobody(pipeline):
    host, port = "127.0.0.1", pipeline.base_url.port
    with socket.create_connection((host, port), 10) as one:
        one.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n[")
        assert pipeline.post("/predict", json=[MIXED]).status_code == 200
        one.settimeout(10)
        answer = one.recv(4096)
        while answer and b"\r\n\r\n" not in answer:
            answer += one.recv(4096)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_client_that_goes_away(forest):
    with socket.create_connection(("127.0.0.1", forest.base_url.port), 10) as one:
        one.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n[")
    assert forest.post("/predict", json=[ROW]).status_code == 200
