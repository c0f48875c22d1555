"""The search of settings: what it tries, chooses, keeps in its journal, and writes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from classifier.errors import SettingsError
from tests.builders import TOY_ROWS, toy_csv, write_csv
from tests.conftest import TOY_CONFIG
from training.__main__ import main
from training.config import CategorySettings, TrainingConfig, load_config, recorded
from training.config_text import config_text
from training.crossval import macro_f1, pearson, sample_of, spread
from training.dataset import Columns, read_dataset
from training.journal import Journal
from training.journal import Result as JournalResult
from training.parts import fit_part
from training.space import load_space
from training.targets import targets_of
from training.tune import Limits, Search, Trial, simplest

SPACE = """
[[step]]
"category.inverse_regularisation" = [0.01, 8.0]
"features.char_ngrams" = [[1, 1], [1, 2]]
"""


def tune(folder: Path, data: Path, *options: str) -> Result:
    """Run `tune` with the toy configuration and a small space."""
    (folder / "start.toml").write_text(TOY_CONFIG, encoding="utf-8")
    (folder / "space.toml").write_text(SPACE, encoding="utf-8")
    command = ["tune", "--data", str(data), "--config", str(folder / "start.toml"), "--jobs", "1"]
    files = ["--space", str(folder / "space.toml"), "--output", str(folder / "found")]
    return CliRunner().invoke(main, [*command, *files, *options])


def trial(scores: list[float], columns: float, c: float = 8.0) -> Trial:
    """A trial of a category head with those scores on three folds."""
    category = replace(TrainingConfig().category, inverse_regularisation=c)
    config = replace(TrainingConfig(), category=category)
    return Trial(config, {"category": np.array(scores)}, columns)


def test_a_search_writes_a_configuration_that_train_takes(tmp_path: Path) -> None:
    """The last line is a train.toml; table, JSON and picture stand beside it."""
    run = tune(tmp_path, toy_csv(tmp_path))
    assert run.exit_code == 0, run.output
    chosen = Path(run.stdout.strip().splitlines()[-1])
    config = load_config(chosen)
    assert config.category.inverse_regularisation == 8.0
    found = json.loads((chosen.parent / "tune.json").read_text(encoding="utf-8"))
    assert found["texts"] == 60
    assert set(found["fresh_folds"]) == {"category", "intensity"}
    assert found["chosen"]["category.inverse_regularisation"] == 8.0
    assert "on fresh folds" in run.stdout
    assert "参数搜索" in (chosen.parent / "tune.svg").read_text(encoding="utf-8")


def test_a_killed_search_goes_on_where_it_was(tmp_path: Path) -> None:
    """Results in the journal are not made again, a line cut off in the middle is; same choice."""
    data = toy_csv(tmp_path)
    first = json.loads(tune(tmp_path, data, "--json").stdout)
    journal = tmp_path / "found" / "journal.jsonl"
    whole = journal.read_text(encoding="utf-8")
    lines = whole.splitlines(keepends=True)
    journal.write_text("".join(lines[:-1]) + lines[-1][:20], encoding="utf-8")
    run = tune(tmp_path, data, "--json")
    assert f"{len(lines) - 2} results of the journal are taken over" in run.stderr
    assert json.loads(run.stdout) == first
    again = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    assert again[:-1] == lines[:-1]
    assert len(again) == len(lines)


def test_a_journal_of_other_data_is_refused(tmp_path: Path) -> None:
    """One sentence, and the journal stays as it was."""
    tune(tmp_path, toy_csv(tmp_path))
    journal = tmp_path / "found" / "journal.jsonl"
    before = journal.read_bytes()
    other = write_csv(tmp_path / "other.csv", list(TOY_ROWS))
    run = tune(tmp_path, other)
    assert isinstance(run.exception, SettingsError)
    assert "other data" in str(run.exception)
    assert journal.read_bytes() == before


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    """Nothing is appended to a file that the search did not write."""
    path = tmp_path / "journal.jsonl"
    path.write_text("hello\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="no journal"):
        Journal(path, "a")
    assert path.read_text(encoding="utf-8") == "hello\n"


def test_without_time_the_start_is_kept_and_measured(tmp_path: Path) -> None:
    """A budget of nothing still gives a complete answer, and says that the search was stopped."""
    run = tune(tmp_path, toy_csv(tmp_path), "--budget-minutes", "0", "--json")
    found = json.loads(run.stdout)
    assert found["stopped_by_budget"]
    assert len(found["trials"]) == 1
    assert found["chosen"]["features.char_ngrams"] == [1, 3]


def test_one_head_alone_is_searched(tmp_path: Path) -> None:
    """Without categories only intensity is measured, and settings of categories are not tried."""
    rows = [(text + end, level) for text, _, level in TOY_ROWS for end in ("", "，东门那家")]
    run = tune(tmp_path, write_csv(tmp_path / "a.csv", rows, ("text", "intensity")), "--json")
    found = json.loads(run.stdout)
    assert set(found["fresh_folds"]) == {"intensity"}
    assert len(found["trials"]) == 3


def test_large_data_are_searched_in_a_sample(tmp_path: Path) -> None:
    """Only the asked number of texts is used, always the same ones, in other folds than train's."""
    dataset = read_dataset([toy_csv(tmp_path)], Columns())
    first, second = (sample_of(dataset, load_config(), 30) for _ in range(2))
    assert len(first.texts) == 30
    assert first.about == second.about
    assert (first.folds["search"] != first.folds["check"]).any()


def test_the_simplest_of_the_good_ones_is_chosen() -> None:
    """A smaller trial wins within one standard error of the paired differences, not beyond."""
    best = trial([0.8, 0.9, 0.7], 100)
    close = trial([0.81, 0.87, 0.69], 50, 2.0)  # behind by 0.01, -0.01, 0.03: 0.01 ± 0.0115
    far = trial([0.75, 0.86, 0.66], 10, 4.0)  # behind by 0.05, 0.04, 0.04: 0.043 ± 0.0033
    assert simplest([best, close, far]) is close
    assert simplest([best, far]) is best
    similar = trial([0.81, 0.87, 0.69], 95)
    assert simplest([similar, best]) is best  # five in a hundred features are no difference
    lead, error = close.behind(best)
    assert lead == pytest.approx(0.01)
    assert error == pytest.approx(0.011547, abs=1e-6)


def test_results_of_the_journal_are_believed(tmp_path: Path) -> None:
    """A trial whose folds are all in the journal needs no fit; one fold less, and it is unknown."""
    dataset = read_dataset([toy_csv(tmp_path)], Columns())
    sample = sample_of(dataset, load_config(), 60)
    journal = Journal(tmp_path / "journal.jsonl", sample.about)
    search = Search(sample, journal, Limits(1, 0.0, lambda _: None))
    assert search.trial(load_config()) is None
    assert len(journal) == 0
    journal.add([JournalResult("k", 0, 0.5, 7, 0.1)])
    assert Journal(tmp_path / "journal.jsonl", sample.about).get("k", 0) == JournalResult(
        "k", 0, 0.5, 7, 0.1
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "step"),
        ("[features]", "step"),
        ("[[step]]\n'names.category' = [1]", "names.category"),
        ("[[step]]\n'features.min_df' = [0]", "min_df"),
        ("[[step]]\n'features.nothing' = [1]", "nothing"),
        ("[[step]]\n'features.min_df' = 2", "a list is needed"),
        ("[[", "search space"),
    ],
)
def test_an_impossible_space_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    """The message names the setting."""
    path = tmp_path / "space.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=fault):
        load_space(path)


def test_the_packaged_space_holds_the_packaged_configuration() -> None:
    """So the search can come back to where it started."""
    for setting in (setting for step in load_space() for setting in step.settings):
        start = setting.value_in(load_config())
        assert start in setting.values or setting.name == "intensity.kinds", setting.name


def test_a_configuration_survives_writing_and_reading(tmp_path: Path) -> None:
    """The packaged one, and one with codes that TOML has to quote."""
    odd = replace(load_config(), category_names={'a "b" 中': "甲\n乙\x7f"}, seed=7)
    for config in (load_config(), odd, TrainingConfig()):
        path = tmp_path / "a.toml"
        path.write_text(config_text(config), encoding="utf-8")
        assert load_config(path) == config


def test_a_default_of_a_new_setting_is_not_recorded() -> None:
    """The packaged configuration leaves the same manifest as before; another value is recorded."""
    config = TrainingConfig()
    assert "balance" not in recorded(config)["category"]  # type: ignore[operator]  # a table
    other = replace(config, category=replace(config.category, balance=0.5))
    assert recorded(other)["category"]["balance"] == 0.5  # type: ignore[index]  # a table


def test_balance_finds_more_of_a_rare_category(tmp_path: Path) -> None:
    """Raised, two rare texts among twenty have a higher logit in their own category."""
    rows = [("快递一直没有到" + end, "delivery") for end in "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未"]
    rows += [("快递一直没有人回复" + end, "attitude") for end in "甲乙"]
    data = write_csv(tmp_path / "a.csv", rows, ("text", "category"))
    dataset, config = read_dataset([data], Columns()), TrainingConfig()
    texts, targets = [example.clean for example in dataset.examples], targets_of(dataset)
    margins = []
    for balance in (0.0, 0.5, 1.0):
        category = replace(config.category, balance=balance)
        part = fit_part(texts, targets, texts[-2:], replace(config, category=category))
        rare, common = part.logits["category"].T
        margins.append(float((rare - common).mean()))
    assert margins[0] < margins[1] < margins[2]


def test_a_balance_out_of_range_is_refused() -> None:
    """The message names the setting and what is allowed."""
    with pytest.raises(SettingsError, match=r"category\.balance is '2', allowed is 0-1"):
        CategorySettings(balance=2)


def test_scores_are_those_of_the_books() -> None:
    """Macro-F1 over the categories that occur; correlation 0 where nothing varies."""
    truth = np.array([0, 0, 1, 1])
    # category 0: precision 1, recall 1/2; category 1: 2/3 and 1; category 2 is not counted
    assert macro_f1(truth, np.array([0, 1, 1, 1])) == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert macro_f1(np.array([], np.intp), np.array([], np.intp)) == 0.0
    assert pearson(np.array([0, 1, 2]), np.array([0.1, 0.2, 0.3])) == pytest.approx(1.0)
    assert pearson(np.array([1, 1]), np.array([0.1, 0.2])) == 0.0
    assert pearson(np.array([0, 1]), np.array([0.5, 0.5])) == 0.0
    assert spread([1.0, 2.0, 3.0]) == pytest.approx(1 / np.sqrt(3))
