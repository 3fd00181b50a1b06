"""Images that run: built by us or by buildah, started by buildah, not as root, and asked."""

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager

import bases
import httpx
import leaving
import pytest
import servers
import shops
import stores

from snapbook import verbs
from snapbook.errors import NotRestorable
from snapbook.export.address import address
from snapbook.export.distribution import Registry
from snapbook.export.push import push

BUILDAH = shutil.which("buildah")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BUILDAH is None, reason="buildah is not installed"),
    pytest.mark.skipif(stores.PROGRAM is None, reason="docker-registry is not installed"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="an image runs on Linux"),
    pytest.mark.skipif(
        not hasattr(os, "geteuid") or os.geteuid() != 0, reason="buildah wants root here"
    ),
]
ROWS = [{"age": 41, "income": 3.0}, {"age": 60, "income": 8.0}]


class Engine:
    """buildah with images and containers of its own, in a folder."""

    def __init__(self, folder):
        self.words = [BUILDAH, "--root", str(folder / "root"), "--runroot", str(folder / "run"),
                      "--storage-driver", "overlay"]  # fmt: skip

    def __call__(self, *words):
        ran = subprocess.run([*self.words, *words], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr[-2000:]
        return ran.stdout.strip()

    def run(self, container, *words):
        """A process in a container, in namespaces as far as a container in a container has them."""
        return subprocess.Popen(
            [*self.words, "run", "--isolation", "chroot", container, "--", *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine(tmp_path_factory.mktemp("engine"))
    container = made("from", "scratch")
    made("rm", container)
    yield made
    made("rm", "--all")
    made("rmi", "--all", "--force")


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A registry that has the base."""
    with stores.registry(tmp_path_factory.mktemp("store") / "registry") as found:
        with Registry(found) as registry:
            push(registry, address(f"{found}/base:1"), bases.base(), lambda _: None)
        yield found


@pytest.fixture
def project(tmp_path, monkeypatch):
    with leaving.project(tmp_path, monkeypatch) as here:
        rows, _ = leaving.numbers()
        frames = {"X_train": (rows, "train"), "X_test": (rows.tail(30), "test")}
        leaving.save(here, leaving.duck(), frames, key=leaving.own_key())
        yield here


def begun(engine, image):
    """A container that is not root's, and how it is run."""
    container = engine("from", "--pull-never", image)
    told = json.loads(engine("inspect", "--type", "container", container))["OCIv1"]["config"]
    assert told["User"] == "10001:10001"
    who = engine.run(container, "python3", "-c", "import os; print(os.getuid())")
    assert who.communicate()[0].split()[0] == "10001"
    return container, told


@contextmanager
def running(engine, image):
    """A client of what the image starts."""
    container, told = begun(engine, image)
    (port,) = servers.free_ports(1)
    process = engine.run(container, *told["Entrypoint"], "--port", str(port), "--open")
    try:
        latest = time.monotonic() + 60
        while not servers.answers(port):
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < latest, "it did not start"
            time.sleep(0.05)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            yield client
    finally:
        process.terminate()
        process.communicate(timeout=30)
        engine("rm", container)


def answered(client):
    said = client.post("/predict", json=ROWS).json()
    assert (said["model"], said["number"]) == ("churn", "0.1.0")
    assert said["predictions"] == [0, 1]
    assert client.get("/v2/health/ready").status_code == 200


def made(**named):
    try:
        return verbs.export("churn", no_sample=True, **named)
    except NotRestorable as error:
        pytest.skip(f"packages cannot be had here ({error.why})")


def test_our_image_runs_out_of_a_registry(project, engine, host):
    to = f"oci://{host}/team/churn"
    done = made(to=to, base=f"{host}/base:1")
    assert done.lines[1].startswith(f"pushed {host}/team/churn:0.1.0: ")
    assert done.data["mounted"] == 1
    again = made(to=to, base=f"{host}/base:1")
    assert again.data["digest"] == done.data["digest"]
    assert again.data["there"] == 5
    name = f"{host}/team/churn:0.1.0"
    engine("pull", "--tls-verify=false", name)
    assert done.data["digest"] in engine("images", "--digests", "--no-trunc")
    with running(engine, name) as client:
        answered(client)


def test_what_buildah_builds_of_our_context_runs(project, engine, host, shop, tmp_path):
    shops.exported(project, shop, to="docker", output="context", base=f"{host}/base:1",
                   with_wheels=True)  # fmt: skip
    words = ("--isolation", "chroot", "--tls-verify=false", "--layers=false", "--tag", "built")
    engine("build", *words, str(tmp_path / "context"))
    container, told = begun(engine, "localhost/built")
    process = engine.run(container, *told["Entrypoint"])
    said = process.communicate()[0]
    # Packages that pretend to be numpy cannot predict; whoever starts it gets as far as this.
    assert "Not served: whoever reaches 0.0.0.0 could ask." in said
    engine("rm", container)
