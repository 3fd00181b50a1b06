"""What batch predictions are asked of: small models that were really fitted."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import plates
import pytest
from trays import tray

HERE = Path(__file__).resolve().parent
MISSING = [name for name in ("pyarrow", "sklearn") if find_spec(name) is None]


def pytest_collection_modifyitems(items):
    """Without the extra `arrow` these tests say that they were not run."""
    for item in items:
        if MISSING and HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=f"{', '.join(MISSING)} not installed"))


@pytest.fixture
def numbers():
    """A forest over four numbers that tells three classes apart."""
    return tray(plates.numbers())


@pytest.fixture
def mixed():
    """A pipeline over columns of every kind, to an amount."""
    found = tray(plates.mixed())
    return replace(
        found, signature=found.signature | {"outputs": {"kind": "numbers", "fields": []}}
    )
