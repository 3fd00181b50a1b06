"""Being here puts tests/ on the import path: suites in tests/contracts are inherited from there."""

import gc
import signal
import sys
import tempfile
from pathlib import Path

import pytest
import servers
from hypothesis import HealthCheck, settings

# How long examples take says how busy the machine is, and nothing of what is tested.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")


def pytest_collection_finish():
    """What all files brought with them stays: whoever collects garbage need not look through it."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _nothing_left_running():
    """A session of a script lasts as long as its process: here the next test is another one."""
    yield
    kernels = sys.modules.get("snapbook.kernel")
    while kernels is not None and (kernel := kernels.running()) is not None:
        kernel.stop()


@pytest.fixture
def hangups():
    """What a test starts hears that its terminal is closed, though the tests themselves may not:
    who is started by nohup passes it on.
    """
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL that lives as long as the tests of this process."""
    if why := servers.why_no_postgres():
        pytest.skip(why)
    # The server is not root, and pytest closes its own folders to everybody else.
    with tempfile.TemporaryDirectory(prefix="snapbook-postgres-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        server = servers.Postgres(folder / "server")
        yield server
        server.stop()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory):
    """An S3 server that lives as long as the tests of this process."""
    if why := servers.why_no_s3():
        pytest.skip(why)
    server = servers.S3(tmp_path_factory.mktemp("s3") / "server")
    yield server
    server.stop()


@pytest.fixture
def s3(s3_server, monkeypatch):
    """The S3 server, with its credentials in the environment."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return s3_server
