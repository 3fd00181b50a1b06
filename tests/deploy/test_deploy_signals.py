"""Signals to the only server that follows an alias, in the middle of what it does."""

import signal
import threading
import time

import pytest
from deploy.conftest import run, status, until

pytestmark = pytest.mark.slow


def test_a_server_that_was_stopped_hurries_no_step(start, project):
    """What it did not see counts as nothing that was seen."""
    one = start()
    run(project, "deploy churn:1.1.0 --canary 30,60,100 --every 4s --window 4s")
    until(lambda: one.by() == "churn:1.1.0", 60)
    one.process.send_signal(signal.SIGSTOP)
    time.sleep(6.0)
    one.process.send_signal(signal.SIGCONT)
    begun = time.monotonic()
    assert one.ask().status_code == 200
    until(lambda: status(project)["rollout"]["step"] >= 2, 60)
    assert time.monotonic() - begun > 1.5
    until(lambda: status(project)["rollout"]["state"] == "done", 60)


@pytest.mark.usefixtures("hangups")
def test_a_server_whose_terminal_is_closed_ends_as_it_would(start, project):
    one = start()
    one.process.send_signal(signal.SIGHUP)
    assert one.process.wait(30) == 0
    assert status(project)["fronts"] == []


def test_a_server_that_is_told_to_end_in_a_drill_leaves_all_as_it_was(start, project):
    one = start()
    run(project, "deploy churn:1.1.0 --now")
    until(lambda: one.by() == "churn:1.1.0", 60)
    until(lambda: {"churn:1.0.0": "ready"}.items() <= workers(project).items(), 60)
    asked = threading.Thread(target=run, args=(project, "rollback churn --drill"))
    asked.start()
    until(lambda: status(project)["drill"])
    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(30) == 0
    asked.join()
    two = start()
    assert two.by() == "churn:1.1.0"
    run(project, "rollback churn")
    until(lambda: two.by() == "churn:1.0.0")


def workers(project):
    return {
        one["ref"]: one["state"] for front in status(project)["fronts"] for one in front["workers"]
    }
