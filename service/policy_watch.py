"""The policy file under watch: a changed one is taken over, a bad one is refused."""

from __future__ import annotations

import time
from pathlib import Path

import structlog

from classifier.errors import PolicyError
from classifier.policy import Policy
from classifier.policy_file import load_policy, packaged_path, parse_policy
from classifier.toml_document import content_hash

_SETTLED_SECONDS = 1.0


class PolicyWatch:
    """A policy file and what it said when it was last good; each process has its own."""

    def __init__(self, path: Path | None) -> None:
        """Reads the file, or the packaged one.

        Raises:
            PolicyError: it cannot be read or has mistakes.
        """
        self._path = path or packaged_path()
        self.current = load_policy(self._path)
        self._known: str | None = self.current.content_hash
        self._seen: str | None = self.current.content_hash

    def refresh(self) -> bool:
        """Whether there is another policy now.

        A file is read when it has been left alone for a second or is the same at a second look, so
        that one which is just being written is not taken for whole. One that cannot be served, or
        is gone, is logged once, and the old policy goes on deciding.
        """
        content = _read(self._path)
        found = content_hash(content) if content is not None else None
        was_seen, self._seen = found == self._seen, found
        if found == self._known or not (was_seen or _is_settled(self._path)):
            return False
        self._known = found
        try:
            self.current = policy = _parsed(content)
        except PolicyError as error:
            structlog.get_logger().error("policy_refused", reason=str(error))
            return False
        structlog.get_logger().info(
            "policy_swapped", version=policy.version, content_hash=policy.content_hash
        )
        return True


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _parsed(content: bytes | None) -> Policy:
    if content is None:
        raise PolicyError("the file is missing or cannot be read")
    return parse_policy(content)


def _is_settled(path: Path) -> bool:
    """Whether nobody has written to the file for a moment; a missing one is waited for."""
    try:
        return time.time() - path.stat().st_mtime > _SETTLED_SECONDS
    except OSError:
        return False
