"""Served models that really listen on loopback, of small models that were really fitted."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
MISSING = [name for name in ("uvicorn", "prometheus_client", "sklearn") if find_spec(name) is None]


def pytest_collection_modifyitems(items):
    """Without the extra `serve` these tests say that they were not run."""
    for item in items:
        if MISSING and HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=f"{', '.join(MISSING)} not installed"))


@pytest.fixture(scope="module")
def lasting():
    """Answering servers of all tests of a file: called with a plate and limits, it gives one."""
    from plates import Answering

    standing = []

    def make(plate, model=None, **limits):
        standing.append(Answering(plate, model, **limits))
        return standing[-1]

    yield make
    for found in standing:
        found.stop()


@pytest.fixture
def answering(lasting):
    """The same for one test, under another name where the test stops it itself."""
    return lasting
