"""Settled labels are read from the service's export and from tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from classifier.errors import InputFileError
from tests.builders import write_csv
from training.dataset import Columns
from training.settled import read_settled


def line(case: int, at: str, level: int, *, settled: bool = True, text: str = "退款一直推") -> str:
    """A verdict as `export-feedback` writes it, with the fields that are read and some others."""
    correction = {"category": "refund", "level": level, "signals": ["legal", "media"]}
    return json.dumps({
        "verdict_id": 7, "kind": "adjudication", "at": at, "is_correction": True, "agrees": None,
        "case_id": case, "id": None, "text": text, "channel": "hotline", "is_settled": settled,
        "correction": correction | {"priority": "P1"},
    }) + "\n"  # fmt: skip


def test_settled_verdicts_become_examples(tmp_path: Path) -> None:
    """One a case, the newest; texts are masked; those that nobody confirmed are counted."""
    (tmp_path / "2026-03-01.jsonl").write_text(
        line(1, "2026-03-01T10:00:00Z", 2)
        + line(2, "2026-03-01T11:00:00Z", 4, settled=False)
        + line(3, "2026-03-01T12:00:00Z", 5, text="回电13800001111"),
        encoding="utf-8",
    )
    newer = line(1, "2026-03-02T10:00:00Z", 3)
    (tmp_path / "2026-03-02.jsonl").write_text(newer, encoding="utf-8")
    found = read_settled([tmp_path], Columns())
    assert [(one.text, one.category, one.level) for one in found.examples] == [
        ("退款一直推", "refund", 3),
        ("回电[手机]", "refund", 5),
    ]
    assert found.examples[0].cells == {"channel": "hotline", "signals": "legal|media"}
    assert found.left_out == {"not settled": 1}
    assert [(file.name, file.rows) for file in found.files] == [
        ("2026-03-01.jsonl", 3), ("2026-03-02.jsonl", 1),
    ]  # fmt: skip


def test_a_table_of_labels_may_stand_beside_an_export(tmp_path: Path) -> None:
    """Tables have the columns of training data."""
    (tmp_path / "day.jsonl").write_text(line(1, "2026-03-01", 2), encoding="utf-8")
    rows = [("快递丢了", "delivery", 3), ("退款呢", "refund", 1)]
    table = write_csv(tmp_path / "table.csv", rows, ("内容", "类别", "级别"))
    found = read_settled([tmp_path / "day.jsonl", table], Columns("内容", "类别", "级别"))
    assert [one.level for one in found.examples] == [2, 3, 1]


@pytest.mark.parametrize(
    ("second", "fault"),
    [
        ('{"text": "退款"}\n', "line 2: no verdict of export-feedback"),
        ('{"text": 5, "correction": {}}\n', "line 2: column 'text' holds int"),
        ("{\n", "line 2: no valid JSON"),
    ],
)
def test_a_line_that_is_no_verdict_is_named(tmp_path: Path, second: str, fault: str) -> None:
    """Half a file is not read in silence, and no text is quoted."""
    file = tmp_path / "day.jsonl"
    file.write_text(line(1, "2026-03-01", 2) + second, encoding="utf-8")
    with pytest.raises(InputFileError) as caught:
        read_settled([file], Columns())
    assert fault in str(caught.value)
    assert "退款" not in str(caught.value)


def test_an_empty_folder_has_no_settled_labels(tmp_path: Path) -> None:
    """A service without verdicts exports nothing."""
    assert read_settled([tmp_path], Columns()).examples == ()
