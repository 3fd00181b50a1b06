"""Takes secrets out of texts and keeps the count: what was taken is known by a number only.

A `Redactor` lives as long as the capture (or session) whose numbers belong together. It remembers
the secrets it met, to give the same one the same number and to know it again where it is printed
alone; it never shows them, and refuses to be pickled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from snapbook.canonical import Json
from snapbook.secrets.names import Hit, named, names_secret
from snapbook.secrets.rules import FORMS, Rule, compiled, random_looking

_MARK = re.compile(r"\{\{secret:([1-9][0-9]{0,8})\}\}")
_PASSES = 8  # a replacement can lay bare a second secret beside it; adversaries only need more
_KNOWN_LENGTH = 12  # shorter ones may be words that stand elsewhere for themselves
_MOST_KNOWN = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """One secret in one place: the rule that knew it, where, its number, a noun for sentences."""

    rule: str
    where: str
    number: int
    noun: str = "secret"


class Redactor:
    """Replaces secrets by ``{{secret:1}}``, numbered by first appearance.

    ``findings`` grows with every text; it never holds a secret.
    """

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._numbers: dict[str, int] = {}
        self._known: dict[str, str] = {}
        self._told: set[tuple[int, str]] = set()

    def redact(self, text: str, where: str = "") -> str:
        """``text`` without its secrets; ``where`` ("cell 4") goes into the findings.

        Linear in the length of the text. Redacting the outcome again changes nothing.
        """
        for _ in range(_PASSES):
            hits = _disjoint(self._hits(text))
            if not hits:
                break
            text = self._replaced(text, hits, where)
        return text

    def redact_value(self, value: Json, where: str = "") -> Json:
        """A JSON value with every text in it redacted, keys that name secrets understood."""
        if isinstance(value, str):
            return self.redact(value, where)
        if isinstance(value, Mapping):
            return {
                self.redact(key, where): self._redact_entry(key, item, where)
                for key, item in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.redact_value(item, where) for item in value]
        return value

    def _redact_entry(self, key: str, item: Json, where: str) -> Json:
        if isinstance(item, str) and not _MARK.search(item):
            noun = names_secret(key, item)
            if noun:
                return self._mark(item, Hit(0, 0, "named-entry", noun), where)
        return self.redact_value(item, where)

    def _hits(self, text: str) -> list[Hit]:
        # the one letter whose lower case is longer: places must stay the same
        lowered = (text if text.isascii() else text.replace("\u0130", "I")).lower()
        hits: list[Hit] = []
        for rule in FORMS:
            hits += _formed(rule, text, lowered if rule.fold else text)
        hits.extend(named(text, lowered))
        for secret, noun in self._known.items():
            at = text.find(secret)
            while at >= 0:
                hits.append(Hit(at, at + len(secret), "seen-before", noun))
                at = text.find(secret, at + len(secret))
        return hits

    def _replaced(self, text: str, hits: list[Hit], where: str) -> str:
        out = []
        done = 0
        for hit in hits:
            out.append(text[done : hit.start])
            out.append(self._mark(text[hit.start : hit.end], hit, where))
            done = hit.end
        out.append(text[done:])
        return "".join(out)

    def _mark(self, secret: str, hit: Hit, where: str) -> str:
        number = self._numbers.setdefault(secret, len(self._numbers) + 1)
        if (
            len(secret) >= _KNOWN_LENGTH
            and len(self._known) < _MOST_KNOWN
            and random_looking(secret)
        ):
            self._known[secret] = hit.noun
        finding = Finding(hit.rule, where, number, hit.noun)
        if (number, where) not in self._told:
            self._told.add((number, where))
            self.findings.append(finding)
        return f"{{{{secret:{number}}}}}"

    def __repr__(self) -> str:
        return f"Redactor({len(self._numbers)} secrets, {len(self.findings)} findings)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Redactor knows secrets and is not stored")


def numbers_in(text: str) -> list[int]:
    """The numbers of the secrets that stand in ``text`` as marks, each once, in order."""
    return list(dict.fromkeys(int(number) for number in _MARK.findall(text)))


def _formed(rule: Rule, text: str, searched: str) -> list[Hit]:
    """What one rule knows in ``text``; its anchors are looked for in ``searched``."""
    hits = []
    for anchor in rule.anchors:
        at = searched.find(anchor)
        while at >= 0:
            after = at + len(anchor)
            match = compiled(rule.pattern).match(text, max(0, at - rule.back))
            if match:
                group = "secret" if "secret" in match.re.groupindex else 0
                secret = match[group]
                if "{{secret:" not in secret and (rule.check is None or rule.check(secret)):
                    hits.append(Hit(*match.span(group), rule.name, rule.noun))
                # also past what was rejected: entering it again would not be linear
                after = max(after, match.end(group))
            at = searched.find(anchor, after)
    return hits


def _disjoint(hits: list[Hit]) -> list[Hit]:
    """The hits from left to right, the widest of those that overlap (ties: the earlier rule)."""
    chosen: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if chosen and hit.start < chosen[-1].end:
            last = chosen[-1]
            if hit.end > last.end:
                chosen[-1] = Hit(last.start, hit.end, last.rule, last.noun)
            continue
        chosen.append(hit)
    return chosen
