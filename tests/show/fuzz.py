"""Millions of inputs that a coverage-guided fuzzer makes up, against what must always hold.

`python -m tests.show.fuzz --minutes 10` runs every target of `tests/properties.py` in a process of
its own, by Atheris (libFuzzer over Python's bytecode), from texts of the corpus and the packaged
files. A failure is kept in `--failures` and the run goes on; so is a single input that takes over
ten seconds or 3 GB, which ends its target. The exit status is 1 if anything failed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from random import Random

import click
import pandas as pd

from classifier import load
from classifier.artifact import (
    MANIFEST,
    VOCABULARY,
    WEIGHTS,
    read_artifact,
    write_manifest,
    write_model_files,
)
from tests.conftest import ROOT

_TEXTS = 400
_COUNT = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_SHARES = {"cleaning": 2, "masking": 2}  # of the time; the others have one
TARGETS = (
    "cleaning", "tokens", "features", "prediction", "signals", "masking", "policy", "playbook",
    "artifact", "dialogue",
)  # fmt: skip
# Stretches that single bytes would take long to put together.
_WORDS = (
    "我叫", "先生", "女士", "手机", "身份证", "银行卡", "微信", "订单号", "快递单号", "http://",
    "[snapshot]", "[/snapshot]", "<br>", "&nbsp;", "13800001111", "11010519491231002X",
    "6222020000000000000", "a@b.com", "京A12345", "中山北路88号", "3栋501", "某某小区", "不退款就",
    "投诉", "打死", "12315", "[[", "\u200b", "\u0301", "！", "０", "退", "😡",
)  # fmt: skip


def write_seeds(name: str, seeds: Path, draws: Random) -> None:
    """What the fuzzer begins with: texts of the corpus, or packaged files."""
    seeds.mkdir()
    texts = _corpus(draws)
    if name in {"policy", "playbook"}:
        found = [(ROOT / "classifier" / f"{name}.toml").read_bytes()]
        found += [b"".join(found[0].splitlines(keepends=True)[:60])]
    elif name == "artifact":
        folder = small_model(seeds.parent / "model")
        files = (MANIFEST, MANIFEST, WEIGHTS, VOCABULARY)
        found = [bytes([which]) + (folder / file).read_bytes() for which, file in enumerate(files)]
    elif name == "dialogue":
        found = [
            "\n".join(
                f"{number % 3}{text}" for number, text in enumerate(draws.sample(texts, 5))
            ).encode()
            for _ in range(_TEXTS)
        ]
    else:
        found = [text.encode() for text in texts]
    for number, content in enumerate(found):
        (seeds / str(number)).write_bytes(content)
    words = (re.sub(r"[^!-~]|[\\\"]", _escaped, word) for word in _WORDS)
    (seeds.parent / "words").write_text("".join(f'"{word}"\n' for word in words), "ascii")


def _escaped(match: re.Match[str]) -> str:
    return "".join(f"\\x{byte:02x}" for byte in match.group().encode())


def _corpus(draws: Random) -> list[str]:
    tables = [pd.read_csv(file, dtype=str) for file in sorted((ROOT / "data/corpus").glob("*.csv"))]
    return draws.sample(pd.concat(tables).text.dropna().tolist(), _TEXTS)


def small_model(folder: Path) -> Path:
    """The current model with ten words, ten character n-grams and all concepts: few bytes."""
    whole = load(models=ROOT / "models")
    version = whole.version
    found = read_artifact(ROOT / "models" / version)
    words, characters, concepts = found.terms
    few = words[:10], characters[:10], concepts
    firsts = [0, *accumulate(map(len, found.terms))][:-1]
    kept = [first + n for first, terms in zip(firsts, few, strict=True) for n in range(len(terms))]
    small = replace(
        found,
        weights=found.weights[kept],
        idf=found.idf[kept],
        terms=few,
        manifest={
            key: found.manifest[key]
            for key in ("features", "heads", "tokeniser", "concepts", "neutral")
        },
    )
    folder.mkdir()
    write_manifest(folder, write_model_files(folder, small))
    return folder


def run(name: str, seconds: float, failures: Path) -> tuple[int, float, int, str]:
    """Executions, seconds, failures and what was said of them, of one target."""
    before = set(failures.iterdir())
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        seeds = Path(place) / "seeds"
        write_seeds(name, seeds, Random(1))  # noqa: S311
        command = [sys.executable, "-m", "tests.show.fuzz_target", name, str(seeds)]
        command += [str(max(1, round(seconds))), str(failures.resolve())]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace",
                              check=False)  # fmt: skip
    counted = _COUNT.search(done.stderr)
    if not counted:
        sys.exit(f"{name} did not run:\n{done.stderr[-2000:]}")
    new = set(failures.iterdir()) - before
    said = done.stderr[: done.stderr.find("###### Recommended")] if new else ""
    return int(counted[1]), time.perf_counter() - start, len(new), said


@click.command()
@click.option("--minutes", type=click.FloatRange(0.01, 600), default=10, show_default=True)
@click.option("--only", type=click.Choice(TARGETS), multiple=True, help="Leave the others out.")
@click.option("--failures", type=click.Path(path_type=Path), default=Path("var/fuzz"))
def main(minutes: float, only: Sequence[str], failures: Path) -> None:
    """Run the targets one after the other, and print a table."""
    failures.mkdir(parents=True, exist_ok=True)
    names = only or TARGETS
    shares = [_SHARES.get(name, 1) for name in names]
    total = failed = 0
    click.echo(f"{'target':<12} {'executions':>10} {'seconds':>8} {'failures':>8}")
    for name, share in zip(names, shares, strict=True):
        count, seconds, faults, said = run(name, minutes * 60 * share / sum(shares), failures)
        click.echo(f"{name:<12} {count:>10} {seconds:>8.0f} {faults:>8}")
        click.echo(said, err=True, nl=False)
        total, failed = total + count, failed + faults
    click.echo(f"{'all':<12} {total:>10} {'':>8} {failed:>8}")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
