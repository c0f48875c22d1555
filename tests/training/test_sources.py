"""Anybody's labels: formats, columns, codes, weights."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest

from classifier.errors import InputFileError, SettingsError
from classifier.files import read_rows
from tests.builders import write_csv
from training.config import parse_config
from training.data_config import DataSettings
from training.dataset import read_sources
from training.mapping import read_mapping
from training.sources import Flags, sources_of
from training.targets import targets_of

HEADER = ("内容", "类别", "等级")


def test_an_excel_sheet_reads_as_its_csv_would(tmp_path: Path) -> None:
    """A title above, a legend before, two months, a hidden sheet: text under both headers."""
    book = openpyxl.Workbook()
    book.active.append(["内容"])
    book.active.append(["客户的原话"])
    months = {
        "一月": (["2026 年导出"], HEADER, ["退款没到", "refund", 2], [], ["快递", 7, 3.0]),
        "二月": (HEADER, ['=A1&"!"', "refund", 1], ["慢", "#N/A", None], [None, None, None]),
        "旧": (HEADER, ["不要读", "refund", 2]),
    }
    for title, lines in months.items():
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append(line)
    book["旧"].sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    rows = list(read_rows(tmp_path / "a.xlsx", needs="内容"))
    assert [(row.number, row.sheet, row.line, list(row.cells.values())) for row in rows] == [
        (1, "一月", 3, ["退款没到", "refund", "2"]),
        (2, "一月", 4, [None] * 3),
        (3, "一月", 5, ["快递", "7", "3"]),
        (4, "二月", 2, [None, "refund", "1"]),
        (5, "二月", 3, ["慢", "#N/A", None]),
    ]
    assert ["formula without a stored value" in (row.fault or "") for row in rows] == [
        False, False, False, True, False,
    ]  # fmt: skip
    with pytest.raises(InputFileError, match="no column 'text' in any sheet; sheet 'Sheet' has 内"):
        list(read_rows(tmp_path / "a.xlsx", needs="text"))


def test_a_workbook_of_another_program_reads_without_noise(tmp_path: Path) -> None:
    """A file without styles, as some exports are, makes openpyxl warn; nobody is to hear of it."""
    book = openpyxl.Workbook()
    book.active.append(["text"])
    book.active.append(["退款没到"])
    book.save(tmp_path / "a.xlsx")
    with (
        zipfile.ZipFile(tmp_path / "a.xlsx") as old,
        zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/styles.xml":
                content = re.sub(rb"<cellStyles.*</cellStyles>", b"", content)
            new.writestr(name, content)
    assert [row.cells for row in read_rows(tmp_path / "b.xlsx", needs="text")] == [
        {"text": "退款没到"}
    ]


def test_a_file_that_is_no_workbook_says_so(tmp_path: Path) -> None:
    """A renamed text file, a workbook whose sheet is cut short, and the format of before 2007."""
    (tmp_path / "a.xlsx").write_text("x", encoding="utf-8")
    with pytest.raises(InputFileError, match="no readable Excel workbook"):
        list(read_rows(tmp_path / "a.xlsx", needs="text"))
    book = openpyxl.Workbook()
    book.active.append(["text"])
    book.save(tmp_path / "b.xlsx")
    with zipfile.ZipFile(tmp_path / "b.xlsx") as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"][:-40]
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name, content in parts.items():
            new.writestr(name, content)
    with pytest.raises(InputFileError, match="no readable Excel workbook"):
        list(read_rows(tmp_path / "b.xlsx", needs="text"))
    (tmp_path / "a.xls").write_text("x", encoding="utf-8")
    with pytest.raises(InputFileError, match=r"save it as \.xlsx"):
        read_rows(tmp_path / "a.xls", needs="text")


def test_files_with_their_own_columns_codes_and_weights_become_one_dataset(tmp_path: Path) -> None:
    """GB18030 JSON Lines beside CSV; their codes become ours, unknown ones are named."""
    write_csv(tmp_path / "a.csv", [("退款没到", "refund", 2), ("快递没到", "delivery", 4)])
    lines = [
        {"内容": "退款没到", "类别": "退钱", "等级": "中"},
        {"内容": "包裹丢了", "类别": "物流", "等级": "高"},
        {"内容": "今天天气好", "类别": "闲聊", "等级": "高"},
        {"内容": "说不清的事", "类别": "新码", "等级": "高"},
    ]
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    (tmp_path / "b.jsonl").write_text(text, encoding="gb18030")
    table = [
        ("category", "退钱", "refund"), ("category", "物流", "delivery"), ("category", "闲聊", ""),
        ("intensity", "中", 2), ("intensity", "高", 4),
    ]  # fmt: skip
    write_csv(tmp_path / "codes.csv", table, ("head", "from", "to"), encoding="gb18030")
    config = parse_config({"data": {"sources": [
        {"file": str(tmp_path / "a.csv")},
        {"file": str(tmp_path / "b.jsonl"), "weight": 3, "text": "内容", "category": "类别",
         "intensity": "等级", "mapping": str(tmp_path / "codes.csv")},
    ]}})  # fmt: skip
    dataset = read_sources(sources_of(config.data, Flags()))
    assert [(e.text, e.category, e.level, e.weight) for e in dataset.examples] == [
        ("退款没到", "refund", 2, 3), ("快递没到", "delivery", 4, 1),
        ("包裹丢了", "delivery", 4, 3),
        ("今天天气好", None, 4, 3), ("说不清的事", None, 4, 3),
    ]  # fmt: skip
    assert dataset.left_out == {"repeated row": 1, "类别 '新码' is not in codes.csv": 1}
    assert [(file.rows, file.weight, file.mapping.name) for file in dataset.files] == [
        (2, 1, ""), (4, 3, "codes.csv"),
    ]  # fmt: skip
    weight = targets_of(dataset).weight
    assert weight is not None
    assert weight.tolist() == pytest.approx([15 / 13, 5 / 13, 15 / 13, 15 / 13, 15 / 13])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("category", "a", "x"), ("category", "a", "y")], "row 2: category 'a' leads to 'y' here"),
        ([("intensity", "高", "high")], "row 1: level is 'high', a whole number is needed"),
        ([("mood", "a", "b")], "row 1: head is 'mood', allowed are"),
        ([], "is empty"),
    ],
)
def test_a_wrong_mapping_table_says_where(
    tmp_path: Path, rows: list[tuple[object, ...]], message: str
) -> None:
    """The message names row, value and what is allowed."""
    path = write_csv(tmp_path / "codes.csv", rows, ("head", "from", "to"))
    with pytest.raises(InputFileError, match=message):
        read_mapping(path)


def test_lines_are_those_that_an_editor_shows(tmp_path: Path) -> None:
    """Empty lines count for the line but make no row; UTF-8 with lost characters stays UTF-8."""
    path = tmp_path / "a.csv"
    path.write_text(" text \n退款\ufffd没到\n\n快递\ufffd\n", encoding="utf-8")
    assert [(r.number, r.line, r.cells["text"]) for r in read_rows(path, needs="text")] == [
        (1, 2, "退款\ufffd没到"), (2, 4, "快递\ufffd"),
    ]  # fmt: skip
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "退"}\n\n{"text": "款"}\n', encoding="utf-8")
    assert [(r.number, r.line) for r in read_rows(path, needs="text")] == [(1, 1), (2, 3)]


def test_a_wrong_weight_or_no_data_at_all_is_refused(tmp_path: Path) -> None:
    """Weights name one of the files and are above 0."""
    path = write_csv(tmp_path / "a.csv", [("退款", "a", 1)])
    for value in ("a.csv=0", "a.csv=x", "b.csv=2", "2"):
        with pytest.raises(SettingsError, match="--weight"):
            sources_of(DataSettings(), Flags((path,), weights=(value,)))
    with pytest.raises(SettingsError, match="no data"):
        sources_of(DataSettings(), Flags())
    with pytest.raises(InputFileError, match="no file to read"):
        read_sources([])
