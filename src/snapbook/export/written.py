"""A model card as Markdown, with metadata on top as Hugging Face reads it, and as an HTML page."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from snapbook.export import plots

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.export.card import Card


def markdown(card: Card) -> str:
    """The card as Markdown, with its metadata on top as YAML."""
    lines = ["---", *_yaml(card.front), "---", "", f"# {_md(card.title)}"]
    for section in card.sections:
        lines += ["", f"## {section.title}"]
        for line in section.lines:
            lines += ["", _md(line)]
        if section.table:
            head, *rows = section.table
            lines += ["", _row(head), f"|{' --- |' * len(head)}", *map(_row, rows)]
    return "\n".join(lines) + "\n"


def page(card: Card) -> str:
    """The card as one HTML file that loads nothing."""
    body = [f"<h1>{html.escape(card.title)}</h1>"]
    for section in card.sections:
        body.append(f"<h2>{html.escape(section.title)}</h2>")
        body += [f"<p>{html.escape(line)}</p>" for line in section.lines]
        if section.table:
            head, *rows = section.table
            cells = "".join(f"<th>{html.escape(text)}</th>" for text in head)
            body.append(f"<table><thead><tr>{cells}</tr></thead><tbody>")
            for row in rows:
                cells = "".join(f"<td>{_broken(text)}</td>" for text in row)
                body.append(f"<tr>{cells}</tr>")
            body.append("</tbody></table>")
        if section.plots:
            body.append(f'<div class="plots">{"".join(map(plots.svg, section.plots))}</div>')
    return _PAGE.format(title=html.escape(card.title), body="\n".join(body))


def _broken(text: str) -> str:
    """A text in which names of scikit-learn's parameters may be broken where they are joined."""
    return html.escape(text).replace("__", "__<wbr>")


def _yaml(front: Mapping[str, Json]) -> list[str]:
    """YAML of names at the top; what is below them is JSON, which is YAML too."""
    lines = []
    for name, value in front.items():
        if isinstance(value, list):
            lines += [f"{name}:", *(f"- {_json(one)}" for one in value)]
        else:
            lines.append(f"{name}: {_json(value)}")
    return lines


def _json(value: Json) -> str:
    """A value on one line. YAML takes letters as they are, and JSON's pairs of halves for two."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else " " for char in text)


def _md(text: str) -> str:
    """One line in which nothing is markup."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", line)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_md, cells))} |"


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>:root{{color-scheme:light dark}}
body{{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}}
.plots{{display:flex;flex-wrap:wrap;gap:1rem;margin:1rem 0}}svg{{max-width:100%}}
table{{border-collapse:collapse}}td,th{{text-align:left;padding:.2rem .8rem .2rem 0;
border-bottom:1px solid #ccc;overflow-wrap:anywhere}}
th{{overflow-wrap:break-word}}td:first-child{{min-width:min(8.5rem,22vw)}}
td:nth-child(2):not(:last-child){{min-width:min(8rem,18vw)}}</style></head><body>
{body}
</body></html>
"""
