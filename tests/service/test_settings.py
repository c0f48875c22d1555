from __future__ import annotations

from pathlib import Path

import pytest

from classifier.errors import SettingsError
from service.settings import SETTINGS, read_settings


def test_an_empty_environment_gives_the_defaults() -> None:
    """Without any variable the service listens on this machine and keeps its state in var/."""
    settings = read_settings({})
    assert (settings.host, settings.port, settings.home) == ("127.0.0.1", 8000, Path("var"))
    assert settings.database_url.endswith("/var/triage.sqlite3")
    assert settings.policy is None


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("TRIAGE_PORT", "70000", "1-65535"),
        ("TRIAGE_PORT", "http", "1-65535"),
        ("TRIAGE_PORT", "-1", "1-65535"),
        ("TRIAGE_PORT", "８０００", "1-65535"),
        ("TRIAGE_WORKERS", "0", "1-64"),
        ("TRIAGE_MAX_BODY_BYTES", "9" * 30, "67108864"),
        ("TRIAGE_LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING, ERROR"),
        ("TRIAGE_POLICY", "/no/such/file", "a file"),
        ("TRIAGE_DATABASE_URL", "mysql://root@host/x", "postgresql"),
        ("TRIAGE_DATABASE_URL", "nonsense", "postgresql"),
        ("TRIAGE_DATABASE_URL", "sqlite://", "file"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(name: str, value: str, allowed: str) -> None:
    """The message names the variable and says which values are right."""
    with pytest.raises(SettingsError) as caught:
        read_settings({name: value})
    assert name in str(caught.value)
    assert allowed in str(caught.value)


def test_a_database_password_is_never_shown() -> None:
    """Neither an error nor the settings' text holds the password."""
    with pytest.raises(SettingsError) as caught:
        read_settings({"TRIAGE_DATABASE_URL": "oracle://me:geheim@host/x"})
    assert "geheim" not in str(caught.value)
    settings = read_settings({"TRIAGE_DATABASE_URL": "postgresql://me:geheim@host/x"})
    assert "geheim" not in repr(settings)


def test_every_setting_is_described_and_no_two_share_a_name() -> None:
    """The table that the README repeats has a kind and a sentence in each row."""
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)
    assert all(s.name.startswith("TRIAGE_") and s.kind for s in SETTINGS)
    assert all(s.sentence.endswith(".") for s in SETTINGS)


def test_every_listed_default_is_the_value_in_force() -> None:
    """Setting each variable to its listed default changes nothing."""
    assert read_settings({s.name: s.default for s in SETTINGS}) == read_settings({})
