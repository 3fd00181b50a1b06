"""Cuts follow the content: they cover everything, keep their sizes, and survive edits elsewhere."""

from __future__ import annotations

import os
import pickle
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapbook import chunk

AVERAGE = 1024


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=20_000), st.integers(64, 4096))
def test_pieces_give_back_the_bytes(data, average):
    assert b"".join(chunk.cut(data, average)) == data


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 60_000))
def test_sizes_stay_within_bounds(seed, size):
    data = random.Random(seed).randbytes(size)
    sizes = [len(piece) for piece in chunk.cut(data, AVERAGE)]
    assert all(AVERAGE // 4 <= length <= AVERAGE * 4 for length in sizes[:-1])


@pytest.mark.parametrize("kind", ["random", "text", "small ints", "floats"])
def test_average_is_about_what_was_asked(kind):
    generator = np.random.default_rng(0)
    data = {
        "random": generator.bytes(1 << 20),
        "text": " ".join(str(n * n) for n in range(150_000)).encode(),
        "small ints": generator.integers(0, 50, 1 << 17).tobytes(),
        "floats": generator.normal(size=1 << 17).tobytes(),
    }[kind]
    mean = len(data) / len(chunk.cuts(data, AVERAGE))
    assert AVERAGE / 2.5 < mean < AVERAGE * 2.5


@pytest.mark.parametrize("kind", ["random", "pickle", "small ints"])
def test_an_insertion_changes_few_pieces(kind):
    generator = np.random.default_rng(1)
    data = {
        "random": generator.bytes(1 << 19),
        "pickle": pickle.dumps([{"row": n, "value": n**0.5} for n in range(20_000)]),
        "small ints": generator.integers(0, 50, 1 << 16).tobytes(),
    }[kind]
    edited = data[:100_000] + b"something new" + data[100_000:]
    old = {bytes(piece) for piece in chunk.cut(data, AVERAGE)}
    new = [bytes(piece) for piece in chunk.cut(edited, AVERAGE)]
    changed = [piece for piece in new if piece not in old]
    assert 1 <= len(changed) <= 8


@pytest.mark.parametrize("data", [b"", b"x", b"\0" * 100_000, b"ab" * 50_000])
def test_degenerate_bytes(data):
    ends = chunk.cuts(data, AVERAGE)
    assert (ends[-1] if ends else 0) == len(data)
    assert ends == sorted(set(ends))


def test_cuts_do_not_depend_on_the_tile():
    """Cuts of a long buffer are those of its tail once they have fallen into step."""
    data = os.urandom(3 * (1 << 18) + 77)
    whole = set(chunk.cuts(data, AVERAGE))
    start = 1 << 17
    tail = {end + start for end in chunk.cuts(data[start:], AVERAGE)}
    assert len(tail - whole) <= 8


def test_buffers_of_any_type():
    data = np.arange(10_000)
    assert chunk.cuts(memoryview(data), AVERAGE) == chunk.cuts(data.tobytes(), AVERAGE)
    assert chunk.cuts(bytearray(data.tobytes()), AVERAGE) == chunk.cuts(data.tobytes(), AVERAGE)


def test_rows_deleted_elsewhere_keep_the_cuts():
    hashes = np.random.default_rng(2).integers(0, 2**64, 200_000, dtype=np.uint64)
    fewer = np.delete(hashes, [1000, 150_000])

    def groups(rows):
        ends = chunk.row_cuts(rows, 2048)
        return {rows[a:b].tobytes() for a, b in zip([0, *ends], ends, strict=False)}

    assert len(groups(fewer) - groups(hashes)) <= 6
    mean = len(hashes) / len(chunk.row_cuts(hashes, 2048))
    assert 1200 < mean < 3500


@pytest.mark.parametrize("total", [0, 1, 1023, 1024, 1025, 10_000])
def test_row_cuts_of_equal_rows(total):
    ends = chunk.row_cuts(np.full(total, 2**63, dtype=np.uint64), 2048)
    assert (ends[-1] if ends else 0) == total
    assert ends == sorted(set(ends))
