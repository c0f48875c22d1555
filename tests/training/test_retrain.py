"""From verdicts to a candidate that the gates let pass or refuse; nothing is promoted."""

from __future__ import annotations

import shutil
from pathlib import Path

from click.testing import CliRunner, Result

from classifier.artifact import current_version
from tests.builders import TOY_ROWS, toy_csv, write_csv
from tests.conftest import TOY_CONFIG
from tests.training.feedback_lines import line, write_lines
from training.__main__ import main
from training.config import load_config

_GATES = """
[figures.high_recall]
tolerated = 1.0
max_loss = 1.0
required = false
[size]
max_growth = 9.0
[speed]
min_ratio = 0.01
rounds = 1
[behaviour]
cases = ""
max_new_failures = 99
[feedback]
required = false
min_texts = 2
min_moved = {min_moved}
min_kept = 0.0
[holdout]
file = ""
sha256 = ""
min_texts = 2
"""


def retrain(folder: Path, toy_folder: Path, lines: list[dict[str, object]], moved: float) -> Result:
    """Run `retrain` beside the toy model as the current one."""
    models = folder / "models"
    shutil.copytree(toy_folder, models / toy_folder.name)
    (models / "CURRENT").write_text(toy_folder.name + "\n", encoding="utf-8")
    (folder / "train.toml").write_text(TOY_CONFIG, encoding="utf-8")
    (folder / "gates.toml").write_text(_GATES.format(min_moved=moved), encoding="utf-8")
    holdout = write_csv(folder / "holdout.csv", [(f"{t}，急", c, n) for t, c, n in TOY_ROWS])
    verdicts = write_lines(folder / "verdicts.jsonl", lines)
    options = {
        "--data": toy_csv(folder), "--verdicts": verdicts, "--holdout": holdout,
        "--work": folder / "work", "--models": models, "--config": folder / "train.toml",
        "--gates": folder / "gates.toml",
    }  # fmt: skip
    words = [str(word) for pair in options.items() for word in pair]
    return CliRunner().invoke(main, ["retrain", *words])


def corrections() -> list[dict[str, object]]:
    """Two reviewers agree on what the model got wrong."""
    said = ("attitude", 4)
    texts = ("保安把我拦在门外推了我一把", "前台翻白眼还让我滚", "司机一路骂我")
    found = []
    for case, text in enumerate(texts, start=1):
        found.append(line(case, said, text=text))
        found.append(line(case, said, text=text, by="bernd", kind="second_review"))
    return found


def test_verdicts_become_a_candidate_that_is_not_promoted(toy_folder: Path, tmp_path: Path) -> None:
    """The new labels are in its training data; the last line says how to serve it."""
    run = retrain(tmp_path, toy_folder, corrections(), moved=0.0)
    assert run.exit_code == 0, run.output
    models = tmp_path / "models"
    assert current_version(models) == toy_folder.name
    (candidate,) = [
        path for path in models.iterdir() if path.is_dir() and path.name != toy_folder.name
    ]
    assert "train.csv" in (candidate / "manifest.json").read_text(encoding="utf-8")
    assert run.stdout.splitlines()[-1] == (
        f"to serve it: python -m training promote {candidate.name} "
        f"--holdout {tmp_path / 'holdout.csv'}"
    )


def test_a_candidate_that_a_gate_refuses_ends_with_status_1(
    toy_folder: Path, tmp_path: Path
) -> None:
    """Here not every corrected case can have moved, for one asks for two labels at once."""
    lines = corrections()
    for one in lines[:2]:
        one["text"] = "快递三天没动了，麻烦查一下"  # the toy rows say otherwise, four times
    run = retrain(tmp_path, toy_folder, lines, moved=1.0)
    assert run.exit_code == 1
    assert "feedback moved" in run.output
    assert "to serve it" not in run.output


def test_without_a_verdict_that_counts_nothing_is_trained(toy_folder: Path, tmp_path: Path) -> None:
    """Cases drawn at random are for measuring only."""
    lines = [line(1, ("refund", 3), reasons=["audit"])]
    run = retrain(tmp_path, toy_folder, lines, moved=0.0)
    assert run.exit_code == 1
    assert "has no row" in str(run.exception)
    assert len(list((tmp_path / "models").iterdir())) == 2  # the current one, and CURRENT


def test_what_suits_a_data_set_lies_beside_it(tmp_path: Path) -> None:
    """A train.toml in the data folder is laid over the packaged one; --config goes before both."""
    own = tmp_path / "train.toml"
    own.write_text("[features]\nmin_df = 7\n", encoding="utf-8")
    packaged, laid = load_config(), load_config(data=[tmp_path])
    assert (laid.features.min_df, laid.seed) == (7, packaged.seed)
    assert load_config(data=[tmp_path / "a.csv"]) == packaged
    other = tmp_path / "other.toml"
    other.write_text("seed = 3\n", encoding="utf-8")
    assert load_config(other, data=[tmp_path]).features.min_df != 7


def test_report_shows_the_figures_and_where_the_report_lies(toy_folder: Path) -> None:
    """Of a version by name; one that is not there is refused with those that are."""
    models = str(toy_folder.parent)
    run = CliRunner().invoke(main, ["report", toy_folder.name, "--models", models])
    assert run.exit_code == 0
    assert "category accuracy" in run.stdout
    assert str(toy_folder / "report.html") in run.stdout
    missing = CliRunner().invoke(main, ["report", "v9", "--models", models])
    assert missing.exit_code == 1
    assert toy_folder.name in str(missing.exception)
