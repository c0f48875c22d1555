"""Wrong labels are found, shown and mended, and every fix is recorded."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from classifier.errors import InputFileError
from tests.builders import TOY_ROWS, write_csv
from training.__main__ import main
from training.dataset import Columns, Source, read_file
from training.label_audit import Audit, Doubted, View, key_of
from training.label_audit_page import write_page
from training.label_fixes import LOG, Fix, apply_fixes, read_fixes
from training.mapping import LabelMap

# As little fitting as shows the whole way: two folds, one kind of intensity head.
CONFIG = """
seed = 7
[features]
min_df = 1
[intensity]
kinds = ["multinomial"]
[folds]
number = 2
"""
FIXES = ("key", "id", "field", "before", "after", "who", "when", "why")
WRONG = "快递丢了，王八蛋快递员不得好死，店名叫东门那家"


def table(folder: Path) -> Path:
    """The toy rows in three variants, calm (1) or angry (4), one labelled as a calm refund."""
    rows = [
        (f"r{n}", text + ending, category, 4 if level > 3 else 1)
        for n, (text, category, level) in enumerate(TOY_ROWS)
        for ending in ("", "，店名叫东门那家", "，上周二的事，单子还在")
    ]
    rows = [("bad", WRONG, "refund", 1) if row[1] == WRONG else row for row in rows]
    return write_csv(folder / "toy.csv", list(rows), ("id", "text", "category", "intensity"))


def label_audit(*options: str) -> Result:
    """Run `label-audit`."""
    done = CliRunner().invoke(main, ["label-audit", *options])
    assert done.exit_code == 0, done.exception
    return done


def fix(text: str, field: str, before: str, after: str) -> Fix:
    """A fix by Anna."""
    return Fix(key_of(text), "r1", field, before, after, "anna", "2026-11-01T00:00:00Z", "看错")


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def log_of(folder: Path) -> list[dict[str, object]]:
    """The entries of a log."""
    return [json.loads(line) for line in (folder / LOG).read_text("utf-8").splitlines()]


def test_from_a_wrong_label_to_a_mended_table(tmp_path: Path) -> None:
    """The planted row is doubted most; its fix is applied, logged, and not asked for again."""
    data, page = table(tmp_path), tmp_path / "page.html"
    (tmp_path / "train.toml").write_text(CONFIG, encoding="utf-8")
    options = ["--data", str(data), "--config", str(tmp_path / "train.toml"), "--output", str(page)]
    found = json.loads(label_audit(*options, "--json").stdout)
    first = found["doubted"][0]
    assert (first["id"], first["field"], first["given"]) == ("bad", "category", "refund")
    assert first["suggested"] == "delivery"
    assert {d["field"] for d in found["doubted"] if d["id"] == "bad"} == {"category", "intensity"}
    shown = page.read_text(encoding="utf-8")
    marked = "".join(re.findall("<mark>(.*?)</mark>", shown))
    assert "快递" in marked
    rows: list[tuple[object, ...]] = [
        (first["key"], "bad", "category", "refund", "delivery", "anna", "", "说的是快递"),
        (first["key"], "bad", "intensity", "1", "1", "anna", "", ""),
    ]
    fixes, out = write_csv(tmp_path / "f.csv", rows, FIXES), tmp_path / "out"
    apply = ["--data", str(data), "--apply", str(fixes), "--out", str(out)]
    assert "1 labels changed, 1 kept, 0 done before, 0 do not fit" in label_audit(*apply).stdout
    assert [r["category"] for r in rows_of(out / "toy.csv") if r["id"] == "bad"] == ["delivery"]
    options[1] = str(out / "toy.csv")
    again = json.loads(label_audit(*options, "--json").stdout)
    assert "bad" not in {one["id"] for one in again["doubted"]}
    assert again["reviewed"] == 1


def test_fixes_are_recorded_once_and_the_source_stays(tmp_path: Path) -> None:
    """Every copy of a row is mended, who, when and why are kept, a second run adds nothing."""
    source = tmp_path / "in"
    source.mkdir()
    rows: list[tuple[object, ...]] = [("退款没到", "delivery", 2), ("快递没到", "delivery", 1)]
    data = write_csv(source / "a.csv", [*rows, rows[0]])
    before = data.read_bytes()
    fixes, out = [fix("退款没到", "category", "delivery", "refund")], tmp_path / "out"
    done = apply_fixes([Source(data, Columns())], fixes, out)
    assert (done.changed, done.missing) == (2, ())
    assert [r["category"] for r in rows_of(out / "a.csv")] == ["refund", "delivery", "refund"]
    first = log_of(out)[0]
    assert {name: first[name] for name in ("field", "before", "after", "who", "when", "why")} == {
        "field": "category", "before": "delivery", "after": "refund", "who": "anna",
        "when": "2026-11-01T00:00:00Z", "why": "看错",
    }  # fmt: skip
    assert (first["file"], first["row"]) == ("a.csv", 1)
    assert "退款没到" not in (out / LOG).read_text(encoding="utf-8")
    again = apply_fixes([Source(out / "a.csv", Columns())], fixes, out)
    assert (again.changed, again.already, len(log_of(out))) == (0, 1, 2)
    assert data.read_bytes() == before


def test_a_fix_that_does_not_fit_is_named(tmp_path: Path) -> None:
    """Another label than the one that was doubted, or no such row, changes nothing."""
    data = write_csv(tmp_path / "a.csv", [("退款没到", "other", 2), ("快递没到", "delivery", 1)])
    fixes = [
        fix("退款没到", "category", "delivery", "refund"),
        fix("没有这条", "intensity", "1", "2"),
    ]
    done = apply_fixes([Source(data, Columns())], fixes, tmp_path / "out")
    assert (done.changed, done.missing) == (0, tuple(fixes))
    assert rows_of(tmp_path / "out" / "a.csv")[0]["category"] == "other"


def test_formats_and_other_cells_are_kept_and_texts_masked(tmp_path: Path) -> None:
    """JSON Lines stay so, whole-number levels stay numbers, personal data does not come along."""
    data = tmp_path / "in.jsonl"
    row = {"text": "打我13800001111", "category": "a", "intensity": 1, "x": [1]}
    data.write_text(json.dumps(row) + "\n", encoding="utf-8")
    fixes = [fix("打我[手机]", "intensity", "1", "4")]
    done = apply_fixes([Source(data, Columns())], fixes, tmp_path / "out")
    (path,) = done.files
    assert json.loads(path.read_text("utf-8")) == row | {"text": "打我[手机]", "intensity": 4}


def test_their_codes_are_read_by_the_mapping_table(tmp_path: Path) -> None:
    """A doubted label may stand there in their words; ours is written, which the table takes."""
    row = {"text": "包裹丢了", "category": "退钱", "intensity": "中"}
    data = tmp_path / "in.jsonl"
    data.write_text(json.dumps(row) + "\n", encoding="utf-8")
    codes = LabelMap("t.csv", {"退钱": "refund", "物流": "delivery"}, {"中": 3, "高": 5})
    source = Source(data, Columns(), codes)
    fixes = [
        fix("包裹丢了", "category", "refund", "delivery"), fix("包裹丢了", "intensity", "3", "5")
    ]  # fmt: skip
    (path,) = apply_fixes([source], fixes, tmp_path / "out").files
    read = [one.example for one in read_file(path, Source(path, Columns(), codes))]
    assert [(one.category, one.level) for one in read] == [("delivery", 5)]
    other = [fix("包裹丢了", "category", "refund", "quality")]
    with pytest.raises(InputFileError, match="'quality' is not in t"):
        apply_fixes([source], other, tmp_path / "other")


def test_the_data_itself_is_never_written_over(tmp_path: Path) -> None:
    """The folder of the data is refused, unless fixes made it."""
    data = write_csv(tmp_path / "a.csv", [("退款没到", "delivery", 2)])
    with pytest.raises(InputFileError, match="which stays as it is"):
        apply_fixes(
            [Source(data, Columns())], [fix("退款没到", "category", "delivery", "refund")], tmp_path
        )
    assert not (tmp_path / LOG).exists()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("k", "", "risks", "a", "b", "anna", "", ""), "field is 'risks', allowed are category"),
        (("k", "", "category", "a", "", "anna", "", ""), "after is empty"),
        (("", "", "category", "a", "b", "anna", "", ""), "key is empty"),
        (("k", "", "category", "a", "b", "", "", ""), "name the reviewer with --who"),
        (("k", "", "intensity", "1", "高", "anna", "", ""), "level '高' is no whole number"),
    ],
)
def test_a_wrong_fix_is_named(tmp_path: Path, row: tuple[object, ...], message: str) -> None:
    """The message says row and column; nothing is applied."""
    with pytest.raises(InputFileError, match=f"row 1: .*{message}"):
        read_fixes(write_csv(tmp_path / "f.csv", [row], FIXES))


def test_reasons_are_masked_and_the_reviewer_can_come_from_the_command(tmp_path: Path) -> None:
    """What people type may hold personal data; a file of one person need not name them."""
    row = ("k", "", "category", "a", "b", "", "", "客户13800001111说的")
    (one,) = read_fixes(write_csv(tmp_path / "f.csv", [row], FIXES), who="bernd")
    assert (one.who, one.why) == ("bernd", "客户[手机]说的")
    assert one.when


def test_the_page_is_whole_escaped_and_readable_without_scripts(tmp_path: Path) -> None:
    """No address is asked for, a text cannot become markup, and every label can be chosen."""
    text = '<script>alert("x")</script>退款'
    answers = (("delivery", 0.9), ("refund", 0.1))
    view = View("category", "refund", "delivery", answers, 0.8, spans=((27, 29),))
    row = Doubted(key_of(text), "r1", "a.csv", text, "refund", 1, (view,))
    names = {"refund": "退款", "delivery": "物流"}
    page = tmp_path / "page.html"
    shown = write_page(Audit(9, (row,), 0, names, {}), page, number=5, made_at="2026-11-01")
    content = page.read_text(encoding="utf-8")
    assert shown == 1
    assert "<script>alert" not in content
    assert not re.search(r"(?:src|href)=|https?://|@import|url\(", content)
    assert '<option value="refund">保留：退款（refund）</option>' in content
    assert '<option value="delivery">物流（delivery）　← 模型</option>' in content
    assert "<mark>退款</mark>" in content
    assert "<noscript>" in content
