"""A policy with a mistake never decides, and the message says where."""

from __future__ import annotations

import copy
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from classifier.errors import PolicyError
from classifier.policy_file import check_policy, load_policy, parse_policy
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
        (("tiers", "P1"), 7, "tiers.P1 is '7', allowed are L1, L2, L3"),
        (("timezone",), "Asia/Beijing", "policy.timezone is 'Asia/Beijing', a zone such as"),
        (("hours", "office", "workday"), [], "hours.office.workday is '[]', a list of at least"),
        (("hours", "office", "workday"), ["9:00-18:00"], "spans such as '09:00-18:00' are needed"),
        (("hours", "office", "workday"), ["18:00-09:00"], "within one day up to 24:00"),
        (("hours", "office", "workday"), ["24:00-24:30"], "within one day up to 24:00"),
        (("hours", "office", "workday"), ["09:00-12:00", "11:00-13:00"], "do not overlap"),
        (("hours", "office", "holidays"), "HK", "hours.office.holidays is 'HK', allowed are CN"),
        (("hours", "office", "closed_on"), ["2026-12-24"], "a list of dates such as 2026-10-01"),
        (("hours", "team"), {"name": "x", "workday": ["09:00-18:00"]}, "hours.team cannot be"),
        (("teams", "quality", "hours"), "nights", "teams.quality.hours is 'nights', allowed are"),
        (("teams", "quality"), {}, "teams.quality.name is missing, a text is needed"),
        (("default", "team"), "nobody", "default.team is 'nobody', allowed are triage, quality"),
        (("signals", "injury", "team"), "nobody", "signals.injury.team is 'nobody', allowed are"),
        (("clocks", "P0"), {"within": "1h", "hours": "office"}, "P0 runs around the clock"),
        (("clocks", "P1"), "2 hours", "or a text such as '90m', '24h', '30d'"),
        (("clocks", "P3"), {"within": "7d", "hours": "nights"}, "clocks.P3.hours is 'nights'"),
        (("clocks", "P3"), "400d", "clocks.P3 is '400d', a number in 60-31622400 is needed"),
        (("tiers", "L1", "within"), True, "tiers.L1.within is 'True', a number in 60-"),
        (("raises", "repeat_contacts"), 2.5, "raises.repeat_contacts is '2.5'"),
        (("raises", "customer_tiers"), ["vip"], "customer_tiers.vip stands in raises.customer_"),
        (("customer_tiers", "vip", "steps"), 4, "customer_tiers.vip.steps is '4', a number in 0-3"),
        (("customer_tiers", "vip", "steps"), -1, "customer_tiers.vip.steps is '-1'"),
        (("customer_tiers", "vip", "team"), "legal", "customer_tiers.vip.team is unknown"),
        (("channels", "12345", "team"), "nobody", "channels.12345.team is 'nobody'"),
        (("suggest", "min_prob"), 0.5, "suggest asks for more trust than auto_route"),
        (("auto_route", "min_prob"), 1.5, "auto_route.min_prob is '1.5', a number in 0-1"),
        (("statutory", "telecom", "stages"), [], "at least one table is needed"),
        (
            ("statutory", "telecom", "stages"),
            [{"name": "x", "days": 1, "workdays": 1}],
            "statutory.telecom.stages[1] needs exactly one of within, days, workdays",
        ),
        (
            ("statutory", "telecom", "stages"),
            [{"name": "x", "workdays": 1, "rolls": True}],
            "statutory.telecom.stages[1].rolls is 'True', it is allowed beside days only",
        ),
        (
            ("statutory", "telecom", "stages"),
            [{"name": "x", "days": 1, "priorities": ["P9"]}],
            "statutory.telecom.stages[1].priorities[1] is 'P9', allowed are P0, P1, P2, P3",
        ),
        (("statutory", "telecom"), {"name": "x", "basis": "y", "stages": []}, "it never applies"),
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


MISTAKEN = """\
version = "2"
[clocks]
P0 = { within = "1h", hours = "office" }
P1 = 7200
P2 = 86400
[default]
team = "nobody"
priority = "P7"
[teams]
triage = { name = "分诊" }
[raises]
repeat_contacts = 3
[auto_route]
min_band = "high"
most_urgent = "P2"
[[intensity]]
min_rank = 2
priority = "P1"
"""


def test_all_mistakes_are_named_with_their_lines() -> None:
    """Not only the first one; a missing field stands at its table, a missing table at no line."""
    with pytest.raises(PolicyError) as caught:
        parse_policy(MISTAKEN.encode())
    assert caught.value.mistakes == (
        "tiers is missing, a table is needed",
        "categories is missing, a table is needed",
        "signals is missing, a table is needed",
        "line 2: clocks.P3 is missing, a number in 60-31622400 is needed, whole seconds, or a text"
        " such as '90m', '24h', '30d'",
        "line 3: clocks.P0.hours is 'office', allowed are always, team",
        "line 7: default.team is 'nobody', allowed are triage",
        "line 8: default.priority is 'P7', allowed are P0, P1, P2, P3",
        "line 17: intensity[1].min_rank is '2', a number in 0-1 is needed",
    )
    assert str(caught.value).endswith("; and 5 more")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'version = "1"\n[default', r"not TOML: .*line 2"),
        (b"\n# \xff", "line 2: byte 0xff is not UTF-8"),
        (b"#" * 1_000_001, "1000001 bytes are too many"),
        (b"a = " + b"[" * 100_000, "not TOML"),
    ],
)
def test_what_is_no_toml_is_refused_with_its_line(content: bytes, message: str) -> None:
    """Broken syntax, another encoding, a file that is no policy at all."""
    with pytest.raises(PolicyError, match=message):
        parse_policy(content)


def test_the_first_format_still_decides() -> None:
    """A file without hours, teams, tiers' clocks, channels and statutory clocks is complete."""
    policy = load_policy(Path(__file__).parent / "policies" / "first.toml")
    assert policy.customer_tiers.keys() == {"vip", "gold"}
    assert policy.first_response(Priority.P3, "quality") == (604_800, None)
    assert policy.next_tier("L1") is None
    assert policy.team_name("quality") == "quality"


def test_the_hash_tells_files_of_one_version_apart() -> None:
    """A comment is enough; a BOM and CRLF of another editor are read all the same."""
    content = (files("classifier") / "policy.toml").read_bytes()
    policy, other = parse_policy(content), parse_policy(content + b"# by hand\n")
    assert policy.version == other.version
    assert policy.content_hash != other.content_hash
    windows = parse_policy(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    assert windows.clocks == policy.clocks


def test_the_ladder_goes_up_to_the_last_tier() -> None:
    """An hour at the first tier in its team's hours, 48 hours, 30 days, and nothing above."""
    policy = load_policy()
    assert [policy.next_tier(tier) for tier in ("L1", "L2", "L3", "L9")] == ["L2", "L3", None, None]
    assert policy.tier_clock("L1", "quality") == (3600, policy.hours["office"])
    assert policy.tier_clock("L1", "crisis") == (3600, None)
    assert policy.tier_clock("L2", "quality") == (48 * 3600, None)
    assert policy.tier_clock("L9", "quality") is None
