"""A real kernel whose widgets are moved by the messages that a front end sends."""

import kernels
import pytest
from stump import MODEL

BROWSE = """
import json as _json, snapbook
from snapbook.widgets.browser import Browser as _Browser
_kept = []
_init = getattr(_Browser, "_first_init", _Browser.__init__)
_Browser._first_init = _init
def _noting(self, *args):
    _init(self, *args)
    _kept.append(self)
_Browser.__init__ = _noting
view = snapbook.browse({arguments})
_b = _kept[-1]
"""
WIDGETS = {
    "model": "_b.model", "search": "_b.search", "versions": "_b.versions", "older": "_b.older",
    "newest": "_b.newest", "note": "_b.note", "mode": "_b.mode", "other": "_b.other",
    "page": "_b.page", "trouble": "_b.trouble", "preview": "_b.restoring.preview",
    "keep": "_b.restoring.keep", "act": "_b.restoring.act", "undo": "_b.restoring.undo",
    "data": "_b.restoring.chosen['data']", "params": "_b.restoring.chosen['params']",
    "cells": "_b.restoring.chosen['cells']", "whole": "_b.restoring.chosen['model']",
}  # fmt: skip


class View:
    """The view in a kernel, as a front end has it: states to read, messages to send."""

    def __init__(self, kernel, arguments):
        self.kernel = kernel
        ran = kernel.cell(BROWSE.format(arguments=arguments))
        assert ran.status == "ok", ran.error
        listed = ", ".join(f"{name!r}: {path}.model_id" for name, path in WIDGETS.items())
        self.ids = self._value(f"{{{listed}}}")

    def _value(self, expression):
        import json

        ran = self.kernel.cell(f"print(_json.dumps({expression}))", silent=True)
        assert ran.status == "ok", ran.error
        return json.loads(ran.stdout)

    def get(self, name, trait="value"):
        """A trait of a widget, as it is in the kernel."""
        return self._value(f"{WIDGETS[name]}.{trait}")

    def text(self, name="page"):
        """What a widget shows, without markup."""
        import html
        import re

        return html.unescape(re.sub(r"<[^>]*>", "", self.get(name)))

    def put(self, name, **state):
        """What the front end sends when somebody chooses or types."""
        self._send(name, {"method": "update", "state": state, "buffer_paths": []})

    def choose(self, name, value):
        """Choose one of a widget's options by its value."""
        index = self._value(f"[o[1] for o in {WIDGETS[name]}._options_full].index({value!r})")
        self.put(name, index=index)

    def click(self, name):
        """Press a button."""
        self._send(name, {"method": "custom", "content": {"event": "click"}})

    def _send(self, name, data):
        self.kernel.send("comm_msg", {"comm_id": self.ids[name], "data": data})


@pytest.fixture(scope="session")
def kernel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("widgets")
    running = kernels.Kernel(folder, IPYTHONDIR=str(folder / "ipython"))
    yield running
    running.stop()


@pytest.fixture
def project(tmp_path):
    return tmp_path / "churn-project"


@pytest.fixture
def notebook(kernel, project):
    kernel.project(project)
    assert kernel.cell(MODEL).status == "ok"
    return kernel


@pytest.fixture
def browse(notebook):
    """`browse("churn")` in the kernel; gives the view."""
    return lambda arguments="": View(notebook, arguments)
