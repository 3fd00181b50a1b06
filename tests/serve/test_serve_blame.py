"""Whose fault a prediction that failed is: the client's 400, or the model's 500."""

import httpx
import pytest
from plates import ROW, Plate, numbers

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")
BROKEN = {"error": "Not predicted: the model failed on it; what it said is in the log.",
          "kind": "model"}  # fmt: skip


class Moody:
    """Takes numbers up to a hundred, and nothing at all while it is broken."""

    def __init__(self, error=ValueError):
        self.broken = False
        self.error = error

    def predict(self, frame):
        values = frame["a"].astype(float)
        if self.broken or (values > 100).any():
            raise self.error("secret")
        return values.to_numpy() * 2


def untyped(sample=True):
    """A forest whose version knows the names of its columns alone."""
    plate = numbers()
    told = [{"name": name, "type": "", "nullable": None} for name in "abcd"]
    return Plate(plate.model, plate.signature | {"inputs": told}, plate.sample if sample else None)


def moody(typed=True, sample=True, **how):
    told = numbers().signature if typed else untyped().signature
    rows = {"rows": [ROW]} if sample else None
    return Plate(Moody(**how), told | {"outputs": {}}, rows)


def asked(server, row=b"", **values):
    given = {"json": [ROW, ROW | values]} if not row else {"content": row}
    return httpx.post(f"{server.url}/predict", **given)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("five", "a in row 1 is text, it takes a number"),
        ("", "a in row 1 is text, it takes a number"),
        (10**400, "a in row 1 is too large or infinite"),
        (1e300, "the model does not take these values"),
    ],
    ids=["text", "empty", "long", "large"],
)
def test_what_a_model_without_types_cannot_take_is_the_client_s(lasting, value, why):
    server = lasting(untyped())
    reply = asked(server, a=value)
    assert (reply.status_code, reply.json()["error"]) == (400, f"Not predicted: {why}.")
    assert reply.json()["kind"] == "unfit"
    assert asked(server, a=5.1).status_code == 200
    assert asked(server, a="5.1").json() == asked(server, a=5.1).json(), "a number that is written"


def test_a_number_beyond_all_numbers_is_refused_before_the_model(lasting):
    text = b'[{"a": 1e999, "b": 3.5, "c": 1.4, "d": 0.2}]'
    reply = asked(lasting(untyped()), text)
    assert reply.status_code == 400
    assert reply.json() == {
        "error": "Not predicted: a in row 0 is too large or infinite.",
        "kind": "unfit", "column": "a", "row": 0,
    }  # fmt: skip
    assert "snapbook-refused" not in reply.headers


def test_who_is_at_fault_is_told_by_a_row_that_the_model_answered(lasting):
    plate = moody()
    server = lasting(plate)
    reply = asked(server, a=101.0)
    assert reply.status_code == 400
    assert reply.json()["error"] == "Not predicted: the model does not take these values."
    assert reply.headers["snapbook-refused"] == "model"
    assert "secret" not in reply.text
    plate.model.broken = True
    for value in (101.0, 5.0):
        reply = asked(server, a=value)
        assert (reply.status_code, reply.json()) == (500, BROKEN)
    plate.model.broken = False
    assert asked(server, a=5.0).status_code == 200
    seen = httpx.get(f"{server.url}/metrics").text
    assert 'snapbook_requests_total{route="predict",status="400"} 1.0' in seen
    assert 'snapbook_requests_total{route="predict",status="500"} 2.0' in seen


def test_what_says_nothing_of_values_is_the_model_s(lasting):
    for error in (RuntimeError, MemoryError, SystemExit):
        reply = asked(lasting(moody(error=error)), a=101.0)
        assert (reply.status_code, reply.json()) == (500, BROKEN)


def test_without_a_sample_the_first_answer_tells_what_values_are(lasting):
    plate = moody(typed=False, sample=False)
    server = lasting(plate)
    assert asked(server, a="five").status_code == 500, "nothing is known of it yet"
    assert asked(server, a=5.0).status_code == 200
    reply = asked(server, a="five")
    assert (reply.status_code, reply.json()["column"], reply.json()["row"]) == (400, "a", 1)
    assert asked(server, a=101.0).status_code == 500, "nobody said that it is right elsewhere"
    plate.model.broken = True
    assert asked(server, a="five").status_code == 500
