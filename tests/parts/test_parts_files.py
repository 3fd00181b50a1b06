"""Attachments come in whole, go out safely, and are found by their text."""

import json
import os
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapbook.errors import BadOption, Conflict, Damaged
from snapbook.parts import files
from snapbook.parts.attached import media_type, words
from snapbook.parts.base import Part
from snapbook.secrets import Redactor
from snapbook.store.memory import MemoryStore


@pytest.fixture
def store():
    return MemoryStore()


def attach(store, project, *paths, redactor=None):
    writer = store.writer()
    part, notices = files.capture_attachments(paths, writer, project, redactor)
    writer.commit()
    assert Part.decode(part.encode()) == part
    return part, notices


def test_files_come_back_byte_for_byte(store, tmp_path):
    big = os.urandom(3_000_000)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "paper.bin").write_bytes(big)
    (tmp_path / "plot.png").write_bytes(b"\x89PNG\r\n\x1a\n\0")
    (tmp_path / "empty.txt").write_bytes(b"")
    part, notices = attach(store, tmp_path, tmp_path / "docs", "plot.png", tmp_path / "empty.txt")
    assert notices == ()
    assert [entry["path"] for entry in files.entries(part)] == [
        "docs/paper.bin", "empty.txt", "plot.png"
    ]  # fmt: skip
    out = tmp_path / "out"
    written = files.restore(part, out, store.get)
    assert sorted(path.relative_to(out).as_posix() for path in written) == [
        "docs/paper.bin", "empty.txt", "plot.png"
    ]  # fmt: skip
    assert (out / "docs" / "paper.bin").read_bytes() == big
    assert (out / "empty.txt").read_bytes() == b""
    assert set(part.blobs) == {blob for entry in files.entries(part) for blob in entry["blobs"]}
    assert files.texts(part, store.get) == {}


def test_a_large_file_with_one_changed_byte_costs_little(store, tmp_path):
    data = bytearray(os.urandom(4_000_000))
    (tmp_path / "data.bin").write_bytes(data)
    first, _ = attach(store, tmp_path, "data.bin")
    data[2_000_000:2_000_000] = b"!"
    (tmp_path / "data.bin").write_bytes(data)
    writer = store.writer()
    second, _ = files.capture_attachments(["data.bin"], writer, tmp_path)
    assert writer.new_bytes < 400_000
    (change,) = files.diff(first, second)
    assert (change.section, change.what, change.old, change.new) == (
        "files", "changed", 4_000_000, 4_000_001
    )  # fmt: skip


def test_files_larger_than_a_block_are_read_in_blocks(store, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_READ", 1_000_000)
    data = os.urandom(3_500_000)
    (tmp_path / "big.bin").write_bytes(data)
    part, _ = attach(store, tmp_path, "big.bin")
    (path,) = files.restore(part, tmp_path / "out", store.get)
    assert path.read_bytes() == data
    assert files.entries(part)[0]["size"] == len(data)


def test_a_missing_file_is_said_before_anything_is_kept(store, tmp_path):
    (tmp_path / "config.yaml").write_text("a: 1")
    writer = store.writer()
    with pytest.raises(BadOption, match=r"did you mean config\.yaml\?"):
        files.capture_attachments(["config.yaml", tmp_path / "confg.yaml"], writer, tmp_path)
    assert writer.new_bytes == 0
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadOption, match="pipe is no file"):
        files.capture_attachments([tmp_path / "pipe"], writer, tmp_path)


def test_secrets_in_attached_text_are_taken_out(store, tmp_path):
    (tmp_path / ".env").write_text("API_TOKEN=abc123def456ghi\n")
    (tmp_path / "settings.json").write_text('{"password": "hunter2"}')
    redactor = Redactor()
    part, _ = attach(store, tmp_path, ".env", "settings.json", redactor=redactor)
    files.restore(part, tmp_path / "out", store.get)
    assert (tmp_path / "out" / ".env").read_text() == "API_TOKEN={{secret:1}}\n"
    assert (tmp_path / "out" / "settings.json").read_text() == '{"password": "{{secret:2}}"}'
    assert "hunter2" not in files.texts(part, store.get)["settings.json"]
    assert [finding.where for finding in redactor.findings] == [".env", "settings.json"]


@pytest.mark.parametrize(
    ("name", "data", "has", "lacks"),
    [
        ("a.md", b"# Churn\nrisk", "risk", "\0"),
        ("a.csv", "name,größe\n".encode(), "größe", "\0"),
        ("a.html", b"<p>hi <b>you</b></p><script>evil()</script><style>x{}</style>", "hi", "evil"),
        ("a.html", b"<![CDATA[<!x", "", "\0"),
        (
            "a.ipynb",
            json.dumps({"cells": [{"source": ["fit(", "x)"]}]}).encode(),
            "fit(x)",
            "source",
        ),
        ("a.ipynb", b"{broken", "", "broken"),
        ("a.txt", "utf-16 text".encode("utf-16"), "utf-16 text", "\0"),
        ("a.txt", b"\xff\x00binary", "", "binary"),
        ("a.bin", b"plain", "", "plain"),
        ("a.pdf", b"%PDF-1.4 broken", "", "broken"),
    ],
)
def test_text_by_which_a_file_is_found(name, data, has, lacks):
    assert has in words(name, data)
    assert lacks not in words(name, data)


def test_the_text_is_kept_for_searching(store, tmp_path):
    (tmp_path / "notes.html").write_text("<b>bold</b> claim")
    (tmp_path / "plain.md").write_text("# plain")
    part, _ = attach(store, tmp_path, "notes.html", "plain.md")
    assert files.texts(part, store.get) == {"notes.html": "bold claim", "plain.md": "# plain"}
    assert len(set(part.blobs)) == 3  # a plain text is its own
    assert files.restore(part, tmp_path / "out", store.get)[1].read_text() == "# plain"


def test_a_pdf_without_text_is_said(store, tmp_path):
    (tmp_path / "paper.pdf").write_bytes(b"%PDF-1.4 broken")
    part, notices = attach(store, tmp_path, "paper.pdf")
    assert [(notice.kind, notice.name) for notice in notices] == [("no-text", "paper.pdf")]
    assert files.entries(part)[0]["type"] == "application/pdf"


@pytest.mark.parametrize(
    ("name", "type_"),
    [("a.md", "text/markdown"), ("a.csv", "text/csv"), ("a.png", "image/png"),
     ("a.parquet", "application/vnd.apache.parquet"), ("a.zzz", "application/octet-stream"),
     ("a.toml", "application/toml"), (".env", "text/plain")],
)  # fmt: skip
def test_media_types(name, type_):
    assert media_type(name) == type_


def part_with(name, store, data=b"x"):
    writer = store.writer()
    blob = writer.add(data)
    writer.commit()
    return Part("files", "attachments", {"files": [{"path": name, "blobs": [blob]}]}, (blob,))


HOSTILE = [
    "../x", "/etc/x", "a/../../x", "..", ".", "", "a//b", "C:\\x", "c:x", "..\\x", "nul",
    "a/con.txt", "a\\..\\..\\x", "x\0y",
    "x\ny", "a:b", "x.", "x ", "a/", "\u202ex", "*", "x" * 2000,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_write_nothing(store, tmp_path, name):
    out = tmp_path / "deep" / "out"
    out.mkdir(parents=True)
    with pytest.raises(Damaged):
        files.restore(part_with(name, store), out, store.get)
    assert [path.name for path in tmp_path.rglob("*")] == ["deep", "out"]


@given(st.text(max_size=30))
@settings(max_examples=150, deadline=None)
def test_no_name_leaves_the_folder(tmp_path_factory, name):
    store = MemoryStore()
    root = tmp_path_factory.mktemp("r")
    try:
        written = files.restore(part_with(name, store), root / "out", store.get)
    except Damaged:
        written = []
    assert all((root / "out").resolve() in path.resolve().parents for path in written)
    assert {path.name for path in root.iterdir()} <= {"out"}


def test_links_that_lead_out_are_not_followed(store, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (out / "sub").symlink_to(tmp_path / "elsewhere")
    (out / "file.txt").symlink_to(tmp_path / "target.txt")
    for name in ("sub/x", "file.txt"):
        with pytest.raises(Damaged):
            files.restore(part_with(name, store), out, store.get, replace=True)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert not (tmp_path / "target.txt").exists()


def test_what_is_there_is_not_overwritten_without_being_told(store, tmp_path):
    (tmp_path / "a.txt").write_text("mine")
    part = part_with("a.txt", store, b"theirs")
    with pytest.raises(Conflict, match=r"a\.txt is there with other content"):
        files.restore(part, tmp_path, store.get)
    assert (tmp_path / "a.txt").read_text() == "mine"
    files.restore(part, tmp_path, store.get, replace=True)
    assert (tmp_path / "a.txt").read_text() == "theirs"
    # the same bytes are no conflict
    files.restore(part, tmp_path, store.get)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_blob_that_is_missing_leaves_no_half_file(store, tmp_path):
    facts = {"files": [{"path": "a.txt", "blobs": ["0" * 64]}]}
    with pytest.raises(KeyError):
        files.restore(Part("files", "attachments", facts), tmp_path / "out", store.get)
    assert list((tmp_path / "out").iterdir()) == []


def test_files_of_one_name_from_two_places_are_both_kept(store, tmp_path, tmp_path_factory):
    one, two = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    (one / "conf.yml").write_text("1")
    (two / "conf.yml").write_text("2")
    part, _ = attach(store, tmp_path, one / "conf.yml", two / "conf.yml")
    assert [entry["path"] for entry in files.entries(part)] == ["conf.yml", "conf_.yml"]


def test_diff_tells_added_removed_and_lines(store, tmp_path):
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    (tmp_path / "b.txt").write_text("b")
    first, _ = attach(store, tmp_path, "a.txt", "b.txt")
    (tmp_path / "a.txt").write_text("one\nthree\n")
    second, _ = attach(store, tmp_path, "a.txt")
    changed, removed = files.diff(first, second, store.get)
    assert changed.lines == ("-two", "+three")
    assert (removed.name, removed.what) == ("b.txt", "removed")
    assert files.diff(first, first, store.get) == []
    assert [change.what for change in files.diff(None, second)] == ["added"]
    assert files.diff(None, None) == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_text(store, tmp_path):
    odd = os.fsencode(tmp_path) + b"/\xff.txt"
    with open(odd, "w") as file:
        file.write("x")
    part, _ = attach(store, tmp_path, os.fsdecode(odd))
    assert files.entries(part)[0]["path"] == "\ufffd.txt"
