"""Verbs over HTTP: those that need no kernel, with paths inside the root, progress, an end."""

from __future__ import annotations

import asyncio

import pytest
from written import document, save

from snapbook import places
from snapbook.errors import Conflict, Interrupted, NotFound, Usage
from snapbook.refs import parse
from snapbook.repository import Author
from snapbook.server.events import PROGRESS
from snapbook.server.tasks import Tasks
from snapbook.verbs import VERBS

pytestmark = pytest.mark.slow  # it waits for what runs beside it


@pytest.fixture
def project(jp_root_dir, monkeypatch):
    monkeypatch.chdir(jp_root_dir)
    folder = jp_root_dir / "a"
    path = document(folder)
    for depth in (1, 2, 3):
        save(folder, depth, notebook_path=path)
    return folder


@pytest.fixture
def act(fetch):
    async def run(verb, *args, path="a/train.ipynb", task="", **options):
        body = {"path": path, "args": list(args), "options": options, "task": task}
        return await fetch(f"verbs/{verb}", body)

    return run


async def test_the_table_of_verbs_is_sent(fetch):
    told = (await fetch("about")).value
    assert told["api"] == 1
    assert told["user"]
    assert told["project_root"] == "root_dir"
    assert [verb["name"] for verb in told["verbs"]] == [
        name for name, verb in VERBS.items() if verb.place != "shell"
    ]
    tag = next(verb for verb in told["verbs"] if verb["name"] == "tag")
    assert [argument["name"] for argument in tag["arguments"]][:2] == ["ref", "tags"]
    assert tag["arguments"][0]["positional"] is True
    assert tag["place"] == "anywhere"
    save_ = next(verb for verb in told["verbs"] if verb["name"] == "save")
    assert save_["place"] == "kernel"


async def test_verbs_do_what_they_do_elsewhere(act, fetch, project):
    tagged = await act("tag", "churn:0.1.0", "team=risk", "exp")
    assert tagged.value == {
        "value": {"ref": "churn:0.1.0", "tags": {"exp": "", "team": "risk"}, "aliases": []},
        "lines": ["churn:0.1.0: exp, team=risk"],
        "exit_code": 0,
    }
    untagged = await act("tag", "churn:0.1.0", remove=["exp"])
    assert untagged.value["value"]["tags"] == {"team": "risk"}
    await act("note", "churn:0.1.0", "-- not an option", "--yes")
    version = (await fetch("version", path="a", ref="churn:0.1.0")).value
    assert version["notes"][0][2] == "-- not an option --yes"
    listed = await act("list", "churn", where="accuracy > 0.92", limit=5)
    assert [row["ref"] for row in listed.value["value"]["rows"]] == ["churn:0.3.0"]
    gone = await act("delete", "churn:0.2.0", dry_run=True)
    assert gone.value["lines"][-1] == "would delete churn:0.2.0"
    assert (await fetch("count", path="a")).value["count"] == 3
    await act("delete", "churn:0.2.0")
    assert (await fetch("count", path="a")).value["count"] == 2
    freed = await act("gc", dry_run=True)
    assert freed.value["value"]["dry_run"] is True
    renamed = await act("rename", "churn", "leavers")
    assert renamed.value["value"] == {"from": "churn", "to": "leavers"}


async def test_what_needs_a_kernel_says_so(act, project):
    for verb in ("save", "restore", "auto"):
        answer = await act(verb)
        assert (answer.status, answer.value["kind"]) == (400, "needs-kernel")


@pytest.mark.parametrize(
    ("verb", "args", "options", "kind"),
    [
        ("nosuch", [], {}, "verb"),
        ("tag", [], {}, "missing-ref"),
        ("tag", ["churn", "x"], {"remove": "x"}, "option"),
        ("tag", ["churn", "x"], {"remove": [1]}, "option"),
        ("tag", ["churn"], {"dry_run": "yes"}, "option"),
        ("tag", ["churn"], {"ghost": True}, "option"),
        ("tag", ["churn", "@production"], {}, "usage"),
        ("list", [], {"limit": {}}, "option"),
        ("list", [], {"limit": True}, "option"),
        ("rename", ["churn", "a b"], {}, "name"),
        ("rename", ["churn", "x", "y"], {}, "usage"),
        ("export", ["churn"], {"to": "/etc"}, "option"),
    ],
)
async def test_wrong_requests_are_sentences(act, project, verb, args, options, kind):
    answer = await act(verb, *args, **options)
    assert (answer.status, answer.value["kind"]) == (400, kind)
    assert "\n" not in answer.value["message"]


async def test_bodies_of_other_shapes(fetch, project):
    for body in ({"args": "churn"}, {"args": [1]}, {"options": []}, {"options": "x"}):
        assert (await fetch("verbs/tag", {"path": "a", **body})).status == 400


async def test_statuses_follow_the_kind(act, project):
    with places.make_repository(project) as repository:
        row = repository.resolve(parse("churn:0.1.0"))
        repository.move_alias(row, "production", Author("ada"))
    assert (await act("note", "ghost", "x")).status == 404
    refused = await act("delete", "churn:0.1.0")
    assert (refused.status, refused.value["kind"]) == (403, "protected")
    await act("rename", "churn", "leavers")
    save(project, 1, model="fraud")
    assert (await act("rename", "fraud", "leavers")).status == 409


async def test_files_are_written_inside_the_root_alone(act, project, jp_root_dir, tmp_path):
    bare = await act("export", "churn:0.1.0")  # a bundle, of a model that is told nothing of
    assert (bare.status, bare.value["kind"]) == (422, "damaged")
    wrote = await act("export", "churn:0.1.0", to="notebook")
    assert wrote.status == 200
    assert (project / "churn-0.1.0.ipynb").is_file()
    named = await act("export", "churn:0.1.0", to="notebook", output="again.ipynb")
    assert named.status == 200
    assert (project / "again.ipynb").is_file()
    (project / "out").symlink_to(tmp_path)
    for path in (
        "../../x.ipynb",
        "/x.ipynb",
        "out/x.ipynb",
        ".snapbook/format",
        str(tmp_path / "x.ipynb"),
        "..",
        ".ssh/x.ipynb",
    ):
        answer = await act("export", "churn:0.1.0", to="notebook", output=path)
        assert (answer.status, answer.value["kind"]) == (404, "no-such-path"), path
        long = await act("export", "churn:0.1.0", to="notebook", **{"--output": path})
        assert long.status == 404
        archive = f"{path.removesuffix('.ipynb')}.zip"
        assert (await act("export", "churn:0.1.0", to=archive)).status == 404, archive
    assert not list(tmp_path.glob("*.zip"))
    assert not (tmp_path / "x.ipynb").exists()


async def test_progress_is_told_under_the_id_of_the_task(act, project, jp_serverapp):
    told = []

    async def listen(logger, schema_id, data):
        told.append(data)

    jp_serverapp.event_logger.add_listener(schema_id=PROGRESS, listener=listen)
    answer = await act("verify", task="t1")
    assert answer.value["value"]["ok"] is True
    await asyncio.sleep(0.05)
    assert {data["task"] for data in told} == {"t1"}
    assert {data["what"] for data in told} >= {"verify", "packs", "events", "versions"}


async def test_a_task_can_be_cancelled(act, fetch, book, jp_serverapp):
    for patch in range(60):
        book.version("churn", f"0.1.{patch}")
    begun = asyncio.Event()

    async def listen(logger, schema_id, data):
        begun.set()

    jp_serverapp.event_logger.add_listener(schema_id=PROGRESS, listener=listen)
    verify = asyncio.ensure_future(act("verify", path="", task="t1"))
    await begun.wait()
    cancelled = await fetch("cancel", {"task": "t1"})
    answer = await verify
    assert cancelled.status == 200
    assert (answer.status, answer.value["kind"]) == (409, "cancelled")
    absent = await fetch("cancel", {"task": "t1"})
    assert (absent.status, absent.value["kind"]) == (404, "task")


def test_cancelling_stops_between_steps():
    told = []
    tasks = Tasks(lambda *words: told.append(words))
    with tasks.running("t") as progress:
        progress("packs", 0, 9)
        with pytest.raises(Conflict), tasks.running("t"):
            pass
        tasks.cancel("t")
        with pytest.raises(Interrupted):
            progress("packs", 1, 9)
    assert told == [("t", "packs", 0, 9)]
    with pytest.raises(NotFound):
        tasks.cancel("t")  # it has ended
    for wrong in ("x" * 101, "a\nb"):
        with pytest.raises(Usage), tasks.running(wrong):
            pass


def test_progress_is_told_ten_times_a_second_at_most():
    told = []
    tasks = Tasks(lambda *words: told.append(words))
    with tasks.running("t") as progress:
        for done in range(10_000):
            progress("versions", done, 10_000)
        progress("versions", 10_000, 10_000)
    assert 2 <= len(told) <= 5
    assert told[-1] == ("t", "versions", 10_000, 10_000)
