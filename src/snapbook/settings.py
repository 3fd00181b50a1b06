"""What a user may set, its defaults, and where it is kept.

One table of settings; a value comes from the environment (SNAPBOOK_DATA_MAX_STORE), else from
settings.toml in the user's configuration folder, else from the table. Knows no room that reads it.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from snapbook.errors import BadOption, Damaged, Hint, nearest

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its default (which gives its type), what it is for, and the words it takes."""

    name: str
    default: Value
    help: str
    words: tuple[str, ...] = ()
    unit: str = ""


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting("author", "", "name that versions carry; else git's user.name, else the login"),
        Setting("card", "line", "what a versioned cell prints", ("line", "quiet")),
        Setting("data.max_store", 512 * 2**20, "new bytes of rows kept a version", unit="bytes"),
        Setting("capture.max_seconds", 10.0, "time for hashing data a version", unit="seconds"),
        Setting("repo.max_size", 10 * 2**30, "size that gives one notice at 80 %", unit="bytes"),
        Setting("data.push", "hashes", "what leaves the machine with a push", ("rows", "hashes")),
        Setting("judge.max_seconds", 300.0, "time for the gates of one judging", unit="seconds"),
        Setting("judge.max_memory", 4 * 2**30, "memory that a judged model may take", unit="bytes"),
        Setting("export.tensorflow", "", "a Python that has TensorFlow, where this one has none"),
        Setting("strict", False, "a version that was not made fails the cell"),
    )
}

_UNITS = {"": 1, "b": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40}


def folder() -> Path:
    """The user's configuration folder (SNAPBOOK_CONFIG, else the platform's); not created here."""
    if chosen := os.environ.get("SNAPBOOK_CONFIG"):
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_config_path("snapbook", appauthor=False)


def get(name: str) -> Value:
    """The value in force. Raises BadOption for an unknown name or a value that does not fit."""
    setting = _known(name)
    text = os.environ.get("SNAPBOOK_" + name.upper().replace(".", "_"))
    if text is not None:
        return parse(setting, text)
    return stored().get(name, setting.default)


def number(name: str) -> float:
    """The value of a setting that is a number."""
    value = get(name)
    return float(value)


def stored() -> Mapping[str, Value]:
    """What the settings file holds, flat; empty where there is none."""
    path = folder() / "settings.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Damaged("The settings file cannot be read", f"{path.name}: {error}") from error
    return {
        name: value
        for name, value in _flat(table).items()
        if name in SETTINGS and isinstance(value, str | int | float | bool)
    }


def put(name: str, text: str | None) -> Value:
    """Keep a setting (None: back to its default); gives the value now in force."""
    import tomli_w

    setting = _known(name)
    values = dict(stored())
    values.pop(name, None)
    if text is not None:
        values[name] = parse(setting, text)
    tree: dict[str, object] = {}
    for key, value in values.items():
        outer, dot, inner = key.partition(".")
        if dot:
            table = tree.setdefault(outer, {})
            assert isinstance(table, dict)
            table[inner] = value
        else:
            tree[key] = value
    place = folder()
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = place / f".settings-{os.getpid()}"
    partial.write_text(tomli_w.dumps(tree), encoding="utf-8")
    partial.replace(place / "settings.toml")
    return get(name)


def parse(setting: Setting, text: str) -> Value:
    """``text`` as a value of ``setting``. Sizes take units (512 MB). Raises BadOption."""
    wanted = ""
    if setting.words and text not in setting.words:
        wanted = " or ".join(setting.words)
    elif isinstance(setting.default, bool):
        if text.lower() in {"1", "true", "yes", "on"}:
            return True
        if text.lower() in {"0", "false", "no", "off", ""}:
            return False
        wanted = "on or off"
    elif setting.unit == "bytes":
        match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?b?)\s*", text.lower())
        if match and (unit := match[2] if match[2] in _UNITS else match[2] + "b") in _UNITS:
            return int(float(match[1]) * _UNITS[unit])
        wanted = "a size such as 512 MB"
    elif isinstance(setting.default, float):
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if value >= 0:
            return value
        wanted = "a number of seconds"
    if wanted:
        raise BadOption(f'{setting.name} cannot be "{text}"', act=f"It takes {wanted}")
    return text


def _known(name: str) -> Setting:
    if name in SETTINGS:
        return SETTINGS[name]
    near = nearest(name, list(SETTINGS))
    raise BadOption(
        f"There is no setting {name}" + (f" (did you mean {near[0]}?)" if near else ""),
        act="All",
        hint=Hint("config"),
    )


def _flat(table: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    out: dict[str, object] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            out |= _flat(value, f"{prefix}{key}.")
        else:
            out[prefix + key] = value
    return out
