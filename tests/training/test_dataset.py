"""What is read, what is left out and why, what cannot train anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifier.errors import InputFileError
from tests.builders import write_csv
from training.dataset import Columns, read_dataset

COLUMNS = Columns()


def test_rows_that_teach_nothing_are_left_out_and_counted(tmp_path: Path) -> None:
    """Empty texts, rows without labels, repeats and impossible levels are counted by reason."""
    path = write_csv(
        tmp_path / "a.csv",
        [
            ("退款没到", "refund", 2),
            ("退款没到", "refund", 2),
            ("", "refund", 2),
            ("快递没到", "", ""),
            ("快递丢了", "delivery", "很高"),
            ("快递晚了", "delivery", "3.0"),
        ],
    )
    dataset = read_dataset([path], COLUMNS)
    assert [(e.category, e.level) for e in dataset.examples] == [
        ("refund", 2), ("delivery", None), ("delivery", 3),
    ]  # fmt: skip
    assert dataset.left_out == {
        "repeated row": 1, "no text": 1, "no label": 1, "intensity is no whole number": 1,
    }  # fmt: skip


def test_personal_data_never_reaches_an_example(tmp_path: Path) -> None:
    """Texts are masked before they are anything else."""
    path = write_csv(tmp_path / "a.csv", [("打我13800001111", "a", 1), ("退款", "b", 2)])
    text = read_dataset([path], COLUMNS).examples[0]
    assert "13800001111" not in text.text + text.clean
    assert "[手机]" in text.text


def test_folders_are_read_in_name_order(tmp_path: Path) -> None:
    """All files of a folder count, and are recorded with hash and rows."""
    write_csv(tmp_path / "b.csv", [("退款没到", "refund", 2)])
    write_csv(tmp_path / "a.csv", [("快递没到", "delivery", 1)], encoding="gb18030")
    dataset = read_dataset([tmp_path], COLUMNS)
    assert [e.category for e in dataset.examples] == ["delivery", "refund"]
    assert [(file.name, file.rows) for file in dataset.files] == [("a.csv", 1), ("b.csv", 1)]


def test_other_column_names_can_be_given(tmp_path: Path) -> None:
    """Somebody's own table needs no renaming."""
    path = write_csv(
        tmp_path / "a.csv", [("退款", "甲", 0), ("快递", "乙", 3)], ("内容", "类", "级")
    )
    dataset = read_dataset([path], Columns("内容", "类", "级"))
    assert dataset.categories == ["乙", "甲"]
    assert dataset.levels == [0, 3]


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        ([("退款", "a", 1)], ("text", "category", "intensity"), "has 1 and column 'intensity' 1"),
        ([("退款", "a")], ("text", "kind"), "column 'category' has 0"),
        ([("退款", "a")], ("body", "category"), "has no column 'text'; it has body, category"),
        ([(f"第{n}条", "a", n) for n in range(30)], ("text", "category", "intensity"), "30 levels"),
    ],
)
def test_data_that_cannot_train_says_why(
    tmp_path: Path, rows: list[tuple[object, ...]], header: tuple[str, ...], message: str
) -> None:
    """The message names file or column and what was found."""
    path = write_csv(tmp_path / "a.csv", rows, header)
    with pytest.raises(InputFileError, match=message):
        read_dataset([path], COLUMNS)


def test_a_folder_without_tables_is_named(tmp_path: Path) -> None:
    """An empty folder is an error, not an empty dataset."""
    with pytest.raises(InputFileError, match="holds no file"):
        read_dataset([tmp_path], COLUMNS)
