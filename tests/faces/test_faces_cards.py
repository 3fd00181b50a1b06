"""The card: three lines at most, one text a state, everything escaped, nothing left over."""

from __future__ import annotations

import html.parser
import json
import re

import pytest
from stump import fit

pytestmark = pytest.mark.slow  # it waits for what runs beside it

CARD = "application/vnd.snapbook.card+json"
HOSTILE = "<script>alert(1)</script>&\"'\x1b[31mred\x07"


class Seen(html.parser.HTMLParser):
    """Which tags and attributes an HTML text has, and its words."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.depth = self.roots = 0
        self.words = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.roots += self.depth == 0
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.depth += 1

    def handle_endtag(self, tag):
        self.depth -= 1
        self.words += "\n" if tag in ("div", "summary", "details") else ""

    def handle_data(self, data):
        self.words += data


def check(ran):
    """What holds for every card."""
    lines = ran.card.splitlines()
    assert 1 <= len(lines) <= 3
    assert len(lines[0]) <= 120
    assert ran.stderr == ""
    assert not re.search(r"0x[0-9a-f]{6,}|/tmp/|\d\d:\d\d|\b\d+(\.\d+)? (s|ms)\b", ran.card)
    seen = Seen(ran.html)
    assert seen.roots == 1
    assert seen.depth == 0
    assert set(seen.tags) <= {"div", "b", "span", "details", "summary", "pre"}
    assert seen.tags[0] == "div"
    assert seen.attributes <= {"style"}
    assert "url(" not in ran.html
    stripped = [" ".join(line.split()) for line in seen.words.splitlines()]
    for line in lines:  # with all styles stripped the same words stand there
        assert " ".join(line.split()) in stripped


def test_every_card_keeps_the_rules(notebook):
    cards = []
    for source in (
        fit(1),
        fit(2),
        fit(2),
        fit(3, options="-m 'deeper'"),
        fit(4, options="-m 'deeper' --metric accurracy"),
        fit(5, options="--dry-run"),
        fit(6, options="--bump major"),
        fit(7, options="--number 3.0.0"),
        fit(8) + "\nvalues = {'a%d' % n: 0.5 for n in range(9)}\nmetrics = values",
        "%%version_model churn\n1",
        "%version_model nosuch --model nosuch",
    ):
        ran = notebook.cell(source)
        check(ran)
        cards.append(ran.card)
    assert [card.splitlines()[0] for card in cards[:8]] == [
        "churn:0.1.0  first version  Stump `model`  accuracy 0.910",
        "churn:0.2.0  minor: depth 1 -> 2  accuracy 0.910 -> 0.920 (better)",
        "churn:0.2.0  unchanged",
        "churn:0.3.0  minor: depth 2 -> 3  accuracy 0.920 -> 0.930 (better)",
        "churn:0.4.0  minor: depth 3 -> 4  accuracy 0.930 -> 0.940 (better)",
        "would be churn:0.5.0  minor: depth 4 -> 5  accuracy 0.940 -> 0.950 (better)",
        "churn:1.0.0  major: depth 4 -> 6  accuracy 0.940 -> 0.960 (better)",
        "churn:3.0.0  numbered: depth 6 -> 7  accuracy 0.960 -> 0.970 (better)",
    ]
    assert cards[4].splitlines()[1] == (
        "  Nothing called `accurracy` after the cell (did you mean accuracy?). churn:0.4.0 is saved"
        " without it: %version_model churn --metric accuracy  message is the one of 0.3.0"
    )
    assert re.search(r"  \+\d$", cards[8].splitlines()[0]), "main metric, two more, a count"


def test_the_same_project_gives_the_same_text(kernel, project, tmp_path):
    from stump import MODEL

    texts = []
    for name in ("one", "two"):
        kernel.project(tmp_path / name)
        kernel.cell(MODEL)
        shown = [kernel.cell(fit(depth)).displays for depth in (1, 2, 2)]
        for display in (display for displays in shown for display in displays):
            # The version's identity holds when it was made; what people read does not.
            del display[CARD]["digest"]
        texts.append(shown)
    assert texts[0] == texts[1]


def test_hostile_names_are_only_text(notebook):
    notebook.cell(
        "class Evil(Stump):\n"
        "    def get_params(self, deep=True):\n"
        f"        return {{'depth': self.depth, {HOSTILE!r}: self.depth}}\n"
        f"Evil.__name__ = Evil.__qualname__ = {HOSTILE!r}\n"
        f"metrics = {{{HOSTILE!r}: 0.5, 'accuracy': 0.25}}\n"
        "import pandas as pd\n"
        f"frame = pd.DataFrame({{{HOSTILE!r}: [1, 2], 'b\\nc': [3, 4]}})"
    )
    for depth in (1, 2):
        ran = notebook.cell(
            f"%%version_model churn --tag 'team=<b>{depth}' -m '<i>{depth}</i>'\n"
            f"model = Evil({depth}).fit(X)\nframe.iloc[0, 0] = {depth}\nlen(frame)\n"
            f"scores = {{{HOSTILE!r}: {depth}.0}}"
        )
        assert ran.status == "ok", ran.error
        check(ran)
    for source in ("%versions", "%diff_version churn", "%show_version churn", "%snapbook"):
        ran = notebook.cell(source)
        assert ran.status == "ok"
        for text in (ran.card, ran.html):
            assert "\x1b" not in text
            assert "\x07" not in text
        assert "<script" not in ran.html
        assert "<i>" not in ran.html
        assert "<b>" not in ran.html
    listed = notebook.cell("%versions --json").card
    assert "\\u001b" in listed or "[31mred" not in listed


def test_quiet(notebook):
    assert notebook.cell(fit(1, options="--quiet")).displays == []
    assert notebook.cell("%versions").card.startswith("churn:0.1.0")
    notebook.cell("%snapbook config card quiet")
    assert notebook.cell(fit(2)).displays == []
    assert notebook.cell("%%version_model churn\n1").card.startswith("Not versioned"), "errors show"


def test_a_repository_that_fills_up_is_said_once_a_kernel(notebook, project):
    notice = (
        "  over 80 % of 9.8 kB are used (repo.max_size).  See what can go: %snapbook gc --dry-run"
    )
    notebook.cell(fit(1))
    notebook.cell("%snapbook config repo.max_size 10000")
    assert notebook.cell(fit(2, options="--quiet")).displays == []
    assert notebook.cell(fit(3, options="--dry-run")).card.count("\n") == 0
    ran = notebook.cell(fit(3))
    check(ran)
    assert ran.card.splitlines()[1:] == [notice]
    assert notebook.cell("%snapbook gc --dry-run").status == "ok"
    assert notebook.cell(fit(4)).card.count("\n") == 0, "once"
    notebook.cell("%unload_ext snapbook\n%load_ext snapbook")
    assert notebook.cell(fit(5)).card.splitlines()[1:] == [notice]
    notebook.cell("%unload_ext snapbook\n%load_ext snapbook\n%snapbook config repo.max_size 100MB")
    notebook.cell(fit(6))
    notebook.cell("%snapbook config repo.max_size 10000")
    assert notebook.cell(fit(7)).card.splitlines()[1:] == [notice], "it filled up meanwhile"


def test_json_card_and_help_in_a_cell(notebook):
    import json

    made = notebook.cell(fit(1, options="--json"))
    assert json.loads(made.card)["version"]["model"] == "churn"
    assert "text/html" not in made.displays[0]
    assert "usage: %snapbook save" in notebook.cell(fit(1, options="-h")).card
    assert notebook.cell("%versions churn").card.count("\n") == 0


SLOW = (
    "import time\n"
    "class Slow(Stump):\n"
    "    def __getstate__(self):\n"
    "        time.sleep({seconds})\n"
    "        return self.__dict__\n"
)


def test_live_line_after_a_second_is_replaced_by_the_card(notebook):
    notebook.cell(SLOW.format(seconds=0.8))
    ran = notebook.cell("%%version_model churn\nmodel = Slow(1).fit(X)")
    assert len(ran.displays) == 1, "nothing is left over"
    assert ran.live[0].startswith("keeping churn… ")
    assert ran.card.startswith("churn:0.1.0  first version  Slow")
    notebook.cell(SLOW.format(seconds=0))
    quick = notebook.cell("%%version_model churn\nmodel = Slow(2).fit(X)")
    assert quick.live == []


def test_live_line_says_how_far(notebook):
    ran = notebook.cell(
        "import time\nfrom snapbook.display.live import Live\n"
        "with Live('keeping churn…', True) as live:\n"
        "    live('data', 1, 4)\n    time.sleep(1.1)\n    live('data', 2, 4)\n"
        "    time.sleep(0.3)\n    live('cells', 0, 0)\n    time.sleep(0.3)\n"
        "live('late', 0, 0)"
    )
    assert ran.live == [f"keeping churn… {at}" for at in ("data 2 of 4", "data 3 of 4", "cells")]
    assert len(ran.displays) == 1


@pytest.mark.parametrize("waits", [False, True], ids=["plain", "await"])
def test_interrupt_cancels_only_the_version(notebook, waits):
    notebook.cell(SLOW.format(seconds=20))
    extra = "import asyncio\nawait asyncio.sleep(0)\n" if waits else ""
    ran = notebook.cell(
        f"%%version_model churn\n{extra}model = Slow(1).fit(X)\n'result'",
        interrupt_after=1.6,
        timeout=20,
    )
    assert ran.status == "ok"
    assert ran.value == "'result'"
    assert [display["text/plain"] for display in ran.displays] == [
        "Not versioned: interrupted. The cell's result is intact; %version_model churn tries again."
    ]
    assert ran.stderr == ""
    notebook.cell("Slow.__getstate__ = lambda self: self.__dict__")
    assert notebook.cell("%version_model churn").card.startswith("churn:0.1.0  first version  Slow")


def test_a_bug_of_ours_is_one_line(notebook):
    notebook.cell("import snapbook.capture as c\nreal, c.content_key = c.content_key, None")
    ran = notebook.cell(fit() + "\n'value'")
    assert (ran.status, ran.value, ran.stderr) == ("ok", "'value'", "")
    assert ran.card == (
        "snapbook failed inside (kind internal). Your cell is intact. Details: %snapbook bug-report"
    )
    assert "TypeError" in notebook.cell("%snapbook bug-report").card, "the hint works"
    assert "Traceback" in notebook.cell("%version_model churn --debug").stdout
    notebook.cell("%env SNAPBOOK_DEBUG=1")
    assert "Traceback" in notebook.cell(fit()).stdout
    notebook.cell("c.content_key = real")
    assert notebook.cell(fit()).card.startswith("churn:0.1.0")


# --- the card as a value, for front ends that know it ---------------------------------------------


def test_a_card_names_its_version_and_nothing_else(notebook):
    made = notebook.cell(fit(1))
    (row,) = json.loads(notebook.cell("%versions --json", silent=True).card)["rows"]
    assert made.displays[-1][CARD] == {"ref": "churn:0.1.0", "digest": row["manifest"]}
    again = notebook.cell(fit(1))
    assert again.card.startswith("churn:0.1.0  unchanged")
    assert again.displays[-1][CARD] == made.displays[-1][CARD]
    line = notebook.cell("%version_model churn -m words").displays[-1]
    assert line[CARD] == made.displays[-1][CARD]


def test_the_row_of_a_new_version_travels_beside_its_card(notebook):
    first, made = notebook.cell(fit(1)), notebook.cell(fit(2))
    (row,) = [beside["snapbook"] for beside in made.beside if "snapbook" in beside]
    newest, _ = json.loads(notebook.cell("%versions --json", silent=True).card)["rows"]
    assert {name: row[name] for name in newest} == newest
    assert (row["previous"]["ref"], row["mine"]) == ("churn:0.1.0", True)
    assert first.beside[-1]["snapbook"]["previous"] is None
    # Nothing new, no row.
    assert not any("snapbook" in beside for beside in notebook.cell(fit(2)).beside)


@pytest.mark.parametrize(
    "cell",
    [
        fit(1, options="--dry-run"),
        "%%version_model churn\nnothing = 1",
        "%%version_model churn\nmodel = Stump(1).fit(X)\nraise ValueError",
        fit(1, options="--quiet"),
        "%snapbook status",
        fit(1, options="--json"),
    ],
)
def test_no_card_without_a_version_to_show(notebook, cell):
    assert all(CARD not in display for display in notebook.cell(cell).displays)


def test_a_card_in_the_place_of_a_live_line_has_it_too(notebook):
    notebook.cell("import time\nclass Slow(Stump):\n"
                  "    def __getstate__(self):\n        time.sleep(1.5)\n"
                  "        return self.__dict__")  # fmt: skip
    ran = notebook.cell("%%version_model churn\nmodel = Slow(1).fit(X)")
    assert ran.live
    assert ran.displays[-1][CARD]["ref"] == "churn:0.1.0"


def test_a_notebook_with_cards_is_valid(notebook):
    import nbformat

    output = nbformat.v4.new_output("display_data", notebook.cell(fit(1)).displays[-1])
    cell = nbformat.v4.new_code_cell(fit(1), outputs=[output])
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))
