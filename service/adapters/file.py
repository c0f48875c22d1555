"""Adapters, ready to be used: the file checked, their secrets taken from the environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from classifier.errors import shorten
from service.adapters.configuration import (
    AnyAdapter,
    ChatwootAdapter,
    Configuration,
    FreeScoutAdapter,
    Tags,
    ZendeskAdapter,
)
from service.settings_file import SettingsFileError, read_settings_file, zone_mistakes

_MIN_SECRET_CHARS = 16
_URGENCY = ("P3", "P2", "P1", "P0")


class AdaptersError(SettingsFileError):
    """The file of adapters has mistakes."""

    kind = "adapters"


@dataclass(frozen=True, slots=True)
class Adapter:
    """One ticket system with its secrets, which are not shown."""

    name: str
    settings: AnyAdapter
    secrets: tuple[str, ...] = field(repr=False)
    token: str = field(repr=False)

    @property
    def target(self) -> str:
        """What the outbox calls it."""
        return f"adapter:{self.name}"

    @property
    def writes(self) -> bool:
        """Whether anything can be written back."""
        return self.settings.base_url is not None


def load_adapters(path: Path | None, environment: Mapping[str, str]) -> dict[str, Adapter]:
    """The adapters of a file; none without a file.

    Raises:
        AdaptersError: the file cannot be read, or has mistakes; names every one of them.
    """
    if path is None:
        return {}
    settings = read_settings_file(path, Configuration, AdaptersError)
    found = {name: _adapter(name, one, environment) for name, one in settings.adapters.items()}
    mistakes = [f"adapters.{one.name}.{text}" for one in found.values() for text in _mistakes(one)]
    if mistakes:
        raise AdaptersError(path, mistakes)
    return found


def _adapter(name: str, settings: AnyAdapter, environment: Mapping[str, str]) -> Adapter:
    secrets = tuple(environment.get(settings.secret_env, "").split())
    token = environment.get(settings.token_env, "").strip() if settings.token_env else ""
    return Adapter(name, settings, secrets, token)


def _mistakes(adapter: Adapter) -> Iterator[str]:
    """What is wrong with an adapter that a schema cannot say."""
    settings = adapter.settings
    if not adapter.secrets:
        yield f"secret_env is {settings.secret_env}, but that environment variable is not set"
    if any(len(one) < _MIN_SECRET_CHARS for one in adapter.secrets):
        yield f"secret_env holds a secret of less than {_MIN_SECRET_CHARS} characters"
    if settings.token_env and not adapter.token:
        yield f"token_env is {settings.token_env}, but that environment variable is not set"
    if not (adapter.token.isascii() and adapter.token.isprintable() and " " not in adapter.token):
        yield "token_env holds characters that no token has"
    if settings.base_url is not None:
        yield from _url_mistakes(settings.base_url, allow_http=settings.allow_http)
        if settings.token_env is None:
            yield "token_env is missing: base_url says that something is written back"
    if settings.page_url is not None and "{case_id}" not in settings.page_url:
        yield f"page_url is {shorten(settings.page_url)}, https://…/cases/{{case_id}} is needed"
    yield from zone_mistakes(settings.zone)
    yield from _priority_mistakes(settings)
    if isinstance(settings, ZendeskAdapter | ChatwootAdapter):
        for tag in _all_tags(settings.tags):
            if " " in tag or "," in tag:
                yield f"tags has {shorten(tag)}, but its tags have no spaces and commas"


def _url_mistakes(url: str, *, allow_http: bool) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        yield "base_url is no address, https://host is needed"
        return
    if parts.scheme not in ({"https", "http"} if allow_http else {"https"}) or not host:
        hint = " (allow_http = true allows http)" if parts.scheme == "http" else ""
        yield f"base_url begins with {shorten(parts.scheme)}, https://host is needed{hint}"
    if parts.username is not None or parts.password is not None:
        yield "base_url holds a user name or password, which belongs into no address"
    if parts.query or parts.fragment:
        yield "base_url has a ? or #, only https://host/path is needed"


def _all_tags(tags: Tags) -> list[str]:
    named = [*tags.priority.values(), *tags.level.values(), *tags.category.values()]
    more = [tags.needs_human] if tags.needs_human else []
    return [*tags.always, *named, *tags.signals.values(), *more]


def _priority_mistakes(settings: AnyAdapter) -> Iterator[str]:
    order = settings.priority_order
    if len(set(order)) != len(order):
        yield "priority_order names a priority twice"
    has_field = not isinstance(settings, FreeScoutAdapter) or settings.priority_field is not None
    if settings.priorities and not has_field:
        yield "priorities need priority_field: FreeScout has no priorities of its own"
        return
    named: dict[str, str] = {str(code): word for code, word in settings.priorities.items()}
    words = [*named.values(), *([settings.default_priority] if settings.default_priority else [])]
    for word in words:
        if word not in order:
            yield f"priorities name {shorten(word)}, priority_order has {', '.join(order)}"
            return
    ranks = [order.index(named[code]) for code in _URGENCY if code in named]
    if ranks != sorted(ranks):
        yield "priorities give a less urgent complaint the more urgent word"
