"""push --later: what waits outlives everything, is told, and goes when the registry is reached."""

import os
import signal
import subprocess
import sys
import time

import pytest
from faults import driver

from snapbook import places
from snapbook.display.errors import error_text
from snapbook.display.words import marks
from snapbook.errors import NotFound, Unreachable
from snapbook.refs import parse
from snapbook.registry.agreed import Agreed
from snapbook.registry.known import Book
from snapbook.settings import folder as config
from snapbook.verbs import Here, run_words
from snapbook.verify import verify

pytestmark = pytest.mark.slow  # it waits for what runs beside it

AWAY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("SNAPBOOK_TOKEN", raising=False)


@pytest.fixture
def away(monkeypatch):
    """A registry called team, agreed to, that nobody answers for."""
    monkeypatch.setattr("snapbook.registry.http._WAIT_S", 0.001)
    Book(config()).add("team", AWAY)
    Agreed(config()).add(AWAY, rows=False)


@pytest.fixture
def ada(tmp_path):
    folder = tmp_path / "ada"
    folder.mkdir()
    with places.make_repository(folder) as repository:
        for seed in (1, 2, 3):
            driver.save(repository, "churn", seed)
    return folder


def run(folder, *words):
    with Here(folder, face="cli") as here:
        return run_words(here, words[0], list(words[1:]))


def lines(folder, *words):
    return run(folder, *words).lines


def there_again(tmp_path):
    """The registry answers again: from here on it is a folder, under its old name."""
    book = Book(config())
    book.remove("team")
    url = (tmp_path / "shared").as_uri()
    book.add("team", url)
    Agreed(config()).add(url, rows=False)


def row(folder, ref):
    with places.find_repository(folder) as repository:
        return repository.resolve(parse(ref))


@pytest.mark.usefixtures("away")
def test_a_registry_that_does_not_answer_is_told_and_the_hint_works(ada):
    with pytest.raises(Unreachable) as told:
        run(ada, "push", "churn:0.3.0")
    assert error_text(told.value, "cli") == (
        "Not pushed: team (127.0.0.1:9) does not answer. churn:0.3.0 is safe here. "
        "Queue it for later: snapbook push --later churn:0.3.0"
    )
    assert error_text(told.value, "magic").endswith("%snapbook push --later churn:0.3.0")
    said = lines(ada, told.value.hint.verb, *told.value.hint.args)
    assert said == ("churn:0.3.0 waits for team: it goes with the next push, pull or sync",)
    assert row(ada, "churn:0.3.0").waits == ("team",)
    assert marks(row(ada, "churn:0.3.0")) == "waits for team"


@pytest.mark.usefixtures("away")
def test_with_several_registries_the_hint_names_the_one(ada):
    Book(config()).add("other", "http://127.0.0.1:10")
    with pytest.raises(Unreachable) as told:
        run(ada, "push", "churn", "--registry", "team")
    assert told.value.hint.args == ("--later", "churn:0.3.0", "--registry", "team")
    run(ada, told.value.hint.verb, *told.value.hint.args)
    assert row(ada, "churn").waits == ("team",)


@pytest.mark.usefixtures("away")
def test_a_sync_and_a_pull_say_what_to_do(ada):
    with pytest.raises(Unreachable) as told:
        run(ada, "sync")
    assert error_text(told.value, "cli") == (
        "Not synced: team (127.0.0.1:9) does not answer. Nothing is lost here. "
        "Queue what is new here: snapbook sync --later"
    )
    assert len(lines(ada, told.value.hint.verb, *told.value.hint.args)) == 3
    with pytest.raises(Unreachable, match=r"Not pulled: team .* does not answer"):
        run(ada, "pull", "churn")


@pytest.mark.usefixtures("away")
def test_what_waits_is_told_and_can_be_dropped(ada):
    run(ada, "push", "--later", "churn:0.1.0")
    run(ada, "push", "--later", "churn:0.3.0")
    run(ada, "push", "--later", "churn:0.1.0")  # twice is once
    assert lines(ada, "push", "--waiting") == ("waiting: churn:0.3.0, churn:0.1.0 for team",)
    status = run(ada, "status")
    assert "waiting     churn:0.3.0, churn:0.1.0 for team, for the next push, pull or sync" in (
        status.lines
    )
    assert status.data["waiting"][0] == {"ref": "churn:0.3.0", "registry": "team"}
    assert lines(ada, "push", "--drop", "churn:0.1.0") == ("churn:0.1.0 waits for team no more",)
    with pytest.raises(NotFound, match=r"churn:0\.1\.0 does not wait for team") as told:
        run(ada, "push", "--drop", "churn:0.1.0")
    assert lines(ada, told.value.hint.verb, *told.value.hint.args) == (
        "waiting: churn:0.3.0 for team",
    )
    run(ada, "delete", "churn:0.3.0")
    assert lines(ada, "push", "--waiting") == ("nothing waits to be pushed",)


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize("act", [("push", "churn:0.3.0"), ("pull", "churn"), ("sync",)])
def test_what_waits_goes_with_what_reaches_the_registry(tmp_path, ada, act):
    run(ada, "push", "--later", "churn:0.1.0")
    run(ada, "push", "--later", "churn:0.2.0")
    (ada / ".snapbook" / "index.sqlite").unlink()  # the queue is no cache
    there_again(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    with places.make_repository(other) as repository:
        driver.save(repository, "churn", 9)
    run(other, "push", "churn")
    said = lines(ada, *act)
    waited = [line for line in said if line.startswith("waited: ")]
    assert [line.split()[1] for line in waited] == ["churn:0.1.0", "churn:0.2.0"]
    assert lines(ada, "push", "--waiting") == ("nothing waits to be pushed",)
    with places.open_folder(tmp_path / "shared") as shared:
        count = len(list(shared.every_version()))
    assert count == (3 if act[0] == "pull" else 4)
    assert not any(line.startswith("waited") for line in lines(ada, "sync"))


@pytest.mark.usefixtures("away")
def test_what_is_refused_still_waits(tmp_path, ada):
    run(ada, "push", "--later", "--strict", "churn:0.1.0")
    there_again(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    with places.make_repository(other) as repository:
        driver.save(repository, "churn", 9)
    run(other, "push", "churn")
    said = lines(ada, "push", "churn:0.2.0")
    assert said[-1].startswith("churn:0.1.0 still waits for team: Not pushed: churn:0.1.0 is taken")
    assert row(ada, "churn:0.1.0").waits == ("team",)


@pytest.mark.usefixtures("away")
def test_words_wait_as_well(tmp_path, ada):
    there_again(tmp_path)
    run(ada, "push", "churn:0.3.0")
    run(ada, "note", "churn:0.3.0", "said while it was away")
    run(ada, "push", "--later", "churn:0.3.0")
    assert row(ada, "churn:0.3.0").waits == ("team",)
    assert any(line.startswith("waited: churn:0.3.0") for line in lines(ada, "sync"))
    with places.open_folder(tmp_path / "shared") as shared:
        found = shared.index.notes(shared.resolve(parse("churn:0.3.0")).manifest)
        assert [note.text for note in found] == ["said while it was away"]
    assert lines(ada, "push", "--waiting") == ("nothing waits to be pushed",)


PUSH = "from snapbook.cli import main; main(['push', 'churn:0.3.0'])"


@pytest.mark.usefixtures("away")
def test_killed_while_it_sends_everything_goes_once(tmp_path, ada):
    with places.open_folder(ada / ".snapbook") as repository:
        for seed in range(10, 30):
            driver.save(repository, "churn", seed)
        refs = [row.ref for row in repository.every_version()]
    for ref in refs:
        run(ada, "push", "--later", ref)
    there_again(tmp_path)
    events = tmp_path / "shared" / "events" / "0000000"
    for wanted in (1, 6, 11, 16):
        process = subprocess.Popen([sys.executable, "-c", PUSH], cwd=ada, env=os.environ)
        until = time.monotonic() + 30
        while len(list(events.glob("0*"))) < wanted and process.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    with places.open_folder(ada / ".snapbook") as repository:
        waiting = len(repository.index.waiting())
    assert waiting, "no kill came in time"
    run(ada, "push", "churn:0.3.0")
    assert lines(ada, "push", "--waiting") == ("nothing waits to be pushed",)
    with (
        places.open_folder(tmp_path / "shared") as shared,
        places.open_folder(ada / ".snapbook") as repository,
    ):
        there = [row.manifest for row in shared.every_version()]
        assert sorted(there) == sorted(row.manifest for row in repository.every_version())
        for side in (shared, repository):
            found = verify(side, None, lambda *_: None)
            assert (found.problems, found.broken) == ((), ())
