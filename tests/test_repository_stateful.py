"""Any walk of saves, names, deletions, sweeps and losses of the index, against plain dicts."""

import shutil
import tempfile
from pathlib import Path

import pytest
from faults import driver
from faults.inspect_repository import silent
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from snapbook import gc, places, refs, verify
from snapbook.catalog.index import Index
from snapbook.catalog.memory import MemoryCatalog
from snapbook.errors import Conflict, NotFound, Refused
from snapbook.repository import Repository
from snapbook.store.memory import MemoryStore

pytestmark = pytest.mark.slow

MODELS = ("churn", "Fraud", "team/risk")
SEEDS = st.integers(1, 12)


class Kept:
    """What a plain mind would remember of one version."""

    def __init__(self, number, seed, message, manifest):
        self.number, self.seed, self.message, self.manifest = number, seed, message, manifest
        self.tags, self.notes, self.deleted = {}, [], False


class Walk(RuleBasedStateMachine):
    """Both engines take the same steps; each must answer as the dicts do."""

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp())
        self.local = places.make_repository(self.folder)
        store = MemoryStore()
        self.memory = Repository(store, MemoryCatalog(), Index(None, store.get))
        self.made = {}  # model -> [Kept], in order
        self.aliases = {}  # (model, alias) -> Kept
        self.names = {}  # any name a model ever had, lower case -> its place in `made`
        self.numbers = set()

    def both(self, act):
        return [act(repository) for repository in (self.local, self.memory)]

    def model(self, name):
        return self.names.get(name.lower(), name)

    def living(self):
        return [(m, kept) for m, all_ in self.made.items() for kept in all_ if not kept.deleted]

    def pick(self, data):
        return data.draw(st.sampled_from(self.living()))

    def row(self, repository, model, kept):
        return repository.resolve(refs.parse(f"{model}:{refs.number_text(kept.number)}"))

    @rule(name=st.sampled_from(MODELS), seed=SEEDS, message=st.sampled_from(["", "one", "two"]))
    def save(self, name, seed, message):
        model = self.model(name)
        before = [kept for kept in self.made.get(model, []) if not kept.deleted]
        local, memory = self.both(lambda r: driver.save(r, name, seed, message=message))
        assert local.unchanged == memory.unchanged == bool(before and before[-1].seed == seed)
        assert local.version.number == memory.version.number
        if local.unchanged:
            if message and message != before[-1].message and message not in before[-1].notes:
                before[-1].notes.append(message)
            return
        number = local.version.number
        assert (model, number) not in self.numbers, "a number was given twice"
        assert all(number > old for m, old in self.numbers if m == model)
        self.numbers.add((model, number))
        self.names.setdefault(name.lower(), model)
        kept = Kept(number, seed, message, (local.version.manifest, memory.version.manifest))
        self.made.setdefault(model, []).append(kept)

    @precondition(lambda self: self.living())
    @rule(data=st.data(), name=st.sampled_from(["team", "stage"]), value=st.sampled_from("ab"))
    def tag(self, data, name, value):
        model, kept = self.pick(data)
        self.both(lambda r: r.tag(self.row(r, model, kept), {name: value}, (), driver.AUTHOR))
        kept.tags[name] = value

    @precondition(lambda self: self.living())
    @rule(data=st.data(), text=st.sampled_from(["good", "bad"]))
    def note(self, data, text):
        model, kept = self.pick(data)
        self.both(lambda r: r.note(self.row(r, model, kept), text, driver.AUTHOR))
        kept.notes.append(text)

    @precondition(lambda self: self.living())
    @rule(data=st.data(), alias=st.sampled_from(["production", "staging"]))
    def alias(self, data, alias):
        model, kept = self.pick(data)
        self.both(lambda r: r.move_alias(self.row(r, model, kept), alias, driver.AUTHOR))
        self.aliases[model, alias] = kept

    @precondition(lambda self: self.made)
    @rule(data=st.data(), to=st.sampled_from([*MODELS, "other"]))
    def rename(self, data, to):
        model = data.draw(st.sampled_from(sorted(self.made)))
        taken = self.names.get(to.lower())

        def act(repository):
            try:
                repository.rename(model, to, driver.AUTHOR)
            except Conflict:
                return False
            return True

        local, memory = self.both(act)
        assert local == memory == (taken is None or taken == model)
        if local and to != model:
            self.made[to] = self.made.pop(model)
            self.names = {n: to if m == model else m for n, m in self.names.items()}
            self.names[to.lower()] = to
            self.aliases = {(to if m == model else m, a): k for (m, a), k in self.aliases.items()}
            self.numbers = {(to if m == model else m, n) for m, n in self.numbers}

    @precondition(lambda self: self.living())
    @rule(data=st.data(), force=st.booleans())
    def delete(self, data, force):
        model, kept = self.pick(data)
        pointed = any(m == model and k is kept for (m, _), k in self.aliases.items())

        def act(repository):
            try:
                repository.delete(self.row(repository, model, kept), driver.AUTHOR, force=force)
            except Refused:
                return False
            return True

        local, memory = self.both(act)
        assert local == memory == (force or not pointed)
        kept.deleted = local

    @rule()
    def free(self):
        gc.gc(self.local, driver.AUTHOR)

    @rule()
    def lose_the_index(self):
        for path in self.local.folder.glob("index.sqlite*"):
            path.unlink()

    @rule()
    def reopen(self):
        self.local.store.close()
        self.local.index.close()
        self.local = places.open_folder(self.local.folder)

    @rule()
    def verify(self):
        for found in self.both(lambda r: verify.verify(r, None, silent)):
            assert (found.problems, found.broken) == ((), ())

    @invariant()
    def answers_are_as_remembered(self):
        if not hasattr(self, "made"):
            return
        for place, repository in enumerate((self.local, self.memory)):
            rows = {(row.model, row.number): row for row in repository.every_version()}
            assert set(rows) == {(model, kept.number) for model, kept in self.living()}
            for model, kept in self.living():
                row = rows[model, kept.number]
                assert (row.manifest, row.message) == (kept.manifest[place], kept.message)
                assert dict(row.tags) == kept.tags
                notes = [note.text for note in repository.index.notes(row.manifest)]
                assert notes == kept.notes
                assert driver.seed_of(repository, row.manifest) == kept.seed
            for model, all_ in self.made.items():
                living = [kept for kept in all_ if not kept.deleted]
                if living:
                    assert repository.resolve(refs.parse(model)).number == living[-1].number
                for kept in all_:
                    if kept.deleted:
                        self.is_gone(repository, model, kept)
            for (model, alias), kept in self.aliases.items():
                if not kept.deleted:
                    found = repository.resolve(refs.parse(f"{model}@{alias}"))
                    assert found.number == kept.number

    def is_gone(self, repository, model, kept):
        try:
            self.row(repository, model, kept)
        except NotFound:
            return
        raise AssertionError("a deleted version was found")

    def teardown(self):
        if hasattr(self, "folder"):
            self.local.store.close()
            self.local.index.close()
            shutil.rmtree(self.folder)


TestWalk = Walk.TestCase
TestWalk.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
