"""Settings: the table, the file, the environment, and what is said of wrong values."""

from __future__ import annotations

import pytest

from snapbook import settings
from snapbook.errors import BadOption, Damaged


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))


def test_defaults_then_the_file_then_the_environment(monkeypatch):
    assert settings.get("data.max_store") == 512 * 2**20
    assert settings.put("data.max_store", "1 GB") == 2**30
    assert settings.get("data.max_store") == 2**30
    monkeypatch.setenv("SNAPBOOK_DATA_MAX_STORE", "7kb")
    assert settings.get("data.max_store") == 7 * 1024
    monkeypatch.delenv("SNAPBOOK_DATA_MAX_STORE")
    assert settings.put("data.max_store", None) == 512 * 2**20
    assert dict(settings.stored()) == {}


def test_settings_do_not_disturb_each_other():
    settings.put("card", "quiet")
    settings.put("author", 'A "quoted" name')
    settings.put("strict", "on")
    assert dict(settings.stored()) == {
        "card": "quiet",
        "author": 'A "quoted" name',
        "strict": True,
    }


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("card", "loud", "line or quiet"),
        ("strict", "perhaps", "on or off"),
        ("data.max_store", "much", "a size such as 512 MB"),
        ("data.max_store", "-1", "a size such as 512 MB"),
        ("capture.max_seconds", "soon", "a number of seconds"),
        ("capture.max_seconds", "-3", "a number of seconds"),
        ("capture.max_seconds", "nan", "a number of seconds"),
    ],
)
def test_a_wrong_value_is_refused_with_what_it_takes(name, text, said):
    with pytest.raises(BadOption, match=said):
        settings.put(name, text)
    assert name not in settings.stored()


def test_an_unknown_setting_gets_a_near_one():
    with pytest.raises(BadOption, match=r"did you mean data\.max_store"):
        settings.get("data.maxstore")


def test_a_damaged_file_is_said(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.toml").write_text("= nonsense")
    with pytest.raises(Damaged, match=r"settings\.toml"):
        settings.get("card")


def test_what_a_newer_snapbook_wrote_is_passed_over(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.toml").write_text('card = "quiet"\n[future]\nx = 1\n')
    assert dict(settings.stored()) == {"card": "quiet"}
