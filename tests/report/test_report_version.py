"""A version's report: what it tells, that it runs and fetches nothing, that it prints."""

import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from promote.parties import ADA, BOB, made

from snapbook import canonical, places, signing
from snapbook.capture import Draft
from snapbook.gates.base import Verdict
from snapbook.lineage.log import Cell
from snapbook.parts import cells
from snapbook.parts.base import Part
from snapbook.promote import moving, opinions, policies, verdicts
from snapbook.report.page import page
from snapbook.report.told import Facts, Node, Picture, Report, Section, Table, Text
from snapbook.repository import Author, Wish
from snapbook.verbs import VERBS, Here

EVIL = '<script>alert(1)</script><img src=x onerror="alert(2)">&"\'\u202ereversed\x07'
POLICY = "[production]\napprovals = 1\n[production.gates.latency]\np95_ms = 5\n"


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("SNAPBOOK_AUTHOR", "ada")
    monkeypatch.delenv("SNAPBOOK_TOKEN", raising=False)


class Seen(HTMLParser):
    """Elements, their attributes, and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def hostile(repository, key):
    """A version of which every text is out to harm who reads it."""
    writer = repository.store.writer()
    try:
        log = [Cell(0, 1, "", f"df = load('{EVIL}')"), Cell(1, 2, "", "model = fit(df)")]
        profile = {"kind": "numeric", "nulls": 0.25, "quantiles": [1.0, 2.0, 3.0], "mean": 2.0}
        text = writer.add(EVIL.encode())
        parts = (
            Part("model", EVIL, {"class_name": EVIL, "digest": "0" * 64, "inputs": [
                {"name": EVIL, "type": "float64"}], "structure": {"trees": 3}, "executes": True}),
            Part("metrics", "metrics", {"values": {EVIL: float("nan"), "accuracy": 0.9},
                                        "main": "accuracy"}),
            Part("params", "params", {"values": {"depth": EVIL}}),
            Part("frame", EVIL, {"role": "train", "shape": [3, 1], "rows": 3, "stored": True,
                                 "columns": [{"name": EVIL, "dtype": "f8", "profile": profile},
                                             {"name": "odd", "profile": 7}]}),
            Part("environment", "environment", {"imported": {"numpy": EVIL}, "python": EVIL}),
            cells.capture(log, [0, 1], 1, writer),
            Part("files", "attachments", {"files": [{"path": "MODEL_CARD.md", "text": text}]},
                 (text,)),
        )  # fmt: skip
        digests = tuple(writer.add(part.encode()) for part in parts)
        draft = Draft("churn", parts, digests, canonical.digest(b"hostile"))
        wish = Wish(EVIL, {"team": EVIL})
        return repository.save(draft, writer, wish, Author(EVIL[:100], key)).version
    finally:
        writer.close()


@pytest.fixture
def project(tmp_path):
    """A version that was judged, asked for, approved and promoted, in hostile words."""
    folder = tmp_path / "project"
    folder.mkdir()
    key = signing.own_key(tmp_path / "judge")
    with places.make_repository(folder) as repository:
        made(repository, ADA, accuracy=0.8)
        version = hostile(repository, key)
        policies.change(repository, "churn", POLICY, {}, ADA)
        sought = verdicts.sought(repository, version, "production")
        table = [["change", EVIL], ["noise", "0.1 %"], "no row", [1, None, True]]
        found = Verdict("latency", True, EVIL, {"table": table, "rows": EVIL, "rows_digest": 7})
        given = verdicts.judgement(
            sought, "production", sought.gates[0], found, key, {"source": EVIL}
        )
        verdicts.keep(repository, version, "production", [given], Author("judge", key))
        opinions.say(repository, version, "production", "request", EVIL, ADA)
        opinions.say(repository, version, "production", "approve", EVIL, BOB)
        moving.promote(repository, version, "production", BOB, text=EVIL)
        repository.note(version, EVIL, BOB)
    return folder


def run(folder, *words):
    with Here(folder, face="cli") as here:
        done = VERBS[words[0]].run(here, VERBS[words[0]].parse(list(words[1:])))
        return done


def written(folder, *words):
    done = run(folder, "export", *words, "--to", "report")
    (name,) = done.data["files"]
    with open(name, encoding="utf-8") as file:
        return file.read()


def test_hostile_text_is_text(project):
    text = written(project, "churn@production")
    seen = Seen(text)
    assert not {"script", "img", "iframe", "link", "object", "embed"} & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert not [value for name, value in seen.attributes if name in ("src", "href")
                and not re.fullmatch(r"#s\d", value)]  # fmt: skip
    assert "<script>alert(1)</script>" in seen.text
    assert "\\u202ereversed\\u0007" in seen.text
    assert "\u202e" not in text
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")


def test_what_it_tells(project):
    with places.open_folder(places.place(project).folder) as repository:
        version = repository.index.numbered("churn", (1, 0, 0))
        head = repository.catalog.head()
        acts = repository.index.acts(version.manifest, -1)
        digests = [repository.catalog.event(n).digest for n in acts]
    seen = Seen(written(project, "churn@production"))
    for title in ("Summary", "Metrics", "Gates", "Approvals", "Model card", "Lineage", "Data",
                  "Environment", "History"):  # fmt: skip
        assert title in seen.text
    assert version.manifest in seen.text
    assert "signed by key" in seen.text
    assert head.digest in seen.text
    assert len(digests) == 6
    assert all(digest in seen.text for digest in digests)
    assert "Judged: latency for production" in seen.text
    assert "They counted when it was promoted to production" in seen.text
    assert "no: before it was last there" in seen.text
    assert "MODEL_CARD.md" in seen.text
    assert "svg" in seen.tags
    assert "25.0%" in seen.text, "a quarter of the column is missing"
    plain = Seen(written(project, "churn:0.1.0"))
    assert "Missing: latency: not judged yet; 1 of 1 approval is missing" in plain.text
    assert "not signed" in plain.text


def test_where_it_goes(project, tmp_path):
    done = run(project, "export", "churn:0.1.0", "--to", "report")
    assert done.lines == ("wrote churn-0.1.0-report.html; print it from a browser for a PDF",)
    again = run(project, "export", "churn:0.1.0", "--to", "report")
    assert again.lines[0].startswith("wrote churn-0.1.0-report-2.html")
    out = tmp_path / "here.html"
    run(project, "export", "churn:0.1.0", "--to", "report", "-o", str(out))
    assert out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_of_a_registry(project, tmp_path, monkeypatch):
    """Over HTTP, with the request that made each event; for who may read all of its models."""
    pytest.importorskip("uvicorn")
    from registry.conftest import Standing

    standing = Standing(tmp_path / "registry")
    try:
        monkeypatch.setenv("SNAPBOOK_TOKEN", standing.tokens.make("root", ("admin",)))
        run(project, "registry", "add", "team", standing.url)
        run(project, "push", "churn:0.1.0", "--yes", "--registry", "team")
        run(project, "request", "team::churn:0.1.0", "staging", "--reason", "please")
        monkeypatch.setenv("SNAPBOOK_TOKEN", standing.tokens.make("rita", ("reader",)))
        seen = Seen(written(project, "team::churn:0.1.0"))
    finally:
        standing.stop()
    assert "in the registry team" in seen.text
    assert "please" in seen.text
    with places.open_folder(standing.folder) as there:
        via = there.catalog.event(there.catalog.head().n).rest["via"]
        assert there.catalog.head().digest in seen.text
    assert via["request"] in seen.text


def test_a_picture_of_anything():
    """Circles, many abreast, arrows from nowhere: it is drawn, and each thing once."""
    nodes = [Node(str(n), "cell", f"thing {n}", "") for n in range(11)]
    edges = [("0", "1"), ("1", "2"), ("2", "0"), ("9", "3"), ("nowhere", "4"), ("5", "5")]
    report = Report("r", "l", "t", [Section("s", [Picture(nodes, edges, 3), Picture([], [])])])
    text = page(report)
    seen = Seen(text)
    assert all(text.count(f">thing {n}<") == 1 for n in range(11))
    assert seen.tags.count("rect") == 22
    assert "3 more are not shown" in seen.text


def test_long_texts_are_cut_and_said():
    blocks = [Text("x" * 300_000), Facts([("a", "y" * 9000)]), Table(["h"], [["z" * 50]], "more")]
    text = page(Report("r", "l", "t", [Section("s", blocks)]))
    assert "(100,000 more characters)" in text
    assert "(5,000 more characters)" in text
    assert '<td class="long">' in text
    assert len(text) < 300_000


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium here")
def test_it_prints(project, tmp_path):
    run(project, "export", "churn@production", "--to", "report", "-o", str(tmp_path / "r.html"))
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer",
         f"--print-to-pdf={tmp_path / 'r.pdf'}", (tmp_path / "r.html").as_uri()],
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-400:]
    data = (tmp_path / "r.pdf").read_bytes()
    assert data.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", data)) > 2
