"""Statistics as JSON values."""

from __future__ import annotations

from service.cases.statistics import BUCKET_SECONDS, Statistics, Times

Json = dict[str, object]


def statistics_fields(found: Statistics) -> Json:
    """The numbers as the API gives them; a share of nothing is null."""
    return {
        "days": [day.isoformat() for day in found.days],
        "volume_by_level": [
            {"level": level, "cases": found.by_level[level]}
            for level in sorted(found.by_level, key=lambda level: (level is None, level))
        ],
        "volume_by_category": [
            {"category": category, "cases": found.by_category[category]}
            for category in sorted(
                found.by_category, key=lambda code: (-sum(found.by_category[code]), code or "")
            )
        ],
        "trends": [
            {"category": one.category, "last_7_days": one.cases, "previous_7_days": one.before}
            for one in found.trends
        ],
        "cases": found.cases,
        "overdue": found.overdue,
        "overdue_share": _rounded(found.overdue_share),
        "first_response": _times(found.response),
        "resolution": _times(found.resolution),
        "overrides": [
            {
                "category": one.category,
                "reviewed": one.reviewed,
                "overridden": one.overridden,
                "rate": _rounded(one.overridden / one.reviewed),
            }
            for one in found.overrides
        ],
        "second_reviews": found.second_reviews,
        "agreement": _rounded(found.agreement),
    }


def _times(times: Times) -> Json:
    ends: list[int | None] = [*BUCKET_SECONDS, None]
    return {
        "cases": times.number,
        "mean_seconds": _rounded(times.mean_seconds),
        "median_seconds": times.median_seconds,
        "buckets": [
            {"up_to_seconds": end, "cases": number}
            for end, number in zip(ends, times.buckets, strict=True)
        ],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
