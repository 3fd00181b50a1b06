"""judge: a version is tried by the gates that need its model, here, and what they say is kept.

In this project or in a registry: the blobs come here, the model is loaded in a process of its own
after trust was asked, and only verdicts go back, signed. Rows are those that the version keeps, or
frames of the kernel.
"""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook import settings
from snapbook.errors import BadOption, Hint, NotFound, Untrusted
from snapbook.flavors import codeless
from snapbook.gates import known
from snapbook.manifest import Manifest
from snapbook.parts import frame, model
from snapbook.promote.verdicts import ROWS_OF, Judgement, judgement
from snapbook.refs import number_text
from snapbook.secrets import Redactor
from snapbook.store.memory import MemoryStore
from snapbook.transfer import Local
from snapbook.trial import choosing, own, running
from snapbook.trial.job import Folder, Job, Question
from snapbook.trust import Claim, Trust
from snapbook.verbs import travel, who
from snapbook.verbs.here import Here, release
from snapbook.verbs.promotion import data_of, desk, split, typed, verdicts
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.gates.base import Verdict
    from snapbook.parts.base import Part
    from snapbook.promote.policy import Wanted
    from snapbook.promote.verdicts import Sought
    from snapbook.transfer import Side
    from snapbook.verbs.table import Asked

_MOST_SOURCE = 100_000


def judge(here: Here, asked: Asked) -> Done:
    """Try a version by the gates that its policy asks for and that need its model."""
    ref, registry = split(asked.ref, asked.registry)
    with desk(here, registry) as there, _side(here, registry) as side:
        sought = there.sought(ref, asked.alias)
        gates = _wanted(here, sought, asked)
        if not gates:
            line = f"no gate of {asked.alias} needs the model of {sought.version.ref}"
            return Done((line,), {"ref": sought.version.ref, "alias": asked.alias, "gates": []})
        with tempfile.TemporaryDirectory(prefix="snapbook-trial-") as name:
            bench = _Bench(here, side, sought, Folder(Path(name)), asked, registry)
            found = running.tried(
                Path(name), bench.job(gates), here.folder, settings.number("judge.max_seconds")
            )
        signed = [_signed(here, sought, asked.alias, gate, found[gate.name]) for gate in gates]
        if not asked.dry_run:
            there.judge(sought.version.ref, asked.alias, signed)
        review = there.review(sought.version.ref, asked.alias)
    named = {gate.name for gate in gates}
    told = [one for one in review.judged if one.verdict.name in named]
    if asked.dry_run:
        told = []
    head = f"{'would judge' if asked.dry_run else 'judged'} {sought.version.ref} for {asked.alias}"
    lines = [head, *(verdicts(told, "warns") or _plain(gates, found))]
    if not review.missing and not asked.dry_run and review.candidate is not None:
        where = (f"--registry {registry}",) if registry else ()
        act = typed(here, "promote", sought.version.ref, asked.alias, *where)
        lines.append(f"  next: {act}")
    return Done(
        tuple(lines),
        {
            "ref": sought.version.ref, "manifest": sought.version.manifest, "alias": asked.alias,
            "gates": data_of(told), "missing": list(review.missing),
        },
    )  # fmt: skip


def _plain(gates: Sequence[Wanted], found: Mapping[str, Verdict]) -> list[str]:
    words = {True: "passes", False: "fails"}
    return [
        f"  {words[found[gate.name].passed]:<7}{gate.name}: {found[gate.name].reason}"
        for gate in gates
    ]


def _wanted(here: Here, sought: Sought, asked: Asked) -> list[Wanted]:
    """The gates to ask: all, or those that were named; without a notebook none of its functions."""
    names = [gate.name for gate in sought.gates]
    for name in asked.gate:
        if name not in names:
            raise BadOption(
                f"{asked.alias} asks for no gate {name} that needs the model",
                act="See the policy",
                hint=Hint("policy", (sought.version.model,)),
            )
    chosen = [gate for gate in sought.gates if not asked.gate or gate.name in asked.gate]
    mine = [gate for gate in chosen if gate.settings.get(known.OWN) is not True
            or _function(here, gate.name) is not None]  # fmt: skip
    if chosen and (not mine or (asked.gate and len(mine) < len(chosen))):
        name = next(gate.name for gate in chosen if gate not in mine)
        raise NotFound(
            f"Gate {name} is a function of your own, and there is none of that name here",
            act=f"In a notebook: def {name}(model, X, y): return ...; then judge there",
            kind="no-gate",
        )
    return mine


def _function(here: Here, name: str) -> Any:
    found = here.kernel.namespace.get(name) if here.kernel is not None else None
    return found if callable(found) else None


@contextmanager
def _side(here: Here, registry: str) -> Iterator[Side]:
    """Where the version's blobs are."""
    if not registry:
        yield Local(here.repository())
        return
    with travel.opened(here, travel.book().get(registry)) as side:
        yield side


@dataclass(frozen=True, slots=True)
class _Bench:
    """What is laid down for a trial: models that may be loaded, and rows."""

    here: Here
    side: Side
    sought: Sought
    folder: Folder
    asked: Asked
    registry: str

    def job(self, gates: Sequence[Wanted]) -> Job:
        """The questions of ``gates``. Raises Untrusted, NotFound."""
        row, before = self.sought.version, self.sought.baseline
        parts = self._parts(row)
        part = self._model(row, parts)
        compares = any(known.compares(gate.name, gate.settings) for gate in gates)
        sizes: dict[str, Json] = {"bytes": part.facts.get("stored_bytes")}
        baseline = ""
        if before is not None and compares:
            theirs = self._model(before, self._parts(before))
            sizes["baseline_bytes"] = theirs.facts.get("stored_bytes")
            baseline = self._lay(before, theirs)
        mine = self._frames_here()
        return Job(
            self._lay(row, part),
            baseline,
            number_text(before.number) if before is not None else "",
            [self._question(gate, parts, part, mine, sizes) for gate in gates],
            int(settings.number("judge.max_memory")),
        )

    def _question(
        self,
        gate: Wanted,
        parts: Sequence[Part],
        part: Part,
        mine: Sequence[Part],
        sizes: Mapping[str, Json],
    ) -> Question:
        source = self.sought.rows_of.get(gate.settings.get(ROWS_OF, ""), self.sought.version)
        if mine and source is not self.sought.version:
            raise BadOption(
                f"Gate {gate.name} asks for the rows of {gate.settings[ROWS_OF]}",
                act="Leave --data out, or name other gates with --gate",
            )
        kept = parts if source is self.sought.version else self._parts(source)
        there = self.side.offer(source).needed
        frames = [*mine, *(_as_held(one, there) for one in kept if one.kind == "frame")]
        given = dict(gate.settings)
        if self.asked.data:
            given["rows"] = self.asked.data[0]
        if self.asked.target:
            given["target"] = self.asked.target
        chosen = choosing.choose(frames, part, given)
        named = {one.name: one for one in reversed(frames) if one.facts.get("stored")}
        wanted = _frames_for(gate, named, _function(self.here, gate.name))
        facts: dict[str, Json] = {**chosen.facts(), **sizes}
        facts["rows_from"] = "the kernel" if mine else source.ref
        return Question(
            gate.name,
            gate.settings,
            self._lay(source, chosen.rows),
            self._lay(source, chosen.target) if chosen.target is not None else "",
            chosen.column,
            chosen.inputs,
            {name: self._lay(source, named[name]) for name in wanted},
            facts,
            known.compares(gate.name, gate.settings),
            self._own(gate),
        )

    def _own(self, gate: Wanted) -> str:
        if gate.settings.get(known.OWN) is not True:
            return ""
        import cloudpickle

        return self.folder.add(cloudpickle.dumps(_function(self.here, gate.name)))

    def _frames_here(self) -> list[Part]:
        """The frames of the kernel that were named, captured as a version would, and laid down."""
        space = self.here.kernel.namespace if self.here.kernel is not None else {}
        found = []
        for name in dict.fromkeys([*self.asked.data, *filter(None, [self.asked.target])]):
            if name == self.asked.target and name not in space:
                continue  # a column, or a frame of the version
            if name not in space or not frame.is_frame(space[name]):
                raise BadOption(f"There is no frame {name} here", act="--data names a variable")
            writer = MemoryStore().writer()
            part = frame.capture(space[name], name, writer, role="test").part
            self.folder.add_part(part, writer.get)
            found.append(part)
        return found

    def _parts(self, row: VersionRow) -> Sequence[Part]:
        manifest = Manifest.decode(self.side.store.get(row.manifest))
        self._bring(row, [ref.digest for ref in manifest.parts])
        return manifest.load(self.side.store.get)

    def _lay(self, row: VersionRow, part: Part) -> str:
        """Lay a part down with its blobs, those that are not there yet in one go."""
        self._bring(row, self.folder.lacking(part.blobs))
        return self.folder.add_part(part, self.side.store.get)

    def _bring(self, row: VersionRow, digests: Sequence[str]) -> None:
        if digests:
            self.side.bring(row, digests, lambda done, of: self.here.progress("pieces", done, of))

    def _model(self, row: VersionRow, parts: Sequence[Part]) -> Part:
        """The model of a version, if it may be loaded. Raises Untrusted, NotFound."""
        part = next((part for part in parts if part.kind == "model"), None)
        if part is None:
            raise NotFound(
                f"{row.ref} holds no model", act="Look at it", hint=Hint("show", (row.ref,))
            )
        if codeless.executes(part.facts):
            self._bring(row, self.folder.lacking(part.blobs))
            imports = model.imports(part, self.side.store.get)
            tops = tuple(dict.fromkeys(one.partition(":")[0].partition(".")[0] for one in imports))
            try:
                Trust(settings.folder()).check(self._claim(row), row.ref, tops)
            except Untrusted as error:
                if self.registry:
                    error.act = "Pull it first, and trust it here"
                    error.hint = Hint("pull", (f"{self.registry}::{row.ref}",))
                raise
        return part

    def _claim(self, row: VersionRow) -> Claim:
        if isinstance(self.side, Local):
            return self.side.repository.claim(row)
        given: Any = self.side.offer(row).body.get("signature")
        said = given if isinstance(given, Mapping) else {}
        # One that was given for another name opens nothing here.
        key, signature = str(said.get("key", "")), str(said.get("signature", ""))
        return Claim(row.model, row.manifest, row.author, key, signature)


def _as_held(part: Part, there: frozenset[str]) -> Part:
    """A frame as it is there: rows that did not come along with the version are not kept."""
    if there.issuperset(part.blobs):
        return part
    return replace(part, facts={**part.facts, "stored": False})


def _frames_for(gate: Wanted, named: Mapping[str, Part], function: Any) -> list[str]:
    """The frames that a gate asks for beside its rows, by name."""
    if gate.settings.get(known.OWN) is True:
        asked = set(own.parameters(function)) - set(own.GIVEN)
        return [name for name in named if name in asked]
    column = str(gate.settings.get("column", ""))
    table, _, inner = column.rpartition(".")
    return [
        name
        for name, part in named.items()
        if name == column or (table in ("", name) and inner in choosing.columns(part))
    ]


def _signed(here: Here, sought: Sought, alias: str, gate: Wanted, verdict: Verdict) -> Judgement:
    """The verdict with how it came to be; the source of a function of one's own is part of it."""
    more: dict[str, Json] = {
        "with": {"snapbook": release(), "python": platform.python_version()},
    }
    if gate.settings.get(known.OWN) is True:
        text = own.source(_function(here, gate.name))[:_MOST_SOURCE]
        more["source"] = Redactor().redact(text)
    return judgement(sought, alias, gate, verdict, who.author(here.folder).key, more)
