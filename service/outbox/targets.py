"""Targets, ready to be used: the file checked, its secrets taken from the environment."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import urlsplit

from classifier.errors import shorten
from classifier.prediction import Priority
from service.outbox.configuration import AnyTarget, Configuration, EmailTarget, TicketTarget
from service.outbox.events import EventType
from service.settings_file import SettingsFileError, read_settings_file, zone_mistakes

_SECRET_BYTES = range(16, 65)  # Standard Webhooks: 24-64; some receivers hand out 16
_LEASE_MARGIN_SECONDS = 0.5
_VARIABLES = ("url_env", "secret_env", "user_env", "password_env")


class TargetsError(SettingsFileError):
    """The file of targets has mistakes."""

    kind = "targets"


@dataclass(frozen=True, slots=True)
class Target:
    """One target with its secrets, which are not shown."""

    name: str
    settings: AnyTarget | TicketTarget
    values: Mapping[str, str] = field(repr=False)  # by the name of the setting, without `_env`

    def wants(self, event_type: str, case: Mapping[str, object]) -> bool:
        """Whether the target subscribes to an event on a case; {} for one that is on none."""
        if not any(fnmatchcase(event_type, pattern) for pattern in self.settings.events):
            return False
        if not case:
            return True
        if Priority[str(case["priority"])] > Priority[self.settings.priority]:
            return False
        return not self.settings.teams or case["team"] in self.settings.teams


@dataclass(frozen=True, slots=True)
class Targets:
    """A checked file of targets."""

    settings: Configuration
    by_name: Mapping[str, Target]


def load_targets(path: Path | None, environment: Mapping[str, str]) -> Targets:
    """The targets of a file; none without a file.

    Raises:
        TargetsError: the file cannot be read, or has mistakes; names every one of them.
    """
    if path is None:
        return Targets(Configuration(), {})
    settings = read_settings_file(path, Configuration, TargetsError)
    targets = {name: _target(name, one, environment) for name, one in settings.targets.items()}
    mistakes = [*_general(settings)]
    for target in targets.values():
        mistakes += [f"targets.{target.name}.{one}" for one in _mistakes(target, settings)]
    if mistakes:
        raise TargetsError(path, mistakes)
    return Targets(settings, targets)


def _target(name: str, settings: AnyTarget, environment: Mapping[str, str]) -> Target:
    values = {}
    for setting in _VARIABLES:
        variable = getattr(settings, setting, None)
        if variable:
            values[setting.removesuffix("_env")] = environment.get(variable, "").strip()
    if getattr(settings, "url", None):
        values["url"] = str(getattr(settings, "url"))  # noqa: B009  (only webhooks have one)
    return Target(name, settings, values)


def _general(settings: Configuration) -> Iterator[str]:
    yield from zone_mistakes(settings.zone)
    if settings.page_url is not None and (
        urlsplit(settings.page_url).scheme not in {"http", "https"}
        or "{case_id}" not in settings.page_url
    ):
        yield f"page_url is {shorten(settings.page_url)}, https://…/cases/{{case_id}} is needed"
    escalation = settings.escalation
    if escalation is None:
        return
    for tier, name in escalation.on_call.items():
        if name not in settings.on_call:
            known = ", ".join(settings.on_call) or "none"
            yield f"escalation.on_call.{tier} is {name}, the [on_call] lists are {known}"
    shares = escalation.late_shares or []
    if shares != sorted(set(shares)):
        yield f"escalation.late_shares is {shares}, growing numbers are needed"


def _mistakes(target: Target, settings: Configuration) -> Iterator[str]:
    """What is wrong with a target that a schema cannot say."""
    known = [member.value for member in EventType if member is not EventType.TICKET]
    for pattern in target.settings.events:
        if not any(fnmatchcase(name, pattern) for name in known):
            yield f"events has {shorten(pattern)}, allowed are *, case.* and {', '.join(known)}"
    if target.settings.timeout_seconds + _LEASE_MARGIN_SECONDS > settings.lease_seconds:
        yield (
            f"timeout_seconds is {target.settings.timeout_seconds:g}, less than lease_seconds "
            f"({settings.lease_seconds:g}) is needed"
        )
    for setting in _VARIABLES:
        variable = getattr(target.settings, setting, None)
        if variable and not target.values[setting.removesuffix("_env")]:
            yield f"{setting} is {variable}, but that environment variable is not set"
    if isinstance(target.settings, EmailTarget):
        yield from _email_mistakes(target.settings, target.values)
    else:
        yield from _url_mistakes(target)
    if target.settings.kind == "webhook" and target.values.get("secret"):
        yield from _secret_mistakes(target.values["secret"])


def _email_mistakes(settings: EmailTarget, values: Mapping[str, str]) -> Iterator[str]:
    if (settings.user_env is None) != (settings.password_env is None):
        yield "user_env and password_env belong together: name both or none"
    if settings.user_env and settings.security == "none":
        yield "security is none, but a password is only sent over starttls or tls"
    for setting in ("user", "password"):
        if not values.get(setting, "").isascii():
            yield f"{setting}_env holds characters beyond ASCII, which SMTP logins cannot carry"


def _url_mistakes(target: Target) -> Iterator[str]:
    """Of an address only scheme and host are shown: the rest may be a secret."""
    if "url" not in target.values:
        yield "url or url_env is missing"
        return
    if getattr(target.settings, "url", None) and getattr(target.settings, "url_env", None):
        yield "url and url_env are both given, one of them is needed"
    if not target.values["url"]:
        return
    try:
        parts = urlsplit(target.values["url"])
        host, _ = parts.hostname, parts.port
    except ValueError:
        yield "url is no address, https://host/path is needed"
        return
    allowed = {"https", "http"} if getattr(target.settings, "allow_http", False) else {"https"}
    if parts.scheme not in allowed or not host:
        hint = " (allow_http = true allows http)" if parts.scheme == "http" else ""
        yield f"url begins with {shorten(parts.scheme)}, https://host/path is needed{hint}"
    if parts.username is not None or parts.password is not None:
        yield "url holds a user name or password, which belongs into no address"


def _secret_mistakes(secrets: str) -> Iterator[str]:
    for number, secret in enumerate(secrets.split(), start=1):
        try:
            size = len(base64.b64decode(secret.removeprefix("whsec_"), validate=True))
        except binascii.Error:
            size = 0
        if not secret.startswith("whsec_") or size not in _SECRET_BYTES:
            yield (
                f"secret_env holds a secret (number {number}) that is not whsec_ and the Base64 of "
                f"{_SECRET_BYTES[0]}-{_SECRET_BYTES[-1]} bytes"
            )
