"""What was measured as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from tests.show.year.pages import Timing
from tests.show.year.score import Alarms, Found

_HOURS_A_DAY = 24


@dataclass(frozen=True, slots=True)
class Result:
    """All figures of one run."""

    cases: int
    seed: int
    seconds: dict[str, float]
    found: list[Found]
    alarms: Alarms
    words_shown: int
    words_planted: int
    words_other: list[str]
    rebuild_seconds: float
    pages: list[Timing]

    def as_json(self) -> dict[str, object]:
        """The figures as JSON values."""
        return asdict(self)


def markdown(result: Result) -> str:
    """All tables, one below the other."""
    parts = [
        f"# {result.cases} cases, seed {result.seed}",
        "Seconds: " + ", ".join(f"{name} {s:.0f}" for name, s in result.seconds.items())
        + f"; the last rebuild of issues and words {result.rebuild_seconds:.0f}",
        _surges(result),
        _words(result),
        _issues(result),
    ]  # fmt: skip
    if result.pages:
        rows = [(f"`{one.address}`", one.p50, one.p95, one.status) for one in result.pages]
        parts.append("## Pages\n\n" + _table(("page", "p50 ms", "p95 ms", "status"), rows))
    return "\n\n".join(parts) + "\n"


def _surges(result: Result) -> str:
    own = [one for one in result.found if one.kind == "surge"]
    rows = [
        (one.name, f"×{one.figures['factor']:g}, {one.figures['days']:g} d", one.cases,
         _delay(one), one.where or "—")
        for one in own
    ]  # fmt: skip
    alarms = result.alarms
    lines = [
        f"## Surges: {_recall(own)}",
        _table(("surge", "height, length", "cases", "delay", "told as"), rows),
        f"Of other planted things that began: {sum(alarms.others.values())} alarms "
        f"({', '.join(f'{code} {n}' for code, n in alarms.others.items()) or 'none'}); "
        f"双11 and 618: {alarms.calendar}; one customer's forty messages: {alarms.insistent}. "
        f"False: {len(alarms.false)} in {alarms.months:.0f} months, "
        f"{len(alarms.false) / alarms.months:.2f} a month",
        *(f"- {one}" for one in alarms.false[:20]),
    ]  # fmt: skip
    return "\n\n".join(lines)


def _words(result: Result) -> str:
    own = [one for one in result.found if one.kind == "word"]
    rows = [(one.name, one.cases, _delay(one), _or_dash(one.rank), one.where or "—") for one in own]
    share = result.words_planted / result.words_shown if result.words_shown else 0.0
    return "\n\n".join([
        f"## New words: {_recall(own)}",
        _table(("word", "cases", "delay", "rank", "in the list of"), rows),
        f"{result.words_shown} words were shown in the lists of all cases, {share:.0%} of them "
        f"of planted texts. The first others: {'、'.join(result.words_other[:10]) or 'none'}",
    ])  # fmt: skip


def _issues(result: Result) -> str:
    own = [one for one in result.found if one.kind == "problem"]
    rows = []
    for one in own:
        f = one.figures
        rows.append((
            one.name, one.cases, _delay(one), _or_dash(one.rank), _or_dash(f.get("best_rank")),
            f"{f.get('weeks', 0):g} of {f['looks']:g}", _share(f.get("purity")),
            _share(f.get("coverage")), _share(f.get("coverage_of_all")),
            f"{f.get('issues', 0):.1f}",
            _share(f.get("same_number")),
        ))  # fmt: skip
    head = ("problem", "cases", "delay", "rank then", "best rank", "looks with it", "purity",
            "coverage", "of all its issues", "issues", "number stays")  # fmt: skip
    return f"## Recurring problems: {_recall(own)}\n\n" + _table(head, rows)


def _recall(found: Sequence[Found]) -> str:
    return f"{sum(one.delay_hours is not None for one in found)} of {len(found)} found"


def _delay(one: Found) -> str:
    if one.delay_hours is None:
        return "not found"
    days = one.delay_hours / _HOURS_A_DAY
    return f"{one.delay_hours:.0f} h" if days < 3 else f"{days:.0f} d"


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.0%}"


def _or_dash(value: object) -> str:
    return "—" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)])
