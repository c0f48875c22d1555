"""Reads `gates.toml`: what a candidate must hold before it becomes the current model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path

from classifier import toml_document
from classifier.errors import GatesError
from classifier.policy_table import Mistakes, Table
from training.paired import FIGURES

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SECTIONS = ("figures", "size", "speed", "behaviour", "feedback", "holdout")


@dataclass(frozen=True, slots=True)
class FigureRule:
    """Losses of one figure, 0-1: let go up to `tolerated`, refused above `max_loss`."""

    tolerated: float
    max_loss: float
    is_required: bool


@dataclass(frozen=True, slots=True)
class FeedbackRule:
    """Shares (0-1) of the champion's mistakes that must be mended, of its hits to be kept.

    `is_required` refuses a candidate that no settled labels can judge.
    """

    min_texts: int
    min_moved: float
    min_kept: float
    is_required: bool


@dataclass(frozen=True, slots=True)
class HoldoutRule:
    """The frozen holdout: a file or None, its SHA-256 or "" for any, and the fewest texts."""

    file: Path | None
    sha256: str
    min_texts: int


@dataclass(frozen=True, slots=True)
class Gates:
    """The whole of `gates.toml`; `digest` is the start of the file's SHA-256.

    `max_growth` and `min_speed` are ratios of candidate to champion.
    """

    figures: Mapping[str, FigureRule]
    max_growth: float
    min_speed: float
    rounds: int
    cases: Path | None
    max_new_failures: int
    feedback: FeedbackRule
    holdout: HoldoutRule
    digest: str


def load_gates(path: Path | None = None) -> Gates:
    """The gates of a TOML file, or the packaged ones; files that it names lie beside it.

    Raises:
        GatesError: the file cannot be read, is no TOML, or breaks a rule; names line and value.
    """
    if path is None:
        with as_file(files("training") / "gates.toml") as packaged:
            return load_gates(packaged)
    return toml_document.load(path, "gates", partial(_parse, folder=path.parent), GatesError)


def _parse(content: bytes, folder: Path) -> Gates:
    document = toml_document.parse(content, GatesError)
    mistakes = Mistakes(document.lines, file="gates")
    root = Table(document.values, (), mistakes).closed(*_SECTIONS)
    gates = _gates(root, folder, document.digest)
    toml_document.refuse(mistakes, GatesError)
    return gates


def _gates(root: Table, folder: Path, digest: str) -> Gates:
    size = root.table("size").closed("max_growth")
    speed = root.table("speed").closed("min_ratio", "rounds")
    behaviour = root.table("behaviour").closed("cases", "max_new_failures")
    figures = root.table("figures").closed(*FIGURES)
    return Gates(
        figures={name: _figure(table) for name, table in root.entries("figures")
                 if name in figures.values and name in FIGURES},
        max_growth=size.number("max_growth", 0.01, 1000),
        min_speed=speed.number("min_ratio", 0, 100),
        rounds=speed.whole("rounds", 1, 100),
        cases=_file(behaviour, "cases", folder),
        max_new_failures=behaviour.whole("max_new_failures", 0, 10_000),
        feedback=_feedback(root.table("feedback")),
        holdout=_holdout(root.table("holdout"), folder),
        digest=digest,
    )  # fmt: skip


def _figure(table: Table) -> FigureRule:
    table.closed("tolerated", "max_loss", "required")
    tolerated = table.number("tolerated", 0, 1)
    max_loss = table.number("max_loss", 0, 1)
    if tolerated > max_loss:
        table.wrong("tolerated", f"a number in 0-{max_loss:g} is needed, at most `max_loss`")
    return FigureRule(tolerated, max_loss, table.flag("required"))


def _feedback(table: Table) -> FeedbackRule:
    table.closed("min_texts", "min_moved", "min_kept", "required")
    return FeedbackRule(
        table.whole("min_texts", 1, 1_000_000),
        table.number("min_moved", 0, 1),
        table.number("min_kept", 0, 1),
        table.flag("required"),
    )


def _holdout(table: Table, folder: Path) -> HoldoutRule:
    table.closed("file", "sha256", "min_texts")
    sha256 = table.values.get("sha256", "")
    if not isinstance(sha256, str) or (sha256 and not _SHA256.fullmatch(sha256)):
        table.wrong("sha256", "64 hexadecimal digits, or an empty text, are needed")
    return HoldoutRule(
        _file(table, "file", folder), str(sha256), table.whole("min_texts", 2, 10_000_000)
    )


def _file(table: Table, key: str, folder: Path) -> Path | None:
    value = table.values.get(key, "")
    if not isinstance(value, str):
        table.wrong(key, "a file name, or an empty text, is needed")
        return None
    return folder / value if value else None
