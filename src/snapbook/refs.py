"""How people name versions, and what a name may be.

Parses text into a `Ref` and prints it back; knows nothing of any repository. A Ref lives in faces
only: below them digests travel.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from snapbook.errors import BadName, BadRef

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_HEX = re.compile(r"[0-9a-f]{8,64}")
_NUMBER = re.compile(r"(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8})){0,2}")
# Names that Windows keeps for devices, with any extension (Microsoft, "Naming Files").
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_RESERVED = {"now", "latest"}

Number = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Ref:
    """One parsed reference.

    ``model`` is empty for a bare digest and for ``now``. ``number`` has one to three parts, major
    first. ``back`` counts versions after a name or number, moves after an alias. At most one of
    ``number``, ``alias`` and ``prefix`` is set.
    """

    model: str = ""
    number: tuple[int, ...] = ()
    alias: str = ""
    prefix: str = ""
    back: int = 0
    registry: str = ""
    now: bool = False

    @property
    def literal(self) -> bool:
        """Whether it names one version for ever: a whole number or a digest, with no way back."""
        return not self.back and not self.now and (len(self.number) == 3 or bool(self.prefix))

    def __str__(self) -> str:
        """The text that parses to this Ref."""
        if self.now:
            return "now"
        text = f"{self.registry}::" if self.registry else ""
        text += self.model
        if self.number:
            text += ":" + number_text(self.number)
        if self.alias:
            text += "@" + self.alias
        if self.prefix:
            text += "#" + self.prefix
        return text + (f"~{self.back}" if self.back else "")


def parse(text: str) -> Ref:
    """The Ref that ``text`` spells. Raises BadRef (or BadName for the name inside it)."""
    if not isinstance(text, str) or not text.strip():
        raise BadRef(
            "A reference is missing",
            act="One of: churn, churn:1.4.0, churn@production, churn~1, 3fa9c2e1",
        )
    rest = text.strip()
    if rest == "now":
        return Ref(now=True)
    registry = ""
    if "::" in rest:
        registry, _, rest = rest.partition("::")
        _check_part(registry, "a registry name")
    back = 0
    if "~" in rest:
        rest, _, steps = rest.partition("~")
        if steps and not re.fullmatch(r"[0-9]{1,9}", steps):
            raise _bad(text, f'"~{steps}" is not "~" and a count')
        back = int(steps) if steps else 1
    if _HEX.fullmatch(rest):
        return Ref(prefix=rest, back=back, registry=registry)
    marks = [mark for mark in ":@#" if mark in rest]
    if len(marks) > 1:
        raise _bad(text, "it takes one of :number, @alias and #digest")
    if not marks:
        return Ref(model=check_model_name(rest), back=back, registry=registry)
    model, _, value = rest.partition(marks[0])
    if model or marks[0] != "#":
        check_model_name(model)
    if marks[0] == "#":
        if not _HEX.fullmatch(value):
            raise _bad(text, "a digest prefix is 8 to 64 of 0-9 and a-f")
        return Ref(model=model, prefix=value, back=back, registry=registry)
    if marks[0] == "@":
        _check_part(value, "an alias")
        return Ref(model=model, alias=value, back=back, registry=registry)
    if not _NUMBER.fullmatch(value):
        raise _bad(text, "a number is MAJOR, MAJOR.MINOR or MAJOR.MINOR.PATCH")
    return Ref(model=model, number=tuple(map(int, value.split("."))), back=back, registry=registry)


def parse_number(text: str) -> Number:
    """A whole version number, MAJOR.MINOR.PATCH. Raises BadRef."""
    if not _NUMBER.fullmatch(text) or text.count(".") != 2:
        raise BadRef(f'"{text}" is no version number', act="Like this: 1.4.0")
    major, minor, patch = map(int, text.split("."))
    return major, minor, patch


def number_text(number: tuple[int, ...]) -> str:
    """``number`` as people write it."""
    return ".".join(map(str, number))


def check_model_name(text: str) -> str:
    """``text`` if it may name a model (one namespace at most), else BadName with one that may."""
    space, slash, name = text.rpartition("/")
    if "/" in space:
        raise _no_name(text, "a model name", "at most one namespace before the name")
    if slash:
        _check_part(space, "a namespace", text)
    _check_part(name, "a model name", text)
    return text


def check_alias(text: str) -> str:
    """``text`` if it may name an alias, else BadName."""
    _check_part(text, "an alias")
    return text


def check_tag(text: str) -> str:
    """``text`` if it may name a tag (as an alias may), else BadName."""
    _check_part(text, "a tag")
    return text


def _check_part(part: str, what: str, whole: str = "") -> None:
    reason = ""
    if not _NAME.fullmatch(part):
        reason = "letters, digits, . _ -" if len(part) <= 128 else "at most 128 characters"
    elif part.endswith("."):
        reason = "it must not end in a dot"
    elif _DEVICES.fullmatch(part):
        reason = "Windows keeps that name for a device"
    elif part.lower() in _RESERVED:
        reason = f'"{part.lower()}" has a meaning of its own'
    elif _HEX.fullmatch(part.lower()):
        reason = "8 or more hex digits alone read as a digest"
    if reason:
        raise _no_name(whole or part, what, reason)


def _no_name(text: str, what: str, reason: str) -> BadName:
    shown = text if len(text) <= 60 else text[:57] + "..."
    return BadName(
        f'"{_visible(shown)}" cannot be {what} ({reason})', act="Try", hint=suggestion(text)
    )


def suggestion(text: str) -> str:
    """A name that would do, as near to ``text`` as the rules let it be."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:120].rstrip("-._")
    if not name:
        return "model"
    if _DEVICES.fullmatch(name) or name.lower() in _RESERVED or _HEX.fullmatch(name.lower()):
        name = f"model-{name}"
    return name


def _visible(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _bad(text: str, why: str) -> BadRef:
    shown = _visible(text if len(text) <= 80 else text[:77] + "...")
    return BadRef(
        f'"{shown}" is no reference',
        why,
        act="One of: churn, churn:1.4.0, churn@production, churn~1, 3fa9c2e1",
    )
