"""Which model, which data, which metrics a cell made: told from its code and the kernel's names.

The order of preference for the model is the one of docs/design.md; where it cannot be told, nothing
is kept and the error says what to type. Looks at objects by type alone; keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snapbook.errors import Hint, NotFound, Unclear, nearest
from snapbook.lineage.analyse import analyse
from snapbook.lineage.called import trained_and_tested
from snapbook.lineage.roles import roles
from snapbook.parts import model as models
from snapbook.parts.frame import is_frame

MISSING = object()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A variable that may be the model of a cell."""

    variable: str
    value: object
    fitted: bool | None

    @property
    def class_name(self) -> str:
        """The class as people say it."""
        return type(self.value).__name__


def candidates(source: str, namespace: Mapping[str, Any]) -> list[Candidate]:
    """The model-like values that a cell bound or fitted, outermost only, in the code's order."""
    uses, role = analyse(source), roles(source)
    bound = dict.fromkeys((*role.models, *role.fitted, *sorted(uses.binds)))
    found: list[Candidate] = []
    for name in bound:
        value = namespace.get(name, MISSING)
        if value is MISSING or name.startswith("_") or not models.is_model_like(value):
            continue
        if any(value is other.value for other in found):
            continue
        if name in uses.binds or name in role.fitted or name in uses.mutates:
            found.append(Candidate(name, value, models.is_fitted(value)))
    if len(found) < 2:
        return found
    inside = {id(part) for one in found for part in _inside(one.value)}
    return [one for one in found if id(one.value) not in inside]


def _inside(value: object, depth: int = 0) -> list[object]:
    if depth > 6:
        return []
    direct = list(models.members(value))
    return [*direct, *(deep for part in direct for deep in _inside(part, depth + 1))]


def choose_model(
    source: str,
    namespace: Mapping[str, Any],
    *,
    model: str,
    variable: str = "",
    last_variable: str = "",
    last_value: object = None,
) -> Candidate:
    """The model of the cell ``source``, in the order: named by the user, named like the model,
    taken last time, the only fitted one, the cell's last value. Raises Unclear or NotFound.
    """
    if variable:
        return _named(variable, namespace)
    found = candidates(source, namespace)
    fitted = [one for one in found if one.fitted is not False]
    plain_name = model.rpartition("/")[2]
    for wanted in (plain_name, plain_name.replace("-", "_"), last_variable):
        for one in fitted:
            if one.variable == wanted:
                return one
    # What only transforms (a scaler) is no rival to what predicts.
    rivals = [one for one in fitted if models.predicts(one.value)] or fitted
    if len(rivals) == 1:
        return rivals[0]
    if len(rivals) > 1:
        names = [one.variable for one in rivals]
        listed = f"{', '.join(names[:-1])} and {names[-1]}"
        number = {2: "two", 3: "three", 4: "four"}.get(len(names), str(len(names)))
        raise Unclear(
            "Not versioned",
            f"the cell made {number} models, {listed}",
            act="Keep one without running again",
            hint=Hint("save", (model, "--model", names[0])),
            kind="two-models",
        )
    if last_value is not None and models.is_model_like(last_value):
        last_name = roles(source).last
        name = last_name if namespace.get(last_name) is last_value else plain_name.replace("-", "_")
        if models.is_fitted(last_value) is not False:
            return Candidate(name, last_value, True)
        found = found or [Candidate(name, last_value, False)]
    raise _none_found(found)


def _named(variable: str, namespace: Mapping[str, Any]) -> Candidate:
    value = namespace.get(variable, MISSING)
    if value is MISSING:
        raise no_such_name(variable, namespace)
    return Candidate(variable, value, models.is_fitted(value))


def no_such_name(name: str, namespace: Mapping[str, Any]) -> NotFound:
    """The error for a variable that is not there, with names that are near."""
    near = nearest(name, [known for known in namespace if not known.startswith("_")])
    guess = f" (did you mean {' or '.join(near)}?)" if near else ""
    return NotFound("Not versioned", f"nothing is called {name}{guess}", kind="no-variable")


def _none_found(found: Sequence[Candidate]) -> Unclear:
    unfitted = [one for one in found if one.fitted is False]
    if unfitted:
        one = unfitted[0]
        article = "an" if one.class_name[:1] in "AEIOU" else "a"
        return Unclear(
            "Not versioned",
            f"the cell bound no fitted model ({one.variable} is {article} {one.class_name},"
            " not fitted)",
            act="Fit it, or name another",
            hint="--model VAR",
            kind="no-model",
        )
    return Unclear(
        "Not versioned",
        "the cell bound no fitted model",
        act="Name one",
        hint="--model VAR",
        kind="no-model",
    )


# Names that say what a frame is for. X alone may be either, and columns that fit are both.
_CALLED = {"x_train": "train", "y_train": "train", "x_test": "test", "y_test": "test"}


@dataclass(frozen=True, slots=True)
class DataChoice:
    """One frame to keep: its variable, its value and its role (train, test, "")."""

    name: str
    value: object
    role: str


def choose_data(
    source: str,
    functions_read: Sequence[str],
    namespace: Mapping[str, Any],
    asked: Sequence[str],
    before: Sequence[str] = (),
    told: Sequence[str] = (),
) -> list[DataChoice]:
    """The frames that a cell reads, also inside the functions it calls, and those asked for.

    ``asked`` is what `--data` names: ("none",) drops all but what else it names. ``before`` are the
    sources of the cells that it depends on, with the functions it calls. ``told`` were trained on,
    and no others, whatever the code says. Raises NotFound.
    """
    train, test = trained_and_tested(source, before)
    names = dict.fromkeys((*train, *test))
    names |= dict.fromkeys(sorted(analyse(source).reads))
    names |= dict.fromkeys(functions_read)
    if "none" in asked and "none" not in namespace:
        names = {}
        asked = [name for name in asked if name != "none"]
    for name in asked:
        if name not in namespace:
            raise no_such_name(name, namespace)
        if not is_frame(namespace[name]):
            raise Unclear(
                "Not versioned",
                f"{name} is a {type(namespace[name]).__name__}, not a table or an array",
                act="--data takes dataframes, Series and arrays",
            )
    names |= dict.fromkeys(asked)
    chosen: list[DataChoice] = []
    for name in names:
        value = namespace.get(name, MISSING)
        if value is MISSING or not is_frame(value):
            continue
        known = "train" if name in (told or train) else "test" if name in test else ""
        if not known and not told and name in asked:
            known = _CALLED.get(name.lower(), "")
        chosen.append(DataChoice(name, value, known))
    return chosen
