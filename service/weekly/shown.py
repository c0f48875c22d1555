"""The report as JSON values."""

from __future__ import annotations

from collections.abc import Sequence

from service.cases.plain import plain
from service.insight.shown import surge_fields, word_fields
from service.weekly.done import Done, Taken
from service.weekly.harm import Example
from service.weekly.report import (
    Aim,
    Customers,
    Shown,
    Step,
    Surged,
    Trouble,
    Volumes,
    WeeklyReport,
)
from service.weekly.usual import Compared

Json = dict[str, object]


def report_fields(report: WeeklyReport) -> Json:
    """The whole report."""
    week = report.week
    return {
        "week": week.code,
        "monday": week.monday.isoformat(),
        "sunday": week.sunday.isoformat(),
        "begins_at": plain(week.span.begins_at),
        "ends_at": plain(week.span.ends_at),
        "is_running": week.is_running,
        "made_at": plain(report.made_at),
        "summary": [
            {"text": one.text, "address": one.address, "case_ids": list(one.case_ids)}
            for one in report.summary
        ],
        **_volumes(report.volumes),
        "surges": [_surge(one) for one in report.news.surges],
        "words": [
            {**word_fields(one.word), "examples": _examples(one.examples)}
            for one in report.news.words
        ],
        "issues": [_trouble(one) for one in report.pain.troubles],
        "grave_signals": [_shown(one) for one in report.pain.grave],
        "furious": _shown(report.pain.furious) if report.pain.furious else None,
        "done": _done(report.done),
        "aims": [_aim(one) for one in report.aims],
        "customers": _customers(report.customers),
        "steps": [_step(one) for one in report.steps],
    }


def _volumes(found: Volumes) -> Json:
    return {
        "mondays": [monday.isoformat() for monday in found.mondays],
        "whole": _compared(found.whole),
        "angry": _compared(found.angry) if found.angry else None,
        "levels": [
            {"level": one.level, "name": one.name, "weeks": list(one.weeks)} for one in found.levels
        ],
        "series": [_compared(one) for one in found.series],
        "dimensions": [_compared(one) for one in found.dimensions],
    }


def _done(done: Done) -> Json:
    names = ("cases", "responded", "resolved", "dismissed", "overdue", "overdue_now", "reviews",
             "corrected", "recategorised")  # fmt: skip
    teams = ("team", "name", "cases", "overdue", "overdue_now")
    return {
        **{name: getattr(done, name) for name in names},
        "response": _taken(done.response),
        "resolution": _taken(done.resolution),
        "teams": [{name: getattr(one, name) for name in teams} for one in done.teams],
    }


def _aim(one: Aim) -> Json:
    return {
        "code": one.code,
        "name": one.name,
        "value": _rounded(one.value),
        "target": one.target,
        "is_met": one.is_met,
    }


def _customers(one: Customers) -> Json:
    return {
        "repeated": one.repeated,
        "at_risk": one.at_risk,
        "csat": _rounded(one.csat),
        "csat_answers": one.csat_answers,
        "nps": _rounded(one.nps),
        "nps_answers": one.nps_answers,
    }


def _step(one: Step) -> Json:
    return {
        "text": one.text,
        "team": one.team,
        "reason": one.reason,
        "address": one.address,
        "case_ids": list(one.case_ids),
    }


def _compared(one: Compared) -> Json:
    usual = one.usual
    return {
        "kind": one.kind,
        "code": one.code,
        "name": one.name,
        "weeks": list(one.weeks),
        "cases": one.cases,
        "before": one.before,
        "mean": _rounded(usual.mean) if usual else None,
        "usual": [_rounded(usual.low), _rounded(usual.high)] if usual else None,
        "verdict": one.verdict,
    }


def _surge(one: Surged) -> Json:
    return {
        **surge_fields(one.surge),
        "name": one.name,
        "team": one.team,
        "unowned_case_ids": list(one.unowned),
    }


def _trouble(one: Trouble) -> Json:
    found = one.found
    return {
        "issue_id": found.issue.id,
        "name": found.issue.name,
        "category": found.issue.category,
        "team": found.issue.team,
        "cases": found.cases,
        "before": found.before,
        "angry": _rounded(found.angry),
        "days": found.covered,
        "examples": _examples(one.examples),
    }


def _shown(one: Shown) -> Json:
    return {
        "code": one.code,
        "name": one.name,
        "cases": one.cases,
        "examples": _examples(one.examples),
    }


def _examples(found: Sequence[Example]) -> list[Json]:
    return [{"case_id": one.case_id, "text": one.text} for one in found]


def _taken(one: Taken) -> Json:
    return {
        "cases": one.number,
        "median_seconds": one.median_seconds,
        "p90_seconds": one.p90_seconds,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
