"""What data-check finds in a messy table, and that clean data passes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.builders import TOY_ROWS, write_csv
from training.__main__ import main
from training.mojibake import is_mojibake

TEXT = "退款一直没有到账，客服也不回复"


def run(*options: object) -> tuple[int, str]:
    """Exit status and standard output of data-check."""
    result = CliRunner().invoke(main, ["data-check", *map(str, options)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout


def rows_of(output: str) -> dict[str, list[int]]:
    """Row numbers by code of problem."""
    return {p["code"]: [r["row"] for r in p["rows"]] for p in json.loads(output)["problems"]}


def test_each_problem_is_found_in_its_row(tmp_path: Path) -> None:
    """A messy file: every row is named under what is wrong with it, and nothing else is fixable."""
    messy = [
        ("快递三天没有动静了，麻烦帮我查一下到哪里了", "delivery", 1),
        ("", "delivery", 1),
        ("快递三天没有动静了，麻烦帮我查一下到哪里了", "delivery", 1),
        ("快递三天没有动静了，麻烦帮我查一下到哪里了", "refund", 1),
        ("快递三天没有动静了，麻烦帮我查一下到哪里了！", "delivery", 5),
        ("奶茶里有一只虫子，恶心", "safety", "很高"),
        (TEXT.encode().decode("gb18030", "replace"), "refund", 2),
        ("退款打我13800001111", "refund", 2),
        ("没有标签的一行", "", ""),
        ("留出集里也有这一条投诉", "refund", 3),
    ]
    path = write_csv(tmp_path / "a.csv", messy)
    held = write_csv(tmp_path / "h.csv", [("留出集里也有这一条投诉", "refund", 3)])
    target = tmp_path / "rows.csv"
    status, output = run("--data", path, "--holdout", held, "--json", "--rows", target)
    found = rows_of(output)
    assert status == 3
    assert {code: rows for code, rows in found.items() if rows} == {
        "encoding": [7], "bad_level": [6], "conflict": [4], "leaked": [1], "empty": [2],
        "no_label": [9], "duplicate": [3], "near_conflict": [5], "personal": [8],
    }  # fmt: skip
    assert found.keys() >= {"too_few_for_folds"}
    with target.open(encoding="utf-8-sig") as file:
        listed = list(csv.DictReader(file))
    assert len(listed) == 9
    text = run("--data", path)[1]
    assert "13800001111" not in text + output + target.read_text(encoding="utf-8-sig")
    assert "必须处理" in text
    assert "a.csv 第 4 行 ↔ a.csv 第 1 行" in text


def test_clean_data_passes_with_status_0(tmp_path: Path) -> None:
    """Twenty toy rows, four categories of five: rare, but nothing that must be mended."""
    status, output = run("--data", write_csv(tmp_path / "a.csv", [*TOY_ROWS][:20]), "--json")
    assert status == 3  # five levels of four texts are fewer than five folds
    assert set(rows_of(output)) == {"rare", "too_few_for_folds"}
    config = tmp_path / "train.toml"
    config.write_text("[folds]\nnumber = 3\n[check]\nrare_texts = 4\n", encoding="utf-8")
    status, output = run("--data", tmp_path / "a.csv", "--config", config)
    assert status == 0
    assert "可以开始训练" in output


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        (TEXT.encode().decode("gb18030", "replace"), True),
        (TEXT.encode().decode("cp1252", "ignore"), True),
        (TEXT.encode().decode("latin-1"), True),
        (TEXT.encode("gb18030").decode("latin-1"), True),
        ("退款\ufffd没到", True),
        ("???????????", True),
        (TEXT, False),
        ("电话本里全是“锟斤拷”", False),
        ("没办法…………————····", False),
        ("Wo ist mein Geld? Über zwei Wochen", False),
        ("联通", False),
    ],
)
def test_mojibake_is_told_from_odd_writing(text: str, *, bad: bool) -> None:
    """Wrongly decoded Chinese is found; dots, foreign words and talk about mojibake are not."""
    assert is_mojibake(text) is bad
