"""Two versions side by side: what changes, which way, and that texts are masked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from classifier import Triage, load
from classifier.policy_file import load_policy
from tests.builders import TOY_ROWS, blunted, write_csv
from training.__main__ import main
from training.compare import Comparison, as_html, as_text, compare_models
from training.dataset import Columns, read_dataset
from training.gates import duel_of


@pytest.fixture(scope="module")
def folder(toy_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A blunt copy of the toy model, and labelled texts with a telephone number."""
    folder = tmp_path_factory.mktemp("compare")
    blunted(toy_folder, folder, "blunt")
    rows = [(text + "，电话13800001111", code, level) for text, code, level in TOY_ROWS]
    write_csv(folder / "holdout.csv", rows)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path, toy: Triage) -> Comparison:
    """The toy model against the blunt one."""
    dataset, policy = read_dataset([folder / "holdout.csv"], Columns()), load_policy()
    duel = duel_of(toy, load(folder / "blunt"), dataset, policy)
    return compare_models(duel, ("sharp", "blunt"), policy)


def test_changed_decisions_come_with_labels_and_result(found: Comparison) -> None:
    """A model that calls all texts level 1 is worse on the 16 of other levels, right on 4."""
    assert len(found.changed) == 16
    assert {one.result for one in found.changed} == {"worse"}
    assert {one.after.level for one in found.changed} == {1}
    first = found.changed[0]
    assert first.before.level == first.level
    assert TOY_ROWS[first.row - 1][1:] == (first.category, first.level)


def test_the_lines_hold_figures_gains_and_changes(found: Comparison) -> None:
    """At most as many changed decisions as asked for; the rest is counted."""
    shown = as_text(found, limit=3)
    assert "high anger recall                   1.000    0.000" in shown
    assert "levels 4-5 recall                  -1.000  [-1.000, -1.000]  significant" in shown
    assert "changed decisions: 16 of 20 (0 better, 16 worse, 0 other)" in shown
    assert shown.endswith("… and 13 more: see --html, --json or --limit")


def test_the_page_holds_itself_and_no_telephone_number(found: Comparison) -> None:
    """Texts are masked in lines, page and JSON; the page loads nothing."""
    html = as_html(found)
    for shown in (as_text(found, limit=20), html, json.dumps(found.as_json(), ensure_ascii=False)):
        assert "[手机]" in shown
        assert "13800001111" not in shown
    assert "显著下降" in html
    assert "src=" not in html
    assert 'href="http' not in html


def test_the_command_compares_folders(folder: Path, toy_folder: Path, tmp_path: Path) -> None:
    """A page on request, everything as JSON."""
    page = tmp_path / "page.html"
    command = ["compare", str(toy_folder), "blunt", "--data", str(folder / "holdout.csv")]
    options = ["--models", str(folder), "--html", str(page), "--json"]
    run = CliRunner().invoke(main, [*command, *options])
    assert run.exit_code == 0, run.output
    printed = json.loads(run.stdout)
    assert printed["versions"] == [toy_folder.name, "blunt"]
    assert len(printed["changed"]) == 16
    assert printed["differences"]["high_recall"]["gain"] == -1.0
    assert "blunt" in page.read_text(encoding="utf-8")
