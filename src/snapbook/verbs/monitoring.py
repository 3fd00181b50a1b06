"""monitor: what a served version met, beside what it was trained on; and rules that raise alarm.

Reads the log that `serve --log` writes, whether the server still runs or not. What is found is for
people (lines, a report in the notebook or as a file) and for programs; a rule that fires is told to
a webhook once, and once more when it is over.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook import refs
from snapbook.errors import BadOption, NotFound, Usage
from snapbook.export import schema
from snapbook.registry import hooks
from snapbook.report import page, watched, watchpage
from snapbook.verbs import alarms, evident, look, opening
from snapbook.verbs.here import Here
from snapbook.verbs.release import check_free, target, write_text
from snapbook.verbs.values import Drawn
from snapbook.watch import kept, rules, window
from snapbook.watch.window import Measured, Met, Trained

if TYPE_CHECKING:
    from snapbook.parts.base import Part
    from snapbook.verbs.table import Asked
    from snapbook.watch.rules import Found

_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_HEAD = 1000  # bytes of a report in which it says that it is one
_BEFORE = 1000  # predictions that later ones are held against


@dataclass(frozen=True, slots=True)
class _Version:
    """The version that is watched: what it is called, and what it was trained on. ``parts`` where
    it is at hand, and not as a bundle.
    """

    ref: str
    manifest: str
    known: Trained
    parts: Sequence[Part] = ()


def check(asked: Asked) -> None:
    """Raise for rules and spans that are none, before anything is read."""
    for text in asked.alert:
        rules.typed(text)
    _span("--since", asked.since, 0.0)
    _span("--every", asked.every, 0.0)
    if asked.evidently and not asked.output:
        raise Usage("Evidently's report is a file", act="Name it: -o FILE.html")
    if asked.webhook is not None:
        hooks.checked(asked.webhook, private=asked.private)
        if not asked.alert:
            raise Usage("A webhook is told of rules", act="Name one: --alert 'drift > 0.2'")


def monitor(here: Here, asked: Asked) -> Drawn:
    """What a version met; with --every again and again, until interrupted."""
    every = _span("--every", asked.every, 0.0)
    if every and here.face not in ("cli", "magic"):
        raise Usage("--every is for a shell or a notebook: there it can be interrupted")
    if (path := target(here, asked)) is not None and not _is_report(path):
        check_free(path)
    while True:
        found = _once(here, asked)
        if not every:
            return found
        for line in found.lines:
            here.line(line)
        time.sleep(every)


def _is_report(path: Path) -> bool:
    """Whether an earlier report lies at ``path``: that may be written anew."""
    try:
        with path.open("rb") as file:
            return page.MARK.encode() in file.read(_HEAD)
    except OSError:
        return False


def _once(here: Here, asked: Asked) -> Drawn:
    folder = here.folder / Path(asked.log or kept.FOLDER).expanduser()
    kept.check(folder)
    version = _version(here, asked.ref, folder)
    now = time.time()
    span = _span("--since", asked.since, 0.0)
    log = kept.read(folder, version.manifest, now - span if span else 0.0)
    spoilt = f"{log.unread} {'files' if log.unread > 1 else 'file'} of the log cannot be read"
    if log.answers is None:
        raise NotFound(
            f"No request to {version.ref} is in {folder.name}",
            spoilt if log.unread else "",
            act="Serve it with",
            hint=f"snapbook serve {version.ref} --log {asked.log or kept.FOLDER}",
        )
    before = log.answers.predicted[: min(_BEFORE, len(log.answers) // 3)]
    met = Met(log.answers, log.outcomes, log.traffic, log.refused, before)
    known = version.known if version.known.kind else window.of_kind(
        version.known, "numbers" if log.answers.predicted.dtype != object else "labels"
    )  # fmt: skip
    seconds = span or now - float(log.answers.time[0])
    measured = window.measured(met, known, seconds)
    about: dict[str, Any] = {"ref": version.ref, "manifest": version.manifest, **measured.said}
    found = [rules.judge(rule, measured.said) for text in asked.alert for rule in rules.parse(text)]
    told: list[str] = []
    if asked.webhook:
        told = alarms.tell(asked.webhook, asked.private, about, folder, found, now)
    made = watched.report(version.ref, met, measured, known.kind, found)
    lines = [*_lines(version.ref, measured, known), *_alarms(found), *told]
    data = dict(about)
    if log.unread:
        lines.append(f"{spoilt}: damaged, or none of ours")
        data["unread"] = log.unread
    if found:
        data["rules"] = [alarms.rule(one) for one in found]
    if asked.output:
        path = here.folder / Path(asked.output).expanduser()
        if path.suffix.lower() not in (".html", ".htm"):
            raise BadOption(f"-o cannot be {path.name}", act="Its name ends in .html")
        if asked.evidently:
            evident.write(path, version.parts, here.repository().store.get, log.answers)
        else:
            write_text(path, watchpage.document(made))
        lines.append(f"wrote {path.name}")
        data["files"] = [str(path)]
    if here.face in ("server", "web"):
        data["html"] = watchpage.document(made)
    fires = any(one.fires for one in found)
    return Drawn(tuple(lines), data, 1 if fires else 0, html=watchpage.piece(made))


def _version(here: Here, text: str | None, folder: Path) -> _Version:
    """The version that is named; of a model the one that answered last. Raises NotFound."""
    path = (here.folder / Path(text).expanduser()) if text else None
    named = refs.Ref()
    if path is None or not (path.suffix == ".zip" or (path / "bundle.json").is_file()):
        named = refs.parse(text) if text else named
    if (text and named == refs.Ref()) or named.registry:
        bundle = opening.opened(here, text, "monitor").bundle
        kind = (bundle.signature.get("outputs") or {}).get("kind") or ""
        return _Version(
            bundle.ref, str(bundle.facts["manifest"]), window.trained(bundle.profile, kind)
        )
    repository = here.repository()
    model = text or look.default_ref(here, repository)
    plain = refs.parse(model)
    if plain == refs.Ref(model=plain.model):
        model = _last(folder, plain.model) or model
    row, echo = look.resolve(repository, model)
    if echo and text:
        here.say(echo)
    parts = repository.manifest(row.manifest).load(repository.store.get)
    kind = schema.signature(parts)["outputs"]
    told = str(kind.get("kind") or "") if isinstance(kind, dict) else ""
    return _Version(row.ref, row.manifest, window.trained(schema.profile(parts), told), parts)


def _last(folder: Path, model: str) -> str:
    """The version of ``model`` whose answers are the newest of the log; "" for none."""
    every = [
        (changed, f"#{manifest}")
        for manifest, (name, _, changed) in kept.versions(folder).items()
        if name.lower() == model.lower()
    ]
    return f"{model}{max(every)[1]}" if every else ""


def _lines(ref: str, measured: Measured, known: Trained) -> list[str]:
    said = measured.said
    why = said["why"]
    lines = [f"{ref}: {said['requests']:,} requests, {said['rows']:,} rows kept"]
    if "error_rate" in said and "p99_ms" in said:
        lines[0] += (f", {said['error_rate']:.2%} errors, p50 {said['p50_ms']:.3g} ms,"
                     f" p99 {said['p99_ms']:.3g} ms")  # fmt: skip
    far = [one for one in measured.moved if one.drifted]
    if "drift" in said:
        named = ", ".join(f"{one.column} {one.psi:.2f}" for one in far[:5])
        more = f", +{len(far) - 5}" if len(far) > 5 else ""
        lines.append(
            f"drift: {named}{more}" if far else f"drift: none of {len(said['drift'])} columns"
        )
    else:
        more = "" if known.columns else f"; what tells them: {schema.TELL}"
        lines.append(f"drift: n/a, {why['drift']}{more}")
    if "prediction_drift" in said:
        against = said["prediction_against"]
        lines.append(f"predictions: {said['prediction_drift']:.2f} from {against}")
    names = ("accuracy",) if known.kind == "labels" else ("rmse", "mae", "bias")
    figures = ", ".join(_figure(name, said[name]) for name in names if said.get(name) is not None)
    labels = f"{said.get('labels', 0):,} outcomes"
    lines.append(f"quality: {figures} of {labels}" if figures else f"quality: n/a, {why[names[0]]}")
    if lonely := said.get("unmatched", 0):
        lines.append(f"{lonely:,} {'outcomes fit' if lonely > 1 else 'outcome fits'} no row that"
                     " was kept, and so count for nothing")  # fmt: skip
    lines += [
        f"wrong: {one.column} = {one.value}: {watched.sentence(one, known.kind)}"
        for one in measured.parts
        if one.bad
    ]
    if measured.change is not None:
        when = datetime.fromtimestamp(measured.change.since).astimezone()
        lines.append(f"the error of all rows changed at {when:%Y-%m-%d %H:%M}")
    return lines


def _figure(name: str, value: float) -> str:
    return f"{name} {value:.2%}" if name in ("accuracy", "bias") else f"{name} {value:.4g}"


def _alarms(found: Sequence[Found]) -> list[str]:
    words = {True: "ALERT", False: "ok", None: "n/a"}
    return [f"{words[one.fires]}: {one.sentence}" for one in found]


def _span(word: str, text: str | None, default: float) -> float:
    """Seconds of "30s", "10m", "24h", "7d". Raises BadOption."""
    if text is None:
        return default
    found = _SPAN.fullmatch(text.strip())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    if not 0 < seconds <= 3660 * 86400:
        raise BadOption(f"{word} cannot be {text}", act="Like 30s, 10m, 24h or 7d")
    return seconds
