"""Many threads and one get the same predictions, also while models are swapped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from classifier import load
from classifier.artifact import CURRENT
from classifier.policy_file import load_policy
from service.predictor import Predictor
from tests.show import threads


def test_threads_predict_as_one_does_while_models_are_swapped(
    toy_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer equals, in every field, what the model that gave it says alone."""
    monkeypatch.setattr(threads, "_SWAP_SECONDS", 0.0)
    for version in ("v1", "v2"):
        shutil.copytree(toy_folder, tmp_path / version)
    (tmp_path / CURRENT).write_text("v1", encoding="utf-8")
    predictor = Predictor(tmp_path, load, load_policy())
    texts = [f"快递第{n}天没到，退款一直推，再不退我打12315" for n in range(40)]
    served, wrong, swaps = threads.run(predictor, tmp_path, texts, threads=8, predictions=300)
    assert (served.total(), wrong) == (8 * 300, 0)
    assert set(served) <= {"v1", "v2"}
    assert swaps > 0


def test_a_differing_answer_is_counted(toy_folder: Path, tmp_path: Path) -> None:
    """The comparison can fail: another text's answer is wrong for each."""
    shutil.copytree(toy_folder, tmp_path / "v1")
    (tmp_path / CURRENT).write_text("v1", encoding="utf-8")
    predictor = Predictor(tmp_path, load, load_policy())
    texts = ["快递丢了还骗我，垃圾公司！！！", "退款什么时候到账"]
    expected = threads.expected_of([load(tmp_path / "v1")], texts)
    mixed = dict(zip(expected, reversed(list(expected.values())), strict=True))
    served, wrong = threads.ask(predictor, texts, mixed, number=20, seed=1)
    assert wrong == served.total() == 20
