"""How long and how much memory a large file takes, and that every row is answered once.

`python -m tests.show.batch --rows 1000000` makes up so many texts from the corpus, classifies them
by the command line, and prints wall and processor seconds, the peak of memory of all processes
together (what they share counts once), and what a check of every row of the output found.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import click
import pyarrow.parquet as pq

from classifier import load
from tests.conftest import ROOT
from tests.show.large import made_up, peak_of, proportional

_ENDINGS = ("jsonl", "csv", "parquet")
_COMPARED = 500  # every so many rows, one is asked of the library directly


def write_texts(rows: int, target: Path) -> None:
    """A CSV file of made-up texts."""
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text"])
        writer.writerows([text] for text, _, _ in made_up(rows))


def answered(path: Path) -> Iterator[tuple[int, str | None]]:
    """Row number and category of each row of an output."""
    if path.suffix == ".parquet":
        for batch in pq.ParquetFile(path).iter_batches(columns=["row", "category"]):
            yield from zip(*(batch.column(n).to_pylist() for n in (0, 1)), strict=True)
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        if path.suffix == ".csv":
            for row in csv.DictReader(file):
                yield int(row["row"]), row["category"] or None
        else:
            for answer in map(json.loads, file):
                yield answer["request_id"], (answer["category"] or {"code": None})["code"]


def faults(source: Path, target: Path, model: Path | None) -> int:
    """How many rows are not where they belong, or have another answer than the library gives."""
    found, compared = 0, []
    with source.open(encoding="utf-8", newline="") as file:
        pairs = zip_longest(csv.DictReader(file), answered(target))
        for number, (sent, answer) in enumerate(pairs, start=1):
            if sent is None or answer is None or answer[0] != number:
                found += 1
            elif number % _COMPARED == 1:
                compared.append((sent["text"], answer[1]))
    predictions = load(model, models=ROOT / "models").predict([text for text, _ in compared])
    expected = [one.category.code if one.category else None for one in predictions]
    return found + sum(a != b for a, (_, b) in zip(expected, compared, strict=True))


@click.command()
@click.option("--rows", type=click.IntRange(1), default=1_000_000, show_default=True)
@click.option("--jobs", type=click.IntRange(1), default=len(os.sched_getaffinity(0)))
@click.option("--ending", type=click.Choice(_ENDINGS), default=_ENDINGS[0], show_default=True)
@click.option("--model", type=click.Path(path_type=Path))
def main(rows: int, jobs: int, ending: str, model: Path | None) -> None:
    """Classify made-up texts; print seconds and memory, and check every row."""
    with tempfile.TemporaryDirectory() as place:
        source, target = Path(place) / "texts.csv", Path(place) / f"answers.{ending}"
        write_texts(rows, source)
        command = [sys.executable, "-m", "classifier", "classify", "--jobs", str(jobs)]
        command += ["--input", str(source), "--output", str(target)]
        command += ["--model", str(model)] if model else []
        seconds, megabytes, status = peak_of(command, proportional)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor = used.ru_utime + used.ru_stime
        wrong = rows if status else faults(source, target, model)
        found = {
            "rows": rows, "jobs": jobs, "seconds": round(seconds, 1),
            "texts_per_second": round(rows / seconds), "processor_seconds": round(processor, 1),
            "texts_per_processor_second": round(rows / processor), "peak_mb": round(megabytes),
            "output_mb": round(target.stat().st_size / 1e6, 1) if not status else None,
            "wrong_rows": wrong, "status": status,
        }  # fmt: skip
        click.echo(json.dumps(found))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
