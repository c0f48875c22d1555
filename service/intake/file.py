"""A file that is read on where it was left, only if what was read is still there, unchanged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from service.intake.source import Entry, Position, SourceError
from service.secret import Secret


@dataclass(frozen=True, slots=True)
class Piece:
    """One row or mail of a file: its number from 1, a hash of it, and what it is once it is read.

    `entry` is not called for what was taken before.
    """

    number: int
    hash: bytes
    entry: Callable[[], Entry]


class FileSource:
    """Reads the pieces of a file in order; each reading begins at the start, with a running hash.

    To go over 100,000 rows again takes a second, and needs no offsets into encoded text.
    """

    def __init__(self, path: Path, pieces: Callable[[], Iterator[Piece]], secret: Secret) -> None:
        self.identity = f"file:{path.resolve()}"
        self._path = path
        self._pieces = pieces
        self._secret = secret
        self._digest = hashlib.sha256()

    def entries(self, position: Position) -> Iterator[Entry]:
        """What comes after a position.

        Raises:
            InputFileError, SourceError: it cannot be read, or is not what was read before.
        """
        self._digest = hashlib.sha256()
        number = 0
        for piece in self._pieces():
            if number == position.number:
                self._check(position)
            self._digest.update(piece.hash)
            number = piece.number
            if number > position.number:
                yield piece.entry()
        if number <= position.number:
            self._check(position)

    def mark(self) -> str:
        """A hash of everything up to here, keyed: it tells nothing to who has not the secret."""
        return self._secret.hash("intake-mark", self._digest.digest()).hex()

    def _check(self, position: Position) -> None:
        if position.number and position.mark != self.mark():
            raise SourceError(
                f"{self._path} is not the file that was read before: something in the first "
                f"{position.number} entries was changed; --from-start reads it as a new one"
            )
