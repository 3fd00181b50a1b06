"""The page of a registry for people without a notebook: a face over HTTP, in the browser.

It shows what the sidebar shows, by the sidebar's own components, and lets those who may review,
approve, promote and audit. The registry recognises people (registry/visits.py); here nobody is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import APIRouter, Request, Response


@dataclass(frozen=True, slots=True)
class WebPage:
    """See `registry.app.Page`."""

    files: Mapping[str, Callable[[Request], Response]]
    answers: APIRouter


def page() -> WebPage:
    """The page, as it was built into this package."""
    from snapbook.web import answers, files

    return WebPage(files.routes(), answers.routes)
