from __future__ import annotations

import numpy as np
import pytest

from classifier.errors import ModelError
from classifier.prediction import Band, Outcome
from classifier.profile import (
    Labels,
    Profile,
    add_counts,
    labels_of,
    read_profile,
    reliability,
    seen,
    tally,
)
from classifier.triage import Triage
from tests.builders import prediction

LABELS = Labels(("quality", "refund"), (1, 2, 3, 4, 5))


def test_predictions_are_counted_in_their_bins() -> None:
    """One sure, one doubtful, one that was not judged: the last is in no mix of labels."""
    doubtful = prediction(category="refund", level=5, band=Band.LOW, outcome=Outcome.NEEDS_HUMAN)
    not_judged = prediction(category=None, level=None, outcome=Outcome.NEEDS_HUMAN)
    found = tally(seen([prediction(), doubtful, not_judged], LABELS), LABELS)
    assert found["outcome"].tolist() == [1, 1, 1]
    assert found["category"].tolist() == [1, 1]
    assert found["level"].tolist() == [1, 0, 0, 0, 1]
    assert found["length"].tolist() == [0, 3, *[0] * 10]
    assert (found["score"][0], found["score"][-1]) == (1, 1)
    assert found["confidence"][18] == 2
    assert found["oov"].sum() == found["words"].sum() == 0


def test_a_head_that_the_model_lacks_is_not_counted() -> None:
    """Labels of one head alone leave the measures of the other out."""
    only = Labels((), (1, 2, 3, 4, 5))
    assert not {"category", "confidence"} & set(tally(seen([prediction()], only), only))


def test_counts_are_added() -> None:
    """What one lacks is taken from the other."""
    both = add_counts({"a": np.array([1, 2])}, {"a": np.array([3, 4]), "b": np.array([5])})
    assert {name: counts.tolist() for name, counts in both.items()} == {"a": [4, 6], "b": [5]}


def test_right_answers_are_counted_by_confidence() -> None:
    """Two answers of 0.93, one of them right, stand in the nineteenth of twenty bins."""
    found = reliability(np.array([0.93, 0.93, 0.2]), np.array([True, False, True]))
    assert (found.texts[18], found.right[18], found.texts[4], found.right[4]) == (2, 1, 1, 1)


def test_the_profile_of_a_training_counts_every_text_once(toy: Triage) -> None:
    """Sixty toy texts, their held-out answers, and the words that other folds did not teach."""
    manifest = toy.describe()
    profile = read_profile(manifest)
    assert profile is not None
    assert profile.texts == 60
    assert {name: int(profile.counts[name].sum()) for name in ("length", "category", "level")} == {
        "length": 60, "category": 60, "level": 60,
    }  # fmt: skip
    assert profile.counts["words"].min() > 0
    assert profile.reliability["category"].texts.sum() == 60
    assert len(str(manifest["profile"])) < 20_000


def test_a_profile_comes_back_from_its_json(toy: Triage) -> None:
    """What is written is what is read."""
    manifest = toy.describe()
    profile = read_profile(manifest)
    assert isinstance(profile, Profile)
    assert profile.as_json() == manifest["profile"]


def test_a_model_without_a_profile_has_none(toy: Triage) -> None:
    """One of an older training, or with bins of another version, still has its labels."""
    manifest = {k: v for k, v in toy.describe().items() if k != "profile"}
    assert read_profile(manifest) is None
    assert read_profile({**manifest, "profile": {"version": 99}}) is None
    assert labels_of(manifest).levels == (1, 2, 3, 4, 5)


def test_a_profile_that_does_not_fit_is_refused(toy: Triage) -> None:
    """Counts for another number of labels are no profile of this model."""
    manifest = toy.describe()
    table = manifest["profile"]
    assert isinstance(table, dict)
    broken = {**table, "counts": {**table["counts"], "category": [1, 2]}}
    with pytest.raises(ModelError, match="profile: "):
        read_profile({**manifest, "profile": broken})


def test_unknown_words_are_those_that_no_known_word_covers(toy: Triage) -> None:
    """A word of the training is known, another is not; a text without words has none."""
    words, unknown = toy.count_words(["快递", "蝴蝶", "快递 蝴蝶", ""])
    assert words.tolist() == [1, 1, 2, 0]
    assert unknown.tolist() == [0, 1, 1, 0]
