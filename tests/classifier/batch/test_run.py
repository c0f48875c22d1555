"""A whole run: formats, processes, bad rows, going on after a kill, refusals."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import psutil
import pyarrow.parquet as pq
import pytest

from classifier import Triage
from classifier.artifact import Artifact, read_artifact
from classifier.batch.columns import COLUMNS
from classifier.batch.decisions import Decisions
from classifier.batch.formats import format_of
from classifier.batch.journal import UnfinishedError, journal_of, part_of
from classifier.batch.run import Plan, classify_file
from classifier.batch.score import Chunk, Scorer, Tally
from classifier.batch.workers import WorkerError, workers
from classifier.errors import InputFileError
from classifier.files import read_rows
from classifier.policy import decide
from classifier.policy_file import load_policy
from classifier.reply import Json, reply
from tests.builders import TOY_ROWS, write_csv
from tests.conftest import ROOT

POLICY = load_policy()
START = datetime(2026, 11, 23, 2, tzinfo=UTC)


def texts(number: int) -> list[str]:
    """Toy texts, each with a number of its own; every hundredth is empty."""
    return [
        "" if i % 100 == 99 else f"{TOY_ROWS[i % len(TOY_ROWS)][0]}，单号{i}" for i in range(number)
    ]


def source_of(folder: Path, number: int, name: str = "in.csv") -> Path:
    """A CSV file of toy texts."""
    return write_csv(folder / name, [(text,) for text in texts(number)], ("text",))


def timeless(path: Path) -> list[Json]:
    """The answers of a JSON Lines file without the moment that each run has of its own."""
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for answer in found:
        if answer["priority"]:
            del answer["priority"]["due_at"]
    return found


def test_several_processes_write_what_one_writes(toy: Triage, tmp_path: Path) -> None:
    """The same rows in the same order, whatever the number of processes; the tally tells of all."""
    source = source_of(tmp_path, 1500)
    one = classify_file((toy, POLICY), source, tmp_path / "one.jsonl")
    three = classify_file((toy, POLICY), source, tmp_path / "three.jsonl", Plan(jobs=3))
    assert timeless(tmp_path / "one.jsonl") == timeless(tmp_path / "three.jsonl")
    assert [a["request_id"] for a in timeless(tmp_path / "one.jsonl")] == list(range(1, 1501))
    assert one.tally == three.tally
    assert one.tally.rows == sum(one.tally.priorities.values()) == 1500
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "in.csv",
        "one.jsonl",
        "three.jsonl",
    ]


@pytest.mark.parametrize(("ending", "jobs"), [("jsonl", 1), ("parquet", 2)])
def test_a_run_killed_again_and_again_loses_nothing(
    toy: Triage, toy_folder: Path, tmp_path: Path, jobs: int, ending: str
) -> None:
    """Killed at one touch of a file after another, also while it finishes: each row once."""
    source, target = source_of(tmp_path, 1300), tmp_path / f"out.{ending}"
    command = [sys.executable, "-m", "tests.classifier.batch.killed", str(toy_folder)]
    command += [str(source), str(target), str(jobs), "7"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) >= 3
    whole = tmp_path / f"whole.{ending}"
    classify_file((toy, POLICY), source, whole)
    assert rows_of(target) == rows_of(whole)
    assert len(rows_of(target)) == 1300
    left = {"in.csv", target.name, whole.name}
    assert {path.name for path in tmp_path.iterdir()} == left


def rows_of(path: Path) -> list[Json]:
    """The rows of an output of any format, without the moment of the run."""
    if path.suffix == ".jsonl":
        return timeless(path)
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            found: list[Json] = [dict(row) for row in csv.DictReader(file)]
    else:
        found = pq.read_table(path).to_pylist()
    return [{name: value for name, value in row.items() if name != "due_at"} for row in found]


def test_a_killed_command_leaves_no_process_and_goes_on(
    toy: Triage, toy_folder: Path, tmp_path: Path
) -> None:
    """A command killed by kill -9: its processes end, and the same command goes on."""
    source, target = source_of(tmp_path, 20_000), tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "classifier", "classify", "--input", str(source)]
    command += ["--output", str(target), "--model", str(toy_folder), "--jobs", "2", "--json"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=ROOT, **quiet) as process:
        wait_for(lambda: part_of(target).exists() and part_of(target).stat().st_size > 1_000_000)
        children = psutil.Process(process.pid).children()
        assert len(children) == 2
        os.kill(process.pid, signal.SIGKILL)
    assert psutil.wait_procs(children, timeout=10)[1] == []
    assert not target.exists()
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    summary = json.loads(run.stdout)
    assert 0 < summary["resumed_rows"] < summary["rows"] == 20_000
    assert "were there from a run before" in run.stderr
    with target.open(encoding="utf-8") as file:
        assert [json.loads(line)["request_id"] for line in file] == list(range(1, 20_001))


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Until it holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def interrupted(toy: Triage, source: Path, target: Path) -> None:
    """A run that its progress display ends after the second chunk."""

    def stop(_share: float, tally: Tally) -> None:
        if tally.rows >= 512:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        classify_file((toy, POLICY), source, target, progress=stop)


def other_text(folder: Path, toy: Triage) -> tuple[Path, Triage, Plan]:
    """The same name with one letter changed."""
    source = folder / "in.csv"
    source.write_text(source.read_text("utf-8").replace("单号7，", "单号8，", 1) + "x\n", "utf-8")
    return source, toy, Plan()


def other_column(folder: Path, _toy: Triage) -> tuple[Path, Triage, Plan]:
    """Another column of the same file."""
    return folder / "in.csv", _toy, Plan(text_column="other")


@pytest.mark.parametrize(("change", "name"), [(other_text, "input"), (other_column, "column")])
def test_another_input_is_refused(
    toy: Triage, tmp_path: Path, change: Callable[..., tuple[Path, Triage, Plan]], name: str
) -> None:
    """In one sentence, and the unfinished output stays as it is."""
    rows = [(text, "x") for text in texts(800)]
    source, target = write_csv(tmp_path / "in.csv", rows, ("text", "other")), tmp_path / "o.jsonl"
    interrupted(toy, source, target)
    before = part_of(target).read_bytes(), journal_of(target).read_bytes()
    source, model, plan = change(tmp_path, toy)
    with pytest.raises(UnfinishedError, match=f"begun with another {name}.*--restart"):
        classify_file((model, POLICY), source, target, plan)
    assert (part_of(target).read_bytes(), journal_of(target).read_bytes()) == before
    assert classify_file((model, POLICY), source, target, replace(plan, is_restart=True)).tally.rows


def test_another_model_or_policy_is_refused(
    toy: Triage, artifact: Artifact, tmp_path: Path
) -> None:
    """The answers of one output all come from one model and one policy."""
    source, target = source_of(tmp_path, 800), tmp_path / "o.jsonl"
    interrupted(toy, source, target)
    renamed = Triage(replace(artifact, version="another"))
    with pytest.raises(UnfinishedError, match=f"model .{toy.version}, now another"):
        classify_file((renamed, POLICY), source, target)
    changed = replace(POLICY, content_hash="0123")
    with pytest.raises(UnfinishedError, match=r"another policy .*now 0123"):
        classify_file((toy, changed), source, target)
    assert classify_file((toy, POLICY), source, target).resumed_rows == 512


def test_a_resumed_run_keeps_the_moment_it_began(toy: Triage, tmp_path: Path) -> None:
    """So every clock of one output counts from the same moment."""
    source, target = source_of(tmp_path, 800), tmp_path / "o.jsonl"
    interrupted(toy, source, target)
    began = json.loads(journal_of(target).read_text("utf-8"))
    earlier = json.dumps(began | {"received_at": "2020-01-06T02:00:00+00:00"})
    journal_of(target).write_text(earlier, "utf-8")
    classify_file((toy, POLICY), source, target)
    lines = target.read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["priority"]["due_at"][:4] for line in lines[512:]} == {"2020"}


@pytest.mark.parametrize("broken", ["", "{", '{"format": 99}'])
def test_a_part_that_does_not_fit_its_journal_is_begun_anew(
    toy: Triage, tmp_path: Path, broken: str
) -> None:
    """As after a loss of power: what is not known to be good is made again."""
    source, target = source_of(tmp_path, 800), tmp_path / "o.jsonl"
    interrupted(toy, source, target)
    if broken:
        journal_of(target).write_text(broken, "utf-8")
    else:
        os.truncate(part_of(target), 10)
    assert classify_file((toy, POLICY), source, target).resumed_rows == 0
    assert [a["request_id"] for a in timeless(target)] == list(range(1, 801))


def test_two_runs_do_not_write_one_output(toy: Triage, toy_folder: Path, tmp_path: Path) -> None:
    """The second one is refused; a lock that a process holds does not bind the process itself."""
    target = tmp_path / "o.jsonl"
    interrupted(toy, source_of(tmp_path, 800), target)
    holder = subprocess.Popen(
        [sys.executable, "-c", "import fcntl, sys; f = open(sys.argv[1], 'r+b'); "
         "fcntl.lockf(f, fcntl.LOCK_EX); print('locked', flush=True); sys.stdin.read()",
         str(part_of(target))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        with pytest.raises(UnfinishedError, match="being written by another run"):
            classify_file((toy, POLICY), tmp_path / "in.csv", target)
        holder.kill()
    assert classify_file((toy, POLICY), tmp_path / "in.csv", target).resumed_rows == 512


def test_the_flat_table_says_what_the_answers_say(toy: Triage, tmp_path: Path) -> None:
    """CSV and Parquet have the documented columns, with the values of the JSON answers."""
    source = tmp_path / "in.jsonl"
    lines = ['{"text": "退款没有到账，我打12315投诉"}', "{broken", '{"text": "hello there"}']
    source.write_text("\n".join(lines), encoding="utf-8")
    for ending in ("jsonl", "csv", "parquet"):
        classify_file((toy, POLICY), source, tmp_path / f"o.{ending}")
    first = json.loads((tmp_path / "o.jsonl").read_text("utf-8").splitlines()[0])
    stored = pq.read_table(tmp_path / "o.parquet").to_pylist()
    written = rows_of(tmp_path / "o.csv")
    assert list(stored[0]) == list(COLUMNS)
    assert stored[0]["category"] == written[0]["category"] == first["category"]["code"] == "refund"
    assert stored[0]["signals"] == written[0]["signals"] == "regulator"
    assert (
        stored[0]["intensity"] == int(str(written[0]["intensity"])) == first["intensity"]["level"]
    )
    assert stored[0]["due_at"].tzinfo is not None
    assert (stored[0]["auto"], written[0]["auto"]) == (False, "false")
    assert (stored[1]["outcome"], written[1]["outcome"]) == ("error", "error")
    assert "no valid JSON" in stored[1]["outcome_reasons"]
    assert (stored[1]["category"], written[1]["category"]) == (None, "")
    assert (stored[2]["category"], written[2]["category"]) == (None, "")
    assert stored[2]["outcome"] == "needs_human"


def test_a_workbook_is_read_and_bad_rows_have_their_number(toy: Triage, tmp_path: Path) -> None:
    """Excel in; the tally names the rows that are errors."""
    book = openpyxl.Workbook()
    for row in (["text", "n"], ["退款一直推", 1], ["快递丢了", 2, "too much"], ["快递丢了", 3]):
        book.active.append(row)
    book.save(tmp_path / "in.xlsx")
    summary = classify_file((toy, POLICY), tmp_path / "in.xlsx", tmp_path / "o.csv")
    assert (summary.tally.rows, summary.tally.error_rows) == (3, [2])
    assert [row["row"] for row in rows_of(tmp_path / "o.csv")] == ["1", "2", "3"]


def test_an_output_of_no_known_format_is_named(toy: Triage, tmp_path: Path) -> None:
    """Before anything is read or written."""
    with pytest.raises(InputFileError, match=r"'.xls' is none of .csv, .jsonl, .ndjson, .parquet"):
        classify_file((toy, POLICY), source_of(tmp_path, 1), tmp_path / "o.xls")
    with pytest.raises(InputFileError, match="cannot be written: No such file"):
        classify_file((toy, POLICY), tmp_path / "in.csv", tmp_path / "no" / "o.csv")


def test_a_lost_process_is_one_sentence_and_costs_no_row(toy: Triage, tmp_path: Path) -> None:
    """A worker that is killed ends the run; the same run then goes on."""
    source, target = source_of(tmp_path, 4000), tmp_path / "o.jsonl"

    def kill(_share: float, tally: Tally) -> None:
        # Not every child: multiprocessing has one of its own, which other tests need.
        for worker in multiprocessing.active_children() if tally.rows == 256 else []:
            worker.kill()

    with pytest.raises(WorkerError, match="the same command goes on"):
        classify_file((toy, POLICY), source, target, Plan(jobs=2), kill)
    assert classify_file((toy, POLICY), source, target).resumed_rows >= 256
    assert [a["request_id"] for a in timeless(target)] == list(range(1, 4001))


def test_a_row_that_breaks_the_model_is_an_error_of_its_own(toy: Triage, tmp_path: Path) -> None:
    """Its neighbours in the same chunk are answered."""

    class Fragile(Triage):
        def __init__(self) -> None:
            self.version = toy.version

        def predict(self, texts: list[str], *, with_evidence: bool = True) -> list:
            if "坏" in texts:
                raise ZeroDivisionError
            return toy.predict(texts, with_evidence=with_evidence)

    scorer = Scorer(Fragile(), POLICY, START, format_of(Path("o.jsonl")))
    found = scorer.answers(Chunk(7, ["退款一直推", "坏", "", "快递丢了"], {2: "no text"}))
    assert [one["request_id"] for one in found] == [7, 8, 9, 10]
    assert [one["outcome"] == "error" for one in found] == [False, True, True, False]
    assert found[1]["outcome_reasons"] == ["cannot be analysed: ZeroDivisionError"]
    assert found[2]["outcome_reasons"] == ["no text"]


def test_decisions_made_once_are_those_made_for_each_row(default_model: Triage) -> None:
    """Every text of the corpus is decided and told as it is alone."""
    files = sorted((ROOT / "data" / "corpus").glob("b*.csv"))[:4]
    found = [str(row.cells["text"]) for file in files for row in read_rows(file, needs="text")]
    scorer = Scorer(default_model, POLICY, START, format_of(Path("o.csv")))
    predictions = default_model.predict(found, with_evidence=False)
    alone = [
        reply(number, one, decide(one, POLICY), received_at=START)
        for number, one in enumerate(predictions, start=1)
    ]
    assert scorer.answers(Chunk(1, found, {})) == alone
    assert len({str(one["priority"]) for one in alone}) > 50


def test_decisions_are_shared_between_equal_findings(toy: Triage) -> None:
    """The same objects come again: that is what saves the time."""
    decisions = Decisions(POLICY, START)
    first, second = toy.predict(["退款一直推", "退款一直推"])
    assert decisions.of(first) is decisions.of(second)


def test_processes_give_results_in_order(toy: Triage) -> None:
    """However long one chunk takes."""
    scorer = Scorer(toy, POLICY, START, format_of(Path("o.jsonl")))
    chunks = [Chunk(1, texts(250), {}), *(Chunk(n, ["退款"], {}) for n in range(251, 300))]
    with workers(scorer, 3) as score:
        found = b"".join(content for content, _ in score(chunks))
    assert [json.loads(line)["request_id"] for line in found.splitlines()] == list(range(1, 300))


@pytest.fixture(scope="module")
def artifact(toy_folder: Path) -> Artifact:
    """The toy model as its folder holds it."""
    return read_artifact(toy_folder)
