"""A registry that really listens on loopback, over a repository of its own."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from standing import Standing

HERE = Path(__file__).resolve().parent
MISSING = [name for name in ("fastapi", "uvicorn") if find_spec(name) is None]


def pytest_collection_modifyitems(items):
    """Without the extra `registry` these tests say that they were not run."""
    for item in items:
        if MISSING and HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=f"{', '.join(MISSING)} not installed"))


@pytest.fixture
def registry(tmp_path):
    """A registry of this test alone."""
    standing = Standing(tmp_path / "registry")
    yield standing
    standing.stop()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """A registry of all tests of a file, for those that leave it as it is."""
    # Without a pace: what walks over all routes as nobody is quicker than any.
    standing = Standing(tmp_path_factory.mktemp("lasting") / "registry", requests_per_s=0)
    yield standing
    standing.stop()


@pytest.fixture(scope="session")
def openid_url():
    """The address of an OpenID provider that others wrote; each test lets it know whom it needs."""
    import openid

    if any(find_spec(name) is None for name in ("jwt", "oidc_provider_mock")):
        pytest.skip("oidc-provider-mock is not installed")
    with openid.standing() as url:
        yield url


@pytest.fixture
def another(tmp_path):
    """More registries: called with limits, it gives one."""
    standing = []

    def make(**limits):
        standing.append(Standing(tmp_path / f"registry-{len(standing)}", **limits))
        return standing[-1]

    yield make
    for found in standing:
        found.stop()


@pytest.fixture
def remote(registry):
    """Its administrator's client."""
    return registry.remote()
