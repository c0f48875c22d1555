"""The documents say what is true."""

from __future__ import annotations

import json
import re

import pytest

from service.adapters.file import load_adapters
from service.adapters.systems import SYSTEMS
from tests.conftest import ROOT
from tests.service.adapters.kits import load

DOCS = ROOT / "docs"


def test_the_sample_file_is_a_good_one() -> None:
    """It has every system, and the lines that show defaults change nothing."""
    names = re.findall(
        r'(?:secret|token)_env = "(\w+)"', (DOCS / "adapters.toml").read_text("utf-8")
    )
    found = load_adapters(DOCS / "adapters.toml", dict.fromkeys(names, "x" * 16))
    assert {one.settings.system for one in found.values()} == set(SYSTEMS)
    zammad, other = found["desk"].settings, found["helpdesk"].settings
    assert zammad.priorities == type(zammad).model_fields["priorities"].default
    assert zammad.delivery == other.delivery


@pytest.mark.parametrize("name", ["adapters.md", "adapters.zh.md"])
def test_the_example_for_a_plugin_is_the_recorded_shape(name: str) -> None:
    """The same fields as the tests send, and as the fake of the plugin takes."""
    first, second = re.findall(r"```json\n(.*?)```", (DOCS / name).read_text("utf-8"), re.DOTALL)
    shown, recorded = json.loads(first), load("osticket")
    assert {key: set(shown[key]) for key in ("ticket", "message")} == {
        key: set(recorded[key]) for key in ("ticket", "message")
    }
    assert set(json.loads(second)) == {
        "ticket", "message", "priority", "only_raise", "department", "tags", "note", "mark",
    }  # fmt: skip
