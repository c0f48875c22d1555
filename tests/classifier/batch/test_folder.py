"""A folder of Parquet files, file by file and on a cluster of two worker processes."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from classifier.__main__ import main
from classifier.batch.folder import Loading, classify_folder
from classifier.batch.journal import UnfinishedError
from classifier.batch.run import Plan
from classifier.batch.score import Tally
from classifier.errors import InputFileError
from tests.builders import TOY_ROWS

FILES, ROWS = 4, 1500


def silent(_share: float, _tally: Tally) -> None:
    """No progress display."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of Parquet files with toy texts."""
    folder = tmp_path_factory.mktemp("texts")
    for file in range(FILES):
        texts = [f"{TOY_ROWS[n % 20][0]}，单号{file}-{n}" for n in range(ROWS)]
        pq.write_table(pa.table({"text": texts}), folder / f"day{file}.parquet")
    return folder


@pytest.fixture(scope="module")
def alone(
    toy_folder: Path, source: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list]:
    """What one process on this machine writes."""
    target = tmp_path_factory.mktemp("alone")
    summary = classify_folder(Loading(toy_folder, None), source, target, Plan(), silent)
    assert summary.tally.rows == FILES * ROWS
    return content(target)


def content(folder: Path) -> dict[str, list]:
    """The rows of each file, without the moment of the run."""
    return {
        file.name: pq.read_table(file).drop_columns(["due_at"]).to_pylist()
        for file in sorted(folder.glob("*.parquet"))
    }


@pytest.fixture
def scheduler() -> Iterator[str]:
    """The address of a cluster of two worker processes on this machine."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as found:
        yield found.scheduler_address


def test_a_cluster_writes_what_one_machine_writes_though_a_worker_is_killed(
    toy_folder: Path, source: Path, alone: dict[str, list], tmp_path: Path, scheduler: str
) -> None:
    """A worker killed in the middle of a file costs time, not rows."""
    plan, killed = Plan(scheduler=scheduler), threading.Event()
    killer = threading.Thread(target=kill_a_writer, args=(tmp_path, killed))
    killer.start()
    summary = classify_folder(Loading(toy_folder, None), source, tmp_path, plan, silent)
    killer.join()
    assert killed.is_set()
    assert summary.tally.rows == FILES * ROWS
    assert content(tmp_path) == alone
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*alone, "_run.json"}


def kill_a_writer(folder: Path, killed: threading.Event) -> None:
    """As soon as a part has some of its rows, who writes it is killed."""
    end = time.monotonic() + 60
    while time.monotonic() < end and not killed.is_set():
        for part in folder.glob("*.part"):
            if part.stat().st_size > 100_000 and (pid := writer(part)):
                os.kill(pid, signal.SIGKILL)
                killed.set()
                break
        time.sleep(0.001)


def writer(part: Path) -> int | None:
    """Which child process has a file open."""
    for child in psutil.Process().children(recursive=True):
        try:
            if any(file.path == str(part) for file in child.open_files()):
                return child.pid
        except psutil.Error:
            continue
    return None


def test_finished_files_are_kept_and_other_things_refused(
    toy_folder: Path, source: Path, tmp_path: Path
) -> None:
    """The same call does what is left; another column, or other files, need --restart."""
    loading, target = Loading(toy_folder, None), tmp_path / "out"
    classify_folder(loading, source, target, Plan(), silent)
    (target / "day2.parquet").unlink()
    before = {path.name: path.stat().st_mtime_ns for path in target.glob("*.parquet")}
    classify_folder(loading, source, target, Plan(), silent)
    after = {path.name: path.stat().st_mtime_ns for path in target.glob("*.parquet")}
    assert {name: after[name] for name in before} == before
    assert len(after) == FILES
    note = json.loads((target / "_run.json").read_text("utf-8"))
    due = {pq.read_table(path)["due_at"][0].as_py() for path in target.glob("*.parquet")}
    assert len(due) == 1  # though one was made later
    with pytest.raises(UnfinishedError, match=r"another column.*--restart"):
        classify_folder(loading, source, target, Plan(text_column="other"), silent)
    note["files"]["day1.parquet"] += 1
    (target / "_run.json").write_text(json.dumps(note), "utf-8")
    with pytest.raises(UnfinishedError, match="another files"):
        classify_folder(loading, source, target, Plan(), silent)
    plan = replace(Plan(), is_restart=True)
    assert classify_folder(loading, source, target, plan, silent).tally.rows == FILES * ROWS


def test_folders_without_parquet_and_clusters_without_folders_are_refused(
    toy_folder: Path, tmp_path: Path
) -> None:
    """In one sentence."""
    with pytest.raises(InputFileError, match="holds no Parquet file"):
        classify_folder(Loading(toy_folder, None), tmp_path, tmp_path / "o", Plan(), silent)
    options = ["classify", "--input", str(tmp_path / "a.csv"), "--output", "o.csv"]
    run = CliRunner().invoke(main, [*options, "--scheduler", "local", "--model", str(toy_folder)])
    assert isinstance(run.exception, InputFileError)
    assert "is no folder; --scheduler scores folders" in str(run.exception)


def test_a_folder_is_scored_by_the_command_line(
    toy_folder: Path, source: Path, alone: dict[str, list], tmp_path: Path
) -> None:
    """On a cluster of its own, with the summary at the end."""
    pytest.importorskip("distributed")
    options = ["classify", "--input", str(source), "--output", str(tmp_path / "o"), "--json"]
    options += ["--model", str(toy_folder), "--jobs", "1", "--scheduler", "local"]
    run = CliRunner().invoke(main, options)
    assert run.exit_code == 0, run.output
    assert json.loads(run.stdout.splitlines()[-1])["rows"] == FILES * ROWS
    assert content(tmp_path / "o") == alone
