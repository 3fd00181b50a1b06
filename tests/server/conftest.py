"""A real Jupyter server with our part, under a base URL, that lets nobody in without a token."""

from __future__ import annotations

import json

import pytest
from books import Book
from pytest_jupyter.jupyter_server import *  # noqa: F403 - fixtures
from tornado.httpclient import HTTPClientError

from snapbook.catalog.files import FileCatalog
from snapbook.places import create
from snapbook.store.local import LocalStore


class Answer:
    """What a request got: a status and JSON."""

    def __init__(self, response):
        self.status = response.code
        self.headers = response.headers
        self.value = json.loads(response.body) if response.body else None


@pytest.fixture(autouse=True)
def _own_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "settings"))
    monkeypatch.setenv("SNAPBOOK_AUTHOR", "ada")


@pytest.fixture
def jp_server_config():
    return {
        "ServerApp": {
            "jpserver_extensions": {"snapbook.server": True},
            "allow_unauthenticated_access": False,
            "terminals_enabled": False,
        }
    }


@pytest.fixture
def fetch(jp_fetch):
    """Ask one of our routes; failures are answers too."""

    async def ask(route, body=None, *, headers=None, **params):
        more = {}
        if body is not None:
            more = {"method": "POST", "body": json.dumps(body)}
        try:
            return Answer(
                await jp_fetch(
                    "snapbook", "api", route, params=params, headers=dict(headers or {}), **more
                )
            )
        except HTTPClientError as error:
            if error.response is None:
                raise
            return Answer(error.response)

    return ask


@pytest.fixture
def book(jp_root_dir):
    """A repository in the server's root, written by hand."""
    return book_in(jp_root_dir)


def book_in(folder):
    create(folder / ".snapbook")
    store = LocalStore(folder / ".snapbook" / "packs", folder / ".snapbook" / "index.sqlite")
    return Book(FileCatalog(folder / ".snapbook" / "events"), store)
