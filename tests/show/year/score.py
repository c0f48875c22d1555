"""How well what was found fits what was planted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from service.insight.surges import DAY, MIN_CASES
from service.insight.tables import Surge
from service.insight.texts import PERIOD_DAYS
from tests.show.year.replay import SeenIssue, Week
from tests.show.year.world import Planted, World

_AFTER_DAYS = 7  # an alarm may come so long after a surge is over: its last week is still high
_MOST = 3  # of five examples: what a finding is about
_PURE = 0.5  # a group of which less is the problem's is no finding of it


@dataclass(frozen=True, slots=True)
class Found:
    """One planted thing and what became of it; None where it was not found."""

    kind: str
    code: str
    name: str
    cases: int
    delay_hours: float | None
    rank: int | None
    where: str
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alarms:
    """The surges that were told of, by what they were about."""

    planted: int
    others: Mapping[str, int]  # planted things that are no surges: problems, words
    calendar: int
    insistent: int
    false: tuple[str, ...]
    months: float


def about(surge: Surge, owner: Mapping[int, str]) -> str | None:
    """The planted thing that most of a surge's example cases belong to."""
    counts = Counter(owner.get(number, "") for number in surge.case_ids)
    code, number = counts.most_common(1)[0] if counts else ("", 0)
    return code if code and number >= min(_MOST, len(surge.case_ids)) else None


def score_surges(
    world: World, surges: Sequence[Surge], owner: Mapping[int, str], sizes: Mapping[str, int]
) -> tuple[list[Found], Alarms]:
    """Each planted surge with the first alarm that told of it, and all other alarms."""
    told: dict[int, str] = {}
    found = []
    for one in world.of("surge"):
        own = [surge for surge in surges if _tells(surge, one, world, owner)]
        told |= {surge.id: one.code for surge in own}
        first = own[0] if own else None
        found.append(Found(
            "surge", one.code, one.name, sizes.get(one.code, 0),
            _hours(world, one, first) if first else None,
            1 if first else None,
            f"{first.kind}:{first.code}" if first else "",
            {"factor": one.factor, "days": one.spans[0][1] - one.start},
        ))  # fmt: skip
    return found, _alarms(world, surges, owner, told)


def _alarms(
    world: World, surges: Sequence[Surge], owner: Mapping[int, str], told: Mapping[int, str]
) -> Alarms:
    kinds = {one.code: one.kind for one in world.planted}
    others: Counter[str] = Counter()
    calendar = insistent = 0
    false = []
    for surge in surges:
        if surge.id in told:
            continue
        code, day = about(surge, owner), _day(world, surge)
        if code and kinds[code] == "insistent":
            insistent += 1
        elif code:
            others[code] += 1
        elif any(one.start <= day <= one.start + one.days + 1 for one in world.expected):
            calendar += 1
        else:
            shown = f"{surge.kind}:{surge.code} {surge.seen}/{surge.expected:.0f}"
            false.append(f"{world.moment(int(day)):%m-%d} {shown} in {surge.window_hours} h")
    return Alarms(len(told), dict(others), calendar, insistent, tuple(false), world.days / 30)


def _tells(surge: Surge, planted: Planted, world: World, owner: Mapping[int, str]) -> bool:
    """Whether an alarm of the surge's days is of its series, or shows its cases."""
    day = _day(world, surge)
    if not planted.start <= day <= planted.spans[0][1] + _AFTER_DAYS:
        return False
    series = {f"{surge.kind}:{surge.code}", *surge.also}
    if about(surge, owner) == planted.code:
        return True
    return planted.dimension in series and about(surge, owner) is None


def _day(world: World, surge: Surge) -> float:
    return (surge.detected_at - world.moment(0)).total_seconds() / 3600 / DAY


def _hours(world: World, planted: Planted, surge: Surge) -> float:
    return round((surge.detected_at - world.moment(planted.start)).total_seconds() / 3600, 1)


def score_words(world: World, weeks: Sequence[Week], sizes: Mapping[str, int]) -> list[Found]:
    """Each planted word with the first look that shows it, and its rank there."""
    found = []
    for one in world.of("word"):
        hits = [
            (week.day, word)
            for week in weeks
            if week.day >= one.start
            for word in week.words
            if one.mark.lower() in word.word
        ]
        first = hits[0] if hits else None
        found.append(Found(
            "word", one.code, one.mark, sizes.get(one.code, 0),
            (first[0] + 1 - one.start) * 24.0 if first else None,
            first[1].rank if first else None,
            (first[1].category or "all") if first else "",
        ))  # fmt: skip
    return found


def unplanned_words(
    world: World, weeks: Sequence[Week], texts: Mapping[str, str]
) -> tuple[int, int, list[str]]:
    """How many words of the list of all were shown, how many are planted texts' own, the others.

    `texts` are all texts of each planted thing, joined.
    """
    shown: Counter[str] = Counter()
    planted: set[tuple[int, str]] = set()
    for week in weeks:
        for word in (one for one in week.words if not one.category):
            shown[word.word] += 1
            for one in world.planted:
                is_late = any(start <= week.day < end + 7 for start, end in one.spans)
                if is_late and word.word in texts.get(one.code, ""):
                    planted.add((week.day, word.word))
    known = {word for _, word in planted}
    return sum(shown.values()), len(planted), [w for w, _ in shown.most_common() if w not in known]


def score_issues(
    world: World, weeks: Sequence[Week], cases: Mapping[str, Sequence[int]], days: Mapping[int, int]
) -> list[Found]:
    """Each planted problem: when an issue is first made of it, and the figures of the weeks after.

    `days` are those on which the cases came in.
    """
    found = []
    for one in world.of("problem"):
        own = cases.get(one.code, ())
        hits = []
        looks = 0
        for week in weeks:
            here = {n for n in own if week.day - PERIOD_DAYS < days[n] <= week.day}
            if len(here) >= 2 * MIN_CASES:
                looks += 1
                pure = _pure(week.issues, here)
                if pure:
                    hits.append((week.day, here, pure))
        found.append(_issue(one, len(own), hits, looks))
    return found


def _pure(issues: Iterable[SeenIssue], here: set[int]) -> list[SeenIssue]:
    """The issues that are mostly a problem's, the one with most of it first."""
    mine = [one for one in issues if len(one.case_ids & here) >= _PURE * len(one.case_ids)]
    return sorted(mine, key=lambda one: -len(one.case_ids & here))


def _issue(
    planted: Planted,
    number: int,
    hits: Sequence[tuple[int, set[int], list[SeenIssue]]],
    looks: int,
) -> Found:
    if not hits:
        return Found(
            "problem", planted.code, planted.name, number, None, None, "", {"looks": looks}
        )
    day, _, first = hits[0]
    best = [issues[0] for _, _, issues in hits]
    same = [a.number == b.number for a, b in pairwise(best)]
    together = [frozenset[int]().union(*(one.case_ids for one in own)) for _, _, own in hits]
    heres = [here for _, here, _ in hits]
    figures = {
        "looks": looks,
        "weeks": len(hits),
        "purity": _mean(
            len(o.case_ids & h) / len(o.case_ids) for o, h in zip(best, heres, strict=True)
        ),
        "coverage": _mean(len(o.case_ids & h) / len(h) for o, h in zip(best, heres, strict=True)),
        "coverage_of_all": _mean(len(o & h) / len(h) for o, h in zip(together, heres, strict=True)),
        "issues": _mean(len(own) for _, _, own in hits),
        "same_number": _mean(same) if same else 1.0,
        "best_rank": min(one.rank for one in best),
    }  # fmt: skip
    delay = (day + 1 - planted.start) * 24.0
    return Found(
        "problem", planted.code, planted.name, number, delay, first[0].rank, best[-1].name, figures
    )


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return round(sum(found) / len(found), 3) if found else 0.0
