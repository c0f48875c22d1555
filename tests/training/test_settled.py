"""Settled labels are read from the service's export and from tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifier.errors import InputFileError
from tests.builders import write_csv
from tests.training.feedback_lines import line, write_lines
from training.dataset import Columns
from training.settled import read_settled

SAID = ("refund", 3)


def test_what_two_people_say_becomes_an_example(tmp_path: Path) -> None:
    """One a case, whatever day; texts are masked; cases on which nobody agreed are counted."""
    monday = [
        line(1, ("refund", 2), by="anna", risks=("legal", "media")),
        line(2, ("refund", 4), by="anna"),
        line(3, ("refund", 5), by="anna", kind="adjudication", text="回电13800001111"),
        line(4, ("refund", 1), by="anna"),
    ]
    tuesday = [
        line(1, SAID, by="bernd", kind="second_review"),
        line(1, SAID, by="carla", kind="adjudication", risks=("media", "legal")),
        line(4, ("quality", 2), by="bernd", kind="second_review"),
    ]
    write_lines(tmp_path / "2026-03-01.jsonl", monday)
    write_lines(tmp_path / "2026-03-02.jsonl", tuesday)
    found = read_settled([tmp_path], Columns())
    assert [(one.text, one.category, one.level, one.source) for one in found.examples] == [
        ("退款一直没到，催了三次", "refund", 3, "2026-03-02.jsonl"),
        ("回电[手机]", "refund", 5, "2026-03-01.jsonl"),
    ]
    assert found.examples[0].cells == {"channel": "chat", "signals": "legal|media"}
    assert found.left_out == {"not settled": 2}
    assert [(file.name, file.rows) for file in found.files] == [
        ("2026-03-01.jsonl", 4), ("2026-03-02.jsonl", 3),
    ]  # fmt: skip


def test_a_table_of_labels_may_stand_beside_an_export(tmp_path: Path) -> None:
    """Tables have the columns of training data."""
    day = write_lines(tmp_path / "day.jsonl", [line(1, ("refund", 2), kind="adjudication")])
    rows = [("快递丢了", "delivery", 3), ("退款呢", "refund", 1)]
    table = write_csv(tmp_path / "table.csv", rows, ("内容", "类别", "级别"))
    found = read_settled([day, table], Columns("内容", "类别", "级别"))
    assert [one.level for one in found.examples] == [2, 3, 1]


@pytest.mark.parametrize(
    ("second", "fault"),
    [
        ('{"text": "退款"}\n', "line 2: verdict_id is missing, a verdict of export-feedback"),
        ('{"text": 5, "correction": {}}\n', "line 2: column 'text' holds int"),
        ("{\n", "line 2: no valid JSON"),
    ],
)
def test_a_line_that_is_no_verdict_is_named(tmp_path: Path, second: str, fault: str) -> None:
    """Half a file is not read in silence, and no text is quoted."""
    file = write_lines(tmp_path / "day.jsonl", [line(1, SAID)])
    file.write_text(file.read_text(encoding="utf-8") + second, encoding="utf-8")
    with pytest.raises(InputFileError) as caught:
        read_settled([file], Columns())
    assert fault in str(caught.value)
    assert "退款" not in str(caught.value)


def test_an_empty_folder_has_no_settled_labels(tmp_path: Path) -> None:
    """A service without verdicts exports nothing."""
    assert read_settled([tmp_path], Columns()).examples == ()
