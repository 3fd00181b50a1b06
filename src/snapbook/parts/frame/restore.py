"""A stored frame as the object it was: same type, dtypes, labels and values.

Reads canonical values and hands them to the module that knows the library. Raises NotRestorable
with what is missing; nothing stored is ever executed. Knows no library itself.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from snapbook.errors import NotRestorable, SnapbookError
from snapbook.parts.base import Part
from snapbook.parts.frame.stored import Stored

_MAKERS = {
    "pandas": "to_pandas",
    "numpy": "to_numpy",
    "scipy": "to_numpy",
    "polars": "to_polars",
    "pyarrow": "to_arrow",
}


def restore(part: Part, get: Callable[[str], bytes]) -> Any:
    """The object whose rows ``part`` keeps; ``get`` gives blobs. Raises NotRestorable, Damaged."""
    stored = Stored(part, get)
    kind = str(part.facts["type"])
    library = kind.partition(".")[0]
    maker = _MAKERS.get(library)
    if maker is None:
        raise NotRestorable(f"{part.name} is not restored", f"it is a {kind}, unknown here")
    try:
        importlib.import_module("scipy.sparse" if library == "scipy" else library)
        module = importlib.import_module(f"snapbook.parts.frame.{maker}")
        return module.make(stored, kind)
    except ImportError as error:
        raise NotRestorable(
            f"{part.name} is not restored",
            f"it needs {error.name or library}, absent here",
            act="Install it, then again",
            hint=f'%pip install "{(error.name or library).partition(".")[0]}"',
        ) from error
    except SnapbookError:
        raise
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise NotRestorable(
            f"{part.name} is not restored", f"this {library} cannot make it ({error})"
        ) from error
