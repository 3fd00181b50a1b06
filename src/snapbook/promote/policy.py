"""A policy: what has to hold before an alias of a model moves, as TOML that people read and write.

Pure: text in, rules out. Knows which gates there are and what they take, so that a policy which
cannot work is refused when it is set, not when somebody promotes. The text is kept as it was
written, with the files that it names.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from snapbook import canonical
from snapbook.errors import BadOption, Damaged, Hint, nearest
from snapbook.gates import known
from snapbook.promote import retention
from snapbook.promote.retention import Retention
from snapbook.refs import check_alias

PROTECTED = ("production", "staging")
PROMOTERS = ("writer", "approver")
_MOST_BYTES = 1 << 20
_FILE = "bad_file"
_KEYS = ("approvals", "author_may_approve", "promoter", "judges", "gates")
_KEY = re.compile(r"[0-9a-f]{64}")
DEFAULT = """\
# The policy of every model that has none of its own. docs/promotion.md tells what may stand here.

[staging]
promoter = "writer"            # the least role that may promote, in a registry
[staging.gates.signature]
fails = "warn"
[staging.gates.metric]
fails = "warn"

[production]
promoter = "approver"
approvals = 0                  # how many people have to approve
author_may_approve = false
[production.gates.signature]
fails = "warn"                 # "refuse": the promotion is refused
[production.gates.metric]
fails = "warn"
margin = 0                     # how much worse it may be than the version in place
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A gate as a policy asks for it; ``refuses`` where a version that does not pass stays out."""

    name: str
    refuses: bool
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """What a policy says of one alias. ``promoter`` is the least role that may move it; ``judges``
    are the public keys whose verdicts count, or the one role that may give them.
    """

    approvals: int
    author_may_approve: bool
    promoter: str
    gates: tuple[Wanted, ...]
    judges: tuple[str, ...] = ("writer",)


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy's text, the texts of the files that it names, what it says of each alias, and how
    long versions are kept (None: for ever).
    """

    text: str
    files: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    retention: Retention | None = None

    def rule(self, alias: str) -> Rule:
        """What holds for ``alias``; of one that nothing is said of, nothing is asked."""
        return self.rules.get(alias.lower(), _FREE)

    def protects(self, alias: str) -> bool:
        """Whether the alias moves by promotion only."""
        return alias.lower() in self.rules

    def encode(self) -> bytes:
        """The bytes under whose digest the policy is stored."""
        return canonical.encode({"text": self.text, "files": dict(self.files)})


_FREE = Rule(0, True, "writer", ())


def decode(data: bytes) -> Policy:
    """The policy that `Policy.encode` wrote. Raises Damaged.

    A gate that is not there any more is no reason: it passes nothing, and says so.
    """
    try:
        value: Any = canonical.decode(data)
        return _parsed(value["text"], value["files"], checking=False)
    except (ValueError, TypeError, KeyError) as error:
        raise Damaged("A stored policy cannot be read", str(error)) from error


def default() -> Policy:
    """The policy of a model that has none of its own."""
    return parse(DEFAULT)


def named_files(text: str) -> list[str]:
    """The files that a policy's text names. Raises BadOption for a text that is no TOML."""
    found: list[str] = []
    for table in _toml(text).values():
        gates = table.get("gates") if isinstance(table, dict) else None
        for settings in gates.values() if isinstance(gates, dict) else ():
            named = settings.get(_FILE) if isinstance(settings, dict) else None
            found += [named] if isinstance(named, str) else []
    return found


def parse(text: str, files: Mapping[str, str] | None = None) -> Policy:
    """The policy that ``text`` spells, with the texts of the ``files`` that it names.

    An alias that is protected always and of which it says nothing keeps the default rule. Raises
    BadOption with the one thing that is wrong.
    """
    return _parsed(text, dict(files or {}), checking=True)


def _parsed(text: str, files: Mapping[str, str], *, checking: bool) -> Policy:
    if not isinstance(text, str) or len(text) + sum(map(len, files.values())) > _MOST_BYTES:
        raise BadOption("That is no policy", "it is larger than a megabyte")
    tables = _toml(text)
    kept = tables.pop(retention.TABLE, None)
    rules = {a.lower(): _rule(a, table, files, checking) for a, table in tables.items()}
    for alias in PROTECTED:
        if alias not in rules:
            rules[alias] = _rule(alias, tomllib.loads(DEFAULT)[alias], {}, False)
    named = {name: files[name] for name in named_files(text)}
    return Policy(text, named, rules, None if kept is None else retention.parse(kept))


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadOption("That is no policy", f"it is no TOML: {error}") from error


def _rule(alias: str, table: object, files: Mapping[str, str], checking: bool) -> Rule:
    check_alias(alias)
    if not isinstance(table, dict):
        raise BadOption(f"That is no policy: {alias} is no table", act=f"Begin with [{alias}]")
    for key in table:
        if key not in _KEYS:
            near = nearest(key, _KEYS)
            guess = f" (did you mean {near[0]}?)" if near else ""
            raise BadOption(f"A policy knows no {alias}.{key}{guess}")
    approvals, own = table.get("approvals", 0), table.get("author_may_approve", False)
    promoter, gates = table.get("promoter", "approver"), table.get("gates", {})
    if type(approvals) is not int or not 0 <= approvals <= 100:
        raise BadOption(f"{alias}.approvals has to be a count")
    if not isinstance(own, bool):
        raise BadOption(f"{alias}.author_may_approve has to be true or false")
    if promoter not in PROMOTERS:
        raise BadOption(f"{alias}.promoter has to be {' or '.join(PROMOTERS)}")
    judges = _judges(alias, table.get("judges", "writer"))
    if not isinstance(gates, dict):
        raise BadOption(f"{alias}.gates is no table", act=f"Begin with [{alias}.gates.metric]")
    wanted = [_wanted(alias, name, settings, files) for name, settings in gates.items()]
    for gate in wanted if checking else ():
        known.check(gate.name, gate.settings)
    return Rule(approvals, own, promoter, tuple(wanted), judges)


def _judges(alias: str, value: object) -> tuple[str, ...]:
    """A role, or keys. No key that is misspelt: nobody could judge then."""
    if value in PROMOTERS:
        return (str(value),)
    keys = value if isinstance(value, list) else []
    if keys and all(isinstance(key, str) and _KEY.fullmatch(key) for key in keys):
        return tuple(keys)
    raise BadOption(
        f"{alias}.judges has to be {' or '.join(PROMOTERS)}, or a list of public keys",
        act="Your own",
        hint=Hint("key"),
    )


def _wanted(alias: str, name: str, settings: object, files: Mapping[str, str]) -> Wanted:
    if not isinstance(settings, dict):
        raise BadOption(f"{alias}.gates.{name} is no table")
    fails = settings.get("fails", "refuse")
    if fails not in ("refuse", "warn"):
        raise BadOption(f'{alias}.gates.{name}: fails has to be "refuse" or "warn"')
    own = {key: value for key, value in settings.items() if key != "fails"}
    if isinstance(named := own.get(_FILE), str):
        if named not in files:
            raise BadOption(f"The file {named} that the policy names is not there")
        own[_FILE] = files[named]
    return Wanted(name, fails == "refuse", own)
