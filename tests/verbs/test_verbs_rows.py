"""What a list says beside a version: against the one before, by whom, from which notebook."""

import pytest
from books import Book

from snapbook import signing
from snapbook.display.data import plain
from snapbook.repository import Repository
from snapbook.verbs import rows


@pytest.fixture
def book():
    return Book()


def repository(book):
    return Repository(book.store, book.catalog, book.index())


ADA = rows.Me("ada")


def listed(book, notebook="", me=ADA, **page):
    found = repository(book)
    return rows.listed(found, found.index.page(**page).rows, me, notebook)


def test_each_row_stands_against_the_version_made_before_it(book):
    book.version("churn", "0.1.0", metrics={"accuracy": 0.9})
    book.version("iris", "0.1.0", metrics={"accuracy": 0.1})
    book.version("churn", "0.2.0", metrics={"accuracy": 0.95})
    book.version("churn", "0.3.0", metrics={"accuracy": 0.95})
    book.version("churn", "0.4.0", metrics={"accuracy": 0.7})
    told = {one.version.ref: one for one in listed(book)}
    assert told["churn:0.1.0"].previous is None
    assert told["iris:0.1.0"].previous is None
    assert told["churn:0.2.0"].previous.ref == "churn:0.1.0"
    assert told["churn:0.2.0"].previous.value == 0.9
    assert told["churn:0.2.0"].delta == pytest.approx(0.05)
    assert [told[f"churn:0.{n}.0"].better for n in (1, 2, 3, 4)] == [None, True, None, False]
    assert told["churn:0.3.0"].delta == 0


def test_lower_is_better_where_the_metric_says_so(book):
    for number, loss in (("0.1.0", 0.5), ("0.2.0", 0.4)):
        book.version("churn", number, metrics={"loss": loss})
    newest = listed(book, limit=1)[0]
    assert newest.better is None  # the main metric of these is not among them
    assert newest.delta is None


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), "good"])
def test_no_delta_without_two_numbers(book, odd):
    book.version("churn", "0.1.0", metrics={"accuracy": odd})
    book.version("churn", "0.2.0", metrics={"accuracy": 0.5})
    book.version("churn", "0.3.0", metrics={"accuracy": odd})
    book.version("churn", "0.4.0")
    assert [one.delta for one in listed(book)] == [None] * 4
    assert plain(listed(book)) == plain(listed(book))  # nothing that is no JSON


def test_a_deleted_version_is_not_what_came_before(book):
    book.version("churn", "0.1.0", metrics={"accuracy": 0.9})
    gone = book.version("churn", "0.2.0", metrics={"accuracy": 0.1})
    book.version("churn", "0.3.0", metrics={"accuracy": 0.95})
    book.event("delete", {"model": "churn", "number": "0.2.0", "manifest": gone})
    assert listed(book)[0].previous.ref == "churn:0.1.0"


def test_mine_by_the_key_that_signed_and_by_name_where_nothing_is_signed(book):
    book.version("churn", "0.1.0")
    book.version("churn", "0.2.0", signature={"key": "ab" * 32, "signature": ""})
    book.version("churn", "0.3.0", signature={"key": "cd" * 32, "signature": ""})
    book.version("churn", "0.4.0", signature={"key": "no key", "signature": ""})
    mine = [one.mine for one in listed(book, me=rows.Me("ada", "ab" * 32))]
    assert mine == [True, False, True, True]
    assert [one.mine for one in listed(book, me=rows.Me("bob", "ab" * 32))] == [
        False, False, True, False
    ]  # fmt: skip


def test_me_makes_no_key(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path))
    assert rows.me(tmp_path).key == ""
    key = signing.own_key(tmp_path)
    assert rows.me(tmp_path) == rows.Me(rows.me(tmp_path).name, key.public)


@pytest.mark.parametrize(
    ("kept", "asked", "said"),
    [
        ("train.ipynb", "train.ipynb", "this"),
        ("train.ipynb", "a/b/train.ipynb", "this"),
        ("b/train.ipynb", "a/b/train.ipynb", "this"),
        ("train.ipynb", "a/retrain.ipynb", "other"),
        ("c/train.ipynb", "a/b/train.ipynb", "other"),
        ("a/train.ipynb", "train.ipynb", "this"),  # a server that serves a folder of a checkout
        ("a/retrain.ipynb", "train.ipynb", "other"),
        ("train.ipynb", "", "other"),
    ],
)
def test_from_this_notebook_or_another(book, kept, asked, said):
    book.version("churn", "0.1.0", document=kept)
    assert [one.provenance for one in listed(book, asked)] == [said]
    assert plain(listed(book, asked)[0])["notebook"] == kept


def test_without_a_notebook_nothing_is_said(book):
    book.version("churn", "0.1.0")
    assert [one.provenance for one in listed(book, "train.ipynb")] == [""]


def test_the_json_of_a_row_is_flat(book):
    book.version("churn", "0.1.0", metrics={"accuracy": 0.9})
    book.version("churn", "0.2.0", metrics={"accuracy": 0.95})
    row = plain(listed(book)[0])
    assert row["ref"] == "churn:0.2.0"
    assert row["previous"] == {"ref": "churn:0.1.0", "value": 0.9}
    assert row["metrics"]["accuracy"]["value"] == 0.95
    assert row["pushed"] is None
    assert "version" not in row


def test_a_page_costs_one_statement_more_and_no_blob(book):
    for n in range(300):
        book.version("churn", f"0.{n}.0", metrics={"accuracy": n / 300})
    found = repository(book)
    page = found.index.page(limit=200).rows
    asked = []
    with found.index._file.use() as db:
        db.set_trace_callback(asked.append)
    found.store.get = None
    told = rows.listed(found, page, ADA)
    assert len([sql for sql in asked if "versions" in sql]) == 1
    assert all(one.better for one in told)
