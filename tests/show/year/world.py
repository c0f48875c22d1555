"""What happens in the simulated year, as `year.toml` writes it, and how many cases each day has."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from holidays.countries.china import China
from numpy.typing import NDArray

from service.insight.arrivals import weekday

ZONE = ZoneInfo("Asia/Shanghai")
_FILE = Path(__file__).with_name("year.toml")
_DIMENSIONS = ("team", "category", "product", "region")
_SPRING, _SUNDAY = "Chinese New Year", 6


@dataclass(frozen=True, slots=True)
class Planted:
    """One thing that happens on some days, whole days from `start` up to `end` (not with it).

    `share` is of all cases; a surge multiplies by `factor` what comes in of `categories`, or of its
    own share. `mark` is what the texts name: a word, a product, a region.
    """

    kind: str  # problem, word, surge, insistent
    code: str
    name: str
    texts: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    share: float = 0.0
    factor: float = 1.0
    categories: tuple[str, ...] = ()
    dimension: str = ""  # of a surge: category:system, team:finance, product:…, region:…
    mark: str = ""
    times: int = 0

    @property
    def start(self) -> int:
        """The first day."""
        return self.spans[0][0]

    def is_on(self, day: int) -> bool:
        """Whether it happens on a day."""
        return any(start <= day < end for start, end in self.spans)


@dataclass(frozen=True, slots=True)
class Expected:
    """What comes every year on its days, by its name: more of everything."""

    code: str
    name: str
    start: int
    days: int
    factor: float


@dataclass(frozen=True, slots=True)
class World:
    """The year: what it says of people and channels stays as the file has it."""

    first: date
    days: int
    seed: int
    planted: tuple[Planted, ...]
    expected: tuple[Expected, ...]
    rules: Mapping[str, object]

    def table(self, name: str) -> dict[str, object]:
        """One table of the file."""
        found = self.rules[name]
        assert isinstance(found, dict)
        return found

    def number(self, name: str) -> float:
        """One number of the file."""
        return float(str(self.rules[name]))

    def numbers(self, name: str) -> NDArray[np.float64]:
        """One row of numbers of the file."""
        found = self.rules[name]
        assert isinstance(found, list)
        return np.array(found, np.float64)

    def of(self, kind: str) -> list[Planted]:
        """The planted things of a kind."""
        return [one for one in self.planted if one.kind == kind]

    def moment(self, day: int, hour: float = 0.0) -> datetime:
        """A moment of a day, in China's zone."""
        midnight = datetime.combine(self.first + timedelta(days=day), datetime.min.time(), ZONE)
        return midnight + timedelta(hours=hour)

    def daily(self, cases: int) -> NDArray[np.float64]:
        """How many of so many cases each day is to have, chance and planted things aside."""
        days = np.arange(self.days)
        dates = [self.first + timedelta(days=int(day)) for day in days]
        kinds = np.array([weekday(one) for one in dates])
        level = self.numbers("weekdays")[kinds]
        level = level * self.numbers("months")[[one.month - 1 for one in dates]]
        level *= (1 + self.number("growth_a_month")) ** (days / 30)
        off = np.array(
            [
                kind == _SUNDAY and one.weekday() != _SUNDAY
                for kind, one in zip(kinds, dates, strict=True)
            ]
        )  # fmt: skip
        level[off] *= self.number("holiday")
        for one in self.expected:
            level[one.start : one.start + one.days] *= one.factor
        spread = self.number("busy_days")
        draws = np.random.default_rng([self.seed, 1])
        level *= draws.gamma(1 / spread**2, spread**2, self.days)
        return level * cases / level.sum()


def read_world(seed: int, *, path: Path = _FILE) -> World:
    """The year of the file, with the planted beginnings moved as the seed says."""
    rules = tomllib.loads(path.read_text(encoding="utf-8"))
    days = int(rules["days"])
    first = rules["ends"] - timedelta(days=days - 1)
    draws = np.random.default_rng([seed, 0])
    expected = [
        Expected(one["code"], one["name"], _day_of(first, days, one["month_day"]), one["days"],
                 one["factor"])
        for one in rules["expected"]
    ]  # fmt: skip
    planted = []
    for kind in ("problem", "word", "surge", "insistent"):
        for entry in rules[kind]:
            found = _planted(kind, entry, first, days)
            if "holiday" not in entry:
                by = int(draws.integers(-rules["moved_by"], rules["moved_by"] + 1))
                found = replace(found, spans=_moved(found.spans, by, days))
            planted.append(found)
    return World(first, days, seed, tuple(planted), tuple(expected), rules)


def _planted(kind: str, entry: Mapping[str, object], first: date, days: int) -> Planted:
    texts = tuple(str(text) for text in _list(entry.get("texts", ())))
    mark = str(entry.get("word") or entry.get("product") or entry.get("region") or "")
    return Planted(
        kind=kind,
        code=str(entry["code"]),
        name=str(entry.get("name") or mark),
        texts=texts,
        spans=_spans(entry, first, days),
        share=float(str(entry.get("share", 0.0))),
        factor=float(str(entry.get("factor", 1.0))),
        categories=tuple(str(one) for one in _list(entry.get("categories", ())))
        or tuple(str(entry[name]) for name in ("category",) if name in entry),
        dimension=next(
            (f"{name}:{entry[name]}" for name in _DIMENSIONS if name in entry),
            "",
        ),
        mark=mark,
        times=int(str(entry.get("times", 0))),
    )  # fmt: skip


def _spans(entry: Mapping[str, object], first: date, days: int) -> tuple[tuple[int, int], ...]:
    if "spans" in entry:
        return tuple((int(str(_list(s)[0])), int(str(_list(s)[1]))) for s in _list(entry["spans"]))
    holiday = entry.get("holiday")
    start = int(str(entry.get("day", 0)))
    if holiday == "spring":
        start = _spring(first, days)
    elif holiday == "618":
        start = _day_of(first, days, "06-18")
    return ((start, min(days, start + int(str(entry["days"])))),)


def _moved(spans: Sequence[tuple[int, int]], by: int, days: int) -> tuple[tuple[int, int], ...]:
    """All beginnings and ends moved; what lasts to the end of the year still does."""
    return tuple((start + by, days if end >= days else min(days, end + by)) for start, end in spans)


def _day_of(first: date, days: int, month_day: str) -> int:
    """The day of the year on which a month and day fall."""
    return next(d for d in range(days) if f"{first + timedelta(days=d):%m-%d}" == month_day)


def _spring(first: date, days: int) -> int:
    """The first day of the Spring Festival that is off."""
    off = China(years=[first.year, first.year + 1], language="en_US")
    return next(d for d in range(days) if _SPRING in (off.get(first + timedelta(days=d)) or ""))


def _list(value: object) -> Sequence[object]:
    assert isinstance(value, list | tuple)
    return value
