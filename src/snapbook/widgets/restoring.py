"""Restoring in the view: what will change stands there first, then one button that names it.

The preview is the verb's dry run, asked again with every choice; nothing happens before the button
is pressed, and what was done can be undone beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import ipywidgets

from snapbook.display.text import text
from snapbook.verbs import VERBS, here_now, run
from snapbook.verbs.state import size_text
from snapbook.verbs.values import Offer, Restored
from snapbook.widgets.words import as_html

_WHATS = ("model", "data", "params", "cells", "files")
_SHOWN = 3  # names on the button


def wide() -> ipywidgets.Layout:
    """As wide as the output. One for each widget: what is hidden is hidden by its layout."""
    return ipywidgets.Layout(width="98%")


class Restoring:
    """``view`` is the widget; `look` shows what restoring a version would do. ``trying`` runs an
    act and says what goes wrong, ``changed`` is called when there may be a new version.
    """

    def __init__(
        self, trying: Callable[[Callable[[], None]], None], changed: Callable[[], None]
    ) -> None:
        self.ref = ""
        self._trying = trying
        self._changed = changed
        self.chosen = {
            what: ipywidgets.Checkbox(
                value=what == "model",
                description=what,
                indent=False,
                layout=ipywidgets.Layout(width="auto", margin="2px 24px 2px 2px"),
            )
            for what in _WHATS
        }
        self.keep = ipywidgets.Checkbox(value=True, indent=False, layout=wide())
        self.preview = ipywidgets.HTML(layout=wide())
        layout = ipywidgets.Layout(width="auto")
        self.act = ipywidgets.Button(description="Restore", button_style="primary", layout=layout)
        self.undo = ipywidgets.Button(description="Undo", disabled=True)
        self.view = ipywidgets.VBox(
            [
                self.preview,
                self.keep,
                ipywidgets.HBox(list(self.chosen.values())),
                ipywidgets.HBox([self.act, self.undo]),
            ]
        )
        for box in self.chosen.values():
            box.observe(lambda _: self._trying(self._ask), "value")
        self.act.on_click(lambda _: self._trying(self._do))
        self.undo.on_click(lambda _: self._trying(self._undo))

    def look(self, ref: str) -> None:
        """Show what restoring ``ref`` would do; the choices begin with the model alone."""
        if ref != self.ref:
            self.ref = ref
            for what, box in self.chosen.items():
                box.value = what == "model"
        self._ask()

    def _ask(self) -> None:
        self.act.disabled = True
        self.keep.layout.display = "none"
        wanted = [what for what, box in self.chosen.items() if box.value]
        if not wanted:
            self.preview.value = as_html(["Nothing is chosen."])
            return
        self.preview.value = ""
        told = self._run(wanted, dry_run=True)
        self._offer(told)
        # What else there is, the boxes below say.
        self.preview.value = as_html(text(replace(told, more=())))
        models = [one.name for one in told.lost if one.time or "cell" not in one.why]
        self.keep.description = f"first make a version of {', '.join(models)}"
        self.keep.layout.display = "" if models and "model" in wanted else "none"
        self.act.description = _named(told)
        self.act.disabled = not (told.bound or told.files)

    def _run(self, wanted: list[str], **options: object) -> Restored:
        asked = VERBS["restore"].ask((self.ref,), {"what": wanted, **options})
        return cast(Restored, run(here_now(), asked))

    def _offer(self, told: Restored) -> None:
        """Only what the version holds can be chosen."""
        more = {offer.what: offer for offer in told.more}
        for what, box in self.chosen.items():
            if what in more:
                box.description = _described(more[what])
            box.layout.display = "" if box.value or what in more else "none"

    def _do(self) -> None:
        wanted = [what for what, box in self.chosen.items() if box.value]
        keeping = self.keep.layout.display != "none" and self.keep.value
        told = self._run(wanted, keep=keeping, yes=not keeping)
        self._changed()
        self.preview.value = as_html(text(told))
        self.act.disabled = True
        self.undo.disabled = not told.bound

    def _undo(self) -> None:
        told = run(here_now(), VERBS["restore"].ask((), {"undo": True}))
        self._ask()
        self.preview.value = as_html(text(told))
        self.undo.disabled = True


def _described(offer: Offer) -> str:
    if offer.bytes is None:
        return offer.what
    noun = "frame" if offer.count == 1 else "frames"
    return f"{offer.what} ({offer.count} {noun}, {size_text(offer.bytes)})"


def _named(told: Restored) -> str:
    """The act in its own words: "Replace model", "Set model and params", "Write churn.ipynb"."""
    parts = []
    names = [name for name, _ in told.bound]
    if names:
        verb = "Replace" if any(swap.old for swap in told.swaps) else "Set"
        parts.append(f"{verb} {_listed(names)}")
    if told.files:
        parts.append(f"write {_listed(told.files)}")
    said = ", ".join(parts)
    return said[:1].upper() + said[1:]


def _listed(names: Sequence[str]) -> str:
    more = [f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    *most, last = [*names[:_SHOWN], *more]
    return f"{', '.join(most)} and {last}" if most else last
