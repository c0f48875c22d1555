"""Neutral words, and models that were fitted with other ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from classifier import Triage, load
from classifier.artifact import MANIFEST, read_artifact, write_manifest
from classifier.errors import ModelError, ResourceError
from classifier.neutral import Neutral


def _changed(folder: Path, target: Path, neutral: object) -> Path:
    """A copy of a model whose manifest says something else of its neutral words."""
    shutil.copytree(folder, target)
    (target / MANIFEST).unlink()
    manifest = {k: v for k, v in read_artifact(folder).manifest.items() if k != "neutral"}
    write_manifest(target, manifest | ({"neutral": neutral} if neutral else {}))
    return target


def test_a_model_with_other_neutral_words_is_refused(toy_folder: Path, tmp_path: Path) -> None:
    """What was read for what in training must be so in serving."""
    with pytest.raises(ModelError, match="other neutral words"):
        load(_changed(toy_folder, tmp_path / "m", {"sha256": "0" * 64}))


def test_a_model_of_before_is_served(toy: Triage, toy_folder: Path, tmp_path: Path) -> None:
    """A manifest that says nothing of neutral words: the model was fitted without."""
    older = load(_changed(toy_folder, tmp_path / "m", None))
    text = "快递丢了还骗我，垃圾公司！！！"
    assert older.predict([text])[0].intensity == toy.predict([text])[0].intensity


def test_only_neutral_words_are_read_for_others() -> None:
    """Nothing else of a text changes, and the longest word wins."""
    words = Neutral({"adult": ["小哥", "小伙子", "小伙"], "child": ["儿子", "女儿"]})
    assert words.text("那小伙子和小伙都说女儿家的事") == "那小哥和小哥都说儿子家的事"
    assert words.text("快递三天没动") == "快递三天没动"


def test_a_word_in_two_lists_is_refused() -> None:
    """It could not be read for two others."""
    with pytest.raises(ResourceError, match="儿子"):
        Neutral({"a": ["孩子", "儿子"], "b": ["儿子"]})
