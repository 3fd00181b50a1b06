"""The model as a part: which flavor keeps it, what is told of it, how it comes back, what changed.

Here and in `flavors` a model is an object; everywhere else it is digests and facts. Knows
neither versions nor trust: who calls `restore` has decided that loading may execute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from snapbook.canonical import Json
from snapbook.errors import Damaged, NotRestorable, SnapbookError
from snapbook.flavors import facts as short
from snapbook.flavors import modelish, opcodes, pickled, registry, weights
from snapbook.flavors.arrays import NotAllowed as NotAllowed
from snapbook.flavors.base import Description
from snapbook.flavors.pickler import said
from snapbook.parts.base import Change, Notice, Part
from snapbook.parts.calm import calm
from snapbook.store.base import Writer

Get = Callable[[str], bytes]
# Distributions whose top module has another name.
_DISTRIBUTIONS = {"sklearn": "scikit-learn", "skimage": "scikit-image", "cv2": "opencv-python"}


def is_model_like(obj: object) -> bool:
    """Whether ``obj`` may be the model of a cell, told from types; collections, too."""
    if modelish.looks_like_model(obj):
        return True
    if type(obj) not in (dict, list, tuple):
        return False
    return bool(short.attempt(lambda: registry.find(obj).name == "collection", False))


def is_fitted(obj: object) -> bool | None:
    """Whether ``obj`` was fitted; None where that has no meaning or cannot be told."""
    return short.attempt(lambda: registry.find(obj).fitted(obj), None)


def check_asked(named: str, parts: Sequence[Part], act: str = "Version the module itself") -> None:
    """Raise NotRestorable where the model of ``parts``, which a message calls ``named``, is tensors
    without their module, which nobody can ask anything; ``act`` says what to do.
    """
    for part in parts:
        layout: Any = part.facts.get("layout") if part.kind == "model" else None
        if isinstance(layout, Mapping):
            weights.check_asked(named, layout.get("format"), act)


def members(obj: object) -> tuple[object, ...]:
    """Models inside ``obj``, which do not count as models of their own beside it."""
    with calm():
        return short.attempt(lambda: registry.find(obj).members(obj), ())


def predicts(obj: object) -> bool:
    """Whether ``obj`` predicts; False for what only transforms, such as a scaler."""
    return modelish.predicts(obj)


def capture(model: object, name: str, writer: Writer) -> tuple[Part, tuple[Notice, ...]]:
    """Keep ``model``, bound to the variable ``name``, as a part.

    Raises NotKept, naming the attribute that cannot be pickled. What cannot be told of a model that
    can be kept is left out.
    """
    with calm():
        flavor = registry.find(model)
        encoded = flavor.dump(model, writer)
        told = short.attempt(lambda: flavor.describe(model), _least(model))
    notices = []
    if not encoded.canonical:
        notices.append(
            Notice("not-canonical", name, "its digest is over the stored bytes: no canonical form")
        )
    facts: dict[str, Json] = {
        "class_name": told.class_name,
        "framework": told.framework,
        "framework_version": told.framework_version,
        "flavor": flavor.name,
        "layout": encoded.layout,
        "digest": encoded.digest,
        "canonical": encoded.canonical,
        "executes": encoded.executes,
        "imports": list(encoded.imports),
        "params": told.params,
        "set_params": list(told.set_params),
        "structure": told.structure,
        "inputs": list(told.inputs),
        "outputs": list(told.outputs),
        "search": told.search,
        "stored_bytes": encoded.stored_bytes,
    }
    return Part("model", name, facts, encoded.blobs), tuple(notices)


def restore(part: Part, get: Get, ref: str = "") -> Any:
    """The model. May execute code (facts "executes"): trust was decided by the caller.

    ``ref`` is how the user named the version, for the sentence. Raises NotRestorable.
    """
    flavor_name, layout = part.facts.get("flavor"), part.facts.get("layout")
    if type(flavor_name) is not str or not isinstance(layout, Mapping):
        raise Damaged("A stored model cannot be read", "its facts name no flavor")
    try:
        with calm():
            return registry.named(flavor_name).load(layout, part.blobs, get)
    except (SnapbookError, KeyboardInterrupt):
        raise
    except ModuleNotFoundError as error:
        raise _absent(part, ref or part.name, error) from error
    except BaseException as error:  # loading runs the user's own code
        raise _unloadable(part, ref or part.name, error) from error


def restore_plain(part: Part, get: Get) -> Any:
    """The model where nobody has to be trusted for it: read without executing what it says.

    Raises NotAllowed, which says what is more than that; nothing, where it is not of scikit-learn.
    """
    layout, own = part.facts.get("layout"), part.facts.get("flavor") == "sklearn"
    if not own or not isinstance(layout, Mapping) or layout.get("format") != pickled.FORMAT:
        raise NotAllowed
    with calm():
        return pickled.fetch_plain(layout, part.blobs, get)


def imports(part: Part, get: Get) -> tuple[str, ...]:
    """What restoring would import ("module:name"), read from the stored bytes."""
    layout = part.facts.get("layout")
    if not isinstance(layout, Mapping) or layout.get("format") != pickled.FORMAT:
        return tuple(str(name) for name in _list(part.facts.get("imports")))
    return opcodes.imports(pickled.stream(layout, part.blobs, get))


def diff(old: Part, new: Part, get: Get | None = None) -> list[Change]:  # noqa: ARG001 - one shape for all kinds
    """What changed between two models: parameters, then class, structure, signature."""
    if old.facts.get("digest") == new.facts.get("digest") and old.facts == new.facts:
        return []
    changes = _compare("params", _mapping(old, "params"), _mapping(new, "params"))
    for name in ("class_name", "framework", "framework_version"):
        before, after = old.facts.get(name), new.facts.get(name)
        if before != after:
            changes.append(Change("model", name.removesuffix("_name"), "changed", before, after))
    changes += _compare("model", flat(_mapping(old, "structure")), flat(_mapping(new, "structure")))
    for name in ("inputs", "outputs"):
        before, after = _fields(old, name), _fields(new, name)
        changes += _compare("model", before, after, prefix=f"{name[:-1]} ")
    if not changes and old.facts.get("digest") != new.facts.get("digest"):
        changes.append(Change("model", "fit", "changed", None, None, ("same settings, refitted",)))
    return changes


def flat(structure: Mapping[str, Json], prefix: str = "") -> dict[str, Json]:
    """Nested facts as one level: {"steps": {"rf": {"trees": 5}}} -> {"steps.rf.trees": 5}."""
    found: dict[str, Json] = {}
    for key, value in structure.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found


def _compare(
    section: str, old: Mapping[str, Json], new: Mapping[str, Json], prefix: str = ""
) -> list[Change]:
    changes = []
    for key in [*old, *(key for key in new if key not in old)]:
        if key not in new:
            changes.append(Change(section, prefix + key, "removed", old[key], None))
        elif key not in old:
            changes.append(Change(section, prefix + key, "added", None, new[key]))
        elif old[key] != new[key] or type(old[key]) is not type(new[key]):
            changes.append(Change(section, prefix + key, "changed", old[key], new[key]))
    return changes


def _fields(part: Part, name: str) -> dict[str, Json]:
    fields = [field for field in _list(part.facts.get(name)) if isinstance(field, Mapping)]
    return {
        str(field.get("name")): {key: value for key, value in field.items() if key != "name"}
        for field in fields
    }


def _mapping(part: Part, name: str) -> Mapping[str, Json]:
    value = part.facts.get(name)
    return value if isinstance(value, Mapping) else {}


def _list(value: Json) -> list[Json]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _least(model: object) -> Description:
    top = short.top_module(type(model))
    return Description(short.class_name(model), top, short.version_of(top))


def _absent(part: Part, ref: str, error: ModuleNotFoundError) -> NotRestorable:
    """The sentence for a module that is not installed here."""
    module = str(error.name or "").partition(".")[0] or "a module"
    known = module == part.facts.get("framework")
    version = str(part.facts.get("framework_version") or "") if known else ""
    if not version:  # perhaps a file of the project: no package to name
        why = f"{ref} needs the module {module}, absent here"
        return NotRestorable("Not restored", why, act="Nothing was changed.")
    package = _DISTRIBUTIONS.get(module, module)
    return NotRestorable(
        "Not restored",
        f"{ref} needs {package}, absent here (made with {_short(version)})",
        act=f'%pip install "{package}=={_short(version)}.*", then again. Nothing was changed.',
    )


def _unloadable(part: Part, ref: str, error: BaseException) -> NotRestorable:
    framework = str(part.facts.get("framework") or "")
    then, here = str(part.facts.get("framework_version") or ""), short.version_of(framework)
    why = f"{ref} does not load ({said(error)})"
    if then and here and then != here:
        package = _DISTRIBUTIONS.get(framework, framework)
        return NotRestorable(
            "Not restored",
            f"{why}; it was made with {package} {then}, here is {here}",
            act=f'%pip install "{package}=={then}", then again. Nothing was changed.',
        )
    return NotRestorable("Not restored", why, act="Nothing was changed.")


def _short(version: str) -> str:
    """The first two numbers of a version: within them models stay loadable."""
    return ".".join(version.split(".")[:2])
