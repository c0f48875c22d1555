"""A folder of Parquet files in, a folder of the same names out, on this machine or a Dask cluster.

Each file is a run of its own, with a part and a journal: what a killed process or machine has begun
is gone on with by whoever takes the file next. `_run.json` in the output says what it is made from.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from classifier.batch.journal import UnfinishedError
from classifier.batch.run import Plan, Progress, Summary, classify_file
from classifier.batch.score import Tally
from classifier.cluster import RETRIES, dask_client
from classifier.errors import InputFileError
from classifier.policy import Policy
from classifier.policy_file import load_policy
from classifier.triage import Triage, load

_RUN = "_run.json"
_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class Loading:
    """Where a model and a policy are loaded from, by every process that needs them."""

    model: Path
    policy: Path | None

    def load(self) -> tuple[Triage, Policy]:
        """Both, once in each process."""
        with _loading:
            return _load(self)


@lru_cache(maxsize=1)
def _load(loading: Loading) -> tuple[Triage, Policy]:
    return load(loading.model), load_policy(loading.policy)


def classify_folder(
    loading: Loading, source: Path, target: Path, plan: Plan, progress: Progress
) -> Summary:
    """Write the answers to each Parquet file of a folder; the same call goes on after a kill.

    `plan.scheduler` is the address of a Dask scheduler, whose workers must see the same folders,
    or "local" for `jobs` worker processes on this machine. Without one, files come one by one.

    Raises:
        InputFileError: there are no Parquet files, a file cannot be read, or Dask is missing.
        UnfinishedError: the output was begun from other files, another column, model or policy.
    """
    files = sorted(source.glob("*.parquet"))
    if not files:
        raise InputFileError(f"{source} holds no Parquet file (*.parquet)")
    start = datetime.now(UTC)
    plan = replace(plan, received_at=_begin(loading, files, target, plan))
    left = [(file, target / file.name) for file in files if not (target / file.name).exists()]
    with _runner(loading, plan) as run:
        for number, _ in enumerate(run(left), start=len(files) - len(left) + 1):
            progress(number / len(files), Tally())
    return _summary(target, files, (datetime.now(UTC) - start).total_seconds())


def _begin(loading: Loading, files: list[Path], target: Path, plan: Plan) -> datetime:
    """The moment at which the output was begun, now or before."""
    model, policy = loading.load()
    wanted = {
        "model": model.version,
        "policy": policy.content_hash,
        "column": plan.text_column,
        "files": {file.name: file.stat().st_size for file in files},
    }
    note = target / _RUN
    if note.exists() and not plan.is_restart:
        found = orjson.loads(note.read_bytes())
        for name, value in wanted.items():
            if found[name] != value:
                raise UnfinishedError(
                    f"{target} was begun with another {name}: run it with that, or give --restart "
                    "to begin anew"
                )
        return datetime.fromisoformat(found["received_at"])
    target.mkdir(parents=True, exist_ok=True)
    for file in files:
        (target / file.name).unlink(missing_ok=True)
    received_at = datetime.now(UTC).replace(microsecond=0)
    replacement = note.with_name(f"{_RUN}.new")
    replacement.write_bytes(orjson.dumps(wanted | {"received_at": received_at}))
    replacement.replace(note)
    return received_at


Pairs = list[tuple[Path, Path]]


@contextmanager
def _runner(loading: Loading, plan: Plan) -> Iterator[Callable[[Pairs], Iterator[object]]]:
    if plan.scheduler is None:
        yield lambda pairs: (classify_file(loading.load(), *pair, plan) for pair in pairs)
        return
    with dask_client(plan.scheduler, plan.jobs) as client:
        yield lambda pairs: _on_cluster(client, loading, plan, pairs)


def _on_cluster(client: Any, loading: Loading, plan: Plan, pairs: Pairs) -> Iterator[object]:
    from distributed import as_completed  # noqa: PLC0415

    one = replace(plan, jobs=1)
    futures = [
        client.submit(_classify, loading, source, target, one, retries=RETRIES, pure=False)
        for source, target in pairs
    ]
    for future in as_completed(futures):
        yield future.result()


def _classify(loading: Loading, source: Path, target: Path, plan: Plan) -> int:
    """The work of a cluster's worker: one file."""
    if target.exists():  # its answer was lost with the worker that gave it
        return 0
    return classify_file(loading.load(), source, target, plan).tally.rows


def _summary(target: Path, files: list[Path], seconds: float) -> Summary:
    """What the output holds, whoever made it."""
    import pyarrow.compute as pc  # noqa: PLC0415  (optional: only Parquet needs it)
    import pyarrow.parquet as pq  # noqa: PLC0415

    tally = Tally()
    for file in files:
        table = pq.read_table(target / file.name, columns=["outcome", "priority"])
        found = Tally(len(table))
        for name, counts in (("outcome", found.outcomes), ("priority", found.priorities)):
            for entry in pc.value_counts(table[name]).to_pylist():
                if entry["values"] is not None:
                    counts[entry["values"]] += entry["counts"]
        tally.add(found)
    return Summary(tally, seconds)
