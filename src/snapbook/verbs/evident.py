"""monitor --evidently: Evidently's report of drift, for who is used to it, beside our own.

It wants rows of both sides: those of training out of the version, where they were kept, and those
of the log. A library of somebody else's, which is not needed for anything here.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook.errors import NotFound, Unreachable
from snapbook.export import schema
from snapbook.parts import frame
from snapbook.parts.base import Part
from snapbook.verbs.release import write_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapbook.watch.answers import Answers

_ROWS = 50_000  # of either side


def write(path: Path, parts: Sequence[Part], get: Callable[[str], bytes], met: Answers) -> None:
    """Write it to ``path``. Raises NotFound without the package, or without rows of training."""
    os.environ.setdefault("DO_NOT_TRACK", "1")  # before it is imported: it would tell of its use
    os.environ.setdefault("ITERATIVE_DO_NOT_TRACK", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, of its own dependencies
        try:
            from evidently import DataDefinition, Dataset, Report
            from evidently.presets import DataDriftPreset
        except ImportError as error:
            raise NotFound(
                "Evidently is not installed here, or not with this pandas",
                act="It takes pandas 2",
                hint='pip install evidently "pandas<3"',
            ) from error
        trained = _trained(parts, get)
        live = _live(met.columns, trained)
        numbers = [name for name in live if live[name].dtype.kind == "f"]
        others = [name for name in live if name not in numbers]
        kinds = DataDefinition(numerical_columns=numbers, categorical_columns=others)
        before = Dataset.from_pandas(trained[list(live)], data_definition=kinds)
        now = Dataset.from_pandas(live, data_definition=kinds)
        try:
            text = Report([DataDriftPreset()]).run(now, before).get_html_str(as_iframe=False)
        except Exception as error:
            raise Unreachable("Evidently failed on these rows", type(error).__name__) from error
    write_bytes(path, str(text).encode("utf-8", "replace"))


def _trained(parts: Sequence[Part], get: Callable[[str], bytes]) -> Any:
    import pandas as pd

    part = schema.trained_on(parts) if parts else None
    if part is None or not part.facts.get("stored"):
        raise NotFound(
            "Evidently compares rows, and those of training were not kept",
            act="Without --evidently the profile does",
        )
    found = pd.DataFrame(frame.restore(part, get))
    found.columns = [str(name) for name in found.columns]
    return found.iloc[:: max(1, len(found) // _ROWS)]


def _live(columns: Mapping[str, Any], trained: Any) -> Any:
    """The rows of the log in the columns that both have, of one kind on both sides."""
    import pandas as pd

    found = {}
    for name, values in columns.items():
        if name not in trained:
            continue
        if values.dtype == object:
            trained[name] = trained[name].astype(object).map(str, na_action="ignore")
        else:
            trained[name] = trained[name].astype(float)
        found[name] = values[:: max(1, len(values) // _ROWS)]
    if not found:
        raise NotFound("No column of the log is one of training")
    return pd.DataFrame(found)
