"""What `train.toml` says about the data: columns, sources with weights, and how it is checked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from classifier.errors import SettingsError, shorten


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """One file or folder; a setting that is empty is that of the whole data.

    `weight` is how much each of its rows counts in fitting, above 0, relative to other files.
    """

    file: str
    weight: float = 1.0
    text: str = ""
    category: str = ""
    intensity: str = ""
    mapping: str = ""

    def __post_init__(self) -> None:
        _texts(self, "data.sources", ("file", "text", "category", "intensity", "mapping"))
        if not self.file:
            raise SettingsError("data.sources: a source has no file, its path is needed")
        check_weight(f"data.sources: weight of {self.file}", self.weight)


@dataclass(frozen=True, slots=True)
class DataSettings:
    """Names of columns, a mapping table, and the files to read if none are given by flags."""

    text: str = "text"
    category: str = "category"
    intensity: str = "intensity"
    mapping: str = ""
    sources: tuple[SourceSettings, ...] = ()

    def __post_init__(self) -> None:
        _texts(self, "data", ("text", "category", "intensity", "mapping"))
        for name in ("text", "category", "intensity"):
            if not getattr(self, name):
                raise SettingsError(f"data.{name} is empty, the name of a column is needed")
        if not isinstance(self.sources, tuple):
            raise SettingsError(f"data.sources is {shorten(self.sources)}, tables are needed")
        sources = tuple(_source(source) for source in self.sources)
        files = Counter(str(Path(source.file)) for source in sources)
        if double := [file for file, count in files.items() if count > 1]:
            raise SettingsError(f"data.sources names {double[0]} twice, once is needed")
        object.__setattr__(self, "sources", sources)


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """From where on `data-check` speaks up.

    `rare_texts`: a label with fewer texts is too rare to be learned well. A label is doubted if a
    quick cross-validated model gives it at most `doubt_given_prob` and another label at least
    `doubt_other_prob`, both 0-1; a level only if the other is `doubt_levels` or more away.
    """

    rare_texts: int = 20
    doubt_given_prob: float = 0.05
    doubt_other_prob: float = 0.8
    doubt_levels: int = 2

    def __post_init__(self) -> None:
        for name in ("rare_texts", "doubt_levels"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise SettingsError(f"check.{name} is {shorten(value)}, a whole number from 1 on")
        for name in ("doubt_given_prob", "doubt_other_prob"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
                raise SettingsError(f"check.{name} is {shorten(value)}, allowed is 0-1")


def check_weight(name: str, weight: object) -> None:
    """Refuse a weight that is no finite number above 0.

    Raises:
        SettingsError: it is none.
    """
    is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
    if not is_number or not 0 < float(str(weight)) < math.inf:
        raise SettingsError(f"{name} is {shorten(weight)}, a number above 0 is needed")


def _source(source: object) -> SourceSettings:
    if isinstance(source, SourceSettings):
        return source
    if not isinstance(source, Mapping):
        raise SettingsError(f"data.sources holds {shorten(source)}, a table is needed")
    allowed = [item.name for item in fields(SourceSettings)]
    if unknown := sorted(set(source) - set(allowed)):
        raise SettingsError(
            f"data.sources: {unknown[0]} is unknown, allowed are {', '.join(allowed)}"
        )
    return SourceSettings(**{"file": "", **source})


def _texts(settings: object, place: str, names: tuple[str, ...]) -> None:
    for name in names:
        value = getattr(settings, name)
        if not isinstance(value, str):
            raise SettingsError(f"{place}.{name} is {shorten(value)}, a text is needed")
