"""Secrets known by the name that they are given to: ``db_password = "..."``, ``{"api_key": "..."}``.

Looks at the places where a secret-like word stands, judges the whole name around it, then the value
behind it. What kind of word it is decides how strange a value must look: anything is a password, a
"token" in a notebook on language is mostly a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from snapbook.secrets.rules import random_looking, stand_in


class Hit(NamedTuple):
    """A secret at text[start:end] and the rule that knew it; ``noun`` names it to users."""

    start: int
    end: int
    rule: str
    noun: str


_PASSWORD = ("password", "passwd", "passphrase", "pwd", "_pass", "passcode")
_KEY = tuple(
    f"{word}{sign}key"
    for word in """api access secret private encryption signing account auth shared master
        subscription storage webhook license""".split()
    for sign in ("_", "-", "")
) + ("secret", "credential")
_TOKEN = ("token",)
_KINDS = {word: "password" for word in _PASSWORD}
_KINDS |= dict.fromkeys(_KEY, "key") | dict.fromkeys(_TOKEN, "token")
_NOUNS = {"password": "password", "key": "secret key", "token": "token"}

# What may follow the word and still belong to a name of a secret: plural, stage, number, form.
_TAIL = (
    r"(?:s|[_-]?(?:value|str|string|text|prod|production|dev|test|staging|live|main|default|base|"
    r"b64|base64|old|new|[0-9]{1,3})){0,2}(?![A-Za-z0-9_-])"
)
_LINK = r"(?P<near>\\{0,3}[\"']?[ \t]{0,3}\]?(?:[ \t]{0,4}:[ \t]{0,4}[A-Za-z_][\w.\[\]| ]{0,40})?)"
_QUOTED = re.compile(
    _TAIL + _LINK + r"\s{0,8}(?P<sign>=>|:=|=|:|,)(?!=)[\s(\\]{0,8}(?P<form>[rbfuRBFU]{0,2})"
    r"(?P<quote>\\{0,3}(?:\"\"\"|'''|\"|'))"
)
_FLAG = re.compile(_TAIL + r"(?:=|[ \t]{1,3})(?P<secret>[^\s\"'`;|&<>(){}$,]{3,300}+)")
_BARE = re.compile(_TAIL + r"=(?P<secret>[^\s\"'`;&<>(){}\[\],$%]{3,300}+)(?P<stop>.?)", re.DOTALL)
_YAML = re.compile(
    _TAIL
    + r"[\"']?[ \t]{0,3}[:=][ \t]{0,8}(?P<secret>[^\s\"'`;,<>(){}\[\]$]{6,300}+)[ \t]{0,8}(?:\#.*)?$",
    re.MULTILINE,
)
_SHELL = re.compile(
    r"(?:export|env|set_env|set|setx)[ \t]{1,8}(?P<name>[A-Za-z_]\w{0,80}+)(?:=|[ \t]{1,8})"
    r"[\"']?(?P<secret>[^\s\"'#;&|${]{3,300}+)"
)
_BASIC = re.compile(
    r"(?:auth[ ]?=[ ]?|HTTP(?:Basic|Digest|Proxy)Auth)\([ ]?[rbfu]?[\"'][^\"'\n]{0,100}[\"'],\s{0,4}"
    r"[rbfu]?[\"'](?P<secret>[^\"'\n]{1,200}+)"
)
_LONGEST = 4000
# Words before "token" that make it a word of a language model, not a key.
_LANGUAGE = re.compile(
    r"(?i)(?:^|[_-])(?:pad|padding|eos|bos|cls|unk|mask|sep|start|end|stop|special|decoder|image|"
    r"begin|sub|first|last|next|prev|per|num|max|min|n|added|extra|oov|this|each|word)s?[_-]?$"
)
_STRONG = re.compile(
    r"(?i)(?:auth|access|api|bearer|session|bot|user|hub|hf|refresh|id|github|gh)[_-]?$"
)
_ASKS = re.compile(r"(?i)password|passwd|enter|please|must|invalid|required|secret|token|wrong")
_SAYS_NAME = re.compile(
    r"(?i)^[a-z._-]{0,60}(?:password|passwd|pwd|secret|token|key|credentials?)s?(?:[._-]?(?:id|name|file|path))?$"
)


def named(text: str, lowered: str) -> Iterator[Hit]:
    """Every secret in ``text`` known by a name; ``lowered`` is the same length, in lower case."""
    for word, kind in _KINDS.items():
        at = lowered.find(word)
        while at >= 0:
            hit = _behind(text, at, at + len(word), kind)
            if hit is not None:
                yield hit
            at = lowered.find(word, at + len(word))
    for anchor in ("export ", "env ", "setx "):
        for at in _places(text, anchor):
            match = _SHELL.match(text, at)
            if match and _name_kind(match["name"]) and not stand_in(match["secret"]):
                yield Hit(*match.span("secret"), "shell-variable", "secret")
    for anchor in ("auth=(", "auth = (", "HTTPBasicAuth(", "HTTPDigestAuth(", "HTTPProxyAuth("):
        for at in _places(text, anchor):
            match = _BASIC.match(text, at)
            if match and not stand_in(match["secret"]):
                yield Hit(*match.span("secret"), "basic-auth", "password")


def names_secret(name: str, value: str) -> str:
    """The noun for ``value`` if it is a secret by its ``name`` (a key of a JSON object), else ""."""
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
        if at >= 0 and re.fullmatch(_TAIL, name[at + len(word) :]):
            if kind == "token" and _LANGUAGE.search(name[:at]):
                return ""
            return kind
    return ""


def _behind(text: str, word: int, end: int, kind: str) -> Hit | None:
    """The secret that stands behind the name whose secret-like word is text[word:end]."""
    start = word
    while (
        start > word - 40 and start > 0 and (text[start - 1].isalnum() or text[start - 1] in "_-")
    ):
        start -= 1
    name = text[start:end]
    if kind == "token" and _LANGUAGE.search(name[: word - start]):
        return None
    rule = f"named-{kind}"
    match = _QUOTED.match(text, end)
    if match:
        close = _close(text, match.end(), match["quote"])
        value = text[match.end() : close]
        if _formatted(match["form"], value):
            return None
        strict = match["sign"] == ","
        if strict and not text.startswith(("'", '"'), end):
            return None
        if _convinces(kind, name, value, strict):
            return Hit(match.end(), close, rule, _NOUNS[kind])
        return None
    for found in (_flag, _bare, _line):
        span = found(text, start, end, kind, name)
        if span is not None:
            return Hit(*span, rule, _NOUNS[kind])
    return None


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


def _formatted(form: str, value: str) -> bool:
    """Whether an f-string only puts a variable in: nothing of the secret is in the text then."""
    return "f" in form.lower() and bool(re.search(r"\{[^{}]{1,200}\}", value))


def _convinces(kind: str, name: str, value: str, strict: bool) -> bool:
    """Whether ``value`` looks enough like a secret, given how much the name says."""
    value = value.strip()
    if stand_in(value) or "{{secret:" in value or _SAYS_NAME.match(value[:100]):
        return False
    if value.startswith(("/", "./", "../", "~/", "%(", "${")) or "://" in value[:12]:
        return random_looking(value) and not strict and kind != "password" and "." not in value
    if re.fullmatch(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+", value):
        return False  # the name of an environment variable
    if strict or (kind == "token" and not (_STRONG.search(name[:-5]) or name.isupper())):
        return random_looking(value)
    if kind == "password":
        return len(value) >= 3 and not (any(map(str.isspace, value)) and _ASKS.search(value[:200]))
    if any(map(str.isspace, value[:500])):
        return False
    return len(value) >= 6 and (any(map(str.isdigit, value[:500])) or len(value) >= 8)


def _flag(text: str, start: int, end: int, kind: str, name: str) -> tuple[int, int] | None:
    """--password hunter2, --token=abc. A name's own dashes were taken into ``start``."""
    if not name.startswith("--"):
        return None
    match = _FLAG.match(text, end)
    if match is None or match["secret"].startswith("-") or match["secret"].isalpha():
        return None
    return match.span("secret") if _convinces(kind, name, match["secret"], False) else None


def _bare(text: str, start: int, end: int, kind: str, name: str) -> tuple[int, int] | None:
    """password=hunter2 inside a connection string or a URL's query: never a keyword argument."""
    match = _BARE.match(text, end)
    if match is None:
        return None
    before = text[start - 1 : start]
    inside = before in tuple(";?&") or match["stop"] in tuple("\"'&`")
    if not inside and not re.match(
        r" \w{1,30}=\S", text[match.end("secret") : match.end("secret") + 33]
    ):
        return None
    return match.span("secret") if _convinces(kind, name, match["secret"], False) else None


def _line(text: str, start: int, end: int, kind: str, name: str) -> tuple[int, int] | None:
    """A line of its own, as in YAML, INI and .env files: the value must look like no code."""
    head = text[max(0, start - 12) : start].rpartition("\n")[2]
    if head.strip(" \t-\"'") or (
        start > 12 and "\n" not in text[start - 12 : start] and len(head) == 12
    ):
        return None
    match = _YAML.match(text, end)
    if match is None:
        return None
    value = match["secret"]
    if re.fullmatch(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", value) or not any(map(str.isdigit, value)):
        return None
    if kind == "password":
        return match.span("secret") if _convinces(kind, name, value, False) else None
    return match.span("secret") if _convinces(kind, name, value, True) else None
