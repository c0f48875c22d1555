"""Print the benchmark as a table; exit status 1 if a floor is not reached."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from classifier import load
from classifier.collection import settle
from tests.bench.library import Measure, measure_library
from tests.bench.picture import draw
from tests.bench.server import measure_server
from tests.bench.start import measure_start
from tests.bench.steady import RECORD, recorded
from tests.bench.texts import rows
from tests.conftest import ROOT

_TEXTS = 4000
_FIGURES = ROOT / "var" / "bench.json"


@click.command()
@click.option("--json", "target", type=click.Path(path_type=Path), default=_FIGURES)
@click.option("--save", is_flag=True, help="Write docs/bench.json and docs/bench.svg anew.")
def main(target: Path, *, save: bool) -> None:
    """Measure library and service against references in the same run."""
    corpus = rows(_TEXTS)
    texts = corpus.text.tolist()
    triage = load(models=ROOT / "models")
    settle()  # as the service and the command line do
    measures = measure_library(triage, texts, corpus.category.tolist())
    furious = corpus[corpus.intensity.isin(["4", "5"])].text.tolist()
    measures += measure_server(texts[:500], furious[:500])
    measures += measure_start(ROOT / "models")
    length = sum(map(len, texts)) / len(texts)
    click.echo(f"{len(texts)} texts of {length:.0f} characters, {platform.machine()}, one run")
    for measure in measures:
        click.echo(_line(measure))
    found = _record(measures)
    target.parent.mkdir(parents=True, exist_ok=True)
    _write(found, target)
    if save:
        _write(found | {"steady": recorded()}, RECORD)
        draw(found["table"], RECORD.with_suffix(".svg"))
    sys.exit(not all(measure.is_reached for measure in measures))


def _record(measures: Sequence[Measure]) -> dict[str, Any]:
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    table = {
        m.name: {
            "value": round(m.value, 3), "unit": m.unit, "floor": m.floor,
            "ratio": None if m.ratio is None else round(m.ratio, 3),
        }
        for m in measures
    }  # fmt: skip
    return {"machine": machine, "texts": _TEXTS, "table": table}


def _write(found: dict[str, Any], target: Path) -> None:
    target.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _line(measure: Measure) -> str:
    line = f"{measure.name:40} {measure.value:12,.2f} {measure.unit:10}"
    if measure.ratio is not None:
        line += f"  ratio {measure.ratio:6.2f}"
    if measure.floor is not None:
        line += f"  floor {measure.floor:.2f}  {'reached' if measure.is_reached else 'NOT REACHED'}"
    return line


if __name__ == "__main__":
    main()
