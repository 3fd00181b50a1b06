"""The `%%version_model` line: found in a cell's source, and taken off before the cell runs.

Pure: text goes in, text comes out; IPython calls the transformer several times a cell. What is
wrong with the line, or with its place, becomes a cell that says so and runs nothing.
"""

from __future__ import annotations

import io
import re
import tokenize

from snapbook.errors import SnapbookError

MARK = "%%version_model"
COMMENT = re.compile(r"#\s*snapbook:\s*version_model(?:\s+(?P<line>.*))?$")
# Cell magics whose body is text or another language: our mark inside is no mark.
_OTHER_LANGUAGES = re.compile(
    r"%%(!|writefile|file|markdown|latex|html|HTML|javascript|js|svg|SVG|bash|sh|script|perl|ruby"
    r"|pypy|python[23]?|cmd|sql)(\s|$)"
)


def directive(raw: str) -> str | None:
    """The words after `%%version_model`, or its comment form, on top of ``raw``; else None."""
    first = next((line.strip() for line in raw.splitlines() if line.strip()), "")
    if _is_mark(first):
        return first[len(MARK) :].strip()
    match = COMMENT.match(first)
    return (match["line"] or "").strip() if match else None


def take_the_first_line_off(lines: list[str]) -> list[str]:
    """The cell that runs: without our line, or one that says what is wrong with it. Pure."""
    at = next((i for i, line in enumerate(lines) if line.strip()), None)
    if at is None:
        return lines
    first = lines[at].strip()
    if _is_mark(first) or COMMENT.match(first):
        if wrong := wrong_words(directive(first) or ""):
            return _said(wrong)
        below = next((line for line in lines[at + 1 :] if line.strip()), "")
        if _misplaced(below.strip(), ["\n", *lines[at + 1 :]]):
            return _said(
                f"A cell takes one {MARK}, on its first line. The cell has not run."
                " For a second model afterwards: %version_model NAME --model VAR"
            )
        if not _is_mark(first) or not below:
            # A comment may stay; a cell without a body is told so by IPython itself.
            return lines
        # The line numbers of tracebacks stay right if a comment stands in for the line; but another
        # cell magic has to be the first line itself. It stands as far in as the code below, which
        # IPython may then shift to the left.
        indent = below[: len(below) - len(below.lstrip())]
        stand_in = [] if below.startswith("%%") else [f"{indent}# {first}\n"]
        return lines[:at] + stand_in + lines[at + 1 :]
    if _misplaced(first, lines[at:]):
        shown = first if len(first) <= 60 else first[:57] + "..."
        return _said(
            f'{MARK} must be the first line of the cell; line {at + 1} is "{shown}".'
            " Move it up, nothing was run."
        )
    return lines


# At the prompt of a terminal the cell goes on until an empty line, as under any other cell magic:
# IPython leaves transformers with this mark out when it asks whether a cell is complete.
take_the_first_line_off.has_side_effects = True  # type: ignore[attr-defined]  # a function


def wrong_words(line: str) -> str:
    """What is wrong with the words of the directive, "" if nothing."""
    from snapbook.display.errors import error_text
    from snapbook.verbs import VERBS, table

    try:
        VERBS["save"].check(VERBS["save"].parse(table.split(line)))
    except SnapbookError as error:
        return error_text(error, "magic", intact="The cell has not run.")
    return ""


def _is_mark(line: str) -> bool:
    return line == MARK or line.startswith((MARK + " ", MARK + "\t"))


def _said(wrong: str) -> list[str]:
    return [f"raise __import__('IPython').core.error.UsageError({wrong!r})\n"]


def _misplaced(magic: str, lines: list[str]) -> bool:
    """Whether our mark stands below the first of ``lines`` as code; not under a ``magic`` whose
    body is none.
    """
    if not any(_is_mark(line.rstrip()) for line in lines[1:]) or _OTHER_LANGUAGES.match(magic):
        return False
    return not _inside_text(lines)


def _inside_text(lines: list[str]) -> bool:
    """Whether every line that begins with our mark lies inside a string."""
    marked = {at for at, line in enumerate(lines, 1) if _is_mark(line.rstrip())}
    try:
        for token in tokenize.generate_tokens(io.StringIO("".join(lines)).readline):
            # Outside a string the mark is two operators, the first at the line's beginning.
            if token.type == tokenize.OP and token.start[0] in marked and token.start[1] == 0:
                return False
    except (tokenize.TokenError, SyntaxError, UnicodeError):
        # Python 3.12 cuts odd line ends in the middle of a character and says so as UnicodeError.
        return False
    return True
