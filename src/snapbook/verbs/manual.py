"""The manual of a verb, made from the table: what `help` prints and docs/ hold. Pure text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from snapbook.verbs.table import COMMON, Argument, Verb

_WIDTH = 88
_NAMES = {"model_name": "MODEL", "refs": "REF", "to": "NEW_NAME"}


def index(verbs: Iterable[Verb], program: str) -> list[str]:
    """All verbs, one line each."""
    verbs = list(verbs)
    width = max(len(verb.name) for verb in verbs)
    lines = [f"{program} VERB ARGS          {program} VERB --help", ""]
    return lines + [f"  {verb.name:<{width}}  {verb.help}" for verb in verbs]


def page(verb: Verb, program: str) -> list[str]:
    """One verb: usage, what it does, its arguments, examples."""
    lines = [*usage(verb, program), "", f"{verb.help}.", ""]
    rows = [(_form(argument), argument.help) for argument in verb.all]
    width = min(26, max(len(form) for form, _ in rows))
    for form, text in rows:
        first, *more = textwrap.wrap(text, _WIDTH - width - 4) or [""]
        lines.append(f"  {form:<{width}}  {first}".rstrip())
        lines += [f"  {'':<{width}}  {line}" for line in more]
    if also := other_names(verb):
        lines += ["", f"Also: {', '.join(also)}"]
    if verb.examples:
        lines += ["", *(f"  {example}" for example in verb.examples)]
    return lines


def usage(verb: Verb, program: str) -> list[str]:
    """The usage, wrapped. What every verb takes is left out."""
    words = [_used(argument) for argument in verb.arguments if argument not in COMMON]
    head = f"usage: {program} {verb.name}"
    lines = [head]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _WIDTH:
            lines.append(" " * (len(head)))
        lines[-1] += f" {word}"
    return lines


def other_names(verb: Verb) -> list[str]:
    """What else answers to the verb: magics of its own, then other verb names."""
    cell = ["%%version_model"] if "version_model" in verb.magic else []
    return [*cell, *(f"%{name}" for name in verb.magic), *verb.aliases]


def _name(argument: Argument) -> str:
    if argument.metavar:
        return argument.metavar
    if argument.choices:
        return "|".join(argument.choices)
    return _NAMES.get(argument.dest, argument.dest.upper())


def _form(argument: Argument) -> str:
    """As it stands in the list of arguments."""
    if not argument.names[0].startswith("-"):
        return _NAMES.get(argument.dest, argument.dest.upper())
    names = ", ".join(argument.names)
    if argument.many == "flag":
        return names
    value = argument.metavar or ("WORD" if argument.choices else argument.dest.upper())
    return f"{names} {value}" + (" ..." if argument.many == "+" else "")


def _used(argument: Argument) -> str:
    """As it stands in the usage."""
    if not argument.names[0].startswith("-"):
        name = _name(argument)
        return {"?": f"[{name}]", "*": f"[{name} ...]", "+": f"{name} ..."}.get(argument.many, name)
    option = argument.names[0]
    if argument.many == "flag":
        return f"[{option}]"
    more = " ..." if argument.many == "+" else ""
    return f"[{option} {_name(argument)}{more}]"
