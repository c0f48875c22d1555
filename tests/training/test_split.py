"""Near duplicates stay together, labels are spread."""

from __future__ import annotations

import numpy as np

from training.split import assign_folds, folds_needed, group_near_duplicates


def test_reposts_with_small_changes_are_one_group() -> None:
    """The same complaint with another ending is a near duplicate; another complaint is not."""
    story = "上周在你们店买的电饭煲用了三天就不加热了，售后说要等配件，等到今天也没有消息"
    groups = group_near_duplicates(
        [story, story + "！", "快递三天没有动静", story.replace("三天", "两天")], 0.6, seed=1
    )
    assert groups[0] == groups[1] == groups[3]
    assert groups[2] != groups[0]


def test_short_texts_and_no_texts_are_fine() -> None:
    """A text shorter than a shingle is its own shingle."""
    assert len(group_near_duplicates([], 0.6, seed=1)) == 0
    groups = group_near_duplicates(["差", "差", "好"], 0.6, seed=1)
    assert groups[0] == groups[1] != groups[2]


def test_only_equal_texts_are_alike_at_similarity_one() -> None:
    """The largest similarity that may be set groups nothing but copies."""
    groups = group_near_duplicates(
        ["快递丢了没有人管", "快递丢了没人管", "快递丢了没有人管"], 1.0, seed=1
    )
    assert groups[0] == groups[2] != groups[1]


def test_groups_stay_whole_and_labels_are_spread() -> None:
    """No group is split over folds, and each fold gets its share of each label."""
    labels = ["a"] * 50 + ["b"] * 10
    groups = np.arange(60) // 2
    folds = assign_folds(labels, groups, 5, seed=3)
    assert all(folds[2 * n] == folds[2 * n + 1] for n in range(30))
    assert np.bincount(folds[:50]).tolist() == [10] * 5
    assert np.bincount(folds[50:]).tolist() == [2] * 5


def test_the_seed_decides() -> None:
    """The same seed deals the same folds, another one others."""
    labels, groups = ["a"] * 40, np.arange(40)
    first = assign_folds(labels, groups, 4, seed=1)
    assert (first == assign_folds(labels, groups, 4, seed=1)).all()
    assert (first != assign_folds(labels, groups, 4, seed=2)).any()


def test_folds_are_held_out_until_enough_texts_are_judged() -> None:
    """Two folds at least, all of them when there are too few texts."""
    folds = np.repeat(np.arange(5), 100)
    assert [folds_needed(folds, texts) for texts in (1, 200, 201, 300, 500, 9999)] == [
        2, 2, 3, 3, 5, 5,
    ]  # fmt: skip


def test_a_group_is_named_by_its_first_text() -> None:
    """Also when the chain is closed by the text in the middle."""
    texts = ["快递三天没有送到我家门口", "完全不同的另一件事情而已", "快递三天没有送到我家门口了"]
    assert group_near_duplicates(texts, 0.6, seed=1).tolist() == [0, 1, 0]
