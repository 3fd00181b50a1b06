"""The page of a served model, in a browser, before a server that really predicts."""

from __future__ import annotations

import re
from importlib.util import find_spec

import pytest
from playwright.sync_api import expect

MISSING = [name for name in ("uvicorn", "prometheus_client", "sklearn") if find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"{', '.join(MISSING)} not installed")
TOKEN = "a-token-of-24-characters"


@pytest.fixture
def page(chromium):
    with chromium.new_context() as context:
        page = context.new_page()
        said = []
        page.on("pageerror", lambda error: said.append(str(error)))
        yield page
        assert said == []


@pytest.fixture
def answering():
    from plates import Answering, mixed

    standing = Answering(mixed(), tokens=[TOKEN])
    yield standing
    standing.stop()


def test_a_row_is_tried_by_keys_alone(page, answering):
    page.goto(f"{answering.url}/")
    expect(page.get_by_label("Token")).to_be_focused()
    page.keyboard.type("not-the-right-token")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Not answered: this needs a token.")
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading")).to_have_text("churn:1.4.0")
    row = {"age": "x", "pay": "1.5", "member": "true", "city": "<b>Bern</b>", "kind": "x"}
    for name, value in row.items():
        page.get_by_label(name, exact=True).fill(value)
    page.keyboard.press("Enter")
    words = "Not predicted: age in row 0 is text, it takes a whole number."
    expect(page.get_by_role("status")).to_have_text(words)
    expect(page.get_by_label("age")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("age").fill("20")
    page.keyboard.press("Enter")
    expect(page.locator("#answer")).to_have_text(re.compile(r"[0-9.]+"))
    expect(page.get_by_role("status")).to_have_text("")


def test_fields_have_room_on_a_small_screen(page, answering):
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(f"{answering.url}/")
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    field = page.get_by_label("city", exact=True)
    expect(field).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert field.bounding_box()["width"] > 180
