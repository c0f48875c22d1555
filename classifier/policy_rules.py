"""What a checked policy file says, as plain values; `classifier.policy` decides by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from classifier.calendar import BusinessHours
from classifier.clocks import Period
from classifier.policy_service import Churn, Targets
from classifier.prediction import Band, Priority, bands_from

ALWAYS = "always"  # the clock never stops
OF_TEAM = "team"  # the hours of the team that the case goes to


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """Owner and starting priority of a category."""

    team: str
    priority: Priority


@dataclass(frozen=True, slots=True)
class SignalRule:
    """What a risk signal asks for; a grave one never goes without a person."""

    priority: Priority
    grave: bool
    team: str | None


@dataclass(frozen=True, slots=True)
class Combination:
    """A rule over findings that only together are urgent; empty conditions hold."""

    name: str
    priority: Priority
    min_rank: float
    signals: frozenset[str]
    categories: frozenset[str]


@dataclass(frozen=True, slots=True)
class Raise:
    """What a customer tier or a channel asks for: a least priority, steps upwards, or both."""

    name: str
    priority: Priority | None = None
    steps: int = 0
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """How sure the model must be: band of every head, probability of the category."""

    min_band: Band
    min_prob: float
    bands: frozenset[Band] = field(init=False, compare=False)  # that are sure enough

    def __post_init__(self) -> None:
        """Looks once which bands are sure enough."""
        object.__setattr__(self, "bands", bands_from(self.min_band))


@dataclass(frozen=True, slots=True)
class Review:
    """Which complaints become cases; `classifier.review` applies it."""

    priority: Priority
    min_rank: float
    grave_signals: bool
    needs_human: bool
    audit_share: float


@dataclass(frozen=True, slots=True)
class Team:
    """Who acts; `hours` names business hours of the policy, or `ALWAYS`."""

    name: str
    hours: str = ALWAYS


@dataclass(frozen=True, slots=True)
class Tier:
    """One level of support and the time it has; the policy lists them from the first upwards."""

    name: str
    seconds: int
    hours: str = ALWAYS


@dataclass(frozen=True, slots=True)
class Stage:
    """A period of a statutory clock, and the priorities that it is shown for; none means all."""

    period: Period
    priorities: frozenset[Priority]


@dataclass(frozen=True, slots=True)
class StatutoryRule:
    """A clock of the law; it runs when the channel or one of the metadata values fits."""

    name: str
    basis: str
    channels: frozenset[str]
    metadata: Mapping[str, frozenset[str]]
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A checked policy file; `classifier.policy_file` reads it."""

    version: str
    content_hash: str  # of the file, so that two files of one version are told apart
    calendar: BusinessHours  # the working days of laws: the policy's zone, China's holidays
    hours: Mapping[str, BusinessHours]
    hours_names: Mapping[str, str]
    teams: Mapping[str, Team]
    clocks: Mapping[Priority, int]
    clock_hours: Mapping[Priority, str]
    default: CategoryRule
    categories: Mapping[str, CategoryRule]
    intensity: tuple[tuple[float, Priority], ...]
    signals: Mapping[str, SignalRule]
    customer_tiers: Mapping[str, Raise]
    channels: Mapping[str, Raise]
    repeat_contacts: int
    repeat_days: int
    combinations: tuple[Combination, ...]
    tiers: Mapping[Priority, str]
    ladder: Mapping[str, Tier]  # the tiers, the first one first
    auto: Trust
    auto_most_urgent: Priority
    suggest: Trust
    review: Review
    statutory: Mapping[str, StatutoryRule] = field(default_factory=dict)
    candidate_share: float = 0.0  # of the customers, whom the candidate model answers
    churn: Churn | None = None  # who may leave; None scores nobody
    targets: Targets | None = None  # what service aims at

    def has_grave(self, codes: Iterable[str]) -> bool:
        """Whether one of the signals is grave."""
        return any(self.signals[code].grave for code in codes if code in self.signals)

    def first_response(self, priority: Priority, team: str) -> tuple[int, BusinessHours | None]:
        """The seconds to a first response, and in whose hours they count; P0 never stops."""
        return self.clocks[priority], self._hours(self.clock_hours[priority], team)

    def tier_clock(self, tier: str, team: str) -> tuple[int, BusinessHours | None] | None:
        """The seconds that a tier has, and in whose hours; None for a tier without a clock."""
        found = self.ladder.get(tier)
        return (found.seconds, self._hours(found.hours, team)) if found else None

    def next_tier(self, tier: str) -> str | None:
        """The tier that a case is escalated to; None at the top and for a tier that is not listed.

        >>> from classifier.policy_file import load_policy
        >>> load_policy().next_tier("L1")
        'L2'
        """
        codes = list(self.ladder)
        place = codes.index(tier) + 1 if tier in codes else len(codes)
        return codes[place] if place < len(codes) else None

    def hours_name(self, hours: BusinessHours | None) -> str | None:
        """What people call business hours; None around the clock."""
        return next(
            (self.hours_names[code] for code, one in self.hours.items() if one == hours), None
        )

    def higher_tier(self, one: str, other: str) -> str:
        """The higher of two tiers; the second one if either is not listed."""
        codes = list(self.ladder)
        if one not in codes or other not in codes:
            return other
        return max(one, other, key=codes.index)

    def tier_name(self, tier: str) -> str:
        """What people call a tier; its code when the policy gives no name."""
        return self.ladder[tier].name if tier in self.ladder else tier

    def team_codes(self) -> list[str]:
        """Every team that a case may go to, as the policy lists them or else as its rules do."""
        named: list[str | None] = [self.default.team]
        named += [rule.team for rule in self.categories.values()]
        named += [rule.team for rule in self.signals.values()]
        named += [rule.team for rule in self.channels.values()]
        return list(self.teams) or list(dict.fromkeys(team for team in named if team))

    def team_name(self, team: str) -> str:
        """What people call a team; its code when the policy gives no name."""
        return self.teams[team].name if team in self.teams else team

    def _hours(self, code: str, team: str) -> BusinessHours | None:
        if code == OF_TEAM:
            code = self.teams[team].hours if team in self.teams else ALWAYS
        return self.hours.get(code)
