"""The file of targets under watch: a changed one is taken over, a bad one is refused."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog

from classifier.errors import TriageError
from classifier.policy import Policy
from classifier.toml_document import content_hash
from service.outbox.deliveries import Job
from service.outbox.sending import Deadline
from service.outbox.targets import Target, load_targets
from service.rule_watch import WatchedFile


class Tickets(Protocol):
    """The ticket systems that are written to, as targets."""

    targets: Mapping[str, Target]

    def send(self, target: Target, job: Job, policy: Policy, deadline: Deadline) -> None:
        """Writes to one of them.

        Raises:
            SendError: it did not take it.
        """

    def purge(self, before: datetime) -> None:
        """Drops what is kept for writing from before a moment."""


class TargetsFile:
    """The targets of a file, read again when it changes; a changed file with mistakes is logged."""

    def __init__(self, path: Path | None, tickets: Tickets | None = None) -> None:
        """Reads the file.

        Raises:
            TargetsError: it has mistakes.
        """
        self._path = path
        self.tickets = tickets
        content = path.read_bytes() if path and path.is_file() else b""
        self._watched = WatchedFile(path, content_hash(content)) if path else None
        self.current = load_targets(path, os.environ)

    @property
    def by_name(self) -> dict[str, Target]:
        """The targets, and the ticket systems beside them."""
        return {**self.current.by_name, **(self.tickets.targets if self.tickets else {})}

    def refresh(self) -> bool:
        """Whether there are other targets now."""
        if self._path is None or self._watched is None or not self._watched.has_changed():
            return False
        try:
            self.current = load_targets(self._path, os.environ)
        except TriageError as error:
            structlog.get_logger().error("targets_refused", reason=str(error))
            return False
        structlog.get_logger().info("targets_read", targets=len(self.current.by_name))
        return True
