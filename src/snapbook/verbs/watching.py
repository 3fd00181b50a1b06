"""watch: what happens in a project or a registry, as it happens; for people and jobs that wait.

Looks again and again, which costs one question a second; what was seen is a place in the chain, so
nothing is missed while the line was cut, and a job goes on where it ended (--since).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from snapbook import refs
from snapbook.errors import BadOption, Unreachable
from snapbook.registry import happened
from snapbook.transfer import Local
from snapbook.verbs import travel
from snapbook.verbs.here import Here
from snapbook.verbs.times import local
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.repository import Repository
    from snapbook.verbs.table import Asked

_EVERY_S = 1.0
_LONGEST_S = 30.0
_DID = {
    "version": "{version} was made",
    "alias": "{name} is {version}",
    "note": "{version} was noted",
    "tag": "{version} was tagged",
    "delete": "{model}:{number} was deleted",
    "rename": "{model} is called {to}",
    "shared": "{version} is {registry}::{there}:{number}",
    "request": "{version} is asked for in {alias}",
    "approval": "{version} for {alias}: {word}",
    "verdict": "{version} was judged for {alias} by {gate}",
    "rollout": "{version} on its way to {alias}: {way}",
    "policy": "the policy of {model} was changed",
}
_WORDS = ("name", "number", "to", "registry", "there", "alias", "word", "gate", "way")
News = Mapping[str, Any]
Ask = Callable[[int], tuple[Sequence[News], int, int]]
"""News behind a place, the place to go on from, and that of the newest event."""


def watch(here: Here, asked: Asked) -> Done:
    """Tell events as they come, until one of a kind came, or the time is over."""
    seconds = _seconds(asked.timeout)
    named = refs.parse(asked.model_name) if asked.model_name else refs.Ref()
    registry = asked.registry or named.registry
    until: str = asked.until or ""
    begun = time.monotonic()
    if registry:
        with travel.opened(here, travel.book().get(registry)) as side:
            ask = _local(side.repository, named.model) if isinstance(side, Local) else (
                _remote(side, named.model)
            )  # fmt: skip
            return _watched(here, asked, ask, until, begun + seconds)
    return _watched(here, asked, _local(here.repository(), named.model), until, begun + seconds)


def _watched(here: Here, asked: Asked, ask: Ask, until: str, end: float) -> Done:
    after = _since(asked.since, ask)
    seen: list[News] = []
    cut, wait = False, _EVERY_S
    while True:
        try:
            news, after, head = ask(after)
            if cut:
                here.say("it answers again")
            cut, wait = False, _EVERY_S
        except Unreachable as error:
            if not cut:
                here.say(f"{error.what}; looking again until it does")
            news, head, cut, wait = (), after, True, min(wait * 2, _LONGEST_S)
        for one in news:
            here.line(json.dumps(one, ensure_ascii=False) if asked.json else told(one))
            seen.append(one)
            if until and until in kinds(one):
                return _done(here, asked, seen, one["n"], True)
        if time.monotonic() >= end:
            return _done(here, asked, seen, after, False)
        if after >= head:
            time.sleep(max(0.0, min(wait, end - time.monotonic())))


def told(one: News) -> str:
    """A piece of news as a line."""
    body = dict(one["body"])
    words = {**dict.fromkeys(_WORDS, ""), **body}
    words |= {"version": one["version"] or one["model"], "model": one["model"]}
    kind = str(one["kind"])
    did = _DID.get(kind, kind).format(**words)
    way = f", {body['way']}" if one["kind"] == "alias" and body.get("way") else ""
    return f"{local(one['time'])}  #{one['n']}  {did} (by {one['author']}{way})"


def kinds(one: News) -> tuple[str, ...]:
    """The words under which ``--until`` knows a piece of news."""
    body: Mapping[str, Any] = one["body"]
    more = (body.get("word"), body.get("way"), body.get("name") if one["kind"] == "alias" else "")
    return (one["kind"], *(str(word) for word in more if word))


def _done(here: Here, asked: Asked, seen: Sequence[News], after: int, found: bool) -> Done:
    data: dict[str, Json] = {"after": after, "seen": len(seen), "found": found}
    missed = bool(asked.until) and not found
    end = f"no {asked.until} came; go on with --since {after}" if missed else ""
    shown: list[str] = []
    if here.face != "cli":  # where lines are not shown as they come, they stand in the end
        shown = [told(one) for one in seen]
        data["events"] = [dict(one) for one in seen]
    lines = (*shown, *([end] if end else [] if seen else ["nothing happened"]))
    return Done(tuple(lines), data, exit_code=1 if missed else 0)


def _local(repository: Repository, model: str) -> Ask:
    name = repository.known_model(model) if model else ""

    def ask(after: int) -> tuple[Sequence[News], int, int]:
        head = repository.follow().n
        found, at = happened.read(repository, after, head, happened.MOST, name, lambda _: True)
        return found, at, head

    return ask


def _remote(side: Any, model: str) -> Ask:
    def ask(after: int) -> tuple[Sequence[News], int, int]:
        answer: Any = side.http.get("/news", after=after, model=model)
        return answer["events"], int(answer["after"]), int(answer["head"])

    return ask


def _since(text: str | None, ask: Ask) -> int:
    """The place to begin behind: the newest event, where nothing is said."""
    if text is None:
        return ask(1 << 50)[2]
    if not text.isascii() or not text.isdecimal():
        raise BadOption(f"--since cannot be {text}", act="It takes an event's number; 0 tells all")
    return int(text)


def _seconds(text: str | None) -> float:
    try:
        found = math.inf if text is None else float(text)
    except ValueError:
        found = math.nan
    if not found >= 0:
        raise BadOption(f"--timeout cannot be {text}", act="It takes seconds")
    return found
