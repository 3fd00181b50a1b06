"""The command line: the verb table with exit codes, tables on a terminal, plain text in a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from snapbook.errors import SnapbookError

if TYPE_CHECKING:
    from snapbook.registry.app import Page

_COMMON = ("--json", "--debug")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit code: 0 done, 1 differs or damaged, 2 usage, 3 not found,
    4 conflict, 5 refused, 6 unreachable or full, 70 a bug of ours.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if "_ARGCOMPLETE" in os.environ:
        from snapbook.completion import complete

        complete()
        return 0
    try:
        code = _run(words)
        sys.stdout.flush()
    except KeyboardInterrupt as error:
        # A verb that leaves something on purpose says so itself.
        sys.stderr.write(f"Stopped. {str(error) or 'Nothing half done was left.'}\n")
        return 130
    except BrokenPipeError:
        # The reader of the pipe has gone (head): not an error, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SnapbookError as error:
        return _fail(error, words)
    except Exception as error:  # noqa: BLE001 - a bug of ours is one line too
        from snapbook.display.errors import internal

        return _fail(internal(error), words)
    return code


def _run(words: Sequence[str]) -> int:
    from snapbook import verbs
    from snapbook.display import terminal
    from snapbook.verbs.here import Here, folder_now, release

    if words and words[0] in ("-V", "--version"):
        found = release()
        sys.stdout.write(f"snapbook {found}\n" if found else "snapbook, run from its sources\n")
        return 0
    before = list(takewhile(_COMMON.__contains__, words))
    verb, *rest = words[len(before) :] or [""]
    as_json = "--json" in words
    with terminal.progress(quiet=as_json) as progress:
        say = sys.stderr.write if as_json else sys.stdout.write
        here = Here(
            folder_now(),
            face="cli",
            progress=progress,
            say=lambda line: _say(say, line),
            line=lambda line: _say(sys.stdout.write, line),
            page=_page,
        )
        value = verbs.run_words(here, verb, [*rest, *before])
    terminal.write(value, as_json=as_json)
    return int(getattr(value, "exit_code", 0))


def _page() -> Page:
    from snapbook import web

    return web.page()


def _say(write: Callable[[str], object], line: str) -> None:
    write(line + "\n")
    sys.stdout.flush()


def _fail(error: SnapbookError, words: Sequence[str]) -> int:
    from snapbook.display.errors import debugging, error_json, error_text

    if "--json" in words:
        sys.stdout.write(error_json(error) + "\n")
    else:
        sys.stderr.write(error_text(error, "cli") + "\n")
    if debugging(list(words)):
        import traceback

        traceback.print_exception(error)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
