"""Every case of the year before anybody has judged it: when, what, from whom, and why."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from service.cases.demo import Row
from tests.show.year.texts import Texts
from tests.show.year.world import Planted, World

_RECENT_DAYS = 14


@dataclass(frozen=True, slots=True)
class Arrival:
    """One text on its way in; `row` has its author's labels, `planted` what it belongs to."""

    at: datetime
    text: str
    row: Row | None
    channel: str
    product: str | None
    region: str | None
    customer: str | None
    tier: str | None
    planted: str | None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A case to be made: of a planted thing, of a category, or of both."""

    day: int
    planted: Planted | None
    category: str | None


def arrivals(world: World, texts: Texts, cases: int) -> Iterator[Arrival]:
    """Exactly so many cases, the oldest first; the seed of the world decides everything."""
    draws = np.random.default_rng([world.seed, 3])
    daily, shares = world.daily(cases), texts.shares()
    wanted = list(_planted(world, daily, shares, draws))[:cases]
    rest = draws.multinomial(cases - len(wanted), daily / daily.sum())
    codes, weights = list(shares), np.array(list(shares.values()))
    for day, number in enumerate(rest.tolist()):
        wanted += [
            _Wanted(day, None, codes[p]) for p in draws.choice(len(codes), number, p=weights)
        ]
    moments = _moments(world, [one.day for one in wanted], draws)
    order = sorted(range(len(wanted)), key=lambda place: moments[place])
    people = _People(world, cases, draws)
    for place in order:
        one, at = wanted[place], moments[place]
        row = texts.usual(one.category) if one.category else None
        text = row.text if row else texts.of(_of(one))
        insists = one.planted is not None and one.planted.kind == "insistent"
        customer = f"insists-{_of(one).code}" if insists else people.customer(at)
        kind, _, mark = (one.planted.dimension if one.planted else "").partition(":")
        yield Arrival(
            at, text, row, people.channel(),
            mark if kind == "product" else people.product(),
            mark if kind == "region" else people.region(),
            customer, people.tier(customer),
            one.planted.code if one.planted else None,
        )  # fmt: skip


def _of(wanted: _Wanted) -> Planted:
    assert wanted.planted is not None
    return wanted.planted


def _planted(
    world: World, daily: Sequence[float], shares: dict[str, float], draws: np.random.Generator
) -> Iterator[_Wanted]:
    """The cases that planted things add."""
    for one in world.planted:
        usual = one.share or sum(shares[code] for code in one.categories)
        for day in range(world.days):
            if one.kind == "surge":
                mean = daily[day] * usual * (one.factor - 1 if one.is_on(day) else 0.0)
                mean += daily[day] * one.share  # a product's usual cases
            elif one.kind == "insistent":
                length = one.spans[0][1] - one.start
                yield from [_Wanted(day, one, None)] * (one.is_on(day) * one.times // length)
                continue
            else:
                mean = daily[day] * one.share * one.is_on(day)
            for _ in range(int(draws.poisson(mean))):
                yield _Wanted(day, one, None if one.texts else str(draws.choice(one.categories)))


def _moments(world: World, days: Sequence[int], draws: np.random.Generator) -> list[datetime]:
    """A moment of each day, more of them while people are awake."""
    weights = world.numbers("hours")
    hours = draws.choice(len(weights), len(days), p=weights / weights.sum())
    seconds = (hours * 3600 + draws.integers(0, 3600, len(days))).tolist()
    midnights = [world.moment(day).astimezone(UTC) for day in range(world.days)]
    return [
        midnights[day] + timedelta(seconds=int(more))
        for day, more in zip(days, seconds, strict=True)
    ]


class _Weighted:
    """Draws one of some names by their weights, and only in the share `named` if there is one."""

    def __init__(self, weights: Mapping[str, object], draws: np.random.Generator) -> None:
        self._draws = draws
        self._named = float(str(weights.get("named", 1)))
        found = {name: float(str(one)) for name, one in weights.items() if name != "named"}
        self._names = list(found)
        self._sums = np.cumsum(list(found.values())) / sum(found.values())

    def draw(self) -> str | None:
        """One of the names."""
        if self._draws.random() >= self._named:
            return None
        place = int(np.searchsorted(self._sums, self._draws.random()))
        return self._names[min(place, len(self._names) - 1)]


class _People:
    """Who writes, by which channel."""

    def __init__(self, world: World, cases: int, draws: np.random.Generator) -> None:
        self._draws = draws
        rules = world.table("customers")
        self._known, self._again = float(str(rules["known"])), float(str(rules["again"]))
        self._number = max(1, int(float(str(rules["number"])) * cases))
        tiers = rules["tiers"]
        assert isinstance(tiers, dict)
        self._tiers = {str(name): float(share) for name, share in tiers.items()}
        self._channels = _Weighted(world.table("channels"), draws)
        self._products = _Weighted(world.table("products"), draws)
        self._regions = _Weighted(world.table("regions"), draws)
        self._recent: deque[tuple[datetime, str]] = deque()

    def channel(self) -> str:
        """One of the channels."""
        return str(self._channels.draw())

    def product(self) -> str | None:
        """What the client names the complaint to be about, if anything."""
        return self._products.draw()

    def region(self) -> str | None:
        """Where, if the client says so."""
        return self._regions.draw()

    def customer(self, at: datetime) -> str | None:
        """Somebody new, somebody who wrote lately, or nobody who is known."""
        while self._recent and at - self._recent[0][0] > timedelta(days=_RECENT_DAYS):
            self._recent.popleft()
        if self._draws.random() >= self._known:
            return None
        if self._recent and self._draws.random() < self._again:
            return self._recent[int(self._draws.integers(len(self._recent)))][1]
        found = f"c{int(self._draws.integers(self._number))}"
        self._recent.append((at, found))
        return found

    def tier(self, customer: str | None) -> str | None:
        """The tier that a customer always has."""
        if customer is None or not customer.startswith("c"):
            return None
        place = int(customer[1:]) * 7919 % 10_007 / 10_007
        for name, share in self._tiers.items():
            if place < share:
                return name
            place -= share
        return None
