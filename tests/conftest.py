"""Being here puts tests/ on the import path: suites in tests/contracts are inherited from there."""

import pytest
import servers


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """A PostgreSQL that lives as long as the tests of this process."""
    if why := servers.why_no_postgres():
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("postgres")
    for above in (folder, *folder.parents):
        if above.stat().st_uid == folder.stat().st_uid and above.stat().st_mode & 0o077 == 0:
            above.chmod(0o711)  # the server is not root and has to get to its folder
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
