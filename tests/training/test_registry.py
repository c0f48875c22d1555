"""Models become current through the gates, with a history, and go back in one command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from classifier.artifact import WEIGHTS, current_version
from classifier.errors import GateRefusedError, ModelError, SettingsError
from tests.builders import TOY_ROWS, blunted, write_csv
from training.__main__ import main
from training.registry import Change, read_history, switch

GATES = """
[figures.high_recall]
tolerated = 0.0
max_loss = 0.0
required = true
[figures.qwk]
tolerated = 0.002
max_loss = 0.02
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
min_texts = 5
min_moved = 0.3
min_kept = 0.9
[holdout]
min_texts = 20
"""
CASES = 'angrier = [{ calm = "快递三天没动了，麻烦查一下", angry = "快递员不得好死，王八蛋" }]\n'


@pytest.fixture
def models(toy_folder: Path, tmp_path: Path) -> Path:
    """Versions a (current, by hand), b (its equal) and blunt (sees no anger); gates; a holdout."""
    folder = tmp_path / "models"
    for version in ("a", "b"):
        shutil.copytree(toy_folder, folder / version)
    blunted(toy_folder, folder, "blunt")
    (folder / "CURRENT").write_text("a\n", encoding="utf-8")
    (tmp_path / "gates.toml").write_text(GATES, encoding="utf-8")
    (tmp_path / "cases.toml").write_text(CASES, encoding="utf-8")
    rows = [(text + "，电话13800001111", code, level) for text, code, level in TOY_ROWS]
    write_csv(tmp_path / "holdout.csv", rows)
    return folder


def call(models: Path, *command: str) -> Result:
    """Run a command on the models folder."""
    return CliRunner().invoke(main, [*command, "--models", str(models)])


def gated(models: Path, *command: str) -> Result:
    """The same with the toy gates and holdout."""
    files = ("--gates", str(models.parent / "gates.toml"), "--holdout")
    return call(models, *command, *files, str(models.parent / "holdout.csv"))


def forced(models: Path, version: str) -> Result:
    """Promote without the gates."""
    return call(models, "promote", version, "--force", "--why", "trial", "--by", "li")


def test_an_equal_model_is_promoted_and_the_history_says_all(models: Path) -> None:
    """Who, when, why, by which gates, from which data and code."""
    run = gated(models, "promote", "b", "--why", "monthly", "--by", "li")
    assert run.exit_code == 0, run.output
    assert current_version(models) == "b"
    (entry,) = read_history(models)
    assert (entry["action"], entry["version"], entry["before"]) == ("promote", "b", "a")
    assert (entry["by"], entry["why"], entry["forced"]) == ("li", "monthly", False)
    assert entry["gates"]["passed"]
    assert entry["gates"]["holdout"][0]["name"] == "holdout.csv"
    assert entry["data"][0]["name"] == "toy.csv"
    assert len(entry["code"]["trained"]["sha256"]) == 64
    shown = call(models, "history").output
    assert "a -> b" in shown
    assert "li, gates passed: monthly" in shown


def test_a_worse_model_is_refused_with_rule_and_amount(models: Path) -> None:
    """A model that sees no anger loses all of the recall of levels 4-5, and stays out."""
    run = gated(models, "promote", "blunt")
    assert isinstance(run.exception, GateRefusedError)
    message = str(run.exception)
    assert "high_recall: 1.0000 -> 0.0000" in message
    assert "1.0000 more than the 0 allowed" in message
    assert "behaviour: 1 cases fail, 0 with the champion; new: angrier 1" not in message
    assert current_version(models) == "a"
    assert not read_history(models)
    judged = gated(models, "gate", "blunt", "--json")
    outcomes = {one["rule"]: one for one in json.loads(judged.stdout)["outcomes"]}
    assert outcomes["high_recall"]["by"] == 1.0
    assert outcomes["grave_recall"]["result"] == "not checked"
    assert outcomes["size"]["result"] == "passed"


def test_feedback_must_move_and_controls_must_stay(models: Path) -> None:
    """From blunt to a sharp model corrected texts move; the other way round controls are lost."""
    feedback = ("--feedback", str(models.parent / "holdout.csv"))
    run = gated(models, "gate", "a", "--against", "blunt", *feedback)
    assert run.exit_code == 0, run.output
    assert "passed       feedback moved  1.000 of 16" in run.stdout
    back = gated(models, "gate", "blunt", "--against", "a", *feedback)
    assert "feedback kept: 0.200 of 20 controls are still right: 0.700 less" in str(back.exception)


def test_a_holdout_that_was_trained_on_is_refused(models: Path, toy_folder: Path) -> None:
    """Figures on known text say nothing."""
    seen = toy_folder.parent.parent / "toy.csv"
    files = ("--gates", str(models.parent / "gates.toml"), "--holdout", str(seen))
    run = call(models, "gate", "b", *files)
    assert "holdout: the candidate was trained on toy.csv" in str(run.exception)


def test_without_a_holdout_or_a_reason_nothing_is_promoted(models: Path) -> None:
    """The message names the option that is missing."""
    assert "--holdout is missing" in str(call(models, "promote", "b").exception)
    run = call(models, "promote", "b", "--force")
    assert isinstance(run.exception, SettingsError)
    assert "--why is missing" in str(run.exception)
    unknown = call(models, "promote", "z", "--force", "--why", "w").exception
    assert "no model 'z'" in str(unknown)
    assert "there are a, b, blunt" in str(unknown)
    assert current_version(models) == "a"


def test_rollback_goes_back_step_by_step(models: Path) -> None:
    """Two promotions are taken back by two rollbacks; then there is nothing before."""
    assert forced(models, "b").exit_code == 0
    assert forced(models, "blunt").exit_code == 0
    for expected in ("b", "a"):
        run = call(models, "rollback", "--why", "complaints")
        assert run.exit_code == 0, run.output
        assert current_version(models) == expected
    assert "no history of an earlier version" in str(call(models, "rollback").exception)
    assert [entry["action"] for entry in read_history(models)] == ["promote"] * 2 + ["rollback"] * 2


def test_a_damaged_model_is_never_made_current(models: Path) -> None:
    """Rollback checks what it goes back to, and changes nothing if that is broken."""
    assert forced(models, "b").exit_code == 0
    (models / "a" / WEIGHTS).write_bytes(b"")
    assert isinstance(call(models, "rollback").exception, ModelError)
    assert current_version(models) == "b"
    assert len(read_history(models)) == 1


def test_a_change_meanwhile_stops_the_switch(models: Path) -> None:
    """Gates that measured against another champion do not count."""
    with pytest.raises(ModelError, match="became a meanwhile, b was expected"):
        switch(models, "blunt", Change("promote", "", "li"), expected="b")
    assert current_version(models) == "a"


def test_compare_shows_figures_and_masked_changes(models: Path) -> None:
    """Text and page hold both figures and what changes; no telephone number is in them."""
    page = models.parent / "compare.html"
    options = ("--data", str(models.parent / "holdout.csv"), "--html", str(page))
    run = call(models, "compare", "CURRENT", "blunt", *options)
    assert run.exit_code == 0, run.output
    html = page.read_text(encoding="utf-8")
    assert "changed decisions: 16 of 20 (0 better, 16 worse, 0 other)" in run.stdout
    assert "levels 4-5 recall                  -1.000  [-1.000, -1.000]  significant" in run.stdout
    for shown in (run.stdout, html):
        assert "[手机]" in shown
        assert "13800001111" not in shown
    assert "显著下降" in html
    assert "src=" not in html
    assert 'href="http' not in html
