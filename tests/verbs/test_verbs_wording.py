"""Finding versions by words: messages, notes, and the text of attachments."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow  # it waits for what runs beside it

sklearn = pytest.importorskip("sklearn")

SCRIPT = """
import snapbook
from sklearn.linear_model import LinearRegression
for n, words in enumerate(("first try", "Deeper trees", "")):
    with open(f"paper{n}.md", "w") as file:
        file.write("The  cohort of\\nZurich was left out." if n == 2 else "nothing")
    model = LinearRegression().fit([[0.0], [1.0 + n]], [0.0, 1.0])
    snapbook.save(model, "line", message=words, attach=[f"paper{n}.md"])
snapbook.verbs.note("line:0.1.0", "seen", "by", "the", "clinic")
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SNAPBOOK_CONFIG", str(folder / "config"))
        (folder / "script.py").write_text(SCRIPT)
        subprocess.run([sys.executable, "script.py"], cwd=folder, check=True, timeout=120)
        yield folder


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("deeper TREES", ["0.1.1"]),
        ("clinic", ["0.1.0"]),
        ("cohort of zurich", ["0.1.2"]),
        ("paper1.md", ["0.1.2", "0.1.1"]),
        ("nothing", ["0.1.1", "0.1.0"]),
    ],
)
def test_words_are_found(project, words, found):
    from snapbook.places import find_repository
    from snapbook.refs import number_text
    from snapbook.verbs.wording import matching

    rows = list(matching(find_repository(project), words))
    assert [number_text(row.number) for row in rows] == found


def test_the_list_says_what_was_not_found_and_how_many_more(project):
    def listed(*words):
        command = [sys.executable, "-m", "snapbook", "list", *words]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0
        return done.stdout

    assert listed("--text", "unicorn").strip() == (
        'No version has "unicorn" in its message, notes or attachments.'
    )
    assert "The first 1 that match; more: -n 10" in listed("--text", "nothing", "-n", "1")
    assert "line:0.1.2" in listed("line", "--text", "zurich", "--where", "number >= '0.1.0'")
