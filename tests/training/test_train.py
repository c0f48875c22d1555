"""Training by the command line: reproducible, one head or two, clear about what it did."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from classifier import load
from classifier.artifact import VOCABULARY, WEIGHTS, current_version
from classifier.errors import SettingsError, TriageError
from tests.builders import TOY_ROWS, toy_csv, write_csv
from tests.conftest import TOY_CONFIG
from training.__main__ import main
from training.config import load_config, parse_config


def train(folder: Path, data: Path, *options: str) -> Result:
    """Run `train` with the toy configuration."""
    config = folder / "train.toml"
    config.write_text(TOY_CONFIG, encoding="utf-8")
    command = ["train", "--data", str(data), "--out", str(folder / "models"), *options]
    return CliRunner().invoke(main, [*command, "--config", str(config)])


def folder_of(run: Result) -> Path:
    """The model folder: the last line printed."""
    assert run.exit_code == 0, run.output
    return Path(run.stdout.strip().splitlines()[-1])


def test_the_same_data_give_the_same_model_byte_for_byte(toy_folder: Path, tmp_path: Path) -> None:
    """Weights, vocabulary and all of the manifest but its time stamp are equal."""
    again = folder_of(train(tmp_path, toy_csv(tmp_path)))
    for name in (WEIGHTS, VOCABULARY, "metrics.json"):
        assert (again / name).read_bytes() == (toy_folder / name).read_bytes()
    first, second = (
        json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        for folder in (toy_folder, again)
    )
    assert first.pop("created_at")
    assert second.pop("created_at")
    assert first == second
    assert again.name.split("-")[-1] == toy_folder.name.split("-")[-1]


def test_the_folder_holds_what_it_should(toy_folder: Path) -> None:
    """Report and card are self-contained, in Chinese where people read, and hold the figures."""
    assert {path.name for path in toy_folder.iterdir()} == {
        WEIGHTS, VOCABULARY, "manifest.json", "metrics.json", "card.md", "report.html",
    }  # fmt: skip
    report = (toy_folder / "report.html").read_text(encoding="utf-8")
    assert "混淆矩阵" in report
    assert report.count("<svg") == 3
    assert "校准曲线" in report
    assert "src=" not in report
    assert 'href="http' not in report
    card = (toy_folder / "card.md").read_text(encoding="utf-8")
    figures = json.loads((toy_folder / "metrics.json").read_text(encoding="utf-8"))
    assert f"{figures['category']['accuracy']['value']:.3f}" in card


@pytest.mark.parametrize(
    ("keep", "missing"), [(("text", "category"), "intensity"), (("text", "intensity"), "category")]
)
def test_one_head_alone_can_be_trained(tmp_path: Path, keep: tuple[str, str], missing: str) -> None:
    """A table without a label column gives a model without that head, and says so."""
    place = 1 if keep[1] == "category" else 2
    rows = [(row[0] + end, row[place]) for row in TOY_ROWS for end in ("", "，东门那家")]
    run = train(tmp_path, write_csv(tmp_path / "a.csv", rows, keep))
    found = load(folder_of(run)).predict(["快递丢了！！！王八蛋"])[0]
    assert getattr(found, missing) is None
    assert getattr(found, keep[1]) is not None
    assert f"no {missing} head" in run.stderr


def test_any_number_of_levels_and_any_codes_can_be_learned(tmp_path: Path) -> None:
    """Labels are data: four levels from 0, Chinese codes by a table, rows that count double."""
    rows = [(t + e, c[:2], min(n, 4) - 1) for t, c, n in TOY_ROWS for e in ("", "，东门")]
    data = write_csv(tmp_path / "a.csv", rows)
    codes = [(c, "类" + c) for c in ("sa", "de", "re", "at")]
    table = write_csv(tmp_path / "codes.csv", codes, ("from", "to"))
    options = ("--mapping", str(table), "--weight", "a.csv=2")
    folder = folder_of(train(tmp_path, data, *options))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["data"]["files"] == [{
        "name": "a.csv", "rows": 40, "weight": 2.0,
        "sha256": hashlib.sha256(data.read_bytes()).hexdigest(),
        "mapping": {
            "name": "codes.csv", "sha256": hashlib.sha256(table.read_bytes()).hexdigest(),
        },
    }]  # fmt: skip
    assert "weight 2, codes by `codes.csv`" in (folder / "card.md").read_text(encoding="utf-8")
    found = load(folder).predict(["快递丢了，王八蛋快递员不得好死"])[0]
    assert found.intensity is not None
    assert found.category is not None
    assert found.category.code == "类de"
    assert len(found.intensity.probs) == 4
    assert 0 <= found.intensity.level <= 3
    assert found.intensity.rank == found.intensity.level / 3


def test_the_first_model_becomes_current_and_later_ones_wait(tmp_path: Path) -> None:
    """`promote --force` makes another model current, after checking that it loads."""
    data = toy_csv(tmp_path)
    first = folder_of(train(tmp_path, data))
    models = tmp_path / "models"
    second = models / "second"
    second.mkdir()
    for path in first.iterdir():
        (second / path.name).write_bytes(path.read_bytes())
    assert current_version(models) == first.name
    promote = ["promote", "second", "--force", "--why", "test", "--models", str(models)]
    assert CliRunner().invoke(main, promote).exit_code == 0
    assert current_version(models) == "second"
    third = second.rename(models / "third")
    (third / WEIGHTS).write_bytes(b"")
    command = ["promote", "third", "--force", "--why", "test", "--models", str(models)]
    refused = CliRunner().invoke(main, command)
    assert isinstance(refused.exception, TriageError)


def test_a_failed_training_leaves_nothing_behind(tmp_path: Path) -> None:
    """Data that cannot train makes no folder and no current model."""
    run = train(tmp_path, write_csv(tmp_path / "a.csv", [("退款", "a", 1)]))
    assert isinstance(run.exception, TriageError)
    assert not (tmp_path / "models").exists()


def test_evaluate_measures_every_head_and_the_signals(toy_folder: Path, tmp_path: Path) -> None:
    """The JSON holds the metrics, the slices and the signal counts; unknown labels are missed."""
    rows = [(t, c, n, "repeat" if "一直推" in t else "", "chat") for t, c, n in TOY_ROWS]
    rows.append(("水管漏水了", "plumbing", 2, "", "chat"))
    header = ("text", "category", "intensity", "risks", "channel")
    data = write_csv(tmp_path / "a.csv", rows, header)
    command = ["evaluate", "--model", str(toy_folder), "--data", str(data), "--json"]
    run = CliRunner().invoke(main, command)
    assert run.exit_code == 0, run.output
    found = json.loads(run.stdout)
    assert found["texts"] == 21
    assert found["category"]["accuracy"]["value"] == pytest.approx(20 / 21)
    assert found["slices"]["channel chat"]["texts"] == 21
    assert found["signals"]["by_code"]["repeat"]["true"] == 2
    readable = CliRunner().invoke(main, command[:-1])
    assert "category accuracy" in readable.stdout


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"seed": -1}, "seed is '-1'"),
        ({"surprise": {}}, "section 'surprise' is unknown"),
        ({"features": {"char_ngrams": [1, 9]}}, "char_ngrams is"),
        ({"features": {"surprise": 1}}, "features.surprise is unknown"),
        ({"category": {"inverse_regularisation": 0}}, "inverse_regularisation is '0'"),
        ({"intensity": {"kinds": ["guess"]}}, "intensity.kinds"),
        ({"folds": {"number": 1}}, "folds.number is 1, allowed is 2-20"),
        ({"bands": {"category": {"high_accuracy": 2}}}, "high_accuracy 2"),
        ({"folds": 3}, "folds is '3', a table is needed"),
    ],
)
def test_impossible_training_settings_are_named(values: dict[str, object], message: str) -> None:
    """Name, value and what is allowed stand in the message."""
    with pytest.raises(SettingsError) as caught:
        parse_config(values)
    assert message in str(caught.value)


def test_the_packaged_configuration_is_valid() -> None:
    """It names all 14 categories and 5 levels of the default taxonomy."""
    config = load_config()
    assert (len(config.category_names), len(config.intensity_names)) == (14, 5)
