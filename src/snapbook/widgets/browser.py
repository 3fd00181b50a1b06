"""The view: a search, the list, and under it the version, its differences, lineage or a restore.

Knows widgets and verbs. Each change asks a verb again; the state is what the widgets show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets

from snapbook.catalog.index import Cursor
from snapbook.display.text import text
from snapbook.verbs import VERBS, Here, here_now, look, rows, run
from snapbook.verbs.values import Listed
from snapbook.widgets.restoring import Restoring, wide
from snapbook.widgets.words import alert, as_html, row_text, said

_PAGE = 50
_FEWEST, _MOST = 4, 10  # rows of the list that are seen without scrolling
_ALL = "all models"
MODES = ("Version", "Diff", "Lineage", "Restore")


class Browser:
    """What `snapbook.browse` shows; ``view`` is the widget."""

    def __init__(self, model: str, where: str) -> None:
        self.model = ipywidgets.Dropdown(description="Model", options=[_ALL], value=_ALL)
        self.search = ipywidgets.Text(
            where,
            description="Search",
            placeholder="accuracy > 0.9 and tag.team = 'risk'",
            continuous_update=False,
            layout=wide(),
        )
        self.versions = ipywidgets.Select(
            description="Versions", options=[], rows=_FEWEST, layout=wide()
        )
        self.older = ipywidgets.Button(description="Older", disabled=True)
        self.newest = ipywidgets.Button(description="Newest", disabled=True)
        self.note = ipywidgets.Label()
        self.mode = ipywidgets.ToggleButtons(
            options=MODES, style={"button_width": "auto"}, layout=wide()
        )
        self.other = ipywidgets.Combobox(
            description="Against",
            placeholder="the version before it; now: the live session",
            continuous_update=False,
            layout=wide(),
        )
        self.page = ipywidgets.HTML(layout=wide())
        self.trouble = ipywidgets.HTML()
        self.restoring = Restoring(self._trying, self._list)
        self._after: Cursor | None = None
        self._busy = False
        self.view = ipywidgets.VBox(
            [
                ipywidgets.HBox([self.model, self.newest, self.older, self.note]),
                self.search,
                self.versions,
                self.mode,
                self.other,
                self.trouble,
                self.restoring.view,
                self.page,
            ]
        )
        self._trying(lambda: self._fill(model))
        if self.trouble.value:
            said(lambda: self._fill(""))  # what was asked for is not there; what is there is shown
        for widget, act in (
            (self.model, self._newest),
            (self.search, self._newest),
            (self.versions, self._show),
            (self.mode, self._show),
            (self.other, self._show),
        ):
            widget.observe(self._then(act), "value")
        self.newest.on_click(self._then(self._newest))
        self.older.on_click(self._then(lambda: self._list(self._after)))

    def _then(self, act: Callable[[], None]) -> Callable[[object], None]:
        return lambda _event: self._trying(act)

    def _trying(self, act: Callable[[], None]) -> None:
        """Do ``act``; what goes wrong is said in one place. What it sets starts nothing more."""
        if self._busy:
            return
        self._busy = True
        try:
            self.trouble.value = alert(said(act))
        finally:
            self._busy = False

    # -- the list

    def _fill(self, model: str) -> None:
        """The models that there are, ``model`` chosen, and its newest versions."""
        with here_now() as here:
            repository = here.repository()
            known = repository.known_model(model) if model else _ALL
            self.model.options = [_ALL, *repository.index.models()]
        self.model.value = known
        self._list()

    def _newest(self) -> None:
        chosen = self.model.value
        self._fill("" if chosen == _ALL else chosen)

    def _list(self, after: Cursor | None = None) -> None:
        """A page of the list; it begins after ``after``, or with the newest version."""
        with here_now() as here:
            found = self._page_of(here, after)
        chosen = self.versions.value
        options = [(row_text(one), one.version.ref) for one in found]
        refs = [ref for _, ref in options]
        self.newest.disabled, self.older.disabled = after is None, self._after is None
        for turn in (self.newest, self.older):  # with one page there is nothing to turn
            turn.layout.display = "none" if after is None and self._after is None else ""
        self.versions.rows = min(max(len(options), _FEWEST), _MOST)
        self.versions.options = options
        self.versions.value = chosen if chosen in refs else refs[0] if refs else None
        self.other.options = ["now", *refs]
        self._show()

    def _page_of(self, here: Here, after: Cursor | None) -> Sequence[Listed]:
        """The versions of a page, and a note where there are none."""
        repository = here.repository()
        asked = VERBS["list"].ask(
            () if self.model.value == _ALL else (self.model.value,),
            {"where": self.search.value.strip() or None, "limit": _PAGE},
        )
        where = None
        if asked.where:
            from snapbook.catalog import where as expressions

            where = expressions.parse(asked.where)
        page = repository.index.page(asked.name, where, after=after, limit=_PAGE)
        self._after = page.after
        self.note.value = "" if page.rows else look.list_versions(here, asked).note
        return rows.listed(repository, page.rows, rows.me(here.folder))

    # -- what is shown of a version

    def _show(self) -> None:
        ref, mode = self.versions.value, self.mode.value
        self.other.layout.display = "" if mode == "Diff" and ref else "none"
        self.restoring.view.layout.display = "" if mode == "Restore" and ref else "none"
        self.page.value = ""
        if ref is None:
            return
        if mode == "Restore":
            self.restoring.look(ref)
        else:
            self.page.value = as_html(text(self._value(mode, ref)))

    def _value(self, mode: str, ref: str) -> object:
        if mode != "Diff":
            verb = "show" if mode == "Version" else "lineage"
            return run(here_now(), VERBS[verb].ask((ref,), {}))
        other = self.other.value.strip()
        pair = (ref,) if not other else (ref, other) if other == "now" else (other, ref)
        return run(here_now(), VERBS["diff"].ask(pair, {}))
