"""status: where versions go, how many there are, what they weigh and cost."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from snapbook import places, settings
from snapbook.verbs import queued
from snapbook.verbs.here import Here
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.catalog.base import Head
    from snapbook.verbs.table import Asked

_SHOWN = 4  # models in the line of what the kernel holds
_FITTED = {True: ", fitted", False: ", not fitted", None: ""}
NEARLY = 0.8  # of repo.max_size: from there on it is said


def status(here: Here, asked: Asked) -> Done:
    """Where versions go, how many there are, what they weigh."""
    del asked
    place = places.place(here.folder)
    lines = [f"repository  {place.folder}" + (f"  ({place.why})" if place.why else "")]
    data: dict[str, Any] = {
        "repository": str(place.folder),
        "exists": place.exists,
        "why": place.why,
    }
    repository = here.repository() if place.exists else None
    if repository is None:
        lines.append("versions    none yet: it is made with the first one")
    else:
        index = repository.index
        total, bytes_ = index.count(), _weight_at(place.folder, repository.follow())
        limit = settings.number("repo.max_size")
        models = len(index.models())
        lines.append(f"versions    {total:,} of {models:,} model{'' if models == 1 else 's'}")
        lines.append(f"size        {size_text(bytes_)} of {size_text(limit)}")
        data |= {"versions": total, "models": models, "bytes": bytes_}
        data["budget_bytes"] = limit
        waits, data["waiting"] = queued.told(repository)
        lines += [f"waiting     {line}, for the next push, pull or sync" for line in waits]
        if bytes_ > NEARLY * limit:
            lines.append(
                f"            over {NEARLY * 100:.0f} %. See what can go: snapbook gc --dry-run"
            )
        damaged = index.broken()
        if damaged:
            lines.append(f"damaged     {len(damaged)} events; see: snapbook verify")
        data["damaged"] = len(damaged)
    if here.kernel is not None:
        kernel = here.kernel
        from snapbook.verbs.live import live

        now = live(kernel, repository)
        lines += _kernel_lines(now)
        data["kernel"] = now
        data |= {"auto": kernel.auto, "cells": len(kernel.session)}
        if kernel.times:
            middle = median(kernel.times[-20:])
            count = len(kernel.times[-20:])
            lines.append(f"cost        {middle:.2f} s a version (median of the last {count})")
            data["seconds_median"] = middle
        if kernel.session.trouble:
            lines.append(f"cell log    not written: {kernel.session.trouble}")
        if kernel.complaint:
            lines.append(f"last said   {kernel.complaint}")
            data["complaint"] = kernel.complaint
    lines.append(
        "settings    " + ", ".join(f"{k} = {settings.get(k)}" for k in settings.stored())
        if settings.stored()
        else "settings    defaults"
    )
    return Done(tuple(lines), data)


def _kernel_lines(now: Mapping[str, Any]) -> list[str]:
    """What the kernel holds and what ran since the last version, in two lines."""
    models, frames = now["candidates"], now["frames"]
    held = [
        f"{one['variable']} ({one['class_name']}{_FITTED[one['fitted']]})"
        for one in models[:_SHOWN]
    ]
    held += [f"+{len(models) - _SHOWN}"] if len(models) > _SHOWN else []
    if frames:
        size = size_text(sum(frame["bytes"] or 0 for frame in frames))
        held.append(f"{_count(len(frames), 'frame')}, {size}")
    since = f", {now['changed_cells']} changed since {now['parent']}" if now["parent"] else ""
    auto = ", auto on" if now["auto"] else ""
    return [
        f"kernel      {_count(now['cells'], 'cell')} executed{since}{auto}",
        f"holds       {', '.join(held) or 'no model and no frame yet'}",
    ]


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


@lru_cache(maxsize=16)
def _weight_at(folder: Path, head: Head) -> int:
    """The weight when ``head`` was the newest event: a kernel is asked for it again and again."""
    del head
    return weight(folder)


def weight(folder: Path) -> int:
    """The bytes of all files of a repository."""
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # somebody else frees room meanwhile
                total += os.lstat(os.path.join(base, name)).st_size
    return total


def size_text(count: float) -> str:
    """Bytes in the unit people would choose, of 1024 as in the settings."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1024 or unit == "GB":
            break
        count /= 1024
    return f"{count:.0f} {unit}" if count >= 10 or unit == "bytes" else f"{count:.1f} {unit}"
