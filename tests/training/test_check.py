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


def lines_of(output: str) -> dict[str, list[int]]:
    """Line numbers by code of problem; the header is line 1."""
    return {p["code"]: [r["line"] for r in p["rows"]] for p in json.loads(output)["problems"]}


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
        ("4711", "refund", "#N/A"),
    ]
    path = write_csv(tmp_path / "a.csv", messy)
    held = write_csv(tmp_path / "h.csv", [("留出集里也有这一条投诉", "refund", 3)])
    target = tmp_path / "rows.csv"
    status, output = run("--data", path, "--holdout", held, "--json", "--rows", target)
    found = lines_of(output)
    assert status == 3
    assert {code: lines for code, lines in found.items() if lines} == {
        "encoding": [8], "formula_error": [12], "bad_level": [7], "conflict": [5], "leaked": [2],
        "empty": [3], "no_words": [12], "no_label": [10], "duplicate": [4], "near_conflict": [6],
        "personal": [9],
    }  # fmt: skip
    assert found.keys() >= {"too_few_for_folds"}
    with target.open(encoding="utf-8-sig") as file:
        listed = list(csv.DictReader(file))
    assert len(listed) == 11
    text = run("--data", path)[1]
    assert "13800001111" not in text + output + target.read_text(encoding="utf-8-sig")
    assert "必须处理" in text
    assert f"{path} 第 5 行 ↔ 第 2 行" in text


def test_clean_data_passes_with_status_0(tmp_path: Path) -> None:
    """Twenty toy rows, four categories of five: rare, but nothing that must be mended."""
    status, output = run("--data", write_csv(tmp_path / "a.csv", [*TOY_ROWS][:20]), "--json")
    assert status == 3  # five levels of four texts are fewer than five folds
    assert set(lines_of(output)) == {"rare", "too_few_for_folds"}
    config = tmp_path / "train.toml"
    config.write_text("[folds]\nnumber = 3\n[check]\nrare_texts = 4\n", encoding="utf-8")
    status, output = run("--data", tmp_path / "a.csv", "--config", config)
    assert status == 0
    assert "可以开始训练" in output


def test_a_label_that_a_model_contradicts_is_doubted(tmp_path: Path) -> None:
    """Among sixty texts of each of two plain kinds, the one filed under the wrong kind is found."""
    kinds = {"delivery": "快递第{}天还没有送到", "refund": "退款第{}次被拒绝，钱呢"}
    rows = [(text.format(n), code) for n in range(60) for code, text in kinds.items()]
    rows[7] = (rows[7][0], "delivery")
    path = write_csv(tmp_path / "a.csv", rows, ("text", "category"))
    config = tmp_path / "train.toml"
    config.write_text("[folds]\nnear_duplicate = 1.0\n", encoding="utf-8")
    assert lines_of(run("--data", path, "--config", config, "--json")[1])["doubted"] == [9]


def test_a_forgotten_column_is_named_beside_those_there_are(tmp_path: Path) -> None:
    """Somebody who knows no flags yet is told which file, column and flag to look at."""
    path = write_csv(tmp_path / "a.csv", [(TEXT, "退款", 1)], ("内容", "类别", "等级"))
    result = CliRunner().invoke(main, ["data-check", "--data", str(path)])
    assert "it has 内容, 类别, 等级; name the column of the texts by --text" in str(
        result.exception
    )
    status, output = run("--data", path, "--text-column", "内容")
    assert status == 3
    assert f"类别 (category): {path}; 内容, 类别, 等级" in output
    text = "内容,类别\n退款,甲\n".encode().decode("gb18030", "replace")
    path.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["data-check", "--data", str(path)])
    assert "look wrongly decoded" in str(result.exception)


def test_a_column_that_holds_no_labels_is_masked_and_refused(tmp_path: Path) -> None:
    """Texts given as categories by mistake are too long to be any, and their numbers stay away."""
    rows = [(TEXT + str(n), f"打我1380000111{n}" + "很长" * 50, n) for n in range(5)]
    path = write_csv(tmp_path / "a.csv", rows)
    status, output = run("--data", path)
    assert status == 3
    assert "这一列不像标签" in output
    for shown in (output, run("--data", path, "--json")[1]):
        assert "1380000111" not in shown


def test_the_list_of_rows_never_overwrites_the_data(tmp_path: Path) -> None:
    """Usage errors and folders that do not exist end in one sentence."""
    path = write_csv(tmp_path / "a.csv", [*TOY_ROWS])
    kept = path.read_bytes()
    for target, message in ((path, "is one of the files"), (tmp_path / "no" / "x.csv", "No such")):
        command = ["data-check", "--data", str(path), "--rows", str(target)]
        result = CliRunner().invoke(main, command)
        assert result.exit_code in {1, 2}
        assert message in result.stderr
    assert path.read_bytes() == kept


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
