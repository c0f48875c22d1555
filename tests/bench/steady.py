"""Ratios that are compared from day to day: `make bench-check` fails if one fell by a fifth.

What makes them comparable on machines whose speed changes by the minute: both sides of a ratio are
measured one right after the other, in processor seconds of this process, which a busy neighbour
hardly changes; a ratio is the median of the rounds; only those are checked that moved by less than
a tenth in five runs (docs/bench.json has all five); the slowest of the five is what a fall is
counted from; and it must show in three tries.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import click

from classifier import Triage, load
from classifier.collection import settle
from classifier.triage import BATCH
from tests.bench.library import batches, ratio
from tests.bench.texts import sample
from tests.conftest import ROOT

RECORD = ROOT / "docs" / "bench.json"
_TEXTS, _ROUNDS, _RUNS, _TRIES = 1000, 7, 5, 3
_MAX_SPREAD, _MAX_FALL = 0.10, 0.20
Json = dict[str, Any]


def steady_ratios(triage: Triage, texts: list[str], labels: list[str]) -> dict[str, float]:
    """Speed of a prediction as ratios to others, in processor time."""
    # Batch by batch, so in one thread: two take more processor time, how much tells the machine.
    runs = batches(triage, texts, labels, at_once=BATCH)
    for run in runs:
        run()
    speeds = [[1 / _seconds(run) for run in runs] for _ in range(_ROUNDS)]
    bare, fast, full, plain = zip(*speeds, strict=True)
    return {
        "predict, no evidence, against rjieba": ratio(fast, bare),
        "predict with evidence, against rjieba": ratio(full, bare),
        "predict, no evidence, against scikit-learn": ratio(fast, plain),
        "predict with evidence, against scikit-learn": ratio(full, plain),
    }


def measure() -> dict[str, float]:
    """The ratios of the current model on a sample of the corpus."""
    texts, labels = sample(_TEXTS)
    model = load(models=ROOT / "models")
    settle()  # as the service and the command line do
    return steady_ratios(model, texts, labels)


def recorded() -> Json:
    """For each ratio its median, its five runs, their spread, and whether it is checked."""
    command = [sys.executable, "-m", "tests.bench.steady", "--json"]
    runs = [
        json.loads(
            subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        )
        for _ in range(_RUNS)
    ]
    return {name: entry([run[name] for run in runs]) for name in runs[0]}


def entry(values: list[float]) -> Json:
    """What is kept of a ratio.

    >>> entry([2.0, 2.1, 1.9])
    {'ratio': 2.0, 'runs': [2.0, 2.1, 1.9], 'spread': 0.1, 'is_checked': False}
    """
    middle = median(values)
    spread = round((max(values) - min(values)) / middle, 3)
    runs = [round(value, 3) for value in values]
    return {
        "ratio": round(middle, 3),
        "runs": runs,
        "spread": spread,
        "is_checked": spread < _MAX_SPREAD,
    }


def fallen(found: dict[str, float], kept: Json) -> list[str]:
    """Ratios that are checked and have fallen by more than a fifth, in words.

    >>> fallen({"a": 0.7, "b": 0.1}, {"a": entry([1.0]), "b": entry([1.0, 2.0])})
    ['a: 0.70, was 1.00 and more']
    """
    return [
        f"{name}: {found[name]:.2f}, was {min(old['runs']):.2f} and more"
        for name, old in kept.items()
        if old["is_checked"] and found[name] < min(old["runs"]) * (1 - _MAX_FALL)
    ]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the ratios, check nothing.")
@click.option("--record", type=click.Path(path_type=Path), default=RECORD)
def main(record: Path, *, as_json: bool) -> None:
    """Measure, compare with the record; measure again before saying that something has fallen."""
    found = measure()
    if as_json:
        click.echo(json.dumps(found))
        return
    kept = json.loads(record.read_text(encoding="utf-8"))["steady"]
    for _ in range(_TRIES - 1):
        if fallen(found, kept):
            again = measure()
            found = {name: max(value, again[name]) for name, value in found.items()}
    for name, value in found.items():
        checked = "checked" if kept[name]["is_checked"] else "not checked, too unsteady"
        click.echo(f"{name:44} {value:6.2f}  was {kept[name]['ratio']:6.2f}  {checked}")
    slower = fallen(found, kept)
    for line in slower:
        click.echo(f"SLOWER: {line}")
    sys.exit(bool(slower))


def _seconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


if __name__ == "__main__":
    main()
