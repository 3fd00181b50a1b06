"""Text of the view: rows that read well, and nothing that runs."""

import html.parser
import subprocess
import sys

import pytest
from books import Book

from snapbook.display.words import age
from snapbook.errors import NotFound
from snapbook.repository import Repository
from snapbook.verbs import rows
from snapbook.widgets.words import alert, as_html, row_text, said

pytestmark = pytest.mark.slow  # it waits for what runs beside it

HOSTILE = "</pre><img src=x onerror=alert(1)>\x1b[31m\nsecond"
ADA = rows.Me("ada")


def tags(source):
    found = []

    class Seen(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append((tag, dict(attrs)))

    Seen().feed(source)
    return found


def test_a_row_says_number_metric_change_marks_and_why():
    book = Book()
    book.version("churn", "0.1.0", metrics={"accuracy": 0.9})
    book.version("churn", "0.2.0", metrics={"accuracy": 0.95}, tags={"team": "risk", "x": ""})
    book.version("churn", "0.3.0", metrics={"accuracy": 0.95}, message="m" * 200)
    found = Repository(book.store, book.catalog, book.index())
    texts = [row_text(one, 0) for one in rows.listed(found, found.index.page().rows, ADA)]
    old = age("2026-11-21T14:00:01Z", 0)
    assert [" ".join(text.split()) for text in texts] == [
        f"churn:0.3.0 accuracy 0.950 {old} {'m' * 57}...".replace("  ", " "),
        f"churn:0.2.0 accuracy 0.950 +0.05 better {old} #team=risk #x refit".replace("  ", " "),
        f"churn:0.1.0 accuracy 0.900 {old} refit".replace("  ", " "),
    ]


def test_lines_are_escaped_and_stay_lines():
    source = as_html(["one", HOSTILE, "<b>"])
    assert [tag for tag, _ in tags(source)] == ["pre"]
    assert "&lt;img" in source
    assert source.count("\n") == 2
    assert "\x1b" not in source


def test_an_alert_is_announced_and_escaped():
    assert alert("") == ""
    assert tags(alert(HOSTILE)) == [("div", {"role": "alert"})]


def test_what_goes_wrong_is_one_sentence():
    def fails(error):
        def act():
            raise error

        return said(act)

    assert said(lambda: None) == ""
    assert (
        fails(NotFound("churn has no 9.9.9", act="All", hint="x")) == "churn has no 9.9.9. All: x"
    )
    assert fails(ZeroDivisionError("x" * 500)).startswith("snapbook failed inside")
    assert (
        fails(KeyboardInterrupt())
        == "Stopped. What was done by then stands, and the list shows it."
    )
    assert "\n" not in fails(SystemExit("a\nb"))


def test_the_view_is_light_until_it_is_called():
    code = (
        "import sys, snapbook; snapbook.browse;"
        " print([m for m in ('ipywidgets', 'pandas', 'IPython') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_long_names_leave_room_for_what_stands_behind_them():
    book = Book()
    marks = {"t" * 60: "", "u": "v" * 60}
    book.version("M" * 120, "0.1.0", metrics={"accuracy": 0.5}, tags=marks)
    found = Repository(book.store, book.catalog, book.index())
    [listed] = rows.listed(found, found.index.page().rows, ADA)
    text = row_text(listed, 0)
    assert text.startswith(f"{'M' * 37}...:0.1.0   accuracy 0.500   ")
    assert text.endswith(f"#{'t' * 56}...   refit")
