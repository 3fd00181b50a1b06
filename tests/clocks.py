"""Processes whose clock can be turned while they run, by libfaketime."""

from pathlib import Path

import pytest

LIBRARY = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
shifting = pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not installed")


def env(rate):
    """For a process whose clock goes as the file ``rate`` says; waiting goes as ever."""
    return {
        "LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(rate),
        "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
    }  # fmt: skip


def turn(rate, days):
    """From now on that clock is so far from the right one."""
    rate.write_text(f"{days:+d}d\n")
