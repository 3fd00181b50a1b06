"""A versioned cell stays an ordinary cell: what it prints, returns, raises, how it counts."""

from __future__ import annotations

import re

import pytest
from stump import fit

ORDINARY = [
    ("value", "1 + 1"),
    ("error", "a = 1\nraise ValueError('mine')"),
    ("await", "import asyncio\nawait asyncio.sleep(0)\n'awaited'"),
    ("system exit", "raise SystemExit(3)"),
    ("syntax error", "a = = 1"),
    ("echo", "!echo hello"),
    ("line time", "%time 1 + 1"),
    ("stderr", "import sys\nprint('x')\nprint('y', file=sys.stderr)"),
    ("unknown magic", "%nosuch 1"),
    ("unicode", "größe = 'µ\N{SNOWMAN}'\ngröße"),
    ("tabs", "if True:\n\tb = 2\nb"),
    ("crlf", "c = 3\r\nc"),
    ("underscore", "41\n"),
    ("semicolon", "5;"),
    ("mark in a string", 'text = """\n%%version_model churn\n"""\nlen(text)'),
    ("indented", "    d = 4\n    d"),
]


def _timeless(text: str) -> str:
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    text = re.sub(r"Cell In\[\d+\], line (\d+)", r"line \1", text)
    text = re.sub(r"(CPU|Wall) time.*", "", text)
    text = re.sub(r"\w+\.py, line \d+", "", text)
    return re.sub(r"[\d.]+ (ns|µs|us|ms|s)\b", "", text)


@pytest.mark.parametrize(("name", "source"), ORDINARY, ids=[name for name, _ in ORDINARY])
def test_as_without_us(notebook, name, source):
    notebook.cell(source)  # some warnings come once
    plain = notebook.cell(source)
    for first in ("%%version_model churn\n", "# snapbook: version_model churn\n"):
        if name == "indented" and first.startswith("#"):
            continue  # a comment at the margin and code that is not is an error without us, too
        ours = notebook.cell(first + source)
        assert ours.status == plain.status
        assert ours.count == plain.count + 1, "numbering goes on by one"
        plain.count = ours.count
        assert _timeless(ours.stdout) == _timeless(plain.stdout)
        if name != "system exit":  # IPython warns there, once or not: Python decides
            assert _timeless(ours.stderr) == _timeless(plain.stderr)
        assert ours.value == plain.value
        assert _timeless(ours.error) == _timeless(plain.error)
        if plain.error and name != "syntax error":
            shifted = {int(n) + 1 for n in re.findall(r"line (\d+)", _timeless(plain.traceback))}
            assert shifted == {int(n) for n in re.findall(r"line (\d+)", _timeless(ours.traceback))}


@pytest.mark.parametrize("magic", ["%%time", "%%capture out", "%%timeit -n1 -r1"])
def test_other_cell_magics_below(notebook, magic):
    ran = notebook.cell(f"%%version_model churn\n{magic}\nmodel = Stump(2).fit(X)\nprint('inside')")
    assert ran.status == "ok"
    assert ("inside" in ran.stdout) == (magic != "%%capture out")
    if magic == "%%timeit -n1 -r1":  # its names are its own: there is no model
        assert ran.card.startswith("Not versioned: ")
    else:
        assert ran.card.startswith("churn:0.1.0  first version  Stump `model`")


def test_underscore_and_out_are_the_users(notebook):
    first = notebook.cell("%%version_model churn\nmodel = Stump().fit(X)\n'the value'")
    assert first.value == "'the value'"
    assert first.order == ["value", "display"], "the card comes after the cell's value"
    assert notebook.cell("_").value == "'the value'"
    assert notebook.cell(f"Out[{first.count}]").value == "'the value'"
    last = notebook.cell(fit(2))
    assert last.value is None
    assert notebook.cell(f"{last.count} in Out").value == "False"
    assert notebook.cell("%versions").value is None


def test_error_in_the_cell_is_told_and_the_model_can_be_kept(notebook):
    ran = notebook.cell("%%version_model churn\nmodel = Stump(2).fit(X)\nmodel.nosuch()")
    assert ran.status == "error"
    assert ran.error.startswith("AttributeError")
    assert "line 3" in _timeless(ran.traceback)
    assert ran.card == (
        "not versioned: cell stopped at line 3 (AttributeError). `model` was fitted before that."
        " To keep it: %version_model churn --model model"
    )
    assert notebook.cell("%version_model churn --model model").card.startswith("churn:0.1.0")


def test_interrupted_cell(notebook):
    ran = notebook.cell(
        "%%version_model churn\nimport time\ntime.sleep(30)", interrupt_after=0.5, timeout=20
    )
    assert ran.status == "error"
    assert ran.error.startswith("KeyboardInterrupt")
    assert ran.card == "not versioned: cell stopped (interrupted)."


def test_called_by_name(notebook):
    """What `nbconvert --to script` makes of the cell."""
    ran = notebook.cell(
        "get_ipython().run_cell_magic('version_model', 'churn',"
        " 'model = Stump(2).fit(X)\\nacc = 1\\n')\nafter = 1"
    )
    assert ran.status == "ok"
    assert ran.card.startswith("churn:0.1.0  first version  Stump `model`")
    assert notebook.cell("after, acc").value == "(1, 1)"
    cells = notebook.cell("%show_version churn").card
    assert "cells" in cells
    failed = notebook.cell(
        "get_ipython().run_cell_magic('version_model', 'churn', '1/0')\nlate = 1"
    )
    assert failed.status == "error"
    assert "ZeroDivisionError" in failed.said + failed.traceback
    assert "NameError" in notebook.cell("late").error
    wrong = notebook.cell("get_ipython().run_cell_magic('version_model', 'a b', 'ran = 1')")
    assert wrong.status == "error"
    assert "cannot be a model name" in wrong.stderr


WRONG = [
    (
        "%%version_model churn --metrics auc\nran = 1",
        "UsageError: Unknown option --metrics (did you mean --metric?). The cell has not run.\n",
    ),
    (
        "# snapbook: version_model churn --metrics auc\nran = 1",
        "UsageError: Unknown option --metrics (did you mean --metric?). The cell has not run.\n",
    ),
    (
        "%%version_model churn model!\nran = 1",
        'UsageError: "churn model!" cannot be a model name (letters, digits, . _ -).'
        " The cell has not run. Try: churn-model\n",
    ),
    (
        '%%version_model "churn model!"\nran = 1',
        'UsageError: "churn model!" cannot be a model name (letters, digits, . _ -).'
        " The cell has not run. Try: churn-model\n",
    ),
    (
        "%%version_model churn --bump huge\nran = 1",
        "UsageError: --bump cannot be huge. The cell has not run."
        " It takes major, minor or patch.\n",
    ),
    (
        "%%version_model churn --number 1.0\nran = 1",
        'UsageError: "1.0" is no version number. The cell has not run. Like this: 1.4.0.\n',
    ),
    (
        '%%version_model churn -m "open\nran = 1',
        'UsageError: A quote is not closed. The cell has not run. The line was: churn -m "open.\n',
    ),
    (
        "%%version_model churn --metric auc:best\nran = 1",
        "UsageError: --metric auc:best: best is neither min nor max. The cell has not run.\n",
    ),
    (
        "%%version_model churn --store --no-store\nran = 1",
        "UsageError: --store and --no-store exclude each other. The cell has not run."
        " Leave one out.\n",
    ),
    (
        "import pandas\n%%version_model churn\nran = 1",
        'UsageError: %%version_model must be the first line of the cell; line 1 is "import pandas".'
        " Move it up, nothing was run.\n",
    ),
    (
        "%%time\n%%version_model churn\nran = 1",
        'UsageError: %%version_model must be the first line of the cell; line 1 is "%%time".'
        " Move it up, nothing was run.\n",
    ),
    (
        "\n\n# words\n%%version_model churn\nran = 1",
        'UsageError: %%version_model must be the first line of the cell; line 3 is "# words".'
        " Move it up, nothing was run.\n",
    ),
]


def test_a_second_mark_in_the_cell_is_told(notebook):
    ran = notebook.cell("%%version_model a\nran = 1\n%%version_model b\nran = 2")
    assert ran.stderr == (
        "UsageError: A cell takes one %%version_model, on its first line. The cell has not run."
        " For a second model afterwards: %version_model NAME --model VAR\n"
    )
    assert "NameError" in notebook.cell("ran").error


def test_wrong_words_are_said_before_the_cell_runs(notebook):
    for source, said in WRONG:
        ran = notebook.cell(source)
        assert ran.status == "error"
        assert ran.stderr == said
        assert not ran.displays
    assert "NameError" in notebook.cell("ran").error


def test_leading_blank_lines_and_an_empty_cell(notebook):
    assert notebook.cell("\n\n" + fit()).card.startswith("churn:0.1.0")
    assert notebook.cell("   \n\t\n" + fit(2)).card.startswith("churn:0.2.0")
    empty = notebook.cell("%%version_model churn")
    assert empty.status == "error"
    assert "%version_model (single %)" in empty.stderr
    assert notebook.cell("%version_model churn").card == "churn:0.2.0  unchanged"


def test_mark_inside_other_languages_is_text(notebook, project):
    ran = notebook.cell("%%writefile notes.md\nHow to:\n%%version_model churn\n")
    assert ran.status == "ok"
    assert (project / "notes.md").read_text() == "How to:\n%%version_model churn\n"


def test_completeness_as_for_other_cell_magics(notebook):
    for source, status in [
        ("%%version_model churn", "incomplete"),
        ("%%version_model churn\nx = 1", "incomplete"),
        ("%%version_model churn\nx = 1\n\n", "complete"),
        ("%%version_model churn\nfor x in y:\n", "incomplete"),
        ("# snapbook: version_model churn\nx = 1", "complete"),
        ("# snapbook: version_model churn\nx = (", "incomplete"),
        ("%version_model churn", "complete"),
        ("x = 1", "complete"),
        ("x = = 1", "invalid"),
    ]:
        assert notebook.complete(source) == status, source
        assert notebook.complete(source.replace("version_model", "time")) == status, source


def test_silent_and_without_history(notebook):
    assert notebook.cell(fit(), silent=True).displays == []
    assert notebook.cell("%versions").card.startswith("No versions yet")
    ran = notebook.cell(fit(), store_history=False)
    assert ran.card.startswith("churn:0.1.0")
    assert notebook.cell("accuracy").value == "0.91"


def test_last_value_can_be_the_model(notebook):
    notebook.cell("made = [Stump(3).fit(X)]")
    ran = notebook.cell("%%version_model churn\nmade[0]")
    assert ran.card.startswith("churn:0.1.0  first version  Stump")


def test_without_a_name(notebook):
    assert notebook.cell("%%version_model\nmodel = Stump().fit(X)").card == (
        "Not versioned: the model has no name yet. Name it: %version_model NAME"
    )
    assert notebook.cell("%version_model churn").card.startswith("churn:0.1.0")
    assert notebook.cell("%%version_model\nmodel = Stump(4).fit(X)").card.startswith("churn:0.2.0")


def test_strict_fails_the_cell_afterwards(notebook):
    ran = notebook.cell("%%version_model churn --strict\nran = 1")
    assert ran.status == "error"
    assert ran.card.startswith("Not versioned: the cell bound no fitted model")
    assert notebook.cell("ran").value == "1"
    notebook.cell("%env SNAPBOOK_STRICT=1")
    assert notebook.cell("%%version_model churn\nran = 2").status == "error"
    stopped = notebook.cell("%restore_version churn:9.9.9\nlate = 1")
    assert stopped.status == "error"
    assert stopped.card.startswith("There is no version of churn yet")
    assert "NameError" in notebook.cell("late").error
    assert notebook.cell(fit()).status == "ok"


def test_calls_inside_a_cell_see_that_cell(notebook):
    ran = notebook.cell("import snapbook\nm = Stump(5).fit(X)\nsnapbook.save(m, 'churn')")
    assert ran.status == "ok", ran.error
    assert (
        "Stump(5)"
        in notebook.cell(
            "snapbook.verbs.export('churn', to='notebook', output='out.ipynb')\n"
            "print(open('out.ipynb').read())"
        ).stdout
    )
