"""Rollouts on a registry: roles, its own clock, and servers that tell of themselves."""

import contextlib
import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec

import httpx
import pytest
from deploy.conftest import Server, run, until
from export import stores
from promote.parties import BOB, made, row

import snapbook
from snapbook import places
from snapbook.deploy import plan as plans
from snapbook.deploy import rollout
from snapbook.deploy.acts import End
from snapbook.errors import BadOption, Conflict, NotFound, Refused, Usage
from snapbook.promote import moving
from snapbook.registry.rollouts import HttpAnnounced, HttpRollouts

pytestmark = pytest.mark.skipif(find_spec("fastapi") is None, reason="fastapi not installed")
PLAN = plans.parse(canary="5,50,100", every="1h", abort_if="error_rate > 1%")


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    from standing import Standing

    found = Standing(tmp_path_factory.mktemp("registry"))
    yield found
    found.stop()


@pytest.fixture
def registry(standing):
    """A registry with a model of its own for each test; 1.0.0 is in production."""
    names = (f"churn{n}" for n in range(100))
    with places.open_folder(standing.folder) as repository:
        name = next(one for one in names if repository.index.model(one) is None)
        for accuracy in (0.90, 0.91, 0.92):
            made(repository, model=name, accuracy=accuracy)
        moving.promote(repository, row(repository, f"{name}:0.1.0"), "production", BOB)
        yield standing, name, repository


def as_(standing, *grants):
    return HttpRollouts(standing.remote(*grants).http)


def test_a_registry_deletes_nothing_that_is_on_its_way(registry):
    standing, name, repository = registry
    approver = as_(standing, f"approver:{name}")
    approver.begin(f"{name}:0.3.0", PLAN, None, "", False)
    why = f"{name}:0.3.0 is being rolled out to production"

    def delete(version):
        """As MLflow's client does it."""
        return httpx.request(
            "DELETE", f"{standing.url}/api/2.0/mlflow/model-versions/delete",
            json={"name": name, "version": version}, timeout=30,
            headers={"Authorization": f"Bearer {standing.token}"},
        )  # fmt: skip

    answer = delete("3")
    assert (answer.status_code, why in answer.json()["message"]) == (409, True), answer.text
    catalog, version = standing.remote().catalog, row(repository, f"{name}:0.3.0")
    body = {"model": name, "number": "0.3.0", "manifest": version.manifest}
    event = ("delete", body, "root", "2026-11-22T10:00:00.000Z", catalog.head())
    with pytest.raises(Conflict, match=why):
        catalog.append(*event)
    assert delete("2").status_code == 200
    approver.abort(name, "production", End(0, "enough"))
    assert delete("3").status_code == 200


def test_who_approves_deploys_and_who_writes_carries_it_out(registry):
    standing, name, repository = registry
    approver, server = as_(standing, f"approver:{name}"), as_(standing, f"writer:{name}")
    reader = as_(standing, f"reader:{name}")
    for one in (server, reader):
        with pytest.raises(Refused):
            one.begin(f"{name}:0.3.0", PLAN, None, "", False)
    assert approver.begin(f"{name}:0.3.0", PLAN, None, "", True).n == 0
    begun = approver.begin(f"{name}:0.3.0", PLAN, None, "new region", False)
    assert (begun.version.ref, begun.stable.ref) == (f"{name}:0.3.0", f"{name}:1.0.0")
    assert [one.verdict.name for one in begun.judged] == ["signature", "metric"]
    with pytest.raises(Conflict):
        approver.begin(f"{name}:0.2.0", PLAN, None, "", False)
    seen = server.standing(name, "production")
    assert seen.rollout.plan == PLAN
    assert seen.back.ref == f"{name}:1.0.0"
    assert seen.history[0].ref == f"{name}:1.0.0"
    assert reader.standing(name, "production") == seen
    for act in (server.pause, server.resume):
        with pytest.raises(Refused):
            act(name, "production", "")
    with pytest.raises(Refused):
        server.advance(name, seen.rollout, None, "")
    later = datetime.now(UTC) + timedelta(days=1)
    assert not server.advance(name, seen.rollout, later, ""), "the registry's own clock decides"
    with pytest.raises(Refused):
        reader.advance(name, seen.rollout, later, "")
    with pytest.raises(Refused):
        server.abort(name, "production", End(text="by hand"))
    assert approver.pause(name, "production", "").state == "paused"
    assert approver.resume(name, "production", "").state == "running"
    assert approver.advance(name, server.standing(name, "production").rollout, None, "")
    seen = server.standing(name, "production").rollout
    assert seen.share == 50
    n = server.abort(name, "production", End(seen.n, "errors", {"rules": []}))
    assert repository.catalog.event(n).body["itself"] is True
    assert server.abort(name, "production", End(seen.n, "late", {})) == 0
    told = approver.standing(name, "production").rollout
    assert (told.state, told.itself, told.why) == ("aborted", True, "errors")


def test_the_last_step_is_the_servers_and_the_way_back_the_approvers(registry, monkeypatch):
    standing, name, repository = registry
    approver, server = as_(standing, f"approver:{name}"), as_(standing, f"writer:{name}")
    approver.begin(f"{name}:0.3.0", plans.parse(canary="5,100", every="200ms"), None, "", False)
    seen = server.standing(name, "production").rollout
    until(lambda: server.advance(name, seen, datetime.now(UTC), ""), 5)
    assert server.standing(name, "production").rollout.state == "done"
    assert row(repository, f"{name}@production").ref == f"{name}:0.3.0"
    with pytest.raises(Refused):
        server.drill(name, "production")
    n = approver.drill(name, "production")
    server.drilled(name, "production", n, "0123456789abcdef", 0.002, "")
    drill = server.standing(name, "production").drill
    assert (drill.n, drill.told) == (n, (("0123456789abcdef", 0.002, ""),))


def test_what_is_hidden_does_not_exist(registry):
    standing, name, _ = registry
    other = as_(standing, "writer:price", "approver:price")
    for act in (
        lambda: other.standing(name, "production"),
        lambda: other.begin(f"{name}:0.3.0", PLAN, None, "", False),
        lambda: other.drill(name, "production"),
        lambda: other.abort(name, "production", End(1, "x", {})),
    ):
        with pytest.raises(NotFound):
            act()


def test_hostile_bodies_are_refused(registry):
    standing, name, repository = registry
    http = standing.remote(f"approver:{name}", f"writer:{name}").http
    head = repository.catalog.head()
    at = {"model": name, "alias": "production"}
    plan = PLAN.json()
    for path, body in (
        ("/rollouts", {"ref": name, "plan": {**plan, "steps": [5, float("1e308")]}}),
        ("/rollouts", {"ref": name, "plan": {**plan, "rules": "p99 > 2x; DROP TABLE"}}),
        ("/rollouts", {"ref": name, "plan": {**plan, "alias": "../x"}}),
        ("/rollouts", {"ref": name, "plan": {**plan, "mode": "now", "steps": [100]}}),
        ("/rollouts", {"ref": name, "plan": "[]"}),
        ("/rollouts", {"ref": name, "plan": plan, "seen": 3}),
        ("/rollouts/acts", {**at, "act": "step", "n": -1}),
        ("/rollouts/acts", {**at, "act": "end", "n": True, "evidence": {}}),
        ("/rollouts/acts", {**at, "act": "end", "evidence": []}),
        ("/rollouts/acts", {**at, "act": "end", "n": 1, "evidence": {"x": "y" * 300_000}}),
        ("/rollouts/acts", {**at, "act": "drilled", "n": 1, "seconds": "soon"}),
        ("/rollouts/acts", {**at, "act": "drilled", "n": 10**9, "seconds": 1}),
        ("/rollouts/acts", {**at, "act": "explode"}),
        ("/fronts", {**at, "id": "../../etc"}),
        ("/fronts", {**at, "id": "ab" * 8, "why": "x" * 100_000}),
        ("/fronts", {**at, "alias": "a/b", "id": "ab" * 8}),
    ):
        with pytest.raises((Usage, BadOption, NotFound)):  # else it says which
            pytest.fail(f"{body}: {http.once('POST', path, json=body)}")
    assert repository.catalog.head() == head


def test_servers_are_known_while_they_are_heard_of(registry, monkeypatch):
    standing, name, _ = registry
    server, reader = standing.remote(f"writer:{name}"), as_(standing, f"reader:{name}")
    one = HttpAnnounced(server.http)
    one.say({"model": name, "alias": "production", "answers": f"{name}:1.0.0", "at": 7})
    (told,) = reader.fronts(name, "production")
    assert (told["id"], told["answers"], told["at"]) == (one.id, f"{name}:1.0.0", 7)
    assert reader.fronts(name, "staging") == []
    monkeypatch.setattr("snapbook.registry.servers.GONE_S", 0.0)
    assert reader.fronts(name, "production") == []
    monkeypatch.undo()
    one.say({"model": name, "alias": "production"})
    one.close()
    assert reader.fronts(name, "production") == []


@pytest.mark.slow
def test_a_server_follows_an_alias_of_a_registry(project, standing, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_TOKEN", standing.token)
    run(project, f"registry add team {standing.url}")
    snapbook.verbs.push("churn:1.0.0", registry="team", yes=True, rows=True)
    snapbook.verbs.push("churn:1.1.0", registry="team", yes=True, rows=True)
    run(project, "promote team::churn:1.0.0 production")
    service = standing.tokens.make("server", ("writer:churn",))
    monkeypatch.setenv("SNAPBOOK_TOKEN", service)
    server = Server(project, ref="team::churn@production")
    try:
        assert server.by() == "churn:1.0.0"
        monkeypatch.setenv("SNAPBOOK_TOKEN", standing.token)
        said = run(project, "deploy team::churn:1.1.0 --canary 50,100 --every 1s")
        assert "1 of 1 servers switched" in said.lines[2]
        until(lambda: server.by() == "churn:1.1.0")
        there = HttpRollouts(standing.remote().http)
        until(lambda: there.standing("churn", "production").rollout.state == rollout.DONE)
        with places.open_folder(standing.folder) as repository:
            last = repository.catalog.event(repository.catalog.head().n)
        assert (last.body["way"], last.author) == ("promote", "server")
        said = run(project, "rollback churn --registry team")
        assert "1 of 1 servers switched" in said.lines[1]
        assert {server.by() for _ in range(10)} == {"churn:1.0.0"}
    finally:
        server.end()


def test_a_registry_that_hangs_keeps_no_server_from_ending(project, standing, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_TOKEN", standing.token)
    hangs = threading.Event()
    ends = threading.Event()

    def passed(source, target, _):
        with contextlib.suppress(OSError):
            while data := source.recv(16384):
                if hangs.is_set():
                    ends.wait(120)
                target.sendall(data)

    host, port = standing.listening.getsockname()[:2]
    with stores.passing((host, port), passed) as there:
        run(project, f"registry add slow http://{there}")
        snapbook.verbs.push("churn:1.0.0", registry="slow", yes=True)
        run(project, "promote slow::churn:1.0.0 production")
        server = Server(project, ref="slow::churn@production")
        try:
            assert server.by() == "churn:1.0.0"
            hangs.set()
            time.sleep(1.5)
            assert server.by() == "churn:1.0.0"
            begun = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(timeout=100) == 0
            assert time.monotonic() - begun < 10
        finally:
            server.kill()
            server.end()
            ends.set()
