"""The playbook file under watch; it is looked at when a suggestion is asked for."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from classifier.playbook import Playbook
from classifier.playbook_file import load_playbook, packaged_path, parse_playbook
from service.rule_watch import RuleWatch

_CHECK_SECONDS = 1.0


class PlaybookWatch(RuleWatch[Playbook]):
    """The playbook in force, safe between threads."""

    name = "playbook"

    def __init__(self, path: Path | None = None) -> None:
        """Reads the file, or the packaged one.

        Raises:
            PlaybookError: it cannot be read or has mistakes.
        """
        place = path or packaged_path()
        super().__init__(place, load_playbook(place), parse_playbook)
        self._looking = threading.Lock()
        self._looked_at = time.monotonic()

    def now(self) -> Playbook:
        """The playbook that counts; at most once a second the file is looked at again."""
        if self._looking.acquire(blocking=False):  # else another thread is looking
            try:
                if time.monotonic() - self._looked_at >= _CHECK_SECONDS:
                    self.refresh()
                    self._looked_at = time.monotonic()
            finally:
                self._looking.release()
        return self.current
