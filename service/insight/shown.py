"""Insight as JSON values."""

from __future__ import annotations

from service.cases.plain import plain
from service.insight.read import cases_in
from service.insight.tables import EmergingWord, Issue, Surge

Json = dict[str, object]


def issue_fields(issue: Issue, days: int) -> Json:
    """A frequent issue; `cases` and `daily` are of the last days of its grouping."""
    return {
        "issue_id": issue.id,
        "category": issue.category,
        "name": issue.name,
        "words": issue.words,
        "team": issue.team,
        "cases": cases_in(issue, days),
        "daily": issue.daily[-days:],
        "last_7_days": sum(issue.daily[-7:]),
        "previous_7_days": sum(issue.daily[-14:-7]),
        "levels": [
            {"level": int(level) if level else None, "cases": issue.levels[level]}
            for level in sorted(issue.levels)
        ],
        "case_ids": issue.case_ids,
        "found_at": plain(issue.found_at),
        "built_at": plain(issue.built_at),
    }


def word_fields(word: EmergingWord) -> Json:
    """An emerging word."""
    return {
        "word": word.word,
        "is_compound": word.is_compound,
        "days": word.days,
        "cases": word.now,
        "cases_before": word.before,
        "of": word.now_of,
        "of_before": word.before_of,
        "z": round(word.z, 3),
        "case_ids": word.case_ids,
        "built_at": plain(word.built_at),
    }


def surge_fields(surge: Surge) -> Json:
    """A surge."""
    return {
        "surge_id": surge.id,
        "kind": surge.kind,
        "code": surge.code,
        "detected_at": plain(surge.detected_at),
        "last_alarm_at": plain(surge.last_alarm_at),
        "ended_at": plain(surge.ended_at),
        "window_hours": surge.window_hours,
        "seen": surge.seen,
        "expected": round(surge.expected, 1),
        "also": surge.also,
        "words": surge.words,
        "case_ids": surge.case_ids,
    }
