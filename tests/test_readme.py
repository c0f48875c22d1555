"""The README says what is true of the code."""

from __future__ import annotations

import re

from service.settings import SETTINGS
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_listed_with_its_default() -> None:
    """A deployer finds each variable, its default and its meaning in one table."""
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else ""
        assert f"| `{setting.name}` | {default} | {setting.sentence} |" in README


def test_every_make_target_exists() -> None:
    """No command of the README is unknown to the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z-]+)", README)) <= targets


def test_it_is_short_enough_to_be_read() -> None:
    """At most 150 lines."""
    assert len(README.splitlines()) <= 150
