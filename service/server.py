"""The running service: gunicorn, the model loaded before the fork, the database opened after."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import click
import structlog
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from classifier import load as load_model
from classifier.collection import settle
from classifier.errors import SettingsError
from service import binding, first_start, logs, metrics
from service.app import Parts, create_app, load_parts
from service.db import upgrade
from service.observe import RefusalObserver
from service.outbox.companion import Companion
from service.predictor import Load, watch
from service.privacy.text_keys import confirm
from service.settings import Settings
from service.worker import TriageWorker

_OPEN_FILES = 65_536
_OWN_FILES = 100  # of a worker: database, log, model
_MOST_CONNECTIONS, _LEAST_CONNECTIONS = 4000, 50
_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


class EventLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's own messages as events; the application itself logs each answered request."""

    def setup(self, cfg: Any) -> None:
        """Keeps the level only: there are no handlers."""
        self.loglevel = self.LOG_LEVELS.get(cfg.loglevel.lower(), self.LOG_LEVELS["info"])
        self.error_log.setLevel(self.loglevel)

    def critical(self, msg: object, *args: object, **_kwargs: object) -> None:
        """An event of the highest level."""
        _emit("critical", msg, args)

    def error(self, msg: object, *args: object, **_kwargs: object) -> None:
        """An event of level error."""
        _emit("error", msg, args)

    def warning(self, msg: object, *args: object, **_kwargs: object) -> None:
        """An event of level warning."""
        _emit("warning", msg, args)

    def info(self, msg: object, *args: object, **_kwargs: object) -> None:
        """An event of level info."""
        _emit("info", msg, args)

    def debug(self, msg: object, *args: object, **_kwargs: object) -> None:
        """Nothing: gunicorn's debug messages quote what clients sent."""

    def exception(self, msg: object, *args: object, **_kwargs: object) -> None:
        """An event with type and frames of the error, not its message."""
        structlog.get_logger().error("server_error", error=sys.exc_info()[1])

    def access(self, *_args: object) -> None:
        """Nothing: see the class."""

    def reopen_files(self) -> None:
        """Nothing: there are no files."""

    def close_on_exec(self) -> None:
        """Nothing: there are no files."""


def _emit(level: str, message: object, values: tuple[object, ...]) -> None:
    text = str(message) % values if values else str(message)
    getattr(structlog.get_logger(), level)("server", message=text)


class SignalSafeArbiter(Arbiter):  # type: ignore[misc]  # gunicorn ships no types
    """The parent of the workers, who cannot lose a signal that reaches a worker at its birth.

    Until a new worker has its own handlers it has its parent's, which do nothing in it: stopped
    in that moment, it lived on until it was killed after `TRIAGE_GRACEFUL_SECONDS`.
    """

    companion: Companion | None = None

    def manage_workers(self) -> None:
        """Looks after the web processes, and after the event worker."""
        super().manage_workers()
        if self.companion is not None:
            self.companion.keep()

    def spawn_worker(self) -> Any:
        """Forks with the stopping signals held back; the worker lets them in when it can act."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
        try:
            return super().spawn_worker()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn over one application; configured from settings alone, never from files or flags."""

    def __init__(self, parts: Parts, writer: logs.LineWriter) -> None:
        self._parts = parts
        self._writer = writer
        self._companion = Companion(parts.settings.graceful_seconds)
        super().__init__()

    def load_config(self) -> None:
        """Hands the settings over."""
        refusals = RefusalObserver(self._parts.metrics)
        for name, value in _options(self._parts.settings, refusals.note).items():
            self.cfg.set(name, value)
        self.cfg.set("when_ready", self._on_ready)
        self.cfg.set("post_fork", self._on_fork)
        self.cfg.set("post_worker_init", self._on_worker_init)
        self.cfg.set("on_reload", self._on_reload)
        self.cfg.set("worker_exit", self._on_worker_exit)
        self.cfg.set("child_exit", self._on_child_exit)
        self.cfg.set("on_exit", self._on_exit)

    def load(self) -> Flask:
        """The application, made once before the fork."""
        app = create_app(self._parts.settings, self._parts)
        settle()
        return app

    def _on_ready(self, _arbiter: Any) -> None:
        """The port is open: now a first start shows its secrets, in the parent, once."""
        secrets = first_start.prepare(self._parts.database)
        self._parts.database.close()  # no connection crosses the fork
        if secrets is not None:
            click.echo(first_start.announcement(secrets, self._parts.settings))
            sys.stdout.flush()

    def run(self) -> None:
        """Serves until a signal ends it."""
        arbiter = SignalSafeArbiter(self)
        if self._parts.settings.has_event_worker:
            arbiter.companion = self._companion
        arbiter.run()

    def _on_fork(self, _arbiter: Any, _worker: Any) -> None:
        """A worker that is told to stop before it serves just ends."""
        for number in _STOPPING:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)

    def _on_worker_init(self, _worker: Any) -> None:
        """A worker may be forked long after the start: it takes the current model first."""
        self._parts.predictor.refresh()
        watch(self._parts.predictor)
        self._parts.trial.start()
        if self._parts.drift is not None:
            self._parts.drift.start()

    def _on_reload(self, _arbiter: Any) -> None:
        self._parts.predictor.refresh()

    def _on_worker_exit(self, _arbiter: Any, _worker: Any) -> None:
        if self._parts.drift is not None:
            self._parts.drift.gather()
            self._parts.drift.flush()
        self._parts.database.close()
        self._writer.flush()

    def _on_child_exit(self, _arbiter: Any, worker: TriageWorker) -> None:
        worker.balance.forget(worker.age)

    def _on_exit(self, _arbiter: Any) -> None:
        self._companion.stop()
        shutil.rmtree(os.environ.pop(metrics.FOLDER_VARIABLE, ""), ignore_errors=True)
        self._writer.flush()


def serve(settings: Settings, load: Load = load_model) -> None:
    """Serves until it is told to stop.

    Raises:
        ModelError, PolicyError, PlaybookError, DatabaseError, AddressError, SettingsError: why it
            cannot start.
    """
    os.umask(0o077)  # everything made from here on is its owner's alone
    _make_home(settings)
    os.environ[metrics.FOLDER_VARIABLE] = tempfile.mkdtemp(prefix="triage-metrics-")
    try:
        parts = load_parts(settings, load)
        upgrade(parts.database)
        confirm(parts.database)
        parts.database.close()
        binding.check(settings)
    except BaseException:
        shutil.rmtree(os.environ.pop(metrics.FOLDER_VARIABLE), ignore_errors=True)
        raise
    writer = logs.configure(settings, lambda: parts.predictor.versions)
    Server(parts, writer).run()


def _options(settings: Settings, note: Callable[[str], None]) -> dict[str, object]:
    """Gunicorn's options; the rest keep their defaults."""

    class Worker(TriageWorker):
        """The worker with this service's limits."""

        max_body_bytes = settings.max_body_bytes
        request_seconds = float(settings.request_seconds)
        queue_seconds = float(settings.queue_seconds)
        most_connections = _most_connections()
        note_refused = staticmethod(note)

    return {
        "bind": binding.address(settings),
        "workers": settings.workers,
        "threads": settings.threads,
        "worker_class": Worker,
        "preload_app": True,
        "timeout": 60,  # of the event loop's sign of life, not of a request
        "graceful_timeout": settings.graceful_seconds,
        "keepalive": 15,
        "limit_request_line": 4094,
        "limit_request_fields": 50,
        "limit_request_field_size": 4094,
        "logger_class": EventLogger,
        "loglevel": settings.log_level.lower(),
        "sendfile": False,  # bypasses the time limit on writing
        "control_socket_disable": True,
        "proc_name": "complaint-triage",
        "umask": 0o077,
    }


def _most_connections() -> int:
    """Connections of a worker at once: as many as files may be open, but for our own.

    The limit of open files is raised as far as a process may do that itself.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # the system may know a lower limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return min(_MOST_CONNECTIONS, max(_LEAST_CONNECTIONS, soft // 2 - _OWN_FILES))


def _make_home(settings: Settings) -> None:
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"TRIAGE_HOME is {settings.home}, which cannot be made a folder: {error.strerror}"
        ) from error
