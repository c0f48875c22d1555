"""Print the benchmark as a table; exit status 1 if a floor is not reached."""

from __future__ import annotations

import gc
import json
import platform
import sys
from pathlib import Path

import click
import pandas as pd

from classifier import load
from tests.bench.library import Measure, measure_library
from tests.bench.server import measure_server
from tests.conftest import ROOT

_TEXTS = 4000


@click.command()
@click.option("--json", "target", type=click.Path(path_type=Path), help="Write the figures too.")
def main(target: Path | None) -> None:
    """Measure library and service against references in the same run."""
    files = sorted((ROOT / "data" / "corpus").glob("*.csv"))
    corpus = pd.concat([pd.read_csv(f, dtype=str) for f in files]).sample(_TEXTS, random_state=1)
    texts = corpus.text.tolist()
    triage = load(models=ROOT / "models")
    gc.freeze()  # as the service and the command line do
    measures = measure_library(triage, texts, corpus.category.tolist())
    furious = corpus[corpus.intensity.isin(["4", "5"])].text.tolist()
    measures += measure_server(texts[:500], furious[:500])
    length = sum(map(len, texts)) / len(texts)
    click.echo(f"{len(texts)} texts of {length:.0f} characters, {platform.machine()}, one run")
    for measure in measures:
        click.echo(_line(measure))
    if target:
        values = {m.name: {"value": m.value, "unit": m.unit, "ratio": m.ratio} for m in measures}
        target.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    sys.exit(not all(measure.is_reached for measure in measures))


def _line(measure: Measure) -> str:
    line = f"{measure.name:40} {measure.value:12,.2f} {measure.unit:10}"
    if measure.ratio is not None:
        line += f"  ratio {measure.ratio:6.2f}"
    if measure.floor is not None:
        line += f"  floor {measure.floor:.2f}  {'reached' if measure.is_reached else 'NOT REACHED'}"
    return line


if __name__ == "__main__":
    main()
