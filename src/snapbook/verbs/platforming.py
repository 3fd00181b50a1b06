"""export --to a platform that others run: a version, or the way to it from another, in its words.

Nothing of a version is executed, but for the self-test that tells BentoML whether rows go together.
What a platform cannot say is refused before anything is written.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook.deploy import plan
from snapbook.errors import BadOption
from snapbook.export import argo, bentoml, haproxy, kserve, kubernetes, pipelines, seldon
from snapbook.export.files import whole
from snapbook.export.manifests import Release, Rollout, image_of
from snapbook.parts.model import check_asked
from snapbook.refs import number_text
from snapbook.serve.load import open_bundle
from snapbook.verbs import bundling, look, release
from snapbook.verbs.here import Here
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.catalog.rows import VersionRow
    from snapbook.deploy.plan import Plan
    from snapbook.repository import Repository
    from snapbook.serve.load import Bundle
    from snapbook.verbs.table import Asked

_ALIAS = "production"
_MANIFESTS: Mapping[str, Callable[[Release, Rollout | None], dict[str, str]]] = {
    "kserve": kserve.files,
    "kubernetes": kubernetes.files,
    "haproxy": haproxy.files,
    "argo": argo.files,
}


@dataclass(frozen=True, slots=True)
class Meant:
    """What was asked for: a version, perhaps a plan, and the version that it takes over from."""

    version: VersionRow
    plan: Plan | None
    stable: VersionRow | None


def export(here: Here, asked: Asked) -> Done:
    """Write the platform's files into a folder."""
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref or look.default_ref(here, repository))
    meant = _meant(repository, version, asked)
    if asked.to != "pipelines":  # which pulls and promotes, and asks nothing
        check_asked(version.ref, repository.parts(version.manifest))
    new = _release(version, asked)
    rollout = None
    if meant.plan is not None and meant.stable is not None:
        rollout = Rollout(_release(meant.stable, asked), new, meant.plan)
    made = _made(repository, meant, new, rollout, asked)
    plain = f"{new.own}-{asked.to}"
    target = release.place(here, asked, plain, folder=True)
    bundling.lay(target, (whole(name, data) for name, data in made.items()))
    lines = [
        f"wrote {target.name}: {len(made)} {'file' if len(made) == 1 else 'files'}",
        *_told(new, rollout, asked),
    ]
    return Done(
        (*([echo] if echo else []), *lines),
        {
            "files": [str(target)],
            "ref": version.ref,
            "written": list(made),
            "plan": meant.plan.json() if meant.plan else None,
            "stable": rollout.old.ref if rollout else None,
        },
    )


def _meant(repository: Repository, version: VersionRow, asked: Asked) -> Meant:
    """What was asked for beside the version itself. Raises BadOption."""
    if asked.canary is None and asked.ab is None and not asked.shadow:
        for word in ("every", "abort_if", "window", "stable"):
            if getattr(asked, word) is not None:
                option = f"--{word.replace('_', '-')}"
                raise BadOption(f"{option} is for a rollout", act="Say --canary 5,25,50,100")
        return Meant(version, None, None)
    meant = plan.parse(
        canary=asked.canary,
        ab=asked.ab,
        shadow=asked.shadow,
        every=asked.every,
        abort_if=asked.abort_if,
        window=asked.window,
    )
    if asked.to == "bentoml":
        raise BadOption("BentoML rolls nothing out", act="Use --to kserve or --to haproxy")
    if asked.to == "pipelines":  # each run goes out from what is in place then
        return Meant(version, meant, None)
    old, _ = look.resolve(repository, asked.stable or f"{version.model}@{_ALIAS}")
    if old.model != version.model:
        raise BadOption(f"{old.ref} is another model", act=f"Name a version of {version.model}")
    if old.manifest == version.manifest:
        raise BadOption(f"{version.ref} is what it would take over from", act="Say --stable REF")
    return Meant(version, meant, old)


def _release(version: VersionRow, asked: Asked) -> Release:
    image = image_of(version.model, asked.image)
    return Release(version.model, number_text(version.number), version.manifest, image)


def _made(
    repository: Repository, meant: Meant, new: Release, rollout: Rollout | None, asked: Asked
) -> dict[str, bytes]:
    """The files by their names."""
    if asked.storage is not None and asked.to != "seldon":
        raise BadOption("--storage is for --to seldon")
    if asked.to == "bentoml":
        sample = not asked.no_sample
        return _of_bundle(
            repository, meant.version, sample, lambda one: bentoml.files(new, one.facts, one.read)
        )
    if asked.to == "pipelines":
        python = _of_bundle(repository, meant.version, False, _python)["python"].decode()
        texts = pipelines.files(new.model, python, meant.plan)
    elif asked.to == "seldon":
        texts = seldon.files(new, rollout, seldon.storage_of(asked.storage))
    else:
        texts = _MANIFESTS[str(asked.to)](new, rollout)
    made = {name: text.encode() for name, text in texts.items()}
    if asked.to == "seldon":
        for version in (meant.stable, meant.version):
            if version is not None:
                held = _release(version, asked)
                made |= _of_bundle(repository, version, False, _model(held))
    return made


def _of_bundle(
    repository: Repository,
    version: VersionRow,
    sample: bool,
    make: Callable[[Bundle], dict[str, bytes]],
) -> dict[str, bytes]:
    """What ``make`` gives of the bundle of ``version``."""
    with tempfile.TemporaryDirectory(prefix="snapbook-export-") as name:
        folder = Path(name) / "bundle"
        bundling.put(repository, version, folder, sample=sample)
        return make(open_bundle(folder))


def _model(held: Release) -> Callable[[Bundle], dict[str, bytes]]:
    """What makes the folder of a model for MLServer."""

    def make(opened: Bundle) -> dict[str, bytes]:
        files = seldon.folder(held, opened.facts, opened.read)
        return {f"{held.own}/{name}": data for name, data in files.items()}

    return make


def _python(opened: Bundle) -> dict[str, bytes]:
    return {"python": pipelines.python_of(str(opened.facts.get("python"))).encode()}


def _told(new: Release, rollout: Rollout | None, asked: Asked) -> list[str]:
    """What the files lean on, and who holds the rules."""
    lines = []
    if asked.to in ("kserve", "kubernetes", "argo"):
        secret = kubernetes.secret(new)
        lines.append(f"image {new.pulled}; its token in the Secret {secret}, as {kubernetes.TOKEN}")
    if rollout is None:
        return lines
    lines.append(f"from {rollout.old.ref} to {new.ref}: apply them in the order of their names")
    if rollout.plan.rules and asked.to != "argo":
        lines.append(f"nothing there holds the rules ({rollout.plan.json()['rules']}): you do")
    return lines
