"""A view of the queue: the filters and order of an address, carried from page to page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlencode

from service.cases.parameters import FILTERS
from service.cases.query import read_filters, read_window
from service.cases.queue import Filters, Window

_FILTERS = tuple(p.name for p in FILTERS if p.name != "actor")
_KEPT = {*_FILTERS, "sort"}
_SEVERAL = {"state", "priority", "level", "category", "signal", "team", "channel", "verdict"}
_MAX_QUERY_CHARS = 2000
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class View:
    """Values by parameter; an empty value counts as absent."""

    values: Mapping[str, tuple[str, ...]]
    cursor: str | None = None

    @property
    def query(self) -> str:
        """The view as the query of an address, without the place in it."""
        return urlencode([(name, one) for name, many in self.values.items() for one in many])

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the order was chosen."""
        return any(name != "sort" for name in self.values)

    def has(self, name: str, value: object = None) -> bool:
        """Whether a value is chosen, or any of a parameter."""
        chosen = self.values.get(name, ())
        return bool(chosen) if value is None else str(value) in chosen

    def one(self, name: str) -> str:
        """The first value of a parameter, empty without one."""
        return (self.values.get(name) or ("",))[0]

    def address(self, *, cursor: str | None = None) -> str:
        """The queue's page of this view."""
        at = urlencode({"cursor": cursor}) if cursor else ""
        query = "&".join(part for part in (self.query, at) if part)
        return f"/cases?{query}" if query else "/cases"

    def without(self, name: str, value: str) -> str:
        """The address when one value is taken out."""
        left = {
            key: tuple(one for one in many if (key, one) != (name, value))
            for key, many in self.values.items()
        }
        return View({key: many for key, many in left.items() if many}).address()

    def filters(self, *, me: str, now: datetime) -> Filters:
        """What the queue is asked for.

        Raises:
            CaseFieldError: names the parameter, its value and what is allowed.
        """
        return read_filters(self.values, me=me, now=now)

    def window(self, *, limit: int = PAGE_SIZE, is_back: bool = False) -> Window:
        """The page of the queue.

        Raises:
            CaseFieldError: the order is not one of ours.
        """
        sort = read_window(self.values).sort
        return Window(sort, limit, self.cursor, is_back)


def view_of(arguments: Mapping[str, Sequence[str]]) -> View:
    """The view that the parameters of an address tell; others are left out."""
    values = {
        name: tuple(dict.fromkeys(one for value in many for one in _split(name, value)))
        for name, many in arguments.items()
        if name in _KEPT
    }
    cursor = next((one for one in arguments.get("cursor", ()) if one), None)
    return View({name: many for name, many in values.items() if many}, cursor)


def _split(name: str, value: str) -> list[str]:
    parts = value.split(",") if name in _SEVERAL else [value]
    return [part for part in parts if part.strip()]


def view_of_query(query: str) -> View:
    """The view that a form carries as one field."""
    return view_of(parse_qs(query[:_MAX_QUERY_CHARS]))
