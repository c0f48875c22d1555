"""A policy with a mistake never decides, and the message says where."""

from __future__ import annotations

import copy
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from classifier.errors import PolicyError
from classifier.policy_file import check_policy, load_policy
from classifier.prediction import Priority

PACKAGED = tomllib.loads((files("classifier") / "policy.toml").read_text(encoding="utf-8"))


def test_the_packaged_policy_has_the_default_clocks() -> None:
    """P0 one hour, P1 two hours, P2 a day, P3 a week."""
    assert load_policy().clocks == {
        Priority.P0: 3_600, Priority.P1: 7_200, Priority.P2: 86_400, Priority.P3: 604_800,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("version",), "", "policy.version is ''"),
        (("clocks", "P0"), 5, "clocks.P0 is '5', a number in 60-"),
        (("clocks", "P0"), 999_999, "must not fall from P0 to P3"),
        (("clocks", "P9"), 100, "clocks.P9 is unknown"),
        (("default", "priority"), "P7", "default.priority is 'P7', allowed are P0, P1, P2, P3"),
        (("categories", "quality"), "team", "categories.quality is 'team', a table is needed"),
        (("categories", "quality", "tean"), "x", "categories.quality.tean is unknown"),
        (("signals", "injury", "grave"), "yes", "signals.injury.grave is 'yes'"),
        (("raises", "repeat_contacts"), 0, "raises.repeat_contacts is '0'"),
        (("auto_route", "min_band"), "sure", "auto_route.min_band is 'sure'"),
        (("tiers", "P1"), 7, "tiers.P1 is '7'"),
        (("raises", "repeat_days"), 0, "raises.repeat_days is '0', a number in 1-3660"),
        (("review", "audit_share"), 2, "review.audit_share is '2', a number in 0-1 is needed"),
        (("review", "priority"), "now", "review.priority is 'now', allowed are P0, P1, P2, P3"),
        (("review", "grave_signals"), 1, "review.grave_signals is '1', allowed are true, false"),
        (("review", "min_ramk"), 1, "review.min_ramk is unknown"),
        (("surprise",), 1, "policy.surprise is unknown"),
        (("intensity",), "high", "policy.intensity is 'high', a list of tables is needed"),
    ],
)
def test_each_mistake_is_named_with_its_place(
    path: tuple[str, ...], value: object, message: str
) -> None:
    """The place, the value and what is allowed stand in one sentence."""
    values = copy.deepcopy(PACKAGED)
    table = values
    for key in path[:-1]:
        table = table[key]
    table[path[-1]] = value
    with pytest.raises(PolicyError) as caught:
        check_policy(values)
    assert message in str(caught.value)


def test_a_missing_file_and_broken_toml_are_policy_errors(tmp_path: Path) -> None:
    """Both are one sentence that names the file."""
    with pytest.raises(PolicyError, match=r"nowhere\.toml"):
        load_policy(tmp_path / "nowhere.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("version = [", encoding="utf-8")
    with pytest.raises(PolicyError, match=r"broken\.toml"):
        load_policy(broken)


def test_a_policy_without_review_uses_the_packaged_one() -> None:
    """A policy written before there were cases goes on working."""
    values = {key: value for key, value in PACKAGED.items() if key != "review"}
    assert check_policy(values).review == load_policy().review
