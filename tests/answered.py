"""A log of a served version, as small as one may be: a few rows and their outcomes."""

from __future__ import annotations

import time

import numpy as np

from snapbook.watch.answers import Answers, Outcomes, texts
from snapbook.watch.kept import Keeping


def log(folder, version):
    """Three rows that ``version`` answered."""
    number = ".".join(map(str, version.number))
    about = {"model": version.model, "number": number, "manifest": version.manifest}
    when, first = time.time() - np.arange(3.0)[::-1], np.zeros(3, np.int32)
    ids, told = texts(["request-1", "request-2", "request-3"]), np.array([1.0, 2.0, 3.0])
    keeping = Keeping(folder, about)
    columns = {"age": np.array([20.0, 30.0, 40.0])}
    keeping.add("answers", Answers(when, ids, first, np.ones(3, np.float32), told, columns))
    keeping.add("outcomes", Outcomes(when, ids, first, told))
    keeping.close()
