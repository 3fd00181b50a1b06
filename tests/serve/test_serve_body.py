"""What is read of a request's head."""

import re
from concurrent.futures import ThreadPoolExecutor

from snapbook.serve import body


def test_ids_are_all_different_whoever_draws_them():
    with ThreadPoolExecutor(4) as threads:
        drawn = list(threads.map(lambda _: [body.new_id() for _ in range(1500)], range(4)))
    found = [one for some in drawn for one in some]
    assert len(set(found)) == len(found) == 6000
    assert all(re.fullmatch(rb"[0-9a-f]{16}", one) for one in found)


def test_an_id_that_is_given_is_kept_if_it_is_a_sane_one():
    assert body.request_id(b"order-17.A_x") == b"order-17.A_x"
    for given in (b"", b"short", b"a" * 65, b"with space", b"line\r\nfeed", "größer.8".encode()):
        assert re.fullmatch(rb"[0-9a-f]{16}", body.request_id(given))
