"""The event worker that runs beside `serve`: a process of its own, started again if it dies."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import structlog

_PAUSE_SECONDS = (1.0, 60.0)  # before it is started again: at first, and at most
_STEADY_SECONDS = 60.0


class Companion:
    """Owned by the parent of the web processes; not safe between threads."""

    def __init__(self, stop_seconds: float) -> None:
        self._stop_seconds = stop_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._pause = _PAUSE_SECONDS[0]

    def keep(self) -> None:
        """Starts it, or starts it again some time after it died."""
        now = time.monotonic()
        if self._process is not None:
            if self._process.poll() is None:
                return
            if now - self._started_at < self._pause:
                return
            steady = now - self._started_at > _STEADY_SECONDS
            self._pause = _PAUSE_SECONDS[0] if steady else min(self._pause * 2, _PAUSE_SECONDS[1])
            structlog.get_logger().error("event_worker_restarted")
        self._started_at = now
        command = [sys.executable, "-m", "service", "worker", "--companion", str(os.getpid())]
        self._process = subprocess.Popen(command)  # noqa: S603  (our own command)

    def stop(self) -> None:
        """Ends it, with time to finish what it is sending."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(self._stop_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
