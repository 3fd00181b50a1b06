"""Where drafts lie: in a folder, and in a database with a bucket. Both keep the same promises."""

import threading

import pytest

from snapbook import places
from snapbook.errors import NotFound, Usage
from snapbook.registry.mlflow import shelves
from snapbook.registry.mlflow.shelves import FolderShelf, SharedShelf

DRAFT = "room/m-1"


@pytest.fixture(params=["folder", "shared"])
def pair(request, tmp_path):
    """Two shelves over the same: of two servers."""
    if request.param == "folder":
        yield FolderShelf(tmp_path / "mlflow"), FolderShelf(tmp_path / "mlflow")
        return
    url, store = request.getfixturevalue("postgres").url, request.getfixturevalue("s3").url
    kept = [places.served(tmp_path / name, url, store) for name in ("one", "two")]
    yield tuple(SharedShelf(each.database, each.objects.bucket) for each in kept)
    for each in kept:
        each.close()


def sent(tmp_path, data):
    path = tmp_path / "sent"
    path.write_bytes(data)
    return path


def read(shelf, name, size, draft=DRAFT):
    return b"".join(shelf.read(draft, name, size))


def test_what_one_keeps_the_other_has(pair, tmp_path, monkeypatch):
    one, two = pair
    monkeypatch.setattr(shelves, "_PIECE_BYTES", 1000)
    for number, shelf in enumerate((one, two, one)):
        shelf.say(DRAFT, f'{{"n": {number}}}')
    two.say("room/m-2", "{}")
    one.say("other/m-3", "{}")
    assert [line for line in two.lines(DRAFT) if line] == ['{"n": 0}', '{"n": 1}', '{"n": 2}']
    assert one.names("room") == two.names("room") == ["room/m-1", "room/m-2"]
    assert (one.lines("room/none"), one.names("roo")) == ([], [])
    for name, data in (("none", b""), ("small", b"x" * 10), ("large", bytes(range(250)) * 13)):
        one.put(DRAFT, name, sent(tmp_path, data))
        assert read(two, name, len(data)) == data
    two.drop(DRAFT, ["small", "large"])
    with pytest.raises(NotFound):
        read(one, "small", 10)
    two.drop(DRAFT, [])


def test_who_is_alone_is_so_at_both(pair):
    one, two = pair
    one.say(DRAFT, "{}")
    seen, inside = [], threading.Event()

    def enter():
        inside.set()
        with two.alone(DRAFT):
            seen.append("second")

    with one.alone(DRAFT):
        thread = threading.Thread(target=enter)
        thread.start()
        assert inside.wait(10)
        thread.join(0.3)
        seen.append("first")
    thread.join(10)
    assert seen == ["first", "second"]


def test_what_said_nothing_for_long_goes_whole(pair, tmp_path):
    one, two = pair
    one.say(DRAFT, "{}")
    one.put(DRAFT, "file", sent(tmp_path, b"data"))
    two.sweep(3600)
    assert read(two, "file", 4) == b"data"
    two.sweep(-1)
    assert (one.lines(DRAFT), one.names("room")) == ([], [])
    with pytest.raises(NotFound):
        read(one, "file", 4)


def test_a_log_has_an_end(pair, monkeypatch):
    one, two = pair
    monkeypatch.setattr(shelves, "_MOST_LOG", 100)
    one.say(DRAFT, "x" * 60)
    with pytest.raises(Usage, match="more than a draft may hold"):
        two.say(DRAFT, "x" * 60)
    assert [line for line in one.lines(DRAFT) if line] == ["x" * 60]
