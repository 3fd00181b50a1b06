"""Makes the repository of this release that the tests keep: what it holds must stay readable.

    python scripts/make_old_repository.py tests/data/old-repositories/0.1.0

Run once for a release, never again for the same one: the point is that the bytes are old. All of it
is made in a shell by the ordinary magic, with numpy and pandas alone. Beside the repository lies
expected.json, which says what must be found in it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

CELLS = (
    "import numpy as np\nimport pandas as pd",
    "rows = pd.DataFrame({'age': [31, 45, 28, 60], 'paid': [1.5, 2.25, None, 4.0],"
    " 'plan': ['a', 'b', 'a', 'c']})",
    "model = {'weights': np.arange(40.0) / 7, 'classes': sorted(rows['plan'].unique())}\n"
    "accuracy = 0.75",
    "model = {'weights': np.arange(40.0) / 9, 'classes': sorted(rows['plan'].unique())}\n"
    "accuracy = 0.8",
)


def main(target: Path) -> None:
    """Write the repository to ``target``, which must not exist."""
    target = target.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        # Own keys, settings and name: a repository in the tests is signed by nobody's real key.
        os.environ["SNAPBOOK_CONFIG"] = work + "/config"
        os.environ["HOME"] = os.environ["IPYTHONDIR"] = work
        os.environ["LOGNAME"] = "maker"
        project = Path(work) / "project"
        project.mkdir()
        here = os.getcwd()
        os.chdir(project)
        expected = make(project)
        os.chdir(here)
        leave(project / ".snapbook", target)
    (target / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")


def make(project: Path) -> dict[str, object]:
    """Run the cells and name what they made; gives what the repository must answer."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.hist_file = ":memory:"
    shell = InteractiveShell.instance(config=config)
    shell.run_line_magic("load_ext", "snapbook")
    for cell in CELLS[:2]:
        shell.run_cell(cell, store_history=True).raise_error()
    for number, cell in enumerate(CELLS[2:]):
        line = f"%%version_model churn --model model --data rows -m 'words {number}' --quiet\n"
        shell.run_cell(line + cell, store_history=True).raise_error()
    run = shell.run_line_magic
    run("snapbook", "tag churn:0.1.0 team=risk")
    run("snapbook", "note churn:0.1.0 'the first one'")
    from snapbook import places, refs
    from snapbook.repository import Author

    repository = places.open_folder(project / ".snapbook")
    repository.move_alias(
        repository.resolve(refs.parse("churn:0.1.0")), "production", Author("old")
    )
    rows = list(repository.every_version())
    return {
        "versions": [
            {
                "ref": row.ref,
                "manifest": row.manifest,
                "message": row.message,
                "tags": dict(row.tags),
                "notes": [note.text for note in repository.index.notes(row.manifest)],
                "aliases": list(row.aliases),
                "metrics": {name: metric.value for name, metric in row.metrics.items()},
                "parts": [[part.kind, part.name] for part in repository.parts(row.manifest)],
            }
            for row in rows
        ],
        "weights": {"churn:0.1.0": 7, "churn:0.2.0": 9},
    }


def leave(made: Path, target: Path) -> None:
    """Copy what is the repository: the index is a cache, and sessions are of a kernel."""
    for path in sorted(made.rglob("*")):
        name = path.relative_to(made)
        if (
            path.is_file()
            and name.name != "lock"
            and name.parts[0] in ("packs", "events", "format")
        ):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(path.read_bytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
