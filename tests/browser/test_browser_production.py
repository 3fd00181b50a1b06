"""What is deployed: a section of the panel that follows a rollout, leads it, and takes it back."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading

import httpx
import projects
import pytest
from playwright.sync_api import expect

# Whoever sits at this server made the versions, and needs nobody else here.
POLICY = """
[production]
approvals = 0
"""
RULES = "p99 > 2x or accuracy < stable - 2%"


@pytest.fixture
def policy(story, server, place):
    """The story, where production takes what its maker deploys."""
    (server.root / place / "policy.toml").write_text(POLICY)
    said(server, place, "policy", "churn", "policy.toml")
    return story


def said(server, place, *words):
    return projects.shell(server.root / place, server.environment, *words)


def deployed(server, place):
    return json.loads(said(server, place, "deploy", "churn", "--status", "--json"))


def section(desk):
    return desk.panel.get_by_role("region", name="production of churn")


def test_a_canary_is_led_and_taken_back_by_the_keyboard(policy, server, place):
    desk = policy
    panel = desk.sidebar()
    expect(desk.row("churn:0.4.0")).to_be_visible()
    expect(section(desk)).to_have_count(0)
    words = ("--canary", "5,50,100", "--every", "1h", "--abort-if", RULES)
    said(server, place, "deploy", "churn:0.4.0", *words)
    # Pushed: nobody looked for it.
    one = section(desk)
    expect(one.get_by_text("Canary churn:0.4.0 at 5 %, step 1 of 3")).to_be_visible()
    bar = one.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", "5")
    expect(bar).to_have_attribute("aria-valuetext", re.compile("5 percent, step 1 of 3, next in "))
    table = one.get_by_role("table", name="Rules that take it back")
    expect(table.get_by_role("row", name=re.compile("^p99"))).to_contain_text("n/a: no server")
    desk.both_themes("production", panel)
    one.get_by_role("button", name="Pause", exact=True).click()
    expect(one.get_by_role("button", name="Resume", exact=True)).to_be_visible()
    expect(one.get_by_text("step 1 of 3, paused")).to_be_visible()
    one.get_by_role("button", name="Next step now", exact=True).focus()
    desk.page.keyboard.press("Enter")
    expect(bar).to_have_attribute("aria-valuenow", "50")
    assert deployed(server, place)["rollout"]["share"] == 50
    back = one.get_by_role("button", name="Roll back to 0.2.0", exact=True)
    back.focus()
    desk.page.keyboard.press("Enter")
    asked = one.get_by_role("dialog", name="Roll back to 0.2.0?")
    expect(asked).to_contain_text("0.4.0 is taken back: 0.2.0 answers every request at once.")
    desk.shot("production-asked", panel)
    desk.page.keyboard.press("Escape")
    expect(asked).to_have_count(0)
    expect(back).to_be_focused()
    assert deployed(server, place)["rollout"]["state"] == "running"
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.press("Enter")
    done = "churn:0.4.0 is taken back, churn:0.2.0 answers everything"
    expect(one.get_by_text(done)).to_be_visible()
    assert deployed(server, place)["rollout"]["state"] == "aborted"
    # People did it: no alarm.
    expect(panel.get_by_role("alert")).to_have_count(0)
    # And they take it back: the rollout begins again, as it was meant.
    undo = one.get_by_role("button", name="Undo: 0.4.0 begins again", exact=True)
    desk.both_themes("production-undo", panel)
    undo.focus()
    desk.page.keyboard.press("Enter")
    expect(one.get_by_text("Canary churn:0.4.0 at 5 %, step 1 of 3")).to_be_visible()
    expect(undo).to_have_count(0)
    expect(one.get_by_role("button", name="production of churn")).to_be_focused()
    again = deployed(server, place)["rollout"]
    assert (again["state"], again["steps"], again["every_s"]) == ("running", [5, 50, 100], 3600)
    assert again["rules"] == RULES


@pytest.fixture
def front(policy, server, place):
    """A server that follows production of churn; its address."""
    words = ["serve", "churn@production", "--follow", "--open", "--trust", "--port", "0"]
    words += ["--log", "snapbook-log"]
    following = subprocess.Popen(
        [sys.executable, "-m", "snapbook", *words],
        cwd=server.root / place,
        env=dict(server.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    heard = []
    for line in following.stdout:
        heard.append(line)
        if found := re.search(r"http://[\d.:]+", line):
            break
    else:
        pytest.fail("".join(heard))
    reader = threading.Thread(target=following.stdout.read, daemon=True)
    reader.start()
    yield found[0].rstrip(".")
    following.terminate()
    following.wait(30)
    reader.join()
    following.stdout.close()


def test_what_a_rule_takes_back_by_itself_is_told_until_it_is_put_away(
    policy, front, server, place
):
    desk = policy
    desk.sidebar()
    one = section(desk)
    # Nothing is rolled out: it stands folded, in one sentence.
    expect(one.get_by_text("Production is churn:0.2.0")).to_be_visible()
    expect(one.get_by_role("progressbar")).to_have_count(0)
    words = ("--canary", "50,100", "--every", "1h", "--window", "10s", "--abort-if")
    said(server, place, "deploy", "churn:0.4.0", *words, "accuracy < 50% or p99 > 0.001ms")
    expect(one.get_by_text("Canary churn:0.4.0 at 50 %, step 1 of 2")).to_be_visible()
    expect(one.get_by_text("1 server follows")).to_be_visible()
    row = {"age": 30, "calls": 2, "price": 10.5, "tenure": 1.5}
    with httpx.Client(base_url=front, timeout=30) as client:
        answered = [client.post("/predict", json=[row]) for _ in range(160)]
    assert {answer.status_code for answer in answered} <= {200, 400}
    alarm = one.get_by_role("alert")
    expect(alarm).to_contain_text(re.compile(r"^Rolled back to 0\.2\.0 by itself at .*: p99 "))
    desk.both_themes("production-alarm", desk.panel)
    one.get_by_role("button", name="Evidence", exact=True).click()
    expect(one.get_by_text("0.4.0 was taken back at step 1 of 2")).to_be_visible()
    expect(one.get_by_text(re.compile(r"^p99 > 0\.001ms: 0\.4\.0 had .* ms"))).to_be_visible()
    expect(one.get_by_text(re.compile(r"^within .* requests.* of 0\.4\.0"))).to_be_visible()
    desk.both_themes("production-evidence", desk.panel)
    one.get_by_role("button", name="Dismiss", exact=True).focus()
    desk.page.keyboard.press("Enter")
    expect(alarm).to_have_count(0)
    expect(one.get_by_text("0.4.0 was taken back by itself")).to_be_visible()
    # What it met is a report that may run nothing.
    one.get_by_role("button", name="production of churn").click()
    one.get_by_role("button", name="Monitor", exact=True).click()
    tab = desk.page.locator(".jp-snapbook-MonitorTab:visible")
    expect(tab.get_by_role("heading", name="What churn met")).to_be_visible()
    frame = tab.locator("iframe")
    expect(frame).to_have_attribute("sandbox", "")
    expect(frame.content_frame.get_by_role("heading", level=1)).to_contain_text("churn:0.4.0")
    desk.both_themes("monitor", desk.page.locator("#jp-main-dock-panel"))
