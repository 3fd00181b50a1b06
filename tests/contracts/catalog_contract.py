"""What every Catalog keeps: a class per engine inherits this and reaches its raw bytes."""

import threading
from dataclasses import replace

import pytest

from snapbook.catalog.base import Broken, Head
from snapbook.errors import Conflict
from snapbook.events import FIRST_PREV, Event, check_chain, closed, seal, unseal

TIME = "2026-11-21T14:02:00.000000Z"


class CatalogContract:
    """Inherit and define the fixture `catalog`, `again`, `rewrite` and `remove`."""

    def again(self, catalog):
        """The same chain through a new object, as another process would see it."""
        raise NotImplementedError

    def rewrite(self, catalog, n, change):
        """Put ``change(bytes)`` in the place of stored event ``n``."""
        raise NotImplementedError

    def remove(self, catalog, n):
        """Take stored event ``n`` away."""
        raise NotImplementedError

    def fill(self, catalog, count):
        head = catalog.head()
        for number in range(count):
            event = catalog.append("note", {"number": number}, "ada", TIME, head)
            head = Head(event.n, event.digest)
        return head

    def test_begins_empty(self, catalog):
        assert catalog.head() == Head(0, FIRST_PREV)
        assert list(catalog.read()) == []
        assert list(catalog.verify()) == []

    def test_appends_in_order(self, catalog):
        head = self.fill(catalog, 5)
        for reader in (catalog, self.again(catalog)):
            events = list(reader.read())
            assert [event.n for event in events] == [1, 2, 3, 4, 5]
            assert list(check_chain(events)) == []
            assert reader.head() == head == Head(5, events[-1].digest)
            assert [event.n for event in reader.read(4)] == [4, 5]
            assert list(reader.read(6)) == []
            assert events[2].body == {"number": 2}
            assert (events[2].author, events[2].time, events[2].type) == ("ada", TIME, "note")

    def test_one_event(self, catalog):
        self.fill(catalog, 3)
        self.rewrite(catalog, 2, lambda data: data[:40])
        assert catalog.event(1).body == {"number": 0}
        assert [catalog.event(n) for n in (0, 2, 4)] == [None] * 3

    def test_a_stamp_is_other_when_the_bytes_are(self, catalog):
        self.fill(catalog, 3)
        stamps = catalog.stamps([1, 2, 3, 4])
        assert self.again(catalog).stamps([1, 2, 3, 4]) == stamps
        self.rewrite(catalog, 2, lambda data: data[1:])
        self.remove(catalog, 3)
        changed = zip(stamps, catalog.stamps([1, 2, 3, 4]), strict=True)
        assert [old == new for old, new in changed] == [True, False, False, True]

    def test_a_taken_place_is_a_conflict(self, catalog):
        start = catalog.head()
        first = catalog.append("note", {}, "ada", TIME, start)
        with pytest.raises(Conflict):
            catalog.append("note", {"other": 1}, "bob", TIME, start)
        with pytest.raises(Conflict):
            catalog.append("note", {}, "bob", TIME, Head(1, FIRST_PREV))
        with pytest.raises(Conflict):
            catalog.append("note", {}, "bob", TIME, Head(7, first.digest))
        assert [event.body for event in catalog.read()] == [{}]

    def test_a_body_that_is_no_json_changes_nothing(self, catalog):
        with pytest.raises(TypeError):
            catalog.append("note", {"x": object()}, "ada", TIME, catalog.head())
        assert catalog.head() == Head()

    def test_many_threads_append_without_gap_or_loss(self, catalog):
        lost, failures = [], []

        def work(name):
            done = 0
            try:
                while done < 15:
                    try:
                        catalog.append("note", {"by": name}, name, TIME, catalog.head())
                        done += 1
                    except Conflict:
                        lost.append(name)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(f"t{number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        events = list(self.again(catalog).read())
        assert [event.n for event in events] == list(range(1, 61))
        assert list(catalog.verify()) == []
        assert {
            event.author: sum(e.author == event.author for e in events) for event in events
        } == {f"t{number}": 15 for number in range(4)}

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            (lambda data: data[:40], "cut"),
            (lambda data: b"", "cut"),
            (lambda data: data.replace(b'"ada"', b'"eve"'), "changed"),
            (lambda data: data[:-2] + b"0\n", "changed"),
        ],
    )
    def test_a_damaged_event_is_found_and_the_others_are_read(self, catalog, change, why):
        self.fill(catalog, 5)
        self.rewrite(catalog, 3, change)
        again = self.again(catalog)
        assert [event.n for event in again.read()] == [1, 2, 4, 5]
        (problem,) = [broken for broken in again.verify() if broken.n == 3]
        assert why in problem.why
        event = again.append("note", {}, "ada", TIME, again.head())
        assert event.n == 6

    def test_a_missing_event_is_found(self, catalog):
        self.fill(catalog, 4)
        self.remove(catalog, 2)
        again = self.again(catalog)
        assert [event.n for event in again.read()] == [1, 3, 4]
        assert list(again.verify()) == [Broken(2, "it is missing")]

    def test_an_exchanged_event_breaks_the_chain(self, catalog):
        """Whole in itself, but not the one that its successor was made for."""
        self.fill(catalog, 3)
        forged = seal(Event(2, FIRST_PREV, "note", TIME, "eve", {}))
        self.rewrite(catalog, 2, lambda data: forged)
        assert [broken.n for broken in self.again(catalog).verify()] == [2, 3]

    def test_what_happened_has_a_salt(self, catalog):
        self.fill(catalog, 3)
        events = list(self.again(catalog).read())
        assert len({event.salt for event in events}) == 3
        assert {len(event.salt) for event in events} == {32}
        assert [data for _, data in catalog.stored(1, 3)] == [seal(event) for event in events]
        assert list(catalog.stored(2, 2)) == [(2, seal(events[1]))]
        assert list(catalog.stored(4, 4)) == []

    def test_a_chain_of_the_first_form_goes_on_and_never_back(self, catalog):
        self.fill(catalog, 1)
        self.rewrite(catalog, 1, lambda data: seal(replace(unseal(data), salt="")))
        again = self.again(catalog)
        head = self.fill(again, 2)
        assert [bool(event.salt) for event in again.read()] == [False, True, True]
        assert list(again.verify()) == []
        self.rewrite(again, 3, lambda data: seal(replace(unseal(data), salt="")))
        (broken,) = self.again(again).verify()
        assert (broken.n, head.n) == (3, 3)
        assert "in one piece" in broken.why

    def test_an_event_that_does_not_say_what_happened_is_damage(self, catalog):
        """Whoever keeps the chain has all of it; its successor follows what is left of it."""
        self.fill(catalog, 4)
        self.rewrite(catalog, 2, closed)
        self.rewrite(catalog, 3, lambda data: data.replace(b'"ada"', b'"eve"'))
        assert [broken.n for broken in self.again(catalog).verify()] == [2, 3]

    def test_a_damaged_head_does_not_stop_the_next(self, catalog):
        self.fill(catalog, 3)
        self.rewrite(catalog, 3, lambda data: data[:25])
        again = self.again(catalog)
        assert again.head().n == 3
        assert again.append("note", {}, "ada", TIME, again.head()).n == 4
        assert [broken.n for broken in again.verify()] == [3]

    def test_verify_tells_how_far_it_is(self, catalog):
        self.fill(catalog, 3)
        seen = []
        assert list(catalog.verify(lambda done, total: seen.append((done, total)))) == []
        assert seen[-1] == (3, 3)

    def test_members_beside_its_own_are_kept(self, catalog):
        via = {"request": "5f0c", "address": "10.0.0.7"}
        first = catalog.append(
            "note", {}, "ada", TIME, catalog.head(), {"more": via, "after": [1, None]}
        )
        # A registry adds what it knows of the request.
        assert (first.rest["more"], first.rest["after"]) == (via, [1, None])
        assert self.again(catalog).event(1) == first
        assert catalog.head() == Head(1, first.digest)
        second = catalog.append("note", {}, "ada", TIME, catalog.head())
        assert second.prev == first.digest
        assert list(catalog.verify()) == []
