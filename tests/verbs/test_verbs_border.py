"""The first push to a registry: what leaves is shown, asked once, kept for that registry."""

import builtins
import json

import pytest

import snapbook
from snapbook import places
from snapbook.display.errors import error_text
from snapbook.errors import Refused
from snapbook.refs import parse
from snapbook.verbs import Here, border, run_words

pd = pytest.importorskip("pandas")


@pytest.fixture
def ada(tmp_path, monkeypatch):
    """A project with a model, a frame and a local file; two registries that are folders."""
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("SNAPBOOK_TOKEN", raising=False)
    folder = tmp_path / "ada"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("team", "other"):
        run(folder, "registry", "add", name, (tmp_path / name).as_uri())
    (folder / "notes.txt").write_text("words")
    frame = pd.DataFrame({"age": range(90), "city": ["x"] * 90})
    snapbook.save({"a": 1}, "churn", data={"X": frame}, attach=["notes.txt"])
    return folder


def run(folder, *words, face="cli", said=None):
    told = [] if said is None else said
    with Here(folder, face=face, say=told.append) as here:
        return run_words(here, words[0], list(words[1:]))


@pytest.mark.parametrize("face", ["cli", "magic", "server", "python"])
def test_where_nobody_can_be_asked_it_is_refused_with_what_would_go(ada, tmp_path, face):
    with pytest.raises(Refused) as told:
        run(ada, "push", "churn", "--registry", "team", face=face)
    said = error_text(told.value, "cli")
    assert said.startswith(
        "Not pushed: nothing has gone to team yet: with churn:0.1.0 would go dict, "
        "X 90x2 (no rows), "
    )
    assert said.endswith("snapbook push churn:0.1.0 --registry team --yes")
    assert told.value.kind == "not-agreed"
    assert not (tmp_path / "team").exists()
    done = run(ada, told.value.hint.verb, *told.value.hint.args, face=face)
    assert "pushed as team::churn:0.1.0" in done.lines[-1]


def test_it_is_asked_once_for_each_registry_and_once_more_for_rows(ada):
    run(ada, "push", "churn", "--registry", "team", "--yes")
    run(ada, "push", "churn", "--registry", "team")
    with pytest.raises(Refused, match="nothing has gone to other yet"):
        run(ada, "push", "churn", "--registry", "other")
    with pytest.raises(Refused, match=r"rows have gone to team yet.*X 90x2 \(with rows\)"):
        run(ada, "push", "churn", "--registry", "team", "--rows")
    run(ada, "push", "churn", "--registry", "team", "--rows", "--yes")
    run(ada, "sync", "--registry", "team", "--rows")


def test_on_a_terminal_it_is_shown_and_asked(ada, monkeypatch):
    monkeypatch.setattr(border, "_on_terminal", lambda: True)
    said, answers = [], ["n", "y"]
    monkeypatch.setattr(builtins, "input", lambda _question: answers.pop(0))
    with pytest.raises(Refused, match="nothing has left this machine"):
        run(ada, "push", "churn", "--registry", "team", said=said)
    assert run(ada, "push", "churn", "--registry", "team", said=said).data["new"]
    assert run(ada, "push", "churn", "--registry", "team", said=said).lines[-1].endswith("already")
    assert not answers
    shown = said[0].splitlines()
    assert shown[0] == "to team (team) with churn:0.1.0:"
    frame = "  frame        X 90x2  (age, city), its hash and profile; its rows stay here"
    assert frame in shown
    assert any(line.startswith("  model ") and "dict" in line for line in shown)
    assert any(line.startswith("  attachments") and "notes.txt" in line for line in shown)
    assert any(line.startswith("  environment") and "packages" in line for line in shown)
    assert shown[-1].startswith("  in all")
    assert all(line.split(maxsplit=1)[1:] for line in shown[1:]), "a thing that is not there"


def test_a_dry_run_shows_all_of_it_in_every_face(ada):
    told = run(ada, "push", "churn", "--registry", "team", "--rows", "--dry-run", face="server")
    assert told.lines[-1] == "would push churn:0.1.0 to team"
    assert any("with its rows" in line for line in told.data["leaves"])
    json.dumps(dict(told.data))


def test_what_is_shown_is_what_goes(ada, tmp_path):
    run(ada, "push", "churn", "--registry", "team", "--yes")
    with places.find_repository(ada) as here, places.open_folder(tmp_path / "team") as there:
        row = here.resolve(parse("churn"))
        needed = there.needed(there.resolve(parse("churn")))
        assert sum(len(there.store.get(blob)) for blob in needed) == border._bytes(
            here, row, rows=False
        )


def test_the_queue_asks_before_it_takes(ada):
    with pytest.raises(Refused) as told:
        run(ada, "push", "churn", "--later", "--registry", "team")
    run(ada, told.value.hint.verb, *told.value.hint.args)
    assert run(ada, "push", "--waiting").lines == ("waiting: churn:0.1.0 for team",)
