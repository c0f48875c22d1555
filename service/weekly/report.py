"""The weekly report as values: everything that page, file, CSV and API show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from service.insight.tables import EmergingWord, Surge
from service.weekly.done import Done
from service.weekly.harm import Example, Recurring
from service.weekly.usual import Compared
from service.weekly.weeks import Week


@dataclass(frozen=True, slots=True)
class Level:
    """One level's cases by week; `fill` is its colour in the chart, None is not judged."""

    level: int | None
    name: str
    fill: str
    weeks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Surged:
    """A surge that went on in the week, in words; the team that answers for it, and open cases."""

    surge: Surge
    name: str
    team: str
    unowned: tuple[int, ...]  # of its cases those that are open and nobody's


@dataclass(frozen=True, slots=True)
class Worded:
    """A word that rose, with an example."""

    word: EmergingWord
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """Cases with something in common, named, with two or three of them."""

    code: str
    name: str
    cases: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A frequent issue with the names of its category and team, and its examples."""

    found: Recurring
    category: str
    team: str
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Aim:
    """A figure of service quality beside its target; kinds are seconds, share and score."""

    code: str
    name: str
    kind: str
    value: float | None
    target: float | None
    is_most: bool
    is_met: bool | None


@dataclass(frozen=True, slots=True)
class Customers:
    """Counts of customers, never names."""

    repeated: int  # cases whose customer had written before
    at_risk: int | None  # to be called just now; None where the policy scores nobody
    team: str  # where most of those are
    csat: float | None
    csat_answers: int
    nps: float | None
    nps_answers: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, where its figures stand, and the cases that it speaks of."""

    text: str
    address: str
    case_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next, who, and the figure that says so."""

    text: str
    team: str
    reason: str
    address: str
    case_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Volumes:
    """Cases by week, the weeks before the first case of all left out."""

    mondays: tuple[date, ...]  # the oldest week first
    whole: Compared
    angry: Compared | None  # the two angriest levels together
    levels: tuple[Level, ...]
    series: tuple[
        Compared, ...
    ]  # categories, teams, channels, products, regions; most surplus first
    dimensions: tuple[Compared, ...]  # of SERVQUAL

    @property
    def risen(self) -> tuple[Compared, ...]:
        """What rose beyond its usual range, and by enough to act."""
        return tuple(one for one in self.series if one.has_risen)


@dataclass(frozen=True, slots=True)
class News:
    """Surges that went on in the week, and words that rose in it."""

    surges: tuple[Surged, ...]
    words: tuple[Worded, ...]


@dataclass(frozen=True, slots=True)
class Pain:
    """What hurts most."""

    troubles: tuple[Trouble, ...]
    grave: tuple[Shown, ...]
    furious: Shown | None  # None where the model has no such level
    built_at: datetime | None  # when the issues were grouped last


@dataclass(frozen=True, slots=True)
class WeeklyReport:
    """One week beside the weeks before it."""

    week: Week
    made_at: datetime
    volumes: Volumes
    news: News
    pain: Pain
    done: Done
    aims: tuple[Aim, ...]
    customers: Customers
    summary: tuple[Sentence, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no case came in."""
        return not self.volumes.whole.cases
