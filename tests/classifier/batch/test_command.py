"""Files in, JSON Lines out, by the command line as a user calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.builders import write_csv
from tests.conftest import ROOT
from tests.show.batch import faults

TEXTS = ["退款一直推，太差劲了", "快递丢了！！！", "", "hello there", "=1+1 退款没到"]


def classify(
    toy_folder: Path, source: Path, target: Path, *options: str
) -> subprocess.CompletedProcess[str]:
    """Run `python -m classifier classify`."""
    command = [sys.executable, "-m", "classifier", "classify", "--input", str(source)]
    command += ["--output", str(target), "--model", str(toy_folder), *options]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ}
    )


def answers(path: Path) -> list[dict]:
    """The objects of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("a.csv", "utf-8"), ("a.csv", "utf-8-sig"), ("a.csv", "gb18030"), ("a.csv", "utf-16")],
)
def test_csv_of_any_usual_encoding_is_read(
    toy_folder: Path, tmp_path: Path, name: str, encoding: str
) -> None:
    """One answer a row, in order, with the row's number; empty and foreign rows need a human."""
    rows = [(text, "x") for text in TEXTS]
    source = write_csv(tmp_path / name, rows, ("text", "note"), encoding=encoding)
    run = classify(toy_folder, source, tmp_path / "out.jsonl")
    assert run.returncode == 0, run.stderr
    found = answers(tmp_path / "out.jsonl")
    assert [a["request_id"] for a in found] == [1, 2, 3, 4, 5]
    assert found[0]["category"]["code"] == "refund"
    assert found[1]["category"]["code"] == "delivery"
    assert [a["outcome"] for a in found[2:4]] == ["needs_human", "needs_human"]
    assert {"level", "respond_within_seconds", "due_at", "reasons"} == set(found[0]["priority"])


def test_json_lines_with_bad_rows_go_on(toy_folder: Path, tmp_path: Path) -> None:
    """A broken line, a wrong type and a missing column are errors of their rows alone."""
    lines = [
        b'{"text": "\xe9\x80\x80\xe6\xac\xbe\xe4\xb8\x80\xe7\x9b\xb4\xe6\x8e\xa8"}',
        b"{broken",
        b'{"text": 7}',
        b'{"other": "x"}',
        b'{"text": null}',
        b"[1]",
        b'{"text": "\xff\xfe"}',
        b'{"text": "\\ud800 \xe9\x80\x80\xe6\xac\xbe\xe6\xb2\xa1\xe5\x88\xb0"}',
    ]
    source = tmp_path / "in.jsonl"
    source.write_bytes(b"\n".join(lines) + b"\n\n")
    run = classify(toy_folder, source, tmp_path / "out.jsonl")
    assert run.returncode == 0, run.stderr
    found = answers(tmp_path / "out.jsonl")
    outcomes = [a["outcome"] for a in found]
    assert outcomes[1:4] == ["error"] * 3
    assert outcomes[4:7] == ["needs_human", "error", "error"]
    assert found[0]["category"]["code"] == found[7]["category"]["code"] == "refund"
    assert "holds int, a text is needed" in found[2]["outcome_reasons"][0]


def test_parquet_is_read(toy_folder: Path, tmp_path: Path) -> None:
    """A Parquet file gives the same answers as the CSV file."""
    pq.write_table(pa.table({"text": TEXTS}), tmp_path / "in.parquet")
    assert classify(toy_folder, tmp_path / "in.parquet", tmp_path / "p.jsonl").returncode == 0
    source = write_csv(tmp_path / "in.csv", [(t,) for t in TEXTS], ("text",))
    assert classify(toy_folder, source, tmp_path / "c.jsonl").returncode == 0
    pairs = zip(answers(tmp_path / "p.jsonl"), answers(tmp_path / "c.jsonl"), strict=True)
    assert all(a["category"] == b["category"] and a["signals"] == b["signals"] for a, b in pairs)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"inhalt,note\na,b\n", "has no column 'text'; it has inhalt, note"),
        (b"", "has no column 'text'; it has no columns"),
    ],
)
def test_a_file_without_the_column_says_which_it_has(
    toy_folder: Path, tmp_path: Path, content: bytes, message: str
) -> None:
    """Exit status 1, one sentence on standard error, and no half-made output."""
    source = tmp_path / "in.csv"
    source.write_bytes(content)
    run = classify(toy_folder, source, tmp_path / "out.jsonl")
    assert run.returncode == 1
    assert message in run.stderr
    assert "Traceback" not in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_missing_files_and_unknown_formats_are_named(toy_folder: Path, tmp_path: Path) -> None:
    """So is a model folder that is none."""
    assert "is no file" in classify(toy_folder, tmp_path / "no.csv", tmp_path / "o.jsonl").stderr
    (tmp_path / "a.xyz").write_text("x", encoding="utf-8")
    assert (
        "'.xyz' is none of" in classify(toy_folder, tmp_path / "a.xyz", tmp_path / "o.jsonl").stderr
    )
    source = write_csv(tmp_path / "in.csv", [("退款",)], ("text",))
    run = classify(tmp_path, source, tmp_path / "o.jsonl")
    assert run.returncode == 1
    assert "no manifest.json" in run.stderr


def test_rows_with_too_many_cells_are_errors_of_their_own(toy_folder: Path, tmp_path: Path) -> None:
    """A row that does not fit the header is not guessed at; its neighbours are answered."""
    source = tmp_path / "in.csv"
    source.write_text("text\n退款一直推\na,b,c\n快递丢了\n", encoding="utf-8")
    classify(toy_folder, source, tmp_path / "out.jsonl")
    found = answers(tmp_path / "out.jsonl")
    assert [a["outcome"] == "error" for a in found] == [False, True, False]


def test_mask_prints_the_masked_text() -> None:
    """The library's masking is at hand on the command line."""
    command = [sys.executable, "-m", "classifier", "mask", "电话13800001111"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "电话[手机]\n"


def test_the_measuring_command_checks_every_row(toy_folder: Path, tmp_path: Path) -> None:
    """A small run of it: all rows are right; a row that is lost or comes twice is counted."""
    options = ["--rows", "700", "--jobs", "2", "--ending", "csv", "--model", str(toy_folder)]
    command = [sys.executable, "-m", "tests.show.batch", *options]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(run.stdout)
    assert (found["rows"], found["wrong_rows"], found["status"]) == (700, 0, 0)
    source = write_csv(tmp_path / "in.csv", [("退款",), ("快递",)], ("text",))
    for rows in ("1,refund\n", "1,refund\n2,delivery\n2,delivery\n"):
        (tmp_path / "o.csv").write_text("row,category\n" + rows, encoding="utf-8")
        assert faults(source, tmp_path / "o.csv", toy_folder) >= 1
