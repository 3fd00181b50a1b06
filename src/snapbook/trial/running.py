"""A trial from outside: its process is started, given its time, and ended.

Knows neither gates nor what they judge. What the process said before it ended counts; a question
that it did not answer was not passed, and says why.
"""

from __future__ import annotations

import sys
from pathlib import Path

from snapbook.gates.base import Verdict
from snapbook.process import ended
from snapbook.trial.job import Folder, Job

_LOG = "log.txt"


def tried(path: Path, job: Job, project: Path, seconds: float) -> dict[str, Verdict]:
    """Verdicts by gate. ``path`` holds the blobs, ``project`` is where modules are looked for."""
    folder = Folder(path)
    folder.ask(job)
    command = [sys.executable, "-m", "snapbook.trial.worker", str(path)]
    why = ended(command, path / _LOG, project, seconds)
    found = folder.answers()
    for question in job.questions:
        if question.gate not in found:
            found[question.gate] = Verdict(question.gate, False, why or "it gave no verdict")
    return found
