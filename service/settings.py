"""Deployment settings: read once from the environment at start, then passed down."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from classifier.errors import SettingsError, shorten
from service import texts
from service.privacy.days import RetentionDays, read_days

_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable as the README's table lists it."""

    name: str
    kind: str
    default: str
    sentence: str


SETTINGS = (
    Setting("TRIAGE_HOST", "address", "127.0.0.1", "Address to listen on."),
    Setting("TRIAGE_PORT", "integer 1-65535", "8000", "Port to listen on."),
    Setting("TRIAGE_HOME", "folder", "var", "Folder of the database and of secrets."),
    Setting("TRIAGE_MODELS", "folder", "models", "Folder that holds CURRENT and the models."),
    Setting(
        "TRIAGE_DATABASE_URL",
        "URL",
        "",
        "SQLAlchemy URL of the database; empty means triage.sqlite3 in TRIAGE_HOME.",
    ),
    Setting("TRIAGE_WORKERS", "integer 1-64", "2", "Worker processes."),
    Setting("TRIAGE_THREADS", "integer 1-64", "8", "Threads of each worker process."),
    Setting("TRIAGE_POLICY", "file", "", "Policy file; empty means the packaged policy.toml."),
    Setting(
        "TRIAGE_PLAYBOOK", "file", "", "Suggested replies; empty means the packaged playbook.toml."
    ),
    Setting("TRIAGE_LOG_LEVEL", "word", "INFO", "DEBUG, INFO, WARNING or ERROR."),
    Setting(
        "TRIAGE_MAX_BODY_BYTES",
        "integer 1024-67108864",
        "4194304",
        "Largest request body; a larger one is answered with 413.",
    ),
    Setting(
        "TRIAGE_REQUEST_SECONDS",
        "integer 1-300",
        "10",
        "Time a client has to send one whole request; a slower one is answered with 408.",
    ),
    Setting(
        "TRIAGE_QUEUE_SECONDS",
        "integer 1-60",
        "5",
        "Time a request may wait for a thread; who would wait longer is answered with 503.",
    ),
    Setting(
        "TRIAGE_GRACEFUL_SECONDS",
        "integer 1-300",
        "30",
        "Time that running requests have to finish when the service stops.",
    ),
    Setting(
        "TRIAGE_HTTPS",
        "true or false",
        "false",
        "Whether people reach the pages over HTTPS: cookies are then sent over it only.",
    ),
    Setting(
        "TRIAGE_PROXIES",
        "integer 0-5",
        "0",
        "Proxies before the service that each add to X-Forwarded-For; the audit log then notes the "
        "address that they saw.",
    ),
    Setting(
        "TRIAGE_TARGETS",
        "file",
        "",
        "Who is told of what, and when cases escalate (docs/events.md); empty means nobody.",
    ),
    Setting(
        "TRIAGE_ADAPTERS",
        "file",
        "",
        "Ticket systems that send webhooks and are written back to (docs/adapters.md); empty means "
        "none.",
    ),
    Setting(
        "TRIAGE_EVENT_WORKER",
        "true or false",
        "true",
        "Whether `serve` also runs the worker that delivers events and escalates cases.",
    ),
    Setting(
        "TRIAGE_DRIFT_HOURS",
        "integer 1-720",
        "24",
        "Hours that are compared with the model's training (docs/drift.md).",
    ),
    Setting(
        "TRIAGE_KEEP_TEXT",
        "word",
        "masked",
        "What is stored of texts: masked, none or encrypted (docs/privacy.md).",
    ),
    Setting(
        "TRIAGE_TEXT_KEYS",
        "keys",
        "",
        "Keys of encrypted texts, the newest first, separated by commas.",
    ),
    Setting(
        "TRIAGE_RETENTION",
        "days by kind",
        "",
        "Days after which data is deleted, such as `cases=730 contacts=365`; empty means never.",
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its type; the database address may hold a password and is not shown."""

    host: str
    port: int
    home: Path
    models: Path
    database_url: str = field(repr=False)
    workers: int
    threads: int
    policy: Path | None
    playbook: Path | None
    log_level: str
    max_body_bytes: int
    request_seconds: int
    queue_seconds: int
    graceful_seconds: int
    is_https: bool
    proxies: int
    targets: Path | None
    adapters: Path | None
    has_event_worker: bool
    drift_hours: int
    keep_text: texts.KeepText
    text_keys: tuple[str, ...] = field(repr=False)
    retention: RetentionDays

    @property
    def keeping(self) -> texts.TextKeeping:
        """How the database keeps texts."""
        return texts.keeping_of(self.keep_text, self.text_keys)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of an environment; an empty variable counts as not set.

    Raises:
        SettingsError: names the variable, its value and what is allowed.
    """
    values = {s.name: environment.get(s.name, "").strip() or s.default for s in SETTINGS}
    home = Path(values["TRIAGE_HOME"])
    keep_text = texts.read_mode(values["TRIAGE_KEEP_TEXT"])

    def number(name: str, low: int, high: int) -> int:
        return _number(name, values[name], low, high)

    def file(name: str) -> Path | None:
        return _file(name, values[name])

    return Settings(
        host=values["TRIAGE_HOST"],
        port=number("TRIAGE_PORT", 1, 65_535),
        home=home,
        models=Path(values["TRIAGE_MODELS"]),
        database_url=_database_url(values["TRIAGE_DATABASE_URL"], home),
        workers=number("TRIAGE_WORKERS", 1, 64),
        threads=number("TRIAGE_THREADS", 1, 64),
        policy=file("TRIAGE_POLICY"),
        playbook=file("TRIAGE_PLAYBOOK"),
        log_level=_log_level(values["TRIAGE_LOG_LEVEL"]),
        max_body_bytes=number("TRIAGE_MAX_BODY_BYTES", 1024, 67_108_864),
        request_seconds=number("TRIAGE_REQUEST_SECONDS", 1, 300),
        queue_seconds=number("TRIAGE_QUEUE_SECONDS", 1, 60),
        graceful_seconds=number("TRIAGE_GRACEFUL_SECONDS", 1, 300),
        is_https=_flag("TRIAGE_HTTPS", values["TRIAGE_HTTPS"]),
        proxies=number("TRIAGE_PROXIES", 0, 5),
        targets=file("TRIAGE_TARGETS"),
        adapters=file("TRIAGE_ADAPTERS"),
        has_event_worker=_flag("TRIAGE_EVENT_WORKER", values["TRIAGE_EVENT_WORKER"]),
        drift_hours=number("TRIAGE_DRIFT_HOURS", 1, 720),
        keep_text=keep_text,
        text_keys=texts.read_keys(values["TRIAGE_TEXT_KEYS"], keep_text),
        retention=read_days(values["TRIAGE_RETENTION"]),
    )


def log_level_number(settings: Settings) -> int:
    """The level as the logging libraries count it."""
    return logging.getLevelNamesMapping()[settings.log_level]


def _number(name: str, value: str, low: int, high: int) -> int:
    if not (value.isascii() and value.isdigit() and low <= int(value[:12]) <= high):
        raise SettingsError(f"{name} is {shorten(value)}, an integer in {low}-{high} is needed")
    return int(value)


def _flag(name: str, value: str) -> bool:
    if value.lower() not in {"true", "false"}:
        raise SettingsError(f"{name} is {shorten(value)}, allowed are true, false")
    return value.lower() == "true"


def _log_level(value: str) -> str:
    if value.upper() not in _LOG_LEVELS:
        allowed = ", ".join(_LOG_LEVELS)
        raise SettingsError(f"TRIAGE_LOG_LEVEL is {shorten(value)}, allowed are {allowed}")
    return value.upper()


def _file(name: str, value: str) -> Path | None:
    if value and not Path(value).is_file():
        raise SettingsError(f"{name} is {shorten(value)}, a file that exists is needed")
    return Path(value) if value else None


def _database_url(value: str, home: Path) -> str:
    """The address, checked; an error shows its scheme only: the rest may hold a password."""
    if not value:
        return f"sqlite:///{(home / 'triage.sqlite3').absolute()}"
    try:
        backend = make_url(value).get_backend_name()
    except ArgumentError:
        backend = "no URL"
    if backend not in {"sqlite", "postgresql"}:
        raise SettingsError(
            f"TRIAGE_DATABASE_URL is {shorten(backend)}, allowed are sqlite:///… and postgresql://…"
        )
    if backend == "sqlite" and make_url(value).database in {None, "", ":memory:"}:
        raise SettingsError(
            "TRIAGE_DATABASE_URL is an in-memory SQLite database, which worker processes cannot "
            "share; a file such as sqlite:////srv/triage.sqlite3 is needed"
        )
    return value
