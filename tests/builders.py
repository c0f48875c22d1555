"""Small hand-made things that many tests need."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from classifier.artifact import (
    MANIFEST,
    VOCABULARY,
    WEIGHTS,
    read_artifact,
    write_manifest,
    write_model_files,
)
from classifier.prediction import (
    Band,
    Category,
    Intensity,
    Outcome,
    Prediction,
    RankedCategory,
    Signal,
)

# Twenty complaints whose right answers can be checked by eye.
TOY_ROWS = (
    ("奶茶里有一只虫子", "safety", 2),
    ("面包里吃出铁丝，嘴都划破了", "safety", 3),
    ("沙拉里有虫子！！！恶心死了", "safety", 4),
    ("汤里有虫子，你们这帮混蛋去死", "safety", 5),
    ("请问虫子是从哪里来的，汤里有一只", "safety", 1),
    ("快递三天没动了，麻烦查一下", "delivery", 1),
    ("快递又晚到了，有点失望", "delivery", 2),
    ("快递员把包裹乱扔，太不负责了", "delivery", 3),
    ("快递丢了还骗我，垃圾公司！！！", "delivery", 4),
    ("快递丢了，王八蛋快递员不得好死", "delivery", 5),
    ("退款什么时候到账", "refund", 1),
    ("退款说好三天，还没有到，不太满意", "refund", 2),
    ("退款一直推，太差劲了", "refund", 3),
    ("不退款就是骗子！！！气死我了", "refund", 4),
    ("退款，你们这帮混蛋跟你们没完", "refund", 5),
    ("客服没有回复我的问题", "attitude", 1),
    ("客服说话不太客气，有点失望", "attitude", 2),
    ("客服态度太差劲了，一直推", "attitude", 3),
    ("客服骂人，垃圾公司！！！忍无可忍", "attitude", 4),
    ("客服去死吧，王八蛋", "attitude", 5),
)


def write_csv(
    path: Path,
    rows: list[tuple[object, ...]],
    header: tuple[str, ...] = ("text", "category", "intensity"),
    *,
    encoding: str = "utf-8",
) -> Path:
    """A CSV file of the rows; returns its path."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def toy_csv(folder: Path) -> Path:
    """The toy rows, each in three variants that differ in wording, as a labelled CSV file."""
    rows = [
        (text + ending, category, level)
        for text, category, level in TOY_ROWS
        for ending in ("", "，店名叫东门那家", "，上周二的事，单子还在")
    ]
    return write_csv(folder / "toy.csv", rows)


def prediction(
    *,
    category: str | None = "quality",
    level: int | None = 1,
    signals: tuple[str, ...] = (),
    band: Band = Band.HIGH,
    outcome: Outcome = Outcome.OK,
) -> Prediction:
    """A prediction with the findings that a policy looks at."""
    return Prediction(
        outcome=outcome,
        outcome_reasons=(),
        intensity=Intensity(level, f"第{level}级", (level - 1) / 4, (0.2,) * 5, band)
        if level
        else None,
        category=Category(category, category, 0.9, band, (RankedCategory(category, 0.9),))
        if category
        else None,
        signals=tuple(Signal(code, 0, 1, "词") for code in signals),
        evidence=(),
        language="zh",
        chars_used=10,
        truncated=False,
        model_version="v",
        tokeniser="t",
    )


def altered(
    folder: Path, models: Path, version: str, change: Callable[[dict[str, Any]], None]
) -> Path:
    """A copy of a model under another version, with its heads changed."""
    found = read_artifact(folder)
    change(found.manifest["heads"])
    target = models / version
    target.mkdir(parents=True)
    write_manifest(target, write_model_files(target, found))
    return target


def blunted(folder: Path, models: Path, version: str) -> Path:
    """A copy of a model under another version that calls every text the lowest level."""

    def change(heads: dict[str, Any]) -> None:
        highest = len(heads["intensity"]["levels"]) - 1
        heads["intensity"]["cuts"] = [highest - (highest - n) / 1e9 for n in range(highest)]

    return altered(folder, models, version, change)


def renamed(folder: Path, target: Path) -> Path:
    """A copy of a model under another version: the files that are served."""
    target.mkdir(parents=True)
    for name in (MANIFEST, VOCABULARY, WEIGHTS):
        shutil.copyfile(folder / name, target / name)
    return target
