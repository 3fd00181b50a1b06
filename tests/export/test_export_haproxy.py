"""HAProxy in front of two servers of ours: shares, sticky callers, and nothing lost on the way."""

from __future__ import annotations

import collections
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import httpx
import leaving
import pytest
import servers

from snapbook import verbs
from snapbook.deploy import plan
from snapbook.errors import BadOption
from snapbook.export import haproxy
from snapbook.export.manifests import Release, Rollout

OLD = Release("churn", "0.1.0", "a" * 64, "churn")
NEW = Release("churn", "0.2.0", "b" * 64, "churn")
ROW = [{"age": 41, "income": 30.0}]


def test_configurations_are_valid_and_what_cannot_be_said_is_refused(tmp_path):
    if shutil.which("haproxy") is None:
        pytest.skip("haproxy is not installed")
    team = Release("team/churn", "0.1.0", "a" * 64, "churn")
    for made in (
        haproxy.files(NEW, None),
        haproxy.files(team, None),
        haproxy.files(NEW, Rollout(OLD, NEW, plan.parse(canary="5,100", abort_if="p99 > 2x"))),
        haproxy.files(NEW, Rollout(OLD, NEW, plan.parse(ab="30"))),
    ):
        for name, text in made.items():
            (tmp_path / name).write_text(text)
            checked = subprocess.run(
                ["haproxy", "-c", "-f", tmp_path / name], capture_output=True, text=True
            )
            assert checked.returncode == 0, checked.stderr
            assert "WARNING" not in checked.stderr
    with pytest.raises(BadOption, match="shadow"):
        haproxy.files(NEW, Rollout(OLD, NEW, plan.parse(shadow=True)))


@pytest.fixture
def host(tmp_path, monkeypatch):
    """Two versions served, the configurations for them, and HAProxy in front: see `Host`."""
    if shutil.which("haproxy") is None:
        pytest.skip("haproxy is not installed")
    with leaving.project(tmp_path, monkeypatch) as repository:
        rows, target = leaving.numbers()
        frames = {"X": (rows, "train"), "y": (target, "train")}
        for fit in (leaving.logistic, leaving.forest):
            version = leaving.save(repository, fit(rows, target), frames)
            place = f"{version.ref.rpartition(':')[2]}.bundle"
            verbs.export(version.ref, to="bundle", output=place, no_sample=True)
        with standing(Host(tmp_path)) as host:
            yield host


@contextmanager
def standing(host):
    try:
        host.start()
        yield host
    finally:
        host.stop()


class Host:
    def __init__(self, folder):
        self.folder = folder
        self.ports = dict(
            zip((haproxy.FRONT, haproxy.OLD, haproxy.NEW), servers.free_ports(3), strict=True)
        )
        self.url = f"http://127.0.0.1:{self.ports[haproxy.FRONT]}/predict"
        self.running = {}

    def start(self):
        self.serve("old", "0.1.0", haproxy.OLD)
        self.serve("new", "0.2.0", haproxy.NEW)
        words = {"to": "haproxy", "stable": "churn:0.1.0"}
        verbs.export("churn:0.2.0", canary="20,100", every="1s", output="canary", **words)
        verbs.export("churn:0.2.0", ab="50", output="ab", **words)
        self.load("canary/0-stable.cfg", reload=False)
        for name, port in (("old", haproxy.OLD), ("new", haproxy.NEW)):
            servers.until(lambda port=port: self.ready(port), name, self.running[name])
        command = ["haproxy", "-W", "-db", "-f", self.folder / "now.cfg"]
        with (self.folder / "haproxy.log").open("wb") as log:
            self.running["haproxy"] = subprocess.Popen(command, stdout=log, stderr=log)
        servers.until(lambda: self.ready(haproxy.FRONT), "haproxy", self.running["haproxy"])

    def ready(self, port):
        try:
            return httpx.get(f"http://127.0.0.1:{self.ports[port]}/v2/health/ready").is_success
        except httpx.TransportError:
            return False

    def serve(self, name, number, port):
        words = ["--port", str(self.ports[port]), "--trust", "--linger", "2"]
        self.running[name] = subprocess.Popen(
            [sys.executable, "-m", "snapbook.serve.start", f"{number}.bundle", *words],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def load(self, name, reload=True):
        text = (self.folder / name).read_text()
        for port, here in self.ports.items():
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{here}")
        shown = f"    http-response set-header X-Loaded {name}\n    default_backend"
        (self.folder / "now.cfg").write_text(text.replace("    default_backend", shown))
        if not reload:
            return
        url, sent = self.url.replace("/predict", "/v2/health/ready"), []

        def loaded():
            if not sent or time.monotonic() - sent[-1] > 3:  # a signal while it begins is not heard
                self.running["haproxy"].send_signal(signal.SIGUSR2)
                sent.append(time.monotonic())
            return httpx.get(url).headers.get("X-Loaded") == name

        servers.until(loaded, name, self.running["haproxy"])

    def asked(self, count, key=lambda number: {}):
        with httpx.Client() as client:
            replies = [
                client.post(self.url, json=ROW, headers=key(number)) for number in range(count)
            ]
        assert all(reply.is_success for reply in replies), [one.text for one in replies][:3]
        return [reply.headers["Snapbook-Version"] for reply in replies]

    def told(self, count):
        """What became of requests is taken by whoever answered them."""
        with httpx.Client() as client:
            answers = [client.post(self.url, json=ROW) for _ in range(count)]
            said = [{"id": one.headers["X-Request-Id"], "outcome": 1} for one in answers]
            places = [
                f"http://127.0.0.1:{self.ports[port]}/feedback"
                for port in (haproxy.OLD, haproxy.NEW)
            ]

            def kept():  # a server notes what it answered a moment later
                last = {place: client.post(place, json=said[-1]) for place in places}
                return any(reply.is_success for reply in last.values())

            servers.until(kept, "a note", self.running["haproxy"])
            front = self.url.replace("/predict", "/feedback")
            for one in said:
                reply = client.post(front, json=one)
                assert reply.is_success, (reply.status_code, reply.text)
            assert client.post(front, json={"id": "0" * 16, "outcome": 1}).status_code == 404

    def stop(self):
        for process in self.running.values():
            process.kill()
        for process in self.running.values():
            process.wait(10)


class Load:
    """Clients that keep their connections and ask one request after the other."""

    def __init__(self, url, clients=4):
        self.seen, self.wrong, self.going = collections.Counter(), [], True
        self.url = url
        self.threads = [threading.Thread(target=self.ask) for _ in range(clients)]

    def ask(self):
        with httpx.Client(timeout=20) as client:
            while self.going:
                try:
                    reply = client.post(self.url, json=ROW)
                except httpx.TransportError as error:
                    self.wrong.append(repr(error))
                    continue
                if not reply.is_success:
                    self.wrong.append(f"{reply.status_code} {reply.text[:80]}")
                self.seen[reply.headers.get("Snapbook-Version")] += 1
                time.sleep(0.01)  # two cores are for the servers, too

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.going = False
        for thread in self.threads:
            thread.join(30)


@pytest.mark.slow
def test_shares_callers_and_no_request_lost(host):
    assert set(host.asked(20)) == {"churn:0.1.0"}
    host.load("canary/1-canary-20.cfg")
    assert 10 <= host.asked(60).count("churn:0.2.0") <= 14  # they take turns, and nobody else asks
    with Load(host.url) as load:
        host.load("canary/2-done.cfg")
        assert set(host.asked(20)) == {"churn:0.2.0"}
        host.load("canary/rollback.cfg")
        assert set(host.asked(20)) == {"churn:0.1.0"}
        host.load("ab/1-ab.cfg")
        first = host.asked(60, lambda number: {haproxy.KEY: f"caller-{number}"})
        again = host.asked(60, lambda number: {haproxy.KEY: f"caller-{number}"})
        assert first == again
        assert 12 <= first.count("churn:0.2.0") <= 48
        host.told(20)
        os.kill(host.running["new"].pid, signal.SIGKILL)
        host.running["new"].wait(10)
        assert set(host.asked(20)) == {"churn:0.1.0"}
        host.serve("new", "0.2.0", haproxy.NEW)
        servers.until(lambda: "churn:0.2.0" in host.asked(5), "the new one", host.running["new"])
        host.running["old"].terminate()  # it answers on for a while, no longer ready
        host.running["old"].wait(20)
        assert set(host.asked(20)) == {"churn:0.2.0"}
    assert load.wrong == []
    assert load.seen["churn:0.1.0"] > 50
    assert load.seen["churn:0.2.0"] > 50
