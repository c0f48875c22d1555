"""The committed benchmark fits what is measured."""

from __future__ import annotations

import json
from pathlib import Path

from classifier import Triage
from tests.bench.picture import draw
from tests.bench.steady import RECORD, fallen, steady_ratios
from tests.builders import TOY_ROWS


def test_the_record_has_the_ratios_that_are_measured(toy: Triage) -> None:
    """Each ratio is measured, and at least one was steady enough to be checked."""
    kept = json.loads(RECORD.read_text(encoding="utf-8"))["steady"]
    texts, labels = [row[0] for row in TOY_ROWS * 3], [row[1] for row in TOY_ROWS * 3]
    found = steady_ratios(toy, texts, labels)
    assert set(found) == set(kept)
    assert all(value > 0 for value in found.values())
    assert any(one["is_checked"] for one in kept.values())
    slow = {name: min(one["runs"]) * 0.7 for name, one in kept.items()}
    assert len(fallen(slow, kept)) == sum(one["is_checked"] for one in kept.values())


def test_the_picture_is_the_same_each_time(tmp_path: Path) -> None:
    """The same table gives the same bytes, so that a commit shows only what changed."""
    table = json.loads(RECORD.read_text(encoding="utf-8"))["table"]
    draw(table, tmp_path / "one.svg")
    draw(table, tmp_path / "two.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
