"""statsmodels: fitted results by pickle, with the coefficients and measures of the fit read out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from snapbook.canonical import Json
from snapbook.flavors import facts, pickled
from snapbook.flavors.base import Description

_MEASURES = ("nobs", "df_model", "df_resid", "aic", "bic", "llf", "rsquared", "rsquared_adj", "mse")
_TOP = 20


class StatsmodelsFlavor(pickled.ByPickle):
    """Results (fitted) and models (not yet)."""

    name = "statsmodels"

    def accepts(self, model: object) -> bool:
        """Whether its class, or an ancestor, is of statsmodels."""
        return any(
            facts.descends(model, "statsmodels", name)
            for name in ("Results", "ResultsWrapper", "Model", "HoltWintersResults")
        )

    def fitted(self, model: object) -> bool | None:
        """Results are what fitting gave; a model by itself is not fitted."""
        return not facts.descends(model, "statsmodels", "Model")

    def members(self, model: object) -> tuple[object, ...]:
        """The model that results belong to, and the results within their wrapper."""
        results: Any = model
        inner = [facts.attempt(lambda: results.model, None)]
        inner.append(facts.attributes(model).get("_results"))
        return tuple(one for one in inner if one is not None)

    def describe(self, model: object) -> Description:
        """Coefficients by name, measures of the fit, the variables."""
        results = facts.attributes(model).get("_results", model)
        inner: Any = facts.attempt(lambda: results.model, results)
        structure: dict[str, Json] = {}
        if inner is not results:
            structure["model"] = facts.class_name(inner)
            structure |= facts.attempt(partial(_coefficients, results, inner), dict[str, Json]())
            structure |= _measures(results)
        formula = facts.attempt(lambda: inner.formula, "")
        return Description(
            class_name=facts.class_name(results),
            framework="statsmodels",
            framework_version=facts.version_of("statsmodels"),
            params={"formula": facts.text(formula)} if formula else {},
            set_params=("formula",) if formula else (),
            structure=structure,
            inputs=facts.attempt(lambda: _variables(inner.exog_names), ()),
            outputs=facts.attempt(lambda: _variables(inner.endog_names), ()),
        )


def _coefficients(results: Any, model: Any) -> dict[str, Json]:
    values = [float(value) for value in results.params]
    names: list[str] = facts.attempt(lambda: [str(name) for name in model.exog_names], [])
    if len(names) != len(values):
        names = [str(name) for name in getattr(model, "param_names", range(len(values)))]
    order = sorted(range(len(values)), key=lambda i: (-abs(values[i]), i))[:_TOP]
    return {"coefficients": {facts.text(names[i]): values[i] for i in order}}


def _measures(results: Any) -> dict[str, Json]:
    told: dict[str, Json] = {}
    for name in _MEASURES:
        value = facts.brief(facts.attempt(partial(getattr, results, name), None))
        if isinstance(value, (int, float)):
            told[name] = value
    return told


def _variables(names: Any) -> tuple[Mapping[str, Json], ...]:
    several = [names] if isinstance(names, str) else list(names)
    return tuple({"name": facts.text(str(name)), "type": ""} for name in several[: facts.MOST])


flavor = StatsmodelsFlavor()
