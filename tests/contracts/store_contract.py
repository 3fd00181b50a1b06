"""What every Store keeps: a class per engine inherits this and reaches its raw bytes."""

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snapbook import canonical
from snapbook.errors import Damaged, NotFound

ABSENT = "ab" * 32


class StoreContract:
    """Inherit and define the fixture `store`, `again` and `damage`."""

    def again(self, store):
        """The same blobs through a new object, as another process would see them."""
        raise NotImplementedError

    def damage(self, store, digest):
        """Change one byte of a stored blob, past the code under test."""
        raise NotImplementedError

    def put(self, store, *blobs):
        writer = store.writer()
        try:
            digests = [writer.add(blob) for blob in blobs]
            writer.commit()
        finally:
            writer.close()
        return digests

    def test_gives_back_what_was_put(self, store):
        blobs = [b"", b"a", b"x" * 5000, bytes(range(256)) * 400, b"\0" * 300_000]
        digests = self.put(store, *blobs)
        assert digests == [canonical.digest(blob) for blob in blobs]
        for reader in (store, self.again(store)):
            assert [reader.get(digest) for digest in digests] == blobs
            assert sorted(reader.digests()) == sorted(digests)
            assert reader.missing([*digests, ABSENT]) == {ABSENT}
            assert all(reader.has(digest) for digest in digests)

    def test_absent_is_not_found(self, store):
        for digest in (ABSENT, "no digest", "zz" * 32, ABSENT + "00"):
            with pytest.raises(NotFound):
                store.get(digest)
        assert not store.has(ABSENT)
        assert store.find("abababab") == []
        assert list(store.digests()) == []

    def test_takes_any_buffer_and_copies_it(self, store):
        data = bytearray(b"abc" * 10_000)
        writer = store.writer()
        digests = [writer.add(data), writer.add(memoryview(data)[3:9])]
        data[:] = b"z" * len(data)
        writer.commit()
        writer.close()
        assert store.get(digests[0]) == b"abc" * 10_000
        assert store.get(digests[1]) == b"abcabc"

    def test_nothing_shows_before_commit_and_nothing_stays_without(self, store):
        writer = store.writer()
        digests = [writer.add(b"small"), writer.add(b"large" * 10_000)]
        assert [writer.get(digest) for digest in digests] == [b"small", b"large" * 10_000]
        assert writer.has(digests[0])
        assert not store.has(digests[0])
        assert self.again(store).missing(digests) == set(digests)
        writer.close()
        writer.close()
        assert store.missing(digests) == set(digests)

    def test_known_blobs_cost_nothing_and_are_relied_on(self, store):
        (old,) = self.put(store, b"old")
        writer = store.writer()
        assert writer.add(b"old") == old
        assert writer.new_bytes == 0
        writer.add(b"new!")
        writer.add(b"new!")
        assert writer.new_bytes == 4
        assert writer.relied() == {old}
        writer.commit()
        writer.close()

    def test_relies_by_name_on_all_or_on_nothing(self, store):
        old, other = self.put(store, b"old", b"other")
        absent = canonical.digest(b"absent")
        writer = store.writer()
        try:
            mine = writer.add(b"mine")
            assert not writer.rely([old, absent])
            assert writer.relied() == frozenset()
            assert writer.rely([old, other, old, mine])
            assert writer.relied() == {old, other}
            mark = writer.mark()
            assert writer.rely([])
            writer.rewind(mark)
            assert writer.relied() == {old, other}
        finally:
            writer.close()

    def test_commits_more_than_once(self, store):
        writer = store.writer()
        first = writer.add(b"first")
        writer.commit()
        second = writer.add(b"second")
        assert self.again(store).missing([first, second]) == {second}
        assert writer.add(b"first") == first
        assert writer.has(first)
        assert writer.get(first) == b"first"
        writer.commit()
        assert writer.new_bytes == len(b"firstsecond")
        writer.close()
        assert self.again(store).missing([first, second]) == set()

    def test_rewinds_to_a_mark(self, store):
        (old,) = self.put(store, b"old")
        writer = store.writer()
        start = writer.mark()
        kept = writer.add(b"kept")
        mark = writer.mark()
        gone = [writer.add(b"gone"), writer.add(b"gone" * 10_000), writer.add(b"old")]
        writer.rewind(mark)
        assert not writer.has(gone[0])
        assert not writer.has(gone[1])
        assert writer.relied() == frozenset()
        assert writer.new_bytes == 4
        later = writer.add(b"later" * 10_000)
        writer.commit()
        with pytest.raises(ValueError, match="committed"):
            writer.rewind(start)
        writer.close()
        assert sorted(self.again(store).digests()) == sorted([old, kept, later])
        assert store.get(later) == b"later" * 10_000

    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,  # one instance of the class per engine
        ],
    )
    @given(data=st.data())
    def test_any_walk_of_adds_marks_and_rewinds(self, store, data):
        """A writer is a list of blobs with bookmarks: a model of it says what must be there."""
        blob = st.builds(
            lambda seed, size: (seed * (size // len(seed) + 1))[:size],
            st.binary(min_size=1, max_size=24),
            st.sampled_from([0, 1, 30, 900, 8191, 8192, 9000, 140_000]),
        )
        before = set(store.digests())
        writer, model, marks = store.writer(), [], []
        for act in data.draw(st.lists(st.sampled_from("aaamr"), max_size=14)):
            if act == "a":
                content = data.draw(blob)
                writer.add(content)
                model.append(content)
            elif act == "m":
                marks.append((writer.mark(), len(model)))
            elif marks:
                mark, length = marks.pop()
                writer.rewind(mark)
                del model[length:]
        expected = {canonical.digest(content): content for content in model}
        for digest, content in expected.items():
            assert writer.get(digest) == content
        new = {d: c for d, c in expected.items() if d not in before}
        assert writer.new_bytes == sum(map(len, new.values()))
        writer.commit()
        writer.close()
        again = self.again(store)
        assert set(again.digests()) == before | set(expected)
        for digest, content in expected.items():
            assert again.get(digest) == content

    def test_damage_is_found_and_stays_where_it_is(self, store):
        bad, good = self.put(store, b"b" * 50_000 + b"!", b"g" * 50_000)
        self.damage(store, bad)
        again = self.again(store)
        with pytest.raises(Damaged):
            again.get(bad)
        assert again.get(good) == b"g" * 50_000

    def test_renews_what_is_there(self, store):
        (digest,) = self.put(store, b"again")
        writer = store.writer()
        assert writer.add(b"again") == digest
        writer.renew([digest])
        writer.commit()
        writer.close()
        assert self.again(store).get(digest) == b"again"
        with pytest.raises(NotFound):
            store.writer().renew([ABSENT])

    def test_finds_by_prefix(self, store):
        digests = self.put(store, *(b"%d" % number for number in range(300)))
        assert store.find(digests[7][:8]) == [digests[7]]
        assert store.find(digests[7]) == [digests[7]]
        assert store.find("00000000") == []

    def test_many_threads_write_and_read(self, store):
        failures = []

        def work(seed):
            try:
                for turn in range(5):
                    shared, own = b"shared" * 3000, b"%d-%d" % (seed, turn)
                    for digest in self.put(store, shared, own):
                        assert store.get(digest) in (shared, own)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(set(self.again(store).digests())) == 21
