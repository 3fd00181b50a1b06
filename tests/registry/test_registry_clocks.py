"""Wrong clocks: a server's that jumps while it serves, a client's, and those of words of before."""

import base64
import json
import math
import os
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import pytest
from clocks import env, shifting, turn
from faults import driver
from promote import parties
from wires import Served

from snapbook import events, places
from snapbook.deploy import plan as plans
from snapbook.deploy.lasting import Lasting
from snapbook.deploy.rollout import Rollout
from snapbook.promote import moving, reviewing
from snapbook.promote.records import Stay
from snapbook.registry import signin
from snapbook.registry.hooks import Hooks, Place
from snapbook.registry.http import Http
from snapbook.registry.identity import FolderDrawer
from snapbook.registry.rollouts import HttpRollouts
from snapbook.registry.signin import Offer, Signed
from snapbook.registry.tokens import Tokens
from snapbook.registry.wire import PATH
from snapbook.verbs import VERBS, Here

pytestmark = pytest.mark.slow  # it waits for what runs beside it

OWN = {"X-Snapbook-Page": "1", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def clock(tmp_path):
    """Called with days: from now on the clock is so far from the right one."""

    turned = partial(turn, tmp_path / "clock")
    turned(0)
    return turned


@pytest.fixture
def served(tmp_path, clock, monkeypatch):
    """A server of its own process, whose clock can be turned while it serves."""
    places.create(tmp_path / "registry")
    with monkeypatch.context() as patched:
        for name, value in env(tmp_path / "clock").items():
            patched.setenv(name, value)
        standing = Served(tmp_path / "registry")
    yield standing
    standing.kill()


def run(folder, verb, *words, said=None):
    told = [] if said is None else said
    if any("--yes" in argument.names for argument in VERBS[verb].all):
        words = (*words, "--yes")
    with Here(folder, face="cli", say=told.append) as here:
        return VERBS[verb].run(here, VERBS[verb].parse(list(words)))


@shifting
def test_a_server_whose_clock_jumps_loses_nothing_and_locks_nobody_out(
    served, clock, tmp_path, monkeypatch
):
    tokens = Tokens(served.folder)
    soon = events.time_text(datetime.now(UTC) + timedelta(hours=12))
    short = {"Authorization": f"Bearer {tokens.make('ann', ('reader',), soon)}"}
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("SNAPBOOK_TOKEN", tokens.make("root", ("admin",)))
    ada = tmp_path / "ada"
    ada.mkdir()
    with places.make_repository(ada) as repository:
        for seed in (1, 2, 3):
            driver.save(repository, "churn", seed)
    run(ada, "registry", "add", "team", served.url)
    with httpx.Client(base_url=served.url, headers=OWN) as visitor:
        assert visitor.post(f"{PATH}/session", headers=short).status_code == 201
        statuses = []
        for days, number in ((0, "0.1.0"), (1, "0.2.0"), (-1, "0.3.0"), (0, "0.1.0")):
            clock(days)
            said = []
            ref = f"team::churn:{number}"
            run(ada, "push", f"churn:{number}", said=said)
            run(ada, "promote", ref, "staging", said=said)
            # A pace that was set by the clock would refuse for a day, or let everything through.
            paced = [httpx.get(f"{served.url}{PATH}/about", headers=short) for _ in range(5)]
            statuses.append((paced[-1].status_code, visitor.get(f"{PATH}/page/about").status_code))
            apart = [line for line in said if "the clock of team is" in line]
            word = {0: "", 1: "24 hours ahead of", -1: "24 hours behind"}[days]
            assert bool(apart) == bool(days)
            assert all(word in line for line in apart)
    # What was over by the clock is not when that is right again; nobody was let in for good.
    assert statuses == [(200, 200), (401, 401), (200, 200), (200, 200)]
    told = run(ada, "audit", "verify", "--registry", "team")
    assert told.data["bad"] == []
    now = datetime.now().isoformat(timespec="seconds")
    line, doubt = run(ada, "review", "team::churn", "--alias", "staging", "--at", now).lines
    assert "churn:0.1.0" in line or "churn:0.3.0" in line
    assert doubt.startswith("a clock was wrong around then")


@shifting
@pytest.mark.parametrize("days", [1, -1])
def test_a_client_whose_clock_is_wrong_works_and_is_told(registry, tmp_path, clock, days):
    clock(days)
    config = {"SNAPBOOK_CONFIG": str(tmp_path / "config"), "SNAPBOOK_TOKEN": registry.token}
    ada = tmp_path / "ada"
    ada.mkdir()
    with places.make_repository(ada) as repository:
        driver.save(repository, "churn", 1)

    def shell(*words):
        done = subprocess.run(
            [sys.executable, "-m", "snapbook", *words], cwd=ada, text=True, capture_output=True,
            env={**os.environ, **config, **env(tmp_path / "clock")}, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    shell("registry", "add", "team", registry.url)
    told = shell("push", "churn", "--yes")
    assert "pushed as team::churn:0.1.0" in told
    assert f"the clock of team is 24 hours {'behind' if days > 0 else 'ahead of'}" in told
    # And once it is right again, what was seen meanwhile keeps nobody away.
    clock(0)
    assert "churn:0.1.0" in shell("pull", "team::churn")


def test_a_lease_that_a_wrong_clock_gave_ends_by_the_clock_of_who_waits(registry):
    hooks = Hooks(FolderDrawer(registry.folder), lease_s=0.3)
    hook = hooks.add("https://ci.example.com/hook", "", 0, events.time_text(datetime.now(UTC)))
    hooks._put(hook, Place(0, "gone", time.time() + 86_400))
    begun = time.monotonic()
    while not hooks.claim(hook, "here"):
        assert time.monotonic() - begun < 10
        time.sleep(0.02)
    assert time.monotonic() - begun >= 0.3
    # Who still sends is left alone: he says so again and again.
    other = Hooks(FolderDrawer(registry.folder), lease_s=0.3)
    until = time.monotonic() + 0.9
    while time.monotonic() < until:
        assert hooks.claim(hook, "here")
        assert not other.claim(hook, "there")
        time.sleep(0.05)


@shifting
def test_a_registry_whose_clock_is_turned_hurries_no_step_and_delays_none(served, clock):
    with places.open_folder(served.folder) as repository:
        for accuracy in (0.90, 0.91):
            parties.made(repository, accuracy=accuracy)
        row = parties.row(repository, "churn:0.1.0")
        moving.promote(repository, row, "production", parties.BOB)
    grants = ("approver:churn", "writer:churn")
    http = Http(served.url, Tokens(served.folder).make("ann", grants))
    with closing(http):
        stepped(HttpRollouts(http), clock)


def stepped(there, clock):
    """A rollout at ``there``, asked about as servers do it; its clock is turned in each step."""
    plan = plans.parse(canary="5,50,100", every="3s")
    there.begin("churn:0.2.0", plan, None, "", False)
    for step, days in ((0, 1), (1, -2)):
        begun = time.monotonic()
        seen = there.standing("churn", "production")
        assert (seen.rollout.state, seen.rollout.step) == ("running", step)
        assert seen.lasted_s < 1
        clock(days)
        while not there.advance("churn", seen.rollout, datetime.now(UTC), ""):
            assert time.monotonic() - begun < 10
            time.sleep(0.1)
            told = there.standing("churn", "production")
            assert abs(told.lasted_s - (time.monotonic() - begun)) < 1.5
        assert time.monotonic() - begun > 2.5, "a step lasts as long as it is to"
    assert there.standing("churn", "production").rollout.state == "done"


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_who_joins_later_goes_by_what_the_registry_saw(days):
    """A server that is started in the middle of a step, by whatever clock that was begun."""
    since = events.time_text(datetime.now(UTC) + timedelta(days=days, seconds=-4))
    plan = plans.parse(canary="5,100", every="10s")
    rollout = Rollout(7, 7, "production", "a" * 64, "b" * 64, plan, "ann", since, since, "salt")
    for told_s, lasted_s in ((4.0, 4.0), (99.0, 10.0), (-1.0, 0.0), (float("nan"), 0.0)):
        joined = Lasting()
        joined.hears(rollout, math.inf, told_s)
        assert joined.lasted_s == pytest.approx(lasted_s, abs=0.2)
    alone = Lasting()  # nobody counted: it is believed no further than one step
    alone.hears(rollout, math.inf)
    assert alone.lasted_s == pytest.approx({-1: 10.0, 0: 4.0, 1: 0.0}[days], abs=0.2)
    looked = Lasting()
    looked.hears(rollout, 0.5)
    assert looked.lasted_s <= 0.7


def token(**claims):
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{body}.sig"


def test_a_sign_in_lasts_as_long_as_it_does_whatever_the_clock_says(monkeypatch):
    asked = []
    monkeypatch.setattr(signin.oidc, "discovered", lambda _: {})
    monkeypatch.setattr(
        signin.exchange, "exchanged", lambda *_: asked.append(1) or {"id_token": "n"}
    )
    now, offer = time.time(), Offer("https://login.example.com", "x")
    for days in (-1, 0, 1):  # that the provider's clock is away from this one
        there = now + 86_400 * days
        short = token(iat=there, exp=there + 600)
        assert signin.fresh(Signed(offer, short, "r", now - 10)).id_token == short
        assert not asked
        for got in (now - 590, now + 86_400, 0.0):  # over soon; the clock went back; not known
            assert signin.fresh(Signed(offer, short, "r", got)).id_token == "n"
            assert asked.pop()
    for odd in (token(), token(iat="x", exp=1), token(iat=now, exp=None), "nonsense"):
        assert signin.fresh(Signed(offer, odd, "r", now)).id_token == "n"


@pytest.mark.parametrize(
    ("times", "asked", "doubtful"),
    [
        ("13579", "4", False), ("1", "1", False), ("", "1", False),
        # The third move was noted too late, or the fourth too early: open from the second on.
        ("13847", "2", False), ("13847", "3", True), ("13847", "5", True), ("13847", "7", True),
        ("13847", "8", False), ("91", "5", True), ("91", "9", False), ("1355", "5", False),
    ],
)  # fmt: skip
def test_what_was_live_is_doubted_where_times_are_not_in_the_chains_order(times, asked, doubtful):
    stays = tuple(Stay("churn:1", "a", time, "", "ada") for time in reversed(times))
    assert reviewing.is_doubtful(stays, asked) is doubtful
