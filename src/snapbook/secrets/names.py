"""Secrets known by the name they are given to: ``db_password = "..."``, ``{"api_key": "..."}``.

Looks at the places where a secret-like word stands, judges the whole name around it, then the value
behind it. What kind of word it is decides how strange a value must look: anything is a password,
but a "token" in a notebook on language is mostly a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from snapbook.secrets.rules import compiled, random_looking, stand_in


class Hit(NamedTuple):
    """A secret at text[start:end] and the rule that knew it; ``noun`` names it to users."""

    start: int
    end: int
    rule: str
    noun: str


class _Name(NamedTuple):
    """A secret-like name that ends at ``end``: its text, its kind, and where it begins."""

    text: str
    kind: str
    start: int
    end: int


_PASSWORD = ("password", "passwd", "passphrase", "pwd", "_pass", "passcode")
_OF_KEYS = (
    *("api", "access", "secret", "private", "encryption", "signing", "account", "auth", "shared"),
    *("master", "subscription", "storage", "webhook", "license"),
)
_KEY = [f"{word}{sign}key" for word in _OF_KEYS for sign in ("_", "-", "")]
_KINDS = dict.fromkeys(_PASSWORD, "password") | dict.fromkeys(_KEY, "key")
_KINDS |= {"secret": "key", "credential": "key", "token": "token"}
_NOUNS = {"password": "password", "key": "secret key", "token": "token"}

# What may follow the word and still belong to a name of a secret: plural, stage, number, form.
_TAIL = (
    r"(?:s|[_-]?(?:value|str|string|text|prod|production|dev|test|staging|live|main|default|base|"
    r"b64|base64|old|new|[0-9]{1,3})){0,2}(?![A-Za-z0-9_-])"
)
_QUOTED = (
    _TAIL
    + r"\\{0,3}[\"']?[ \t]{0,3}\]?(?:[ \t]{0,4}:[ \t]{0,4}[A-Za-z_][\w.\[\]| ]{0,40})?"
    + r"\s{0,8}(?P<sign>=>|:=|=|:|,)(?!=)[\s(\\]{0,8}(?P<form>[rbfuRBFU]{0,2})"
    + r"(?P<quote>\\{0,3}(?:\"\"\"|'''|\"|'))"
)
_FLAG = _TAIL + r"(?:=|[ \t]{1,3})(?P<secret>[^\s\"'`;|&<>(){}$,]{3,300}+)"
_BARE = _TAIL + r"=(?P<secret>[^\s\"'`;&<>(){}\[\],$%]{3,300}+)(?P<stop>(?s:.)?)"
_LINE = (
    r"(?m)"
    + _TAIL
    + r"[\"']?[ \t]{0,3}[:=][ \t]{0,8}(?P<secret>[^\s\"'`;,<>(){}\[\]$]{6,300}+)"
    + r"[ \t]{0,8}(?:\#.{0,200})?$"
)
_SHELL = (
    r"(?:export|env|set_env|set|setx)[ \t]{1,8}(?P<name>[A-Za-z_]\w{0,80}+)(?:=|[ \t]{1,8})"
    r"[\"']?(?P<secret>[^\s\"'#;&|${]{3,300}+)"
)
_BASIC = (
    r"(?:auth ?= ?|HTTP(?:Basic|Digest|Proxy)Auth)\( ?[rbfu]?[\"'][^\"'\n]{0,100}[\"'],\s{0,4}"
    r"[rbfu]?[\"'](?P<secret>[^\"'\n]{1,200}+)"
)
_LONGEST = 4000
# Words before "token" that make it a word of a language model, not a key.
_LANGUAGE = (
    r"(?i)(?:^|[_-])(?:pad|padding|eos|bos|cls|unk|mask|sep|start|end|stop|special|decoder|image|"
    r"begin|sub|first|last|next|prev|per|num|max|min|n|added|extra|oov|this|each|word)s?[_-]?$"
)
_STRONG = r"(?i)(?:auth|access|api|bearer|session|bot|user|hub|hf|refresh|id|github|gh)[_-]?$"
_ASKS = r"(?i)password|passwd|enter|please|must|invalid|required|secret|token|wrong"
_SAYS_NAME = (
    r"(?i)^[a-z._-]{0,60}(?:password|passwd|pwd|secret|token|key|credentials?)s?"
    r"(?:[._-]?(?:id|name|file|path))?$"
)


def named(text: str, lowered: str) -> Iterator[Hit]:
    """Every secret in ``text`` known by a name; ``lowered`` has the same length, in lower case."""
    for word, kind in _KINDS.items():
        for at in _places(lowered, word):
            hit = _behind(text, at, at + len(word), kind)
            if hit is not None:
                yield hit
    for anchor in ("export ", "env ", "setx "):
        for at in _places(text, anchor):
            match = compiled(_SHELL).match(text, at)
            if match and _name_kind(match["name"]) and not stand_in(match["secret"]):
                yield Hit(*match.span("secret"), "shell-variable", "secret")
    for anchor in ("auth=(", "auth = (", "HTTPBasicAuth(", "HTTPDigestAuth(", "HTTPProxyAuth("):
        for at in _places(text, anchor):
            match = compiled(_BASIC).match(text, at)
            if match and not stand_in(match["secret"]):
                yield Hit(*match.span("secret"), "basic-auth", "password")


def names_secret(name: str, value: str) -> str:
    """The noun for ``value`` if ``name`` (a key of a JSON object) makes it a secret, else ""."""
    kind = _name_kind(name)
    return _NOUNS[kind] if kind and _convinces(kind, name, value, strict=False) else ""


def _places(text: str, anchor: str) -> Iterator[int]:
    at = text.find(anchor)
    while at >= 0:
        yield at
        at = text.find(anchor, at + len(anchor))


def _name_kind(name: str) -> str:
    """password, key or token where ``name`` ends in such a word, else ""."""
    lowered = name.lower()
    for word, kind in _KINDS.items():
        at = lowered.rfind(word)
        if at >= 0 and compiled(_TAIL).fullmatch(name, at + len(word)):
            language = kind == "token" and compiled(_LANGUAGE).search(name[:at])
            return "" if language else kind
    return ""


def _behind(text: str, word: int, end: int, kind: str) -> Hit | None:
    """The secret behind the name whose secret-like word is text[word:end]."""
    start = word
    while start > max(0, word - 40) and (text[start - 1].isalnum() or text[start - 1] in "_-"):
        start -= 1
    name = _Name(text[start:end], kind, start, end)
    if kind == "token" and compiled(_LANGUAGE).search(text[start:word]):
        return None
    span = _quoted(text, name) or _flag(text, name) or _bare(text, name) or _line(text, name)
    return Hit(*span, f"named-{kind}", _NOUNS[kind]) if span else None


def _quoted(text: str, name: _Name) -> tuple[int, int] | None:
    """Like name = "value", {"name": "value"}, f(name="value"), setdefault("NAME", "value")."""
    match = compiled(_QUOTED).match(text, name.end)
    if match is None:
        return None
    close = _close(text, match.end(), match["quote"])
    value = text[match.end() : close]
    if "f" in match["form"].lower() and compiled(r"\{[^{}]{1,200}\}").search(value):
        return None  # an f-string puts a variable in: nothing of the secret is in the text
    strict = match["sign"] == ","
    if strict and not text.startswith(("'", '"'), name.end):
        return None
    convinced = _convinces(name.kind, name.text, value, strict)
    return (match.end(), close) if convinced else None


def _close(text: str, at: int, quote: str) -> int:
    """Where the string literal that begins at ``at`` ends: its quote, the line's end or a limit."""
    stop = text.find("\n", at, at + _LONGEST)
    stop = stop if stop >= 0 else min(len(text), at + _LONGEST)
    end = text.find(quote, at, stop)
    for _ in range(20):
        if end < 0 or text[end - 1] != "\\" or quote[0] == "\\":
            break
        end = text.find(quote, end + 1, stop)
    return end if end >= 0 else stop


def _flag(text: str, name: _Name) -> tuple[int, int] | None:
    """--password hunter2, --token=abc: the dashes belong to the name."""
    match = compiled(_FLAG).match(text, name.end) if name.text.startswith("--") else None
    if match is None or match["secret"].startswith("-") or match["secret"].isalpha():
        return None
    return _span(match, name, strict=False)


def _bare(text: str, name: _Name) -> tuple[int, int] | None:
    """password=hunter2 inside a connection string or a URL's query: never a keyword argument."""
    match = compiled(_BARE).match(text, name.end)
    if match is None:
        return None
    before, after = text[name.start - 1 : name.start], match.end("secret")
    inside = before in (";", "?", "&") or match["stop"] in ('"', "'", "&", "`")
    if not inside and not compiled(r" \w{1,30}=\S").match(text, after):
        return None
    return _span(match, name, strict=False)


def _line(text: str, name: _Name) -> tuple[int, int] | None:
    """A line of its own, as in YAML, INI and .env files: the value must look like no code."""
    head = text[max(0, name.start - 12) : name.start]
    if head.rpartition("\n")[2].strip(" \t-\"'") or (len(head) == 12 and "\n" not in head):
        return None
    match = compiled(_LINE).match(text, name.end)
    if match is None:
        return None
    value = match["secret"]
    dotted = compiled(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+").fullmatch(value)
    if dotted or not any(map(str.isdigit, value)):
        return None
    return _span(match, name, strict=name.kind != "password")


def _span(match: re.Match[str], name: _Name, *, strict: bool) -> tuple[int, int] | None:
    convinced = _convinces(name.kind, name.text, match["secret"], strict)
    return match.span("secret") if convinced else None


def _convinces(kind: str, name: str, value: str, strict: bool) -> bool:
    """Whether ``value`` looks enough like a secret, given how much the name says."""
    value = value.strip()
    if stand_in(value) or "{{secret:" in value or compiled(_SAYS_NAME).match(value[:100]):
        return False
    if value.startswith(("/", "./", "../", "~/", "%(", "${")) or "://" in value[:12]:
        return kind != "password" and not strict and "." not in value and random_looking(value)
    if compiled(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+").fullmatch(value):
        return False  # the name of an environment variable
    spaced = any(map(str.isspace, value[:500]))
    weak = kind == "token" and not name.isupper() and not compiled(_STRONG).search(name[:-5])
    if strict or weak:
        return random_looking(value)
    if kind == "password":
        return len(value) >= 3 and not (spaced and compiled(_ASKS).search(value[:200]))
    return not spaced and len(value) >= (6 if any(map(str.isdigit, value[:500])) else 8)
