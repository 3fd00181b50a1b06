"""Values in the output of a cell: one display with plain text and HTML, everything escaped here."""

from __future__ import annotations

import html
from collections.abc import Sequence

from snapbook.display.text import JsonText, badge, card, metric_texts, text
from snapbook.display.words import printable
from snapbook.verbs import values


def show(value: object) -> None:
    """Write ``value`` into the output of the running cell."""
    if value is None or (isinstance(value, values.Saved) and value.quiet):
        return
    lines = text(value)
    if isinstance(value, JsonText):
        publish(lines, plain_only=True)
    elif isinstance(value, values.Saved):
        amber = len(value.not_kept)
        publish(card(value), amber=amber, folded=value.kept, saved=value)
    else:
        publish(lines, table=True)


def publish(
    lines: Sequence[str],
    *,
    amber: int = 0,
    folded: Sequence[str] = (),
    saved: values.Saved | None = None,
    table: bool = False,
    plain_only: bool = False,
) -> None:
    """One display_data with text/plain and text/html; never an execute_result, never stderr."""
    from IPython.display import publish_display_data

    lines = [printable(line) for line in lines]
    data = {"text/plain": "\n".join(lines)}
    if not plain_only:
        data["text/html"] = _html(lines, amber, folded, saved, table)
    publish_display_data(data)


def _html(
    lines: Sequence[str],
    amber: int,
    folded: Sequence[str],
    saved: values.Saved | None,
    table: bool,
) -> str:
    escaped = [html.escape(line) for line in lines]
    if table:
        body = (
            '<pre style="margin:0;font-family:var(--jp-code-font-family,monospace);'
            f'white-space:pre-wrap">{chr(10).join(escaped)}</pre>'
        )
        return f'<div style="color:inherit">{body}</div>'
    rows = []
    for position, line in enumerate(escaped):
        if position == 0 and saved is not None:
            rows.append(_headline(saved))
            continue
        edge = (
            "border-left:3px solid var(--jp-warn-color1,#b26a00);padding-left:6px"
            if position >= len(escaped) - amber
            else "opacity:.8"
        )
        rows.append(f'<div style="{edge}">{line}</div>')
    if folded:
        inner = "<br>".join(html.escape(printable(line)) for line in folded)
        rows.append(f"<details><summary>kept</summary>{inner}</details>")
    return f'<div style="color:inherit;font-family:inherit">{"".join(rows)}</div>'


def _headline(saved: values.Saved) -> str:
    """Bold reference, badge with text, reason, and the metric pairs at the right."""
    label = "unchanged" if saved.unchanged else badge(saved)
    metrics = "  ".join(html.escape(printable(item)) for item in metric_texts(saved.metrics))
    return (
        f"<div><b>{html.escape(saved.version.ref)}</b> "
        '<span style="border:1px solid currentColor;border-radius:3px;padding:0 4px">'
        f"{html.escape(label)}</span> {html.escape(printable(saved.reason if not saved.unchanged else ''))}"
        f'<span style="float:right">{metrics}</span></div>'
    )
