"""The one table of verbs: name, options, help, what each calls. Every face is made from it.

`snapbook.verbs.NAME(...)` calls a verb from Python: positionals as on the command line, options by
name. What comes back is a value (values.py); faces write it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from snapbook.errors import Hint, Usage, nearest
from snapbook.verbs.every import ALIASES, VERBS
from snapbook.verbs.here import Here, folder_now
from snapbook.verbs.table import Asked, Verb

__all__ = ["ALIASES", "VERBS", "Asked", "Here", "Verb", "find", "here_now", "run", "run_words"]
# Other names that also bring an option.
_SHORT = {"export-env": ("--to", "env"), "export_script": ("--to", "notebook")}

# In a shell they need a reference; in a kernel they mean the model that was used last.
_ONE_VERSION = frozenset({"show", "lineage", "diff", "restore", "export", "trust"})


def find(name: str) -> Verb:
    """The verb called ``name`` or one of its other names. Raises Usage with what is near."""
    known = ALIASES.get(name, name)
    if known in VERBS:
        return VERBS[known]
    near = nearest(name, [*VERBS, "ls", "where"])
    guess = f" (did you mean {' or '.join(near)}?)" if near else ""
    raise Usage(f"There is no verb {name}{guess}", act="All", hint=Hint("help"), kind="verb")


def run_words(here: Here, name: str, words: Sequence[str]) -> object:
    """Parse and run what a magic or a command line asks for; ``name`` "" is status and newest."""
    with here:
        return _run_words(here, name, words)


def _run_words(here: Here, name: str, words: Sequence[str]) -> object:
    if name in ("", "--json", "--debug"):
        return _overview(here)
    if name in ("-h", "--help"):
        return run(here, VERBS["help"].parse([]))
    verb = find(name)
    try:
        asked = verb.parse([*words, *_SHORT.get(name, ())])
    except Usage as error:
        if error.kind == "missing-ref" and here.face == "cli":
            raise _eaten(here, verb) from error
        raise
    if asked.help:
        return run(here, VERBS["help"].parse([verb.name]))
    if here.face == "cli" and verb.name in _ONE_VERSION and not _names_one(asked):
        raise _eaten(here, verb)
    return run(here, asked)


def _names_one(asked: Asked) -> bool:
    """Whether there is a reference, or an option that stands for one."""
    values = asked.values
    return bool(values.get("ref") or values.get("refs") or values.get("undo") or values.get("key"))


def _eaten(here: Here, verb: Verb) -> Usage:
    """A shell takes a word that begins with # for a comment: say so, with one that works."""
    rows = here.repository().index.page(limit=1).rows
    digest = rows[0].manifest[:8] if rows else "3fa9c2e1"
    return Usage(
        f"{verb.name} needs a reference",
        act=f"If you typed #{digest}, the shell took it for a comment",
        hint=Hint(verb.name, (digest,)),
        kind="missing-ref",
    )


def run(here: Here, asked: Asked) -> object:
    """Run what was asked; the repositories that it opens are closed at its end."""
    with here:
        return asked.verb.run(here, asked)


def _overview(here: Here) -> object:
    """Bare `snapbook`: status, then the newest five."""
    from snapbook.verbs import look, state
    from snapbook.verbs.values import Overview

    whole = state.status(here, VERBS["status"].parse([]))
    return Overview(whole, look.list_versions(here, VERBS["list"].parse(["-n", "5"])))


def __getattr__(name: str) -> Callable[..., Any]:
    """`snapbook.verbs.NAME(...)`: the verb as a function, in the kernel it is called in, if any."""
    known = name.replace("_", "-")
    if known not in VERBS:
        raise AttributeError(f"module 'snapbook.verbs' has no attribute {name!r}")
    verb = VERBS[known]

    def call(*args: object, **named: object) -> object:
        here = here_now()
        return run(here, verb.ask(args, named))

    call.__name__ = name
    call.__doc__ = verb.help + "."
    return call


def here_now() -> Here:
    """The surroundings of a Python call: the kernel that runs it, if snapbook is loaded there."""
    from snapbook.kernel import running

    kernel = running()
    return Here(kernel.project if kernel else folder_now(), kernel=kernel)
