"""The journal of a search: one JSON line a result, so that a stopped search can go on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from classifier.errors import SettingsError

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Result:
    """The score of one head with some settings on one held-out fold.

    `key` names settings, head and split; `columns` is the number of features.
    """

    key: str
    fold: int
    score: float
    columns: int
    seconds: float


class Journal:
    """Results on disk; every one is there when `add` returns."""

    def __init__(self, path: Path, about: str) -> None:
        """Open or begin the journal of a search in what `about` names: data, folds, sample.

        Raises:
            SettingsError: the file is the journal of another search, or none.
        """
        self._path = path
        self._found: dict[tuple[str, int], Result] = {}
        header = {"format": _FORMAT, "about": about}
        if path.exists() and path.stat().st_size:
            self._read(header)
        else:
            self._append([json.dumps(header)])

    def get(self, key: str, fold: int) -> Result | None:
        """The result, if it is known."""
        return self._found.get((key, fold))

    def __len__(self) -> int:
        return len(self._found)

    def add(self, results: Iterable[Result]) -> None:
        """Append results and have them written through to the disk."""
        fresh = list(results)
        self._found |= {(result.key, result.fold): result for result in fresh}
        self._append([
            json.dumps({name: getattr(result, name) for name in Result.__slots__},
                       ensure_ascii=False)
            for result in fresh
        ])  # fmt: skip

    def _append(self, lines: list[str]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())

    def _read(self, header: dict[str, object]) -> None:
        """Read what is there; a last line that a kill cut off is taken away."""
        raw = self._path.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        try:
            first, *others = [json.loads(line) for line in whole.decode("utf-8").splitlines()]
            results = [Result(**values) for values in others]
        except (ValueError, TypeError) as error:
            raise SettingsError(f"{self._path} is no journal of a search: {error}") from error
        if first != header:
            raise SettingsError(
                f"{self._path} belongs to a search in other data or other folds; "
                "give another --output, or remove it"
            )
        self._found = {(result.key, result.fold): result for result in results}
        if len(whole) < len(raw):
            with self._path.open("r+b") as file:
                file.truncate(len(whole))
