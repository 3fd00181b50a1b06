"""Values in the output of a cell: one display with plain text and HTML, everything escaped here.

The HTML is one `<div>` with inline styles; with all styles stripped (GitHub, nbconvert, Colab) the
same words stand in the same order as in the plain text.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from snapbook.display.card import card, headline
from snapbook.display.text import JsonText, text
from snapbook.display.words import printable
from snapbook.verbs import values

CARD = "application/vnd.snapbook.card+json"
_AMBER = "border-left:3px solid var(--jp-warn-color1,#b26a00);padding-left:6px"
_BADGE = "border:1px solid currentColor;border-radius:3px;padding:0 4px"


def show(value: object, *, as_json: bool = False, replace: str = "") -> None:
    """Write ``value`` into the cell's output, in the place of the display ``replace`` if any."""
    if as_json:
        from snapbook.display.data import to_json

        value = JsonText(to_json(value))
    if isinstance(value, JsonText):
        publish([str(value)], plain_only=True, replace=replace)
    elif isinstance(value, values.Saved):
        if not value.quiet:
            _publish_card(value, replace)
    elif isinstance(value, values.Drawn) and value.html:
        _send({"text/plain": _printable(value.lines), "text/html": value.html}, replace)
    elif value is not None:
        publish(text(value), replace=replace)


def publish(
    lines: Sequence[str], *, amber: int = 0, plain_only: bool = False, replace: str = ""
) -> None:
    """Lines as text and as HTML; the last ``amber`` lines are marked as not kept or not done."""
    data = {"text/plain": "\n".join(lines) if plain_only else _printable(lines)}
    if not plain_only:
        escaped = [_escaped(line) for line in lines]
        if amber:
            body = "".join(_line(line, at >= len(lines) - amber) for at, line in enumerate(escaped))
        else:
            body = (
                '<pre style="margin:0;font-family:var(--jp-code-font-family,monospace);'
                f'white-space:pre-wrap">{chr(10).join(escaped)}</pre>'
            )
        data["text/html"] = f'<div style="color:inherit;font-family:inherit">{body}</div>'
    _send(data, replace)


def _publish_card(saved: values.Saved, replace: str) -> None:
    lines = card(saved)
    amber = 1 if saved.not_kept else 0
    rows = [_headline(saved)]
    rows += [
        _line(_escaped(line.strip()), at >= len(lines) - amber)
        for at, line in enumerate(lines[1:], 1)
    ]
    if saved.kept and not saved.unchanged:
        folded = "".join(f"<div>{_escaped(line)}</div>" for line in saved.folded)
        rows.append(
            f"<details><summary>kept {_escaped(', '.join(saved.kept))}</summary>{folded}</details>"
        )
    body = "".join(rows)
    data: dict[str, Any] = {
        "text/plain": _printable(lines),
        "text/html": f'<div style="color:inherit;font-family:inherit">{body}</div>',
    }
    if not saved.dry:
        # Which version it is and nothing else: a front end that knows the type asks for the rest.
        data[CARD] = {"ref": saved.version.ref, "digest": saved.version.manifest}
    _send(data, replace, _beside(saved))


def _beside(saved: values.Saved) -> dict[str, Any]:
    """What goes with the card and into no notebook: the row that a list shows at once."""
    if saved.row is None:
        return {}
    from snapbook.display.data import plain

    return {"snapbook": plain(saved.row)}


def _headline(saved: values.Saved) -> str:
    """Bold reference, badge with text, reason, and the metrics at the right."""
    head = headline(saved)
    badge = f'<span style="{_BADGE}">{_escaped(head.badge)}</span>'
    said = f"{': ' if head.colon else ' '}{_escaped(head.said)}" if head.said else ""
    metrics = _escaped("  ".join(head.metrics))
    right = f' <span style="float:right;white-space:pre">{metrics}</span>' if metrics else ""
    return f"<div><b>{_escaped(head.ref)}</b> {badge}{said}{right}</div>"


def _line(escaped: str, amber: bool) -> str:
    return f'<div style="{_AMBER if amber else "opacity:.8"}">{escaped}</div>'


def _escaped(line: str) -> str:
    return html.escape(printable(line))


def _printable(lines: Sequence[str]) -> str:
    return "\n".join(printable(line) for line in lines)


def _send(data: dict[str, Any], replace: str, beside: Mapping[str, Any] | None = None) -> None:
    """One display_data (or its update): never an execute_result, never stderr.

    What is ``beside`` the data travels with the message, and is kept by nobody.
    """
    from IPython.display import publish_display_data

    transient = {**(beside or {}), **({"display_id": replace} if replace else {})}
    if replace:
        publish_display_data(data, transient=transient, update=True)
    else:
        publish_display_data(data, transient=transient)
