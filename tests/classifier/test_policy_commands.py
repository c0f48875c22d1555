"""The policy commands, as an operator runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from classifier.__main__ import main
from classifier.errors import InputFileError, PolicyError
from classifier.policy_file import load_policy, packaged_path
from classifier.recorded import read_recorded

FIRST = Path(__file__).parent / "policies" / "first.toml"


def run(*command: object) -> Result:
    """One `python -m classifier policy …`."""
    return CliRunner().invoke(main, ["policy", *map(str, command)])


def case(number: int, **changes: object) -> dict[str, object]:
    """A line of the feedback export: an angry complaint about quality of a regular customer."""
    prediction = {
        "outcome": "ok",
        "intensity": {"level": 2, "name": "不满", "score": 0.3, "probs": [0.2] * 5, "band": "high"},
        "category": {"code": "quality", "name": "质量", "prob": 0.9, "band": "high"},
        "signals": [],
    }
    return {
        "case_id": number, "prediction": prediction, "channel": "app", "customer_tier": None,
        "contacts": 1, **changes,
    }  # fmt: skip


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The packaged policy with another team and priority for quality."""
    text = packaged_path().read_text(encoding="utf-8")
    before = 'quality = { team = "quality", priority = "P3" }'
    assert before in text
    path = tmp_path / "changed.toml"
    after = 'quality = { team = "after_sales", priority = "P2" }'
    path.write_text(text.replace(before, after), encoding="utf-8")
    return path


def write(path: Path, *lines: object) -> Path:
    """A JSON Lines file."""
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def test_check_names_every_mistake_with_its_line(tmp_path: Path) -> None:
    """Two slips in two places are two lines; the status is a failure."""
    text = packaged_path().read_text(encoding="utf-8")
    text = text.replace('P1 = "L2"', 'P1 = "L7"').replace('min_band = "high" ', 'min_band = "sure"')
    path = tmp_path / "slips.toml"
    path.write_text(text, encoding="utf-8")
    numbers = {line.split(" #")[0].strip(): n for n, line in enumerate(text.splitlines(), start=1)}
    found = run("check", path)
    assert isinstance(found.exception, PolicyError)
    assert str(found.exception) == f"{path} has 2 mistakes"
    tier, band = numbers['P1 = "L7"'], numbers['min_band = "sure"']
    assert found.stderr.splitlines() == [
        f"{path}: line {tier}: tiers.P1 is 'L7', allowed are L1, L2, L3",
        f"{path}: line {band}: auto_route.min_band is 'sure', allowed are high, medium, low",
    ]


def test_check_notes_a_risk_that_was_forgotten_or_misspelt(tmp_path: Path) -> None:
    """Both are allowed, as lexicons differ, and both are said."""
    path = tmp_path / "typo.toml"
    text = packaged_path().read_text(encoding="utf-8")
    path.write_text(text.replace("self_harm =", "self_hram ="), encoding="utf-8")
    found = run("check", path)
    assert found.exit_code == 0
    assert "signals.self_hram is no signal of the lexicon and never fires" in found.stderr
    assert "signals.self_harm is missing: this risk raises nothing" in found.stderr
    assert load_policy(path).content_hash in found.stdout


def test_explain_shows_what_each_rule_changed(toy_folder: Path) -> None:
    """Rules, priorities before and after, clocks and statutory clocks, in Chinese, without text."""
    text = "汤里有虫子，我要打12315投诉你们"
    found = run("explain", "--text", text, "--model", toy_folder, "--channel", "12315",
                "--tier", "vip", "--contacts", 3, "--at", "2026-09-28 10:00")  # fmt: skip
    assert found.exit_code == 0, found.output
    assert text not in found.output
    for line in (
        "风险信号 regulator：至少 P1（signal:regulator）",
        "渠道 12315：至少 P2（channel）——没有改变",
        "客户等级 vip：提高一级（customer_tier）——P1 改为 P0",
        "第 3 次联系：提高一级（repeat_contacts）——没有改变，仍为 P0",
        "首次响应：1 小时内（全天计时），最迟 2026-09-28 11:00（Asia/Shanghai）",
        "L2 二线专家处理；到期未响应则升级到 L3 三线技术处理，30 天内（全天计时）",
        "市场监管部门决定是否受理：最迟 2026-10-13 24:00（Asia/Shanghai）",
    ):
        assert line in found.output


def test_explain_as_json_is_the_reply_with_its_steps(toy_folder: Path) -> None:
    """Each step starts from the priority that the last one left."""
    found = run("explain", "--text", "汤里有虫子，我要举报", "--model", toy_folder, "--json",
                "--metadata", "industry=telecom", "--policy", packaged_path())  # fmt: skip
    shown = json.loads(found.output)
    assert shown["steps"][0]["before"] is None
    assert shown["steps"][-1]["after"] == shown["priority"]["level"]
    assert [clock["code"] for clock in shown["statutory"]] == ["telecom"]
    assert shown["policy_hash"] == load_policy().content_hash


def test_explain_refuses_metadata_without_a_value(toy_folder: Path) -> None:
    """The option says what it needs."""
    found = run("explain", "--text", "好", "--model", toy_folder, "--metadata", "industry")
    assert found.exit_code == 2
    assert "KEY=VALUE" in found.output


def test_replay_counts_changes_and_names_cases(changed: Path, tmp_path: Path) -> None:
    """A case with two verdicts counts once; what is already P0 or another category stays."""
    angry = {**case(0)["prediction"], "signals": [{"code": "injury"}]}
    cases = write(
        tmp_path / "cases.jsonl", case(1), case(1), case(2), case(3, prediction=angry),
        case(4, channel="12345"),
    )  # fmt: skip
    found = run("replay", "--against", changed, cases, "--json", "--examples", 1)
    assert found.exit_code == 3
    shown = json.loads(found.output)
    assert (shown["complaints"], shown["changed"]) == (4, 3)
    changes = {(one["field"], one["old"], one["new"]): one for one in shown["changes"]}
    priority = changes["priority", "P3", "P2"]
    assert (priority["count"], priority["ids"]) == (2, ["1"])
    assert changes["team", "quality", "after_sales"]["count"] == 3
    assert changes["clock", "604800 s", "86400 s"]["count"] == 2
    table = run("replay", "--against", changed, cases).output
    assert "3 of 4 complaints would be decided otherwise" in table
    assert "2  P3 -> P2  1, 2" in table


def test_replay_of_the_same_policy_changes_nothing(tmp_path: Path) -> None:
    """Status 0, also for replies of the API, whose findings stand outside."""
    reply = {"request_id": "r-1", "case_id": None, **case(0)["prediction"]}
    cases = write(tmp_path / "cases.jsonl", reply)
    found = run("replay", "--against", packaged_path(), cases)
    assert found.exit_code == 0
    assert "0 of 1 complaints" in found.output


def test_replay_says_what_it_left_out(changed: Path, tmp_path: Path) -> None:
    """A line without a prediction is named by number, never by its text."""
    cases = write(tmp_path / "cases.jsonl", {"case_id": 7, "text": "机密"}, case(2), ["机密"])
    found = run("replay", "--against", changed, cases)
    assert found.exit_code == 3
    assert "row 1: outcome is 'None', allowed are ok, needs_human" in found.stderr
    assert "2 lines left out" in found.stderr
    assert "机密" not in found.output


def test_replay_needs_a_file_with_predictions(changed: Path, tmp_path: Path) -> None:
    """Another format, or no line at all that can be decided, is a failure."""
    empty = run("replay", "--against", changed, write(tmp_path / "none.jsonl"))
    assert isinstance(empty.exception, InputFileError)
    table = run("replay", "--against", changed, write(tmp_path / "cases.csv"))
    assert "JSON Lines" in str(table.exception)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("outcome",), "error", "outcome is wrong, a complaint that was judged is needed"),
        (("signals",), None, "signals is 'None', a list is needed"),
        (("signals",), [3], "code is '3', a text is needed"),
        (("intensity", "level"), "2", "intensity.level is wrong, a whole number is needed"),
        (("intensity", "probs"), [], "intensity.probs is wrong, a list of numbers is needed"),
        (("intensity", "score"), True, "intensity.score is 'True', a number is needed"),
        (("category", "band"), "sure", "category.band is wrong, allowed are high, medium, low"),
        (("category",), 3, "category is '3', an object is needed"),
    ],
)
def test_each_fault_of_a_line_is_named(path: tuple[str, ...], value: object, message: str) -> None:
    """By its field; a text is not repeated, it might be the complaint's."""
    line = json.loads(json.dumps(case(1)))
    inside = line["prediction"]
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    with pytest.raises(InputFileError) as caught:
        read_recorded(line)
    assert str(caught.value) == message
