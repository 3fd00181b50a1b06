"""A small version goes up in two requests, the next in one: its pack comes along with the offer."""

import base64
import dataclasses
import random

import httpx
import pytest
from wires import Line

from snapbook import canonical, places
from snapbook.capture import Draft
from snapbook.errors import NotFound, Unreachable
from snapbook.parts.base import Part
from snapbook.registry import http, store, wire
from snapbook.registry.known import Book
from snapbook.registry.remote import Remote
from snapbook.repository import Author, Wish
from snapbook.transfer import Local, transfer
from snapbook.verbs import VERBS, Here
from snapbook.verify import verify

PUSHER = Author("push")
PATH = "/api/v1"


@pytest.fixture
def here(tmp_path):
    with places.make_repository(tmp_path / "here") as repository:
        yield repository


def small(repository, model="churn", size=300, seed=1):
    """A version of ``size`` bytes that do not compress."""
    writer = repository.store.writer()
    try:
        blob = writer.add(random.Random(seed).randbytes(size))
        part = Part("model", "model", {"class_name": "Hand", "digest": blob}, (blob,))
        draft = Draft(model, (part,), (writer.add(part.encode()),), canonical.digest(blob.encode()))
        return repository.save(draft, writer, Wish(), PUSHER).version
    finally:
        writer.close()


def counted(remote):
    """The requests that ``remote`` makes from here on, as they are made."""
    seen = []
    remote.http._client.event_hooks["request"].append(
        lambda request: seen.append(request.url.path.removeprefix(f"{PATH}/").partition("/")[0])
    )
    return seen


def whole(folder, manifests):
    """The registry in ``folder`` holds these versions, each byte of them, and nothing half."""
    with places.open_folder(folder) as there:
        found = verify(there, None, lambda *_: None)
        assert (found.problems, found.broken) == ((), ())
        assert [row.manifest for row in there.every_version()] == manifests
        for row in there.every_version():
            assert there.whole(row)
    assert not list((folder / "uploads").glob("tmp-*"))


def test_a_small_version_goes_up_in_two_requests(registry, here, remote):
    seen = counted(remote)
    version = small(here)
    moved = transfer(Local(here), remote, version, PUSHER)
    assert moved.accepted.new
    assert seen == ["missing", "versions"]
    again = transfer(Local(here), remote, version, PUSHER)
    assert (again.accepted.new, again.copied_bytes) == (False, 0)
    larger = small(here, size=wire.MOST_ALONG, seed=2)
    seen.clear()
    assert transfer(Local(here), remote, larger, PUSHER).accepted.new
    assert seen == ["missing", "packs", "versions"]
    whole(registry.folder, [larger.manifest, version.manifest])


def test_the_next_small_version_goes_up_in_one_request(registry, here, remote, monkeypatch):
    made = [small(here, seed=seed) for seed in range(4)]
    seen = counted(remote)
    for version in made[:3]:
        moved = transfer(Local(here), remote, version, PUSHER)
        assert (moved.accepted.new, moved.accepted.version.manifest) == (True, version.manifest)
    assert seen == ["missing", "versions", "versions", "versions"]
    # What it said before is not believed for long.
    monkeypatch.setattr(store, "_FRESH_S", 0.0)
    seen.clear()
    assert transfer(Local(here), remote, made[3], PUSHER).accepted.new
    assert seen == ["missing", "versions"]
    whole(registry.folder, [version.manifest for version in reversed(made)])


def answered(registry, route):
    """How many requests to ``route`` the registry answered by now."""
    headers = {"Authorization": f"Bearer {registry.token}"}
    text = httpx.get(f"{registry.url}/metrics", headers=headers).text
    counted = [line for line in text.splitlines() if f'route="{PATH}{route}"' in line]
    lines = [line for line in counted if line.startswith("snapbook_requests_total")]
    return sum(float(line.rpartition(" ")[2]) for line in lines if 'method="POST"' in line)


def test_a_sync_asks_once_what_is_missing_of_many_small_versions(tmp_path, registry, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("SNAPBOOK_TOKEN", registry.token)
    Book(tmp_path / "config").add("team", registry.url)
    with places.make_repository(tmp_path) as repository:
        made = [small(repository, seed=seed).manifest for seed in range(4)]
    with Here(tmp_path, face="cli") as here:
        said = VERBS["sync"].run(here, VERBS["sync"].parse(["--yes"]))
    assert len(said.data["pushed"]) == 4
    assert (answered(registry, "/missing"), answered(registry, "/versions")) == (1, 4)
    whole(registry.folder, made[::-1])


def test_what_is_there_and_not_small_does_not_go_up_again(registry, here, remote):
    """Another one brought it, under another name, while nobody asked."""
    first, large = small(here), small(here, "large", size=wire.MOST_ALONG * 4, seed=2)
    transfer(Local(here), remote, first, PUSHER)
    with registry.remote() as other:
        transfer(Local(here), other, large, PUSHER)
    seen = counted(remote)
    moved = transfer(Local(here), remote, large, PUSHER, model="same")
    assert (moved.accepted.new, seen) == (True, ["missing", "versions"])


def test_what_went_a_moment_ago_is_brought_again(registry, here, remote):
    first, second = small(here), small(here, seed=2)
    transfer(Local(here), remote, first, PUSHER)
    remote.store.sent(Local(here).offer(second).needed)  # as if they had been, and were swept since
    seen = counted(remote)
    assert transfer(Local(here), remote, second, PUSHER).accepted.new
    assert seen == ["versions", "missing", "versions"]
    whole(registry.folder, [second.manifest, first.manifest])
    seen.clear()
    gone = dataclasses.replace(second, manifest="0" * 64)
    with pytest.raises(NotFound):
        transfer(Local(here), remote, gone, PUSHER)
    assert seen == []


@pytest.mark.parametrize("said", [None, 0, -1, "much", True, {"bytes": 9}])
def test_a_registry_that_takes_no_pack_along_gets_it_as_ever(registry, here, remote, said):
    """An older one does not speak of it."""
    post = remote.http.post

    def older(path, body, **named):
        told = post(path, body, **named)
        return {**told, wire.ALONG: said} if wire.ALONG in told else told

    remote.http.post = older
    seen = counted(remote)
    version = small(here)
    assert transfer(Local(here), remote, version, PUSHER).accepted.new
    assert seen == ["missing", "packs", "versions"]
    whole(registry.folder, [version.manifest])


@pytest.fixture
def offered(registry, here):
    """The body of the second request of a push that did not come, and the pack in it."""
    said = {}
    with registry.remote() as remote:
        post = remote.http.post

        def held(path, body, **named):
            if path == "/versions":
                said.update(body)
                raise Unreachable("nobody is there")
            return post(path, body, **named)

        remote.http.post = held
        with pytest.raises(Unreachable):
            transfer(Local(here), remote, small(here), PUSHER)
    return said, base64.b64decode(said["pack"])


def test_a_pack_that_is_none_is_not_taken(registry, offered):
    """Nothing of it is kept, and no version is made; the same one as it was is taken after all."""
    body, pack = offered
    changed = bytearray(pack)
    changed[len(pack) // 2] ^= 1
    long = base64.b64encode(bytes(wire.MOST_ALONG * 2)).decode()
    bad = {
        400: [{"pack": "no base64!"}, {"pack": 7}, {"pack": base64.b64encode(pack).decode() + "%"}],
        413: [{"pack": long}, {"pack": base64.b64encode(bytes(wire.MOST_ALONG + 1)).decode()}],
        422: [
            {"pack": base64.b64encode(data).decode()}
            for data in (pack[:-1], pack[:-60], bytes(changed), b"x", bytes(100))
        ],
        404: [{"pack": ""}],  # its blobs did not come
    }
    with httpx.Client(base_url=registry.url + PATH, timeout=30) as client:
        client.headers["Authorization"] = f"Bearer {registry.token}"
        for status, bodies in bad.items():
            for wrong in bodies:
                answer = client.post("/versions", json={**body, **wrong})
                assert answer.status_code == status, (wrong, answer.text)
        whole(registry.folder, [])
        with places.open_folder(registry.folder) as there:
            assert list(there.store.digests()) == []
        assert client.post("/versions", json=body).status_code == 201
        assert client.post("/versions", json=body).json()["new"] is False
    whole(registry.folder, [body["offer"]["manifest"]])


@pytest.mark.parametrize("grants", [("reader",), ("approver",), ("writer:price",)])
def test_who_may_not_write_brings_nothing_along(registry, offered, grants):
    body, _ = offered
    token = registry.tokens.make("someone", grants)
    answer = httpx.post(
        f"{registry.url}{PATH}/versions", json=body, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code in (403, 404)
    with places.open_folder(registry.folder) as there:
        assert (there.catalog.head().n, list(there.store.digests())) == (0, [])


@pytest.mark.slow  # it waits for what runs beside it
@pytest.mark.parametrize("way", ["up", "down"])
def test_a_small_push_that_is_cut_anywhere_makes_one_version(registry, here, monkeypatch, way):
    monkeypatch.setattr(http, "_WAIT_S", 0.01)
    monkeypatch.setattr(store, "_WAIT_S", 0.01)
    line = Line(registry.url)

    def push(version):
        with Remote(line.url, registry.token, version.model) as remote:
            return transfer(Local(here), remote, version, PUSHER).accepted

    line.count()
    made = [small(here, "m0", seed=0)]
    push(made[0])
    total = line.passed[way]
    for number, at in enumerate(sorted({1, *range(total // 12, total, total // 12), total - 1})):
        made.append(small(here, f"m{number + 1}", seed=number + 1))
        line.cut(way, at)
        assert push(made[-1]).version.manifest == made[-1].manifest
    assert line.cuts >= 12
    line.close()
    whole(registry.folder, [version.manifest for version in reversed(made)])
