import random

from hypothesis import given, settings
from hypothesis import strategies as st

from snapbook.flavors.pieces import cut

NOISE = random.Random(0).randbytes(400_000)


def test_pieces_are_the_whole():
    for size in (0, 1, 1000, 9000, 100_000, 400_000):
        assert b"".join(cut(NOISE[:size])) == NOISE[:size]


def test_large_streams_are_cut_coarsely():
    stream = NOISE * 12
    pieces = list(cut(stream))
    assert b"".join(pieces) == stream
    assert len(pieces) < len(stream) / 8000


@settings(max_examples=30, deadline=None)
@given(st.integers(60_000, 300_000), st.binary(min_size=1, max_size=2000))
def test_what_is_added_at_the_end_costs_about_itself(size, added):
    before = {bytes(piece) for piece in cut(NOISE[:size])}
    after = [bytes(piece) for piece in cut(NOISE[:size] + added)]
    assert sum(len(piece) for piece in after if piece not in before) < len(added) + 30_000
    assert len(after) < 150


def test_one_more_tree_after_another():
    stored, seen = 0, set()
    for trees in range(100):
        for piece in map(bytes, cut(NOISE[: 200_000 + trees * 1300])):
            if piece not in seen:
                seen.add(piece)
                stored += len(piece)
    assert stored < 200_000 + 3 * 100 * 1300
