"""A report of what a version met as a page: a document that stands alone, or a piece of another.

Knows styles, for light and for dark; neither runs anything nor fetches anything.
"""

from __future__ import annotations

from snapbook.report import page
from snapbook.report.told import Report
from snapbook.report.words import clean

_CHARTS = """
.charts{display:flex;flex-wrap:wrap;gap:.8rem 1.2rem;margin:.5rem 0 1rem}
svg.chart{width:280px;max-width:100%;height:auto}
svg.chart .label{font:600 11px system-ui,"DejaVu Sans",sans-serif;fill:currentColor}
svg.chart .detail{font:9.5px system-ui,"DejaVu Sans",sans-serif;fill:currentColor;opacity:.75}
svg.chart .detail.bad{fill:#d9480f;opacity:1;font-weight:600}
svg.chart .was{fill:#8fa1b8}svg.chart .now{fill:#2f7ed8}
svg.chart .axis{stroke:#8b94a3;stroke-width:.6;opacity:.6}
svg.chart .line{fill:none;stroke:#2f7ed8;stroke-width:1.5}svg.chart .dot{fill:#2f7ed8}
svg.chart .since{stroke:#d9480f;stroke-width:1.4;stroke-dasharray:3 2}
"""
_DARK = """
@media screen and (prefers-color-scheme:dark){
:root{color-scheme:dark}body{color:#e3e7ed;background:#15181e}header{border-color:#e3e7ed}
header p,dt,th,.more{color:#a5afbd}nav a{color:#7fb0ee}h2,th,td{border-color:#2f3742}
pre{background:#1e232b;border-color:#2f3742}.good{color:#6fcf97}.bad{color:#ff8f73}
svg.chart .detail.bad{fill:#ff8f73}}
"""
_PIECE = """
.sb-watch{color:inherit;font-size:13px;max-width:62rem}
.sb-watch h2{font-size:1.05rem;margin:1.1rem 0 .3rem}
.sb-watch h3{font-size:1rem;margin:.8rem 0 .3rem}
.sb-watch table{font-size:inherit;border-collapse:collapse;margin:.3rem 0 .7rem}
.sb-watch th,.sb-watch td{text-align:left;padding:.15rem .8rem .15rem 0;background:none;
 border-bottom:1px solid rgba(128,128,128,.3)}
.sb-watch dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:.3rem 0}
.sb-watch dt{opacity:.75}.sb-watch dd{margin:0}.sb-watch pre{white-space:pre-wrap;font:inherit}
.sb-watch .bad{color:var(--jp-error-color1,#d9480f);font-weight:600}
.sb-watch .good{color:var(--jp-success-color1,#2b8a3e);font-weight:600}
.sb-watch .more{opacity:.75}
"""


def document(made: Report) -> str:
    """The report as a file of its own."""
    return page.page(made, _CHARTS + _DARK)


def piece(made: Report) -> str:
    """The report in the output of a cell."""
    head = f"<strong>{clean(made.title)}</strong> <span>{clean(made.line)}</span>"
    body = page.sections(made)
    return f'<div class="sb-watch"><style>{_PIECE}{_CHARTS}</style>{head}{body}</div>'
