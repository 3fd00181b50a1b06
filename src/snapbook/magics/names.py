"""The line magics: which names we answer to, and whose they are.

A name that another extension holds stays theirs. The names stand here and not in the verb table, so
that loading the extension does not import it; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

Run = Callable[[str, str], None]

DAILY = {
    "version_model": "save",
    "versions": "list",
    "version": "list",
    "show_version": "show",
    "show_versions": "show",
    "diff_version": "diff",
    "diff_versions": "diff",
    "restore_version": "restore",
    "restore_versions": "restore",
    "tag_version": "tag",
    "tag_versions": "tag",
}


def register(shell: InteractiveShell, run: Run) -> tuple[list[str], list[str]]:
    """Register what is free; gives our names, and those that another extension holds.

    ``run`` takes a verb and the rest of the line.
    """

    def whole(line: str) -> None:
        """%snapbook VERB ARGS: every verb of snapbook; %snapbook help lists them."""
        verb, _, rest = line.strip().partition(" ")
        run(verb, rest)

    ours, taken = [], []
    for name, function in {
        **{n: _daily(v, run) for n, v in DAILY.items()},
        "snapbook": whole,
    }.items():
        if shell.find_line_magic(name) is None:
            shell.register_magic_function(function, "line", name)
            ours.append(name)
        else:
            taken.append(name)
    return ours, taken


def unregister(shell: InteractiveShell, names: list[str]) -> None:
    """Take our line magics off."""
    for name in names:
        shell.magics_manager.magics["line"].pop(name, None)


def taken_text(names: list[str]) -> list[str]:
    """One line for the names that are not ours, with what answers instead; none if all are."""
    lost = [name for name in names if name not in ("version", "show_versions", "restore_versions")]
    if not lost:
        return []
    if "snapbook" in lost:
        return ["snapbook: %snapbook is taken by another extension; in Python: snapbook.verbs"]
    listed = ", ".join(f"%{name}" for name in lost)
    verbs = ", ".join(f"%snapbook {verb}" for verb in dict.fromkeys(DAILY[name] for name in lost))
    are = "is" if len(lost) == 1 else "are"
    return [f"snapbook: {listed} {are} taken by another extension; use {verbs}"]


def _daily(verb: str, run: Run) -> Callable[[str], None]:
    def magic(line: str) -> None:
        run(verb, line)

    magic.__doc__ = f"The verb {verb} of snapbook; %snapbook help {verb} shows its options."
    return magic
