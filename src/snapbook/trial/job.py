"""What a trial is asked to do, as a folder that its process reads: nothing else reaches it.

No repository, no token, no network: the blobs that are needed lie beside the questions, each under
its digest, and the verdicts are written beside them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.errors import Damaged, NotFound
from snapbook.gates.base import Verdict
from snapbook.parts.base import Part

_JOB, _VERDICTS = "job.json", "verdicts.json"


@dataclass(frozen=True, slots=True)
class Question:
    """One gate: its settings, the frames by digest of their parts, and what is known of them.

    ``target`` is "" for none, ``column`` the target as a column of ``rows``, ``inputs`` the columns
    that the model takes ("" and none: all). ``own`` is a pickled function, by its digest.
    """

    gate: str
    settings: Mapping[str, Any]
    rows: str
    target: str = ""
    column: str = ""
    inputs: Sequence[str] = ()
    frames: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Json] = field(default_factory=dict)
    compares: bool = False
    own: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A model's part and that of the one in place ("" for none), by digest, and the questions."""

    model: str
    baseline: str
    shown: str
    questions: Sequence[Question]
    most_bytes: int


class Folder:
    """The folder of one trial."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, data: bytes) -> str:
        """Lay down a blob; gives its digest."""
        digest = canonical.digest(data)
        place = self._path / digest
        if not place.exists():
            place.write_bytes(data)
        return digest

    def add_part(self, part: Part, get: Callable[[str], bytes]) -> str:
        """Lay down a part with all blobs that it needs; gives the digest of the part."""
        for digest in self.lacking(part.blobs):
            self.add(get(digest))
        return self.add(part.encode())

    def lacking(self, digests: Sequence[str]) -> list[str]:
        """Those of ``digests`` that do not lie here, each once."""
        return [one for one in dict.fromkeys(digests) if not (self._path / one).exists()]

    def get(self, digest: str) -> bytes:
        """A blob, verified. Raises NotFound, Damaged."""
        try:
            data = (self._path / digest).read_bytes()
        except FileNotFoundError as error:
            raise NotFound(f"Nothing is stored under {digest[:12]}") from error
        if canonical.digest(data) != digest:
            raise Damaged(f"What is stored under {digest[:12]} was changed")
        return data

    def part(self, digest: str) -> Part:
        """The part under a digest."""
        return Part.decode(self.get(digest))

    def ask(self, job: Job) -> None:
        """Write the questions."""
        told: dict[str, Json] = {
            "model": job.model,
            "baseline": job.baseline,
            "shown": job.shown,
            "most_bytes": job.most_bytes,
            "questions": [
                {
                    "gate": one.gate, "settings": dict(one.settings), "rows": one.rows,
                    "target": one.target, "column": one.column, "inputs": list(one.inputs),
                    "frames": dict(one.frames), "facts": dict(one.facts),
                    "compares": one.compares, "own": one.own,
                }
                for one in job.questions
            ],
        }  # fmt: skip
        (self._path / _JOB).write_bytes(canonical.encode(told))

    def asked(self) -> Job:
        """The questions."""
        told: Any = canonical.decode((self._path / _JOB).read_bytes())
        questions = [Question(**one) for one in told.pop("questions")]
        return Job(**told, questions=questions)

    def answer(self, verdicts: Sequence[Verdict]) -> None:
        """Write what was found so far, whole or not at all."""
        told: list[Json] = [
            {"name": one.name, "passed": one.passed, "reason": one.reason, "facts": dict(one.facts)}
            for one in verdicts
        ]
        partial = self._path / f".{_VERDICTS}"
        partial.write_bytes(canonical.encode(told))
        os.replace(partial, self._path / _VERDICTS)

    def answers(self) -> dict[str, Verdict]:
        """What was found, by gate; what cannot be read was not found."""
        try:
            told: Any = canonical.decode((self._path / _VERDICTS).read_bytes())
            found = [
                Verdict(str(one["name"]), one["passed"] is True, str(one["reason"]), one["facts"])
                for one in told
            ]
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return {verdict.name: verdict for verdict in found}
