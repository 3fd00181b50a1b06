"""What manifests for other platforms have in common: names, labels, YAML.

Knows Kubernetes' rules for names and nothing of any platform. A manifest is plain data until it is
written, and is written the same each time.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from snapbook.errors import BadOption
from snapbook.export.mlflow import DIGEST, REF

if TYPE_CHECKING:
    from snapbook.deploy.plan import Plan

Document = dict[str, Any]
PORT = 8080
_LONGEST = 40  # of the 63 characters of a name; platforms put words of their own behind it
_IMAGE = re.compile(r"[a-z0-9][a-z0-9._-]*(:[0-9]{1,5}(?=/))?(/[a-z0-9][a-z0-9._-]*)*", re.ASCII)
# What YAML 1.1, which Kubernetes reads, would take for a number, a truth or nothing at all.
_UNSURE = re.compile(r"[-+.\d~].*|y|n|yes|no|on|off|true|false|null", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Release:
    """A version that is to run, and the image that holds it, without a tag: that is the number."""

    model: str
    number: str
    manifest: str
    image: str

    @property
    def ref(self) -> str:
        """The version."""
        return f"{self.model}:{self.number}"

    @property
    def name(self) -> str:
        """What the model is called in a cluster."""
        return name_of(self.model)

    @property
    def own(self) -> str:
        """What this very version of it is called there."""
        return f"{self.name}-{re.sub('[^0-9]', '-', self.number)}"

    @property
    def pulled(self) -> str:
        """The image by its name and tag."""
        return f"{self.image}:{self.number}"

    def metadata(self, name: str, more: Mapping[str, str] | None = None) -> Document:
        """The head of a manifest called ``name``; ``more`` are further annotations."""
        return {
            "name": name,
            "labels": {**selector(self.name), "app.kubernetes.io/version": self.number},
            "annotations": {REF: self.ref, DIGEST: self.manifest, **(more or {})},
        }


@dataclass(frozen=True, slots=True)
class Rollout:
    """From which version to which, and how."""

    old: Release
    new: Release
    plan: Plan


def selector(name: str) -> dict[str, str]:
    """The label that all of a model's manifests have."""
    return {"app.kubernetes.io/name": name}


def name_of(model: str) -> str:
    """A model's name as a DNS label; with a few digits of its own where another could be alike."""
    lower = model.lower()
    plain = re.sub("[^a-z0-9-]+", "-", lower).strip("-")
    plain = plain if plain[:1].isalpha() else f"m-{plain}"
    if plain == lower and len(plain) <= _LONGEST:
        return plain
    digits = hashlib.sha256(lower.encode()).hexdigest()[:6]
    return f"{plain[: _LONGEST - 7].rstrip('-')}-{digits}"


def image_of(model: str, given: str | None) -> str:
    """The name of the image of a model: as ``given``, else the model's. Raises BadOption."""
    if given is None:
        return model.lower()
    if _IMAGE.fullmatch(given) is None:
        raise BadOption(
            f"--image cannot be {given[:80]}",
            act="Name it without a tag, like registry.example.com/churn: the tag is the number",
        )
    return given


def weights(share: float) -> tuple[int, int]:
    """What is left to the old version, and what goes to the new one, as whole numbers."""
    scale = 1 if share == int(share) else 1000
    new = round(share * scale)
    return 100 * scale - new, new


def whole(plan: Plan, platform: str) -> list[int]:
    """The steps of ``plan``. Raises BadOption where ``platform`` cannot take them."""
    broken = [step for step in plan.steps if step != int(step)]
    if broken:
        raise BadOption(f"{platform} takes whole percents, not {broken[0]:g}")
    return [int(step) for step in plan.steps]


def only(plan: Plan, modes: Sequence[str], platform: str, act: str) -> None:
    """Raise BadOption unless ``platform`` knows rollouts like this one."""
    if plan.mode not in modes:
        raise BadOption(f"{platform} has no word for --{plan.mode}", act=act)


def written(*documents: Document, said: str = "") -> str:
    """YAML of the documents, one after the other, below a comment. Raises BadOption."""
    if find_spec("yaml") is None:
        raise BadOption(
            "Manifests cannot be written here",
            "the package PyYAML is not installed",
            act="Install it",
            hint='pip install "snapbook[export]"',
        )
    import yaml

    # Texts that could be taken for something else are quoted; nothing is an anchor.
    dumper: Any = type("Plain", (yaml.SafeDumper,), {"ignore_aliases": lambda _self, _data: True})

    def text(plain: Any, value: str) -> Any:
        style = "|" if "\n" in value else '"' if _UNSURE.fullmatch(value) else None
        return plain.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    dumper.add_representer(str, text)
    body: str = yaml.dump_all(
        documents, Dumper=dumper, sort_keys=False, allow_unicode=True, width=1000
    )
    return "".join(f"# {line}\n" for line in said.splitlines()) + body
