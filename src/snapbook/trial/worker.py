"""The process in which a version is tried: loads models and rows, asks the gates, writes verdicts.

Started by `trial.running` with a folder, and given nothing else. Whoever started it decided that
the models may be loaded. Each verdict is written as it comes, so that one gate that hangs or takes
the process down costs no other its word.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from snapbook.gates import known
from snapbook.gates.base import Verdict
from snapbook.gates.trial import Trial, TrialGate
from snapbook.parts import frame, model
from snapbook.trial import own
from snapbook.trial.job import Folder, Job, Question


def main(path: str) -> None:
    """Answer the questions that lie in the folder ``path``."""
    folder = Folder(Path(path))
    job = folder.asked()
    _hold(job.most_bytes)
    room = _Room(folder, job)
    found: list[Verdict] = []
    for question in job.questions:
        found.append(room.answer(question))
        folder.answer(found)


class _Room:
    """The objects of a trial, each loaded once."""

    def __init__(self, folder: Folder, job: Job) -> None:
        self._folder = folder
        self._job = job
        self._model = cache(lambda digest: model.restore(folder.part(digest), folder.get))
        self._frame = cache(lambda digest: frame.restore(folder.part(digest), folder.get))

    def answer(self, question: Question) -> Verdict:
        """What one gate says; not passed where its models or rows do not load."""
        try:
            return known.tried(question.gate, self._trial(question), self._own(question))
        except MemoryError:
            return Verdict(question.gate, False, _too_much(self._job.most_bytes))
        except Exception as error:  # noqa: BLE001 - the user's own model and function are loaded
            said = " ".join(str(error).split())[:200]
            return Verdict(question.gate, False, f"it cannot be tried ({said})")

    def _trial(self, question: Question) -> Trial:
        rows = whole = self._frame(question.rows)
        target: Any = self._frame(question.target) if question.target else None
        if question.column:
            target = whole[question.column]
        if question.inputs:
            rows = whole[list(question.inputs)]
        compares = question.compares and self._job.baseline
        return Trial(
            self._model(self._job.model),
            rows,
            target,
            self._model(self._job.baseline) if compares else None,
            self._job.shown if compares else "",
            question.settings,
            {name: self._frame(digest) for name, digest in question.frames.items()},
            question.facts,
        )

    def _own(self, question: Question) -> TrialGate | None:
        if not question.own:
            return None
        import cloudpickle

        return own.gate(question.gate, cloudpickle.loads(self._folder.get(question.own)))


def _hold(most_bytes: int) -> None:
    """Take no more memory than that, where the system can see to it."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        # Not the address space: numpy's threads and torch reserve far more of it than they use.
        resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))


def _too_much(most_bytes: int) -> str:
    return f"it needs more than the {most_bytes / 2**30:.1f} GB of memory that it may take"


if __name__ == "__main__":
    main(sys.argv[1])
