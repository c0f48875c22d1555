"""What is read: entries in a fixed order, each with a number that only grows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from classifier.errors import TriageError

Json = dict[str, object]


class SourceError(TriageError):
    """A source cannot be read, or is not the one that was read before."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row or mail: `sent` is what `POST /v1/classify` would get.

    `fault` says why it cannot be taken, `skipped` why it should not be; both without its text.
    """

    number: int
    sent: Json | None = None
    fault: str | None = None
    skipped: str | None = None
    attachments: int = 0  # that were left out


@dataclass(frozen=True, slots=True)
class Position:
    """How far a source was read: the last entry's number, and what tells the source from another.

    `mark` is made by the source: of the rows up to there, or the number of the mailbox.
    """

    number: int = 0
    mark: str = ""


class Source(Protocol):
    """A file or mailbox."""

    identity: str  # the same whenever it is read, and that of no other source

    def entries(self, position: Position) -> Iterator[Entry]:
        """What comes after a position.

        Raises:
            SourceError: it cannot be read, or something else is there now.
        """

    def mark(self) -> str:
        """The mark for the position of the entry that was handed out last."""
