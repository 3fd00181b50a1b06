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
    Link,
    check_chain,
    closed,
    new_salt,
    parse_time,
    read_link,
    seal,
    time_text,
    unseal,
)

TIME = "2026-11-21T14:02:00.000000Z"
# Written by hand from docs/format.md: the format may not drift.
LINE = b'{"closed":"%s","n":1,"prev":"%s"}'
HAPPENED = (
    b'{"author":"ada","body":{"model":"churn","to":"leave"},'
    b'"salt":"000102030405060708090a0b0c0d0e0f","time":"2026-11-21T14:02:00.000000Z",'
    b'"type":"rename"}'
)
CLOSED = "87bc1495b3d228a32956e4c65bc166274f2a80db1f8d623d5f82e178ecd33398"
DIGEST = "2d2000cb6f6e32710319939f655eedb517d34a9a40195fca30200804bc1f0264"
# In one piece, as the first form was.
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
    salt=st.sampled_from(["", "00" * 16]) | st.builds(new_salt),
)


def sealed(line, *more):
    """As it is stored: a line, its digest, and perhaps one line more."""
    return b"".join(part + b"\n" for part in (line, canonical.digest(line).encode(), *more))


def linked(told, **changed):
    """An event of which ``told`` is what happened, with members of its link as they should be."""
    members = {"closed": canonical.digest(told), "n": 1, "prev": FIRST_PREV, **changed}
    return sealed(canonical.encode(members), told)


def test_golden_bytes():
    body = {"model": "churn", "to": "leave"}
    event = Event(1, FIRST_PREV, "rename", TIME, "ada", body, {}, bytes(range(16)).hex())
    line = LINE % (CLOSED.encode(), FIRST_PREV.encode())
    assert canonical.digest(HAPPENED) == CLOSED
    assert canonical.encode(canonical.decode(line)) == line
    assert event.digest == DIGEST == canonical.digest(line)
    assert seal(event) == b"\n".join([line, DIGEST.encode(), HAPPENED, b""])
    assert unseal(seal(event)) == event
    # The first form.
    event = Event(1, FIRST_PREV, "rename", TIME, "ada", body)
    assert event.digest == canonical.digest(GOLDEN)
    assert seal(event) == GOLDEN + b"\n" + event.digest.encode() + b"\n"


def test_an_event_that_is_closed():
    """Its place, what it follows and its digest can be checked, and nothing else is told."""
    event = Event(
        7, "ab" * 32, "alias", TIME, "lovelace", {"model": "churn"}, {"via": {}}, new_salt()
    )
    told = closed(seal(event))
    assert seal(event).startswith(told)
    assert read_link(told) == read_link(seal(event))
    assert read_link(told)[:2] == (7, "ab" * 32)
    assert read_link(told).digest == event.digest
    for secret in (b"lovelace", b"alias", b"churn", b"via", b"2026-11", event.salt.encode()):
        assert secret not in told
    with pytest.raises(Damaged, match="not say what happened"):
        unseal(told)
    with pytest.raises(Damaged):  # it would have to be told whole
        closed(sealed(GOLDEN))


def test_what_happened_cannot_be_guessed_from_its_digest():
    told = {"n": 7, "prev": "ab" * 32, "type": "alias", "time": TIME, "author": "ada"}
    events = [Event(**told, body={"model": "churn"}, salt=new_salt()) for _ in range(3)]
    assert len({event.digest for event in events}) == 3
    assert len({read_link(seal(event)).closed for event in events}) == 3
    assert all(len(event.salt) == 32 for event in events)


@settings(max_examples=60, deadline=None)
@given(events.filter(lambda event: event.salt), st.data())
def test_a_link_is_read_whatever_became_of_the_rest(event, data):
    whole = seal(event)
    start = len(closed(whole))
    place = data.draw(st.integers(start, len(whole) - 2))
    changed = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
    if changed.count(b"\n") == 3:  # else it is no third line any more
        assert read_link(changed) == Link(
            event.n, event.prev, canonical.digest(whole[start:-1]), event.digest
        )
    with pytest.raises(Damaged):
        unseal(changed)


@settings(max_examples=150, deadline=None)
@given(events)
def test_round_trip(event):
    again = unseal(seal(event))
    assert again == event
    assert again.digest == event.digest
    assert (again.rest, again.salt) == (event.rest, event.salt)


@pytest.mark.slow
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
        unseal(sealed(change(GOLDEN)))
    assert why in caught.value.why


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (linked(HAPPENED, n=0), "follows"),
        (linked(HAPPENED, prev="x" * 64), "follows"),
        (linked(HAPPENED, more=1), "follows"),
        (linked(HAPPENED, closed="0" * 64), "changed"),
        (linked(HAPPENED) + b"\n", "cut"),
        (sealed(b"{}", HAPPENED), "follows"),
        (sealed(GOLDEN, HAPPENED), "follows"),
        (linked(HAPPENED.replace(b'":', b'": ')), "canonical"),
        (linked(HAPPENED.replace(b'"salt":"000102030405060708090a0b0c0d0e0f",', b"")), "salt"),
        (linked(HAPPENED.replace(b'"000102030405060708090a0b0c0d0e0f"', b'""')), "canonical"),
        (linked(HAPPENED.replace(b'"000102030405060708090a0b0c0d0e0f"', b"7")), "salt"),
        (linked(HAPPENED.replace(b'"salt"', b'"n":1,"salt"')), "names"),
        (linked(HAPPENED.replace(b'"salt"', b'"prev":1,"salt"')), "names"),
        (linked(HAPPENED.replace(b'{"model":"churn","to":"leave"}', b"[]")), "body"),
        (linked(b"[" * 100_000), ""),
        (linked(b"[]"), ""),
        (linked(b""), ""),
        (linked(b"\xff"), ""),
    ],
)
def test_what_is_no_event_with_a_salt(data, why):
    with pytest.raises(Damaged) as caught:
        unseal(data)
    assert why in caught.value.why


def test_unknown_types_and_fields_are_kept():
    data = GOLDEN.replace(b'"rename"', b'"verdict","zone":{"later":[1,2.0]}')
    event = unseal(sealed(data))
    assert event.type == "verdict"
    assert event.rest == {"zone": {"later": [1, 2.0]}}
    assert seal(event) == sealed(data)
    data = linked(HAPPENED.replace(b'"rename"', b'"verdict","zone":{"later":[1,2.0]}'))
    assert seal(unseal(data)) == data
    assert unseal(data).rest == event.rest


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
