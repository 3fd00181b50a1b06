"""Servers that follow an alias: they go where the chain says, and take back what is bad."""

import json
import re
import time
from datetime import UTC, datetime

import clocks
import pytest
from deploy.conftest import BAD, ROW, Load, run, status, until
from export import leaving

import snapbook
from snapbook import events, places
from snapbook.verbs import Here
from snapbook.verbs.opening import opened

pytestmark = pytest.mark.slow


def test_it_goes_on_where_a_killed_server_left_it(nobody, start, project, request):
    one = start()
    begun = run(project, "deploy churn:1.1.0 --canary 30,60,100 --every 2s --window 300ms").data[
        "n"
    ]
    until(lambda: status(project)["rollout"]["step"] == 2)
    one.kill()
    assert status(project)["fronts"] == [], "who is dead follows nothing"
    both = [request.getfixturevalue("server"), start()]
    until(lambda: status(project)["rollout"]["state"] == "done")
    until(lambda: {server.by() for server in both} == {"churn:1.1.0"})
    assert len(status(project)["fronts"]) == 2
    assert status(project)["history"][0]["way"] == "promote"
    with places.open_folder(places.place(project).folder) as repository:
        told = [event.body.get("way") for event in repository.catalog.read(begun)]
    assert told == ["begin", "step", "promote"], "each step once, whoever took it"
    said = run(project, "rollback churn")
    assert "2 of 2 servers switched" in said.lines[1]
    assert {server.by() for server in both} == {"churn:1.0.0"}


@clocks.shifting
def test_a_clock_that_jumps_hurries_no_step_and_delays_none(start, project, tmp_path, monkeypatch):
    with Here(project, face="cli") as here:  # bundles are made by a right clock
        for ref in ("churn:1.0.0", "churn:1.1.0"):
            opened(here, ref, "serve")
    rate = tmp_path / "clock"
    clocks.turn(rate, 0)
    with monkeypatch.context() as patched:
        for name, value in clocks.env(rate).items():
            patched.setenv(name, value)
        start()
    begun = time.monotonic()
    run(project, "deploy churn:1.1.0 --canary 30,60,100 --every 8s --window 300ms")
    clocks.turn(rate, +1)
    time.sleep(2.0)
    assert status(project)["rollout"]["step"] == 1
    until(lambda: status(project)["rollout"]["step"] == 2)
    assert time.monotonic() - begun > 8.0
    until(lambda: status(project)["rollout"]["state"] == "done")
    assert time.monotonic() - begun > 16.0, "the second step began a day ahead, and lasted as long"


def test_at_once_and_back(server, project):
    assert server.by() == "churn:1.0.0"
    said = run(project, "deploy churn:1.1.0 --now")
    assert "1 of 1 servers switched" in said.lines[1]
    assert server.by() == "churn:1.1.0"
    told = status(project)
    assert (told["live"]["ref"], told["back"]["ref"]) == ("churn:1.1.0", "churn:1.0.0")
    drill = run(project, "rollback churn --drill")
    assert drill.exit_code == 0, drill.lines
    assert "the way back to churn:1.0.0 holds: 1 server" in drill.lines[0]
    assert status(project)["drill"]["seconds"] < 1
    with Load(server.url) as load:
        until(lambda: len(load.answered) > 50)
        said = run(project, "rollback churn")
        acknowledged = time.monotonic()
        until(lambda: len(load.since(acknowledged)) > 50)
    assert "alias moved, 1 of 1 servers switched" in said.lines[1]
    assert {code for _, code, _ in load.answered} == {200}
    late = [by for moment, _, by in load.since(acknowledged + 0.05)]
    assert set(late) == {"churn:1.0.0"}, "nobody gets an answer of it any more"


def test_a_bad_version_is_taken_back_by_itself(server, project):
    said = run(
        project,
        "deploy churn:1.2.0 --canary 50,100 --every 1h --window 1s --abort-if 'error_rate > 1%'",
    )
    assert said.lines[0] == "churn:1.2.0 answers 50 % beside churn:1.0.0, then 100 % every 1h"
    until(lambda: server.by() == "churn:1.2.0")
    with Load(server.url) as load:
        time.sleep(1.2)
        assert {code for _, code, _ in load.answered} == {200}
        assert {by for _, _, by in load.answered} == {"churn:1.0.0", "churn:1.2.0"}
        told = status(project)
        assert told["sentence"] == "Canary churn:1.2.0 at 50 %, step 1 of 2"
        assert told["rules"][0]["state"] in ("holds", "n/a")
        load.row, injected = BAD, datetime.now(UTC)
        until(lambda: status(project)["rollout"]["state"] == "aborted")
        time.sleep(0.5)
    assert {code for _, code, _ in load.answered} == {200}, "stable answers what it refuses"
    told = status(project)
    ended = events.parse_time(told["rollout"]["ended"])
    assert (ended - injected).total_seconds() < 1.1, "one window and 100 ms"
    assert told["rollout"]["itself"]
    assert told["rollout"]["why"].startswith("error_rate")
    assert "was taken back by itself" in told["sentence"]
    assert server.by(BAD) == "churn:1.0.0"
    run(project, "deploy churn:1.2.0 --canary 50,100 --every 1h --abort-if 'error_rate > 1%'")
    with Load(server.url) as load:
        until(lambda: "churn:1.2.0" in {by for _, _, by in load.answered})
        until(lambda: len(load.answered) > 100)
    assert status(project)["rollout"]["state"] == "running", "it is not judged by what was before"


def test_nobody_ends_a_rollout_by_what_no_version_takes(server, project):
    """Values that the stable version refuses as well are held against no candidate."""
    rules = "--every 1h --window 1s --abort-if 'error_rate > 0'"
    run(project, f"deploy churn:1.1.0 --canary 50,100 {rules}")
    until(lambda: server.by() == "churn:1.1.0")
    bad = [{"a": "text"}, {"a": None}, {"a": [1]}, {"a": 10**400}, {"a": "1e999"}, {"e": 1.0}]
    told = [server.ask({**ROW, **more}) for more in bad for _ in range(10)]
    told += [server.client.post("/predict", content=json.dumps([ROW]).replace("5.1", "1e999"))
             for _ in range(10)]  # fmt: skip
    assert {answer.status_code for answer in told} == {400}
    assert all("Snapbook-Refused" not in answer.headers for answer in told)
    time.sleep(0.3)
    assert status(project)["rollout"]["state"] == "running"


def test_beside_in_the_shadow_and_by_hand(server, project):
    run(project, "deploy churn:1.2.0 --shadow")
    for _ in range(30):
        assert server.by() == "churn:1.0.0"
    until(lambda: (status(project)["shadow"] or {}).get("compared", 0) >= 30)
    shown = "\n".join(run(project, "deploy churn --status").lines)
    assert "churn:1.2.0 in the shadow of churn:1.0.0" in shown
    run(project, "rollback churn")
    run(project, "deploy churn:1.1.0 --ab 50")
    first = {key: server.by(**{"Snapbook-Key": str(key)}) for key in range(30)}
    assert set(first.values()) == {"churn:1.0.0", "churn:1.1.0"}
    again = {key: server.by(**{"Snapbook-Key": str(key)}) for key in range(30)}
    assert again == first, "who was answered by one stays with it"
    right = {"churn:1.0.0": 0, "churn:1.1.0": 1}  # of which it says 0
    for answer in [server.ask() for _ in range(40)]:
        told = {"id": answer.headers["x-request-id"]}
        told["outcome"] = right[answer.headers["snapbook-version"]]
        assert server.client.post("/feedback", json=told).status_code == 200
    ab = until(lambda: (ab := status(project)["ab"])["stable"]["labels"] and ab)
    assert (ab["metric"], ab["stable"]["value"], ab["p"]) == ("accuracy", 1.0, None)
    assert "of 100 outcomes of candidate" in ab["why"]
    shown = run(project, "deploy churn --status").lines
    assert any(re.match(r"  outcomes: n/a: \d+ of 100 outcomes of ", line) for line in shown)
    assert run(project, "pause churn").lines[0].endswith("paused")
    run(project, "resume churn --next --reason 'enough seen'")
    assert {server.by() for _ in range(10)} == {"churn:1.1.0"}
    assert status(project)["history"][0]["text"] == "enough seen"


def test_what_cannot_start_is_no_candidate(server, project):
    with Here(project, face="cli") as here:
        facts = opened(here, "churn:1.2.0", "serve").path / "bundle.json"
    kept = facts.read_text()
    facts.write_text("{}")
    try:
        run(project, "deploy churn:1.2.0 --canary 50,100 --every 1h")
        told = until(lambda: (found := status(project))["rollout"]["state"] == "aborted" and found)
        assert "churn:1.2.0 is not served here" in told["rollout"]["why"]
        assert server.by() == "churn:1.0.0"
    finally:
        facts.write_text(kept)


def test_rules_that_can_tell_nothing_are_told_of(project):
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    frame, target = load_iris(return_X_y=True, as_frame=True)
    frame.columns = ["a", "b", "c", "d"]
    model = LogisticRegression(C=0.7, max_iter=300).fit(frame, target)
    line = "  drift > 0.2 tells nothing: what {} was trained on is not known;"
    for told, untold in (({}, True), ({"train": "rows"}, False)):
        made = snapbook.save(model, "churn", data={"rows": frame}, store=True, **told)
        ref = made.version.ref
        said = run(project, f"deploy {ref} --canary 50,100 --abort-if 'drift > 0.2' --dry-run")
        assert any(one.startswith(line.format(ref)) for one in said.lines) is untold
        assert not untold or said.lines[-1].endswith('snapbook.save(..., train="X")')


def test_a_column_that_moves_takes_the_candidate_back(server, project):
    """The rows of training are no drift; then one column moves, and the evidence names it."""
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    frame, target = load_iris(return_X_y=True, as_frame=True)
    frame.columns = ["a", "b", "c", "d"]
    moved = frame.assign(c=frame["c"] + 3)
    fitted = LogisticRegression(C=0.8, max_iter=300).fit(frame, target)
    trained = {"X_train": (frame, "train"), "y_train": (target, "train")}
    with places.open_folder(places.place(project).folder) as repository:
        made = leaving.save(repository, fitted, trained, key=leaving.own_key())
    number = made.ref.partition(":")[2]
    rules = "--every 1h --window 30s --abort-if 'drift > 0.2'"
    run(project, f"deploy {made.ref} --canary 50,100 {rules}")
    until(lambda: server.by() == made.ref)

    def asked(rows, state):
        """Ask for rows of every sort; whether that is how the rule, or the rollout, stands."""
        for first in range(5):
            some = rows.iloc[first::5].to_dict("records")
            assert server.client.post("/predict", json=some).status_code == 200
        told = status(project)
        return state in (told["rollout"]["state"], *(one["state"] for one in told["rules"]))

    until(lambda: asked(frame, "holds"), what="a rule that holds")
    assert status(project)["rollout"]["state"] == "running"
    until(lambda: asked(moved, "aborted"), what="the end of the rollout")
    told = status(project)["rollout"]
    assert told["itself"]
    assert told["why"].startswith("drift ")
    assert told["why"].endswith(" > 0.2 in c")
    first, columns, window, seen_by = told["seen"]
    # Stable knows its training as well, and is beside it where it had rows enough.
    beside = r"(; 1\.0\.0 had [0-9.]+)?"
    assert re.fullmatch(rf"drift > 0\.2: {re.escape(number)} had [0-9.]+ in c{beside}", first)
    assert columns.startswith("drift by column: c ")
    assert window.startswith("within ")
    assert window.endswith(f" rows of {number}")
    assert seen_by.startswith("seen by the server ")
    said = run(project, "deploy churn --status").lines
    assert said[0].endswith(f"{made.ref} was taken back by itself: {told['why']}")
    assert said[1] == f"  {first}"
    assert server.by() == "churn:1.0.0"
