"""A report as one HTML file: no scripts, nothing from elsewhere, and it prints.

Every text goes through `clean`; the page itself forbids a browser to run or fetch anything.
"""

from __future__ import annotations

from snapbook.report import charts, drawing
from snapbook.report.told import Block, Charts, Facts, Picture, Report, Section, Table, Text
from snapbook.report.words import clean

_LONG_WORD = 30
_STYLE = """
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:2.2rem 1.6rem 4rem;color:#1b2330;background:#fff;
 font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
header{border-bottom:3px solid #1b2330;padding-bottom:.9rem;margin-bottom:1.4rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .3rem;overflow-wrap:anywhere}
header p{margin:.15rem 0;color:#4b5768;overflow-wrap:anywhere}
nav{margin:0 0 1.6rem;font-size:.9rem}nav a{margin-right:1rem;color:#245a9c}
h2{font-size:1.2rem;margin:2.2rem 0 .6rem;padding-bottom:.25rem;border-bottom:1px solid #cbd2dc}
h3{font-size:1rem;margin:1.2rem 0 .4rem}
table{border-collapse:collapse;width:100%;margin:.4rem 0 .9rem;font-size:.86rem}
th,td{text-align:left;vertical-align:top;padding:.28rem .7rem .28rem 0;
 border-bottom:1px solid #e4e8ee;overflow-wrap:break-word;white-space:pre-line}
td.long{overflow-wrap:anywhere}
th{color:#4b5768;font-weight:600;border-bottom-color:#9aa5b5}
dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.2rem 1.2rem;
 margin:.4rem 0 .9rem}
dt{color:#4b5768}dd{margin:0;overflow-wrap:anywhere;white-space:pre-line}
pre{background:#f4f6f9;border:1px solid #e1e6ed;border-radius:4px;padding:.7rem .9rem;
 margin:.4rem 0 .9rem;font:12.5px/1.45 ui-monospace,"DejaVu Sans Mono",Menlo,monospace;
 white-space:pre-wrap;overflow-wrap:anywhere}
pre.words{font:inherit}
.good{color:#17663a;font-weight:600}.bad{color:#a3260f;font-weight:600}
.more{color:#4b5768;font-size:.85rem;margin:-.4rem 0 .9rem}
svg.lineage{width:100%;height:auto;display:block;margin:.5rem 0}
svg .label{font:600 12px system-ui,"DejaVu Sans",sans-serif;fill:#1b2330}
svg .detail{font:11px system-ui,"DejaVu Sans",sans-serif;fill:#4b5768}
svg .edge{fill:none;stroke:#8b94a3;stroke-width:1.2}
@page{size:A4;margin:16mm 14mm 18mm}
@media print{
 body{max-width:none;padding:0;font-size:10.5pt}
 nav{display:none}
 h2,h3{break-after:avoid}
 tr,dt,dd,svg.lineage{break-inside:avoid}
 thead{display:table-header-group}
 pre{border-color:#cbd2dc;background:none}
 *{-webkit-print-color-adjust:exact;print-color-adjust:exact}
}
"""


# By which a report of ours is told from a file of somebody's own.
MARK = '<meta name="generator" content="snapbook">'


def page(report: Report, more: str = "") -> str:
    """The whole file; ``more`` are further styles."""
    links = "".join(
        f'<a href="#s{at}">{clean(one.title)}</a>' for at, one in enumerate(report.sections)
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'{MARK}<meta name="referrer" content="no-referrer">'
        f"<title>{clean(report.title)}</title><style>{_STYLE}{more}</style></head><body>"
        f"<header><h1>{clean(report.title)}</h1><p>{clean(report.line)}</p>"
        f"<p>Report of {clean(report.time)}</p></header>"
        f"<nav>{links}</nav><main>{sections(report)}</main></body></html>\n"
    )


def sections(report: Report) -> str:
    """What stands below the head of the page."""
    return "".join(_section(at, one) for at, one in enumerate(report.sections))


def _section(at: int, section: Section) -> str:
    blocks = "".join(map(_block, section.blocks))
    return f'<section id="s{at}"><h2>{clean(section.title)}</h2>{blocks}</section>'


def _block(block: Block) -> str:
    if isinstance(block, Facts):
        rows = (f"<dt>{clean(name)}</dt><dd>{clean(value)}</dd>" for name, value in block.rows)
        return f"<dl>{''.join(rows)}</dl>"
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Picture):
        more = f'<p class="more">{block.folded:,} more are not shown</p>' if block.folded else ""
        return (drawing.svg(block) if block.nodes else "") + more
    if isinstance(block, Charts):
        return f'<div class="charts">{"".join(map(charts.svg, block.shown))}</div>'
    return _text(block)


def _table(table: Table) -> str:
    names = (clean(name).replace("_", "_<wbr>") for name in table.head)
    head = "".join(f"<th>{name}</th>" for name in names)
    rows = "".join(
        f"<tr>{''.join(_cell(table, value) for value in row)}</tr>" for row in table.rows
    )
    more = f'<p class="more">{clean(table.more)}</p>' if table.more else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}"


def _cell(table: Table, value: object) -> str:
    mark = table.marks.get(value) if isinstance(value, str) else None
    if mark is None and any(len(word) > _LONG_WORD for word in str(value).split()):
        mark = "long"  # a digest: it may break anywhere, other words only where they have to
    return f'<td class="{mark}">{clean(value)}</td>' if mark else f"<td>{clean(value)}</td>"


def _text(block: Text) -> str:
    title = f"<h3>{clean(block.title)}</h3>" if block.title else ""
    kind = "" if block.code else ' class="words"'
    return f"{title}<pre{kind}>{clean(block.text, 200_000)}</pre>"
