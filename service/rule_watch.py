"""A file of rules under watch: a changed one is taken over, a bad one is refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from classifier.errors import RuleFileError
from classifier.toml_document import Rules, content_hash

_SETTLED_SECONDS = 1.0


Read = TypeVar("Read", bound=Rules)


class WatchedFile:
    """The content of a file that people change while it is in use."""

    def __init__(self, path: Path, known: str | None) -> None:
        """Watches a file of which the content with the hash `known` was taken over."""
        self._path = path
        self._known: str | None = known
        self._seen: str | None = known
        self.content: bytes | None = None  # also where the file is missing or cannot be read

    def has_changed(self) -> bool:
        """Whether there is another content than the one told of last; `content` is it.

        A file is read when it has been left alone for a second or is the same at a second look, so
        that one which is just being written is not taken for whole.
        """
        self.content = _read(self._path)
        found = content_hash(self.content) if self.content is not None else None
        was_seen, self._seen = found == self._seen, found
        if found == self._known or not (was_seen or _is_settled(self._path)):
            return False
        self._known = found
        return True


class RuleWatch(Generic[Read]):
    """A file and what it said when it was last good; each process has its own."""

    name = "rules"  # what its events are called after

    def __init__(self, path: Path, current: Read, parse: Callable[[bytes], Read]) -> None:
        self._file = WatchedFile(path, current.content_hash)
        self._parse = parse
        self.current = current

    def refresh(self) -> bool:
        """Whether there is another content now.

        A file that cannot be served, or is gone, is logged once; the old content stays in force.
        """
        if not self._file.has_changed():
            return False
        try:
            self.current = current = self._parsed(self._file.content)
        except RuleFileError as error:
            structlog.get_logger().error(f"{self.name}_refused", reason=str(error))
            return False
        structlog.get_logger().info(
            f"{self.name}_swapped", version=current.version, content_hash=current.content_hash
        )
        return True

    def _parsed(self, content: bytes | None) -> Read:
        if content is None:
            raise RuleFileError("the file is missing or cannot be read")
        return self._parse(content)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _is_settled(path: Path) -> bool:
    """Whether nobody has written to the file for a moment; a missing one is waited for."""
    try:
        return time.time() - path.stat().st_mtime > _SETTLED_SECONDS
    except OSError:
        return False
