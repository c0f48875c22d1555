"""Which files are read, and how: `train.toml`'s [data] and the flags over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from classifier.errors import InputFileError, SettingsError, shorten
from training.data_config import DataSettings, SourceSettings, check_weight
from training.dataset import Columns, Source
from training.mapping import LabelMap, read_mapping


@dataclass(frozen=True, slots=True)
class Flags:
    """What the command line says about the data; None or empty leaves it to `train.toml`."""

    paths: tuple[Path, ...] = ()
    text: str | None = None
    category: str | None = None
    intensity: str | None = None
    mapping: Path | None = None
    weights: tuple[str, ...] = ()


def sources_of(settings: DataSettings, flags: Flags) -> list[Source]:
    """The sources to read, in order: those of the flags, or those of `train.toml` if none.

    A file named by a flag that `train.toml` also names keeps what stands there. A flag for a column
    or the mapping table is for all files. Paths are relative to the current folder.

    Raises:
        SettingsError: no file is named at all, or a weight is no `FILE=NUMBER`.
        InputFileError: a file or mapping table does not exist or cannot be read.
    """
    known = {Path(source.file): source for source in settings.sources}
    paths = flags.paths or tuple(known)
    if not paths:
        raise SettingsError("no data: give --data FILE, or [[data.sources]] in train.toml")
    weights = _weights(flags.weights, paths)
    tables: dict[Path, LabelMap] = {}
    found = []
    for path in paths:
        if not path.exists():
            raise InputFileError(f"{path} does not exist")
        own = known.get(path) or SourceSettings(str(path))
        columns = Columns(
            flags.text or own.text or settings.text,
            flags.category or own.category or settings.category,
            flags.intensity or own.intensity or settings.intensity,
        )
        table = flags.mapping or Path(own.mapping or settings.mapping or "")
        if table != Path() and table not in tables:
            tables[table] = read_mapping(table)
        weight = weights.get(path, own.weight)
        found.append(Source(path, columns, tables.get(table, LabelMap()), weight))
    return found


def _weights(values: Sequence[str], paths: Sequence[Path]) -> dict[Path, float]:
    """Weights by path; a file may be named as it was given or by its last part."""
    found = {}
    for value in values:
        name, mark, number = value.rpartition("=")
        matches = [path for path in paths if name in {str(path), path.name}]
        if not mark or len(matches) != 1:
            names = ", ".join(str(path) for path in paths)
            raise SettingsError(
                f"--weight is {shorten(value, limit=100)}, needed is FILE=NUMBER "
                f"with one of {names}"
            )
        try:
            weight = float(number)
        except ValueError:
            weight = 0.0
        check_weight(f"--weight {name}={number}", weight)
        found[matches[0]] = weight
    return found
