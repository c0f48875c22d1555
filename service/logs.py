"""Logs as JSON events on standard error, written by a thread so that no request waits for a pipe.

An event has a snake_case name and keys; complaint text, keys, bodies and query strings are never
among them. A line that cannot be written soon enough is dropped and counted.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from types import TracebackType

import orjson
import structlog
from flask import has_request_context, request
from structlog.typing import EventDict, WrappedLogger

from service.observe import request_id
from service.settings import Settings, log_level_number

_MAX_WAITING = 10_000
_FLUSH_SECONDS = 0.1

Versions = Callable[[], tuple[str, str]]


class LineWriter:
    """Collects lines and writes them every tenth of a second; its thread starts in each process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque()
        self._lost = 0
        self._pid = 0
        self._start_lock = threading.Lock()
        self._lock = threading.Lock()

    def __call__(self, line: bytes) -> None:
        """Takes one line without waiting."""
        if self._pid != os.getpid():
            self._start()
        if len(self._waiting) < _MAX_WAITING:
            self._waiting.append(line)
        else:
            self._lost += 1

    def flush(self) -> None:
        """Writes what waits."""
        with self._lock:
            lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if self._lost:
                lines.append(orjson.dumps({"event": "log_lines_lost", "lines": self._lost}))
                self._lost = 0
            content = memoryview(b"".join(line + b"\n" for line in lines))
            while content:
                content = content[os.write(self._descriptor, content) :]

    def _start(self) -> None:
        with self._start_lock:
            if self._pid == os.getpid():
                return
            self._lock = threading.Lock()  # the parent's may have been held at the fork
            self._waiting.clear()  # lines inherited by a fork are the parent's to write
            self._pid = os.getpid()
            threading.Thread(target=self._run, name="log-writer", daemon=True).start()

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(_FLUSH_SECONDS):
            if self._waiting or self._lost:
                self.flush()


class _LineLogger:
    """The last step of structlog: hands the rendered line to the writer."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write

    def msg(self, line: bytes) -> None:
        self._write(line)

    debug = info = warning = error = critical = msg


def configure(
    settings: Settings, versions: Versions, writer: LineWriter | None = None
) -> LineWriter:
    """Sets structlog up for this process and returns the writer, to be flushed at the end."""
    writer = writer or LineWriter(sys.stderr.fileno())

    def add_context(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        event["model_version"], event["policy_version"] = versions()
        if "request_id" not in event:
            event["request_id"] = request_id(request.environ) if has_request_context() else None
        return event

    structlog.configure(
        processors=[
            add_context,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _error_frames,
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(log_level_number(settings)),
        logger_factory=lambda *_: _LineLogger(writer),
        cache_logger_on_first_use=False,
    )
    return writer


def _render(_logger: WrappedLogger, _name: str, event: EventDict) -> bytes:
    return orjson.dumps(event, default=str)


def _error_frames(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """An unknown error as its type and frames: its message may hold complaint text."""
    error = event.get("error")
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["frames"] = _frames(error.__traceback__)
    return event


def _frames(trace: TracebackType | None) -> list[str]:
    return [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)
    ]
