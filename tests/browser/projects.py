"""Projects for the browser to open: a short story in two notebooks, many versions, a huge notebook.

The story is told once by a real kernel and copied for each test; what is large is written in bulk.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import kernels
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from snapbook import canonical, events, places
from snapbook.catalog.files import FileCatalog
from snapbook.manifest import Manifest, PartRef
from snapbook.parts.base import Part

NOTEBOOK = "train.ipynb"
IMPORTS = """\
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split"""
READ = 'df = pd.read_csv("churn.csv")'
SPLIT = """\
X = df[{columns}]
X_train, X_test, y_train, y_test = train_test_split(X, df["left"], random_state=0)"""
LOOK = "df.describe()"
FIT = """\
%%version_model churn{words}
model = RandomForestClassifier(n_estimators={trees}, max_depth={depth}, random_state=0)
model.fit(X_train, y_train)
accuracy = model.score(X_test, y_test)
auc = roc_auc_score(y_test, model.predict_proba(X_test)[:, 1])"""
THREE, FOUR = '["age", "calls", "tenure"]', '["age", "calls", "price", "tenure"]'
DATA = """\
import numpy as np, pandas as pd
r = np.random.default_rng(7)
n = 600
df = pd.DataFrame({
    "age": r.integers(18, 80, n), "calls": r.poisson(3, n),
    "price": r.gamma(4, 12, n).round(2), "tenure": r.exponential(3, n).round(2),
    "region": r.choice(["north", "south", "west"], n),
})
score = df.calls * 0.6 - df.tenure * 0.5 + df.price * 0.05 + r.normal(0, 1, n)
df["left"] = (score > score.median()).astype(int)
df.to_csv("churn.csv", index=False)
del r, n, df, score"""
OTHER = """\
%%version_model price -m 'a first look'
from sklearn.linear_model import Ridge
ridge = Ridge(alpha=1.0).fit(df[["age", "calls"]], df["price"])
r2 = ridge.score(df[["age", "calls"]], df["price"])"""


def document(*cells: str | tuple[str, str], name: str = "cell") -> Any:
    """A notebook of code cells; ("markdown", text) is a text cell. Ids tell the place."""
    made = []
    for n, cell in enumerate(cells):
        kind, source = cell if isinstance(cell, tuple) else ("code", cell)
        make = new_markdown_cell if kind == "markdown" else new_code_cell
        made.append(make(source, id=f"{name}-{n:03d}"))
    spec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return new_notebook(cells=made, metadata={"kernelspec": spec})


def write(path: Path, notebook: Any) -> Path:
    """Save ``notebook`` at ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def tutorial(words: str = "", depth: int = 8) -> Any:
    """The notebook of the story as a person would have it open."""
    return document(
        ("markdown", "# Who leaves?"),
        "%load_ext snapbook",
        IMPORTS,
        READ,
        LOOK,
        SPLIT.format(columns=FOUR),
        FIT.format(words=words, trees=20, depth=depth),
    )


def tell_story(folder: Path, environment: Mapping[str, str]) -> Path:
    """``folder``: churn in four versions, three of them changed for a reason, and price in one."""
    folder.mkdir(parents=True)
    write(folder / NOTEBOOK, tutorial())
    write(folder / "explore.ipynb", document(IMPORTS, READ, OTHER))
    named = {"JPY_SESSION_NAME": str(folder / NOTEBOOK)}
    kernel = kernels.Kernel(folder, **{**environment, **named})
    try:
        for source in (DATA, "%reset -f", "%load_ext snapbook"):
            ran(kernel, source)
        steps: Sequence[tuple[int, str]] = (
            (2, IMPORTS),
            (3, READ),
            (5, SPLIT.format(columns=THREE)),
            (6, FIT.format(words="", trees=20, depth=2)),
            (6, FIT.format(words="", trees=20, depth=4)),
            (5, SPLIT.format(columns=FOUR)),
            (6, FIT.format(words=" -m 'with the price'", trees=20, depth=4)),
            (4, LOOK),
            (6, FIT.format(words=" -m 'deeper trees' --tag exp", trees=20, depth=8)),
        )
        for place, source in steps:
            ran(kernel, source, metadata={"cellId": f"cell-{place:03d}"})
        other = str(folder / "explore.ipynb")
        ran(kernel, f"import os; os.environ['JPY_SESSION_NAME'] = {other!r}")
        ran(kernel, OTHER)
    finally:
        kernel.stop()
    alias(folder, "churn:0.2.0", "production")
    shell(folder, environment, "note", "churn:0.2.0", "checked with the team")
    return folder


def ran(kernel: kernels.Kernel, source: str, **named: Any) -> kernels.Ran:
    """Run a cell that has to work."""
    said = kernel.cell(source, **named)
    assert said.status == "ok", said
    return said


def alias(folder: Path, ref: str, name: str) -> None:
    """Let ``name`` point at ``ref``, as promoting will."""
    from snapbook import refs
    from snapbook.repository import Author

    repository = places.open_folder(folder / places.NAME)
    repository.move_alias(repository.resolve(refs.parse(ref)), name, Author("ada"))


def shell(folder: Path, environment: Mapping[str, str], *words: str) -> str:
    """What the command line says in ``folder``; it has to end well."""
    done = subprocess.run(
        [sys.executable, "-m", "snapbook", *words],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def copy(template: Path, target: Path) -> Path:
    """The same project again; its index and sessions are left behind."""
    shutil.copytree(template, target, ignore=shutil.ignore_patterns("sessions", "*.sqlite*"))
    (target / places.NAME / "sessions").mkdir(mode=0o700, exist_ok=True)
    return target


class Bulk:
    """Writes versions past the front door: one pack of blobs, a chain of events, no syncs."""

    def __init__(self, project: Path) -> None:
        project.mkdir(parents=True, exist_ok=True)
        self.folder = project / places.NAME
        places.create(self.folder)
        self._writer = places.open_folder(self.folder).store.writer()
        self._catalog = FileCatalog(self.folder / "events")
        self._prev, self._n = events.FIRST_PREV, 0

    def add(self, kind: str, time: datetime, body: dict[str, Any]) -> None:
        """One event."""
        self._n += 1
        event = events.Event(self._n, self._prev, kind, events.time_text(time), "ada", body)
        path = self._catalog.path(event.n)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(events.seal(event))
        self._prev = event.digest

    def version(
        self,
        model: str,
        number: str,
        time: datetime,
        *,
        metrics: Mapping[str, float],
        parts: Sequence[Part] = (),
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        message: str = "",
        reason: str = "",
        class_name: str = "RandomForestClassifier",
        auto: bool = False,
    ) -> str:
        """One version; its manifest's digest."""
        whole = (
            Part("model", "model", {"class_name": class_name}),
            Part("params", "model", {"values": dict(params or {})}),
            Part(
                "metrics",
                "metrics",
                {
                    "values": dict(metrics),
                    "main": next(iter(metrics), ""),
                    "directions": dict.fromkeys(metrics, "max"),
                },
            ),
            *parts,
        )
        put = self._writer.add
        listed = tuple(PartRef(p.kind, p.name, put(p.encode())) for p in whole)
        stamp = events.time_text(time)
        manifest = put(Manifest(listed, {"name": "ada", "key": ""}, message, (), stamp).encode())
        texts = {"salt": f"{self._n:032x}", "reason": reason, "tags": dict(tags or {})}
        if message:
            texts["message"] = message
        self.add(
            "version",
            time,
            {
                "model": model,
                "number": number,
                "manifest": manifest,
                "key": canonical.digest(str(self._n).encode()),
                "bump": "minor",
                "texts": put(canonical.encode(texts)),
                "parents": [],
                "auto": auto,
            },
        )
        return manifest

    def blob(self, data: bytes) -> str:
        """Store ``data``; its digest."""
        return self._writer.add(data)

    def close(self) -> None:
        """Make it durable enough to be read."""
        self._writer.commit()
        self._writer.close()


START = datetime(2026, 1, 5, 8, tzinfo=UTC)


def many(project: Path, count: int = 10_000, model: str = "churn") -> Path:
    """``count`` versions of one model over ten months, metrics and tags spread evenly."""
    bulk = Bulk(project)
    for n in range(count):
        accuracy = (n * 0.618033988749895) % 1.0
        bulk.version(
            model,
            f"0.{n + 1}.0",
            START + timedelta(minutes=44 * n),
            metrics={"accuracy": round(accuracy, 6), "auc": round(accuracy / 2 + 0.5, 6)},
            params={"max_depth": n % 20},
            tags={"team": ("risk", "growth", "fraud")[n % 3]} if n % 5 == 0 else {},
            message=f"try number {n}" if n % 7 == 0 else "",
            reason=f"max_depth {n % 20} -> {(n + 1) % 20}",
        )
    bulk.close()
    write(project / NOTEBOOK, tutorial())
    return project


def huge(folder: Path, environment: Mapping[str, str], cells: int = 500) -> Path:
    """Two versions made in a notebook of 500 cells with 20 MB of outputs, 40 cells between them."""
    folder.mkdir(parents=True)
    line = "x" * 99 + "\n"
    sources = [
        f"value_{n} = {n}\n" + "\n".join(f"# line {i} of cell {n}" for i in range(12))
        for n in range(cells)
    ]
    notebook = document("%load_ext snapbook", *sources, name="part")
    for n, cell in enumerate(notebook.cells[1:]):
        cell.execution_count = n + 1
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=line * 420)]
    path = write(folder / NOTEBOOK, notebook)
    kernel = kernels.Kernel(folder, **{**environment, "JPY_SESSION_NAME": str(path)})
    # Reads them all: each of the cells is one that the model depends on.
    total = ", ".join(f"value_{n}" for n in range(cells))
    fit = (
        "%%version_model huge --model model\n"
        f"model = {{{{'weights': [{total}, {{0}}]}}}}\naccuracy = {{0}}"
    )
    try:
        ran(kernel, "%load_ext snapbook")
        for n, source in enumerate(sources):
            ran(kernel, source, metadata={"cellId": f"part-{n + 1:03d}"})
        ran(kernel, fit.format(0.5), metadata={"cellId": "fit"})
        for n in range(0, cells, cells // 40):
            changed = sources[n].replace("# line 3", "# changed line 3") + f"\nvalue_{n} += 1"
            ran(kernel, changed, metadata={"cellId": f"part-{n + 1:03d}"})
        for cell in notebook.cells[1:]:
            cell.outputs[0].text = "y" + cell.outputs[0].text[1:]
        write(path, notebook)
        ran(kernel, fit.format(0.75), metadata={"cellId": "fit"})
    finally:
        kernel.stop()
    return folder


HOSTILE = (
    "<img src=x onerror=window.__pwned=1>",
    "<script>window.__pwned=1</script>",
    '"><svg/onload=window.__pwned=1>',
    "javascript:window.__pwned=1",
    "{{constructor.constructor('window.__pwned=1')()}}",
    "\u202egnp.exe\u202c \u200b\u0000".replace("\u0000", "\u2400"),
    "W" * 4000,
    "a\nb\tc\r\nd",
    "%s %d %% {0} ${window.__pwned=1}",
    "[x](javascript:window.__pwned=1) **bold** $\\href{javascript:alert(1)}{x}$",
)


def hostile_story(folder: Path, environment: Mapping[str, str]) -> Path:
    """Versions whose every free text is hostile: columns, metrics, tags, messages, cells, outputs.

    Model names follow a grammar, so the longest and oddest that it allows stands for those.
    """
    folder.mkdir(parents=True)
    texts = list(HOSTILE)
    notebook = document("%load_ext snapbook", *(f"text_{n} = {t!r}\n# {t!r}" for n, t in
                                                enumerate(texts)))  # fmt: skip
    for n, cell in enumerate(notebook.cells[1:]):
        text = texts[n]
        data = {"text/html": text, "text/plain": text, "text/markdown": text}
        cell.outputs = [
            nbformat.v4.new_output("display_data", data=data),
            nbformat.v4.new_output("stream", name="stdout", text=text),
            nbformat.v4.new_output(
                "display_data",
                data={
                    "image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' onload='parent."
                    "__pwned=1'><script>parent.__pwned=1</script><text>hi</text></svg>"
                },
            ),
        ]
    path = write(folder / NOTEBOOK, notebook)
    kernel = kernels.Kernel(folder, **{**environment, "JPY_SESSION_NAME": str(path)})
    longest = "M" + "w" * 127
    try:
        ran(kernel, "%load_ext snapbook")
        ran(kernel, f"texts = {texts!r}\nimport pandas as pd")
        for n, cell in enumerate(notebook.cells[1:]):
            ran(kernel, cell.source, metadata={"cellId": f"cell-{n + 1:03d}"})
        ran(kernel, "frame = pd.DataFrame({t: [t, t * 2, None] for t in texts})")
        for n, model in enumerate(("evil", "evil", longest)):
            words = f"-m {json.dumps(texts[n])} --model model --data frame"
            metrics = f"metrics = {{t: i + {n} for i, t in enumerate(texts[:5])}}"
            ran(
                kernel,
                f"%%version_model {model} {words}\n"
                f"model = {{'weights': [{n}, len(frame)], texts[0]: texts[1]}}\n"
                f"{metrics}\naccuracy = {n} / 10 + 0.1",
            )
    finally:
        kernel.stop()
    for n, text in enumerate(texts[:5]):
        shell(folder, environment, "note", "evil:0.1.0", text)
        shell(folder, environment, "tag", "evil:0.2.0", f"k{n}={text}")
    return folder
