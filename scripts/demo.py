"""Execute examples/01_version_a_model.ipynb in a real kernel, in a folder of its own; print it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "01_version_a_model.ipynb"


def main() -> int:
    """Run the example and print each code cell's source and output."""
    with tempfile.TemporaryDirectory(prefix="snapbook-demo-") as folder:
        # A key and settings of its own: the demo leaves nothing in the user's configuration.
        os.environ["SNAPBOOK_CONFIG"] = os.path.join(folder, "config")
        os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
        project = Path(folder) / "churn-project"
        project.mkdir()
        shutil.copy(EXAMPLE, project)
        notebook = nbformat.read(project / EXAMPLE.name, as_version=4)
        NotebookClient(
            notebook,
            timeout=300,
            kernel_name="python3",
            resources={"metadata": {"path": str(project)}},
        ).execute()
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                print("\n" + cell.source)
                continue
            print("\n" + "\n".join(f"    {line}" for line in cell.source.splitlines()))
            for output in cell.outputs:
                print(output.get("text") or output["data"]["text/plain"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
