"""What a run has done so far, beside its unfinished output: enough to go on after kill -9.

`OUT.part` grows by one chunk, then `OUT.journal` is replaced in one step and says how many rows and
bytes are good. Whatever lies behind them came from a run that was killed in between: it is cut off.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

import orjson

from classifier.batch.formats import Format
from classifier.batch.score import Tally
from classifier.errors import TriageError

_FORMAT = 1


class UnfinishedError(TriageError):
    """An output was begun from something else, or is being written now."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What an output is made from; a run goes on only with the same."""

    input: str  # SHA-256 of the file
    column: str
    model: str
    policy: str

    @classmethod
    def of(cls, source: Path, column: str, model: str, policy: str) -> Identity:
        """That of a file, which is read once for it."""
        with source.open("rb") as file:
            return cls(hashlib.file_digest(file, "sha256").hexdigest(), column, model, policy)


@dataclass(slots=True)
class Journal:
    """How far an output is: `size` bytes of the part hold the rows of the tally."""

    identity: Identity
    received_at: datetime
    size: int = 0
    seconds: float = 0.0
    tally: Tally = field(default_factory=Tally)
    format: int = _FORMAT


class Part:
    """The unfinished output of a run, locked against another run."""

    def __init__(self, target: Path, output: Format, journal: Journal) -> None:
        self.journal = journal
        self._target = target
        self._output = output
        self._file = _locked(part_of(target))

    def take_up(self) -> None:
        """Go on from the journal beside the part if there is one, else begin.

        Raises:
            UnfinishedError: it was begun from another input, model or policy.
        """
        found = _read(journal_of(self._target))
        size = os.fstat(self._file.fileno()).st_size
        if found is not None and found.size <= size and size:
            self._check(found.identity)
            self.journal = found
            self._file.truncate(found.size)
            self._file.seek(found.size)
            return
        self._file.truncate(0)
        self.write(self._output.head(), Tally(), 0.0)

    def write(self, content: bytes, tally: Tally, seconds: float) -> None:
        """Add a chunk; from here on a kill does not lose it."""
        self._file.write(content)
        self._file.flush()
        self.journal.size += len(content)
        self.journal.tally.add(tally)
        self.journal.seconds += seconds
        _write(journal_of(self._target), self.journal)

    def finish(self) -> None:
        """The output takes its name; nothing else stays."""
        os.fsync(self._file.fileno())
        self._output.finish(part_of(self._target), self._target)
        journal_of(self._target).unlink()

    def close(self) -> None:
        """Give up the lock."""
        self._file.close()

    def _check(self, found: Identity) -> None:
        for name, value in asdict(self.journal.identity).items():
            if getattr(found, name) != value:
                shown = "" if name == "input" else f" ({getattr(found, name)}, now {value})"
                raise UnfinishedError(
                    f"{part_of(self._target)} was begun with another {name}{shown}: run it with "
                    "that, or give --restart to begin anew"
                )


@contextmanager
def opened(
    target: Path, output: Format, journal: Journal, *, is_restart: bool = False
) -> Iterator[Part]:
    """The part of an output, taken up where it was left.

    Raises:
        UnfinishedError: another run writes it, or it was begun from something else.
    """
    part = Part(target, output, journal)
    try:
        if is_restart:
            journal_of(target).unlink(missing_ok=True)
        part.take_up()
        yield part
    finally:
        part.close()


def part_of(target: Path) -> Path:
    """Where an unfinished output lies."""
    return target.with_name(f"{target.name}.part")


def journal_of(target: Path) -> Path:
    """Where it is noted how far that is."""
    return target.with_name(f"{target.name}.journal")


def _locked(path: Path) -> IO[bytes]:
    """The file, open for this process alone; a record lock is not inherited by its children."""
    file = path.open("r+b" if path.exists() else "w+b")
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_there = path.exists() and os.fstat(file.fileno()).st_ino == path.stat().st_ino
    except BlockingIOError:
        is_there = False
    if not is_there:  # locked, or finished and renamed since it was opened
        file.close()
        raise UnfinishedError(f"{path} is being written by another run")
    return file


def _read(path: Path) -> Journal | None:
    """A journal; None if there is none or it is not ours: the output is then begun anew."""
    try:
        found = orjson.loads(path.read_bytes())
        if found["format"] != _FORMAT:
            return None
        return Journal(
            Identity(**found["identity"]),
            datetime.fromisoformat(found["received_at"]),
            int(found["size"]),
            float(found["seconds"]),
            Tally.of(found["tally"]),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _write(path: Path, journal: Journal) -> None:
    replacement = path.with_name(f"{path.name}.new")
    replacement.write_bytes(orjson.dumps(journal))
    replacement.replace(path)
