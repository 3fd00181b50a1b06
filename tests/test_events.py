"""Events: their bytes, their digests, and what is a chain."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapbook import canonical
from snapbook.errors import Damaged
from snapbook.events import (
    FIRST_PREV,
    Event,
    check_chain,
    parse_time,
    seal,
    time_text,
    unseal,
)

TIME = "2026-11-21T14:02:00.000000Z"
# Written by hand from docs/format.md: the format may not drift.
GOLDEN = (
    b'{"author":"ada","body":{"model":"churn","to":"leave"},"n":1,'
    b'"prev":"0000000000000000000000000000000000000000000000000000000000000000",'
    b'"time":"2026-11-21T14:02:00.000000Z","type":"rename"}'
)

moments = st.datetimes(datetime(1000, 1, 1), timezones=st.just(UTC))
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=8,
)
tables = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), json_values, max_size=4)
events = st.builds(
    Event,
    n=st.integers(1, 2**40),
    prev=st.binary(min_size=32, max_size=32).map(bytes.hex),
    type=st.text("abc-", min_size=1),
    time=moments.map(time_text),
    author=st.text(st.characters(exclude_categories=["Cs"])),
    body=tables,
    rest=tables.map(lambda table: {f"x{key}": value for key, value in table.items()}),
)


def test_golden_bytes():
    event = Event(1, FIRST_PREV, "rename", TIME, "ada", {"model": "churn", "to": "leave"})
    assert event.encode() == GOLDEN
    assert event.digest == canonical.digest(GOLDEN)
    assert seal(event) == GOLDEN + b"\n" + event.digest.encode() + b"\n"


@settings(max_examples=150, deadline=None)
@given(events)
def test_round_trip(event):
    again = unseal(seal(event))
    assert again == event
    assert again.digest == event.digest == canonical.digest(event.encode())
    assert again.rest == event.rest


@settings(max_examples=60, deadline=None)
@given(events, st.data())
def test_any_changed_byte_is_found(event, data):
    sealed = bytearray(seal(event))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Damaged):
        unseal(bytes(sealed))


@settings(max_examples=60, deadline=None)
@given(events, st.data())
def test_any_cut_is_found(event, data):
    sealed = seal(event)
    with pytest.raises(Damaged):
        unseal(sealed[: data.draw(st.integers(0, len(sealed) - 1))])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda data: data.replace(b'"n":1', b'"n":0'), "place"),
        (lambda data: data.replace(b'"n":1', b'"n":true'), "place"),
        (lambda data: data.replace(b'"n":1', b'"n":1.0'), "place"),
        (lambda data: data.replace(b"0000000", b"000000Z"), "prev"),
        (lambda data: data.replace(b"T14:02", b"T25:02"), ""),
        (lambda data: data.replace(b"000000Z", b"000Z"), "time"),
        (lambda data: data.replace(b'{"model":"churn","to":"leave"}', b"[]"), "body"),
        (lambda data: data.replace(b'"author":"ada",', b""), "author"),
        (lambda data: data.replace(b'":', b'": '), "canonical"),
        (lambda data: b"[" * 100_000, ""),
        (lambda data: b"[]", ""),
        (lambda data: b"\xff", ""),
    ],
)
def test_what_is_no_event(change, why):
    with pytest.raises(Damaged) as caught:
        Event.decode(change(GOLDEN))
    assert why in caught.value.why


def test_unknown_types_and_fields_are_kept():
    data = GOLDEN.replace(b'"rename"', b'"verdict","zone":{"later":[1,2.0]}')
    event = Event.decode(data)
    assert event.type == "verdict"
    assert event.rest == {"zone": {"later": [1, 2.0]}}
    assert event.encode() == data


def chain(length):
    made, prev = [], FIRST_PREV
    for n in range(1, length + 1):
        made.append(Event(n, prev, "note", TIME, "ada", {"n": n}))
        prev = made[-1].digest
    return made


def test_a_chain():
    events = chain(5)
    assert list(check_chain(events)) == []
    assert list(check_chain(events[2:], events[1])) == []
    assert list(check_chain(events[2:])) == [(3, "event 1 is missing before it")]
    assert [n for n, _ in check_chain(events[:2] + events[3:])] == [4]
    other = Event(3, events[1].digest, "note", TIME, "eve", {})
    assert list(check_chain([*events[:2], other, *events[3:]])) == [
        (4, "it does not follow event 3")
    ]


def test_times():
    east = datetime(2026, 11, 21, 16, 2, tzinfo=timezone(timedelta(hours=2)))
    assert time_text(east) == TIME
    assert parse_time(TIME) == east
    for wrong in ("2026-11-21", "2026-11-21T14:02:00Z", TIME + " ", TIME[:-1], "٢" + TIME[1:]):
        with pytest.raises(ValueError, match="no time"):
            parse_time(wrong)


@given(moments, moments)
def test_the_order_of_texts_is_the_order_of_times(one, other):
    assert (time_text(one) < time_text(other)) == (one < other)
    assert parse_time(time_text(one)) == one
