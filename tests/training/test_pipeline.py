"""scikit-learn pipelines of a trained model predict what the classifier predicts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from classifier import Triage, load
from classifier.errors import ModelError
from tests.builders import TOY_ROWS, toy_csv, write_csv
from tests.conftest import TOY_CONFIG
from training.__main__ import main
from training.pipeline import TextFeatures, pipelines, write_pipelines

TEXTS = [*(row[0] for row in TOY_ROWS), "快递员態度极差！！！", "ＡＢＣ😡", "", "谢谢，已经解决了"]


def test_both_heads_give_the_classifiers_numbers(toy_folder: Path, toy: Triage) -> None:
    """Probabilities to 1e-5, the same categories and levels, on traditional and odd texts too."""
    found = pipelines(toy_folder)
    judged = [
        (text, prediction)
        for text, prediction in zip(TEXTS, toy.predict(TEXTS), strict=True)
        if prediction.category and prediction.intensity
    ]
    assert len(judged) > len(TOY_ROWS)
    texts = [text for text, _ in judged]
    shares = found["category"].predict_proba(texts)
    codes = found["category"].predict(texts)
    levels = found["intensity"].predict(texts)
    of_levels = found["intensity"].predict_proba(texts)
    scores = found["intensity"].decision_function(texts)
    for place, (_, prediction) in enumerate(judged):
        assert codes[place] == prediction.category.code
        assert shares[place].max() == pytest.approx(prediction.category.prob, abs=1e-5)
        assert levels[place] == prediction.intensity.level
        assert of_levels[place] == pytest.approx(prediction.intensity.probs, abs=1e-5)
        assert scores[place] == pytest.approx(prediction.intensity.score, abs=1e-5)


def test_two_categories_are_one_row_of_weights(tmp_path: Path) -> None:
    """scikit-learn keeps the difference of two classes only; the probabilities stay."""
    rows = [
        (f"{text}{end}", "快" if place % 2 else "慢")
        for place, text in enumerate(["快递太慢", "很快就到", "等了三天", "当天送达"])
        for end in ("", "，东门", "，西门", "了")
    ]
    (tmp_path / "train.toml").write_text(TOY_CONFIG, encoding="utf-8")
    data = write_csv(tmp_path / "a.csv", rows, ("text", "category"))
    words = ["train", "--data", str(data), "--out", str(tmp_path / "models")]
    run = CliRunner().invoke(main, [*words, "--config", str(tmp_path / "train.toml")])
    folder = Path(run.stdout.strip().splitlines()[-1])
    texts = ["今天太慢，等了很久", "很快就送达了"]
    (only,) = pipelines(folder).values()
    for shares, prediction in zip(
        only.predict_proba(texts), load(folder).predict(texts), strict=True
    ):
        assert prediction.category is not None
        assert shares.max() == pytest.approx(prediction.category.prob, abs=1e-5)


def test_the_written_file_is_loaded_in_a_notebook(toy_folder: Path, tmp_path: Path) -> None:
    """The command writes it beside the weights; what joblib reads back predicts the same."""
    folder = tmp_path / toy_folder.name
    shutil.copytree(toy_folder, folder)
    run = CliRunner().invoke(main, ["export-pipeline", "--model", str(folder)])
    assert run.stdout.strip() == str(folder / "pipeline.joblib")
    read = joblib.load(folder / "pipeline.joblib")
    expected = pipelines(folder)["category"].predict_proba(TEXTS)
    assert read["category"].predict_proba(TEXTS) == pytest.approx(expected, abs=0)
    assert load(folder).version == folder.name  # the service does not mind the file


def test_a_damaged_model_is_not_written(toy_folder: Path, tmp_path: Path) -> None:
    """It is checked like one that is served."""
    folder = tmp_path / toy_folder.name
    shutil.copytree(toy_folder, folder)
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps({"format": 1}), encoding="utf-8")
    with pytest.raises(ModelError):
        write_pipelines(folder)
    assert not (folder / "pipeline.joblib").exists()


def test_the_features_stand_in_a_search(toy_folder: Path, tmp_path: Path) -> None:
    """They are cloned, searched and fitted like any transformer; names fit the columns."""
    texts, codes = [row[0] for row in TOY_ROWS], [row[1] for row in TOY_ROWS]
    steps = [("features", TextFeatures(min_df=1)), ("head", LogisticRegression())]
    search = GridSearchCV(Pipeline(steps), {"features__min_df": [1, 2]}, cv=2, error_score="raise")
    search.fit(texts, codes)
    features = search.best_estimator_["features"]
    assert len(features.get_feature_names_out()) == features.transform(texts).shape[1]
    assert clone(features).get_params() == features.get_params()
    trained = pipelines(toy_folder)["category"]["features"]
    fresh = clone(trained).fit(pd.read_csv(toy_csv(tmp_path)).text)
    assert np.array_equal(fresh.idf_, trained.idf_)
