"""Signing in at a registry's page through a provider, in a browser: there, back, and in."""

from __future__ import annotations

from importlib.util import find_spec

import openid
import pytest
from playwright.sync_api import expect

MISSING = [
    name for name in ("fastapi", "uvicorn", "jwt", "oidc_provider_mock") if find_spec(name) is None
]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"{', '.join(MISSING)} not installed")


def test_a_person_goes_to_the_provider_and_is_back_where_he_was(chromium, tmp_path):
    from standing import Standing

    from snapbook.registry.oidc import Issuer
    from snapbook.registry.people import People

    standing = Standing(tmp_path / "registry")
    context = chromium.new_context()
    with openid.standing() as url:
        openid.know(url, "ada", email="ada@example.com", email_verified=True)
        issuer = Issuer(url, "snapbook", "no-secret")
        issuer.watch()
        standing.service.people = People(issuer, standing.tokens)
        standing.tokens.grant("ada@example.com", ("reader",))
        try:
            page = context.new_page()
            goes_there_and_back(page, standing, url.removeprefix("http://"))
            is_not_signed_in_by_a_link(page, standing)
        finally:
            context.close()
            issuer.close()
            standing.stop()


def goes_there_and_back(page, standing, host):
    page.goto(f"{standing.url}/#/:audit")
    button = page.get_by_role("button", name=f"Sign in with {host}")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"http://{host}/**")
    page.locator("input[type=text][name=sub]").fill("ada")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    expect(page.get_by_text("ada@example.com")).to_be_visible()
    # Where he wanted to go, and nothing of the way there is left in the address.
    assert page.url == f"{standing.url}/#/:audit"
    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(button).to_be_visible()


def is_not_signed_in_by_a_link(page, standing):
    page.goto(f"{standing.url}/?code=stolen&state=guessed#/x")
    expect(page.get_by_role("alert")).to_have_text(
        "Not signed in: that sign-in was not begun here."
    )
    assert page.url == f"{standing.url}/"
    page.goto(f"{standing.url}/?error=access_denied&state=guessed")
    expect(page.get_by_role("alert")).to_be_visible()
