"""The author's own modules, imported out of a bundle.

Their text is what was signed, held in memory: nothing is written beside it, and what lies on the
path under the same names does not come before it, as it did not in the notebook.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.abc import SourceLoader
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType


class Modules(SourceLoader):
    """Sources by the file's name in the bundle, and those names by that of the module."""

    def __init__(self, files: Mapping[str, str], sources: Mapping[str, bytes]) -> None:
        self._files = files
        self._sources = sources

    def install(self) -> None:
        """Import from here first, from now on."""
        sys.meta_path.insert(0, self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - importlib's signature
        target: ModuleType | None = None,  # noqa: ARG002 - importlib's signature
    ) -> ModuleSpec | None:
        """How the module is loaded; None for one that is not the author's."""
        if fullname in self._files:
            package = self._files[fullname].endswith("/__init__.py")
            return spec_from_loader(
                fullname, self, origin=self._files[fullname], is_package=package
            )
        if any(name.startswith(f"{fullname}.") for name in self._files):
            return ModuleSpec(fullname, None, is_package=True)  # a folder without a file of its own
        return None

    def get_filename(self, fullname: str) -> str:
        """Where it lies in the bundle; what a traceback shows."""
        return self._files[fullname]

    def get_data(self, path: str) -> bytes:
        """The source of a file. Raises OSError, for compiled code that is asked for as well."""
        try:
            return self._sources[path]
        except KeyError as error:
            raise OSError(f"there is no {path} in the bundle") from error
