"""How long and how much memory training needs on many texts.

`python -m tests.show.large --rows 100000` makes up so many labelled texts, trains on them in a
process of its own, and prints seconds, processor seconds and the peak of memory of all its
processes together, and what came out. With `--output docs` the figures go into `large.json` there,
beside those of other sizes, and all of them into the picture `large.svg`. The texts are sentences
of the corpus put together at random, labels and all: only their number means something, no figure
of the model does.
"""

from __future__ import annotations

import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import matplotlib as mpl
import psutil

mpl.use("svg")
from matplotlib import pyplot as plt

from tests.conftest import ROOT
from training.dataset import Columns, Example, read_dataset

_MEGABYTE = 1_000_000
Figures = dict[str, int]


def made_up(rows: int, seed: int = 0) -> Iterator[tuple[str, str, int]]:
    """Text, category and level: half of one text of a category, then half of another of it."""
    corpus = read_dataset(sorted((ROOT / "data" / "corpus").glob("b*.csv")), Columns())
    by_category: dict[str, list[Example]] = {}
    for example in corpus.examples:
        if example.category and example.level:
            by_category.setdefault(example.category, []).append(example)
    draws = random.Random(seed)  # noqa: S311  (made up)
    names = list(by_category)
    sizes = [len(by_category[name]) for name in names]
    for category in draws.choices(names, sizes, k=rows):
        first, second = draws.choices(by_category[category], k=2)
        cut, rest = draws.randrange(len(first.text) + 1), draws.randrange(len(second.text) + 1)
        level = first.level if cut > len(second.text) - rest else second.level
        text = first.text[:cut] + second.text[rest:]
        yield text or first.text, category, level or 1


def peak_of(
    command: list[str], memory: Callable[[psutil.Process], int] | None = None
) -> tuple[float, float, int]:
    """Seconds, peak memory of the process and its children in MB, and exit status.

    Unless `memory` measures it otherwise it is what is resident: what processes share counts once
    for each.
    """
    memory = memory or resident
    start, peak = time.perf_counter(), 0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        own = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, sum(memory(one) for one in [own, *_children(own)]))
            time.sleep(0.5)
    return time.perf_counter() - start, peak / _MEGABYTE, process.returncode


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


def resident(process: psutil.Process) -> int:
    """Bytes of a process that are in memory, 0 if it has ended."""
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def proportional(process: psutil.Process) -> int:
    """The same, with what several processes share divided among them."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


@click.command()
@click.option("--rows", "sizes", type=int, multiple=True, default=[100_000], show_default=True)
@click.option("--config", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--output", type=click.Path(path_type=Path, exists=True, file_okay=False))
def main(sizes: tuple[int, ...], config: Path | None, output: Path | None) -> None:
    """Train on made-up texts; print seconds and memory."""
    for rows in sizes:
        found, status = trained(rows, config)
        click.echo(json.dumps({**found, "status": status}))
        if status:
            sys.exit(status)
        if output:
            write_down(found, output)


def trained(rows: int, config: Path | None) -> tuple[Figures, int]:
    """What training on so many made-up texts takes, and its exit status."""
    with tempfile.TemporaryDirectory() as place:
        data, models = Path(place) / "large.csv", Path(place) / "models"
        with data.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["text", "category", "intensity"])
            writer.writerows(made_up(rows))
        command = [sys.executable, "-m", "training", "train", "--data", str(data)]
        command += ["--out", str(models), *(["--config", str(config)] if config else [])]
        before = _processor_seconds()
        seconds, megabytes, status = peak_of(command)
        used = _processor_seconds() - before
        size = sum(file.stat().st_size for file in models.rglob("*") if file.is_file())
    found = {"rows": rows, "seconds": round(seconds), "processor_seconds": round(used)}
    memory = {"peak_mb": round(megabytes), "model_mb": round(size / _MEGABYTE)}
    return found | memory, status


def _processor_seconds() -> float:
    """Of all processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write_down(found: Figures, folder: Path) -> None:
    """Add a size to `large.json` of the folder, instead of an older run, and draw all sizes."""
    record = folder / "large.json"
    known = json.loads(record.read_text("utf-8")) if record.exists() else []
    by_rows = {one["rows"]: one for one in [*known, found]}
    sizes = [by_rows[rows] for rows in sorted(by_rows)]
    record.write_text(json.dumps(sizes, indent=1) + "\n", encoding="utf-8")
    draw(sizes, folder / "large.svg")


def draw(sizes: list[Figures], target: Path) -> None:
    """Processor seconds and memory against rows, logarithmic, beside growth in proportion."""
    rows = [one["rows"] for one in sizes]
    panels = (("processor_seconds", "processor seconds"), ("peak_mb", "peak of memory, MB"))
    with mpl.rc_context({"svg.hashsalt": "large", "font.family": "sans-serif"}):
        figure, both = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
        for axes, (name, label) in zip(both, panels, strict=True):
            values = [one[name] for one in sizes]
            linear = [values[0] * number / rows[0] for number in rows]
            axes.loglog(rows, linear, "--", color="#9aa4b2", label="in proportion to rows")
            axes.loglog(rows, values, "o-", color="#1f6feb", label="measured")
            for number, value in zip(rows, values, strict=True):
                place = {"textcoords": "offset points", "xytext": (0, -14), "fontsize": 8}
                axes.annotate(f"{value:,}", (number, value), **place)
            axes.set_xlabel("rows")
            axes.set_ylabel(label)
            axes.legend(frameon=False)
            axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(target, metadata={"Date": None})
        plt.close(figure)


if __name__ == "__main__":
    main()
