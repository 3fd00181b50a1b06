"""Images to and from a real registry, Debian's docker-registry: whole, mounted, cut, refused."""

import base64
import hashlib
import json
import socket
import time

import httpx
import leaving
import pytest
import stores

from snapbook import verbs
from snapbook.errors import Damaged, NotFound, Refused, Unreachable
from snapbook.export import distribution, logins, upload
from snapbook.export.address import Address, address
from snapbook.export.artifact import artifact
from snapbook.export.base import Remote, base
from snapbook.export.distribution import Registry
from snapbook.export.files import whole
from snapbook.export.layer import Blob, blob, layer
from snapbook.export.push import push

pytestmark = pytest.mark.skipif(stores.PROGRAM is None, reason="docker-registry is not installed")


@pytest.fixture(autouse=True)
def nobody(monkeypatch, tmp_path):
    """No login of whoever runs the tests."""
    for name in ("DOCKER_CONFIG", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", logins.VARIABLE):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with stores.registry(tmp_path_factory.mktemp("store") / "registry") as found:
        yield found


def made(text="a", size=1000):
    """An image of one layer."""
    lowest = layer([whole("data", text.encode() * size)])
    config = {"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": [lowest.digest]}}
    told = blob("application/vnd.oci.image.config.v1+json", json.dumps(config).encode())
    return artifact(told, (lowest,), {})


def sent(host, name, one, **more):
    """What became of the blobs of an artifact, and the bytes that were told of."""
    done = []
    with Registry(host, **more) as registry:
        ways = push(registry, Address(host, name, "1"), one, done.append)
    return dict(ways), sum(done)


def test_an_image_is_pushed_and_read_again(host):
    one = made()
    assert sent(host, "team/one", one) == ({"sent": 2}, one.size)
    assert sent(host, "team/one", one) == ({"there": 2}, one.size)
    with Registry(host) as registry:
        found = base(Remote(registry, address(f"{host}/team/one:1")), "x", "amd64")
        assert found.digest == one.digest
        assert b"".join(found.layers[0].read()) == b"".join(one.blobs[1].read())
        by_digest = Remote(registry, address(f"{host}/team/one@{one.digest}"))
        assert base(by_digest, "x", "amd64").digest == one.digest
        with pytest.raises(NotFound, match="There is no image"):
            registry.manifest(address(f"{host}/team/absent:1"))


def test_what_another_repository_has_is_mounted(host):
    one = made("mounted")
    sent(host, "team/base", one)
    with Registry(host) as registry:
        found = base(Remote(registry, address(f"{host}/team/base:1")), "x", "amd64")
        read = []

        def never():
            read.append(1)
            return iter(())

        (lowest,) = found.layers
        lowest = Blob(lowest.media, lowest.digest, lowest.size, never, lowest.origin)
        again = artifact(one.blobs[0], (lowest,), {})
        ways = push(registry, Address(host, "team/other", "1"), again, lambda _: None)
    assert dict(ways) == {"sent": 1, "mounted": 1}
    assert read == []


def test_a_base_of_another_registry_is_copied(host, tmp_path):
    with stores.registry(tmp_path / "second") as second:
        one = made("copied")
        sent(second, "python", one)
        with Registry(second) as source, Registry(host) as target:
            found = base(Remote(source, address(f"{second}/python:1")), "x", "amd64")
            again = artifact(one.blobs[0], found.layers, {})
            ways = push(target, Address(host, "team/copied", "1"), again, lambda _: None)
    assert dict(ways) == {"sent": 2}


def test_large_blobs_go_in_pieces(host, monkeypatch):
    monkeypatch.setattr(upload, "PIECE", 30_000)
    one = made("pieces", 20_000)
    assert sent(host, "team/pieces", one) == ({"sent": 2}, one.size)
    with Registry(host) as registry:
        assert b"".join(registry.blob("team/pieces", one.blobs[1].digest)) == b"".join(
            one.blobs[1].read()
        )


def test_a_push_that_is_cut_goes_on(host, monkeypatch):
    monkeypatch.setattr(upload, "PIECE", 100_000)
    one = made("cut", 200_000)
    with stores.cutting(host, 250_000, 3) as (cut, left):
        ways, count = sent(cut, "team/cut", one, pause_s=0.01)
        assert left == [0]
    assert (ways, count) == ({"sent": 2}, one.size)
    with Registry(host) as registry:
        found = hashlib.sha256(b"".join(registry.blob("team/cut", one.blobs[1].digest)))
    assert f"sha256:{found.hexdigest()}" == one.blobs[1].digest


def test_what_arrives_late_of_a_cut_piece_begins_it_anew(host, monkeypatch):
    """The registry gives an upload up that has more than it told a moment ago."""
    monkeypatch.setattr(upload, "PIECE", 100_000)
    one, late, once = made("late", 100_000), [], Registry.once

    def overtaken(self, method, url, name, headers, data, **more):
        if method == "PATCH" and not late:
            late.append(httpx.patch(url, headers=headers, content=data[:5_000]).status_code)
        return once(self, method, url, name, headers, data, **more)

    monkeypatch.setattr(Registry, "once", overtaken)
    assert sent(host, "team/late", one) == ({"sent": 2}, one.size)
    assert late == [202]
    with Registry(host) as registry:
        found = b"".join(registry.blob("team/late", one.blobs[1].digest))
    assert found == b"".join(one.blobs[1].read())


def test_a_registry_that_is_gone_is_told_of(tmp_path):
    with stores.registry(tmp_path / "gone") as host:
        pass
    with pytest.raises(Unreachable, match=r"does not answer: Connection refused\.$"):
        sent(host, "team/one", made(), pause_s=0)


def timed(call):
    begun = time.monotonic()
    with pytest.raises(Unreachable) as caught:
        call()
    return str(caught.value), time.monotonic() - begun


def test_a_registry_that_hangs_is_told_of(host):
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes connections, and says nothing
        silent = f"127.0.0.1:{deaf.getsockname()[1]}"
        said, took_s = timed(lambda: sent(silent, "team/one", made(), silent_s=0.5))
        assert said == (f"{silent} does not answer: it took and gave next to nothing for 0.5 s.")
        assert took_s < 3
    with stores.stalling(host, 0) as stalled:
        said, took_s = timed(lambda: sent(stalled, "team/one", made(), silent_s=0.5))
        assert "took and gave next to nothing for 0.5 s" in said
        assert took_s < 3


def test_a_push_that_stops_half_way_is_told_of_and_one_that_creeps_is_not(host, monkeypatch):
    monkeypatch.setattr(upload, "PIECE", 100_000)
    with stores.stalling(host, 250_000) as stalled:
        one = made("stalls", 400_000)
        said, took_s = timed(lambda: sent(stalled, "team/stalls", one, silent_s=0.5, pause_s=0.01))
        assert "took and gave next to nothing for 0.5 s" in said
        assert took_s < 6
    with stores.stalling(host, 0, pause_s=0.05) as creeping:
        one = made("creeps", 60_000)
        begun = time.monotonic()
        ways, _ = sent(creeping, "team/creeps", one, silent_s=0.5)
        assert dict(ways) == {"sent": 2}
        assert time.monotonic() - begun > 1.5, "longer than any silence"


def test_an_answer_that_does_not_end_is_none(monkeypatch):
    monkeypatch.setattr(distribution, "_WHOLE_S", 1.0)
    with stores.trickling() as host, Registry(host, silent_s=0.5) as registry:
        said, took_s = timed(lambda: registry.manifest(address(f"{host}/team/one:1")))
        assert "next to nothing" in said
        assert took_s < 4
    monkeypatch.setattr(distribution, "_MOST_JSON", 100_000)
    with (
        stores.trickling(b"x" * 50_000) as host,
        Registry(host) as registry,
        pytest.raises(Damaged, match="does not end"),
    ):
        registry.manifest(address(f"{host}/team/one:1"))


def test_bytes_that_changed_meanwhile_are_not_taken(host):
    one = made("honest")
    data = b"".join(one.blobs[1].read()).replace(b"honest", b"change")
    other = Blob(one.blobs[1].media, one.blobs[1].digest, len(data), lambda: iter((data,)))
    with pytest.raises(Unreachable, match="DIGEST_INVALID"):
        sent(host, "team/changed", artifact(one.blobs[0], (other,), {}))
    with Registry(host) as registry, pytest.raises(NotFound):
        registry.manifest(address(f"{host}/team/changed:1"))


def test_only_who_is_known_is_let_in(tmp_path, monkeypatch):
    with stores.registry(tmp_path / "store", stores.basic(tmp_path)) as host:
        with pytest.raises(Refused, match="wants to know who you are"):
            sent(host, "team/one", made())
        auth = base64.b64encode(f"ada:{stores.PASSWORD}".encode()).decode()
        (tmp_path / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
        assert sent(host, "team/one", made())[0] == {"sent": 2}
        wrong = base64.b64encode(b"ada:guessed").decode()
        (tmp_path / "config.json").write_text(json.dumps({"auths": {host: {"auth": wrong}}}))
        with pytest.raises(Refused, match="the registry does not allow it"):
            sent(host, "team/one", made("b"))
        helper = tmp_path / "bin" / "docker-credential-tests"
        helper.parent.mkdir()
        said = json.dumps({"Username": "ada", "Secret": stores.PASSWORD})
        helper.write_text(f"#!/bin/sh\nread host\n[ $host = {host} ] && echo '{said}'\n")
        helper.chmod(0o755)
        monkeypatch.setenv("PATH", str(helper.parent), prepend=":")
        (tmp_path / "config.json").write_text(json.dumps({"credsStore": "tests"}))
        assert sent(host, "team/two", made())[0] == {"sent": 2}


def test_a_token_of_another_server_is_fetched(tmp_path, monkeypatch):
    with stores.tokens(tmp_path) as (auth, asked), stores.registry(tmp_path / "r", auth) as host:
        with pytest.raises(Refused, match="gives no token"):
            sent(host, "team/one", made())
        auth = base64.b64encode(f"ada:{stores.PASSWORD}".encode()).decode()
        (tmp_path / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
        assert sent(host, "team/one", made())[0] == {"sent": 2}
        assert any("push" in one for one in asked)
        monkeypatch.setenv(logins.VARIABLE, stores.token(tmp_path, "team/two"))
        assert sent(host, "team/two", made())[0] == {"sent": 2}
        with pytest.raises(Refused, match="the registry does not allow it"):
            sent(host, "team/three", made())


def test_a_modelpack_is_read_by_a_tool_of_others(host, tmp_path, monkeypatch):
    client = pytest.importorskip("oras.client")
    with leaving.project(tmp_path, monkeypatch) as project:
        rows, target = leaving.numbers()
        leaving.save(project, leaving.forest(rows, target), {"X": (rows, "train")})
        verbs.export("churn", to="bundle", output="bundle", no_sample=True)
        done = verbs.export("churn", to=f"modelpack://{host}/team/churn", no_sample=True)
    assert done.lines[1].startswith(f"pushed {host}/team/churn:0.1.0: ")
    there = client.OrasClient(hostname=host, insecure=True)
    there.pull(f"{host}/team/churn:0.1.0", outdir=str(tmp_path / "pulled"))
    wrote = {path.relative_to(tmp_path / "bundle"): path.read_bytes()
             for path in (tmp_path / "bundle").rglob("*") if path.is_file()}  # fmt: skip
    assert wrote == {path.relative_to(tmp_path / "pulled"): path.read_bytes()
                     for path in (tmp_path / "pulled").rglob("*") if path.is_file()}  # fmt: skip


def test_encryption_is_left_out_on_this_machine_alone():
    def scheme(host, **more):
        with Registry(host, **more) as registry:
            return registry._url.scheme

    assert [scheme(host) for host in ("127.0.0.1:5000", "localhost", "[::1]:5000")] == ["http"] * 3
    assert [scheme(host) for host in ("r.example.com", "10.0.0.1:5000")] == ["https"] * 2
    assert scheme("r.example.com", plain_http=True) == "http"
