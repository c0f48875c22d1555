"""The gates: rules on differences worked out by hand, whole runs on toy models, and the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from classifier import Triage, load
from classifier.artifact import VOCABULARY, WEIGHTS
from classifier.errors import GateRefusedError, GatesError, SettingsError
from classifier.policy_file import load_policy
from tests.builders import TOY_ROWS, altered, blunted, renamed, write_csv
from tests.training.feedback_lines import line, write_lines
from training.__main__ import main
from training.bootstrap import Floats, mean
from training.dataset import Columns, read_dataset
from training.gates import Contestant, Outcome, Trial, judge_loss, run_gates
from training.gates_file import FigureRule, Gates, load_gates
from training.paired import FIGURES, Difference, paired
from training.registry import read_history
from training.settled import read_settled

RULE = FigureRule(tolerated=0.01, max_loss=0.05, is_required=False)


@pytest.mark.parametrize(
    ("gain", "low", "high", "result", "by"),
    [
        (+0.02, -0.01, +0.05, "passed", None),
        (-0.01, -0.015, -0.005, "passed", None),  # significant, but tolerated
        (-0.03, -0.08, +0.02, "passed", None),  # may be chance, and not over the limit
        (-0.03, -0.04, -0.02, "refused", 0.02),  # significant: 0.02 more than tolerated
        (-0.08, -0.20, +0.04, "refused", 0.03),  # over the limit, whatever chance says
    ],
)
def test_a_loss_is_judged_by_size_and_chance(
    gain: float, low: float, high: float, result: str, by: float | None
) -> None:
    """Small losses go; middle ones if chance explains them; large ones never."""
    found = judge_loss(Difference("qwk", 0.8, 0.8 + gain, gain, low, high), RULE)
    assert found.result == result
    assert found.by == (None if by is None else pytest.approx(by))


def test_the_same_texts_are_drawn_for_both_models() -> None:
    """A model that is always 0.25 better is so in each sample; equal models differ by nothing."""
    values = np.random.default_rng(3).random(50)
    better = paired("qwk", mean(values), mean(values + 0.25), 50)
    assert (better.gain, better.low, better.high) == pytest.approx((0.25, 0.25, 0.25))
    assert better.is_significant
    assert not paired("qwk", mean(values), mean(values), 50).is_significant
    worse = paired("high_ece", mean(values), mean(values + 0.25), 50)
    assert worse.gain == pytest.approx(-0.25)


def test_chance_is_told_from_change() -> None:
    """Of 200 texts 8 mended and 2 broken: the gain is 0.03, give or take 1.96 standard errors."""
    change = np.zeros(200)
    change[:8], change[8:10] = 1, -1
    found = paired("qwk", mean(np.zeros(200)), mean(change), 200)
    # standard error of the mean: sqrt(10/200 - 0.03**2) / sqrt(200) = 0.0157
    assert found.low == pytest.approx(0.03 - 1.96 * 0.0157, abs=0.006)
    assert found.high == pytest.approx(0.03 + 1.96 * 0.0157, abs=0.006)


def test_an_interval_without_any_sample_is_the_widest() -> None:
    """A figure that no sample has says nothing, and no loss is significant."""

    def unknown(counts: Floats) -> Floats:
        return np.full(len(counts), np.nan)

    found = paired("qwk", unknown, unknown, 10)
    assert (found.low, found.high, found.is_significant) == (-1.0, 1.0, False)


def test_the_packaged_gates_cover_every_figure() -> None:
    """No loss at all is let go on levels 4-5 and grave signals."""
    gates = load_gates()
    assert set(gates.figures) == set(FIGURES)
    for name in ("high_recall", "grave_recall"):
        assert (gates.figures[name].tolerated, gates.figures[name].max_loss) == (0, 0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[figures.qwk]", "[figures.luck]", "figures.luck is unknown, allowed are high_recall"),
        ("min_ratio = 0.8", "min_ratio = -1", "speed.min_ratio is '-1', a number in 0-100"),
        ('sha256 = ""', 'sha256 = "abc"', "holdout.sha256 is 'abc', 64 hexadecimal digits"),
        ("[size]", "[sise]", "gates.sise is unknown"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    """Line, field, value and what is allowed."""
    source = (Path(__file__).parents[2] / "training" / "gates.toml").read_text(encoding="utf-8")
    path = tmp_path / "gates.toml"
    path.write_text(source.replace(old, new), encoding="utf-8")
    with pytest.raises(GatesError) as caught:
        load_gates(path)
    assert message in str(caught.value)
    assert "line " in str(caught.value)


GATES = """
[figures.high_recall]
tolerated = 0.0
max_loss = 0.0
required = true
[figures.grave_recall]
tolerated = 0.0
max_loss = 0.0
[size]
max_growth = 1.5
[speed]
min_ratio = 0.0
rounds = 1
[behaviour]
cases = "cases.toml"
max_new_failures = 0
[feedback]
min_texts = 4
min_moved = 0.3
min_kept = 0.9
[holdout]
min_texts = 20
"""
CASES = """
angrier = [{ calm = "快递三天没动了，麻烦查一下", angry = "快递员不得好死，王八蛋" }]
plain = [
  { category = "delivery", text = "快递丢了还骗我" },
  { category = "unheard-of", text = "你好" },
]
"""


@pytest.fixture(scope="module")
def bench(toy_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models a (current), b (its equal) and blunt (sees no anger); gates; a holdout."""
    folder = tmp_path_factory.mktemp("bench")
    for version in "ab":
        renamed(toy_folder, folder / "models" / version)
    blunted(toy_folder, folder / "models", "blunt")
    (folder / "models" / "CURRENT").write_text("a\n", encoding="utf-8")
    (folder / "gates.toml").write_text(GATES, encoding="utf-8")
    (folder / "cases.toml").write_text(CASES, encoding="utf-8")
    rows = [(text + "，电话13800001111", code, level) for text, code, level in TOY_ROWS]
    write_csv(folder / "holdout.csv", rows)
    return folder


@pytest.fixture(scope="module")
def gates(bench: Path) -> Gates:
    """The toy gates."""
    return load_gates(bench / "gates.toml")


@pytest.fixture(scope="module")
def trial(bench: Path, toy: Triage) -> Trial:
    """A sharp champion against a blunt candidate on the holdout, which is the feedback too."""
    blunt = load(bench / "models" / "blunt")
    size = sum((bench / "models" / "a" / name).stat().st_size for name in (VOCABULARY, WEIGHTS))
    holdout = read_dataset([bench / "holdout.csv"], Columns())
    return Trial(Contestant(toy, size), Contestant(blunt, size), holdout, holdout, load_policy())


def by_rule(trial: Trial, gates: Gates) -> dict[str, Outcome]:
    """What each rule says."""
    return {outcome.rule: outcome for outcome in run_gates(trial, gates)}


def test_a_model_that_sees_no_anger_is_refused_by_rule_and_amount(
    trial: Trial, gates: Gates
) -> None:
    """All of the recall of levels 4-5 is lost; of 20 texts only the 4 of level 1 stay right."""
    found = by_rule(trial, gates)
    assert (found["high_recall"].result, found["high_recall"].by) == ("refused", 1.0)
    assert found["high_recall"].detail.startswith("1.0000 -> 0.0000, gain -1.0000")
    assert found["high_recall"].detail.endswith("1.0000 more than the 0 allowed")
    assert found["feedback kept"].detail.startswith("0.200 of 20 controls are still right: 0.700")
    assert found["feedback moved"].result == "not checked"
    assert found["grave_recall"].detail == "the texts have no column `risks`"
    passed = {name for name, outcome in found.items() if outcome.result == "passed"}
    assert passed == {"holdout", "heads", "size", "speed", "behaviour"}


def test_a_model_that_mixes_up_categories_fails_the_cases(
    trial: Trial, gates: Gates, toy_folder: Path, tmp_path: Path
) -> None:
    """Every category is called another: the plain case is lost, that of anger is not."""

    def change(heads: dict[str, dict[str, list[str]]]) -> None:
        heads["category"]["codes"].append(heads["category"]["codes"].pop(0))

    mixed = load(altered(toy_folder, tmp_path, "mixed", change))
    against = replace(trial, candidate=Contestant(mixed, trial.champion.size_bytes * 2))
    figure = FigureRule(tolerated=0.1, max_loss=0.2, is_required=True)
    found = by_rule(against, replace(gates, figures={"macro_f1": figure}))
    assert found["behaviour"] == Outcome(
        "behaviour", "refused",
        "1 failed, 0 by the champion; new: plain 1: 1 more than the 0 allowed", 1,
    )  # fmt: skip
    assert found["macro_f1"].by == pytest.approx(0.8)  # from 1 to 0, 0.2 is allowed
    assert found["size"].by == pytest.approx(0.5)  # twice the size, 1.5 is allowed


def test_corrected_texts_must_move(trial: Trial, gates: Gates) -> None:
    """The other way round all 16 texts that were wrong are right, and the 4 others stay so."""
    found = by_rule(replace(trial, champion=trial.candidate, candidate=trial.champion), gates)
    assert found["feedback moved"].detail == "1.000 of 16 corrected texts are now right"
    assert found["feedback kept"].detail == "1.000 of 4 controls are still right"
    assert {outcome.result for outcome in found.values()} == {"passed", "not checked"}


def test_equal_models_move_nothing(trial: Trial, gates: Gates) -> None:
    """A blunt model against itself mends none of its 16 mistakes."""
    found = by_rule(replace(trial, champion=trial.candidate), gates)
    assert found["feedback moved"].by == pytest.approx(0.3)
    assert found["high_recall"].result == "passed"


def test_settled_feedback_may_be_required(trial: Trial, gates: Gates, tmp_path: Path) -> None:
    """Without any, or with verdicts that nobody confirmed, the rule says so."""
    equal = replace(trial, candidate=trial.champion)
    day = write_lines(tmp_path / "day.jsonl", [line(1, ("refund", 3))])
    open_only = read_settled([day], Columns())
    required = replace(gates, feedback=replace(gates.feedback, is_required=True))
    for feedback, detail in (
        (None, "no --feedback was given"),
        (open_only, "no settled labels: 1 not settled"),
    ):
        without = replace(equal, feedback=feedback)
        assert by_rule(without, gates)["feedback"].result == "not checked"
        assert by_rule(without, required)["feedback"] == Outcome("feedback", "refused", detail)


def test_a_holdout_must_be_new_frozen_and_large_enough(
    trial: Trial, gates: Gates, toy_folder: Path
) -> None:
    """Figures on known text, on another file than agreed, or on few texts say nothing."""
    seen = read_dataset([toy_folder.parent.parent / "toy.csv"], Columns())
    found = by_rule(replace(trial, holdout=seen), gates)["holdout"]
    assert found.detail == "the candidate was trained on toy.csv"
    frozen = replace(gates, holdout=replace(gates.holdout, sha256="f" * 64))
    assert "the frozen file has SHA-256 ffffffffffff" in by_rule(trial, frozen)["holdout"].detail
    large = replace(gates, holdout=replace(gates.holdout, min_texts=30))
    found = by_rule(trial, large)["holdout"]
    assert (found.detail, found.by) == ("20 texts, 30 are needed", 10)


def test_promote_goes_through_the_gates_and_notes_them(bench: Path) -> None:
    """Refused without a holdout, refused with rule and amount, and promoted with all outcomes."""
    models = bench / "models"
    options = ["--models", str(models), "--gates", str(bench / "gates.toml")]
    holdout = ["--holdout", str(bench / "holdout.csv")]
    run = CliRunner().invoke(main, ["promote", "blunt", *options])
    assert isinstance(run.exception, SettingsError)
    assert "--holdout is missing" in str(run.exception)
    assert "--force --why" in str(run.exception)
    run = CliRunner().invoke(main, ["promote", "blunt", *options, *holdout])
    assert isinstance(run.exception, GateRefusedError)
    assert "blunt is refused by 1 rule: high_recall: 1.0000 -> 0.0000" in str(run.exception)
    assert not read_history(models)
    run = CliRunner().invoke(main, ["promote", "b", *options, *holdout, "--why", "monthly"])
    assert run.exit_code == 0, run.output
    (entry,) = read_history(models)
    assert (entry["version"], entry["before"], entry["forced"]) == ("b", "a", False)
    assert entry["gates"]["passed"]
    assert entry["gates"]["champion"] == "a"
    assert entry["gates"]["holdout"][0]["name"] == "holdout.csv"
    assert {one["rule"] for one in entry["gates"]["outcomes"]} >= {"high_recall", "behaviour"}
